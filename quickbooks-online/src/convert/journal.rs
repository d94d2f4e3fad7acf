//! Journal entries: reading, creating, changing.
//!
//! On the wire an amount is positive and `PostingType` gives its side; a line names one entity at most, which is the
//! customer or job here.

use serde_json::value::{RawValue, to_raw_value};
use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::accounting::{AccountingDocument, JournalEntry, JournalLine};
use sync_core::model::{Amount, Currency, Money};

use super::note_with;
use super::read::{currency_of, line_money, says_voided, target};
use super::update::{number_and_note, set_reference};
use crate::client::COMPUTED;
use crate::error::Error;
use crate::raw::Object;
use crate::sanitise::{self, number, paragraph};
use crate::wire::{self, JournalDetail, JournalEntity, Line, Reference, Wire, detail};

const DEBIT: &str = "Debit";
const CREDIT: &str = "Credit";
const CUSTOMER: &str = "Customer";

/// The body that creates a journal entry.
pub(super) fn create(document: &JournalEntry, marker: &Marker) -> Result<Box<RawValue>, serde_json::Error> {
    to_raw_value(&wire::JournalEntry {
        doc_number: document.number().map(|text| number(text).into_owned()),
        txn_date: Some(document.date()),
        private_note: Some(note_with(document.memo(), marker, sanitise::MAX_NOTE)),
        line: Some(document.lines().iter().map(new_line).collect()),
        ..wire::JournalEntry::default()
    })
}

fn side(line: &JournalLine) -> &'static str {
    if line.amount.is_negative() { CREDIT } else { DEBIT }
}

fn size(line: &JournalLine) -> Amount {
    Amount(line.amount.amount().abs())
}

fn new_line(from: &JournalLine) -> Line {
    Line {
        description: Some(paragraph(&from.description, sanitise::MAX_DESCRIPTION).into_owned())
            .filter(|text| !text.is_empty()),
        amount: Some(size(from)),
        detail_type: Some(detail::JOURNAL_ENTRY.to_owned()),
        journal: Some(JournalDetail {
            posting_type: Some(side(from).to_owned()),
            account_ref: Some(Reference::to(from.account.as_str())),
            entity: from.customer.as_ref().map(|id| entity(id.as_str())),
            class_ref: from.class.as_ref().map(|id| Reference::to(id.as_str())),
        }),
        ..Line::default()
    }
}

fn entity(customer: &str) -> JournalEntity {
    JournalEntity { kind: Some(CUSTOMER.to_owned()), entity_ref: Some(Reference::to(customer)) }
}

/// The state of a journal entry that was read. QuickBooks states no total and no balance for one.
pub(super) fn state(entry: &wire::JournalEntry, home: Currency) -> Result<TargetState, Error> {
    let at = |member: &str| format!("JournalEntry {} at {member}", entry.id());
    let currency =
        currency_of(entry.currency_ref.as_ref(), home).map_err(|e| Error::unreadable(&at("CurrencyRef"), &e))?;
    let date = entry.txn_date.ok_or_else(|| Error::unreadable(&at("TxnDate"), &"it has none"))?;
    let wire_lines = entry.line.as_deref().unwrap_or_default();
    let mut lines = Vec::with_capacity(wire_lines.len());
    for line in wire_lines {
        if let Some(line) = journal_line(line, currency).map_err(|e| Error::unreadable(&at("Line"), &e))? {
            lines.push(line);
        }
    }
    let note = entry.private_note.as_deref().unwrap_or_default();
    let is_voided = says_voided(note) && lines.iter().all(|line| line.amount.is_zero());
    let (marker, memo) = Marker::take_from(note);
    let number = entry.doc_number.clone().filter(|number| !number.is_empty());
    let document = JournalEntry::new(number, date, memo, lines).map_err(|e| Error::unreadable(&at("Line"), &e))?;
    let document = AccountingDocument::JournalEntry(document);
    Ok(TargetState {
        target: target(entry, document.kind())?,
        version: entry.sync_token().to_owned(),
        document,
        total: None,
        balance: None,
        condition: if is_voided { Condition::Voided } else { Condition::Live },
        marker,
    })
}

/// The amount of a side: positive for debit, negative for credit. None for lines that are only text.
pub(crate) fn signed(line: &Line, currency: Currency) -> Result<Option<Money>, String> {
    let Some(detail) = &line.journal else { return Ok(None) };
    let amount = line_money(line, currency).map_err(|error| error.to_string())?;
    match detail.posting_type.as_deref() {
        Some(DEBIT) => Ok(Some(amount)),
        Some(CREDIT) => Ok(Some(amount.negated())),
        other => Err(format!("a line is {}, neither debit nor credit", other.unwrap_or("nothing"))),
    }
}

