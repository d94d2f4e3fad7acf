//! Estimates, invoices and credit memos: reading, creating, changing.
//!
//! Retainage that the sync withholds is a line on the retainage item. QuickBooks' own retainage members
//! (`RetainageAmount`, `TxnRetainageDetail`) stay on a document as they were read; none is ever made here.

use rust_decimal::Decimal;
use serde_json::value::{RawValue, to_raw_value};
use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::accounting::{AccountingDocument, SalesDocument, SalesLine};
use sync_core::model::{Amount, Currency, LineKey, MoneyError};

use super::read::{currency_of, is_voided, line_money, money, target};
use super::update::{number_and_note, set_reference};
use super::{WriteOptions, note_with};
use crate::client::COMPUTED;
use crate::entity::Entity;
use crate::error::Error;
use crate::raw::Object;
use crate::sanitise::{self, number, paragraph};
use crate::wire::{self, Line, Reference, Sales, SalesItem, detail};

/// An estimate of the sync stands for a contract that was signed.
const ACCEPTED: &str = "Accepted";

/// The body that creates a sales document.
pub(super) fn create(
    entity: Entity,
    document: &SalesDocument,
    marker: &Marker,
    options: &WriteOptions,
) -> Result<Box<RawValue>, serde_json::Error> {
    let doc_number = document.number.as_deref().map(|text| number(text).into_owned());
    let txn_date = Some(document.date);
    let customer_ref = Some(Reference::to(document.customer.as_str()));
    let sales_term_ref = document.terms.as_ref().map(|terms| Reference::to(terms.as_str()));
    let private_note = Some(note_with(&document.memo, marker, sanitise::MAX_NOTE));
    let line = Some(document.lines.iter().map(|line| new_line(line, options)).collect());
    match entity {
        Entity::Estimate => to_raw_value(&wire::Estimate {
            doc_number,
            txn_date,
            customer_ref,
            sales_term_ref,
            txn_status: Some(ACCEPTED.to_owned()),
            private_note,
            line,
            ..wire::Estimate::default()
        }),
        Entity::CreditMemo => to_raw_value(&wire::CreditMemo {
            doc_number,
            txn_date,
            customer_ref,
            private_note,
            line,
            ..wire::CreditMemo::default()
        }),
        _ => to_raw_value(&wire::Invoice {
            doc_number,
            txn_date,
            customer_ref,
            sales_term_ref,
            private_note,
            line,
            ..wire::Invoice::default()
        }),
    }
}

fn new_line(from: &SalesLine, options: &WriteOptions) -> Line {
    let amount = Amount(from.amount.amount());
    Line {
        description: Some(paragraph(&from.description, sanitise::MAX_DESCRIPTION).into_owned())
            .filter(|text| !text.is_empty()),
        amount: Some(amount),
        detail_type: Some(detail::SALES_ITEM.to_owned()),
        sales_item: Some(SalesItem {
            item_ref: Some(Reference::to(from.item.as_str())),
            class_ref: from.class.as_ref().map(|id| Reference::to(id.as_str())),
            // The amount must be their product exactly, and only this never needs rounding.
            qty: Some(Amount(Decimal::ONE)),
            unit_price: Some(amount),
            tax_code_ref: options.tax_code.as_deref().map(Reference::to),
            ..SalesItem::default()
        }),
        ..Line::default()
    }
}

/// The state of a sales document that was read.
pub(super) fn state<T: Sales>(
    entity: &T,
    home: Currency,
    kind: fn(SalesDocument) -> AccountingDocument,
) -> Result<TargetState, Error> {
    let at = |member: &str| format!("{} {} at {member}", T::ENTITY, entity.id());
    let currency = currency_of(entity.currency(), home).map_err(|e| Error::unreadable(&at("CurrencyRef"), &e))?;
    let customer = entity.customer().ok_or_else(|| Error::unreadable(&at("CustomerRef"), &"it has none"))?;
    let date = entity.date().ok_or_else(|| Error::unreadable(&at("TxnDate"), &"it has none"))?;
    let mut lines = Vec::with_capacity(entity.lines().len());
    for line in entity.lines() {
        if let Some(line) = sales_line(line, currency).map_err(|e| Error::unreadable(&at("Line"), &e))? {
            lines.push(line);
        }
    }
    let (marker, memo) = Marker::take_from(entity.note());
    let amount = |member: &str, amount: Option<Amount>| {
        amount.map(|amount| money(amount, currency)).transpose().map_err(|e| Error::unreadable(&at(member), &e))
    };
    let total = amount("TotalAmt", entity.total())?;
    let document = kind(SalesDocument {
        customer: customer.value.as_str().into(),
        number: entity.number().filter(|number| !number.is_empty()).map(ToOwned::to_owned),
        date,
        terms: entity.terms().map(|terms| terms.value.as_str().into()),
        memo,
        lines,
        currency,
        extra: entity.extra(),
    });
    Ok(TargetState {
        target: target(entity, document.kind())?,
        version: entity.sync_token().to_owned(),
        document,
        total,
        balance: amount("Balance", entity.balance())?,
        condition: if is_voided(total, entity.note()) { Condition::Voided } else { Condition::Live },
        marker,
    })
}

