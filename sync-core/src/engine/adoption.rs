//! What was said when a connection was first made: kept in the journal, as one named cursor.

use serde::{Deserialize, Serialize};

use super::index::journal_error;
use crate::connector::Candidates;
use crate::error::Error;
use crate::journal::Journal;
use crate::model::{ConnectionId, DocumentKey, TargetRef};

const CURSOR: &str = "adoption";

/// How far the first connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdoptionState {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// Something in QuickBooks may be the same as something in Procore, and nobody has decided: nothing is created.
    Open,
    /// Decided, or there was nothing to decide.
    Done,
}

/// What was decided about a connection's first links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Adoption {
    pub(super) state: AdoptionState,
    /// Pairs that a person says are not the same.
    #[serde(default)]
    pub(super) declined: Vec<(DocumentKey, TargetRef)>,
    /// Links that adoption made.
    #[serde(default)]
    pub(super) adopted: Vec<(DocumentKey, TargetRef)>,
}

impl Adoption {
    pub(super) async fn read(journal: &dyn Journal, connection: &ConnectionId) -> Result<Self, Error> {
        let stored = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        let Some(text) = stored else { return Ok(Self::default()) };
        serde_json::from_str(&text).map_err(|error| {
            let text = format!("what was decided about the first links cannot be read from the journal: {error}");
            Error::new(crate::ErrorKind::Journal, text)
        })
    }

    pub(super) async fn store(&self, journal: &dyn Journal, connection: &ConnectionId) -> Result<(), Error> {
        let text = serde_json::to_string(self)
            .map_err(|error| Error::new(crate::ErrorKind::Internal, format!("the first links: {error}")))?;
        journal.set_cursor(connection, CURSOR, &text).await.map_err(journal_error)
    }

    pub(super) fn is_declined(&self, document: &DocumentKey, target: &TargetRef) -> bool {
        self.declined.iter().any(|(d, t)| d == document && t == target)
    }

    pub(super) fn decline(&mut self, document: &DocumentKey, target: &TargetRef) {
        if !self.is_declined(document, target) {
            self.declined.push((document.clone(), target.clone()));
        }
    }

    /// What a person says is another document is no candidate.
    pub(super) fn drop_declined(&self, document: &DocumentKey, found: &mut Candidates) {
        if !self.declined.is_empty() {
            found.matches.retain(|state| !self.is_declined(document, &state.target));
            found.similar.retain(|state| !self.is_declined(document, &state.target));
        }
    }
}
