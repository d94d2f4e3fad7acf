//! The way back of vendors: those that the bookkeeper enters first are entered in the source's directory, where the mapping
//! says so.
//!
//! ```text
//! vendors not seen before -> job -> directory read -> name known: its vendor is worked, and linked by its name
//!                                                  -> unknown:    entered under an origin id, linked
//! ```
//!
//! Vendors that were there before the first look stay where they are. No intent is stored: each turn begins with the
//! directory, and the source takes an origin id once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::index::journal_error;
use super::run::{RunReport, settlement};
use super::{Engine, Parts, Step};
use crate::connector::{Change, Condition, Found, KnownVendor, RefusalReason, TargetState, VendorOutcome, VendorSink};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::Error;
use crate::journal::{Base, Intake, Job, JobEnd, Link, LinkChange};
use crate::mapping::NewVendors;
use crate::model::accounting::{AccountingDocument, Vendor};
use crate::model::{DocumentKey, DocumentKind, TargetKind, TargetRef, Timestamp, VendorId};

/// Where vendors go.
#[derive(Clone, Debug)]
pub struct VendorParts {
    /// The directory.
    pub sink: Arc<dyn VendorSink>,
    /// Names the company of the accounting system in origin ids for ever, e.g. `qbo:9341`.
    pub company: String,
}

impl Engine {
    /// Enters vendors in the source too, where the mapping says so. Without this, their jobs rest.
    #[must_use]
    pub fn with_vendors(mut self, parts: VendorParts) -> Self {
        self.vendors = Some(parts);
        self
    }

    /// Enters the vendors that are new in the accounting system since the last call; the first call only looks who is
    /// there. Does nothing where the mapping leaves them. Call it after [`run`](Self::run), so that vendors that came from
    /// the source are linked.
    ///
    /// # Errors
    /// If either side or the journal cannot be asked. Everything done until then is stored; call it again.
    pub async fn carry_vendors(&self) -> Result<RunReport, Error> {
        match self.poll_vendors().await?.is_any() {
            true => self.run().await,
            false => Ok(RunReport::default()),
        }
    }

    async fn poll_vendors(&self) -> Result<Intake, Error> {
        const CURSOR: &str = "vendors seen";
        if self.vendors.is_none() || self.mapping().policies().new_vendors == NewVendors::Leave {
            return Ok(Intake::default());
        }
        let Parts { connection, journal, sink, .. } = &self.parts;
        let seen = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        let seen: Option<BTreeSet<String>> = seen.and_then(|text| serde_json::from_str(&text).ok());
        let there = sink.inventory(&[TargetKind::Vendor]).await?;
        let now: BTreeSet<String> = there.iter().map(|state| state.target.id.to_string()).collect();
        let mut intake = Intake::default();
        if let Some(seen) = &seen {
            let is_new = |state: &&TargetState| !seen.contains(state.target.id.as_str()) && state.marker.is_none();
            let new = there
                .iter()
                .filter(is_new)
                .map(|state| Change::found(DocumentKey::new(DocumentKind::NewVendor, state.target.id.as_str())));
            let new: Vec<Change> = new.collect();
            if !new.is_empty() {
                intake = self.take_in(&new).await?;
            }
        }
        if seen.as_ref() != Some(&now) {
            let text = serde_json::to_string(&now).unwrap_or_default();
            journal.set_cursor(connection, CURSOR, &text).await.map_err(journal_error)?;
        }
        Ok(intake)
    }

