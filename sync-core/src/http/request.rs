//! What goes into a call and what comes out of it.
use std::fmt::{self, Debug};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;

use super::redact::SafeHeaders;
use super::retry::Safety;

/// One request to a vendor's API, without host and token.
#[derive(Clone)]
pub struct ApiRequest {
    /// The HTTP method.
    pub method: Method,
    /// Path and query below the base URL, from the first slash, percent-encoded.
    pub path_and_query: String,
    /// Headers beyond those that the client adds itself.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// The windows of the [`Pace`](super::Pace) that this request counts in.
    pub classes: &'static [&'static str],
    /// Whether it may be repeated when its outcome is unknown.
    pub safety: Safety,
}

impl ApiRequest {
    /// A request without headers, body and windows.
    #[must_use]
    pub fn new(method: Method, path_and_query: impl Into<String>, safety: Safety) -> Self {
        Self {
            method,
            path_and_query: path_and_query.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            classes: &[],
            safety,
        }
    }

    /// A `GET`, which is a read.
    #[must_use]
    pub fn get(path_and_query: impl Into<String>) -> Self {
        Self::new(Method::GET, path_and_query, Safety::Read)
    }

    /// A `POST`, which is a write; set [`safety`](Self::safety) where it only asks.
    #[must_use]
    pub fn post(path_and_query: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::new(Method::POST, path_and_query, Safety::Write) }
    }

    /// Counts the request in these windows.
    #[must_use]
    pub fn with_classes(mut self, classes: &'static [&'static str]) -> Self {
        self.classes = classes;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Says whether it may be repeated when its outcome is unknown.
    #[must_use]
    pub fn with_safety(mut self, safety: Safety) -> Self {
        self.safety = safety;
        self
    }

    /// The path without the query, which can hold names and amounts.
    pub(super) fn path(&self) -> &str {
        self.path_and_query.split(['?', '#']).next().unwrap_or_default()
    }
}

impl Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &SafeHeaders(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("classes", &self.classes)
            .field("safety", &self.safety)
            .finish()
    }
}

/// A whole answer: any status but 401, 408, 429 and 5xx, so the vendor's fault bodies of 4xx arrive here too.
#[derive(Clone)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// The vendor's id of this request, to quote to its support.
    pub request_id: Option<String>,
}

impl ApiAnswer {
    /// The value of a header, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Debug for ApiAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAnswer")
            .field("status", &self.status)
            .field("headers", &SafeHeaders(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("request_id", &self.request_id)
            .finish()
    }
}

/// Where a vendor says how much of its limits is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateHeaders {
    /// The name for [`Pace::observe_remaining`](super::Pace::observe_remaining); requests must list it among their classes to be held by it.
    pub window: &'static str,
    /// The header with the number of requests left, such as `x-rate-limit-remaining`.
    pub remaining: &'static str,
    /// The header with the Unix time in seconds at which it starts anew, such as `x-rate-limit-reset`.
    pub reset: &'static str,
}

/// What a client has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests handed to the transport, repeated ones included.
    pub requests: u64,
    /// Answers that turned a request away for load (429, or what the vendor uses instead).
    pub throttled: u64,
    /// Answers 401.
    pub unauthorized: u64,
    /// Requests that got no whole answer.
    pub unanswered: u64,
    /// Answers 408 and 5xx.
    pub server_errors: u64,
}
