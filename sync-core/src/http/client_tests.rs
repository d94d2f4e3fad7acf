//! Real HTTP on loopback: what is sent, what is repeated, what is refused.
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Request, StatusCode};
use bytes::Bytes;
use chrono::TimeDelta;
use wiremock::matchers::{body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::doubles::{Rotating, Script, answer, clock, noon, tokens};
use super::*;
use crate::clock::{Clock, ManualClock, SeededRandom};

const REALM: &str = "realm-9130";

struct World {
    clock: Arc<ManualClock>,
    vendor: Arc<Rotating>,
    client: ApiClient,
}

fn world_on(base: &str, transport: Arc<dyn Transport>) -> World {
    let clock = clock();
    let vendor = Arc::new(Rotating::new(&clock));
    let store = Arc::new(MemoryTokenStore::holding(REALM, tokens("a1", "r1")));
    let tokens = Arc::new(TokenManager::new(REALM, store, vendor.clone(), clock.clone()));
    let pace = Pace::unlimited(clock.clone());
    let client = ApiClient::new(base, transport, tokens, pace, clock.clone(), Arc::new(SeededRandom::new(1)));
    World { clock, vendor, client: client.unwrap() }
}

fn network() -> Arc<ReqwestTransport> {
    Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap())
}

async fn world() -> (MockServer, World) {
    let server = MockServer::start().await;
    let world = world_on(&server.uri(), network());
    (server, world)
}

#[tokio::test]
async fn sends_what_was_asked_with_the_token() {
    let (server, world) = world().await;
    let bill = "{\"Id\":\"1\"}";
    Mock::given(method("POST"))
        .and(path("/v3/company/1/bill"))
        .and(query_param("requestid", "k1"))
        .and(header("authorization", "Bearer a1"))
        .and(header("accept", "application/json"))
        .and(header("content-type", "application/json"))
        .and(body_string(bill))
        .respond_with(ResponseTemplate::new(200).insert_header("intuit_tid", "1-abc").set_body_string("{}"))
        .expect(1)
        .mount(&server)
        .await;
    let json = HeaderValue::from_static("application/json");
    let client =
        world.client.with_request_id_header("intuit_tid").with_header(HeaderName::from_static("accept"), json.clone());
    let request = ApiRequest::post("/v3/company/1/bill?requestid=k1", bill)
        .with_header(HeaderName::from_static("content-type"), json);
    let answer = client.call(request).await.unwrap();
    assert_eq!((answer.status, answer.request_id.as_deref()), (StatusCode::OK, Some("1-abc")));
    assert_eq!((&answer.body[..], answer.header("intuit_tid")), (&b"{}"[..], Some("1-abc")));
    assert_eq!(client.counters(), Counters { requests: 1, ..Counters::default() });
}

#[tokio::test]
async fn a_401_is_answered_with_one_new_token_also_for_a_write() {
    let (server, world) = world().await;
    let with = |token: &str, status| {
        Mock::given(header("authorization", format!("Bearer {token}").as_str()))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
    };
    with("a1", 401).mount(&server).await;
    with("a2", 201).mount(&server).await;
    let answer = world.client.call(ApiRequest::post("/x", "body")).await.unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!((world.vendor.calls(), world.client.counters().unauthorized), (1, 1));
}

#[tokio::test]
async fn a_401_to_a_new_token_needs_a_person() {
    let (server, world) = world().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_string("AuthenticationFailed"))
        .expect(2)
        .mount(&server)
        .await;
    let error = world.client.call(ApiRequest::get("/x?q=private")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NeedsPerson);
    let text = error.to_string();
    assert!(text.contains(REALM) && text.contains("AuthenticationFailed") && !text.contains("private"), "{text}");
}