/// The item of a line that a document can say; none for subtotals, discounts, groups and texts.
fn sold(line: &Line) -> Option<(&SalesItem, &Reference)> {
    let detail = line.sales_item.as_ref().filter(|_| line.detail_type.as_deref() == Some(detail::SALES_ITEM))?;
    Some((detail, detail.item_ref.as_ref()?))
}

fn sales_line(line: &Line, currency: Currency) -> Result<Option<SalesLine>, MoneyError> {
    let Some((detail, item)) = sold(line) else { return Ok(None) };
    Ok(Some(SalesLine {
        key: LineKey::foreign(line.id.as_deref().unwrap_or_default()),
        id: line.id.as_deref().map(Into::into),
        description: line.description.clone().unwrap_or_default(),
        amount: line_money(line, currency)?,
        item: item.value.as_str().into(),
        class: detail.class_ref.as_ref().map(|class| class.value.as_str().into()),
    }))
}

/// The body that changes a sales document that was read: all of it, since an omitted member would be cleared.
pub(super) fn update(
    entity: Entity,
    document: &SalesDocument,
    mut object: Object<'_>,
    marker: &Marker,
    options: &WriteOptions,
) -> Result<Box<RawValue>, serde_json::Error> {
    let lines = merged_lines(document, object.get("Line"), options)?;
    for member in COMPUTED {
        object.remove(member);
    }
    object.set("sparse", &false)?;
    set_reference(&mut object, "CustomerRef", Some(document.customer.as_str()))?;
    number_and_note(&mut object, document.number.as_deref(), &document.memo, marker)?;
    object.set("TxnDate", &document.date)?;
    if entity != Entity::CreditMemo {
        set_reference(&mut object, "SalesTermRef", document.terms.as_ref().map(|terms| terms.as_str()))?;
    }
    object.set("Line", &lines)?;
    object.to_raw()
}

/// What QuickBooks' own retainage withholds on the invoice that was read, where the document withholds too, by a line of
/// its own: both together would withhold twice.
pub(crate) fn withheld_twice(document: &SalesDocument, read: &RawValue) -> Option<Amount> {
    let withholds = |line: &SalesLine| line.key.as_str().ends_with("withheld") && !line.amount.is_zero();
    if !document.lines.iter().any(withholds) {
        return None;
    }
    let invoice: wire::Invoice = serde_json::from_str(read.get()).ok()?;
    let on_lines = invoice.line.iter().flatten().filter_map(|line| line.sales_item.as_ref()?.retainage_amount);
    let stated = invoice.retainage.and_then(|detail| detail.amount);
    stated.into_iter().chain(on_lines).find(|amount| !amount.0.is_zero())
}

/// The document's lines over those that were read. What a document cannot say stays, but for subtotals: the server makes
/// them.
fn merged_lines(
    document: &SalesDocument,
    read: Option<&RawValue>,
    options: &WriteOptions,
) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    let old: Vec<&RawValue> = read.map_or(Ok(Vec::new()), |lines| serde_json::from_str(lines.get()))?;
    let mut known = Vec::with_capacity(old.len());
    for raw in &old {
        known.push((*raw, serde_json::from_str::<Line>(raw.get())?));
    }
    let mut lines = Vec::with_capacity(document.lines.len() + 1);
    for wanted in &document.lines {
        let found = wanted.id.as_ref().and_then(|id| known.iter().find(|(_, l)| l.id.as_deref() == Some(id.as_str())));
        let new = new_line(wanted, options);
        lines.push(match found {
            Some((raw, line)) => merged_line(wanted, &new, raw, line)?,
            None => to_raw_value(&new)?,
        });
    }
    let kept = |line: &Line| sold(line).is_none() && line.detail_type.as_deref() != Some(detail::SUBTOTAL);
    lines.extend(known.iter().filter(|(_, line)| kept(line)).map(|(raw, _)| (*raw).to_owned()));
    Ok(lines)
}

fn merged_line(
    wanted: &SalesLine,
    new: &Line,
    raw: &RawValue,
    read: &Line,
) -> Result<Box<RawValue>, serde_json::Error> {
    let mut object = Object::read(raw)?;
    if read.description.as_deref().unwrap_or_default() != new.description.as_deref().unwrap_or_default() {
        object.set("Description", new.description.as_deref().unwrap_or_default())?;
    }
    let amount_changed = read.amount != new.amount;
    if amount_changed {
        object.set("Amount", &new.amount)?;
    }
    let old_detail = object.get(detail::SALES_ITEM).map(ToOwned::to_owned);
    let detail = match &old_detail {
        Some(old) if sold(read).is_some() => {
            let mut detail = Object::read(old)?;
            let item_changed = sold(read).is_some_and(|(_, item)| item.value != wanted.item.as_str());
            set_reference(&mut detail, "ItemRef", Some(wanted.item.as_str()))?;
            if item_changed {
                // It belonged to the item that is gone.
                detail.remove("ItemAccountRef");
            }
            set_reference(&mut detail, "ClassRef", wanted.class.as_ref().map(|id| id.as_str()))?;
            if amount_changed && let Some(item) = &new.sales_item {
                detail.set("Qty", &item.qty)?;
                detail.set("UnitPrice", &item.unit_price)?;
            }
            detail.to_raw()?
        }
        _ => to_raw_value(&new.sales_item)?,
    };
    object.set("DetailType", detail::SALES_ITEM)?;
    object.set(detail::SALES_ITEM, &detail)?;
    object.to_raw()
}
