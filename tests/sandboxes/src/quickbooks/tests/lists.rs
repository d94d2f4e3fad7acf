use super::*;

#[test]
fn a_display_name_is_unique_across_customers_vendors_and_employees_in_any_case() {
    let mut site = site();
    for name in ["BAYFRONT health", "delta drywall inc", "pat SITE"] {
        let got = site.post("vendor", &format!(r#"{{"DisplayName":"{name}"}}"#));
        assert_eq!(got.code(), "6240", "{name}");
    }
    assert_eq!(site.post("customer", r#"{"DisplayName":"Pat Site"}"#).code(), "6240");
    site.post("vendor", r#"{"DisplayName":"Pat Site (V)"}"#).ok("Vendor");
    let detail = site.post("vendor", r#"{"DisplayName":"Pat Site"}"#);
    assert!(detail.fault().1.contains("Another customer, vendor or employee"));
}

#[test]
fn a_new_vendor_starts_with_version_zero_and_no_balance() {
    let mut site = site();
    let created = site.post("vendor", r#"{"GivenName":"Bo","FamilyName":"Lee","Balance":99}"#).ok("Vendor");
    assert_eq!(text(&created, &["DisplayName"]), "Bo Lee");
    assert_eq!(text(&created, &["SyncToken"]), "0");
    assert_eq!(text(&created, &["domain"]), "QBO");
    assert_eq!(created.get("Balance").unwrap().as_decimal(), Some(dec("0")));
    assert_eq!(text(&created, &["MetaData", "CreateTime"]), "2026-03-02T08:00:00-08:00");
    assert_eq!(site.post("vendor", r#"{"CompanyName":"X"}"#).code(), "6080");
}

#[test]
fn names_have_forbidden_characters_and_lengths() {
    let mut site = site();
    for name in ["a:b", "a\\tb", "a\\nb"] {
        assert_eq!(site.post("vendor", &format!(r#"{{"DisplayName":"{name}"}}"#)).code(), "2040", "{name}");
    }
    assert_eq!(site.post("account", r#"{"Name":"3\" pipe","AccountType":"Expense"}"#).code(), "2040");
    assert_eq!(site.post("account", r#"{"Name":"Pipe","AcctNum":"12345678","AccountType":"Expense"}"#).code(), "2050");
    assert_eq!(site.post("term", &format!(r#"{{"Name":"{}","DueDays":1}}"#, "x".repeat(32))).code(), "2050");
    assert_eq!(site.post("vendor", r#"{"DisplayName":"E","PrimaryEmailAddr":{"Address":"nobody"}}"#).code(), "2210");
}

#[test]
fn a_job_has_a_parent_a_path_and_a_level() {
    let mut site = site();
    let job = r#"{"DisplayName":"24-018 Annex","Job":true,"ParentRef":{"value":"118"}}"#;
    let job = site.post("customer", job).ok("Customer");
    assert_eq!(text(&job, &["FullyQualifiedName"]), "Bayfront Health:24-017 Clinic:24-018 Annex");
    assert_eq!(text(&job, &["Level"]), "2");
    assert_eq!(job.get("IsProject"), Some(&Json::Bool(false)));
    assert_eq!(site.post("customer", r#"{"DisplayName":"x","Job":true}"#).code(), "6150");
    assert_eq!(site.post("customer", r#"{"DisplayName":"x","ParentRef":{"value":"61"}}"#).code(), "6150");
    assert_eq!(site.post("customer", r#"{"DisplayName":"x","Job":true,"ParentRef":{"value":"999"}}"#).code(), "2500");
    let project = r#"{"DisplayName":"P","IsProject":true}"#;
    assert_eq!(site.post("customer", project).ok("Customer").get("IsProject"), Some(&Json::Bool(false)));
}

#[test]
fn five_levels_are_the_most() {
    let mut site = site();
    let mut parent = id(&site.post("class", r#"{"Name":"L1"}"#).ok("Class"));
    for level in 2..=5 {
        let body = format!(r#"{{"Name":"L{level}","ParentRef":{{"value":"{parent}"}}}}"#);
        parent = id(&site.post("class", &body).ok("Class"));
    }
    let body = format!(r#"{{"Name":"L6","ParentRef":{{"value":"{parent}"}}}}"#);
    assert_eq!(site.post("class", &body).code(), "6180");
}

#[test]
fn renaming_a_parent_renames_the_path_of_its_children_and_what_refers_to_them() {
    let mut site = site();
    let sent = invoice("");
    let created = id(&site.post("invoice", &sent).ok("Invoice"));
    site.post("customer", r#"{"Id":"61","SyncToken":"0","sparse":true,"DisplayName":"Bayfront"}"#).ok("Customer");
    assert_eq!(text(site.stored("Customer", "118"), &["FullyQualifiedName"]), "Bayfront:24-017 Clinic");
    let found = site.get(&format!("invoice/{created}")).ok("Invoice");
    assert_eq!(text(&found, &["CustomerRef", "name"]), "Bayfront:24-017 Clinic");
}

#[test]
fn a_list_entity_is_not_deleted_but_made_inactive_under_another_name() {
    let mut site = site();
    assert_eq!(site.post("vendor?operation=delete", r#"{"Id":"78","SyncToken":"0"}"#).code(), "500");
    let off = r#"{"Id":"78","SyncToken":"0","sparse":true,"Active":false}"#;
    let gone = site.post("vendor", off).ok("Vendor");
    assert_eq!(text(&gone, &["DisplayName"]), "Amy's Paint (deleted)");
    assert_eq!(text(&gone, &["FullyQualifiedName"]), "Amy's Paint (deleted)");
    // The name is free now, and the second to go by it gets a number.
    let other = id(&site.post("vendor", r#"{"DisplayName":"Amy's Paint"}"#).ok("Vendor"));
    let off = format!(r#"{{"Id":"{other}","SyncToken":"0","sparse":true,"Active":false}}"#);
    assert_eq!(text(&site.post("vendor", &off).ok("Vendor"), &["DisplayName"]), "Amy's Paint (deleted) 2");
    let on = r#"{"Id":"78","SyncToken":"1","sparse":true,"Active":true}"#;
    assert_eq!(text(&site.post("vendor", on).ok("Vendor"), &["DisplayName"]), "Amy's Paint");
}

#[test]
fn a_name_with_a_balance_stays_active() {
    let mut site = site();
    let off = r#"{"Id":"77","SyncToken":"0","sparse":true,"Active":false}"#;
    assert_eq!(site.post("vendor", off).code(), "6220");
    let account = r#"{"Id":"35","SyncToken":"0","sparse":true,"Name":"Checking","Active":false}"#;
    assert_eq!(site.post("account", account).code(), "6220");
}

#[test]
fn a_sparse_update_keeps_the_rest_and_a_full_one_empties_it() {
    let mut site = site();
    let sparse = r#"{"Id":"77","SyncToken":"0","sparse":true,"AcctNum":"PC-1"}"#;
    let found = site.post("vendor", sparse).ok("Vendor");
    assert_eq!(text(&found, &["TermRef", "value"]), "9");
    let full = r#"{"Id":"77","SyncToken":"1","DisplayName":"Delta Drywall Inc","AcctNum":"PC-1"}"#;
    let found = site.post("vendor", full).ok("Vendor");
    assert!(found.get("TermRef").is_none());
    assert!(found.get("TaxIdentifier").is_none());
    assert_eq!(found.get("Balance").unwrap().as_decimal(), Some(dec("1000")), "the server's own stays");
    assert_eq!(text(&found, &["SyncToken"]), "2");
}

#[test]
fn a_tax_identifier_is_masked_in_replies_and_what_comes_back_is_stored() {
    let mut site = site();
    let read = site.get("vendor/77").ok("Vendor");
    assert_eq!(text(&read, &["TaxIdentifier"]), "XXXXX6789");
    assert_eq!(text(site.stored("Vendor", "77"), &["TaxIdentifier"]), "123456789");
    let queried = site.query("select * from Vendor where Id = '77'");
    assert!(queried.body.to_string().contains("XXXXX6789"));
    let mut changed = read;
    changed.set("AcctNum", "1");
    site.post("vendor", &changed.to_string()).ok("Vendor");
    assert_eq!(text(site.stored("Vendor", "77"), &["TaxIdentifier"]), "XXXXX6789");
}

#[test]
fn accounts_need_a_type_and_get_a_classification() {
    let mut site = site();
    assert_eq!(site.post("account", r#"{"Name":"A"}"#).code(), "6010");
    let made = site
        .post("account", r#"{"Name":"A","AccountSubType":"Retainage","SubAccount":true,"ParentRef":{"value":"152"}}"#);
    let made = made.ok("Account");
    assert_eq!(text(&made, &["AccountType"]), "Other Current Asset");
    assert_eq!(text(&made, &["Classification"]), "Asset");
    assert_eq!(text(&made, &["FullyQualifiedName"]), "Retainage Receivable:A");
    assert_eq!(site.post("account", r#"{"Name":"B","AccountType":"Expenses"}"#).code(), "2010");
    let nameless = r#"{"Id":"143","SyncToken":"0","sparse":true,"Description":"x"}"#;
    assert_eq!(site.post("account", nameless).code(), "2020", "Account wants its name even in a sparse update");
    assert_eq!(site.post("account", r#"{"Name":"Checking","AccountType":"Bank"}"#).code(), "6240");
}

#[test]
fn items_and_terms_have_their_own_needs() {
    let mut site = site();
    assert_eq!(site.post("item", r#"{"Name":"X"}"#).code(), "2020");
    assert_eq!(site.post("item", r#"{"Name":"X","Type":"Service"}"#).code(), "2020");
    assert_eq!(site.post("item", r#"{"Name":"X","Type":"Sevice"}"#).code(), "2010");
    assert_eq!(site.post("item", r#"{"Name":"x:y","Type":"Category"}"#).code(), "2040");
    site.post("item", r#"{"Name":"X","Type":"Service","ExpenseAccountRef":{"value":"143"}}"#).ok("Item");
    assert_eq!(site.post("item", r#"{"Name":"x","Type":"Category"}"#).code(), "6240");
    assert_eq!(site.post("term", r#"{"Name":"T"}"#).code(), "2020");
    assert_eq!(text(&site.post("term", r#"{"Name":"T","DueDays":5}"#).ok("Term"), &["Type"]), "STANDARD");
}

#[test]
fn sparse_is_refused_where_it_is_not_documented() {
    let mut site = site();
    let class = r#"{"Id":"5000000000000007311","SyncToken":"0","sparse":true,"Name":"X"}"#;
    assert_eq!(site.post("class", class).code(), "2010");
    let created = id(&site.post("bill", &bill("")).ok("Bill"));
    let body = format!(r#"{{"Id":"{created}","SyncToken":"0","sparse":true,"PrivateNote":"x"}}"#);
    let got = site.post("bill", &body);
    assert_eq!(got.code(), "2010");
    assert!(got.fault().1.contains("not documented for Bill"));
}

#[test]
fn who_bills_with_the_parent_is_fixed_once_there_are_invoices() {
    let mut site = site();
    site.post("invoice", &invoice("")).ok("Invoice");
    let body = r#"{"Id":"118","SyncToken":"0","sparse":true,"BillWithParent":true}"#;
    assert_eq!(site.post("customer", body).code(), "6130");
}
