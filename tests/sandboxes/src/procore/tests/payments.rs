use super::*;

const PATH: &str = "/rest/v1.0/contract_payments";

fn payment(members: &str) -> String {
    format!(r#"{{"project_id":101,"contract_id":201,"contract_payment":{{{members}}}}}"#)
}

#[test]
fn a_payment_is_made_with_its_origin_in_one_post_and_moves_the_sums_of_its_contract() {
    // Given a contract with 100.00 paid
    let mut site = site();
    // When 29025.00 is paid on an invoice of it
    let body = payment(
        r#""date":"2026-03-15","amount":"29025.00","check_number":10519,"payment_method":"check","invoice_date":"2026-02-28","requisition_id":701,"draw_request_number":2,"origin_id":"QBO:1","origin_data":"x""#,
    );
    let (status, made) = site.call(Method::POST, PATH, &body);
    // Then it is there, in Procore's form, without what is written but never shown
    assert_eq!(status, 201, "{made}");
    assert_eq!(text(&made, &["amount"]), "29025.0");
    assert_eq!(text(&made, &["payment_number"]), "3");
    assert_eq!(text(&made, &["check_number"]), "10519");
    assert_eq!(text(&made, &["status"]), "paid");
    assert!(made.get("payment_method").is_none() && made.get("invoice_date").is_none());
    let id = text(&made, &["id"]).to_owned();
    assert_eq!(site.read(&format!("{PATH}/{id}?project_id=101&contract_id=201")), made);
    // And the contract's sums follow, its updated_at does not
    let contract = site.double.record("work_order_contracts", CONTRACT).unwrap();
    assert_eq!(text(contract, &["total_payments"]), "29125.0");
    assert_eq!(text(contract, &["remaining_balance_outstanding"]), "-28125.0");
    assert_eq!(text(contract, &["updated_at"]), "2026-03-04T17:05:09Z");
}

#[test]
fn a_retry_without_an_origin_pays_twice_and_with_one_is_refused() {
    let mut site = site();
    let bare = payment(r#""amount":"1.00""#);
    assert_eq!(site.call(Method::POST, PATH, &bare).0, 201);
    assert_eq!(site.call(Method::POST, PATH, &bare).0, 201, "no idempotency");
    let marked = payment(r#""amount":"1.00","origin_id":"QBO:7""#);
    assert_eq!(site.call(Method::POST, PATH, &marked).0, 201);
    let (status, errors) = site.call(Method::POST, PATH, &marked);
    assert_eq!(
        (status.as_u16(), errors.to_string().as_str()),
        (422, r#"{"errors":{"origin_id":["has already been taken"]}}"#)
    );
}

#[test]
fn a_badly_formatted_date_becomes_null_without_an_error() {
    let mut site = site();
    for (sent, kept) in [
        (r#""03/15/2026""#, Json::Null),
        (r#""2026-02-30""#, Json::Null),
        (r#""2026-3-5""#, Json::Null),
        (r#""2026-03-15""#, "2026-03-15".into()),
        (r#""2026-03-15T10:00:00Z""#, "2026-03-15".into()),
    ] {
        let (status, made) = site.call(Method::POST, PATH, &payment(&format!(r#""amount":"1","date":{sent}"#)));
        assert_eq!((status.as_u16(), made.get("date")), (201, Some(&kept)), "{sent}");
    }
}

#[test]
fn what_the_schema_does_not_have_is_refused() {
    let mut site = site();
    for (members, status) in [
        (r#""amount":"1","origin_code":"x""#, 406),
        (r#""amount":"one""#, 422),
        (r#""date":"2026-03-15""#, 422),
        (r#""amount":"1","payment_method":"cash""#, 422),
        (r#""amount":"1","requisition_id":99"#, 422),
        (r#""amount":"1","origin_id":7"#, 422),
    ] {
        assert_eq!(site.call(Method::POST, PATH, &payment(members)).0, status, "{members}");
    }
    assert_eq!(site.call(Method::POST, PATH, r#"{"contract_id":201,"contract_payment":{"amount":"1"}}"#).0, 400);
    assert_eq!(
        site.call(Method::POST, PATH, r#"{"project_id":101,"contract_id":9,"contract_payment":{"amount":"1"}}"#).0,
        404
    );
    assert_eq!(
        site.call(Method::POST, PATH, r#"{"project_id":101,"contract_id":202,"contract_payment":{"amount":"1"}}"#).0,
        422
    );
    assert_eq!(site.call(Method::POST, PATH, "{not json").0, 400);
    assert_eq!(site.double.all("contract_payments").count(), 2);
}

#[test]
fn a_synced_payment_is_locked_but_for_its_origin() {
    let mut site = site();
    let path = format!("{PATH}/902");
    assert_eq!(site.call(Method::PATCH, &path, &payment(r#""amount":"8.0""#)).0, 422);
    assert_eq!(site.call(Method::DELETE, &format!("{path}?project_id=101&contract_id=201"), "").0, 422);
    // When its origin is taken off, it can be changed and deleted
    assert_eq!(site.call(Method::PATCH, &path, &payment(r#""origin_id":null"#)).0, 200);
    let (status, changed) = site.call(Method::PATCH, &path, &payment(r#""amount":"8.25""#));
    assert_eq!((status.as_u16(), text(&changed, &["amount"])), (200, "8.25"));
    let contract = site.double.record("work_order_contracts", CONTRACT).unwrap();
    assert_eq!(text(contract, &["total_payments"]), "101.25");
    assert_eq!(site.call(Method::DELETE, &path, "").0, 400, "project and contract stand in the query");
    assert_eq!(
        site.call(Method::DELETE, &format!("{path}?project_id=101&contract_id=201"), ""),
        (StatusCode::OK, Json::Null)
    );
    assert_eq!(site.ids(&format!("{PATH}?project_id=101&contract_id=201")), ["901"]);
}

#[test]
fn a_payment_received_is_one_on_a_prime_contract() {
    let mut site = site();
    let body = r#"{"project_id":101,"contract_id":601,"contract_payment":{"amount":20.5,"draw_request_number":1}}"#;
    assert_eq!(site.call(Method::POST, PATH, body).0, 201);
    let contract = site.read("/rest/v1.0/prime_contract/601?project_id=101");
    assert_eq!(contract.get("payments_received").unwrap().as_array().unwrap().len(), 1);
    assert_eq!((text(&contract, &["total_payments"]), text(&contract, &["outstanding_balance"])), ("20.5", "29.5"));
}
