//! The way back: payments of the accounting system are recorded in the source, by the same protocol as the way forward.
//!
//! ```text
//! changes, webhooks -> intake -> journal -> plan -> intent -> source -> done:      link, audit
//!                                                                   -> refused:   dead letter, or later
//!                                                                   -> uncertain: read back, then done or again
//! ```
//!
//! A job is one part of a payment: what one check settled of one bill. Its link holds the payment, what was recorded of
//! it, and where, so that a deleted payment can be taken back when nothing else tells of it any more.

mod rebuild;
mod send;
mod work;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use super::index::journal_error;
use super::run::RunReport;
use super::{Engine, Parts};
use crate::actuals::PaymentKey;
use crate::connector::{BankState, Change, Cursor, PaymentChanges, PaymentRead, PaymentSink, PaymentSource};
use crate::dead_letter::DeadLetter;
use crate::error::Error;
use crate::journal::{Intake, Link};
use crate::model::{DocumentKey, DocumentKind, TargetKind, TargetRef, Timestamp};

/// After how long a payment that is a dead letter is tried again.
const TRIED_AGAIN: chrono::TimeDelta = chrono::TimeDelta::hours(20);
/// Where reading payments goes on.
const CURSOR: &str = "payments";

/// The two ends of the way back.
#[derive(Clone, Debug)]
pub struct PaymentParts {
    /// Where payments come from.
    pub source: Arc<dyn PaymentSource>,
    /// Where they are recorded.
    pub sink: Arc<dyn PaymentSink>,
}

/// The way back of an engine, with what it has just read.
#[derive(Debug)]
pub(super) struct Back {
    source: Arc<dyn PaymentSource>,
    sink: Arc<dyn PaymentSink>,
    /// Payments read by a poll of this process, so that they need not be read again for their first job.
    fresh: Mutex<HashMap<TargetRef, PaymentRead>>,
    /// How far payments have come, as last read.
    at_bank: Mutex<HashMap<TargetRef, BankState>>,
}

impl Engine {
    /// Carries payments back too. Without this, jobs of payments rest.
    #[must_use]
    pub fn with_payments(mut self, parts: PaymentParts) -> Self {
        let PaymentParts { source, sink } = parts;
        self.back = Some(Back { source, sink, fresh: Mutex::default(), at_bank: Mutex::default() });
        self
    }

    /// Takes in which payments changed since the last call; at the first call, all there are, and also after something
    /// that was paid before was linked. Call it after [`run`](Self::run), so that what was paid is linked, and run again.
    ///
    /// # Errors
    /// If the accounting system or the journal cannot be read; the cursor stays where it was.
    pub async fn poll_payments(&self) -> Result<Intake, Error> {
        let Some(back) = &self.back else { return Ok(Intake::default()) };
        let Parts { connection, journal, clock, .. } = &self.parts;
        let before = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        let since = before.as_ref().filter(|text| !text.is_empty()).map(|text| Cursor(text.clone()));
        let changes = back.source.payments(since.as_ref()).await?;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let mut keys = concerned(&changes, &links);
        let dead = journal.dead_letters(connection).await.map_err(journal_error)?;
        // What was wrong with these may have been put right on either side, and nobody tells: once a day they are tried,
        // and whenever their payment is read again.
        let yesterday = clock.now() - TRIED_AGAIN;
        let read: HashSet<&TargetRef> = changes.changed.iter().map(PaymentRead::target).collect();
        let again = |letter: &DeadLetter| {
            PaymentKey::parse(&letter.document)
                .is_some_and(|key| changes.is_whole || letter.since <= yesterday || read.contains(&key.payment))
        };
        keys.extend(dead.into_iter().filter(again).map(|letter| letter.document));
        back.keep(changes.changed);
        let found: Vec<Change> = keys.into_iter().map(Change::found).collect();
        let intake = match found.is_empty() {
            true => Intake::default(),
            false => self.take_in(&found).await?,
        };
        // Somebody may have asked for everything meanwhile.
        if journal.cursor(connection, CURSOR).await.map_err(journal_error)? == before {
            journal.set_cursor(connection, CURSOR, &changes.next.0).await.map_err(journal_error)?;
        }
        Ok(intake)
    }

