//! From a document to the body that changes an object which was read. Members that this crate does not know, and parts
//! that the document does not say, stay as they were read.

use serde_json::value::{RawValue, to_raw_value};
use sync_core::connector::Marker;
use sync_core::model::accounting::{AccountingDocument, Customer, ExpenseDocument, ExpenseLine, PostTo, Vendor};
use sync_core::model::construction::Address;

use super::create::{Body, address, email, json, new_line, phone, unsupported};
use super::read::expense_line;
use super::{WriteOptions, extra, journal, links, note_with, sales};
use crate::client::COMPUTED;
use crate::entity::Entity;
use crate::error::Error;
use crate::raw::Object;
use crate::sanitise::{self, name, number};
use crate::wire::{Email, Line, LinkedTxn, Phone, Reference, detail};

/// A status that QuickBooks sets and refuses to be sent.
const HAS_BEEN_BILLED: &str = "HasBeenBilled";

/// The body that changes an object that was read: customers and vendors sparse, since their tax identifiers come masked,
/// all else whole, since an omitted member would be cleared.
pub(crate) fn update(
    document: &AccountingDocument,
    read: &RawValue,
    marker: &Marker,
    options: &WriteOptions,
) -> Result<Body, Error> {
    let entity = Entity::of_kind(document.kind());
    let object = Object::read(read).map_err(json)?;
    let set = document.expense().map(|d| &d.extra).or(document.sales().map(|d| &d.extra));
    let raw = match document {
        AccountingDocument::Customer(d) => sparse_customer(d, &object, marker),
        AccountingDocument::Vendor(d) => sparse_vendor(d, &object),
        AccountingDocument::PurchaseOrder(d) | AccountingDocument::Bill(d) | AccountingDocument::VendorCredit(d) => {
            whole_expense(entity, d, object, marker, options)
        }
        AccountingDocument::Estimate(d) | AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d) => {
            sales::update(entity, d, object, marker, options)
        }
        AccountingDocument::JournalEntry(d) => journal::update(d, object, marker),
        other => return Err(unsupported(other)),
    };
    extra::with(Body { entity, json: raw.map_err(json)? }, set)
}

/// The body that voids an object: voids an invoice, deletes any other transaction, makes a list entry inactive.
pub(crate) fn voiding(entity: Entity, read: &RawValue) -> Result<Body, Error> {
    let object = Object::read(read).map_err(json)?;
    let mut out = if entity.is_list() { sparse(&object).map_err(json)? } else { versioned(&object).map_err(json)? };
    if entity.is_list() {
        out.set("Active", &false).map_err(json)?;
    }
    Ok(Body { entity, json: out.to_raw().map_err(json)? })
}

/// The body that takes the links to purchase orders off a bill, which must be gone before it can be deleted; none when
/// there are none, or when there are others too, such as payments, which are for a person to undo.
pub(crate) fn unlinked(entity: Entity, read: &RawValue) -> Result<Option<Body>, Error> {
    let mut object = Object::read(read).map_err(json)?;
    let links: Vec<LinkedTxn> = object.get_as("LinkedTxn").unwrap_or_default();
    if entity != Entity::Bill || links.is_empty() || !links.iter().all(links::is_purchase_order) {
        return Ok(None);
    }
    let raw = object.get("Line").map(ToOwned::to_owned);
    let lines: Vec<&RawValue> =
        raw.as_ref().map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get())).map_err(json)?;
    let mut bare = Vec::with_capacity(lines.len());
    for line in lines {
        let mut line = Object::read(line).map_err(json)?;
        line.remove("LinkedTxn");
        bare.push(line);
    }
    for member in COMPUTED {
        object.remove(member);
    }
    object.remove("LinkedTxn");
    object.set("sparse", &false).map_err(json)?;
    object.set("Line", &bare).map_err(json)?;
    Ok(Some(Body { entity, json: object.to_raw().map_err(json)? }))
}

