//! Given an API that behaves as documented, or not, when it is called, then the client does the right thing.

use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use sync_core::ErrorKind;
use sync_core::clock::{Clock, ManualClock, SeededRandom};
use sync_core::error::Advice;
use sync_core::http::{
    HttpError, MemoryTokenStore, Pace, ReqwestTransport, RetryPolicy, Secret, TokenEndpoint, TokenManager, TokenSet,
    TransportConfig,
};
use sync_core::model::ProjectId;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::auth::{Environment, Login, ProcoreLogin, authorize_url};
use crate::client::Query;
use crate::double::{CANARY, COMPANY, Script, client, noon, scripted};
use crate::wire::cost_codes::CostCode;
use crate::{Config, Error, Procore};

const LIST: &str = "/rest/v1.0/cost_codes";

async fn list(procore: &Procore) -> Result<Vec<String>, Error> {
    let records = procore.list::<CostCode>(Query::new(LIST).with("project_id", "1").paged(2)).await?;
    Ok(records.into_iter().map(|record| record.unwrap().id.to_string()).collect())
}

fn rows(ids: std::ops::RangeInclusive<u32>) -> String {
    let rows: Vec<String> = ids.map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    format!("[{}]", rows.join(","))
}

fn core(error: Error) -> sync_core::Error {
    error.into()
}

