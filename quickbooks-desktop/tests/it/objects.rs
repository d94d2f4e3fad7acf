//! Every request of `qbxml::objects`, and what is read back.

use quickbooks_desktop::qbxml::objects::*;
use quickbooks_desktop::qbxml::{
    Answer, Answers, Envelope, Guid, ObjectRef, OnError, QbDateTime, QbXmlVersion, RequestWriter,
};

fn id(text: &str) -> Option<ObjectRef<'static>> {
    Some(ObjectRef::by_id(text.parse().unwrap()))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn bill() -> Bill {
    Bill {
        vendor: id("80000012-1400000000"),
        ap_account: id("8000002A-1400000000"),
        txn_date: Some("2026-10-31".parse().unwrap()),
        ref_number: text("SC-017-003"),
        memo: text("Pay app 3 [sync:main:pay_app/22.9:0]"),
        expense_lines: vec![ExpenseLine {
            account: id("80000030-1400000000"),
            amount: Some("-9000.00".parse().unwrap()),
            memo: text("Retainage withheld"),
            customer: id("80000040-1400000000"),
            ..ExpenseLine::default()
        }],
        item_lines: vec![ItemLine {
            desc: text("Béton – coulé"),
            quantity: Some("90000".parse().unwrap()),
            amount: Some("90000.00".parse().unwrap()),
            customer: id("80000040-1400000000"),
            link: Some(Box::new(TxnLink {
                txn_id: text("1A2B-1700000001"),
                txn_line_id: text("1A2C-1700000001"),
                ..TxnLink::default()
            })),
            ..ItemLine::default()
        }],
        ..Bill::default()
    }
}

