//! Every member of good requests is taken away or replaced by something odd: the double answers 200 or a fault, a fault
//! changes nothing, and the accounts balance either way.

use super::*;
use crate::quickbooks::Limits;
use crate::quickbooks::entities::Type;

const ODD: &[&str] = &[
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "0.001",
    "99999999999999999999",
    "\"\"",
    "\"x\"",
    "\"99\"",
    "[]",
    "[1]",
    "[{}]",
    "{}",
    "{\"value\":\"77\"}",
    "{\"value\":\"212\"}",
];

fn snapshot(site: &Site) -> Vec<String> {
    Type::ALL.iter().flat_map(|kind| site.qb.all(kind.name())).map(ToString::to_string).collect()
}

/// Every variant of a document with one member gone or replaced.
fn variants(whole: &Json) -> Vec<Json> {
    let mut out = Vec::new();
    match whole {
        Json::Object(members) => {
            for (key, value) in members {
                let mut less = members.clone();
                less.shift_remove(key);
                out.push(Json::Object(less));
                for other in variants(value).into_iter().chain(ODD.iter().map(|odd| json(odd))) {
                    let mut changed = members.clone();
                    changed.insert(key.clone(), other);
                    out.push(Json::Object(changed));
                }
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                for other in variants(item) {
                    let mut changed = items.clone();
                    changed[at] = other;
                    out.push(Json::Array(changed));
                }
            }
        }
        _ => {}
    }
    out
}

#[test]
fn a_refused_request_changes_nothing_and_no_request_unbalances_the_accounts() {
    let limits = Limits::unhurried();
    let config = QuickBooksConfig { limits, access_token_life: Duration::days(10), ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let balanced = trial(&site);
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let linked = bill(&format!(r#","LinkedTxn":[{{"TxnId":"{order_id}","TxnType":"PurchaseOrder"}}]"#)).replace(
        r#""DetailType""#,
        &format!(r#""LinkedTxn":[{{"TxnId":"{order_id}","TxnType":"PurchaseOrder","TxnLineId":"1"}}],"DetailType""#),
    );
    let update = bill(&format!(r#","Id":"{bill_id}","SyncToken":"0""#)).replace("100.00", "90.00");
    let entry = r#"{"Line":[{"Amount":25,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Debit","AccountRef":{"value":"143"}}},{"Amount":25,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Credit","AccountRef":{"value":"33"},"Entity":{"Type":"Vendor","EntityRef":{"value":"78"}}}}]}"#;
    let good = [
        ("bill", linked),
        ("bill", update),
        ("purchaseorder", order("SC-2")),
        ("billpayment", check("10", &bill_id, "10")),
        ("invoice", invoice(r#","DocNumber":"I-1""#)),
        ("journalentry", entry.to_owned()),
        (
            "customer",
            r#"{"DisplayName":"J","Job":true,"ParentRef":{"value":"61"},"PrimaryEmailAddr":{"Address":"a@b.c"}}"#
                .to_owned(),
        ),
    ];
    let mut counts = (0, 0);
    for (path, body) in good {
        for variant in variants(&json(&body)) {
            let before = snapshot(&site);
            let got = site.post(path, &variant.to_string());
            match got.status {
                200 => counts.0 += 1,
                400 => {
                    counts.1 += 1;
                    assert!(!got.fault().0.is_empty());
                    assert_eq!(snapshot(&site), before, "{path} {variant} was refused with {:?}", got.fault());
                }
                other => panic!("{other} for {path} {variant}"),
            }
            assert_eq!(trial(&site), balanced, "{path} {variant}");
        }
    }
    assert!(counts.0 > 50 && counts.1 > 500, "{counts:?}");
}
