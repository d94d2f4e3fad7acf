//! Changes: none is dropped, none is worked twice.

use super::super::{Checked, equal};
use super::given::*;
use crate::connector::Change;
use crate::journal::{Intake, JobEnd, Journal};

pub(super) async fn ten_changes_of_a_document_are_one_job(journal: &dyn Journal) -> Checked {
    // Given ten changes of one document and one of another, some in one call
    let changes = vec![Change::found(pay_app(1)); 7];
    let first = journal.intake(&main(), &changes, at(0)).await?;
    let mut changes = vec![Change::found(pay_app(1)); 3];
    changes.push(Change::found(pay_app(2)));
    let second = journal.intake(&main(), &changes, at(1)).await?;
    // Then there are two jobs
    equal("of the first seven", first, Intake { opened: 1, joined: 6, duplicates: 0, ..first })?;
    equal("of the next four", second, Intake { opened: 1, joined: 3, duplicates: 0, ..second })?;
    let counts = balanced(journal).await?;
    equal("changes and ready", (counts.changes, counts.pending, counts.ready), (11, 11, 2))?;
    // When the first is done, then all of its changes are
    let jobs = leased(journal, at(2)).await?;
    equal("leased", documents(&jobs), vec![pay_app(1), pay_app(2)])?;
    settled(journal, &[settles(&pay_app(1), jobs.first().map(|job| job.token), JobEnd::Done)], at(3)).await?;
    let counts = balanced(journal).await?;
    equal("done, pending and ready", (counts.done, counts.pending, counts.ready), (10, 1, 1))?;
    equal("leased again", leased(journal, at(4)).await?, vec![])
}

pub(super) async fn a_second_delivery_of_an_event_does_nothing(journal: &dyn Journal) -> Checked {
    let event = |document, id: &str| Change { document, event: Some(id.to_owned()) };
    // Given an event that is delivered twice in one call, and again after its job is done
    let twice = [event(vendor(1), "e1"), event(vendor(1), "e1")];
    let first = journal.intake(&main(), &twice, at(0)).await?;
    equal("of two deliveries", first, Intake { opened: 1, joined: 0, duplicates: 1, ..first })?;
    let job = leased_one(journal, &vendor(1), at(1)).await?;
    settled(journal, &[ends(&job, JobEnd::Done)], at(1)).await?;
    let late = journal.intake(&main(), &twice, at(2)).await?;
    equal("of late deliveries", late, Intake { opened: 0, joined: 0, duplicates: 2, ..late })?;
    let counts = balanced(journal).await?;
    equal("changes and ready", (counts.changes, counts.ready), (1, 0))?;
    // But one event may tell of several documents, and polled changes have none
    let others = [event(vendor(2), "e1"), event(vendor(1), "e2"), Change::found(vendor(1)), Change::found(vendor(1))];
    let others = journal.intake(&main(), &others, at(3)).await?;
    equal("of other changes", others, Intake { opened: 2, joined: 2, duplicates: 0, ..others })
}

pub(super) async fn a_change_during_a_lease_outlives_its_end(journal: &dyn Journal) -> Checked {
    let ends_of = |document| -> Result<_, super::super::Problem> {
        Ok([(JobEnd::Done, 1), (wait(&vendor(9)), 2), (dead(document, at(0))?, 2)])
    };
    for (number, (end, pending)) in (1..).zip(ends_of(&vendor(1))?) {
        // Given a job that is leased
        let document = vendor(number);
        let start = i64::try_from(number).unwrap_or_default() * 100;
        changed(journal, std::slice::from_ref(&document), at(start)).await?;
        let job = leased_one(journal, &document, at(start)).await?;
        let before = balanced(journal).await?;
        // When a change comes in before it ends
        changed(journal, std::slice::from_ref(&document), at(start + 1)).await?;
        equal("leased twice", leased(journal, at(start + 2)).await?, vec![])?;
        settled(journal, &[ends(&job, end.clone())], at(start + 3)).await?;
        // Then it is ready again, whatever its end
        let counts = balanced(journal).await?;
        let what = format!("pending, waiting and dead after {end:?}");
        equal(&what, (counts.pending, counts.waiting, counts.dead), (before.pending - 1 + pending, 0, 0))?;
        let again = leased_one(journal, &document, at(start + 3)).await?;
        equal("attempts", again.attempts, 0)?;
        settled(journal, &[ends(&again, JobEnd::Done)], at(start + 4)).await?;
        equal("pending in the end", balanced(journal).await?.pending, before.pending - 1)?;
    }
    // A pause that the vendor asked for is kept all the same
    changed(journal, &[vendor(8)], at(1000)).await?;
    let job = leased_one(journal, &vendor(8), at(1000)).await?;
    changed(journal, &[vendor(8)], at(1001)).await?;
    settled(journal, &[ends(&job, JobEnd::Again { not_before: at(1030) })], at(1002)).await?;
    equal("leased in the pause", leased(journal, at(1029)).await?, vec![])?;
    leased_one(journal, &vendor(8), at(1030)).await.map(drop)
}

