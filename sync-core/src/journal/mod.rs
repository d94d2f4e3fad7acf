//! The durable memory of the engine.
//!
//! A [`Journal`] keeps, for each connection: the changes taken in and the job of each document (one job however many
//! changes), the intents (writes stored before they are sent), the links with their bases, the dead letters, the
//! cursors, and an append-only, hash-chained audit. Every method that changes something is one transaction: when it
//! returns, everything of the call is durable; when it fails, nothing of it is. Within a call, items take effect in
//! their order. No connection sees anything of another. Times are kept to the microsecond.
//!
//! [`MemoryJournal`] is for tests and simulations, `SqliteJournal` (feature `sqlite`) for one file on a local disk. A
//! journal of your own must pass `conformance::journal` (feature `conformance`).

mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use memory::MemoryJournal;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteJournal;

use crate::connector::{Change, Write};
use crate::dead_letter::DeadLetter;
use crate::model::{ConnectionId, DocumentKey, Fields, LineKey, TargetLineId, TargetRef, Timestamp};

/// The journal failed, or refuses what would break a promise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The store cannot be read or written.
    #[error("the journal cannot be {doing}: {problem}; check the disk and that no other program holds the file")]
    Store {
        /// "opened", "read" or "written".
        doing: &'static str,
        /// What the store said.
        problem: String,
    },
    /// What is stored cannot be understood.
    #[error("the journal holds a {what} that cannot be read: {problem}")]
    Corrupt {
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The lease on a job was lost to another worker; nothing of the call was stored.
    #[error("{document}: another worker has taken over the job; this worker's result was not stored")]
    Fenced {
        /// The document.
        document: DocumentKey,
    },
    /// An idempotency key was about to carry a second content.
    #[error("the key {key} of {document} already stands for another write; nothing was stored")]
    KeyReused {
        /// The document.
        document: DocumentKey,
        /// The key.
        key: String,
    },
}

/// The durable memory of the engine. See the [module](self) for what each call promises.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Takes changes in. An event that was taken in before for the same document is counted as a duplicate and does
    /// nothing else. A change of a document that has a job joins that job, whatever its state, and the job keeps its
    /// place in the order:
    ///
    /// - ready: it stays ready, and not due before its time;
    /// - waiting, or a dead letter: it becomes ready at once (the document may refer to something else now), and the
    ///   dead letter is gone;
    /// - leased: when it ends, it is ready again, since the worker may have read the document before the change. That
    ///   goes for [`JobEnd::Wait`] and [`JobEnd::Dead`] too.
    async fn intake(
        &self,
        connection: &ConnectionId,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Intake, JournalError>;

    /// Leases up to `limit` jobs that are ready and due, the oldest first, to one worker. A job whose lease has ended
    /// counts as ready. A lease that has ended is good until another worker takes the job.
    ///
    /// Each lease has a new, larger fencing token, not below `now` in microseconds since 1970: so that none repeats when
    /// the journal was lost, or restored from an older copy.
    async fn claim(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, JournalError>;

    /// Stores writes before they are sent. Storing the same write again is allowed: it is open (again), under the new
    /// lease, group, mapping and fields, with the first [`Intent::stored_at`]. It keeps its place in the order if it is
    /// open and its group is the same; otherwise it comes after all that are stored.
    ///
    /// # Errors
    /// [`JournalError::KeyReused`] if a key stands for another write; [`JournalError::Fenced`] if a lease was lost.
    async fn intend(&self, connection: &ConnectionId, intents: &[Intent], now: Timestamp) -> Result<(), JournalError>;

    /// Ends jobs: outcome of the write, link, state of the job and audit of each in one transaction for all. When a
    /// document is done, jobs that wait for it become ready. A key in [`Settlement::closes`] that is not open is left
    /// as it is.
    ///
    /// A settlement without a lease may also end a job that nobody has leased: a person settles a dead letter, recovery
    /// finds that one is needed. [`JobEnd::Done`] then leaves a job that is ready as it is, for its changes are not
    /// worked yet; the other ends apply, and open a job where there is none.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] if a lease was lost, or, without a lease, if the job to end is leased.
    async fn settle(
        &self,
        connection: &ConnectionId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), JournalError>;

    /// Writes that were stored and have no outcome yet, oldest first.
    async fn open_intents(&self, connection: &ConnectionId) -> Result<Vec<Intent>, JournalError>;

    /// The link of a document.
    async fn link(&self, connection: &ConnectionId, document: &DocumentKey) -> Result<Option<Link>, JournalError>;

    /// All links, in the order of their keys.
    async fn links(&self, connection: &ConnectionId) -> Result<Vec<Link>, JournalError>;

    /// The links of several documents, those that exist.
    async fn links_of(&self, connection: &ConnectionId, documents: &[DocumentKey]) -> Result<Vec<Link>, JournalError> {
        let mut links = Vec::with_capacity(documents.len());
        for document in documents {
            links.extend(self.link(connection, document).await?);
        }
        Ok(links)
    }

    /// The links to these transactions, those that exist, in the order of their documents' keys.
    async fn links_to(&self, connection: &ConnectionId, targets: &[TargetRef]) -> Result<Vec<Link>, JournalError> {
        let mut links = self.links(connection).await?;
        links.retain(|link| targets.contains(&link.target));
        Ok(links)
    }

    /// Open dead letters, oldest first ([`DeadLetter::since`], then key).
    async fn dead_letters(&self, connection: &ConnectionId) -> Result<Vec<DeadLetter>, JournalError>;

    /// Jobs that wait for another document, with the document that each waits for, in the order of their keys.
    async fn waiting(&self, connection: &ConnectionId) -> Result<Vec<Waiting>, JournalError>;

    /// How many changes and jobs there are.
    async fn counts(&self, connection: &ConnectionId) -> Result<Counts, JournalError>;

    /// From when on [`claim`](Self::claim) finds a job, if any: the earliest time at which a job that is ready becomes
    /// due, or a lease ends. It may have passed.
    async fn next_due(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, JournalError>;

    /// A named cursor.
    async fn cursor(&self, connection: &ConnectionId, name: &str) -> Result<Option<String>, JournalError>;

    /// Sets a named cursor.
    async fn set_cursor(&self, connection: &ConnectionId, name: &str, value: &str) -> Result<(), JournalError>;

    /// Audit rows after `after`, oldest first, at most `limit`.
    async fn audit(&self, connection: &ConnectionId, after: u64, limit: usize) -> Result<Vec<AuditRow>, JournalError>;
}

/// What became of changes that were taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// Opened a job.
    pub opened: usize,
    /// Joined a job.
    pub joined: usize,
    /// Had been taken in before.
    pub duplicates: usize,
    /// The [number](Job::number) of the newest job of the connection now.
    pub newest_job: u64,
}

impl Intake {
    /// Did anything come in that is not known already?
    pub fn is_any(&self) -> bool {
        self.opened + self.joined > 0
    }
}

/// A leased job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The document.
    pub document: DocumentKey,
    /// Proves the lease.
    pub token: u64,
    /// How often it was leased before without coming to an end: leases that were lost, and [`JobEnd::Again`], since it
    /// was opened or last done, waiting or dead.
    pub attempts: u32,
    /// Counts the jobs of a connection in the order in which they were opened. A change that comes in when the one before
    /// is done opens a new job.
    pub number: u64,
    /// How many changes it stands for.
    pub changes: u64,
}

