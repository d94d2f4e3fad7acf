//! qbXML: the messages that QuickBooks Desktop understands.
//!
//! Reading: [`Bills`] and [`Answers`] borrow from bytes in memory; [`BillStream`] and [`AnswerStream`] read from a
//! source and keep about one record. Writing: fill a [`BillAdd`], hand it to a [`RequestWriter`].
//!
//! Values have their own types: [`ListId`], [`TxnId`], [`EditSequence`], [`Amount`] (cents), [`QbDate`], and
//! [`QbDateTime`], which keeps its text because its offset cannot be trusted. Records borrow (`BillRet<'a>`);
//! `into_owned` makes them independent of the input.

mod bill;
mod bill_add;
mod body;
mod common;
mod emit;
mod envelope;
mod error;
mod number;
pub mod objects;
mod parse;
mod record;
mod status;
mod stream;
pub mod text;
mod value;
mod walk;
mod xml;

pub use bill::{BillItem, BillRet, ExpenseLineRet, Inventory, ItemGroupLineRet, ItemLineRet};
pub use bill_add::{BillAdd, BillItemAdd, ExpenseLineAdd, ItemGroupLineAdd, ItemLineAdd};
pub use common::{Address, BillableStatus, DataExt, Element, ErrorRecovery, LinkToTxn, LinkedTxn, ObjectRef};
pub use emit::{EmitError, EmitProblem, RequestWriter};
pub use envelope::{Envelope, MessageSetId, OnError, QbXmlVersion, VersionError};
pub use error::{ParseError, ParseErrorKind};
pub use number::{Amount, Price, Quantity};
pub use parse::{Answer, Answers, Bills};
pub use status::{Advice, MessageSetHead, RecoveryStatus, ResponseHead, Severity, Status};
pub use stream::{AnswerStream, BillStream};
pub use value::{EditSequence, Guid, ListId, QbDate, QbDateTime, TxnId, TxnLineId, ValueError};
