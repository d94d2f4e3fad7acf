//! Reads answers from memory: [`Answers`] gives everything in them, [`Bills`] the bills.

use super::bill::BillRet;
use super::common::{Element, ErrorRecovery};
use super::error::{ParseError, ParseErrorKind};
use super::status::{MessageSetHead, ResponseHead};
use super::walk::Walk;
use super::xml::{Fault, Pull};

/// One part of an answer, in document order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The message set begins.
    Set(MessageSetHead),
    /// The response to one request begins. Everything up to the next `Response` belongs to it.
    Response(ResponseHead),
    /// A bill.
    Bill(Box<BillRet<'a>>),
    /// What QuickBooks still knows about a record that it saved.
    Recovery(ErrorRecovery<'a>),
    /// A record that has no type here, whole.
    Record(Element<'a>),
}

/// What it means when the text ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The input ends there.
    Input,
    /// The bytes behind it are not UTF-8.
    NotUtf8,
}

/// The part of the bytes that is UTF-8, and why it ends.
pub(crate) fn utf8_prefix(bytes: &[u8]) -> (&str, End) {
    if looks_like_utf16(bytes) {
        return ("", End::NotUtf8);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, End::Input),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let end = if error.error_len().is_none() { End::Input } else { End::NotUtf8 };
            (std::str::from_utf8(good).unwrap_or_default(), end)
        }
    }
}

/// Every second byte of UTF-16 is zero where XML begins, which would pass as UTF-8.
pub(crate) fn looks_like_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0, ..] | [_, 0, ..])
}

/// The error that a fault of the text at `base` stands for, and that ends or interrupts reading.
pub(crate) fn report(fault: Fault, base: u64, length: usize, end: End, walk: &Walk) -> ParseError {
    let (at, kind) = match fault {
        Fault::Bad(bad) => *bad,
        Fault::Short if end == End::NotUtf8 => (length, ParseErrorKind::NotUtf8),
        Fault::Short => (length, ParseErrorKind::Truncated),
    };
    let offset = base.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
    ParseError::new(offset, walk.current_record(), kind)
}

/// Iterates over an answer that is in memory. Texts are borrowed from it where no reference had to be resolved.
///
/// After a fault that [is fatal](ParseError::is_fatal) the iterator ends; after another it goes on behind the record.
#[derive(Debug)]
pub struct Answers<'a> {
    pull: Pull<'a>,
    walk: Walk,
    base: u64,
    length: usize,
    end: End,
    done: bool,
}

impl<'a> Answers<'a> {
    /// Reads bytes, which must be UTF-8 (or US-ASCII); a byte order mark is passed over.
    pub fn new(bytes: &'a [u8]) -> Self {
        let (text, end) = utf8_prefix(bytes);
        Self::with(text, end, true)
    }

    /// Reads text that has been decoded already, such as the result of a SOAP call; a declared encoding is ignored.
    pub fn from_text(text: &'a str) -> Self {
        Self::with(text, End::Input, false)
    }

    fn with(text: &'a str, end: End, check_encoding: bool) -> Self {
        let (base, text) = text.strip_prefix('\u{feff}').map_or((0, text), |text| (3, text));
        let pull = Pull::new(text, 0, 0, check_encoding);
        Self { pull, walk: Walk::default(), base, length: text.len(), end, done: false }
    }

    /// Gives every record as an [`Element`]: for answers that `IncludeRetElement` thinned out.
    #[must_use]
    pub fn untyped(mut self) -> Self {
        self.walk.untyped();
        self
    }
}

impl<'a> Iterator for Answers<'a> {
    type Item = Result<Answer<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.walk.step(&mut self.pull) {
            Ok(answer) => Some(Ok(answer)),
            Err(Fault::Short) if self.end == End::Input && self.walk.is_complete(&self.pull) => {
                self.done = true;
                None
            }
            Err(fault) => {
                let error = report(fault, self.base, self.length, self.end, &self.walk);
                self.done = error.is_fatal();
                self.walk.record_failed(&error);
                Some(Err(error))
            }
        }
    }
}

/// Picks the bills out of the parts of an answer.
#[derive(Debug, Default)]
pub(crate) struct BillFilter {
    head: Option<ResponseHead>,
    seen: bool,
}

impl BillFilter {
    /// The bill, if this part is one; an error if it says that a request about bills was refused.
    pub(crate) fn take<'a>(
        &mut self,
        answer: Answer<'a>,
        place: (u64, u64),
    ) -> Option<Result<BillRet<'a>, ParseError>> {
        match answer {
            Answer::Bill(bill) => Some(Ok(*bill)),
            Answer::Response(head) => {
                let about_bills = matches!(head.name.as_str(), "BillQueryRs" | "BillAddRs" | "BillModRs");
                self.seen |= about_bills;
                let refused = (about_bills && !head.status.is_success()).then(|| {
                    let kind = ParseErrorKind::Refused {
                        response: head.name.clone(),
                        request_id: head.request_id.clone().unwrap_or_else(|| "-".to_owned()),
                        status: head.status.clone(),
                    };
                    Err(ParseError::new(place.0, place.1, kind))
                });
                self.head = Some(head);
                refused
            }
            _ => None,
        }
    }

    /// At the end of the document: was there a response about bills at all?
    pub(crate) fn finish(&mut self, place: (u64, u64)) -> Option<ParseError> {
        if std::mem::replace(&mut self.seen, true) {
            return None;
        }
        Some(ParseError::new(place.0, place.1, ParseErrorKind::NoResponse))
    }

    /// Reading ended before the document did.
    pub(crate) fn stop(&mut self) {
        self.seen = true;
    }

    pub(crate) fn response(&self) -> Option<&ResponseHead> {
        self.head.as_ref()
    }
}

/// Iterates over the bills of an answer that is in memory.
///
/// A response that was refused is an error here, never an empty result; so is an answer without any response about
/// bills. A query that matched nothing (status 1) just ends.
#[derive(Debug)]
pub struct Bills<'a> {
    answers: Answers<'a>,
    filter: BillFilter,
}

impl<'a> Bills<'a> {
    /// Reads bytes, see [`Answers::new`].
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { answers: Answers::new(bytes), filter: BillFilter::default() }
    }

    /// Reads decoded text, see [`Answers::from_text`].
    pub fn from_text(text: &'a str) -> Self {
        Self { answers: Answers::from_text(text), filter: BillFilter::default() }
    }

    /// The head of the response that is being read: status, request and iterator.
    pub fn response(&self) -> Option<&ResponseHead> {
        self.filter.response()
    }
}

impl<'a> Iterator for Bills<'a> {
    type Item = Result<BillRet<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next = self.answers.next();
            let Answers { walk, base, .. } = &self.answers;
            match next {
                Some(Ok(answer)) => {
                    if let Some(found) = self.filter.take(answer, walk.part_place(*base)) {
                        return Some(found);
                    }
                }
                Some(Err(error)) => {
                    // The input was not seen to its end, so nothing can be said about what it lacks.
                    if error.is_fatal() {
                        self.filter.stop();
                    }
                    return Some(Err(error));
                }
                None => return self.filter.finish(walk.place(*base)).map(Err),
            }
        }
    }
}