pub(super) async fn a_change_wakes_a_dead_letter(journal: &dyn Journal) -> Checked {
    // Given a dead letter
    changed(journal, &[pay_app(1)], at(0)).await?;
    let job = leased_one(journal, &pay_app(1), at(0)).await?;
    settled(journal, &[ends(&job, dead(&pay_app(1), at(1))?)], at(1)).await?;
    equal("leased while dead", leased(journal, at(999)).await?, vec![])?;
    // When its document changes
    let intake = journal.intake(&main(), &[Change::found(pay_app(1))], at(1000)).await?;
    // Then its job is ready and the dead letter gone, and neither change is dropped
    equal("intake", intake, Intake { opened: 0, joined: 1, duplicates: 0, ..intake })?;
    equal("dead letters", journal.dead_letters(&main()).await?, vec![])?;
    let counts = balanced(journal).await?;
    equal("pending, ready and dead", (counts.pending, counts.ready, counts.dead), (2, 1, 0))?;
    equal("attempts", leased_one(journal, &pay_app(1), at(1000)).await?.attempts, 0)
}

pub(super) async fn a_change_wakes_a_job_that_waits(journal: &dyn Journal) -> Checked {
    // Given a job that waits for a vendor
    changed(journal, &[pay_app(1)], at(0)).await?;
    let job = leased_one(journal, &pay_app(1), at(0)).await?;
    settled(journal, &[ends(&job, wait(&vendor(1)))], at(1)).await?;
    equal("leased while it waits", leased(journal, at(2)).await?, vec![])?;
    // When its document changes, which may name another vendor now
    changed(journal, &[pay_app(1)], at(3)).await?;
    // Then it waits no longer
    equal("waiting", journal.waiting(&main()).await?, vec![])?;
    leased_one(journal, &pay_app(1), at(3)).await.map(drop)
}

pub(super) async fn a_change_does_not_hurry_a_job_that_is_ready(journal: &dyn Journal) -> Checked {
    // Given a job that is to pause until a time
    changed(journal, &[pay_app(1)], at(0)).await?;
    let job = leased_one(journal, &pay_app(1), at(0)).await?;
    settled(journal, &[ends(&job, JobEnd::Again { not_before: at(50) })], at(1)).await?;
    // When its document changes
    changed(journal, &[pay_app(1)], at(2)).await?;
    // Then it still pauses
    equal("leased in the pause", leased(journal, at(49)).await?, vec![])?;
    leased_one(journal, &pay_app(1), at(50)).await.map(drop)
}

pub(super) async fn nothing_is_dropped(journal: &dyn Journal) -> Checked {
    // Given four documents with a change each, which end in four ways; every call checks `changes = done + pending`
    let all = [vendor(1), vendor(2), vendor(3), vendor(4)];
    changed(journal, &all, at(0)).await?;
    let jobs = leased(journal, at(1)).await?;
    changed(journal, &all, at(2)).await?;
    let four = [JobEnd::Done, wait(&vendor(1)), dead(&vendor(3), at(3))?, JobEnd::Again { not_before: at(9) }];
    for (job, end) in jobs.iter().zip(four) {
        settled(journal, &[ends(job, end)], at(3)).await?;
    }
    // Then all are still to be worked, and when they are done nothing is pending
    let counts = balanced(journal).await?;
    equal("done, pending and ready", (counts.done, counts.pending, counts.ready), (1, 7, 4))?;
    let jobs = leased(journal, at(9)).await?;
    let done: Vec<_> = jobs.iter().map(|job| ends(job, JobEnd::Done)).collect();
    settled(journal, &done, at(10)).await?;
    let counts = balanced(journal).await?;
    equal("changes, done and pending", (counts.changes, counts.done, counts.pending), (8, 8, 0))
}
