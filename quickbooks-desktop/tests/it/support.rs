//! Writes a `BillRet` as QuickBooks would, and makes records of every shape.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use quickbooks_desktop::qbxml::*;

/// An answer whose records come one per line, so that tests can tell where each ends.
pub(crate) const GOLDEN: &str = include_str!("golden/bill_query_rs.xml");

/// Wraps records into an answer.
pub(crate) fn answer(records: &str) -> String {
    format!(
        "<?xml version=\"1.0\" ?><QBXML><QBXMLMsgsRs><BillQueryRs requestID=\"1\" statusCode=\"0\" \
         statusSeverity=\"Info\" statusMessage=\"Status OK\">{records}</BillQueryRs></QBXMLMsgsRs></QBXML>"
    )
}

/// The least that a bill needs.
pub(crate) fn small_bill(id: &str, amount: &str) -> String {
    format!(
        "<BillRet><TxnID>{id}</TxnID><TimeCreated>2026-08-01T09:01:02-08:00</TimeCreated>\
         <TimeModified>2026-08-01T09:01:02-08:00</TimeModified><EditSequence>1</EditSequence>\
         <VendorRef><FullName>V</FullName></VendorRef><TxnDate>2026-08-01</TxnDate>\
         <AmountDue>{amount}</AmountDue></BillRet>"
    )
}

fn tag(out: &mut String, name: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;");
    *out += &format!("<{name}>{text}</{name}>\n");
}

fn maybe(out: &mut String, name: &str, text: Option<impl ToString>) {
    if let Some(text) = text {
        tag(out, name, &text.to_string());
    }
}

fn nest(out: &mut String, name: &str, fill: impl FnOnce(&mut String)) {
    *out += &format!("<{name}>\n");
    fill(out);
    *out += &format!("</{name}>\n");
}

fn object(out: &mut String, name: &str, reference: &ObjectRef<'_>) {
    nest(out, name, |out| {
        maybe(out, "ListID", reference.list_id.as_ref());
        maybe(out, "FullName", reference.full_name.as_ref());
    });
}

fn maybe_object(out: &mut String, name: &str, reference: &Option<ObjectRef<'_>>) {
    if let Some(reference) = reference {
        object(out, name, reference);
    }
}

