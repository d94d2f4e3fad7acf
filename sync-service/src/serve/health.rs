//! What is answered about the service itself, before everything else that it serves: `/healthz` (it lives), `/readyz` (it
//! can store what arrives), `/metrics`. None of them shows a secret or an amount; keep `/metrics` inside at the proxy.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sync_core::http::TokenStore;
use sync_core::journal::Journal;
use tower::ServiceExt;

use super::metrics::Gauge;
use super::plant::House;
use crate::connect::{PROCORE_TOKENS, QUICKBOOKS_TOKENS};

/// Everything that the service answers; what a configuration makes is replaced with it.
pub(super) fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(dispatch)
        .with_state(house)
}

async fn dispatch(State(house): State<Arc<House>>, request: Request) -> Response {
    let router = house.plant().router.clone();
    match router.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

async fn ready(State(house): State<Arc<House>>) -> Response {
    let plant = house.plant();
    let journal = house.journal.counts(&plant.id).await;
    let reason = match &journal {
        _ if house.metrics.is_stopping() => Some("it is stopping".to_owned()),
        Err(error) => Some(error.to_string()),
        Ok(_) => None,
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::json!({
        "ready": reason.is_none(),
        "reason": reason,
        "mapping": plant.mapping.current().version(),
        // What the last round met: the service stores and keeps trying meanwhile.
        "last_error": house.metrics.last_error(),
    });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn metrics(State(house): State<Arc<House>>) -> Response {
    let plant = house.plant();
    let mut gauges = Vec::new();
    if let Ok(counts) = house.journal.counts(&plant.id).await {
        let jobs = [("ready", counts.ready), ("waiting", counts.waiting), ("dead", counts.dead)];
        gauges.push(Gauge {
            name: "sync_jobs",
            kind: "gauge",
            help: "Documents that are to be worked, wait for another document, or wait for a person.",
            values: jobs.map(|(state, n)| (format!("state=\"{state}\""), n.to_string())).to_vec(),
        });
        let single =
            |name, help, n: u64| Gauge { name, kind: "gauge", help, values: vec![(String::new(), n.to_string())] };
        gauges.push(single("sync_links", "Documents with a transaction.", counts.links));
        gauges.push(single("sync_open_writes", "Writes whose outcome is not known yet.", counts.open_intents));
    }
    let procore = ("procore", plant.procore.counters());
    let sides: Vec<_> =
        std::iter::once(procore).chain(plant.quickbooks.as_ref().map(|qbo| ("quickbooks", qbo.counters()))).collect();
    let by_side = |of: fn(&sync_core::http::Counters) -> u64| {
        sides.iter().map(|(side, counters)| (format!("side=\"{side}\""), of(counters).to_string())).collect()
    };
    let counter = |name, help, values| Gauge { name, kind: "counter", help, values };
    gauges.push(counter("sync_requests_total", "Requests sent.", by_side(|c| c.requests)));
    gauges.push(counter("sync_throttled_total", "Requests turned away for haste.", by_side(|c| c.throttled)));
    gauges.push(counter("sync_unanswered_total", "Requests without a whole answer.", by_side(|c| c.unanswered)));
    gauges.push(Gauge {
        name: "sync_consent_ends_timestamp_seconds",
        kind: "gauge",
        help: "When a person must consent again, where that is known.",
        values: consents(&house).await,
    });
    let text = house.metrics.render(&gauges);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn consents(house: &House) -> Vec<(String, String)> {
    let plant = house.plant();
    let Ok(store) = plant.settings.connection.token_store() else { return Vec::new() };
    let mut ends = Vec::new();
    for side in [PROCORE_TOKENS, QUICKBOOKS_TOKENS] {
        if let Ok(Some(tokens)) = store.load(side).await
            && let Some(end) = tokens.refresh_expires_at.into_iter().chain(tokens.hard_expires_at).min()
        {
            ends.push((format!("side=\"{side}\""), end.timestamp().to_string()));
        }
    }
    ends
}
