//! What the tie-outs came to.

use super::finding::{Finding, Measure};
use crate::model::Money;

/// Two totals that must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieOut {
    /// T1 to T7.
    pub id: &'static str,
    /// What is measured.
    pub measure: Measure,
    /// Procore's total.
    pub left: Money,
    /// QuickBooks' total.
    pub right: Money,
    /// Left minus right.
    pub difference: Money,
    /// Do the findings add up to the difference, each with a reason?
    pub explained: bool,
}

/// What a project comes to on both sides; each pair is (Procore, QuickBooks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRow {
    /// The project.
    pub project: String,
    /// Revised commitments against purchase orders.
    pub committed: (Money, Money),
    /// Billed before retainage.
    pub billed: (Money, Money),
    /// Paid.
    pub paid: (Money, Money),
    /// Retainage held.
    pub held: (Money, Money),
}

/// The tie-outs, the findings that explain them, and the projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieOutReport {
    /// T1 to T3, T5 to T7; T2 and T5 once for each measure.
    pub tie_outs: Vec<TieOut>,
    /// What explains the differences.
    pub findings: Vec<Finding>,
    /// Per project.
    pub projects: Vec<ProjectRow>,
}

impl TieOutReport {
    /// Is every difference nothing, or explained?
    pub fn is_clean(&self) -> bool {
        self.tie_outs.iter().all(|t| t.explained)
    }

    /// The tie-out of an id that stands for it in summaries: for T2 and T5, the net.
    pub fn headline(&self, id: &str) -> Option<&TieOut> {
        let mut tie_outs = self.tie_outs.iter().filter(|t| t.id == id);
        let first = tie_outs.next()?;
        tie_outs.find(|t| t.measure == Measure::Net).or(Some(first))
    }
}
