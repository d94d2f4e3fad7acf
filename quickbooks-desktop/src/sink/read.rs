//! From the objects of QuickBooks to documents.

use sync_core::connector::{Condition, Marker, TargetState};
use sync_core::model::accounting::{
    AccountingDocument, Coding, Customer, ExpenseDocument, ExpenseLine as Line, JournalEntry, JournalLine, PostTo,
    SalesDocument, SalesLine as Sale, Vendor,
};
use sync_core::model::construction::Address;
use sync_core::model::{Currency, LineKey, Money, TargetKind, TargetRef};

use super::mirror::Held;
use crate::qbxml::objects::{self as qb, JournalSide, Linked, PostalAddress, Record};
use crate::qbxml::{Amount, Element, ObjectRef, QbDate};

/// The kind of document that an element stands for.
pub(super) fn kind_of(name: &str) -> Option<TargetKind> {
    Some(match name {
        "CustomerRet" => TargetKind::Customer,
        "VendorRet" => TargetKind::Vendor,
        "PurchaseOrderRet" => TargetKind::PurchaseOrder,
        "BillRet" => TargetKind::Bill,
        "VendorCreditRet" => TargetKind::VendorCredit,
        "EstimateRet" => TargetKind::Estimate,
        "InvoiceRet" => TargetKind::Invoice,
        "CreditMemoRet" => TargetKind::CreditMemo,
        "JournalEntryRet" => TargetKind::JournalEntry,
        _ => return None,
    })
}

/// Reads a document; nothing for an element that is none.
///
/// # Errors
/// Which object, which element, what is wrong.
pub(super) fn held(element: &Element<'_>, currency: Currency) -> Result<Option<Held>, String> {
    let Some(kind) = kind_of(&element.name) else { return Ok(None) };
    let id = element.child_text("TxnID").or_else(|| element.child_text("ListID")).unwrap_or_default();
    read(kind, element, currency).map(Some).map_err(|problem| format!("{} {id}: {problem}", element.name))
}

fn read(kind: TargetKind, element: &Element<'_>, currency: Currency) -> Result<Held, String> {
    let bad = |error: qb::ObjectError| error.to_string();
    Ok(match kind {
        TargetKind::Customer => customer(qb::Customer::read(element).map_err(bad)?),
        TargetKind::Vendor => vendor(qb::Vendor::read(element).map_err(bad)?),
        TargetKind::PurchaseOrder => order(qb::PurchaseOrder::read(element).map_err(bad)?, currency)?,
        TargetKind::Bill => {
            let bill = qb::Bill::read(element).map_err(bad)?;
            let parts = Expense {
                id: bill.txn_id,
                version: bill.edit_sequence,
                vendor: bill.vendor,
                payable: bill.ap_account,
                date: bill.txn_date,
                number: bill.ref_number,
                terms: bill.terms,
                memo: bill.memo,
                expense_lines: bill.expense_lines,
                item_lines: bill.item_lines,
                total: bill.amount_due,
                open: bill.open_amount,
                linked: bill.linked,
            };
            expense(kind, parts, currency, AccountingDocument::Bill)?
        }
        TargetKind::VendorCredit => {
            let credit = qb::VendorCredit::read(element).map_err(bad)?;
            let parts = Expense {
                id: credit.txn_id,
                version: credit.edit_sequence,
                vendor: credit.vendor,
                payable: credit.ap_account,
                date: credit.txn_date,
                number: credit.ref_number,
                terms: None,
                memo: credit.memo,
                expense_lines: credit.expense_lines,
                item_lines: credit.item_lines,
                total: credit.credit_amount,
                open: credit.open_amount,
                linked: credit.linked,
            };
            expense(kind, parts, currency, AccountingDocument::VendorCredit)?
        }
        TargetKind::Estimate => {
            let d = qb::Estimate::read(element).map_err(bad)?;
            let head = (d.txn_id, d.edit_sequence, d.customer, d.txn_date, d.ref_number, d.terms, d.memo);
            sales(kind, head, d.lines, (d.total_amount, None), currency, AccountingDocument::Estimate)?
        }
        TargetKind::Invoice => {
            let d = qb::Invoice::read(element).map_err(bad)?;
            let head = (d.txn_id, d.edit_sequence, d.customer, d.txn_date, d.ref_number, d.terms, d.memo);
            sales(kind, head, d.lines, (d.subtotal, d.balance_remaining), currency, AccountingDocument::Invoice)?
        }
        TargetKind::CreditMemo => {
            let d = qb::CreditMemo::read(element).map_err(bad)?;
            let head = (d.txn_id, d.edit_sequence, d.customer, d.txn_date, d.ref_number, d.terms, d.memo);
            let totals = (d.total_amount, d.credit_remaining);
            sales(kind, head, d.lines, totals, currency, AccountingDocument::CreditMemo)?
        }
        TargetKind::JournalEntry => journal(qb::JournalEntry::read(element).map_err(bad)?, currency)?,
        TargetKind::BillPayment | TargetKind::Payment | TargetKind::Purchase => {
            return Err("payments are read elsewhere".to_owned());
        }
    })
}

