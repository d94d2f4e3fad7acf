//! The seam between the clients and the network.
use std::fmt::{self, Debug};

use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;

use super::redact::redact;

/// Sends one request and returns the whole answer. No retries, no redirects, no tokens: those live above.
///
/// Implementations: [`ReqwestTransport`](super::ReqwestTransport) for the network; a recorder, a simulator or a
/// hand-written fake in tests. The request's URI is absolute.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Sends `request` and reads the answer to its end.
    ///
    /// # Errors
    /// [`TransportError`] when there is no whole answer; its kind says whether the request can have taken effect. Any
    /// status code, also 500, is an answer and not an error.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;

    /// The same, for an answer of at most `max_body` bytes: nothing beyond them is read, where the way allows it.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`TransportErrorKind::TooLarge`].
    async fn send_within(&self, request: Request<Bytes>, max_body: usize) -> Result<Response<Bytes>, TransportError> {
        let answer = self.send(request).await?;
        if answer.body().len() > max_body { Err(TransportError::too_large(max_body)) } else { Ok(answer) }
    }
}

/// What is known about a request that got no whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// It certainly did not reach the server: name not resolved, connection refused, TLS failed. Safe to send again.
    NotSent,
    /// It was sent, or may have been, and the answer is missing or cut: timeout, reset. A write must be looked up.
    Uncertain,
    /// The server answered with more bytes than the cap; a write has taken effect or not, as for `Uncertain`.
    TooLarge,
    /// It can never be sent as it is: not a URL, plain `http` to a host that is not this machine. Nothing was sent.
    Invalid,
}

/// No whole answer to a request. The text carries no secret and no URL query.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TransportError {
    kind: TransportErrorKind,
    text: String,
}

impl TransportError {
    /// An error of this kind. `text` says what happened and, where possible, what to do; it is redacted here.
    #[must_use]
    pub fn new(kind: TransportErrorKind, text: &str) -> Self {
        Self { kind, text: redact(text) }
    }

    /// The request certainly did not reach the server.
    #[must_use]
    pub fn not_sent(text: &str) -> Self {
        Self::new(TransportErrorKind::NotSent, text)
    }

    /// The request may have reached the server.
    #[must_use]
    pub fn uncertain(text: &str) -> Self {
        Self::new(TransportErrorKind::Uncertain, text)
    }

    /// The answer passed the cap of `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let text = format!("the answer is larger than {limit} bytes; ask for a smaller page or raise the cap");
        Self::new(TransportErrorKind::TooLarge, &text)
    }

    /// The request cannot be sent as it is.
    #[must_use]
    pub fn invalid(text: &str) -> Self {
        Self::new(TransportErrorKind::Invalid, text)
    }

    /// What is known about the request.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// What happened, redacted.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportError({:?}: {})", self.kind, self.text)
    }
}
