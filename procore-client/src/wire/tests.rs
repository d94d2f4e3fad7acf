//! Given values as Procore really sends them, when a record is read, then each is what it means.

use sync_core::model::{Amount, CommitmentStatus, PayAppStatus};

use super::commitments::CommitmentContract;
use super::requisitions::Requisition;
use super::vendors::Vendor;
use super::{Record, read};

fn contract(members: &str) -> Record<CommitmentContract> {
    read(&format!(r#"{{"id":1,{members}}}"#))
}

fn amount(text: &str) -> Option<Amount> {
    Some(Amount::parse(text).unwrap())
}

#[test]
fn amounts_are_exact_as_text_and_as_number() {
    for text in [r#""123456789012345.67""#, "123456789012345.67", "1.2345678901234567e14", r#"" 123456789012345.67 ""#]
    {
        let read = contract(&format!(r#""grand_total":{text}"#)).unwrap();
        assert_eq!(read.grand_total, amount("123456789012345.67"), "{text}");
    }
    // a third decimal is read as it stands; only a document refuses it
    assert_eq!(contract(r#""grand_total":"0.005""#).unwrap().grand_total, amount("0.005"));
}

#[test]
fn null_empty_and_missing_are_the_same() {
    let missing = contract(r#""executed":true"#).unwrap();
    for nothing in ["null", r#""""#, r#""  ""#] {
        let members =
            ["number", "title", "status", "grand_total", "contract_date", "updated_at", "deleted_at", "vendor"];
        let members: Vec<String> = members.iter().map(|member| format!(r#""{member}":{nothing}"#)).collect();
        assert_eq!(contract(&members.join(",")).unwrap(), missing, "{nothing}");
    }
    // some members are lists where they should be objects
    assert_eq!(contract(r#""vendor":[]"#).unwrap(), missing);
    // only for lists is it told apart whether they were sent
    assert_eq!(contract(r#""line_items":null"#).unwrap().line_items, None);
    assert_eq!(contract(r#""line_items":[]"#).unwrap().line_items, Some(Vec::new()));
}

#[test]
fn dates_stand_alone_or_in_date_times_and_the_sentinel_is_none() {
    let date = |text: &str| contract(&format!(r#""contract_date":"{text}""#)).map(|c| c.contract_date);
    let day = "2026-02-10".parse().ok();
    assert_eq!(date("2026-02-10").unwrap(), day);
    assert_eq!(date("2026-02-10T23:59:59-07:00").unwrap(), day);
    assert_eq!(date("2026-02-10 00:00:00 UTC").unwrap(), day);
    assert_eq!(date("0001-01-01").unwrap(), None);
    assert_eq!(date("0001-01-01T00:00:00Z").unwrap(), None);
    for wrong in ["02/10/2026", "2026-02-30", "2026-02-1", "2026-02-10x"] {
        assert_eq!(date(wrong).unwrap_err().path, "contract_date", "{wrong}");
    }
    let time = |text: &str| contract(&format!(r#""updated_at":"{text}""#)).unwrap().updated_at.map(|t| t.to_rfc3339());
    assert_eq!(time("2026-03-04T10:05:09.120344-07:00").as_deref(), Some("2026-03-04T17:05:09.120344+00:00"));
    assert_eq!(time("2026-03-04").as_deref(), Some("2026-03-04T00:00:00+00:00"));
    assert_eq!(time("0001-01-01T00:00:00Z"), None);
}

#[test]
fn ids_of_any_length_and_form_survive() {
    for id in ["9223372036854775807", r#""9223372036854775807""#] {
        let vendor: Vendor = read(&format!(r#"{{"id":{id},"name":"Acme"}}"#)).unwrap();
        assert_eq!(vendor.id.as_str(), "9223372036854775807");
    }
    for id in ["1.0", "1e3", "-1", "true", "{}", "null", r#""""#] {
        assert!(read::<Vendor>(&format!(r#"{{"id":{id}}}"#)).is_err(), "{id}");
    }
}

#[test]
fn unknown_words_and_members_survive_and_case_does_not_matter() {
    let read = contract(r#""status":"On Hold Legal","brand_new":{"x":[1,2]}"#).unwrap();
    assert_eq!(read.status.as_ref().map(CommitmentStatus::as_str), Some("On Hold Legal"));
    let read: Requisition = super::read(r#"{"id":1,"status":"APPROVED_AS_NOTED"}"#).unwrap();
    assert_eq!(read.status, Some(PayAppStatus::ApprovedAsNoted));
}

#[test]
fn custom_fields_stay_as_they_are_written() {
    let fields = r#"{"custom_field_9":{"data_type":"decimal","value":12345678901234567890.10}}"#;
    let read = contract(&format!(r#""custom_fields":{fields}"#)).unwrap();
    assert_eq!(read.custom_fields.unwrap().as_str(), fields);
    assert_eq!(contract(r#""custom_fields":null"#).unwrap().custom_fields, None);
}

#[test]
fn a_bad_record_is_described_as_well_as_it_can_be() {
    let text = r#"{"id":598134326660002,"number":2,"contract_name":"SC-3 - Steel","commitment_id":33,
        "billing_date":"soon","summary":{"current_payment_due":"29025.0"}}"#;
    let bad = read::<Requisition>(text).unwrap_err();
    assert_eq!(bad.id.as_deref(), Some("598134326660002"));
    assert_eq!(bad.contract.as_deref(), Some("33"));
    assert_eq!(bad.label, "SC-3 - Steel / 2");
    assert_eq!((bad.path.as_str(), bad.stake), ("billing_date", amount("29025")));
    let text = bad.to_string();
    assert!(text.contains("billing_date") && text.contains("`soon`") && text.contains("Correct it"), "{text}");
    // not even an object, or a row that is none
    for not in ["[1]", "null", "7", r#""x""#] {
        let bad = read::<Requisition>(not).unwrap_err();
        assert_eq!((bad.id, bad.stake), (None, None), "{not}");
        let row = format!(r#"{{"id":1,"items":[{{"id":5}},{not}]}}"#);
        assert_eq!(read::<Requisition>(&row).unwrap_err().id.as_deref(), Some("1"), "{not}");
    }
}
