//! The loop: lease jobs, read their documents, plan, write, until nothing is due.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::files::WithFiles;
use super::index::{Index, journal_error};
use super::observe::Step;
use super::plan::{Desk, Draft, order};
use super::write::Planned;
use super::{Engine, Parts};
use crate::connector::{Candidates, Change, Fetched, Wanted};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::Error;
use crate::journal::{Job, JobEnd, Link, LinkChange, Settlement};
use crate::mapping::{Names, history};
use crate::model::accounting::AccountingDocument;
use crate::model::{DocumentKey, DocumentKind, Fields};

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// Transactions created.
    pub created: usize,
    /// Transactions changed.
    pub updated: usize,
    /// Transactions voided.
    pub voided: usize,
    /// Transactions found to be the same, and linked.
    pub adopted: usize,
    /// Documents that were as they should be.
    pub unchanged: usize,
    /// Documents that need nothing.
    pub skipped: usize,
    /// Documents that became dead letters.
    pub dead: usize,
    /// Documents that wait.
    pub waiting: usize,
    /// Writes whose outcome had to be read back.
    pub uncertain: usize,
    /// Notices of the accounting system about what this program had written itself.
    pub echoes: usize,
    /// Calls of [`Sink::apply`](crate::connector::Sink::apply).
    pub batches: usize,
    /// On a new connection: documents that may be the same as something that exists. While there are any, nothing is
    /// worked; see [`Engine::survey`].
    #[serde(default)]
    pub to_adopt: usize,
    /// Payments recorded in the source.
    pub payments_recorded: usize,
    /// Payments taken back in the source.
    pub payments_taken_back: usize,
    /// Direct costs recorded in the source.
    #[serde(default)]
    pub direct_costs_recorded: usize,
    /// Vendors entered in the source.
    #[serde(default)]
    pub vendors_entered: usize,
    /// Files attached to transactions.
    #[serde(default)]
    pub files_attached: usize,
}

impl RunReport {
    /// Adds what another run did.
    pub fn add(&mut self, other: Self) {
        let Self { created, updated, voided, adopted, unchanged, skipped, dead, waiting, uncertain, batches, .. } =
            other;
        self.created += created;
        self.updated += updated;
        self.voided += voided;
        self.adopted += adopted;
        self.unchanged += unchanged;
        self.skipped += skipped;
        self.dead += dead;
        self.waiting += waiting;
        self.uncertain += uncertain;
        self.batches += batches;
        self.payments_recorded += other.payments_recorded;
        self.payments_taken_back += other.payments_taken_back;
        self.direct_costs_recorded += other.direct_costs_recorded;
        self.vendors_entered += other.vendors_entered;
        self.files_attached += other.files_attached;
    }
}

/// A job and its document.
pub(super) struct Item {
    pub(super) job: Job,
    pub(super) fetched: Fetched,
}

/// A wanted document, before it is decided.
pub(super) struct Candidate {
    pub(super) item: Item,
    pub(super) label: String,
    pub(super) document: Box<AccountingDocument>,
    pub(super) wanted: Fields,
    previous: Option<DocumentKey>,
    link: Option<Link>,
}

/// What a wave comes to.
#[derive(Default)]
pub(super) struct Wave {
    pub(super) settlements: Vec<Settlement>,
    pub(super) writes: Vec<Planned>,
    again: Vec<Item>,
    missing: Vec<Change>,
    /// Something was linked that may have been paid long ago.
    pub(super) paid_before: bool,
    /// Pay apps whose files are copied, if there is a bill.
    pub(super) with_files: Vec<WithFiles>,
}

