//! Webhook intake: verified before parsed, stored before answered.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use procore_client::webhook::{Webhook, WebhookError};
use sync_core::engine::Engine;

/// Larger deliveries are refused: Procore sends less than 1 KB, QuickBooks up to about 1 MB.
const BODY_CAP: usize = 4 << 20;

/// What the intake needs.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    pub(crate) engine: Arc<Engine>,
    pub(crate) procore: Arc<Webhook>,
}

/// `POST /webhooks/procore`
pub(crate) fn router(intake: Intake) -> Router {
    Router::new().route("/webhooks/procore", post(procore)).layer(DefaultBodyLimit::max(BODY_CAP)).with_state(intake)
}

async fn procore(State(intake): State<Intake>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let authorization = headers.get(axum::http::header::AUTHORIZATION).map(|value| value.as_bytes());
    let delivery = match intake.procore.receive(authorization, &body) {
        Ok(delivery) => delivery,
        Err(error) => {
            let status = match error {
                WebhookError::NotAuthentic => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            return (status, error.to_string());
        }
    };
    match intake.engine.intake(&delivery.changes).await {
        Ok(_) => (StatusCode::OK, String::new()),
        // Not stored: the vendor must send it again.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
