//! What a system must offer to take part in the sync: a [`Source`] of construction documents, a [`Sink`] of accounting
//! documents.
//!
//! Both traits are small and object-safe. What they promise is in the documentation of each method, and the suites in
//! `conformance` (feature) check it. Implementers need not retry, pace or remember: they say truthfully what happened.

mod costs;
mod files;
mod marker;
mod notice;
mod payments;
mod vendors;

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

pub use costs::{BudgetCode, CostChanges, CostOutcome, CostRead, CostSink, CostSource};
pub use files::{Attached, FileAt, FileFault, FileOutcome, FileSink, FileSource};
pub use marker::Marker;
pub use notice::{Inbox, Notice};
pub use payments::{BankState, PaymentChanges, PaymentOutcome, PaymentRead, PaymentSink, PaymentSource, PaymentWrite};
pub use vendors::{KnownVendor, VendorOutcome, VendorSink};

use crate::dead_letter::Cause;
use crate::error::Error;
use crate::mapping::List;
use crate::model::accounting::AccountingDocument;
use crate::model::construction::Document;
use crate::model::{Currency, Date, DocumentKey, Money, TargetKind, TargetRef, Timestamp};

/// Where construction documents come from.
#[async_trait]
pub trait Source: Send + Sync + fmt::Debug {
    /// The parts that a snapshot consists of, those referred to first. A part is read whole or not at all, and can be
    /// read again.
    ///
    /// # Errors
    /// If the list of parts must be read from the source and cannot be.
    async fn parts(&self) -> Result<Vec<Part>, Error>;

    /// All documents of a part, page by page, as they are now.
    fn snapshot<'a>(&'a self, part: &'a Part) -> BoxStream<'a, Result<Vec<Fetched>, Error>>;

    /// What may have changed since the cursor; with no cursor, nothing but the cursor to start from. Windows overlap:
    /// a change may be told twice, never left out.
    ///
    /// # Errors
    /// If the source cannot be asked. The cursor stays as it was.
    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, Error>;

    /// One document, read afresh.
    ///
    /// # Errors
    /// If it cannot be read. [`Fetched::Gone`] is an answer of the source, never a failure to ask.
    async fn fetch(&self, key: &DocumentKey) -> Result<Fetched, Error>;

    /// Several documents, one answer for each key, in the order of the keys. Override it where a list is cheaper.
    ///
    /// # Errors
    /// If any cannot be read.
    async fn fetch_many(&self, keys: &[DocumentKey]) -> Result<Vec<Fetched>, Error> {
        let mut fetched = Vec::with_capacity(keys.len());
        for key in keys {
            fetched.push(self.fetch(key).await?);
        }
        Ok(fetched)
    }
}

/// A part of a snapshot, e.g. `project/12/pay_apps`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part(pub String);

/// Where reading changes goes on; the source's own text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// A document read from the source.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// As it is now.
    Found(Box<Document>),
    /// It is there, but a value in it cannot be read; the others are not affected.
    Unreadable(Unreadable),
    /// The source says that there is no such document, or none that we may see.
    Gone(DocumentKey),
}

impl Fetched {
    /// The key of the document.
    pub fn key(&self) -> DocumentKey {
        match self {
            Self::Found(document) => document.key(),
            Self::Unreadable(unreadable) => unreadable.key.clone(),
            Self::Gone(key) => key.clone(),
        }
    }
}

/// A document with a value that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The document.
    pub key: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// Which value, what is wrong with it, what to do.
    pub text: String,
    /// What is at stake, where that can be told.
    pub amount: Option<Money>,
}

/// Notice that a document may have changed. It carries a key, never a body that is believed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// The document.
    pub document: DocumentKey,
    /// The vendor's id of the event, by which a second delivery is known; none for polled changes.
    pub event: Option<String>,
}

impl Change {
    /// A change found by reading, not told by an event.
    pub fn found(document: DocumentKey) -> Self {
        Self { document, event: None }
    }
}

/// What may have changed, and where to go on.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// Where to go on.
    pub next: Cursor,
}

/// Where accounting documents go.
///
/// The engine calls [`begin`](Self::begin), then any number of the other methods. A sink may keep what it has read
/// between two calls of `begin`, as long as every update stays conditional on the version in the write.
#[async_trait]
pub trait Sink: Send + Sync + fmt::Debug {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Makes a document such that what the system stores is what the document says: names in the characters that it
    /// keeps, lines through items where it needs them. Says what a reader loses by it. Called once for each document
    /// that is wanted, before anything is compared.
    fn fit(&self, document: &mut AccountingDocument) -> Vec<String> {
        let _ = document;
        Vec::new()
    }

