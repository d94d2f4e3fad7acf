//! What happened, to which document, and what to do now.

use std::fmt;

use crate::model::DocumentKey;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The vendor cannot be reached, or is out of order.
    Unavailable,
    /// Too many requests.
    Throttled,
    /// The connection must be authorised again by a person.
    NotAuthorised,
    /// What was asked for does not exist. Never used for a failed read.
    NotFound,
    /// An answer that does not have the documented shape.
    Unreadable,
    /// The vendor refuses the request for what it contains.
    Refused,
    /// What was asked for makes no sense as things stand.
    Invalid,
    /// The configuration or the mapping is wrong.
    Configuration,
    /// The journal failed.
    Journal,
    /// A fault of this program.
    Internal,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Trying again cannot help.
    NeverRetry,
    /// Try again later.
    Retry,
    /// It was tried again as often as is reasonable.
    RetriesUsedUp,
    /// A person must act first.
    NeedsPerson,
}

/// An error of a connector, the journal or the engine. One line for people in `Display`; never a secret.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    advice: Advice,
    text: String,
    document: Option<DocumentKey>,
    request_id: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error; the text says what happened and what to do.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        let advice = match kind {
            ErrorKind::Unavailable | ErrorKind::Throttled => Advice::Retry,
            ErrorKind::NotAuthorised | ErrorKind::Configuration => Advice::NeedsPerson,
            _ => Advice::NeverRetry,
        };
        Self { kind, advice, text: text.into(), document: None, request_id: None, source: None }
    }

    /// Sets what to do now, where the kind does not say it.
    #[must_use]
    pub fn with_advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    /// Names the document.
    #[must_use]
    pub fn with_document(mut self, document: DocumentKey) -> Self {
        self.document = Some(document);
        self
    }

    /// Names the vendor's id of the request, which its support asks for.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do now.
    pub fn advice(&self) -> Advice {
        self.advice
    }

    /// Does it concern what was asked for alone, so that all else can go on? A system that is out of reach, or a login
    /// that ended, concerns everything.
    pub(crate) fn is_of_one_place(&self) -> bool {
        use ErrorKind::{Invalid, NotFound, Refused, Unreadable};
        matches!(self.kind, NotFound | Unreadable | Refused | Invalid)
    }

    /// The document concerned.
    pub fn document(&self) -> Option<&DocumentKey> {
        self.document.as_ref()
    }

    /// The vendor's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = &self.document {
            write!(f, "{document}: ")?;
        }
        f.write_str(&self.text)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
