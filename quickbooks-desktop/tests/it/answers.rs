//! Sound answers.

use std::io::BufReader;

use quickbooks_desktop::qbxml::*;

use crate::support::{GOLDEN, answer, small_bill};

#[test]
fn given_a_full_answer_when_read_then_every_element_is_in_its_field() {
    let mut bills = Bills::new(GOLDEN.as_bytes());
    let bill = bills.next().unwrap().unwrap();

    let head = bills.response().unwrap();
    assert_eq!((head.name.as_str(), head.request_id.as_deref()), ("BillQueryRs", Some("7")));
    assert_eq!((head.ret_count, head.iterator_remaining), (Some(2), Some(40)));

    assert_eq!(bill.vendor.name(), "Acme Steel & Sons");
    assert_eq!(bill.memo.as_deref(), Some("Pay application 3 <July>, béton"));
    assert_eq!((bill.is_pending, bill.is_paid, bill.txn_number), (Some(false), Some(false), Some(4711)));
    assert_eq!(bill.vendor_address.as_ref().unwrap().note.as_deref(), Some("dock 3"));
    assert_eq!(bill.linked_txns[0].amount.cents(), -9_000_000);
    assert_eq!(bill.expense_lines[0].amount.unwrap().cents(), -900_000);
    assert_eq!(bill.expense_lines[0].data_ext[0].value, "Subcontract");
    assert_eq!(bill.expense_lines[0].sales_rep.as_ref().unwrap().name(), "JD");

    let items: Vec<_> = bill.items().collect();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].description.as_deref(), Some("Beams & <columns>"));
    assert_eq!(items[0].quantity.unwrap().to_string(), "1.5");
    assert_eq!(items[0].inventory.as_ref().unwrap().lot_number.as_deref(), Some("L-9"));
    let BillItem::Group(group) = &bill.item_lines[1] else { panic!("the second entry is a group") };
    assert_eq!((group.item_group.name(), group.data_ext[0].name.as_ref()), ("Mobilisation", "Crew"));

    assert_eq!(bill.line_cents(), bill.amount_due.cents());
    assert_eq!(bill.open_amount, Some(bill.amount_due));
    let trail = &bill.extra[0];
    assert_eq!((trail.name.as_ref(), trail.attribute("level")), ("ApprovalTrail", Some("2")));
    assert_eq!((trail.child_text("Step"), trail.children[1].attribute("by")), (Some("PM"), Some("jd")));

    let small = bills.next().unwrap().unwrap();
    assert_eq!((small.vendor.name(), small.amount_due.cents(), small.is_paid), ("Béton Armé", 5, None));
    assert_eq!(small.memo.as_deref(), Some(""));
    assert!(bills.next().is_none());
}

#[test]
fn given_texts_without_references_when_read_then_they_are_borrowed() {
    let bill = Bills::new(GOLDEN.as_bytes()).next().unwrap().unwrap();
    assert!(matches!(bill.ref_number, Some(std::borrow::Cow::Borrowed("SC-017-003"))));
}

#[test]
fn given_an_answer_of_several_responses_when_read_then_all_parts_come_in_order() {
    let text = r#"<QBXML><QBXMLMsgsRs newMessageSetID="a1" messageSetStatusCode="9002">
        <HostQueryRs statusCode="0" statusSeverity="Info" statusMessage="OK"><HostRet><Country>US</Country></HostRet></HostQueryRs>
        <BillAddRs requestID="2" statusCode="0" statusSeverity="Info" statusMessage="OK">
          <ErrorRecovery><TxnID>7-1</TxnID><EditSequence>12</EditSequence></ErrorRecovery></BillAddRs>
        </QBXMLMsgsRs></QBXML>"#;
    let parts: Vec<_> = Answers::from_text(text).map(Result::unwrap).collect();
    let [Answer::Set(set), Answer::Response(host), Answer::Record(ret), Answer::Response(add), Answer::Recovery(kept)] =
        parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!((set.new_message_set_id.as_deref(), set.recovery), (Some("a1"), Some(RecoveryStatus::NoStoredAnswer)));
    assert_eq!((host.name.as_str(), ret.child_text("Country")), ("HostQueryRs", Some("US")));
    assert_eq!(add.request_id.as_deref(), Some("2"));
    assert_eq!(kept.txn_id.as_ref().map(TxnId::as_str), Some("7-1"));
}

#[test]
fn given_a_query_without_match_when_read_then_it_is_empty_and_no_error() {
    let text = r#"<QBXML><QBXMLMsgsRs><BillQueryRs requestID="1" statusCode="1" statusSeverity="Info"
        statusMessage="A query request did not find a matching object in QuickBooks" /></QBXMLMsgsRs></QBXML>"#;
    let mut bills = Bills::from_text(text);
    assert!(bills.next().is_none());
    assert_eq!(bills.response().unwrap().status.advice(), Advice::NotFound);
}

