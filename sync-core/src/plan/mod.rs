//! What a sync would do now, told before it is done, and done exactly so afterwards.
//!
//! A [`PlanningSink`] stands in for the real one: it reads through it and writes nothing. The engine runs over it as it
//! always does, on a copy of the journal, and what it would have sent is the [`Plan`]. A [`GuardedSink`] lets pass what a
//! plan holds, and nothing else.

mod guarded;
mod planning;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use guarded::GuardedSink;
pub use planning::PlanningSink;

use crate::dead_letter::DeadLetter;
use crate::model::{Currency, DocumentKey, Money, MoneyError, TargetRef};

/// How many writes there are of each verb and kind, and what they come to.
pub type Totals = BTreeMap<(String, String), (usize, Money)>;

/// What a sync would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The connection.
    pub connection: String,
    /// The version of the mapping that it was made with.
    pub mapping: String,
    /// What would be written, in the order of the documents.
    pub writes: Vec<PlannedWrite>,
    /// What would wait for a person.
    pub dead: Vec<DeadLetter>,
}

/// One transaction that would be made, changed or voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWrite {
    /// The Procore document.
    pub document: DocumentKey,
    /// `create`, `update` or `void`.
    pub verb: String,
    /// What kind of transaction, and which, if it is there already.
    pub target: TargetRef,
    /// Its number or name.
    pub number: Option<String>,
    /// Its total afterwards; none for names.
    pub amount: Option<Money>,
    /// The version that the decision was made on; empty for what is new.
    pub version: String,
    /// Field by field: what it is, and what it would be.
    pub fields: Vec<FieldChange>,
}

/// A field before and after. Empty is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The path, e.g. `line/sov:9/amount`.
    pub path: String,
    /// As it is.
    pub before: String,
    /// As it would be.
    pub after: String,
}

impl Plan {
    /// A plan; its writes in the order of their documents, so that two plans of the same world are equal.
    pub fn new(connection: &str, mapping: &str, mut writes: Vec<PlannedWrite>, mut dead: Vec<DeadLetter>) -> Self {
        writes.sort_by(|a, b| (&a.document, &a.verb).cmp(&(&b.document, &b.verb)));
        dead.sort_by(|a, b| a.document.cmp(&b.document));
        Self { connection: connection.to_owned(), mapping: mapping.to_owned(), writes, dead }
    }

    /// A digest of what would be written. Whoever approves a plan approves this.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [self.connection.as_str(), &self.mapping] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let text = serde_json::to_string(&self.writes).unwrap_or_default();
        hasher.update(text.as_bytes());
        crate::engine::hex(&hasher.finalize())
    }

    /// How many there are of each verb and kind, and what is at stake, by `(verb, kind)`.
    ///
    /// # Errors
    /// On two currencies, or overflow.
    pub fn totals(&self, currency: Currency) -> Result<Totals, MoneyError> {
        let mut totals = Totals::new();
        for write in &self.writes {
            let key = (write.verb.clone(), write.target.kind.to_string());
            let entry = totals.entry(key).or_insert((0, Money::zero(currency)));
            entry.0 += 1;
            entry.1 = entry.1.plus(write.amount.unwrap_or_else(|| Money::zero(currency)))?;
        }
        Ok(totals)
    }

    /// What has moved since this plan was made: documents that `now` would write otherwise, or not at all, or in addition.
    pub fn moved(&self, now: &Self) -> Vec<String> {
        let mut moved = Vec::new();
        if self.connection != now.connection {
            moved.push(format!("the plan is for the connection {}, not for {}", self.connection, now.connection));
        }
        if self.mapping != now.mapping {
            moved.push("the mapping was changed".to_owned());
        }
        let key = |write: &PlannedWrite| (write.document.clone(), write.verb.clone());
        let old: BTreeMap<_, _> = self.writes.iter().map(|write| (key(write), write)).collect();
        let new: BTreeMap<_, _> = now.writes.iter().map(|write| (key(write), write)).collect();
        for (key, write) in &old {
            let name = write.number.clone().unwrap_or_else(|| write.document.to_string());
            match new.get(key) {
                None => moved.push(format!("{} {} {name}: not to be done any more", write.verb, write.target.kind)),
                Some(now) if now != write => {
                    moved.push(format!("{} {} {name}: {}", write.verb, write.target.kind, first_change(write, now)));
                }
                Some(_) => {}
            }
        }
        for (_, write) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            let name = write.number.clone().unwrap_or_else(|| write.document.to_string());
            moved.push(format!("{} {} {name}: not in the plan", write.verb, write.target.kind));
        }
        moved
    }
}

fn first_change(old: &PlannedWrite, new: &PlannedWrite) -> String {
    if old.version != new.version {
        return "somebody has changed it in QuickBooks".to_owned();
    }
    let after = |write: &PlannedWrite| -> BTreeMap<String, String> {
        write.fields.iter().map(|field| (field.path.clone(), field.after.clone())).collect()
    };
    let (old_fields, new_fields) = (after(old), after(new));
    let paths = old_fields.keys().chain(new_fields.keys());
    let nothing = String::new();
    for path in paths {
        let value = |fields: &BTreeMap<String, String>| fields.get(path).unwrap_or(&nothing).clone();
        let (was, is) = (value(&old_fields), value(&new_fields));
        if was != is {
            return format!("{path} was `{was}` in the plan and is `{is}` now");
        }
    }
    "it would be written otherwise now".to_owned()
}
