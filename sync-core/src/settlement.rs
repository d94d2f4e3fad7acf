//! Open items: what is still to pay on each bill, as payments and credits come, change and are voided.
//!
//! A bill is paid if and only if its open amount is nothing, not because a payment exists. One check over several bills
//! is one payment on each of them in the source, with the same number. Whether a payment is issued, cleared or
//! reconciled is a state of the payment, never of the bill.

use std::collections::BTreeMap;

use crate::model::{Currency, Money, MoneyError, TargetId};

/// How far a bill is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaidState {
    /// All is open.
    Unpaid,
    /// A part is open.
    PartlyPaid,
    /// Nothing is open.
    Paid,
}

/// How far a payment has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentStage {
    /// Recorded in the books.
    #[default]
    Issued,
    /// Seen by the bank.
    Cleared,
    /// Locked by a bank reconciliation.
    Reconciled,
}

/// What a payment or credit settles of one bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The bill.
    pub bill: TargetId,
    /// How much.
    pub amount: Money,
}

/// A payment, in cash, of one bill or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillPayment {
    /// Its id in the accounting system.
    pub id: TargetId,
    /// Check number or reference.
    pub number: String,
    /// What it settles.
    pub portions: Vec<Portion>,
}

/// A payment as the source has it: always of one bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePayment {
    /// The payment in the accounting system that it is part of.
    pub payment: TargetId,
    /// Check number or reference.
    pub number: String,
    /// The bill.
    pub bill: TargetId,
    /// How much.
    pub amount: Money,
}

