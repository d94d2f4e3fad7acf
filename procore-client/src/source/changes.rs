//! What changed since a point in time, found by asking the lists.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sync_core::connector::{Change, Changes, Cursor};
use sync_core::model::construction::CommitmentKind;
use sync_core::model::{DocumentKey, DocumentKind, ProjectId, Timestamp};
use sync_core::{Error as CoreError, ErrorKind};

use super::change_orders::Side;
use super::reference::minutes_after;
use super::{ProcoreSource, each};
use crate::error::Error;
use crate::resources::{Between, Only};
use crate::wire::change_order_packages::ChangeOrderPackage;
use crate::wire::{BadRecord, Record};

/// Windows overlap by this much on both sides: records become visible late, and clocks differ.
const OVERLAP_MINUTES: u64 = 5;

/// Where a changed record has no id that can be read, reading goes on where it stood, for this long: by then a snapshot
/// has taken everything in.
const HELD_FOR_HOURS: i64 = 26;

/// Where reading changes goes on.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    /// The start of the reading before.
    time: Timestamp,
}

impl Position {
    fn parse(cursor: &Cursor) -> Result<Self, CoreError> {
        serde_json::from_str(&cursor.0).map_err(|error| {
            let text =
                format!("the stored position in Procore's changes cannot be read ({error}); start from a snapshot");
            CoreError::new(ErrorKind::Configuration, text)
        })
    }

    fn cursor(&self) -> Result<Cursor, CoreError> {
        let text =
            serde_json::to_string(self).map_err(|error| CoreError::new(ErrorKind::Internal, error.to_string()))?;
        Ok(Cursor(text))
    }
}

/// Keys in the order found, each once.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    seen: HashSet<DocumentKey>,
}

impl Found {
    fn add(&mut self, key: DocumentKey) {
        if self.seen.insert(key.clone()) {
            self.changes.push(Change::found(key));
        }
    }
}

/// What stands in Procore, told by its lists alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Standing {
    /// What changed, and where to go on.
    pub changes: Changes,
    /// Every commitment, pay app, prime contract and owner invoice of the projects that take part. None if the id of one
    /// cannot be read: then nothing can be said to be gone.
    pub present: Option<HashSet<DocumentKey>>,
}

/// What the lists are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// What changed.
    Changed,
    /// What is there, and what of it changed.
    All,
}

/// What changed in one project.
#[derive(Default)]
struct InProject {
    /// What is there, if that was asked.
    present: Vec<(DocumentKind, Ids)>,
    owner: bool,
    commitments: Ids,
    pay_apps: Ids,
    prime_contracts: Ids,
    owner_invoices: Ids,
}

impl InProject {
    fn ids(&self, kind: DocumentKind) -> &[String] {
        match kind {
            DocumentKind::Commitment => &self.commitments.ids,
            DocumentKind::PrimeContract => &self.prime_contracts.ids,
            DocumentKind::PayApp => &self.pay_apps.ids,
            DocumentKind::OwnerInvoice => &self.owner_invoices.ids,
            _ => &[],
        }
    }

    /// Notes what a list names.
    fn is_there<'a, T: 'a>(
        &mut self,
        kind: DocumentKind,
        records: impl IntoIterator<Item = &'a Record<T>>,
        id: impl Fn(&T) -> Option<&str>,
    ) {
        let mut ids = Ids::default();
        ids.add(records, id);
        self.present.push((kind, ids));
    }

    fn are_all(&self) -> bool {
        [&self.commitments, &self.pay_apps, &self.prime_contracts, &self.owner_invoices].iter().all(|ids| ids.are_all)
    }
}

/// Ids of records that may have changed, also of those that cannot be read.
struct Ids {
    ids: Vec<String>,
    /// False if the id of one cannot be read: it has no key to be told by.
    are_all: bool,
}

impl Default for Ids {
    fn default() -> Self {
        Self { ids: Vec::new(), are_all: true }
    }
}

impl Ids {
    /// Adds the records' own ids.
    fn add<'a, T: 'a>(&mut self, records: impl IntoIterator<Item = &'a Record<T>>, id: impl Fn(&T) -> Option<&str>) {
        self.add_named(records, id, |bad| bad.id.as_ref());
    }

    /// Adds the ids of the contracts that the records belong to.
    fn add_contracts<'a, T: 'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record<T>>,
        contract: impl Fn(&T) -> Option<&str>,
    ) {
        self.add_named(records, contract, |bad| bad.contract.as_ref());
    }

    fn add_named<'a, T: 'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record<T>>,
        id: impl Fn(&T) -> Option<&str>,
        id_of_bad: impl Fn(&BadRecord) -> Option<&String>,
    ) {
        for record in records {
            match record {
                Ok(record) => self.ids.extend(id(record).map(str::to_owned)),
                Err(bad) => match id_of_bad(bad) {
                    Some(id) => self.ids.push(id.clone()),
                    None => {
                        tracing::warn!(record = %bad, "a changed record of Procore has no id that can be read");
                        self.are_all = false;
                    }
                },
            }
        }
    }

    fn extend(&mut self, more: Self) {
        self.ids.extend(more.ids);
        self.are_all &= more.are_all;
    }
}

