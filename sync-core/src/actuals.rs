//! Actuals: what was paid in the accounting system, on its way back to the source.
//!
//! A payment there may settle many bills; the source records one payment for each pay app. Each part has an origin id
//! made of both ids, which the source keeps unique: the same part is never recorded twice, whatever is lost on the way.
//! Pure: what is there is handed in, what is to be done comes out.

use std::collections::{BTreeMap, HashMap};

use crate::journal::Link;
use crate::model::{
    CommitmentId, ContractPaymentId, Currency, Date, DocumentKey, DocumentKind, Money, MoneyError, PayAppId, ProjectId,
    TargetId, TargetKind, TargetRef,
};

/// A payment of bills, as the accounting system has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentMade {
    /// Its id.
    pub id: TargetId,
    /// Check number or reference.
    pub number: Option<String>,
    /// Date.
    pub date: Date,
    /// What it settled: bills, and the credits that it used up. All amounts are positive.
    pub applied: Vec<AppliedPart>,
    /// Voided: it settles nothing any more.
    pub voided: bool,
}

/// A part of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedPart {
    /// The bill, or the vendor credit that was used up.
    pub to: TargetRef,
    /// The part.
    pub amount: Money,
}

/// A payment that the source should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFact {
    /// Names the part for ever: the same part has the same origin.
    pub origin: String,
    /// Its project.
    pub project: ProjectId,
    /// The commitment that was paid.
    pub commitment: CommitmentId,
    /// The pay app that was paid.
    pub pay_app: PayAppId,
    /// Cash; credits that were used up are not in it.
    pub amount: Money,
    /// Date of the payment.
    pub date: Date,
    /// Check number.
    pub number: Option<String>,
}

/// A payment that the source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPayment {
    /// Its id.
    pub id: ContractPaymentId,
    /// Its project.
    pub project: ProjectId,
    /// The commitment.
    pub commitment: CommitmentId,
    /// The origin; none where people entered it by hand.
    pub origin: Option<String>,
    /// Amount.
    pub amount: Money,
    /// Date.
    pub date: Option<Date>,
    /// Check number.
    pub number: Option<String>,
}

/// What is to be done in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStep {
    /// Record it.
    Record(PaymentFact),
    /// The payment was changed: take the old record back, then record it anew.
    Replace {
        /// As recorded.
        old: RecordedPayment,
        /// As it is.
        new: PaymentFact,
    },
    /// The payment is gone or void: take the record back.
    Remove(RecordedPayment),
}

/// The payments that the source should have: one for each pay app that a payment settled with cash.
///
/// `commitments` tells the commitment of a pay app. Bills without a link are not ours to report. Origins begin with
/// `prefix`, which names the company, e.g. `qbo:9341`.
///
/// # Errors
/// On mixed currencies or overflow.
pub fn wanted_payments(
    prefix: &str,
    currency: Currency,
    payments: &[PaymentMade],
    links: &[Link],
    commitments: &HashMap<DocumentKey, CommitmentId>,
) -> Result<Vec<PaymentFact>, MoneyError> {
    let pay_apps: HashMap<&TargetRef, &DocumentKey> = links
        .iter()
        .filter(|link| link.document.kind == DocumentKind::PayApp)
        .map(|link| (&link.target, &link.document))
        .collect();
    let mut facts = Vec::new();
    for payment in payments.iter().filter(|payment| !payment.voided) {
        for (bill, cash) in cash_by_bill(payment, currency)? {
            let Some(document) = pay_apps.get(&bill) else { continue };
            let (Some((project, id)), Some(commitment)) = (document.project_and_id(), commitments.get(*document))
            else {
                continue;
            };
            if !cash.is_zero() {
                facts.push(PaymentFact {
                    origin: format!("{prefix}:billpayment:{}:{}", payment.id, bill.id),
                    project,
                    commitment: commitment.clone(),
                    pay_app: PayAppId::from(id),
                    amount: cash,
                    date: payment.date,
                    number: payment.number.clone(),
                });
            }
        }
    }
    facts.sort_by(|a, b| a.origin.cmp(&b.origin));
    Ok(facts)
}

/// What a payment paid in cash on each bill: credits used up in the same payment go first, bill by bill.
fn cash_by_bill(payment: &PaymentMade, currency: Currency) -> Result<BTreeMap<TargetRef, Money>, MoneyError> {
    let is_credit = |part: &&AppliedPart| part.to.kind == TargetKind::VendorCredit;
    let mut credit = Money::sum(currency, payment.applied.iter().filter(is_credit).map(|part| part.amount))?;
    let mut cash: BTreeMap<TargetRef, Money> = BTreeMap::new();
    for part in payment.applied.iter().filter(|part| part.to.kind == TargetKind::Bill) {
        let rest = part.amount.minus(credit)?;
        let (paid, left) =
            if rest.is_negative() { (Money::zero(currency), rest.negated()) } else { (rest, Money::zero(currency)) };
        credit = left;
        let so_far = cash.get(&part.to).copied().unwrap_or_else(|| Money::zero(currency));
        cash.insert(part.to.clone(), so_far.plus(paid)?);
    }
    Ok(cash)
}

