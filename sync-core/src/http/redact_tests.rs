//! What is taken out of texts, and what is left.
use proptest::prelude::*;

use ::http::HeaderMap;

use super::*;

const M: &str = "mArk3r-0123456789";

#[test]
fn takes_out_secrets_wherever_they_stand() {
    for text in [
        "Authorization: Bearer {M}",
        "authorization: basic {M}==",
        "sent Bearer {M}, got 401",
        "bearer%20{M}",
        r#"{"access_token":"{M}","expires_in":3600}"#,
        r#"{ "refresh_token" : "{M}" }"#,
        r#"{"refreshToken":"a\"{M}"}"#,
        r#"{"body":"{\"client_secret\":\"{M}\",\"x\":1}"}"#,
        r#"{\\\"id_token\\\":\\\"{M}\\\"}"#,
        r#"{"access_token":["{M}"],"token":{"a":{"b":1},"value":"{M}"}}"#,
        r#"{"access_token":"{M} cut off in the midd"#,
        "grant_type=refresh_token&refresh_token={M}&x=1",
        "https://example.com/cb?code={M}&state=1",
        "redirect=https%3A%2F%2Fexample.com%2F%3Fcode%3D{M}%26state%3D1",
        "%7B%22access_token%22%3A%22{M}%22%7D",
        "https://user:{M}@example.com/x",
        "<access_token>{M}</access_token>",
        "<ns:token a='1'>{M}</ns:token>",
        "QBO_CLIENT_SECRET={M}",
        "my-api-key: {M}",
        "Set-Cookie: session={M}; Path=/",
        "{'password': '{M}'}",
        "PASSWORD => {M}",
        "token eyJhbGciOi.{M}.c2ln in a sentence",
    ] {
        let text = text.replace("{M}", M);
        let clean = redact(&text);
        assert!(!clean.contains(M), "{text}\n{clean}");
        assert!(clean.contains("[redacted]"), "{clean}");
    }
}

#[test]
fn leaves_what_helps() {
    for text in [
        "",
        r#"{"Fault":{"Error":[{"Message":"Stale Object Error","code":"5010","element":""}]}}"#,
        r#"{"error":{"code":"BAD_REQUEST","message":"Bad Request"}}"#,
        r#"{"SyncToken":"3","Id":"12","cost_code":"01-100","statusCode=429":1}"#,
        "the bearer token expired; basic auth is not enough",
        r#"Bearer realm="Intuit", error="invalid_token""#,
        "expires_in=3600&x_refresh_token_expires_in=8726400",
        "https://example.com/a?b=c — größer als 1 €",
    ] {
        assert_eq!(redact(text), text);
    }
    assert_eq!(redact("a=1&code=AB11&b=2"), "a=1&code=[redacted]&b=2");
}

#[test]
fn takes_out_known_values_anywhere() {
    let secret = Secret::from("s3cr3t");
    assert_eq!(
        redact_exact("you sent s3cr3t, twice s3cr3t", &[&secret, &Secret::from("")]),
        "you sent [redacted], twice [redacted]"
    );
}

#[test]
fn summaries_are_short_and_on_one_line() {
    assert_eq!(summarize(b"", &[]), "empty body");
    assert_eq!(summarize(b" a\n\tb ", &[]), "a b");
    let words = "word ".repeat(3000);
    for body in [words.as_bytes(), &[b'x'; 100_000], &[0xff; 9000], "ä".repeat(4000).as_bytes()] {
        let summary = summarize(body, &[]);
        assert!(summary.chars().count() <= 500, "{}", summary.chars().count());
        assert!(summary.ends_with('…'));
    }
    // a secret that the cut goes through is gone all the same
    let body = format!("{}\"access_token\":\"{}\"", " ".repeat(3_980), "mArk3r".repeat(20));
    assert!(!summarize(body.as_bytes(), &[]).contains("mArk3r"));
}

#[test]
fn headers_print_values_that_cannot_be_secret() {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", M.parse().unwrap());
    headers.insert("x-whatever", M.parse().unwrap());
    headers.insert("x-request-id", "abc".parse().unwrap());
    let text = format!("{:?}", SafeHeaders(&headers));
    assert!(!text.contains(M) && text.contains("abc") && text.contains("x-whatever"), "{text}");
}

proptest! {
    #[test]
    fn never_panics_and_is_stable(text in "[a-z\"\\\\{}:=&% <>_ä\\[\\]]{0,60}(access_token|code|Bearer |https://|eyJ)?[a-zA-Z0-9\"\\\\{}:=&%. <>@ö]{0,40}") {
        let once = redact(&text);
        prop_assert!(once.len() <= text.len() * 12 + 12);
    }

    #[test]
    fn a_json_value_never_survives(before in "[a-z {}\\[\\],:\"0-9]{0,40}", after in "[a-z {}\\[\\],:\"0-9]{0,40}") {
        let text = format!("{before} \"access_token\": \"{M}\"{after}");
        prop_assert!(!redact(&text).contains(M), "{}", redact(&text));
    }
}
