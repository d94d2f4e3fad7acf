//! Money at the bank: deposits, and purchases that were paid at once.

use chrono::{DateTime, FixedOffset};
use serde_json::value::RawValue;
use sync_core::model::accounting::PostTo;
use sync_core::model::{
    AccountId, ClassId, Currency, CustomerId, Date, Money, PayeeId, TargetId, TargetKind, TargetRef,
};

use super::{Head, HeadMembers, made_from_order, text, typed};
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::wire::{self, Line, PartyReference};

/// A deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BankDeposit {
    /// Its id.
    pub id: TargetId,
    /// Its version.
    pub version: String,
    /// Its date.
    pub date: Date,
    /// The bank account.
    pub account: AccountId,
    /// What reached the bank: the lines less cash taken out.
    pub total: Money,
    /// Was it voided?
    pub voided: bool,
    /// Its lines.
    pub lines: Vec<DepositLine>,
    /// Cash taken out.
    pub cash_back: Money,
    /// When it was last changed.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// A line of a [`BankDeposit`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepositLine {
    /// How much.
    pub amount: Money,
    /// The payment (or other transaction) that it takes to the bank; none for money that comes from nowhere else.
    pub from: Option<TargetRef>,
    /// The account that it comes from, for money that is no payment.
    pub account: Option<AccountId>,
    /// Who gave it: `Customer`, `Vendor` or `Employee` in QuickBooks' spelling, and the id.
    pub party: Option<(String, TargetId)>,
    /// Check number.
    pub number: Option<String>,
    /// Text.
    pub description: String,
}

impl BankDeposit {
    pub(crate) fn read(raw: &RawValue, home: Currency) -> Result<Self, Error> {
        let read: wire::Deposit = typed(raw)?;
        let members = HeadMembers {
            date: read.txn_date,
            currency: read.currency_ref.as_ref(),
            total: read.total_amt,
            note: read.private_note.as_deref(),
            meta: read.meta_data.as_ref(),
        };
        let head = Head::of(&read, &members, home)?;
        let unreadable = |e: &dyn std::fmt::Display| Error::unreadable(&format!("Deposit {}", head.id), e);
        let account = read.deposit_to_account_ref.as_ref();
        let account = account.ok_or_else(|| unreadable(&"it has no DepositToAccountRef"))?;
        let lines = read.line.as_deref().unwrap_or_default().iter().map(|line| deposit_line(line, head.currency));
        let back = read.cash_back.as_ref().and_then(|back| back.amount);
        let back = back.map_or(Ok(Money::zero(head.currency)), |amount| convert::money(amount, head.currency));
        Ok(Self {
            account: account.value.as_str().into(),
            lines: lines.collect::<Result<_, _>>().map_err(|error| unreadable(&error))?,
            cash_back: back.map_err(|error| unreadable(&error))?,
            id: head.id,
            version: head.version,
            date: head.date,
            total: head.total,
            voided: head.voided,
            updated: head.updated,
        })
    }

    /// The customers' payments that it takes to the bank.
    pub fn payments(&self) -> impl Iterator<Item = &TargetId> {
        let linked = self.lines.iter().filter_map(|line| line.from.as_ref());
        linked.filter(|from| from.kind == TargetKind::Payment).map(|from| &from.id)
    }
}

fn deposit_line(line: &Line, currency: Currency) -> Result<DepositLine, sync_core::model::MoneyError> {
    let detail = line.deposit.as_ref();
    let linked = line.linked_txn.as_deref().unwrap_or_default().iter().find_map(|link| {
        let kind = Entity::from_name(link.txn_type.as_deref()?)?.kind()?;
        Some(TargetRef { kind, id: link.txn_id.as_deref()?.into() })
    });
    let account = detail.and_then(|detail| detail.account_ref.as_ref()).filter(|_| linked.is_none());
    Ok(DepositLine {
        amount: convert::line_money(line, currency)?,
        from: linked,
        account: account.map(|account| account.value.as_str().into()),
        party: detail.and_then(|detail| detail.entity.as_ref()).map(party),
        number: text(detail.and_then(|detail| detail.check_num.as_deref())),
        description: line.description.clone().unwrap_or_default(),
    })
}

fn party(reference: &PartyReference) -> (String, TargetId) {
    (reference.kind.clone().unwrap_or_default(), reference.value.as_str().into())
}

/// An expense, check or card charge.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectPurchase {
    /// Its id.
    pub id: TargetId,
    /// Its version.
    pub version: String,
    /// Its date.
    pub date: Date,
    /// Number, such as that of the check.
    pub number: Option<String>,
    /// `Cash`, `Check` or `CreditCard`, in QuickBooks' spelling.
    pub method: String,
    /// The bank or card account.
    pub account: Option<AccountId>,
    /// The vendor, if a vendor was paid.
    pub vendor: Option<PayeeId>,
    /// The total; below nothing for a refund.
    pub total: Money,
    /// Was it voided?
    pub voided: bool,
    /// Its lines that post.
    pub lines: Vec<PurchaseLine>,
    /// The note, which people write.
    pub note: String,
    /// When it was last changed.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// A line of a [`DirectPurchase`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurchaseLine {
    /// Its id within the purchase.
    pub id: Option<String>,
    /// How much; below nothing for a refund.
    pub amount: Money,
    /// Item or account.
    pub post_to: PostTo,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
    /// Was it made from a purchase order, so that it belongs to a commitment?
    pub is_committed: bool,
    /// Text.
    pub description: String,
}

impl DirectPurchase {
    pub(crate) fn read(raw: &RawValue, home: Currency) -> Result<Self, Error> {
        let read: wire::Purchase = typed(raw)?;
        let members = HeadMembers {
            date: read.txn_date,
            currency: read.currency_ref.as_ref(),
            total: read.total_amt,
            note: read.private_note.as_deref(),
            meta: read.meta_data.as_ref(),
        };
        let head = Head::of(&read, &members, home)?;
        let is_refund = read.credit == Some(true);
        let signed = |amount: Money| if is_refund { amount.negated() } else { amount };
        let wire_lines = read.line.as_deref().unwrap_or_default();
        let is_committed = made_from_order(wire_lines, &read.linked_txn);
        let mut lines = Vec::with_capacity(wire_lines.len());
        for line in wire_lines {
            let expense = convert::expense_line(line, head.currency)
                .map_err(|error| Error::unreadable(&format!("Purchase {}", head.id), &error))?;
            if let Some(expense) = expense {
                lines.push(PurchaseLine {
                    id: line.id.clone(),
                    amount: signed(expense.amount),
                    post_to: expense.coding.post_to,
                    class: expense.coding.class,
                    customer: expense.coding.customer,
                    is_committed: is_committed(line),
                    description: expense.description,
                });
            }
        }
        let is_vendor = |party: &&PartyReference| {
            party.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(Entity::Vendor.as_str()))
        };
        Ok(Self {
            number: text(read.doc_number.as_deref()),
            note: read.private_note.clone().unwrap_or_default(),
            method: read.payment_type.clone().unwrap_or_default(),
            account: read.account_ref.as_ref().map(|account| account.value.as_str().into()),
            vendor: read.entity_ref.as_ref().filter(is_vendor).map(|party| party.value.as_str().into()),
            total: signed(head.total),
            id: head.id,
            version: head.version,
            date: head.date,
            voided: head.voided,
            lines,
            updated: head.updated,
        })
    }

    /// The lines that are cost of a job without a commitment.
    pub fn direct_costs(&self) -> impl Iterator<Item = &PurchaseLine> {
        self.lines.iter().filter(|line| line.customer.is_some() && !line.is_committed)
    }
}
