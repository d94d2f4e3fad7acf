//! Requests: order, envelope, and what is refused before QuickBooks can.

use quickbooks_desktop::qbxml::*;

fn vendor() -> ObjectRef<'static> {
    ObjectRef::by_id("80000012-1700000000".parse().unwrap())
}

fn bill() -> BillAdd<'static> {
    BillAdd::new(vendor(), "2026-10-31".parse().unwrap())
}

fn custom(value: &'static str) -> DataExt<'static> {
    DataExt { owner_id: Some(Guid::new("0").unwrap()), name: "Cost type".into(), value_type: None, value: value.into() }
}

/// A bill with every field of the schema that can stand together.
fn full_bill() -> BillAdd<'static> {
    let by_name = |name: &'static str| Some(ObjectRef::by_name(name));
    BillAdd {
        def_macro: Some("TxnID:bill-1".into()),
        vendor: vendor(),
        vendor_address: Some(Address {
            addr1: Some("Acme Steel & Sons".into()),
            addr2: Some("12 Main Street".into()),
            addr3: Some("Building C".into()),
            addr4: Some("2nd floor".into()),
            addr5: Some("Attn. <AP>".into()),
            city: Some("Portland".into()),
            state: Some("OR".into()),
            postal_code: Some("97201".into()),
            country: Some("USA".into()),
            note: Some("dock 3".into()),
        }),
        ap_account: by_name("Accounts Payable"),
        txn_date: "2026-10-31".parse().unwrap(),
        due_date: Some("2026-11-30".parse().unwrap()),
        ref_number: Some("SC-017-003".into()),
        terms: by_name("Net 30"),
        memo: Some("Pay application 3\nbéton".into()),
        exchange_rate: Some("1.25".into()),
        external_guid: Some(Guid::new("{0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B}").unwrap()),
        link_to_txns: vec!["1F-1690000001".parse().unwrap()],
        expense_lines: vec![ExpenseLineAdd {
            account: by_name("Retainage Payable"),
            amount: Some(Amount::from_cents(-900_000).unwrap()),
            memo: Some("Retainage 10 %".into()),
            customer: by_name("Owner LLC:Job 17"),
            class: by_name("West"),
            billable_status: Some(BillableStatus::NotBillable),
            sales_rep: by_name("JD"),
            data_ext: vec![custom("Retainage")],
        }],
        item_lines: vec![
            BillItemAdd::Line(ItemLineAdd {
                item: by_name("05-1200:Structural steel"),
                inventory: Some(Box::new(Inventory {
                    site: by_name("Yard"),
                    site_location: by_name("Rack 4"),
                    serial_number: None,
                    lot_number: Some("L-9".into()),
                    expiration_date: Some("2027-01-01".into()),
                })),
                description: Some("Beams & columns".into()),
                quantity: Some("1.5".parse().unwrap()),
                unit_of_measure: Some("t".into()),
                cost: Some("60000.00".parse().unwrap()),
                amount: Some(Amount::from_cents(9_000_000).unwrap()),
                customer: by_name("Owner LLC:Job 17"),
                class: by_name("West"),
                billable_status: Some(BillableStatus::Billable),
                override_item_account: by_name("Job Costs"),
                link_to_txn: None,
                sales_rep: by_name("JD"),
                data_ext: vec![custom("Material")],
            }),
            BillItemAdd::Group(Box::new(ItemGroupLineAdd {
                item_group: ObjectRef::by_name("Mobilisation"),
                quantity: Some("2".parse().unwrap()),
                unit_of_measure: Some("ea".into()),
                inventory_site: by_name("Yard"),
                inventory_site_location: by_name("Rack 4"),
                data_ext: vec![custom("Other")],
            })),
            BillItemAdd::Line(ItemLineAdd {
                quantity: Some("1".parse().unwrap()),
                link_to_txn: Some(LinkToTxn {
                    txn_id: "2F-1690000002".parse().unwrap(),
                    txn_line_id: "30-1690000002".parse().unwrap(),
                }),
                ..ItemLineAdd::default()
            }),
        ],
    }
}

fn refusal(version: QbXmlVersion, bill: &BillAdd<'_>) -> String {
    let mut set = RequestWriter::new(&Envelope::new(version, OnError::Stop));
    set.bill_add("17", bill).unwrap_err().to_string()
}

#[test]
fn given_every_field_when_written_then_the_bytes_are_those_of_the_golden_file() {
    // Given an envelope with recovery IDs, a full bill and a query
    let mut envelope = Envelope::new(QbXmlVersion::V16_0, OnError::Stop);
    envelope.new_message_set_id = Some(MessageSetId::new("b7f0c2d4e1a94c3f8d21a6e0").unwrap());
    envelope.old_message_set_id = Some(MessageSetId::new("00f0c2d4e1a94c3f8d21a6e0").unwrap());
    let query = Element {
        attributes: vec![("iterator".into(), "Start".into())],
        ..Element::parent(
            "BillQueryRq",
            vec![Element::leaf("MaxReturned", "100"), Element::leaf("IncludeLineItems", "true")],
        )
    };
    // When they are written
    let mut set = RequestWriter::new(&envelope);
    set.bill_add("1", &full_bill()).unwrap();
    set.raw("2", &query).unwrap();
    assert_eq!(set.requests(), 2);
    let text = String::from_utf8(set.finish()).unwrap();
    // Then they equal the golden file, which stands one tag a line
    assert_eq!(text.replace("><", ">\n<") + "\n", include_str!("golden/bill_add_rq.xml"));
}

