//! The token endpoint of OAuth 2.0 (RFC 6749), with the fields that vendors add.
use std::fmt::{self, Debug};
use std::sync::Arc;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::error::HttpError;
use super::redact::summarize;
use super::retry::parse_retry_after;
use super::secret::Secret;
use super::token::{TokenEndpoint, TokenSet};
use super::transport::Transport;
use crate::clock::Clock;

/// Form encoding, with the unreserved characters left as they are.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the client proves who it is (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic` (Intuit).
    Basic,
    /// `client_id` and `client_secret` in the form (Procore).
    Form,
}

/// What a refresh asks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// The stored refresh token, for a connection that a person has authorised.
    RefreshToken,
    /// Nothing but the client's own credentials, for a service account.
    ClientCredentials,
}

/// The names of fields that RFC 6749 does not define, all in seconds from now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerFields {
    /// Until the refresh token ends; Intuit: `x_refresh_token_expires_in`.
    pub refresh_expires_in: Option<&'static str>,
    /// Until the consent ends; Intuit: `x_refresh_token_hard_expires_in`.
    pub hard_expires_in: Option<&'static str>,
}

/// A vendor's token endpoint together with this application's credentials.
pub struct OAuthEndpoint {
    url: Uri,
    client_id: String,
    client_secret: Secret,
    auth: ClientAuth,
    grant: Grant,
    fields: AnswerFields,
    headers: HeaderMap,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Debug for OAuthEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthEndpoint")
            .field("host", &self.url.host())
            .field("path", &self.url.path())
            .field("client_id", &self.client_id)
            .field("auth", &self.auth)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

impl OAuthEndpoint {
    /// The endpoint at `url`, with [`ClientAuth::Basic`] and [`Grant::RefreshToken`].
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when `url` is not an absolute URL or the credentials are empty.
    pub fn new(
        url: &str,
        client_id: impl Into<String>,
        client_secret: Secret,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpError> {
        let invalid = |problem: &str| HttpError::InvalidRequest { problem: problem.to_owned() };
        let url: Uri = url.parse().map_err(|_| invalid("the token endpoint is not a URL"))?;
        if url.host().is_none() || url.scheme().is_none() {
            return Err(invalid(
                "the token endpoint must be a whole URL, such as https://login.example.com/oauth/token",
            ));
        }
        let client_id = client_id.into();
        if client_id.is_empty() || client_secret.is_empty() {
            return Err(invalid("the client id or the client secret is empty; set both"));
        }
        Ok(Self {
            url,
            client_id,
            client_secret,
            auth: ClientAuth::Basic,
            grant: Grant::RefreshToken,
            fields: AnswerFields::default(),
            headers: HeaderMap::new(),
            transport,
            clock,
        })
    }

    /// How the client proves who it is.
    #[must_use]
    pub fn with_auth(mut self, auth: ClientAuth) -> Self {
        self.auth = auth;
        self
    }

    /// What a refresh asks with.
    #[must_use]
    pub fn with_grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// The vendor's own fields in the answer.
    #[must_use]
    pub fn with_fields(mut self, fields: AnswerFields) -> Self {
        self.fields = fields;
        self
    }

    /// A header for each call, such as Intuit's `x-include-refresh-token-hard-expires-in: true`.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Exchanges the code that the vendor's consent page handed out; once only, without retries.
    ///
    /// # Errors
    /// As [`TokenEndpoint::refresh`]. After any error the person must start again: the code may be spent.
    pub async fn exchange_code(&self, code: &Secret, redirect_uri: &str) -> Result<TokenSet, HttpError> {
        let form = [("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect_uri)];
        self.ask(&form, &[code]).await
    }

    /// Posts `form` and reads the token answer.
    async fn ask(&self, form: &[(&str, &str)], secrets: &[&Secret]) -> Result<TokenSet, HttpError> {
        let request = self.request(form)?;
        let response = self.transport.send(request).await?;
        let now = self.clock.now();
        let mut known = Vec::with_capacity(secrets.len() + 1);
        known.push(&self.client_secret);
        known.extend_from_slice(secrets);
        parse_token_answer(&response, now, self.fields, &known)
    }

    fn request(&self, form: &[(&str, &str)]) -> Result<Request<Bytes>, HttpError> {
        let mut body = String::with_capacity(1024);
        let mut field = |name: &str, value: &str| {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            body.extend(utf8_percent_encode(value, FORM));
        };
        for (name, value) in form {
            field(name, value);
        }
        let mut builder = Request::builder()
            .method(Method::POST)
            .uri(&self.url)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match self.auth {
            ClientAuth::Form => {
                field("client_id", &self.client_id);
                field("client_secret", self.client_secret.expose());
            }
            ClientAuth::Basic => {
                let pair = Secret::new(format!("{}:{}", self.client_id, self.client_secret.expose()));
                let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
                builder = builder.header(AUTHORIZATION, sensitive(&value)?);
            }
        }
        let mut request = builder
            .body(Bytes::from(body))
            .map_err(|_| HttpError::InvalidRequest { problem: "the token request has an illegal header".to_owned() })?;
        request.headers_mut().extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        Ok(request)
    }
}

#[async_trait]
impl TokenEndpoint for OAuthEndpoint {
    async fn refresh(&self, refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        match (self.grant, refresh) {
            (Grant::ClientCredentials, _) => self.ask(&[("grant_type", "client_credentials")], &[]).await,
            (Grant::RefreshToken, Some(token)) => {
                self.ask(&[("grant_type", "refresh_token"), ("refresh_token", token.expose())], &[token]).await
            }
            (Grant::RefreshToken, None) => {
                Err(HttpError::InvalidRequest { problem: "there is no refresh token to refresh with".to_owned() })
            }
        }
    }

    fn needs_refresh_token(&self) -> bool {
        self.grant == Grant::RefreshToken
    }
}

/// A header value that prints as `Sensitive`.
pub(super) fn sensitive(text: &Secret) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text.expose()).map_err(|_| HttpError::InvalidRequest {
        problem: "a credential holds characters that cannot be sent in a header; look for stray line ends".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads the answer of a token endpoint (RFC 6749 sections 5.1 and 5.2). `secrets` are known values that must not appear
/// in an error text even if the endpoint echoes them.
///
/// # Errors
/// [`HttpError::GrantRefused`] for an `error` answer, [`HttpError::Status`] when the endpoint is out of order,
/// [`HttpError::TokenAnswer`] for anything that is neither that nor a token. No error text shows the body's secrets.
pub fn parse_token_answer(
    response: &Response<Bytes>,
    now: DateTime<Utc>,
    fields: AnswerFields,
    secrets: &[&Secret],
) -> Result<TokenSet, HttpError> {
    let status = response.status().as_u16();
    let problem = |text: String| HttpError::TokenAnswer { problem: text };
    let json: Result<Value, _> = serde_json::from_slice(response.body());
    let field = |name: &str| json.as_ref().ok().and_then(|json| json.get(name)).and_then(Value::as_str);
    let code = field("error").map(|code| if is_code(code) { code } else { "an error without a proper code" });
    if matches!(status, 408 | 429 | 500..) {
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        return Err(HttpError::Status {
            status,
            request_id: None,
            retry_after: retry_after.and_then(|value| parse_retry_after(value, now)),
            // The body is not quoted: whatever a token endpoint says may be a token.
            summary: match code {
                Some(code) => code.to_owned(),
                None => format!("a body of {} bytes without an OAuth error", response.body().len()),
            },
        });
    }
    if status != 200 {
        let Some(code) = code else {
            let text = format!("it is status {status} without an OAuth error; check the token URL and the proxy");
            return Err(problem(text));
        };
        let description = field("error_description").filter(|text| !text.is_empty());
        let description = description.map(|text| summarize(text.as_bytes(), secrets)).unwrap_or_default();
        return Err(HttpError::GrantRefused { code: code.to_owned(), description });
    }
    let json = json.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        problem(format!("it is not JSON (line {line}, column {column}); check the token URL and the proxy"))
    })?;
    let Value::Object(answer) = json else {
        return Err(problem(format!("it is {}, not an object; check the token URL", kind(&json))));
    };
    let token = |name: &str| -> Result<Option<Secret>, HttpError> {
        match answer.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_token(text) => Ok(Some(Secret::new(text.as_str()))),
            Some(Value::String(_)) => {
                Err(problem(format!("`{name}` is empty or holds characters that no header can carry")))
            }
            Some(other) => Err(problem(format!("`{name}` is {}, not a text; ask the vendor", kind(other)))),
        }
    };
    let expiry = |name: &str| -> Result<Option<DateTime<Utc>>, HttpError> {
        let seconds = match answer.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(other) => {
                return Err(problem(format!("`{name}` is {}, not a number of seconds; ask the vendor", kind(other))));
            }
        };
        seconds
            .filter(|seconds| *seconds > 0)
            .and_then(TimeDelta::try_seconds)
            .and_then(|delta| now.checked_add_signed(delta))
            .map(Some)
            .ok_or_else(|| problem(format!("`{name}` is not a positive whole number of seconds; ask the vendor")))
    };
    let missing = |name: &str| problem(format!("it has no `{name}`; check the token URL and the grant"));
    match answer.get("token_type") {
        None | Some(Value::Null) => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => {
            return Err(problem("its `token_type` is not `bearer`, which is all that this client can send".into()));
        }
    }
    let access = token("access_token")?.ok_or_else(|| missing("access_token"))?;
    let access_expires_at = expiry("expires_in")?.ok_or_else(|| missing("expires_in"))?;
    let optional = |name: Option<&'static str>| name.map(expiry).transpose().map(Option::flatten);
    Ok(TokenSet {
        access,
        access_expires_at,
        refresh: token("refresh_token")?,
        refresh_expires_at: optional(fields.refresh_expires_in)?,
        hard_expires_at: optional(fields.hard_expires_in)?,
        version: 0,
    })
}

/// RFC 6750 section 2.1 allows less than this; what matters is that it can be sent in a header.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An error code as RFC 6749 and its extensions spell them.
fn is_code(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