    /// The start of a run: what was kept is brought up to date.
    ///
    /// # Errors
    /// If that fails; the run does not start.
    async fn begin(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What may have changed in the system since the cursor, by whosever hand; with no cursor, nothing but the cursor to
    /// start from. None where the system cannot tell, or is not asked.
    ///
    /// # Errors
    /// If the system cannot be asked. The cursor stays as it was.
    async fn changes(&self, _since: Option<&Cursor>) -> Result<Option<SinkChanges>, Error> {
        Ok(None)
    }

    /// Accounts, items, classes and terms that documents may refer to, and the closing date.
    ///
    /// # Errors
    /// If they cannot be read.
    async fn directory(&self) -> Result<Directory, Error> {
        Ok(Directory::Open)
    }

    /// For each wanted document, what exists already that may be the same: a transaction that carries the marker, one
    /// of the same party with the same number, an entry of the same name (inactive ones included).
    ///
    /// # Errors
    /// If any cannot be looked for. An empty answer means that there is none.
    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, Error>;

    /// Everything that exists of these kinds, whoever made it, in a fixed order: for matching on first connection and for
    /// rebuilding lost links. A sink without it is taken to be empty at first.
    ///
    /// # Errors
    /// If it cannot be read whole.
    async fn inventory(&self, _kinds: &[TargetKind]) -> Result<Vec<TargetState>, Error> {
        Ok(Vec::new())
    }

    /// The transactions as they are now.
    ///
    /// # Errors
    /// If any cannot be read. [`Found::Deleted`] is an answer of the system, never a failure to ask.
    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error>;

    /// The same, and nothing that was read before this call is taken for an answer: somebody said that they changed.
    /// Override it where [`read`](Self::read) may answer from what is kept.
    ///
    /// # Errors
    /// If any cannot be read.
    async fn read_afresh(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        self.read(targets).await
    }

    /// For each create whose outcome is uncertain: the transaction that it made, found by its marker or key, at any
    /// later age. None of them was stored before `since`. Must ask the system afresh.
    ///
    /// # Errors
    /// If any cannot be looked for.
    async fn find_written(&self, writes: &[Write], since: Timestamp) -> Result<Vec<Option<TargetState>>, Error>;

    /// Sends the writes, at most [`Capabilities::max_batch`] of them, and says truthfully what became of each. No
    /// write depends on another of the same call. An update is applied only if the version is still the current one.
    /// Never sends a write twice by itself; called again with the same writes in the same order, it repeats the same
    /// request under the same key, so that a system that knows the key does nothing twice.
    async fn apply(&self, writes: &[Write]) -> Vec<Outcome>;
}

/// What may have changed in the accounting system, and where to go on.
#[derive(Clone, Debug)]
pub struct SinkChanges {
    /// What may have changed.
    pub notices: Vec<Notice>,
    /// False if more changed than the system tells, or longer ago: then everything may have.
    pub complete: bool,
    /// Where to go on.
    pub next: Cursor,
}

/// What a sink can do.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Its name in reports, e.g. `QuickBooks Online`.
    pub name: &'static str,
    /// Kinds of documents that it takes.
    pub kinds: &'static [TargetKind],
    /// Writes in one call of [`Sink::apply`].
    pub max_batch: usize,
    /// Longest document number, in characters.
    pub max_number: usize,
    /// Kinds whose numbers may be of another length.
    pub max_numbers: &'static [(TargetKind, usize)],
    /// Longest name of a customer or vendor, in characters.
    pub max_name: usize,
    /// Longest text of a line, in characters.
    pub max_description: usize,
    /// Does it keep links from bill lines to purchase order lines?
    pub purchase_order_links: bool,
    /// Fields that it takes beyond those of the documents themselves; rules of the mapping may set them.
    pub fields: &'static [TargetField],
}

/// A field that a sink takes beyond those of a document itself: kept in the document's `extra` under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetField {
    /// Its name in the rules, e.g. `department`.
    pub name: &'static str,
    /// The kinds of documents that have it.
    pub kinds: &'static [TargetKind],
    /// The longest value, in characters.
    pub max: usize,
    /// The list that its values stand in, by name or by `id:`; none for a field that takes any text.
    pub list: Option<List>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            name: "sink",
            kinds: TargetKind::ALL,
            max_batch: 1,
            max_number: 100,
            max_numbers: &[],
            max_name: 100,
            max_description: 4000,
            purchase_order_links: false,
            fields: &[],
        }
    }
}

impl Capabilities {
    /// Longest number of a document of that kind, in characters.
    pub fn max_number_of(&self, kind: TargetKind) -> usize {
        self.max_numbers.iter().find(|(of, _)| *of == kind).map_or(self.max_number, |(_, max)| *max)
    }
}