/// One request of every kind.
fn every_request() -> Vec<Request> {
    let version = (text("1F2A-1700000001"), text("1700000001"));
    let vendor = Vendor { name: text("Acme Steel"), notes: text("n"), ..Vendor::default() };
    let order = PurchaseOrder {
        vendor: id("80000012-1400000000"),
        txn_date: Some("2026-10-01".parse().unwrap()),
        ref_number: text("SC-017"),
        lines: vec![PurchaseOrderLine {
            item: id("80000050-1400000000"),
            desc: text("Steel"),
            quantity: Some("90000".parse().unwrap()),
            rate: Some("1".parse().unwrap()),
            customer: id("80000040-1400000000"),
            ..PurchaseOrderLine::default()
        }],
        ..PurchaseOrder::default()
    };
    let sale =
        SalesLine { item: id("80000050-1400000000"), amount: Some("10.00".parse().unwrap()), ..SalesLine::default() };
    let date = Some("2026-10-31".parse().unwrap());
    let customer = id("80000040-1400000000");
    let applied = AppliedTxn {
        txn_id: text("1F2A-1700000001"),
        payment_amount: Some("10.00".parse().unwrap()),
        ..AppliedTxn::default()
    };
    let side = |side| JournalLine {
        side,
        account: id("80000030-1400000000"),
        amount: Some("5.00".parse().unwrap()),
        ..JournalLine::default()
    };
    let moments = Moments { from: Some(QbDateTime::new("2026-10-31T09:01:02-08:00").unwrap()), to: None };
    let field = |value: Option<String>| CustomField {
        owner: Guid::new("{0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B}").unwrap(),
        name: "Sync".to_owned(),
        of: CustomFieldOf::Txn(TxnType::Bill, "1F2A-1700000001".to_owned()),
        value,
    };
    let mut requests = vec![
        Request::Host,
        Request::Company(vec!["{0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B}".to_owned()]),
        Request::Preferences,
        Request::Add(Object::Customer(Box::new(Customer {
            name: text("2026-014 Clinic"),
            parent: customer.clone(),
            bill_address: Some(Box::new(PostalAddress {
                addr1: text("1 Main St"),
                city: text("Duluth"),
                ..PostalAddress::default()
            })),
            job_status: text("InProgress"),
            ..Customer::default()
        }))),
        Request::Mod(Object::Customer(Box::new(Customer {
            list_id: version.0.clone(),
            edit_sequence: version.1.clone(),
            is_active: Some(false),
            ..Customer::default()
        }))),
        Request::Add(Object::Vendor(Box::new(vendor.clone()))),
        Request::Mod(Object::Vendor(Box::new(Vendor {
            list_id: version.0.clone(),
            edit_sequence: version.1.clone(),
            phone: text(""),
            ..vendor
        }))),
        Request::Add(Object::Class(Box::new(Class { name: text("03 Concrete"), ..Class::default() }))),
        Request::Add(Object::ItemService(Box::new(Item {
            name: text("Retainage"),
            both: Some(Box::new(ItemPurchase {
                income_account: id("80000031-1400000000"),
                expense_account: id("80000030-1400000000"),
                ..ItemPurchase::default()
            })),
            ..Item::default()
        }))),
        Request::Add(Object::ItemOtherCharge(Box::new(Item {
            name: text("Freight"),
            single: Some(Box::new(ItemSale { account: id("80000031-1400000000"), ..ItemSale::default() })),
            ..Item::default()
        }))),
        Request::Add(Object::PurchaseOrder(Box::new(order.clone()))),
        Request::Mod(Object::PurchaseOrder(Box::new(PurchaseOrder {
            txn_id: version.0.clone(),
            edit_sequence: version.1.clone(),
            is_manually_closed: Some(true),
            lines: vec![PurchaseOrderLine { txn_line_id: text("-1"), ..order.lines[0].clone() }],
            ..order
        }))),
        Request::Add(Object::Bill(Box::new(bill()))),
        Request::Mod(Object::Bill(Box::new(Bill {
            txn_id: version.0.clone(),
            edit_sequence: version.1.clone(),
            clear_expense_lines: Some(true),
            item_lines: vec![ItemLine {
                txn_line_id: text("1F2B-1700000001"),
                amount: Some("1.00".parse().unwrap()),
                ..ItemLine::default()
            }],
            ..Bill::default()
        }))),
        Request::Add(Object::VendorCredit(Box::new(VendorCredit {
            vendor: id("80000012-1400000000"),
            txn_date: date,
            item_lines: vec![ItemLine {
                item: id("80000050-1400000000"),
                amount: Some("10.00".parse().unwrap()),
                ..ItemLine::default()
            }],
            ..VendorCredit::default()
        }))),
        Request::Add(Object::Estimate(Box::new(Estimate {
            customer: customer.clone(),
            txn_date: date,
            lines: vec![sale.clone()],
            ..Estimate::default()
        }))),
        Request::Add(Object::Invoice(Box::new(Invoice {
            customer: customer.clone(),
            txn_date: date,
            lines: vec![sale.clone()],
            ..Invoice::default()
        }))),
        Request::Mod(Object::Invoice(Box::new(Invoice {
            txn_id: version.0.clone(),
            edit_sequence: version.1.clone(),
            lines: vec![SalesLine { txn_line_id: text("1F2B-1700000001"), ..sale.clone() }],
            ..Invoice::default()
        }))),
        Request::Add(Object::CreditMemo(Box::new(CreditMemo {
            customer: customer.clone(),
            txn_date: date,
            lines: vec![sale],
            ..CreditMemo::default()
        }))),
        Request::Add(Object::BillPaymentCheck(Box::new(BillPayment {
            payee: id("80000012-1400000000"),
            txn_date: date,
            bank_account: id("80000020-1400000000"),
            ref_number: text("1043"),
            applied: vec![applied.clone()],
            ..BillPayment::default()
        }))),
        Request::Add(Object::BillPaymentCreditCard(Box::new(BillPayment {
            payee: id("80000012-1400000000"),
            txn_date: date,
            credit_card_account: id("80000021-1400000000"),
            applied: vec![AppliedTxn {
                set_credits: vec![SetCredit {
                    credit_txn_id: version.0.clone(),
                    applied_amount: Some("1.00".parse().unwrap()),
                    ..SetCredit::default()
                }],
                ..applied.clone()
            }],
            ..BillPayment::default()
        }))),
        Request::Add(Object::ReceivePayment(Box::new(ReceivePayment {
            customer,
            txn_date: date,
            total_amount: Some("10.00".parse().unwrap()),
            applied: vec![applied],
            ..ReceivePayment::default()
        }))),
        Request::Add(Object::Deposit(Box::new(Deposit {
            txn_date: date,
            deposit_to_account: id("80000020-1400000000"),
            lines: vec![DepositLine { payment_txn_id: version.0.clone(), ..DepositLine::default() }],
            ..Deposit::default()
        }))),
        Request::Add(Object::Check(Box::new(Check {
            account: id("80000020-1400000000"),
            txn_date: date,
            ..Check::default()
        }))),
        Request::Add(Object::JournalEntry(Box::new(JournalEntry {
            txn_date: date,
            ref_number: text("WIP-10"),
            lines: vec![side(JournalSide::Debit), side(JournalSide::Credit)],
            ..JournalEntry::default()
        }))),
        Request::Mod(Object::JournalEntry(Box::new(JournalEntry {
            txn_id: version.0,
            edit_sequence: version.1,
            lines: vec![JournalLine { txn_line_id: text("-1"), ..side(JournalSide::Credit) }],
            ..JournalEntry::default()
        }))),
        Request::TxnDel(TxnType::PurchaseOrder, "1F2A-1700000001".to_owned()),
        Request::TxnVoid(TxnType::Bill, "1F2A-1700000001".to_owned()),
        Request::ListDel(ListDelType::Vendor, "80000012-1400000000".to_owned()),
        Request::TxnDeleted(vec![TxnType::Bill, TxnType::PurchaseOrder], moments.clone()),
        Request::ListDeleted(vec![ListDelType::Vendor], moments.clone()),
        Request::CustomAdd(field(text("x"))),
        Request::CustomMod(field(text("y"))),
        Request::CustomMod(field(None)),
        Request::ClearedStatus("1F2A-1700000001".to_owned(), None, ClearedStatus::Cleared),
        Request::Report(ReportRequest::cleared(vec!["80000020-1400000000".to_owned()], (date, date))),
    ];
    for kind in QueryKind::ALL {
        let ids = Select::Ids(vec!["80000012-1400000000".to_owned()]);
        let first = Query::all(*kind, 100);
        requests.extend(first.next("{11111111-2222-3333-4444-555555555555}").map(Request::Query));
        requests.extend([
            Request::Query(Query::new(*kind, ids)),
            Request::Query(first),
            Request::Query(Query::new(*kind, Select::Modified(moments.clone())).paged(50)),
        ]);
    }
    requests
}

