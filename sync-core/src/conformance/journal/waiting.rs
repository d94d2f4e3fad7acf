//! A document waits for what it refers to, and for nothing else.

use super::super::{Checked, Problem, equal};
use super::given::*;
use crate::journal::{Job, JobEnd, Journal, Waiting};
use crate::model::DocumentKey;

/// Leases the job of a document that must be among those that are due.
async fn take(journal: &dyn Journal, documents: &[DocumentKey], seconds: i64) -> Result<Vec<Job>, Problem> {
    changed(journal, documents, at(seconds)).await?;
    let jobs = leased(journal, at(seconds)).await?;
    equal("leased", super::given::documents(&jobs), documents.to_vec())?;
    Ok(jobs)
}

pub(super) async fn done_wakes_all_that_wait(journal: &dyn Journal) -> Checked {
    // Given three pay apps that wait for one vendor, and one that waits for another
    let all = [pay_app(3), pay_app(1), pay_app(2), pay_app(4), vendor(1)];
    let jobs = take(journal, &all, 0).await?;
    let [three @ .., other, on] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    let mut waits: Vec<_> = three.iter().map(|job| ends(job, wait(&vendor(1)))).collect();
    waits.push(ends(other, wait(&vendor(2))));
    settled(journal, &waits, at(1)).await?;
    let waiting = |number, on: DocumentKey| Waiting { document: pay_app(number), label: format!("waits for {on}"), on };
    let listed = vec![waiting(1, vendor(1)), waiting(2, vendor(1)), waiting(3, vendor(1)), waiting(4, vendor(2))];
    equal("waiting", journal.waiting(&main()).await?, listed)?;
    equal("counted", balanced(journal).await?.waiting, 4)?;
    // When the vendor is done
    settled(journal, &[linked(ends(on, JobEnd::Done), "1")], at(2)).await?;
    // Then the three are ready, in their old order, and the fourth waits
    equal("waiting", journal.waiting(&main()).await?, vec![waiting(4, vendor(2))])?;
    equal("woken", documents(&leased(journal, at(2)).await?), vec![pay_app(3), pay_app(1), pay_app(2)])
}

pub(super) async fn a_chain_is_woken_link_by_link(journal: &dyn Journal) -> Checked {
    // Given pay app 2, which waits for pay app 1, which waits for the vendor
    let jobs = take(journal, &[pay_app(2), pay_app(1), vendor(1)], 0).await?;
    let [second, first, on] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    settled(journal, &[ends(second, wait(&pay_app(1))), ends(first, wait(&vendor(1)))], at(1)).await?;
    // When the vendor is done, then pay app 1 is ready; when that is done, pay app 2
    settled(journal, &[ends(on, JobEnd::Done)], at(2)).await?;
    let first = leased_one(journal, &pay_app(1), at(3)).await?;
    settled(journal, &[ends(&first, JobEnd::Done)], at(4)).await?;
    let second = leased_one(journal, &pay_app(2), at(5)).await?;
    settled(journal, &[ends(&second, JobEnd::Done)], at(6)).await?;
    equal("pending", balanced(journal).await?.pending, 0)
}

pub(super) async fn no_wake_up_is_lost(journal: &dyn Journal) -> Checked {
    // Given a pay app that was found to need a vendor, which another worker has done meanwhile
    let jobs = take(journal, &[vendor(1), pay_app(1)], 0).await?;
    let [on, job] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    settled(journal, &[linked(ends(on, JobEnd::Done), "1")], at(1)).await?;
    settled(journal, &[ends(job, wait(&vendor(1)))], at(2)).await?;
    // Then it does not wait for what has happened
    equal("waiting", journal.waiting(&main()).await?, vec![])?;
    let job = leased_one(journal, &pay_app(1), at(2)).await?;
    equal("attempts", job.attempts, 1)?;
    settled(journal, &[ends(&job, JobEnd::Done)], at(3)).await?;
    // Nor when both end in one call, in either order
    for (seconds, turned) in [(10, false), (20, true)] {
        let jobs = take(journal, &[vendor(1), pay_app(1)], seconds).await?;
        let [on, job] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
        let mut call = [ends(on, JobEnd::Done), ends(job, wait(&vendor(1)))];
        if turned {
            call.reverse();
        }
        settled(journal, &call, at(seconds + 1)).await?;
        let job = leased_one(journal, &pay_app(1), at(seconds + 1)).await?;
        settled(journal, &[ends(&job, JobEnd::Done)], at(seconds + 2)).await?;
    }
    // But it waits for a document that is linked and has a job, and for one that nobody has seen
    let jobs = take(journal, &[vendor(1), pay_app(1), pay_app(2)], 30).await?;
    let [_, one, two] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    settled(journal, &[ends(one, wait(&vendor(1))), ends(two, wait(&vendor(7)))], at(31)).await?;
    equal("waiting", balanced(journal).await?.waiting, 2)
}

pub(super) async fn a_document_that_is_not_done_wakes_nothing(journal: &dyn Journal) -> Checked {
    // Given a pay app that waits for a vendor
    let jobs = take(journal, &[vendor(1), pay_app(1)], 0).await?;
    let [on, job] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    settled(journal, &[ends(job, wait(&vendor(1)))], at(1)).await?;
    // When the vendor is put off, waits, or is a dead letter, then the pay app goes on waiting
    settled(journal, &[ends(on, JobEnd::Again { not_before: at(2) })], at(2)).await?;
    let on = leased_one(journal, &vendor(1), at(2)).await?;
    settled(journal, &[ends(&on, wait(&vendor(2)))], at(3)).await?;
    changed(journal, &[vendor(1)], at(4)).await?;
    let on = leased_one(journal, &vendor(1), at(4)).await?;
    settled(journal, &[ends(&on, dead(&vendor(1), at(5))?)], at(5)).await?;
    equal("leased", leased(journal, at(6)).await?, vec![])?;
    equal("waiting", balanced(journal).await?.waiting, 1)?;
    // Until a person settles it
    settled(journal, &[settles(&vendor(1), None, JobEnd::Done)], at(7)).await?;
    leased_one(journal, &pay_app(1), at(7)).await.map(drop)
}

pub(super) async fn a_document_with_changes_left_wakes_what_waits(journal: &dyn Journal) -> Checked {
    // Given a pay app that waits for a vendor that changes all the time
    let jobs = take(journal, &[vendor(1), pay_app(1)], 0).await?;
    let [on, job] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    settled(journal, &[ends(job, wait(&vendor(1)))], at(1)).await?;
    changed(journal, &[vendor(1)], at(2)).await?;
    // When the vendor is done once
    settled(journal, &[linked(ends(on, JobEnd::Done), "1")], at(3)).await?;
    // Then both are ready: the pay app keeps its place, the vendor has a new one
    equal("leased", documents(&leased(journal, at(3)).await?), vec![pay_app(1), vendor(1)])
}