fn versioned(read: &Object<'_>) -> Result<Object<'static>, serde_json::Error> {
    let mut out = Object::new();
    for member in ["Id", "SyncToken"] {
        if let Some(value) = read.get(member) {
            out.set(member, value)?;
        }
    }
    Ok(out)
}

/// A sparse change still needs the name.
fn sparse(read: &Object<'_>) -> Result<Object<'static>, serde_json::Error> {
    let mut out = versioned(read)?;
    out.set("sparse", &true)?;
    if let Some(value) = read.get("DisplayName") {
        out.set("DisplayName", value)?;
    }
    Ok(out)
}

fn sparse_customer(
    document: &Customer,
    read: &Object<'_>,
    marker: &Marker,
) -> Result<Box<RawValue>, serde_json::Error> {
    let mut out = sparse(read)?;
    out.set("DisplayName", &*name(&document.name))?;
    if let Some(parent) = &document.parent
        && read.get_as::<Reference>("ParentRef").is_none_or(|old| old.value != parent.as_str())
    {
        out.set("Job", &true)?;
        out.set("ParentRef", &Reference::to(parent.as_str()))?;
    }
    set_address(&mut out, read, document.address.as_ref())?;
    let notes = read.get_as::<String>("Notes").unwrap_or_default();
    let (known, text) = sync_core::connector::Marker::take_from(&notes);
    if known.as_ref() != Some(marker) {
        out.set("Notes", &note_with(&text, marker, sanitise::MAX_CUSTOMER_NOTES))?;
    }
    set_active(&mut out, read, document.active)?;
    out.to_raw()
}

fn sparse_vendor(document: &Vendor, read: &Object<'_>) -> Result<Box<RawValue>, serde_json::Error> {
    let mut out = sparse(read)?;
    out.set("DisplayName", &*name(&document.name))?;
    set_address(&mut out, read, document.address.as_ref())?;
    if let Some(phone) = document.phone.as_deref().and_then(phone)
        && read.get_as::<Phone>("PrimaryPhone").as_ref() != Some(&phone)
    {
        out.set("PrimaryPhone", &phone)?;
    }
    if let Some(email) = document.email.as_deref().and_then(email)
        && read.get_as::<Email>("PrimaryEmailAddr").as_ref() != Some(&email)
    {
        out.set("PrimaryEmailAddr", &email)?;
    }
    set_active(&mut out, read, document.active)?;
    out.to_raw()
}

fn set_active(out: &mut Object<'_>, read: &Object<'_>, active: bool) -> Result<(), serde_json::Error> {
    if read.get_as::<bool>("Active").unwrap_or(true) == active {
        return Ok(());
    }
    out.set("Active", &active)
}

/// The parts of the address that the document names, over those that QuickBooks has.
fn set_address(out: &mut Object<'_>, read: &Object<'_>, wanted: Option<&Address>) -> Result<(), serde_json::Error> {
    let Some(wanted) = wanted.and_then(address) else { return Ok(()) };
    let mut merged = match read.get("BillAddr") {
        Some(old) => Object::read(old)?,
        None => Object::new(),
    };
    let parts = [
        ("Line1", &wanted.line1),
        ("City", &wanted.city),
        ("CountrySubDivisionCode", &wanted.state),
        ("PostalCode", &wanted.postal_code),
        ("Country", &wanted.country),
    ];
    let mut changed = false;
    for (member, value) in parts {
        if let Some(value) = value
            && merged.get_as::<String>(member).as_ref() != Some(value)
        {
            merged.set(member, value)?;
            changed = true;
        }
    }
    if changed { out.set("BillAddr", &merged) } else { Ok(()) }
}

fn whole_expense(
    entity: Entity,
    document: &ExpenseDocument,
    mut object: Object<'_>,
    marker: &Marker,
    options: &WriteOptions,
) -> Result<Box<RawValue>, serde_json::Error> {
    let is_order = entity == Entity::PurchaseOrder;
    let known: Vec<LinkedTxn> = object.get_as("LinkedTxn").unwrap_or_default();
    let wanted = if is_order { Vec::new() } else { links::on_header(document, &known) };
    let lines = merged_lines(document, object.get("Line"), options, is_order)?;
    for member in COMPUTED {
        object.remove(member);
    }
    object.set("sparse", &false)?;
    set_reference(&mut object, "VendorRef", Some(document.payee.as_str()))?;
    number_and_note(&mut object, document.number.as_deref(), &document.memo, marker)?;
    object.set("TxnDate", &document.date)?;
    if entity != Entity::VendorCredit {
        set_reference(&mut object, "SalesTermRef", document.terms.as_ref().map(|terms| terms.as_str()))?;
    }
    set_reference(&mut object, "APAccountRef", document.payable.as_ref().map(|account| account.as_str()))?;
    if !wanted.is_empty() {
        let mut all: Vec<&RawValue> = Vec::new();
        let old = object.get("LinkedTxn").map(ToOwned::to_owned);
        if let Some(old) = &old {
            all.extend(serde_json::from_str::<Vec<&RawValue>>(old.get())?);
        }
        let new = wanted.iter().map(to_raw_value).collect::<Result<Vec<_>, _>>()?;
        all.extend(new.iter().map(|link| &**link));
        object.set("LinkedTxn", &all)?;
    }
    object.set("Line", &lines)?;
    object.to_raw()
}

/// Number and note of a transaction; without a number, that which was read stays.
pub(super) fn number_and_note(
    object: &mut Object<'_>,
    wanted: Option<&str>,
    memo: &str,
    marker: &Marker,
) -> Result<(), serde_json::Error> {
    if let Some(wanted) = wanted.map(number)
        && object.get_as::<String>("DocNumber").as_deref() != Some(&*wanted)
    {
        object.set("DocNumber", &*wanted)?;
    }
    object.set("PrivateNote", &note_with(memo, marker, sanitise::MAX_NOTE))
}

/// Sets a reference unless it is the same; what the document does not say stays as it is.
pub(super) fn set_reference(
    object: &mut Object<'_>,
    member: &'static str,
    id: Option<&str>,
) -> Result<(), serde_json::Error> {
    let Some(id) = id else { return Ok(()) };
    if object.get_as::<Reference>(member).is_some_and(|old| old.value == id) {
        return Ok(());
    }
    object.set(member, &Reference::to(id))
}

/// The document's lines over those that were read; lines that a document cannot say stay where they are.
fn merged_lines(
    document: &ExpenseDocument,
    read: Option<&RawValue>,
    options: &WriteOptions,
    is_order: bool,
) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    let old: Vec<&RawValue> = read.map_or(Ok(Vec::new()), |lines| serde_json::from_str(lines.get()))?;
    let mut known = Vec::with_capacity(old.len());
    for raw in &old {
        known.push((*raw, serde_json::from_str::<Line>(raw.get())?));
    }
    let mut lines = Vec::with_capacity(document.lines.len());
    for wanted in &document.lines {
        let found = wanted.id.as_ref().and_then(|id| known.iter().find(|(_, l)| l.id.as_deref() == Some(id.as_str())));
        lines.push(match found {
            Some((raw, line)) => merged_line(wanted, raw, line, options, is_order)?,
            None => to_raw_value(&new_line(wanted, options, is_order))?,
        });
    }
    // Also item lines without an item: the document was read without them.
    let unsaid = |line: &Line| !matches!(expense_line(line, document.currency), Ok(Some(_)));
    lines.extend(known.iter().filter(|(_, line)| unsaid(line)).map(|(raw, _)| (*raw).to_owned()));
    Ok(lines)
}

fn merged_line(
    wanted: &ExpenseLine,
    raw: &RawValue,
    read: &Line,
    options: &WriteOptions,
    is_order: bool,
) -> Result<Box<RawValue>, serde_json::Error> {
    let new = new_line(wanted, options, is_order);
    let mut object = Object::read(raw)?;
    // QuickBooks links a line only when it is new: without its id, the old line goes and this one comes
    // (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/bill>).
    if let (Some(link), Some(new_link)) = (&wanted.link, &new.linked_txn)
        && links::purchase_order(read) != Some((link.purchase_order.as_str(), link.line.as_str()))
    {
        object.remove("Id");
        object.remove("LineNum");
        object.set("LinkedTxn", new_link)?;
    }
    if read.description.as_deref().unwrap_or_default() != new.description.as_deref().unwrap_or_default() {
        object.set("Description", new.description.as_deref().unwrap_or_default())?;
    }
    let amount_changed = read.amount != new.amount;
    if amount_changed {
        object.set("Amount", &new.amount)?;
    }
    let (member, other) = match wanted.coding.post_to {
        PostTo::Item(_) => (detail::ITEM_EXPENSE, detail::ACCOUNT_EXPENSE),
        PostTo::Account(_) => (detail::ACCOUNT_EXPENSE, detail::ITEM_EXPENSE),
    };
    let old_detail = object.get(member).map(ToOwned::to_owned);
    let detail = match &old_detail {
        Some(old) if read.detail_type.as_deref() == Some(member) => {
            let mut detail = Object::read(old)?;
            let (place, id) = match &wanted.coding.post_to {
                PostTo::Item(item) => ("ItemRef", item.as_str()),
                PostTo::Account(account) => ("AccountRef", account.as_str()),
            };
            set_reference(&mut detail, place, Some(id))?;
            set_reference(&mut detail, "CustomerRef", wanted.coding.customer.as_ref().map(|id| id.as_str()))?;
            set_reference(&mut detail, "ClassRef", wanted.coding.class.as_ref().map(|id| id.as_str()))?;
            if amount_changed && let Some(item) = &new.item_expense {
                detail.set("Qty", &item.qty)?;
                detail.set("UnitPrice", &item.unit_price)?;
            }
            if detail.get_as::<String>("BillableStatus").as_deref() == Some(HAS_BEEN_BILLED) {
                detail.remove("BillableStatus");
            }
            detail.to_raw()?
        }
        _ => match (&new.item_expense, &new.account_expense) {
            (Some(item), _) => to_raw_value(item)?,
            (None, account) => to_raw_value(account)?,
        },
    };
    object.remove(other);
    object.set("DetailType", member)?;
    object.set(member, &detail)?;
    object.to_raw()
}
