//! Why an answer could not be read, where, and what was lost by it.

use std::io;

use super::status::Status;
use super::value::ValueError;

/// A fault in an answer. The records before it have been delivered.
#[derive(Debug, thiserror::Error)]
#[error("qbXML answer, record {record}, byte {offset}: {kind}")]
pub struct ParseError {
    offset: u64,
    record: u64,
    #[source]
    kind: ParseErrorKind,
}

impl ParseError {
    pub(crate) fn new(offset: u64, record: u64, kind: ParseErrorKind) -> Self {
        Self { offset, record, kind }
    }

    /// Bytes from the start of the input to the fault.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of the record in which the fault lies, counted from 1: this many less one came before it.
    pub fn record(&self) -> u64 {
        self.record
    }

    /// What is wrong.
    pub fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// Does reading end here? If not, only one record or response is affected and the next call goes on behind it.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self.kind,
            ParseErrorKind::Value { .. } | ParseErrorKind::Missing { .. } | ParseErrorKind::Refused { .. }
        )
    }
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The input ends inside the document.
    #[error("the input ends before the document does; fetch the answer again")]
    Truncated,
    /// Not well-formed, or not shaped like a qbXML answer.
    #[error("not a qbXML answer: {problem}")]
    Syntax {
        /// What was found.
        problem: String,
    },
    /// The bytes are not UTF-8.
    #[error("the bytes are not UTF-8; QuickBooks answers in UTF-8, so convert the text before it is read")]
    NotUtf8,
    /// The declaration names an encoding that is not read here.
    #[error("the document declares the encoding {name}; convert it to UTF-8 before it is read")]
    Encoding {
        /// As declared.
        name: String,
    },
    /// A document type declaration. QuickBooks never sends one, and they are a known way of attack.
    #[error("the document holds a DOCTYPE, which QuickBooks never sends; refused")]
    Doctype,
    /// A reference to an entity other than the five of XML.
    #[error("the entity `&{name};` is unknown; refused")]
    Entity {
        /// Its name.
        name: String,
    },
    /// Elements are nested deeper than qbXML ever is.
    #[error("elements are nested deeper than {max}; refused")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// One record is larger than the limit of the stream.
    #[error("one record is larger than {max} bytes; refused")]
    TooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// A value has the wrong form. Only this record is lost.
    #[error("`{element}` is `{text}`, which {problem}; this record was skipped")]
    Value {
        /// The element.
        element: String,
        /// Its text, at most 60 characters of it.
        text: String,
        /// What is wrong with it.
        problem: ValueError,
    },
    /// An element is missing that the schema promises. Only this record is lost.
    #[error("`{record}` has no `{element}`; if IncludeRetElement thinned the answer, read it untyped. Record skipped")]
    Missing {
        /// The record or line.
        record: &'static str,
        /// The missing element.
        element: &'static str,
    },
    /// QuickBooks refused the request: this is not an empty result.
    #[error("{response} (request {request_id}) was refused, {status}")]
    Refused {
        /// The response, such as `BillQueryRs`.
        response: String,
        /// The request, or `-`.
        request_id: String,
        /// The reason; [`Status::advice`] says what to do.
        status: Status,
    },
    /// The document is sound, but holds no response that could contain what was asked for.
    #[error("the answer holds no response about bills")]
    NoResponse,
    /// The source of the bytes failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}
