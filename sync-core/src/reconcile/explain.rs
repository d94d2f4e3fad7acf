//! One explanation for each thing that is wrong, in a controller's words.
//!
//! A bill that lost its retainage line shows in three measures (withheld, net, held); for the person who mends it, it is
//! one finding.

use std::collections::BTreeMap;

use super::payments::PaymentTieOut;
use super::records::{BillRecord, BooksSide, CommitmentRecord, PayAppRecord, ProcoreSide, RetainageAccount};
use super::tie_out::{Finding, FindingKind, Measure, TieOutReport};
use crate::model::{DocumentKey, Money};

/// An approved change order, by which a purchase order may be off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The commitment.
    pub commitment: DocumentKey,
    /// Its number, as people call it.
    pub label: String,
    /// What it adds.
    pub net: Money,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its kind.
    pub kind: FindingKind,
    /// The Procore document.
    pub procore: Option<String>,
    /// The QuickBooks transaction.
    pub quickbooks: Option<String>,
    /// What is at stake: left minus right of the measure that says most.
    pub amount: Money,
    /// Every tie-out and measure that it shows in, with the difference there.
    pub shows_in: Vec<(&'static str, Option<Measure>, Money)>,
    /// For people.
    pub text: String,
}

/// Gathers the findings of T1 to T3, T5 to T7 and, where given, T4 into one explanation for each document.
/// `changes` lets a purchase order or estimate that is off by a change order say so.
pub fn explain(
    procore: &ProcoreSide,
    books: &BooksSide,
    report: &TieOutReport,
    payments: Option<&PaymentTieOut>,
    changes: &[ChangeRecord],
) -> Vec<Explanation> {
    type Key<'a> = (Class, FindingKind, Option<&'a str>, Option<&'a str>);
    let mut order: Vec<Key<'_>> = Vec::new();
    let mut groups: BTreeMap<Key<'_>, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        // Transactions of several kinds may carry the same number.
        let class = Class::of(finding.tie_out);
        let key = (class, finding.kind, finding.procore.as_deref(), finding.quickbooks.as_deref());
        let group = groups.entry(key).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(finding);
    }
    let mut explanations = Vec::with_capacity(order.len());
    for key in order {
        let findings = groups.remove(&key).unwrap_or_default();
        let Some(leading) = leading(&findings) else { continue };
        let text = match key.0 {
            Class::Orders => sum_text("purchase order", "commitment", &procore.commitments, leading, changes),
            Class::Estimates => sum_text("estimate", "prime contract", &procore.prime_contracts, leading, changes),
            Class::Bills => {
                let words = Words { target: "bill", source: "pay app" };
                words.text(&procore.pay_apps, &books.bills, &books.payable, leading, &findings)
            }
            Class::Invoices => {
                let words = Words { target: "invoice", source: "owner invoice" };
                words.text(&procore.owner_invoices, &books.invoices, &books.receivable, leading, &findings)
            }
        };
        explanations.push(Explanation {
            kind: leading.kind,
            procore: leading.procore.clone(),
            quickbooks: leading.quickbooks.clone(),
            amount: leading.amount,
            shows_in: findings.iter().map(|f| (f.tie_out, Some(f.measure), f.amount)).collect(),
            text,
        });
    }
    for finding in payments.iter().flat_map(|payments| &payments.findings) {
        explanations.push(Explanation {
            kind: finding.kind,
            procore: finding.procore.clone(),
            quickbooks: finding.quickbooks.clone(),
            amount: finding.amount,
            shows_in: vec![("T4", None, finding.amount)],
            text: finding.text.clone(),
        });
    }
    explanations
}

/// Which documents a tie-out compares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Orders,
    Bills,
    Invoices,
    Estimates,
}

impl Class {
    fn of(tie_out: &str) -> Self {
        match tie_out {
            "T1" => Self::Orders,
            "T7" => Self::Estimates,
            "T5" | "T6" => Self::Invoices,
            _ => Self::Bills,
        }
    }
}

