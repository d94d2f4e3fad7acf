//! The entries that bring the balances to the schedule: proposals, posted only when somebody approves them.

use std::collections::HashMap;

use super::job::{WipError, WipRow};
use crate::model::accounting::{JournalEntry, JournalLine};
use crate::model::{AccountId, ClassId, Currency, CustomerId, Date, Money, MoneyError};

/// What an account of a WIP entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WipAccount {
    /// Asset: costs and estimated earnings in excess of billings.
    Underbillings,
    /// Liability: billings in excess of costs and estimated earnings.
    Overbillings,
    /// Income: the adjustment of contract billings to what is earned.
    ContractRevenue,
    /// Liability: accrued loss on contracts.
    LossProvision,
    /// Cost: loss on contracts.
    LossOnContracts,
}

impl WipAccount {
    /// What an accountant calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Underbillings => "Underbillings",
            Self::Overbillings => "Overbillings",
            Self::ContractRevenue => "Contract revenue",
            Self::LossProvision => "Loss provision",
            Self::LossOnContracts => "Cost: loss on contracts",
        }
    }
}

/// The real account of each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WipAccounts {
    /// Of [`WipAccount::Underbillings`].
    pub underbillings: AccountId,
    /// Of [`WipAccount::Overbillings`].
    pub overbillings: AccountId,
    /// Of [`WipAccount::ContractRevenue`].
    pub contract_revenue: AccountId,
    /// Of [`WipAccount::LossProvision`].
    pub loss_provision: AccountId,
    /// Of [`WipAccount::LossOnContracts`].
    pub loss_on_contracts: AccountId,
}

impl WipAccounts {
    /// The account of a role.
    pub fn of(&self, role: WipAccount) -> &AccountId {
        match role {
            WipAccount::Underbillings => &self.underbillings,
            WipAccount::Overbillings => &self.overbillings,
            WipAccount::ContractRevenue => &self.contract_revenue,
            WipAccount::LossProvision => &self.loss_provision,
            WipAccount::LossOnContracts => &self.loss_on_contracts,
        }
    }
}

/// The WIP balances of a job in the books. None is below nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobBalances {
    /// The liability.
    pub overbilled: Money,
    /// The asset.
    pub underbilled: Money,
    /// Accrued loss.
    pub loss_provision: Money,
}

impl JobBalances {
    /// No balances.
    pub fn zero(currency: Currency) -> Self {
        let nothing = Money::zero(currency);
        Self { overbilled: nothing, underbilled: nothing, loss_provision: nothing }
    }

    /// What the schedule says that they should be.
    pub fn of(row: &WipRow) -> Self {
        Self { overbilled: row.overbilled, underbilled: row.underbilled, loss_provision: row.loss_provision }
    }

    fn check(&self, job: &str) -> Result<(), WipError> {
        let named = [
            ("overbillings", self.overbilled),
            ("underbillings", self.underbilled),
            ("loss provision", self.loss_provision),
        ];
        match named.into_iter().find(|(_, amount)| amount.is_negative()) {
            Some((what, amount)) => Err(WipError::BalanceBelowNothing { job: job.to_owned(), what, amount }),
            None => Ok(()),
        }
    }
}

/// How entries get from last month's balances to this month's. Both end at the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryBasis {
    /// One entry of the difference.
    #[default]
    Difference,
    /// Last month's entry is reversed, then this month's is made in full.
    Reversal,
}

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// Takes last month's balances back.
    Reversal,
    /// Brings revenue to what is earned.
    Revenue,
    /// Accrues the loss that is still to come.
    Loss,
}

/// A line of a proposed entry. One of debit and credit is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryLine {
    /// What the account is for.
    pub account: WipAccount,
    /// Debit.
    pub debit: Money,
    /// Credit.
    pub credit: Money,
}

/// An entry for one job. It balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedEntry {
    /// The job.
    pub job: String,
    /// What it is for.
    pub kind: EntryKind,
    /// Debits first.
    pub lines: Vec<EntryLine>,
}

impl ProposedEntry {
    /// Of accounts and amounts, positive for a debit; none where nothing moves.
    fn new(job: &str, kind: EntryKind, amounts: &[(WipAccount, Money)]) -> Option<Self> {
        let mut lines: Vec<EntryLine> = amounts
            .iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(account, amount)| {
                let nothing = Money::zero(amount.currency());
                let (debit, credit) =
                    if amount.is_negative() { (nothing, amount.negated()) } else { (*amount, nothing) };
                EntryLine { account: *account, debit, credit }
            })
            .collect();
        lines.sort_by_key(|line| line.debit.is_zero());
        if lines.is_empty() { None } else { Some(Self { job: job.to_owned(), kind, lines }) }
    }

    /// The entry with real accounts, to be posted when it is approved.
    ///
    /// # Errors
    /// Never for an entry made by [`proposed_entries`]; [`WipError::Unbalanced`] for one that was changed since.
    pub fn to_journal(
        &self,
        accounts: &WipAccounts,
        date: Date,
        number: Option<String>,
        customer: Option<CustomerId>,
        class: Option<ClassId>,
    ) -> Result<JournalEntry, WipError> {
        let what = match self.kind {
            EntryKind::Reversal => "reversal of last month's entry",
            EntryKind::Revenue => "revenue to what is earned",
            EntryKind::Loss => "expected loss",
        };
        let memo = format!("WIP {date}, job {}: {what}", self.job);
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            lines.push(JournalLine {
                account: accounts.of(line.account).clone(),
                amount: line.debit.minus(line.credit)?,
                description: memo.clone(),
                class: class.clone(),
                customer: customer.clone(),
            });
        }
        Ok(JournalEntry::new(number, date, memo, lines)?)
    }
}

