//! One call to a vendor's API, done properly.
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::{AUTHORIZATION, RETRY_AFTER};
use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::error::HttpError;
use super::notice::Notice;
use super::oauth::sensitive;
use super::pace::Pace;
use super::redact::{SafeHeaders, summarize};
use super::request::{ApiAnswer, ApiRequest, Counters, RateHeaders};
use super::retry::{RetryPolicy, Safety, parse_retry_after, retry_http};
use super::secret::Secret;
use super::token_manager::TokenManager;
use super::transport::{Transport, TransportErrorKind};
use crate::clock::{Clock, Random, after, until};

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    throttled: AtomicU64,
    unauthorized: AtomicU64,
    unanswered: AtomicU64,
    server_errors: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Whether an answer with this status and body is the vendor's way to say 429.
pub type ThrottleProbe = fn(StatusCode, &[u8]) -> bool;

/// Calls one company's API: paced, authorised, retried as far as that is safe, and counted.
///
/// Each attempt waits for the pace, takes a valid token and sends. A 401 is answered with one new token and one more
/// attempt. A 429 pauses the whole pace. Reads are repeated after anything that may pass; writes only after failures that
/// certainly had no effect.
pub struct ApiClient {
    base: String,
    transport: Arc<dyn Transport>,
    tokens: Arc<TokenManager>,
    pace: Pace,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    retry: RetryPolicy,
    request_id_header: &'static str,
    rate_headers: Option<RateHeaders>,
    throttled_when: Option<ThrottleProbe>,
    headers: HeaderMap,
    counts: Counts,
    notices: Mutex<BTreeMap<String, Notice>>,
}

