//! What servers say around their bodies: tokens, links, pauses; and what may be shown of it.

use bytes::Bytes;
use http::Response;
use sync_core::http::{
    AnswerFields, PageGuard, Secret, parse_link_header, parse_retry_after, parse_token_answer, redact, redact_exact,
    summarize,
};

use crate::world::noon;
use crate::{head, status};

const SECRET: &str = "canary-0123456789-canary";
const BASE: &str = "http://127.0.0.1:9";

/// The answer of a token endpoint. Input: status, body; `$SECRET` in the body is replaced by a secret that no error text
/// may hold.
pub fn oauth_answer(data: &[u8]) {
    let ([code], body) = head::<1>(data);
    let body = match std::str::from_utf8(body) {
        Ok(text) => Bytes::from(text.replace("$SECRET", SECRET)),
        Err(_) => Bytes::copy_from_slice(body),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status(code);
    let secret = Secret::new(SECRET);
    for fields in [
        AnswerFields::default(),
        AnswerFields {
            refresh_expires_in: Some("x_refresh_token_expires_in"),
            hard_expires_in: Some("x_refresh_token_hard_expires_in"),
        },
    ] {
        match parse_token_answer(&answer, noon(), fields, &[&secret]) {
            Ok(tokens) => {
                assert!(!tokens.access.is_empty(), "an empty access token");
                assert!(!format!("{tokens:?}").contains(SECRET), "a token is shown");
            }
            Err(error) => assert!(!format!("{error} {error:?}").contains(SECRET), "a secret is shown: {error}"),
        }
    }
}

/// `Link` and `Retry-After`.
pub fn link_header(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = parse_retry_after(&text, noon());
    let links = parse_link_header(&text);
    let mut guard = PageGuard::new(BASE, "/rest/v1.0/vendors?page=1").expect("a list");
    for next in [&links.next, &links.last, &links.first, &links.prev, &links.next].into_iter().flatten() {
        match guard.follow(next) {
            Ok(path) => {
                // As the client makes the address: the token goes there.
                let address: Result<http::Uri, _> = format!("{BASE}{path}").parse();
                let host = address.as_ref().ok().and_then(|uri| uri.authority()).map(|host| host.as_str());
                assert!(host.is_none_or(|host| host == "127.0.0.1:9"), "it leads elsewhere: {path}");
            }
            Err(error) => drop(error.to_string()),
        }
    }
}

/// Texts of others in our own logs and errors: a known secret never comes through.
pub fn redaction(data: &[u8]) {
    let text = String::from_utf8_lossy(data).replace("$SECRET", SECRET);
    let secret = Secret::new(SECRET);
    let _ = redact(&text);
    assert!(!redact_exact(&text, &[&secret]).contains(SECRET), "a secret comes through");
    assert!(!summarize(text.as_bytes(), &[&secret]).contains(SECRET), "a secret comes through");
}
