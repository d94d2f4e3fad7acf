//! Exactly once, wherever the answer is lost.

use sync_core::connector::{Condition, Found, Operation, Outcome, RefusalReason, Sink, Write};
use sync_core::model::accounting::AccountingDocument;
use sync_sandboxes::desktop::{Drop, Visit};

use super::kit::{Site, money, vendor};

/// What the engine does with a group: send it, and after an unknown outcome look for it before it is sent again.
async fn settle(sink: &impl Sink, writes: &[Write]) -> Vec<Outcome> {
    let mut outcomes = sink.apply(writes).await;
    for _ in 0..3 {
        if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Uncertain(_))) {
            return outcomes;
        }
        let since = "2026-03-10T20:00:00Z".parse().unwrap();
        let found = sink.find_written(writes, since).await.unwrap();
        outcomes = match found.iter().all(Option::is_none) {
            true => sink.apply(writes).await,
            false => found
                .into_iter()
                .map(|state| state.map_or(Outcome::Uncertain("still".to_owned()), |s| Outcome::Done(Box::new(s))))
                .collect(),
        };
    }
    outcomes
}

fn all_done(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_loss_at_every_message_set_in_turn_and_in_every_place_then_each_bill_stands_once() {
    for drop in [Drop::AnswerOfQuickBooks, Drop::RequestToQuickBooks, Drop::AnswerOfService] {
        for at in 1..=5 {
            // Given a Web Connector that dies behind its n-th message set
            let site = Site::open().await;
            let mut connector = site.connector();
            connector.drop_at = Some((at, drop));
            let writes = [site.bill("A-1"), site.bill("A-2"), vendor("Cech & Söhne")];
            let sink = site.sink();
            // When two bills are written
            let work = async {
                sink.begin().await.unwrap();
                settle(&sink, &writes).await
            };
            let (outcomes, visits) = site.with_visits(connector, work).await;
            // Then they are there, once
            assert!(all_done(&outcomes), "{drop:?} at {at}: {outcomes:?} {visits:?}");
            assert_eq!((site.count("Bill", "A-1"), site.count("Bill", "A-2")), (1, 1), "{drop:?} at {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_answer_and_the_recovery_file_are_lost_then_the_marker_tells_and_nothing_is_sent_twice() {
    // Given a bill that QuickBooks has, whose answer nobody got, and whose kept outcome is gone
    let site = Site::open().await;
    let mut connector = site.connector();
    connector.drop_at = Some((3, Drop::AnswerOfQuickBooks));
    let writes = [site.bill("A-1")];
    let (sink, file) = (site.sink(), site.file.clone());
    let watch = tokio::task::spawn_blocking(move || {
        loop {
            let mut file = file.lock().unwrap();
            if file.all("Bill").len() == 1 {
                file.lose_kept_outcomes();
                return;
            }
        }
    });
    let work = async {
        sink.begin().await.unwrap();
        settle(&sink, &writes).await
    };
    let (outcomes, _) = site.with_visits(connector, work).await;
    watch.await.unwrap();
    assert!(all_done(&outcomes), "{outcomes:?}");
    assert_eq!(site.count("Bill", "A-1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_the_process_dies_with_an_answer_outstanding_when_the_same_writes_come_again_then_they_are_not_sent() {
    // Given a set that QuickBooks has worked, whose answer was lost with the process that waited for it
    let site = Site::open().await;
    let mut connector = site.connector();
    connector.drop_at = Some((3, Drop::AnswerOfQuickBooks));
    let writes = [site.bill("A-1")];
    {
        let sink = site.sink();
        let work = async {
            sink.begin().await.unwrap();
            sink.apply(&writes).await
        };
        let mut connector = connector;
        let desk = site.desk.clone();
        let visits = tokio::task::spawn_blocking(move || connector.visit());
        let run = desk.run();
        tokio::select! {
            _ = work => panic!("the answer was lost"),
            visit = visits => assert_eq!(visit.unwrap(), Visit::Died),
        }
        drop(run);
    }
    assert_eq!(site.count("Bill", "A-1"), 1);
    // When a new process repeats the writes
    let again = Site::over(site.file.clone(), site.store.clone()).await;
    let sink = again.sink();
    let work = async {
        sink.begin().await.unwrap();
        sink.apply(&writes).await
    };
    let (outcomes, _) = again.with_visits(again.connector(), work).await;
    // Then the kept outcome answers
    assert!(all_done(&outcomes), "{outcomes:?}");
    assert_eq!(again.count("Bill", "A-1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_backup_put_back_then_what_it_lacks_is_told_as_deleted_and_not_posted_by_itself() {
    let site = Site::open().await;
    let backup = site.file().backup();
    let sink = site.sink();
    let writes = [site.bill("A-1")];
    let work = async {
        sink.begin().await.unwrap();
        sink.apply(&writes).await
    };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    let Some(Outcome::Done(state)) = outcomes.first() else { panic!("{outcomes:?}") };
    let target = state.target.clone();
    // When the file is put back to where it was before
    *site.file() = backup;
    let fresh = site.sink();
    let work = async { fresh.read(std::slice::from_ref(&target)).await };
    let (found, _) = site.with_visits(site.connector(), work).await;
    assert!(matches!(found.unwrap().as_slice(), [Found::Deleted]));
    assert_eq!(site.count("Bill", "A-1"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_person_in_the_way_then_it_is_tried_again_and_a_changed_document_is_read_again() {
    let site = Site::open().await;
    let sink = site.sink();
    let mut bill = site.bill("A-1");
    site.file().be_busy(1);
    let work = async {
        sink.begin().await.unwrap();
        sink.apply(std::slice::from_ref(&bill)).await
    };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    let Some(Outcome::Done(state)) = outcomes.first() else { panic!("{outcomes:?}") };
    // When a person changes the bill behind our back
    let now = sync_core::clock::Clock::now(site.clock.as_ref());
    site.file().person_edits(now, state.target.id.as_str(), "RefNumber", "A-1b").unwrap();
    let Operation::Create(document) = &bill.operation else { unreachable!() };
    let (target, version) = (state.target.clone(), state.version.clone());
    bill.key = "update".to_owned();
    bill.operation = Operation::Update { target, version, document: document.clone() };
    let work = async { sink.apply(std::slice::from_ref(&bill)).await };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    // Then our change does not go over it
    assert!(
        matches!(&outcomes[0], Outcome::Refused(refusal) if refusal.reason == RefusalReason::Stale),
        "{outcomes:?}"
    );
    assert_eq!(site.file().all("Bill")[0].at(&["RefNumber"]), "A-1b");
}

#[tokio::test(flavor = "multi_thread")]
async fn given_lists_that_were_locked_through_every_try_when_the_same_write_comes_again_then_quickbooks_is_asked_again()
{
    // Given lists that somebody keeps open longer than a write has patience for
    let site = Site::open().await;
    let sink = site.sink();
    let writes = [site.bill("A-1")];
    site.file().be_busy(100);
    let work = async {
        sink.begin().await.unwrap();
        sink.apply(&writes).await
    };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    assert!(
        matches!(&outcomes[0], Outcome::Refused(refusal) if refusal.reason == RefusalReason::NotNow),
        "{outcomes:?}"
    );
    // When they are closed, and the write is sent again as it was
    site.file().be_busy(0);
    let work = async { sink.apply(&writes).await };
    let (outcomes, _) = site.with_visits(site.connector(), work).await;
    // Then the answers of then are not taken for those of now
    assert!(all_done(&outcomes), "{outcomes:?}");
    assert_eq!(site.count("Bill", "A-1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_change_and_a_void_then_lines_are_kept_by_their_ids_and_the_bill_is_nothing() {
    let site = Site::open().await;
    let sink = site.sink();
    let bill = site.bill("A-1");
    let work = async {
        sink.begin().await.unwrap();
        let made = match sink.apply(std::slice::from_ref(&bill)).await.remove(0) {
            Outcome::Done(state) => *state,
            other => panic!("{other:?}"),
        };
        // Its amount grows by two hundred
        let mut document = made.document.clone();
        let Some(lines) = document.expense_mut().map(|d| &mut d.lines) else { unreachable!() };
        lines[0].amount = money(1200);
        let operation = Operation::Update { target: made.target.clone(), version: made.version.clone(), document };
        let change = Write { key: "change".to_owned(), operation, ..bill.clone() };
        let changed = match sink.apply(&[change]).await.remove(0) {
            Outcome::Done(state) => *state,
            other => panic!("{other:?}"),
        };
        assert_eq!(changed.total, Some(money(1100)));
        let ids = |d: &AccountingDocument| d.line_refs().iter().map(|l| l.id.cloned()).collect::<Vec<_>>();
        assert_eq!(ids(&changed.document), ids(&made.document));
        let operation = Operation::Void { target: changed.target.clone(), version: changed.version.clone() };
        let void = Write { key: "void".to_owned(), operation, ..bill.clone() };
        sink.apply(&[void]).await.remove(0)
    };
    let (outcome, _) = site.with_visits(site.connector(), work).await;
    let Outcome::Done(state) = outcome else { panic!("{outcome:?}") };
    assert_eq!((state.condition, state.total), (Condition::Voided, Some(money(0))));
    assert!(state.marker.is_some(), "the marker survives the void");
}
