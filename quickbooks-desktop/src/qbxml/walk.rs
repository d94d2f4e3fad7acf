//! The envelope of an answer: `QBXML`, `QBXMLMsgsRs`, the responses, and where their records begin.

use super::common::Element;
use super::error::{ParseError, ParseErrorKind};
use super::parse::Answer;
use super::record;
use super::status::{MessageSetHead, RecoveryStatus, ResponseHead, Severity, Status};
use super::xml::{Fault, Pull, Tag, Token, attributes, brief};

/// How far the reading of the envelope has come. Holds no text of the document, so that it outlives a buffer.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Open elements of the envelope, outermost first: at most root, set and response.
    open: Vec<String>,
    /// Where the text was last left between two parts.
    safe: usize,
    /// Where the last part began.
    part: usize,
    records: u64,
    root_closed: bool,
    untyped: bool,
}

impl Walk {
    pub(crate) fn untyped(&mut self) {
        self.untyped = true;
    }

    /// The number of the record that is being read, or comes next.
    pub(crate) fn current_record(&self) -> u64 {
        self.records + 1
    }

    /// Offset and record for a fault that belongs to no token.
    pub(crate) fn place(&self, base: u64) -> (u64, u64) {
        (base.saturating_add(u64::try_from(self.safe).unwrap_or(u64::MAX)), self.current_record())
    }

    /// Offset and record of the part that the last step gave.
    pub(crate) fn part_place(&self, base: u64) -> (u64, u64) {
        (base.saturating_add(u64::try_from(self.part).unwrap_or(u64::MAX)), self.current_record())
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Where to go on after a step, or to begin it again.
    pub(crate) fn safe(&self) -> usize {
        self.safe
    }

    pub(crate) fn set_safe(&mut self, at: usize) {
        self.safe = at;
    }

    /// Is the document closed, and nothing but white space behind it?
    pub(crate) fn is_complete(&self, p: &Pull<'_>) -> bool {
        self.root_closed && p.is_exhausted()
    }

    /// Counts a record that was lost to a fault which does not end the reading.
    pub(crate) fn record_failed(&mut self, error: &ParseError) {
        if !error.is_fatal() {
            self.records += 1;
        }
    }

    /// The next part of the answer.
    pub(crate) fn step<'a>(&mut self, p: &mut Pull<'a>) -> Result<Answer<'a>, Fault> {
        loop {
            let token = p.next()?;
            let at = p.token_at();
            let answer = match (self.open.len(), token) {
                (0, Token::Close(name)) => {
                    return Err(Fault::syntax(at, format!("`</{}>` closes nothing", brief(name))));
                }
                (_, Token::Close(name)) => {
                    self.close(p, at, name)?;
                    None
                }
                (0, Token::Open(tag)) => {
                    self.root(at, tag)?;
                    self.enter(p, tag);
                    None
                }
                (0, Token::Leaf(tag, _)) => {
                    self.root(at, tag)?;
                    self.root_closed = true;
                    None
                }
                (1, Token::Open(tag)) => {
                    let head = message_set(at, tag)?;
                    self.enter(p, tag);
                    Some(Answer::Set(head))
                }
                (1, Token::Leaf(tag, _)) => Some(Answer::Set(message_set(at, tag)?)),
                (2, Token::Open(tag)) => {
                    let head = response(at, tag)?;
                    self.enter(p, tag);
                    Some(Answer::Response(head))
                }
                (2, Token::Leaf(tag, _)) => Some(Answer::Response(response(at, tag)?)),
                (_, Token::Open(tag)) => Some(self.record(p, tag)?),
                (_, Token::Leaf(tag, text)) => Some(self.empty_record(p, tag, record::leaf(p, tag, text)?)?),
            };
            self.safe = p.at();
            if let Some(answer) = answer {
                self.part = at;
                return Ok(answer);
            }
        }
    }

    fn enter(&mut self, p: &mut Pull<'_>, tag: Tag<'_>) {
        self.open.push(tag.name.to_owned());
        p.forget_open();
    }

    fn close(&mut self, p: &mut Pull<'_>, at: usize, name: &str) -> Result<(), Fault> {
        match self.open.pop() {
            Some(open) if open == name => {
                p.outer_closed();
                self.root_closed = self.open.is_empty();
                Ok(())
            }
            open => {
                let open = open.unwrap_or_default();
                Err(Fault::syntax(at, format!("`</{}>` stands where `</{open}>` must", brief(name))))
            }
        }
    }

    fn root(&self, at: usize, tag: Tag<'_>) -> Result<(), Fault> {
        if self.root_closed {
            return Err(Fault::syntax(at, "an element stands behind the end of the document"));
        }
        if tag.name != "QBXML" {
            return Err(Fault::syntax(at, format!("the document is `{}`, not `QBXML`", brief(tag.name))));
        }
        Ok(())
    }

    fn record<'a>(&mut self, p: &mut Pull<'a>, tag: Tag<'a>) -> Result<Answer<'a>, Fault> {
        let read = match tag.name {
            "BillRet" if !self.untyped => record::bill(p).map(|bill| Answer::Bill(Box::new(bill))),
            "ErrorRecovery" if !self.untyped => record::recovery(p).map(Answer::Recovery),
            _ => record::element(p, tag).map(Answer::Record),
        };
        match read {
            Ok(answer) => {
                self.records += 1;
                Ok(answer)
            }
            Err(Fault::Bad(bad)) if matches!(bad.1, ParseErrorKind::Value { .. } | ParseErrorKind::Missing { .. }) => {
                // Only this record is lost: go on behind it, unless the text is broken there too.
                while p.depth() > 0 {
                    p.next()?;
                }
                self.safe = p.at();
                Err(Fault::Bad(bad))
            }
            Err(fault) => Err(fault),
        }
    }

    fn empty_record<'a>(&mut self, p: &Pull<'a>, tag: Tag<'a>, leaf: Element<'a>) -> Result<Answer<'a>, Fault> {
        if tag.name == "BillRet" && !self.untyped {
            self.safe = p.at();
            let kind = ParseErrorKind::Missing { record: "BillRet", element: "TxnID" };
            return Err(Fault::at(p.token_at(), kind));
        }
        self.records += 1;
        Ok(Answer::Record(leaf))
    }
}

