//! Transports that answer without a network: from a script, and from the double of Procore.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, StatusCode};
use sync_core::clock::{Clock, ManualClock, SeededRandom};
use sync_core::http::{HttpError, TokenEndpoint};
use sync_core::http::{MemoryTokenStore, Pace, Secret, TokenManager, TokenSet, Transport, TransportError};

use crate::{Config, Procore};

pub(crate) const COMPANY: &str = "598134325700011";
/// Occurs in every secret of these tests, so that one search finds any of them.
pub(crate) const CANARY: &str = "CANARY";

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_884_800, 0).unwrap()
}

/// One answer, for the first request that matches.
struct Scripted {
    path: String,
    query: Vec<String>,
    once: bool,
    used: bool,
    answer: Response<Bytes>,
}

/// Answers from a script; what the script does not hold is 404.
#[derive(Default)]
pub(crate) struct Script {
    scripted: Mutex<Vec<Scripted>>,
    seen: Mutex<Vec<(String, http::HeaderMap)>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    /// Answers 200 with this body.
    pub(crate) fn on(self, path: &str, body: &str) -> Self {
        self.answer(path, &[], 200, &[], body)
    }

    /// Answers a request whose decoded query has all of these parts.
    pub(crate) fn answer(
        self,
        path: &str,
        query: &[&str],
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Self {
        self.add(path, query, status, headers, body, false)
    }

    /// The same, for one request only.
    pub(crate) fn once(self, path: &str, status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        self.add(path, &[], status, headers, body, true)
    }

    fn add(
        self,
        path: &str,
        query: &[&str],
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
        once: bool,
    ) -> Self {
        let mut answer = Response::new(Bytes::from(body.to_owned()));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            answer.headers_mut().append(*name, value.parse().unwrap());
        }
        let query = query.iter().map(|part| (*part).to_owned()).collect();
        let scripted = Scripted { path: path.to_owned(), query, once, used: false, answer };
        self.scripted.lock().unwrap().push(scripted);
        self
    }

    /// Paths with decoded queries, in the order asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }

    /// The headers of the requests for a path.
    pub(crate) fn headers(&self, path: &str) -> Vec<http::HeaderMap> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(asked, _)| asked.split('?').next() == Some(path)).map(|(_, h)| h.clone()).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let query = request.uri().query().unwrap_or_default();
        let query = percent_encoding::percent_decode_str(query).decode_utf8_lossy().into_owned();
        let path = request.uri().path().to_owned();
        let asked = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
        self.seen.lock().unwrap().push((asked, request.headers().clone()));
        let mut scripted = self.scripted.lock().unwrap();
        let parts: Vec<&str> = query.split('&').collect();
        let matching = scripted.iter_mut().find(|s| {
            s.path == path && !(s.once && s.used) && s.query.iter().all(|part| parts.contains(&part.as_str()))
        });
        if let Some(scripted) = matching {
            scripted.used = true;
            return Ok(scripted.answer.clone());
        }
        let mut answer = Response::new(Bytes::from_static(br#"{"errors":"Not Found"}"#));
        *answer.status_mut() = StatusCode::NOT_FOUND;
        Ok(answer)
    }
}

/// The double of Procore, asked directly.
pub(crate) struct Sandbox {
    pub(crate) procore: Mutex<sync_sandboxes::procore::Procore>,
    pub(crate) clock: Arc<ManualClock>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sandbox")
    }
}

#[async_trait]
impl Transport for Sandbox {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Ok(self.procore.lock().unwrap().answer(self.clock.now(), request))
    }
}

/// Never asked: the tokens of these tests do not end.
#[derive(Debug)]
struct NoLogin;

#[async_trait]
impl TokenEndpoint for NoLogin {
    async fn refresh(&self, _refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        Err(HttpError::GrantRefused { code: "invalid_grant".to_owned(), description: String::new() })
    }
}

