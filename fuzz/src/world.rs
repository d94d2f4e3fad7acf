//! A network that answers with the input, and clients on it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use procore_client::Procore;
use quickbooks_online::{Environment, QuickBooks};
use sync_core::clock::{ManualClock, SeededRandom};
use sync_core::http::{
    HttpError, MemoryTokenStore, Pace, RetryPolicy, Secret, TokenEndpoint, TokenManager, TokenSet, Transport,
    TransportError,
};

/// The Procore company of the clients.
pub const COMPANY: &str = "598134325700011";
/// The QuickBooks company of the clients.
pub const REALM: &str = "9341000000000001";

/// A fixed instant.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_884_800, 0).unwrap_or_default()
}

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Gives the same answer to every request; after `left` of them, an empty list, so that every walk ends.
#[derive(Debug)]
pub struct Echo {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    left: AtomicUsize,
}

impl Echo {
    /// An answer for the first `left` requests. Headers that cannot be sent are left out.
    pub fn new(status: StatusCode, headers: &[(&'static str, &[u8])], body: &[u8], left: usize) -> Arc<Self> {
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?)))
            .collect();
        Arc::new(Self { status, headers, body: Bytes::copy_from_slice(body), left: AtomicUsize::new(left) })
    }
}

#[async_trait]
impl Transport for Echo {
    async fn send(&self, _request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() {
            return Ok(Response::new(Bytes::from_static(b"[]")));
        }
        let mut answer = Response::new(self.body.clone());
        *answer.status_mut() = self.status;
        answer.headers_mut().extend(self.headers.iter().cloned());
        Ok(answer)
    }
}

#[derive(Debug)]
struct NoEndpoint;

#[async_trait]
impl TokenEndpoint for NoEndpoint {
    async fn refresh(&self, _refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        Err(HttpError::GrantRefused { code: "invalid_grant".into(), description: String::new() })
    }
}

fn tokens(name: &str, clock: &Arc<ManualClock>) -> Arc<TokenManager> {
    let set = TokenSet::new("access".into(), noon() + TimeDelta::days(3650)).with_refresh("refresh".into(), None);
    let store = Arc::new(MemoryTokenStore::holding(name, set));
    Arc::new(TokenManager::new(name, store, Arc::new(NoEndpoint), clock.clone()))
}

/// A client of Procore that repeats nothing.
pub fn procore(transport: Arc<dyn Transport>) -> Procore {
    let clock = Arc::new(ManualClock::new(noon()));
    let hosts = procore_client::auth::Environment::Hosts {
        login: "http://127.0.0.1:9".to_owned(),
        api: "http://127.0.0.1:9".to_owned(),
    };
    let config = procore_client::Config::new(COMPANY).with_environment(hosts).with_retry(RetryPolicy::never());
    let pace = Pace::unlimited(clock.clone());
    let random = Arc::new(SeededRandom::new(1));
    Procore::new(config, transport, tokens("procore", &clock), pace, clock, random).expect("a client")
}

/// A client of QuickBooks Online that repeats nothing.
pub fn quickbooks(transport: Arc<dyn Transport>) -> QuickBooks {
    let clock = Arc::new(ManualClock::new(noon()));
    let mut config = quickbooks_online::Config::new(Environment::local("http://127.0.0.1:9"), REALM);
    config.retry = RetryPolicy::never();
    let random = Arc::new(SeededRandom::new(1));
    QuickBooks::new(config, transport, tokens("quickbooks", &clock), clock, random, None).expect("a client")
}
