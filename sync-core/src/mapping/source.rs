//! The fields of construction documents, by the names that rules and templates use.

use super::expr::{Field, Record, Scope, Value};
use super::fault::{did_you_mean, nearest};
use crate::model::construction::{Codes, CustomFields, Document, PayAppLine};
use crate::model::{Date, DocumentKind, Money};

type Get = for<'a> fn(&'a Document) -> Value<'a>;
type GetLine = for<'a> fn(&LineSource<'a>) -> Value<'a>;

/// A line of a document, as rules see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineSource<'a> {
    /// Its id in the source.
    pub(super) id: &'a str,
    pub(super) description: &'a str,
    pub(super) codes: &'a Codes,
    /// `work`, `withheld` or `released`; of contracts `value`.
    pub(super) part: &'static str,
    pub(super) change_order: Option<&'a str>,
    pub(super) row: Option<&'a PayAppLine>,
    /// What the line posts.
    pub(super) amount: Option<Money>,
}

fn maybe(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Nothing, Value::text)
}

fn date(date: Option<Date>) -> Value<'static> {
    date.map_or(Value::Nothing, |date| Value::owned(date.to_string()))
}

fn money(amount: Option<Money>) -> Value<'static> {
    amount.map_or(Value::Nothing, |amount| Value::Number(amount.amount()))
}

fn whole(number: i64) -> Value<'static> {
    Value::Number(number.into())
}

macro_rules! fields {
    ($variant:ident($d:ident): $($name:literal = $value:expr,)+) => {
        &[$(($name, |document| match document { Document::$variant($d) => $value, _ => Value::Nothing }),)+]
    };
}

const PROJECT: &[(&str, Get)] = fields! { Project(d):
    "project_number" = maybe(d.number.as_deref()),
    "project_name" = Value::text(&d.name),
    "owner_name" = maybe(d.owner.as_ref().map(|owner| owner.name.as_str())),
    "id" = Value::text(d.id.as_str()),
    "city" = maybe(d.address.as_ref().and_then(|address| address.city.as_deref())),
    "state" = maybe(d.address.as_ref().and_then(|address| address.state.as_deref())),
};

const VENDOR: &[(&str, Get)] = fields! { Vendor(d):
    "vendor_name" = Value::text(&d.name),
    "id" = Value::text(d.id.as_str()),
    "city" = maybe(d.address.as_ref().and_then(|address| address.city.as_deref())),
    "state" = maybe(d.address.as_ref().and_then(|address| address.state.as_deref())),
};

const COMMITMENT: &[(&str, Get)] = fields! { Commitment(d):
    "commitment_number" = Value::text(&d.number),
    "title" = Value::text(&d.title),
    "project_number" = maybe(d.project_number.as_deref()),
    "vendor_name" = maybe(d.vendor_name.as_deref()),
    "id" = Value::text(d.id.as_str()),
    "kind" = Value::text(match d.kind {
        crate::model::construction::CommitmentKind::Subcontract => "subcontract",
        crate::model::construction::CommitmentKind::PurchaseOrder => "purchase_order",
    }),
    "status" = Value::text(d.status.as_str()),
    "date" = date(d.date),
    "terms" = maybe(d.terms.as_deref()),
    "original_sum" = money(d.original_sum),
    "approved_changes" = money(d.approved_changes),
    "currency" = Value::text(d.currency.code()),
};

const PAY_APP: &[(&str, Get)] = fields! { PayApp(d):
    "commitment_number" = Value::text(&d.commitment_number),
    "pay_app_number" = whole(d.number),
    "invoice_number" = maybe(d.invoice_number.as_deref()),
    "project_number" = maybe(d.project_number.as_deref()),
    "vendor_name" = maybe(d.vendor_name.as_deref()),
    "period_end" = date(d.period_end),
    "period_start" = date(d.period_start),
    "id" = Value::text(d.id.as_str()),
    "status" = Value::text(d.status.as_str()),
    "billing_date" = date(d.billing_date),
    "completed_and_stored" = money(d.summary.completed_and_stored),
    "total_retainage" = money(d.summary.total_retainage),
    "current_payment_due" = money(d.summary.current_payment_due),
    "currency" = Value::text(d.currency.code()),
};

const PRIME_CONTRACT: &[(&str, Get)] = fields! { PrimeContract(d):
    "contract_number" = Value::text(&d.number),
    "title" = Value::text(&d.title),
    "project_number" = maybe(d.project_number.as_deref()),
    "owner_name" = maybe(d.owner.as_ref().map(|owner| owner.name.as_str())),
    "id" = Value::text(d.id.as_str()),
    "status" = Value::text(d.status.as_str()),
    "date" = date(d.date),
    "original_sum" = money(d.original_sum),
    "approved_changes" = money(d.approved_changes),
    "currency" = Value::text(d.currency.code()),
};

const OWNER_INVOICE: &[(&str, Get)] = fields! { OwnerInvoice(d):
    "contract_number" = Value::text(&d.contract_number),
    "application_number" = whole(d.number),
    "project_number" = maybe(d.project_number.as_deref()),
    "invoice_number" = maybe(d.invoice_number.as_deref()),
    "id" = Value::text(d.id.as_str()),
    "status" = Value::text(d.status.as_str()),
    "billing_date" = date(d.billing_date),
    "period_end" = date(d.period_end),
    "completed_and_stored" = money(d.summary.completed_and_stored),
    "total_retainage" = money(d.summary.total_retainage),
    "current_payment_due" = money(d.summary.current_payment_due),
    "currency" = Value::text(d.currency.code()),
};

