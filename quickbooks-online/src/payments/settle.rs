//! Payments that settle documents: of bills to vendors, of invoices by customers.

use chrono::{DateTime, FixedOffset};
use serde_json::value::RawValue;
use sync_core::actuals::{PaidPart, PaymentMade, PaymentMethod, Settled, settled};
use sync_core::model::{
    AccountId, Currency, CustomerId, Date, Money, MoneyError, PayeeId, TargetId, TargetKind, TargetRef,
};

use super::{Head, HeadMembers, text, typed};
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::wire::{self, Line};

/// A part that was applied to a transaction of a kind which has no document here, such as a refund to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPart {
    /// The kind in QuickBooks' words, e.g. `Expense`.
    pub kind: String,
    /// Its id.
    pub id: TargetId,
    /// How much.
    pub amount: Money,
}

/// A payment of bills.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorPayment {
    /// Its id.
    pub id: TargetId,
    /// Its version.
    pub version: String,
    /// Its date.
    pub date: Date,
    /// Check number.
    pub number: Option<String>,
    /// How it was paid; none for a word that this version does not know. ACH and online payments count as checks.
    pub method: Option<PaymentMethod>,
    /// The bank or card account.
    pub account: Option<AccountId>,
    /// The vendor.
    pub vendor: PayeeId,
    /// Cash that moved; nothing for a voided one, and for one that only applies credits.
    pub total: Money,
    /// Was it voided? Then nothing is applied.
    pub voided: bool,
    /// What it settled and which credits it used, each once.
    pub applied: Vec<PaidPart>,
    /// What it was applied to besides.
    pub others: Vec<UnknownPart>,
    /// Cash that settled nothing yet: credit on account.
    pub unapplied: Money,
    /// When it was last changed.
    pub updated: Option<DateTime<FixedOffset>>,
}

/// A payment from a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerPayment {
    /// Its id.
    pub id: TargetId,
    /// Its version.
    pub version: String,
    /// Its date.
    pub date: Date,
    /// The customer's check number or other reference.
    pub number: Option<String>,
    /// The customer or job.
    pub customer: CustomerId,
    /// Where the money went: a bank account, or undeposited funds until it is deposited.
    pub account: Option<AccountId>,
    /// The deposit that took it to the bank.
    pub deposit: Option<TargetId>,
    /// Cash that moved.
    pub total: Money,
    /// Was it voided? Then nothing is applied.
    pub voided: bool,
    /// What it settled and which credits it used, each once.
    pub applied: Vec<PaidPart>,
    /// What it was applied to besides.
    pub others: Vec<UnknownPart>,
    /// Cash that settled nothing yet.
    pub unapplied: Money,
    /// When it was last changed.
    pub updated: Option<DateTime<FixedOffset>>,
}

impl VendorPayment {
    pub(crate) fn read(raw: &RawValue, home: Currency) -> Result<Self, Error> {
        let read: wire::BillPayment = typed(raw)?;
        let members = HeadMembers {
            date: read.txn_date,
            currency: read.currency_ref.as_ref(),
            total: read.total_amt,
            note: read.private_note.as_deref(),
            meta: read.meta_data.as_ref(),
        };
        let head = Head::of(&read, &members, home)?;
        let unreadable = |e: &dyn std::fmt::Display| Error::unreadable(&format!("BillPayment {}", head.id), e);
        let vendor = read.vendor_ref.as_ref().ok_or_else(|| unreadable(&"it has no VendorRef"))?;
        let parts = Parts::of(&read.line, head.total).map_err(|e| unreadable(&e))?;
        let check = || read.check_payment.as_ref().and_then(|check| check.bank_account_ref.as_ref());
        let card = || read.credit_card_payment.as_ref().and_then(|card| card.cc_account_ref.as_ref());
        let (method, account) = match read.pay_type.as_deref() {
            Some("Check") => (Some(PaymentMethod::Check), check()),
            Some("CreditCard") => (Some(PaymentMethod::CreditCard), card()),
            _ => (None, check().or_else(card)),
        };
        Ok(Self {
            id: head.id,
            version: head.version,
            date: head.date,
            number: text(read.doc_number.as_deref()),
            method,
            account: account.map(|account| account.value.as_str().into()),
            vendor: vendor.value.as_str().into(),
            total: head.total,
            voided: head.voided,
            applied: parts.applied,
            others: parts.others,
            unapplied: parts.unapplied,
            updated: head.updated,
        })
    }

    /// Each document that it settled, with cash and credits apart.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn settled(&self) -> Result<Vec<Settled>, MoneyError> {
        settled(&self.applied, self.total.currency())
    }

    /// What the way back needs of it.
    #[must_use]
    pub fn made(&self) -> PaymentMade {
        PaymentMade {
            target: TargetRef { kind: TargetKind::BillPayment, id: self.id.clone() },
            version: self.version.clone(),
            number: self.number.clone(),
            date: self.date,
            method: self.method,
            currency: self.total.currency(),
            applied: self.applied.clone(),
            voided: self.voided,
        }
    }
}

