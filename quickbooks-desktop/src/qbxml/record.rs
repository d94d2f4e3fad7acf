//! Builds records from tokens. Each function is called behind the start tag of its element and returns behind the end.

use std::borrow::Cow;
use std::str::FromStr;

use super::bill::{BillItem, BillRet, ExpenseLineRet, Inventory, ItemGroupLineRet, ItemLineRet};
use super::common::{Address, BillableStatus, DataExt, Element, ErrorRecovery, LinkedTxn, ObjectRef};
use super::error::ParseErrorKind;
use super::value::{EditSequence, Guid, ListId, QbDateTime, TxnId, TxnLineId, ValueError, parse_bool};
use super::xml::{Fault, Pull, Tag, Token, attributes, brief};

type Read<T> = Result<T, Fault>;

#[cold]
fn bad_value(at: usize, element: &str, text: &str, problem: ValueError) -> Fault {
    let (element, text) = (brief(element).to_owned(), brief(text).to_owned());
    Fault::at(at, ParseErrorKind::Value { element, text, problem })
}

/// A required field, or the fault that names it.
fn need<T>(p: &Pull<'_>, value: Option<T>, record: &'static str, element: &'static str) -> Read<T> {
    value.ok_or_else(|| Fault::at(p.token_at(), ParseErrorKind::Missing { record, element }))
}

/// A value with a lexical form. Empty means absent: the schema allows empty amounts, dates and booleans.
fn scalar<T: FromStr<Err = ValueError>>(p: &Pull<'_>, name: &str, text: &str) -> Read<Option<T>> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|problem| bad_value(p.token_at(), name, text, problem))
}

fn boolean(p: &Pull<'_>, name: &str, text: &str) -> Read<Option<bool>> {
    match text.trim_ascii() {
        "" => Ok(None),
        text => parse_bool(text).map(Some).map_err(|problem| bad_value(p.token_at(), name, text, problem)),
    }
}

fn integer(p: &Pull<'_>, name: &str, text: &str) -> Read<Option<u64>> {
    match text.trim_ascii() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| bad_value(p.token_at(), name, text, ValueError::Integer)),
    }
}

/// Wraps a text in its newtype; empty means absent.
fn wrapped<'a, T>(
    p: &Pull<'a>,
    name: &str,
    text: Cow<'a, str>,
    wrap: impl FnOnce(Cow<'a, str>) -> Result<T, ValueError>,
) -> Read<Option<T>> {
    if text.is_empty() {
        return Ok(None);
    }
    wrap(text).map(Some).map_err(|problem| bad_value(p.token_at(), name, p.last_token(), problem))
}

/// An element that holds text, untyped.
pub(crate) fn leaf<'a>(p: &Pull<'a>, tag: Tag<'a>, text: Cow<'a, str>) -> Read<Element<'a>> {
    let attributes = attributes(tag, p.token_at())?;
    let attributes = attributes.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    Ok(Element { name: Cow::Borrowed(tag.name), attributes, text, children: Vec::new() })
}

/// Any element, whole.
pub(crate) fn element<'a>(p: &mut Pull<'a>, tag: Tag<'a>) -> Read<Element<'a>> {
    let mut whole = leaf(p, tag, Cow::Borrowed(""))?;
    loop {
        match p.next()? {
            Token::Close(_) => return Ok(whole),
            Token::Open(child) => whole.children.push(element(p, child)?),
            Token::Leaf(child, text) => whole.children.push(leaf(p, child, text)?),
        }
    }
}

/// Keeps what a shared part does not know under the part's name, so that nothing is lost.
fn keep<'a>(extra: &mut Vec<Element<'a>>, part: Tag<'a>, unknown: Vec<Element<'a>>) {
    if !unknown.is_empty() {
        extra.push(Element::parent(part.name, unknown));
    }
}

fn reference<'a>(p: &mut Pull<'a>, part: Tag<'a>, extra: &mut Vec<Element<'a>>) -> Read<Option<ObjectRef<'a>>> {
    let mut found = ObjectRef::default();
    let mut unknown = Vec::new();
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "ListID" => found.list_id = wrapped(p, tag.name, text, ListId::new)?,
                "FullName" => found.full_name = Some(text),
                _ => unknown.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => unknown.push(element(p, tag)?),
            Token::Close(_) => break,
        }
    }
    keep(extra, part, unknown);
    Ok(Some(found))
}

