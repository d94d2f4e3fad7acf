//! Writes are stored before they are sent, and a key never carries two contents.

use super::super::{Checked, Problem, equal};
use super::given::*;
use crate::journal::{Intent, Job, JobEnd, Journal, JournalError, Settlement};

/// Three leased jobs.
async fn three(journal: &dyn Journal) -> Result<[Job; 3], Problem> {
    changed(journal, &[pay_app(1), pay_app(2), pay_app(3)], at(0)).await?;
    let jobs = leased(journal, at(0)).await?;
    <[Job; 3]>::try_from(jobs).map_err(|jobs| Problem(format!("leased {jobs:?}")))
}

fn closes(job: &Job, key: &str, end: JobEnd) -> Settlement {
    Settlement { closes: Some(key.to_owned()), ..ends(job, end) }
}

async fn keys(journal: &dyn Journal) -> Result<Vec<String>, Problem> {
    Ok(journal.open_intents(&main()).await?.into_iter().map(|intent| intent.write.key).collect())
}

pub(super) async fn open_writes_come_in_their_order_until_they_are_closed(journal: &dyn Journal) -> Checked {
    // Given four writes of three documents, in two calls
    let [a, b, c] = three(journal).await?;
    journal.intend(&main(), &[intent(&c, "k9", 1, at(1))?, intent(&a, "k5", 2, at(1))?], at(1)).await?;
    journal.intend(&main(), &[intent(&b, "k7", 3, at(2))?, intent(&a, "k1", 4, at(2))?], at(2)).await?;
    equal("open", keys(journal).await?, ["k9", "k5", "k7", "k1"].map(str::to_owned).to_vec())?;
    equal("counted", balanced(journal).await?.open_intents, 4)?;
    // When three have an outcome, one of them without the end of its job
    settled(journal, &[closes(&a, "k5", JobEnd::Untouched), closes(&c, "k9", JobEnd::Done)], at(3)).await?;
    settled(journal, &[closes(&a, "k1", JobEnd::Done)], at(4)).await?;
    // Then the fourth is left, even after its lease was lost
    leased_one(journal, &b.document, at(60)).await?;
    equal("open", keys(journal).await?, vec!["k7".to_owned()])?;
    equal("counted", balanced(journal).await?.open_intents, 1)?;
    // And recovery may close it without a lease; a key that is not open does no harm
    let recovery =
        |key: &str| Settlement { closes: Some(key.to_owned()), ..settles(&b.document, None, JobEnd::Untouched) };
    settled(journal, &[recovery("k7"), recovery("k7"), recovery("unknown")], at(61)).await?;
    equal("open", keys(journal).await?, vec![])
}

pub(super) async fn the_same_write_may_be_stored_again(journal: &dyn Journal) -> Checked {
    // Given a write that was stored, and whose job another worker took over
    let [a, ..] = three(journal).await?;
    let first = intent(&a, "k1", 100, at(1))?;
    journal.intend(&main(), std::slice::from_ref(&first), at(1)).await?;
    let jobs = leased(journal, at(60)).await?;
    let held = jobs.iter().find(|job| job.document == a.document);
    let held = held.ok_or_else(|| Problem("the job is not leased again".to_owned()))?;
    // When that one stores it again, under its own lease
    let mut fields = first.fields.clone();
    fields.set("memo", "as shortened");
    let again = Intent { token: held.token, mapping: "map 2".to_owned(), fields, stored_at: at(61), ..first.clone() };
    journal.intend(&main(), std::slice::from_ref(&again), at(61)).await?;
    // Then there is one write, under the new lease, as old as it was
    let promised = Intent { stored_at: at(1), ..again };
    equal("open", journal.open_intents(&main()).await?, vec![promised.clone()])?;
    // And one that was closed is open again
    settled(journal, &[closes(held, "k1", JobEnd::Untouched)], at(62)).await?;
    equal("open", journal.open_intents(&main()).await?, vec![])?;
    journal.intend(&main(), &[Intent { stored_at: at(63), ..promised.clone() }], at(63)).await?;
    equal("open", journal.open_intents(&main()).await?, vec![promised])
}

