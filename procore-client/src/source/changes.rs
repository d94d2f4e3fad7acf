//! What changed since a point in time, found by asking the lists.

use std::collections::HashSet;

use futures_util::TryStreamExt;
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

/// What changed in one project.
#[derive(Default)]
struct InProject {
    owner: bool,
    commitments: Vec<String>,
    pay_apps: Vec<String>,
    prime_contracts: Vec<String>,
    owner_invoices: Vec<String>,
}

impl InProject {
    fn ids(&self, kind: DocumentKind) -> &[String] {
        match kind {
            DocumentKind::Commitment => &self.commitments,
            DocumentKind::PrimeContract => &self.prime_contracts,
            DocumentKind::PayApp => &self.pay_apps,
            DocumentKind::OwnerInvoice => &self.owner_invoices,
            _ => &[],
        }
    }
}

impl ProcoreSource {
    pub(super) async fn changes_since(&self, since: Option<&Cursor>) -> Result<Changes, CoreError> {
        let start = self.now();
        let next = Position { time: start }.cursor()?;
        let Some(since) = since else { return Ok(Changes { changes: Vec::new(), next }) };
        let since = Position::parse(since)?.time;
        let overlap = chrono::TimeDelta::minutes(i64::try_from(OVERLAP_MINUTES).unwrap_or(0));
        let from = since.checked_sub_signed(overlap).unwrap_or(since);
        let between = Between { from, to: minutes_after(start, OVERLAP_MINUTES) };

        let mut found = Found::default();
        for id in self.changed_vendors(between).await? {
            found.add(DocumentKey::new(DocumentKind::Vendor, id));
        }
        for id in self.changed_projects(between).await? {
            found.add(DocumentKey::new(DocumentKind::Project, id));
        }
        let projects = self.active_projects().await?;
        let changed = each(projects.iter().map(|project| self.changed_in(project, between)).collect()).await?;
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
        Ok(Changes { changes: found.changes, next })
    }

    async fn changed_vendors(&self, between: Between) -> Result<Vec<String>, Error> {
        let mut ids = Vec::new();
        let mut pages = std::pin::pin!(self.procore.vendors(Some(between)));
        while let Some(page) = pages.try_next().await? {
            ids.extend(page.records.iter().filter_map(|record| id_of(record, |vendor| vendor.id.as_str())));
        }
        // One that went out of use left that list; the other knows no filter.
        let inactive = self.procore.inactive_vendors().await?;
        let changed = inactive.iter().filter(|record| within(record, between, |vendor| vendor.updated_at));
        ids.extend(changed.filter_map(|record| id_of(record, |vendor| vendor.id.as_str())));
        Ok(ids)
    }

    /// From the whole list, which is needed anyway to know where to look further.
    async fn changed_projects(&self, between: Between) -> Result<Vec<String>, Error> {
        let listed = self.procore.projects().await?;
        let listed = self.kept.projects.put(&(), self.now(), listed).await;
        let takes_part = |id: &String| self.options.projects.includes(&ProjectId::from(id.as_str()));
        let changed = listed.iter().filter(|record| within(record, between, |project| project.updated_at));
        Ok(changed.filter_map(|record| id_of(record, |project| project.id.as_str())).filter(takes_part).collect())
    }

    async fn changed_in(&self, project: &ProjectId, between: Between) -> Result<InProject, Error> {
        let mut changed = InProject::default();
        let only = Only::updated(between);
        if self.options.owners {
            let contracts = self.listed_prime_contracts(project, Some(between)).await?;
            changed.owner = !contracts.is_empty();
            if self.options.reads_owner_side() {
                changed.prime_contracts = contracts.iter().filter_map(|r| id_of(r, |c| c.id.as_str())).collect();
            }
        }
        for kind in [CommitmentKind::Subcontract, CommitmentKind::PurchaseOrder] {
            let mut pages = std::pin::pin!(self.procore.commitments(kind, project, only));
            while let Some(page) = pages.try_next().await? {
                let ids = page.records.iter().filter_map(|record| id_of(record, |contract| contract.id.as_str()));
                changed.commitments.extend(ids);
            }
        }
        let mut packages = None;
        let orders = self.with_changed_orders(project, Side::Commitments, only, &mut packages).await?;
        changed.commitments.extend(orders);
        let requisitions = self.procore.requisitions(project, only).await?;
        changed.pay_apps.extend(requisitions.iter().filter_map(|record| id_of(record, |wire| wire.id.as_str())));
        if self.options.reads_owner_side() {
            // Where there is no prime contract, there is nothing that could have changed.
            if !changed.prime_contracts.is_empty() || !self.prime_contracts(project).await?.is_empty() {
                let orders = self.with_changed_orders(project, Side::PrimeContracts, only, &mut packages).await?;
                changed.prime_contracts.extend(orders);
            }
            // Their list knows no filter.
            let invoices = self.listed_owner_invoices(project).await?;
            let invoices = invoices.iter().filter(|record| within(record, between, |invoice| invoice.updated_at));
            changed.owner_invoices.extend(invoices.filter_map(|record| id_of(record, |wire| wire.id.as_str())));
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
    ) -> Result<Vec<String>, Error> {
        let mut contracts = Vec::new();
        let newer = match self.newer_form(project, side, only).await? {
            Some(orders) => {
                contracts.extend(orders.iter().filter_map(|record| {
                    id_of_contract(record, |order| order.contract_id.as_ref().map(|id| id.as_str()))
                }));
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
            contracts.extend(of_side.iter().filter_map(|record| {
                id_of_contract(record, |package| package.contract_id.as_ref().map(|id| id.as_str()))
            }));
        }
        Ok(contracts)
    }
}

/// The id of a record, also of one that cannot be read: it may have changed all the same.
fn id_of<T>(record: &Record<T>, id: impl Fn(&T) -> &str) -> Option<String> {
    match record {
        Ok(record) => Some(id(record).to_owned()),
        Err(bad) => named(bad.id.as_ref(), bad),
    }
}

fn id_of_contract<T>(record: &Record<T>, id: impl Fn(&T) -> Option<&str>) -> Option<String> {
    match record {
        Ok(record) => id(record).map(str::to_owned),
        Err(bad) => named(bad.contract.as_ref(), bad),
    }
}

fn named(id: Option<&String>, bad: &BadRecord) -> Option<String> {
    if id.is_none() {
        // It has no key to be told by; a snapshot reports it.
        tracing::warn!(record = %bad, "a changed record of Procore has no id that can be read");
    }
    id.cloned()
}

/// Did it change in the range? What does not say when it changed may have.
fn within<T>(record: &Record<T>, between: Between, updated: impl Fn(&T) -> Option<Timestamp>) -> bool {
    record.as_ref().ok().and_then(updated).is_none_or(|at| between.from <= at && at <= between.to)
}