fn custom(out: &mut String, name: &str, fields: &[DataExt<'_>]) {
    for field in fields {
        nest(out, name, |out| {
            maybe(out, "OwnerID", field.owner_id.as_ref().map(Guid::as_str));
            tag(out, "DataExtName", &field.name);
            maybe(out, "DataExtType", field.value_type.as_ref());
            tag(out, "DataExtValue", &field.value);
        });
    }
}

fn unknown(out: &mut String, elements: &[Element<'_>]) {
    for element in elements {
        let attributes: String = element.attributes.iter().map(|(k, v)| format!(" {k}='{v}'")).collect();
        *out += &format!("<{}{attributes}>", element.name);
        if element.children.is_empty() {
            *out += &element.text.replace('&', "&amp;").replace('<', "&lt;").replace('\r', "&#13;");
        }
        unknown(out, &element.children);
        *out += &format!("</{}>", element.name);
    }
}

fn item(out: &mut String, line: &ItemLineRet<'_>) {
    nest(out, "ItemLineRet", |out| {
        tag(out, "TxnLineID", line.txn_line_id.as_str());
        maybe_object(out, "ItemRef", &line.item);
        if let Some(inventory) = &line.inventory {
            maybe_object(out, "InventorySiteRef", &inventory.site);
            maybe_object(out, "InventorySiteLocationRef", &inventory.site_location);
            maybe(out, "SerialNumber", inventory.serial_number.as_ref());
            maybe(out, "LotNumber", inventory.lot_number.as_ref());
            maybe(out, "ExpirationDateForSerialLotNumber", inventory.expiration_date.as_ref());
        }
        maybe(out, "Desc", line.description.as_ref());
        maybe(out, "Quantity", line.quantity);
        maybe(out, "UnitOfMeasure", line.unit_of_measure.as_ref());
        maybe_object(out, "OverrideUOMSetRef", &line.override_uom_set);
        maybe(out, "Cost", line.cost);
        maybe(out, "Amount", line.amount);
        maybe_object(out, "CustomerRef", &line.customer);
        maybe_object(out, "ClassRef", &line.class);
        maybe(out, "BillableStatus", line.billable_status.as_ref().map(BillableStatus::as_str));
        maybe_object(out, "SalesRepRef", &line.sales_rep);
        custom(out, "DataExtRet", &line.data_ext);
        unknown(out, &line.extra);
    });
}

/// The bill in schema order, elements without a field last.
pub(crate) fn bill_xml(bill: &BillRet<'_>) -> String {
    let mut text = String::new();
    nest(&mut text, "BillRet", |out| {
        tag(out, "TxnID", bill.txn_id.as_str());
        tag(out, "TimeCreated", bill.time_created.as_str());
        tag(out, "TimeModified", bill.time_modified.as_str());
        tag(out, "EditSequence", bill.edit_sequence.as_str());
        maybe(out, "TxnNumber", bill.txn_number);
        object(out, "VendorRef", &bill.vendor);
        if let Some(address) = &bill.vendor_address {
            nest(out, "VendorAddress", |out| {
                maybe(out, "Addr1", address.addr1.as_ref());
                maybe(out, "Addr2", address.addr2.as_ref());
                maybe(out, "Addr3", address.addr3.as_ref());
                maybe(out, "Addr4", address.addr4.as_ref());
                maybe(out, "Addr5", address.addr5.as_ref());
                maybe(out, "City", address.city.as_ref());
                maybe(out, "State", address.state.as_ref());
                maybe(out, "PostalCode", address.postal_code.as_ref());
                maybe(out, "Country", address.country.as_ref());
                maybe(out, "Note", address.note.as_ref());
            });
        }
        maybe_object(out, "APAccountRef", &bill.ap_account);
        tag(out, "TxnDate", &bill.txn_date.to_string());
        maybe(out, "DueDate", bill.due_date);
        tag(out, "AmountDue", &bill.amount_due.to_string());
        maybe_object(out, "CurrencyRef", &bill.currency);
        maybe(out, "ExchangeRate", bill.exchange_rate.as_ref());
        maybe(out, "AmountDueInHomeCurrency", bill.amount_due_in_home_currency);
        maybe(out, "RefNumber", bill.ref_number.as_ref());
        maybe(out, "IsPending", bill.is_pending);
        maybe_object(out, "TermsRef", &bill.terms);
        maybe(out, "Memo", bill.memo.as_ref());
        maybe(out, "IsPaid", bill.is_paid);
        maybe(out, "ExternalGUID", bill.external_guid.as_ref().map(Guid::as_str));
        for link in &bill.linked_txns {
            nest(out, "LinkedTxn", |out| {
                tag(out, "TxnID", link.txn_id.as_str());
                tag(out, "TxnType", &link.txn_type);
                tag(out, "TxnDate", &link.txn_date.to_string());
                maybe(out, "RefNumber", link.ref_number.as_ref());
                maybe(out, "LinkType", link.link_type.as_ref());
                tag(out, "Amount", &link.amount.to_string());
                unknown(out, &link.extra);
            });
        }
        for line in &bill.expense_lines {
            nest(out, "ExpenseLineRet", |out| {
                tag(out, "TxnLineID", line.txn_line_id.as_str());
                maybe_object(out, "AccountRef", &line.account);
                maybe(out, "Amount", line.amount);
                maybe(out, "Memo", line.memo.as_ref());
                maybe_object(out, "CustomerRef", &line.customer);
                maybe_object(out, "ClassRef", &line.class);
                maybe(out, "BillableStatus", line.billable_status.as_ref().map(BillableStatus::as_str));
                maybe_object(out, "SalesRepRef", &line.sales_rep);
                custom(out, "DataExtRet", &line.data_ext);
                unknown(out, &line.extra);
            });
        }
        for entry in &bill.item_lines {
            match entry {
                BillItem::Line(line) => item(out, line),
                BillItem::Group(group) => nest(out, "ItemGroupLineRet", |out| {
                    tag(out, "TxnLineID", group.txn_line_id.as_str());
                    object(out, "ItemGroupRef", &group.item_group);
                    maybe(out, "Desc", group.description.as_ref());
                    maybe(out, "Quantity", group.quantity);
                    maybe(out, "UnitOfMeasure", group.unit_of_measure.as_ref());
                    maybe_object(out, "OverrideUOMSetRef", &group.override_uom_set);
                    tag(out, "TotalAmount", &group.total_amount.to_string());
                    group.lines.iter().for_each(|line| item(out, line));
                    custom(out, "DataExt", &group.data_ext);
                    unknown(out, &group.extra);
                }),
                other => panic!("a new kind of line: {other:?}"),
            }
        }
        maybe(out, "OpenAmount", bill.open_amount);
        custom(out, "DataExtRet", &bill.data_ext);
        unknown(out, &bill.extra);
    });
    text
}

/// Any text that XML 1.0 can carry, line ends and markup included.
pub(crate) fn any_text() -> impl Strategy<Value = String> + Clone {
    "[\t\n\r&<>\"';a-zA-Z0-9 é–漢\u{1F600}\\]]{0,12}"
}

pub(crate) fn word() -> impl Strategy<Value = String> + Clone {
    "[A-Za-z0-9:-]{1,20}"
}

pub(crate) fn amounts() -> impl Strategy<Value = Amount> + Clone {
    (-Amount::MAX_CENTS..=Amount::MAX_CENTS).prop_map(|cents| Amount::from_cents(cents).unwrap())
}

pub(crate) fn dates() -> impl Strategy<Value = QbDate> + Clone {
    (1901..=9999i32, 1..=12u32, 1..=28u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}").parse().unwrap())
}

pub(crate) fn quantities() -> impl Strategy<Value = Quantity> + Clone {
    "-?[1-9][0-9]{0,9}(\\.[0-9]{1,5})?".prop_map(|text| text.parse().unwrap())
}

pub(crate) fn prices() -> impl Strategy<Value = Price> + Clone {
    quantities().prop_map(|number| number.to_string().parse().unwrap())
}

pub(crate) fn guids() -> impl Strategy<Value = Guid<'static>> + Clone {
    "0|\\{[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\\}".prop_map(|text| Guid::new(text).unwrap())
}

pub(crate) fn objects() -> impl Strategy<Value = ObjectRef<'static>> + Clone {
    (of(word()), any_text())
        .prop_map(|(id, name)| ObjectRef { list_id: id.map(|id| id.parse().unwrap()), full_name: Some(name.into()) })
}

