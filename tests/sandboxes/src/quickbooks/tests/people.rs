use super::*;
use base64::Engine as _;

#[test]
fn a_person_who_edits_raises_the_version_and_sends_a_notice() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    site.qb.take_webhooks();
    site.now += Duration::hours(1);
    site.qb.person_edits(site.now, "Bill", &created, |bill| bill.set("PrivateNote", "by hand")).unwrap();
    let stored = site.stored("Bill", &created);
    assert_eq!((text(stored, &["SyncToken"]), text(stored, &["PrivateNote"])), ("1", "by hand"));
    assert!(text(stored, &["MetaData", "LastUpdatedTime"]).starts_with("2026-03-02T09:"));
    assert_eq!(site.qb.take_webhooks().len(), 1);
    let error = site.qb.person_edits(site.now, "Bill", "999", |_| {}).unwrap_err();
    assert_eq!(error.error.code, "610");
}

#[test]
fn a_person_is_held_to_the_rules_and_nothing_changes_where_one_is_broken() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    let before = site.stored("Bill", &created).clone();
    let error = site.qb.person_edits(site.now, "Bill", &created, |bill| {
        bill.set("APAccountRef", json(r#"{"value":"35"}"#));
    });
    assert_eq!(error.unwrap_err().error.code, "6430");
    assert_eq!(*site.stored("Bill", &created), before);
}

#[test]
fn a_person_can_make_a_project_and_an_employee() {
    let mut site = site();
    site.qb.person_edits(site.now, "Customer", "118", |job| job.set("IsProject", true)).unwrap();
    assert_eq!(site.stored("Customer", "118").get("IsProject"), Some(&Json::Bool(true)));
    let made = site.qb.person_creates(site.now, "Employee", json(r#"{"DisplayName":"New Hand"}"#)).unwrap();
    assert_eq!(text(site.stored("Employee", &made), &["DisplayName"]), "New Hand");
}

#[test]
fn a_person_deletes_a_paid_bill_and_the_payment_stays_unapplied() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let payment = id(&site.post("billpayment", &check("100", &bill_id, "100")).ok("BillPayment"));
    site.qb.person_deletes(site.now, "Bill", &bill_id).unwrap();
    assert!(site.qb.entity("Bill", &bill_id).is_none());
    let stored = site.stored("BillPayment", &payment);
    assert_eq!(stored.get("Line").unwrap().as_array().unwrap().len(), 0);
    assert_eq!(text(stored, &["SyncToken"]), "1");
    assert_eq!(site.amount("Vendor", "77", "Balance"), dec("900"));
}

#[test]
fn what_a_merged_vendor_was_owed_is_owed_to_the_other() {
    // given two vendors, one of them with an open bill
    let mut site = site();
    let other = site.qb.person_creates(site.now, "Vendor", json(r#"{"DisplayName":"Same Sub Inc"}"#)).unwrap();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let owed = site.amount("Vendor", "77", "Balance");
    // when they become one
    site.qb.person_merges(site.now, "Vendor", "77", &other).unwrap();
    // then the bill is the other's, and the first is out of use
    assert_eq!(text(site.stored("Bill", &bill_id), &["VendorRef", "value"]), other);
    assert_eq!(text(site.stored("Bill", &bill_id), &["VendorRef", "name"]), "Same Sub Inc");
    assert_eq!(site.amount("Vendor", &other, "Balance"), owed);
    assert_eq!(site.stored("Vendor", "77").get("Active"), Some(&Json::Bool(false)));
    assert!(site.qb.person_merges(site.now, "Vendor", &other, &other).is_err());
}

#[test]
fn a_person_voids_a_bill_which_the_api_cannot() {
    let mut site = site();
    let order_id = id(&site.post("purchaseorder", &order("S")).ok("PurchaseOrder"));
    let body = format!(
        r#"{{"VendorRef":{{"value":"77"}},"Line":[{{"Amount":10,"LinkedTxn":[{{"TxnId":"{order_id}","TxnType":"PurchaseOrder","TxnLineId":"1"}}],"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{{"ItemRef":{{"value":"212"}}}}}}]}}"#
    );
    let bill_id = id(&site.post("bill", &body).ok("Bill"));
    site.qb.person_voids(site.now, "Bill", &bill_id).unwrap();
    assert_eq!(site.amount("Bill", &bill_id, "TotalAmt"), dec("0"));
    assert_eq!(text(site.stored("Bill", &bill_id), &["PrivateNote"]), "Voided");
    assert_eq!(site.amount("Account", "33", "CurrentBalance"), dec("1000"));
    let order = site.stored("PurchaseOrder", &order_id);
    assert_eq!(order.get("LinkedTxn").unwrap().as_array().unwrap().len(), 0);
}

#[test]
fn a_transaction_that_is_matched_to_the_bank_is_not_deleted() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    site.qb.person_matches("Bill", &created).unwrap();
    let body = format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#);
    assert_eq!(site.post("bill?operation=delete", &body).code(), "6480");
}

#[test]
fn closing_the_books_shows_in_the_preferences() {
    let mut site = site();
    site.qb.person_sets_closing_date(site.now, Some("2026-02-28"));
    let read = site.get("preferences").ok("Preferences");
    assert_eq!(text(&read, &["AccountingInfoPrefs", "BookCloseDate"]), "2026-02-28");
    assert_eq!(text(&read, &["SyncToken"]), "1");
}

#[test]
fn notices_are_signed_cloud_events() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    site.post("bill?operation=delete", &format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#)).ok("Bill");
    let sent = site.qb.take_webhooks();
    assert_eq!(sent.len(), 1);
    let body = Json::parse(&sent[0].body).unwrap();
    let events = body.as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(text(&events[0], &["type"]), "qbo.bill.created.v1");
    assert_eq!(text(&events[1], &["type"]), "qbo.bill.deleted.v1");
    assert_eq!(text(&events[0], &["intuitentityid"]), created);
    assert_eq!(text(&events[0], &["intuitaccountid"]), REALM);
    assert_eq!(text(&events[0], &["specversion"]), "1.0");
    assert_ne!(text(&events[0], &["id"]), text(&events[1], &["id"]));
    let signature = crate::quickbooks::signature("sandbox-verifier", &sent[0].body);
    assert_eq!(sent[0].headers["intuit-signature"], signature.as_str());
    assert_ne!(crate::quickbooks::signature("sandbox-secret", &sent[0].body), signature);
    assert!(site.qb.take_webhooks().is_empty());
}

// The published test vector of HMAC-SHA256 with the key "Jefe" (RFC 4231, test case 2).
#[test]
fn the_signature_is_base64_of_hmac_sha256() {
    let signature = crate::quickbooks::signature("Jefe", b"what do ya want for nothing?");
    let decoded = base64::engine::general_purpose::STANDARD.decode(signature).unwrap();
    let hex: String = decoded.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn the_legacy_format_and_indirect_changes_are_settings() {
    let config =
        QuickBooksConfig { legacy_webhooks: true, webhooks_for_indirect_changes: true, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    site.qb.take_webhooks();
    site.post("billpayment", &check("100", &bill_id, "100")).ok("BillPayment");
    let body = Json::parse(&site.qb.take_webhooks()[0].body).unwrap();
    let notice = &body.get("eventNotifications").unwrap().as_array().unwrap()[0];
    assert_eq!(text(notice, &["realmId"]), REALM);
    let entities = notice.at(&["dataChangeEvent", "entities"]).unwrap().as_array().unwrap();
    assert_eq!((text(&entities[0], &["name"]), text(&entities[0], &["operation"])), ("BillPayment", "Create"));
    assert_eq!((text(&entities[1], &["name"]), text(&entities[1], &["operation"])), ("Bill", "Update"));
}

#[test]
fn a_person_changes_a_preference_and_the_rule_follows() {
    let mut site = site();
    site.post("bill", &bill(r#","DocNumber":"D-1""#)).ok("Bill");
    let off = r#"{"NameValue":[{"Name":"WarnDuplicateBillNumber","Value":"false"}]}"#;
    site.qb.person_edits(site.now, "Preferences", "1", |all| all.set("OtherPrefs", json(off))).unwrap();
    site.post("bill", &bill(r#","DocNumber":"D-1""#)).ok("Bill");
}
