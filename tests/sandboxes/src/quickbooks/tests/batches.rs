use super::*;
use crate::quickbooks::{Limits, Operation};

fn batch(items: &[String]) -> String {
    format!(r#"{{"BatchItemRequest":[{}]}}"#, items.join(","))
}

fn vendor(bid: usize) -> String {
    format!(r#"{{"bId":"{bid}","operation":"create","Vendor":{{"DisplayName":"V{bid}"}}}}"#)
}

fn items(got: &Got) -> Vec<Json> {
    got.ok("BatchItemResponse").as_array().unwrap().to_vec()
}

fn of(items: &[Json], bid: &str) -> Json {
    items.iter().find(|item| text(item, &["bId"]) == bid).cloned().unwrap()
}

fn code(item: &Json) -> String {
    let errors = item.at(&["Fault", "Error"]).and_then(Json::as_array);
    errors.map(|errors| text(&errors[0], &["code"]).to_owned()).unwrap_or_default()
}

#[test]
fn items_are_matched_by_id_and_come_back_in_another_order() {
    let mut site = site();
    let requests: Vec<String> = (0..30).map(vendor).collect();
    let answers = items(&site.post("batch", &batch(&requests)));
    assert_eq!(answers.len(), 30);
    let order: Vec<&str> = answers.iter().map(|item| text(item, &["bId"])).collect();
    let sent: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    assert_ne!(order, sent, "never by position");
    for bid in &sent {
        assert_eq!(text(&of(&answers, bid), &["Vendor", "DisplayName"]), format!("V{bid}"));
    }
    assert_eq!(site.qb.requests()[Operation::Batch], 1);
    assert_eq!(site.qb.requests().batch_items, 30);
    let mut again = super::site();
    let same = items(&again.post("batch", &batch(&requests)));
    assert_eq!(order, same.iter().map(|item| text(item, &["bId"])).collect::<Vec<_>>(), "the seed decides");
}

#[test]
fn more_than_thirty_items_are_refused_as_a_whole() {
    let mut site = site();
    let requests: Vec<String> = (0..31).map(vendor).collect();
    assert_eq!(site.post("batch", &batch(&requests)).code(), "1040");
    assert_eq!(site.qb.all("Vendor").count(), 3);
}

#[test]
fn each_item_succeeds_or_fails_for_itself() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let requests = [
        format!(r#"{{"bId":"new","operation":"create","Bill":{}}}"#, bill("")),
        format!(r#"{{"bId":"del","operation":"delete","Bill":{{"Id":"{bill_id}","SyncToken":"0"}}}}"#),
        r#"{"bId":"dup","operation":"create","Vendor":{"DisplayName":"Pat Site"}}"#.to_owned(),
        r#"{"bId":"sparse","operation":"update","Vendor":{"Id":"78","SyncToken":"0","sparse":true,"AcctNum":"1"}}"#
            .to_owned(),
        r#"{"bId":"q","Query":"select * from Term"}"#.to_owned(),
        r#"{"bId":"bad","operation":"create","Bill":{"Colour":1}}"#.to_owned(),
        r#"{"bId":"void","operation":"void","Invoice":{"Id":"1","SyncToken":"0"}}"#.to_owned(),
        r#"{"bId":"what","operation":"create","Warehouse":{}}"#.to_owned(),
        r#"{"bId":"noid","operation":"update","Vendor":{"DisplayName":"x"}}"#.to_owned(),
    ];
    let answers = items(&site.post("batch", &batch(&requests)));
    assert_eq!(of(&answers, "new").at(&["Bill", "TotalAmt"]).unwrap().as_decimal(), Some(dec("100")));
    assert_eq!(text(&of(&answers, "del"), &["Bill", "status"]), "Deleted");
    assert_eq!(code(&of(&answers, "dup")), "6240");
    assert_eq!(text(&of(&answers, "sparse"), &["Vendor", "AcctNum"]), "1");
    assert_eq!(of(&answers, "q").at(&["QueryResponse", "Term"]).unwrap().as_array().unwrap().len(), 1);
    assert_eq!(code(&of(&answers, "bad")), "2010");
    assert_eq!(code(&of(&answers, "void")), "500");
    assert_eq!(code(&of(&answers, "what")), "2010");
    assert_eq!(code(&of(&answers, "noid")), "2020");
}

#[test]
fn an_item_does_not_see_what_another_creates() {
    let mut site = site();
    let next = id(&site.post("vendor", r#"{"DisplayName":"probe"}"#).ok("Vendor")).parse::<u32>().unwrap() + 1;
    let requests = [
        r#"{"bId":"v","operation":"create","Vendor":{"DisplayName":"Fresh"}}"#.to_owned(),
        format!(
            r#"{{"bId":"b","operation":"create","Bill":{}}}"#,
            bill("").replace(r#""77""#, &format!(r#""{next}""#))
        ),
        r#"{"bId":"q","Query":"select * from Vendor where DisplayName = 'Fresh'"}"#.to_owned(),
    ];
    let answers = items(&site.post("batch", &batch(&requests)));
    assert_eq!(text(&of(&answers, "v"), &["Vendor", "Id"]), next.to_string());
    assert_eq!(code(&of(&answers, "b")), "2500");
    assert_eq!(of(&answers, "q").get("QueryResponse").unwrap().to_string(), "{}");
    site.post("bill", &bill("").replace(r#""77""#, &format!(r#""{next}""#))).ok("Bill");
}

#[test]
fn a_batch_returns_a_thousand_objects_at_most() {
    let limits = Limits { objects_per_answer: 5, ..Limits::default() };
    let mut site = site_with(QuickBooksConfig { limits, ..QuickBooksConfig::default() });
    let requests = [
        vendor(1),
        vendor(2),
        r#"{"bId":"a","Query":"select * from Vendor where Id in ('77','78')"}"#.to_owned(),
        r#"{"bId":"b","Query":"select * from Vendor where Id in ('77','78')"}"#.to_owned(),
    ];
    let answers = items(&site.post("batch", &batch(&requests)));
    let mut codes = [code(&of(&answers, "a")), code(&of(&answers, "b"))];
    codes.sort();
    assert_eq!(codes, ["", "10100"]);
}

#[test]
fn a_replayed_batch_acts_once() {
    let mut site = site();
    let body = batch(&[vendor(1), vendor(2)]);
    let first = site.post("batch?requestid=b1", &body);
    let again = site.post("batch?requestid=b1", &body);
    assert_eq!(first.response.body(), again.response.body());
    assert_eq!(site.qb.all("Vendor").count(), 5);
}

fn groups(got: &Got) -> Vec<Json> {
    let response = got.ok("CDCResponse");
    response.as_array().unwrap()[0].get("QueryResponse").unwrap().as_array().unwrap().to_vec()
}

#[test]
fn changes_come_grouped_with_deletions_last() {
    let mut site = site();
    let first = id(&site.post("bill", &bill("")).ok("Bill"));
    site.now += Duration::seconds(2);
    let second = id(&site.post("bill", &bill("")).ok("Bill"));
    let third = id(&site.post("bill", &bill("")).ok("Bill"));
    site.now += Duration::seconds(2);
    site.post("bill?operation=delete", &format!(r#"{{"Id":"{second}","SyncToken":"0"}}"#)).ok("Bill");
    site.now += Duration::seconds(2);
    site.post("bill", &bill(&format!(r#","Id":"{first}","SyncToken":"0","PrivateNote":"x""#))).ok("Bill");
    let got = site.get("cdc?entities=Bill,Invoice,Vendor&changedSince=2026-03-02T07:59:59-08:00");
    let found = groups(&got);
    assert_eq!(found.len(), 3);
    let bills = found[0].get("Bill").unwrap().as_array().unwrap();
    assert_eq!(bills.iter().map(id).collect::<Vec<_>>(), [third, first, second]);
    let dead = bills[2].as_object().unwrap();
    assert_eq!(dead.keys().collect::<Vec<_>>(), ["domain", "status", "Id", "MetaData"]);
    assert_eq!(text(&bills[2], &["status"]), "Deleted");
    assert!(bills[2].at(&["MetaData", "CreateTime"]).is_none());
    assert_eq!(found[1].to_string(), "{}", "no changes, no keys");
    assert_eq!(site.qb.requests()[Operation::Cdc], 1);
}

#[test]
fn an_indirect_change_and_an_inactive_name_show_in_the_changes() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    site.now += Duration::minutes(5);
    site.post("billpayment", &check("100", &bill_id, "100")).ok("BillPayment");
    site.post("vendor", r#"{"Id":"78","SyncToken":"0","sparse":true,"Active":false}"#).ok("Vendor");
    let found = groups(&site.get("cdc?entities=Bill,Vendor&changedSince=2026-03-02T16:04:00Z"));
    assert_eq!(id(&found[0].get("Bill").unwrap().as_array().unwrap()[0]), bill_id);
    assert_eq!(found[1].get("Vendor").unwrap().as_array().unwrap()[0].get("Active"), Some(&Json::Bool(false)));
}

#[test]
fn the_look_back_is_thirty_days_and_the_answer_is_cut_at_its_limit() {
    let limits = Limits { objects_per_answer: 3, ..Limits::default() };
    let mut site = site_with(QuickBooksConfig { limits, ..QuickBooksConfig::default() });
    assert_eq!(site.get("cdc?entities=Bill&changedSince=2026-01-30").code(), "2190");
    assert_eq!(site.get("cdc?entities=TaxRate&changedSince=2026-03-01").code(), "2000");
    assert_eq!(site.get("cdc?changedSince=2026-03-01").code(), "2020");
    assert_eq!(site.get("cdc?entities=Bill&changedSince=soon").code(), "2060");
    for _ in 0..2 {
        site.post("bill", &bill("")).ok("Bill");
        site.post("vendorcredit", &bill("")).ok("VendorCredit");
    }
    let found = groups(&site.get("cdc?entities=Bill,VendorCredit&changedSince=2026-03-01"));
    assert_eq!(found[0].get("Bill").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(found[1].get("VendorCredit").unwrap().as_array().unwrap().len(), 1);
}
