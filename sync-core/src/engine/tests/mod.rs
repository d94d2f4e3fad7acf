//! The engine against a ledger in memory: one transaction for each document, whatever goes wrong in between.

mod kit;
mod ledger;
mod mapping;
mod notices;
mod table;

use kit::{World, usd};
use ledger::Trouble;

use super::Step;
use crate::dead_letter::Cause;
use crate::model::{DocumentKind, TargetKind};

#[tokio::test]
async fn everything_arrives_once_and_a_second_run_writes_nothing() {
    let world = World::with_a_subcontract();
    let first = world.load().await;
    assert_eq!(first.created, 6, "customer, vendor, job, purchase order, two bills: {first:?}");
    assert_eq!(world.ledger.total(TargetKind::Bill), usd("58500"));
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("100000"));

    let again = world.load().await;
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 6), "{again:?}");
    assert_eq!(world.ledger.len(), 6);
}

#[tokio::test]
async fn a_lost_answer_is_found_by_reading_not_by_writing_again() {
    let world = World::with_a_subcontract();
    world.ledger.trouble([Trouble::None, Trouble::None, Trouble::None, Trouble::LoseAnswer]);
    let report = world.load().await;
    assert_eq!((report.created, report.uncertain), (6, 2), "{report:?}");
    assert_eq!(world.ledger.len(), 6);
    assert_eq!(world.counts().await.open_intents, 0);
}

#[tokio::test]
async fn a_lost_request_is_sent_again_under_the_same_key() {
    let world = World::with_a_subcontract();
    world.ledger.trouble([Trouble::None, Trouble::LoseRequest]);
    let report = world.load().await;
    assert_eq!(report.created, 6, "{report:?}");
    assert_eq!(world.ledger.len(), 6);
    assert!(world.ledger.every_key_carried_one_content());
}

#[tokio::test]
async fn a_request_that_arrives_late_and_its_repetition_are_one_transaction() {
    let world = World::with_a_subcontract();
    // The answer is lost and the read that follows does not see the transaction yet.
    world.ledger.trouble([Trouble::None, Trouble::None, Trouble::None, Trouble::LoseAnswerAndHide]);
    world.load().await;
    assert_eq!(world.ledger.len(), 6);
}

#[tokio::test]
async fn killed_at_each_step_in_turn_the_end_is_the_same() {
    let undisturbed = World::with_a_subcontract();
    undisturbed.load().await;
    for step in Step::ALL {
        for occurrence in 1..=4 {
            let world = World::with_a_subcontract();
            world.load_until(step, occurrence).await;
            world.load().await;
            assert_eq!(world.ledger.content(), undisturbed.ledger.content(), "killed at {step}, {occurrence}");
            let counts = world.counts().await;
            assert_eq!((counts.open_intents, counts.pending), (0, 0), "killed at {step}, {occurrence}");
        }
    }
}

#[tokio::test]
async fn a_later_pay_app_waits_while_an_earlier_one_is_a_dead_letter() {
    let world = World::with_a_subcontract();
    world.source.change_pay_app("1", |app| app.summary.current_payment_due = Some(usd("22500.01")));
    world.load().await;
    let letters = world.dead_letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].cause, Cause::AmountsDisagree);
    assert_eq!(letters[0].label, "SC-1/1");
    assert_eq!(world.waiting().await, ["SC-1/2"]);
    assert_eq!(world.ledger.total(TargetKind::Bill), usd("0"));

    world.source.change_pay_app("1", |app| app.summary.current_payment_due = Some(usd("22500")));
    world.tell(DocumentKind::PayApp, "7.1").await;
    world.run().await;
    assert_eq!(world.ledger.total(TargetKind::Bill), usd("58500"));
    assert!(world.dead_letters().await.is_empty() && world.waiting().await.is_empty());
}

#[tokio::test]
async fn a_pay_app_that_arrives_before_its_commitment_waits_for_it() {
    let world = World::with_a_subcontract();
    world.tell(DocumentKind::PayApp, "7.2").await;
    world.run().await;
    assert_eq!(world.ledger.len(), 6, "what it refers to was fetched, the earlier pay app too");
}

#[tokio::test]
async fn a_changed_commitment_changes_its_purchase_order_on_the_current_version() {
    let world = World::with_a_subcontract();
    world.load().await;
    world.source.approve_change_order("1500");
    world.tell(DocumentKind::Commitment, "7.9").await;
    let report = world.run().await;
    assert_eq!(report.updated, 1, "{report:?}");
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("101500"));
}

#[tokio::test]
async fn what_changed_after_a_write_was_stored_is_not_lost_when_the_write_is_found() {
    // Given a purchase order that was sent, and a program that was killed before it knew
    let world = World::with_a_subcontract();
    world.load_until(Step::Sent, 3).await;
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("100000"));
    // When the commitment changes before the program starts again
    world.source.approve_change_order("1500");
    world.tell(DocumentKind::Commitment, "7.9").await;
    world.run().await;
    // Then the purchase order says what the commitment says now
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("101500"));
}

