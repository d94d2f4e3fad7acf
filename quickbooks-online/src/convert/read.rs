//! From an entity to the state of a target.

use serde_json::value::RawValue;
use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::accounting::{
    AccountingDocument, Coding, Customer, ExpenseDocument, ExpenseLine, LineLink, PostTo, Vendor,
};
use sync_core::model::construction::Address;
use sync_core::model::{Amount, Currency, CurrencyError, Date, LineKey, Money, TargetKind, TargetRef};

use super::{journal, sales};
use crate::entity::Entity;
use crate::error::Error;
use crate::wire::{self, Expense, Line, PhysicalAddress, Wire, detail};

/// What QuickBooks puts behind the name of an inactive list entry.
const DELETED_SUFFIX: &str = " (deleted)";

/// What a note begins with after a void in the screens of QuickBooks.
const VOIDED: &str = "Voided";

/// The name that an entry had before it was made inactive.
pub(crate) fn plain_name(name: &str, active: bool) -> &str {
    if active { name } else { name.strip_suffix(DELETED_SUFFIX).unwrap_or(name) }
}

/// The state of an object that was read.
pub(crate) fn state(entity: Entity, raw: &RawValue, home: Currency) -> Result<TargetState, Error> {
    match entity {
        Entity::Customer => customer(&typed(raw)?),
        Entity::Vendor => vendor(&typed(raw)?),
        Entity::PurchaseOrder => expense(&typed::<wire::PurchaseOrder>(raw)?, home, AccountingDocument::PurchaseOrder),
        Entity::Bill => expense(&typed::<wire::Bill>(raw)?, home, AccountingDocument::Bill),
        Entity::VendorCredit => expense(&typed::<wire::VendorCredit>(raw)?, home, AccountingDocument::VendorCredit),
        Entity::Estimate => sales::state(&typed::<wire::Estimate>(raw)?, home, AccountingDocument::Estimate),
        Entity::Invoice => sales::state(&typed::<wire::Invoice>(raw)?, home, AccountingDocument::Invoice),
        Entity::CreditMemo => sales::state(&typed::<wire::CreditMemo>(raw)?, home, AccountingDocument::CreditMemo),
        Entity::JournalEntry => journal::state(&typed(raw)?, home),
        other => Err(Error::Invalid(format!("{other} is not among the documents of this sink"))),
    }
}

/// The state of a transaction after it was deleted, which is how QuickBooks Online voids it.
pub(crate) fn voided(mut state: TargetState) -> TargetState {
    state.condition = Condition::Voided;
    state.total = state.total.map(|total| Money::zero(total.currency()));
    state.balance = state.balance.map(|balance| Money::zero(balance.currency()));
    state
}

fn typed<T: Wire>(raw: &RawValue) -> Result<T, Error> {
    serde_json::from_str(raw.get())
        .map_err(|error| Error::unreadable(&format!("{} {}", T::ENTITY, crate::raw::id_of(raw)), &error))
}

pub(super) fn target<T: Wire>(entity: &T, kind: TargetKind) -> Result<TargetRef, Error> {
    if entity.id().is_empty() {
        return Err(Error::unreadable(&T::ENTITY.to_string(), &"it has no Id"));
    }
    Ok(TargetRef { kind, id: entity.id().into() })
}

fn customer(entity: &wire::Customer) -> Result<TargetState, Error> {
    let active = entity.active.unwrap_or(true);
    let document = Customer {
        name: plain_name(entity.display_name.as_deref().unwrap_or_default(), active).to_owned(),
        parent: entity.parent_ref.as_ref().map(|parent| parent.value.as_str().into()),
        address: entity.bill_addr.as_ref().map(address),
        active,
    };
    let target = target(entity, TargetKind::Customer)?;
    let note = entity.notes.as_deref().unwrap_or_default();
    Ok(list_state(entity, target, AccountingDocument::Customer(document), active, note))
}

fn vendor(entity: &wire::Vendor) -> Result<TargetState, Error> {
    let active = entity.active.unwrap_or(true);
    let document = Vendor {
        name: plain_name(entity.display_name.as_deref().unwrap_or_default(), active).to_owned(),
        address: entity.bill_addr.as_ref().map(address),
        phone: entity.primary_phone.as_ref().and_then(|phone| phone.number.clone()),
        email: entity.primary_email_addr.as_ref().and_then(|email| email.address.clone()),
        active,
    };
    let target = target(entity, TargetKind::Vendor)?;
    // A vendor has no documented field for a note, so it goes by its name.
    Ok(list_state(entity, target, AccountingDocument::Vendor(document), active, ""))
}

fn list_state<T: Wire>(
    entity: &T,
    target: TargetRef,
    document: AccountingDocument,
    active: bool,
    note: &str,
) -> TargetState {
    TargetState {
        target,
        version: entity.sync_token().to_owned(),
        document,
        total: None,
        balance: None,
        condition: if active { Condition::Live } else { Condition::Inactive },
        marker: Marker::find(note),
    }
}