fn address<'a>(p: &mut Pull<'a>, part: Tag<'a>, extra: &mut Vec<Element<'a>>) -> Read<Option<Box<Address<'a>>>> {
    let mut found = Box::<Address<'a>>::default();
    let mut unknown = Vec::new();
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "Addr1" => found.addr1 = Some(text),
                "Addr2" => found.addr2 = Some(text),
                "Addr3" => found.addr3 = Some(text),
                "Addr4" => found.addr4 = Some(text),
                "Addr5" => found.addr5 = Some(text),
                "City" => found.city = Some(text),
                "State" => found.state = Some(text),
                "PostalCode" => found.postal_code = Some(text),
                "Country" => found.country = Some(text),
                "Note" => found.note = Some(text),
                _ => unknown.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => unknown.push(element(p, tag)?),
            Token::Close(_) => break,
        }
    }
    keep(extra, part, unknown);
    Ok(Some(found))
}

fn data_ext<'a>(p: &mut Pull<'a>, part: Tag<'a>, extra: &mut Vec<Element<'a>>) -> Read<DataExt<'a>> {
    let (mut owner_id, mut name, mut value_type, mut value) = (None, None, None, None);
    let mut unknown = Vec::new();
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "OwnerID" => owner_id = wrapped(p, tag.name, text, Guid::new)?,
                "DataExtName" => name = Some(text),
                "DataExtType" => value_type = Some(text),
                "DataExtValue" => value = Some(text),
                _ => unknown.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => unknown.push(element(p, tag)?),
            Token::Close(_) => break,
        }
    }
    keep(extra, part, unknown);
    let name = need(p, name, "DataExtRet", "DataExtName")?;
    Ok(DataExt { owner_id, name, value_type, value: need(p, value, "DataExtRet", "DataExtValue")? })
}

fn linked_txn<'a>(p: &mut Pull<'a>) -> Read<LinkedTxn<'a>> {
    let (mut txn_id, mut txn_type, mut txn_date, mut ref_number, mut link_type, mut amount) =
        (None, None, None, None, None, None);
    let mut extra = Vec::new();
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "TxnID" => txn_id = wrapped(p, tag.name, text, TxnId::new)?,
                "TxnType" => txn_type = Some(text),
                "TxnDate" => txn_date = scalar(p, tag.name, &text)?,
                "RefNumber" => ref_number = Some(text),
                "LinkType" => link_type = Some(text),
                "Amount" => amount = scalar(p, tag.name, &text)?,
                _ => extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => extra.push(element(p, tag)?),
            Token::Close(_) => break,
        }
    }
    Ok(LinkedTxn {
        txn_id: need(p, txn_id, "LinkedTxn", "TxnID")?,
        txn_type: need(p, txn_type, "LinkedTxn", "TxnType")?,
        txn_date: need(p, txn_date, "LinkedTxn", "TxnDate")?,
        ref_number,
        link_type,
        amount: need(p, amount, "LinkedTxn", "Amount")?,
        extra,
    })
}

fn expense_line<'a>(p: &mut Pull<'a>) -> Read<ExpenseLineRet<'a>> {
    let (mut txn_line_id, mut account, mut amount, mut memo, mut customer, mut class) =
        (None, None, None, None, None, None);
    let (mut billable_status, mut sales_rep, mut custom, mut extra) = (None, None, Vec::new(), Vec::new());
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "TxnLineID" => txn_line_id = wrapped(p, tag.name, text, TxnLineId::new)?,
                "Amount" => amount = scalar(p, tag.name, &text)?,
                "Memo" => memo = Some(text),
                "BillableStatus" => billable_status = Some(BillableStatus::from_text(text)),
                _ => extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => match tag.name {
                "AccountRef" => account = reference(p, tag, &mut extra)?,
                "CustomerRef" => customer = reference(p, tag, &mut extra)?,
                "ClassRef" => class = reference(p, tag, &mut extra)?,
                "SalesRepRef" => sales_rep = reference(p, tag, &mut extra)?,
                "DataExtRet" => custom.push(data_ext(p, tag, &mut extra)?),
                _ => extra.push(element(p, tag)?),
            },
            Token::Close(_) => break,
        }
    }
    let txn_line_id = need(p, txn_line_id, "ExpenseLineRet", "TxnLineID")?;
    Ok(ExpenseLineRet {
        txn_line_id,
        account,
        amount,
        memo,
        customer,
        class,
        billable_status,
        sales_rep,
        data_ext: custom,
        extra,
    })
}

