//! Writes message sets: the envelope, `BillAddRq` in schema order, and requests that have no type here.
//!
//! One element out of order, one character too many or one field newer than the declared version makes QuickBooks
//! refuse the whole set, mostly without saying why. So each is checked here, and a request that fails the check leaves
//! no trace in the set.

use std::io;

use super::bill_add::BillAdd;
use super::body::{Body, Refusal};
use super::common::Element;
use super::envelope::{Envelope, QbXmlVersion, TAIL};
use super::text::limits;
use super::value::ValueError;
use super::xml::MAX_DEPTH;

/// A request that cannot be sent as it is. The set is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("request {request_id}, {place}: {problem}")]
pub struct EmitError {
    request_id: String,
    place: String,
    #[source]
    problem: EmitProblem,
}

impl EmitError {
    /// The request.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The element, with the line it is on, such as `ExpenseLineAdd 3/Memo`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong.
    pub fn problem(&self) -> &EmitProblem {
        &self.problem
    }
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitProblem {
    /// Longer than the schema allows, or of the wrong form.
    #[error("the text {0}; shorten or correct it")]
    Value(#[from] ValueError),
    /// A control character, or a character outside Latin-1, which QuickBooks would store as `?`.
    #[error("the character {character:?} cannot be stored by QuickBooks; fit the text first")]
    Character {
        /// The character.
        character: char,
    },
    /// The element is newer than the declared version.
    #[error("needs qbXML {needed}, the set declares {declared}; leave it out or declare a version QuickBooks supports")]
    Version {
        /// First version that has the element.
        needed: QbXmlVersion,
        /// The version of the set.
        declared: QbXmlVersion,
    },
    /// Required, and not given.
    #[error("is required and missing")]
    Missing,
    /// Two fields that exclude each other, or a value that QuickBooks refuses at once.
    #[error("{0}")]
    Conflict(&'static str),
}

/// Writes one message set. Deterministic: the same requests give the same bytes, as error recovery needs.
///
/// ```
/// use quickbooks_desktop::qbxml::{Amount, BillAdd, Envelope, ExpenseLineAdd, ObjectRef, OnError, QbXmlVersion, RequestWriter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut bill = BillAdd::new(ObjectRef::by_id("80000012-1700000000".parse()?), "2026-10-31".parse()?);
/// bill.ref_number = Some("SC-017-003".into());
/// bill.expense_lines.push(ExpenseLineAdd {
///     account: Some(ObjectRef::by_name("Job Costs:Subcontractors")),
///     amount: Some(Amount::from_cents(9_000_000)?),
///     ..ExpenseLineAdd::default()
/// });
/// let mut set = RequestWriter::new(&Envelope::new(QbXmlVersion::V13_0, OnError::Stop));
/// set.bill_add("1", &bill)?;
/// let bytes = set.finish();
/// assert!(bytes.ends_with(b"<Amount>90000.00</Amount></ExpenseLineAdd></BillAdd></BillAddRq></QBXMLMsgsRq></QBXML>"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RequestWriter {
    body: Body,
    requests: usize,
}

impl RequestWriter {
    /// Begins a set.
    pub fn new(envelope: &Envelope) -> Self {
        Self { body: Body::new(envelope), requests: 0 }
    }

    /// Adds the creation of a bill. The ID comes back in the response, at most 50 characters.
    ///
    /// # Errors
    /// [`EmitError`] says which field QuickBooks would refuse.
    pub fn bill_add(&mut self, request_id: &str, bill: &BillAdd<'_>) -> Result<(), EmitError> {
        self.request(request_id, "BillAddRq", |body| body.bill_add(bill))
    }

    /// Adds a request that has no type here, such as a query: the children of `request` in the order given, checked for
    /// their characters only.
    ///
    /// # Errors
    /// [`EmitError`] if a name is not that of a tag, a character cannot be sent, or the nesting is too deep.
    pub fn raw(&mut self, request_id: &str, request: &Element<'_>) -> Result<(), EmitError> {
        let start = self.body.out.len();
        let write = |body: &mut Body| element(body, request, Some(request_id), 0);
        let result = check_request_id(request_id).and_then(|()| write(&mut self.body));
        self.settle(start, request_id, result)
    }

    fn request(
        &mut self,
        request_id: &str,
        name: &'static str,
        write: impl FnOnce(&mut Body) -> Result<(), Refusal>,
    ) -> Result<(), EmitError> {
        let start = self.body.out.len();
        let result = check_request_id(request_id).and_then(|()| {
            self.body.push(&["<", name, " requestID=\""]);
            self.body.attribute_value("requestID", request_id)?;
            self.body.push(&["\">"]);
            write(&mut self.body)?;
            self.body.push(&["</", name, ">"]);
            Ok(())
        });
        self.settle(start, request_id, result)
    }

    fn settle(&mut self, start: usize, request_id: &str, result: Result<(), Refusal>) -> Result<(), EmitError> {
        match result {
            Ok(()) => {
                self.requests += 1;
                Ok(())
            }
            Err(refusal) => {
                self.body.out.truncate(start);
                let place = self.body.place(refusal.element);
                Err(EmitError { request_id: request_id.to_owned(), place, problem: refusal.problem })
            }
        }
    }

    /// How many requests have been added.
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Hands over what has been written so far, for a set that is larger than memory should hold.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn drain_into(&mut self, sink: &mut impl io::Write) -> io::Result<()> {
        sink.write_all(&self.body.out)?;
        self.body.out.clear();
        Ok(())
    }

    /// Ends the set and gives its bytes (those that were not drained). Store them before they are sent.
    pub fn finish(mut self) -> Vec<u8> {
        self.body.out.extend_from_slice(TAIL);
        self.body.out
    }
}

fn check_request_id(request_id: &str) -> Result<(), Refusal> {
    let problem = if request_id.is_empty() { Err(ValueError::Empty) } else { Ok(()) };
    problem
        .and_then(|()| super::value::check_length(request_id, limits::REQUEST_ID))
        .map_err(|problem| Refusal { element: "requestID", problem: problem.into() })
}

fn element(body: &mut Body, element: &Element<'_>, request_id: Option<&str>, depth: usize) -> Result<(), Refusal> {
    let refuse = |words| Refusal { element: "Element", problem: EmitProblem::Conflict(words) };
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic()) && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if depth >= MAX_DEPTH {
        return Err(refuse("elements are nested too deep"));
    }
    if !is_name(&element.name) || !element.attributes.iter().all(|(name, _)| is_name(name)) {
        return Err(refuse("the name of an element or attribute is not made of letters, digits and _"));
    }
    body.push(&["<", &element.name]);
    let own = element.attributes.iter().map(|(name, value)| (&**name, &**value));
    let own = own.filter(|(name, _)| request_id.is_none() || *name != "requestID");
    for (name, value) in request_id.map(|id| ("requestID", id)).into_iter().chain(own) {
        body.push(&[" ", name, "=\""]);
        body.attribute_value("Element", value)?;
        body.push(&["\""]);
    }
    body.push(&[">"]);
    if element.children.is_empty() {
        body.content("Element", &element.text)?;
    } else if !element.text.trim().is_empty() {
        return Err(refuse("an element holds text beside elements"));
    }
    for child in &element.children {
        self::element(body, child, None, depth + 1)?;
    }
    body.push(&["</", &element.name, ">"]);
    Ok(())
}