impl Engine {
    /// Works until nothing is due any more, or what is due lies further ahead than the configured patience.
    ///
    /// # Errors
    /// If the sink, the source or the journal cannot be asked. Everything done until then is stored; run again.
    pub async fn run(&self) -> Result<RunReport, Error> {
        let Parts { connection, sink, journal, clock, .. } = &self.parts;
        let _running = self.mappings.begin();
        sink.begin().await?;
        self.reopen_for_a_new_mapping().await?;
        let mut report = RunReport::default();
        if self.config.adopt_first
            && let Err(open) = self.gate().await?
        {
            report.to_adopt = open;
            return Ok(report);
        }
        let mut index = Index::load(journal.as_ref(), connection).await?;
        loop {
            if self.is_stopping() {
                self.forget_read();
                return Ok(report);
            }
            let now = clock.now();
            let jobs =
                journal.claim(connection, now, self.config.lease, self.config.claim).await.map_err(journal_error)?;
            if jobs.is_empty() {
                let due = journal.next_due(connection).await.map_err(journal_error)?;
                match due.and_then(|due| (due - now).to_std().ok().or(Some(std::time::Duration::ZERO))) {
                    Some(pause) if pause <= self.config.patience => {
                        clock.sleep(pause.max(std::time::Duration::from_millis(10))).await;
                        continue;
                    }
                    _ => {
                        self.forget_read();
                        return Ok(report);
                    }
                }
            }
            self.parts.observer.step(Step::Claimed).await;
            index.refresh(journal.as_ref(), connection, &jobs).await?;
            let jobs = self.look(jobs, &mut report).await?;
            let (payments, jobs): (Vec<Job>, Vec<Job>) =
                jobs.into_iter().partition(|job| job.document.kind == DocumentKind::Payment);
            let (costs, jobs): (Vec<Job>, Vec<Job>) =
                jobs.into_iter().partition(|job| job.document.kind == DocumentKind::DirectCost);
            let (vendors, jobs): (Vec<Job>, Vec<Job>) =
                jobs.into_iter().partition(|job| job.document.kind == DocumentKind::NewVendor);
            let (files, jobs) = jobs.into_iter().partition(|job| job.document.kind == DocumentKind::PayAppFiles);
            let jobs = self.recover(jobs, &mut index, &mut report).await?;
            self.work(jobs, &mut index, &mut report).await?;
            let until = now + chrono::Duration::from_std(self.config.lease).unwrap_or_default();
            self.work_payments(payments, until, &mut report).await?;
            self.work_direct_costs(costs, until, &mut report).await?;
            self.work_vendors(vendors, until, &mut report).await?;
            self.work_files(files, until, &mut report).await?;
        }
    }

    /// A changed mapping may settle what was a dead letter under the old one: all of them are tried again.
    async fn reopen_for_a_new_mapping(&self) -> Result<(), Error> {
        const CURSOR: &str = "mapping";
        let Parts { connection, journal, clock, .. } = &self.parts;
        let mapping = &self.mapping();
        history::record(journal.as_ref(), connection, mapping, clock.now()).await.map_err(journal_error)?;
        let last = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        if last.as_deref() == Some(mapping.version()) {
            return Ok(());
        }
        let letters = journal.dead_letters(connection).await.map_err(journal_error)?;
        let changes: Vec<Change> = letters.into_iter().map(|letter| Change::found(letter.document)).collect();
        if !changes.is_empty() {
            self.intake(&changes).await?;
        }
        journal.set_cursor(connection, CURSOR, mapping.version()).await.map_err(journal_error)
    }

