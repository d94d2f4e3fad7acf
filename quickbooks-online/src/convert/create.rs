//! From a document to the body that creates it.

use serde_json::value::{RawValue, to_raw_value};
use sync_core::connector::Marker;
use sync_core::model::accounting::{AccountingDocument, Customer, ExpenseDocument, ExpenseLine, PostTo, Vendor};
use sync_core::model::construction::Address;
use sync_core::model::{Amount, CustomerId};

use super::{WriteOptions, extra, journal, links, note_with, sales};
use crate::entity::Entity;
use crate::error::Error;
use crate::sanitise::{self, cut, line, name, number};
use crate::wire::{self, Email, Line, Phone, PhysicalAddress, Reference, detail};

const NOT_BILLABLE: &str = "NotBillable";

/// A body, and the entity that it is for.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) entity: Entity,
    pub(crate) json: Box<RawValue>,
}

pub(super) fn json(error: serde_json::Error) -> Error {
    Error::Invalid(format!("the document cannot be written as JSON: {error}"))
}

pub(super) fn unsupported(document: &AccountingDocument) -> Error {
    Error::Invalid(format!("QuickBooks Online takes no {} from this sync", document.kind()))
}

/// The body that creates a document.
pub(crate) fn create(document: &AccountingDocument, marker: &Marker, options: &WriteOptions) -> Result<Body, Error> {
    let entity = Entity::of_kind(document.kind());
    let set = document.expense().map(|d| &d.extra).or(document.sales().map(|d| &d.extra));
    let raw = match document {
        AccountingDocument::Customer(d) => to_raw_value(&new_customer(d, marker)),
        AccountingDocument::Vendor(d) => to_raw_value(&new_vendor(d)),
        AccountingDocument::PurchaseOrder(d) => {
            let new = NewExpense::of(d, marker, options, true);
            to_raw_value(&wire::PurchaseOrder {
                doc_number: new.number,
                txn_date: Some(d.date),
                vendor_ref: Some(new.vendor),
                ap_account_ref: new.payable,
                sales_term_ref: new.terms,
                po_status: Some("Open".to_owned()),
                private_note: Some(new.note),
                line: Some(new.lines),
                ..wire::PurchaseOrder::default()
            })
        }
        AccountingDocument::Bill(d) => {
            let new = NewExpense::of(d, marker, options, false);
            to_raw_value(&wire::Bill {
                doc_number: new.number,
                txn_date: Some(d.date),
                vendor_ref: Some(new.vendor),
                ap_account_ref: new.payable,
                sales_term_ref: new.terms,
                private_note: Some(new.note),
                linked_txn: Some(links::on_header(d, &[])).filter(|links| !links.is_empty()),
                line: Some(new.lines),
                ..wire::Bill::default()
            })
        }
        AccountingDocument::VendorCredit(d) => {
            let new = NewExpense::of(d, marker, options, false);
            to_raw_value(&wire::VendorCredit {
                doc_number: new.number,
                txn_date: Some(d.date),
                vendor_ref: Some(new.vendor),
                ap_account_ref: new.payable,
                private_note: Some(new.note),
                line: Some(new.lines),
                ..wire::VendorCredit::default()
            })
        }
        AccountingDocument::Estimate(d) | AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d) => {
            sales::create(entity, d, marker, options)
        }
        AccountingDocument::JournalEntry(d) => journal::create(d, marker),
        other => return Err(unsupported(other)),
    };
    extra::with(Body { entity, json: raw.map_err(json)? }, set)
}

fn new_customer(document: &Customer, marker: &Marker) -> wire::Customer {
    let parent = document.parent.as_ref().map(CustomerId::as_str);
    wire::Customer {
        display_name: Some(name(&document.name).into_owned()),
        job: parent.map(|_| true),
        parent_ref: parent.map(Reference::to),
        bill_with_parent: parent.map(|_| false),
        bill_addr: document.address.as_ref().and_then(address),
        notes: Some(note_with("", marker, sanitise::MAX_CUSTOMER_NOTES)),
        active: (!document.active).then_some(false),
        ..wire::Customer::default()
    }
}