#[tokio::test]
async fn a_429_pauses_everybody_for_the_time_named_and_is_counted() {
    let (server, world) = world().await;
    let throttle = ResponseTemplate::new(429).insert_header("retry-after", "17");
    Mock::given(method("POST")).respond_with(throttle).up_to_n_times(1).with_priority(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    world.client.call(ApiRequest::post("/x", "")).await.unwrap();
    assert!(world.clock.now() >= noon() + TimeDelta::seconds(17));
    assert!(world.clock.now() < noon() + TimeDelta::seconds(18));
    let counters = world.client.counters();
    assert_eq!((counters.requests, counters.throttled), (2, 1));
}

#[tokio::test]
async fn a_429_without_a_time_uses_the_reset_header_or_a_minute() {
    let rate = RateHeaders { window: "api", remaining: "x-rate-limit-remaining", reset: "x-rate-limit-reset" };
    for (reset, waited) in [(Some("1767268805"), 5), (None, 60)] {
        let mut throttled = answer(429, "slow down");
        if let Some(reset) = reset {
            throttled.headers_mut().insert("x-rate-limit-reset", reset.parse().unwrap());
        }
        let world = world_on("https://api.example.com", Script::new([Ok(throttled), Ok(answer(200, ""))]));
        world.client.with_rate_headers(rate).call(ApiRequest::get("/x").with_classes(&["api"])).await.unwrap();
        let elapsed = (world.clock.now() - noon()).num_seconds();
        assert_eq!(elapsed, waited);
    }
}

#[tokio::test]
async fn rate_headers_hold_the_next_request_back() {
    let mut last = answer(200, "");
    last.headers_mut().insert("x-rate-limit-remaining", "0".parse().unwrap());
    last.headers_mut().insert("x-rate-limit-reset", "1767268810".parse().unwrap());
    let world =
        world_on("https://api.example.com", Script::new([Ok(last.clone()), Ok(answer(200, "")), Ok(answer(200, ""))]));
    let rate = RateHeaders { window: "api", remaining: "x-rate-limit-remaining", reset: "x-rate-limit-reset" };
    let client = world.client.with_rate_headers(rate);
    let request = || ApiRequest::get("/x").with_classes(&["api"]);
    client.call(request()).await.unwrap();
    assert_eq!(world.clock.now(), noon());
    client.call(request()).await.unwrap();
    assert_eq!(world.clock.now(), noon() + TimeDelta::seconds(10));
    // a pause longer than a call may take is an answer, not a wait
    client.pace().backoff_until(noon() + TimeDelta::hours(1));
    let error = client.call(request()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Throttled { retry_after: Some(Duration::from_secs(3590)) });
}

type Answers = fn() -> Vec<Result<::http::Response<Bytes>, TransportError>>;

/// What the server does, how safe the request is, how many are sent, and what comes of it.
type Case = (Answers, Safety, usize, Option<ErrorClass>);

#[tokio::test]
async fn a_write_is_not_repeated_when_its_outcome_is_unknown() {
    let reset = || Err(TransportError::uncertain("connection reset"));
    let cases: [Case; 8] = [
        (|| vec![Ok(answer(500, "")), Ok(answer(200, ""))], Safety::Read, 2, None),
        (|| vec![Ok(answer(500, "")), Ok(answer(200, ""))], Safety::Write, 1, Some(ErrorClass::Uncertain)),
        (|| vec![Ok(answer(503, "")), Ok(answer(200, ""))], Safety::Write, 1, Some(ErrorClass::Uncertain)),
        (|| vec![Ok(answer(408, "")), Ok(answer(200, ""))], Safety::Write, 1, Some(ErrorClass::Uncertain)),
        (|| vec![Err(TransportError::uncertain("cut")), Ok(answer(200, ""))], Safety::Read, 2, None),
        (
            || vec![Err(TransportError::uncertain("cut")), Ok(answer(200, ""))],
            Safety::Write,
            1,
            Some(ErrorClass::Uncertain),
        ),
        (|| vec![Err(TransportError::not_sent("refused")), Ok(answer(200, ""))], Safety::Write, 2, None),
        (|| vec![Err(TransportError::too_large(9))], Safety::Write, 1, Some(ErrorClass::Uncertain)),
    ];
    for (answers, safety, requests, class) in cases {
        let script = Script::new(answers());
        let world = world_on("https://api.example.com", script.clone());
        let result = world.client.call(ApiRequest::get("/x").with_safety(safety)).await;
        assert_eq!(result.as_ref().err().map(HttpError::class), class, "{result:?}");
        assert_eq!(script.count(), requests, "{result:?}");
    }
    let script = Script::new((0..5).map(|_| reset()));
    let error = world_on("https://api.example.com", script).client.call(ApiRequest::get("/x")).await.unwrap_err();
    assert!(matches!(&error, HttpError::RetriesUsedUp { attempts: 5, .. }), "{error}");
    assert!(error.to_string().contains("connection reset"), "{error}");
}

#[tokio::test]
async fn a_503_that_names_a_time_is_throttling_for_writes_too() {
    let mut busy = answer(503, "");
    busy.headers_mut().insert("retry-after", "3".parse().unwrap());
    let script = Script::new([Ok(busy), Ok(answer(200, ""))]);
    let world = world_on("https://api.example.com", script.clone());
    world.client.call(ApiRequest::post("/x", "")).await.unwrap();
    assert_eq!((script.count(), world.client.counters().throttled), (2, 1));
}

#[tokio::test]
async fn an_outage_of_the_token_endpoint_is_waited_out_before_a_write_is_sent() {
    let script = Script::new([Ok(answer(200, ""))]);
    let world = world_on("https://api.example.com", script.clone());
    world.clock.advance(Duration::from_secs(7200));
    world.vendor.fail_next(TransportError::uncertain("timeout").into());
    world.client.call(ApiRequest::post("/x", "")).await.unwrap();
    assert_eq!((script.count(), world.vendor.calls()), (1, 2));
}

#[tokio::test]
async fn the_vendors_faults_arrive_as_answers() {
    for status in [400, 403, 404, 409, 422, 302] {
        let world = world_on("https://api.example.com", Script::new([Ok(answer(status, "fault"))]));
        let answer = world.client.call(ApiRequest::post("/x", "")).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (status, &b"fault"[..]));
    }
}

