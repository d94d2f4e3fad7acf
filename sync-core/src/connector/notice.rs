//! Notices of the accounting system, and where notices of both sides are stored before their sender is answered.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Change;
use crate::error::Error;
use crate::journal::Intake;
use crate::model::{DocumentKey, DocumentKind, TargetId, TargetKind, TargetRef};

/// Notice that an object of the accounting system may have changed. Like a [`Change`], it carries nothing that is
/// believed: the object is read afresh.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Notice {
    /// Which kind of object: the name of a [`TargetKind`], or a word of the system's own for what is no document of the
    /// sync, e.g. `deposit`.
    pub word: String,
    /// The object.
    pub id: TargetId,
    /// The vendor's id of the event, by which a second delivery is known; none where the vendor gives none.
    pub event: Option<String>,
}

impl Notice {
    /// Of a transaction or list entry that the sync knows the kind of.
    pub fn of(target: &TargetRef, event: Option<String>) -> Self {
        Self { word: target.kind.as_str().to_owned(), id: target.id.clone(), event }
    }

    /// The transaction or list entry, if its kind is one of the sync's.
    pub fn target(&self) -> Option<TargetRef> {
        Some(TargetRef { kind: self.word.parse::<TargetKind>().ok()?, id: self.id.clone() })
    }

    /// The notice that a change was made of.
    pub fn from_key(key: &DocumentKey) -> Option<Self> {
        let (word, id) = key.id.split_once('.').filter(|_| key.kind == DocumentKind::Transaction)?;
        Some(Self { word: word.to_owned(), id: id.into(), event: None })
    }

    /// As a change, to take in.
    pub fn into_change(self) -> Change {
        let Self { word, id, event } = self;
        Change { document: DocumentKey::new(DocumentKind::Transaction, format!("{word}.{id}")), event }
    }
}

/// Where notices of changes are stored before their sender is answered: an engine, or a journal by itself where another
/// process does the work.
#[async_trait]
pub trait Inbox: Send + Sync + fmt::Debug {
    /// Stores the changes durably. Afterwards their sender may forget them.
    ///
    /// # Errors
    /// If they cannot be stored; then nothing was, and the sender must be told to send them again.
    async fn take_in(&self, changes: &[Change]) -> Result<Intake, Error>;

    /// The sender told of something that only reading the changes finds: do so soon. It is done from time to time
    /// anyway.
    fn poll_soon(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_survives_its_way_through_the_journal() {
        for (word, id) in [("bill", "187"), ("deposit", "5"), ("vendor_credit", "a.b/c")] {
            let notice = Notice { word: word.into(), id: id.into(), event: Some("e".into()) };
            let key = notice.clone().into_change().document;
            let read: DocumentKey = key.to_string().parse().unwrap();
            assert_eq!(Notice::from_key(&read), Some(Notice { event: None, ..notice }));
        }
        assert_eq!(Notice::from_key(&DocumentKey::new(DocumentKind::PayApp, "1.2")), None);
        let bill = TargetRef { kind: TargetKind::Bill, id: "7".into() };
        assert_eq!(Notice::of(&bill, None).target(), Some(bill));
    }
}