fn target(kind: TargetKind, id: Option<String>) -> TargetRef {
    TargetRef { kind, id: id.unwrap_or_default().into() }
}

fn id_of<'a>(reference: &'a Option<ObjectRef<'static>>) -> Option<&'a str> {
    reference.as_ref()?.list_id.as_ref().map(|id| id.as_str())
}

pub(super) fn money(amount: Amount, currency: Currency) -> Result<Money, String> {
    Money::new(amount.to_decimal(), currency).map_err(|error| error.to_string())
}

fn some_money(amount: Option<Amount>, currency: Currency) -> Result<Option<Money>, String> {
    amount.map(|amount| money(amount, currency)).transpose()
}

fn needed<'a, T>(value: &'a Option<T>, what: &str) -> Result<&'a T, String> {
    value.as_ref().ok_or_else(|| format!("it has no {what}"))
}

fn address(from: PostalAddress) -> Address {
    Address {
        street: from.addr1,
        city: from.city,
        state: from.state,
        postal_code: from.postal_code,
        country: from.country,
    }
}

fn party(
    target: TargetRef,
    version: Option<String>,
    document: AccountingDocument,
    active: bool,
    notes: Option<&str>,
) -> Held {
    let state = TargetState {
        target,
        version: version.unwrap_or_default(),
        document,
        total: None,
        balance: None,
        condition: if active { Condition::Live } else { Condition::Inactive },
        marker: notes.and_then(Marker::find),
    };
    Held { state, orders: Vec::new() }
}

fn customer(from: qb::Customer) -> Held {
    let active = from.is_active != Some(false);
    let document = Customer {
        name: from.name.unwrap_or_default(),
        parent: id_of(&from.parent).map(Into::into),
        address: from.bill_address.map(|from| address(*from)),
        active,
    };
    let target = target(TargetKind::Customer, from.list_id);
    party(target, from.edit_sequence, AccountingDocument::Customer(document), active, from.notes.as_deref())
}

fn vendor(from: qb::Vendor) -> Held {
    let active = from.is_active != Some(false);
    let document = Vendor {
        name: from.name.unwrap_or_default(),
        address: from.vendor_address.map(|from| address(*from)),
        phone: from.phone.filter(|text| !text.is_empty()),
        email: from.email.filter(|text| !text.is_empty()),
        active,
    };
    let target = target(TargetKind::Vendor, from.list_id);
    party(target, from.edit_sequence, AccountingDocument::Vendor(document), active, from.notes.as_deref())
}

/// QuickBooks writes this before the memo of what it voids, and sets every amount to nothing.
pub(super) const VOID: &str = "VOID:";

fn condition(memo: &Option<String>, total: Option<Money>) -> Condition {
    let says_so = memo.as_deref().is_some_and(|memo| memo.trim_start().starts_with(VOID));
    if says_so && total.is_some_and(|total| total.is_zero()) { Condition::Voided } else { Condition::Live }
}

