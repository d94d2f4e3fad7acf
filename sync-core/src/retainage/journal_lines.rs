//! The journal of a document: what it debits and credits, by the role of the account.
//!
//! Work is booked gross, once, when it is billed. A release touches neither cost nor revenue. Payables and receivables
//! hold only what is due.

use std::fmt;

use super::certificate::Side;
use super::posting::LinePosting;
use crate::mapping::{AccountRole, RetainageLines};
use crate::model::{Currency, Money, MoneyError, SovLineId};

/// What a row of a journal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JournalPart {
    /// Work and stored material billed, before retainage.
    Gross,
    /// Retainage withheld.
    Withheld,
    /// Retainage released.
    Released,
    /// What is due.
    Due,
}

/// One row of a journal. One of debit and credit is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// What the account is for.
    pub account: AccountRole,
    /// The line of the schedule of values; none for the document as a whole.
    pub line: Option<SovLineId>,
    /// What the row stands for.
    pub part: JournalPart,
    /// Debit.
    pub debit: Money,
    /// Credit.
    pub credit: Money,
}

impl JournalRow {
    fn new(
        account: AccountRole,
        line: Option<&SovLineId>,
        part: JournalPart,
        debit: Money,
    ) -> Result<Option<Self>, MoneyError> {
        if debit.is_zero() {
            return Ok(None);
        }
        let nothing = Money::zero(debit.currency());
        let (debit, credit) = if debit.is_negative() { (nothing, debit.negated()) } else { (debit, nothing) };
        Ok(Some(Self { account, line: line.cloned(), part, debit, credit }))
    }
}

/// As an accountant writes it: `Job cost:1`, `Retainage payable (withheld)`, `Accounts payable`.
impl fmt::Display for JournalRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.account.name())?;
        if let Some(line) = &self.line {
            write!(f, ":{line}")?;
        }
        match self.part {
            JournalPart::Withheld => f.write_str(" (withheld)"),
            JournalPart::Released => f.write_str(" (released)"),
            JournalPart::Gross | JournalPart::Due => Ok(()),
        }
    }
}

/// The journal of a document from what its lines post. Rows of nothing are left out; debits equal credits.
///
/// # Errors
/// On two currencies, or overflow.
pub fn journal(
    side: Side,
    currency: Currency,
    lines: &[(Option<&SovLineId>, LinePosting)],
    retainage: RetainageLines,
) -> Result<Vec<JournalRow>, MoneyError> {
    let (gross_account, retainage_account, due_account) = match side {
        Side::Payable => (AccountRole::JobCost, AccountRole::RetainagePayable, AccountRole::AccountsPayable),
        Side::Receivable => {
            (AccountRole::ContractBillings, AccountRole::RetainageReceivable, AccountRole::AccountsReceivable)
        }
    };
    // The owner's side is the mirror image.
    let signed = |debit: Money| if side == Side::Payable { debit } else { debit.negated() };
    let mut gross = Vec::new();
    let mut held = Vec::new();
    let mut net = Money::zero(currency);
    for (line, posting) in lines {
        net = net.plus(posting.net()?)?;
        gross.extend(JournalRow::new(gross_account, *line, JournalPart::Gross, signed(posting.gross))?);
    }
    type Part = (JournalPart, fn(&LinePosting) -> Money);
    let parts: [Part; 2] = [(JournalPart::Withheld, |p| p.withheld.negated()), (JournalPart::Released, |p| p.released)];
    for (part, of) in parts {
        match retainage {
            RetainageLines::PerLine => {
                for (line, posting) in lines {
                    held.extend(JournalRow::new(retainage_account, *line, part, signed(of(posting)))?);
                }
            }
            RetainageLines::PerDocument => {
                let sum = Money::sum(currency, lines.iter().map(|(_, posting)| of(posting)))?;
                held.extend(JournalRow::new(retainage_account, None, part, signed(sum))?);
            }
        }
    }
    let due = JournalRow::new(due_account, None, JournalPart::Due, signed(net.negated()))?;
    let mut rows = Vec::with_capacity(gross.len() + held.len() + 1);
    match side {
        Side::Payable => {
            rows.extend(gross);
            rows.extend(held);
            rows.extend(due);
        }
        Side::Receivable => {
            rows.extend(due);
            rows.extend(held);
            rows.extend(gross);
        }
    }
    Ok(rows)
}

/// Sum of the debits and sum of the credits.
///
/// # Errors
/// On two currencies, or overflow.
pub fn balance(currency: Currency, rows: &[JournalRow]) -> Result<(Money, Money), MoneyError> {
    let debit = Money::sum(currency, rows.iter().map(|row| row.debit))?;
    Ok((debit, Money::sum(currency, rows.iter().map(|row| row.credit))?))
}