fn journal_line(line: &Line, currency: Currency) -> Result<Option<JournalLine>, String> {
    let Some(amount) = signed(line, currency)? else { return Ok(None) };
    let Some(detail) = &line.journal else { return Ok(None) };
    let Some(account) = &detail.account_ref else { return Ok(None) };
    Ok(Some(JournalLine {
        account: account.value.as_str().into(),
        amount,
        description: line.description.clone().unwrap_or_default(),
        class: detail.class_ref.as_ref().map(|class| class.value.as_str().into()),
        customer: customer(detail).map(Into::into),
    }))
}

fn customer(detail: &JournalDetail) -> Option<&str> {
    let entity = detail.entity.as_ref().filter(|entity| entity.kind.as_deref() == Some(CUSTOMER))?;
    Some(entity.entity_ref.as_ref()?.value.as_str())
}

/// The body that changes a journal entry that was read: all of it. A line of the document carries no id; it takes the
/// place of the read line that is most like it, so that ids, tags and locations stay.
pub(super) fn update(
    document: &JournalEntry,
    mut object: Object<'_>,
    marker: &Marker,
) -> Result<Box<RawValue>, serde_json::Error> {
    let lines = merged_lines(document, object.get("Line"))?;
    for member in COMPUTED {
        object.remove(member);
    }
    object.set("sparse", &false)?;
    number_and_note(&mut object, document.number(), document.memo(), marker)?;
    object.set("TxnDate", &document.date())?;
    object.set("Line", &lines)?;
    object.to_raw()
}

fn merged_lines(document: &JournalEntry, read: Option<&RawValue>) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    let old: Vec<&RawValue> = read.map_or(Ok(Vec::new()), |lines| serde_json::from_str(lines.get()))?;
    let mut free = Vec::with_capacity(old.len());
    for raw in &old {
        free.push(Some((*raw, serde_json::from_str::<Line>(raw.get())?)));
    }
    let mut lines = Vec::with_capacity(old.len());
    let mut taken: Vec<Option<&RawValue>> = vec![None; document.lines().len()];
    // The best likeness first, for all lines, so that a worse one does not take the place of a better.
    for likeness in [Likeness::Whole, Likeness::Coding, Likeness::Account] {
        for (slot, wanted) in taken.iter_mut().zip(document.lines()).filter(|(slot, _)| slot.is_none()) {
            let like = |known: &&mut Option<(&RawValue, Line)>| {
                known.as_ref().is_some_and(|(_, line)| is_like(wanted, line, likeness))
            };
            *slot = free.iter_mut().find(like).and_then(Option::take).map(|(raw, _)| raw);
        }
    }
    for (raw, wanted) in taken.into_iter().zip(document.lines()) {
        lines.push(match raw {
            Some(raw) => merged_line(wanted, raw)?,
            None => to_raw_value(&new_line(wanted))?,
        });
    }
    // Texts between the sides stay.
    lines.extend(free.into_iter().flatten().filter(|(_, line)| line.journal.is_none()).map(|(raw, _)| raw.to_owned()));
    Ok(lines)
}

#[derive(Clone, Copy, PartialEq)]
enum Likeness {
    /// Account, customer, class and side.
    Whole,
    /// Account and customer.
    Coding,
    /// Account.
    Account,
}

fn is_like(wanted: &JournalLine, line: &Line, likeness: Likeness) -> bool {
    let Some(detail) = &line.journal else { return false };
    let account = detail.account_ref.as_ref().is_some_and(|account| account.value == wanted.account.as_str());
    let same_customer = customer(detail) == wanted.customer.as_ref().map(|id| id.as_str());
    let class = detail.class_ref.as_ref().map(|class| class.value.as_str());
    let same_class = class == wanted.class.as_ref().map(|id| id.as_str());
    let same_side = detail.posting_type.as_deref() == Some(side(wanted));
    account
        && match likeness {
            Likeness::Whole => same_customer && same_class && same_side,
            Likeness::Coding => same_customer,
            Likeness::Account => true,
        }
}

fn merged_line(wanted: &JournalLine, raw: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let new = new_line(wanted);
    let mut object = Object::read(raw)?;
    object.set("Description", new.description.as_deref().unwrap_or_default())?;
    object.set("Amount", &new.amount)?;
    let old = object.get(detail::JOURNAL_ENTRY).map(ToOwned::to_owned);
    let mut detail = match &old {
        Some(old) => Object::read(old)?,
        None => Object::new(),
    };
    detail.set("PostingType", side(wanted))?;
    set_reference(&mut detail, "AccountRef", Some(wanted.account.as_str()))?;
    set_reference(&mut detail, "ClassRef", wanted.class.as_ref().map(|id| id.as_str()))?;
    if let Some(id) = &wanted.customer {
        detail.set("Entity", &entity(id.as_str()))?;
    }
    let detail = detail.to_raw()?;
    object.set("DetailType", detail::JOURNAL_ENTRY)?;
    object.set(detail::JOURNAL_ENTRY, &detail)?;
    object.to_raw()
}