fn item_line<'a>(p: &mut Pull<'a>) -> Read<ItemLineRet<'a>> {
    let (mut txn_line_id, mut item, mut description, mut quantity, mut unit_of_measure, mut override_uom_set) =
        (None, None, None, None, None, None);
    let (mut cost, mut amount, mut customer, mut class, mut billable_status, mut sales_rep) =
        (None, None, None, None, None, None);
    let (mut inventory, mut custom, mut extra) = (None::<Box<Inventory<'a>>>, Vec::new(), Vec::new());
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "TxnLineID" => txn_line_id = wrapped(p, tag.name, text, TxnLineId::new)?,
                "Desc" => description = Some(text),
                "Quantity" => quantity = scalar(p, tag.name, &text)?,
                "UnitOfMeasure" => unit_of_measure = Some(text),
                "Cost" => cost = scalar(p, tag.name, &text)?,
                "Amount" => amount = scalar(p, tag.name, &text)?,
                "BillableStatus" => billable_status = Some(BillableStatus::from_text(text)),
                "SerialNumber" => inventory.get_or_insert_default().serial_number = Some(text),
                "LotNumber" => inventory.get_or_insert_default().lot_number = Some(text),
                "ExpirationDateForSerialLotNumber" => {
                    inventory.get_or_insert_default().expiration_date = Some(text);
                }
                _ => extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => match tag.name {
                "ItemRef" => item = reference(p, tag, &mut extra)?,
                "CustomerRef" => customer = reference(p, tag, &mut extra)?,
                "ClassRef" => class = reference(p, tag, &mut extra)?,
                "InventorySiteRef" => inventory.get_or_insert_default().site = reference(p, tag, &mut extra)?,
                "InventorySiteLocationRef" => {
                    inventory.get_or_insert_default().site_location = reference(p, tag, &mut extra)?;
                }
                "OverrideUOMSetRef" => override_uom_set = reference(p, tag, &mut extra)?,
                "SalesRepRef" => sales_rep = reference(p, tag, &mut extra)?,
                "DataExtRet" => custom.push(data_ext(p, tag, &mut extra)?),
                _ => extra.push(element(p, tag)?),
            },
            Token::Close(_) => break,
        }
    }
    let txn_line_id = need(p, txn_line_id, "ItemLineRet", "TxnLineID")?;
    Ok(ItemLineRet {
        txn_line_id,
        item,
        inventory,
        description,
        quantity,
        unit_of_measure,
        override_uom_set,
        cost,
        amount,
        customer,
        class,
        billable_status,
        sales_rep,
        data_ext: custom,
        extra,
    })
}

fn group_line<'a>(p: &mut Pull<'a>) -> Read<ItemGroupLineRet<'a>> {
    let (mut txn_line_id, mut item_group, mut description, mut quantity, mut unit_of_measure) =
        (None, None, None, None, None);
    let (mut override_uom_set, mut total_amount) = (None, None);
    let (mut lines, mut custom, mut extra) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "TxnLineID" => txn_line_id = wrapped(p, tag.name, text, TxnLineId::new)?,
                "Desc" => description = Some(text),
                "Quantity" => quantity = scalar(p, tag.name, &text)?,
                "UnitOfMeasure" => unit_of_measure = Some(text),
                "TotalAmount" => total_amount = scalar(p, tag.name, &text)?,
                _ => extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => match tag.name {
                "ItemGroupRef" => item_group = reference(p, tag, &mut extra)?,
                "OverrideUOMSetRef" => override_uom_set = reference(p, tag, &mut extra)?,
                "ItemLineRet" => lines.push(item_line(p)?),
                // The schema calls the custom fields of a group `DataExt`, those of everything else `DataExtRet`.
                "DataExt" | "DataExtRet" => custom.push(data_ext(p, tag, &mut extra)?),
                _ => extra.push(element(p, tag)?),
            },
            Token::Close(_) => break,
        }
    }
    Ok(ItemGroupLineRet {
        txn_line_id: need(p, txn_line_id, "ItemGroupLineRet", "TxnLineID")?,
        item_group: need(p, item_group, "ItemGroupLineRet", "ItemGroupRef")?,
        description,
        quantity,
        unit_of_measure,
        override_uom_set,
        total_amount: need(p, total_amount, "ItemGroupLineRet", "TotalAmount")?,
        lines,
        data_ext: custom,
        extra,
    })
}

/// An `ErrorRecovery`.
pub(crate) fn recovery<'a>(p: &mut Pull<'a>) -> Read<ErrorRecovery<'a>> {
    let mut found = ErrorRecovery::default();
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "ListID" => found.list_id = wrapped(p, tag.name, text, ListId::new)?,
                "OwnerID" => found.owner_id = wrapped(p, tag.name, text, Guid::new)?,
                "TxnID" => found.txn_id = wrapped(p, tag.name, text, TxnId::new)?,
                "TxnNumber" => found.txn_number = integer(p, tag.name, &text)?,
                "EditSequence" => found.edit_sequence = wrapped(p, tag.name, text, EditSequence::new)?,
                "ExternalGUID" => found.external_guid = wrapped(p, tag.name, text, Guid::new)?,
                _ => found.extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => found.extra.push(element(p, tag)?),
            Token::Close(_) => return Ok(found),
        }
    }
}

