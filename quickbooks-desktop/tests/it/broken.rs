//! Answers that are cut, damaged or hostile.

use std::io::BufReader;

use proptest::prelude::*;
use quickbooks_desktop::qbxml::*;

use crate::support::{GOLDEN, answer, small_bill};

type Results = Vec<Result<BillRet<'static>, ParseError>>;

fn from_memory(bytes: &[u8]) -> Results {
    Bills::new(bytes).map(|bill| bill.map(BillRet::into_owned)).collect()
}

fn from_stream(bytes: &[u8], piece: usize) -> Results {
    BillStream::new(BufReader::with_capacity(piece, bytes)).chunk_size(piece).collect()
}

/// Bills and errors in a form that can be compared.
fn outline(results: &Results) -> Vec<String> {
    let line = |result: &Result<BillRet<'_>, ParseError>| match result {
        Ok(bill) => bill.txn_id.to_string(),
        Err(error) => error.to_string(),
    };
    results.iter().map(line).collect()
}

fn only_error(text: &str) -> ParseError {
    let mut results = from_memory(text.as_bytes());
    assert_eq!(outline(&results), outline(&from_stream(text.as_bytes(), 5)));
    results.pop().unwrap().unwrap_err()
}

#[test]
fn given_an_answer_cut_at_any_byte_when_read_then_the_bills_before_the_cut_come_and_then_an_error() {
    let ends: Vec<_> = GOLDEN.match_indices("</BillRet>").map(|(at, tag)| at + tag.len()).collect();
    let document = GOLDEN.trim_end().len();
    for cut in 0..document {
        // Given the first bytes only
        let bytes = &GOLDEN.as_bytes()[..cut];
        // When they are read
        let mut results = from_memory(bytes);
        // Then whole bills are delivered, and the end is an error that says where
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let error = results.pop().unwrap().unwrap_err();
        assert!(matches!(error.kind(), ParseErrorKind::Truncated), "cut at {cut}: {error}");
        assert_eq!((results.len(), error.record()), (whole, whole as u64 + 1), "cut at {cut}");
        assert!(error.offset() <= cut as u64 && error.offset() + 3 >= cut as u64, "cut at {cut}: {error}");
        assert!(results.iter().all(Result::is_ok));
        results.push(Err(error));
        assert_eq!(outline(&results), outline(&from_stream(bytes, 1 + cut % 61)), "cut at {cut}");
    }
    assert!(from_memory(&GOLDEN.as_bytes()[..document]).iter().all(Result::is_ok));
}

#[test]
fn given_a_bad_amount_in_one_bill_when_read_then_only_that_bill_is_lost() {
    let bills = small_bill("1", "1.00") + &small_bill("2", "1,234.50") + &small_bill("3", "3.00");
    let text = answer(&bills);
    for results in [from_memory(text.as_bytes()), from_stream(text.as_bytes(), 11)] {
        let error = results[1].as_ref().unwrap_err();
        assert!(!error.is_fatal());
        assert_eq!((error.record(), error.offset()), (2, text.find("<AmountDue>1,234").unwrap() as u64));
        assert!(error.to_string().contains("`AmountDue` is `1,234.50`"), "{error}");
        assert_eq!(results[2].as_ref().unwrap().txn_id.as_str(), "3");
        assert_eq!(results.len(), 3);
    }
}

#[test]
fn given_a_bad_value_deep_inside_a_line_when_read_then_the_next_bill_is_read() {
    let first = small_bill("1", "1.00").replace(
        "</BillRet>",
        "<ExpenseLineRet><TxnLineID>1</TxnLineID><AccountRef><ListID>0123456789012345678901234567890123456789</ListID>\
         </AccountRef><Memo>x</Memo></ExpenseLineRet></BillRet>",
    );
    let results = from_memory(answer(&(first + &small_bill("2", "2.00"))).as_bytes());
    assert!(
        matches!(results[0].as_ref().unwrap_err().kind(), ParseErrorKind::Value { element, .. } if element == "ListID")
    );
    assert_eq!(results[1].as_ref().unwrap().txn_id.as_str(), "2");
}

#[test]
fn given_bytes_in_latin1_when_read_then_the_error_names_the_byte_and_earlier_bills_are_kept() {
    let text = answer(&(small_bill("1", "1.00") + &small_bill("2", "2.00").replace(">V<", ">B\u{1}ton<")));
    let mut bytes = text.into_bytes();
    let at = bytes.iter().position(|b| *b == 1).unwrap();
    bytes[at] = 0xE9;
    for results in [from_memory(&bytes), from_stream(&bytes, 13)] {
        assert_eq!(results[0].as_ref().unwrap().txn_id.as_str(), "1");
        let error = results[1].as_ref().unwrap_err();
        assert!(matches!(error.kind(), ParseErrorKind::NotUtf8), "{error}");
        assert_eq!((error.offset(), error.record()), (at as u64, 2));
    }
}

#[test]
fn given_utf16_when_read_then_it_is_named_as_not_utf8() {
    for (mark, big) in [(true, true), (true, false), (false, true), (false, false)] {
        let text = if mark { "\u{feff}<QBXML/>" } else { "<QBXML/>" };
        let bytes: Vec<u8> =
            text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
        for results in [from_memory(&bytes), from_stream(&bytes, 1)] {
            assert!(matches!(results[0].as_ref().unwrap_err().kind(), ParseErrorKind::NotUtf8), "{results:?}");
        }
    }
}