/// The finding of the measure that says most: what is due, before its parts.
fn leading<'a>(findings: &[&'a Finding]) -> Option<&'a Finding> {
    let rank = |finding: &Finding| match finding.measure {
        Measure::Committed | Measure::Net | Measure::Paid => 0,
        Measure::Withheld => 1,
        Measure::Released => 2,
        Measure::Gross => 3,
        Measure::Held => 4,
        Measure::Underbillings | Measure::Overbillings | Measure::LossProvision => 5,
    };
    findings.iter().copied().min_by_key(|finding| rank(finding))
}

fn sum_text(
    target: &str,
    source: &str,
    contracts: &[CommitmentRecord],
    finding: &Finding,
    changes: &[ChangeRecord],
) -> String {
    let (contract, order) = names(finding);
    let amount = finding.amount.absolute();
    match finding.kind {
        FindingKind::AmountDiffers => {
            let document = contracts.iter().find(|c| c.label == contract).map(|c| &c.document);
            let change = changes.iter().find(|c| Some(&c.commitment) == document && c.net == finding.amount);
            let because = change.map(|change| format!(" ({} missing)", change.label)).unwrap_or_default();
            let way = if finding.amount.is_negative() { "too high" } else { "too low" };
            format!("{contract} {target} is {amount} {way}{because}")
        }
        FindingKind::MissingInQuickbooks => format!("{contract} has no {target} ({amount})"),
        FindingKind::MissingInProcore | FindingKind::NotFromThisSync => {
            format!("{target} {order} has no {source} ({amount})")
        }
        FindingKind::PostedTwice => format!("{contract} has a second {target}, {order} ({amount})"),
        _ => finding.text.clone(),
    }
}

/// What applications and their transactions are called.
struct Words {
    target: &'static str,
    source: &'static str,
}

impl Words {
    fn text(
        &self,
        applications: &[PayAppRecord],
        bills: &[BillRecord],
        account: &RetainageAccount,
        leading: &Finding,
        findings: &[&Finding],
    ) -> String {
        let (app, bill) = names(leading);
        let Self { target, source } = self;
        let amount = leading.amount.absolute();
        let application = applications.iter().find(|record| record.label == app);
        let of_app = |b: &&BillRecord| application.is_some_and(|a| b.document.as_ref() == Some(&a.document));
        let mut bills = bills.iter().filter(of_app);
        match leading.kind {
            FindingKind::AmountDiffers => match (application, bills.find(|record| name(record) == bill)) {
                (Some(application), Some(record)) if lost_retainage(application, record) => {
                    format!("{app} {target} {bill} has no retainage ({})", application.withheld)
                }
                _ => {
                    let parts: Vec<String> =
                        findings.iter().map(|f| format!("{} {}", f.measure.as_str(), f.amount)).collect();
                    format!("{app} and {target} {bill} differ: {}", parts.join(", "))
                }
            },
            FindingKind::PostedTwice => {
                let first = bills.map(name).find(|name| *name != bill).unwrap_or_default();
                format!("{app} was posted twice ({first}, {bill}; {amount})")
            }
            FindingKind::MissingInQuickbooks => format!("{app} has no {target} ({amount})"),
            FindingKind::MissingInProcore => format!("{target} {bill} has no {source} that counts ({amount})"),
            FindingKind::NotFromThisSync if account.entries.iter().any(|entry| entry.label == bill) => {
                format!("{bill} touches the retainage account ({amount})")
            }
            FindingKind::NotFromThisSync => format!("{target} {bill} was not made by this sync ({amount})"),
            _ => leading.text.clone(),
        }
    }
}

fn lost_retainage(app: &PayAppRecord, bill: &BillRecord) -> bool {
    app.gross == bill.gross && app.released == bill.released && !app.withheld.is_zero() && bill.withheld.is_zero()
}

fn names(finding: &Finding) -> (&str, &str) {
    (finding.procore.as_deref().unwrap_or_default(), finding.quickbooks.as_deref().unwrap_or_default())
}

fn name(bill: &BillRecord) -> String {
    if bill.number.is_empty() { bill.target.to_string() } else { bill.number.clone() }
}
