//! From documents to requests.

use rust_decimal::Decimal;
use sync_core::connector::Marker;
use sync_core::model::accounting::{
    AccountingDocument, Customer, ExpenseDocument, ExpenseLine as Line, JournalEntry, PostTo, SalesDocument, Vendor,
};
use sync_core::model::construction::Address;
use sync_core::model::{Money, TargetKind};

use crate::qbxml::objects as qb;
use crate::qbxml::objects::{JournalSide, ListDelType, Object, PostalAddress, Request, TxnType};
use crate::qbxml::text::{fit, limits};
use crate::qbxml::{Amount, ListId, ObjectRef, Price, QbDate, Quantity};

/// What stands now of a document that is changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Now {
    pub(super) id: String,
    pub(super) version: String,
    /// Ids of lines that bill a purchase order: they keep their item.
    pub(super) linked: Vec<String>,
    pub(super) has_expense_lines: bool,
    pub(super) has_item_lines: bool,
}

/// The new line of a change.
const NEW_LINE: &str = "-1";

/// The request that creates a document, or changes it from `now`.
///
/// # Errors
/// What QuickBooks cannot take, in words for people.
pub(super) fn request(document: &AccountingDocument, marker: &Marker, now: Option<&Now>) -> Result<Request, String> {
    let object = match document {
        AccountingDocument::Customer(d) => Object::Customer(Box::new(customer(d, marker, now)?)),
        AccountingDocument::Vendor(d) => Object::Vendor(Box::new(vendor(d, marker, now)?)),
        AccountingDocument::PurchaseOrder(d) => Object::PurchaseOrder(Box::new(order(d, marker, now)?)),
        AccountingDocument::Bill(d) => Object::Bill(Box::new(bill(d, marker, now)?)),
        AccountingDocument::VendorCredit(d) => Object::VendorCredit(Box::new(credit(d, marker, now)?)),
        AccountingDocument::Estimate(d) => {
            let (id, version) = key(now);
            Object::Estimate(Box::new(qb::Estimate {
                txn_id: id,
                edit_sequence: version,
                customer: reference(d.customer.as_str())?,
                txn_date: date(d.date)?,
                ref_number: d.number.clone(),
                terms: some_reference(d.terms.as_ref())?,
                memo: memo(&d.memo, marker),
                lines: sales_lines(d, now)?,
                ..qb::Estimate::default()
            }))
        }
        AccountingDocument::Invoice(d) => {
            let (id, version) = key(now);
            Object::Invoice(Box::new(qb::Invoice {
                txn_id: id,
                edit_sequence: version,
                customer: reference(d.customer.as_str())?,
                txn_date: date(d.date)?,
                ref_number: d.number.clone(),
                terms: some_reference(d.terms.as_ref())?,
                memo: memo(&d.memo, marker),
                lines: sales_lines(d, now)?,
                ..qb::Invoice::default()
            }))
        }
        AccountingDocument::CreditMemo(d) => {
            let (id, version) = key(now);
            Object::CreditMemo(Box::new(qb::CreditMemo {
                txn_id: id,
                edit_sequence: version,
                customer: reference(d.customer.as_str())?,
                txn_date: date(d.date)?,
                ref_number: d.number.clone(),
                terms: some_reference(d.terms.as_ref())?,
                memo: memo(&d.memo, marker),
                lines: sales_lines(d, now)?,
                ..qb::CreditMemo::default()
            }))
        }
        AccountingDocument::JournalEntry(d) => Object::JournalEntry(Box::new(journal(d, marker, now)?)),
        other => return Err(format!("QuickBooks Desktop takes no {} from this sync", other.kind())),
    };
    Ok(if now.is_some() { Request::Mod(object) } else { Request::Add(object) })
}

