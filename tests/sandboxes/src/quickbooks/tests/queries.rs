use super::*;

fn ids(got: &Got, entity: &str) -> Vec<String> {
    let response = got.ok("QueryResponse");
    response.get(entity).and_then(Json::as_array).unwrap_or(&[]).iter().map(id).collect()
}

fn many(count: usize) -> Site {
    let mut site = site();
    for number in 1..=count {
        let date = format!("2026-03-{:02}", number % 28 + 1);
        let body = bill(&format!(r#","DocNumber":"N-{number}""#)).replace("2026-03-01", &date);
        site.qb.person_creates(site.now, "Bill", json(&body)).unwrap();
    }
    site
}

#[test]
fn a_page_has_a_hundred_by_default_and_a_thousand_at_most() {
    let mut site = many(1005);
    let first = site.query("select * from Bill");
    let response = first.ok("QueryResponse");
    assert_eq!((text(&response, &["startPosition"]), text(&response, &["maxResults"])), ("1", "100"));
    assert!(response.get("totalCount").is_none());
    assert_eq!(ids(&site.query("SELECT * FROM bill MAXRESULTS 5000"), "Bill").len(), 1000);
    let last = site.query("select * from Bill startposition 1001 maxresults 1000");
    assert_eq!(ids(&last, "Bill").len(), 5);
    assert_eq!(text(&last.ok("QueryResponse"), &["startPosition"]), "1001");
    let count = site.query("select count(*) from Bill").ok("QueryResponse");
    assert_eq!(count.to_string(), r#"{"totalCount":1005}"#);
    let none = site.query("select * from Bill startposition 2000");
    assert_eq!(none.ok("QueryResponse").to_string(), "{}");
}

#[test]
fn conditions_compare_by_the_type_of_the_property() {
    let mut site = many(30);
    let count = |site: &mut Site, condition: &str| {
        let got = site.query(&format!("select count(*) from Bill where {condition}"));
        text(&got.ok("QueryResponse"), &["totalCount"]).parse::<usize>().unwrap()
    };
    assert_eq!(count(&mut site, "DocNumber = 'n-7'"), 1, "values have no case");
    assert_eq!(count(&mut site, "DocNumber IN ('N-7', 'N-8', 'X')"), 2);
    assert_eq!(count(&mut site, "DocNumber LIKE 'N-1%'"), 11);
    assert_eq!(count(&mut site, "docnumber like '%-%0'"), 3);
    assert_eq!(count(&mut site, "TotalAmt > '99.99' and TotalAmt <= 100"), 30);
    assert_eq!(count(&mut site, "TotalAmt > '100.0'"), 0);
    assert_eq!(count(&mut site, "TxnDate >= '2026-03-02' AND TxnDate < '2026-03-04'"), 4);
    assert_eq!(count(&mut site, "TxnDate <= CURRENT_DATE"), 3);
    assert_eq!(count(&mut site, "VendorRef = '77'"), 30);
    assert_eq!(count(&mut site, "VendorRef = '78'"), 0);
    assert_eq!(count(&mut site, "DueDate = ' '"), 0);
    assert_eq!(count(&mut site, "Id IN ('1','2','2','99')"), 2);
}

#[test]
fn times_compare_as_instants() {
    let mut site = many(1);
    let count = |site: &mut Site, condition: &str| {
        let got = site.query(&format!("select count(*) from Bill where {condition}"));
        text(&got.ok("QueryResponse"), &["totalCount"]).to_owned()
    };
    assert_eq!(count(&mut site, "MetaData.LastUpdatedTime >= '2026-03-02T16:00:00Z'"), "1");
    assert_eq!(count(&mut site, "MetaData.LastUpdatedTime > '2026-03-02T08:00:00-08:00'"), "0");
    assert_eq!(count(&mut site, "Metadata.CreateTime = '2026-03-02T18:00:00+02:00'"), "1");
    // An unencoded plus is a space, and what is left is no time.
    let raw = "query?query=select%20*%20from%20Bill%20where%20MetaData.CreateTime%20%3E%20'2026-03-02T18:00:00+02:00'";
    assert_eq!(site.get(raw).code(), "4001");
}

#[test]
fn inactive_entities_are_left_out_unless_asked_for() {
    let mut site = site();
    assert_eq!(ids(&site.query("select * from Vendor"), "Vendor"), ["77", "78"]);
    assert_eq!(ids(&site.query("select * from Vendor where Active in (true,false)"), "Vendor"), ["77", "78", "79"]);
    assert_eq!(ids(&site.query("select * from Vendor where Active = false"), "Vendor"), ["79"]);
    assert!(ids(&site.query("select * from Vendor where Id = '79'"), "Vendor").is_empty());
    assert_eq!(site.get("vendor/79").status, 200);
}

#[test]
fn an_apostrophe_is_escaped_with_a_backslash() {
    let mut site = site();
    assert_eq!(ids(&site.query(r"select * from Vendor where DisplayName = 'Amy\'s Paint'"), "Vendor"), ["78"]);
    assert_eq!(site.query("select * from Vendor where DisplayName = 'Amy's Paint'").code(), "4000");
}

#[test]
fn results_are_ordered_by_id_or_as_asked() {
    let mut site = many(12);
    let got = site.query("select * from Bill where DocNumber like 'N-%' orderby DocNumber desc maxresults 2");
    let response = got.ok("QueryResponse");
    let first = &response.get("Bill").unwrap().as_array().unwrap()[0];
    assert_eq!(text(first, &["DocNumber"]), "N-9");
    let by_two = site.query("select * from Bill ORDER BY TxnDate DESC, Id ASC");
    assert_eq!(by_two.status, 200);
    let plain = ids(&site.query("select * from Bill"), "Bill");
    let numbers: Vec<u32> = plain.iter().map(|id| id.parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[test]
fn what_is_not_in_the_language_is_refused() {
    let mut site = site();
    let parse = [
        "select Id from Vendor",
        "select * from Vendor where Id = '1' or Id = '2'",
        "select * from Vendor where Id != '1'",
        "select * from Vendor group by Id",
        "select * from Vendor where DisplayName = 'x",
        "select * Vendor",
        "select * from Vendor maxresults ten",
        "update Vendor",
        "",
    ];
    for statement in parse {
        assert_eq!(site.query(statement).code(), "4000", "{statement}");
    }
    let invalid = [
        "select * from Vendors",
        "select * from Vendor where PrivateNote = 'x'",
        "select * from Bill where PrivateNote like '%x%'",
        "select * from Bill where Line.Amount > 1",
        "select * from Vendor orderby Colour",
        "select * from Vendor where Id > '1'",
        "select * from Vendor where Id like '7%'",
        "select * from Vendor startposition 0",
        "select * from Vendor maxresults 0",
        "select * from Bill where TxnDate > 'yesterday'",
        "select * from Bill where TotalAmt > 'much'",
    ];
    for statement in invalid {
        assert_eq!(site.query(statement).code(), "4001", "{statement}");
    }
    assert!(site.query("select * from Vendors").fault().1.contains("invalid context declaration"));
}

#[test]
fn a_statement_can_be_posted() {
    let mut site = site();
    let mut request = site.request(Method::POST, "query", "select * from Term where Name = 'Net 45'");
    request.headers_mut().insert("content-type", "application/text".parse().unwrap());
    assert_eq!(ids(&site.send(request), "Term"), ["9"]);
    assert_eq!(site.post("query", "select * from Term").code(), "1050");
}

#[test]
fn singletons_come_as_a_list_of_one() {
    let mut site = site();
    let got = site.query("select * from CompanyInfo").ok("QueryResponse");
    assert_eq!(got.get("CompanyInfo").unwrap().as_array().unwrap().len(), 1);
    assert_eq!(ids(&site.query("select * from Preferences"), "Preferences"), ["1"]);
}

#[test]
fn like_takes_wildcards_anywhere() {
    let mut site = site();
    for (pattern, found) in [("Delta%", 1), ("%inc", 1), ("D%wall%", 1), ("%", 2), ("Delta", 0), ("%x%", 0)] {
        let got = site.query(&format!("select * from Vendor where DisplayName like '{pattern}'"));
        assert_eq!(ids(&got, "Vendor").len(), found, "{pattern}");
    }
}

#[test]
fn a_book_may_write_amounts_as_text_and_leave_out_paths() {
    let files = [
        (
            "Bill",
            r#"[{"Id":"5","VendorRef":{"value":"1"},"Line":[{"Id":"1","Amount":"12.50","DetailType":"AccountBasedExpenseLineDetail"}]}]"#,
        ),
        ("Class", r#"[{"Id":"1","Name":"A"},{"Id":"2","Name":"B","ParentRef":{"value":"1"}}]"#),
    ];
    let mut site = site_of(&files, QuickBooksConfig::default());
    let bill = site.get("bill/5").ok("Bill");
    assert_eq!(bill.get("Balance"), Some(&Json::Number("12.50".into())));
    assert_eq!(line(&bill, 0).get("Amount"), Some(&Json::Number("12.50".into())));
    assert_eq!(text(&bill, &["SyncToken"]), "0");
    assert_eq!(ids(&site.query("select * from Class where FullyQualifiedName = 'A:B'"), "Class"), ["2"]);
}
