//! The network between the machine and the vendors: it loses, delays, doubles, and lets requests arrive that the client
//! has given up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use sync_core::http::{Transport, TransportError};
use sync_sandboxes::json::Json;

use super::people;
use super::watch;
use super::world::{Rates, Side, World, lock};

/// The client waits this long for an answer.
const PATIENCE_S: u64 = 30;
/// QuickBooks works a request for at most 120 seconds; what is older is dropped.
const LATEST_S: u64 = 118;

/// The wire of one worker process.
pub(crate) struct Wire {
    world: Arc<World>,
    worker: usize,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", self.worker)
    }
}

impl Wire {
    pub(crate) fn new(world: &Arc<World>, worker: usize) -> Self {
        Self { world: Arc::clone(world), worker }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Well,
    RefusedConnection,
    LostRequest,
    LostAnswer,
    Late,
    Doubled,
    Status(u16),
    FailedAfter,
    Truncated,
    Retyped,
}

/// A request, kept so that it can arrive more than once.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) side: Side,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Letter {
    fn of(request: Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        let side = match parts.uri.host() {
            Some("procore.test") => Side::Procore,
            _ => Side::QuickBooks,
        };
        Self {
            side,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
        }
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        let target = if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        if let Ok(uri) = target.parse() {
            *request.uri_mut() = uri;
        }
        *request.headers_mut() = self.headers.clone();
        request
    }

    pub(crate) fn is_token(&self) -> bool {
        self.path.contains("/oauth")
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let world = &self.world;
        let letter = Letter::of(request);
        watch::leaves(world, self.worker, &letter);
        let _renewal = letter.is_token().then(|| Renewal::begins(world, letter.side));
        let (fate, there, back, dice) = self.fate(&letter);
        if fate == Fate::RefusedConnection {
            world.time.sleep(Duration::from_millis(there)).await;
            self.tell(&letter, "connection refused");
            return Err(TransportError::not_sent("the connection was refused"));
        }
        let started = world.time.now();
        world.time.sleep(Duration::from_millis(there)).await;
        let too_old = world.time.now() - started > TimeDelta::seconds(LATEST_S as i64);
        if fate == Fate::LostRequest || too_old {
            self.tell(&letter, "lost on the way there");
            world.time.sleep(Duration::from_secs(PATIENCE_S)).await;
            return Err(TransportError::uncertain("no answer in time"));
        }
        if fate == Fate::Late {
            let later = 1 + dice % LATEST_S;
            self.tell(&letter, &format!("is held up for {later} s"));
            let (world, letter, worker) = (Arc::clone(world), letter.clone(), self.worker);
            let job = async move {
                let sent = world.time.now();
                world.time.sleep(Duration::from_secs(later)).await;
                if world.time.now() - sent <= TimeDelta::seconds(LATEST_S as i64) {
                    arrive(&world, worker, &letter, "arrives late", false);
                }
            };
            self.world.spawn(Box::pin(job));
            self.world.time.sleep(Duration::from_secs(PATIENCE_S.min(later))).await;
            return Err(TransportError::uncertain("no answer in time"));
        }
        let mut response = match fate {
            Fate::Status(status) => failure(status, dice),
            _ => arrive(world, self.worker, &letter, "", matches!(fate, Fate::Well | Fate::Doubled)),
        };
        match fate {
            Fate::Doubled => {
                arrive(world, self.worker, &letter, "arrives again", false);
            }
            Fate::FailedAfter => response = failure(500, dice),
            Fate::Truncated => {
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
            }
            Fate::Retyped => {
                let body = retyped(response.body(), dice);
                *response.body_mut() = body;
            }
            _ => {}
        }
        if !matches!(fate, Fate::Well | Fate::Doubled) {
            self.tell(&letter, &format!("{fate:?}"));
        }
        world.time.sleep(Duration::from_millis(back)).await;
        if fate == Fate::LostAnswer {
            world.time.sleep(Duration::from_secs(PATIENCE_S)).await;
            return Err(TransportError::uncertain("no answer in time"));
        }
        Ok(response)
    }
}

/// A process asks for new tokens. Where another does so at the same time, one of them ends with tokens that are void.
struct Renewal<'w> {
    world: &'w World,
    side: Side,
}

impl<'w> Renewal<'w> {
    fn begins(world: &'w World, side: Side) -> Self {
        let mut state = world.state();
        let renewing = &mut state.tokens.entry(side).or_default().renewing;
        *renewing += 1;
        if *renewing > 1 {
            *state.counts.entry("token rotation race").or_default() += 1;
        }
        Self { world, side }
    }
}