const LINE: &[(&str, GetLine)] = &[
    ("line.id", |line| Value::text(line.id)),
    ("line.description", |line| Value::text(line.description)),
    ("line.budget_code", |line| maybe(line.codes.budget_code.as_deref())),
    ("line.cost_code", |line| maybe(line.codes.cost_code.as_deref())),
    ("line.cost_type", |line| maybe(line.codes.cost_type.as_deref())),
    ("line.cost_type_name", |line| maybe(line.codes.cost_type_name.as_deref())),
    ("line.part", |line| Value::text(line.part)),
    ("line.amount", |line| money(line.amount)),
    ("line.change_order", |line| maybe(line.change_order)),
    ("line.scheduled_value", |line| money(line.row.and_then(|row| row.scheduled_value))),
    ("line.work_previous", |line| money(line.row.map(|row| row.work_previous))),
    ("line.work_this_period", |line| money(line.row.map(|row| row.work_this_period))),
    ("line.stored", |line| money(line.row.map(|row| row.stored))),
];

fn header(kind: DocumentKind) -> &'static [(&'static str, Get)] {
    match kind {
        DocumentKind::Project => PROJECT,
        DocumentKind::Vendor => VENDOR,
        DocumentKind::Commitment => COMMITMENT,
        DocumentKind::PayApp => PAY_APP,
        DocumentKind::PrimeContract => PRIME_CONTRACT,
        DocumentKind::OwnerInvoice => OWNER_INVOICE,
        DocumentKind::Customer
        | DocumentKind::Payment
        | DocumentKind::DirectCost
        | DocumentKind::NewVendor
        | DocumentKind::PayAppFiles
        | DocumentKind::WipEntry
        | DocumentKind::Transaction => &[],
    }
}

/// Which fields an expression of a document of some kind may name, and those of the customer's own that it does name.
#[derive(Clone, Debug)]
pub(super) struct Source {
    kind: DocumentKind,
    /// May lines be named?
    lines: bool,
    /// Own fields that are named: their slots come after all others.
    custom: Vec<String>,
}

/// The customer's names for own fields, and the source's.
pub(super) type Aliases = std::collections::BTreeMap<String, String>;

impl Source {
    pub(super) fn new(kind: DocumentKind, lines: bool) -> Self {
        Self { kind, lines, custom: Vec::new() }
    }

    /// The fields that may be named, for people.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let lines = LINE.iter().filter(|_| self.lines).map(|(name, _)| *name);
        header(self.kind).iter().map(|(name, _)| *name).chain(lines).collect()
    }
}

/// A source while expressions are compiled: with the customer's names for own fields.
pub(super) struct Compiling<'a> {
    pub(super) source: &'a mut Source,
    pub(super) aliases: &'a Aliases,
}

impl Scope for Compiling<'_> {
    fn resolve(&mut self, path: &str) -> Result<Field, String> {
        let source = &mut *self.source;
        let known = header(source.kind);
        if let Some(slot) = known.iter().position(|(name, _)| *name == path) {
            return Ok(Field::Slot(slot));
        }
        if let Some(slot) = LINE.iter().position(|(name, _)| *name == path) {
            if source.lines {
                return Ok(Field::Slot(known.len() + slot));
            }
            return Err(format!("`{path}` is a field of lines, and this is none of a line"));
        }
        if let Some(own) = path.strip_prefix("custom.") {
            let own = self.aliases.get(own).map_or(own, String::as_str);
            let at = source.custom.iter().position(|name| name == own).unwrap_or_else(|| {
                source.custom.push(own.to_owned());
                source.custom.len() - 1
            });
            return Ok(Field::Slot(known.len() + LINE.len() + at));
        }
        let near = nearest(path, source.names());
        Err(format!("there is no field `{path}`{}", did_you_mean(&near)))
    }
}

/// A document, and a line of it where a line is at stake.
pub(super) struct DocumentRecord<'a> {
    pub(super) source: &'a Source,
    pub(super) document: &'a Document,
    pub(super) line: Option<LineSource<'a>>,
}

impl Record for DocumentRecord<'_> {
    fn get(&self, slot: usize) -> Value<'_> {
        let known = header(self.source.kind);
        if let Some((_, get)) = known.get(slot) {
            return get(self.document);
        }
        let slot = slot - known.len();
        if let Some((_, get)) = LINE.get(slot) {
            return self.line.as_ref().map_or(Value::Nothing, get);
        }
        let name = self.source.custom.get(slot - LINE.len());
        let own = name.and_then(|name| custom(self.document)?.get(name));
        maybe(own.map(String::as_str))
    }
}

fn custom(document: &Document) -> Option<&CustomFields> {
    match document {
        Document::Project(d) => Some(&d.custom),
        Document::Commitment(d) => Some(&d.custom),
        Document::PayApp(d) => Some(&d.custom),
        Document::PrimeContract(d) => Some(&d.custom),
        Document::OwnerInvoice(d) => Some(&d.custom),
        _ => None,
    }
}
