use super::*;

const RULES: &str = r#"
when = "status in ['approved', 'under_review']"

[set]
"VendorRef.value" = "{vendors[vendor.id]}"
PrivateNote = "{status == 'under_review' ? 'HOLD ' : ''}Requisition {id}"
TotalAmt = "= total.amount - total.withheld"

[[lines]]
into = "Line"
each = "items"
let = ["a = work + stored", "w = round(a * rate, 2)"]
when = "a != 0"
total = ["amount = a", "withheld = w"]
[lines.set]
Amount = "= a"
Description = "{line_number}: {description}"
Detail = { AccountRef.value = "{codes[code].account}", CustomerRef.value = "{record.customer}" }

[[lines]]
into = "Line"
when = "total.withheld != 0"
[lines.set]
Amount = "= -total.withheld"
Description = "Retainage withheld"
Detail = { AccountRef.value = "{retainage}" }
"#;

fn mapping() -> JsonMapping {
    let tables = r#"{"vendors":{"8801":"42"},"codes":{"05-100":{"account":"7","class":"1"}},"retainage":"91"}"#;
    JsonMapping::compile(RULES, Tables::from_json(tables).unwrap()).unwrap()
}

fn map(record: &str) -> String {
    let mut out = Vec::new();
    match mapping().apply(record, &mut out) {
        Ok(_) => String::from_utf8(out).unwrap(),
        Err(error) => error.to_string(),
    }
}

const RECORD: &str = r#"{"id":9007199254740993,"status":"under_review","vendor":{"name":"x","id":8801},
    "customer":"3","items":[
    {"line_number":1,"code":"05-100","description":"Rough \"top\" out","work":"1234.65","stored":"0.00","rate":"0.10"},
    {"line_number":2,"code":"05-100","description":"idle","work":"0.00","stored":0,"rate":"0.10"},
    {"line_number":3,"code":"05-100","description":"é","work":10.1,"stored":"0.05","rate":"0.10"}]}"#;

#[test]
fn a_record_with_rows_is_mapped_to_the_cent() {
    let expected = concat!(
        r#"{"Line":[{"Amount":1234.65,"Description":"1: Rough \"top\" out","#,
        r#""Detail":{"AccountRef":{"value":"7"},"CustomerRef":{"value":"3"}}},"#,
        r#"{"Amount":10.15,"Description":"3: é","Detail":{"AccountRef":{"value":"7"},"CustomerRef":{"value":"3"}}},"#,
        r#"{"Amount":-124.49,"Description":"Retainage withheld","Detail":{"AccountRef":{"value":"91"}}}],"#,
        r#""PrivateNote":"HOLD Requisition 9007199254740993","TotalAmt":1120.31,"VendorRef":{"value":"42"}}"#,
    );
    assert_eq!(map(RECORD), expected);
    assert!(serde_json::from_str::<serde_json::Value>(expected).is_ok());
}

#[test]
fn a_record_that_is_not_meant_comes_to_null() {
    assert_eq!(map(&RECORD.replace("under_review", "draft")), "null");
}

#[test]
fn what_cannot_be_mapped_is_named_and_leaves_nothing_behind() {
    assert_eq!(map(&RECORD.replace("8801", "8802")), "VendorRef.value: vendors has no row for `8802`");
    assert_eq!(map(&RECORD.replace("1234.65", "12x")), "a: `12x` is not a number");
    assert_eq!(map("[]"), "not a JSON object; each line must be one object");
    assert!(map(RECORD.get(..200).unwrap()).contains("cut off"));
    let mut out = b"before".to_vec();
    assert!(mapping().apply(&RECORD.replace("8801", "8802"), &mut out).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn every_fault_of_the_rules_is_named_at_once() {
    let rules = "whn = \"x\"\nwhen = \"status =\"\n[set]\nA = \"{vendors[id].name}\"\nB = 7\nC = \"= total.x\"\n\
                 [[lines]]\neach = \"items\"\n[[lines]]\ninto = \"L\"\nlet = [\"a\"]\n[lines.set]\n";
    let faults = JsonMapping::compile(rules, Tables::default().with("vendors", [("1", "2")])).unwrap_err();
    let places: Vec<(usize, usize)> = faults.0.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(places, [(1, 1), (2, 16), (4, 19), (5, 5), (6, 8), (7, 1), (11, 8)], "{faults}");
}
