//! The jobs of a WIP schedule from synced documents.

use std::collections::BTreeMap;

use super::estimates::Estimates;
use super::job::WipJob;
use crate::model::construction::Document;
use crate::model::{Currency, Money, MoneyError, OwnerInvoiceStatus};
use crate::retainage::{posting, posting_of};

#[derive(Clone, Copy)]
struct Figures {
    contract: Money,
    cost: Money,
    billed: Money,
}

/// One job for each project with an approved prime contract: contract sum with approved change orders, billed to date by
/// approved owner invoices and cost to date by approved pay apps, both before retainage, unless the estimates state the
/// cost. What cannot be counted is named beside them.
///
/// # Errors
/// If the amounts of a job cannot be added.
pub fn jobs(
    currency: Currency,
    documents: &[Document],
    estimates: &Estimates,
) -> Result<(Vec<WipJob>, Vec<String>), MoneyError> {
    let zero = Money::zero(currency);
    let mut figures: BTreeMap<String, (Figures, bool)> = BTreeMap::new();
    let mut problems = Vec::new();
    for document in documents {
        let project = match document {
            Document::PrimeContract(d) if d.status.is_committed() && !d.deleted => &d.project_number,
            Document::PayApp(d) if d.status.is_approved() => &d.project_number,
            Document::OwnerInvoice(d) if d.status == OwnerInvoiceStatus::Approved => &d.project_number,
            _ => continue,
        };
        let Some(project) = project.clone() else {
            problems.push(format!("{}: its project has no number", document.label()));
            continue;
        };
        let nothing = Figures { contract: zero, cost: zero, billed: zero };
        let (job, contracted) = figures.entry(project).or_insert((nothing, false));
        let gross = match document {
            Document::PrimeContract(d) => {
                job.contract = job.contract.plus(d.sum_to_date()?)?;
                *contracted = true;
                continue;
            }
            Document::PayApp(d) => posting(d),
            Document::OwnerInvoice(d) => posting_of(&d.lines, &d.summary, d.currency),
            _ => continue,
        };
        match gross {
            Ok(gross) => {
                let sum = if matches!(document, Document::PayApp(_)) { &mut job.cost } else { &mut job.billed };
                *sum = sum.plus(gross.total.gross)?;
            }
            Err(error) => problems.push(format!("{}: {error}", document.label())),
        }
    }
    for job in estimates.0.keys().filter(|job| !figures.get(*job).is_some_and(|(_, contracted)| *contracted)) {
        problems.push(format!("the estimates name job {job}, which has no approved prime contract"));
    }
    let mut jobs = Vec::new();
    for (job, (figures, contracted)) in figures {
        if !contracted {
            continue;
        }
        let estimate = estimates.0.get(&job);
        let at_completion = estimate.map_or(zero, |estimate| estimate.at_completion);
        let cost = estimate.and_then(|estimate| estimate.cost_to_date).unwrap_or(figures.cost);
        let made = WipJob::new(job, figures.contract, at_completion, cost, figures.billed);
        jobs.push(match estimate.and_then(|estimate| estimate.uninstalled) {
            Some(uninstalled) => made.with_uninstalled(uninstalled),
            None => made,
        });
    }
    Ok((jobs, problems))
}
