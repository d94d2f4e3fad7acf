//! Schedules and applications from Procore's documents.

use super::application::{Application, ChangeEntry, Progress, Release, Schedule, ScheduleLine, Stated};
use super::posting::{Disagreement, posting_of};
use crate::model::construction::{ChangeOrder, Commitment, OwnerInvoice, PayApp, PayAppLine, PayAppSummary};
use crate::model::construction::{PrimeContract, SovLine};
use crate::model::{ChangeOrderStatus, Currency, Money, SovLineId};

impl Schedule {
    /// The schedule of values of a commitment. Approved change orders count from the application that `from` names;
    /// others do not count.
    pub fn of_commitment(commitment: &Commitment, from: impl Fn(&ChangeOrder) -> u32) -> Self {
        Self::of(commitment.currency, &commitment.lines, &commitment.change_orders, from)
    }

    /// The schedule of values of a prime contract; change orders as in [`Schedule::of_commitment`].
    pub fn of_prime_contract(contract: &PrimeContract, from: impl Fn(&ChangeOrder) -> u32) -> Self {
        Self::of(contract.currency, &contract.lines, &contract.change_orders, from)
    }

    fn of(currency: Currency, lines: &[SovLine], changes: &[ChangeOrder], from: impl Fn(&ChangeOrder) -> u32) -> Self {
        let line = |line: &SovLine| ScheduleLine {
            id: line.id.clone(),
            description: line.description.clone(),
            scheduled: line.amount,
        };
        let changes = changes.iter().filter(|change| change.status == ChangeOrderStatus::Approved);
        let changes = changes
            .map(|change| ChangeEntry {
                number: change.number.clone(),
                from_application: from(change),
                lines: change.lines.iter().map(line).collect(),
            })
            .collect();
        Self { currency, lines: lines.iter().map(line).collect(), changes }
    }
}

impl Application {
    /// A pay app, with the retainage that Procore states for each line. What is stated is posted; working it out only
    /// checks it.
    ///
    /// # Errors
    /// [`Disagreement`] if header and lines of the pay app differ.
    pub fn of_pay_app(number: u32, app: &PayApp) -> Result<Self, Disagreement> {
        Self::of(number, &app.lines, &app.summary, app.currency)
    }

    /// An owner invoice, as [`Application::of_pay_app`].
    ///
    /// # Errors
    /// [`Disagreement`] if header and lines of the invoice differ.
    pub fn of_owner_invoice(number: u32, invoice: &OwnerInvoice) -> Result<Self, Disagreement> {
        Self::of(number, &invoice.lines, &invoice.summary, invoice.currency)
    }

    fn of(
        number: u32,
        lines: &[PayAppLine],
        summary: &PayAppSummary,
        currency: Currency,
    ) -> Result<Self, Disagreement> {
        let posting = posting_of(lines, summary, currency)?;
        let mut application = Self::new(number);
        for (line, posted) in lines.iter().zip(&posting.lines) {
            // A row without a line of the schedule can only be known by its own id.
            let id = line.sov_line.clone().unwrap_or_else(|| SovLineId::from(line.id.as_str()));
            application.progress.push(Progress {
                line: id,
                work: line.work_this_period,
                stored: Some(line.stored),
                from_stored: None,
                stated: Stated { withheld: Some(posted.withheld), released: Some(posted.released) },
            });
        }
        Ok(application)
    }
}

impl Release {
    /// Retainage of one line; none for all that it holds.
    pub fn of_line(line: impl Into<SovLineId>, amount: Option<Money>) -> Self {
        Self { line: Some(line.into()), amount }
    }
}