#[tokio::test]
async fn a_stale_version_is_read_and_decided_again() {
    let world = World::with_a_subcontract();
    world.load().await;
    world.source.approve_change_order("1500");
    world.tell(DocumentKind::Commitment, "7.9").await;
    world.ledger.trouble([Trouble::Stale]);
    world.run().await;
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("101500"));
}

#[tokio::test]
async fn what_a_person_changed_in_quickbooks_is_never_overwritten() {
    let world = World::with_a_subcontract();
    world.load().await;
    world.ledger.person_changes(TargetKind::PurchaseOrder, |po| {
        let line = &mut po.expense_mut().unwrap().lines[0];
        line.amount = usd("99000");
    });
    world.source.approve_change_order("1500");
    world.tell(DocumentKind::Commitment, "7.9").await;
    world.run().await;
    let letters = world.dead_letters().await;
    assert_eq!(letters[0].cause, Cause::Conflict);
    assert!(letters[0].text.contains("99000.00"), "{}", letters[0].text);
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("99000"));
}

#[tokio::test]
async fn a_memo_that_a_person_wrote_in_quickbooks_is_kept_through_an_update() {
    let world = World::with_a_subcontract();
    world.load().await;
    world.ledger.person_changes(TargetKind::PurchaseOrder, |po| po.expense_mut().unwrap().memo = "call Dana".into());
    world.source.approve_change_order("1500");
    for _ in 0..2 {
        world.tell(DocumentKind::Commitment, "7.9").await;
        world.run().await;
        let memos = world.ledger.memos(TargetKind::PurchaseOrder);
        assert_eq!(memos, ["call Dana"]);
    }
    assert_eq!(world.ledger.total(TargetKind::PurchaseOrder), usd("101500"));
}

#[tokio::test]
async fn what_was_deleted_in_quickbooks_is_not_created_again() {
    let world = World::with_a_subcontract();
    world.load().await;
    world.ledger.person_deletes(TargetKind::Bill);
    world.tell(DocumentKind::PayApp, "7.1").await;
    world.tell(DocumentKind::PayApp, "7.2").await;
    let report = world.run().await;
    assert_eq!(report.created, 0);
    let causes: Vec<Cause> = world.dead_letters().await.iter().map(|l| l.cause).collect();
    assert_eq!(causes, [Cause::DeletedInQuickbooks; 2]);
}

#[tokio::test]
async fn a_dropped_link_is_a_dead_letter_and_the_bill_is_not_posted_again() {
    let world = World::with_a_subcontract();
    world.ledger.drop_links();
    world.load().await;
    world.tell(DocumentKind::PayApp, "7.1").await;
    world.run().await;
    let causes: Vec<Cause> = world.dead_letters().await.iter().map(|l| l.cause).collect();
    assert_eq!(causes, [Cause::LinkDropped; 2], "it stays a dead letter until a person acts");
    assert_eq!(world.ledger.count(TargetKind::Bill), 2);
}

#[tokio::test]
async fn if_the_journal_is_lost_the_markers_bring_the_links_back() {
    let world = World::with_a_subcontract();
    world.load().await;
    let content = world.ledger.content();
    let world = world.without_journal();
    let report = world.load().await;
    assert_eq!((report.created, report.adopted), (0, 6), "{report:?}");
    assert_eq!(world.ledger.content(), content);
}

#[tokio::test]
async fn a_refusal_is_a_dead_letter_with_the_words_of_the_system() {
    let world = World::with_a_subcontract();
    world.ledger.trouble([Trouble::Refuse(Cause::NameTaken)]);
    world.load().await;
    let letters = world.dead_letters().await;
    assert!(letters.iter().all(|l| l.cause == Cause::NameTaken && l.text.contains("no thanks")), "{letters:?}");
    assert_eq!(world.ledger.len(), 0);
    assert!(!world.waiting().await.is_empty());
}

#[tokio::test]
async fn throttled_is_tried_again_later_without_a_person() {
    let world = World::with_a_subcontract();
    world.ledger.trouble([Trouble::NotNow, Trouble::NotNow]);
    world.load().await;
    assert_eq!(world.ledger.len(), 6);
    assert!(world.dead_letters().await.is_empty());
}

#[tokio::test]
async fn changes_in_are_changes_done_or_pending() {
    let world = World::with_a_subcontract();
    world.source.change_pay_app("1", |app| app.summary.current_payment_due = Some(usd("1")));
    world.load().await;
    let counts = world.counts().await;
    assert_eq!(counts.changes, counts.done + counts.pending, "{counts:?}");
    assert_eq!((counts.dead, counts.waiting), (1, 1));
}

#[tokio::test]
async fn a_row_added_to_the_mapping_settles_the_dead_letters_by_itself() {
    let world = World::with_a_subcontract();
    world.map("budget_code,account\n99-999.S,Job Costs\n");
    world.load().await;
    assert_eq!(world.dead_letters().await[0].cause, Cause::MissingCoding);
    assert_eq!(world.ledger.count(TargetKind::PurchaseOrder), 0);

    world.map("budget_code,account,class\n05-100.S,Job Costs,05\n");
    world.run().await;
    assert!(world.dead_letters().await.is_empty() && world.waiting().await.is_empty());
    assert_eq!(world.ledger.total(TargetKind::Bill), usd("58500"));
}
