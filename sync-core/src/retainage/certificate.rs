//! What comes out: the G703 rows and the G702 of an application, and the document that it becomes.

use super::journal_lines::{JournalRow, journal};
use super::posting::{LinePosting, PayAppPosting};
use crate::exact::Fraction;
use crate::mapping::RetainageLines;
use crate::model::{Currency, Money, MoneyError, SovLineId, TargetKind};

/// Who holds the retainage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// We hold it on a subcontractor: retainage payable.
    Payable,
    /// The owner holds it on us: retainage receivable.
    Receivable,
}

impl Side {
    /// The document that a net amount becomes. QuickBooks takes no bill or invoice below nothing; nothing at all is
    /// still a bill, since its lines move accounts.
    pub fn document(self, net: Money) -> TargetKind {
        match (self, net.is_negative()) {
            (Self::Payable, false) => TargetKind::Bill,
            (Self::Payable, true) => TargetKind::VendorCredit,
            (Self::Receivable, false) => TargetKind::Invoice,
            (Self::Receivable, true) => TargetKind::CreditMemo,
        }
    }
}

/// One row of the G703, and what it posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct G703Row {
    /// Column A.
    pub line: SovLineId,
    /// Column B.
    pub description: String,
    /// Column C: scheduled value, change orders included.
    pub scheduled: Money,
    /// Column D: work completed, from previous applications.
    pub previous_work: Money,
    /// Column E: work completed this period.
    pub this_period: Money,
    /// Column F: material presently stored. A balance.
    pub stored: Money,
    /// Column G: D + E + F.
    pub completed: Money,
    /// Column H: C - G.
    pub balance: Money,
    /// Column I: retainage held on the line; nothing where retainage is on the header only.
    pub held: Money,
    /// What the row posts: the difference to the application before.
    pub posting: LinePosting,
}

impl G703Row {
    /// The column "%": G / C; none while nothing is scheduled.
    ///
    /// # Errors
    /// If an amount is above ten trillion.
    pub fn percent_complete(&self) -> Result<Option<Fraction>, MoneyError> {
        Fraction::new(self.completed, self.scheduled)
    }
}

/// The G702: the summary of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct G702 {
    /// Line 1.
    pub original_sum: Money,
    /// Line 2: change orders that count.
    pub net_changes: Money,
    /// Line 3: 1 + 2.
    pub sum_to_date: Money,
    /// Line 4: sum of column G.
    pub completed: Money,
    /// Line 5a: retainage on completed work, less what was released.
    pub retainage_work: Money,
    /// Line 5b: retainage on stored material.
    pub retainage_stored: Money,
    /// Line 5: 5a + 5b; the sum of column I, or the retainage of the header.
    pub retainage: Money,
    /// Line 6: 4 - 5.
    pub earned_less_retainage: Money,
    /// Line 7: line 6 of the application before, as it was certified.
    pub previous_certificates: Money,
    /// Line 8: 6 - 7.
    pub current_due: Money,
    /// Line 9: 3 - 6, retainage included.
    pub balance_to_finish: Money,
}

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// Withheld this period.
    Withheld,
    /// Released this period.
    Released,
    /// What the source releases is more than is held.
    ReleasedAboveHeld,
}

/// The source states another amount than the terms give. The stated amount was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line; none for the document as a whole.
    pub line: Option<SovLineId>,
    /// Which amount.
    pub kind: DifferenceKind,
    /// As the source states it.
    pub stated: Money,
    /// As the terms give it.
    pub recomputed: Money,
    /// Stated less recomputed.
    pub difference: Money,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.line {
            Some(line) => write!(f, "line {line}: ")?,
            None => f.write_str("the document: ")?,
        }
        let what = match self.kind {
            DifferenceKind::Withheld => "withheld this period",
            DifferenceKind::Released => "released this period",
            DifferenceKind::ReleasedAboveHeld => {
                return write!(
                    f,
                    "{} is released, but only {} is held; check the release",
                    self.stated, self.recomputed
                );
            }
        };
        let (stated, recomputed, difference) = (self.stated, self.recomputed, self.difference);
        write!(
            f,
            "{what} is {stated} in the source, and {recomputed} by the terms ({difference}); the stated amount was posted"
        )
    }
}

/// An application worked out: both forms, the posting, and what the source states otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Number of the application.
    pub application: u32,
    /// Which side of the books.
    pub side: Side,
    /// Currency of every amount.
    pub currency: Currency,
    /// The G703: every line that counts by now, in the order of the schedule.
    pub rows: Vec<G703Row>,
    /// What is posted for the header alone: retainage of the whole contract, without a line. None by line.
    pub header: Option<LinePosting>,
    /// The G702.
    pub summary: G702,
    /// Gross, withheld and released of the document.
    pub total: LinePosting,
    /// What becomes due: gross - withheld + released = G702 line 8. Negative for a credit.
    pub net: Money,
    /// Where the source states other amounts than the terms give.
    pub differences: Vec<Difference>,
}

impl Certificate {
    /// The document that the application becomes.
    pub fn document(&self) -> TargetKind {
        self.side.document(self.net)
    }

    /// The total of that document, never negative.
    pub fn document_total(&self) -> Money {
        self.net.absolute()
    }

    /// Retainage held on the contract after it.
    pub fn held(&self) -> Money {
        self.summary.retainage
    }

    /// The row of a line.
    pub fn row(&self, line: &str) -> Option<&G703Row> {
        self.rows.iter().find(|row| row.line.as_str() == line)
    }

    /// Does it move no account? Then there is nothing to post. A document whose net is nothing may still move accounts.
    pub fn is_nothing(&self) -> bool {
        self.rows.iter().map(|row| &row.posting).chain(&self.header).all(LinePosting::is_nothing)
    }

    /// What is posted, row by row; retainage of the header comes last.
    pub fn posting(&self) -> PayAppPosting {
        let lines = self.rows.iter().map(|row| row.posting).chain(self.header).collect();
        PayAppPosting { lines, total: self.total, net: self.net }
    }

    /// The journal of the document: accounts by role, debits and credits.
    ///
    /// # Errors
    /// On overflow.
    pub fn journal(&self, lines: RetainageLines) -> Result<Vec<JournalRow>, MoneyError> {
        let rows = self.rows.iter().map(|row| (Some(&row.line), row.posting));
        let rows: Vec<_> = rows.chain(self.header.map(|header| (None, header))).collect();
        journal(self.side, self.currency, &rows, lines)
    }
}
