//! [`Sink`]: QuickBooks Online as the place where accounting documents go.

mod apply;
mod begin;
mod candidates;
mod changes;
mod files;
mod find;
pub(crate) mod lists;
pub(crate) mod numbers;
mod outcome;
mod unlink;

pub use files::BillFiles;

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use chrono::TimeDelta;
use sync_core::connector::{
    Candidates, Capabilities, Cursor, Directory, Found, Outcome, Sink, SinkChanges, TargetState, Wanted, Write,
};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Currency, TargetKind, TargetRef, Timestamp};

use crate::client::QuickBooks;
use crate::convert::{self, WriteOptions};
use crate::entity::Entity;
use crate::mirror::Mirror;
use crate::sanitise;

/// Settings of a [`QuickBooksSink`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SinkOptions {
    /// How new documents are written.
    pub write: WriteOptions,
    /// How far the windows of changes overlap: the server's clocks may differ by a little.
    pub overlap: TimeDelta,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self { write: WriteOptions::default(), overlap: TimeDelta::minutes(5) }
    }
}

/// Writes customers, jobs, vendors, purchase orders, bills, vendor credits, estimates, invoices, credit memos and journal
/// entries to one company.
///
/// The first [`begin`](Sink::begin) reads the company whole; the following ones read what changed. In between, questions
/// are answered from what was read, and what is written here enters it at once. Each update carries the version that it
/// was decided on, so an answer that was overtaken can do no harm.
#[derive(Debug)]
pub struct QuickBooksSink {
    client: QuickBooks,
    options: SinkOptions,
    capabilities: Capabilities,
    mirror: RwLock<Mirror>,
}

impl QuickBooksSink {
    /// A sink into the company of `client`. Nothing is sent yet.
    #[must_use]
    pub fn new(client: QuickBooks, options: SinkOptions) -> Self {
        let capabilities = Capabilities {
            name: "QuickBooks Online",
            kinds: &[
                TargetKind::Customer,
                TargetKind::Vendor,
                TargetKind::PurchaseOrder,
                TargetKind::Bill,
                TargetKind::VendorCredit,
                TargetKind::Estimate,
                TargetKind::Invoice,
                TargetKind::CreditMemo,
                TargetKind::JournalEntry,
            ],
            max_batch: client.config().batch_items.clamp(1, 30),
            max_number: sanitise::MAX_NUMBER,
            max_numbers: &[],
            max_name: sanitise::MAX_NAME,
            max_description: sanitise::MAX_DESCRIPTION,
            purchase_order_links: true,
            fields: crate::FIELDS,
        };
        Self { client, options, capabilities, mirror: RwLock::default() }
    }

    /// The client in use.
    #[must_use]
    pub fn client(&self) -> &QuickBooks {
        &self.client
    }

    /// What is known of the company. Never held across an await.
    fn mirror(&self) -> RwLockReadGuard<'_, Mirror> {
        self.mirror.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, to change.
    fn mirror_mut(&self) -> RwLockWriteGuard<'_, Mirror> {
        self.mirror.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn home_currency(&self) -> Currency {
        self.mirror().home_currency()
    }

    async fn ensure_loaded(&self) -> Result<(), sync_core::Error> {
        let loaded = self.mirror().is_loaded();
        if loaded { Ok(()) } else { self.bring_up_to_date().await.map_err(Into::into) }
    }
}

/// Ids by entity, to ask for them together.
type IdsByEntity = BTreeMap<Entity, Vec<String>>;

#[async_trait]
impl Sink for QuickBooksSink {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fit(&self, document: &mut AccountingDocument) -> Vec<String> {
        self.mirror().own_numbers().fit(document);
        Vec::new()
    }

    async fn begin(&self) -> Result<(), sync_core::Error> {
        Ok(self.bring_up_to_date().await?)
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Option<SinkChanges>, sync_core::Error> {
        self.changes_since(since).await.map(Some)
    }

    async fn directory(&self) -> Result<Directory, sync_core::Error> {
        self.ensure_loaded().await?;
        let lists = lists::of(&self.mirror())?;
        Ok(Directory::Listed(Box::new(lists)))
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, sync_core::Error> {
        self.ensure_loaded().await?;
        let mirror = self.mirror();
        let home = mirror.home_currency();
        wanted.iter().map(|wanted| Ok(candidates::of(&mirror, wanted, home)?)).collect()
    }

    async fn inventory(&self, kinds: &[TargetKind]) -> Result<Vec<TargetState>, sync_core::Error> {
        self.ensure_loaded().await?;
        let mirror = self.mirror();
        let home = mirror.home_currency();
        let mut states = Vec::new();
        for kind in kinds {
            let entity = Entity::of_kind(*kind);
            for held in mirror.all(entity) {
                states.push(convert::state(entity, &held.raw, home)?);
            }
        }
        states.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(states)
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, sync_core::Error> {
        Ok(self.read_targets(targets).await?)
    }

    async fn read_afresh(&self, targets: &[TargetRef]) -> Result<Vec<Found>, sync_core::Error> {
        self.ensure_loaded().await?;
        self.fetch(targets.iter().collect()).await?;
        self.read(targets).await
    }

    async fn find_written(
        &self,
        writes: &[Write],
        since: Timestamp,
    ) -> Result<Vec<Option<TargetState>>, sync_core::Error> {
        Ok(self.find_by_marker(writes, since).await?)
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(writes.len());
        for chunk in writes.chunks(self.capabilities.max_batch) {
            outcomes.extend(self.apply_together(chunk).await);
        }
        outcomes
    }
}
