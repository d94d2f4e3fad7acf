use super::*;

fn bill_with_line(line: &str) -> String {
    format!(r#"{{"VendorRef":{{"value":"77"}},"Line":[{line}]}}"#)
}

fn item_line(amount: &str, quantity: &str, price: &str) -> String {
    bill_with_line(&format!(
        r#"{{"Amount":{amount},"DetailType":"ItemBasedExpenseLineDetail","ItemBasedExpenseLineDetail":{{"ItemRef":{{"value":"212"}},"Qty":{quantity},"UnitPrice":{price}}}}}"#
    ))
}

#[test]
fn an_unknown_key_is_refused_at_any_depth() {
    let mut site = site();
    assert_eq!(site.post("bill", &bill(r#","Colour":"red""#)).code(), "2010");
    assert_eq!(site.post("bill", &bill(r#","docNumber":"1""#)).code(), "2010", "keys are case-exact");
    assert_eq!(site.post("bill", &bill(r#","ClassRef":{"value":"1"}"#)).code(), "2010", "no class on a bill header");
    assert_eq!(site.post("bill", &format!(r#"{{"Bill":{}}}"#, bill(""))).code(), "2010", "no wrapper");
    let nested = bill_with_line(&ACCOUNT_LINE.replace(r#""AccountRef""#, r#""Cost":1,"AccountRef""#));
    assert_eq!(site.post("bill", &nested).code(), "2010");
    assert_eq!(site.post("bill", &bill(r#","SalesTermRef":{"value":"9","id":"9"}"#)).code(), "2010");
    assert_eq!(site.qb.all("Bill").count(), 0);
}

#[test]
fn an_unknown_enumeration_text_is_refused() {
    let mut site = site();
    let misspelt = bill_with_line(&ACCOUNT_LINE.replace("AccountBasedExpenseLineDetail\",", "AccountExpense\","));
    assert_eq!(site.post("bill", &misspelt).code(), "2010");
    let subtotal = invoice("").replace(r#"}}]"#, r#"}},{"Amount":1,"DetailType":"SubtotalLineDetail"}]"#);
    assert_eq!(site.post("invoice", &subtotal).code(), "2010");
    let sales = bill_with_line(r#"{"Amount":1,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{}}"#);
    assert_eq!(site.post("bill", &sales).code(), "2010", "no sales line on a bill");
}

#[test]
fn what_is_required_is_required() {
    let mut site = site();
    assert_eq!(site.post("bill", &format!(r#"{{"Line":[{ACCOUNT_LINE}]}}"#)).code(), "2020");
    assert_eq!(site.post("bill", r#"{"VendorRef":{"value":"77"}}"#).code(), "2020");
    assert_eq!(site.post("bill", &bill_with_line("")).code(), "2020");
    assert_eq!(
        site.post("bill", r#"{"VendorRef":{"name":"Delta"},"Line":[]}"#).code(),
        "2020",
        "a name is no reference"
    );
    assert_eq!(site.post("purchaseorder", &bill("")).code(), "2020", "an order needs its payables account");
    let no_amount = ACCOUNT_LINE.replace(r#""Amount":100.00,"#, "");
    assert_eq!(site.post("bill", &bill_with_line(&no_amount)).code(), "2020");
    let no_type = ACCOUNT_LINE.replace(r#""DetailType":"AccountBasedExpenseLineDetail","#, "");
    assert_eq!(site.post("bill", &bill_with_line(&no_type)).code(), "2020");
    let no_detail = r#"{"Amount":1,"DetailType":"AccountBasedExpenseLineDetail"}"#;
    assert_eq!(site.post("bill", &bill_with_line(no_detail)).code(), "2020");
    let no_account = r#"{"Amount":1,"DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{}}"#;
    assert_eq!(site.post("bill", &bill_with_line(no_account)).code(), "2020");
    let send = invoice(r#","EmailStatus":"NeedToSend""#);
    assert_eq!(site.post("invoice", &send).code(), "2020");
}

#[test]
fn null_is_the_same_as_nothing() {
    let mut site = site();
    let created = site.post("bill", &bill(r#","DocNumber":null,"SalesTermRef":null"#)).ok("Bill");
    assert!(created.get("DocNumber").is_none());
}

#[test]
fn ids_are_digits() {
    let mut site = site();
    assert_eq!(site.post("bill", &bill("").replace(r#""77""#, r#""V-77""#)).code(), "2030");
    assert_eq!(site.get("bill/abc").code(), "2030");
}

#[test]
fn texts_have_a_longest_length_in_characters() {
    let mut site = site();
    let got = site.post("bill", &bill(&format!(r#","DocNumber":"{}""#, "9".repeat(22))));
    assert_eq!(got.code(), "2050");
    assert!(got.fault().1.contains("Min:0 Max:21 supplied:22"), "{}", got.fault().1);
    site.post("bill", &bill(&format!(r#","DocNumber":"{}""#, "é".repeat(21)))).ok("Bill");
    assert_eq!(site.post("bill", &bill(&format!(r#","PrivateNote":"{}""#, "x".repeat(4001)))).code(), "2050");
}

#[test]
fn an_amount_is_quantity_times_price_to_the_cent() {
    let mut site = site();
    site.post("bill", &item_line("33.33", "3", "11.11")).ok("Bill");
    site.post("bill", &item_line("0.34", "0.333", "1.005")).fault();
    site.post("bill", &item_line("0.33", "0.333", "1.005")).ok("Bill");
    site.post("bill", &item_line("1.01", "1", "1.005")).ok("Bill");
    assert_eq!(site.post("bill", &item_line("100.00", "3", "33.33")).code(), "6070");
}

#[test]
fn an_amount_has_two_decimals_and_is_a_number() {
    let mut site = site();
    assert_eq!(site.post("bill", &bill_with_line(&ACCOUNT_LINE.replace("100.00", "100.001"))).code(), "2110");
    site.post("bill", &bill_with_line(&ACCOUNT_LINE.replace("100.00", "100.1000"))).ok("Bill");
    assert_eq!(site.post("bill", &bill_with_line(&ACCOUNT_LINE.replace("100.00", r#""ten""#))).code(), "2080");
    assert_eq!(
        site.post("bill", &bill(r#","TxnDate":"2026-02-30""#).replacen(r#""TxnDate":"2026-03-01","#, "", 1)).code(),
        "2060"
    );
    assert_eq!(site.post("bill", &bill(r#","DueDate":"03/01/2026""#)).code(), "2060");
}

#[test]
fn references_lead_to_something_active() {
    let mut site = site();
    let unknown = site.post("bill", &bill("").replace(r#""77""#, r#""9999""#));
    assert_eq!(unknown.code(), "2500");
    let inactive = site.post("bill", &bill("").replace(r#""77""#, r#""79""#));
    assert_eq!(inactive.code(), "2500");
    assert!(inactive.fault().1.contains("made inactive"));
    let account = bill_with_line(&ACCOUNT_LINE.replace("143", "9999"));
    assert_eq!(site.post("bill", &account).code(), "2500");
}

#[test]
fn a_write_to_a_stale_version_is_refused_and_one_without_version_is_incomplete() {
    let mut site = site();
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    let with = |token: &str| bill(&format!(r#","Id":"{created}","SyncToken":"{token}","PrivateNote":"x""#));
    assert_eq!(text(&site.post("bill", &with("0")).ok("Bill"), &["SyncToken"]), "1");
    let stale = site.post("bill", &with("0"));
    assert_eq!(stale.code(), "5010");
    assert!(stale.fault().1.contains("Entity=Bill"));
    assert_eq!(site.post("bill", &bill(&format!(r#","Id":"{created}""#))).code(), "2020");
    let stale_delete = format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#);
    assert_eq!(site.post("bill?operation=delete", &stale_delete).code(), "5010");
}

#[test]
fn a_write_that_changes_nothing_keeps_the_version() {
    let mut site = site();
    let created = site.post("bill", &bill("")).ok("Bill");
    let again = site.post("bill", &created.to_string()).ok("Bill");
    assert_eq!(text(&again, &["SyncToken"]), "0");
}

#[test]
fn billable_needs_a_customer_and_has_been_billed_is_not_written() {
    let mut site = site();
    let with = |status: &str| {
        bill_with_line(
            &ACCOUNT_LINE.replace(r#""AccountRef""#, &format!(r#""BillableStatus":"{status}","AccountRef""#)),
        )
    };
    assert_eq!(site.post("bill", &with("Billable")).code(), "6310");
    assert_eq!(site.post("bill", &with("HasBeenBilled")).code(), "2170");
}

#[test]
fn accounts_must_be_of_the_right_type() {
    let mut site = site();
    assert_eq!(site.post("bill", &bill(r#","APAccountRef":{"value":"35"}"#)).code(), "6430");
    let card = check("1", "1", "1").replace(r#"{"value":"35"}"#, r#"{"value":"42"}"#);
    assert_eq!(site.post("billpayment", &card).code(), "6430");
    let purchase = format!(r#"{{"PaymentType":"CreditCard","AccountRef":{{"value":"35"}},"Line":[{ACCOUNT_LINE}]}}"#);
    assert_eq!(site.post("purchase", &purchase).code(), "6430");
}

#[test]
fn an_item_on_a_purchase_line_needs_purchase_information() {
    let mut site = site();
    for item in ["240", "241", "242"] {
        let body = item_line("1", "1", "1").replace("212", item);
        assert_eq!(site.post("bill", &body).code(), "6000", "item {item}");
    }
}

#[test]
fn tax_codes_are_tax_or_non_and_the_server_adds_what_is_missing() {
    let mut site = site();
    let wrong = ACCOUNT_LINE.replace(r#""AccountRef""#, r#""TaxCodeRef":{"value":"5"},"AccountRef""#);
    assert_eq!(site.post("bill", &bill_with_line(&wrong)).code(), "6100");
    let created = site.post("bill", &bill("")).ok("Bill");
    let detail = line(&created, 0).get("AccountBasedExpenseLineDetail").unwrap();
    assert_eq!(text(detail, &["TaxCodeRef", "value"]), "NON");
    assert_eq!(text(detail, &["BillableStatus"]), "NotBillable");
    assert_eq!(text(detail, &["AccountRef", "name"]), "Job Cost");
}

#[test]
fn custom_fields_exist_on_orders_and_sales_forms_only() {
    let mut site = site();
    let field = r#","CustomField":[{"DefinitionId":"1","Type":"StringType","StringValue":"SC-1"}]"#;
    let kept = site.post("invoice", &invoice(field)).ok("Invoice");
    assert_eq!(text(&kept.get("CustomField").unwrap().as_array().unwrap()[0], &["StringValue"]), "SC-1");
    assert!(site.post("bill", &bill(field)).ok("Bill").get("CustomField").is_none(), "dropped without a word");
    let unknown = field.replace(r#""1""#, r#""77""#);
    assert_eq!(site.post("invoice", &invoice(&unknown)).code(), "3000");
}

#[test]
fn currency_is_the_companys_unless_there_are_many() {
    let mut site = site();
    assert_eq!(site.post("bill", &bill(r#","CurrencyRef":{"value":"CAD"}"#)).code(), "6000");
    assert_eq!(text(&site.post("bill", &bill("")).ok("Bill"), &["CurrencyRef", "value"]), "USD");
    let mut many = with_preferences(r#"[{"Id":"1","CurrencyPrefs":{"MultiCurrencyEnabled":true}}]"#);
    assert_eq!(many.post("bill", &bill("")).code(), "2020");
    many.post("bill", &bill(r#","CurrencyRef":{"value":"CAD"},"ExchangeRate":0.75"#)).ok("Bill");
    assert_eq!(many.amount("Account", "33", "CurrentBalance"), dec("1075.00"));
}

#[test]
fn absurd_numbers_are_refused() {
    let mut site = site();
    assert_eq!(site.post("bill", &item_line("1", "1", "999999999999999999999999")).code(), "2090");
    assert_eq!(site.post("bill", &item_line("1", "1e400", "1")).code(), "2080");
    assert_eq!(site.post("bill", &item_line("1", "99999999999", "99999999999")).code(), "6070");
    assert_eq!(site.post("bill", &bill_with_line(&ACCOUNT_LINE.replace("100.00", "100000000000"))).code(), "2110");
}
