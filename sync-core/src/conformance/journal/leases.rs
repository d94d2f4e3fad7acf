//! One document is worked by one worker at a time; a worker that lost its lease changes nothing.

use super::super::{Checked, Problem, equal, holds};
use super::given::*;
use crate::journal::{Job, JobEnd, Journal};

fn only(jobs: Vec<Job>) -> Result<Job, Problem> {
    jobs.into_iter().next().ok_or_else(|| Problem("nothing was leased".to_owned()))
}

pub(super) async fn the_oldest_jobs_are_leased_first(journal: &dyn Journal) -> Checked {
    // Given jobs that were opened in this order, one of which had another change since
    changed(journal, &[pay_app(3), vendor(9)], at(0)).await?;
    changed(journal, &[pay_app(1), pay_app(3), pay_app(2)], at(1)).await?;
    // Then they are leased in this order, as many as were asked for
    let first = journal.claim(&main(), at(2), LEASE, 3).await?;
    equal("first", documents(&first), vec![pay_app(3), vendor(9), pay_app(1)])?;
    equal("next", documents(&leased(journal, at(2)).await?), vec![pay_app(2)])?;
    equal("none asked for", journal.claim(&main(), at(999), LEASE, 0).await?, vec![])
}

pub(super) async fn no_job_has_two_leases(journal: &dyn Journal) -> Checked {
    // Given three jobs
    changed(journal, &[vendor(1), vendor(2), vendor(3)], at(0)).await?;
    // When two workers take them in turn
    let a = journal.claim(&main(), at(1), LEASE, 2).await?;
    let b = journal.claim(&main(), at(1), LEASE, 2).await?;
    // Then none is taken twice, and no two leases share a token
    equal("of the first worker", documents(&a), vec![vendor(1), vendor(2)])?;
    equal("of the second worker", documents(&b), vec![vendor(3)])?;
    let mut tokens: Vec<u64> = a.iter().chain(&b).map(|job| job.token).collect();
    tokens.dedup();
    holds("tokens grow", tokens.len() == 3 && tokens.is_sorted())
}

pub(super) async fn leases_end_and_tokens_grow(journal: &dyn Journal) -> Checked {
    // Given a lease that nobody ends
    changed(journal, &[vendor(1)], at(0)).await?;
    let first = leased_one(journal, &vendor(1), at(0)).await?;
    equal("leased before the end", leased(journal, at(59)).await?, vec![])?;
    equal("next due", journal.next_due(&main()).await?, Some(at(60)))?;
    // Then another worker may take the job from the end of the lease on, under a larger token
    let second = leased_one(journal, &vendor(1), at(60)).await?;
    holds("the second token is larger", second.token > first.token)?;
    // And so it goes on after the job was done and opened again
    settled(journal, &[ends(&second, JobEnd::Done)], at(61)).await?;
    changed(journal, &[vendor(1)], at(62)).await?;
    let third = leased_one(journal, &vendor(1), at(62)).await?;
    holds("the third token is larger", third.token > second.token)
}

pub(super) async fn a_token_does_not_repeat_in_a_new_journal(journal: &dyn Journal) -> Checked {
    // Given a new journal, in place of one that was lost and gave tokens until now
    changed(journal, &[vendor(1)], at(0)).await?;
    let job = leased_one(journal, &vendor(1), at(0)).await?;
    // Then its tokens are not those that were given before
    let now = u64::try_from(at(0).timestamp_micros()).unwrap_or_default();
    holds("a token is not below the time in microseconds", job.token >= now)
}

pub(super) async fn a_lost_lease_is_fenced(journal: &dyn Journal) -> Checked {
    // Given a job that another worker took over
    changed(journal, &[vendor(1)], at(0)).await?;
    let lost = leased_one(journal, &vendor(1), at(0)).await?;
    let held = leased_one(journal, &vendor(1), at(60)).await?;
    // Then the first worker can neither store a write nor end the job, not even without a change of its state
    let found = journal.intend(&main(), &[intent(&lost, "k1", 100, at(61))?], at(61)).await;
    fenced("a write under a lost lease", found, &vendor(1))?;
    for end in [JobEnd::Done, JobEnd::Again { not_before: at(62) }, JobEnd::Untouched] {
        let found = journal.settle(&main(), &[ends(&lost, end)], at(61)).await;
        fenced("an end under a lost lease", found, &vendor(1))?;
    }
    // But the second can
    journal.intend(&main(), &[intent(&held, "k1", 100, at(62))?], at(62)).await?;
    settled(journal, &[ends(&held, JobEnd::Done)], at(63)).await?;
    // And a token that was never given proves nothing
    let never = settles(&vendor(2), Some(held.token), JobEnd::Done);
    fenced("an end of no job", journal.settle(&main(), &[never], at(64)).await, &vendor(2))
}

