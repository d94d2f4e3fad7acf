//! What can go wrong between a connector and its vendor.
use std::time::Duration;

use super::retry::ErrorClass;
use super::token::TokenStoreError;
use super::transport::{TransportError, TransportErrorKind};

/// Why there is no usable answer. Texts are redacted, name the document or connection where one is known, and say what
/// to do; [`class`](Self::class) says what a program may do.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No whole answer came back.
    #[error("{0}")]
    Transport(#[from] TransportError),

    /// The server answered with a status that is an error at this level (401, 408, 429, 5xx).
    #[error("the server answered {status}{}: {summary}", request_id_text(.request_id))]
    Status {
        /// HTTP status code.
        status: u16,
        /// The vendor's id of this request, to quote to its support.
        request_id: Option<String>,
        /// How long the server asked to wait, from `Retry-After` or its rate-limit headers.
        retry_after: Option<Duration>,
        /// The start of the body, redacted, at most 500 characters.
        summary: String,
    },

    /// An answer came but is not what the vendor documents.
    #[error("{what} could not be read at {at}: {problem}")]
    Decode {
        /// What was being read, such as `bill 1234`.
        what: String,
        /// Where: a field path, or line and column.
        at: String,
        /// What is wrong there.
        problem: String,
    },

    /// The connection's authorisation is gone; a person must connect it again.
    #[error("connection {connection} is not authorised any more: {problem}. {act}")]
    NeedsReconnect {
        /// The connection, as the token store knows it.
        connection: String,
        /// What happened.
        problem: String,
        /// What the person has to do.
        act: String,
    },

    /// The token endpoint refused the grant (RFC 6749 section 5.2). The [`TokenManager`](super::TokenManager) turns
    /// this into a newer token or into [`NeedsReconnect`](Self::NeedsReconnect).
    #[error("the token endpoint refused the request: {code}{}", description_text(.description))]
    GrantRefused {
        /// The `error` code, such as `invalid_grant`.
        code: String,
        /// The `error_description`, redacted; empty when absent.
        description: String,
    },

    /// The token endpoint's answer is not a token answer.
    #[error("the token endpoint's answer cannot be used: {problem}")]
    TokenAnswer {
        /// What is wrong and what to do; never the body itself.
        problem: String,
    },

    /// No access token could be had for the moment; the API was not called and the stored tokens are untouched.
    #[error("no access token for connection {connection} at present, nothing was sent to the API: {last}")]
    TokenUnavailable {
        /// The connection.
        connection: String,
        /// What the token endpoint said.
        last: Box<HttpError>,
    },

    /// The token store failed; the API was not called.
    #[error("{0}")]
    TokenStore(#[from] TokenStoreError),

    /// The answer to a read is larger than the cap.
    #[error("the answer is larger than the cap of the transport: ask for a smaller page or raise the cap")]
    BodyTooLarge,

    /// A list's `next` link leads back to a page that was already read.
    #[error("page {page} of {path} was already read: the list would never end. Report this to the vendor")]
    PageLoop {
        /// The path of the list, without query.
        path: String,
        /// The number of the page whose link leads back, from 1.
        page: u32,
    },

    /// A list's `next` link leads to another host; it was not followed, since the token would go there.
    #[error("the next page of {path} is on another host ({host}); it was not followed")]
    PageLeavesHost {
        /// The path of the list, without query.
        path: String,
        /// The host that the link names.
        host: String,
    },

    /// The request could not be built; a mistake in the program or its configuration. Nothing was sent.
    #[error("the request cannot be sent: {problem}")]
    InvalidRequest {
        /// What is wrong with it.
        problem: String,
    },

    /// The published limits leave no room for longer than a call may take; nothing was sent.
    #[error("the vendor's limits leave no room for another {} s; try again then", .wait.as_secs())]
    LimitReached {
        /// Until there is room.
        wait: Duration,
    },

    /// All attempts failed in ways that deserved another.
    #[error("gave up after {attempts} attempts: {last}")]
    RetriesUsedUp {
        /// How often it was tried.
        attempts: u32,
        /// The last failure.
        last: Box<HttpError>,
    },
}

fn request_id_text(request_id: &Option<String>) -> String {
    request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default()
}

fn description_text(description: &str) -> String {
    if description.is_empty() { String::new() } else { format!(" ({description})") }
}

impl HttpError {
    /// What a program may do about it. For a write, [`ErrorClass::Uncertain`] means: look before you send again.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Transport(error) => match error.kind() {
                TransportErrorKind::NotSent => ErrorClass::Transient,
                TransportErrorKind::Uncertain | TransportErrorKind::TooLarge => ErrorClass::Uncertain,
                TransportErrorKind::Invalid => ErrorClass::Never,
            },
            Self::Status { status, retry_after, .. } => match (*status, *retry_after) {
                (401, _) => ErrorClass::TokenExpired,
                (429, retry_after) => ErrorClass::Throttled { retry_after },
                // RFC 9110 15.6.4: the server names a time only when it turned the request away for load.
                (503, Some(wait)) => ErrorClass::Throttled { retry_after: Some(wait) },
                // The server may have failed before, during or after the work.
                (408 | 500.., _) => ErrorClass::Uncertain,
                _ => ErrorClass::Never,
            },
            Self::NeedsReconnect { .. } | Self::GrantRefused { .. } | Self::TokenAnswer { .. } => {
                ErrorClass::NeedsPerson
            }
            // The API call itself was not made, so even an uncertain refresh leaves it safe to try again.
            Self::TokenUnavailable { last, .. } => match last.class() {
                ErrorClass::Throttled { retry_after } => ErrorClass::Throttled { retry_after },
                _ => ErrorClass::Transient,
            },
            Self::TokenStore(error) if error.is_transient() => ErrorClass::Transient,
            Self::TokenStore(_) => ErrorClass::NeedsPerson,
            Self::LimitReached { wait } => ErrorClass::Throttled { retry_after: Some(*wait) },
            Self::RetriesUsedUp { last, .. } => last.class(),
            // An answer came, so a write has probably happened: it must be looked up, not counted as refused.
            Self::Decode { .. } => ErrorClass::Uncertain,
            Self::BodyTooLarge | Self::PageLoop { .. } | Self::PageLeavesHost { .. } | Self::InvalidRequest { .. } => {
                ErrorClass::Never
            }
        }
    }

    /// The HTTP status behind this error, if an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::RetriesUsedUp { last, .. } => last.status(),
            _ => None,
        }
    }

    /// The vendor's id of the failed request, to quote to its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Status { request_id, .. } => request_id.as_deref(),
            Self::RetriesUsedUp { last, .. } | Self::TokenUnavailable { last, .. } => last.request_id(),
            _ => None,
        }
    }
}
