//! Both sides read, the schedule made of them, and what it asks for.

use std::path::Path;

use procore_client::budget::EstimateColumn;
use quickbooks_online::Books;
use sync_core::mapping::{AccountRole, Mapping, Names};
use sync_core::model::Date;
use sync_core::wip::{
    EarnedTie, EntryBasis, ProposedEntry, WipAccounts, WipSchedule, jobs, proposed_entries, schedule, tie_t12,
};

use super::estimates;
use super::post::{self, Posted};
use super::trial::{self, Customers, Trial};
use crate::Failure;
use crate::site::Site;

/// What the schedule is made of.
pub(crate) struct Asked<'a> {
    /// The controller's estimates at completion.
    pub(crate) estimates: Option<&'a Path>,
    /// Where the budget has those of other jobs.
    pub(crate) column: EstimateColumn,
    pub(crate) basis: EntryBasis,
}

/// A schedule, the entries that it asks for, and how it ties to the books.
pub(crate) struct Wip {
    pub(crate) schedule: WipSchedule,
    pub(crate) entries: Vec<ProposedEntry>,
    pub(crate) ties: Vec<EarnedTie>,
    /// What is not counted, and why.
    pub(crate) problems: Vec<String>,
    pub(super) estimates: estimates::Found,
    pub(super) trial: Trial,
    mapping: Mapping,
    accounts: Option<WipAccounts>,
    customers: Customers,
}

impl Wip {
    /// Reads both sides.
    ///
    /// # Errors
    /// If a side cannot be read, or amounts cannot be added.
    pub(crate) async fn gather(site: &Site, asked: &Asked<'_>) -> Result<Self, Failure> {
        let currency = site.settings.currency;
        let mapping = site.mapping()?;
        let (documents, mut problems) = site.documents().await?;
        let estimates = estimates::gather(site, asked.estimates, &asked.column, &documents, &mut problems).await?;
        let (found, wrong) = jobs(currency, &documents, &estimates.all)?;
        problems.extend(wrong);
        let schedule = schedule(currency, &found)?;
        problems.extend(schedule.faults.iter().map(ToString::to_string));
        let directory = site.directory().await?;
        let names = Names::new(&directory);
        let customers = trial::customers(site, &documents).await?;
        let accounts = match accounts(&mapping, &names) {
            Ok(accounts) => Some(accounts),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let trial = read(site, accounts.as_ref(), &customers).await?;
        let entries = proposed_entries(&schedule.rows, &trial.balances, asked.basis)?;
        let ties = tie_t12(&schedule.rows, &trial.revenue)?;
        Ok(Self { schedule, entries, ties, problems, estimates, trial, mapping, accounts, customers })
    }

    /// Is everything there that the entries need?
    pub(crate) fn can_post(&self) -> bool {
        self.schedule.faults.is_empty() && self.accounts.is_some()
    }

    /// Posts the entries, dated so, and reads the books again: what stands there now must be what was approved.
    ///
    /// # Errors
    /// If something of the schedule is missing, or a side cannot be asked.
    pub(crate) async fn approve(&mut self, site: &Site, date: Date) -> Result<Posted, Failure> {
        if !self.schedule.faults.is_empty() {
            return Err("the schedule has faults; nothing was posted".into());
        }
        let accounts = self.accounts.as_ref().ok_or("accounts are missing; nothing was posted")?;
        let approval = post::Approval { accounts, date, customers: &self.customers, balances: &self.trial.balances };
        let posted = approval.post(site, &self.mapping, &self.schedule, &self.entries).await?;
        self.trial = read(site, self.accounts.as_ref(), &self.customers).await?;
        self.ties = tie_t12(&self.schedule.rows, &self.trial.revenue)?;
        Ok(posted)
    }
}

async fn read(site: &Site, accounts: Option<&WipAccounts>, customers: &Customers) -> Result<Trial, Failure> {
    let Some(accounts) = accounts else { return Ok(Trial::default()) };
    let books = Books::new(site.connection.sink.client().clone()).load().await?;
    Trial::of(&books, accounts, customers, site.settings.currency)
}

/// Revenue is adjusted where contract billings are booked, and a loss is a job cost.
fn accounts(mapping: &Mapping, names: &Names<'_>) -> Result<WipAccounts, String> {
    Ok(WipAccounts {
        underbillings: mapping.account(AccountRole::Underbillings, names)?,
        overbillings: mapping.account(AccountRole::Overbillings, names)?,
        contract_revenue: mapping.account(AccountRole::ContractBillings, names)?,
        loss_provision: mapping.account(AccountRole::LossProvision, names)?,
        loss_on_contracts: mapping.account(AccountRole::JobCost, names)?,
    })
}
