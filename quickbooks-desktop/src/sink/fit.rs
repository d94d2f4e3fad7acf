//! Documents made such that what QuickBooks stores is what was asked for.

use sync_core::model::TargetKind;
use sync_core::model::accounting::{AccountingDocument, ExpenseDocument, PostTo};

use super::mirror::Mirror;
use crate::qbxml::text::{Loss, fit as fit_text, fit_name, limits};

/// Fits names and texts into what QuickBooks stores, finds the items that lines must go through, and says what that
/// cost a reader.
pub(super) fn fit(document: &mut AccountingDocument, mirror: &Mirror) -> Vec<String> {
    let mut notes = Vec::new();
    let mut told = |what: &str, before: &str, loss: Loss| {
        if !loss.is_none() {
            notes.push(format!("the {what} \"{before}\" is written otherwise in QuickBooks: {loss}"));
        }
    };
    let kind = document.kind();
    match document {
        AccountingDocument::Customer(d) => {
            let (name, loss) = fit_name(&d.name, limits::ENTITY_NAME);
            told("name", &d.name, loss);
            d.name = name.trim().to_owned();
        }
        AccountingDocument::Vendor(d) => {
            let (name, loss) = fit_name(&d.name, limits::ENTITY_NAME);
            told("name", &d.name, loss);
            d.name = name.trim().to_owned();
            d.phone =
                d.phone.as_deref().map(|text| fit_text(text.trim(), 21).0.into_owned()).filter(|text| !text.is_empty());
            d.email = d
                .email
                .as_deref()
                .map(|text| fit_text(text.trim(), 1023).0.into_owned())
                .filter(|text| !text.is_empty());
        }
        AccountingDocument::PurchaseOrder(d) => {
            // Purchase orders name no accounts-payable account.
            d.payable = None;
            expense(d, mirror, kind);
        }
        AccountingDocument::Bill(d) | AccountingDocument::VendorCredit(d) => expense(d, mirror, kind),
        _ => {}
    }
    for line in document.lines_mut() {
        let (text, loss) = fit_text(line.description, limits::MEMO);
        if loss.loses_meaning() {
            told("line", line.description, loss);
        }
        *line.description = text.into_owned();
    }
    if let Some(memo) = document.memo_mut() {
        *memo = fit_text(memo, limits::MEMO).0.trim().to_owned();
    }
    notes
}

fn expense(document: &mut ExpenseDocument, mirror: &Mirror, kind: TargetKind) {
    for line in &mut document.lines {
        let PostTo::Account(account) = &line.coding.post_to else { continue };
        // Retainage goes through the item that carries it, and lines of purchase orders must have one.
        let is_liability = mirror.accounts.get(account.as_str()).is_some_and(|account| {
            matches!(account.account_type.as_deref(), Some("OtherCurrentLiability" | "LongTermLiability"))
        });
        if (is_liability || kind == TargetKind::PurchaseOrder || line.link.is_some())
            && let Some(item) = only_item(mirror, account.as_str())
        {
            line.coding.post_to = PostTo::Item(item.into());
        }
    }
    if kind != TargetKind::PurchaseOrder {
        // QuickBooks lists lines by account first.
        document.lines.sort_by_key(|line| matches!(line.coding.post_to, PostTo::Item(_)));
    }
}

/// The only item in use whose purchases post to an account; of several, the one that is called as the account is.
fn only_item<'m>(mirror: &'m Mirror, account: &str) -> Option<&'m str> {
    let fits: Vec<(&String, _)> = mirror
        .items
        .iter()
        .filter(|(id, item)| item.is_active != Some(false) && mirror.purchase_account(id) == Some(account))
        .collect();
    if let [(id, _)] = fits.as_slice() {
        return Some(id);
    }
    let name = mirror.accounts.get(account)?.name.as_deref()?;
    let mut called = fits.iter().filter(|(_, item)| item.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    match (called.next(), called.next()) {
        (Some((id, _)), None) => Some(id),
        _ => None,
    }
}
