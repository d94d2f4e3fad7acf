use super::*;

#[test]
fn an_origin_id_can_be_set_and_is_unique() {
    let mut site = site();
    let path = "/rest/v1.0/work_order_contracts/201";
    let body = |origin: &str| {
        format!(
            r#"{{"project_id":101,"work_order_contract":{{"origin_id":"{origin}","origin_data":"{{}}","origin_code":"PO-9"}}}}"#
        )
    };
    assert_eq!(site.call(Method::PATCH, path, &body("taken")).0, 422);
    site.wait(60);
    let (status, changed) = site.call(Method::PATCH, path, &body("mine"));
    assert_eq!((status.as_u16(), text(&changed, &["origin_id"])), (200, "mine"));
    assert_eq!(text(&changed, &["updated_at"]), "2026-03-10T12:01:00Z");
    // A contract is not locked by it, and its lines take marks too
    assert_eq!(site.call(Method::PATCH, path, &body("other")).0, 200);
    let line = site.call(
        Method::PATCH,
        "/rest/v1.0/work_order_contracts/201/line_items/211",
        r#"{"project_id":101,"line_item":{"origin_id":"mine|1"}}"#,
    );
    assert_eq!((line.0.as_u16(), text(&line.1, &["origin_id"])), (200, "mine|1"));
}

#[test]
fn an_origin_id_locks_invoices_and_direct_costs_whole() {
    let mut site = site();
    for (path, body) in [
        ("/rest/v1.1/requisitions/701", r#"{"project_id":101,"commitment_id":201,"requisition":{"origin_id":"a"}}"#),
        (
            "/rest/v1.0/prime_contracts/601/payment_applications/801",
            r#"{"project_id":101,"payment_application":{"origin_id":"a"}}"#,
        ),
        ("/rest/v1.1/projects/101/direct_costs/1201", r#"{"direct_cost":{"origin_id":"a"}}"#),
    ] {
        assert_eq!(site.call(Method::PATCH, path, body).0, 200, "{path}");
        assert_eq!(site.call(Method::PATCH, path, body).0, 422, "{path} is locked now");
    }
}

#[test]
fn no_write_but_marks_and_payments_is_permitted() {
    let mut site = site();
    for (method, path, body, status) in [
        (
            Method::PATCH,
            "/rest/v1.0/work_order_contracts/201",
            r#"{"project_id":101,"work_order_contract":{"status":"Void"}}"#,
            403,
        ),
        (Method::POST, "/rest/v1.0/work_order_contracts", r#"{"project_id":101,"work_order_contract":{}}"#, 403),
        (Method::DELETE, "/rest/v1.1/requisitions/701?project_id=101", "", 403),
        (Method::POST, "/rest/v1.0/projects/101/budget_modifications", "{}", 405),
        (
            Method::PATCH,
            "/rest/v1.0/work_order_contracts/9",
            r#"{"project_id":101,"work_order_contract":{"origin_id":"x"}}"#,
            404,
        ),
        (Method::PATCH, "/rest/v1.0/work_order_contracts/201", r#"{"work_order_contract":{"origin_id":"x"}}"#, 400),
        (Method::PATCH, "/rest/v1.0/vendors/sync", "{}", 501),
        (Method::POST, "/rest/v1.0/unheard_of", "{}", 404),
    ] {
        assert_eq!(site.call(method, path, body).0, status, "{path}");
    }
    assert_eq!(text(site.double.record("work_order_contracts", CONTRACT).unwrap(), &["status"]), "Approved");
}

#[test]
fn payment_marks_of_a_change_order_reach_the_package_behind_it() {
    let mut site = site();
    let path = "/rest/v1.0/projects/101/commitment_change_orders/401";
    let (status, changed) =
        site.call(Method::PATCH, path, r#"{"change_order":{"paid":true,"paid_date":"2026-03-09"}}"#);
    assert_eq!((status.as_u16(), text(&changed, &["paid_date"])), (200, "2026-03-09"));
    assert_eq!(text(site.double.record("change_order_packages", "451").unwrap(), &["paid_date"]), "2026-03-09");
    // And the origin is set on the package only
    assert_eq!(site.call(Method::PATCH, path, r#"{"change_order":{"origin_id":"x"}}"#).0, 403);
    let body = r#"{"project_id":101,"change_order":{"origin_id":"x","origin_code":"PO-1"}}"#;
    assert_eq!(site.call(Method::PATCH, "/rest/v1.0/change_order_packages/451", body).0, 200);
}

#[test]
fn a_vendor_can_be_made_changed_and_set_inactive_but_not_deleted() {
    let mut site = site();
    let vendor = |members: &str| format!(r#"{{"company_id":{COMPANY},"vendor":{{{members}}}}}"#);
    let path = "/rest/v1.0/vendors?view=normal";
    let (status, made) = site.call(Method::POST, path, &vendor(r#""name":"Iron Range","origin_id":"v-78""#));
    assert_eq!((status.as_u16(), text(&made, &["company"])), (201, "Iron Range"));
    assert_eq!(made.get("is_active"), Some(&Json::Bool(true)));
    assert_eq!(made.get("synced_to_erp"), Some(&Json::Bool(true)));
    assert_eq!(site.call(Method::POST, path, &vendor(r#""name":" ""#)).0, 422);
    assert_eq!(site.call(Method::POST, path, &vendor(r#""name":"X","origin_id":"v-77""#)).0, 422);
    assert_eq!(site.call(Method::POST, path, &vendor(r#""name":"X","terms":"Net 30""#)).0, 406);
    let one = format!("/rest/v1.0/vendors/{}", text(&made, &["id"]));
    assert_eq!(site.call(Method::PATCH, &one, &vendor(r#""is_active":false"#)).0, 200);
    assert!(!site.ids(&format!("/rest/v1.0/vendors?company_id={COMPANY}")).contains(&text(&made, &["id"]).to_owned()));
    assert_eq!(site.call(Method::DELETE, &one, "").0, 403);
}