    async fn work(&self, jobs: Vec<Job>, index: &mut Index, report: &mut RunReport) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let mut items = self.read(jobs).await?;
        self.parts.observer.step(Step::Fetched).await;
        items.sort_by_key(|item| order(&item.fetched));
        for item in &items {
            index.stuck.remove(&item.job.document);
        }
        self.follow_merged(&items, index).await?;
        while !items.is_empty() {
            let before = items.len();
            let wave = self.plan_wave(items, index, report).await?;
            let settled = wave.settlements.len() + wave.writes.len();
            if !wave.missing.is_empty() {
                self.intake(&wave.missing).await?;
            }
            if !wave.with_files.is_empty() {
                self.take_in_files(&wave, index).await?;
            }
            if wave.paid_before {
                self.read_all_payments_next().await?;
            }
            self.settle(&wave.settlements).await?;
            if !wave.settlements.is_empty() {
                self.parts.observer.step(Step::Settled).await;
            }
            self.write(wave.writes, index, report).await?;
            items = wave.again;
            if settled == 0 && items.len() == before {
                // Documents that need each other: none of them can go first.
                return self.hold(items, report).await;
            }
        }
        Ok(())
    }

    async fn hold(&self, items: Vec<Item>, report: &mut RunReport) -> Result<(), Error> {
        let now = self.parts.clock.now();
        report.dead += items.len();
        let settlements: Vec<Settlement> = items
            .into_iter()
            .map(|item| {
                let letter = DeadLetter {
                    document: item.job.document.clone(),
                    label: label_of(&item.fetched),
                    cause: Cause::Waiting,
                    text: "it refers to a document that refers back to it".to_owned(),
                    amount: None,
                    target: None,
                    candidates: Vec::new(),
                    since: now,
                };
                settlement(&item.job, JobEnd::Dead(Box::new(letter)), "held: circular reference")
            })
            .collect();
        self.settle(&settlements).await
    }

    async fn read(&self, jobs: Vec<Job>) -> Result<Vec<Item>, Error> {
        let mut items = Vec::with_capacity(jobs.len());
        let mut missing = Vec::new();
        for job in jobs {
            if job.document.kind == crate::model::DocumentKind::Customer {
                // A customer is known by its name alone: there is nothing to read.
                let name = job.document.id.to_string();
                let customer = crate::model::construction::Customer { name };
                let document = crate::model::construction::Document::Customer(customer);
                items.push(Item { job, fetched: Fetched::Found(Box::new(document)) });
                continue;
            }
            match self.take_fresh(&job) {
                Some(fetched) => items.push(Item { job, fetched }),
                None => missing.push(job),
            }
        }
        if !missing.is_empty() {
            let keys: Vec<DocumentKey> = missing.iter().map(|job| job.document.clone()).collect();
            let fetched = self.parts.source.fetch_many(&keys).await;
            #[cfg(feature = "planted-bugs")]
            let fetched = match fetched {
                Err(_) if crate::planted::is_planted(crate::planted::Bug::FailedReadAsNotFound) => {
                    Ok(keys.iter().cloned().map(Fetched::Gone).collect())
                }
                fetched => fetched,
            };
            let fetched = fetched?;
            if fetched.len() != keys.len() {
                return Err(Error::new(
                    crate::ErrorKind::Internal,
                    format!("the source was asked for {} documents and gave {}", keys.len(), fetched.len()),
                ));
            }
            items.extend(missing.into_iter().zip(fetched).map(|(job, fetched)| Item { job, fetched }));
        }
        Ok(items)
    }

    async fn plan_wave(&self, items: Vec<Item>, index: &mut Index, report: &mut RunReport) -> Result<Wave, Error> {
        let Parts { connection, sink, clock, .. } = &self.parts;
        let mapping = &self.mapping();
        let directory = sink.directory().await?;
        let names = Names::new(&directory);
        let desk =
            Desk { connection, mapping, directory: &directory, names: &names, sink: sink.as_ref(), now: clock.now() };
        let here: HashSet<DocumentKey> = items.iter().map(|item| item.job.document.clone()).collect();
        let mut wave = Wave::default();
        let mut candidates = Vec::new();
        for item in items {
            let key = &item.job.document;
            let mut draft = desk.draft(&item.fetched, index);
            // Another worker may have made what is needed since this run began.
            while let Draft::Needs { on, .. } = &draft
                && !here.contains(on)
                && !index.is_linked(on)
                && let Some(link) = self.parts.journal.link(connection, on).await.map_err(journal_error)?
            {
                index.put(&link);
                index.skipped.remove(on);
                draft = desk.draft(&item.fetched, index);
            }
            match draft {
                Draft::Dead(letter) => self.dead_unless_ruled(&mut wave, index, report, &item.job, *letter).await?,
                Draft::Needs { label, on } => {
                    index.awaited.insert(on.clone());
                    if here.contains(&on) && on != *key && !index.stuck.contains(&on) && !index.skipped.contains(&on) {
                        wave.again.push(item);
                    } else {
                        if !index.stuck.contains(&on) && !here.contains(&on) && !index.skipped.contains(&on) {
                            wave.missing.push(Change::found(on.clone()));
                        }
                        self.wait(&mut wave, index, report, &item.job, label, on);
                    }
                }
                Draft::Unwanted { label, why } => {
                    self.unwanted(&desk, &mut wave, index, report, item, label, why).await?
                }
                Draft::Wanted { label, mut document, previous } => {
                    let link = match index.is_linked(key) {
                        true => self.parts.journal.link(connection, key).await.map_err(journal_error)?,
                        false => None,
                    };
                    desk.date(&mut document, link.as_ref().map(|link| &link.base));
                    if link.is_none() {
                        index.reserve(&document, key);
                    }
                    let wanted = document.fields();
                    candidates.push(Candidate { item, label, document, wanted, previous, link });
                }
            }
        }
        self.decide(&desk, candidates, &mut wave, index, report).await?;
        Ok(wave)
    }

    async fn decide(
        &self,
        desk: &Desk<'_>,
        candidates: Vec<Candidate>,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let refs: Vec<_> = candidates.iter().filter_map(|c| c.link.as_ref()).map(|link| link.target.clone()).collect();
        let mut states = match refs.is_empty() {
            true => Vec::new(),
            false => self.parts.sink.read(&refs).await?,
        }
        .into_iter();
        let markers: Vec<_> = candidates
            .iter()
            .filter(|c| c.link.is_none())
            .map(|c| (desk.marker(&c.item.job.document, 0), &c.document))
            .collect();
        let wanted: Vec<Wanted<'_>> = markers.iter().map(|(marker, document)| Wanted { marker, document }).collect();
        let found: Vec<Candidates> = match wanted.is_empty() {
            true => Vec::new(),
            false => self.parts.sink.candidates(&wanted).await?,
        };
        if found.len() != wanted.len() || states.len() != refs.len() {
            return Err(Error::new(crate::ErrorKind::Internal, "the sink did not answer for every document"));
        }
        drop(wanted);
        drop(markers);
        let mut found = found.into_iter();
        let later: HashSet<DocumentKey> = wave.again.iter().map(|item| item.job.document.clone()).collect();
        let mut writing: HashSet<DocumentKey> = HashSet::new();
        let here: HashSet<DocumentKey> = candidates.iter().map(|c| c.item.job.document.clone()).collect();
        if self.copies_files() {
            wave.with_files = candidates.iter().filter_map(|c| WithFiles::of(&c.item.fetched)).collect();
        }
        for candidate in candidates {
            let key = candidate.item.job.document.clone();
            let state = candidate.link.as_ref().and_then(|_| states.next());
            let matches = if candidate.link.is_none() { found.next() } else { None };
            if let (Some(previous), None) = (&candidate.previous, &candidate.link) {
                if later.contains(previous) {
                    wave.again.push(candidate.item);
                    continue;
                }
                let known = index.is_linked(previous)
                    || writing.contains(previous)
                    || index.skipped.contains(previous)
                    || *previous == key;
                if index.stuck.contains(previous) || !known {
                    if !index.stuck.contains(previous) && !here.contains(previous) {
                        wave.missing.push(Change::found(previous.clone()));
                    }
                    let on = previous.clone();
                    self.wait(wave, index, report, &candidate.item.job, candidate.label, on);
                    continue;
                }
            }
            match (candidate.link.clone(), state, matches) {
                (Some(link), Some(state), _) => {
                    self.judge_linked(desk, candidate, link, state, wave, index, report).await?;
                }
                (None, _, Some(matches)) => {
                    if self.judge_new(desk, candidate, matches, wave, index, report).await? {
                        writing.insert(key);
                    }
                }
                _ => {
                    return Err(Error::new(crate::ErrorKind::Internal, "the sink did not answer for every document")
                        .with_document(key));
                }
            }
        }
        Ok(())
    }

    pub(super) fn dead(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        job: &Job,
        letter: DeadLetter,
    ) {
        report.dead += 1;
        index.stuck.insert(job.document.clone());
        let audit = format!("dead letter, {}: {}", letter.cause, letter.text);
        wave.settlements.push(settlement(job, JobEnd::Dead(Box::new(letter)), &audit));
        self.parts.observer.finished(job.document.kind, 1);
    }

    fn wait(
        &self,
        wave: &mut Wave,
        index: &mut Index,
        report: &mut RunReport,
        job: &Job,
        label: String,
        on: DocumentKey,
    ) {
        report.waiting += 1;
        index.stuck.insert(job.document.clone());
        index.awaited.insert(on.clone());
        wave.settlements.push(settlement(job, JobEnd::Wait { on, label }, ""));
    }

    pub(super) async fn settle(&self, settlements: &[Settlement]) -> Result<(), Error> {
        if settlements.is_empty() {
            return Ok(());
        }
        let Parts { connection, journal, clock, .. } = &self.parts;
        journal.settle(connection, settlements, clock.now()).await.map_err(journal_error)?;
        settlements.iter().for_each(tell);
        Ok(())
    }
}

