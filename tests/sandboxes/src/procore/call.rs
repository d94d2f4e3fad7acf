//! One request, taken apart.

use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::errors::Refusal;
use crate::json::{Json, Object};

/// The names and values of a query or of a form, decoded, in order.
#[derive(Debug, Default)]
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `a=1&b%5B%5D=2`.
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// One request.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    /// The path between its slashes.
    pub(super) segments: Vec<&'a str>,
    pub(super) query: Pairs,
    pub(super) headers: &'a HeaderMap,
    authority: Option<&'a str>,
    pub(super) body: &'a [u8],
}

impl<'a> Call<'a> {
    pub(super) fn new(now: DateTime<Utc>, request: &'a http::Request<bytes::Bytes>) -> Self {
        let path = request.uri().path();
        Self {
            now,
            method: request.method(),
            path,
            segments: path.trim_matches('/').split('/').collect(),
            query: Pairs::parse(request.uri().query().unwrap_or("")),
            headers: request.headers(),
            authority: request.uri().authority().map(http::uri::Authority::as_str),
            body: request.body(),
        }
    }

    /// The token of `Authorization: Bearer …`.
    pub(super) fn bearer(&self) -> Option<&'a str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// The host that was asked, with its port.
    pub(super) fn host(&self) -> &'a str {
        let header = || self.headers.get(header::HOST)?.to_str().ok();
        self.authority.or_else(header).unwrap_or("sandbox.procore.com")
    }

    /// An id that must stand in the query of a GET or DELETE.
    pub(super) fn required_id(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.query.get(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing(name))?;
        if value.bytes().all(|b| b.is_ascii_digit()) {
            Ok(value)
        } else {
            Err(Refusal::bad_request(format!("{name} is invalid")))
        }
    }

    /// The JSON object that a write must have for a body.
    pub(super) fn json(&self) -> Result<Json, Refusal> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/json") {
            return Err(Refusal::bad_request("Content-Type must be application/json"));
        }
        match Json::parse(self.body) {
            Ok(body) => Ok(body),
            Err(_) => Err(Refusal::bad_request("There was a problem in the JSON you submitted")),
        }
    }

    /// The form of an OAuth call: `x-www-form-urlencoded`, `multipart/form-data` or JSON, all three documented.
    pub(super) fn form(&self) -> Result<Pairs, Refusal> {
        let unreadable =
            || Refusal::OAuth(StatusCode::BAD_REQUEST, "invalid_request", "The request body cannot be read");
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let text = std::str::from_utf8(self.body).map_err(|_| unreadable())?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Pairs::parse(text));
        }
        if kind.starts_with("application/json") {
            let body = Json::parse(self.body).map_err(|_| unreadable())?;
            let members = body.as_object().ok_or_else(unreadable)?;
            let texts = members.iter().filter_map(|(name, value)| Some((name.clone(), value.as_id()?.to_owned())));
            return Ok(Pairs(texts.collect()));
        }
        let (_, boundary) = kind
            .strip_prefix("multipart/form-data")
            .and_then(|rest| rest.split_once("boundary="))
            .ok_or_else(unreadable)?;
        Ok(multipart(text, boundary.trim().trim_matches('"')))
    }
}

fn multipart(text: &str, boundary: &str) -> Pairs {
    let mut pairs = Pairs::default();
    for part in text.split(&format!("--{boundary}")) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let Some((_, rest)) = head.split_once("name=\"") else { continue };
        let Some((name, _)) = rest.split_once('"') else { continue };
        pairs.push(name, value.strip_suffix("\r\n").unwrap_or(value));
    }
    pairs
}

/// The members of the object that v1 writes wrap a record in.
pub(super) fn wrapped<'j>(body: &'j Json, wrapper: &str) -> Result<&'j Object, Refusal> {
    body.get(wrapper).and_then(Json::as_object).ok_or_else(|| Refusal::missing(wrapper))
}

/// An id that must stand in the body of a POST or PATCH: a number, or a text of digits.
pub(super) fn body_id<'j>(body: &'j Json, name: &str) -> Result<&'j str, Refusal> {
    let id = body.get(name).and_then(Json::as_id).filter(|id| !id.is_empty()).ok_or_else(|| Refusal::missing(name))?;
    if id.bytes().all(|b| b.is_ascii_digit()) {
        Ok(id)
    } else {
        Err(Refusal::bad_request(format!("{name} is invalid")))
    }
}