/// What a call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It changed what is open.
    Changed,
    /// The same was there already.
    Unchanged,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementError {
    /// No such bill.
    #[error("{what} names bill {bill}, which is not known; read the bill first")]
    UnknownBill {
        /// What names it.
        what: String,
        /// The bill.
        bill: TargetId,
    },
    /// No such credit or payment.
    #[error("{what} {id} is not known; read it first")]
    Unknown {
        /// What is not known.
        what: &'static str,
        /// Its id.
        id: TargetId,
    },
    /// More than is open.
    #[error("{what} settles {amount} of bill {bill}, of which {open} is open; correct the payment")]
    AboveOpen {
        /// What settles.
        what: String,
        /// The bill.
        bill: TargetId,
        /// How much of it.
        amount: Money,
        /// What is open.
        open: Money,
    },
    /// A credit is used for more than there is of it.
    #[error("{amount} of credit {credit} is to be applied, of which {left} is left; correct the application")]
    AboveCredit {
        /// The credit.
        credit: TargetId,
        /// How much is to be applied.
        amount: Money,
        /// What is left.
        left: Money,
    },
    /// A total that is less than what was settled of it.
    #[error("{what} {id} comes to {total}, but {settled} of it is settled; void the payment first")]
    BelowSettled {
        /// Bill or credit.
        what: &'static str,
        /// Its id.
        id: TargetId,
        /// The new total.
        total: Money,
        /// What is settled.
        settled: Money,
    },
    /// An amount that cannot be.
    #[error("{what} is {amount}; amounts are given without a sign, and payments are more than nothing")]
    NotPositive {
        /// What it is.
        what: String,
        /// As given.
        amount: Money,
    },
    /// A bank reconciliation has locked the payment.
    #[error("payment {id} is locked by a bank reconciliation; undo the reconciliation first")]
    Reconciled {
        /// The payment.
        id: TargetId,
    },
    /// A void payment is brought again.
    #[error("payment {id} is void; a payment that is made again has an id of its own")]
    Void {
        /// The payment.
        id: TargetId,
    },
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

#[derive(Clone, Debug)]
struct Entry {
    payment: BillPayment,
    void: bool,
    stage: PaymentStage,
}

/// Bills, credits and payments of one company, and what is open.
#[derive(Clone, Debug)]
pub struct OpenItems {
    currency: Currency,
    bills: BTreeMap<TargetId, Money>,
    credits: BTreeMap<TargetId, Money>,
    /// By credit and bill.
    applied: BTreeMap<(TargetId, TargetId), Money>,
    payments: BTreeMap<TargetId, Entry>,
    open: BTreeMap<TargetId, Money>,
}

impl OpenItems {
    /// Nothing yet.
    pub fn new(currency: Currency) -> Self {
        let (bills, credits, open) = Default::default();
        Self { currency, bills, credits, applied: BTreeMap::new(), payments: BTreeMap::new(), open }
    }

    /// A bill and its total; a bill that is there takes the new total.
    ///
    /// # Errors
    /// If the total is below nothing, or below what was settled.
    pub fn bill(&mut self, id: impl Into<TargetId>, total: Money) -> Result<Settled, SettlementError> {
        let id = id.into();
        self.not_negative(|| format!("bill {id}"), total)?;
        let before = self.bills.get(&id).copied().unwrap_or(Money::zero(self.currency));
        let known = self.bills.contains_key(&id);
        let open = self.open.get(&id).copied().unwrap_or(Money::zero(self.currency));
        let now = open.plus(total.minus(before)?)?;
        if now.is_negative() {
            let settled = before.minus(open)?;
            return Err(SettlementError::BelowSettled { what: "bill", id, total, settled });
        }
        self.open.insert(id.clone(), now);
        self.bills.insert(id, total);
        Ok(if known && before == total { Settled::Unchanged } else { Settled::Changed })
    }

    /// A vendor credit and its total, without a sign; one that is there takes the new total.
    ///
    /// # Errors
    /// If the total is below nothing, or below what was applied.
    pub fn credit(&mut self, id: impl Into<TargetId>, total: Money) -> Result<Settled, SettlementError> {
        let id = id.into();
        self.not_negative(|| format!("credit {id}"), total)?;
        let settled = self.credit_applied(&id)?;
        if total.minus(settled)?.is_negative() {
            return Err(SettlementError::BelowSettled { what: "credit", id, total, settled });
        }
        let before = self.credits.insert(id, total);
        Ok(if before == Some(total) { Settled::Unchanged } else { Settled::Changed })
    }

    /// How much of a credit is applied to a bill, in all: a second call with the same amount changes nothing, and nothing
    /// takes the application back.
    ///
    /// # Errors
    /// If bill or credit is unknown, or has not so much left.
    pub fn apply_credit(
        &mut self,
        credit: impl Into<TargetId>,
        bill: impl Into<TargetId>,
        amount: Money,
    ) -> Result<Settled, SettlementError> {
        let (credit, bill) = (credit.into(), bill.into());
        self.not_negative(|| format!("the application of credit {credit}"), amount)?;
        let total = self.credits.get(&credit).copied();
        let total = total.ok_or_else(|| SettlementError::Unknown { what: "credit", id: credit.clone() })?;
        let key = (credit.clone(), bill.clone());
        let before = self.applied.get(&key).copied().unwrap_or(Money::zero(self.currency));
        let left = total.minus(self.credit_applied(&credit)?)?.plus(before)?;
        if left.minus(amount)?.is_negative() {
            return Err(SettlementError::AboveCredit { credit, amount, left });
        }
        let what = || format!("credit {credit}");
        let open = self.open_of(&bill, what)?.plus(before)?;
        let now = self.settle(&bill, amount, open, what)?;
        self.open.insert(bill, now);
        self.applied.insert(key, amount);
        Ok(if before == amount { Settled::Unchanged } else { Settled::Changed })
    }

    /// A payment. The same payment again changes nothing; one that was changed takes the place of what it was.
    ///
    /// # Errors
    /// If a bill is unknown or has less open, or the payment is void or reconciled. Then nothing has changed.
    pub fn pay(&mut self, payment: BillPayment) -> Result<Settled, SettlementError> {
        let known = self.payments.get(&payment.id);
        if let Some(entry) = known {
            if entry.void {
                return Err(SettlementError::Void { id: payment.id });
            }
            if entry.payment == payment {
                return Ok(Settled::Unchanged);
            }
            if entry.stage == PaymentStage::Reconciled {
                return Err(SettlementError::Reconciled { id: payment.id });
            }
        }
        let stage = known.map_or(PaymentStage::Issued, |entry| entry.stage);
        let mut open: BTreeMap<&TargetId, Money> = BTreeMap::new();
        for portion in known.iter().flat_map(|entry| &entry.payment.portions) {
            let what = || format!("payment {}", payment.number);
            let now = open.get(&portion.bill).copied().map_or_else(|| self.open_of(&portion.bill, what), Ok)?;
            open.insert(&portion.bill, now.plus(portion.amount)?);
        }
        for portion in &payment.portions {
            let what = || format!("payment {}", payment.number);
            if portion.amount.is_zero() {
                return Err(SettlementError::NotPositive { what: what(), amount: portion.amount });
            }
            self.not_negative(what, portion.amount)?;
            let now = open.get(&portion.bill).copied().map_or_else(|| self.open_of(&portion.bill, what), Ok)?;
            open.insert(&portion.bill, self.settle(&portion.bill, portion.amount, now, what)?);
        }
        let open: Vec<(TargetId, Money)> = open.into_iter().map(|(bill, open)| (bill.clone(), open)).collect();
        self.open.extend(open);
        self.payments.insert(payment.id.clone(), Entry { payment, void: false, stage });
        Ok(Settled::Changed)
    }

    /// Takes a payment back, from every bill that it settled. Voiding it twice changes nothing.
    ///
    /// # Errors
    /// If the payment is unknown or reconciled.
    pub fn void(&mut self, payment: impl Into<TargetId>) -> Result<Settled, SettlementError> {
        let id = payment.into();
        let entry = self.payments.get_mut(&id);
        let entry = entry.ok_or_else(|| SettlementError::Unknown { what: "payment", id: id.clone() })?;
        if entry.void {
            return Ok(Settled::Unchanged);
        }
        if entry.stage == PaymentStage::Reconciled {
            return Err(SettlementError::Reconciled { id });
        }
        for portion in &entry.payment.portions {
            if let Some(open) = self.open.get_mut(&portion.bill) {
                *open = open.plus(portion.amount)?;
            }
        }
        entry.void = true;
        Ok(Settled::Changed)
    }

    /// Says how far a payment has come. It changes no bill.
    ///
    /// # Errors
    /// If the payment is unknown or void.
    pub fn reach(&mut self, payment: impl Into<TargetId>, stage: PaymentStage) -> Result<Settled, SettlementError> {
        let id = payment.into();
        match self.payments.get_mut(&id) {
            None => Err(SettlementError::Unknown { what: "payment", id }),
            Some(entry) if entry.void => Err(SettlementError::Void { id }),
            Some(entry) if entry.stage == stage => Ok(Settled::Unchanged),
            Some(entry) => {
                entry.stage = stage;
                Ok(Settled::Changed)
            }
        }
    }

    /// What is open of a bill; none if it is not known.
    pub fn open(&self, bill: &str) -> Option<Money> {
        self.open.get(&TargetId::from(bill)).copied()
    }

    /// How far a bill is settled; none if it is not known. A bill of nothing is paid.
    pub fn state(&self, bill: &str) -> Option<PaidState> {
        let id = TargetId::from(bill);
        let (total, open) = (self.bills.get(&id)?, self.open.get(&id)?);
        Some(match () {
            () if open.is_zero() => PaidState::Paid,
            () if open == total => PaidState::Unpaid,
            () => PaidState::PartlyPaid,
        })
    }

    /// How far a payment has come; none if it is void or not known.
    pub fn stage(&self, payment: &str) -> Option<PaymentStage> {
        self.payments.get(&TargetId::from(payment)).filter(|entry| !entry.void).map(|entry| entry.stage)
    }

    /// Every payment that is not void, one for each bill that it settles, as the source must have them.
    pub fn source_payments(&self) -> impl Iterator<Item = SourcePayment> + '_ {
        self.payments.values().filter(|entry| !entry.void).flat_map(|entry| {
            entry.payment.portions.iter().map(|portion| SourcePayment {
                payment: entry.payment.id.clone(),
                number: entry.payment.number.clone(),
                bill: portion.bill.clone(),
                amount: portion.amount,
            })
        })
    }

    /// Cash that left the bank: payments that are not void. Credits are no cash.
    ///
    /// # Errors
    /// On overflow.
    pub fn cash_paid(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.source_payments().map(|payment| payment.amount))
    }

    /// What is open in all.
    ///
    /// # Errors
    /// On overflow.
    pub fn total_open(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.open.values().copied())
    }

    /// Credits that are not applied yet.
    ///
    /// # Errors
    /// On overflow.
    pub fn unapplied_credits(&self) -> Result<Money, MoneyError> {
        let applied = Money::sum(self.currency, self.applied.values().copied())?;
        Money::sum(self.currency, self.credits.values().copied())?.minus(applied)
    }

    fn credit_applied(&self, credit: &TargetId) -> Result<Money, MoneyError> {
        let of_credit = self.applied.iter().filter(|((of, _), _)| of == credit);
        Money::sum(self.currency, of_credit.map(|(_, amount)| *amount))
    }

    fn open_of(&self, bill: &TargetId, what: impl FnOnce() -> String) -> Result<Money, SettlementError> {
        let open = self.open.get(bill).copied();
        open.ok_or_else(|| SettlementError::UnknownBill { what: what(), bill: bill.clone() })
    }

    fn settle(
        &self,
        bill: &TargetId,
        amount: Money,
        open: Money,
        what: impl FnOnce() -> String,
    ) -> Result<Money, SettlementError> {
        let now = open.minus(amount)?;
        if now.is_negative() {
            return Err(SettlementError::AboveOpen { what: what(), bill: bill.clone(), amount, open });
        }
        Ok(now)
    }

    fn not_negative(&self, what: impl FnOnce() -> String, amount: Money) -> Result<(), SettlementError> {
        amount.plus(Money::zero(self.currency))?;
        if amount.is_negative() { Err(SettlementError::NotPositive { what: what(), amount }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    fn check(id: &str, portions: &[(&str, &str)]) -> BillPayment {
        let portions = portions.iter().map(|(b, a)| Portion { bill: (*b).into(), amount: usd(a) }).collect();
        BillPayment { id: id.into(), number: id.into(), portions }
    }

    #[test]
    fn a_payment_above_what_is_open_changes_nothing() {
        let mut items = OpenItems::new(Currency::USD);
        items.bill("1", usd("10")).unwrap();
        items.bill("2", usd("10")).unwrap();
        let refused = items.pay(check("C", &[("1", "10"), ("2", "10.01")])).unwrap_err();
        assert!(matches!(refused, SettlementError::AboveOpen { .. }), "{refused}");
        assert_eq!(items.open("1"), Some(usd("10")));
        assert_eq!(items.state("1"), Some(PaidState::Unpaid));
    }

    #[test]
    fn a_changed_payment_takes_the_place_of_what_it_was() {
        let mut items = OpenItems::new(Currency::USD);
        items.bill("1", usd("10")).unwrap();
        items.pay(check("C", &[("1", "10")])).unwrap();
        assert_eq!(items.pay(check("C", &[("1", "4")])).unwrap(), Settled::Changed);
        assert_eq!(items.pay(check("C", &[("1", "4")])).unwrap(), Settled::Unchanged);
        assert_eq!((items.open("1"), items.state("1")), (Some(usd("6")), Some(PaidState::PartlyPaid)));
    }

    #[test]
    fn a_reconciled_payment_cannot_be_voided() {
        let mut items = OpenItems::new(Currency::USD);
        items.bill("1", usd("10")).unwrap();
        items.pay(check("C", &[("1", "10")])).unwrap();
        items.reach("C", PaymentStage::Reconciled).unwrap();
        assert_eq!(items.void("C"), Err(SettlementError::Reconciled { id: "C".into() }));
        assert_eq!(items.state("1"), Some(PaidState::Paid));
    }

    #[test]
    fn a_bill_cannot_shrink_below_what_is_settled() {
        let mut items = OpenItems::new(Currency::USD);
        items.bill("1", usd("10")).unwrap();
        items.credit("V", usd("4")).unwrap();
        items.apply_credit("V", "1", usd("4")).unwrap();
        assert!(matches!(items.bill("1", usd("3.99")), Err(SettlementError::BelowSettled { .. })));
        items.bill("1", usd("4")).unwrap();
        assert_eq!(items.state("1"), Some(PaidState::Paid));
        assert_eq!(items.unapplied_credits().unwrap(), usd("0"));
    }
}
