//! What the accounting system tells: echoes of one's own writes, what people did, and what is none of our business.

use std::sync::Arc;

use super::kit::{World, usd};
use crate::dead_letter::Cause;
use crate::engine::Silent;
use crate::model::{TargetKind, TargetRef};

fn of(world: &World, kind: TargetKind) -> Vec<TargetRef> {
    world.ledger.targets().into_iter().filter(|target| target.kind == kind).collect()
}

#[tokio::test]
async fn the_echo_of_an_own_write_reads_nothing_from_the_source() {
    // Given everything loaded, and a notice of each transaction, twice
    let world = World::with_a_subcontract();
    world.load().await;
    let read = world.reads();
    for _ in 0..2 {
        world.notice(world.ledger.targets()).await;
    }
    // When the program works them
    let report = world.run().await;
    // Then each is known for what it is
    assert_eq!((report.echoes, report.unchanged, report.batches), (6, 0, 0), "{report:?}");
    assert_eq!(world.reads(), read);
    assert_eq!(world.counts().await.pending, 0);
}

#[tokio::test]
async fn a_bill_that_a_person_changed_or_deleted_is_looked_at_without_waiting_for_procore() {
    for deleted in [false, true] {
        // Given two bills, both of which a person has changed, or deleted
        let world = World::with_a_subcontract();
        world.load().await;
        let bills = of(&world, TargetKind::Bill);
        match deleted {
            false => world.ledger.person_changes(TargetKind::Bill, |bill| {
                bill.expense_mut().unwrap().lines[0].amount = usd("1");
            }),
            true => world.ledger.person_deletes(TargetKind::Bill),
        }
        // When the system tells of one of them
        world.notice(bills.into_iter().take(1)).await;
        let report = world.run().await;
        // Then that one is a dead letter with its cause
        let causes: Vec<Cause> = world.dead_letters().await.iter().map(|letter| letter.cause).collect();
        let cause = if deleted { Cause::DeletedInQuickbooks } else { Cause::Conflict };
        assert_eq!((report.echoes, causes), (0, vec![cause]));
    }
}

#[tokio::test]
async fn what_nobody_knows_is_survived_and_payments_are_handed_on() {
    // Given notices of transactions that the sync never saw, and of one that it has no word for
    let world = World::with_a_subcontract();
    world.load().await;
    let engine = world.engine(Arc::new(Silent));
    world.notice([TargetRef { kind: TargetKind::Bill, id: "9999".into() }]).await;
    world.run().await;
    assert_eq!(engine.payments_noticed().await.unwrap(), None);
    // When a payment is among them
    world.notice([TargetRef { kind: TargetKind::BillPayment, id: "77".into() }]).await;
    let report = world.run().await;
    // Then nothing is written, nothing is left, and whoever reads payments is told, until they have
    assert_eq!((report.echoes, report.batches), (0, 0));
    assert_eq!(world.counts().await.pending, 0);
    let noticed = engine.payments_noticed().await.unwrap().unwrap();
    engine.payments_are_read(noticed - chrono::TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(engine.payments_noticed().await.unwrap(), Some(noticed), "a newer notice stays");
    engine.payments_are_read(noticed).await.unwrap();
    assert_eq!(engine.payments_noticed().await.unwrap(), None);
}
