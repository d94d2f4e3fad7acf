//! Given payments that QuickBooks made, when they are written back, then each is there once, and nothing else is.

use std::sync::Arc;

use sync_core::actuals::{Paid, PaymentKey, PaymentMethod};
use sync_core::model::{AtBank, Money, TargetKind, TargetRef};

use super::*;
use crate::double::Meddler;

const FILES: [(&str, &str); 7] = [
    ("projects", r#"[{"id":101,"name":"Clinic","active":true,"origin_id":null}]"#),
    ("vendors", r#"[{"id":301,"name":"Harbor Steel","is_active":true,"origin_id":"other:7"}]"#),
    (
        "work_order_contracts",
        r#"[{"id":201,"number":"SC-1","status":"Approved","project":{"id":101},"total_payments":"0.0","origin_id":null,"line_items":[]},
            {"id":202,"number":"SC-2","status":"Approved","project":{"id":101},"allow_payments":false,"line_items":[]}]"#,
    ),
    (
        "prime_contracts",
        r#"[{"id":601,"number":"PC","status":"Approved","project":{"id":101},"origin_id":null,"line_items":[]}]"#,
    ),
    (
        "requisitions",
        r#"[{"id":701,"project_id":101,"commitment_id":201,"number":1,"status":"approved","items":[],"origin_id":null}]"#,
    ),
    (
        "payment_applications",
        r#"[{"id":801,"contract":{"id":601},"number":1,"status":"approved","g702":{},"g703":[],"origin_id":null}]"#,
    ),
    ("change_order_packages", r#"[{"id":451,"contract_id":201,"project":{"id":101},"number":"001","origin_id":null}]"#),
];

fn site() -> (Arc<Meddler>, Actuals) {
    let (meddler, procore) = Meddler::with(&FILES);
    (meddler, Actuals::new(procore))
}

fn origin(payment: &str, bill: &str) -> String {
    PaymentKey::part(&TargetRef { kind: TargetKind::BillPayment, id: payment.into() }, &bill.into()).origin("qbo:9341")
}

fn fact(payment: &str, bill: &str, amount: &str) -> PaymentFact {
    PaymentFact {
        origin: origin(payment, bill),
        project: "101".into(),
        contract: "201".into(),
        paid: Paid::PayApp("701".into()),
        invoice_number: Some("HSE-2".to_owned()),
        amount: money(amount),
        date: "2026-03-15".parse().unwrap(),
        number: Some("1002".to_owned()),
        method: Some(PaymentMethod::Check),
    }
}

fn money(amount: &str) -> Money {
    Money::new(amount.parse().unwrap(), sync_core::model::Currency::USD).unwrap()
}

fn done<T: std::fmt::Debug>(written: Written<T>) -> T {
    match written {
        Written::Done(record) => record,
        other => panic!("{other:?}"),
    }
}

fn why<T: std::fmt::Debug>(written: Written<T>) -> (Why, String) {
    match written {
        Written::Refused { why, text } => (why, text),
        other => panic!("{other:?}"),
    }
}

async fn amounts(actuals: &Actuals) -> Vec<String> {
    let payments = actuals.payments(&"201".into(), &"101".into()).await.unwrap();
    payments.iter().map(|payment| payment.amount.to_string()).collect()
}

#[tokio::test]
async fn a_check_over_two_bills_is_two_payments_and_its_void_takes_both_back() {
    // given check 1002 over 12,500.00 and 36,000.00
    let (meddler, actuals) = site();
    let facts = [fact("7781", "1", "12500.00"), fact("7781", "2", "36000.00")];
    // when it is written back
    let mut made = Vec::new();
    for fact in &facts {
        let payment = done(actuals.record(fact).await);
        assert!(fact.differences(&payment).is_empty());
        made.push(payment);
    }
    // then each is one request with everything in it
    let written = meddler.written();
    assert_eq!(written.len(), 2);
    assert_eq!(
        written[0].body,
        r#"{"contract_id":201,"contract_payment":{"amount":"12500.00","check_number":"1002","date":"2026-03-15","invoice_number":"HSE-2","notes":"Paid in QuickBooks","origin_id":"qbo:9341:billpayment:7781:1","payment_method":"check","requisition_id":701},"project_id":101}"#
    );
    assert_eq!(amounts(&actuals).await, ["12500.00", "36000.00"]);
    assert!(made.iter().all(|payment| payment.number.as_deref() == Some("1002")));
    // and a void takes both back, the lock off first
    for payment in &made {
        assert_eq!(done(actuals.remove(payment).await), payment.id);
    }
    assert!(amounts(&actuals).await.is_empty());
    let verbs: Vec<String> = meddler.written().into_iter().skip(2).map(|request| request.method).collect();
    assert_eq!(verbs, ["PATCH", "DELETE", "PATCH", "DELETE"]);
    // and what is gone stays gone
    assert_eq!(done(actuals.remove(&made[0]).await), made[0].id);
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_is_found_and_never_made_twice() {
    let (meddler, actuals) = site();
    meddler.lost.lock().unwrap().push(("POST", "contract_payments"));
    let fact = fact("7781", "1", "10000.00");
    let Written::Uncertain(text) = actuals.record(&fact).await else { panic!() };
    assert!(text.contains("POST /rest/v1.0/contract_payments"), "{text}");
    // when it is looked for, it is there
    let found = actuals.find(&"201".into(), &fact.project, &fact.origin).await.unwrap().unwrap();
    assert!(fact.differences(&found).is_empty());
    assert_eq!(actuals.find(&"201".into(), &fact.project, "qbo:9341:billpayment:7781:2").await.unwrap(), None);
    // and when it is sent again all the same, it is that payment
    assert_eq!(done(actuals.record(&fact).await).id, found.id);
    assert_eq!(amounts(&actuals).await, ["10000.00"]);
    // but another payment under the same origin id is a conflict
    let other = PaymentFact { amount: money("9999.99"), ..fact };
    let (why, text) = why(actuals.record(&other).await);
    assert_eq!(why, Why::Conflict);
    assert!(text.contains("differs in amount"), "{text}");
}

#[tokio::test]
async fn what_must_not_be_written_is_refused() {
    let (meddler, actuals) = site();
    for amount in ["0.00", "-5.00"] {
        assert_eq!(why(actuals.record(&fact("1", "1", amount)).await).0, Why::Person);
    }
    assert_eq!(
        why(actuals.record(&PaymentFact { origin: " ".to_owned(), ..fact("1", "1", "1.00") }).await).0,
        Why::Person
    );
    assert!(meddler.written().is_empty());
    // a commitment that allows no payments, and a pay app of another one
    let closed = PaymentFact {
        contract: "202".into(),
        paid: Paid::OwnerInvoice { id: "1".into(), number: 1 },
        ..fact("1", "1", "1.00")
    };
    let (why_closed, text) = why(actuals.record(&closed).await);
    assert_eq!(why_closed, Why::Person);
    assert!(text.contains("422") && text.contains("not enabled"), "{text}");
    let foreign = PaymentFact { paid: Paid::PayApp("799".into()), ..fact("1", "1", "1.00") };
    assert_eq!(why(actuals.record(&foreign).await).0, Why::Person);
    // a project that is closed to us is for a person, being turned away for load is not
    meddler.sandbox.procore.lock().unwrap().hide("projects", "101");
    assert_eq!(why(actuals.record(&fact("1", "1", "1.00")).await).0, Why::Person);
    meddler.instead.lock().unwrap().push(("contract_payments", 429, String::new()));
    assert_eq!(why(actuals.record(&fact("1", "1", "1.00")).await).0, Why::NotNow);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_uncertain_and_no_refusal() {
    for body in ["", "[]", r#"{"id":"#, r#"{"amount":"1.0"}"#] {
        let (meddler, actuals) = site();
        meddler.instead.lock().unwrap().push(("contract_payments", 201, body.to_owned()));
        let written = actuals.record(&fact("1", "1", "1.00")).await;
        assert!(matches!(written, Written::Uncertain(_)), "{body}: {written:?}");
    }
}

#[tokio::test]
async fn a_payment_that_cannot_be_read_is_not_a_missing_one() {
    let (meddler, actuals) = site();
    let list = r#"[{"id":1,"amount":"?","origin_id":"qbo:9341:billpayment:1:1"}]"#;
    meddler.instead.lock().unwrap().push(("contract_payments", 200, list.to_owned()));
    assert!(actuals.find(&"201".into(), &"101".into(), "qbo:9341:billpayment:1:1").await.is_err());
}

#[tokio::test]
async fn a_date_that_procore_did_not_keep_shows_as_a_difference() {
    let (_, actuals) = site();
    let fact = fact("1", "1", "1.50");
    let payment = done(actuals.record(&fact).await);
    assert!(fact.differences(&payment).is_empty());
    let dateless = Payment { date: None, number: None, ..payment };
    assert_eq!(fact.differences(&dateless), ["date", "check number"]);
}

#[tokio::test]
async fn a_removal_that_was_cut_off_is_finished_by_doing_it_again() {
    for lost in ["PATCH", "DELETE"] {
        let (meddler, actuals) = site();
        let payment = done(actuals.record(&fact("7781", "1", "10000.00")).await);
        meddler.lost.lock().unwrap().push((lost, "contract_payments"));
        // the lost answer to a deletion is looked up at once; the lost answer to the unlocking is left to the caller
        match actuals.remove(&payment).await {
            Written::Done(_) => assert_eq!(lost, "DELETE"),
            Written::Uncertain(_) => assert_eq!(lost, "PATCH"),
            other => panic!("{other:?}"),
        }
        assert_eq!(done(actuals.remove(&payment).await), payment.id);
        assert!(amounts(&actuals).await.is_empty());
    }
}

#[tokio::test]
async fn payments_of_others_and_changed_ones_are_left_alone() {
    let (meddler, actuals) = site();
    let payment = done(actuals.record(&fact("7781", "1", "10000.00")).await);
    let by_hand = Payment { origin: None, ..payment.clone() };
    assert_eq!(why(actuals.remove(&by_hand).await).0, Why::Person);
    let foreign = Payment { origin: Some("8000A1-177".to_owned()), ..payment.clone() };
    assert_eq!(why(actuals.remove(&foreign).await).0, Why::Person);
    let elsewhere = Payment { origin: Some(origin("1", "1")), ..payment.clone() };
    assert_eq!(why(actuals.remove(&elsewhere).await).0, Why::Conflict);
    let mut changed = payment.clone();
    changed.amount = money("1.00");
    assert_eq!(why(actuals.remove(&changed).await).0, Why::Conflict);
    let numbered = Payment { number: Some("9".to_owned()), ..payment.clone() };
    assert_eq!(why(actuals.remove(&numbered).await).0, Why::Conflict);
    assert_eq!(amounts(&actuals).await, ["10000.00"]);
    assert_eq!(meddler.written().len(), 1);
}

#[tokio::test]
async fn what_an_owner_paid_is_a_payment_on_the_prime_contract() {
    // given a payment of owner invoice 1
    let (meddler, actuals) = site();
    let paid = Paid::OwnerInvoice { id: "801".into(), number: 1 };
    let fact = PaymentFact { contract: "601".into(), paid, method: None, ..fact("9", "8", "100000.00") };
    // when it is written back
    let payment = done(actuals.record(&fact).await);
    // then it names the invoice by its number, since Procore has no other way to name it
    assert!(fact.differences(&payment).is_empty(), "{payment:?}");
    assert_eq!(payment.application, Some(1));
    assert!(meddler.written()[0].body.contains(r#""draw_request_number":1"#));
    assert!(!meddler.written()[0].body.contains("requisition_id"));
}

#[tokio::test]
async fn how_far_a_payment_has_come_at_the_bank_stands_beside_its_origin() {
    // given a payment that is locked by its origin id
    let (meddler, actuals) = site();
    let payment = done(actuals.record(&fact("7781", "1", "10000.00")).await);
    // when it is seen to have cleared
    done(actuals.mark_bank(&payment, BankState::Cleared, "2026-04-02".parse().unwrap()).await);
    // then Procore takes that, and nothing else changes
    {
        let procore = meddler.sandbox.procore.lock().unwrap();
        let record = procore.record("contract_payments", payment.id.as_str()).unwrap();
        assert_eq!(record.get("origin_data").unwrap().as_str(), Some(r#"{"bank":"cleared","seen":"2026-04-02"}"#));
    }
    let bank = Some(AtBank { state: BankState::Cleared, seen: "2026-04-02".parse().unwrap() });
    let marked = Payment { bank, ..payment };
    assert_eq!(actuals.payments(&"201".into(), &"101".into()).await.unwrap(), [marked]);
    meddler.written();
}

#[tokio::test]
async fn an_origin_id_marks_a_record_once_and_never_takes_anothers_place() {
    let (meddler, actuals) = site();
    let project = || ProjectId::from("101");
    for record in [
        Marked::Project("101".into()),
        Marked::Subcontract(project(), "201".into()),
        Marked::PrimeContract(project(), "601".into()),
        Marked::ChangeOrderPackage(project(), "451".into()),
    ] {
        done(actuals.set_origin(&record, "qbo:9341:5501").await);
        done(actuals.set_origin(&record, "qbo:9341:5501").await);
        assert_eq!(why(actuals.set_origin(&record, "qbo:9341:5502").await).0, Why::Conflict);
    }
    assert_eq!(meddler.written().len(), 4, "what is there already is not written again");
    // one that belongs to another integration, one that is used elsewhere, one that is not there
    let (taken, text) = why(actuals.set_origin(&Marked::Vendor("301".into()), "qbo:9341:vendor:7").await);
    assert_eq!(taken, Why::Conflict);
    assert!(text.contains("other:7"), "{text}");
    let second = Marked::Subcontract(project(), "202".into());
    assert_eq!(why(actuals.set_origin(&second, "qbo:9341:5501").await).0, Why::Conflict);
    let gone = Marked::PurchaseOrder(project(), "999".into());
    assert_eq!(why(actuals.set_origin(&gone, "qbo:1").await).0, Why::Person);
    // invoices only where that is asked for in so many words
    for record in [
        LockedByOrigin::PayApp(project(), "201".into(), "701".into()),
        LockedByOrigin::OwnerInvoice(project(), "601".into(), "801".into()),
    ] {
        done(actuals.set_origin_and_lock(&record, "qbo:9341:bill:1").await);
    }
    meddler.written();
}
