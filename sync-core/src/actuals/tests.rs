use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::dead_letter::Cause;
use crate::model::construction::Payment;
use crate::model::{Currency, Date, Money, TargetId, TargetKind, TargetRef};
use crate::settlement::{BillPayment, OpenItems, Portion};

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn part(to: &str, amount: &str) -> PaidPart {
    let is_credit = to.starts_with('C');
    let kind = if is_credit { TargetKind::VendorCredit } else { TargetKind::Bill };
    PaidPart { to: TargetRef { kind, id: to.into() }, amount: usd(amount), is_credit }
}

fn check(number: &str, applied: &[(&str, &str)]) -> PaymentMade {
    PaymentMade {
        target: TargetRef { kind: TargetKind::BillPayment, id: number.into() },
        version: "0".into(),
        number: Some(number.to_owned()),
        date: day("2026-06-01"),
        method: Some(PaymentMethod::Check),
        currency: Currency::USD,
        applied: applied.iter().map(|(to, amount)| part(to, amount)).collect(),
        voided: false,
    }
}

/// A source that does what was planned.
#[derive(Default)]
struct Source {
    recorded: Vec<Payment>,
    due: BTreeMap<&'static str, &'static str>,
}

impl Source {
    fn with_a10() -> Self {
        Self { due: BTreeMap::from([("B1", "22500"), ("B2", "36000"), ("B3", "31500")]), ..Self::default() }
    }

    /// Plans every part that is or was there, and does it; gives back how many writes it took.
    fn carry_over(&mut self, payments: &[PaymentMade]) -> usize {
        let mut keys: Vec<PaymentKey> = Vec::new();
        for payment in payments {
            let parts = payment.settled().unwrap().into_iter();
            keys.extend(parts.map(|settled| PaymentKey::part(&payment.target, &settled.to.id)));
        }
        let known = self.recorded.iter().filter_map(|p| PaymentKey::of_origin("qbo:1", p.origin.as_deref()?));
        for key in known.collect::<Vec<_>>() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.iter().map(|key| self.carry_part(key, payments.iter().find(|p| p.target == key.payment))).sum()
    }

    fn carry_part(&mut self, key: &PaymentKey, payment: Option<&PaymentMade>) -> usize {
        let bill = key.paid.as_ref().unwrap();
        let origin = key.origin("qbo:1");
        let cash = payment.and_then(|payment| payment.cash_on(bill).unwrap());
        let fact = cash.map(|amount| fact(&origin, bill, amount, payment.unwrap().number.as_deref()));
        let due = Due { label: bill.to_string(), amount: self.due.get(bill.as_str()).map(|text| usd(text)) };
        let mut writes = 0;
        loop {
            match plan_part(&origin, fact.as_ref(), Some(&due), &self.recorded).unwrap() {
                PartStep::Nothing | PartStep::Same(_) => return writes,
                PartStep::Record(fact) => self.recorded.push(as_recorded(&fact)),
                PartStep::Remove(old) => self.recorded.retain(|payment| payment.id != old.id),
                PartStep::Dead(cause, text) => panic!("{cause}: {text}"),
            }
            writes += 1;
        }
    }

    fn total(&self) -> Money {
        Money::sum(Currency::USD, self.recorded.iter().map(|payment| payment.amount)).unwrap()
    }
}

fn fact(origin: &str, bill: &TargetId, amount: Money, number: Option<&str>) -> PaymentFact {
    PaymentFact {
        origin: origin.to_owned(),
        project: "7".into(),
        contract: "9".into(),
        paid: Paid::PayApp(bill.as_str().into()),
        invoice_number: None,
        amount,
        date: day("2026-06-01"),
        number: number.map(str::to_owned),
        method: None,
    }
}

fn as_recorded(fact: &PaymentFact) -> Payment {
    let Paid::PayApp(pay_app) = &fact.paid else { panic!("{fact:?}") };
    Payment {
        id: fact.origin.as_str().into(),
        project: fact.project.clone(),
        contract: fact.contract.clone(),
        pay_app: Some(pay_app.clone()),
        application: None,
        amount: fact.amount,
        date: Some(fact.date),
        number: fact.number.clone(),
        origin: Some(fact.origin.clone()),
        bank: None,
    }
}

#[test]
fn payments_come_back_as_example_a10_has_them() {
    let mut source = Source::with_a10();
    let mut payments = vec![check("1001", &[("B1", "10000")])];
    assert_eq!(source.carry_over(&payments), 1);
    payments.push(check("1002", &[("B1", "12500"), ("B2", "36000")]));
    assert_eq!(source.carry_over(&payments), 2, "one check over two bills is two payments");
    payments.push(check("credit", &[("B3", "2700"), ("C1", "2700")]));
    assert_eq!(source.carry_over(&payments), 0, "a credit is no cash");
    payments.push(check("1003", &[("B3", "28800")]));
    assert_eq!(source.carry_over(&payments), 1);
    payments[1].voided = true;
    assert_eq!(source.carry_over(&payments), 2, "voiding the check takes both back");
    payments.push(check("1004", &[("B1", "12500"), ("B2", "36000")]));
    assert_eq!(source.carry_over(&payments), 2);
    assert_eq!(source.total(), usd("87300"));
    assert_eq!(source.carry_over(&payments), 0, "nothing is recorded twice");
}

