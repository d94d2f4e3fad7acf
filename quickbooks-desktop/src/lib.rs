//! QuickBooks Desktop, spoken to in its own language, qbXML: typed, streaming, exact to the cent.
//!
//! [`qbxml`] is the codec. It turns answers into records and requests into bytes, and knows no network: the text travels
//! by the Web Connector or by COM.
//!
//! | to | use |
//! |---|---|
//! | read the bills of an answer in memory | [`qbxml::Bills`] |
//! | read an answer of any size with memory for one bill | [`qbxml::BillStream`] |
//! | read everything in an answer, other records included | [`qbxml::Answers`], [`qbxml::AnswerStream`] |
//! | create bills | [`qbxml::BillAdd`], [`qbxml::RequestWriter`] |
//! | know what to do after a status | [`qbxml::Status::advice`] |
//! | make a text fit, and see what it cost | [`qbxml::text::fit`] |
//!
//! # Example
//!
//! ```
//! use quickbooks_desktop::qbxml::{Bills, ParseErrorKind};
//!
//! let answer = r#"<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>
//! <BillQueryRs requestID="7" statusCode="0" statusSeverity="Info" statusMessage="Status OK">
//! <BillRet>
//! <TxnID>1A2B1-1700000001</TxnID>
//! <TimeCreated>2026-10-31T09:01:02-08:00</TimeCreated>
//! <TimeModified>2026-10-31T09:01:02-08:00</TimeModified>
//! <EditSequence>1793462462</EditSequence>
//! <VendorRef><ListID>80000012-1400000000</ListID><FullName>Acme Steel &amp; Sons</FullName></VendorRef>
//! <TxnDate>2026-10-31</TxnDate>
//! <AmountDue>81000.00</AmountDue>
//! </BillRet>
//! </BillQueryRs>
//! <BillQueryRs requestID="8" statusCode="3120" statusSeverity="Error" statusMessage="Object cannot be found." />
//! </QBXMLMsgsRs></QBXML>"#;
//!
//! let mut bills = Bills::from_text(answer);
//! let bill = bills.next().unwrap()?;
//! assert_eq!(bill.vendor.name(), "Acme Steel & Sons");
//! assert_eq!(bill.amount_due.cents(), 8_100_000);
//!
//! // A refused query is an error, never an empty result.
//! let refused = bills.next().unwrap().unwrap_err();
//! assert!(matches!(refused.kind(), ParseErrorKind::Refused { status, .. } if status.code == 3120));
//! assert!(bills.next().is_none());
//! # Ok::<(), quickbooks_desktop::qbxml::ParseError>(())
//! ```
//!
//! # What is promised
//!
//! - Amounts are decimal integers from the text to the text; no binary fraction is involved, nothing is rounded.
//! - Nothing that QuickBooks sends is dropped: an element without a field is kept, whole, in `extra`.
//! - A fault names its byte and its record. Records before it are delivered; a bad value costs one record, not the rest.
//! - Requests come out in schema order and are refused here, with the field named, where QuickBooks would refuse the
//!   whole set without naming it: order, lengths, versions, characters.
//! - Documents with a DTD or own entities are refused, depth and the size of a record are bounded.
#![deny(missing_docs)]

#[cfg(feature = "odbc")]
pub mod odbc;
pub mod qbxml;
#[cfg(feature = "web-connector")]
pub mod sink;
#[cfg(feature = "web-connector")]
pub mod web_connector;
