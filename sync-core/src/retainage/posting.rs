//! What a pay app bills, withholds and releases, line by line.
//!
//! A pay app states balances to date; what is posted is the difference to the application before. Amounts that the
//! source states are posted as stated; the recomputation here only checks that header and lines agree.

use crate::model::construction::{PayApp, PayAppLine, PayAppSummary};
use crate::model::{Currency, Money, MoneyError};

/// What one G703 row posts. All amounts are signed: negative when billed work is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePosting {
    /// Work and stored material billed this period: E + (F - F before).
    pub gross: Money,
    /// Retainage withheld this period.
    pub withheld: Money,
    /// Retainage released this period.
    pub released: Money,
}

impl LinePosting {
    /// What becomes due: gross - withheld + released.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.gross.minus(self.withheld)?.plus(self.released)
    }

    /// Does it move no account?
    pub fn is_nothing(&self) -> bool {
        self.gross.is_zero() && self.withheld.is_zero() && self.released.is_zero()
    }
}

/// What a pay app posts: one entry per G703 row, in their order, and the sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayAppPosting {
    /// Per row of the pay app.
    pub lines: Vec<LinePosting>,
    /// The sums of the rows.
    pub total: LinePosting,
    /// What becomes due; negative for a credit.
    pub net: Money,
}

impl PayAppPosting {
    /// Does no line move an account?
    pub fn is_nothing(&self) -> bool {
        self.lines.iter().all(LinePosting::is_nothing)
    }
}

/// Header and lines of a pay app disagree, or cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Disagreement {
    /// A total of the header is not the sum of the lines.
    #[error("{what}: the header says {header}, the lines add up to {lines} (difference {difference})")]
    Header {
        /// Which total.
        what: &'static str,
        /// As stated.
        header: Money,
        /// Sum of the lines.
        lines: Money,
        /// Header less lines.
        difference: Money,
    },
    /// Column G of a row is not D + E + F.
    #[error("line {line}: completed and stored is stated as {stated}, but D + E + F is {sum}")]
    Line {
        /// Description of the row.
        line: String,
        /// As stated.
        stated: Money,
        /// D + E + F.
        sum: Money,
    },
    /// Tax is part of the payment, and taxes are not synced.
    #[error("the application contains tax of {0}, which is not synced; enter the bill by hand")]
    Tax(Money),
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Whether the source counts retainage that moved from stored material to installed work as withheld on work again.
/// Procore does not document it, so the header of the application decides.
#[derive(Clone, Copy)]
enum Moved {
    Included,
    OnTop,
}

/// Computes what a pay app posts, and checks it against its header.
///
/// # Errors
/// [`Disagreement`] naming both figures if header and lines differ, also by one cent.
pub fn posting(app: &PayApp) -> Result<PayAppPosting, Disagreement> {
    posting_of(&app.lines, &app.summary, app.currency)
}

/// As [`posting`], for the rows and header of any application: owner invoices have the same form.
///
/// # Errors
/// As [`posting`].
pub fn posting_of(
    rows: &[PayAppLine],
    summary: &PayAppSummary,
    currency: Currency,
) -> Result<PayAppPosting, Disagreement> {
    check_progress(rows, summary, currency)?;
    let posting = post(rows, currency, Moved::Included)?;
    let Some(due) = summary.current_payment_due else { return Ok(posting) };
    if let Some(tax) = summary.tax.filter(|tax| !tax.is_zero()) {
        return Err(Disagreement::Tax(tax));
    }
    if due == posting.net {
        return Ok(posting);
    }
    let other = post(rows, currency, Moved::OnTop)?;
    if due == other.net {
        return Ok(other);
    }
    Err(header("current payment due", due, posting.net)?)
}

fn post(rows: &[PayAppLine], currency: Currency, moved: Moved) -> Result<PayAppPosting, MoneyError> {
    let lines = rows.iter().map(|line| post_line(line, moved)).collect::<Result<Vec<_>, _>>()?;
    let sum = |part: fn(&LinePosting) -> Money| Money::sum(currency, lines.iter().map(part));
    let total =
        LinePosting { gross: sum(|l| l.gross)?, withheld: sum(|l| l.withheld)?, released: sum(|l| l.released)? };
    Ok(PayAppPosting { net: total.net()?, total, lines })
}

fn post_line(line: &PayAppLine, moved: Moved) -> Result<LinePosting, MoneyError> {
    let retainage = &line.retainage;
    let gross = line.work_this_period.plus(line.stored.minus(line.stored_previous)?)?;
    let released = retainage.work_released.plus(retainage.stored_released)?;
    let change = match retainage.held {
        Some(held) => held.after.minus(held.before)?,
        None => {
            let on_stored = retainage.stored_held.minus(retainage.stored_held_previous)?;
            let on_work = retainage.work_retained.minus(retainage.work_released)?;
            match moved {
                Moved::Included => on_work.plus(on_stored)?,
                Moved::OnTop => on_work.plus(retainage.moved)?.plus(on_stored)?,
            }
        }
    };
    Ok(LinePosting { gross, withheld: change.plus(released)?, released })
}

fn check_progress(rows: &[PayAppLine], summary: &PayAppSummary, currency: Currency) -> Result<(), Disagreement> {
    let mut completed = Money::zero(currency);
    for line in rows {
        let sum = line.work_previous.plus(line.work_this_period)?.plus(line.stored)?;
        if let Some(stated) = line.completed_and_stored.filter(|stated| *stated != sum) {
            return Err(Disagreement::Line { line: line.description.clone(), stated, sum });
        }
        completed = completed.plus(sum)?;
    }
    if let Some(stated) = summary.completed_and_stored.filter(|stated| *stated != completed) {
        return Err(header("completed and stored to date", stated, completed)?);
    }
    if let (Some(earned), Some(previous), Some(due)) =
        (summary.earned_less_retainage, summary.previous_certificates, summary.current_payment_due)
    {
        let difference = earned.minus(previous)?;
        let with_tax = difference.plus(summary.tax.unwrap_or_else(|| Money::zero(currency)))?;
        if due != difference && due != with_tax {
            return Err(header("current payment due, against earned less previous certificates", due, difference)?);
        }
    }
    Ok(())
}

fn header(what: &'static str, header: Money, lines: Money) -> Result<Disagreement, MoneyError> {
    Ok(Disagreement::Header { what, header, lines, difference: header.minus(lines)? })
}