#[test]
fn a_changed_payment_is_taken_back_and_recorded_anew() {
    let mut source = Source::with_a10();
    source.carry_over(&[check("1001", &[("B1", "10000")])]);
    assert_eq!(source.carry_over(&[check("1001", &[("B1", "9000")])]), 2);
    assert_eq!(source.total(), usd("9000"));
    assert_eq!(source.carry_over(&[]), 1, "a deleted one is taken back");
    assert!(source.recorded.is_empty());
}

#[test]
fn what_people_entered_by_hand_is_left_alone_and_counts() {
    // Given a payment of 20,000.00 that somebody entered by hand
    let bill = TargetId::from("B1");
    let by_hand = Payment { id: "5".into(), origin: None, ..as_recorded(&fact("", &bill, usd("20000"), Some("77"))) };
    let due = Due { label: "SC-1/1".into(), amount: Some(usd("22500")) };
    let origin = "qbo:1:billpayment:1:B1";
    let plan = |amount: &str| {
        let fact = fact(origin, &bill, usd(amount), Some("77"));
        plan_part(origin, Some(&fact), Some(&due), std::slice::from_ref(&by_hand)).unwrap()
    };
    // When what is left is paid, it is recorded; when more is, a person must decide
    assert!(matches!(plan("2500"), PartStep::Record(_)));
    let PartStep::Dead(cause, text) = plan("2500.01") else { panic!() };
    assert_eq!(cause, Cause::PaidMoreThanBilled);
    assert!(text.contains("22500.01") && text.contains("entered by hand"), "{text}");
    // And nothing takes it back
    assert_eq!(plan_part(origin, None, None, &[by_hand]).unwrap(), PartStep::Nothing);
}

#[test]
fn keys_and_origins_are_read_as_they_were_made() {
    let payment = |kind, id: &str| TargetRef { kind, id: id.into() };
    for (kind, id, paid, text) in [
        (TargetKind::BillPayment, "7781", "145", "billpayment:7781:145"),
        (TargetKind::Payment, "8", "9", "payment:8:9"),
        (TargetKind::BillPayment, "8000A1-1770000000", "a:b%3A", "billpayment:8000A1-1770000000:a%3Ab%253A"),
    ] {
        let key = PaymentKey::part(&payment(kind, id), &paid.into());
        assert_eq!(&*key.document().id, text);
        assert_eq!(PaymentKey::parse(&key.document()), Some(key.clone()));
        let origin = key.origin("qbo:9341");
        assert_eq!(PaymentKey::of_origin("qbo:9341", &origin), Some(key));
        assert_eq!(PaymentKey::of_origin("qbo:93", &origin), None, "another company's");
        assert!(is_payment_origin(&origin), "{origin}");
    }
    let whole = PaymentKey::whole(&payment(TargetKind::BillPayment, "7"));
    assert_eq!(PaymentKey::parse(&whole.document()), Some(whole));
    for other in ["", "qbo:", "qbo:9341:billpayment:7781", "qbo:9341:billpayment::145", "qbo:9341:bill:7781:145"] {
        assert!(!is_payment_origin(other), "{other}");
    }
    for other in ["qbo:9341:billpayment:7781:145:6", "billpayment:7781:145", "8000A1-1770000000"] {
        assert!(!is_payment_origin(other), "{other}");
    }
}

proptest! {
    /// Whatever is paid, credited, voided and paid again: the source has the cash of the payments that stand, by bill.
    #[test]
    fn the_source_has_the_cash_that_stands(steps in prop::collection::vec((0..3_usize, 1..40_u32, any::<bool>(), any::<bool>()), 1..25)) {
        let bills = ["B1", "B2", "B3"];
        let mut open = OpenItems::new(Currency::USD);
        let mut source = Source::default();
        let mut payments: Vec<PaymentMade> = Vec::new();
        for bill in bills {
            open.bill(bill, usd("1000")).unwrap();
        }
        open.credit("C1", usd("1000")).unwrap();
        let mut credited = BTreeMap::new();
        for (n, (bill, dollars, with_credit, void)) in steps.into_iter().enumerate() {
            let (id, bill, amount) = (n.to_string(), bills[bill], dollars.to_string());
            if void && let Some(last) = payments.last_mut() {
                if !last.voided && last.applied.iter().all(|part| !part.is_credit) {
                    open.void(last.target.id.clone()).unwrap();
                    last.voided = true;
                }
            } else if with_credit {
                let sum: &mut u32 = credited.entry(bill).or_default();
                *sum += dollars;
                if open.apply_credit("C1", bill, usd(&sum.to_string())).is_err() {
                    *sum -= dollars;
                } else {
                    payments.push(check(&id, &[(bill, &amount), ("C1", &amount)]));
                }
            } else {
                let portions = vec![Portion { bill: bill.into(), amount: usd(&amount) }];
                if open.pay(BillPayment { id: id.as_str().into(), number: id.clone(), portions }).is_ok() {
                    payments.push(check(&id, &[(bill, &amount)]));
                }
            }
            source.carry_over(&payments);
            prop_assert_eq!(source.total(), open.cash_paid().unwrap());
            prop_assert_eq!(source.carry_over(&payments), 0);
        }
    }
}