/// The request that voids a transaction, deletes one that cannot be voided, or takes a list entry out of use.
///
/// # Errors
/// If the kind is none that this sync writes.
pub(super) fn void(kind: TargetKind, id: &str, version: &str) -> Result<Request, String> {
    let id = id.to_owned();
    let (list_id, edit_sequence, is_active) = (Some(id.clone()), Some(version.to_owned()), Some(false));
    Ok(match kind {
        TargetKind::Customer => Request::Mod(Object::Customer(Box::new(qb::Customer {
            list_id,
            edit_sequence,
            is_active,
            ..qb::Customer::default()
        }))),
        TargetKind::Vendor => Request::Mod(Object::Vendor(Box::new(qb::Vendor {
            list_id,
            edit_sequence,
            is_active,
            ..qb::Vendor::default()
        }))),
        TargetKind::PurchaseOrder => Request::TxnDel(TxnType::PurchaseOrder, id),
        TargetKind::Estimate => Request::TxnDel(TxnType::Estimate, id),
        TargetKind::Bill => Request::TxnVoid(TxnType::Bill, id),
        TargetKind::VendorCredit => Request::TxnVoid(TxnType::VendorCredit, id),
        TargetKind::Invoice => Request::TxnVoid(TxnType::Invoice, id),
        TargetKind::CreditMemo => Request::TxnVoid(TxnType::CreditMemo, id),
        TargetKind::JournalEntry => Request::TxnVoid(TxnType::JournalEntry, id),
        other => return Err(format!("this sync does not void a {other}")),
    })
}

/// The types of transactions and list objects whose deletion concerns the sync.
pub(super) const TXN_TYPES: [TxnType; 7] = [
    TxnType::PurchaseOrder,
    TxnType::Bill,
    TxnType::VendorCredit,
    TxnType::Estimate,
    TxnType::Invoice,
    TxnType::CreditMemo,
    TxnType::JournalEntry,
];
pub(super) const LIST_TYPES: [ListDelType; 5] =
    [ListDelType::Customer, ListDelType::Vendor, ListDelType::Account, ListDelType::Class, ListDelType::ItemService];

fn key(now: Option<&Now>) -> (Option<String>, Option<String>) {
    now.map_or((None, None), |now| (Some(now.id.clone()), Some(now.version.clone())))
}

fn reference(id: &str) -> Result<Option<ObjectRef<'static>>, String> {
    let id = ListId::new(id.to_owned()).map_err(|error| format!("the id {id} {error}"))?;
    Ok(Some(ObjectRef::by_id(id)))
}

fn some_reference(id: Option<impl AsRef<str>>) -> Result<Option<ObjectRef<'static>>, String> {
    id.map_or(Ok(None), |id| reference(id.as_ref()))
}

fn date(date: sync_core::model::Date) -> Result<Option<QbDate>, String> {
    QbDate::new(date).map(Some).map_err(|error| format!("the date {date} {error}"))
}

fn amount(money: Money) -> Result<Option<Amount>, String> {
    money.amount().to_string().parse().map(Some).map_err(|error| format!("the amount {money} {error}"))
}

fn number<T: std::str::FromStr<Err: std::fmt::Display>>(value: Decimal) -> Result<Option<T>, String> {
    let text = value.normalize().to_string();
    text.parse().map(Some).map_err(|error| format!("the amount {text} {error}"))
}

/// The memo, cut so that the marker behind it fits.
fn note(text: &str, marker: &Marker, max: usize) -> String {
    let marker = format!("[{}]", in_ascii(&marker.to_string()));
    let (text, _) = fit(text.trim(), max.saturating_sub(marker.chars().count() + 1));
    let text = text.trim_end();
    if text.is_empty() { marker } else { format!("{text} {marker}") }
}

