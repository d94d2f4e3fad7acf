//! What a payment settled, with cash and credits apart.

use serde::{Deserialize, Serialize};

use crate::model::{Currency, Date, Money, MoneyError, TargetId, TargetRef};

/// How a payment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// By check. Where the system knows no other word for it, transfers too.
    Check,
    /// By credit card.
    CreditCard,
    /// By transfer.
    Electronic,
}

/// A document and how much of it a payment settled, or how much of a credit it used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidPart {
    /// The bill, invoice, vendor credit, credit memo or journal entry.
    pub to: TargetRef,
    /// How much, never below nothing.
    pub amount: Money,
    /// Was it a credit that paid, rather than a document that was paid?
    pub is_credit: bool,
}

/// How a document was settled by one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The document.
    pub to: TargetRef,
    /// Settled in all.
    pub amount: Money,
    /// Of that, by credits that the same payment used.
    pub by_credit: Money,
    /// Of that, by cash.
    pub cash: Money,
    /// Does the system say so? It need not say which of several documents a credit settled; then credits count for the
    /// documents in the order of the parts, and this is no. The amounts of `amount` and the sums are exact all the same.
    pub is_exact: bool,
}

/// A payment, of bills to a vendor or of invoices by a customer, as the accounting system has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMade {
    /// Which: a bill payment, or a payment of a customer.
    pub target: TargetRef,
    /// Its version.
    pub version: String,
    /// Check number or reference.
    pub number: Option<String>,
    /// Its date.
    pub date: Date,
    /// How it was made, where that is known.
    pub method: Option<PaymentMethod>,
    /// Currency of every amount.
    pub currency: Currency,
    /// What it settled and which credits it used, each once.
    pub applied: Vec<PaidPart>,
    /// Voided: it settles nothing any more.
    pub voided: bool,
}

impl PaymentMade {
    /// Each document that it settled; nothing if it is void.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn settled(&self) -> Result<Vec<Settled>, MoneyError> {
        if self.voided { Ok(Vec::new()) } else { settled(&self.applied, self.currency) }
    }

    /// What it paid of one document in cash; none if that is nothing.
    ///
    /// # Errors
    /// [`MoneyError`] on overflow.
    pub fn cash_on(&self, document: &TargetId) -> Result<Option<Money>, MoneyError> {
        let of = self.settled()?.into_iter().filter(|settled| settled.to.id == *document);
        let cash = Money::sum(self.currency, of.map(|settled| settled.cash))?;
        Ok((!cash.is_zero()).then_some(cash))
    }
}

/// Each document that the parts settled: credits count for the documents in the order of the parts.
///
/// # Errors
/// [`MoneyError`] on overflow, or if an amount is of another currency.
pub fn settled(applied: &[PaidPart], currency: Currency) -> Result<Vec<Settled>, MoneyError> {
    let zero = Money::zero(currency);
    let mut credit = Money::sum(currency, applied.iter().filter(|part| part.is_credit).map(|part| part.amount))?;
    let documents = applied.iter().filter(|part| !part.is_credit);
    let is_exact = credit.is_zero() || documents.clone().count() == 1;
    let mut settled = Vec::with_capacity(applied.len());
    for part in documents {
        let left = part.amount.minus(credit)?;
        let cash = if left.is_negative() { zero } else { left };
        let by_credit = part.amount.minus(cash)?;
        credit = credit.minus(by_credit)?;
        settled.push(Settled { to: part.to.clone(), amount: part.amount, by_credit, cash, is_exact });
    }
    Ok(settled)
}
