//! The engine: changes in, writes out, exactly once.
//!
//! ```text
//! snapshot, changes, webhooks -> intake -> journal -> plan -> intent -> sink -> done:      link, base, audit
//!                                                                            -> refused:   dead letter, or later
//!                                                                            -> uncertain: read back, then done or
//!                                                                                          the same request again
//! ```
//!
//! A document waits for what it refers to (vendor, project, commitment, the earlier pay app) and for nothing else. Its
//! body is read afresh when it is its turn; a change carries only its key.

mod adopt;
mod adoption;
mod costs;
mod decide;
mod entries;
mod files;
mod index;
mod judge;
mod later;
mod live;
mod merge;
mod names;
mod notice;
mod observe;
mod payments;
mod plan;
mod recover;
mod run;
mod survey;
#[cfg(test)]
mod tests;
mod vendors;
mod write;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;

pub use adopt::{Adopted, Answer, Rebuilt};
pub use adoption::AdoptionState;
pub use costs::CostParts;
pub use decide::{LinkedDecision, NewDecision, decide_linked, decide_new, match_lines, rekey, stored_otherwise};
pub use entries::{ApprovedEntry, EntryOutcome, entries_of};
pub use files::FileParts;
pub use observe::{Observer, Silent, Step, UnknownStep};
pub use payments::PaymentParts;
pub use run::RunReport;
pub use survey::{Match, Place, Survey, Surveyed};
pub use vendors::VendorParts;

use crate::clock::Clock;
use crate::connector::{Change, Cursor, Fetched, Part, Sink, Source};
use crate::error::Error;
use crate::journal::{Intake, Job, Journal};
use crate::mapping::Mapping;
use crate::model::construction::Document;
use crate::model::{ConnectionId, DocumentKey, DocumentKind};
use index::journal_error;
use live::Mappings;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
        }
    }
    out
}

/// How the engine works.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// How long a job stays with a worker that is not heard of. Longer than any request can take.
    pub lease: Duration,
    /// Jobs worked together.
    pub claim: usize,
    /// How long [`Engine::run`] waits for jobs that are due later before it returns.
    pub patience: Duration,
    /// The pause before a job is tried again; doubles with each attempt.
    pub retry_pause: Duration,
    /// Attempts before a job becomes a dead letter.
    pub max_attempts: u32,
    /// On a new connection, create nothing while something that exists may be the same and nobody has decided.
    pub adopt_first: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(300),
            claim: 600,
            patience: Duration::from_secs(600),
            retry_pause: Duration::from_secs(15),
            max_attempts: 8,
            adopt_first: true,
        }
    }
}

/// The parts that an engine is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Which connection.
    pub connection: ConnectionId,
    /// Where documents come from.
    pub source: Arc<dyn Source>,
    /// Where documents go.
    pub sink: Arc<dyn Sink>,
    /// The durable memory.
    pub journal: Arc<dyn Journal>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The mapping to begin with; see [`Engine::use_mapping`].
    pub mapping: Arc<Mapping>,
    /// Who hears what happens.
    pub observer: Arc<dyn Observer>,
}

/// Syncs one connection. Several engines may share a journal.
pub struct Engine {
    parts: Parts,
    config: EngineConfig,
    mappings: Mappings,
    /// Documents read by a snapshot of this process, so that they need not be read again for their first job.
    fresh: Mutex<HashMap<DocumentKey, Fresh>>,
    /// Are those all that the source has?
    whole: AtomicBool,
    /// The way back, where payments are carried back too.
    back: Option<payments::Back>,
    /// The way back of direct costs, where they are carried back.
    costs: Option<costs::CostBack>,
    /// The directory of the source, where new vendors are entered in it.
    vendors: Option<VendorParts>,
    /// The way of files, where they are copied.
    files: Option<FileParts>,
    /// No further jobs are taken.
    stopping: AtomicBool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("connection", &self.parts.connection).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine; nothing happens until it is told to.
    pub fn new(parts: Parts, config: EngineConfig) -> Self {
        let mappings = Mappings::new(parts.mapping.clone());
        Self {
            parts,
            config,
            mappings,
            fresh: Mutex::default(),
            whole: AtomicBool::new(false),
            back: None,
            costs: None,
            vendors: None,
            files: None,
            stopping: AtomicBool::new(false),
        }
    }

