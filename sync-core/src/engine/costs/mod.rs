//! The way back of direct costs: what was spent on a job without a commitment is recorded in the source.
//!
//! ```text
//! changes -> intake -> journal -> read -> what is recorded is read -> link -> source -> done: audit
//! ```
//!
//! No intent is stored: each turn begins with what is recorded, known by its origin id, and the source takes no origin id
//! twice. The link is there before the request goes out, so that one which arrives late is looked for even when there is
//! nothing left to record. What is recorded is never changed: see [`direct_costs`](crate::direct_costs).

mod turn;
mod work;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::index::journal_error;
use super::run::RunReport;
use super::{Engine, Parts};
use crate::connector::{Change, CostChanges, CostRead, CostSink, CostSource, Cursor};
use crate::direct_costs::{CostKey, CostMade};
use crate::error::Error;
use crate::journal::{Intake, Link};
use crate::mapping::DirectCosts;
use crate::model::{CustomerId, Date, DocumentKey, DocumentKind, ProjectId, TargetKind, TargetRef};

/// The two ends of the way back of direct costs.
#[derive(Clone, Debug)]
pub struct CostParts {
    /// Where they come from.
    pub source: Arc<dyn CostSource>,
    /// Where they are recorded.
    pub sink: Arc<dyn CostSink>,
}

/// The way back of an engine, with what it has just read.
#[derive(Debug)]
pub(super) struct CostBack {
    source: Arc<dyn CostSource>,
    sink: Arc<dyn CostSink>,
    /// Transactions read by a poll of this process, so that they need not be read again for their first job.
    fresh: Mutex<HashMap<TargetRef, CostRead>>,
}

impl Engine {
    /// Carries direct costs back too, where the mapping says so. Without this, their jobs rest.
    #[must_use]
    pub fn with_direct_costs(mut self, parts: CostParts) -> Self {
        let CostParts { source, sink } = parts;
        self.costs = Some(CostBack { source, sink, fresh: Mutex::default() });
        self
    }

    /// Records what was spent since the last call; at the first call, and when the first day was changed, all since that
    /// day. Does nothing where the mapping records no direct costs. Call it after [`run`](Self::run), so that what is
    /// billed under a commitment is linked.
    ///
    /// # Errors
    /// If either side or the journal cannot be asked. Everything done until then is stored; call it again.
    pub async fn carry_direct_costs(&self) -> Result<RunReport, Error> {
        match self.poll_direct_costs().await?.is_any() {
            true => self.run().await,
            false => Ok(RunReport::default()),
        }
    }

    async fn poll_direct_costs(&self) -> Result<Intake, Error> {
        const CURSOR: &str = "direct costs";
        let policy = self.mapping().policies().direct_costs;
        let (Some(back), Some(from)) = (&self.costs, policy.since()) else { return Ok(Intake::default()) };
        let Parts { connection, journal, .. } = &self.parts;
        let before = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        // What was read under another scope or first day was not all.
        let scope = format!("{:?} {from} ", policy.record);
        let since = before.as_deref().and_then(|text| text.strip_prefix(&scope)).map(|text| Cursor(text.to_owned()));
        let changes = back.source.costs(since.as_ref(), from).await?;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let keys = concerned(&changes, &links, &policy);
        if let Ok(mut fresh) = back.fresh.lock() {
            fresh.extend(changes.changed.into_iter().map(|read| (read.target().clone(), read)));
        }
        let found: Vec<Change> = keys.into_iter().map(Change::found).collect();
        let intake = match found.is_empty() {
            true => Intake::default(),
            false => self.take_in(&found).await?,
        };
        let next = format!("{scope}{}", changes.next.0);
        journal.set_cursor(connection, CURSOR, &next).await.map_err(journal_error)?;
        Ok(intake)
    }
}

impl CostBack {
    fn take(&self, spent: &TargetRef) -> Option<CostRead> {
        self.fresh.lock().ok()?.get(spent).cloned()
    }

    pub(super) fn forget(&self) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.clear();
        }
    }
}

/// The keys of all parts that a reading may change.
fn concerned(changes: &CostChanges, links: &[Link], policy: &DirectCosts) -> BTreeSet<DocumentKey> {
    let jobs = Jobs::of(links.iter());
    let mut recorded: HashMap<&TargetRef, Vec<&Link>> = HashMap::new();
    for link in links.iter().filter(|link| link.document.kind == DocumentKind::DirectCost) {
        recorded.entry(&link.target).or_default().push(link);
    }
    let mut keys = BTreeSet::new();
    for read in &changes.changed {
        let target = read.target();
        keys.extend(recorded.get(target).into_iter().flatten().map(|link| link.document.clone()));
        match read {
            CostRead::Found(made) => keys.extend(jobs.parts(made, policy)),
            CostRead::Unreadable(target, _) if policy.takes(target.kind) => {
                keys.insert(CostKey::whole(target).document());
            }
            CostRead::Unreadable(..) | CostRead::Gone(_) => {}
        }
    }
    if changes.is_whole {
        let there: HashSet<&TargetRef> = changes.changed.iter().map(CostRead::target).collect();
        let gone = recorded.iter().filter(|(target, _)| !there.contains(*target));
        keys.extend(gone.flat_map(|(_, links)| links.iter().map(|link| link.document.clone())));
    }
    keys
}

/// Which jobs of the accounting system are which projects, and which transactions are documents of the source.
pub(super) struct Jobs {
    projects: HashMap<CustomerId, ProjectId>,
    documents: HashSet<TargetRef>,
}

impl Jobs {
    pub(super) fn of<'l>(links: impl Iterator<Item = &'l Link>) -> Self {
        let mut jobs = Self { projects: HashMap::new(), documents: HashSet::new() };
        for link in links {
            match (link.document.kind, link.target.kind) {
                (DocumentKind::Project, TargetKind::Customer) => {
                    let job = CustomerId::from(link.target.id.as_str());
                    jobs.projects.insert(job, ProjectId::from(&*link.document.id));
                }
                (DocumentKind::DirectCost, _) => {}
                (_, TargetKind::Bill) => drop(jobs.documents.insert(link.target.clone())),
                _ => {}
            }
        }
        jobs
    }

    pub(super) fn project(&self, job: &CustomerId) -> Option<&ProjectId> {
        self.projects.get(job)
    }

    /// Is it spent without a commitment, as far as the transaction as a whole tells?
    pub(super) fn counts(&self, made: &CostMade, policy: &DirectCosts) -> bool {
        let is_since = |from: Date| made.date >= from;
        policy.takes(made.target.kind)
            && policy.since().is_some_and(is_since)
            && !made.voided
            && !made.is_ours
            && !self.documents.contains(&made.target)
    }

    /// The parts of a transaction that are direct costs.
    fn parts(&self, made: &CostMade, policy: &DirectCosts) -> BTreeSet<DocumentKey> {
        if !self.counts(made, policy) {
            return BTreeSet::new();
        }
        let lines = made.lines.iter().filter(|line| !line.is_committed);
        let projects = lines.filter_map(|line| self.project(line.coding.customer.as_ref()?));
        projects.map(|project| CostKey::part(&made.target, project).document()).collect()
    }
}
