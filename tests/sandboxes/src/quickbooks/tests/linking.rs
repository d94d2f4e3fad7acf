use super::*;

fn linked(order: &str, line: &str, amount: &str) -> String {
    linked_by("77", order, line, amount)
}

fn linked_by(vendor: &str, order: &str, line: &str, amount: &str) -> String {
    let line = if line.is_empty() { String::new() } else { format!(r#","TxnLineId":"{line}""#) };
    format!(
        r#"{{"VendorRef":{{"value":"{vendor}"}},"LinkedTxn":[{{"TxnId":"{order}","TxnType":"PurchaseOrder"}}],"Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{order}","TxnType":"PurchaseOrder"{line}}}],"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{{"ItemRef":{{"value":"212"}}}}}},{{"Amount":0,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"151"}}}}}}]}}"#
    )
}

fn links(json: &Json) -> Vec<(String, String)> {
    let links = json.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]);
    links.iter().map(|link| (text(link, &["TxnType"]).to_owned(), text(link, &["TxnId"]).to_owned())).collect()
}

fn pair(kind: &str, id: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), id.to_owned())]
}

#[test]
fn a_complete_link_ties_bill_and_order_together() {
    let mut site = site();
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    let first = site.post("bill", &linked(&order_id, "1", "300")).ok("Bill");
    assert_eq!(links(&first), pair("PurchaseOrder", &order_id));
    let link = &line(&first, 0).get("LinkedTxn").unwrap().as_array().unwrap()[0];
    assert_eq!(text(link, &["TxnLineId"]), "1");
    let stored = site.stored("PurchaseOrder", &order_id);
    assert_eq!(links(stored), pair("Bill", &id(&first)));
    assert_eq!(line(stored, 0).get("Received").unwrap().as_decimal(), Some(dec("300")));
    assert_eq!((text(stored, &["POStatus"]), text(stored, &["SyncToken"])), ("Open", "1"));

    let second = id(&site.post("bill", &linked(&order_id, "1", "700")).ok("Bill"));
    let stored = site.stored("PurchaseOrder", &order_id);
    assert_eq!(text(stored, &["POStatus"]), "Closed");
    assert_eq!(links(stored).len(), 2);
    // Billing less opens it again.
    let mut less = json(&linked(&order_id, "1", "600"));
    less.set("Id", second.as_str());
    less.set("SyncToken", "0");
    let text_of = less.to_string().replacen(r#"{"Amount":600"#, r#"{"Id":"1","Amount":600"#, 1);
    site.post("bill", &text_of).ok("Bill");
    assert_eq!(text(site.stored("PurchaseOrder", &order_id), &["POStatus"]), "Open");
    assert_eq!(
        line(site.stored("PurchaseOrder", &order_id), 0).get("Received").unwrap().as_decimal(),
        Some(dec("900"))
    );
}

#[test]
fn a_link_that_is_not_complete_or_does_not_fit_is_dropped_in_silence() {
    let mut site = site();
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    let account_kind = linked(&order_id, "1", "10")
        .replace("ItemBasedExpense", "AccountBasedExpense")
        .replace(r#""ItemRef":{"value":"212"}"#, r#""AccountRef":{"value":"143"}"#);
    let cases = [
        ("no line id", linked(&order_id, "", "10")),
        ("no such line", linked(&order_id, "9", "10")),
        ("no such order", linked("99999", "1", "10")),
        ("another vendor", linked_by("78", &order_id, "1", "10")),
        ("another kind of line", account_kind),
        ("zero", linked(&order_id, "1", "0")),
    ];
    for (why, body) in cases {
        let made = site.post("bill", &body).ok("Bill");
        assert!(links(&made).is_empty(), "{why}");
        assert!(line(&made, 0).get("LinkedTxn").is_none(), "{why}");
    }
    let credit = site.post("vendorcredit", &linked(&order_id, "1", "10")).ok("VendorCredit");
    assert!(links(&credit).is_empty() && line(&credit, 0).get("LinkedTxn").is_none());
    let stored = site.stored("PurchaseOrder", &order_id);
    assert!(links(stored).is_empty());
    assert!(line(stored, 0).get("Received").is_none());
}

#[test]
fn an_existing_line_is_linked_only_as_a_new_line() {
    let mut site = site();
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    let plain = id(&site.post("bill", &linked("99999", "1", "10")).ok("Bill"));
    let mut body = json(&linked(&order_id, "1", "10"));
    body.set("Id", plain.as_str());
    body.set("SyncToken", "0");
    body.set("PrivateNote", "relink");
    let same_line = body.to_string().replacen(r#"{"Amount":10,"#, r#"{"Id":"1","Amount":10,"#, 1);
    assert!(links(&site.post("bill", &same_line).ok("Bill")).is_empty());
    body.set("SyncToken", "1");
    let made = site.post("bill", &body.to_string()).ok("Bill");
    assert_eq!(links(&made), pair("PurchaseOrder", &order_id));
    assert_eq!(text(line(&made, 0), &["Id"]), "4", "no id is given twice");
    // A full update that leaves the link out takes it away.
    body.set("SyncToken", "2");
    let without = body
        .to_string()
        .replace(&format!(r#","LinkedTxn":[{{"TxnId":"{order_id}","TxnType":"PurchaseOrder","TxnLineId":"1"}}]"#), "");
    assert!(links(&site.post("bill", &without).ok("Bill")).is_empty());
    assert!(links(site.stored("PurchaseOrder", &order_id)).is_empty());
}

#[test]
fn what_was_billed_of_an_order_stays_on_it() {
    let mut site = site();
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    site.post("bill", &linked(&order_id, "1", "300")).ok("Bill");
    let stored = site.stored("PurchaseOrder", &order_id).clone();
    let shrunk = stored
        .to_string()
        .replace(r#""Amount":1000.00"#, r#""Amount":299.99"#)
        .replace(r#""UnitPrice":1000"#, r#""UnitPrice":299.99"#);
    assert_eq!(site.post("purchaseorder", &shrunk).code(), "6000");
    let mut other_line = json(&order("SC-1"));
    other_line.set("Id", order_id.as_str());
    other_line.set("SyncToken", "1");
    assert_eq!(site.post("purchaseorder", &other_line.to_string()).code(), "6000", "the billed line is gone");
    // A change order grows it, and what was received stays.
    let grown = stored
        .to_string()
        .replace(r#""Amount":1000.00"#, r#""Amount":1200.00"#)
        .replace(r#""UnitPrice":1000"#, r#""UnitPrice":1200"#);
    let grown = site.post("purchaseorder", &grown).ok("PurchaseOrder");
    assert_eq!(line(&grown, 0).get("Received").unwrap().as_decimal(), Some(dec("300")));
    let body = format!(r#"{{"Id":"{order_id}","SyncToken":"2"}}"#);
    assert_eq!(site.post("purchaseorder?operation=delete", &body).code(), "800");
}

#[test]
fn a_payment_moves_the_balance_and_the_version_of_the_bill() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let paid = site.post("billpayment", &check("60", &bill_id, "60")).ok("BillPayment");
    let stored = site.stored("Bill", &bill_id);
    assert_eq!(links(stored), pair("BillPaymentCheck", &id(&paid)));
    assert_eq!(text(stored, &["SyncToken"]), "1");
    assert_eq!(site.amount("Bill", &bill_id, "Balance"), dec("40"));
    let stale = bill(&format!(r#","Id":"{bill_id}","SyncToken":"0""#));
    assert_eq!(site.post("bill", &stale).code(), "5010");

    let over = site.post("billpayment", &check("60", &bill_id, "60"));
    assert_eq!(over.code(), "6000");
    assert!(over.fault().1.contains("only 40"));
    let less = bill(&format!(r#","Id":"{bill_id}","SyncToken":"1""#)).replace("100.00", "59.99");
    assert_eq!(site.post("bill", &less).code(), "6000", "less than what is paid");
    let enough = bill(&format!(r#","Id":"{bill_id}","SyncToken":"1""#)).replace("100.00", "60.00");
    assert_eq!(site.post("bill", &enough).ok("Bill").get("Balance").unwrap().as_decimal(), Some(dec("0")));
    let body = format!(r#"{{"Id":"{bill_id}","SyncToken":"2"}}"#);
    assert_eq!(site.post("bill?operation=delete", &body).code(), "800");
    let body = format!(r#"{{"Id":"{}","SyncToken":"0"}}"#, id(&paid));
    site.post("billpayment?operation=delete", &body).ok("BillPayment");
    assert_eq!(site.amount("Bill", &bill_id, "Balance"), dec("60"));
    assert!(links(site.stored("Bill", &bill_id)).is_empty());
}

#[test]
fn a_payment_links_to_what_exists_and_belongs_to_the_same_vendor() {
    let mut site = site();
    assert_eq!(site.post("billpayment", &check("1", "999", "1")).code(), "620");
    let bill_id = id(&site.post("bill", &bill("").replace(r#""77""#, r#""78""#)).ok("Bill"));
    assert_eq!(site.post("billpayment", &check("1", &bill_id, "1")).code(), "620");
    let unknown = check("1", &bill_id, "1").replace(r#""Bill""#, r#""Invoice""#);
    assert_eq!(site.post("billpayment", &unknown).code(), "2010");
    assert_eq!(site.post("billpayment", &check("1", &bill_id, "2").replace(r#""77""#, r#""78""#)).code(), "6000");
    assert_eq!(site.post("billpayment", &check("-1", &bill_id, "1")).code(), "6000");
    let no_total = check("1", &bill_id, "1").replace(r#""TotalAmt":1,"#, "");
    assert_eq!(site.post("billpayment", &no_total).code(), "6000");
    let no_bank = check("1", &bill_id, "1").replace(r#""CheckPayment":{"BankAccountRef":{"value":"35"}},"#, "");
    assert_eq!(site.post("billpayment", &no_bank).code(), "2020");
}

#[test]
fn a_vendor_credit_pays_a_part_of_the_bill() {
    let mut site = site();
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    let credit = id(&site.post("vendorcredit", &bill("").replace("100.00", "30.00")).ok("VendorCredit"));
    let both = |total: &str| {
        check(total, &bill_id, "100").replace(
            "}]}]}",
            &format!(r#"}}]}},{{"Amount":30,"LinkedTxn":[{{"TxnId":"{credit}","TxnType":"VendorCredit"}}]}}]}}"#),
        )
    };
    assert_eq!(site.post("billpayment", &both("69")).code(), "6000");
    site.post("billpayment", &both("70")).ok("BillPayment");
    assert_eq!(site.amount("Bill", &bill_id, "Balance"), dec("0"));
    assert_eq!(site.amount("VendorCredit", &credit, "Balance"), dec("0"));
    assert_eq!(site.amount("Vendor", "77", "Balance"), dec("1000"));
    assert_eq!(site.amount("Account", "35", "CurrentBalance"), dec("4930"));
}

fn payment(invoice: &str, total: &str, amount: &str) -> String {
    format!(
        r#"{{"CustomerRef":{{"value":"61"}},"TotalAmt":{total},"Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{invoice}","TxnType":"Invoice"}}]}}]}}"#
    )
}

#[test]
fn a_customer_payment_applies_and_its_deposit_locks_it() {
    let mut site = site();
    let invoice_id = id(&site.post("invoice", &invoice("")).ok("Invoice"));
    let made = site.post("payment", &payment(&invoice_id, "520", "500")).ok("Payment");
    assert_eq!(made.get("UnappliedAmt").unwrap().as_decimal(), Some(dec("20")));
    assert_eq!(text(&made, &["DepositToAccountRef", "value"]), "4");
    assert_eq!(site.amount("Invoice", &invoice_id, "Balance"), dec("0"));
    assert_eq!(text(site.stored("Invoice", &invoice_id), &["SyncToken"]), "1");
    let void = format!(r#"{{"Id":"{invoice_id}","SyncToken":"1"}}"#);
    assert_eq!(site.post("invoice?operation=void", &void).code(), "800");
    assert_eq!(site.post("invoice?operation=delete", &void).code(), "800");
    assert_eq!(site.post("payment", &payment(&invoice_id, "1", "1").replace("61", "62")).code(), "620");

    let payment_id = id(&made);
    let deposit = |amount: &str, line: &str| {
        format!(
            r#"{{"DepositToAccountRef":{{"value":"35"}},"Line":[{{"Amount":{amount},"LinkedTxn":[{{"TxnId":"{payment_id}","TxnType":"Payment"{line}}}]}}]}}"#
        )
    };
    assert_eq!(site.post("deposit", &deposit("520", "")).code(), "2020");
    let line_id = r#","TxnLineId":"0""#;
    assert_eq!(site.post("deposit", &deposit("519", line_id)).code(), "6000");
    let deposited = id(&site.post("deposit", &deposit("520", line_id)).ok("Deposit"));
    assert_eq!(site.post("deposit", &deposit("520", line_id)).code(), "620", "once");
    let body = format!(r#"{{"Id":"{payment_id}","SyncToken":"1","sparse":true,"PrivateNote":"x"}}"#);
    assert_eq!(site.post("payment", &body).code(), "6540");
    assert_eq!(site.post("payment?operation=delete", &body).code(), "800", "the deposit is a link");
    assert_eq!(site.post("payment?operation=update&include=void", &body).code(), "6540");
    let gone = format!(r#"{{"Id":"{deposited}","SyncToken":"0"}}"#);
    site.post("deposit?operation=delete", &gone).ok("Deposit");
    let body = body.replace(r#""SyncToken":"1""#, r#""SyncToken":"2""#);
    site.post("payment?operation=update&include=void", &body).ok("Payment");
    assert_eq!(site.amount("Invoice", &invoice_id, "Balance"), dec("500"));
}

#[test]
fn an_estimate_becomes_one_invoice_and_closes() {
    let mut site = site();
    let estimate = id(&site.post("estimate", &invoice("")).ok("Estimate"));
    let link = format!(r#","LinkedTxn":[{{"TxnId":"{estimate}","TxnType":"Estimate"}}]"#);
    let made = site.post("invoice", &invoice(&link)).ok("Invoice");
    assert_eq!(links(&made), pair("Estimate", &estimate));
    assert_eq!(text(site.stored("Estimate", &estimate), &["TxnStatus"]), "Closed");
    let second = site.post("invoice", &invoice(&link)).ok("Invoice");
    assert!(links(&second).is_empty(), "a closed estimate is ignored");
    let twice = link.replace("}]", &format!(r#"}},{{"TxnId":"{estimate}","TxnType":"Estimate"}}]"#));
    assert_eq!(site.post("invoice", &invoice(&twice)).code(), "620");
}

#[test]
fn a_credit_memo_is_applied_by_a_payment_of_nothing() {
    let mut site = site();
    let invoice_id = id(&site.post("invoice", &invoice("")).ok("Invoice"));
    let memo = site.post("creditmemo", &invoice("").replace("500", "200")).ok("CreditMemo");
    assert_eq!(memo.get("RemainingCredit").unwrap().as_decimal(), Some(dec("200")));
    let body = payment(&invoice_id, "0", "200").replace(
        "}]}]}",
        &format!(r#"}}]}},{{"Amount":200,"LinkedTxn":[{{"TxnId":"{}","TxnType":"CreditMemo"}}]}}]}}"#, id(&memo)),
    );
    site.post("payment", &body).ok("Payment");
    assert_eq!(site.amount("Invoice", &invoice_id, "Balance"), dec("300"));
    assert_eq!(site.amount("CreditMemo", &id(&memo), "RemainingCredit"), dec("0"));
    assert_eq!(site.amount("Customer", "118", "Balance"), dec("300"));
}

#[test]
fn unlinking_before_deletion_can_be_left_to_the_server() {
    let config = QuickBooksConfig { delete_needs_unlinked: false, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let order_id = id(&site.post("purchaseorder", &order("SC-1")).ok("PurchaseOrder"));
    let bill_id = id(&site.post("bill", &linked(&order_id, "1", "300")).ok("Bill"));
    site.post("bill?operation=delete", &format!(r#"{{"Id":"{bill_id}","SyncToken":"0"}}"#)).ok("Bill");
    let stored = site.stored("PurchaseOrder", &order_id);
    assert!(links(stored).is_empty());
    assert_eq!(line(stored, 0).get("Received").unwrap().as_decimal(), Some(dec("0")));
}