fn set(requests: &[Request]) -> String {
    let mut writer = RequestWriter::new(&Envelope::new(QbXmlVersion::V13_0, OnError::Continue));
    for (number, request) in requests.iter().enumerate() {
        writer
            .raw(&(number + 1).to_string(), &request.element().unwrap())
            .unwrap_or_else(|e| panic!("{e}: {request:?}"));
    }
    String::from_utf8(writer.finish()).unwrap()
}

/// The file was checked against Intuit's schema; a change of it must be checked again.
#[test]
fn given_a_request_of_every_kind_when_written_then_the_bytes_are_those_that_were_checked() {
    let mut requests = every_request();
    // A dash outside Latin-1 is refused when it is written; the sink fits texts first.
    for request in &mut requests {
        if let Request::Add(Object::Bill(bill)) = request {
            bill.item_lines[0].desc = text("Béton - coulé");
        }
    }
    let written = set(&requests).replace("Rq><", "Rq>\n<").replace("></QBXML", ">\n</QBXML");
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden/every_request.xml"), &written).unwrap();
    }
    assert_eq!(written.trim_end(), include_str!("golden/every_request.xml").trim_end());
}

#[test]
fn given_a_character_outside_latin_1_when_written_then_the_request_is_refused_and_not_stored_as_a_question_mark() {
    let mut writer = RequestWriter::new(&Envelope::new(QbXmlVersion::V13_0, OnError::Continue));
    let element = Request::Add(Object::Bill(Box::new(bill()))).element().unwrap();
    assert!(writer.raw("1", &element).unwrap_err().to_string().contains('–'));
    assert_eq!(writer.requests(), 0);
}

