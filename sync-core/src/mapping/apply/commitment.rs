//! Commitments become purchase orders; approved change orders are further lines.

use std::collections::BTreeMap;

use super::{Situation, Stop, line_key, no_date, package_of};
use crate::dead_letter::Cause;
use crate::model::accounting::{AccountingDocument, ExpenseDocument};
use crate::model::construction::{ChangeOrder, Commitment, Document, SovLine};
use crate::model::{ChangeOrderStatus, Currency, DocumentKey, DocumentKind, Money, TargetKind};

impl Situation<'_> {
    pub(super) fn commitment(&self, commitment: &Commitment, source: &Document) -> Result<AccountingDocument, Stop> {
        if commitment.deleted {
            return Err(Stop::Nothing("deleted"));
        }
        if !commitment.status.is_committed() {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(commitment.currency)?;
        let stated = Stated { original: commitment.original_sum, changes: commitment.approved_changes };
        check_sums(&stated, &commitment.lines, &commitment.change_orders, commitment.currency)?;
        let payee = self.payee(commitment.vendor.as_ref().map(AsRef::as_ref))?;
        let job = self.job(&commitment.project)?;
        let date = commitment.date.ok_or_else(|| no_date("contract date"))?;
        let project_number = commitment.project_number.as_deref().unwrap_or_default();
        let vendor = commitment.vendor_name.as_deref().unwrap_or_default();
        let mut lines = Vec::new();
        for (line, change) in commitment.committed_lines() {
            let coding = self.coding(project_number, vendor, &line.codes, &job)?;
            let description = match change {
                None => line.description.clone(),
                Some(co) => format!("CO {}: {}", co.number, line.description),
            };
            lines.push(self.line(line_key(line, change.map(package_of)), &description, line.amount, coding));
        }
        if lines.is_empty() {
            return Err(Stop::Nothing("without lines"));
        }
        let key = DocumentKey::within(DocumentKind::Commitment, &commitment.project, &commitment.id);
        let number = self.number(
            TargetKind::PurchaseOrder,
            payee.as_str(),
            &self.template("purchase_order_number", source)?,
            project_number,
            &key,
        );
        Ok(AccountingDocument::PurchaseOrder(ExpenseDocument {
            number: Some(number),
            date,
            terms: self.terms(commitment.terms.as_deref())?,
            payable: Some(self.payable()?),
            memo: self.template("purchase_order_memo", source)?,
            lines,
            currency: commitment.currency,
            payee,
            extra: BTreeMap::new(),
        }))
    }
}

/// What a header states of a contract: original sum and approved change orders.
pub(super) struct Stated {
    pub(super) original: Option<Money>,
    pub(super) changes: Option<Money>,
}

/// Header and lines of a contract must agree to the cent.
pub(super) fn check_sums(
    stated: &Stated,
    lines: &[SovLine],
    change_orders: &[ChangeOrder],
    currency: Currency,
) -> Result<(), Stop> {
    let disagree = |what: &str, header: Money, lines: Money| {
        Stop::Dead(Cause::AmountsDisagree, format!("{what}: the header says {header}, the lines add up to {lines}"))
    };
    let original = Money::sum(currency, lines.iter().map(|l| l.amount))?;
    if let Some(stated) = stated.original.filter(|stated| *stated != original) {
        return Err(disagree("original sum", stated, original));
    }
    let mut changes = Money::zero(currency);
    for change in change_orders.iter().filter(|change| change.status == ChangeOrderStatus::Approved) {
        let lines = Money::sum(currency, change.lines.iter().map(|l| l.amount))?;
        if let Some(stated) = change.sum.filter(|stated| *stated != lines) {
            return Err(disagree(&format!("change order {}", change.number), stated, lines));
        }
        changes = changes.plus(lines)?;
    }
    if let Some(stated) = stated.changes.filter(|stated| *stated != changes) {
        return Err(disagree("approved change orders", stated, changes));
    }
    Ok(())
}