fn message_set(at: usize, tag: Tag<'_>) -> Result<MessageSetHead, Fault> {
    if tag.name != "QBXMLMsgsRs" {
        return Err(Fault::syntax(at, format!("`{}` stands where `QBXMLMsgsRs` must", brief(tag.name))));
    }
    let mut head = MessageSetHead::default();
    for (name, value) in attributes(tag, at)? {
        match name.as_str() {
            "newMessageSetID" => head.new_message_set_id = Some(value),
            "messageSetStatusCode" => head.recovery = number(at, &name, &value)?.map(RecoveryStatus::from_code),
            _ => {}
        }
    }
    Ok(head)
}

fn response(at: usize, tag: Tag<'_>) -> Result<ResponseHead, Fault> {
    let (mut code, mut severity, mut message) = (None, Severity::Other, String::new());
    let (mut request_id, mut ret_count, mut iterator_remaining, mut iterator_id) = (None, None, None, None);
    for (name, value) in attributes(tag, at)? {
        match name.as_str() {
            "requestID" => request_id = Some(value),
            "statusCode" => code = number(at, &name, &value)?,
            "statusSeverity" => severity = Severity::from_text(&value),
            "statusMessage" => message = value,
            "retCount" => ret_count = number(at, &name, &value)?,
            "iteratorRemainingCount" => iterator_remaining = number(at, &name, &value)?,
            "iteratorID" => iterator_id = Some(value),
            _ => {}
        }
    }
    // Without its code a response says nothing; taking it for success would be a guess.
    let Some(code) = code else {
        return Err(Fault::syntax(at, format!("`{}` has no statusCode", brief(tag.name))));
    };
    let status = Status { code, severity, message };
    Ok(ResponseHead { name: tag.name.to_owned(), request_id, status, ret_count, iterator_remaining, iterator_id })
}

fn number<T: std::str::FromStr>(at: usize, name: &str, text: &str) -> Result<Option<T>, Fault> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Fault::syntax(at, format!("{name} is `{}`, not a number", brief(text)))),
        },
    }
}
