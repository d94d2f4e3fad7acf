//! What can go wrong with a call to Procore, and what to do then.

use sync_core::ErrorKind;
use sync_core::error::Advice;
use sync_core::http::{ErrorClass, HttpError};

use crate::fault::Fault;
use crate::wire::BadRecord;

/// A failed call. The text says which call, what happened and what to do; it never holds a secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Procore answered, and refuses.
    #[error("{endpoint} failed with {fault}. {}", act(fault.status))]
    Fault {
        /// Method and path.
        endpoint: String,
        /// What Procore says.
        fault: Box<Fault>,
    },
    /// There is no usable answer, or no valid token.
    #[error("{endpoint}: {source}")]
    Http {
        /// Method and path.
        endpoint: String,
        /// Why.
        source: Box<HttpError>,
    },
    /// An answer that is cut off or is not what Procore documents.
    #[error(
        "{endpoint}, page {page}: {problem}. Nothing of it was used; try again, and report it to Procore if it stays"
    )]
    Body {
        /// Method and path.
        endpoint: String,
        /// Which page of the list, from 1.
        page: usize,
        /// What is wrong.
        problem: String,
        /// Procore's id of the request.
        request_id: Option<String>,
    },
    /// A record that everything else in the answer depends on cannot be read.
    #[error("{endpoint}: {record}")]
    Record {
        /// Method and path.
        endpoint: String,
        /// Which one and why.
        record: Box<BadRecord>,
    },
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(String),
}

/// What to do about a status that Procore documents
/// (<https://developers.procore.com/documentation/restful-api-error-codes>).
fn act(status: u16) -> &'static str {
    match status {
        401 => "Connect the company again",
        403 => {
            "Check in Procore that the app is installed in this company, that the project is permitted to it, that the \
             tool is switched on there and that the account may read it; or leave the project out of the sync"
        }
        404 => "It does not exist, or the account may not see it",
        409 => "Something else is changing the same record; try again later",
        400 | 405 | 406 | 422 => "Procore does not accept the request; report it with the request id",
        _ => "Report it with the request id",
    }
}

impl Error {
    /// The HTTP status behind the error, if an answer came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Fault { fault, .. } => Some(fault.status),
            Self::Http { source, .. } => source.status(),
            _ => None,
        }
    }

    /// For a write: may it have taken effect all the same? Then the next call must be a read.
    pub fn is_uncertain(&self) -> bool {
        match self {
            Self::Http { source, .. } => source.class() == ErrorClass::Uncertain,
            // It was answered with success, and the answer cannot be read.
            Self::Body { .. } | Self::Record { .. } => true,
            Self::Fault { .. } | Self::Configuration(_) => false,
        }
    }

    /// Procore's id of the request, to quote to its support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Fault { fault, .. } => fault.request_id.as_deref(),
            Self::Http { source, .. } => source.request_id(),
            Self::Body { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Fault { fault, .. } => match fault.status {
                401 | 403 => ErrorKind::NotAuthorised,
                404 => ErrorKind::NotFound,
                409 => ErrorKind::Unavailable,
                _ => ErrorKind::Refused,
            },
            Self::Http { source, .. } => match (source.class(), &**source) {
                (ErrorClass::Throttled { .. }, _) => ErrorKind::Throttled,
                (ErrorClass::Transient | ErrorClass::Uncertain, _) => ErrorKind::Unavailable,
                (ErrorClass::NeedsPerson | ErrorClass::TokenExpired, _) => ErrorKind::NotAuthorised,
                (_, HttpError::InvalidRequest { .. }) => ErrorKind::Configuration,
                (_, HttpError::Transport(_)) => ErrorKind::Configuration,
                _ => ErrorKind::Unreadable,
            },
            Self::Body { .. } | Self::Record { .. } => ErrorKind::Unreadable,
            Self::Configuration(_) => ErrorKind::Configuration,
        }
    }
}

impl From<Error> for sync_core::Error {
    fn from(error: Error) -> Self {
        let mut converted = Self::new(error.kind(), error.to_string());
        match &error {
            Error::Http { source, .. } if matches!(**source, HttpError::RetriesUsedUp { .. }) => {
                converted = converted.with_advice(Advice::RetriesUsedUp);
            }
            // A cut answer may be whole the next time.
            Error::Body { .. } => converted = converted.with_advice(Advice::Retry),
            Error::Record { .. } => converted = converted.with_advice(Advice::NeedsPerson),
            _ => {}
        }
        match error.request_id().map(str::to_owned) {
            Some(id) => converted.with_request_id(id),
            None => converted,
        }
    }
}