impl ProcoreSource {
    pub(super) async fn changes_since(&self, since: Option<&Cursor>) -> Result<Changes, CoreError> {
        match since {
            Some(since) => Ok(self.look(since, Ask::Changed).await?.changes),
            None => Ok(Changes { changes: Vec::new(), next: self.cursor_at(self.now())? }),
        }
    }

    /// A position in the changes: at an instant.
    ///
    /// # Errors
    /// None that can be expected; it is written as JSON.
    pub fn cursor_at(&self, time: Timestamp) -> Result<Cursor, CoreError> {
        Position { time }.cursor()
    }

    /// What is there and what of it changed since, without fetching any document: by this, what was read before is
    /// brought up to date, and deletions are found that no feed tells of any more.
    ///
    /// # Errors
    /// If a list cannot be read.
    pub async fn standing(&self, since: &Cursor) -> Result<Standing, CoreError> {
        self.kept.clear();
        self.look(since, Ask::All).await
    }

    async fn look(&self, since: &Cursor, ask: Ask) -> Result<Standing, CoreError> {
        let start = self.now();
        let since = Position::parse(since)?.time;
        let overlap = chrono::TimeDelta::minutes(i64::try_from(OVERLAP_MINUTES).unwrap_or(0));
        let from = since.checked_sub_signed(overlap).unwrap_or(since);
        let between = Between { from, to: minutes_after(start, OVERLAP_MINUTES) };

        let mut found = Found::default();
        let vendors = self.changed_vendors(between).await?;
        for id in &vendors.ids {
            found.add(DocumentKey::new(DocumentKind::Vendor, id));
        }
        for id in self.changed_projects(between).await? {
            found.add(DocumentKey::new(DocumentKind::Project, id));
        }
        let active = self.active_projects().await?;
        let projects = active.ids;
        let changed = each(projects.iter().map(|project| self.changed_in(project, between, ask)).collect()).await?;
        for (project, changed) in projects.iter().zip(&changed) {
            if changed.owner {
                found.add(DocumentKey::new(DocumentKind::Project, project));
            }
        }
        // What is referred to comes first: all commitments stand before any pay app.
        let kinds =
            [DocumentKind::Commitment, DocumentKind::PrimeContract, DocumentKind::PayApp, DocumentKind::OwnerInvoice];
        for kind in kinds {
            for (project, changed) in projects.iter().zip(&changed) {
                changed.ids(kind).iter().for_each(|id| found.add(DocumentKey::within(kind, project, id)));
            }
        }
        let all_named = active.are_all && vendors.are_all && changed.iter().all(InProject::are_all);
        let time = if all_named { start } else { since.max(start - chrono::TimeDelta::hours(HELD_FOR_HOURS)) };
        let mut present = Some(HashSet::new());
        for (project, (kind, ids)) in projects
            .iter()
            .zip(&changed)
            .flat_map(|(project, changed)| changed.present.iter().map(move |p| (project, p)))
        {
            if !ids.are_all {
                present = None;
            }
            let keys = ids.ids.iter().map(|id| DocumentKey::within(*kind, project, id));
            present.iter_mut().for_each(|present| present.extend(keys.clone()));
        }
        let changes = Changes { changes: found.changes, next: Position { time }.cursor()? };
        Ok(Standing { changes, present: present.filter(|_| ask == Ask::All) })
    }

    async fn changed_vendors(&self, between: Between) -> Result<Ids, Error> {
        let mut ids = Ids::default();
        let mut pages = std::pin::pin!(self.procore.vendors(Some(between)));
        while let Some(page) = pages.try_next().await? {
            ids.add(&page.records, |vendor| Some(vendor.id.as_str()));
        }
        // One that went out of use left that list; the other knows no filter.
        let inactive = self.procore.inactive_vendors().await?;
        let changed = inactive.iter().filter(|record| within(record, between, |vendor| vendor.updated_at));
        ids.add(changed, |vendor| Some(vendor.id.as_str()));
        Ok(ids)
    }

