//! The schedule of all jobs, and its totals.

use std::collections::HashSet;

use super::job::{WipError, WipJob, WipRow};
use crate::model::{Currency, Money, MoneyError};

/// The WIP schedule as of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WipSchedule {
    /// Currency of every amount.
    pub currency: Currency,
    /// A row for each job that can be worked out.
    pub rows: Vec<WipRow>,
    /// Why the others have none. A schedule with faults is not ready to be posted.
    pub faults: Vec<WipError>,
    /// Sums of the rows.
    pub totals: WipTotals,
}

/// Sums of the rows. Overbillings and underbillings are two sums: jobs are never netted against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WipTotals {
    /// Contract sums.
    pub contract: Money,
    /// Estimated cost at completion.
    pub estimated_cost: Money,
    /// Cost to date.
    pub cost_to_date: Money,
    /// Earned.
    pub earned: Money,
    /// Billed to date.
    pub billed_to_date: Money,
    /// The liability.
    pub overbilled: Money,
    /// The asset.
    pub underbilled: Money,
    /// Gross profit to date.
    pub gross_profit: Money,
    /// Backlog.
    pub backlog: Money,
    /// Cost to complete.
    pub cost_to_complete: Money,
    /// Accrued losses.
    pub loss_provision: Money,
}

/// The schedule of all jobs. A job that cannot be worked out is a fault and does not stop the others.
///
/// # Errors
/// If the sums cannot be held, or jobs have different currencies.
pub fn schedule(currency: Currency, jobs: &[WipJob]) -> Result<WipSchedule, WipError> {
    let mut rows: Vec<WipRow> = Vec::with_capacity(jobs.len());
    let mut faults = Vec::new();
    let mut seen = HashSet::with_capacity(jobs.len());
    for job in jobs {
        if !seen.insert(job.job.as_str()) {
            faults.push(WipError::JobTwice { job: job.job.clone() });
            continue;
        }
        match job.row() {
            Ok(row) => rows.push(row),
            Err(WipError::Money(error)) => return Err(error.into()),
            Err(fault) => faults.push(fault),
        }
    }
    let totals = WipTotals::of(currency, &rows)?;
    Ok(WipSchedule { currency, rows, faults, totals })
}

impl WipTotals {
    fn of(currency: Currency, rows: &[WipRow]) -> Result<Self, MoneyError> {
        let sum = |column: fn(&WipRow) -> Money| Money::sum(currency, rows.iter().map(column));
        Ok(Self {
            contract: sum(|row| row.contract)?,
            estimated_cost: sum(|row| row.estimated_cost)?,
            cost_to_date: sum(|row| row.cost_to_date)?,
            earned: sum(|row| row.earned)?,
            billed_to_date: sum(|row| row.billed_to_date)?,
            overbilled: sum(|row| row.overbilled)?,
            underbilled: sum(|row| row.underbilled)?,
            gross_profit: sum(|row| row.gross_profit)?,
            backlog: sum(|row| row.backlog)?,
            cost_to_complete: sum(|row| row.cost_to_complete)?,
            loss_provision: sum(|row| row.loss_provision)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    fn job(name: &str, contract: &str, estimate: &str, cost: &str, billed: &str) -> WipJob {
        WipJob::new(name, usd(contract), usd(estimate), usd(cost), usd(billed))
    }

    #[test]
    fn a_job_over_and_a_job_under_are_never_netted() {
        let jobs = [job("A", "100", "50", "25", "60"), job("B", "100", "50", "25", "40")];
        let totals = schedule(Currency::USD, &jobs).unwrap().totals;
        assert_eq!((totals.overbilled, totals.underbilled), (usd("10"), usd("10")));
    }

    #[test]
    fn at_completion_all_is_earned_and_what_is_billed_in_full_is_neither_over_nor_under() {
        let row = job("A", "333.33", "250.01", "250.01", "333.33").row().unwrap();
        assert_eq!((row.earned, row.overbilled, row.underbilled), (usd("333.33"), usd("0"), usd("0")));
        assert_eq!((row.backlog, row.cost_to_complete), (usd("0"), usd("0")));
    }

    #[test]
    fn a_job_without_a_percentage_says_why_and_leaves_the_others_alone() {
        let jobs = [
            job("no estimate", "100", "0", "0", "0"),
            job("overtaken", "100", "50", "50.01", "0"),
            job("all material", "100", "50", "50", "0").with_uninstalled(usd("50")),
            job("fine", "100", "50", "25", "50"),
            job("fine", "100", "50", "25", "50"),
        ];
        let schedule = schedule(Currency::USD, &jobs).unwrap();
        assert_eq!(schedule.rows.len(), 1);
        let said: Vec<String> = schedule.faults.iter().map(ToString::to_string).collect();
        for (text, word) in said.iter().zip(["enter the estimate", "raise the estimated", "all of the", "twice"]) {
            assert!(text.contains(word), "{text}");
        }
        assert_eq!(said.len(), 4);
    }
}