/// The end of a job without a write.
pub(super) fn settlement(job: &Job, end: JobEnd, audit: &str) -> Settlement {
    Settlement {
        document: job.document.clone(),
        token: Some(job.token),
        end,
        closes: None,
        link: LinkChange::Keep,
        audit: audit.to_owned(),
    }
}

/// One line for the log: the document and the lease name the job through all lines of it. No text of a dead letter: it
/// holds amounts.
fn tell(settlement: &Settlement) {
    let Settlement { document, token, end, closes, .. } = settlement;
    let job = token.unwrap_or_default();
    match (end, closes) {
        (JobEnd::Dead(letter), _) => {
            tracing::info!(%document, job, cause = %letter.cause, "waits for a person");
        }
        (JobEnd::Wait { on, .. }, _) => tracing::info!(%document, job, %on, "waits for another document"),
        (JobEnd::Again { not_before }, _) => tracing::info!(%document, job, %not_before, "will be tried again"),
        (JobEnd::Done | JobEnd::Untouched, Some(write)) => tracing::info!(%document, job, write, "written"),
        (JobEnd::Done | JobEnd::Untouched, None) => tracing::debug!(%document, job, "ended without a write"),
    }
}

fn label_of(fetched: &Fetched) -> String {
    match fetched {
        Fetched::Found(document) => document.label(),
        Fetched::Unreadable(unreadable) => unreadable.label.clone(),
        Fetched::Gone(key) => key.to_string(),
    }
}
