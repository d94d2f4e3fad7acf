//! T4: payments on commitments = bill payments, pay app by pay app.
//!
//! One check over several bills is one payment on each. Credits that are applied are no payments, and neither are
//! payments that are void.

use std::collections::{BTreeMap, BTreeSet};

use super::tie_out::FindingKind;
use crate::model::{Currency, DocumentKey, Money, MoneyError};

/// A payment on a commitment as Procore has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRecord {
    /// The pay app that it pays; the commitment, where Procore names no pay app.
    pub document: DocumentKey,
    /// Its number.
    pub label: String,
    /// Check number.
    pub number: Option<String>,
    /// How much.
    pub amount: Money,
}

/// What a bill payment settles of one bill, as the books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillPaymentRecord {
    /// The document that the bill stands for, by link or marker.
    pub document: Option<DocumentKey>,
    /// Number of the bill.
    pub bill: String,
    /// Check number.
    pub number: Option<String>,
    /// How much, in cash.
    pub amount: Money,
}

/// A payment that one side has otherwise, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFinding {
    /// The pay app; none for a bill without one.
    pub document: Option<DocumentKey>,
    /// Its kind.
    pub kind: FindingKind,
    /// The pay app; none where Procore lacks the payment.
    pub procore: Option<String>,
    /// The bill; none where QuickBooks lacks the payment.
    pub quickbooks: Option<String>,
    /// Left minus right.
    pub amount: Money,
    /// For people.
    pub text: String,
}

/// Payments on both sides, and what explains the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentTieOut {
    /// Procore's total.
    pub left: Money,
    /// QuickBooks' total.
    pub right: Money,
    /// Left minus right. The findings add up to it.
    pub difference: Money,
    /// What explains it.
    pub findings: Vec<PaymentFinding>,
}

impl PaymentTieOut {
    /// Does every payment tie?
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Ties out payments (T4).
///
/// # Errors
/// If amounts of several currencies meet, or overflow.
pub fn tie_out_payments(
    currency: Currency,
    procore: &[PaymentRecord],
    books: &[BillPaymentRecord],
) -> Result<PaymentTieOut, MoneyError> {
    let mut left: BTreeMap<&DocumentKey, Vec<&PaymentRecord>> = BTreeMap::new();
    let mut right: BTreeMap<&DocumentKey, Vec<&BillPaymentRecord>> = BTreeMap::new();
    let mut findings = Vec::new();
    for record in procore {
        left.entry(&record.document).or_default().push(record);
    }
    for record in books {
        match &record.document {
            Some(document) => right.entry(document).or_default().push(record),
            None if record.amount.is_zero() => {}
            None => findings.push(PaymentFinding {
                document: None,
                kind: FindingKind::NotFromThisSync,
                procore: None,
                quickbooks: Some(record.bill.clone()),
                amount: record.amount.negated(),
                text: format!("payment of {} ({}) is for a bill without a pay app", record.bill, record.amount),
            }),
        }
    }
    let documents: BTreeSet<&DocumentKey> = left.keys().chain(right.keys()).copied().collect();
    for document in documents {
        let (mut left, mut right) =
            (left.remove(document).unwrap_or_default(), right.remove(document).unwrap_or_default());
        pair_off(&mut left, &mut right, |l, r| l.amount == r.amount && l.number == r.number);
        pair_off(&mut left, &mut right, |l, r| l.amount == r.amount);
        if let ([l], [r]) = (left.as_slice(), right.as_slice()) {
            findings.push(PaymentFinding {
                document: Some(document.clone()),
                kind: FindingKind::AmountDiffers,
                procore: Some(l.label.clone()),
                quickbooks: Some(r.bill.clone()),
                amount: l.amount.minus(r.amount)?,
                text: format!("payment of {} is {} in Procore and {} in QuickBooks", r.bill, l.amount, r.amount),
            });
            continue;
        }
        for l in left {
            findings.push(PaymentFinding {
                document: Some(document.clone()),
                kind: FindingKind::PaymentMissing,
                procore: Some(l.label.clone()),
                quickbooks: None,
                amount: l.amount,
                text: format!("payment of {} ({}) is not in QuickBooks", l.label, l.amount),
            });
        }
        for r in right {
            findings.push(PaymentFinding {
                document: Some(document.clone()),
                kind: FindingKind::PaymentMissing,
                procore: None,
                quickbooks: Some(r.bill.clone()),
                amount: r.amount.negated(),
                text: format!("payment of {} ({}) is not in Procore", r.bill, r.amount),
            });
        }
    }
    let left = Money::sum(currency, procore.iter().map(|record| record.amount))?;
    let right = Money::sum(currency, books.iter().map(|record| record.amount))?;
    Ok(PaymentTieOut { left, right, difference: left.minus(right)?, findings })
}

fn pair_off<L: Copy, R: Copy>(left: &mut Vec<L>, right: &mut Vec<R>, equal: impl Fn(L, R) -> bool) {
    left.retain(|l| match right.iter().position(|r| equal(*l, *r)) {
        Some(at) => {
            right.remove(at);
            false
        }
        None => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DocumentKind;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    fn paid(label: &str, number: &str, amount: &str) -> PaymentRecord {
        let document = DocumentKey::new(DocumentKind::PayApp, label);
        PaymentRecord { document, label: label.into(), number: Some(number.into()), amount: usd(amount) }
    }

    fn booked(label: &str, number: &str, amount: &str) -> BillPaymentRecord {
        let document = Some(DocumentKey::new(DocumentKind::PayApp, label));
        BillPaymentRecord { document, bill: format!("B {label}"), number: Some(number.into()), amount: usd(amount) }
    }

    #[test]
    fn payments_pair_off_by_number_then_by_amount() {
        let procore = [paid("1", "1001", "10"), paid("1", "1002", "5"), paid("2", "1002", "7")];
        let books = [booked("1", "1001", "10"), booked("1", "another", "5"), booked("2", "1002", "7")];
        let tie = tie_out_payments(Currency::USD, &procore, &books).unwrap();
        assert!(tie.is_clean() && tie.difference.is_zero(), "{tie:?}");
    }

    #[test]
    fn equal_totals_of_different_pay_apps_are_two_findings() {
        let tie = tie_out_payments(Currency::USD, &[paid("1", "9", "10")], &[booked("2", "9", "10")]).unwrap();
        assert!(tie.difference.is_zero());
        let kinds: Vec<FindingKind> = tie.findings.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [FindingKind::PaymentMissing, FindingKind::PaymentMissing]);
    }

    #[test]
    fn one_payment_with_two_amounts_is_one_finding() {
        let tie = tie_out_payments(Currency::USD, &[paid("1", "9", "10")], &[booked("1", "9", "4")]).unwrap();
        assert_eq!((tie.findings.len(), tie.findings[0].kind), (1, FindingKind::AmountDiffers));
        assert_eq!(tie.findings[0].amount, tie.difference);
    }
}