#[tokio::test]
async fn throttling_in_disguise_is_recognised() {
    let script = Script::new([Ok(answer(403, "ThrottleExceeded")), Ok(answer(403, "Forbidden"))]);
    let world = world_on("https://api.example.com", script.clone());
    let client = world.client.with_throttle_probe(|status, body| status == 403 && body.starts_with(b"Throttle"));
    let answer = client.call(ApiRequest::post("/x", "")).await.unwrap();
    assert_eq!((answer.status.as_u16(), client.counters().throttled), (403, 1));
    assert!(world.clock.now() >= noon() + TimeDelta::seconds(60));
}

#[tokio::test]
async fn stays_below_its_base_url() {
    let script = Script::new([Ok(answer(200, "")), Ok(answer(200, ""))]);
    let world = world_on("https://api.example.com/v3/", script.clone());
    for path in ["", "x", "@evil.example/", ".evil.example/", "https://evil.example/", "/a b", "/\u{e9}"] {
        let error = world.client.call(ApiRequest::get(path)).await.unwrap_err();
        assert!(matches!(error, HttpError::InvalidRequest { .. }), "{path}: {error}");
    }
    world.client.call(ApiRequest::get("//evil.example/")).await.unwrap();
    world.client.call(ApiRequest::get("/a?b=c")).await.unwrap();
    for request in script.sent.lock().unwrap().iter() {
        assert_eq!(request.uri().authority().unwrap(), "api.example.com");
    }
    for base in ["", "api.example.com", "/x", "https://u:p@api.example.com", "https://api.example.com?x=1"] {
        let tokens = world.client.tokens().clone();
        let pace = world.client.pace().clone();
        let random = Arc::new(SeededRandom::new(1));
        let client = ApiClient::new(base, script.clone(), tokens, pace, world.clock.clone(), random);
        assert!(client.is_err(), "{base}");
    }
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

/// Answers each connection with `bytes` and closes it; counts the connections.
fn raw_server(bytes: &'static [u8]) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicU32::new(0));
    let counter = connections.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
        }
    });
    (url, connections)
}

#[tokio::test]
async fn a_cut_answer_is_uncertain() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", b"HTTP/1.1 2"] {
        let (url, connections) = raw_server(bytes);
        let error = network().send(get(&url)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Uncertain, "{error}");
        // and a write that met it is not sent again, while a read is
        let world = world_on(&url, network());
        let before = connections.load(Ordering::SeqCst);
        world.client.call(ApiRequest::post("/x", "y")).await.unwrap_err();
        assert_eq!(connections.load(Ordering::SeqCst) - before, 1);
        world.client.call(ApiRequest::get("/x")).await.unwrap_err();
        assert_eq!(connections.load(Ordering::SeqCst) - before, 6);
    }
}

#[tokio::test]
async fn a_refused_connection_was_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x?private=1", listener.local_addr().unwrap());
    drop(listener);
    let error = network().send(get(&url)).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent, "{error}");
    assert!(!format!("{error} {error:?}").contains("private"), "{error}");
}

#[tokio::test]
async fn no_answer_in_time_is_uncertain() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(5)))
        .mount(&server)
        .await;
    let config = TransportConfig { timeout: Duration::from_millis(100), ..TransportConfig::default() };
    let error = ReqwestTransport::new(config).unwrap().send(get(&server.uri())).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Uncertain, "{error}");
}

#[tokio::test]
async fn large_answers_are_cut_off_also_when_compressed() {
    let config = TransportConfig { max_body: 1000, ..TransportConfig::default() };
    let transport = Arc::new(ReqwestTransport::new(config).unwrap());
    let server = MockServer::start().await;
    Mock::given(path("/fits"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1000]))
        .mount(&server)
        .await;
    Mock::given(path("/large"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 1001]))
        .mount(&server)
        .await;
    let packed = ResponseTemplate::new(200).insert_header("content-encoding", "gzip").set_body_bytes(ZEROS);
    Mock::given(path("/packed")).respond_with(packed).mount(&server).await;
    let fits = transport.send(get(&format!("{}/fits", server.uri()))).await.unwrap();
    assert_eq!(fits.body().len(), 1000);
    for place in ["large", "packed"] {
        let error = transport.send(get(&format!("{}/{place}", server.uri()))).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge, "{place}");
    }
    let error = world_on(&server.uri(), transport).client.call(ApiRequest::get("/large")).await.unwrap_err();
    assert!(matches!(error, HttpError::BodyTooLarge), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed_and_plain_http_stays_at_home() {
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(302).insert_header("location", format!("{}/there", server.uri()));
    Mock::given(path("/here")).respond_with(elsewhere).mount(&server).await;
    let response = network().send(get(&format!("{}/here", server.uri()))).await.unwrap();
    assert_eq!(response.status(), 302);
    for url in
        ["http://api.example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "ftp://localhost/", "/x"]
    {
        let error = network().send(get(url)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Invalid, "{url}: {error}");
    }
}

/// 100 000 zeros, compressed by gzip.
const ZEROS: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 13, 15, 160, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 87, 3, 125, 149, 17, 212, 160, 134, 1, 0,
];
