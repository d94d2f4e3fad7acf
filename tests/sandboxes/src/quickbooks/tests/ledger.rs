use super::*;

fn balance(site: &Site, account: &str) -> Decimal {
    site.amount("Account", account, "CurrentBalance")
}

#[test]
fn a_bill_with_retainage_moves_cost_payables_and_what_is_held() {
    let mut site = site();
    let before = trial(&site);
    let held = ACCOUNT_LINE.replace("100.00", "-10.00").replace("143", "151");
    let item = r#"{"Amount":50.00,"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{"ItemRef":{"value":"212"}}}"#;
    let body = format!(r#"{{"VendorRef":{{"value":"77"}},"Line":[{ACCOUNT_LINE},{item},{held}]}}"#);
    let created = id(&site.post("bill", &body).ok("Bill"));
    assert_eq!(balance(&site, "143"), dec("150"));
    assert_eq!(balance(&site, "151"), dec("10"), "a liability grows with a credit");
    assert_eq!(balance(&site, "33"), dec("1140"), "from what the book gives");
    assert_eq!(site.amount("Vendor", "77", "Balance"), dec("1140"));
    assert_eq!(trial(&site), before);
    site.post("bill?operation=delete", &format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#)).ok("Bill");
    assert_eq!((balance(&site, "143"), balance(&site, "151"), balance(&site, "33")), (dec("0"), dec("0"), dec("1000")));
}

#[test]
fn an_update_moves_only_the_difference() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    let moved = bill(&format!(r#","Id":"{created}","SyncToken":"0""#)).replace("143", "151").replace("100.00", "70.00");
    site.post("bill", &moved).ok("Bill");
    assert_eq!(
        (balance(&site, "143"), balance(&site, "151"), balance(&site, "33")),
        (dec("0"), dec("-70"), dec("1070"))
    );
}

#[test]
fn money_in_and_out_moves_bank_card_and_names() {
    let mut site = site();
    let before = trial(&site);
    let bill_id = id(&site.post("bill", &bill("")).ok("Bill"));
    site.post("billpayment", &check("100", &bill_id, "100")).ok("BillPayment");
    assert_eq!((balance(&site, "35"), balance(&site, "33")), (dec("4900"), dec("1000")));
    site.post("vendorcredit", &bill("")).ok("VendorCredit");
    assert_eq!((balance(&site, "33"), balance(&site, "143")), (dec("900"), dec("0")));
    let card = format!(
        r#"{{"PaymentType":"CreditCard","AccountRef":{{"value":"42"}},"EntityRef":{{"value":"77","type":"Vendor"}},"Line":[{ACCOUNT_LINE}]}}"#
    );
    site.post("purchase", &card).ok("Purchase");
    assert_eq!((balance(&site, "42"), balance(&site, "143")), (dec("100"), dec("100")));
    site.post("purchase", &card.replacen('{', r#"{"Credit":true,"#, 1)).ok("Purchase");
    assert_eq!((balance(&site, "42"), balance(&site, "143")), (dec("0"), dec("0")));

    let invoice_id = id(&site.post("invoice", &invoice("")).ok("Invoice"));
    assert_eq!((balance(&site, "84"), balance(&site, "79")), (dec("500"), dec("500")));
    assert_eq!(site.amount("Customer", "118", "Balance"), dec("500"));
    assert_eq!(site.amount("Customer", "61", "BalanceWithJobs"), dec("500"), "the parent counts its jobs");
    assert_eq!(site.amount("Customer", "61", "Balance"), dec("0"));
    let pay = format!(
        r#"{{"CustomerRef":{{"value":"118"}},"TotalAmt":500,"Line":[{{"Amount":500,"LinkedTxn":[{{"TxnId":"{invoice_id}","TxnType":"Invoice"}}]}}]}}"#
    );
    let payment = id(&site.post("payment", &pay).ok("Payment"));
    assert_eq!((balance(&site, "4"), balance(&site, "84")), (dec("500"), dec("0")));
    let deposit = format!(
        r#"{{"DepositToAccountRef":{{"value":"35"}},"Line":[{{"Amount":500,"LinkedTxn":[{{"TxnId":"{payment}","TxnType":"Payment","TxnLineId":"0"}}]}}]}}"#
    );
    site.post("deposit", &deposit).ok("Deposit");
    assert_eq!((balance(&site, "4"), balance(&site, "35")), (dec("0"), dec("5400")));
    let direct = r#"{"DepositToAccountRef":{"value":"35"},"Line":[{"Amount":5,"DetailType":"DepositLineDetail","DepositLineDetail":{"AccountRef":{"value":"79"}}}]}"#;
    site.post("deposit", direct).ok("Deposit");
    assert_eq!(balance(&site, "35"), dec("5405"));
    assert_eq!(trial(&site), before);
}

#[test]
fn orders_and_estimates_move_nothing() {
    let mut site = site();
    site.post("purchaseorder", &order("S")).ok("PurchaseOrder");
    site.post("estimate", &invoice("")).ok("Estimate");
    assert_eq!((balance(&site, "143"), balance(&site, "84")), (dec("0"), dec("0")));
}

#[test]
fn a_retainage_item_on_an_invoice_moves_the_receivable_that_is_held() {
    let mut site = site();
    let held = r#"}},{"Amount":-25.00,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"230"},"Qty":1,"UnitPrice":-25}}]"#;
    let made = site.post("invoice", &invoice("").replace("}}]", held)).ok("Invoice");
    assert_eq!(made.get("TotalAmt").unwrap().as_decimal(), Some(dec("475")));
    assert_eq!(
        (balance(&site, "84"), balance(&site, "152"), balance(&site, "79")),
        (dec("475"), dec("25"), dec("500"))
    );
}