/// A marker may hold the name of an owner in any letters; `%XX` reads back as the same.
fn in_ascii(marker: &str) -> String {
    let mut text = String::with_capacity(marker.len());
    for byte in marker.bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn memo(text: &str, marker: &Marker) -> Option<String> {
    Some(note(text, marker, limits::MEMO))
}

fn address(from: &Option<Address>) -> Option<Box<PostalAddress>> {
    let part = |text: &Option<String>, max: usize| {
        let text = text.as_deref().map(|text| fit(text.trim(), max).0.into_owned());
        text.filter(|text| !text.is_empty())
    };
    let from = from.as_ref()?;
    let to = PostalAddress {
        addr1: part(&from.street, limits::ADDRESS_LINE),
        city: part(&from.city, limits::CITY),
        state: part(&from.state, limits::STATE),
        postal_code: part(&from.postal_code, limits::POSTAL_CODE),
        country: part(&from.country, limits::CITY),
        ..PostalAddress::default()
    };
    (to != PostalAddress::default()).then(|| Box::new(to))
}

fn customer(from: &Customer, marker: &Marker, now: Option<&Now>) -> Result<qb::Customer, String> {
    let (list_id, edit_sequence) = key(now);
    Ok(qb::Customer {
        list_id,
        edit_sequence,
        name: Some(from.name.clone()),
        is_active: (now.is_some() || !from.active).then_some(from.active),
        parent: some_reference(from.parent.as_ref())?,
        bill_address: address(&from.address),
        notes: now.is_none().then(|| note("", marker, limits::MEMO)),
        ..qb::Customer::default()
    })
}

fn vendor(from: &Vendor, marker: &Marker, now: Option<&Now>) -> Result<qb::Vendor, String> {
    let (list_id, edit_sequence) = key(now);
    Ok(qb::Vendor {
        list_id,
        edit_sequence,
        name: Some(from.name.clone()),
        is_active: (now.is_some() || !from.active).then_some(from.active),
        company_name: now.is_none().then(|| from.name.clone()),
        vendor_address: address(&from.address),
        phone: from.phone.clone(),
        email: from.email.clone(),
        notes: now.is_none().then(|| note("", marker, limits::MEMO)),
        ..qb::Vendor::default()
    })
}

/// Received amounts are counted by quantity, so a line is as many units of one dollar as it has dollars. A deduction
/// cannot be received and is one unit of its amount.
fn quantity(of: Money) -> Result<(Option<Quantity>, Option<Price>), String> {
    let value = of.amount();
    if value > Decimal::ZERO {
        return Ok((number(value)?, number(Decimal::ONE)?));
    }
    Ok((number(Decimal::ONE)?, number(value)?))
}

fn order(from: &ExpenseDocument, marker: &Marker, now: Option<&Now>) -> Result<qb::PurchaseOrder, String> {
    let (txn_id, edit_sequence) = key(now);
    let mut lines = Vec::with_capacity(from.lines.len());
    for line in &from.lines {
        let PostTo::Item(item) = &line.coding.post_to else {
            return Err(format!(
                "the line \"{}\" posts to an account; purchase orders of QuickBooks Desktop need an item: give its code \
                 an item in coding.csv",
                line.description
            ));
        };
        let (quantity, rate) = quantity(line.amount)?;
        lines.push(qb::PurchaseOrderLine {
            txn_line_id: line_id(line, now),
            item: reference(item.as_str())?,
            desc: text(&line.description),
            quantity,
            rate,
            class: some_reference(line.coding.class.as_ref())?,
            customer: some_reference(line.coding.customer.as_ref())?,
            ..qb::PurchaseOrderLine::default()
        });
    }
    Ok(qb::PurchaseOrder {
        txn_id,
        edit_sequence,
        vendor: reference(from.payee.as_str())?,
        txn_date: date(from.date)?,
        ref_number: from.number.clone(),
        terms: some_reference(from.terms.as_ref())?,
        memo: memo(&from.memo, marker),
        lines,
        ..qb::PurchaseOrder::default()
    })
}

fn line_id(line: &Line, now: Option<&Now>) -> Option<String> {
    now?;
    Some(line.id.as_ref().map_or_else(|| NEW_LINE.to_owned(), |id| id.to_string()))
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

type ExpenseLines = (Vec<qb::ExpenseLine>, Vec<qb::ItemLine>);

fn expense_lines(from: &ExpenseDocument, now: Option<&Now>, with_links: bool) -> Result<ExpenseLines, String> {
    let (mut expenses, mut items) = (Vec::new(), Vec::new());
    for line in &from.lines {
        let customer = some_reference(line.coding.customer.as_ref())?;
        let class = some_reference(line.coding.class.as_ref())?;
        // Without it, what is bought for a job waits to be charged on.
        let billable_status = customer.is_some().then(|| "NotBillable".to_owned());
        let txn_line_id = line_id(line, now);
        match &line.coding.post_to {
            PostTo::Account(account) => expenses.push(qb::ExpenseLine {
                txn_line_id,
                account: reference(account.as_str())?,
                amount: amount(line.amount)?,
                memo: text(&line.description),
                customer,
                class,
                billable_status,
                ..qb::ExpenseLine::default()
            }),
            PostTo::Item(item) => {
                let is_linked = now
                    .zip(line.id.as_ref())
                    .is_some_and(|(now, id)| now.linked.iter().any(|linked| linked == id.as_str()));
                let link = line.link.as_ref().filter(|_| with_links && now.is_none()).map(|link| {
                    Box::new(qb::TxnLink {
                        txn_id: Some(link.purchase_order.to_string()),
                        txn_line_id: Some(link.line.to_string()),
                        ..qb::TxnLink::default()
                    })
                });
                // A linked line takes its item from the order, and bills as many units as it has dollars.
                let by_order = link.is_some() || is_linked;
                items.push(qb::ItemLine {
                    txn_line_id,
                    item: if by_order { None } else { reference(item.as_str())? },
                    desc: text(&line.description),
                    quantity: if by_order { number(line.amount.amount())? } else { None },
                    amount: amount(line.amount)?,
                    customer,
                    class,
                    billable_status,
                    link,
                    ..qb::ItemLine::default()
                });
            }
        }
    }
    Ok((expenses, items))
}

fn bill(from: &ExpenseDocument, marker: &Marker, now: Option<&Now>) -> Result<qb::Bill, String> {
    let (txn_id, edit_sequence) = key(now);
    let (expense_lines, item_lines) = expense_lines(from, now, true)?;
    Ok(qb::Bill {
        txn_id,
        edit_sequence,
        vendor: reference(from.payee.as_str())?,
        ap_account: some_reference(from.payable.as_ref())?,
        txn_date: date(from.date)?,
        ref_number: from.number.clone(),
        terms: some_reference(from.terms.as_ref())?,
        memo: memo(&from.memo, marker),
        clear_expense_lines: now.and_then(|now| (now.has_expense_lines && expense_lines.is_empty()).then_some(true)),
        clear_item_lines: now.and_then(|now| (now.has_item_lines && item_lines.is_empty()).then_some(true)),
        expense_lines,
        item_lines,
        ..qb::Bill::default()
    })
}

fn credit(from: &ExpenseDocument, marker: &Marker, now: Option<&Now>) -> Result<qb::VendorCredit, String> {
    let (txn_id, edit_sequence) = key(now);
    let (expense_lines, item_lines) = expense_lines(from, now, false)?;
    Ok(qb::VendorCredit {
        txn_id,
        edit_sequence,
        vendor: reference(from.payee.as_str())?,
        ap_account: some_reference(from.payable.as_ref())?,
        txn_date: date(from.date)?,
        ref_number: from.number.clone(),
        memo: memo(&from.memo, marker),
        clear_expense_lines: now.and_then(|now| (now.has_expense_lines && expense_lines.is_empty()).then_some(true)),
        clear_item_lines: now.and_then(|now| (now.has_item_lines && item_lines.is_empty()).then_some(true)),
        expense_lines,
        item_lines,
        ..qb::VendorCredit::default()
    })
}

fn sales_lines(from: &SalesDocument, now: Option<&Now>) -> Result<Vec<qb::SalesLine>, String> {
    let lines = from.lines.iter().map(|line| {
        let id = line.id.as_ref().map_or_else(|| NEW_LINE.to_owned(), |id| id.to_string());
        Ok(qb::SalesLine {
            txn_line_id: now.map(|_| id),
            item: reference(line.item.as_str())?,
            desc: text(&line.description),
            class: some_reference(line.class.as_ref())?,
            amount: amount(line.amount)?,
            ..qb::SalesLine::default()
        })
    });
    lines.collect()
}

/// A journal entry has no memo of its own: its text and its marker stand on the first line.
fn journal(from: &JournalEntry, marker: &Marker, now: Option<&Now>) -> Result<qb::JournalEntry, String> {
    let (txn_id, edit_sequence) = key(now);
    let mut lines = Vec::with_capacity(from.lines().len());
    for (place, line) in from.lines().iter().enumerate() {
        let is_credit = line.amount.is_negative();
        lines.push(qb::JournalLine {
            side: if is_credit { JournalSide::Credit } else { JournalSide::Debit },
            txn_line_id: now.map(|_| NEW_LINE.to_owned()),
            account: reference(line.account.as_str())?,
            amount: amount(if is_credit { line.amount.negated() } else { line.amount })?,
            memo: if place == 0 { memo(from.memo(), marker) } else { text(&line.description) },
            entity: some_reference(line.customer.as_ref())?,
            class: some_reference(line.class.as_ref())?,
            ..qb::JournalLine::default()
        });
    }
    Ok(qb::JournalEntry {
        txn_id,
        edit_sequence,
        txn_date: date(from.date())?,
        ref_number: from.number().map(str::to_owned),
        lines,
        ..qb::JournalEntry::default()
    })
}