fn order(from: qb::PurchaseOrder, currency: Currency) -> Result<Held, String> {
    let (marker, memo) = Marker::take_from(from.memo.as_deref().unwrap_or_default());
    let mut lines = Vec::with_capacity(from.lines.len());
    for line in &from.lines {
        // A line without an item is a text between lines.
        let Some(item) = id_of(&line.item) else { continue };
        let id = needed(&line.txn_line_id, "TxnLineID")?;
        lines.push(Line {
            key: LineKey::foreign(id),
            id: Some(id.as_str().into()),
            description: line.desc.clone().unwrap_or_default(),
            amount: money(line.amount.unwrap_or_default(), currency)?,
            coding: Coding {
                post_to: PostTo::Item(item.into()),
                class: id_of(&line.class).map(Into::into),
                customer: id_of(&line.customer).map(Into::into),
            },
            link: None,
        });
    }
    let document = ExpenseDocument {
        payee: id_of(&from.vendor).unwrap_or_default().into(),
        number: from.ref_number,
        date: needed(&from.txn_date, "TxnDate")?.date(),
        terms: id_of(&from.terms).map(Into::into),
        payable: None,
        memo,
        lines,
        currency,
        extra: Default::default(),
    };
    let state = TargetState {
        target: target(TargetKind::PurchaseOrder, from.txn_id),
        version: from.edit_sequence.unwrap_or_default(),
        document: AccountingDocument::PurchaseOrder(document),
        total: some_money(from.total_amount, currency)?,
        balance: None,
        condition: Condition::Live,
        marker,
    };
    Ok(Held { state, orders: Vec::new() })
}

/// What bills and vendor credits have in common.
struct Expense {
    id: Option<String>,
    version: Option<String>,
    vendor: Option<ObjectRef<'static>>,
    payable: Option<ObjectRef<'static>>,
    date: Option<QbDate>,
    number: Option<String>,
    terms: Option<ObjectRef<'static>>,
    memo: Option<String>,
    expense_lines: Vec<qb::ExpenseLine>,
    item_lines: Vec<qb::ItemLine>,
    total: Option<Amount>,
    open: Option<Amount>,
    linked: Vec<Linked>,
}

fn expense(
    kind: TargetKind,
    from: Expense,
    currency: Currency,
    wrap: fn(ExpenseDocument) -> AccountingDocument,
) -> Result<Held, String> {
    let (marker, memo) = Marker::take_from(from.memo.as_deref().unwrap_or_default());
    let mut lines = Vec::with_capacity(from.expense_lines.len() + from.item_lines.len());
    let line = |id: &Option<String>,
                text: &Option<String>,
                amount: Option<Amount>,
                post_to,
                class: &_,
                customer: &_| {
        let id = needed(id, "TxnLineID")?;
        Ok::<_, String>(Line {
            key: LineKey::foreign(id),
            id: Some(id.as_str().into()),
            description: text.clone().unwrap_or_default(),
            amount: money(amount.unwrap_or_default(), currency)?,
            coding: Coding { post_to, class: id_of(class).map(Into::into), customer: id_of(customer).map(Into::into) },
            link: None,
        })
    };
    for from in &from.expense_lines {
        let Some(account) = id_of(&from.account) else { continue };
        let post_to = PostTo::Account(account.into());
        lines.push(line(&from.txn_line_id, &from.memo, from.amount, post_to, &from.class, &from.customer)?);
    }
    for from in &from.item_lines {
        let Some(item) = id_of(&from.item) else { continue };
        let post_to = PostTo::Item(item.into());
        lines.push(line(&from.txn_line_id, &from.desc, from.amount, post_to, &from.class, &from.customer)?);
    }
    let total = some_money(from.total, currency)?;
    let document = ExpenseDocument {
        payee: id_of(&from.vendor).unwrap_or_default().into(),
        number: from.number,
        date: needed(&from.date, "TxnDate")?.date(),
        terms: id_of(&from.terms).map(Into::into),
        payable: id_of(&from.payable).map(Into::into),
        memo,
        lines,
        currency,
        extra: Default::default(),
    };
    let state = TargetState {
        target: target(kind, from.id),
        version: from.version.unwrap_or_default(),
        document: wrap(document),
        total,
        balance: some_money(from.open, currency)?,
        condition: condition(&from.memo, total),
        marker,
    };
    let orders = from.linked.into_iter().filter(|link| link.txn_type.as_deref() == Some("PurchaseOrder"));
    Ok(Held { state, orders: orders.filter_map(|link| link.txn_id).collect() })
}