/// A `BillRet`.
pub(crate) fn bill<'a>(p: &mut Pull<'a>) -> Read<BillRet<'a>> {
    let (mut txn_id, mut time_created, mut time_modified, mut edit_sequence, mut txn_number) =
        (None, None, None, None, None);
    let (mut vendor, mut vendor_address, mut ap_account, mut txn_date, mut due_date, mut amount_due) =
        (None, None, None, None, None, None);
    let (mut currency, mut exchange_rate, mut home_amount, mut ref_number, mut is_pending, mut terms) =
        (None, None, None, None, None, None);
    let (mut memo, mut is_paid, mut external_guid, mut open_amount) = (None, None, None, None);
    let (mut linked_txns, mut custom, mut extra) = (Vec::new(), Vec::new(), Vec::new());
    let (mut expense_lines, mut item_lines) = (Vec::with_capacity(8), Vec::new());
    loop {
        match p.next()? {
            Token::Leaf(tag, text) => match tag.name {
                "TxnID" => txn_id = wrapped(p, tag.name, text, TxnId::new)?,
                "TimeCreated" => time_created = wrapped(p, tag.name, text, QbDateTime::new)?,
                "TimeModified" => time_modified = wrapped(p, tag.name, text, QbDateTime::new)?,
                "EditSequence" => edit_sequence = wrapped(p, tag.name, text, EditSequence::new)?,
                "TxnNumber" => txn_number = integer(p, tag.name, &text)?,
                "TxnDate" => txn_date = scalar(p, tag.name, &text)?,
                "DueDate" => due_date = scalar(p, tag.name, &text)?,
                "AmountDue" => amount_due = scalar(p, tag.name, &text)?,
                "ExchangeRate" => exchange_rate = Some(text),
                "AmountDueInHomeCurrency" => home_amount = scalar(p, tag.name, &text)?,
                "RefNumber" => ref_number = Some(text),
                "IsPending" => is_pending = boolean(p, tag.name, &text)?,
                "Memo" => memo = Some(text),
                "IsPaid" => is_paid = boolean(p, tag.name, &text)?,
                "ExternalGUID" => external_guid = wrapped(p, tag.name, text, Guid::new)?,
                "OpenAmount" => open_amount = scalar(p, tag.name, &text)?,
                _ => extra.push(leaf(p, tag, text)?),
            },
            Token::Open(tag) => match tag.name {
                "ExpenseLineRet" => expense_lines.push(expense_line(p)?),
                "ItemLineRet" => item_lines.push(BillItem::Line(item_line(p)?)),
                "ItemGroupLineRet" => item_lines.push(BillItem::Group(Box::new(group_line(p)?))),
                "LinkedTxn" => linked_txns.push(linked_txn(p)?),
                "VendorRef" => vendor = reference(p, tag, &mut extra)?,
                "VendorAddress" => vendor_address = address(p, tag, &mut extra)?,
                "APAccountRef" => ap_account = reference(p, tag, &mut extra)?,
                "CurrencyRef" => currency = reference(p, tag, &mut extra)?,
                "TermsRef" => terms = reference(p, tag, &mut extra)?,
                "DataExtRet" => custom.push(data_ext(p, tag, &mut extra)?),
                _ => extra.push(element(p, tag)?),
            },
            Token::Close(_) => break,
        }
    }
    Ok(BillRet {
        txn_id: need(p, txn_id, "BillRet", "TxnID")?,
        time_created: need(p, time_created, "BillRet", "TimeCreated")?,
        time_modified: need(p, time_modified, "BillRet", "TimeModified")?,
        edit_sequence: need(p, edit_sequence, "BillRet", "EditSequence")?,
        txn_number,
        vendor: need(p, vendor, "BillRet", "VendorRef")?,
        vendor_address,
        ap_account,
        txn_date: need(p, txn_date, "BillRet", "TxnDate")?,
        due_date,
        amount_due: need(p, amount_due, "BillRet", "AmountDue")?,
        currency,
        exchange_rate,
        amount_due_in_home_currency: home_amount,
        ref_number,
        is_pending,
        terms,
        memo,
        is_paid,
        external_guid,
        linked_txns,
        expense_lines,
        item_lines,
        open_amount,
        data_ext: custom,
        extra,
    })
}
