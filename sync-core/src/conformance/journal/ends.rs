//! Dead letters, and ends that no lease stands behind: a person's, recovery's.

use super::super::{Checked, equal};
use super::given::*;
use crate::journal::{JobEnd, Journal, Settlement, Waiting};

pub(super) async fn dead_letters_come_back_exactly_and_in_order(journal: &dyn Journal) -> Checked {
    // Given four dead letters, stored in another order than they arose
    let since = [(pay_app(1), at(30)), (vendor(9), at(10)), (pay_app(3), at(20)), (pay_app(2), at(20))];
    let mut call = Vec::new();
    for (document, since) in &since {
        changed(journal, std::slice::from_ref(document), at(0)).await?;
        let job = leased_one(journal, document, at(0)).await?;
        call.push(ends(&job, dead(document, *since)?));
    }
    settled(journal, &call, at(40)).await?;
    // Then they come oldest first, with every word and cent
    let promised = vec![
        letter(&vendor(9), at(10))?,
        letter(&pay_app(2), at(20))?,
        letter(&pay_app(3), at(20))?,
        letter(&pay_app(1), at(30))?,
    ];
    equal("dead letters", journal.dead_letters(&main()).await?, promised)?;
    let counts = balanced(journal).await?;
    equal("dead, ready and pending", (counts.dead, counts.ready, counts.pending), (4, 0, 4))
}

pub(super) async fn a_person_ends_a_dead_letter(journal: &dyn Journal) -> Checked {
    // Given two dead letters
    changed(journal, &[vendor(1), vendor(2)], at(0)).await?;
    let mut call = Vec::new();
    for job in leased(journal, at(0)).await? {
        call.push(ends(&job, dead(&job.document, at(1))?));
    }
    settled(journal, &call, at(1)).await?;
    // When a person settles one and sends the other on its way again, without a lease
    let mut settlement = settles(&vendor(1), None, JobEnd::Done);
    settlement.audit = "discarded by Dana".to_owned();
    settled(journal, &[settlement, settles(&vendor(2), None, JobEnd::Again { not_before: at(2) })], at(2)).await?;
    // Then the first is done and the second ready
    equal("dead letters", journal.dead_letters(&main()).await?, vec![])?;
    let counts = balanced(journal).await?;
    equal("done and pending", (counts.done, counts.pending), (1, 1))?;
    leased_one(journal, &vendor(2), at(2)).await.map(drop)
}

pub(super) async fn what_rests_may_rest_for_another_reason(journal: &dyn Journal) -> Checked {
    // Given a dead letter and a job that waits, without a change
    let call = [settles(&vendor(1), None, dead(&vendor(1), at(0))?), settles(&vendor(2), None, wait(&vendor(8)))];
    settled(journal, &call, at(0)).await?;
    // When the cause is another one, and it waits for another document
    let call = [settles(&vendor(1), None, dead(&vendor(1), at(9))?), settles(&vendor(2), None, wait(&vendor(9)))];
    settled(journal, &call, at(9)).await?;
    // Then only the newer is told
    equal("dead letters", journal.dead_letters(&main()).await?, vec![letter(&vendor(1), at(9))?])?;
    let waiting = Waiting { document: vendor(2), label: format!("waits for {}", vendor(9)), on: vendor(9) };
    equal("waiting", journal.waiting(&main()).await?, vec![waiting])?;
    settled(journal, &[settles(&vendor(8), None, JobEnd::Done)], at(10)).await?;
    equal("woken by the older", leased(journal, at(10)).await?, vec![])?;
    settled(journal, &[settles(&vendor(9), None, JobEnd::Done)], at(11)).await?;
    leased_one(journal, &vendor(2), at(11)).await.map(drop)
}

pub(super) async fn without_a_lease_a_ready_job_is_not_done(journal: &dyn Journal) -> Checked {
    // Given a document whose change nobody has worked yet, and one whose worker is gone
    changed(journal, &[vendor(1)], at(0)).await?;
    let lost = leased_one(journal, &vendor(1), at(0)).await?;
    changed(journal, &[vendor(2)], at(1)).await?;
    // When recovery or a rebuilding of links settles both
    let call = [vendor(1), vendor(2)].map(|document| linked(settles(&document, None, JobEnd::Done), "1"));
    settled(journal, &call, at(60)).await?;
    // Then the links are there, and the changes are still to be worked
    let counts = balanced(journal).await?;
    equal("links, done and ready", (counts.links, counts.done, counts.ready), (2, 0, 2))?;
    let jobs = leased(journal, at(60)).await?;
    equal("leased", documents(&jobs), vec![vendor(1), vendor(2)])?;
    fenced("the lost lease", journal.settle(&main(), &[ends(&lost, JobEnd::Done)], at(61)).await, &vendor(1))
}

pub(super) async fn without_a_lease_a_leased_job_is_left_alone(journal: &dyn Journal) -> Checked {
    // Given a job that a worker holds
    changed(journal, &[vendor(1)], at(0)).await?;
    let job = leased_one(journal, &vendor(1), at(0)).await?;
    // Then nobody else ends it
    for end in [JobEnd::Done, dead(&vendor(1), at(1))?, wait(&vendor(2)), JobEnd::Again { not_before: at(1) }] {
        let found = journal.settle(&main(), &[settles(&vendor(1), None, end)], at(59)).await;
        fenced("an end without the lease", found, &vendor(1))?;
    }
    // But its link may be put
    settled(journal, &[linked(settles(&vendor(1), None, JobEnd::Untouched), "1")], at(59)).await?;
    equal("links", balanced(journal).await?.links, 1)?;
    settled(journal, &[ends(&job, JobEnd::Done)], at(59)).await
}

pub(super) async fn an_end_without_a_job_opens_one(journal: &dyn Journal) -> Checked {
    // Given no job at all
    // When recovery finds that a person must decide, that one must wait, and that one is to be worked again
    let call = [
        settles(&vendor(1), None, dead(&vendor(1), at(0))?),
        settles(&vendor(2), None, wait(&vendor(1))),
        settles(&vendor(3), None, JobEnd::Again { not_before: at(5) }),
        settles(&vendor(4), None, JobEnd::Done),
        settles(&vendor(5), None, JobEnd::Untouched),
    ];
    settled(journal, &call, at(0)).await?;
    // Then there is a job for each of the three, and no change is counted that nobody made
    let counts = balanced(journal).await?;
    equal("changes", counts.changes, 0)?;
    equal("dead, waiting and ready", (counts.dead, counts.waiting, counts.ready), (1, 1, 1))?;
    leased_one(journal, &vendor(3), at(5)).await.map(drop)
}

pub(super) async fn five_thousand_settlements_are_one_call(journal: &dyn Journal) -> Checked {
    // Given five thousand jobs
    let all: Vec<_> = (0..5000).map(vendor).collect();
    changed(journal, &all, at(0)).await?;
    let jobs = leased(journal, at(1)).await?;
    equal("leased", jobs.len(), 5000)?;
    // When all are settled at once
    let settle = |job| Settlement { audit: "created".to_owned(), ..linked(ends(job, JobEnd::Done), "1") };
    let call: Vec<Settlement> = jobs.iter().map(settle).collect();
    settled(journal, &call, at(2)).await?;
    // Then all are done
    let counts = balanced(journal).await?;
    equal("done, pending and links", (counts.done, counts.pending, counts.links), (5000, 0, 5000))?;
    equal("audit", journal.audit(&main(), 4999, 10).await?.len(), 1)
}
