//! What the tests of this crate share: a scripted network, a double behind a transport, documents.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod company;
pub mod documents;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use quickbooks_online::{Config, Environment, QuickBooks};
use sync_core::clock::{ManualClock, SeededRandom};
use sync_core::http::{
    HttpError, MemoryTokenStore, RetryPolicy, Secret, TokenEndpoint, TokenManager, TokenSet, Transport, TransportError,
};

pub const REALM: &str = "9341000000000001";
pub const CANARY: &str = "canary-access-token";

pub fn noon() -> DateTime<Utc> {
    "2026-03-10T20:00:00Z".parse().unwrap()
}

/// What the network does next.
#[derive(Clone, Debug)]
pub enum Next {
    Answer(u16, &'static str, String),
    NotSent,
    Lost,
}

pub fn ok(body: impl Into<String>) -> Next {
    Next::Answer(200, "application/json", body.into())
}

pub fn status(status: u16, body: impl Into<String>) -> Next {
    Next::Answer(status, "application/json", body.into())
}

/// A network that answers as it is told, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Script {
    next: Mutex<VecDeque<Next>>,
    seen: Mutex<Vec<(String, String, String)>>,
}

impl Script {
    pub fn new(next: impl IntoIterator<Item = Next>) -> Arc<Self> {
        Arc::new(Self { next: Mutex::new(next.into_iter().collect()), seen: Mutex::default() })
    }

    pub fn then(&self, next: Next) {
        self.next.lock().unwrap().push_back(next);
    }

    /// Method, path with query, body of each request.
    pub fn seen(&self) -> Vec<(String, String, String)> {
        self.seen.lock().unwrap().clone()
    }

    pub fn body(&self, index: usize) -> String {
        self.seen()[index].2.clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path_and_query().unwrap().to_string();
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        self.seen.lock().unwrap().push((request.method().to_string(), path, body));
        let next = self.next.lock().unwrap().pop_front();
        match next.expect("an unexpected request") {
            Next::Answer(status, kind, body) => {
                let answer =
                    Response::builder().status(status).header("content-type", kind).header("intuit_tid", "1-tid");
                Ok(answer.body(Bytes::from(body)).unwrap())
            }
            Next::NotSent => Err(TransportError::not_sent("no connection to the server")),
            Next::Lost => Err(TransportError::uncertain("the answer did not arrive")),
        }
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

pub fn tokens(access: &str, clock: &Arc<ManualClock>) -> Arc<TokenManager> {
    let set = TokenSet::new(access.into(), noon() + chrono::TimeDelta::days(365)).with_refresh("refresh".into(), None);
    let store = Arc::new(MemoryTokenStore::holding(REALM, set));
    Arc::new(TokenManager::new(REALM, store, Arc::new(NoEndpoint), clock.clone()))
}

pub fn client_with(transport: Arc<dyn Transport>, access: &str, clock: &Arc<ManualClock>, page: u32) -> QuickBooks {
    let mut config = Config::new(Environment::local("http://127.0.0.1:9"), REALM);
    config.page = page;
    config.retry = RetryPolicy::never();
    let random = Arc::new(SeededRandom::new(1));
    QuickBooks::new(config, transport, tokens(access, clock), clock.clone(), random, None).unwrap()
}

/// A client on a scripted network; nothing is repeated.
pub fn client(script: &Arc<Script>) -> QuickBooks {
    client_with(script.clone(), CANARY, &Arc::new(ManualClock::new(noon())), 1000)
}
