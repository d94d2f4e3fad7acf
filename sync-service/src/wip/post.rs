//! Posting what was approved: stored before it is sent, and never twice.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::engine::{ApprovedEntry, Engine, EntryOutcome, Silent, entries_of};
use sync_core::journal::{Journal, Link};
use sync_core::mapping::Mapping;
use sync_core::model::{Date, DocumentKey, DocumentKind};
use sync_core::wip::{EntryKind, JobBalances, ProposedEntry, WipAccount, WipAccounts, WipSchedule};

use super::trial::Customers;
use crate::Failure;
use crate::site::Site;

/// What became of entries that were approved.
pub(crate) struct Posted {
    /// A line for each.
    pub(crate) told: Vec<String>,
    /// Is each in the books now?
    pub(crate) all: bool,
}

/// Settles what an earlier approval left open.
///
/// # Errors
/// If the journal or QuickBooks cannot be asked.
pub(crate) async fn settle(site: &Site) -> Result<(), Failure> {
    let mapping = site.mapping()?;
    let (journal, id, now) = (site.settings.journal()?, site.settings.id(), site.settings.clock().now());
    let due = journal.next_due(&entries_of(&id)).await?;
    if let Some(due) = due.filter(|due| *due > now) {
        eprintln!("An approval was interrupted; what became of it can be told from {due} on. Waiting.");
    }
    engine(site, &mapping)?.post_entries(&[]).await?;
    Ok(())
}

fn engine(site: &Site, mapping: &Mapping) -> Result<Engine, Failure> {
    let (journal, mapping) = (Arc::new(site.settings.journal()?), Arc::new(Mapping::compile(mapping.files().clone())?));
    Ok(site.settings.connect()?.engine(&site.settings, journal, mapping, Arc::new(Silent)))
}

/// What somebody said yes to.
pub(super) struct Approval<'a> {
    pub(super) accounts: &'a WipAccounts,
    pub(super) date: Date,
    pub(super) customers: &'a Customers,
    /// The balances that the entries start from.
    pub(super) balances: &'a HashMap<String, JobBalances>,
}

impl Approval<'_> {
    /// Posts the entries.
    pub(super) async fn post(
        &self,
        site: &Site,
        mapping: &Mapping,
        schedule: &WipSchedule,
        entries: &[ProposedEntry],
    ) -> Result<Posted, Failure> {
        let links = site.settings.journal()?.links(&entries_of(&site.settings.id())).await?;
        let entries: Vec<&ProposedEntry> =
            entries.iter().filter(|entry| !self.stands(schedule, &links, &entry.job)).collect();
        let mut approved = Vec::with_capacity(entries.len());
        for entry in entries {
            let customer = self.customers.get(&entry.job).map(|id| id.as_str().into());
            if customer.is_none() {
                return Err(format!("job {} has no customer in QuickBooks; run `sync` first", entry.job).into());
            }
            approved.push(ApprovedEntry {
                document: self.name(entry, &links),
                label: format!("WIP {}, job {}, {}", self.date, entry.job, what(entry)),
                entry: entry.to_journal(self.accounts, self.date, None, customer, None)?,
            });
        }
        let outcomes = engine(site, mapping)?.post_entries(&approved).await?;
        let (mut all, mut told) = (true, Vec::with_capacity(approved.len()));
        for (entry, outcome) in approved.iter().zip(outcomes) {
            let label = &entry.label;
            all &= matches!(outcome, EntryOutcome::Posted(_) | EntryOutcome::PostedBefore(_));
            told.push(match outcome {
                EntryOutcome::Posted(target) => format!("{label}: posted as {target}"),
                EntryOutcome::PostedBefore(target) => format!("{label}: posted before, as {target}"),
                EntryOutcome::Refused(why) => format!("{label}: not posted: {why}"),
                EntryOutcome::Open => {
                    format!("{label}: QuickBooks did not say what became of it; do this again, it looks first")
                }
            });
        }
        Ok(Posted { told, all })
    }

    /// Was the schedule of this date posted for the job already? With a reversal it would be taken back and made again.
    fn stands(&self, schedule: &WipSchedule, links: &[Link], job: &str) -> bool {
        let prefix = format!("{job}.{}.", self.date);
        let posted = links.iter().any(|link| link.document.id.starts_with(&prefix));
        let row = schedule.rows.iter().find(|row| row.job == job);
        posted && row.map(JobBalances::of).as_ref() == self.balances.get(job)
    }

    /// A name of its own for each entry of a job and date: a schedule may be corrected and approved once more.
    fn name(&self, entry: &ProposedEntry, links: &[Link]) -> DocumentKey {
        let plain = format!("{}.{}.{}", entry.job, self.date, what(entry));
        let again = format!("{plain}.");
        let before = links.iter().filter(|l| *l.document.id == *plain || l.document.id.starts_with(&again)).count();
        let id = if before == 0 { plain } else { format!("{again}{}", before + 1) };
        DocumentKey::new(DocumentKind::WipEntry, id)
    }
}

fn what(entry: &ProposedEntry) -> &'static str {
    let is_loss = entry.lines.iter().any(|line| line.account == WipAccount::LossProvision);
    match entry.kind {
        EntryKind::Reversal if is_loss => "reversal-of-loss",
        EntryKind::Reversal => "reversal",
        EntryKind::Revenue => "revenue",
        _ => "loss",
    }
}
