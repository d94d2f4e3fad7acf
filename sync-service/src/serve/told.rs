//! What the service leaves in the journal about its last round, for `status` and the console.

use chrono::{DateTime, Utc};
use procore_client::Procore;
use quickbooks_online::QuickBooks;
use serde::{Deserialize, Serialize};
use sync_core::http::Counters;
use sync_core::journal::Journal;
use sync_core::model::ConnectionId;

use crate::Failure;

const CURSOR: &str = "service";

/// How the last round ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) at: DateTime<Utc>,
    /// Why it broke off.
    pub(crate) error: Option<String>,
    pub(crate) requests: Vec<Requests>,
}

/// The request budget of one side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Requests {
    pub(crate) side: String,
    /// Since the service started.
    pub(crate) sent: u64,
    pub(crate) throttled: u64,
    /// What the vendor's own headers said is left.
    pub(crate) left: Vec<Left>,
}

impl Requests {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let left: Vec<String> = self
            .left
            .iter()
            .map(|left| format!("{} left until {} UTC", left.remaining, left.resets_at.format("%H:%M")))
            .collect();
        let left = if left.is_empty() { String::new() } else { format!("; {}", left.join(", ")) };
        format!("{} since it started, {} throttled{left}", self.sent, self.throttled)
    }
}

/// What is left of a limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) remaining: u64,
    pub(crate) resets_at: DateTime<Utc>,
}

/// How the last round of the service ended, if it ever ran.
pub(crate) async fn last_round(journal: &dyn Journal, id: &ConnectionId) -> Result<Option<Round>, Failure> {
    Ok(journal.cursor(id, CURSOR).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keeps how a round ended.
pub(crate) async fn tell(
    (journal, id): (&dyn Journal, &ConnectionId),
    (procore, quickbooks): (&Procore, Option<&QuickBooks>),
    at: DateTime<Utc>,
    error: Option<String>,
) {
    let requests = |side: &str, counters: Counters, left: Vec<(u64, DateTime<Utc>)>| Requests {
        side: side.to_owned(),
        sent: counters.requests,
        throttled: counters.throttled,
        left: left.into_iter().map(|(remaining, resets_at)| Left { remaining, resets_at }).collect(),
    };
    let procore = requests("Procore", procore.counters(), procore.budget());
    let quickbooks = quickbooks.map(|qbo| requests("QuickBooks", qbo.counters(), Vec::new()));
    let round = Round { at, error, requests: std::iter::once(procore).chain(quickbooks).collect() };
    let text = serde_json::to_string(&round).unwrap_or_default();
    if let Err(error) = journal.set_cursor(id, CURSOR, &text).await {
        tracing::warn!(%error, "how the round ended was not kept");
    }
}
