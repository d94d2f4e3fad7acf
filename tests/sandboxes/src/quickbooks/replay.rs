//! The memory behind `requestid`: the stored answer, not the present state.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) status: u16,
    pub(super) body: Bytes,
    pub(super) json: bool,
    at: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(super) struct Replays {
    stored: BTreeMap<String, Stored>,
    swept: DateTime<Utc>,
}

impl Replays {
    pub(super) fn find(&self, id: &str, now: DateTime<Utc>, memory: Duration) -> Option<&Stored> {
        self.stored.get(id).filter(|stored| now - stored.at < memory)
    }

    pub(super) fn store(
        &mut self,
        id: String,
        now: DateTime<Utc>,
        memory: Duration,
        (status, body, json): (u16, Bytes, bool),
    ) {
        if now - self.swept >= memory {
            self.stored.retain(|_, stored| now - stored.at < memory);
            self.swept = now;
        }
        self.stored.insert(id, Stored { status, body, json, at: now });
    }

    pub(super) fn clear(&mut self) {
        self.stored.clear();
    }
}