fn new_vendor(document: &Vendor) -> wire::Vendor {
    let display_name = name(&document.name).into_owned();
    wire::Vendor {
        company_name: Some(cut(&display_name, sanitise::MAX_COMPANY).trim_end().to_owned()),
        display_name: Some(display_name),
        bill_addr: document.address.as_ref().and_then(address),
        primary_phone: document.phone.as_deref().and_then(phone),
        primary_email_addr: document.email.as_deref().and_then(email),
        active: (!document.active).then_some(false),
        ..wire::Vendor::default()
    }
}

pub(super) fn phone(text: &str) -> Option<Phone> {
    let number = line(text, sanitise::MAX_PHONE).into_owned();
    (!number.is_empty()).then_some(Phone { number: Some(number) })
}

/// An address that QuickBooks would refuse is left out: it is no reason to hold a vendor back.
pub(super) fn email(text: &str) -> Option<Email> {
    let address = text.trim();
    let fits = address.chars().count() <= sanitise::MAX_EMAIL && address.contains('@') && address.contains('.');
    fits.then(|| Email { address: Some(address.to_owned()) })
}

pub(super) fn address(from: &Address) -> Option<PhysicalAddress> {
    let part = |text: &Option<String>, max| {
        text.as_deref().map(|text| line(text, max).into_owned()).filter(|text| !text.is_empty())
    };
    let to = PhysicalAddress {
        line1: part(&from.street, sanitise::MAX_ADDRESS_LINE),
        line2: None,
        city: part(&from.city, sanitise::MAX_PLACE),
        state: part(&from.state, sanitise::MAX_PLACE),
        postal_code: part(&from.postal_code, sanitise::MAX_POSTAL_CODE),
        country: part(&from.country, sanitise::MAX_PLACE),
    };
    (to != PhysicalAddress::default()).then_some(to)
}

struct NewExpense {
    number: Option<String>,
    vendor: Reference,
    payable: Option<Reference>,
    terms: Option<Reference>,
    note: String,
    lines: Vec<Line>,
}

impl NewExpense {
    fn of(document: &ExpenseDocument, marker: &Marker, options: &WriteOptions, is_order: bool) -> Self {
        Self {
            number: document.number.as_deref().map(|text| number(text).into_owned()),
            vendor: Reference::to(document.payee.as_str()),
            payable: document.payable.as_ref().map(|account| Reference::to(account.as_str())),
            terms: document.terms.as_ref().map(|terms| Reference::to(terms.as_str())),
            note: note_with(&document.memo, marker, sanitise::MAX_NOTE),
            lines: document.lines.iter().map(|line| new_line(line, options, is_order)).collect(),
        }
    }
}

pub(super) fn new_line(from: &ExpenseLine, options: &WriteOptions, is_order: bool) -> Line {
    let amount = Amount(from.amount.amount());
    let customer_ref = from.coding.customer.as_ref().map(|id| Reference::to(id.as_str()));
    let class_ref = from.coding.class.as_ref().map(|id| Reference::to(id.as_str()));
    // On purchase orders QuickBooks alone sets it.
    let billable_status = (!is_order).then(|| NOT_BILLABLE.to_owned());
    let tax_code_ref = options.tax_code.as_deref().map(Reference::to);
    let mut to = Line {
        description: Some(sanitise::paragraph(&from.description, sanitise::MAX_DESCRIPTION).into_owned())
            .filter(|text| !text.is_empty()),
        amount: Some(amount),
        linked_txn: from.link.as_ref().map(|link| vec![links::on_line(link)]),
        ..Line::default()
    };
    match &from.coding.post_to {
        PostTo::Item(item) => {
            to.detail_type = Some(detail::ITEM_EXPENSE.to_owned());
            to.item_expense = Some(wire::ItemExpense {
                item_ref: Some(Reference::to(item.as_str())),
                customer_ref,
                class_ref,
                billable_status,
                // The amount must be their product exactly, and only this never needs rounding.
                qty: Some(Amount(rust_decimal::Decimal::ONE)),
                unit_price: Some(amount),
                tax_code_ref,
            });
        }
        PostTo::Account(account) => {
            to.detail_type = Some(detail::ACCOUNT_EXPENSE.to_owned());
            to.account_expense = Some(wire::AccountExpense {
                account_ref: Some(Reference::to(account.as_str())),
                customer_ref,
                class_ref,
                billable_status,
                tax_code_ref,
            });
        }
    }
    to
}
