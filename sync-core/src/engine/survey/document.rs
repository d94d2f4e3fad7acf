//! One document of a survey: as it would be written, and as it is compared.

use std::collections::{HashMap, HashSet};

use super::{Place, Surveyed};
use crate::connector::{Fetched, TargetState};
use crate::engine::decide::{match_lines, rekey};
use crate::engine::index::Index;
use crate::engine::plan::{Desk, Draft};
use crate::mapping::TargetIndex;
use crate::matching::Record;
use crate::model::accounting::AccountingDocument;
use crate::model::construction::Document;
use crate::model::{DocumentKey, DocumentKind, Fields, Owner, TargetKind, TargetRef};

pub(super) fn surveyed(
    desk: &Desk<'_>,
    fetched: &Fetched,
    index: &mut Index,
    linked: &HashMap<DocumentKey, TargetRef>,
) -> Surveyed {
    let key = fetched.key();
    let mut one = Surveyed {
        label: key.to_string(),
        number: None,
        amount: None,
        date: None,
        place: Place::New,
        rests_on_guess: false,
        wanted: None,
        hint: None,
        document: key,
    };
    match desk.draft(fetched, index) {
        Draft::Wanted { label, mut document, .. } => {
            desk.date(&mut document, None);
            index.reserve(&document, &one.document);
            one.label = label;
            one.number = document.number().map(str::to_owned);
            one.amount = document.total().ok().flatten();
            one.date = document.date();
            one.wanted = Some(document);
        }
        Draft::Unwanted { label, .. } => one.label = label,
        Draft::Needs { label, on } => {
            one.label = label;
            one.place = Place::Waits(on);
            hint(&mut one, fetched, index);
        }
        Draft::Dead(letter) => {
            one.label = letter.label;
            one.amount = letter.amount;
            one.place = Place::Dead(letter.cause, letter.text);
        }
    }
    if let Some(target) = linked.get(&one.document) {
        one.place = Place::Linked(target.clone());
    }
    one
}

/// A pay app can be recognised before its commitment is there: by vendor, amount and date.
fn hint(one: &mut Surveyed, fetched: &Fetched, index: &Index) {
    let Fetched::Found(document) = fetched else { return };
    let Document::PayApp(app) = document.as_ref() else { return };
    let vendor = app.vendor.as_ref().map(|vendor| DocumentKey::new(DocumentKind::Vendor, vendor));
    let party = vendor.and_then(|vendor| index.target(&vendor).map(|id| id.as_str().to_owned()));
    one.amount = app.summary.current_payment_due;
    one.date = app.billing_date.or(app.period_end);
    one.number.clone_from(&app.invoice_number);
    one.hint = party
        .zip(one.amount)
        .map(|(party, amount)| (if amount.is_negative() { TargetKind::VendorCredit } else { TargetKind::Bill }, party));
}

/// What a document refers to that would otherwise be left out.
pub(super) fn referred(fetched: &Fetched) -> Vec<DocumentKey> {
    let Fetched::Found(document) = fetched else { return Vec::new() };
    let vendor = match document.as_ref() {
        Document::Commitment(commitment) => commitment.vendor.as_ref(),
        Document::PayApp(app) => app.vendor.as_ref(),
        _ => None,
    };
    vendor.map(|vendor| DocumentKey::new(DocumentKind::Vendor, vendor)).into_iter().collect()
}

pub(super) fn refers_to(document: &AccountingDocument, guessed: &HashSet<String>) -> bool {
    let is_guess = |kind: TargetKind, id: &str| guessed.contains(&TargetRef { kind, id: id.into() }.to_string());
    match document {
        AccountingDocument::Customer(customer) => {
            customer.parent.as_ref().is_some_and(|parent| is_guess(TargetKind::Customer, parent.as_str()))
        }
        AccountingDocument::PurchaseOrder(d) | AccountingDocument::Bill(d) | AccountingDocument::VendorCredit(d) => {
            is_guess(TargetKind::Vendor, d.payee.as_str())
                || d.lines.iter().any(|line| {
                    let customer = line.coding.customer.as_ref();
                    customer.is_some_and(|customer| is_guess(TargetKind::Customer, customer.as_str()))
                        || line
                            .link
                            .as_ref()
                            .is_some_and(|link| is_guess(TargetKind::PurchaseOrder, link.purchase_order.as_str()))
                })
        }
        AccountingDocument::Estimate(d) | AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d) => {
            is_guess(TargetKind::Customer, d.customer.as_str())
        }
        _ => false,
    }
}

pub(super) fn record(document: &AccountingDocument) -> Record<'_> {
    let is_list = matches!(document.kind(), TargetKind::Customer | TargetKind::Vendor);
    Record {
        party: document.party(),
        number: document.number().filter(|_| !is_list),
        name: document.number().filter(|_| is_list),
        amount: document.total().ok().flatten(),
        date: document.date(),
        ..Record::default()
    }
}

/// The mark that a transaction carries, whatever its generation.
pub(super) fn mark(state: &TargetState) -> Option<String> {
    state.marker.clone().map(|marker| crate::connector::Marker { generation: 0, ..marker }.to_string())
}

pub(super) fn differences(
    wanted: &AccountingDocument,
    state: &TargetState,
    owner: impl Fn(&str) -> Owner,
) -> Vec<String> {
    let mut there = state.document.clone();
    rekey(&mut there, &match_lines(wanted, &state.document));
    let (here, there): (Fields, Fields) = (wanted.fields(), there.fields());
    here.differing(&there)
        .into_iter()
        .filter(|path| owner(path) == Owner::Procore)
        .map(|path| format!("{path}: `{}` in Procore, `{}` in QuickBooks", here.get(path), there.get(path)))
        .collect()
}
