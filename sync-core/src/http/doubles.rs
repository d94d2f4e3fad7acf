//! Stand-ins for the tests of this folder.
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{
    HttpError, MemoryTokenStore, Secret, Stored, TokenEndpoint, TokenSet, TokenStore, TokenStoreError, Transport,
    TransportError,
};
use crate::clock::{Clock, ManualClock};

pub(super) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_268_800, 0).unwrap()
}

pub(super) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(noon()))
}

/// An access token for an hour from noon, and a refresh token.
pub(super) fn tokens(access: &str, refresh: &str) -> TokenSet {
    TokenSet::new(Secret::from(access), noon() + TimeDelta::hours(1)).with_refresh(Secret::from(refresh), None)
}

/// The same, ended an hour before noon.
pub(super) fn ended(access: &str, refresh: &str) -> TokenSet {
    TokenSet { access_expires_at: noon() - TimeDelta::hours(1), ..tokens(access, refresh) }
}

pub(super) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
}

/// Answers in the order given; keeps what was sent.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) answers: Mutex<VecDeque<Result<Response<Bytes>, TransportError>>>,
    pub(super) sent: Mutex<Vec<Request<Bytes>>>,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Result<Response<Bytes>, TransportError>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), sent: Mutex::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.sent.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("an answer for every request")
    }
}

/// A vendor whose refresh tokens are good for one use: `r1` is exchanged for `a2` and `r2`, and so on.
#[derive(Debug)]
pub(super) struct Rotating {
    pub(super) clock: Arc<ManualClock>,
    pub(super) valid: AtomicU64,
    pub(super) calls: AtomicU32,
    /// What the next calls answer instead.
    pub(super) failures: Mutex<VecDeque<HttpError>>,
    /// Whether answers carry a refresh token.
    pub(super) rotates: bool,
    /// How long an answer takes on tokio's clock.
    pub(super) takes: Duration,
}

impl Rotating {
    pub(super) fn new(clock: &Arc<ManualClock>) -> Self {
        Self {
            clock: clock.clone(),
            valid: AtomicU64::new(1),
            calls: AtomicU32::new(0),
            failures: Mutex::default(),
            rotates: true,
            takes: Duration::ZERO,
        }
    }

    pub(super) fn fail_next(&self, error: HttpError) {
        self.failures.lock().unwrap().push_back(error);
    }

    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenEndpoint for Rotating {
    async fn refresh(&self, refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let failure = self.failures.lock().unwrap().pop_front();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let valid = self.valid.load(Ordering::SeqCst);
        if self.rotates && refresh.map(Secret::expose) != Some(format!("r{valid}").as_str()) {
            return Err(invalid_grant());
        }
        // Used up from here on, before the answer arrives.
        let next = self.valid.fetch_add(1, Ordering::SeqCst) + 1;
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        let ends = self.clock.now() + TimeDelta::hours(1);
        let set = TokenSet::new(Secret::new(format!("a{next}")), ends);
        Ok(if self.rotates { set.with_refresh(Secret::new(format!("r{next}")), None) } else { set })
    }

    fn needs_refresh_token(&self) -> bool {
        self.rotates
    }
}

pub(super) fn invalid_grant() -> HttpError {
    HttpError::GrantRefused { code: "invalid_grant".to_owned(), description: String::new() }
}

/// A store in memory that cannot lock, and whose next `failures` attempts to store fail.
#[derive(Debug)]
pub(super) struct FrailStore {
    pub(super) inner: MemoryTokenStore,
    pub(super) failures: AtomicU32,
}

#[async_trait]
impl TokenStore for FrailStore {
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        self.inner.load(connection).await
    }

    async fn store(&self, connection: &str, expected: u64, tokens: TokenSet) -> Result<Stored, TokenStoreError> {
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            let problem = "no space left on device".to_owned();
            return Err(TokenStoreError::Unavailable { connection: connection.to_owned(), action: "stored", problem });
        }
        self.inner.store(connection, expected, tokens).await
    }
}

/// Everything that is logged, in one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Logged(pub(super) Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Logged {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        let _ = write!(text, "\n{} {}", event.metadata().level(), event.metadata().target());
        event.record(&mut Fields(&mut text));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
