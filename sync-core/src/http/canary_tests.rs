//! Marker secrets in every place from which one could leak; then everything is printed and searched.
use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Response};
use bytes::Bytes;
use tracing::instrument::WithSubscriber;

use super::doubles::{Logged, Script, answer, clock, ended, noon, tokens};
use super::*;
use crate::clock::SeededRandom;

/// Part of every secret below.
const MARKER: &str = "mArk3r-do-not-print";

fn secret(name: &str) -> String {
    format!("{MARKER}-{name}")
}

fn check(text: &str) {
    assert!(!text.contains(MARKER), "a secret got out: {text}");
}

fn check_error(error: &(impl Display + Debug)) {
    check(&format!("{error}\n{error:?}\n{error:#?}"));
}

/// Bodies with a secret in them that a server might answer with, whatever the status.
fn leaky_bodies() -> Vec<String> {
    vec![
        format!(r#"{{"access_token":"{0}","refresh_token":"{0}","expires_in":"soon"}}"#, secret("body")),
        format!(r#"{{"access_token":{{"value":"{0}"}},"expires_in":1}}"#, secret("body")),
        format!(r#"{{"access_token":"{0}","expires_in":-1}}"#, secret("body")),
        format!(r#"{{"access_token":"{0}\n","expires_in":1}}"#, secret("body")),
        format!(r#"{{"access_token":"{0}","refresh_token":7,"expires_in":1}}"#, secret("body")),
        format!(r#"{{"access_token":"{0}"#, secret("body")),
        format!("<html>access_token={0}&x</html>", secret("body")),
        format!(r#"{{"error":"invalid_grant","error_description":"refresh_token={0} is dead"}}"#, secret("body")),
        format!(r#"{{"error":"access_token={0}"}}"#, secret("body")),
        // the server echoes the token that it was sent, in plain prose
        format!("no such token {}", secret("access")),
        format!("Bearer {0}\nAuthorization: Basic {0}\ncode={0}", secret("body")),
    ]
}

/// Bodies with a secret that nothing marks as one; a token endpoint's answers are therefore never quoted.
fn bare_bodies() -> Vec<String> {
    vec![
        format!(r#"{{"access_token":"a","expires_in":1,"token_type":"{0}"}}"#, secret("body")),
        format!(r#"{{"error":"{0}"}}"#, secret("body")),
        format!(r#"["{0}"]"#, secret("body")),
        format!("\"{0}\"", secret("body")),
        secret("body"),
        format!("no such token {} or {}", secret("refresh"), secret("client")),
        format!(r#"{{"error":"invalid_grant","error_description":"{} {}"}}"#, secret("refresh"), secret("client")),
    ]
}

fn endpoint(transport: Arc<Script>, auth: ClientAuth) -> OAuthEndpoint {
    let client = Secret::new(secret("client"));
    OAuthEndpoint::new("https://oauth.example.com/token", "app", client, transport, clock()).unwrap().with_auth(auth)
}

#[tokio::test]
async fn token_answers_do_not_leak() {
    for status in [200, 400, 401, 404, 429, 500] {
        for body in leaky_bodies().into_iter().chain(bare_bodies()) {
            let script = Script::new([Ok(answer(status, &body)), Ok(answer(status, &body))]);
            let endpoint = endpoint(script, ClientAuth::Form);
            let error = endpoint.refresh(Some(&Secret::new(secret("refresh")))).await.err();
            let Some(error) = error else {
                assert_eq!(status, 200, "{body}");
                continue;
            };
            check_error(&error);
            check_error(&endpoint.exchange_code(&Secret::new(secret("refresh")), "https://x/").await.unwrap_err());
            check(&format!("{endpoint:?}"));
        }
    }
}

#[tokio::test]
async fn calls_do_not_leak_in_errors_prints_or_logs() {
    let logged = Logged::default();
    async {
        for status in [200, 400, 401, 429, 500, 503] {
            for body in leaky_bodies() {
                call_once(status, &body).await;
            }
        }
    }
    .with_subscriber(logged.clone())
    .await;
    let text = logged.0.lock().unwrap().clone();
    assert!(text.contains("answered") && text.contains("throttled") && text.contains("token refreshed"), "{text}");
    check(&text);
}

/// One call with secrets in the token, the URL, the headers of both ways and the bodies.
async fn call_once(status: u16, body: &str) {
    let mut reply = answer(status, body);
    let header = HeaderValue::from_str(&secret("header")).unwrap();
    reply.headers_mut().insert("set-cookie", header.clone());
    reply.headers_mut().insert("x-unknown", header.clone());
    let token = format!(
        r#"{{"access_token":"{}","refresh_token":"{}","expires_in":3600}}"#,
        secret("access"),
        secret("refresh2")
    );
    let oauth = Arc::new(endpoint(Script::new([Ok(answer(200, &token)), Ok(answer(200, &token))]), ClientAuth::Basic));
    let clock = clock();
    let store = Arc::new(MemoryTokenStore::holding("realm", ended(&secret("old"), &secret("refresh"))));
    let manager = Arc::new(TokenManager::new("realm", store.clone(), oauth, clock.clone()));
    let script = Script::new((0..2).map(|_| Ok(reply.clone())));
    let random = Arc::new(SeededRandom::new(1));
    let client = ApiClient::new(
        "https://api.example.com",
        script,
        manager.clone(),
        Pace::unlimited(clock.clone()),
        clock,
        random,
    );
    let client = client
        .unwrap()
        .with_retry(RetryPolicy { max_attempts: 2, throttled: Duration::from_secs(1), ..RetryPolicy::default() })
        .with_header(HeaderName::from_static("x-default"), header.clone());
    let request = ApiRequest::get(format!("/x?access_token={}", secret("query")))
        .with_header(HeaderName::from_static("x-api-key"), header);
    check(&format!("{request:?}"));
    match client.call(request).await {
        Ok(answer) => check(&format!("{answer:?}")),
        Err(error) => check_error(&error),
    }
    check(&format!("{manager:?} {store:?} {:?}", manager.bearer().await));
    check(&format!("{:?}", client.counters()));
    // The client prints its default headers and the requests of the scripted transport with their own Debug; both are
    // left out of what it shows of itself.
    check(&format!("{client:?}"));
}

#[test]
fn values_do_not_leak() {
    let set = TokenSet { hard_expires_at: Some(noon()), ..tokens(&secret("a"), &secret("r")) };
    check(&format!("{set:?} {:?} {:#?}", Stored::Newer(set.clone()), MemoryTokenStore::holding("x", set.clone())));
    for kind in [TransportError::not_sent, TransportError::uncertain, TransportError::invalid] {
        let error = kind(&format!("https://u:{0}@host/?access_token={0} Bearer {0}", secret("url")));
        check_error(&error);
        check_error(&HttpError::from(error));
    }
    let response: Response<Bytes> = answer(200, &format!(r#"{{"access_token":5,"x":"{}"}}"#, secret("b")));
    check_error(&parse_token_answer(&response, noon(), AnswerFields::default(), &[]).unwrap_err());
    let text = format!("Bearer {}", secret("b"));
    check(&format!("{} {:?}", Redacted(&text), Redacted(&text)));
}
