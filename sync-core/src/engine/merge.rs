//! The document to write: as wanted, but for what stays as QuickBooks has it.

use std::collections::BTreeMap;

use crate::connector::TargetState;
use crate::journal::Base;
use crate::model::accounting::{AccountingDocument, ExpenseDocument, SalesDocument};
use crate::model::{LineKey, LinePart};

/// The document as wanted, with the line ids that it has, and the `taken` fields as QuickBooks has them. The lines of
/// `state` carry source keys where the base knows them.
pub(super) fn merge(
    wanted: &AccountingDocument,
    base: &Base,
    state: &TargetState,
    taken: &BTreeMap<&str, &str>,
) -> AccountingDocument {
    let mut merged = wanted.clone();
    if let (Some(memo), Some(slot)) = (taken.get("memo"), merged.memo_mut()) {
        *slot = (*memo).to_owned();
    }
    if let Some(date) = taken.get("date").and_then(|date| date.parse().ok()) {
        merged.set_date(date);
    }
    for line in merged.lines_mut() {
        *line.id = base.lines.iter().find(|(key, _)| key == line.key).map(|(_, id)| id.clone());
        if let Some(text) = taken.get(path(line.key, LinePart::Description).as_str()) {
            *line.description = (*text).to_owned();
        }
    }
    let is_taken = |path: &str| taken.contains_key(path);
    match (&mut merged, &state.document) {
        (
            AccountingDocument::PurchaseOrder(to) | AccountingDocument::Bill(to) | AccountingDocument::VendorCredit(to),
            AccountingDocument::PurchaseOrder(of) | AccountingDocument::Bill(of) | AccountingDocument::VendorCredit(of),
        ) => expense(to, of, is_taken),
        (
            AccountingDocument::Estimate(to) | AccountingDocument::Invoice(to) | AccountingDocument::CreditMemo(to),
            AccountingDocument::Estimate(of) | AccountingDocument::Invoice(of) | AccountingDocument::CreditMemo(of),
        ) => sales(to, of, is_taken),
        (AccountingDocument::Vendor(to), AccountingDocument::Vendor(of)) => {
            take(&mut to.name, &of.name, is_taken("name"));
            take(&mut to.phone, &of.phone, is_taken("phone"));
            take(&mut to.email, &of.email, is_taken("email"));
            take(&mut to.active, &of.active, is_taken("active"));
        }
        (AccountingDocument::Customer(to), AccountingDocument::Customer(of)) => {
            take(&mut to.name, &of.name, is_taken("name"));
            take(&mut to.parent, &of.parent, is_taken("parent"));
            take(&mut to.active, &of.active, is_taken("active"));
        }
        _ => {}
    }
    merged
}

fn path(line: &LineKey, part: LinePart) -> String {
    format!("line/{line}/{}", part.as_str())
}

fn take<T: Clone>(to: &mut T, of: &T, is_taken: bool) {
    if is_taken {
        to.clone_from(of);
    }
}

fn expense(to: &mut ExpenseDocument, of: &ExpenseDocument, is_taken: impl Fn(&str) -> bool) {
    take(&mut to.payee, &of.payee, is_taken("payee"));
    take(&mut to.number, &of.number, is_taken("number"));
    take(&mut to.payable, &of.payable, is_taken("payable"));
    let there = |key: &LineKey| of.lines.iter().find(|line| line.key == *key);
    // A line that is missing there with a person's consent is not added.
    to.lines.retain(|line| there(&line.key).is_some() || !is_taken(&path(&line.key, LinePart::Amount)));
    for line in &mut to.lines {
        let Some(found) = there(&line.key) else { continue };
        let taken = |part| is_taken(&path(&line.key, part));
        let parts =
            [LinePart::Amount, LinePart::PostTo, LinePart::Class, LinePart::Customer, LinePart::Link].map(taken);
        let [amount, post_to, class, customer, link] = parts;
        take(&mut line.amount, &found.amount, amount);
        take(&mut line.coding.post_to, &found.coding.post_to, post_to);
        take(&mut line.coding.class, &found.coding.class, class);
        take(&mut line.coding.customer, &found.coding.customer, customer);
        take(&mut line.link, &found.link, link);
    }
    // A line that only QuickBooks has, with a person's consent, is not removed.
    let only_there = |key: &LineKey| key.is_foreign() && is_taken(&path(key, LinePart::Amount));
    to.lines.extend(of.lines.iter().filter(|line| only_there(&line.key)).cloned());
}

fn sales(to: &mut SalesDocument, of: &SalesDocument, is_taken: impl Fn(&str) -> bool) {
    take(&mut to.customer, &of.customer, is_taken("customer"));
    take(&mut to.number, &of.number, is_taken("number"));
    let there = |key: &LineKey| of.lines.iter().find(|line| line.key == *key);
    to.lines.retain(|line| there(&line.key).is_some() || !is_taken(&path(&line.key, LinePart::Amount)));
    for line in &mut to.lines {
        let Some(found) = there(&line.key) else { continue };
        let taken = |part| is_taken(&path(&line.key, part));
        let [amount, item, class] = [LinePart::Amount, LinePart::PostTo, LinePart::Class].map(taken);
        take(&mut line.amount, &found.amount, amount);
        take(&mut line.item, &found.item, item);
        take(&mut line.class, &found.class, class);
    }
    let only_there = |key: &LineKey| key.is_foreign() && is_taken(&path(key, LinePart::Amount));
    to.lines.extend(of.lines.iter().filter(|line| only_there(&line.key)).cloned());
}