#[test]
fn given_the_same_requests_when_written_in_pieces_then_the_bytes_are_the_same() {
    let envelope = Envelope::new(QbXmlVersion::V16_0, OnError::Continue);
    let (mut whole, mut drained, mut pieces) =
        (RequestWriter::new(&envelope), RequestWriter::new(&envelope), Vec::new());
    for id in ["1", "2", "3"] {
        whole.bill_add(id, &full_bill()).unwrap();
        drained.bill_add(id, &full_bill()).unwrap();
        drained.drain_into(&mut pieces).unwrap();
    }
    pieces.extend(drained.finish());
    assert_eq!(whole.finish(), pieces);
}

#[test]
fn given_a_request_that_is_refused_when_others_follow_then_it_left_no_trace() {
    let envelope = Envelope::new(QbXmlVersion::V13_0, OnError::Stop);
    let (mut clean, mut tried) = (RequestWriter::new(&envelope), RequestWriter::new(&envelope));
    let mut bad = bill();
    bad.memo = Some("漢".into());
    assert!(tried.bill_add("1", &bad).is_err());
    assert!(tried.raw("1", &Element::leaf("Bad Name", "")).is_err());
    for set in [&mut clean, &mut tried] {
        set.bill_add("1", &bill()).unwrap();
    }
    assert_eq!(clean.finish(), tried.finish());
}

#[test]
fn given_texts_that_are_too_long_when_written_then_the_line_and_the_field_are_named() {
    let mut long = bill();
    long.ref_number = Some("SC-017-003-2026-10-31".into());
    assert_eq!(
        refusal(QbXmlVersion::V13_0, &long),
        "request 17, RefNumber: the text has 21 characters, QuickBooks takes 20; shorten or correct it"
    );
    let mut line = bill();
    line.expense_lines = vec![ExpenseLineAdd::default(); 2];
    line.expense_lines[1].customer = Some(ObjectRef::by_name("x".repeat(210)));
    assert!(refusal(QbXmlVersion::V13_0, &line).contains("ExpenseLineAdd 2/CustomerRef"));
    // Characters count, not bytes.
    let mut accents = bill();
    accents.ref_number = Some("é".repeat(20).into());
    RequestWriter::new(&Envelope::new(QbXmlVersion::V13_0, OnError::Stop)).bill_add("1", &accents).unwrap();
}

#[test]
fn given_fields_newer_than_the_declared_version_when_written_then_they_are_refused() {
    let full = full_bill();
    assert!(
        refusal(QbXmlVersion::V13_0, &full)
            .contains("ItemLineAdd 1/ExpirationDateForSerialLotNumber: needs qbXML 16.0")
    );
    assert!(
        refusal(QbXmlVersion::new(12, 0), &full).contains("VendorAddress: needs qbXML 13.0, the set declares 12.0")
    );
}

#[test]
fn given_what_quickbooks_refuses_at_run_time_when_written_then_it_is_refused_here() {
    let mut negative = bill();
    negative.expense_lines =
        vec![ExpenseLineAdd { amount: Some(Amount::from_cents(-1).unwrap()), ..ExpenseLineAdd::default() }];
    assert!(refusal(QbXmlVersion::V13_0, &negative).contains("vendor credit"));

    let mut twice = bill();
    twice.link_to_txns = vec!["1-1".parse().unwrap(), "1-1".parse().unwrap()];
    assert!(refusal(QbXmlVersion::V13_0, &twice).contains("3177"));

    let mut both = full_bill();
    both.link_to_txns = vec!["2F-1690000002".parse().unwrap()];
    assert!(refusal(QbXmlVersion::V16_0, &both).contains("3000"));

    let mut nobody = bill();
    nobody.vendor = ObjectRef::default();
    assert!(refusal(QbXmlVersion::V13_0, &nobody).contains("VendorRef: is required"));

    let mut old = bill();
    old.txn_date = "1900-12-31".parse().unwrap();
    assert!(refusal(QbXmlVersion::V13_0, &old).contains("TxnDate"));

    let mut rate = bill();
    rate.exchange_rate = Some("1,25".into());
    assert!(refusal(QbXmlVersion::V13_0, &rate).contains("ExchangeRate"));

    let mut set = RequestWriter::new(&Envelope::new(QbXmlVersion::V13_0, OnError::Stop));
    assert!(set.bill_add(&"7".repeat(51), &bill()).unwrap_err().to_string().contains("requestID"));
}
