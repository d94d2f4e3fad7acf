//! Links, cursors, the audit, and connections that share a journal.

use super::super::{Checked, equal, holds};
use super::given::*;
use crate::connector::Change;
use crate::journal::{Counts, Intake, JobEnd, Journal, LinkChange, Settlement, audit_hash};
use crate::model::{ConnectionId, DocumentKey, DocumentKind};

fn put(document: &DocumentKey, version: &str) -> Settlement {
    linked(settles(document, None, JobEnd::Untouched), version)
}

pub(super) async fn links_are_put_replaced_and_removed(journal: &dyn Journal) -> Checked {
    // Given links that were put out of order; the order of keys is that of kinds, then of ids
    let commitment = DocumentKey::new(DocumentKind::Commitment, "5");
    let all = [pay_app(10), commitment.clone(), pay_app(9), vendor(7)];
    settled(journal, &all.each_ref().map(|document| put(document, "1")), at(0)).await?;
    let promised = [vendor(7), commitment.clone(), pay_app(10), pay_app(9)];
    let promised = promised.each_ref().map(|document| link(document, "1")).to_vec();
    equal("links", journal.links(&main()).await?, promised)?;
    // When one is replaced and one removed
    let removed = Settlement { link: LinkChange::Remove, ..settles(&commitment, None, JobEnd::Untouched) };
    settled(journal, &[put(&pay_app(9), "2"), removed, settles(&vendor(7), None, JobEnd::Untouched)], at(1)).await?;
    // Then each answer agrees
    equal("replaced", journal.link(&main(), &pay_app(9)).await?, Some(link(&pay_app(9), "2")))?;
    equal("removed", journal.link(&main(), &commitment).await?, None)?;
    equal("kept", journal.link(&main(), &vendor(7)).await?, Some(link(&vendor(7), "1")))?;
    let some = journal.links_of(&main(), &[pay_app(9), commitment.clone(), vendor(7)]).await?;
    equal("those of several", some, vec![link(&pay_app(9), "2"), link(&vendor(7), "1")])?;
    let (shared, gone) = (link(&vendor(7), "1").target, link(&commitment, "3").target);
    let to = journal.links_to(&main(), &[gone, shared.clone(), shared]).await?;
    equal("those to several transactions", to, vec![link(&vendor(7), "1"), link(&pay_app(10), "1")])?;
    equal("to none", journal.links_to(&main(), &[]).await?, Vec::new())?;
    equal("counted", balanced(journal).await?.links, 3)
}

pub(super) async fn cursors_are_kept_by_name(journal: &dyn Journal) -> Checked {
    equal("at first", journal.cursor(&main(), "poll").await?, None)?;
    for (name, value) in [("poll", "2026-01-31T12:00:00Z"), ("books", ""), ("poll", "2026-02-01T00:00:00Z")] {
        journal.set_cursor(&main(), name, value).await?;
        equal(name, journal.cursor(&main(), name).await?.as_deref(), Some(value))?;
    }
    equal("books", journal.cursor(&main(), "books").await?.as_deref(), Some(""))
}

pub(super) async fn the_audit_is_a_chain(journal: &dyn Journal) -> Checked {
    // Given settlements with and without words, in several calls
    let said = |document: &DocumentKey, audit: &str| Settlement { audit: audit.to_owned(), ..put(document, "1") };
    settled(journal, &[said(&vendor(1), "created vendor 91"), said(&vendor(2), "")], at(0)).await?;
    let first = journal.audit(&main(), 0, 100).await?;
    settled(journal, &[said(&pay_app(1), "linked; \"Level 2\""), said(&vendor(1), "renamed\nby hand")], at(7)).await?;
    // Then each row chains to the one before, and those that were there are as they were
    let rows = journal.audit(&main(), 0, 100).await?;
    equal("the first rows", rows.iter().take(first.len()).cloned().collect(), first)?;
    let words: Vec<_> = rows.iter().map(|row| (row.document.clone(), row.text.as_str(), row.at)).collect();
    let promised = vec![
        (vendor(1), "created vendor 91", at(0)),
        (pay_app(1), "linked; \"Level 2\"", at(7)),
        (vendor(1), "renamed\nby hand", at(7)),
    ];
    equal("rows", words, promised)?;
    let mut previous = String::new();
    for (number, row) in (1..).zip(&rows) {
        let hash = audit_hash(&previous, number, row.at, &row.document, &row.text);
        equal("number and hash", (row.number, &row.hash), (number, &hash))?;
        previous = hash;
    }
    // And it can be read page by page
    equal("a page", journal.audit(&main(), 1, 1).await?, rows.iter().skip(1).take(1).cloned().collect())?;
    equal("after the end", journal.audit(&main(), 3, 100).await?, vec![])
}

