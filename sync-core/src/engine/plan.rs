//! From a document just read to what is to be done about it. Reads nothing and writes nothing.

use super::index::Index;
use crate::connector::{Directory, Fetched, Marker, Sink, TargetState};
use crate::dead_letter::{Cause, DeadLetter};
use crate::journal::{Base, Link};
use crate::mapping::{ClosedPeriod, Deletion, Mapped, Mapping, Names, Situation};
use crate::model::accounting::AccountingDocument;
use crate::model::construction::Document;
use crate::model::{ConnectionId, Date, DocumentKey, DocumentKind, Money, TargetKind, Timestamp};

/// What the mapping says of a document.
#[derive(Debug)]
pub(super) enum Draft {
    /// It should be this.
    Wanted { label: String, document: Box<AccountingDocument>, previous: Option<DocumentKey> },
    /// It should not be there.
    Unwanted { label: String, why: &'static str },
    /// It depends on a document that is not there yet.
    Needs { label: String, on: DocumentKey },
    /// A person must decide.
    Dead(Box<DeadLetter>),
}

/// Everything but the document.
pub(super) struct Desk<'a> {
    pub(super) connection: &'a ConnectionId,
    pub(super) mapping: &'a Mapping,
    pub(super) directory: &'a Directory,
    pub(super) names: &'a Names<'a>,
    pub(super) sink: &'a dyn Sink,
    pub(super) now: Timestamp,
}

impl Desk<'_> {
    /// What the mapping makes of a document, fitted to the accounting system.
    pub(super) fn draft(&self, fetched: &Fetched, index: &Index) -> Draft {
        let document = match fetched {
            Fetched::Gone(key) => {
                return Draft::Unwanted { label: key.to_string(), why: "no longer there" };
            }
            Fetched::Unreadable(unreadable) => {
                return Draft::Dead(Box::new(self.letter(
                    &unreadable.key,
                    &unreadable.label,
                    Cause::Unreadable,
                    unreadable.text.clone(),
                    unreadable.amount,
                )));
            }
            Fetched::Found(document) => document,
        };
        let key = document.key();
        let situation = Situation {
            mapping: self.mapping,
            names: self.names,
            capabilities: self.sink.capabilities(),
            index,
            awaited: index.awaited.contains(&key) || index.is_linked(&key),
        };
        let label = document.label();
        match situation.apply(document) {
            Mapped::Post(mut wanted) => {
                for note in self.sink.fit(&mut wanted) {
                    tracing::warn!(document = %key, %note, "fitted to the accounting system");
                }
                Draft::Wanted { label, document: wanted, previous: previous(document) }
            }
            Mapped::Nothing(why) => Draft::Unwanted { label, why },
            Mapped::Needs(on) => Draft::Needs { label, on },
            Mapped::Dead { cause, text, amount } => {
                Draft::Dead(Box::new(self.letter(&key, &label, cause, text, amount)))
            }
        }
    }

    /// A dead letter.
    pub(super) fn letter(
        &self,
        document: &DocumentKey,
        label: &str,
        cause: Cause,
        text: impl Into<String>,
        amount: Option<Money>,
    ) -> DeadLetter {
        DeadLetter {
            document: document.clone(),
            label: label.to_owned(),
            cause,
            text: text.into(),
            amount,
            target: None,
            candidates: Vec::new(),
            since: self.now,
        }
    }

    /// The marker that a document carries.
    pub(super) fn marker(&self, document: &DocumentKey, generation: u32) -> Marker {
        Marker { connection: self.connection.clone(), document: document.clone(), generation }
    }

    /// Is the date in the closed period?
    pub(super) fn is_closed(&self, document: &AccountingDocument) -> Option<Date> {
        let closing = self.directory.closing_date()?;
        (document.is_posting() && document.date().is_some_and(|date| date <= closing)).then_some(closing)
    }

    /// Moves a document out of the closed period, where the policy says so. One that is posted keeps its date.
    pub(super) fn date(&self, document: &mut AccountingDocument, base: Option<&Base>) {
        let Some(closing) = self.is_closed(document) else { return };
        if self.mapping.policies().closed_period != ClosedPeriod::NextOpenDay {
            return;
        }
        let date = match base.and_then(|base| base.wanted.get("date").parse().ok()) {
            Some(posted) => posted,
            None => crate::mapping::first_open_day(closing),
        };
        document.set_date(date);
    }

    /// What to do about a transaction whose document is gone: nothing for names, a person or a void for amounts.
    pub(super) fn unwanted(&self, link: &Link) -> Unwanted {
        match link.target.kind {
            TargetKind::Customer | TargetKind::Vendor => Unwanted::Leave,
            _ if self.mapping.policies().deletion == Deletion::Void => Unwanted::Void,
            _ => Unwanted::Ask,
        }
    }
}

/// What to do about a transaction whose document is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unwanted {
    Leave,
    Void,
    Ask,
}

/// The application before an application: a later one waits while it is stuck.
fn previous(document: &Document) -> Option<DocumentKey> {
    match document {
        Document::PayApp(app) => {
            app.previous.as_ref().map(|id| DocumentKey::within(DocumentKind::PayApp, &app.project, id))
        }
        Document::OwnerInvoice(invoice) => {
            let previous = invoice.previous.as_ref();
            previous.map(|id| DocumentKey::within(DocumentKind::OwnerInvoice, &invoice.project, id))
        }
        _ => None,
    }
}

/// The order in which documents of one kind are worked: applications by number.
pub(super) fn order(fetched: &Fetched) -> (DocumentKind, i64) {
    match fetched {
        Fetched::Found(document) => match document.as_ref() {
            Document::PayApp(app) => (DocumentKind::PayApp, app.number),
            Document::OwnerInvoice(invoice) => (DocumentKind::OwnerInvoice, invoice.number),
            other => (other.key().kind, 0),
        },
        other => (other.key().kind, 0),
    }
}

/// The base that a transaction just seen gives.
pub(super) fn base_of(fields: crate::model::Fields, wanted: &AccountingDocument, state: &mut TargetState) -> Base {
    let lines = super::match_lines(wanted, &state.document);
    super::rekey(&mut state.document, &lines);
    Base { wanted: fields, seen: state.document.fields(), lines, ..Base::default() }
}