    /// From the whole list, which is needed anyway to know where to look further.
    async fn changed_projects(&self, between: Between) -> Result<Vec<String>, Error> {
        let listed = self.procore.projects().await?;
        let listed = self.kept.projects.put(&(), self.now(), listed).await;
        let takes_part = |id: &String| self.options.projects.includes(&ProjectId::from(id.as_str()));
        let changed = listed.iter().filter(|record| within(record, between, |project| project.updated_at));
        let mut ids = Ids::default();
        ids.add(changed, |project| Some(project.id.as_str()));
        Ok(ids.ids.into_iter().filter(takes_part).collect())
    }

    async fn changed_in(&self, project: &ProjectId, between: Between, ask: Ask) -> Result<InProject, Error> {
        let mut changed = InProject::default();
        let only = Only::updated(between);
        let all = ask == Ask::All;
        if self.options.owners {
            let contracts = if all {
                let listed = self.prime_contracts(project).await?;
                changed.is_there(DocumentKind::PrimeContract, listed.iter(), |contract| Some(contract.id.as_str()));
                let changed = listed.iter().filter(|record| within(record, between, |contract| contract.updated_at));
                changed.cloned().collect()
            } else {
                self.listed_prime_contracts(project, Some(between)).await?
            };
            changed.owner = !contracts.is_empty();
            if self.options.reads_owner_side() {
                changed.prime_contracts.add(&contracts, |contract| Some(contract.id.as_str()));
            }
        }
        for kind in [CommitmentKind::Subcontract, CommitmentKind::PurchaseOrder] {
            let mut pages = match all {
                true => self.procore.commitments_named(kind, project).boxed(),
                false => self.procore.commitments(kind, project, only).boxed(),
            };
            while let Some(page) = pages.try_next().await? {
                if all {
                    changed.is_there(DocumentKind::Commitment, page.records.iter(), |c| Some(c.id.as_str()));
                }
                let updated =
                    page.records.iter().filter(|r| !all || within(r, between, |contract| contract.updated_at));
                changed.commitments.add(updated, |contract| Some(contract.id.as_str()));
            }
        }
        let mut packages = None;
        let orders = self.with_changed_orders(project, Side::Commitments, only, &mut packages).await?;
        changed.commitments.extend(orders);
        let requisitions = match all {
            true => self.procore.requisitions_named(project).await?,
            false => self.procore.requisitions(project, only).await?,
        };
        if all {
            changed.is_there(DocumentKind::PayApp, requisitions.iter(), |wire| Some(wire.id.as_str()));
        }
        let updated = requisitions.iter().filter(|record| !all || within(record, between, |wire| wire.updated_at));
        changed.pay_apps.add(updated, |wire| Some(wire.id.as_str()));
        if self.options.reads_owner_side() {
            // Where there is no prime contract, there is nothing that could have changed.
            if !changed.prime_contracts.ids.is_empty() || !self.prime_contracts(project).await?.is_empty() {
                let orders = self.with_changed_orders(project, Side::PrimeContracts, only, &mut packages).await?;
                changed.prime_contracts.extend(orders);
            }
            // Their list knows no filter.
            let invoices = self.listed_owner_invoices(project).await?;
            if all {
                changed.is_there(DocumentKind::OwnerInvoice, invoices.iter(), |wire| Some(wire.id.as_str()));
            }
            let invoices = invoices.iter().filter(|record| within(record, between, |invoice| invoice.updated_at));
            changed.owner_invoices.add(invoices, |wire| Some(wire.id.as_str()));
        }
        Ok(changed)
    }

    /// The contracts of change orders that changed. Packages are asked only where this side of the project has none of
    /// the newer form, of which each package is one; and once for both sides.
    async fn with_changed_orders(
        &self,
        project: &ProjectId,
        side: Side,
        only: Only<'_>,
        packages: &mut Option<Vec<Record<ChangeOrderPackage>>>,
    ) -> Result<Ids, Error> {
        let mut contracts = Ids::default();
        let newer = match self.newer_form(project, side, only).await? {
            Some(orders) => {
                contracts.add_contracts(&orders, |order| order.contract_id.as_ref().map(|id| id.as_str()));
                !orders.is_empty() || self.has_change_orders(project, side).await?
            }
            None => false,
        };
        if !newer {
            let listed = match packages {
                Some(listed) => listed,
                none => none.insert(self.procore.change_order_packages(project, only).await?),
            };
            let listed = listed.iter().filter(|record| record.as_ref().map_or(true, |package| side.takes(package)));
            let of_side = self.of_side(project, side, only, listed.cloned().collect()).await?;
            contracts.add_contracts(&of_side, |package| package.contract_id.as_ref().map(|id| id.as_str()));
        }
        Ok(contracts)
    }
}

/// Did it change in the range? What does not say when it changed may have.
fn within<T>(record: &Record<T>, between: Between, updated: impl Fn(&T) -> Option<Timestamp>) -> bool {
    record.as_ref().ok().and_then(updated).is_none_or(|at| between.from <= at && at <= between.to)
}
