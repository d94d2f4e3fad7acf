//! The way back of direct costs: where they come from, and where they are recorded.

use std::fmt;

use async_trait::async_trait;

use super::{Cursor, Refusal};
use crate::direct_costs::{CostMade, DirectCost, DirectCostFact};
use crate::error::Error;
use crate::model::construction::Codes;
use crate::model::{Date, ProjectId, TargetRef};

/// Where costs come from: the accounting system. Read only.
#[async_trait]
pub trait CostSource: Send + Sync + fmt::Debug {
    /// Names the company in origin ids for ever, e.g. `qbo:9341`.
    fn company(&self) -> String;

    /// Purchases and bills that were made, changed or deleted since the cursor; without one, all that are dated `from` or
    /// later. Windows overlap: a change may be told twice, never left out.
    ///
    /// # Errors
    /// If the system cannot be asked. The cursor stays as it was.
    async fn costs(&self, since: Option<&Cursor>, from: Date) -> Result<CostChanges, Error>;

    /// Transactions read afresh, one answer for each, in the order of the question.
    ///
    /// # Errors
    /// If any cannot be read. [`CostRead::Gone`] is an answer of the system, never a failure to ask.
    async fn read_costs(&self, spent: &[TargetRef]) -> Result<Vec<CostRead>, Error>;
}

/// A transaction read from the accounting system.
#[derive(Clone, Debug)]
pub enum CostRead {
    /// As it is now.
    Found(Box<CostMade>),
    /// It is there, but a value in it cannot be read: which, and what is wrong with it.
    Unreadable(TargetRef, String),
    /// It was deleted, or never was.
    Gone(TargetRef),
}

impl CostRead {
    /// Which transaction.
    pub fn target(&self) -> &TargetRef {
        match self {
            Self::Found(made) => &made.target,
            Self::Unreadable(target, _) | Self::Gone(target) => target,
        }
    }
}

/// Transactions that changed, and where to go on.
#[derive(Clone, Debug)]
pub struct CostChanges {
    /// The transactions, as they are now.
    pub changed: Vec<CostRead>,
    /// Is it everything there is? Then whatever is known and not in it was deleted, or dated earlier.
    pub is_whole: bool,
    /// Where to go on.
    pub next: Cursor,
}

/// Where direct costs are recorded: the construction system. It records, and changes nothing that is recorded.
#[async_trait]
pub trait CostSink: Send + Sync + fmt::Debug {
    /// The budget codes of a project.
    ///
    /// # Errors
    /// If they cannot be read whole.
    async fn budget_codes(&self, project: &ProjectId) -> Result<Vec<BudgetCode>, Error>;

    /// All direct costs of a project, people's own included, as they are now.
    ///
    /// # Errors
    /// If they cannot be read whole: then none can be called missing.
    async fn direct_costs(&self, project: &ProjectId) -> Result<Vec<DirectCost>, Error>;

    /// Records one, and says truthfully what became of it. One whose origin id is taken by this very direct cost is done.
    async fn record(&self, fact: &DirectCostFact) -> CostOutcome;
}

/// A budget code of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetCode {
    /// Its id in the source.
    pub id: String,
    /// What it is made of.
    pub codes: Codes,
}

/// What became of a direct cost that was to be recorded.
#[derive(Clone, Debug)]
pub enum CostOutcome {
    /// It is recorded; this is what the source has now.
    Done(DirectCost),
    /// It certainly is not.
    Refused(Refusal),
    /// It may or may not be. The next call must be a read.
    Uncertain(String),
}