#[test]
fn given_a_refused_query_when_read_then_it_is_an_error_and_reading_goes_on() {
    let text = answer(&small_bill("1", "1.00")).replace(
        "<QBXMLMsgsRs>",
        r#"<QBXMLMsgsRs><BillQueryRs requestID="9" statusCode="3231" statusSeverity="Info" statusMessage="no"/>"#,
    );
    for stream in [false, true] {
        let mut results: Vec<_> = if stream {
            BillStream::new(text.as_bytes()).collect()
        } else {
            Bills::new(text.as_bytes()).map(|bill| bill.map(BillRet::into_owned)).collect()
        };
        assert_eq!(results.pop().unwrap().unwrap().txn_id.as_str(), "1");
        let refused = results.pop().unwrap().unwrap_err();
        assert!(matches!(refused.kind(), ParseErrorKind::Refused { request_id, .. } if request_id == "9"), "{refused}");
    }
}

#[test]
fn given_an_answer_without_bills_at_all_when_read_then_that_is_an_error_not_an_empty_result() {
    let text = "<QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>";
    for found in [
        Bills::from_text(text).next().map(|r| r.map(drop)),
        BillStream::new(text.as_bytes()).next().map(|r| r.map(drop)),
    ] {
        assert!(matches!(found, Some(Err(error)) if matches!(error.kind(), ParseErrorKind::NoResponse)));
    }
}

#[test]
fn given_an_answer_about_other_things_when_bills_are_read_then_that_is_an_error_too() {
    let text = answer("").replace("BillQueryRs", "VendorQueryRs");
    let error = Bills::from_text(&text).next().unwrap().unwrap_err();
    assert!(matches!(error.kind(), ParseErrorKind::NoResponse), "{error}");
}

#[test]
fn given_unknown_elements_inside_shared_parts_when_read_then_they_are_kept_under_the_part() {
    let text =
        answer(&small_bill("1", "1.00").replace("<FullName>V</FullName>", "<FullName>V</FullName><Tier>gold</Tier>"));
    let bill = Bills::from_text(&text).next().unwrap().unwrap();
    assert_eq!(bill.vendor.name(), "V");
    assert_eq!(bill.extra, [Element::parent("VendorRef", vec![Element::leaf("Tier", "gold")])]);
}

#[test]
fn given_a_thinned_answer_when_read_untyped_then_the_elements_are_there() {
    let text = answer("<BillRet><TxnID>5-1</TxnID><EditSequence>77</EditSequence></BillRet>");
    let typed = Bills::from_text(&text).next().unwrap().unwrap_err();
    assert!(typed.to_string().contains("read it untyped"), "{typed}");
    let parts: Vec<_> = Answers::from_text(&text).untyped().map(Result::unwrap).collect();
    assert!(matches!(&parts[2], Answer::Record(bill) if bill.child_text("EditSequence") == Some("77")));
}

#[test]
fn given_windows_line_ends_a_byte_order_mark_and_odd_spacing_when_read_then_the_values_are_the_same() {
    let plain: Vec<_> = Bills::new(GOLDEN.as_bytes()).map(Result::unwrap).collect();
    let odd = format!(
        "\u{feff}{}",
        GOLDEN.replace('\n', "\r\n").replace("</Memo>", "</Memo >").replace("<TxnID>", "<TxnID >")
    );
    let memory: Vec<_> = Bills::new(odd.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(memory, plain);
    let stream: Vec<_> =
        BillStream::new(BufReader::with_capacity(1, odd.as_bytes())).chunk_size(1).map(Result::unwrap).collect();
    assert_eq!(stream, plain);
}

#[test]
fn given_decoded_text_when_it_declares_another_encoding_then_the_declaration_is_ignored() {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-16\"?>{}",
        answer(&small_bill("1", "1.00")).replace("<?xml version=\"1.0\" ?>", "")
    );
    assert_eq!(Bills::from_text(&text).filter_map(Result::ok).count(), 1);
    let refused = Bills::new(text.as_bytes()).next().unwrap().unwrap_err();
    assert!(matches!(refused.kind(), ParseErrorKind::Encoding { name } if name == "utf-16"));
}

#[test]
fn given_an_answer_larger_than_a_chunk_when_streamed_then_bills_equal_those_from_memory() {
    let text = answer(&(0..2000).map(|n| small_bill(&format!("é{n}"), "12.34")).collect::<String>());
    assert!(text.len() > 500_000);
    let memory: Vec<_> = Bills::new(text.as_bytes()).map(Result::unwrap).collect();
    let stream: Vec<_> = BillStream::new(BufReader::with_capacity(4099, text.as_bytes())).map(Result::unwrap).collect();
    assert_eq!(memory, stream);
    assert_eq!(stream.len(), 2000);
}