type SalesHead = (
    Option<String>,
    Option<String>,
    Option<ObjectRef<'static>>,
    Option<QbDate>,
    Option<String>,
    Option<ObjectRef<'static>>,
    Option<String>,
);

fn sales(
    kind: TargetKind,
    (id, version, customer, date, number, terms, memo): SalesHead,
    from: Vec<qb::SalesLine>,
    (total, open): (Option<Amount>, Option<Amount>),
    currency: Currency,
    wrap: fn(SalesDocument) -> AccountingDocument,
) -> Result<Held, String> {
    let (marker, text) = Marker::take_from(memo.as_deref().unwrap_or_default());
    let mut lines = Vec::with_capacity(from.len());
    for line in &from {
        let Some(item) = id_of(&line.item) else { continue };
        let id = needed(&line.txn_line_id, "TxnLineID")?;
        lines.push(Sale {
            key: LineKey::foreign(id),
            id: Some(id.as_str().into()),
            description: line.desc.clone().unwrap_or_default(),
            amount: money(line.amount.unwrap_or_default(), currency)?,
            item: item.into(),
            class: id_of(&line.class).map(Into::into),
        });
    }
    let total = some_money(total, currency)?;
    let document = SalesDocument {
        customer: id_of(&customer).unwrap_or_default().into(),
        number,
        date: needed(&date, "TxnDate")?.date(),
        terms: id_of(&terms).map(Into::into),
        memo: text,
        lines,
        currency,
        extra: Default::default(),
    };
    let state = TargetState {
        target: target(kind, id),
        version: version.unwrap_or_default(),
        document: wrap(document),
        total,
        balance: some_money(open, currency)?,
        condition: condition(&memo, total),
        marker,
    };
    Ok(Held { state, orders: Vec::new() })
}

fn journal(from: qb::JournalEntry, currency: Currency) -> Result<Held, String> {
    let first = from.lines.first().and_then(|line| line.memo.clone()).unwrap_or_default();
    let (marker, memo) = Marker::take_from(&first);
    let mut lines = Vec::with_capacity(from.lines.len());
    for line in &from.lines {
        let amount = money(line.amount.unwrap_or_default(), currency)?;
        lines.push(JournalLine {
            account: id_of(&line.account).unwrap_or_default().into(),
            amount: if line.side == JournalSide::Credit { amount.negated() } else { amount },
            description: line.memo.clone().unwrap_or_default(),
            class: id_of(&line.class).map(Into::into),
            customer: id_of(&line.entity).map(Into::into),
        });
    }
    let date = needed(&from.txn_date, "TxnDate")?.date();
    let entry = JournalEntry::new(from.ref_number, date, memo, lines).map_err(|error| error.to_string())?;
    let is_void = first.trim_start().starts_with(VOID) && entry.lines().iter().all(|line| line.amount.is_zero());
    let state = TargetState {
        target: target(TargetKind::JournalEntry, from.txn_id),
        version: from.edit_sequence.unwrap_or_default(),
        document: AccountingDocument::JournalEntry(entry),
        total: None,
        balance: None,
        condition: if is_void { Condition::Voided } else { Condition::Live },
        marker,
    };
    Ok(Held { state, orders: Vec::new() })
}
