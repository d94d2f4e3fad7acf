//! What a company file holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::xml::Node;

/// An error of the connection to QuickBooks: nothing of the message set was worked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hresult(pub u32);

impl fmt::Display for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

impl fmt::Debug for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A line of a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) id: String,
    /// `ExpenseLine`, `ItemLine`, `PurchaseOrderLine`, `JournalDebitLine` and the like.
    pub(super) base: String,
    pub(super) fields: BTreeMap<String, Node>,
    /// The purchase order line that it bills.
    pub(super) link: Option<(String, String)>,
}

/// A list object or a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// `Vendor`, `Bill` and the like.
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) edit: u64,
    pub(super) created: String,
    pub(super) modified: String,
    pub(super) fields: BTreeMap<String, Node>,
    pub(super) lines: Vec<Line>,
    /// What a payment settled.
    pub(super) applied: Vec<(String, Decimal)>,
    pub(super) is_void: bool,
    /// The order of saving, for iterators.
    pub(super) number: u64,
    /// Money that it had before the book began.
    pub(super) opening: Decimal,
}

impl Record {
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |node| node.text.as_str())
    }

    pub(super) fn reference(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |node| node.at(&["ListID"]))
    }

    pub(super) fn is_list(&self) -> bool {
        is_list(&self.kind)
    }

    pub(super) fn date(&self) -> Option<NaiveDate> {
        self.text("TxnDate").parse().ok()
    }
}

pub(super) fn is_list(kind: &str) -> bool {
    matches!(kind, "Customer" | "Vendor" | "Employee" | "Class" | "ItemService" | "Account" | "StandardTerms")
}

#[derive(Clone, Debug)]
pub(super) struct Deleted {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) label: String,
    pub(super) created: String,
    pub(super) at: String,
}

/// The outcome that is kept for a message-set ID.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) request: String,
    pub(super) answer: Vec<Node>,
}

/// A company file of QuickBooks Desktop Enterprise, open on one machine.
#[derive(Clone, Debug)]
pub struct CompanyFile {
    /// The company's name.
    pub name: String,
    /// Where it lies.
    pub path: String,
    pub(super) closing_date: Option<NaiveDate>,
    pub(super) records: BTreeMap<String, Record>,
    pub(super) deleted: Vec<Deleted>,
    pub(super) kept: BTreeMap<String, Kept>,
    /// Custom fields of the company, by owner and name.
    pub(super) custom: BTreeMap<(String, String), String>,
    pub(super) iterators: BTreeMap<String, Vec<String>>,
    pub(super) next: u64,
    /// Minutes from UTC to the wall clock of the machine.
    pub(super) wall_offset: i64,
    pub(super) locked: BTreeSet<String>,
    /// What the bank has seen, in the words of the report's column.
    pub(super) cleared: BTreeMap<String, String>,
    pub(super) busy: u32,
    pub(super) worked: u64,
    pub(super) seen: Vec<String>,
}

impl CompanyFile {
    pub(super) fn empty(name: String) -> Self {
        Self {
            path: format!("C:\\QuickBooks\\{name}.qbw"),
            name,
            closing_date: None,
            records: BTreeMap::new(),
            deleted: Vec::new(),
            kept: BTreeMap::new(),
            custom: BTreeMap::new(),
            iterators: BTreeMap::new(),
            next: 0x10,
            wall_offset: -8 * 60,
            locked: BTreeSet::new(),
            cleared: BTreeMap::new(),
            busy: 0,
            worked: 0,
            seen: Vec::new(),
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn list_id(&mut self) -> String {
        format!("8000{:04X}-1700000000", self.number())
    }

    pub(super) fn txn_id(&mut self) -> String {
        format!("{:X}-1770000000", self.number())
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.values().filter(move |record| record.kind == kind)
    }

    pub(super) fn full_name(&self, record: &Record) -> String {
        match self.records.get(record.reference("ParentRef")) {
            Some(parent) if parent.id != record.id => format!("{}:{}", self.full_name(parent), record.text("Name")),
            _ => record.text("Name").to_owned(),
        }
    }

    /// A session with QuickBooks ends: iterators end with it.
    pub fn end_session(&mut self) {
        self.iterators.clear();
    }

    /// The file's own GUID, as the Web Connector stores it when a `.qwc` file is added.
    pub fn add_qwc(&mut self, owner_id: &str, file_id: &str) {
        self.custom.insert((owner_id.to_owned(), "FileID".to_owned()), file_id.to_owned());
    }

    /// A person has a record open; requests that touch it get status 3175 until [`release`](Self::release).
    pub fn hold(&mut self, id: &str) {
        self.locked.insert(id.to_owned());
    }

    /// The record is closed again.
    pub fn release(&mut self, id: &str) {
        self.locked.remove(id);
    }

    /// The next so many requests that write find the lists locked, status 3176.
    pub fn be_busy(&mut self, requests: u32) {
        self.busy = requests;
    }

    /// The outcomes that were kept for message-set IDs are lost, as after a damaged or replaced recovery file.
    pub fn lose_kept_outcomes(&mut self) {
        self.kept.clear();
    }

    /// A copy of the file, to be put back later.
    pub fn backup(&self) -> Self {
        self.clone()
    }

    /// How many message sets it has worked; asking for an outcome counts too.
    pub fn message_sets(&self) -> u64 {
        self.worked
    }

    /// The message sets that it was given, in order.
    pub fn requests(&self) -> &[String] {
        &self.seen
    }

    /// All live objects of a kind as they would be answered, lines included: `all("Bill")`.
    pub fn all(&self, kind: &str) -> Vec<Node> {
        self.of_kind(kind).map(|record| self.answer(record, true, true)).collect()
    }

    /// Changes a field as a person at the screen would; the version moves on.
    ///
    /// # Errors
    /// If there is no such record.
    pub fn person_edits(
        &mut self,
        now: chrono::DateTime<chrono::Utc>,
        id: &str,
        field: &str,
        value: &str,
    ) -> Result<(), String> {
        let moment = super::clock::written(now, self.wall_offset);
        let number = self.number();
        let record = self.records.get_mut(id).ok_or("there is no such record")?;
        record.fields.insert(field.to_owned(), Node::leaf(field, value));
        record.modified = moment;
        record.edit = record.edit.max(number) + 1;
        record.number = number;
        Ok(())
    }
}