impl Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("base", &self.base)
            .field("connection", &self.tokens.connection())
            .field("headers", &SafeHeaders(&self.headers))
            .field("retry", &self.retry)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl ApiClient {
    /// A client of the API at `base_url` (scheme, host, optional path prefix), with the default [`RetryPolicy`] and
    /// `x-request-id`.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when `base_url` is not such a URL.
    pub fn new(
        base_url: &str,
        transport: Arc<dyn Transport>,
        tokens: Arc<TokenManager>,
        pace: Pace,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, HttpError> {
        let invalid = |problem: &str| HttpError::InvalidRequest { problem: problem.to_owned() };
        let base = base_url.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| invalid("the base URL of the API is not a URL"))?;
        if uri.scheme().is_none() || uri.host().is_none() || base.contains(['?', '#', '@']) {
            return Err(invalid(
                "the base URL of the API must be scheme, host and path only, as https://api.example.com",
            ));
        }
        Ok(Self {
            base: base.to_owned(),
            transport,
            tokens,
            pace,
            clock,
            random,
            retry: RetryPolicy::default(),
            request_id_header: "x-request-id",
            rate_headers: None,
            throttled_when: None,
            headers: HeaderMap::new(),
            counts: Counts::default(),
            notices: Mutex::default(),
        })
    }

    /// How often and how long to try.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The header with the vendor's id of a request, in lower case (Intuit: `intuit_tid`).
    #[must_use]
    pub fn with_request_id_header(mut self, name: &'static str) -> Self {
        self.request_id_header = name;
        self
    }

    /// Where the vendor says how much of its limits is left.
    #[must_use]
    pub fn with_rate_headers(mut self, headers: RateHeaders) -> Self {
        self.rate_headers = Some(headers);
        self
    }

    /// Recognises throttling that does not come as 429 (Intuit has sent 403 with fault code 3001).
    #[must_use]
    pub fn with_throttle_probe(mut self, probe: ThrottleProbe) -> Self {
        self.throttled_when = Some(probe);
        self
    }

    /// A header for every request, such as `Accept`. A request's own header of the same name wins.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Scheme, host and path prefix, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base
    }

    /// The tokens in use.
    #[must_use]
    pub fn tokens(&self) -> &Arc<TokenManager> {
        &self.tokens
    }

    /// The pace in use.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The clock in use.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What has been done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            requests: read(&self.counts.requests),
            throttled: read(&self.counts.throttled),
            unauthorized: read(&self.counts.unauthorized),
            unanswered: read(&self.counts.unanswered),
            server_errors: read(&self.counts.server_errors),
        }
    }

    /// What the vendor has said about the end of the endpoints that were called, each once.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn heed(&self, request: &ApiRequest, headers: &HeaderMap) {
        if let Some(notice) = Notice::of(request.path(), headers) {
            let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
            if !notices.contains_key(&notice.endpoint) {
                tracing::warn!(%notice, "the vendor takes an endpoint away");
                notices.insert(notice.endpoint.clone(), notice);
            }
        }
    }

    /// Sends `request` and returns the answer, also of status 4xx (but 401, 408, 429).
    ///
    /// # Errors
    /// [`HttpError`]; its [`class`](HttpError::class) says what to do. For a write,
    /// [`Uncertain`](super::ErrorClass::Uncertain) means that it may have taken effect: look before sending it again.
    pub async fn call(&self, request: ApiRequest) -> Result<ApiAnswer, HttpError> {
        let uri = self.uri(&request)?;
        let attempt = |_| self.attempt(&request, &uri);
        retry_http(&self.retry, &*self.clock, &*self.random, request.safety, attempt).await
    }

    fn uri(&self, request: &ApiRequest) -> Result<Uri, HttpError> {
        let invalid =
            || HttpError::InvalidRequest { problem: format!("`{}` is not a path of the API", request.path()) };
        let text = &request.path_and_query;
        if !text.starts_with('/') || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid());
        }
        format!("{}{}", self.base, request.path_and_query).parse().map_err(|_| invalid())
    }

    /// One attempt, or two when the first meets a token that has ended.
    async fn attempt(&self, request: &ApiRequest, uri: &Uri) -> Result<ApiAnswer, HttpError> {
        let (first, used) = self.send(request, uri, None).await?;
        if first.status() == StatusCode::UNAUTHORIZED {
            count(&self.counts.unauthorized);
            let renewed = self.tokens.refused(&used).await?;
            let (second, used) = self.send(request, uri, Some(renewed)).await?;
            if second.status() == StatusCode::UNAUTHORIZED {
                count(&self.counts.unauthorized);
                return Err(HttpError::NeedsReconnect {
                    connection: self.tokens.connection().to_owned(),
                    problem: format!(
                        "the API refuses a new access token for {} {} (401{}): {}",
                        request.method,
                        request.path(),
                        self.request_id(&second).map(|id| format!(", request {id}")).unwrap_or_default(),
                        summarize(second.body(), &[&used]),
                    ),
                    act: "Check that the connection belongs to this environment and company, and connect it again"
                        .to_owned(),
                });
            }
            return self.judge(second, &used);
        }
        self.judge(first, &used)
    }

    /// Waits for the pace and sends once. `bearer` is a token that was just renewed, if one was.
    async fn send(
        &self,
        request: &ApiRequest,
        uri: &Uri,
        bearer: Option<Secret>,
    ) -> Result<(Response<Bytes>, Secret), HttpError> {
        // A refresh takes its time, so it comes before the pace counts this request as sent; the second look is one
        // comparison unless the wait outlived the token.
        if bearer.is_none() {
            self.tokens.bearer().await?;
        }
        let wait = self.pace.wait_for(request.classes);
        if wait > self.retry.max_elapsed {
            return Err(HttpError::LimitReached { wait });
        }
        let permit = self.pace.permit(request.classes).await;
        let bearer = match bearer {
            Some(bearer) => bearer,
            None => self.tokens.bearer().await?,
        };
        let message = self.message(request, uri, &bearer)?;
        count(&self.counts.requests);
        let started = self.clock.now();
        let result = self.transport.send(message).await;
        let elapsed = until(started, self.clock.now());
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                count(&self.counts.unanswered);
                tracing::warn!(method = %request.method, path = request.path(), ?elapsed, %error, "no answer");
                return Err(match (error.kind(), request.safety) {
                    (TransportErrorKind::TooLarge, Safety::Read) => HttpError::BodyTooLarge,
                    _ => error.into(),
                });
            }
        };
        tracing::debug!(
            method = %request.method,
            path = request.path(),
            status = response.status().as_u16(),
            request_id = self.request_id(&response).as_deref().unwrap_or(""),
            ?elapsed,
            "answered"
        );
        if let Some(headers) = self.rate_headers
            && let (Some(remaining), Some(reset)) =
                (number(response.headers(), headers.remaining), instant(response.headers(), headers.reset))
        {
            self.pace.observe_remaining(headers.window, remaining, reset);
        }
        self.heed(request, response.headers());
        drop(permit);
        Ok((response, bearer))
    }

    fn message(&self, request: &ApiRequest, uri: &Uri, bearer: &Secret) -> Result<Request<Bytes>, HttpError> {
        let mut message = Request::new(request.body.clone());
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = uri.clone();
        let mut headers = self.headers.clone();
        for name in request.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &request.headers {
            headers.append(name, value.clone());
        }
        headers.insert(AUTHORIZATION, sensitive(&Secret::new(format!("Bearer {}", bearer.expose())))?);
        *message.headers_mut() = headers;
        Ok(message)
    }

    /// Sorts an answer: to the connector, or back as an error to be retried.
    fn judge(&self, response: Response<Bytes>, used: &Secret) -> Result<ApiAnswer, HttpError> {
        let status = response.status();
        let request_id = self.request_id(&response);
        let probed = self.throttled_when.is_some_and(|probe| probe(status, response.body()));
        if !probed && !matches!(status.as_u16(), 408 | 429 | 500..) {
            let (parts, body) = response.into_parts();
            let body = without(body, used);
            return Ok(ApiAnswer { status, headers: parts.headers, body, request_id });
        }
        let now = self.clock.now();
        let throttled = probed || status == StatusCode::TOO_MANY_REQUESTS;
        let retry_after = self.retry_after(response.headers(), now, throttled);
        if throttled || (status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some()) {
            count(&self.counts.throttled);
            let wait = retry_after.unwrap_or(self.retry.throttled);
            tracing::warn!(status = status.as_u16(), ?wait, "throttled: no request before the wait is over");
            self.pace.backoff_until(after(now, wait));
        } else {
            count(&self.counts.server_errors);
        }
        Err(HttpError::Status {
            // What the probe recognised is a 429 to everybody above.
            status: if probed { 429 } else { status.as_u16() },
            request_id,
            retry_after,
            summary: summarize(response.body(), &[used]),
        })
    }

    fn retry_after(&self, headers: &HeaderMap, now: DateTime<Utc>, throttled: bool) -> Option<Duration> {
        let named = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        named.and_then(|value| parse_retry_after(value, now)).or_else(|| {
            let rate = self.rate_headers.filter(|_| throttled)?;
            instant(headers, rate.reset).map(|reset| until(now, reset))
        })
    }

    fn request_id(&self, response: &Response<Bytes>) -> Option<String> {
        let value = response.headers().get(self.request_id_header)?.to_str().ok()?;
        // It ends up in logs and error texts: long enough for any id, too short to smuggle a page.
        Some(value.chars().filter(|c| c.is_ascii_graphic()).take(100).collect())
    }
}

/// The body without the token that was sent: connectors quote bodies in errors, and some servers repeat what they refuse.
fn without(body: Bytes, sent: &Secret) -> Bytes {
    let token = sent.expose().as_bytes();
    if token.is_empty() || memchr::memmem::find(&body, token).is_none() {
        return body;
    }
    String::from_utf8_lossy(&body).replace(sent.expose(), "[redacted]").into()
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn instant(headers: &HeaderMap, name: &str) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(number(headers, name)?).ok()?;
    DateTime::from_timestamp(seconds, 0)
}