fn moments() -> impl Strategy<Value = QbDateTime<'static>> {
    (dates(), 0..24, 0..60, of(-12..12i32)).prop_map(|(date, hour, minute, offset)| {
        let offset = offset.map_or(String::new(), |h| format!("{}{:02}:30", if h < 0 { '-' } else { '+' }, h.abs()));
        QbDateTime::new(format!("{date}T{hour:02}:{minute:02}:59{offset}")).unwrap()
    })
}

fn statuses() -> impl Strategy<Value = BillableStatus<'static>> {
    prop_oneof![
        Just(BillableStatus::Billable),
        Just(BillableStatus::NotBillable),
        Just(BillableStatus::HasBeenBilled),
        Just(BillableStatus::Other("Later".into())),
    ]
}

fn fields() -> impl Strategy<Value = Vec<DataExt<'static>>> {
    let field = (of(guids()), word(), of(word()), any_text());
    let field = field.prop_map(|(owner_id, name, value_type, value)| DataExt {
        owner_id,
        name: name.into(),
        value_type: value_type.map(Into::into),
        value: value.into(),
    });
    vec(field, 0..2)
}

fn strangers() -> impl Strategy<Value = Vec<Element<'static>>> {
    let leaf = ("New[A-Z][a-z]{1,5}", any_text(), vec(("[a-z]{1,4}", "[a-z0-9 ]{0,5}"), 0..2));
    let leaf = leaf.prop_map(|(name, text, attributes)| Element {
        attributes: attributes.into_iter().take(1).map(|(k, v)| (k.into(), v.into())).collect(),
        ..Element::leaf(name, text)
    });
    let tree = leaf.prop_recursive(4, 8, 3, |inner| {
        ("New[A-Z][a-z]{1,5}", vec(inner, 1..3)).prop_map(|(name, children)| Element::parent(name, children))
    });
    vec(tree, 0..3)
}

fn cow(text: Option<String>) -> Option<std::borrow::Cow<'static, str>> {
    text.map(Into::into)
}

fn items() -> impl Strategy<Value = ItemLineRet<'static>> {
    let ids = (word(), of(objects()), of(any_text()), of(quantities()), of(any_text()), of(objects()));
    let money = (of(prices()), of(amounts()), of(objects()), of(objects()), of(statuses()), of(objects()));
    let stock = of((of(objects()), of(objects()), of(any_text()), of(any_text()), any_text()));
    (ids, money, stock, fields(), strangers()).prop_map(|(ids, money, stock, data_ext, extra)| ItemLineRet {
        txn_line_id: ids.0.parse().unwrap(),
        item: ids.1,
        inventory: stock.map(|(site, site_location, serial, lot, expires)| {
            let (serial_number, lot_number) = (cow(serial), cow(lot));
            Box::new(Inventory {
                site,
                site_location,
                serial_number,
                lot_number,
                expiration_date: Some(expires.into()),
            })
        }),
        description: cow(ids.2),
        quantity: ids.3,
        unit_of_measure: cow(ids.4),
        override_uom_set: ids.5,
        cost: money.0,
        amount: money.1,
        customer: money.2,
        class: money.3,
        billable_status: money.4,
        sales_rep: money.5,
        data_ext,
        extra,
    })
}