    /// With another patience than that of [`EngineConfig`].
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.config.patience = patience;
        self
    }

    /// Lets every [`run`](Self::run) end what it has begun and take no further jobs; later runs do nothing.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Takes everything in, part by part. Interrupted, it goes on after the last part that was taken in.
    ///
    /// # Errors
    /// If the source or the journal cannot be read; what was taken in before stays.
    pub async fn snapshot(&self) -> Result<Intake, Error> {
        self.forget_read();
        let Parts { connection, source, journal, .. } = &self.parts;
        const CURSOR: &str = "snapshot";
        let mut done: Vec<Part> = match journal.cursor(connection, CURSOR).await.map_err(journal_error)? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Vec::new(),
        };
        let starts_afresh = done.is_empty();
        let mut total = Intake::default();
        let mut seen: HashSet<DocumentKey> = HashSet::new();
        for part in source.parts().await? {
            if done.contains(&part) {
                continue;
            }
            let mut pages = source.snapshot(&part);
            let mut changes = Vec::new();
            while let Some(page) = pages.next().await {
                for fetched in page? {
                    if let (Fetched::Found(document), Some(customer)) = (&fetched, self.customer_of(&fetched)) {
                        changes.push(Change::found(document.key()));
                        changes.push(Change::found(customer));
                    } else {
                        changes.push(Change::found(fetched.key()));
                    }
                    self.keep(fetched);
                }
            }
            drop(pages);
            seen.extend(changes.iter().map(|change| change.document.clone()));
            let intake = self.take_in(&changes).await?;
            self.serves_jobs_until(intake.newest_job, &changes);
            add(&mut total, intake);
            done.push(part);
            let text = serde_json::to_string(&done).unwrap_or_default();
            journal.set_cursor(connection, CURSOR, &text).await.map_err(journal_error)?;
            self.parts.observer.step(Step::PartTakenIn).await;
        }
        add(&mut total, self.take_in_missing(&seen).await?);
        self.whole.store(starts_afresh, Ordering::Relaxed);
        journal.set_cursor(connection, CURSOR, "[]").await.map_err(journal_error)?;
        Ok(total)
    }

    /// Takes in what is known and was not seen in a snapshot: it may be gone, and a document that is gone tells nobody.
    async fn take_in_missing(&self, seen: &HashSet<DocumentKey>) -> Result<Intake, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let dead = journal.dead_letters(connection).await.map_err(journal_error)?;
        let waiting = journal.waiting(connection).await.map_err(journal_error)?;
        let known = links
            .into_iter()
            .map(|link| link.document)
            .chain(dead.into_iter().map(|letter| letter.document))
            .chain(waiting.into_iter().map(|waiting| waiting.document));
        let missing: Vec<Change> = known
            .filter(|document| {
                !matches!(
                    document.kind,
                    DocumentKind::Customer
                        | DocumentKind::Transaction
                        | DocumentKind::Payment
                        | DocumentKind::DirectCost
                        | DocumentKind::NewVendor
                        | DocumentKind::PayAppFiles
                )
            })
            .filter(|document| !seen.contains(document))
            .map(Change::found)
            .collect();
        if missing.is_empty() { Ok(Intake::default()) } else { self.take_in(&missing).await }
    }

    /// Takes in what changed since the last call; the first call only sets the cursor.
    ///
    /// # Errors
    /// If the source or the journal cannot be read; the cursor stays where it was.
    pub async fn poll(&self) -> Result<Intake, Error> {
        self.forget_read();
        let Parts { connection, source, journal, .. } = &self.parts;
        const CURSOR: &str = "changes";
        let since = journal.cursor(connection, CURSOR).await.map_err(journal_error)?.map(Cursor);
        let changes = source.changes(since.as_ref()).await?;
        let intake = self.intake(&changes.changes).await?;
        journal.set_cursor(connection, CURSOR, &changes.next.0).await.map_err(journal_error)?;
        Ok(intake)
    }

    /// Takes changes in, durably. Afterwards their sender may forget them.
    ///
    /// # Errors
    /// If the journal cannot be written; then nothing was taken in.
    pub async fn intake(&self, changes: &[Change]) -> Result<Intake, Error> {
        if let Ok(mut fresh) = self.fresh.lock() {
            // What a snapshot read before the change is not the document any more.
            changes.iter().for_each(|change| drop(fresh.remove(&change.document)));
        }
        self.whole.store(false, Ordering::Relaxed);
        self.take_in(changes).await
    }

    async fn take_in(&self, changes: &[Change]) -> Result<Intake, Error> {
        let Parts { connection, journal, clock, observer, .. } = &self.parts;
        let intake = journal.intake(connection, changes, clock.now()).await.map_err(journal_error)?;
        let mut by_kind: HashMap<DocumentKind, usize> = HashMap::new();
        for change in changes {
            *by_kind.entry(change.document.kind).or_default() += 1;
            match &change.event {
                Some(event) => tracing::info!(document = %change.document, event, "change taken in"),
                None => tracing::debug!(document = %change.document, "change taken in"),
            }
        }
        for (kind, count) in by_kind {
            observer.taken_in(kind, count);
        }
        Ok(intake)
    }

    /// The customer that a project's job will stand under, if it is known from the project.
    fn customer_of(&self, fetched: &Fetched) -> Option<DocumentKey> {
        let Fetched::Found(document) = fetched else { return None };
        let Document::Project(project) = document.as_ref() else { return None };
        let name = self.mapping().customer_name(project, self.parts.sink.capabilities())?;
        Some(DocumentKey::new(DocumentKind::Customer, name))
    }

    /// What a snapshot read serves the run that follows it; later it would be out of date.
    pub(super) fn forget_read(&self) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.clear();
        }
        self.whole.store(false, Ordering::Relaxed);
        if let Some(back) = &self.back {
            back.forget();
        }
        if let Some(costs) = &self.costs {
            costs.forget();
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    fn keep(&self, fetched: Fetched) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.insert(fetched.key(), Fresh { fetched, until: None });
        }
    }

    fn serves_jobs_until(&self, number: u64, changes: &[Change]) {
        if let Ok(mut fresh) = self.fresh.lock() {
            for change in changes {
                if let Some(fresh) = fresh.get_mut(&change.document) {
                    fresh.until = Some(number);
                }
            }
        }
    }

    /// What a snapshot read of the document, if nothing was told of it since, by any process: a job that stands for more
    /// than the snapshot's own change, or was opened after it, needs a later reading.
    pub(super) fn take_fresh(&self, job: &Job) -> Option<Fetched> {
        let fresh = self.fresh.lock().ok()?.remove(&job.document)?;
        let serves = fresh.until.is_some_and(|until| job.number <= until) && job.changes <= 1;
        serves.then_some(fresh.fetched)
    }
}

/// What a snapshot read, and the newest job that it serves.
#[derive(Debug)]
struct Fresh {
    fetched: Fetched,
    until: Option<u64>,
}

fn add(total: &mut Intake, more: Intake) {
    total.opened += more.opened;
    total.joined += more.joined;
    total.duplicates += more.duplicates;
    total.newest_job = total.newest_job.max(more.newest_job);
}