pub(super) async fn connections_do_not_see_one_another(journal: &dyn Journal) -> Checked {
    // Given one connection with rows of every sort
    let event = [Change { document: vendor(1), event: Some("e1".to_owned()) }];
    journal.intake(&main(), &event, at(0)).await?;
    changed(journal, &[vendor(2), vendor(3), vendor(4)], at(0)).await?;
    let jobs = leased(journal, at(1)).await?;
    let ends_of = [JobEnd::Done, wait(&vendor(9)), dead(&vendor(3), at(1))?, JobEnd::Again { not_before: at(5) }];
    if let Some(job) = jobs.first() {
        journal.intend(&main(), &[intent(job, "k1", 100, at(1))?], at(1)).await?;
    }
    let settle = |(job, end)| Settlement { audit: "said".to_owned(), ..linked(ends(job, end), "1") };
    settled(journal, &jobs.iter().zip(ends_of).map(settle).collect::<Vec<_>>(), at(2)).await?;
    journal.set_cursor(&main(), "poll", "here").await?;
    let before = journal.counts(&main()).await?;
    // Then another connection sees none of them, even one whose name begins alike
    for name in ["main2", "mai", "", "MAIN"] {
        let other = ConnectionId::from(name);
        empty(journal, &other).await?;
        // And takes in the same event and document for itself, done without waking the first one's
        let intake = journal.intake(&other, &event, at(3)).await?;
        equal("the same event", intake, Intake { opened: 1, joined: 0, duplicates: 0, ..intake })?;
        let changes = [Change::found(vendor(9))];
        journal.intake(&other, &changes, at(3)).await?;
        let jobs = journal.claim(&other, at(3), LEASE, 10).await?;
        let done: Vec<_> = jobs.iter().map(|job| ends(job, JobEnd::Done)).collect();
        journal.settle(&other, &done, at(4)).await?;
        equal("done", journal.counts(&other).await?.done, 2)?;
    }
    equal("counts of the first", journal.counts(&main()).await?, before)
}

pub(super) async fn an_empty_journal_answers(journal: &dyn Journal) -> Checked {
    empty(journal, &main()).await?;
    journal.intake(&main(), &[], at(0)).await?;
    journal.intend(&main(), &[], at(0)).await?;
    journal.settle(&main(), &[], at(0)).await?;
    equal("leased", journal.claim(&main(), at(0), LEASE, 10).await?, vec![])?;
    empty(journal, &main()).await
}

async fn empty(journal: &dyn Journal, connection: &ConnectionId) -> Checked {
    equal("counts", journal.counts(connection).await?, Counts::default())?;
    equal("next due", journal.next_due(connection).await?, None)?;
    equal("cursor", journal.cursor(connection, "poll").await?, None)?;
    equal("open writes", journal.open_intents(connection).await?, vec![])?;
    equal("links", journal.links(connection).await?, vec![])?;
    equal("link", journal.link(connection, &vendor(1)).await?, None)?;
    equal("dead letters", journal.dead_letters(connection).await?, vec![])?;
    equal("waiting", journal.waiting(connection).await?, vec![])?;
    holds("the audit is empty", journal.audit(connection, 0, 10).await?.is_empty())
}
