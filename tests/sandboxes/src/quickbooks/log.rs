//! What the double was asked: counters and the requests themselves, for assertions that trust no client.

use std::ops::Index;

use bytes::Bytes;
use chrono::{DateTime, Utc};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Token endpoint, revocation included.
    Token,
    /// A statement of the query language.
    Query,
    /// One entity by id.
    Read,
    /// A new entity.
    Create,
    /// A full or sparse update.
    Update,
    /// Deletion of a transaction.
    Delete,
    /// Voiding of a transaction.
    Void,
    /// A batch as a whole.
    Batch,
    /// Change data capture.
    Cdc,
    /// A report.
    Report,
    /// Files that are attached to entities.
    Upload,
    /// Nothing that the double knows.
    Other,
}

const OPERATIONS: usize = Operation::Other as usize + 1;

/// How often the double was asked, refused requests included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// All requests, token requests included.
    pub total: u64,
    /// Requests that were answered 429. They are counted in `total`, but under no operation.
    pub throttled: u64,
    /// Items of all batches.
    pub batch_items: u64,
    by_operation: [u64; OPERATIONS],
}

impl Counters {
    /// Requests of one kind. Items of batches are counted in [`batch_items`](Self::batch_items) only.
    pub fn of(&self, operation: Operation) -> u64 {
        self[operation]
    }

    pub(super) fn count(&mut self, operation: Operation) {
        if let Some(n) = self.by_operation.get_mut(operation as usize) {
            *n += 1;
        }
    }
}

impl Index<Operation> for Counters {
    type Output = u64;

    fn index(&self, operation: Operation) -> &u64 {
        self.by_operation.get(operation as usize).unwrap_or(&0)
    }
}

/// One request as it came in. Bodies of token requests are left out: they hold secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// When it was answered.
    pub at: DateTime<Utc>,
    /// HTTP method.
    pub method: http::Method,
    /// Path and query, as sent.
    pub target: String,
    /// The entity, in its wire spelling: `"Bill"`.
    pub entity: Option<&'static str>,
    /// What it asks for.
    pub operation: Operation,
    /// The `requestid` of the query string.
    pub request_id: Option<String>,
    /// The body, as sent.
    pub body: Bytes,
    /// Status of the answer.
    pub status: u16,
    /// The `intuit_tid` of the answer.
    pub tid: String,
}

/// The last requests; old ones fall out.
#[derive(Debug)]
pub(super) struct Log {
    entries: Vec<LoggedRequest>,
    capacity: usize,
}

impl Log {
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: Vec::new(), capacity: capacity.max(1) }
    }

    pub(super) fn push(&mut self, entry: LoggedRequest) {
        // Twice the capacity is kept, so that the oldest are moved out rarely and the rest stays one slice.
        if self.entries.len() >= self.capacity.saturating_mul(2) {
            self.entries.drain(..self.capacity);
        }
        self.entries.push(entry);
    }

    pub(super) fn entries(&self) -> &[LoggedRequest] {
        let from = self.entries.len().saturating_sub(self.capacity);
        self.entries.get(from..).unwrap_or(&[])
    }
}