fn address(address: &PhysicalAddress) -> Address {
    Address {
        street: address.line1.clone(),
        city: address.city.clone(),
        state: address.state.clone(),
        postal_code: address.postal_code.clone(),
        country: address.country.clone(),
    }
}

fn expense<T: Expense>(
    entity: &T,
    home: Currency,
    kind: fn(ExpenseDocument) -> AccountingDocument,
) -> Result<TargetState, Error> {
    let at = |member: &str| format!("{} {} at {member}", T::ENTITY, entity.id());
    let currency = currency_of(entity.currency(), home).map_err(|e| Error::unreadable(&at("CurrencyRef"), &e))?;
    let vendor = entity.vendor().ok_or_else(|| Error::unreadable(&at("VendorRef"), &"it has none"))?;
    let date: Date = entity.date().ok_or_else(|| Error::unreadable(&at("TxnDate"), &"it has none"))?;
    let mut lines = Vec::with_capacity(entity.lines().len());
    for line in entity.lines() {
        if let Some(line) = expense_line(line, currency).map_err(|e| Error::unreadable(&at("Line"), &e))? {
            lines.push(line);
        }
    }
    let (marker, memo) = Marker::take_from(entity.note());
    let amount = |member: &str, amount: Option<Amount>| {
        amount.map(|amount| money(amount, currency)).transpose().map_err(|e| Error::unreadable(&at(member), &e))
    };
    let total = amount("TotalAmt", entity.total())?;
    let document = kind(ExpenseDocument {
        payee: vendor.value.as_str().into(),
        number: entity.number().filter(|number| !number.is_empty()).map(ToOwned::to_owned),
        date,
        terms: entity.terms().map(|terms| terms.value.as_str().into()),
        payable: entity.payable().map(|account| account.value.as_str().into()),
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

/// The currency of a transaction: its own, or that of the company.
pub(crate) fn currency_of(named: Option<&wire::Reference>, home: Currency) -> Result<Currency, CurrencyError> {
    named.map_or(Ok(home), |currency| currency.value.parse())
}

/// Does the note begin as QuickBooks lets it begin after a void?
pub(crate) fn says_voided(note: &str) -> bool {
    note.trim_start().get(..VOIDED.len()).is_some_and(|start| start.eq_ignore_ascii_case(VOIDED))
}

/// Was the transaction voided? No member says so: its amounts are nothing and its note begins with the word
/// (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice>).
pub(crate) fn is_voided(total: Option<Money>, note: &str) -> bool {
    total.is_some_and(|total| total.is_zero()) && says_voided(note)
}

/// An amount as money of whole cents.
pub(crate) fn money(amount: Amount, currency: Currency) -> Result<Money, sync_core::model::MoneyError> {
    Money::new(amount.0, currency)
}

/// The amount of a line; a line without one moves nothing.
pub(crate) fn line_money(line: &Line, currency: Currency) -> Result<Money, sync_core::model::MoneyError> {
    line.amount.map_or_else(|| Ok(Money::zero(currency)), |amount| money(amount, currency))
}

/// A line that posts; none for lines that are only text, and for forms that a document cannot say.
pub(crate) fn expense_line(
    line: &Line,
    currency: Currency,
) -> Result<Option<ExpenseLine>, sync_core::model::MoneyError> {
    let (post_to, class, customer) = match line.detail_type.as_deref() {
        Some(detail::ITEM_EXPENSE) => {
            let Some(detail) = &line.item_expense else { return Ok(None) };
            let Some(item) = &detail.item_ref else { return Ok(None) };
            (PostTo::Item(item.value.as_str().into()), &detail.class_ref, &detail.customer_ref)
        }
        Some(detail::ACCOUNT_EXPENSE) => {
            let Some(detail) = &line.account_expense else { return Ok(None) };
            let Some(account) = &detail.account_ref else { return Ok(None) };
            (PostTo::Account(account.value.as_str().into()), &detail.class_ref, &detail.customer_ref)
        }
        _ => return Ok(None),
    };
    let id = line.id.as_deref().unwrap_or_default();
    Ok(Some(ExpenseLine {
        key: LineKey::foreign(id),
        id: line.id.as_deref().map(Into::into),
        description: line.description.clone().unwrap_or_default(),
        amount: line_money(line, currency)?,
        coding: Coding {
            post_to,
            class: class.as_ref().map(|class| class.value.as_str().into()),
            customer: customer.as_ref().map(|customer| customer.value.as_str().into()),
        },
        link: super::links::purchase_order(line)
            .map(|(order, line)| LineLink { purchase_order: order.into(), line: line.into() }),
    }))
}
