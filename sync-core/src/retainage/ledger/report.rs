//! Retainage by contract, line, party or project.

use std::collections::BTreeMap;

use super::{LedgerContract, RetainageBalance, RetainageLedger};
use crate::model::{MoneyError, SovLineId};
use crate::retainage::Side;

/// What the rows of a report stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Grouping {
    /// Each contract.
    Contract,
    /// Each line of each contract.
    Line,
    /// Each vendor or owner.
    Party,
    /// Each project.
    Project,
}

/// A row of a retainage report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Number of the contract, or name of the party or project.
    pub label: String,
    /// The line, in a report by line; none for retainage of the header.
    pub line: Option<SovLineId>,
    /// Which side of the books.
    pub side: Side,
    /// To date.
    pub balance: RetainageBalance,
    /// How many documents made it.
    pub documents: usize,
}

impl RetainageLedger {
    /// The rows of a report of one side, ordered by label and line.
    ///
    /// # Errors
    /// On overflow.
    pub fn report(&self, side: Side, by: Grouping) -> Result<Vec<LedgerRow>, MoneyError> {
        let label = |about: &LedgerContract| match by {
            Grouping::Contract | Grouping::Line => about.label.clone(),
            Grouping::Party => about.party.clone(),
            Grouping::Project => about.project.clone(),
        };
        let zero = RetainageBalance::zero(self.currency());
        let mut rows: BTreeMap<(String, Option<SovLineId>), (RetainageBalance, usize)> = BTreeMap::new();
        for contract in self.contracts.values().filter(|contract| contract.about.side == side) {
            let label = label(&contract.about);
            if by != Grouping::Line {
                rows.entry((label.clone(), None)).or_insert((zero, 0));
            }
            for document in contract.counted() {
                let mut last = None;
                for (line, posting) in &document.lines {
                    let line = line.clone().filter(|_| by == Grouping::Line);
                    let row = rows.entry((label.clone(), line.clone())).or_insert((zero, 0));
                    row.0 = row.0.plus(posting)?;
                    if last.as_ref() != Some(&line) {
                        row.1 += 1;
                        last = Some(line);
                    }
                }
            }
        }
        let row = |((label, line), (balance, documents))| LedgerRow { label, line, side, balance, documents };
        Ok(rows.into_iter().map(row).collect())
    }
}
