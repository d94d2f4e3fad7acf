//! A WIP schedule on the screen, and as JSON.

use sync_core::model::Money;
use sync_core::wip::{EarnedTie, EntryLine, ProposedEntry, WipSchedule};

use super::estimates::Found;
use super::trial::AccountState;
use crate::site::table;

/// What there is to say.
pub(super) struct Report<'a> {
    pub(super) schedule: &'a WipSchedule,
    pub(super) entries: &'a [ProposedEntry],
    pub(super) estimates: &'a Found,
    pub(super) problems: &'a [String],
}

impl Report<'_> {
    pub(super) fn print(&self) {
        let header =
            ["job", "contract", "estimate", "cost", "%", "earned", "billed", "over", "under", "profit", "loss"];
        let mut rows = table(&header);
        for row in &self.schedule.rows {
            rows.add_row([
                row.job.clone(),
                row.contract.to_string(),
                row.estimated_cost.to_string(),
                row.cost_to_date.to_string(),
                row.percent_complete.percent(2).to_string(),
                row.earned.to_string(),
                row.billed_to_date.to_string(),
                row.overbilled.to_string(),
                row.underbilled.to_string(),
                row.gross_profit.to_string(),
                row.loss_provision.to_string(),
            ]);
        }
        println!("{rows}");
        for (job, from) in &self.estimates.from {
            println!("estimate of {job}: {from}");
        }
        if self.entries.is_empty() {
            return println!("No entries are needed.");
        }
        let mut rows = table(&["job", "proposed entry", "debit", "credit"]);
        let blank = |amount: Money| if amount.is_zero() { String::new() } else { amount.to_string() };
        for entry in self.entries {
            for line in &entry.lines {
                let account = line.account.name().to_owned();
                rows.add_row([entry.job.clone(), account, blank(line.debit), blank(line.credit)]);
            }
        }
        println!("{rows}\nNothing of this is posted until it is approved: the same command with --approve.");
    }

    pub(super) fn json(&self, ties: &[EarnedTie], accounts: &[AccountState]) -> serde_json::Value {
        let jobs: Vec<_> = self
            .schedule
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "job": row.job, "contract": row.contract.to_string(), "estimate_at_completion": row.estimated_cost.to_string(),
                    "estimate_from": self.estimates.from.get(&row.job), "cost_to_date": row.cost_to_date.to_string(),
                    "percent_complete": row.percent_complete.percent(4).to_string(), "earned": row.earned.to_string(),
                    "billed": row.billed_to_date.to_string(), "overbilled": row.overbilled.to_string(),
                    "underbilled": row.underbilled.to_string(), "gross_profit": row.gross_profit.to_string(),
                    "loss_provision": row.loss_provision.to_string()
                })
            })
            .collect();
        let line = |l: &EntryLine| serde_json::json!({ "account": l.account.name(), "debit": l.debit.to_string(), "credit": l.credit.to_string() });
        let entries: Vec<_> = self
            .entries
            .iter()
            .map(|entry| {
                serde_json::json!({ "job": entry.job, "lines": entry.lines.iter().map(line).collect::<Vec<_>>() })
            })
            .collect();
        let ties: Vec<_> = ties
            .iter()
            .map(|t| {
                serde_json::json!({
                    "job": t.job, "earned": t.earned.to_string(), "booked": t.booked.to_string(),
                    "difference": t.difference.to_string(), "text": t.text
                })
            })
            .collect();
        let accounts: Vec<_> = accounts
            .iter()
            .map(|state| {
                let untracked = |(label, amount): &(String, Money)| {
                    serde_json::json!({ "label": label, "amount": amount.to_string() })
                };
                serde_json::json!({
                    "account": state.account.name(), "posted": state.of_jobs.to_string(),
                    "balance": state.balance.map(|balance| balance.to_string()),
                    "difference": state.difference().map(|difference| difference.to_string()),
                    "untracked": state.untracked.iter().map(untracked).collect::<Vec<_>>()
                })
            })
            .collect();
        serde_json::json!({
            "jobs": jobs, "entries": entries, "t12": ties, "t12_accounts": accounts, "not_counted": self.problems
        })
    }
}

/// T12: earned against the books job by job, and the posted entries against the accounts.
pub(super) fn tied(ties: &[EarnedTie], accounts: &[AccountState]) {
    ties.iter().for_each(|tie| println!("T12 {}", tie.text));
    for state in accounts {
        let name = state.account.name();
        match (state.balance, state.difference()) {
            (Some(balance), Some(difference)) => {
                println!("T12 {name}: posted for jobs {}, account {balance}, difference {difference}", state.of_jobs);
            }
            _ => println!("T12 {name}: posted for jobs {}; QuickBooks states no balance", state.of_jobs),
        }
        for (label, amount) in &state.untracked {
            println!("  of no job: {label} {amount}");
        }
    }
}
