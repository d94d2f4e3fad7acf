use super::*;
use crate::procore::{EventType, PayloadVersion};

#[test]
fn an_edit_tells_the_hook_and_carries_no_data() {
    let mut site = site();
    site.double.person_edits(site.now, "work_order_contracts", CONTRACT, |body| body.set("title", "New")).unwrap();
    let sent = site.double.take_webhooks();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].headers["authorization"], "Bearer sandbox-webhook");
    let body = Json::parse(&sent[0].body).unwrap();
    assert_eq!(text(&body, &["resource_name"]), "Work Order Contracts");
    assert_eq!(text(&body, &["resource_id"]), CONTRACT);
    assert_eq!(text(&body, &["project_id"]), PROJECT);
    assert_eq!(text(&body, &["event_type"]), "update");
    assert_eq!(text(&body, &["timestamp"]), "2026-03-10T12:00:00.000000Z");
    assert_eq!(text(&body, &["ulid"]).len(), 26);
    assert!(text(&body, &["id"]).parse::<u64>().unwrap() > 1 << 53);
    assert!(body.at(&["metadata", "source_application_id"]).unwrap().is_null());
    assert!(!body.to_string().contains("New"));
    assert!(site.double.take_webhooks().is_empty());
    assert!(!format!("{sent:?}").contains("sandbox-webhook"));
}

#[test]
fn a_write_through_the_api_comes_back_as_an_event_of_the_app() {
    let mut site = site();
    let body = r#"{"project_id":101,"contract_id":201,"contract_payment":{"amount":"1"}}"#;
    site.call(Method::POST, "/rest/v1.0/contract_payments", body);
    let sent = site.double.take_webhooks();
    let body = Json::parse(&sent[0].body).unwrap();
    assert_eq!(text(&body, &["metadata", "source_application_id"]), "sandbox-client");
    assert_eq!((sent[0].resource_name, sent[0].event_type), ("Contract Payments", EventType::Create));
}

#[test]
fn subcontractor_invoices_and_periods_are_silent_and_change_orders_speak_as_packages() {
    let mut site = site();
    site.double.person_edits(site.now, "requisitions", "701", |_| ()).unwrap();
    site.double.person_edits(site.now, "billing_periods", "1101", |_| ()).unwrap();
    assert!(site.double.take_webhooks().is_empty());
    assert!(site.double.event_for(site.now, "requisitions", "701", EventType::Update).is_none());
    site.double.person_deletes(site.now, "commitment_change_orders", "401").unwrap();
    let sent = site.double.take_webhooks();
    assert_eq!((sent[0].resource_name, sent[0].resource_id.as_str()), ("Change Order Packages", "451"));
    assert_eq!(sent[0].event_type, EventType::Delete);
}

#[test]
fn version_four_has_text_ids_and_other_names() {
    let config = ProcoreConfig { payload_version: PayloadVersion::V4, ..ProcoreConfig::default() };
    let mut site = site_with(config);
    let sent = site.double.event_for(site.now, "vendors", "301", EventType::Update).unwrap();
    let body = Json::parse(&sent.body).unwrap();
    assert_eq!(body.get("resource_id"), Some(&"301".into()));
    assert_eq!((text(&body, &["reason"]), text(&body, &["resource_type"])), ("update", "Company Vendors"));
    assert!(body.get("project_id").unwrap().is_null() && body.get("metadata").is_none());
    let config = ProcoreConfig { payload_version: PayloadVersion::V3, ..ProcoreConfig::default() };
    let sent = site_with(config).double.event_for(site.now, "vendors", "301", EventType::Update).unwrap();
    assert!(Json::parse(&sent.body).unwrap().get("related_resources").is_some());
}

#[test]
fn a_hook_delivers_what_its_triggers_ask_for_in_its_own_scope() {
    // Given no hook from the start, and one hook of a project with one trigger
    let mut site = site_with(ProcoreConfig { webhook_authorization: None, ..ProcoreConfig::default() });
    let hooks = format!("/rest/v2.0/companies/{COMPANY}/projects/101/webhooks/hooks");
    let body = r#"{"payload_version":"v4.0","namespace":"sync-1","destination_url":"https://example.com/in","destination_headers":{"Authorization":"Bearer abcdefgh"}}"#;
    let (status, made) = site.call(Method::POST, &hooks, body);
    assert_eq!(status, 201, "{made}");
    assert_eq!(text(&made, &["data", "destination_headers", "Authorization"]), "**********defgh");
    let id = text(&made, &["data", "id"]).to_owned();
    let triggers = format!("{hooks}/{id}/triggers");
    let trigger = r#"{"resource_name":"Work Order Contracts","event_type":"UPDATE"}"#;
    assert_eq!(site.call(Method::POST, &triggers, trigger).0, 201);
    assert_eq!(site.call(Method::POST, &triggers, trigger).0, 409);
    assert_eq!(site.call(Method::POST, &triggers, r#"{"resource_name":"Requisitions","event_type":"update"}"#).0, 400);
    // When a contract, another contract's deletion and a vendor change
    site.double.person_edits(site.now, "work_order_contracts", CONTRACT, |_| ()).unwrap();
    site.double.person_deletes(site.now, "work_order_contracts", "202").unwrap();
    site.double.person_edits(site.now, "vendors", "301", |_| ()).unwrap();
    site.double.person_edits(site.now, "work_order_contracts", "203", |_| ()).unwrap();
    // Then only the first is delivered
    let sent = site.double.take_webhooks();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].destination_url.as_deref(), Some("https://example.com/in"));
    // And after the hook is gone nothing is
    let request = site.request(Method::DELETE, &format!("{hooks}/{id}"), "");
    assert_eq!(site.send(request).status(), 204);
    site.double.person_edits(site.now, "work_order_contracts", CONTRACT, |_| ()).unwrap();
    assert!(site.double.take_webhooks().is_empty());
}

#[test]
fn triggers_in_bulk_answer_207_when_some_fail() {
    let mut site = site();
    let hooks = format!("/rest/v2.0/companies/{COMPANY}/webhooks/hooks");
    let body = r#"{"payload_version":"v2.0","namespace":"sync","destination_url":"https://example.com"}"#;
    let (_, made) = site.call(Method::POST, &hooks, body);
    let path = format!("{hooks}/{}/triggers/bulk", text(&made, &["data", "id"]));
    let mixed =
        r#"[{"resource_name":"Projects","event_type":"create"},{"resource_name":"Projects","event_type":"delete"}]"#;
    assert_eq!(site.call(Method::POST, &path, mixed).0, 207);
    assert_eq!(site.call(Method::POST, &path, r#"[{"resource_name":"Projects","event_type":"update"}]"#).0, 201);
    assert_eq!(site.status(&hooks), 400, "the namespace is required");
    let listed = site.read(&format!("{hooks}?namespace=sync"));
    assert_eq!(text(&listed.get("data").unwrap().as_array().unwrap()[0], &["trigger_count"]), "2");
    assert!(site.read(&format!("{hooks}?namespace=other")).get("data").unwrap().as_array().unwrap().is_empty());
    let bad = r#"{"payload_version":"v2.0","namespace":"No Spaces","destination_url":"https://example.com"}"#;
    assert_eq!(site.call(Method::POST, &hooks, bad).0, 400);
}