    /// Works leased jobs of new vendors. `until`: when the lease ends.
    pub(super) async fn work_vendors(
        &self,
        jobs: Vec<Job>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let Parts { connection, journal, clock, sink, .. } = &self.parts;
        let Some(parts) = &self.vendors else {
            return self.let_rest(&jobs).await;
        };
        let is_wanted = self.mapping().policies().new_vendors == NewVendors::Create;
        let targets: Vec<TargetRef> =
            jobs.iter().map(|job| TargetRef { kind: TargetKind::Vendor, id: (&*job.document.id).into() }).collect();
        let found = sink.read_afresh(&targets).await?;
        if found.len() != targets.len() {
            return Err(Error::new(crate::ErrorKind::Internal, "the sink did not answer for every vendor"));
        }
        let mut known = match parts.sink.directory().await {
            Ok(known) => Ok(known),
            Err(error) if error.is_of_one_place() => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        self.parts.observer.step(Step::Fetched).await;
        for (job, found) in jobs.iter().zip(found) {
            if clock.now() >= until {
                // Another worker has them from then on.
                return Ok(());
            }
            let state = match found {
                Found::Present(state) if state.condition == Condition::Live && state.marker.is_none() => Some(state),
                _ => None,
            };
            let is_linked = match &state {
                Some(state) => {
                    let links = journal.links_to(connection, std::slice::from_ref(&state.target)).await;
                    !links.map_err(journal_error)?.is_empty()
                }
                None => false,
            };
            let end = match state.as_deref().map(|state| (state, &state.document)) {
                Some((state, AccountingDocument::Vendor(vendor))) if is_wanted && !is_linked => match &mut known {
                    Ok(known) => self.enter(parts, job, state, vendor, known, report).await?,
                    Err(text) => {
                        self.ask_about_vendor(job, state, vendor, Cause::Refused, text.clone(), report).await?
                    }
                },
                _ => {
                    report.skipped += 1;
                    JobEnd::Done
                }
            };
            self.settle(&[settlement(job, end, "")]).await?;
            self.parts.observer.step(Step::Settled).await;
            self.parts.observer.finished(job.document.kind, 1);
        }
        Ok(())
    }

    async fn enter(
        &self,
        parts: &VendorParts,
        job: &Job,
        state: &TargetState,
        vendor: &Vendor,
        known: &mut Vec<KnownVendor>,
        report: &mut RunReport,
    ) -> Result<JobEnd, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let origin = format!("{}:vendor:{}", parts.company, state.target.id);
        if let Some(ours) = known.iter().find(|known| known.origin.as_deref() == Some(&*origin)) {
            self.link_vendor(&ours.id.clone(), state, "entered in Procore already").await?;
            return Ok(JobEnd::Done);
        }
        let is_same = |known: &&KnownVendor| known.name.trim().eq_ignore_ascii_case(vendor.name.trim());
        if let Some(same) = known.iter().find(is_same) {
            let document = DocumentKey::new(DocumentKind::Vendor, &same.id);
            let Some(link) = journal.link(connection, &document).await.map_err(journal_error)? else {
                // It is linked by its name, like any vendor of the source.
                self.take_in(&[Change::found(document)]).await?;
                return Ok(JobEnd::Done);
            };
            let text = format!(
                "Procore has {} already, linked with {}; merge the two in QuickBooks, or give one another name",
                same.name, link.target
            );
            return self.ask_about_vendor(job, state, vendor, Cause::AmbiguousMatch, text, report).await;
        }
        let outcome = parts.sink.enter(vendor, &origin).await;
        self.parts.observer.step(Step::Sent).await;
        let outcome = match outcome {
            VendorOutcome::Uncertain(text) => {
                tracing::warn!(document = %job.document, %text, "outcome uncertain; it is looked for");
                report.uncertain += 1;
                *known = parts.sink.directory().await?;
                self.parts.observer.step(Step::ReadBack).await;
                match known.iter().find(|known| known.origin.as_deref() == Some(&*origin)) {
                    Some(found) => VendorOutcome::Done(found.id.clone()),
                    None => VendorOutcome::Uncertain(text),
                }
            }
            told => told,
        };
        match outcome {
            VendorOutcome::Done(id) => {
                report.vendors_entered += 1;
                self.link_vendor(&id, state, &format!("{} entered in Procore as vendor {id}", vendor.name)).await?;
                known.push(KnownVendor { id, name: vendor.name.clone(), origin: Some(origin) });
                Ok(JobEnd::Done)
            }
            VendorOutcome::Refused(refusal) => match refusal.reason {
                RefusalReason::Person(cause) => {
                    self.ask_about_vendor(job, state, vendor, cause, refusal.text, report).await
                }
                _ if job.attempts < self.config.max_attempts => Ok(self.again(job)),
                _ => self.ask_about_vendor(job, state, vendor, Cause::Refused, refusal.text, report).await,
            },
            VendorOutcome::Uncertain(_) => Ok(self.again(job)),
        }
    }

    /// Both sides agree: what was entered is what stands in the books.
    async fn link_vendor(&self, id: &VendorId, state: &TargetState, audit: &str) -> Result<(), Error> {
        let document = DocumentKey::new(DocumentKind::Vendor, id);
        let fields = state.document.fields();
        let link = Link {
            document: document.clone(),
            target: state.target.clone(),
            version: state.version.clone(),
            base: Base { wanted: fields.clone(), seen: fields, ..Base::default() },
            mapping: self.mapping().version().to_owned(),
            generation: 0,
        };
        let mut row = super::adopt::row(&document, audit.to_owned());
        row.link = LinkChange::Put(Box::new(link));
        self.settle(&[row]).await
    }

    async fn ask_about_vendor(
        &self,
        job: &Job,
        state: &TargetState,
        vendor: &Vendor,
        cause: Cause,
        text: String,
        report: &mut RunReport,
    ) -> Result<JobEnd, Error> {
        let letter = DeadLetter {
            document: job.document.clone(),
            label: vendor.name.clone(),
            cause,
            text,
            amount: None,
            target: Some(state.target.clone()),
            candidates: Vec::new(),
            since: self.parts.clock.now(),
        };
        if self.ruled(&letter).await?.is_some() {
            report.skipped += 1;
            return Ok(JobEnd::Done);
        }
        report.dead += 1;
        Ok(JobEnd::Dead(Box::new(letter)))
    }
}
