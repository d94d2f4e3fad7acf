//! Journal entries. Their lines are named by their side when they are created and read, and tell it when changed.

use super::slot::{Fault, owned};
use super::{Form, ObjectError, Record, Slot, record};
use crate::qbxml::common::{Element, ObjectRef};
use crate::qbxml::number::Amount;
use crate::qbxml::value::{QbDate, QbDateTime, ValueError};

/// The side of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalSide {
    /// Debit.
    #[default]
    Debit,
    /// Credit.
    Credit,
}

record! {
    /// A line of a journal entry; amounts are positive on both sides.
    Parts {
        txn_line_id: Option<String> = "TxnLineID" "mR" 36;
        line_type: Option<String> = "JournalLineType" "M";
        account: Option<ObjectRef<'static>> = "AccountRef" "AMR" 159;
        amount: Option<Amount> = "Amount" "AMR";
        memo: Option<String> = "Memo" "AMR" 4095;
        entity: Option<ObjectRef<'static>> = "EntityRef" "AMR" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        billable_status: Option<String> = "BillableStatus" "AMR" 13;
    }
}

/// A line of a journal entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalLine {
    /// Its side.
    pub side: JournalSide,
    /// The line; `-1` for a new one in a change.
    pub txn_line_id: Option<String>,
    /// The account.
    pub account: Option<ObjectRef<'static>>,
    /// The amount, not below nothing.
    pub amount: Option<Amount>,
    /// The text.
    pub memo: Option<String>,
    /// Customer, job or vendor. An accounts-receivable line needs a customer, an accounts-payable line a vendor.
    pub entity: Option<ObjectRef<'static>>,
    /// The class.
    pub class: Option<ObjectRef<'static>>,
    /// Charged on to the customer?
    pub billable_status: Option<String>,
    /// Elements without a field here.
    pub extra: Vec<Element<'static>>,
}

impl JournalLine {
    fn write(&self, form: Form) -> Result<Element<'static>, ObjectError> {
        let (name, word) = match self.side {
            JournalSide::Debit => ("JournalDebitLine", "Debit"),
            JournalSide::Credit => ("JournalCreditLine", "Credit"),
        };
        let parts = Parts {
            txn_line_id: self.txn_line_id.clone().filter(|_| form == Form::Mod),
            line_type: (form == Form::Mod).then(|| word.to_owned()),
            account: self.account.clone(),
            amount: self.amount,
            memo: self.memo.clone(),
            entity: self.entity.clone(),
            class: self.class.clone(),
            billable_status: self.billable_status.clone(),
            extra: Vec::new(),
        };
        let name = if form == Form::Mod { "JournalLineMod" } else { name };
        Ok(Element::parent(name, parts.write(form)?))
    }
}

impl Slot for Vec<JournalLine> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn put(&self, to: &mut Vec<Element<'static>>, _: &str, _: usize, form: Form) -> Result<(), Fault> {
        for line in self {
            to.push(line.write(form).map_err(Fault::Inside)?);
        }
        Ok(())
    }

    fn read_from(&mut self, from: &Element<'_>) -> Result<(), Fault> {
        let side = match &*from.name {
            "JournalCreditLine" => JournalSide::Credit,
            "JournalDebitLine" => JournalSide::Debit,
            _ => return Err(ValueError::Empty.into()),
        };
        let Parts { txn_line_id, account, amount, memo, entity, class, billable_status, extra, .. } =
            Parts::read(from).map_err(Fault::Inside)?;
        self.push(JournalLine { side, txn_line_id, account, amount, memo, entity, class, billable_status, extra });
        Ok(())
    }
}

record! {
    /// What a journal entry has beside its lines.
    Head {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        is_adjustment: Option<bool> = "IsAdjustment" "AMR";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
    }
}

/// A journal entry. It has no memo of its own; the lines have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalEntry {
    /// `TxnID`.
    pub txn_id: Option<String>,
    /// When it was last saved.
    pub time_modified: Option<QbDateTime<'static>>,
    /// Its version.
    pub edit_sequence: Option<String>,
    /// Its date.
    pub txn_date: Option<QbDate>,
    /// Its number, at most 11 characters.
    pub ref_number: Option<String>,
    /// An adjusting entry?
    pub is_adjustment: Option<bool>,
    /// The identifier that the creating program gave it, in braces.
    pub external_guid: Option<String>,
    /// Its lines; debits and credits are equal.
    pub lines: Vec<JournalLine>,
    /// Elements without a field here.
    pub extra: Vec<Element<'static>>,
}

impl Record for JournalEntry {
    fn write(&self, form: Form) -> Result<Vec<Element<'static>>, ObjectError> {
        let head = Head {
            txn_id: self.txn_id.clone(),
            edit_sequence: self.edit_sequence.clone(),
            txn_date: self.txn_date,
            ref_number: self.ref_number.clone(),
            is_adjustment: self.is_adjustment,
            external_guid: self.external_guid.clone(),
            ..Head::default()
        };
        let mut children = head.write(form)?;
        self.lines.put(&mut children, "", usize::MAX, form).map_err(|fault| fault.at("JournalEntry", "lines"))?;
        Ok(children)
    }

    fn read(element: &Element<'_>) -> Result<Self, ObjectError> {
        let mut head = Head::read(element)?;
        let mut lines: Vec<JournalLine> = Vec::new();
        let mut extra = Vec::new();
        for child in head.extra.drain(..) {
            match &*child.name {
                "JournalDebitLine" | "JournalCreditLine" => {
                    lines.read_from(&child).map_err(|fault| fault.at("JournalEntry", &child.name))?;
                }
                _ => extra.push(owned(&child)),
            }
        }
        let Head { txn_id, time_modified, edit_sequence, txn_date, ref_number, is_adjustment, external_guid, .. } =
            head;
        Ok(Self {
            txn_id,
            time_modified,
            edit_sequence,
            txn_date,
            ref_number,
            is_adjustment,
            external_guid,
            lines,
            extra,
        })
    }
}