#[test]
fn given_a_dtd_or_an_own_entity_when_read_then_it_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE QBXML [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]><QBXML/>";
    assert!(matches!(only_error(bomb).kind(), ParseErrorKind::Doctype));
    let entity = answer(&small_bill("1", "1.00").replace(">V<", ">&file;<"));
    assert!(matches!(only_error(&entity).kind(), ParseErrorKind::Entity { name } if name == "file"));
}

#[test]
fn given_elements_nested_too_deep_when_read_then_it_is_refused() {
    let deep = "<X>".repeat(100_000);
    let error = only_error(&answer(&deep));
    assert!(matches!(error.kind(), ParseErrorKind::TooDeep { max: 32 }), "{error}");
}

#[test]
fn given_misshapen_documents_when_read_then_the_message_says_what_is_wrong() {
    for (text, words) in [
        ("<html><body/></html>", "`html`, not `QBXML`"),
        ("<QBXML><QBXMLMsgsRq/></QBXML>", "`QBXMLMsgsRq` stands where `QBXMLMsgsRs` must"),
        ("<QBXML></QBXMLMsgsRs>", "`</QBXMLMsgsRs>` stands where `</QBXML>` must"),
        ("<QBXML></QBXML><QBXML/>", "behind the end"),
        ("no document", "text stands between elements"),
        ("<QBXML><QBXMLMsgsRs><BillQueryRs/></QBXMLMsgsRs></QBXML>", "has no statusCode"),
        ("<QBXML><QBXMLMsgsRs><BillQueryRs statusCode='x'/></QBXMLMsgsRs></QBXML>", "statusCode is `x`"),
        (&answer("<BillRet><Memo>a</Meno></BillRet>"), "`</Meno>` stands where `</Memo>` must"),
        (
            &answer("<BillRet><VendorRef><FullName>V</FullName></TermsRef></BillRet>"),
            "`</TermsRef>` stands where `</VendorRef>`",
        ),
        (&answer("<BillRet>loose<Memo>a</Memo></BillRet>"), "text beside elements"),
        (&answer("<BillRet><Memo>a &#7; b</Memo></BillRet>"), "control character"),
        (&answer("<BillRet><Memo>a \u{7} b</Memo></BillRet>"), "control character"),
        (&answer("<BillRet><Memo>a & b</Memo></BillRet>"), "Cannot find ';'"),
        (&answer("<BillRet/>"), "`BillRet` has no `TxnID`"),
    ] {
        let error = from_memory(text.as_bytes()).into_iter().find_map(Result::err).unwrap();
        assert!(error.to_string().contains(words), "{text}: {error}");
    }
}

#[test]
fn given_a_refused_response_behind_others_when_read_then_its_place_is_that_of_its_tag() {
    let text = answer(&small_bill("1", "1.00")).replace(
        "</QBXMLMsgsRs>",
        "<BillAddRs requestID='2' statusCode='3140' statusMessage='no such item'/></QBXMLMsgsRs>",
    );
    for piece in [1, 7, 1000] {
        let error = from_stream(text.as_bytes(), piece).pop().unwrap().unwrap_err();
        assert_eq!((error.offset(), error.record()), (text.find("<BillAddRs").unwrap() as u64, 2));
    }
    assert_eq!(outline(&from_memory(text.as_bytes())), outline(&from_stream(text.as_bytes(), 1)));
}

#[test]
fn given_a_source_that_fails_when_read_then_the_failure_comes_once() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("line dropped"))
        }
    }
    let mut bills = BillStream::new(BufReader::new(std::io::Read::chain("<QBXML>".as_bytes(), Broken)));
    let error = bills.next().unwrap().unwrap_err();
    assert!(matches!(error.kind(), ParseErrorKind::Io(_)) && error.to_string().contains("line dropped"), "{error}");
    assert!(bills.next().is_none());
}

proptest! {
    #[test]
    fn given_a_damaged_answer_when_read_then_it_ends_and_both_readers_agree(
        damage in proptest::collection::vec((0..GOLDEN.len(), any::<u8>()), 0..3),
        (at, length) in (0..GOLDEN.len(), 0..40usize),
        insert in prop_oneof![
            "<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?|\\?>|<!DOCTYPE|</|/>|<|>|&|&#|&amp;|;|'|=\"|\r\n|é|\u{0}|</BillRet>|<BillRet>",
            any::<char>().prop_map(String::from),
        ],
        piece in 1usize..200,
    ) {
        // Given bytes that are changed, a stretch that is lost, and markup in its place
        let mut bytes = GOLDEN.as_bytes().to_vec();
        for (at, byte) in damage {
            bytes[at] = byte;
        }
        bytes.splice(at..(at + length).min(GOLDEN.len()), insert.into_bytes());
        // When it is read both ways, then both end, and say the same
        let results = from_memory(&bytes);
        prop_assert!(results.len() < 10);
        prop_assert_eq!(outline(&results), outline(&from_stream(&bytes, piece)));
    }

    #[test]
    fn given_any_bytes_when_read_then_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let results = from_memory(&bytes);
        prop_assert!(results.iter().all(Result::is_err));
    }
}
