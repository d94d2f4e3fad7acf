//! [`Sink`]: QuickBooks Desktop as the place where accounting documents go, and [`Books`] to read them whole.
//!
//! Everything passes over a [`Desk`] and the next visit of the Web Connector, so each call here may take as long as that
//! visit is away. Give the engine a lease that is longer.

mod apply;
mod bank;
mod books;
mod candidates;
mod find;
mod fit;
mod links;
mod lists;
mod load;
mod mirror;
mod outcome;
mod payments;
mod read;
mod write;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use async_trait::async_trait;
use sync_core::clock::Clock;
use sync_core::connector::{Candidates, Capabilities, Directory, Found, Outcome, Sink, TargetState, Wanted, Write};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Currency, TargetKind, TargetRef, Timestamp};

use crate::qbxml::text::limits;
use crate::web_connector::Desk;
pub(crate) use mirror::Mirror;

pub use bank::BankWords;
pub use books::Books;
#[cfg(feature = "odbc")]
pub(crate) use books::assemble;
#[cfg(feature = "odbc")]
pub(crate) use load::{relink, take_one};
pub use payments::DesktopPayments;

/// Settings of a [`DesktopSink`].
#[derive(Clone, Debug)]
pub struct SinkOptions {
    /// The home currency of the company file, which QuickBooks does not tell unless multicurrency is on.
    pub currency: Currency,
    /// Records in one page of an answer; 100 to 500 keeps answers small enough for every channel.
    pub page: u32,
    /// Writes in one message set.
    pub batch: usize,
    /// The pause before a record that somebody has open is tried again; it doubles each time.
    pub busy_pause: Duration,
    /// How often it is tried in all.
    pub busy_tries: u32,
}

impl SinkOptions {
    /// The usual settings for a company in that currency.
    pub fn new(currency: Currency) -> Self {
        Self { currency, page: 200, batch: 25, busy_pause: Duration::from_secs(2), busy_tries: 4 }
    }
}

/// Writes customers, jobs, vendors, purchase orders, bills, vendor credits, estimates, invoices, credit memos and journal
/// entries to one company file.
///
/// The first [`begin`](Sink::begin) reads the file whole; the following ones read what changed and what was deleted. An
/// update carries the version that it was decided on, so an answer that was overtaken can do no harm.
#[derive(Debug)]
pub struct DesktopSink {
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    options: SinkOptions,
    capabilities: Capabilities,
    mirror: RwLock<Mirror>,
}

impl DesktopSink {
    /// A sink over the desk of a company file. Nothing is sent yet.
    pub fn new(desk: Arc<Desk>, clock: Arc<dyn Clock>, options: SinkOptions) -> Self {
        let capabilities = capabilities(options.batch);
        Self { desk, clock, options, capabilities, mirror: RwLock::default() }
    }

    /// The desk in use.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// What is known of the company file. Never held across an await.
    fn mirror(&self) -> RwLockReadGuard<'_, Mirror> {
        self.mirror.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, to change.
    fn mirror_mut(&self) -> RwLockWriteGuard<'_, Mirror> {
        self.mirror.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ensure_loaded(&self) -> Result<(), sync_core::Error> {
        let loaded = self.mirror().is_loaded();
        if loaded { Ok(()) } else { self.bring_up_to_date().await }
    }
}

/// The limits of QuickBooks Desktop, with so many writes in a message set.
pub(crate) fn capabilities(batch: usize) -> Capabilities {
    Capabilities {
        name: "QuickBooks Desktop",
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
        max_batch: batch.clamp(1, 100),
        max_number: limits::OTHER_REF_NUMBER,
        max_numbers: &[
            (TargetKind::Bill, limits::BILL_REF_NUMBER),
            (TargetKind::VendorCredit, limits::BILL_REF_NUMBER),
        ],
        max_name: limits::ENTITY_NAME,
        max_description: limits::MEMO,
        purchase_order_links: true,
        fields: &[],
    }
}

#[async_trait]
impl Sink for DesktopSink {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fit(&self, document: &mut AccountingDocument) -> Vec<String> {
        fit::fit(document, &self.mirror())
    }

    async fn begin(&self) -> Result<(), sync_core::Error> {
        self.bring_up_to_date().await
    }

    async fn directory(&self) -> Result<Directory, sync_core::Error> {
        self.ensure_loaded().await?;
        Ok(Directory::Listed(Box::new(lists::of(&self.mirror(), self.options.currency))))
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, sync_core::Error> {
        self.ensure_loaded().await?;
        let mirror = self.mirror();
        Ok(wanted.iter().map(|wanted| candidates::of(&mirror, wanted)).collect())
    }

    async fn inventory(&self, kinds: &[TargetKind]) -> Result<Vec<TargetState>, sync_core::Error> {
        self.bring_up_to_date().await?;
        let mirror = self.mirror();
        Ok(mirror.held.values().map(|held| &held.state).filter(|s| kinds.contains(&s.target.kind)).cloned().collect())
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, sync_core::Error> {
        self.ensure_loaded().await?;
        self.read_targets(targets).await
    }

    async fn find_written(
        &self,
        writes: &[Write],
        _since: Timestamp,
    ) -> Result<Vec<Option<TargetState>>, sync_core::Error> {
        self.find_by_marker(writes).await
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(writes.len());
        for chunk in writes.chunks(self.capabilities.max_batch) {
            outcomes.extend(self.apply_together(chunk).await);
        }
        outcomes
    }
}