/// What is to be done so that the source has exactly these payments. Payments that people entered by hand, and those
/// of other origins than `prefix`, are left alone.
pub fn plan_payments(prefix: &str, wanted: &[PaymentFact], recorded: &[RecordedPayment]) -> Vec<PaymentStep> {
    let ours = |payment: &&RecordedPayment| {
        payment
            .origin
            .as_deref()
            .is_some_and(|origin| origin.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(":billpayment:")))
    };
    let mut known: BTreeMap<&str, &RecordedPayment> =
        recorded.iter().filter(ours).filter_map(|p| Some((p.origin.as_deref()?, p))).collect();
    let mut steps = Vec::new();
    for fact in wanted {
        match known.remove(fact.origin.as_str()) {
            None => steps.push(PaymentStep::Record(fact.clone())),
            Some(old) => {
                let same = old.amount == fact.amount
                    && old.date.is_none_or(|date| date == fact.date)
                    && old.number.as_deref().unwrap_or_default() == fact.number.as_deref().unwrap_or_default();
                if !same {
                    steps.push(PaymentStep::Replace { old: old.clone(), new: fact.clone() });
                }
            }
        }
    }
    // Records are taken back first, so that a contract is never shown as paid twice.
    let mut all: Vec<PaymentStep> = known.into_values().map(|old| PaymentStep::Remove(old.clone())).collect();
    all.append(&mut steps);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Base;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    fn target(id: &str) -> TargetRef {
        let kind = if id.starts_with('C') { TargetKind::VendorCredit } else { TargetKind::Bill };
        TargetRef { kind, id: id.into() }
    }

    fn check(number: &str, applied: &[(&str, &str)]) -> PaymentMade {
        PaymentMade {
            id: number.into(),
            number: Some(number.to_owned()),
            date: Date::from_ymd_opt(2026, 6, 1).unwrap(),
            applied: applied.iter().map(|(to, amount)| AppliedPart { to: target(to), amount: usd(amount) }).collect(),
            voided: false,
        }
    }

    struct Given {
        links: Vec<Link>,
        commitments: HashMap<DocumentKey, CommitmentId>,
        recorded: Vec<RecordedPayment>,
    }

    impl Given {
        fn three_bills() -> Self {
            let documents: Vec<(DocumentKey, &str)> = [("1", "B1"), ("2", "B2"), ("3", "B3")]
                .map(|(id, bill)| (DocumentKey::within(DocumentKind::PayApp, &"7".into(), id), bill))
                .to_vec();
            let links = documents.iter().map(|(document, bill)| Link {
                document: document.clone(),
                target: target(bill),
                version: "0".into(),
                base: Base::default(),
                mapping: String::new(),
                generation: 0,
            });
            let commitments = documents.iter().map(|(document, _)| (document.clone(), "9".into())).collect();
            Self { links: links.collect(), commitments, recorded: Vec::new() }
        }

        /// Plans, and does what was planned; gives back how many steps it took.
        fn carry_over(&mut self, payments: &[PaymentMade]) -> usize {
            let wanted = wanted_payments("qbo:1", Currency::USD, payments, &self.links, &self.commitments).unwrap();
            let steps = plan_payments("qbo:1", &wanted, &self.recorded);
            for step in &steps {
                match step {
                    PaymentStep::Record(new) => self.record(new),
                    PaymentStep::Remove(old) => self.recorded.retain(|r| r.id != old.id),
                    PaymentStep::Replace { old, new } => {
                        self.recorded.retain(|r| r.id != old.id);
                        self.record(new);
                    }
                }
            }
            steps.len()
        }

        fn record(&mut self, fact: &PaymentFact) {
            self.recorded.push(RecordedPayment {
                id: fact.origin.as_str().into(),
                project: fact.project.clone(),
                commitment: fact.commitment.clone(),
                origin: Some(fact.origin.clone()),
                amount: fact.amount,
                date: Some(fact.date),
                number: fact.number.clone(),
            });
        }

        fn total(&self) -> Money {
            Money::sum(Currency::USD, self.recorded.iter().map(|r| r.amount)).unwrap()
        }
    }

    #[test]
    fn payments_come_back_as_example_a10_has_them() {
        let mut given = Given::three_bills();
        let mut payments = vec![check("1001", &[("B1", "10000")])];
        assert_eq!(given.carry_over(&payments), 1);
        payments.push(check("1002", &[("B1", "12500"), ("B2", "36000")]));
        assert_eq!(given.carry_over(&payments), 2, "one check over two bills is two payments");
        payments.push(check("credit", &[("B3", "2700"), ("C1", "2700")]));
        assert_eq!(given.carry_over(&payments), 0, "a credit is no cash");
        payments.push(check("1003", &[("B3", "28800")]));
        assert_eq!(given.carry_over(&payments), 1);
        payments[1].voided = true;
        assert_eq!(given.carry_over(&payments), 2, "voiding the check takes both back");
        payments.push(check("1004", &[("B1", "12500"), ("B2", "36000")]));
        assert_eq!(given.carry_over(&payments), 2);
        assert_eq!(given.total(), usd("87300"));
        assert_eq!(given.carry_over(&payments), 0, "nothing is recorded twice");
    }

    #[test]
    fn what_people_entered_by_hand_is_left_alone() {
        let mut given = Given::three_bills();
        given.recorded.push(RecordedPayment {
            id: "5".into(),
            project: "7".into(),
            commitment: "9".into(),
            origin: None,
            amount: usd("1"),
            date: None,
            number: None,
        });
        assert_eq!(given.carry_over(&[]), 0);
        assert_eq!(given.recorded.len(), 1);
    }

    #[test]
    fn a_changed_payment_is_recorded_anew() {
        let mut given = Given::three_bills();
        given.carry_over(&[check("1001", &[("B1", "10000")])]);
        assert_eq!(given.carry_over(&[check("1001", &[("B1", "9000")])]), 1);
        assert_eq!(given.total(), usd("9000"));
    }
}
