//! What is written is what is read.

use std::io::BufReader;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use quickbooks_desktop::qbxml::text::NonAscii;
use quickbooks_desktop::qbxml::*;

use crate::support::*;

/// Text that QuickBooks stores: Latin-1 and line ends.
fn storable() -> impl Strategy<Value = String> + Clone {
    "[\t\n\r&<>\"'a-z éÿ]{0,20}"
}

fn small() -> impl Strategy<Value = Amount> + Clone {
    (0..1_000_000_000i64).prop_map(|cents| Amount::from_cents(cents).unwrap())
}

fn named() -> impl Strategy<Value = ObjectRef<'static>> + Clone {
    (of(word()), "[a-zé&: ]{1,31}")
        .prop_map(|(id, name)| ObjectRef { list_id: id.map(|id| id.parse().unwrap()), full_name: Some(name.into()) })
}

fn requests() -> impl Strategy<Value = BillAdd<'static>> {
    let expense = (of(named()), small(), of(storable()), of(named()), of(named()), any::<bool>());
    let expense = expense.prop_map(|(account, amount, memo, customer, class, billable)| ExpenseLineAdd {
        account,
        amount: Some(amount),
        memo: memo.map(Into::into),
        customer,
        class,
        billable_status: billable.then_some(BillableStatus::Billable),
        ..ExpenseLineAdd::default()
    });
    let item =
        (of(named()), of(storable()), of(quantities()), of(storable()), of(prices()), small(), of((word(), word())));
    let item = item.prop_map(|(item, description, quantity, unit, cost, amount, link)| {
        BillItemAdd::Line(ItemLineAdd {
            item,
            description: description.map(Into::into),
            quantity,
            unit_of_measure: unit.map(Into::into),
            cost,
            amount: Some(amount),
            link_to_txn: link.map(|(txn, line)| LinkToTxn {
                txn_id: format!("T{txn}").parse().unwrap(),
                txn_line_id: line.parse().unwrap(),
            }),
            ..ItemLineAdd::default()
        })
    });
    let head = (named(), dates(), of(dates()), of(storable()), of(named()), of(storable()), of(guids()), of(named()));
    (head, vec(expense, 0..4), vec(item, 0..4)).prop_map(|(head, expense_lines, item_lines)| {
        let mut bill = BillAdd::new(head.0, head.1);
        (bill.due_date, bill.terms, bill.external_guid, bill.ap_account) = (head.2, head.4, head.6, head.7);
        (bill.ref_number, bill.memo) = (head.3.map(Into::into), head.5.map(Into::into));
        (bill.expense_lines, bill.item_lines) = (expense_lines, item_lines);
        bill
    })
}

/// Turns a request into the answer that QuickBooks gives to it, as far as the elements are the same.
fn as_answer(request: &str) -> String {
    let start = request.find("<BillAdd>").unwrap() + "<BillAdd>".len();
    let end = request.find("</BillAdd>").unwrap();
    let line = |name: &str| format!("<{name}><TxnLineID>9</TxnLineID>");
    let body = request[start..end]
        .replace("<ExpenseLineAdd>", &line("ExpenseLineRet"))
        .replace("</ExpenseLineAdd>", "</ExpenseLineRet>")
        .replace("<ItemLineAdd>", &line("ItemLineRet"))
        .replace("</ItemLineAdd>", "</ItemLineRet>");
    answer(&format!(
        "<BillRet><TxnID>1</TxnID><TimeCreated>2026-01-01</TimeCreated><TimeModified>2026-01-01</TimeModified>\
         <EditSequence>1</EditSequence>{body}<AmountDue>0.00</AmountDue></BillRet>"
    ))
}

fn assert_kept(sent: &BillAdd<'_>, got: &BillRet<'_>) {
    assert_eq!((&sent.vendor, sent.txn_date, sent.due_date), (&got.vendor, got.txn_date, got.due_date));
    assert_eq!((&sent.ap_account, &sent.terms), (&got.ap_account, &got.terms));
    assert_eq!((&sent.ref_number, &sent.memo), (&got.ref_number, &got.memo));
    assert_eq!(sent.external_guid, got.external_guid);
    assert_eq!(sent.expense_lines.len(), got.expense_lines.len());
    for (sent, got) in sent.expense_lines.iter().zip(&got.expense_lines) {
        assert_eq!((&sent.account, sent.amount, &sent.memo), (&got.account, got.amount, &got.memo));
        assert_eq!((&sent.customer, &sent.class), (&got.customer, &got.class));
        assert_eq!(sent.billable_status, got.billable_status);
        assert_eq!(got.extra, []);
    }
    assert_eq!(sent.item_lines.len(), got.item_lines.len());
    for (sent, got) in sent.item_lines.iter().zip(got.items()) {
        let BillItemAdd::Line(sent) = sent else { panic!("only lines are made here") };
        assert_eq!((&sent.item, &sent.description), (&got.item, &got.description));
        assert_eq!((sent.quantity, &sent.unit_of_measure), (got.quantity, &got.unit_of_measure));
        assert_eq!((sent.cost, sent.amount), (got.cost, got.amount));
        // A link to an order exists in requests only, so on the way back it is an element without a field.
        let link = got.extra.iter().find(|element| element.name == "LinkToTxn");
        let link = link.map(|link| (link.child_text("TxnID").unwrap(), link.child_text("TxnLineID").unwrap()));
        assert_eq!(sent.link_to_txn.as_ref().map(|l| (l.txn_id.as_str(), l.txn_line_id.as_str())), link);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn given_any_bills_when_written_and_read_then_every_field_is_kept(bills in vec(bills(), 1..4)) {
        // Given an answer with these bills
        let text = answer(&bills.iter().map(bill_xml).collect::<String>());
        // When it is read from memory, from a stream in small pieces, and lent
        let memory: Vec<_> = Bills::new(text.as_bytes()).map(|bill| bill.unwrap().into_owned()).collect();
        let stream: Vec<_> = BillStream::new(BufReader::with_capacity(7, text.as_bytes())).chunk_size(64).map(Result::unwrap).collect();
        // Then all are the same as before
        prop_assert_eq!(&memory, &bills);
        prop_assert_eq!(&stream, &bills);
    }

    #[test]
    fn given_any_request_when_written_and_read_back_then_every_field_is_kept(
        bill in requests(),
        non_ascii in prop_oneof![Just(NonAscii::References), Just(NonAscii::Utf8)],
    ) {
        // Given a set with one bill to create
        let mut envelope = Envelope::new(QbXmlVersion::V13_0, OnError::Stop);
        envelope.non_ascii = non_ascii;
        let mut set = RequestWriter::new(&envelope);
        set.bill_add("1", &bill).unwrap();
        let request = String::from_utf8(set.finish()).unwrap();
        prop_assert_eq!(request.is_ascii(), non_ascii == NonAscii::References || request.is_ascii());
        // When QuickBooks answers with the same elements
        let text = as_answer(&request);
        let got = Bills::from_text(&text).next().unwrap().unwrap();
        // Then nothing has changed on the way
        assert_kept(&bill, &got);
    }
}
