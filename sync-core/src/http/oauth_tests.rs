//! The token endpoint: what is asked, and what is accepted as an answer.
use std::time::Duration;

use ::http::Request;
use bytes::Bytes;
use chrono::TimeDelta;

use super::doubles::{Script, answer, clock, noon};
use super::*;

const INTUIT: AnswerFields = AnswerFields {
    refresh_expires_in: Some("x_refresh_token_expires_in"),
    hard_expires_in: Some("x_refresh_token_hard_expires_in"),
};

async fn asked(auth: ClientAuth, grant: Grant) -> Request<Bytes> {
    let script = Script::new([Ok(answer(200, r#"{"access_token":"a","expires_in":60}"#))]);
    let endpoint =
        OAuthEndpoint::new("https://login.example.com/oauth/token", "id", "s&c ret".into(), script.clone(), clock())
            .unwrap()
            .with_auth(auth)
            .with_grant(grant)
            .with_header("x-include-refresh-token-hard-expires-in", "true");
    endpoint.refresh(Some(&Secret::from("r+1/="))).await.unwrap();
    script.sent.lock().unwrap().remove(0)
}

#[tokio::test]
async fn asks_as_each_vendor_wants() {
    // Intuit: credentials in the header
    let request = asked(ClientAuth::Basic, Grant::RefreshToken).await;
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://login.example.com/oauth/token");
    assert_eq!(request.headers()["authorization"], "Basic aWQ6cyZjIHJldA==");
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()["x-include-refresh-token-hard-expires-in"], "true");
    assert_eq!(&request.body()[..], b"grant_type=refresh_token&refresh_token=r%2B1%2F%3D");
    // Procore: credentials in the form
    let request = asked(ClientAuth::Form, Grant::ClientCredentials).await;
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(&request.body()[..], b"grant_type=client_credentials&client_id=id&client_secret=s%26c%20ret");
}

#[tokio::test]
async fn exchanges_a_code() {
    let body = r#"{"token_type":"bearer","access_token":"a","expires_in":3600,"refresh_token":"r",
        "x_refresh_token_expires_in":8726400,"x_refresh_token_hard_expires_in":157680000,"id_token":"x"}"#;
    let script = Script::new([Ok(answer(200, body))]);
    let endpoint = OAuthEndpoint::new("https://login.example.com/t", "id", "s".into(), script.clone(), clock());
    let endpoint = endpoint.unwrap().with_fields(INTUIT);
    let set = endpoint.exchange_code(&Secret::from("c1"), "https://app.example.com/cb").await.unwrap();
    assert_eq!((set.access.expose(), set.refresh.unwrap().expose()), ("a", "r"));
    assert_eq!(set.access_expires_at, noon() + TimeDelta::seconds(3600));
    assert_eq!(set.refresh_expires_at, Some(noon() + TimeDelta::days(101)));
    assert_eq!(set.hard_expires_at, Some(noon() + TimeDelta::days(1825)));
    let body = script.sent.lock().unwrap()[0].body().clone();
    assert_eq!(&body[..], b"grant_type=authorization_code&code=c1&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb");
}

#[test]
fn says_what_is_wrong_with_a_malformed_answer() {
    for (body, named) in [
        ("", "not JSON (line 1"),
        ("<html>", "not JSON (line 1, column 1)"),
        ("[]", "a list"),
        ("null", "null"),
        ("{}", "no `access_token`"),
        (r#"{"access_token":"a"}"#, "no `expires_in`"),
        (r#"{"access_token":5,"expires_in":1}"#, "`access_token` is a number"),
        (r#"{"access_token":"","expires_in":1}"#, "`access_token` is empty"),
        (r#"{"access_token":"a b","expires_in":1}"#, "`access_token` is empty or holds"),
        (r#"{"access_token":"a\u0000","expires_in":1}"#, "`access_token` is empty or holds"),
        (r#"{"access_token":"a","expires_in":"3600"}"#, "`expires_in` is a text"),
        (r#"{"access_token":"a","expires_in":true}"#, "`expires_in` is a truth value"),
        (r#"{"access_token":"a","expires_in":-1}"#, "`expires_in` is not a positive"),
        (r#"{"access_token":"a","expires_in":0}"#, "`expires_in` is not a positive"),
        (r#"{"access_token":"a","expires_in":1.5}"#, "`expires_in` is not a positive"),
        (r#"{"access_token":"a","expires_in":9223372036854775807}"#, "`expires_in` is not a positive"),
        (r#"{"access_token":"a","expires_in":1e300}"#, "`expires_in` is not a positive"),
        (r#"{"access_token":"a","expires_in":1,"refresh_token":{}}"#, "`refresh_token` is an object"),
        (r#"{"access_token":"a","expires_in":1,"x_refresh_token_expires_in":-5}"#, "`x_refresh_token_expires_in`"),
        (r#"{"access_token":"a","expires_in":1,"token_type":"mac"}"#, "`token_type`"),
    ] {
        let error = parse_token_answer(&answer(200, body), noon(), INTUIT, &[]).unwrap_err();
        assert!(matches!(&error, HttpError::TokenAnswer { .. }), "{body}: {error}");
        assert_eq!(error.class(), ErrorClass::NeedsPerson);
        assert!(error.to_string().contains(named), "{body}: {error}");
    }
    // too deep for the parser, and no JSON text at all
    for body in [vec![b'['; 100_000], vec![0xff; 10]] {
        let response = ::http::Response::new(Bytes::from(body));
        parse_token_answer(&response, noon(), INTUIT, &[]).unwrap_err();
    }
}

#[test]
fn tells_refusals_from_outages() {
    let parse = |status, body| parse_token_answer(&answer(status, body), noon(), INTUIT, &[]).unwrap_err();
    let refused = parse(400, r#"{"error":"invalid_grant","error_description":"Token invalid"}"#);
    assert!(
        matches!(&refused, HttpError::GrantRefused { code, description } if code == "invalid_grant" && description == "Token invalid")
    );
    let bare = parse(400, r#"{"error":"invalid_grant"}"#);
    assert_eq!(bare.to_string(), "the token endpoint refused the request: invalid_grant");
    assert!(matches!(parse(401, r#"{"error":"invalid_client"}"#), HttpError::GrantRefused { .. }));
    // an outage that speaks of invalid_grant is still an outage
    assert_eq!(parse(503, r#"{"error":"invalid_grant"}"#).class(), ErrorClass::Uncertain);
    assert!(matches!(parse(429, ""), HttpError::Status { status: 429, .. }));
    assert!(matches!(parse(404, "<html>"), HttpError::TokenAnswer { .. }));
    assert!(matches!(parse(302, ""), HttpError::TokenAnswer { .. }));
    let mut busy = answer(503, "");
    busy.headers_mut().insert("retry-after", "4".parse().unwrap());
    let error = parse_token_answer(&busy, noon(), INTUIT, &[]).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Throttled { retry_after: Some(Duration::from_secs(4)) });
}

#[test]
fn refuses_a_configuration_that_cannot_work() {
    for (url, id, secret) in
        [("", "id", "s"), ("/token", "id", "s"), ("https://x/t", "", "s"), ("https://x/t", "id", "")]
    {
        let endpoint = OAuthEndpoint::new(url, id, secret.into(), Script::new([]), clock());
        assert!(matches!(endpoint, Err(HttpError::InvalidRequest { .. })), "{url}");
    }
}
