//! The way from a client to a double without a socket.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use sync_core::clock::{Clock, ManualClock};
use sync_core::http::{Transport, TransportError};
use sync_sandboxes::faults::Faults;
use sync_sandboxes::server::Double;

use super::lock;

/// What every request takes on the clock, so that no two happen at the same instant.
const ROUND_TRIP: Duration = Duration::from_millis(40);

/// An answer that a vendor would never give by itself, for the next request to a path.
#[derive(Debug)]
struct Canned {
    path_part: &'static str,
    status: u16,
    body: String,
}

/// What goes wrong on the way to one vendor.
#[derive(Debug)]
pub(crate) struct Weather {
    /// On the way to the API.
    pub(crate) api: Faults,
    /// On the way to the token endpoint. A lost answer to a refresh costs the connection its consent at Procore, which no
    /// program can mend, so these are asked for one by one.
    pub(crate) tokens: Faults,
    canned: Vec<Canned>,
}

impl Weather {
    pub(crate) fn fine() -> Self {
        Self { api: Faults::none(), tokens: Faults::none(), canned: Vec::new() }
    }

    /// The next request whose path contains `path_part` gets this answer; the double does not see it.
    pub(crate) fn answer_next(&mut self, path_part: &'static str, status: u16, body: &str) {
        self.canned.push(Canned { path_part, status, body: body.to_owned() });
    }

    fn canned(&mut self, path: &str) -> Option<Response<Bytes>> {
        let place = self.canned.iter().position(|canned| path.contains(canned.path_part))?;
        let canned = self.canned.remove(place);
        let mut answer = Response::new(Bytes::from(canned.body));
        *answer.status_mut() = http::StatusCode::from_u16(canned.status).unwrap();
        answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
        Some(answer)
    }
}

/// Hands each request to a double, at the time of the clock.
pub(crate) struct Wire<D> {
    pub(crate) double: Arc<Mutex<D>>,
    pub(crate) weather: Arc<Mutex<Weather>>,
    pub(crate) clock: Arc<ManualClock>,
}

impl<D> fmt::Debug for Wire<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl<D: Double + 'static> Transport for Wire<D> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.clock.advance(ROUND_TRIP);
        let now = self.clock.now();
        let path = request.uri().path().to_owned();
        let mut weather = lock(&self.weather);
        if let Some(answer) = weather.canned(&path) {
            return Ok(answer);
        }
        let faults = if path.contains("/oauth") { &mut weather.tokens } else { &mut weather.api };
        let answer = faults.wrap(now, request, &mut *lock(&self.double));
        answer.map_err(|fault| TransportError::uncertain(&fault.to_string()))
    }
}
