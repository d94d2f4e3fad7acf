use super::*;

const CLOSED: &str = r#"[{"Id":"1","SyncToken":"0","AccountingInfoPrefs":{"BookCloseDate":"2026-02-28"},"SalesFormsPrefs":{"CustomTxnNumbers":true},"CurrencyPrefs":{"MultiCurrencyEnabled":false}}]"#;

fn numbered(number: &str) -> String {
    bill(&format!(r#","DocNumber":"{number}""#))
}

#[test]
fn a_full_update_empties_what_is_left_out_and_deletes_missing_lines() {
    let mut site = site();
    let two = format!(
        r#"{{"VendorRef":{{"value":"77"}},"PrivateNote":"n","DocNumber":"B-1","Line":[{ACCOUNT_LINE},{ACCOUNT_LINE}]}}"#
    );
    let created = site.post("bill", &two).ok("Bill");
    assert_eq!(created.get("TotalAmt").unwrap().as_decimal(), Some(dec("200")));
    assert_eq!((text(line(&created, 0), &["Id"]), text(line(&created, 1), &["Id"])), ("1", "2"));
    let bill_id = id(&created);
    // The second line is kept under its id, one is new, one carries an id that nobody gave.
    let keep = ACCOUNT_LINE.replacen('{', r#"{"Id":"2","#, 1);
    let made_up = ACCOUNT_LINE.replacen('{', r#"{"Id":"-1","#, 1);
    let body = format!(
        r#"{{"Id":"{bill_id}","SyncToken":"0","VendorRef":{{"value":"77"}},"Line":[{keep},{ACCOUNT_LINE},{made_up}]}}"#
    );
    let updated = site.post("bill", &body).ok("Bill");
    let ids: Vec<&str> = (0..3).map(|at| text(line(&updated, at), &["Id"])).collect();
    assert_eq!(ids, ["2", "3", "4"]);
    assert!(updated.get("PrivateNote").is_none());
    assert!(updated.get("DocNumber").is_none());
    assert_eq!(text(&updated, &["SyncToken"]), "1");
    assert_eq!(text(&updated, &["MetaData", "CreateTime"]), text(&created, &["MetaData", "CreateTime"]));
}

#[test]
fn totals_balances_and_dates_are_the_servers() {
    let mut site = site();
    let created = site.post("bill", &bill(r#","SalesTermRef":{"value":"9"},"TotalAmt":9,"Balance":3"#)).ok("Bill");
    assert_eq!(created.get("TotalAmt"), Some(&Json::Number("100.00".into())));
    assert_eq!(created.get("Balance"), Some(&Json::Number("100.00".into())));
    assert_eq!(text(&created, &["DueDate"]), "2026-04-15");
    assert_eq!(text(&created, &["APAccountRef", "value"]), "33");
    assert_eq!(text(&created, &["VendorRef", "name"]), "Delta Drywall Inc");
    let undated = site.post("bill", &bill("").replace(r#""TxnDate":"2026-03-01","#, "")).ok("Bill");
    assert_eq!(text(&undated, &["TxnDate"]), "2026-03-02");
}

#[test]
fn a_total_may_be_zero_but_not_less() {
    let mut site = site();
    let back = ACCOUNT_LINE.replace("100.00", "-100.00").replace("143", "151");
    let zero = format!(r#"{{"VendorRef":{{"value":"77"}},"Line":[{ACCOUNT_LINE},{back}]}}"#);
    assert_eq!(site.post("bill", &zero).ok("Bill").get("TotalAmt").unwrap().as_decimal(), Some(dec("0")));
    let less = zero.replace("-100.00", "-100.01");
    let got = site.post("bill", &less);
    assert_eq!(got.code(), "6000");
    assert!(got.fault().1.contains("-0.01"));
    assert_eq!(site.post("vendorcredit", &less).code(), "6000");
    let negative = invoice("").replace("500.00", "-500.00").replace(r#""UnitPrice":500"#, r#""UnitPrice":-500"#);
    assert_eq!(site.post("invoice", &negative).code(), "6000");
}

#[test]
fn a_duplicate_number_of_the_same_vendor_names_its_owner() {
    let mut site = site();
    let first = id(&site.post("bill", &numbered("DD-1")).ok("Bill"));
    let got = site.post("bill", &numbered("dd-1"));
    assert_eq!(got.code(), "6140");
    for part in ["DocNumber=dd-1", "TxnDate=2026-03-01", "TxnType=Bill", &format!("TxnId={first}")] {
        assert!(got.fault().1.contains(part), "{part}: {}", got.fault().1);
    }
    site.post("bill", &numbered("DD-1").replace(r#""77""#, r#""78""#)).ok("Bill");
    site.post("bill?include=allowduplicatedocnum", &numbered("DD-1")).ok("Bill");
    // The owner itself may keep it.
    let own = bill(&format!(r#","DocNumber":"DD-1","Id":"{first}","SyncToken":"0","PrivateNote":"x""#));
    site.post("bill", &own).ok("Bill");
    site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder");
    assert_eq!(site.post("purchaseorder", &order("SC-1")).code(), "6140");
    site.post("invoice", &invoice(r#","DocNumber":"I-1""#)).ok("Invoice");
    assert_eq!(site.post("invoice", &invoice(r#","DocNumber":"I-1""#)).code(), "6140");
}

#[test]
fn the_duplicate_warning_can_be_off() {
    let off = r#"[{"Id":"1","OtherPrefs":{"NameValue":[{"Name":"WarnDuplicateBillNumber","Value":"false"}]}}]"#;
    let mut site = with_preferences(off);
    site.post("bill", &numbered("DD-1")).ok("Bill");
    site.post("bill", &numbered("DD-1")).ok("Bill");
    let config = QuickBooksConfig { warn_duplicate_numbers: false, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    site.post("bill", &numbered("DD-1")).ok("Bill");
    site.post("bill", &numbered("DD-1")).ok("Bill");
}

#[test]
fn sales_forms_are_numbered_by_the_company_unless_numbers_are_custom() {
    let mut own = with_preferences(r#"[{"Id":"1","SalesFormsPrefs":{"CustomTxnNumbers":false}}]"#);
    assert_eq!(text(&own.post("invoice", &invoice("")).ok("Invoice"), &["DocNumber"]), "1001");
    assert_eq!(text(&own.post("invoice", &invoice("")).ok("Invoice"), &["DocNumber"]), "1002");
    assert!(own.post("bill", &bill("")).ok("Bill").get("DocNumber").is_none(), "bills never");
    let mut custom = site();
    assert!(custom.post("invoice", &invoice("")).ok("Invoice").get("DocNumber").is_none());
    let auto = custom.post("invoice", &invoice(r#","DocNumber":"AUTO_GENERATE""#)).ok("Invoice");
    assert_eq!(text(&auto, &["DocNumber"]), "1001");
}

#[test]
fn closed_books_take_no_posting_but_orders_and_estimates() {
    let mut site = with_preferences(CLOSED);
    let old = |body: String| body.replace("2026-03-01", "2026-02-28");
    assert_eq!(site.post("bill", &old(bill(""))).code(), "6200");
    let open = id(&site.post("bill", &bill("")).ok("Bill"));
    let back = old(bill(&format!(r#","Id":"{open}","SyncToken":"0""#)));
    assert_eq!(site.post("bill", &back).code(), "6200", "an open bill is not moved into closed books");
    site.qb.person_sets_closing_date(site.now, Some("2026-03-01"));
    let delete = format!(r#"{{"Id":"{open}","SyncToken":"0"}}"#);
    assert_eq!(site.post("bill?operation=delete", &delete).code(), "6200");
    let forward = bill(&format!(r#","Id":"{open}","SyncToken":"0""#)).replace("2026-03-01", "2026-03-02");
    assert_eq!(site.post("bill", &forward).code(), "6200", "a bill in closed books is not moved out");
    site.post("purchaseorder", &order("S").replacen('{', r#"{"TxnDate":"2026-01-05","#, 1)).ok("PurchaseOrder");
    site.post("estimate", &old(invoice(""))).ok("Estimate");
    site.qb.person_sets_closing_date(site.now, None);
    site.post("bill", &old(bill(""))).ok("Bill");
}

#[test]
fn a_sales_form_gets_its_subtotal_and_discounts_come_off() {
    let mut site = site();
    let plain = site.post("invoice", &invoice("")).ok("Invoice");
    assert_eq!(text(line(&plain, 1), &["DetailType"]), "SubTotalLineDetail");
    assert!(line(&plain, 1).get("Id").is_none());
    assert_eq!(line(&plain, 1).get("Amount").unwrap().as_decimal(), Some(dec("500")));
    // Sent back, the subtotal is skipped and made again.
    let mut back = plain.clone();
    back.set("PrivateNote", "n");
    let again = site.post("invoice", &back.to_string()).ok("Invoice");
    assert_eq!(again.get("Line").unwrap().as_array().unwrap().len(), 2);
    assert_eq!(text(line(&again, 0), &["Id"]), "1");

    let discount =
        r#"}},{"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":true,"DiscountPercent":20}}]"#;
    let off = site.post("invoice", &invoice("").replace("}}]", discount)).ok("Invoice");
    assert_eq!(off.get("TotalAmt").unwrap().as_decimal(), Some(dec("400")));
    let note = r#"{"CustomerRef":{"value":"118"},"Line":[{"DetailType":"DescriptionOnly","Description":"x","DescriptionLineDetail":{}}]}"#;
    assert_eq!(site.post("invoice", note).code(), "2020", "an invoice needs a sales item");
}

#[test]
fn a_deletion_leaves_only_a_notice() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    let got = site.post("bill?operation=delete", &format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#));
    let gone = got.ok("Bill");
    let keys: Vec<&String> = gone.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["domain", "status", "Id"]);
    assert_eq!(text(&gone, &["status"]), "Deleted");
    let read = site.get(&format!("bill/{created}"));
    assert_eq!(read.code(), "610");
    assert!(read.fault().1.contains("Another user has deleted"));
    let update = bill(&format!(r#","Id":"{created}","SyncToken":"0""#));
    assert_eq!(site.post("bill", &update).code(), "610");
    // The id is not given again.
    assert_ne!(id(&site.post("bill", &bill("")).ok("Bill")), created);
}

#[test]
fn an_invoice_is_voided_by_its_own_url() {
    let mut site = site();
    let created = id(&site.post("invoice", &invoice(r#","PrivateNote":"PA 3""#)).ok("Invoice"));
    let body = format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#);
    let wrong = site.post("invoice?operation=update&include=void", &body);
    assert_eq!(wrong.code(), "500");
    let voided = site.post("invoice?operation=void", &body).ok("Invoice");
    assert_eq!(voided.get("TotalAmt").unwrap().as_decimal(), Some(dec("0")));
    assert_eq!(voided.get("Balance").unwrap().as_decimal(), Some(dec("0")));
    assert_eq!(text(&voided, &["PrivateNote"]), "Voided - PA 3");
    assert_eq!(text(line(&voided, 0), &["SalesItemLineDetail", "Qty"]), "0");
    assert!(voided.get("status").is_none());
    assert_eq!(site.amount("Customer", "118", "Balance"), dec("0"));
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let body = format!(r#"{{"Id":"{bill_id}","SyncToken":"0"}}"#);
    assert_eq!(site.post("bill?operation=void", &body).code(), "500", "a bill has no void");
}

#[test]
fn a_bill_payment_is_voided_as_an_update_and_lets_the_bill_go() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let payment = id(&site.post("billpayment", &check("100", &bill_id, "100")).ok("BillPayment"));
    let body = format!(r#"{{"Id":"{payment}","SyncToken":"0","sparse":true}}"#);
    assert_eq!(site.post("billpayment?operation=void", &body).code(), "500");
    let voided = site.post("billpayment?operation=update&include=void", &body).ok("BillPayment");
    assert_eq!(voided.get("Line").unwrap().as_array().unwrap().len(), 0);
    assert_eq!(text(&voided, &["PrivateNote"]), "Voided");
    assert_eq!(site.amount("Bill", &bill_id, "Balance"), dec("100"));
    assert_eq!(site.amount("Account", "35", "CurrentBalance"), dec("5000"));
}

#[test]
fn a_journal_entry_balances_and_names_who_owes() {
    let mut site = site();
    let entry = |debit: &str, account: &str, entity: &str| {
        format!(
            r#"{{"Line":[{{"Amount":{debit},"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{{"PostingType":"Debit","AccountRef":{{"value":"143"}}}}}},{{"Amount":25,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{{"PostingType":"Credit","AccountRef":{{"value":"{account}"}}{entity}}}}}]}}"#
        )
    };
    assert_eq!(site.post("journalentry", &entry("24.99", "151", "")).code(), "2300");
    assert_eq!(site.post("journalentry", &entry("-25", "151", "")).code(), "2290");
    assert_eq!(site.post("journalentry", &entry("25", "33", "")).code(), "6000", "a payable needs its vendor");
    let vendor = r#","Entity":{"Type":"Vendor","EntityRef":{"value":"78"}}"#;
    let made = site.post("journalentry", &entry("25", "33", vendor)).ok("JournalEntry");
    assert_eq!(text(line(&made, 0), &["Id"]), "0");
    assert_eq!(text(line(&made, 1), &["JournalEntryLineDetail", "Entity", "EntityRef", "name"]), "Amy's Paint");
    assert_eq!(made.get("TotalAmt").unwrap().as_decimal(), Some(dec("0")));
    assert_eq!(site.amount("Vendor", "78", "Balance"), dec("25"));
    let untyped = entry("25", "151", "").replacen(r#""PostingType":"Debit","#, "", 1);
    assert_eq!(site.post("journalentry", &untyped).code(), "2260");
    let one = r#"{"Line":[{"Amount":0,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Debit","AccountRef":{"value":"143"}}}]}"#;
    assert_eq!(site.post("journalentry", one).code(), "2020");
}

#[test]
fn a_sparse_invoice_update_leaves_lines_alone_or_replaces_them_all() {
    let mut site = site();
    let created = id(&site.post("invoice", &invoice("")).ok("Invoice"));
    let note = format!(r#"{{"Id":"{created}","SyncToken":"0","sparse":true,"PrivateNote":"n"}}"#);
    let noted = site.post("invoice", &note).ok("Invoice");
    assert_eq!(text(line(&noted, 0), &["Id"]), "1");
    assert_eq!(text(&noted, &["TxnDate"]), "2026-03-01");
    let lines =
        r#"[{"Amount":7,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"212"}}}]"#;
    let body = format!(r#"{{"Id":"{created}","SyncToken":"1","sparse":true,"Line":{lines}}}"#);
    let replaced = site.post("invoice", &body).ok("Invoice");
    assert_eq!(text(line(&replaced, 0), &["Id"]), "2");
    assert_eq!(replaced.get("TotalAmt").unwrap().as_decimal(), Some(dec("7")));
    assert_eq!(text(&replaced, &["PrivateNote"]), "n");
}
