//! The service over HTTP. TLS stands in front of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sync_core::clock::Clock;

use super::service::{Reply, Service};
use super::soap::{Answer, Call, SoapError};

/// What a call may cost.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Longest body in bytes; an answer of QuickBooks arrives as one.
    pub body: usize,
    /// How long a call may wait for work before it is answered that there is none.
    pub patience: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { body: 96 << 20, patience: Duration::from_secs(4) }
    }
}

#[derive(Clone, Debug)]
struct Site {
    service: Arc<Mutex<Service>>,
    clock: Arc<dyn Clock>,
    limits: HttpLimits,
}

/// The service at `path`: `POST` for the Web Connector, `GET` for installers and people who look whether it is there.
pub fn router(path: &str, service: Arc<Mutex<Service>>, clock: Arc<dyn Clock>, limits: HttpLimits) -> Router {
    let site = Site { service, clock, limits };
    Router::new().route(path, get(hello).post(call)).layer(DefaultBodyLimit::disable()).with_state(site)
}

async fn hello() -> &'static str {
    "This address is for the QuickBooks Web Connector."
}

async fn call(State(site): State<Site>, headers: HeaderMap, request: Request<Body>) -> Response {
    // Refused before it is read, and again while it is read, since the header may say less.
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > site.limits.body) {
        return too_large();
    }
    // Behind a proxy, the address that it adds last is the one that it has seen.
    let forwarded = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let peer =
        forwarded.and_then(|list| list.rsplit(',').next()).map_or_else(String::new, |peer| peer.trim().to_owned());
    let Ok(body) = axum::body::to_bytes(request.into_body(), site.limits.body).await else { return too_large() };
    let parsed = match std::str::from_utf8(&body) {
        Ok(text) => Call::read(text.trim_start_matches('\u{feff}')),
        Err(_) => Err(SoapError::NotSoap("its bytes are not UTF-8".to_owned())),
    };
    drop(body);
    let call = match parsed {
        Ok(call) => call,
        Err(error) => return xml(StatusCode::INTERNAL_SERVER_ERROR, error.write()),
    };
    let answer = answer(&site, &call, &peer).await;
    xml(StatusCode::OK, answer.write(call.method()))
}

async fn answer(site: &Site, call: &Call, peer: &str) -> Answer {
    let patience = tokio::time::sleep(site.limits.patience);
    tokio::pin!(patience);
    let mut may_wait = true;
    loop {
        let reply = {
            let mut service = site.service.lock().unwrap_or_else(PoisonError::into_inner);
            service.handle(call, peer, site.clock.now(), may_wait)
        };
        let desk = match reply {
            Reply::Now(answer) => return answer,
            Reply::Wait(desk) => desk,
        };
        // A change between the answer and the waiting is not missed for longer than this.
        let changed = desk.changed.notified();
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
            () = &mut patience => may_wait = false,
        }
    }
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}

fn too_large() -> Response {
    let error = SoapError::NotSoap("it is larger than this service takes".to_owned());
    xml(StatusCode::PAYLOAD_TOO_LARGE, error.write())
}