/// The entries that bring last month's balances (by job; a job that is not named has none) to the schedule's rows. A
/// job whose balances do not change gets no entry of the difference.
///
/// # Errors
/// If a balance is below nothing or belongs to no row, so that it would stay in the books unseen.
pub fn proposed_entries(
    rows: &[WipRow],
    last_month: &HashMap<String, JobBalances>,
    basis: EntryBasis,
) -> Result<Vec<ProposedEntry>, WipError> {
    let mut strays: Vec<&String> = last_month.keys().filter(|job| !rows.iter().any(|row| row.job == **job)).collect();
    strays.sort();
    if let Some(job) = strays.first() {
        return Err(WipError::BalanceWithoutJob { job: (*job).clone() });
    }
    let mut entries = Vec::new();
    for row in rows {
        let zero = JobBalances::zero(row.currency());
        let before = last_month.get(&row.job).copied().unwrap_or(zero);
        before.check(&row.job)?;
        let now = JobBalances::of(row);
        match basis {
            EntryBasis::Difference => {
                entries.extend(revenue(&row.job, EntryKind::Revenue, before, now)?);
                entries.extend(loss(&row.job, EntryKind::Loss, before, now)?);
            }
            EntryBasis::Reversal => {
                entries.extend(revenue(&row.job, EntryKind::Reversal, before, zero)?);
                entries.extend(loss(&row.job, EntryKind::Reversal, before, zero)?);
                entries.extend(revenue(&row.job, EntryKind::Revenue, zero, now)?);
                entries.extend(loss(&row.job, EntryKind::Loss, zero, now)?);
            }
        }
    }
    Ok(entries)
}

fn revenue(
    job: &str,
    kind: EntryKind,
    from: JobBalances,
    to: JobBalances,
) -> Result<Option<ProposedEntry>, MoneyError> {
    let liability = from.overbilled.minus(to.overbilled)?;
    let asset = to.underbilled.minus(from.underbilled)?;
    let income = liability.plus(asset)?.negated();
    use WipAccount::*;
    Ok(ProposedEntry::new(job, kind, &[(Overbillings, liability), (Underbillings, asset), (ContractRevenue, income)]))
}

fn loss(job: &str, kind: EntryKind, from: JobBalances, to: JobBalances) -> Result<Option<ProposedEntry>, MoneyError> {
    let cost = to.loss_provision.minus(from.loss_provision)?;
    use WipAccount::*;
    Ok(ProposedEntry::new(job, kind, &[(LossOnContracts, cost), (LossProvision, cost.negated())]))
}

#[cfg(test)]
mod tests {
    use super::super::WipJob;
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    #[test]
    fn difference_and_reversal_end_at_the_same_balances() {
        let row = WipJob::new("B", usd("480000"), usd("400000"), usd("130000"), usd("120000")).row().unwrap();
        let before =
            JobBalances { overbilled: usd("4000"), loss_provision: usd("7"), ..JobBalances::zero(Currency::USD) };
        let last_month = HashMap::from([("B".to_owned(), before)]);
        let sums = [EntryBasis::Difference, EntryBasis::Reversal].map(|basis| {
            let mut sums: HashMap<WipAccount, Money> = HashMap::new();
            for line in
                proposed_entries(std::slice::from_ref(&row), &last_month, basis).unwrap().iter().flat_map(|e| &e.lines)
            {
                let sum = sums.entry(line.account).or_insert(usd("0"));
                *sum = sum.plus(line.debit).unwrap().minus(line.credit).unwrap();
            }
            sums
        });
        assert_eq!(sums[0], sums[1]);
        assert_eq!(sums[0][&WipAccount::ContractRevenue], usd("-40000"));
    }

    #[test]
    fn a_balance_of_a_job_that_is_gone_is_not_forgotten() {
        let last_month = HashMap::from([("Z".to_owned(), JobBalances::zero(Currency::USD))]);
        let refused = proposed_entries(&[], &last_month, EntryBasis::Difference).unwrap_err();
        assert_eq!(refused, WipError::BalanceWithoutJob { job: "Z".into() });
    }
}