pub(super) async fn a_key_never_carries_two_contents(journal: &dyn Journal) -> Checked {
    // Given a write that was stored
    let [a, b, c] = three(journal).await?;
    journal.intend(&main(), &[intent(&a, "k1", 100, at(1))?], at(1)).await?;
    let before = journal.open_intents(&main()).await?;
    let reused = |found: Result<(), JournalError>, what: &str| match found {
        Err(JournalError::KeyReused { key, .. }) => equal(what, key.as_str(), "k1"),
        other => Err(Problem(format!("{what}: found {other:?}, promised a refusal that names the key k1"))),
    };
    // When its key comes with another amount or another document, then nothing of the call is stored
    let call = [intent(&b, "k2", 200, at(2))?, intent(&a, "k1", 101, at(2))?];
    reused(journal.intend(&main(), &call, at(2)).await, "another amount")?;
    reused(journal.intend(&main(), &[intent(&b, "k1", 100, at(2))?], at(2)).await, "another document")?;
    equal("open", journal.open_intents(&main()).await?, before)?;
    // Nor when both are in one call, nor after the first has an outcome
    settled(journal, &[closes(&a, "k1", JobEnd::Done)], at(3)).await?;
    reused(journal.intend(&main(), &[intent(&c, "k1", 102, at(4))?], at(4)).await, "after it was closed")?;
    equal("open", journal.open_intents(&main()).await?, vec![])?;
    let call = [intent(&b, "k3", 1, at(5))?, intent(&b, "k3", 2, at(5))?];
    match journal.intend(&main(), &call, at(5)).await {
        Err(JournalError::KeyReused { .. }) => equal("open", journal.open_intents(&main()).await?, vec![]),
        other => Err(Problem(format!("two contents in one call: found {other:?}, promised a refusal"))),
    }
}

pub(super) async fn a_group_keeps_the_order_in_which_it_was_stored(journal: &dyn Journal) -> Checked {
    // Given two writes that were stored for one request
    let [a, b, c] = three(journal).await?;
    let (first, second) = (intent(&a, "k1", 1, at(1))?, intent(&b, "k2", 2, at(1))?);
    journal.intend(&main(), &[first.clone(), second.clone()], at(1)).await?;
    // When they are stored again for the same request, then their order is the same whatever comes between
    journal.intend(&main(), &[intent(&c, "k3", 3, at(2))?], at(2)).await?;
    journal.intend(&main(), &[first.clone(), second.clone()], at(3)).await?;
    equal("in the same group", keys(journal).await?, ["k1", "k2", "k3"].map(str::to_owned).to_vec())?;
    // When they go into another request in another order, then they come in that
    let other = |intent: Intent| Intent { group: "batch 2".to_owned(), ..intent };
    journal.intend(&main(), &[other(second), other(first)], at(4)).await?;
    equal("in another group", keys(journal).await?, ["k3", "k2", "k1"].map(str::to_owned).to_vec())?;
    // And one that was closed and is stored again comes last
    settled(journal, &[closes(&c, "k3", JobEnd::Untouched)], at(5)).await?;
    journal.intend(&main(), &[intent(&c, "k3", 3, at(6))?], at(6)).await?;
    equal("stored again", keys(journal).await?, ["k2", "k1", "k3"].map(str::to_owned).to_vec())
}

pub(super) async fn writes_come_back_exactly(journal: &dyn Journal) -> Checked {
    // Given writes with amounts that binary fractions do not hold, and text with quotes, breaks and accents
    let [a, b, c] = three(journal).await?;
    let mut writes = Vec::new();
    for (job, key, cents) in [(&a, "k1", 12_345_678_901_234_567), (&b, "k2", -10), (&c, "k3", 1_000)] {
        writes.push(intent(job, key, cents, at(1))?);
    }
    journal.intend(&main(), &writes, at(1)).await?;
    // Then they come back as they were
    equal("open", journal.open_intents(&main()).await?, writes)
}