/// A write that is stored before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The lease under which it is sent.
    pub token: u64,
    /// The writes that are sent together, in the order in which they were stored, share a group. While nothing of a
    /// group is known to have happened, it is sent again as a whole, so that the vendor can tell the repetition.
    pub group: String,
    /// The write; its marker names the document.
    pub write: Write,
    /// The version of the mapping that made it.
    pub mapping: String,
    /// The fields as sent, which become the base.
    pub fields: Fields,
    /// When it was stored first; a sink need not look for it in anything older.
    pub stored_at: Timestamp,
}

/// The end of a job, for now.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The document.
    pub document: DocumentKey,
    /// The lease; none where no job is concerned (recovery, rebuilding of links).
    pub token: Option<u64>,
    /// What becomes of the job.
    pub end: JobEnd,
    /// The write that now has an outcome.
    pub closes: Option<String>,
    /// What becomes of the link.
    pub link: LinkChange,
    /// For the audit: what was done and why, in words. Empty: no row.
    pub audit: String,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Nothing left to do, unless a change came in meanwhile.
    Done,
    /// Waits until another document is done. If that has a link and no job, there is nothing to wait for (it was done
    /// meanwhile), and this is the same as [`Again`](Self::Again) at once.
    Wait {
        /// The other document.
        on: DocumentKey,
        /// What a person calls the document that waits.
        label: String,
    },
    /// Ready again at a time.
    Again {
        /// Not before.
        not_before: Timestamp,
    },
    /// A person must decide.
    Dead(Box<DeadLetter>),
    /// Leaves the state of the job as it is.
    Untouched,
}

/// What becomes of a link.
#[derive(Clone, Debug)]
pub enum LinkChange {
    /// Nothing.
    Keep,
    /// It is this now.
    Put(Box<Link>),
    /// There is none any more.
    Remove,
}

/// The pair of a construction document and a transaction, with what both sides last agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The document.
    pub document: DocumentKey,
    /// The transaction.
    pub target: TargetRef,
    /// Its version when last seen.
    pub version: String,
    /// What both sides last agreed on.
    pub base: Base,
    /// The version of the mapping that made the transaction.
    pub mapping: String,
    /// Counts deliberate repetitions of a create.
    pub generation: u32,
}

/// What both sides last agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The fields as this side wanted them.
    pub wanted: Fields,
    /// The fields as the accounting system showed them afterwards; it may shorten a text.
    pub seen: Fields,
    /// Which line stands for what.
    pub lines: Vec<(LineKey, TargetLineId)>,
    /// Fields in which a person let QuickBooks' value stand beside another in Procore. They stay so until either side
    /// changes them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub accepted: BTreeSet<String>,
}

impl Base {
    /// Is nothing known of what was agreed on? So it is after links were rebuilt: what differs is a conflict then.
    pub fn is_unknown(&self) -> bool {
        self.wanted.is_empty() && self.seen.is_empty()
    }
}

/// A job that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The document.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// What it waits for.
    pub on: DocumentKey,
}

/// How many there are. Nothing is dropped: `changes = done + pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Changes taken in, duplicates not counted.
    pub changes: u64,
    /// Changes whose document was worked to an end.
    pub done: u64,
    /// Changes whose document is ready, leased, waiting or a dead letter.
    pub pending: u64,
    /// Jobs that are ready or leased.
    pub ready: u64,
    /// Jobs that wait for another document.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
    /// Links.
    pub links: u64,
    /// Writes without outcome.
    pub open_intents: u64,
}

/// A row of the audit. `hash` = SHA-256 over the previous row's hash and this row's number, time, document and text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Counts up from 1 within the connection.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// The document.
    pub document: DocumentKey,
    /// What was done and why.
    pub text: String,
    /// Hexadecimal.
    pub hash: String,
}

/// The hash that chains an audit row to the one before it (`""` before the first).
pub fn audit_hash(previous: &str, number: u64, at: Timestamp, document: &DocumentKey, text: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    for part in [previous, &number.to_string(), &at.timestamp_micros().to_string(), &document.to_string(), text] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    crate::engine::hex(&hasher.finalize())
}