fn groups() -> impl Strategy<Value = ItemGroupLineRet<'static>> {
    let head = (word(), objects(), of(any_text()), of(quantities()), of(any_text()), of(objects()), amounts());
    (head, vec(items(), 0..3), fields(), strangers()).prop_map(|(head, lines, data_ext, extra)| ItemGroupLineRet {
        txn_line_id: head.0.parse().unwrap(),
        item_group: head.1,
        description: cow(head.2),
        quantity: head.3,
        unit_of_measure: cow(head.4),
        override_uom_set: head.5,
        total_amount: head.6,
        lines,
        data_ext,
        extra,
    })
}

fn expenses() -> impl Strategy<Value = ExpenseLineRet<'static>> {
    let head = (word(), of(objects()), of(amounts()), of(any_text()), of(objects()), of(objects()), of(statuses()));
    (head, of(objects()), fields(), strangers()).prop_map(|(head, sales_rep, data_ext, extra)| ExpenseLineRet {
        txn_line_id: head.0.parse().unwrap(),
        account: head.1,
        amount: head.2,
        memo: cow(head.3),
        customer: head.4,
        class: head.5,
        billable_status: head.6,
        sales_rep,
        data_ext,
        extra,
    })
}

fn addresses() -> impl Strategy<Value = Address<'static>> {
    vec(of(any_text()), 10).prop_map(|lines| {
        let mut lines = lines.into_iter().map(cow);
        let mut next = || lines.next().flatten();
        Address {
            addr1: next(),
            addr2: next(),
            addr3: next(),
            addr4: next(),
            addr5: next(),
            city: next(),
            state: next(),
            postal_code: next(),
            country: next(),
            note: Some(next().unwrap_or_default()),
        }
    })
}

fn links() -> impl Strategy<Value = LinkedTxn<'static>> {
    (word(), word(), dates(), of(any_text()), of(word()), amounts(), strangers()).prop_map(|parts| LinkedTxn {
        txn_id: parts.0.parse().unwrap(),
        txn_type: parts.1.into(),
        txn_date: parts.2,
        ref_number: cow(parts.3),
        link_type: cow(parts.4),
        amount: parts.5,
        extra: parts.6,
    })
}

/// A bill with any of its fields filled.
pub(crate) fn bills() -> impl Strategy<Value = BillRet<'static>> {
    let head =
        (word(), moments(), moments(), "[0-9]{1,16}", of(any::<u64>()), objects(), of(addresses()), of(objects()));
    let money = (dates(), of(dates()), amounts(), of(objects()), of(word()), of(amounts()), of(any_text()));
    let state = (of(any::<bool>()), of(objects()), of(any_text()), of(any::<bool>()), of(guids()), of(amounts()));
    let entry =
        prop_oneof![items().prop_map(BillItem::Line), groups().prop_map(|group| BillItem::Group(Box::new(group))),];
    let lines = (vec(links(), 0..3), vec(expenses(), 0..4), vec(entry, 0..4), fields(), strangers());
    (head, money, state, lines).prop_map(|(head, money, state, lines)| BillRet {
        txn_id: head.0.parse().unwrap(),
        time_created: head.1,
        time_modified: head.2,
        edit_sequence: head.3.parse().unwrap(),
        txn_number: head.4,
        vendor: head.5,
        vendor_address: head.6.map(Box::new),
        ap_account: head.7,
        txn_date: money.0,
        due_date: money.1,
        amount_due: money.2,
        currency: money.3,
        exchange_rate: cow(money.4),
        amount_due_in_home_currency: money.5,
        ref_number: cow(money.6),
        is_pending: state.0,
        terms: state.1,
        memo: cow(state.2),
        is_paid: state.3,
        external_guid: state.4,
        open_amount: state.5,
        linked_txns: lines.0,
        expense_lines: lines.1,
        item_lines: lines.2,
        data_ext: lines.3,
        extra: lines.4,
    })
}
