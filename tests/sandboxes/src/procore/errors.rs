//! Refusals, in every body shape that Procore's API is known to answer with.
//!
//! Source: <https://developers.procore.com/documentation/errors> and the reference pages of single endpoints.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::json::{Json, Object, object};

/// Why a request is not served.
#[derive(Debug)]
pub(super) enum Refusal {
    /// `{"errors":{"field":["message"]}}`
    Fields(StatusCode, Vec<(String, String)>),
    /// `{"errors":["message"]}`
    List(StatusCode, String),
    /// `{"errors":"message"}`
    Text(StatusCode, String),
    /// `{"error":{"code","message","details":[{"reason_code","message"}]}}`
    Coded(StatusCode, &'static str, String),
    /// `{"message":"…"}`
    Message(StatusCode, String),
    /// `{"error":"…","error_description":"…"}`
    OAuth(StatusCode, &'static str, &'static str),
}

impl Refusal {
    pub(super) fn not_found() -> Self {
        Self::Text(StatusCode::NOT_FOUND, "Not Found".to_owned())
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::List(StatusCode::BAD_REQUEST, message.into())
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::bad_request(format!("param is missing or the value is empty: {parameter}"))
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::List(StatusCode::FORBIDDEN, message.into())
    }

    pub(super) fn invalid(field: &str, message: &str) -> Self {
        Self::Fields(StatusCode::UNPROCESSABLE_ENTITY, vec![(field.to_owned(), message.to_owned())])
    }

    pub(super) fn locked() -> Self {
        Self::invalid("base", "This record is synced with an ERP system and is locked")
    }

    pub(super) fn unknown_member(member: &str) -> Self {
        Self::List(StatusCode::NOT_ACCEPTABLE, format!("Unknown attribute: {member}"))
    }

    /// The one shape that v2 answers with.
    pub(super) fn uniform(self) -> Self {
        match self {
            Self::Fields(status, fields) => {
                let texts: Vec<String> = fields.into_iter().map(|(field, text)| format!("{field} {text}")).collect();
                Self::Coded(status, "INVALID_PROPERTY", texts.join("; "))
            }
            Self::List(status, text) | Self::Text(status, text) => {
                let reason = if status == StatusCode::NOT_FOUND { "RECORD_NOT_FOUND" } else { "INVALID_REQUEST" };
                Self::Coded(status, reason, text)
            }
            other => other,
        }
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let (status, body) = match self {
            Self::Fields(status, fields) => {
                let mut errors = Object::new();
                for (field, message) in fields {
                    errors.insert(field, vec![message.into()].into());
                }
                (status, object([("errors", errors.into())]))
            }
            Self::List(status, message) => (status, object([("errors", vec![message.into()].into())])),
            Self::Text(status, message) => (status, object([("errors", message.into())])),
            Self::Coded(status, reason, message) => {
                let code = status.canonical_reason().unwrap_or("Error");
                let detail = object([("reason_code", reason.into()), ("message", message.into())]);
                let error = object([
                    ("code", code.to_uppercase().replace(' ', "_").into()),
                    ("message", code.into()),
                    ("details", vec![detail].into()),
                ]);
                (status, object([("error", error)]))
            }
            Self::Message(status, message) => (status, object([("message", message.into())])),
            Self::OAuth(status, error, description) => {
                (status, object([("error", error.into()), ("error_description", description.into())]))
            }
        };
        json_response(status, &body)
    }
}

pub(super) fn json_response(status: StatusCode, body: &Json) -> Response<Bytes> {
    text_response(status, body.to_string())
}

/// An answer whose body is JSON text already.
pub(super) fn text_response(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}