/// Names that documents may refer to.
#[derive(Clone, Debug)]
pub enum Directory {
    /// Any name stands for itself: for sinks without lists, such as a plain-text ledger.
    Open,
    /// Only what is listed exists.
    Listed(Box<Lists>),
}

impl Directory {
    /// The last day of the closed period, if the books are closed.
    pub fn closing_date(&self) -> Option<Date> {
        match self {
            Self::Open => None,
            Self::Listed(lists) => lists.closing_date,
        }
    }
}

/// The lists of an accounting system.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Accounts, inactive ones included.
    pub accounts: Vec<ListEntry>,
    /// Items, inactive ones included.
    pub items: Vec<ListEntry>,
    /// Classes, inactive ones included.
    pub classes: Vec<ListEntry>,
    /// Payment terms, inactive ones included.
    pub terms: Vec<ListEntry>,
    /// Customers and jobs, inactive ones included.
    pub customers: Vec<ListEntry>,
    /// Vendors, inactive ones included.
    pub vendors: Vec<ListEntry>,
    /// Departments (locations), inactive ones included.
    pub departments: Vec<ListEntry>,
    /// The last day of the closed period.
    pub closing_date: Option<Date>,
    /// The company's currency.
    pub currency: Option<Currency>,
    /// The accounts payable account that the company prefers.
    pub default_payable: Option<String>,
}

/// An account, item, class, term, customer, vendor or department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Id.
    pub id: String,
    /// Full name, `Parent:Child`.
    pub name: String,
    /// Account number, where it has one.
    pub number: Option<String>,
    /// Type, e.g. `Accounts Payable`; in the system's words.
    pub kind: String,
    /// For items: the account that their sales post to.
    pub income_account: Option<String>,
    /// In use?
    pub active: bool,
}

/// A document that is about to be created, to look for what exists already.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The marker that it would carry.
    pub marker: &'a Marker,
    /// The document.
    pub document: &'a AccountingDocument,
}

/// What exists already that may be the same.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// By marker, number or name.
    pub matches: Vec<TargetState>,
    /// Same party, and a number, amount and date so near that it may be the same invoice; not made by this sync.
    pub similar: Vec<TargetState>,
    /// The name is used by an entry of another kind: which.
    pub name_taken_by: Option<String>,
}

/// A transaction or list entry as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// Which.
    pub target: TargetRef,
    /// Version (SyncToken, EditSequence): compared for equality only.
    pub version: String,
    /// Its content. Lines carry foreign keys.
    pub document: AccountingDocument,
    /// The total that the system states.
    pub total: Option<Money>,
    /// What is still open.
    pub balance: Option<Money>,
    /// Live, void or inactive.
    pub condition: Condition,
    /// The marker that it carries.
    pub marker: Option<Marker>,
}

/// Whether a transaction counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It counts.
    Live,
    /// It was voided; its amounts are nothing.
    Voided,
    /// A list entry out of use.
    Inactive,
}

/// The answer to a read.
#[derive(Clone, Debug)]
pub enum Found {
    /// As it is now.
    Present(Box<TargetState>),
    /// The system says that it was deleted.
    Deleted,
}

/// One planned change to one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The same key always carries the same content.
    pub key: String,
    /// Which document it is for; written into the transaction.
    pub marker: Marker,
    /// What to do.
    pub operation: Operation,
}

/// What to do with a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Operation {
    /// Create it.
    Create(AccountingDocument),
    /// Change it, if the version is still the current one. Lines with an id change that line, lines without are new,
    /// lines left out are removed. What the document does not say stays as it is.
    Update {
        /// Which.
        target: TargetRef,
        /// The version that the decision was made on.
        version: String,
        /// The content to be.
        document: AccountingDocument,
    },
    /// Void it, or delete it where the system knows no void.
    Void {
        /// Which.
        target: TargetRef,
        /// The version that the decision was made on.
        version: String,
    },
    /// A payment on its way back. Never handed to a [`Sink`].
    Payment(PaymentWrite),
}

impl Operation {
    /// The verb, for keys and audit.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update { .. } => "update",
            Self::Void { .. } => "void",
            Self::Payment(write) => write.verb(),
        }
    }
}

/// What became of a write.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It happened; this is the transaction now, read back from the system.
    Done(Box<TargetState>),
    /// It certainly did not happen.
    Refused(Refusal),
    /// It may or may not have happened. The next call must be a read.
    Uncertain(String),
}

/// Why a write did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What to do about it.
    pub reason: RefusalReason,
    /// What the system said.
    pub text: String,
}

/// What to do about a refused write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The version is no longer the current one: read, decide again.
    Stale,
    /// Not now: throttled, under maintenance, not reachable. Try again later.
    NotNow,
    /// A person must decide.
    Person(Cause),
}