impl Drop for Renewal<'_> {
    fn drop(&mut self) {
        self.world.state().tokens.entry(self.side).or_default().renewing -= 1;
    }
}

impl Wire {
    fn tell(&self, letter: &Letter, what: &str) {
        let about = watch::about(&self.world, letter);
        let text = format!("worker {}: {} {} {what}", self.worker, letter.method, letter.path);
        self.world.note("network", about.as_deref(), &text);
    }

    /// What becomes of the request, the milliseconds there and back, and a number for whoever needs one.
    fn fate(&self, letter: &Letter) -> (Fate, u64, u64, u64) {
        let now = self.world.time.now();
        let mut state = self.world.state();
        state.requests += 1;
        let dice = &mut state.dice.network;
        let (roll, slow, there, back, number) =
            (dice.below(1000), dice.below(1000), 20 + dice.below(180), 20 + dice.below(180), dice.draw());
        let rates = state.rates;
        if let Some(storm) = state.storm
            && storm.side == letter.side
            && storm.until > now
            && !letter.is_token()
        {
            *state.counts.entry(if storm.status == 429 { "429" } else { "5xx" }).or_default() += 1;
            return (Fate::Status(storm.status), there, back, number);
        }
        let slow = slow < rates.slow;
        let there = if slow { there + number % 20_000 } else { there };
        let Some((name, fate)) = pick(&rates, roll) else {
            if slow {
                *state.counts.entry("delay").or_default() += 1;
            }
            return (Fate::Well, there, back, number);
        };
        *state.counts.entry(name).or_default() += 1;
        (fate, there, back, number)
    }
}

fn pick(rates: &Rates, roll: u64) -> Option<(&'static str, Fate)> {
    let kinds = [
        (rates.lost_request, "lost request", Fate::LostRequest),
        (rates.refused_connection, "refused connection", Fate::RefusedConnection),
        (rates.lost_answer, "lost answer", Fate::LostAnswer),
        (rates.late, "request given up that arrives late", Fate::Late),
        (rates.doubled, "doubled request", Fate::Doubled),
        (rates.throttled, "429", Fate::Status(429)),
        (rates.failed_before, "5xx", Fate::Status(500)),
        (rates.overloaded, "5xx", Fate::Status(503)),
        (rates.failed_after, "5xx after acting", Fate::FailedAfter),
        (rates.truncated, "truncated answer", Fate::Truncated),
        (rates.retyped, "value of another type", Fate::Retyped),
    ];
    let mut end = 0;
    kinds.into_iter().find_map(|(rate, name, fate)| {
        end += rate;
        (roll < end).then_some((name, fate))
    })
}

/// The vendor gets the request, and answers.
fn arrive(world: &Arc<World>, worker: usize, letter: &Letter, how: &str, delivered: bool) -> Response<Bytes> {
    let now = world.time.now();
    let meddle = {
        let mut state = world.state();
        let rate = state.rates.meddle;
        (rate > 0 && state.dice.people.below(1000) < rate, state.dice.people.below(2) == 0)
    };
    if meddle == (true, true) {
        people::meddle(world);
    }
    let response = match letter.side {
        Side::Procore => lock(&world.procore).answer(now, letter.request()),
        Side::QuickBooks => lock(&world.quickbooks).answer(now, letter.request()),
    };
    watch::answered(world, worker, letter, &response, how, delivered);
    if meddle == (true, false) {
        people::meddle(world);
    }
    response
}

fn failure(status: u16, dice: u64) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from_static(br#"{"errors":"not now"}"#));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status != 500 && dice.is_multiple_of(2) {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    answer
}

/// The body with one scalar wrapped into an object.
fn retyped(body: &Bytes, dice: u64) -> Bytes {
    fn scalars(json: &Json) -> u64 {
        match json {
            Json::Array(items) => items.iter().map(scalars).sum(),
            Json::Object(members) => members.values().map(scalars).sum(),
            _ => 1,
        }
    }
    fn wrap(json: &mut Json, left: &mut u64) -> bool {
        match json {
            Json::Array(items) => items.iter_mut().any(|item| wrap(item, left)),
            Json::Object(members) => members.values_mut().any(|value| wrap(value, left)),
            scalar if *left == 0 => {
                *scalar = sync_sandboxes::json::object([("value", std::mem::take(scalar))]);
                true
            }
            _ => {
                *left -= 1;
                false
            }
        }
    }
    let Ok(mut json) = Json::parse(body) else { return body.clone() };
    let mut left = dice.checked_rem(scalars(&json)).unwrap_or(0);
    wrap(&mut json, &mut left);
    Bytes::from(json.to_string())
}
