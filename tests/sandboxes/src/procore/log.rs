//! What was asked of the double: counters for tests of effort, a log for tests of content.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::call::Call;

/// How many requests came, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// All requests.
    pub total: u64,
    /// By method and path with `{id}` for ids, e.g. `GET /rest/v1.0/projects/{id}`.
    pub by_endpoint: BTreeMap<String, u64>,
    /// Requests answered with 429.
    pub throttled: u64,
}

impl Counters {
    /// How often an endpoint was asked.
    pub fn of(&self, endpoint: &str) -> u64 {
        self.by_endpoint.get(endpoint).copied().unwrap_or_default()
    }
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// When.
    pub at: DateTime<Utc>,
    /// Method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query as sent.
    pub query: String,
    /// Body as sent; empty for `/oauth` calls, which carry secrets.
    pub body: String,
    /// Status of the answer.
    pub status: u16,
    /// The `x-request-id` of the answer.
    pub request_id: String,
}

/// `GET /rest/v1.0/projects/{id}` for any id.
pub(super) fn endpoint(call: &Call<'_>) -> String {
    let mut label = call.method.as_str().to_owned();
    label.push(' ');
    for segment in &call.segments {
        let is_id = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        label.push('/');
        label.push_str(if is_id { "{id}" } else { segment });
    }
    label
}
