//! The decision table, row by row.

use super::kit::usd;
use crate::connector::{Candidates, Condition, Marker, TargetState};
use crate::dead_letter::Cause;
use crate::engine::{LinkedDecision, NewDecision, decide_linked, decide_new};
use crate::journal::Base;
use crate::model::accounting::*;
use crate::model::*;

fn owner(path: &str) -> Owner {
    if path == "memo" { Owner::Quickbooks } else { Owner::Procore }
}

fn bill(amount: &str) -> AccountingDocument {
    AccountingDocument::Bill(ExpenseDocument {
        payee: "77".into(),
        number: Some("D-1".into()),
        date: Date::from_ymd_opt(2026, 3, 1).unwrap(),
        terms: None,
        payable: None,
        memo: "pay app 1".into(),
        lines: vec![ExpenseLine {
            key: LineKey::source("pa:1:work"),
            id: Some("1".into()),
            description: "Concrete".into(),
            amount: usd(amount),
            coding: Coding { post_to: PostTo::Account("5000".into()), class: None, customer: None },
            link: None,
        }],
        currency: Currency::USD,
        extra: Default::default(),
    })
}

fn base(document: &AccountingDocument) -> Base {
    let lines = vec![(LineKey::source("pa:1:work"), "1".into())];
    Base { wanted: document.fields(), seen: document.fields(), lines, ..Base::default() }
}

fn marker(id: &str) -> Marker {
    Marker { connection: "main".into(), document: DocumentKey::new(DocumentKind::PayApp, id), generation: 0 }
}

fn state(document: AccountingDocument, mark: Option<Marker>) -> TargetState {
    let total = document.total().unwrap();
    TargetState {
        target: TargetRef { kind: document.kind(), id: "640".into() },
        version: "0".into(),
        document,
        total,
        balance: total,
        condition: Condition::Live,
        marker: mark,
    }
}

fn found(matches: Vec<TargetState>) -> Candidates {
    Candidates { matches, ..Candidates::default() }
}

#[test]
fn new_without_candidate_is_created() {
    assert_eq!(decide_new(&bill("10"), &marker("1"), &found(vec![]), owner), NewDecision::Create);
}

#[test]
fn new_with_one_equal_candidate_is_adopted_whatever_its_memo() {
    let mut there = bill("10");
    there.expense_mut().unwrap().memo = "typed by hand".into();
    let found = found(vec![state(there, None)]);
    assert_eq!(decide_new(&bill("10"), &marker("1"), &found, owner), NewDecision::Adopt(0));
}

#[test]
fn new_with_a_candidate_that_differs_or_several_is_a_dead_letter() {
    let differs = found(vec![state(bill("11"), None)]);
    let several = found(vec![state(bill("10"), None), state(bill("10"), None)]);
    for candidates in [differs, several] {
        let decision = decide_new(&bill("10"), &marker("1"), &candidates, owner);
        assert!(matches!(decision, NewDecision::Dead(Cause::AmbiguousMatch, _)), "{decision:?}");
    }
}

#[test]
fn a_number_that_stands_for_another_document_is_a_dead_letter() {
    let found = found(vec![state(bill("10"), Some(marker("2")))]);
    let decision = decide_new(&bill("10"), &marker("1"), &found, owner);
    assert!(matches!(decision, NewDecision::Dead(Cause::DuplicateNumber, _)), "{decision:?}");
}

#[test]
fn a_taken_name_and_a_similar_invoice_are_dead_letters() {
    let taken = Candidates { name_taken_by: Some("customer".into()), ..Candidates::default() };
    assert!(matches!(decide_new(&bill("1"), &marker("1"), &taken, owner), NewDecision::Dead(Cause::NameTaken, _)));
    let similar = Candidates { similar: vec![state(bill("1"), None)], ..Candidates::default() };
    assert!(matches!(decide_new(&bill("1"), &marker("1"), &similar, owner), NewDecision::Dead(Cause::SameInvoice, _)));
}

#[test]
fn same_and_same_is_nothing() {
    let (want, there) = (bill("10"), state(bill("10"), None));
    assert_eq!(decide_linked(&want, &base(&want), &there, owner), LinkedDecision::Nothing);
}

#[test]
fn changed_and_same_is_an_update_with_the_line_ids() {
    let decision = decide_linked(&bill("12"), &base(&bill("10")), &state(bill("10"), None), owner);
    let LinkedDecision::Update(document) = decision else { panic!("{decision:?}") };
    assert_eq!(document.expense().unwrap().lines[0].id, Some("1".into()));
}

#[test]
fn a_field_owned_by_quickbooks_is_taken_and_stays_through_an_update() {
    let mut there = bill("10");
    there.expense_mut().unwrap().memo = "call Dana".into();
    let base = base(&bill("10"));
    let decision = decide_linked(&bill("10"), &base, &state(there.clone(), None), owner);
    let LinkedDecision::Rebase(rebased) = decision else { panic!("{decision:?}") };
    assert_eq!(rebased.seen.get("memo"), "call Dana");
    let decision = decide_linked(&bill("12"), &base, &state(there, None), owner);
    let LinkedDecision::Update(document) = decision else { panic!("{decision:?}") };
    assert_eq!(document.expense().unwrap().memo, "call Dana");
}

#[test]
fn a_field_owned_by_procore_that_a_person_changed_is_a_conflict_unless_equal() {
    let base = base(&bill("10"));
    for want in ["10", "12"] {
        let decision = decide_linked(&bill(want), &base, &state(bill("11"), None), owner);
        assert!(matches!(decision, LinkedDecision::Dead(Cause::Conflict, _)), "{decision:?}");
    }
    let decision = decide_linked(&bill("11"), &base, &state(bill("11"), None), owner);
    assert!(matches!(decision, LinkedDecision::Rebase(_)), "equal values converge: {decision:?}");
}

#[test]
fn a_line_that_a_person_added_is_a_conflict() {
    let mut there = bill("10");
    let expense = there.expense_mut().unwrap();
    let mut line = expense.lines[0].clone();
    (line.key, line.id) = (LineKey::foreign("2"), Some("2".into()));
    expense.lines.push(line);
    let decision = decide_linked(&bill("10"), &base(&bill("10")), &state(there, None), owner);
    assert!(matches!(decision, LinkedDecision::Dead(Cause::Conflict, _)), "{decision:?}");
}

#[test]
fn voided_is_a_dead_letter() {
    let mut there = state(bill("0"), None);
    there.condition = Condition::Voided;
    let decision = decide_linked(&bill("10"), &base(&bill("10")), &there, owner);
    assert!(matches!(decision, LinkedDecision::Dead(Cause::VoidedInQuickbooks, _)), "{decision:?}");
}

#[test]
fn less_than_what_is_paid_is_a_dead_letter() {
    let mut there = state(bill("10"), None);
    there.balance = Some(usd("1"));
    let decision = decide_linked(&bill("8"), &base(&bill("10")), &there, owner);
    assert!(matches!(decision, LinkedDecision::Dead(Cause::PaidMoreThanBilled, _)), "{decision:?}");
}