#[tokio::test]
async fn pages_are_followed_by_their_links() {
    // given three pages, whose sizes say nothing, linked in an order of the server's own
    let link = |to: &str| format!(r#"<https://api.procore.com{LIST}?cursor={to}>; rel="next""#);
    let script = Script::default()
        .answer(LIST, &["cursor=b"], 200, &[("link", &link("c"))], &rows(2..=2))
        .answer(LIST, &["cursor=c"], 200, &[("link", "<https://x/>; rel=\"first\"")], &rows(3..=4))
        .answer(LIST, &["page=2"], 500, &[], "")
        .answer(LIST, &["project_id=1"], 200, &[("link", &link("b")), ("total", "99")], &rows(1..=1));
    let (script, procore) = scripted(script);
    // when the list is read
    let ids = list(&procore).await.unwrap();
    // then all are there, in order, with three requests
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!(script.asked().len(), 3);
    assert_eq!((procore.requests(), procore.throttled()), (3, 0));
}

#[tokio::test]
async fn without_links_fewer_rows_than_granted_end_the_list() {
    // given a server that grants pages of two, whatever is asked for
    let granted: &[(&str, &str)] = &[("per-page", "2")];
    let script = Script::default()
        .answer(LIST, &["page=2"], 200, granted, &rows(3..=4))
        .answer(LIST, &["page=3"], 200, granted, &rows(5..=5))
        .answer(LIST, &[], 200, granted, &rows(1..=2));
    let (script, procore) = scripted(script);
    assert_eq!(list(&procore).await.unwrap(), ["1", "2", "3", "4", "5"]);
    assert_eq!(script.asked().len(), 3);
}

#[tokio::test]
async fn without_links_the_total_ends_the_list() {
    let total: &[(&str, &str)] = &[("total", "4"), ("per-page", "2")];
    let script = Script::default()
        .answer(LIST, &["page=2"], 200, total, &rows(3..=4))
        .answer(LIST, &["page=3"], 500, &[], "")
        .answer(LIST, &[], 200, total, &rows(1..=2));
    let (_, procore) = scripted(script);
    assert_eq!(list(&procore).await.unwrap(), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_list_that_knows_no_pages_is_not_read_twice() {
    // given a list without any header that answers every page with the same rows
    let (script, procore) = scripted(Script::default().on(LIST, &rows(1..=12)));
    assert_eq!(list(&procore).await.unwrap().len(), 12);
    assert_eq!(script.asked().len(), 2);
    // and a short one needs no second question
    let (script, procore) = scripted(Script::default().on(LIST, &rows(1..=9)));
    assert_eq!(list(&procore).await.unwrap().len(), 9);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_loop_of_pages_and_a_page_elsewhere_are_errors() {
    let next = format!(r#"<{LIST}?page=2>; rel="next""#);
    let (_, procore) = scripted(Script::default().answer(LIST, &[], 200, &[("link", &next)], &rows(1..=2)));
    let error = list(&procore).await.unwrap_err();
    assert!(error.to_string().contains("never end"), "{error}");
    assert_eq!(core(error).kind(), ErrorKind::Unreadable);

    let away = r#"<https://evil.example/rest?page=2>; rel="next""#;
    let (script, procore) = scripted(Script::default().answer(LIST, &[], 200, &[("link", away)], &rows(1..=2)));
    let error = list(&procore).await.unwrap_err();
    assert!(error.to_string().contains("evil.example"), "{error}");
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn one_bad_record_does_not_lose_its_page() {
    // given a record without an id between two others
    let (_, procore) =
        scripted(Script::default().on(LIST, r#"[{"id":1},{"full_code":"05","name":"Metals"},{"id":3}]"#));
    let records = procore.cost_codes(&ProjectId::from("1")).await.unwrap();
    assert_eq!(records.len(), 3);
    let bad = records[1].as_ref().unwrap_err();
    assert_eq!((bad.path.as_str(), bad.label.as_str()), ("id", "Metals"));
    assert!(records[0].is_ok() && records[2].is_ok());
}

#[tokio::test]
async fn a_page_that_is_cut_or_is_something_else_is_an_error_with_its_place() {
    let next = format!(r#"<{LIST}?page=2>; rel="next""#);
    for body in [r#"[{"id":3},{"id""#, "<html>maintenance</html>", r#"{"id":3}"#, "", "null", "7"] {
        // given a good first page and a bad second one
        let script = Script::default().answer(LIST, &["page=2"], 200, &[("x-request-id", "r-77")], body).answer(
            LIST,
            &[],
            200,
            &[("link", &next)],
            &rows(1..=2),
        );
        let (_, procore) = scripted(script);
        // then the error names endpoint, page and request
        let error = list(&procore).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("GET /rest/v1.0/cost_codes, page 2"), "{body}: {text}");
        let error = core(error);
        assert_eq!((error.kind(), error.advice()), (ErrorKind::Unreadable, Advice::Retry), "{body}");
        assert_eq!(error.request_id(), Some("r-77"));
    }
}

#[tokio::test]
async fn lists_of_v2_are_wrapped_and_have_text_ids() {
    let path = format!("/rest/v2.0/companies/{COMPANY}/projects/1/commitment_change_orders/2/line_items");
    let body = r#"{"data":[{"id":"9007199254740993","amount":"6500.0","wbs_code":{"id":"5","flat_code":"05-100.S"}}]}"#;
    let (script, procore) = scripted(Script::default().on(&path, body));
    let lines = procore.change_order_lines(&"1".into(), &"2".into()).await.unwrap();
    assert_eq!(lines[0].as_ref().unwrap().id.as_str(), "9007199254740993");
    assert!(script.asked()[0].ends_with("?per_page=100"));
}

#[tokio::test]
async fn the_company_header_is_on_every_call_but_the_two_of_a_person() {
    let routes =
        || Script::default().on("/rest/v1.0/me", r#"{"id":5}"#).on("/rest/v1.0/companies", "[]").on(LIST, "[]");
    let ask = async |procore: &Procore| {
        procore.me().await.unwrap();
        procore.companies().await.unwrap();
        list(procore).await.unwrap();
    };
    // given a person's login
    let (script, procore) = scripted(routes());
    ask(&procore).await;
    let company = |script: &Script, path: &str| script.headers(path)[0].get("procore-company-id").cloned();
    assert_eq!(company(&script, "/rest/v1.0/me"), None);
    assert_eq!(company(&script, "/rest/v1.0/companies"), None);
    assert_eq!(company(&script, LIST).unwrap(), COMPANY);
    // given a service account
    let script = Arc::new(routes());
    let clock = Arc::new(ManualClock::new(noon()));
    let procore = client(script.clone(), clock, "t", Config::new(COMPANY).with_service_account());
    ask(&procore).await;
    assert_eq!(company(&script, "/rest/v1.0/me").unwrap(), COMPANY);
    assert_eq!(company(&script, "/rest/v1.0/companies").unwrap(), COMPANY);
}

#[tokio::test]
async fn statuses_become_kinds_and_texts_say_what_to_do() {
    for (status, kind, advice, says) in [
        (403, ErrorKind::NotAuthorised, Advice::NeedsPerson, "installed in this company"),
        (404, ErrorKind::NotFound, Advice::NeverRetry, "may not see it"),
        (409, ErrorKind::Unavailable, Advice::Retry, "try again later"),
        (422, ErrorKind::Refused, Advice::NeverRetry, "request id"),
    ] {
        let headers: &[(&str, &str)] = &[("x-request-id", "r-1")];
        let script = Script::default().answer(LIST, &[], status, headers, r#"{"errors":["No."]}"#);
        let (_, procore) = scripted(script);
        let error = core(list(&procore).await.unwrap_err());
        assert_eq!((error.kind(), error.advice(), error.request_id()), (kind, advice, Some("r-1")), "{status}");
        assert!(error.to_string().contains(says) && error.to_string().contains("No"), "{error}");
    }
}

#[tokio::test]
async fn a_throttled_call_waits_as_long_as_it_is_told() {
    // given a 429 that names its wait, then one that names only the time at which the window starts anew
    let reset = (noon() + TimeDelta::seconds(47)).timestamp().to_string();
    let script = Script::default()
        .once(LIST, 429, &[("retry-after", "10")], "")
        .once(LIST, 429, &[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &reset)], "")
        .on(LIST, &rows(1..=1));
    let script = Arc::new(script);
    let clock = Arc::new(ManualClock::new(noon()));
    let procore = client(script, clock.clone(), "t", Config::new(COMPANY));
    // when it is called, then it waits for both and succeeds
    assert_eq!(list(&procore).await.unwrap(), ["1"]);
    assert!(clock.now() >= noon() + TimeDelta::seconds(47), "{}", clock.now());
    assert_eq!(procore.throttled(), 2);
}

#[tokio::test]
async fn a_used_up_window_is_waited_for_before_the_next_call() {
    // given an answer that says: nothing left for half a minute
    let reset = (noon() + TimeDelta::seconds(30)).timestamp().to_string();
    let used_up: &[(&str, &str)] = &[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &reset)];
    let script = Arc::new(Script::default().answer(LIST, &[], 200, used_up, &rows(1..=1)));
    let clock = Arc::new(ManualClock::new(noon()));
    let procore = client(script, clock.clone(), "t", Config::new(COMPANY));
    list(&procore).await.unwrap();
    assert_eq!(clock.now(), noon());
    // when another call is made
    list(&procore).await.unwrap();
    // then it waited, and was not turned away
    assert!(clock.now() >= noon() + TimeDelta::seconds(30));
    assert_eq!(procore.throttled(), 0);
}

#[tokio::test]
async fn retries_used_up_say_so() {
    let script = Arc::new(Script::default().answer(LIST, &[], 502, &[], "bad gateway"));
    let clock = Arc::new(ManualClock::new(noon()));
    let retry = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
    let procore = client(script.clone(), clock, "t", Config::new(COMPANY).with_retry(retry));
    let error = core(list(&procore).await.unwrap_err());
    assert_eq!((error.kind(), error.advice()), (ErrorKind::Unavailable, Advice::RetriesUsedUp));
    assert_eq!(script.asked().len(), 3);
}

#[tokio::test]
async fn no_secret_shows_in_any_error_or_debug_text() {
    // given answers of every kind that echo the token, in the clear
    let echo = r#"{"errors":["CANARY-access is bad"],"message":"Authorization: Bearer CANARY-access"}"#;
    for (status, body) in [(401, echo), (403, echo), (408, echo), (422, echo), (429, echo), (500, echo)]
        .into_iter()
        .chain([(200, r#"{"token":"CANARY-access"}"#), (200, "\"CANARY-access\""), (404, "CANARY-access")])
    {
        let script = Arc::new(Script::default().answer(LIST, &[], status, &[], body));
        let clock = Arc::new(ManualClock::new(noon()));
        let config = Config::new(COMPANY).with_retry(RetryPolicy::never());
        let procore = client(script, clock, "CANARY-access", config);
        // when it fails, then no text shows it
        let error = list(&procore).await.unwrap_err();
        let text = format!("{error} {error:?} {procore:?}");
        assert!(!text.contains(CANARY), "{status}: {text}");
        let error = core(error);
        assert!(!format!("{error} {error:?}").contains(CANARY), "{status}");
    }
}

#[test]
fn a_company_that_is_no_number_is_refused() {
    let clock: Arc<ManualClock> = Arc::new(ManualClock::new(noon()));
    let store = Arc::new(MemoryTokenStore::new());
    let login = login(&Environment::Production, Login::Person, clock.clone());
    let tokens = Arc::new(TokenManager::new("main", store, Arc::new(login), clock.clone()));
    let pace = Pace::unlimited(clock.clone());
    let transport = Arc::new(Script::default());
    let made = Procore::new(Config::new("northgate"), transport, tokens, pace, clock, Arc::new(SeededRandom::new(1)));
    assert!(matches!(made, Err(Error::Configuration(text)) if text.contains("northgate")));
}

#[test]
fn the_consent_page_carries_state_and_encodes_what_it_carries() {
    let url = authorize_url(&Environment::Sandbox, "id 1", "https://sync.example/cb?x=1", "s&1");
    assert_eq!(
        url,
        "https://login-sandbox.procore.com/oauth/authorize?response_type=code&client_id=id%201\
         &redirect_uri=https%3A%2F%2Fsync.example%2Fcb%3Fx%3D1&state=s%261"
    );
    assert_eq!(Environment::MonthlySandbox.api(), "https://api-monthly.procore.com");
    assert_eq!(Environment::Production.api(), "https://api.procore.com");
}

fn login(environment: &Environment, login: Login, clock: Arc<ManualClock>) -> ProcoreLogin {
    let transport = Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap());
    let secret = Secret::new(format!("{CANARY}-client"));
    ProcoreLogin::new(environment, "app", secret, login, transport, clock).unwrap()
}

async fn server() -> (MockServer, Environment, Arc<ManualClock>) {
    let server = MockServer::start().await;
    let environment = Environment::Hosts { login: server.uri(), api: server.uri() };
    (server, environment, Arc::new(ManualClock::new(noon())))
}

#[tokio::test]
async fn a_person_logs_in_and_each_refresh_token_is_used_once() {
    // given a token endpoint that knows one code and one refresh token
    let (server, environment, clock) = server().await;
    let answer = |access: &str, refresh: &str| {
        ResponseTemplate::new(200).set_body_string(format!(
            r#"{{"access_token":"{access}","token_type":"bearer","expires_in":5400,"refresh_token":"{refresh}","created_at":1}}"#
        ))
    };
    for (form, access, refresh) in [("code=c-1", "a-1", "r-1"), ("refresh_token=r-1", "a-2", "r-2")] {
        Mock::given(method("POST"))
            .and(path("/oauth/token"))
            .and(body_string_contains(form))
            .and(body_string_contains("client_id=app"))
            .respond_with(answer(access, refresh))
            .expect(1)
            .mount(&server)
            .await;
    }
    Mock::given(method("GET"))
        .and(path(LIST))
        .and(header("authorization", "Bearer a-2"))
        .and(header("procore-company-id", COMPANY))
        .respond_with(ResponseTemplate::new(200).set_body_string("[]"))
        .expect(1)
        .mount(&server)
        .await;
    // when the code is exchanged, and a call is made after the access token ended
    let login = login(&environment, Login::Person, clock.clone());
    let tokens = login.exchange_code(&Secret::new("c-1"), "urn:ietf:wg:oauth:2.0:oob").await.unwrap();
    let store = Arc::new(MemoryTokenStore::new());
    let manager = Arc::new(TokenManager::new("main", store, Arc::new(login), clock.clone()));
    manager.install(tokens).await.unwrap();
    clock.advance(std::time::Duration::from_secs(5400));
    let transport = Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap());
    let config = Config::new(COMPANY).with_environment(environment);
    let pace = Pace::unlimited(clock.clone());
    let procore = Procore::new(config, transport, manager, pace, clock, Arc::new(SeededRandom::new(1))).unwrap();
    // then it goes out with the new one
    assert!(list(&procore).await.unwrap().is_empty());
}

#[tokio::test]
async fn malformed_token_answers_are_named_and_keep_their_secrets() {
    for (body, says) in [
        (r#"{"access_token":"CANARY","token_type":"bearer","expires_in":5400}"#, "no `refresh_token`"),
        (r#"{"token_type":"bearer","expires_in":5400,"refresh_token":"CANARY"}"#, "access_token"),
        (r#"{"access_token":"CANARY","token_type":"mac","expires_in":5400,"refresh_token":"CANARY"}"#, "token_type"),
        (r#"{"access_token":"CANARY","refresh_token":"CANARY"}"#, "expires_in"),
        (r#"{"access_token":{"x":"CANARY"},"expires_in":5400,"refresh_token":"CANARY"}"#, "access_token"),
        ("<html>CANARY</html>", "not JSON"),
        (r#"["CANARY"]"#, "not an object"),
    ] {
        let (server, environment, clock) = server().await;
        let respond = ResponseTemplate::new(200).set_body_string(body);
        Mock::given(path("/oauth/token")).respond_with(respond).mount(&server).await;
        let login = login(&environment, Login::Person, clock);
        let error = login.refresh(Some(&Secret::new("CANARY-old"))).await.unwrap_err();
        assert!(matches!(error, HttpError::TokenAnswer { .. }), "{body}: {error}");
        let text = format!("{error} {error:?} {login:?}");
        assert!(text.contains(says) && !text.contains(CANARY), "{body}: {text}");
    }
}

#[tokio::test]
async fn a_service_account_needs_no_refresh_token() {
    let (server, environment, clock) = server().await;
    let body = r#"{"access_token":"a","token_type":"bearer","expires_in":5400,"created_at":1}"#;
    Mock::given(body_string_contains("grant_type=client_credentials"))
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;
    let login = login(&environment, Login::ServiceAccount, clock);
    assert!(!login.needs_refresh_token());
    let tokens: TokenSet = login.refresh(None).await.unwrap();
    assert_eq!((tokens.access.expose(), tokens.refresh), ("a", None));
}

#[tokio::test]
async fn pages_come_one_by_one() {
    let link = format!(r#"<{LIST}?page=2>; rel="next""#);
    let script = Script::default()
        .answer(LIST, &["page=2"], 200, &[("link", "<x>; rel=\"prev\"")], &rows(3..=3))
        .answer(LIST, &[], 200, &[("link", &link)], &rows(1..=2));
    let (script, procore) = scripted(script);
    let mut pages = std::pin::pin!(procore.pages::<CostCode>(Query::new(LIST)));
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!((first.number, first.records.len(), script.asked().len()), (1, 2, 1));
    assert_eq!(pages.try_next().await.unwrap().unwrap().number, 2);
    assert!(pages.try_next().await.unwrap().is_none());
}
