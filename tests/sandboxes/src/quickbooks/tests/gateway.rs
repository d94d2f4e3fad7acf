use super::*;
use crate::quickbooks::{Limits, Operation};

#[test]
fn every_answer_carries_a_tid_and_the_entity_stands_under_its_name() {
    let mut site = site();
    let got = site.get("vendor/77?minorversion=75");
    assert_eq!(text(&got.ok("Vendor"), &["DisplayName"]), "Delta Drywall Inc");
    assert!(got.body.get("time").unwrap().as_str().unwrap().ends_with("-08:00"));
    assert!(got.response.headers().contains_key("intuit_tid"));
    let missing = site.get("vendor/999");
    assert!(missing.response.headers().contains_key("intuit_tid"));
    assert_eq!(missing.code(), "610");
}

#[test]
fn without_accept_the_answer_is_xml() {
    let mut site = site();
    let mut request = site.request(Method::GET, "vendor/999", "");
    request.headers_mut().remove("accept");
    let got = site.send(request);
    assert_eq!(got.status, 400);
    let body = String::from_utf8(got.response.body().to_vec()).unwrap();
    assert!(body.contains("<Fault type=\"ValidationFault\"><Error code=\"610\""), "{body}");
    assert!(got.response.headers()["content-type"].to_str().unwrap().contains("xml"));
}

#[test]
fn another_company_is_forbidden_and_no_token_is_unauthenticated() {
    let mut site = site();
    let mut request = site.request(Method::GET, "vendor/77", "");
    *request.uri_mut() = "/v3/company/1/vendor/77".parse().unwrap();
    let got = site.send(request);
    assert_eq!((got.status, text(&got.body, &["fault", "type"])), (403, "AUTHORIZATION"));
    let mut request = site.request(Method::GET, "vendor/77", "");
    request.headers_mut().remove("authorization");
    assert_eq!(site.send(request).status, 401);
}