pub(super) async fn nothing_of_a_fenced_call_is_stored(journal: &dyn Journal) -> Checked {
    // Given two jobs held, with a write each, and one lost
    changed(journal, &[vendor(3)], at(0)).await?;
    let lost = leased_one(journal, &vendor(3), at(0)).await?;
    leased_one(journal, &vendor(3), at(60)).await?;
    changed(journal, &[vendor(1), vendor(2), vendor(4)], at(60)).await?;
    let jobs = leased(journal, at(60)).await?;
    let [one, two, waiter] = jobs.as_slice() else { return Err(Problem(format!("leased {jobs:?}"))) };
    let writes = [intent(one, "k1", 100, at(60))?, intent(two, "k2", 200, at(60))?];
    journal.intend(&main(), &writes, at(60)).await?;
    settled(journal, &[ends(waiter, wait(&vendor(1)))], at(60)).await?;
    let before = (journal.counts(&main()).await?, journal.open_intents(&main()).await?);
    // When all three are settled in one call, or their writes stored
    let settle = |job, key: &str| {
        let mut settlement = linked(ends(job, JobEnd::Done), "1");
        settlement.closes = Some(key.to_owned());
        settlement.audit = "created".to_owned();
        settlement
    };
    let call = [settle(one, "k1"), settle(two, "k2"), ends(&lost, JobEnd::Done)];
    fenced("the settlements", journal.settle(&main(), &call, at(61)).await, &vendor(3))?;
    let call = [intent(one, "k3", 100, at(61))?, intent(&lost, "k4", 100, at(61))?];
    fenced("the writes", journal.intend(&main(), &call, at(61)).await, &vendor(3))?;
    // Then nothing of the call is stored
    let after = (journal.counts(&main()).await?, journal.open_intents(&main()).await?);
    equal("counts and open writes", after, before)?;
    equal("links", journal.links(&main()).await?, vec![])?;
    equal("audit", journal.audit(&main(), 0, 10).await?, vec![])?;
    equal("woken", leased(journal, at(61)).await?, vec![])?;
    // And the two are still held
    settled(journal, &[settle(one, "k1"), settle(two, "k2")], at(62)).await?;
    equal("links", journal.links(&main()).await?, vec![link(&vendor(1), "1"), link(&vendor(2), "1")])
}

pub(super) async fn a_job_is_ended_once_for_each_lease(journal: &dyn Journal) -> Checked {
    // Given a job that its worker has put off
    changed(journal, &[vendor(1)], at(0)).await?;
    let job = leased_one(journal, &vendor(1), at(0)).await?;
    settled(journal, &[ends(&job, JobEnd::Again { not_before: at(5) })], at(1)).await?;
    // Then the lease is over
    let found = journal.settle(&main(), &[ends(&job, JobEnd::Done)], at(2)).await;
    fenced("a second end", found, &vendor(1))?;
    // And two ends in one call are one too many
    let job = leased_one(journal, &vendor(1), at(5)).await?;
    let twice = [ends(&job, JobEnd::Done), ends(&job, JobEnd::Untouched)];
    fenced("two ends in one call", journal.settle(&main(), &twice, at(6)).await, &vendor(1))?;
    let twice = [ends(&job, JobEnd::Untouched), ends(&job, JobEnd::Done)];
    settled(journal, &twice, at(6)).await
}

pub(super) async fn a_lease_is_good_until_another_worker_takes_the_job(journal: &dyn Journal) -> Checked {
    // Given a worker that took longer than its lease, while no other asked for work
    changed(journal, &[vendor(1)], at(0)).await?;
    let job = leased_one(journal, &vendor(1), at(0)).await?;
    // Then what it did is stored
    journal.intend(&main(), &[intent(&job, "k1", 100, at(90))?], at(90)).await?;
    settled(journal, &[ends(&job, JobEnd::Done)], at(95)).await?;
    equal("pending", balanced(journal).await?.pending, 0)
}

pub(super) async fn attempts_count_leases_without_an_end(journal: &dyn Journal) -> Checked {
    // Given a job that was put off once, and whose lease was lost once
    changed(journal, &[vendor(1)], at(0)).await?;
    let job = leased_one(journal, &vendor(1), at(0)).await?;
    equal("at first", job.attempts, 0)?;
    settled(journal, &[ends(&job, JobEnd::Again { not_before: at(0) })], at(0)).await?;
    equal("after it was put off", leased_one(journal, &vendor(1), at(0)).await?.attempts, 1)?;
    let job = leased_one(journal, &vendor(1), at(60)).await?;
    equal("after the lease was lost", job.attempts, 2)?;
    // When it comes to an end, then the count starts anew
    settled(journal, &[ends(&job, wait(&vendor(2)))], at(61)).await?;
    changed(journal, &[vendor(1)], at(62)).await?;
    equal("after it waited", leased_one(journal, &vendor(1), at(62)).await?.attempts, 0)
}

pub(super) async fn a_job_is_not_due_before_its_time(journal: &dyn Journal) -> Checked {
    equal("with no job", journal.next_due(&main()).await?, None)?;
    // Given one job to be tried again later and one that is dead
    changed(journal, &[vendor(1)], at(0)).await?;
    equal("of a new job", journal.next_due(&main()).await?, Some(at(0)))?;
    changed(journal, &[vendor(2)], at(1)).await?;
    let jobs = leased(journal, at(1)).await?;
    let (first, second) = (only(jobs.clone())?, only(jobs.into_iter().rev().collect())?);
    let again = ends(&first, JobEnd::Again { not_before: at(300) });
    settled(journal, &[again, ends(&second, dead(&vendor(2), at(1))?)], at(2)).await?;
    // Then the next time is that of the first, and nothing is leased before
    equal("next due", journal.next_due(&main()).await?, Some(at(300)))?;
    equal("leased before", leased(journal, at(299)).await?, vec![])?;
    leased_one(journal, &vendor(1), at(300)).await.map(drop)
}
