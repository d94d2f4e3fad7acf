//! Journal entries that somebody approved, such as those of a WIP schedule: stored, sent, found again, as any other write.
//!
//! No document of the source stands behind them, so a run cannot read them afresh. They have rows of their own in the
//! journal, under [`entries_of`] the connection, which only [`Engine::post_entries`] works.

use std::collections::HashMap;

use super::index::{Index, journal_error};
use super::observe::Step;
use super::plan::base_of;
use super::run::{RunReport, settlement};
use super::write::Planned;
use super::{Engine, Parts};
use crate::connector::{Change, Marker, Operation, TargetState, Wanted};
use crate::error::Error;
use crate::journal::{Job, JobEnd, Link, LinkChange, Settlement};
use crate::model::accounting::{AccountingDocument, JournalEntry};
use crate::model::{ConnectionId, DocumentKey, TargetRef};

/// Where the journal keeps the approved entries of a connection.
pub fn entries_of(connection: &ConnectionId) -> ConnectionId {
    ConnectionId::from(format!("{connection}.entries"))
}

/// A journal entry that somebody approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedEntry {
    /// What it is called. The same name is never posted twice.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// The entry.
    pub entry: JournalEntry,
}

/// What became of an approved entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// It is in the books now.
    Posted(TargetRef),
    /// It was in the books before.
    PostedBefore(TargetRef),
    /// It is not in the books, and why.
    Refused(String),
    /// It may be in the books; the next call looks first.
    Open,
}

impl Engine {
    /// Posts entries, each exactly once, and says of each what became of it. What an earlier call left open, because its
    /// process died or the answer was lost, is looked for first, by its marker: call it with nothing to settle that alone.
    ///
    /// # Errors
    /// If the sink or the journal cannot be asked. What was sent until then is stored; call it again.
    pub async fn post_entries(&self, approved: &[ApprovedEntry]) -> Result<Vec<EntryOutcome>, Error> {
        let parts = Parts { connection: entries_of(&self.parts.connection), ..self.parts.clone() };
        let engine = Self::new(Parts { mapping: self.mapping(), ..parts }, self.config.clone());
        engine.post(approved).await
    }

    async fn post(&self, approved: &[ApprovedEntry]) -> Result<Vec<EntryOutcome>, Error> {
        let Parts { connection, sink, journal, clock, .. } = &self.parts;
        sink.begin().await?;
        let before = self.linked().await?;
        let closing = sink.directory().await?.closing_date();
        let closed = |entry: &ApprovedEntry| closing.filter(|closing| entry.entry.date() <= *closing);
        let new = |entry: &&ApprovedEntry| !before.contains_key(&entry.document) && closed(entry).is_none();
        let wanted: HashMap<&DocumentKey, &ApprovedEntry> =
            approved.iter().filter(new).map(|entry| (&entry.document, entry)).collect();
        let changes: Vec<Change> =
            approved.iter().filter(new).map(|entry| Change::found(entry.document.clone())).collect();
        if !changes.is_empty() {
            journal.intake(connection, &changes, clock.now()).await.map_err(journal_error)?;
        }
        let mut index = Index::load(journal.as_ref(), connection).await?;
        let mut report = RunReport::default();
        loop {
            let now = clock.now();
            let jobs =
                journal.claim(connection, now, self.config.lease, self.config.claim).await.map_err(journal_error)?;
            if jobs.is_empty() {
                let due = journal.next_due(connection).await.map_err(journal_error)?;
                match due.map(|due| (due - now).to_std().unwrap_or_default()) {
                    Some(pause) if pause <= self.config.patience => {
                        clock.sleep(pause.max(std::time::Duration::from_millis(10))).await;
                        continue;
                    }
                    _ => break,
                }
            }
            self.parts.observer.step(Step::Claimed).await;
            index.refresh(journal.as_ref(), connection, &jobs).await?;
            let jobs = self.recover(jobs, &mut index, &mut report).await?;
            self.work_entries(jobs, &wanted, &mut index, &mut report).await?;
        }
        let now = self.linked().await?;
        let letters = journal.dead_letters(connection).await.map_err(journal_error)?;
        let outcome = |entry: &ApprovedEntry| {
            if let Some(target) = before.get(&entry.document) {
                return EntryOutcome::PostedBefore(target.clone());
            }
            if let Some(closing) = closed(entry) {
                let date = entry.entry.date();
                let text = format!("it is dated {date}, and the books are closed to {closing}; reopen the period");
                return EntryOutcome::Refused(text);
            }
            if let Some(letter) = letters.iter().find(|letter| letter.document == entry.document) {
                return EntryOutcome::Refused(format!("{}: {}", letter.cause, letter.text));
            }
            now.get(&entry.document).map_or(EntryOutcome::Open, |target| EntryOutcome::Posted(target.clone()))
        };
        Ok(approved.iter().map(outcome).collect())
    }

    async fn linked(&self) -> Result<HashMap<DocumentKey, TargetRef>, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let links = journal.links(connection).await.map_err(journal_error)?;
        Ok(links.into_iter().map(|link| (link.document, link.target)).collect())
    }

    async fn work_entries(
        &self,
        jobs: Vec<Job>,
        wanted: &HashMap<&DocumentKey, &ApprovedEntry>,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let mut settlements = Vec::new();
        let mut entries: Vec<(Job, &ApprovedEntry, Marker, AccountingDocument)> = Vec::new();
        for job in jobs {
            match wanted.get(&job.document) {
                _ if index.is_linked(&job.document) => settlements.push(settlement(&job, JobEnd::Done, "")),
                Some(entry) => {
                    let (connection, document) = (self.parts.connection.clone(), job.document.clone());
                    let marker = Marker { connection, document, generation: 0 };
                    entries.push((job, entry, marker, AccountingDocument::JournalEntry(entry.entry.clone())));
                }
                // It was approved once, and never sent: the books may say otherwise by now.
                None => settlements.push(settlement(&job, JobEnd::Done, "not sent; approve it again")),
            }
        }
        let asked: Vec<Wanted<'_>> =
            entries.iter().map(|(_, _, marker, document)| Wanted { marker, document }).collect();
        let mut found =
            if asked.is_empty() { Vec::new() } else { self.parts.sink.candidates(&asked).await? }.into_iter();
        let mut planned = Vec::new();
        for (job, entry, marker, document) in entries {
            let matches = found.next().map(|found| found.matches).unwrap_or_default();
            let fields = document.fields();
            match matches.into_iter().find(|state| state.marker.as_ref() == Some(&marker)) {
                Some(state) => settlements.push(self.adopted(&job, &document, state, index)),
                None => planned.push(Planned {
                    job,
                    label: entry.label.clone(),
                    marker,
                    operation: Operation::Create(document),
                    fields,
                }),
            }
        }
        self.settle(&settlements).await?;
        self.write(planned, index, report).await
    }

    /// The journal did not know it, but the books do.
    fn adopted(&self, job: &Job, wanted: &AccountingDocument, mut state: TargetState, index: &mut Index) -> Settlement {
        let link = Link {
            document: job.document.clone(),
            base: base_of(wanted.fields(), wanted, &mut state),
            version: state.version,
            mapping: self.mapping().version().to_owned(),
            generation: 0,
            target: state.target,
        };
        index.put(&link);
        let audit = format!("found {} by its marker", link.target);
        Settlement { link: LinkChange::Put(Box::new(link)), ..settlement(job, JobEnd::Done, &audit) }
    }
}
