//! From a delivery to its answer, without a web framework: verified, then read, then stored, then answered.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use sync_core::connector::Inbox;

use super::{Webhook, WebhookError};

/// Larger deliveries are refused: an event is less than 1 KB.
pub const BODY_CAP: usize = 256 << 10;

/// Takes deliveries for one company and says what to answer.
///
/// Procore pauses everything after a failed delivery and drops it all after twelve hours
/// (<https://developers.procore.com/documentation/webhooks>). So only what is not from Procore is refused, and what could
/// not be stored; what is from Procore and cannot be read is acknowledged, and the changes are read instead.
#[derive(Clone, Debug)]
pub struct Receiver {
    webhook: Arc<Webhook>,
    inbox: Arc<dyn Inbox>,
}

impl Receiver {
    /// Stores what `webhook` accepts in `inbox`.
    pub fn new(webhook: Webhook, inbox: Arc<dyn Inbox>) -> Self {
        Self { webhook: Arc::new(webhook), inbox }
    }

    /// The status to answer, and a word for the vendor's log: 200 after the event is stored, 401 if it is not from
    /// Procore, 413 if it is larger than [`BODY_CAP`], 503 if it could not be stored.
    pub async fn receive(&self, headers: &HeaderMap, body: &[u8]) -> (StatusCode, String) {
        if body.len() > BODY_CAP {
            return (StatusCode::PAYLOAD_TOO_LARGE, "larger than any event".to_owned());
        }
        let delivery = match self.webhook.receive(headers.get(AUTHORIZATION).map(|value| value.as_bytes()), body) {
            Ok(delivery) => delivery,
            Err(error @ WebhookError::NotAuthentic) => return (StatusCode::UNAUTHORIZED, error.to_string()),
            Err(error) => {
                tracing::warn!(%error, "a delivery of Procore cannot be read; the changes are read instead");
                self.inbox.poll_soon();
                return (StatusCode::OK, String::new());
            }
        };
        if !delivery.changes.is_empty()
            && let Err(error) = self.inbox.take_in(&delivery.changes).await
        {
            tracing::error!(event = %delivery.event, %error, "an event of Procore could not be stored");
            return (StatusCode::SERVICE_UNAVAILABLE, "not stored; send it again".to_owned());
        }
        if delivery.ignored.is_some_and(|ignored| ignored.poll) {
            self.inbox.poll_soon();
        }
        (StatusCode::OK, String::new())
    }
}
