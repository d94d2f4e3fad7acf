//! The receiver as an axum handler.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{MethodRouter, post};

use super::receiver::{BODY_CAP, Receiver};

/// `Router::new().route("/webhooks/procore", handler(receiver))`. Bodies are capped while they are read.
pub fn handler(receiver: Receiver) -> MethodRouter {
    let receiver = Arc::new(receiver);
    post(move |headers: HeaderMap, body: Bytes| answer(Arc::clone(&receiver), headers, body))
        .layer(DefaultBodyLimit::max(BODY_CAP))
}

async fn answer(receiver: Arc<Receiver>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    receiver.receive(&headers, &body).await
}