impl CustomerPayment {
    pub(crate) fn read(raw: &RawValue, home: Currency) -> Result<Self, Error> {
        let read: wire::Payment = typed(raw)?;
        let members = HeadMembers {
            date: read.txn_date,
            currency: read.currency_ref.as_ref(),
            total: read.total_amt,
            note: read.private_note.as_deref(),
            meta: read.meta_data.as_ref(),
        };
        let head = Head::of(&read, &members, home)?;
        let unreadable = |e: &dyn std::fmt::Display| Error::unreadable(&format!("Payment {}", head.id), e);
        let customer = read.customer_ref.as_ref().ok_or_else(|| unreadable(&"it has no CustomerRef"))?;
        let parts = Parts::of(&read.line, head.total).map_err(|e| unreadable(&e))?;
        let stated = read.unapplied_amt.map(|amount| convert::money(amount, head.currency)).transpose();
        let links = read.linked_txn.as_deref().unwrap_or_default();
        let deposit = links.iter().find(|link| link.txn_type.as_deref() == Some(Entity::Deposit.as_str()));
        Ok(Self {
            number: text(read.payment_ref_num.as_deref()),
            customer: customer.value.as_str().into(),
            account: read.deposit_to_account_ref.as_ref().map(|account| account.value.as_str().into()),
            deposit: deposit.and_then(|link| link.txn_id.as_deref()).map(Into::into),
            unapplied: stated.map_err(|e| unreadable(&e))?.unwrap_or(parts.unapplied),
            id: head.id,
            version: head.version,
            date: head.date,
            total: head.total,
            voided: head.voided,
            applied: parts.applied,
            others: parts.others,
            updated: head.updated,
        })
    }

    /// Each document that it settled, with cash and credits apart.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn settled(&self) -> Result<Vec<Settled>, MoneyError> {
        settled(&self.applied, self.total.currency())
    }

    /// What the way back needs of it.
    #[must_use]
    pub fn made(&self) -> PaymentMade {
        PaymentMade {
            target: TargetRef { kind: TargetKind::Payment, id: self.id.clone() },
            version: self.version.clone(),
            number: self.number.clone(),
            date: self.date,
            method: None,
            currency: self.total.currency(),
            applied: self.applied.clone(),
            voided: self.voided,
        }
    }
}

struct Parts {
    applied: Vec<PaidPart>,
    others: Vec<UnknownPart>,
    unapplied: Money,
}

impl Parts {
    fn of(lines: &Option<Vec<Line>>, total: Money) -> Result<Self, String> {
        let currency = total.currency();
        let mut parts = Self { applied: Vec::new(), others: Vec::new(), unapplied: total };
        for line in lines.as_deref().unwrap_or_default() {
            let amount = convert::line_money(line, currency).map_err(|error| error.to_string())?;
            parts.add(line, amount)?;
        }
        parts.unapplied = rest(&parts, total).map_err(|error| error.to_string())?;
        if parts.unapplied.is_negative() && parts.applied.iter().any(is_entry) {
            // More would be applied than was paid: the journal entries are credits, on the side of the money.
            parts.applied.iter_mut().filter(|part| is_entry(part)).for_each(|part| part.is_credit = true);
            parts.unapplied = rest(&parts, total).map_err(|error| error.to_string())?;
        }
        Ok(parts)
    }

    fn add(&mut self, line: &Line, amount: Money) -> Result<(), String> {
        let links = line.linked_txn.as_deref().unwrap_or_default();
        let [link] = links else {
            return if links.is_empty() {
                // Cash that is applied to nothing.
                Ok(())
            } else {
                Err(format!("a line of {amount} is linked to {} transactions", links.len()))
            };
        };
        let (Some(id), Some(name)) = (link.txn_id.as_deref(), link.txn_type.as_deref()) else {
            return Err(format!("a line of {amount} has a link without id or type"));
        };
        // Whether a credit comes with a minus is not documented.
        let size = if amount.is_negative() { amount.negated() } else { amount };
        let Some(kind) = Entity::from_name(name).and_then(Entity::kind) else {
            self.others.push(UnknownPart { kind: name.to_owned(), id: id.into(), amount: size });
            return Ok(());
        };
        let is_credit = matches!(kind, TargetKind::VendorCredit | TargetKind::CreditMemo) || amount.is_negative();
        let to = TargetRef { kind, id: id.into() };
        match self.applied.iter_mut().find(|part| part.to == to && part.is_credit == is_credit) {
            Some(known) => known.amount = known.amount.plus(size).map_err(|error| error.to_string())?,
            None => self.applied.push(PaidPart { to, amount: size, is_credit }),
        }
        Ok(())
    }
}

fn is_entry(part: &PaidPart) -> bool {
    part.to.kind == TargetKind::JournalEntry
}

/// What is left of the cash after what it settled, credits counted for it.
fn rest(parts: &Parts, total: Money) -> Result<Money, MoneyError> {
    let mut rest = total;
    for part in &parts.applied {
        rest = if part.is_credit { rest.plus(part.amount)? } else { rest.minus(part.amount)? };
    }
    for part in &parts.others {
        rest = rest.minus(part.amount)?;
    }
    Ok(rest)
}
