//! T12: what the schedule says is earned = billings + adjustments in the trial balance, job by job.

use std::collections::BTreeMap;

use super::job::WipRow;
use crate::model::{Money, MoneyError};

/// What the trial balance shows of a job's revenue, to date. Credits are positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRevenue {
    /// The job.
    pub job: String,
    /// Contract billings.
    pub billings: Money,
    /// Adjustments by WIP entries: underbillings less overbillings, when they were all posted.
    pub adjustments: Money,
}

/// How a job's revenue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RevenueState {
    /// It ties.
    Ties,
    /// Billings differ from the schedule's.
    BillingsDiffer,
    /// No entry of the schedule is in the books.
    EntryMissing,
    /// The entry is in the books twice.
    PostedTwice,
    /// The adjustments are something else.
    AdjustmentsDiffer,
    /// The books have revenue of a job that is not in the schedule.
    NotInSchedule,
}

/// One job of T12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarnedTie {
    /// The job.
    pub job: String,
    /// Earned by the schedule; nothing for a job that is not in it.
    pub earned: Money,
    /// Billings + adjustments in the books.
    pub booked: Money,
    /// Earned less booked.
    pub difference: Money,
    /// How it stands.
    pub state: RevenueState,
    /// For people.
    pub text: String,
}

/// Ties earned revenue to date to the trial balance. A job that the trial balance lacks has nothing booked.
///
/// # Errors
/// On two currencies, or overflow.
pub fn tie_t12(rows: &[WipRow], trial: &[JobRevenue]) -> Result<Vec<EarnedTie>, MoneyError> {
    let mut booked: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
    for revenue in trial {
        let nothing = Money::zero(revenue.billings.currency());
        let sum = booked.entry(&revenue.job).or_insert((nothing, nothing));
        *sum = (sum.0.plus(revenue.billings)?, sum.1.plus(revenue.adjustments)?);
    }
    let mut ties = Vec::with_capacity(rows.len());
    for row in rows {
        let nothing = Money::zero(row.currency());
        let (billings, adjustments) = booked.remove(row.job.as_str()).unwrap_or((nothing, nothing));
        ties.push(tie(row, billings, adjustments)?);
    }
    for (job, (billings, adjustments)) in booked {
        let booked = billings.plus(adjustments)?;
        if booked.is_zero() {
            continue;
        }
        ties.push(EarnedTie {
            job: job.to_owned(),
            earned: Money::zero(booked.currency()),
            booked,
            difference: booked.negated(),
            state: RevenueState::NotInSchedule,
            text: format!("job {job} has revenue of {booked} in the books and is not in the schedule"),
        });
    }
    Ok(ties)
}

fn tie(row: &WipRow, billings: Money, adjustments: Money) -> Result<EarnedTie, MoneyError> {
    let wanted = row.underbilled.minus(row.overbilled)?;
    let booked = billings.plus(adjustments)?;
    let difference = row.earned.minus(booked)?;
    let job = &row.job;
    let (state, text) = if billings != row.billed_to_date {
        let text = format!("job {job}: billed {} by the schedule, {billings} in the books", row.billed_to_date);
        (RevenueState::BillingsDiffer, text)
    } else if adjustments == wanted {
        (RevenueState::Ties, format!("job {job} ties: earned {}", row.earned))
    } else if adjustments.is_zero() {
        (RevenueState::EntryMissing, format!("job {job}: the WIP entry of {wanted} is missing"))
    } else if adjustments == wanted.plus(wanted)? {
        (RevenueState::PostedTwice, format!("job {job}: the WIP entry of {wanted} was posted twice"))
    } else {
        let text = format!("job {job}: adjustments are {adjustments} in the books and {wanted} by the schedule");
        (RevenueState::AdjustmentsDiffer, text)
    };
    Ok(EarnedTie { job: job.clone(), earned: row.earned, booked, difference, state, text })
}

#[cfg(test)]
mod tests {
    use super::super::WipJob;
    use super::*;
    use crate::model::Currency;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    #[test]
    fn a_missing_and_a_doubled_entry_are_told_apart() {
        let row = WipJob::new("B", usd("480000"), usd("400000"), usd("130000"), usd("120000")).row().unwrap();
        let state = |adjustments: &str| {
            let trial = [JobRevenue { job: "B".into(), billings: usd("120000"), adjustments: usd(adjustments) }];
            let tie = tie_t12(std::slice::from_ref(&row), &trial).unwrap().remove(0);
            (tie.state, tie.difference)
        };
        assert_eq!(state("36000"), (RevenueState::Ties, usd("0")));
        assert_eq!(state("0"), (RevenueState::EntryMissing, usd("36000")));
        assert_eq!(state("72000"), (RevenueState::PostedTwice, usd("-36000")));
        assert_eq!(state("1"), (RevenueState::AdjustmentsDiffer, usd("35999")));
    }

    #[test]
    fn revenue_of_a_job_that_the_schedule_lacks_is_named() {
        let trial = [JobRevenue { job: "Z".into(), billings: usd("5"), adjustments: usd("0") }];
        let ties = tie_t12(&[], &trial).unwrap();
        assert_eq!((ties[0].state, ties[0].difference), (RevenueState::NotInSchedule, usd("-5")));
    }
}