#[test]
fn the_gateway_can_be_told_to_answer_in_xml() {
    let config = QuickBooksConfig { gateway_answers_xml: true, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    site.qb.revoke_tokens();
    let got = site.get("vendor/77");
    assert_eq!(got.status, 401);
    assert!(got.response.body().starts_with(b"<?xml"));
}

#[test]
fn a_repeated_request_id_gets_the_stored_answer_even_after_deletion_and_with_another_payload() {
    let mut site = site();
    let first = site.post("bill?requestid=a1", &bill(""));
    let created = id(&first.ok("Bill"));
    let body = format!(r#"{{"Id":"{created}","SyncToken":"0"}}"#);
    site.post("bill?operation=delete", &body).ok("Bill");

    let again = site.post("bill?requestid=a1", &bill(r#","PrivateNote":"other""#));
    assert_eq!(again.response.body(), first.response.body());
    assert!(site.qb.entity("Bill", &created).is_none());
    assert_eq!(site.qb.all("Bill").count(), 0);
}

#[test]
fn request_ids_are_forgotten_in_time_and_on_demand() {
    let config = QuickBooksConfig { request_id_memory: Duration::minutes(10), ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    site.post("bill?requestid=a1", &bill("")).ok("Bill");
    site.now += Duration::minutes(11);
    site.post("bill?requestid=a1", &bill("")).ok("Bill");
    assert_eq!(site.qb.all("Bill").count(), 2);
    site.qb.forget_request_ids();
    site.post("bill?requestid=a1", &bill("")).ok("Bill");
    assert_eq!(site.qb.all("Bill").count(), 3);
}

#[test]
fn a_refusal_is_not_replayed_unless_configured() {
    let mut site = site();
    let wrong = bill(r#","Wrong":1"#);
    assert_eq!(site.post("bill?requestid=a1", &wrong).code(), "2010");
    site.post("bill?requestid=a1", &bill("")).ok("Bill");

    let config = QuickBooksConfig { replay_refusals: true, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    assert_eq!(site.post("bill?requestid=a1", &wrong).code(), "2010");
    assert_eq!(site.post("bill?requestid=a1", &bill("")).code(), "2010");
}

#[test]
fn request_ids_have_a_longest_length() {
    let mut site = site();
    let fifty = "x".repeat(50);
    site.post(&format!("bill?requestid={fifty}"), &bill("")).ok("Bill");
    assert_eq!(site.post(&format!("bill?requestid={fifty}x"), &bill("")).code(), "2130");
    let batch = r#"{"BatchItemRequest":[{"bId":"1","Query":"select * from Term"}]}"#;
    let (good, long) = ("x".repeat(36), "x".repeat(37));
    assert_eq!(site.post(&format!("batch?requestid={good}"), batch).status, 200);
    assert_eq!(site.post(&format!("batch?requestid={long}"), batch).code(), "2130");
    let wide = r#"{"BatchItemRequest":[{"bId":"12345678901","Query":"select * from Term"}]}"#;
    assert_eq!(site.post("batch?requestid=q", wide).code(), "2050");
}

#[test]
fn ten_requests_fit_in_a_second() {
    let mut site = site();
    let send = |site: &mut Site| {
        let request = site.request(Method::GET, "vendor/77", "");
        site.qb.answer(site.now, request)
    };
    for _ in 0..10 {
        assert_eq!(send(&mut site).status(), 200);
    }
    let over = send(&mut site);
    assert_eq!(over.status(), 429);
    let body = Json::parse(over.body()).unwrap();
    assert_eq!(text(&body, &["fault", "type"]), "SERVICE");
    let error = &body.at(&["fault", "error"]).unwrap().as_array().unwrap()[0];
    assert_eq!(text(error, &["code"]), "3001");
    assert!(text(error, &["message"]).contains("ThrottleExceeded"));
    assert!(text(error, &["message"]).contains("statusCode=429"));
    assert!(!over.headers().contains_key("retry-after"));
    assert_eq!(site.qb.requests().throttled, 1);
    assert_eq!(site.qb.requests()[Operation::Read], 10);
    site.now += Duration::seconds(1);
    assert_eq!(send(&mut site).status(), 200);
}

#[test]
fn five_hundred_requests_fit_in_a_minute_and_forty_batches() {
    let limits = Limits { requests_per_second: 1000, ..Limits::default() };
    let config = QuickBooksConfig { limits, retry_after: true, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let batch = r#"{"BatchItemRequest":[{"bId":"1","Query":"select * from Term"}]}"#;
    let send = |site: &mut Site, method: Method, path: &str, body: &str| {
        let request = site.request(method, path, body);
        site.qb.answer(site.now, request)
    };
    for _ in 0..40 {
        assert_eq!(send(&mut site, Method::POST, "batch", batch).status(), 200);
    }
    let over = send(&mut site, Method::POST, "batch", batch);
    assert_eq!(over.status(), 429);
    assert_eq!(over.headers()["retry-after"], "60");
    for _ in 0..460 {
        assert_eq!(send(&mut site, Method::GET, "term/9", "").status(), 200);
    }
    assert_eq!(send(&mut site, Method::GET, "term/9", "").status(), 429);
    site.now += Duration::seconds(60);
    assert_eq!(send(&mut site, Method::POST, "batch", batch).status(), 200);
}

#[test]
fn the_month_block_stops_reads_and_not_writes() {
    let limits = Limits { reads_per_month: Some(2), ..Limits::default() };
    let mut site = site_with(QuickBooksConfig { limits, ..QuickBooksConfig::default() });
    assert_eq!(site.get("vendor/999").status, 400, "a refused read is not metered");
    assert_eq!(site.get("vendor/77").status, 200);
    assert_eq!(site.query("select * from Term").status, 200);
    assert_eq!(site.get("vendor/77").status, 429);
    site.post("bill", &bill("")).ok("Bill");
    site.now += Duration::days(31);
    site.log_in();
    assert_eq!(site.get("vendor/77").status, 200);
}

#[test]
fn a_fault_can_come_with_status_200() {
    let config = QuickBooksConfig { faults_with_status_200: true, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    let got = site.post("bill?requestid=a", "{}");
    assert_eq!((got.status, got.fault().0), (200, "2020"));
    site.post("bill?requestid=a", &bill("")).ok("Bill");
}

#[test]
fn bodies_must_be_json_in_utf8_of_a_bounded_size() {
    let limits = Limits { body_bytes: 1000, ..Limits::default() };
    let mut site = site_with(QuickBooksConfig { limits, ..QuickBooksConfig::default() });
    assert_eq!(site.post("bill", "{\"VendorRef\":").code(), "2010");
    let long = bill(&format!(r#","PrivateNote":"{}""#, "x".repeat(1000)));
    assert_eq!(site.post("bill", &long).status, 413);
    let request = site.request(Method::POST, "bill", "").map(|_| Bytes::from_static(b"{\"DocNumber\":\"\xff\"}"));
    let got = site.send(request);
    assert_eq!(got.code(), "500");
    let mut request = site.request(Method::POST, "bill", &bill(""));
    request.headers_mut().insert("content-type", "text/xml".parse().unwrap());
    assert_eq!(site.send(request).code(), "1050");
}

#[test]
fn paths_are_lower_case_and_unknown_ones_are_unsupported() {
    let mut site = site();
    assert_eq!(site.post("purchaseOrder", &order("1")).code(), "500");
    assert_eq!(site.post("warehouse", "{}").code(), "500");
    assert_eq!(site.post("preferences", "{}").code(), "500");
    assert_eq!(site.post("employee", r#"{"GivenName":"A"}"#).code(), "500");
    let mut request = site.request(Method::GET, "x", "");
    *request.uri_mut() = "/v4/nothing".parse().unwrap();
    assert_eq!(site.send(request).status, 404);
}

#[test]
fn company_and_preferences_are_read_by_get() {
    let mut site = site();
    assert_eq!(text(&site.get(&format!("companyinfo/{REALM}")).ok("CompanyInfo"), &["CompanyName"]), "Book");
    assert!(site.get("preferences").ok("Preferences").get("SalesFormsPrefs").is_some());
}

#[test]
fn the_log_keeps_what_was_sent() {
    let config = QuickBooksConfig { log_capacity: 2, ..QuickBooksConfig::default() };
    let mut site = site_with(config);
    site.get("term/9");
    site.post("bill?requestid=r1&minorversion=75", &bill(""));
    site.query("select * from Vendor");
    let log = site.qb.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].operation, Operation::Create);
    assert_eq!(log[0].entity, Some("Bill"));
    assert_eq!(log[0].request_id.as_deref(), Some("r1"));
    assert_eq!(log[0].target, format!("/v3/company/{REALM}/bill?requestid=r1&minorversion=75"));
    assert_eq!(log[0].body, bill("").as_bytes());
    assert_eq!((log[1].operation, log[1].entity, log[1].status), (Operation::Query, Some("Vendor"), 200));
    assert_eq!(site.qb.requests().total, 3);
}

#[test]
fn a_site_without_hurry_answers_any_number_of_requests() {
    let mut site = site_with(QuickBooksConfig { limits: Limits::unhurried(), ..QuickBooksConfig::default() });
    for _ in 0..600 {
        let request = site.request(Method::GET, "term/9", "");
        assert_eq!(site.qb.answer(site.now, request).status(), 200);
    }
}