/// A client over a transport, with a token that does not end.
pub(crate) fn client(transport: Arc<dyn Transport>, clock: Arc<ManualClock>, access: &str, config: Config) -> Procore {
    let tokens = TokenSet::new(Secret::new(access), noon() + TimeDelta::days(3650))
        .with_refresh(Secret::new(format!("{CANARY}-refresh")), None);
    let store = Arc::new(MemoryTokenStore::holding("main", tokens));
    let tokens = Arc::new(TokenManager::new("main", store, Arc::new(NoLogin), clock.clone()));
    let pace = Pace::unlimited(clock.clone());
    Procore::new(config, transport, tokens, pace, clock, Arc::new(SeededRandom::new(7))).unwrap()
}

/// A client over a script.
pub(crate) fn scripted(script: Script) -> (Arc<Script>, Procore) {
    let script = Arc::new(script);
    let clock = Arc::new(ManualClock::new(noon()));
    let access = format!("{CANARY}-access");
    let procore = client(script.clone(), clock, &access, Config::new(COMPANY));
    (script, procore)
}

/// The double between two faults: an answer that never arrives although the request did, and an answer of one's own.
pub(crate) struct Meddler {
    pub(crate) sandbox: Sandbox,
    /// The answers to these requests (method, part of the path) are lost, each entry once.
    pub(crate) lost: Mutex<Vec<(&'static str, &'static str)>>,
    /// Requests for these paths (by their end) are answered with this body instead.
    pub(crate) instead: Mutex<Vec<(&'static str, u16, String)>>,
}

impl std::fmt::Debug for Meddler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meddler")
    }
}

#[async_trait]
impl Transport for Meddler {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        if let Some((_, status, body)) = self.instead.lock().unwrap().iter().find(|(end, ..)| path.ends_with(end)) {
            let mut answer = Response::new(Bytes::from(body.clone()));
            *answer.status_mut() = StatusCode::from_u16(*status).unwrap();
            return Ok(answer);
        }
        let answer = self.sandbox.send(request).await?;
        let mut lost = self.lost.lock().unwrap();
        match lost.iter().position(|(verb, part)| *verb == method && path.contains(part)) {
            Some(at) => {
                lost.remove(at);
                Err(TransportError::uncertain("the connection was closed"))
            }
            None => Ok(answer),
        }
    }
}

impl Meddler {
    /// A double of a company with these files, and a client of it.
    pub(crate) fn with(files: &[(&str, &str)]) -> (Arc<Self>, Arc<Procore>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("procore")).unwrap();
        for (name, json) in files {
            std::fs::write(dir.path().join("procore").join(format!("{name}.json")), json).unwrap();
        }
        let book = sync_sandboxes::book::Book::load(dir.path()).unwrap();
        let clock = Arc::new(ManualClock::new(noon()));
        let config = sync_sandboxes::procore::ProcoreConfig { token_life: 1_000_000, ..Default::default() };
        let mut double = sync_sandboxes::procore::Procore::from_book(&book, config);
        let (access, _) = double.grant(clock.now());
        let sandbox = Sandbox { procore: Mutex::new(double), clock: clock.clone() };
        let meddler = Arc::new(Self { sandbox, lost: Mutex::default(), instead: Mutex::default() });
        let procore = Arc::new(client(meddler.clone(), clock, &access, Config::new(COMPANY)));
        (meddler, procore)
    }

    /// Everything that was written: method, path, query and body. Each must be one that the crate says it can write, with
    /// no member beyond.
    pub(crate) fn written(&self) -> Vec<sync_sandboxes::procore::LoggedRequest> {
        let double = self.sandbox.procore.lock().unwrap();
        let written: Vec<_> = double.log().iter().filter(|request| request.method != "GET").cloned().collect();
        for request in &written {
            let known = crate::actuals::WritePath::of(&request.method, &request.path);
            let known = known.unwrap_or_else(|| panic!("{} {} is not to be written", request.method, request.path));
            if request.body.is_empty() {
                continue;
            }
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let records = match (known.wrapper, &body) {
                (Some(wrapper), body) => vec![&body[wrapper]],
                (None, serde_json::Value::Array(records)) => records.iter().collect(),
                (None, record) => vec![record],
            };
            for member in records.iter().flat_map(|record| record.as_object().unwrap().keys()) {
                assert!(known.members.contains(&member.as_str()), "{} {}: {member}", request.method, request.path);
            }
        }
        written
    }
}
