//! The tie-outs: commitments = purchase orders (T1), pay apps = bills (T2), retainage ledger = retainage payable account
//! (T3), owner invoices = invoices (T5), owner retainage = retainage receivable account
//! (T6), prime contracts = estimates (T7).

mod compare;
mod finding;
mod projects;
mod report;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use finding::{Finding, FindingKind, Measure};
pub use report::{ProjectRow, TieOut, TieOutReport};

use super::records::{BooksSide, CommitmentRecord, ProcoreSide, PurchaseOrderRecord};
use crate::dead_letter::DeadLetter;
use crate::model::{Currency, DocumentKey, MoneyError};
use compare::{Left, Question, Right, name};

/// Ties out both sides.
///
/// # Errors
/// If amounts of several currencies meet, or overflow.
pub fn tie_out(
    currency: Currency,
    procore: &ProcoreSide,
    books: &BooksSide,
    dead: &[DeadLetter],
) -> Result<TieOutReport, MoneyError> {
    let mut report = TieOutReport { tie_outs: Vec::new(), findings: Vec::new(), projects: Vec::new() };
    let dead: HashMap<&DocumentKey, &DeadLetter> = dead.iter().map(|letter| (&letter.document, letter)).collect();

    let totals = |id, left: &[CommitmentRecord], right: &[PurchaseOrderRecord], report: &mut TieOutReport| {
        let left: Vec<Left<'_>> =
            left.iter().map(|c| Left { document: &c.document, label: &c.label, amount: c.revised }).collect();
        let right: Vec<Right<'_>> = right
            .iter()
            .map(|p| Right { document: p.document.as_ref(), name: name(&p.number, &p.target), amount: p.total })
            .collect();
        report.add(Question { id, measure: Measure::Committed, currency, account: None }, &left, &right, &dead)
    };
    totals("T1", &procore.commitments, &books.purchase_orders, &mut report)?;
    report.applications(["T2", "T3"], currency, &procore.pay_apps, &books.bills, &books.payable, &dead)?;
    report.applications(["T5", "T6"], currency, &procore.owner_invoices, &books.invoices, &books.receivable, &dead)?;
    totals("T7", &procore.prime_contracts, &books.estimates, &mut report)?;
    report.projects = projects::projects(currency, procore, books)?;
    Ok(report)
}
