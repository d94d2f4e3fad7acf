//! What the engine knows of the accounting system while it works: links, numbers taken, and which documents are stuck.

use std::collections::{HashMap, HashSet};

use super::adoption::Adoption;
use crate::error::Error;
use crate::journal::{Job, Journal, Link};
use crate::mapping::TargetIndex;
use crate::model::accounting::AccountingDocument;
use crate::model::{ConnectionId, DocumentKey, LineKey, TargetId, TargetKind, TargetLineId, TargetRef};

#[derive(Debug)]
struct Entry {
    target: TargetRef,
    lines: HashMap<LineKey, TargetLineId>,
}

#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<DocumentKey, Entry>,
    numbers: HashMap<(TargetKind, String, String), DocumentKey>,
    /// Documents that are dead letters or wait.
    pub(super) stuck: HashSet<DocumentKey>,
    /// Documents that were found to need nothing.
    pub(super) skipped: HashSet<DocumentKey>,
    /// Documents that others wait for.
    pub(super) awaited: HashSet<DocumentKey>,
    /// What was said when the connection was first made.
    pub(super) adoption: Adoption,
}

impl Index {
    pub(super) async fn load(journal: &dyn Journal, connection: &ConnectionId) -> Result<Self, Error> {
        let mut index = Self::default();
        for link in journal.links(connection).await.map_err(journal_error)? {
            index.put(&link);
        }
        index.read_stuck(journal, connection).await?;
        index.adoption = Adoption::read(journal, connection).await?;
        Ok(index)
    }

    /// What other workers have done since: the links of the jobs that were just leased, and which documents are stuck.
    pub(super) async fn refresh(
        &mut self,
        journal: &dyn Journal,
        connection: &ConnectionId,
        jobs: &[Job],
    ) -> Result<(), Error> {
        let documents: Vec<DocumentKey> = jobs.iter().map(|job| job.document.clone()).collect();
        for link in journal.links_of(connection, &documents).await.map_err(journal_error)? {
            self.put(&link);
        }
        self.stuck.clear();
        self.read_stuck(journal, connection).await
    }

    async fn read_stuck(&mut self, journal: &dyn Journal, connection: &ConnectionId) -> Result<(), Error> {
        for letter in journal.dead_letters(connection).await.map_err(journal_error)? {
            self.stuck.insert(letter.document);
        }
        for waiting in journal.waiting(connection).await.map_err(journal_error)? {
            self.stuck.insert(waiting.document);
            self.awaited.insert(waiting.on);
        }
        Ok(())
    }

    pub(super) fn put(&mut self, link: &Link) {
        let party = match link.base.wanted.get("payee") {
            "" => link.base.wanted.get("customer"),
            payee => payee,
        };
        self.reserve_number(link.target.kind, party, link.base.wanted.get("number"), &link.document);
        // Only purchase order lines are referred to by other documents.
        let lines = match link.target.kind {
            TargetKind::PurchaseOrder => link.base.lines.iter().cloned().collect(),
            _ => HashMap::new(),
        };
        self.entries.insert(link.document.clone(), Entry { target: link.target.clone(), lines });
    }

    /// The link is gone.
    pub(super) fn remove(&mut self, document: &DocumentKey) {
        self.entries.remove(document);
    }

    pub(super) fn is_linked(&self, document: &DocumentKey) -> bool {
        self.entries.contains_key(document)
    }

    /// Keeps the number of a document that is about to be created from being given twice.
    pub(super) fn reserve(&mut self, document: &AccountingDocument, key: &DocumentKey) {
        if let (Some(party), Some(number)) = (document.party(), document.number()) {
            self.reserve_number(document.kind(), party, number, key);
        }
    }

    fn reserve_number(&mut self, kind: TargetKind, party: &str, number: &str, key: &DocumentKey) {
        if !number.is_empty() {
            self.numbers.entry(number_key(kind, party, number)).or_insert_with(|| key.clone());
        }
    }
}

/// Bills are numbered by their vendor, what we issue by the company.
fn number_key(kind: TargetKind, party: &str, number: &str) -> (TargetKind, String, String) {
    let party = if matches!(kind, TargetKind::Bill | TargetKind::VendorCredit) { party } else { "" };
    (kind, party.to_owned(), number.to_lowercase())
}

impl TargetIndex for Index {
    fn target(&self, document: &DocumentKey) -> Option<&TargetId> {
        self.entries.get(document).map(|entry| &entry.target.id)
    }

    fn line(&self, document: &DocumentKey, line: &LineKey) -> Option<&TargetLineId> {
        self.entries.get(document)?.lines.get(line)
    }

    fn number_taken(&self, kind: TargetKind, party: &str, number: &str, by_other_than: &DocumentKey) -> bool {
        self.numbers.get(&number_key(kind, party, number)).is_some_and(|holder| holder != by_other_than)
    }
}

pub(super) fn journal_error(error: crate::journal::JournalError) -> Error {
    Error::new(crate::ErrorKind::Journal, error.to_string()).with_source(error)
}
