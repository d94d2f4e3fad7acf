//! Two lists of documents held against each other: what explains the difference of their totals, document by document.

use std::collections::HashMap;

use super::finding::{Finding, FindingKind, Measure};
use super::report::{TieOut, TieOutReport};
use crate::dead_letter::DeadLetter;
use crate::model::{Currency, DocumentKey, Money, MoneyError, TargetRef};
use crate::reconcile::records::{BillRecord, PayAppRecord, RetainageAccount};

pub(super) struct Left<'a> {
    pub(super) document: &'a DocumentKey,
    pub(super) label: &'a str,
    pub(super) amount: Money,
}

pub(super) struct Right<'a> {
    pub(super) document: Option<&'a DocumentKey>,
    pub(super) name: String,
    pub(super) amount: Money,
}

/// What is tied out. An account's balance and its other entries stand in for the sum of the right side.
pub(super) struct Question<'a> {
    pub(super) id: &'static str,
    pub(super) measure: Measure,
    pub(super) currency: Currency,
    pub(super) account: Option<&'a RetainageAccount>,
}

pub(super) type Dead<'a> = HashMap<&'a DocumentKey, &'a DeadLetter>;

pub(super) fn name(number: &str, target: &TargetRef) -> String {
    if number.is_empty() { target.to_string() } else { number.to_owned() }
}

impl TieOutReport {
    /// Applications against bills or invoices, by measure; then what is held against the retainage account.
    pub(super) fn applications(
        &mut self,
        [documents, held]: [&'static str; 2],
        currency: Currency,
        left: &[PayAppRecord],
        right: &[BillRecord],
        account: &RetainageAccount,
        dead: &Dead<'_>,
    ) -> Result<(), MoneyError> {
        type App = fn(&PayAppRecord) -> Result<Money, MoneyError>;
        type Bill = fn(&BillRecord) -> Result<Money, MoneyError>;
        let measures: [(&'static str, Measure, App, Bill); 5] = [
            (documents, Measure::Gross, |a| Ok(a.gross), |b| Ok(b.gross)),
            (documents, Measure::Withheld, |a| Ok(a.withheld), |b| Ok(b.withheld)),
            (documents, Measure::Released, |a| Ok(a.released), |b| Ok(b.released)),
            (documents, Measure::Net, |a| Ok(a.net), |b| Ok(b.net)),
            (held, Measure::Held, |a| a.withheld.minus(a.released), |b| b.withheld.minus(b.released)),
        ];
        for (id, measure, of_app, of_bill) in measures {
            let left: Vec<Left<'_>> = left
                .iter()
                .map(|a| Ok(Left { document: &a.document, label: &a.label, amount: of_app(a)? }))
                .collect::<Result<_, MoneyError>>()?;
            let right: Vec<Right<'_>> = right
                .iter()
                .map(|b| {
                    let amount = of_bill(b)?;
                    Ok(Right { document: b.document.as_ref(), name: name(&b.number, &b.target), amount })
                })
                .collect::<Result<_, MoneyError>>()?;
            let account = (measure == Measure::Held).then_some(account);
            self.add(Question { id, measure, currency, account }, &left, &right, dead)?;
        }
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        question: Question<'_>,
        left: &[Left<'_>],
        right: &[Right<'_>],
        dead: &Dead<'_>,
    ) -> Result<(), MoneyError> {
        let Question { id, measure, currency, account } = question;
        let mut by_document: HashMap<&DocumentKey, Vec<&Right<'_>>> = HashMap::new();
        let mut findings = Vec::new();
        let finding = |kind, procore: Option<&str>, quickbooks: Option<String>, amount, dead_letter, text| Finding {
            tie_out: id,
            measure,
            kind,
            procore: procore.map(str::to_owned),
            quickbooks,
            amount,
            dead_letter,
            text,
        };
        for record in right {
            match record.document {
                Some(document) => by_document.entry(document).or_default().push(record),
                None if record.amount.is_zero() => {}
                None => findings.push(finding(
                    FindingKind::NotFromThisSync,
                    None,
                    Some(record.name.clone()),
                    record.amount.negated(),
                    false,
                    format!("{} ({}) was not made by this sync", record.name, record.amount),
                )),
            }
        }
        for record in left {
            let letter = dead.get(record.document);
            let there = by_document.remove(record.document).unwrap_or_default();
            let because = letter.map(|l| format!("; dead letter: {}", l.cause)).unwrap_or_default();
            match there.as_slice() {
                [] if record.amount.is_zero() => {}
                [] => findings.push(finding(
                    FindingKind::MissingInQuickbooks,
                    Some(record.label),
                    None,
                    record.amount,
                    letter.is_some(),
                    format!("{} ({}) is not in QuickBooks{because}", record.label, record.amount),
                )),
                [first, rest @ ..] => {
                    let difference = record.amount.minus(first.amount)?;
                    if !difference.is_zero() {
                        findings.push(finding(
                            FindingKind::AmountDiffers,
                            Some(record.label),
                            Some(first.name.clone()),
                            difference,
                            letter.is_some(),
                            format!(
                                "{} is {} in Procore and {} in QuickBooks{because}",
                                record.label, record.amount, first.amount
                            ),
                        ));
                    }
                    for twice in rest {
                        findings.push(finding(
                            FindingKind::PostedTwice,
                            Some(record.label),
                            Some(twice.name.clone()),
                            twice.amount.negated(),
                            false,
                            format!("{} was posted twice, also as {}", record.label, twice.name),
                        ));
                    }
                }
            }
        }
        let orphans = by_document.into_values().flatten().collect::<Vec<_>>();
        for record in orphans {
            if record.amount.is_zero() {
                continue;
            }
            let letter = record.document.and_then(|d| dead.get(d));
            findings.push(finding(
                FindingKind::MissingInProcore,
                None,
                Some(record.name.clone()),
                record.amount.negated(),
                letter.is_some(),
                format!("{} ({}) has no document that counts in Procore", record.name, record.amount),
            ));
        }
        for entry in account.iter().flat_map(|account| &account.entries) {
            findings.push(finding(
                FindingKind::NotFromThisSync,
                None,
                Some(entry.label.clone()),
                entry.amount.negated(),
                false,
                format!("{} ({}) touches the retainage account", entry.label, entry.amount),
            ));
        }
        findings.sort_by(|a, b| (a.kind, &a.procore, &a.quickbooks).cmp(&(b.kind, &b.procore, &b.quickbooks)));
        let left = Money::sum(currency, left.iter().map(|l| l.amount))?;
        let right = match account {
            Some(account) => account.balance,
            None => Money::sum(currency, right.iter().map(|r| r.amount))?,
        };
        let difference = left.minus(right)?;
        let named = Money::sum(currency, findings.iter().map(|f| f.amount))?;
        let reasons = findings.iter().all(|f| f.dead_letter || f.kind == FindingKind::NotFromThisSync);
        let explained = (difference.is_zero() && findings.is_empty()) || (named == difference && reasons);
        self.tie_outs.push(TieOut { id, measure, left, right, difference, explained });
        self.findings.extend(findings);
        Ok(())
    }
}
