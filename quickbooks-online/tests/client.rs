//! The client over real HTTP: addresses, headers, faults, tokens; and what never leaves it.

mod support;

use std::sync::Arc;

use quickbooks_online::wire::{Bill, Customer, Vendor, Wire};
use quickbooks_online::{
    App, Authorization, BatchItem, BatchResult, Config, ConsentError, Entity, Environment, Error, Query, QuickBooks,
    Record, SCOPE_ACCOUNTING, Verdict,
};
use support::{CANARY, REALM, Script, client, noon, ok, status, tokens};
use sync_core::clock::{Clock, ManualClock, SeededRandom};
use sync_core::connector::Sink;
use sync_core::http::{
    HttpError, MemoryTokenStore, ReqwestTransport, RetryPolicy, Secret, TokenEndpoint, TokenManager, TransportConfig,
};
use wiremock::matchers::{body_string_contains, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn online(server: &MockServer) -> QuickBooks {
    let clock = Arc::new(ManualClock::new(noon()));
    let mut config = Config::new(Environment::local(&server.uri()), REALM);
    config.retry = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
    let transport = Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap());
    let random = Arc::new(SeededRandom::new(7));
    QuickBooks::new(config, transport, tokens(CANARY, &clock), clock, random, None).unwrap()
}

#[tokio::test]
async fn a_query_goes_out_encoded_and_authorised() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("/v3/company/{REALM}/query")))
        .and(query_param("minorversion", "75"))
        .and(query_param(
            "query",
            r"select * from Vendor where DisplayName = 'Amy\'s A&B+C \\ 100%' and Active in (true, false) startposition 1 maxresults 1000",
        ))
        .and(header("accept", "application/json"))
        .and(header("authorization", format!("Bearer {CANARY}")))
        .respond_with(ResponseTemplate::new(200).set_body_raw(
            r#"{"QueryResponse":{"Vendor":[{"Id":"7","SyncToken":"2","DisplayName":"Amy's","Balance":123456789012345.67,"New":1}],"startPosition":1,"maxResults":1},"time":"2026-03-10T12:00:00.250-08:00"}"#,
            "application/json",
        ))
        .expect(1)
        .mount(&server)
        .await;
    let client = online(&server);
    let query = Query::new(Entity::Vendor).equal("DisplayName", r"Amy's A&B+C \ 100%");
    let answer = client.query::<Vendor>(&query).await.unwrap();
    assert_eq!(answer.value[0].display_name.as_deref(), Some("Amy's"));
    assert_eq!(answer.value[0].balance.unwrap().to_string(), "123456789012345.67");
    assert_eq!(answer.time.unwrap().to_rfc3339(), "2026-03-10T12:00:00.250-08:00");
    assert_eq!(client.counters().requests, 1);
    assert!(matches!(client.query::<Bill>(&query).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn a_long_statement_goes_in_the_body() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/v3/company/{REALM}/query")))
        .and(header("content-type", "application/text"))
        .and(body_string_contains("select * from Bill where Id in ('1000', '1001'"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(r#"{"QueryResponse":{}}"#, "application/json"))
        .mount(&server)
        .await;
    let ids: Vec<String> = (1000..1400).map(|id: u32| id.to_string()).collect();
    let query = Query::new(Entity::Bill).one_of("Id", ids.iter().map(String::as_str));
    assert!(online(&server).page(&query).await.unwrap().value.is_empty());
}

#[tokio::test]
async fn reads_are_repeated_and_writes_are_not() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).up_to_n_times(1).mount(&server).await;
    Mock::given(method("GET"))
        .and(path(format!("/v3/company/{REALM}/bill/12")))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(r#"{"Bill":{"Id":"12","SyncToken":"0"}}"#, "application/json"),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
    let client = online(&server);
    assert_eq!(client.get::<Bill>("12").await.unwrap().value.id(), "12");
    let error = client.create(&Bill::default(), "key").await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Uncertain);
}

#[tokio::test]
async fn a_refused_token_ends_in_a_call_for_a_person_and_prints_nowhere() {
    // given a server that refuses the token with XML, as the gateway has done
    let server = MockServer::start().await;
    let body = format!(
        r#"<IntuitResponse><Fault type="AUTHENTICATION"><Error code="3200"><Message>token {CANARY} expired</Message></Error></Fault></IntuitResponse>"#
    );
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(401).set_body_raw(body, "application/xml"))
        .mount(&server)
        .await;
    let client = online(&server);
    // when something is read
    let error = client.get::<Bill>("12").await.unwrap_err();
    // then a person must connect the company again, and the token is in no text
    assert_eq!(error.verdict(), Verdict::Reconnect);
    let sink = quickbooks_online::QuickBooksSink::new(client.clone(), quickbooks_online::SinkOptions::default());
    let core = sink.begin().await.unwrap_err();
    assert_eq!(core.kind(), sync_core::ErrorKind::NotAuthorised);
    for text in [format!("{error} {error:?}"), format!("{core} {core:?}"), format!("{client:?} {sink:?}")] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn deletes_voids_and_updates_have_their_own_addresses() {
    let bill = r#"{"Bill":{"Id":"5","status":"Deleted","domain":"QBO"}}"#;
    let invoice = r#"{"Invoice":{"Id":"6"}}"#;
    let payment = r#"{"BillPayment":{"Id":"7"}}"#;
    let script = Script::new([ok(bill), ok(invoice), ok(payment)]);
    let client = client(&script);
    client.delete(Entity::Bill, "5", "3", "a").await.unwrap();
    client.void(Entity::Invoice, "6", "0", "b").await.unwrap();
    client.void(Entity::BillPayment, "7", "0", "c").await.unwrap();
    assert!(matches!(client.void(Entity::Bill, "5", "0", "d").await, Err(Error::Invalid(_))));
    assert!(matches!(client.delete(Entity::Vendor, "5", "0", "e").await, Err(Error::Invalid(_))));
    assert!(matches!(client.delete(Entity::Bill, "5", "0", &"e".repeat(51)).await, Err(Error::Invalid(_))));
    let seen = script.seen();
    let base = "/v3/company/9341000000000001";
    assert_eq!(seen[0].1, format!("{base}/bill?minorversion=75&requestid=a&operation=delete"));
    assert_eq!(seen[0].2, r#"{"Id":"5","SyncToken":"3"}"#);
    assert_eq!(seen[1].1, format!("{base}/invoice?minorversion=75&requestid=b&operation=void"));
    assert_eq!(seen[2].1, format!("{base}/billpayment?minorversion=75&requestid=c&operation=update&include=void"));
    assert_eq!(seen[2].2, r#"{"Id":"7","SyncToken":"0","sparse":true}"#);
}

#[tokio::test]
async fn unknown_members_survive_a_full_update() {
    // given a bill with members that this crate does not know, down to a number that no float holds
    let read = r#"{"SalesTermRef":{"value":"3","name":"Net 30","odd":1},"GlobalTaxCalculation":"NotApplicable","Huge":12345678901234567890.123456789,"Balance":1.00,"domain":"QBO","Id":"5","SyncToken":"3","MetaData":{"CreateTime":"2026-03-01T00:00:00-08:00"},"DocNumber":"A","CustomExtensions":[{"é":"\u0041"}]}"#;
    let record: Record<Bill> = Record::read(serde_json::from_str(read).unwrap()).unwrap();
    let script = Script::new([ok(r#"{"Bill":{"Id":"5","SyncToken":"4"}}"#), ok(r#"{"Customer":{"Id":"1"}}"#)]);
    let client = client(&script);
    // when its number changes
    let change = Bill { doc_number: Some("B".into()), ..Bill::default() };
    client.update(&record, &change, "key").await.unwrap();
    // then all else is sent as it came, but for what QuickBooks computes
    assert_eq!(
        script.body(0),
        r#"{"SalesTermRef":{"value":"3","name":"Net 30","odd":1},"GlobalTaxCalculation":"NotApplicable","Huge":12345678901234567890.123456789,"Id":"5","SyncToken":"3","DocNumber":"B","CustomExtensions":[{"é":"\u0041"}]}"#
    );
    // a customer is changed sparse only: its tax identifier comes masked
    let read = r#"{"Id":"1","SyncToken":"0","DisplayName":"X","PrimaryTaxIdentifier":"XXXXX6789"}"#;
    let customer: Record<Customer> = Record::read(serde_json::from_str(read).unwrap()).unwrap();
    let change = Customer { notes: Some("n".into()), ..Customer::default() };
    assert!(matches!(client.update(&customer, &change, "key").await, Err(Error::Invalid(_))));
    client.sparse_update(&customer, &change, "key").await.unwrap();
    assert_eq!(script.body(1), r#"{"Notes":"n","Id":"1","SyncToken":"0","sparse":true}"#);
}

#[tokio::test]
async fn a_batch_answers_by_id_and_refuses_too_many() {
    let query = Query::new(Entity::Class).page(1, 2);
    let answer = r#"{"BatchItemResponse":[{"bId":"1","QueryResponse":{"Class":[{"Id":"9"}]}},{"bId":"0","QueryResponse":{}}],"time":"2026-03-10T12:00:00-08:00"}"#;
    let script = Script::new([ok(answer)]);
    let client = client(&script);
    let items = [BatchItem::Query(&query), BatchItem::Query(&query)];
    let results = client.batch(&items, None).await.unwrap().value;
    assert!(matches!(&results[0], BatchResult::Found(list) if list.is_empty()));
    assert!(matches!(&results[1], BatchResult::Found(list) if list.len() == 1));
    assert_eq!(
        script.body(0),
        r#"{"BatchItemRequest":[{"bId":"0","Query":"select * from Class where Active in (true, false) startposition 1 maxresults 2"},{"bId":"1","Query":"select * from Class where Active in (true, false) startposition 1 maxresults 2"}]}"#
    );
    let many: Vec<BatchItem<'_>> = (0..31).map(|_| BatchItem::Query(&query)).collect();
    assert!(matches!(client.batch(&many, None).await, Err(Error::Invalid(_))));
    assert!(matches!(client.batch(&items, Some(&"x".repeat(37))).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn changes_tell_the_live_from_the_deleted() {
    let body = r#"{"CDCResponse":[{"QueryResponse":[{"Bill":[{"Id":"1"},{"domain":"QBO","status":"Deleted","Id":"2","MetaData":{}}],"startPosition":1,"maxResults":2},{},{"Vendor":[{"Id":"3","Active":false}]}]}],"time":"2026-03-10T12:00:00-08:00"}"#;
    let fault = r#"{"CDCResponse":[{"Fault":{"Error":[{"code":"6000","Detail":"no"}]}}]}"#;
    let script = Script::new([ok(body), ok(fault)]);
    let client = client(&script);
    let changes = client.cdc(&[Entity::Bill, Entity::Term, Entity::Vendor], noon()).await.unwrap().value;
    assert!(!changes.is_capped());
    assert_eq!(changes.groups[0].live.len(), 1);
    assert_eq!(changes.groups[0].deleted, ["2"]);
    assert_eq!((changes.groups[1].entity, changes.groups[1].live.len()), (Entity::Vendor, 1));
    assert_eq!(
        script.seen()[0].1,
        "/v3/company/9341000000000001/cdc?minorversion=75&entities=Bill%2CTerm%2CVendor&changedSince=2026-03-10T12%3A00%3A00-08%3A00"
    );
    assert!(matches!(client.cdc(&[Entity::Bill], noon()).await, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_realm_that_is_none_is_not_sent() {
    let clock = Arc::new(ManualClock::new(noon()));
    for realm in ["", "1/../2", "1?x"] {
        let config = Config::new(Environment::sandbox(), realm);
        let script = Script::new([]);
        let random = Arc::new(SeededRandom::new(1));
        let made = QuickBooks::new(config, script, tokens(CANARY, &clock), clock.clone(), random, None);
        assert!(matches!(made, Err(Error::Invalid(_))), "{realm}");
    }
}

fn app() -> App {
    App {
        client_id: "client".into(),
        client_secret: "canary-secret".into(),
        redirect_uri: "https://sync.example.com/callback".into(),
    }
}

#[tokio::test]
async fn consent_exchange_refresh_and_revocation() {
    let answer = r#"{"token_type":"bearer","access_token":"canary-a","expires_in":3600,"refresh_token":"canary-r","x_refresh_token_expires_in":8726400,"x_refresh_token_hard_expires_in":157680000}"#;
    let script = Script::new([ok(answer), ok(answer), ok(""), status(400, r#"{"error":"canary-r bad"}"#)]);
    let clock = Arc::new(ManualClock::new(noon()));
    let environment = Environment::local("http://127.0.0.1:9");
    let authorization = Authorization::new(environment, app(), script.clone(), clock.clone()).unwrap();
    assert_eq!(
        authorization.authorize_url(&[SCOPE_ACCOUNTING, "openid"], "s&1"),
        "http://127.0.0.1:9/connect/oauth2?client_id=client&response_type=code&scope=com.intuit.quickbooks.accounting%20openid&redirect_uri=https%3A%2F%2Fsync.example.com%2Fcallback&state=s%261"
    );
    // given what the consent page returned
    assert_eq!(authorization.consent("code=x&realmId=1", "s&1").unwrap_err(), ConsentError::Missing("state"));
    assert_eq!(authorization.consent("code=x&state=other&realmId=1", "s&1").unwrap_err(), ConsentError::WrongState);
    let denied = authorization.consent("state=s%261&error=access_denied", "s&1").unwrap_err();
    assert_eq!(denied, ConsentError::Denied("access_denied".into()));
    let consent = authorization.consent("?code=canary-code&state=s%261&realmId=934", "s&1").unwrap();
    assert_eq!(consent.realm, "934");
    // when it is exchanged, refreshed, revoked
    let set = authorization.exchange(&consent).await.unwrap();
    assert_eq!(set.hard_expires_at, Some(noon() + chrono::TimeDelta::seconds(157_680_000)));
    authorization.refresh(set.refresh.as_ref()).await.unwrap();
    authorization.revoke(&Secret::from("canary-r")).await.unwrap();
    let refused = authorization.revoke(&Secret::from("canary-r")).await.unwrap_err();
    assert!(matches!(refused, HttpError::Status { status: 400, .. }));
    let seen = script.seen();
    assert!(seen[0].2.contains("grant_type=authorization_code") && seen[0].2.contains("code=canary-code"));
    assert_eq!(seen[2].2, r#"{"token":"canary-r"}"#);
    // then nothing secret is in any text
    for text in
        [format!("{authorization:?} {consent:?} {set:?}"), format!("{refused} {refused:?}"), format!("{:?}", app())]
    {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn the_double_over_real_http_with_rotating_tokens() {
    use std::sync::Mutex;
    use sync_sandboxes::book::Book;
    use sync_sandboxes::quickbooks::{QuickBooks as Double, QuickBooksConfig};
    use sync_sandboxes::server::Loopback;

    // given the double behind a port, with access tokens that end within the minute and refresh tokens that always rotate
    let config = QuickBooksConfig {
        access_token_life: chrono::Duration::seconds(61),
        refresh_rotation: chrono::Duration::zero(),
        ..QuickBooksConfig::default()
    };
    let clock = Arc::new(ManualClock::new(noon()));
    let mut double = Double::from_book(&Book::demo().unwrap(), config.clone());
    let code = double.consent(clock.now());
    let double = Arc::new(Mutex::new(double));
    let shared = clock.clone();
    let server = Loopback::serve(double.clone(), Arc::new(move || shared.now()), None).unwrap();
    let environment = Environment::local(&server.url);
    let transport = Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap());
    let app = App { client_id: config.client_id.clone(), client_secret: config.client_secret.clone().into(), ..app() };
    let authorization = Authorization::new(environment.clone(), app, transport.clone(), clock.clone()).unwrap();
    // when a person consents and the company is read again and again
    let consent = authorization.consent(&format!("code={code}&state=s&realmId={REALM}"), "s").unwrap();
    let set = authorization.exchange(&consent).await.unwrap();
    let manager = TokenManager::new(REALM, Arc::new(MemoryTokenStore::new()), Arc::new(authorization), clock.clone());
    manager.install(set).await.unwrap();
    let random = Arc::new(SeededRandom::new(3));
    let client =
        QuickBooks::new(Config::new(environment, REALM), transport, Arc::new(manager), clock.clone(), random, None)
            .unwrap();
    for _ in 0..3 {
        assert_eq!(client.get::<Vendor>("71").await.unwrap().value.id(), "71");
        clock.advance(std::time::Duration::from_secs(120));
    }
    // then the tokens were refreshed in between
    assert!(double.lock().unwrap().requests().total >= 6);
    let error = client.get::<Vendor>("4711").await.unwrap_err();
    assert_eq!(error.verdict(), Verdict::Missing);
}
