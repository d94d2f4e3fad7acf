//! One job: what goes in, and its row of the schedule.

use crate::exact::{Fraction, cents, money};
use crate::model::{Currency, Money, MoneyError};

/// A job as of a date. All amounts are in one currency; none is below nothing but where said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WipJob {
    /// Number or name.
    pub job: String,
    /// Contract sum to date: original plus approved change orders. Pending ones change nothing.
    pub contract: Money,
    /// Estimated cost at completion (EAC), the expected cost of pending work included.
    pub estimated_cost: Money,
    /// Actual cost to date, retainage included.
    pub cost_to_date: Money,
    /// Billed to date, before retainage.
    pub billed_to_date: Money,
    /// Cost of material that is delivered but not installed, where the controller leaves it out of the percentage: it
    /// earns its cost and no profit until it is installed. Nothing where the rule is not used.
    pub uninstalled: Money,
}

impl WipJob {
    /// A job without uninstalled material.
    pub fn new(
        job: impl Into<String>,
        contract: Money,
        estimated_cost: Money,
        cost_to_date: Money,
        billed_to_date: Money,
    ) -> Self {
        let uninstalled = Money::zero(contract.currency());
        Self { job: job.into(), contract, estimated_cost, cost_to_date, billed_to_date, uninstalled }
    }

    /// The same with material that is delivered but not installed, at cost.
    #[must_use]
    pub fn with_uninstalled(mut self, cost: Money) -> Self {
        self.uninstalled = cost;
        self
    }

    /// The job's row of the schedule.
    ///
    /// # Errors
    /// [`WipError`] where there is no percentage, or one that cannot be meant.
    pub fn row(&self) -> Result<WipRow, WipError> {
        let currency = self.contract.currency();
        let read = |amount: Money| cents(amount.plus(Money::zero(currency))?);
        let job = || self.job.clone();
        let (contract, estimate, cost) = (read(self.contract)?, read(self.estimated_cost)?, read(self.cost_to_date)?);
        let (billed, uninstalled) = (read(self.billed_to_date)?, read(self.uninstalled)?);
        if estimate <= 0 {
            return Err(WipError::NoEstimate { job: job(), estimate: self.estimated_cost });
        }
        if cost < 0 {
            return Err(WipError::CostBelowNothing { job: job(), cost: self.cost_to_date });
        }
        if cost > estimate {
            let (cost, estimate) = (self.cost_to_date, self.estimated_cost);
            return Err(WipError::CostAboveEstimate { job: job(), cost, estimate });
        }
        if uninstalled < 0 || uninstalled > cost {
            let (uninstalled, cost) = (self.uninstalled, self.cost_to_date);
            return Err(WipError::UninstalledAboveCost { job: job(), uninstalled, cost });
        }
        let percent = Fraction::of_cents(cost - uninstalled, estimate - uninstalled)
            .ok_or_else(|| WipError::NothingToInstall { job: job(), uninstalled: self.uninstalled })?;
        let earned = percent.of_amount(contract - uninstalled)? + uninstalled;
        let over_under = billed - earned;
        let loss = if estimate > contract { (estimate - contract) - (cost - earned) } else { 0 };
        let amount = |cents: i128| money(cents, currency);
        Ok(WipRow {
            job: job(),
            contract: self.contract,
            estimated_cost: self.estimated_cost,
            estimated_profit: amount(contract - estimate)?,
            cost_to_date: self.cost_to_date,
            uninstalled: self.uninstalled,
            percent_complete: percent,
            earned: amount(earned)?,
            billed_to_date: self.billed_to_date,
            overbilled: amount(over_under.max(0))?,
            underbilled: amount((-over_under).max(0))?,
            gross_profit: amount(earned - cost)?,
            backlog: amount(contract - earned)?,
            cost_to_complete: amount(estimate - cost)?,
            loss_provision: amount(loss)?,
        })
    }
}

/// A row of the WIP schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WipRow {
    /// Number or name.
    pub job: String,
    /// Contract sum to date.
    pub contract: Money,
    /// Estimated cost at completion.
    pub estimated_cost: Money,
    /// contract - estimated cost; negative for a job that loses.
    pub estimated_profit: Money,
    /// Actual cost to date.
    pub cost_to_date: Money,
    /// Of it, material not installed.
    pub uninstalled: Money,
    /// (cost - uninstalled) / (estimated cost - uninstalled), exact.
    pub percent_complete: Fraction,
    /// percent complete x (contract - uninstalled) + uninstalled, rounded once.
    pub earned: Money,
    /// Billed to date, before retainage.
    pub billed_to_date: Money,
    /// Billed above earned: a liability.
    pub overbilled: Money,
    /// Earned above billed: an asset.
    pub underbilled: Money,
    /// earned - cost to date.
    pub gross_profit: Money,
    /// contract - earned.
    pub backlog: Money,
    /// estimated cost - cost to date.
    pub cost_to_complete: Money,
    /// The part of an expected loss that is not in the gross profit yet; nothing for a job that does not lose.
    pub loss_provision: Money,
}

impl WipRow {
    /// The currency of every amount.
    pub fn currency(&self) -> Currency {
        self.contract.currency()
    }
}

/// Why a job has no row, or an entry cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WipError {
    /// There is nothing to divide by.
    #[error(
        "job {job}: the estimated cost at completion is {estimate}, so there is no percentage of completion; enter the \
         estimate in the budget or in the file of estimates"
    )]
    NoEstimate {
        /// The job.
        job: String,
        /// As given.
        estimate: Money,
    },
    /// Cost below nothing.
    #[error("job {job}: the cost to date is {cost}; correct the postings to the job")]
    CostBelowNothing {
        /// The job.
        job: String,
        /// As given.
        cost: Money,
    },
    /// The estimate has been overtaken.
    #[error("job {job}: {cost} was spent of an estimated {estimate}; raise the estimated cost at completion")]
    CostAboveEstimate {
        /// The job.
        job: String,
        /// Cost to date.
        cost: Money,
        /// Estimated cost at completion.
        estimate: Money,
    },
    /// More material than cost.
    #[error("job {job}: uninstalled material is {uninstalled}, but the cost to date is {cost}; correct the material")]
    UninstalledAboveCost {
        /// The job.
        job: String,
        /// As given.
        uninstalled: Money,
        /// Cost to date.
        cost: Money,
    },
    /// All that the job will ever cost is material that is not installed.
    #[error(
        "job {job}: uninstalled material of {uninstalled} is all of the estimated cost, so there is no percentage of \
         completion; leave it in the percentage, or correct the estimate"
    )]
    NothingToInstall {
        /// The job.
        job: String,
        /// As given.
        uninstalled: Money,
    },
    /// A job stands twice.
    #[error("job {job} stands twice in the schedule; give each job once")]
    JobTwice {
        /// The job.
        job: String,
    },
    /// A balance of last month belongs to no job of the schedule.
    #[error("there are WIP balances of job {job}, which is not in the schedule; add the job, or clear its balances")]
    BalanceWithoutJob {
        /// The job.
        job: String,
    },
    /// A balance of last month has the wrong sign.
    #[error("job {job}: last month's {what} is {amount}; balances are given without a sign")]
    BalanceBelowNothing {
        /// The job.
        job: String,
        /// Which balance.
        what: &'static str,
        /// As given.
        amount: Money,
    },
    /// A journal entry that does not balance.
    #[error(transparent)]
    Unbalanced(#[from] crate::model::accounting::Unbalanced),
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
