//! From a delivery to its answer, without a web framework: verified, then read, then stored, then answered.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use sync_core::connector::{Change, Inbox, Notice};

use super::{SIGNATURE_HEADER, Verifier, WebhookError};

/// Larger deliveries are refused: Intuit sends up to about a hundred events, 1 MB.
pub const BODY_CAP: usize = 4 << 20;

/// Takes the deliveries of an app, which concern all companies that it is connected to, and says what to answer.
///
/// Intuit holds back everything until a delivery is acknowledged
/// (<https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks>). So only what Intuit did not sign is refused,
/// and what could not be stored; what is signed and cannot be read is acknowledged, and the changes are read instead.
#[derive(Clone, Debug)]
pub struct Receiver {
    verifier: Verifier,
    inboxes: HashMap<String, Arc<dyn Inbox>>,
}

impl Receiver {
    /// For the app whose verifier token this is; no company yet.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, inboxes: HashMap::new() }
    }

    /// Stores the events of a company in `inbox`. Those of companies without one are acknowledged and forgotten.
    #[must_use]
    pub fn with_company(mut self, realm: impl Into<String>, inbox: Arc<dyn Inbox>) -> Self {
        self.inboxes.insert(realm.into(), inbox);
        self
    }

    /// The status to answer, and a word for the vendor's log: 200 after the events are stored, 401 if the signature is
    /// not Intuit's, 413 if the body is larger than [`BODY_CAP`], 503 if an event could not be stored. `body` is the raw
    /// body, byte for byte.
    pub async fn receive(&self, headers: &HeaderMap, body: &[u8]) -> (StatusCode, String) {
        if body.len() > BODY_CAP {
            return (StatusCode::PAYLOAD_TOO_LARGE, "larger than any delivery".to_owned());
        }
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        let delivery = match self.verifier.open(signature, body) {
            Ok(delivery) => delivery,
            Err(error @ WebhookError::Signature) => return (StatusCode::UNAUTHORIZED, error.to_string()),
            Err(error) => {
                tracing::warn!(%error, "a delivery of QuickBooks cannot be read; the changes are read instead");
                self.poll_soon();
                return (StatusCode::OK, String::new());
            }
        };
        if !delivery.unreadable.is_empty() {
            tracing::warn!(events = ?delivery.unreadable, "events of QuickBooks cannot be read; the changes are read instead");
            self.poll_soon();
        }
        let mut by_realm: HashMap<&str, Vec<Change>> = HashMap::new();
        for event in &delivery.events {
            let changes = event.notices().into_iter().map(Notice::into_change);
            by_realm.entry(&event.realm).or_default().extend(changes);
        }
        for (realm, changes) in by_realm {
            let Some(inbox) = self.inboxes.get(realm).filter(|_| !changes.is_empty()) else { continue };
            if let Err(error) = inbox.take_in(&changes).await {
                tracing::error!(realm, %error, "events of QuickBooks could not be stored");
                return (StatusCode::SERVICE_UNAVAILABLE, "not stored; send it again".to_owned());
            }
        }
        (StatusCode::OK, String::new())
    }

    fn poll_soon(&self) {
        self.inboxes.values().for_each(|inbox| inbox.poll_soon());
    }
}