#[test]
fn given_what_quickbooks_would_refuse_when_written_then_the_field_is_named() {
    let refused = |request: Request| request.element().unwrap_err().to_string();
    let long = Bill { ref_number: text(&"9".repeat(21)), ..bill() };
    assert!(refused(Request::Add(Object::Bill(Box::new(long)))).contains("Bill/RefNumber: has 21 characters"));
    let mut linked = Bill { txn_id: text("1"), edit_sequence: text("2"), ..bill() };
    linked.expense_lines.clear();
    linked.item_lines[0].txn_line_id = text("-1");
    assert!(refused(Request::Mod(Object::Bill(Box::new(linked)))).contains("LinkToTxn: is not part of this message"));
    let dateless = Bill { txn_date: None, ..bill() };
    assert!(refused(Request::Add(Object::Bill(Box::new(dateless)))).contains("TxnDate: is required"));
    assert!(refused(Request::TxnVoid(TxnType::PurchaseOrder, "1".to_owned())).contains("only deleted"));
}

#[test]
fn given_a_journal_entry_of_an_answer_when_read_then_both_sides_stand_in_order() {
    let answer = r#"<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>
<JournalEntryQueryRs requestID="1" statusCode="0" statusSeverity="Info" statusMessage="Status OK"><JournalEntryRet>
<TxnID>1-1</TxnID><TimeCreated>2026-10-31T09:01:02-08:00</TimeCreated><TimeModified>2026-10-31T09:01:02-08:00</TimeModified>
<EditSequence>7</EditSequence><TxnDate>2026-10-31</TxnDate><RefNumber>WIP-10</RefNumber><NewThing>?</NewThing>
<JournalDebitLine><TxnLineID>2-1</TxnLineID><AccountRef><ListID>9-1</ListID></AccountRef><Amount>5.00</Amount></JournalDebitLine>
<JournalCreditLine><TxnLineID>3-1</TxnLineID><Amount>5.00</Amount></JournalCreditLine>
</JournalEntryRet></JournalEntryQueryRs></QBXMLMsgsRs></QBXML>"#;
    let record = Answers::from_text(answer).find_map(|part| match part.unwrap() {
        Answer::Record(record) => Some(record),
        _ => None,
    });
    let entry = JournalEntry::read(&record.unwrap()).unwrap();
    assert_eq!(entry.lines.iter().map(|l| l.side).collect::<Vec<_>>(), [JournalSide::Debit, JournalSide::Credit]);
    assert_eq!(entry.extra[0].name, "NewThing");
    assert_eq!(entry.lines[0].account, id("9-1"));
}

#[test]
fn given_hosts_when_a_version_is_chosen_then_it_is_the_newest_both_know_and_never_below_13() {
    let of = |versions: &[&str]| {
        Host { supported_versions: versions.iter().map(|v| (*v).to_owned()).collect(), ..Host::default() }.version()
    };
    assert_eq!(of(&["1.0", "13.0", "CA3.0", "14.0"]), Ok(QbXmlVersion::new(14, 0)));
    assert_eq!(of(&["13.0", "16.0", "17.0"]), Ok(QbXmlVersion::V16_0));
    assert_eq!(of(&["9.0", "12.0"]), Err(QbXmlVersion::new(12, 0)));
}

#[test]
fn given_a_report_when_read_then_cells_go_by_column_and_a_missing_cell_is_empty() {
    let answer = r#"<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>
<CustomDetailReportQueryRs requestID="1" statusCode="0" statusSeverity="Info" statusMessage="Status OK"><ReportRet>
<ReportTitle>t</ReportTitle><ColDesc colID="1" dataType="STRTYPE"><ColTitle titleRow="1" value="Txn"/><ColType>TxnID</ColType></ColDesc>
<ColDesc colID="2" dataType="STRTYPE"><ColTitle titleRow="1" value="Clr"/><ColType>ClearedStatus</ColType></ColDesc>
<ReportData><TextRow rowNumber="1" value="Checking"/><DataRow rowNumber="2"><ColData colID="1" value="1-1"/><ColData colID="2" value="*"/></DataRow>
<DataRow rowNumber="3"><ColData colID="1" value="2-1"/></DataRow><TotalRow rowNumber="4"/></ReportData>
</ReportRet></CustomDetailReportQueryRs></QBXMLMsgsRs></QBXML>"#;
    let record = Answers::from_text(answer).find_map(|part| match part.unwrap() {
        Answer::Record(record) => Some(record),
        _ => None,
    });
    let report = Report::read(&record.unwrap());
    let cleared: Vec<_> = report.rows.iter().map(|row| row.cells.get("ClearedStatus").map(String::as_str)).collect();
    assert_eq!(cleared, [Some("*"), None]);
}