    /// The next [`poll_payments`](Self::poll_payments) reads everything: needed when something is linked that may have
    /// been paid long ago.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub async fn read_all_payments_next(&self) -> Result<(), Error> {
        let Parts { connection, journal, .. } = &self.parts;
        journal.set_cursor(connection, CURSOR, "").await.map_err(journal_error)
    }

    /// Carries over what was paid since the last call, and, if the last look at the bank's reports is older than
    /// `bank_every`, how far it has come there. Call it after [`run`](Self::run), so that what was paid is linked.
    ///
    /// # Errors
    /// If either side or the journal cannot be asked. Everything done until then is stored; call it again.
    pub async fn carry_payments(&self, bank_every: std::time::Duration) -> Result<RunReport, Error> {
        const CURSOR: &str = "bank";
        let Parts { connection, journal, clock, .. } = &self.parts;
        if self.back.is_none() {
            return Ok(RunReport::default());
        }
        let noticed = self.payments_noticed().await?;
        let mut report = RunReport::default();
        if self.poll_payments().await?.is_any() {
            report.add(self.run().await?);
        }
        if let Some(noticed) = noticed {
            self.payments_are_read(noticed).await?;
        }
        let last = journal.cursor(connection, CURSOR).await.map_err(journal_error)?;
        let last: Option<Timestamp> = last.and_then(|text| text.parse().ok());
        let now = clock.now();
        let is_due = last.is_none_or(|last| (now - last).to_std().is_ok_and(|passed| passed >= bank_every));
        if is_due {
            if self.poll_bank().await?.is_any() {
                report.add(self.run().await?);
            }
            journal.set_cursor(connection, CURSOR, &now.to_rfc3339()).await.map_err(journal_error)?;
        }
        Ok(report)
    }

    /// Takes in how far the recorded payments have come at the bank; those that are reconciled are not asked about again.
    ///
    /// # Errors
    /// If the reports or the journal cannot be read.
    pub async fn poll_bank(&self) -> Result<Intake, Error> {
        let Some(back) = &self.back else { return Ok(Intake::default()) };
        let Parts { connection, journal, .. } = &self.parts;
        let links = journal.links(connection).await.map_err(journal_error)?;
        let ours = |link: &&Link| {
            link.document.kind == DocumentKind::Payment && link.base.seen.get("bank") != BankState::Reconciled.as_str()
        };
        let mut asked: BTreeSet<(TargetRef, crate::model::Date)> = BTreeSet::new();
        for link in links.iter().filter(ours) {
            if let Ok(date) = link.base.wanted.get("date").parse() {
                asked.insert((link.target.clone(), date));
            }
        }
        if asked.is_empty() {
            return Ok(Intake::default());
        }
        let states = back.source.at_bank(&asked.into_iter().collect::<Vec<_>>()).await?;
        let changed: Vec<Change> = links
            .iter()
            .filter(ours)
            .filter(|link| states.get(&link.target).is_some_and(|state| is_news(*state, link)))
            .map(|link| Change::found(link.document.clone()))
            .collect();
        if let Ok(mut at_bank) = back.at_bank.lock() {
            *at_bank = states;
        }
        if changed.is_empty() { Ok(Intake::default()) } else { self.take_in(&changed).await }
    }
}

/// Does it say more than was recorded? That a payment is not cleared says nothing.
fn is_news(state: BankState, link: &Link) -> bool {
    match link.base.seen.get("bank") {
        "" => state != BankState::Uncleared,
        known => known != state.as_str(),
    }
}

impl Back {
    fn keep(&self, read: Vec<PaymentRead>) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.extend(read.into_iter().map(|read| (read.target().clone(), read)));
        }
    }

    fn take(&self, payment: &TargetRef) -> Option<PaymentRead> {
        self.fresh.lock().ok()?.get(payment).cloned()
    }

    pub(super) fn forget(&self) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.clear();
        }
    }

    fn state(&self, payment: &TargetRef) -> Option<BankState> {
        self.at_bank.lock().ok()?.get(payment).copied()
    }
}

/// Is it a document of the source whose payments are recorded there?
fn is_billed(document: &DocumentKey) -> bool {
    matches!(document.kind, DocumentKind::PayApp | DocumentKind::OwnerInvoice)
}

/// The keys of all parts that a reading of payments may change.
fn concerned(changes: &PaymentChanges, links: &[Link]) -> BTreeSet<DocumentKey> {
    let billed: HashSet<&TargetRef> = links
        .iter()
        .filter(|link| is_billed(&link.document))
        .map(|link| &link.target)
        .filter(|t| matches!(t.kind, TargetKind::Bill | TargetKind::Invoice))
        .collect();
    let mut recorded: HashMap<&TargetRef, Vec<&Link>> = HashMap::new();
    for link in links.iter().filter(|link| link.document.kind == DocumentKind::Payment) {
        recorded.entry(&link.target).or_default().push(link);
    }
    let mut keys = BTreeSet::new();
    for read in &changes.changed {
        let target = read.target();
        keys.extend(recorded.get(target).into_iter().flatten().map(|link| link.document.clone()));
        match read {
            PaymentRead::Found(made) => match made.settled() {
                Ok(settled) => keys.extend(
                    settled
                        .iter()
                        .filter(|settled| !settled.cash.is_zero() && billed.contains(&settled.to))
                        .map(|settled| PaymentKey::part(target, &settled.to.id).document()),
                ),
                // The job says what is wrong with it.
                Err(_) => drop(keys.insert(PaymentKey::whole(target).document())),
            },
            PaymentRead::Unreadable(..) => drop(keys.insert(PaymentKey::whole(target).document())),
            PaymentRead::Gone(_) => {}
        }
    }
    if changes.is_whole {
        let there: HashSet<&TargetRef> = changes.changed.iter().map(PaymentRead::target).collect();
        let gone = recorded.iter().filter(|(target, _)| !there.contains(*target));
        keys.extend(gone.flat_map(|(_, links)| links.iter().map(|link| link.document.clone())));
    }
    keys
}
