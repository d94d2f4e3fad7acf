//! Notices of the accounting system: a transaction was changed, by a person or by this program itself.
//!
//! Each is a job of its own, so it is as durable as any change. It ends with one read of the transaction: as this program
//! left it, it was an echo of its own write; otherwise its document is worked, and the decision is made there.

use std::collections::HashMap;
use std::time::Duration;

use super::index::journal_error;
use super::run::{RunReport, settlement};
use super::{Engine, Parts};
use crate::actuals::PaymentKey;
use crate::connector::{Change, Condition, Cursor, Found, Inbox, Notice, Operation, SinkChanges};
use crate::error::Error;
use crate::journal::{Intake, Job, JobEnd, Link, Settlement};
use crate::model::{DocumentKind, TargetKind, TargetRef, Timestamp};

/// Set in the journal to the time at which a notice of a payment was last worked.
const PAYMENTS: &str = "payments noticed";

/// A transaction may have been made by a write whose outcome is not stored yet: its notice waits this long, so often.
const PATIENCE: Duration = Duration::from_secs(60);
const TRIES: u32 = 5;

impl Engine {
    /// When the accounting system last told of a payment, deposit or purchase, if it was not [answered
    /// for](Self::payments_are_read) since: what was paid is to be read again.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn payments_noticed(&self) -> Result<Option<Timestamp>, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let at = journal.cursor(connection, PAYMENTS).await.map_err(journal_error)?;
        Ok(at.and_then(|at| at.parse().ok()))
    }

    /// What was paid has been read, as it was at an instant after [`payments_noticed`](Self::payments_noticed) gave
    /// `noticed`. A notice that came in between stays.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn payments_are_read(&self, noticed: Timestamp) -> Result<(), Error> {
        if self.payments_noticed().await? != Some(noticed) {
            return Ok(());
        }
        let Parts { connection, journal, .. } = &self.parts;
        journal.set_cursor(connection, PAYMENTS, "").await.map_err(journal_error)
    }

    /// Takes in what changed in the accounting system since the last call; the first call only sets the cursor. What a
    /// webhook told before is told again, and costs one look.
    ///
    /// # Errors
    /// If the sink or the journal cannot be read; the cursor stays where it was.
    pub async fn poll_sink(&self) -> Result<Intake, Error> {
        const CURSOR: &str = "sink changes";
        let Parts { connection, sink, journal, .. } = &self.parts;
        let since = journal.cursor(connection, CURSOR).await.map_err(journal_error)?.map(Cursor);
        let Some(SinkChanges { notices, complete, next }) = sink.changes(since.as_ref()).await? else {
            return Ok(Intake::default());
        };
        let mut changes: Vec<Change> = notices.into_iter().map(Notice::into_change).collect();
        if !complete {
            let links = journal.links(connection).await.map_err(journal_error)?;
            changes.extend(links.iter().map(|link| Notice::of(&link.target, None).into_change()));
            journal
                .set_cursor(connection, PAYMENTS, &self.parts.clock.now().to_rfc3339())
                .await
                .map_err(journal_error)?;
        }
        let intake = if changes.is_empty() { Intake::default() } else { self.intake(&changes).await? };
        journal.set_cursor(connection, CURSOR, &next.0).await.map_err(journal_error)?;
        Ok(intake)
    }

    /// Ends the jobs that are notices; gives back the others.
    pub(super) async fn look(&self, jobs: Vec<Job>, report: &mut RunReport) -> Result<Vec<Job>, Error> {
        let (notices, jobs): (Vec<Job>, Vec<Job>) =
            jobs.into_iter().partition(|job| job.document.kind == DocumentKind::Transaction);
        if !notices.is_empty() {
            self.look_at(&notices, report).await?;
        }
        Ok(jobs)
    }

    async fn look_at(&self, jobs: &[Job], report: &mut RunReport) -> Result<(), Error> {
        let Parts { connection, sink, journal, clock, .. } = &self.parts;
        let mut settlements: Vec<Settlement> = Vec::with_capacity(jobs.len());
        let mut of_documents: Vec<(&Job, TargetRef)> = Vec::with_capacity(jobs.len());
        let mut payments = false;
        let mut changes = Vec::new();
        for job in jobs {
            let notice = Notice::from_key(&job.document);
            payments |= notice.as_ref().is_some_and(is_payment);
            match notice.and_then(|notice| notice.target()) {
                // Its parts are looked for on the way back.
                Some(target) if self.back.is_some() && PaymentKey::is_payment(&target) => {
                    changes.push(Change::found(PaymentKey::whole(&target).document()));
                    settlements.push(settlement(job, JobEnd::Done, ""));
                }
                // Costs are read by their own list of changes.
                Some(target) if target.kind == TargetKind::Purchase => {
                    settlements.push(settlement(job, JobEnd::Done, ""));
                }
                Some(target) => of_documents.push((job, target)),
                None => settlements.push(settlement(job, JobEnd::Done, "")),
            }
        }
        if payments {
            let now = clock.now().to_rfc3339();
            journal.set_cursor(connection, PAYMENTS, &now).await.map_err(journal_error)?;
        }
        let targets: Vec<TargetRef> = of_documents.iter().map(|(_, target)| target.clone()).collect();
        // Several documents may stand for one entry: two of the directory for one vendor.
        let mut links: HashMap<TargetRef, Vec<Link>> = HashMap::with_capacity(targets.len());
        if !targets.is_empty() {
            for link in journal.links_to(connection, &targets).await.map_err(journal_error)? {
                links.entry(link.target.clone()).or_default().push(link);
            }
        }
        let linked: Vec<TargetRef> = targets.into_iter().filter(|target| links.contains_key(target)).collect();
        let states = if linked.is_empty() { Vec::new() } else { sink.read_afresh(&linked).await? };
        if states.len() != linked.len() {
            return Err(Error::new(crate::ErrorKind::Internal, "the sink did not answer for every document"));
        }
        let mut states: HashMap<&TargetRef, Found> = linked.iter().zip(states).collect();
        let in_flight = if linked.len() < of_documents.len() { self.creating().await? } else { Vec::new() };
        for (job, target) in &of_documents {
            let end = match (links.get(target), states.remove(target)) {
                (Some(links), Some(state)) if links.iter().all(|link| is_echo(link, &state)) => {
                    report.echoes += 1;
                    JobEnd::Done
                }
                (Some(links), _) => {
                    changes.extend(links.iter().map(|link| Change::found(link.document.clone())));
                    JobEnd::Done
                }
                (None, _) if in_flight.contains(&target.kind) && job.attempts < TRIES => {
                    JobEnd::Again { not_before: crate::clock::after(clock.now(), PATIENCE) }
                }
                (None, _) => JobEnd::Done,
            };
            settlements.push(settlement(job, end, ""));
        }
        // The documents first: a crash in between looks once more, and loses nothing.
        if !changes.is_empty() {
            self.intake(&changes).await?;
        }
        self.settle(&settlements).await
    }

    /// The kinds of transactions that are being made.
    async fn creating(&self) -> Result<Vec<TargetKind>, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let open = journal.open_intents(connection).await.map_err(journal_error)?;
        let made = open.into_iter().filter_map(|intent| match intent.write.operation {
            Operation::Create(document) => Some(document.kind()),
            _ => None,
        });
        Ok(made.collect())
    }
}

#[async_trait::async_trait]
impl Inbox for Engine {
    async fn take_in(&self, changes: &[Change]) -> Result<Intake, Error> {
        self.intake(changes).await
    }
}

/// Is it as this program left it?
fn is_echo(link: &Link, state: &Found) -> bool {
    match state {
        Found::Present(state) => state.version == link.version && state.condition == Condition::Live,
        Found::Deleted => false,
    }
}

/// Does it tell of money that moved?
fn is_payment(notice: &Notice) -> bool {
    match notice.target() {
        Some(target) => PaymentKey::is_payment(&target) || target.kind == TargetKind::Purchase,
        None => notice.word == "deposit",
    }
}
