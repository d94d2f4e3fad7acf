//! Applying a mapping: what a construction document should be in the accounting system. Pure: everything that it needs
//! is handed in.

mod coding;
mod commitment;
mod owner;
mod parties;
mod pay_app;
mod rules;

pub(super) use rules::{evaluate, line_of};

use super::Mapping;
use super::crosswalk::fold;
use super::names::{List, Names};
use super::source::DocumentRecord;
use super::template::shorten;
use crate::connector::Capabilities;
use crate::dead_letter::Cause;
use crate::model::accounting::AccountingDocument;
use crate::model::construction::{ChangeOrder, Document, SovLine};
use crate::model::{
    Currency, CustomerId, Date, DocumentKey, DocumentKind, LineKey, Money, MoneyError, PayeeId, ProjectId, TargetId,
    TargetKind, TargetLineId, TermId,
};

/// What is known of the accounting system: which documents are there already, and as what.
pub trait TargetIndex: std::fmt::Debug + Sync {
    /// The transaction or list entry of a document.
    fn target(&self, document: &DocumentKey) -> Option<&TargetId>;
    /// The line of a document's transaction that stands for a source line.
    fn line(&self, document: &DocumentKey, line: &LineKey) -> Option<&TargetLineId>;
    /// Does another document have the number? Bills are numbered by their vendor, what we issue by the company.
    fn number_taken(&self, kind: TargetKind, payee: &str, number: &str, by_other_than: &DocumentKey) -> bool;
}

/// Everything that mapping a document depends on, besides the document.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The mapping.
    pub mapping: &'a Mapping,
    /// The lists of the accounting system.
    pub names: &'a Names<'a>,
    /// The limits of the accounting system.
    pub capabilities: &'a Capabilities,
    /// What is there already.
    pub index: &'a dyn TargetIndex,
    /// Does another document refer to this one, or is it linked already?
    pub awaited: bool,
}

/// What a document should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// This.
    Post(Box<AccountingDocument>),
    /// Nothing: why, in words.
    Nothing(&'static str),
    /// That depends on a document that is not there yet.
    Needs(DocumentKey),
    /// A person must decide.
    Dead {
        /// Why.
        cause: Cause,
        /// What exactly.
        text: String,
        /// What is at stake.
        amount: Option<Money>,
    },
}

/// Anything but a document to post.
#[derive(Clone)]
enum Stop {
    Nothing(&'static str),
    Needs(DocumentKey),
    Dead(Cause, String),
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        let cause = match error {
            MoneyError::CurrencyMismatch { .. } => Cause::Currency,
            _ => Cause::AmountsDisagree,
        };
        Self::Dead(cause, error.to_string())
    }
}

impl Situation<'_> {
    /// What `document` should be in the accounting system.
    pub fn apply(&self, document: &Document) -> Mapped {
        let (result, amount) = match document {
            Document::Customer(d) => (Ok(self.customer(&d.name)), None),
            Document::Vendor(d) => (self.vendor(d, document), None),
            Document::Project(d) => (self.project(d, document), None),
            Document::Commitment(d) => (self.commitment(d, document), d.revised().ok().or(d.original_sum)),
            Document::PayApp(d) => (self.pay_app(d, document), d.summary.current_payment_due),
            Document::PrimeContract(d) => (self.prime_contract(d, document), d.sum_to_date().ok().or(d.original_sum)),
            Document::OwnerInvoice(d) => (self.owner_invoice(d, document), d.summary.current_payment_due),
        };
        match result.and_then(|wanted| self.follow_rules(document, wanted)) {
            Ok(document) => Mapped::Post(Box::new(document)),
            Err(Stop::Nothing(why)) => Mapped::Nothing(why),
            Err(Stop::Needs(key)) => Mapped::Needs(key),
            Err(Stop::Dead(cause, text)) => Mapped::Dead { cause, text, amount },
        }
    }

    fn payee(&self, vendor: Option<&str>) -> Result<PayeeId, Stop> {
        let vendor = vendor.ok_or_else(|| {
            Stop::Dead(Cause::MissingCoding, "it has no vendor; choose the vendor in Procore".to_owned())
        })?;
        let key = DocumentKey::new(DocumentKind::Vendor, vendor);
        match self.index.target(&key) {
            Some(target) => Ok(PayeeId::from(target.as_str())),
            None => Err(Stop::Needs(key)),
        }
    }

    fn job(&self, project: &ProjectId) -> Result<CustomerId, Stop> {
        let key = DocumentKey::new(DocumentKind::Project, project);
        match self.index.target(&key) {
            Some(target) => Ok(CustomerId::from(target.as_str())),
            None => Err(Stop::Needs(key)),
        }
    }

    fn terms(&self, terms: Option<&str>) -> Result<Option<TermId>, Stop> {
        let Some(name) = terms.and_then(|t| self.mapping.crosswalk.terms.get(&fold(t))) else { return Ok(None) };
        let id = self.names.resolve(List::Term, &name.name);
        Ok(Some(TermId::from(id.map_err(|p| Stop::Dead(Cause::MissingCoding, format!("terms.csv: {p}")))?)))
    }

    fn check_currency(&self, currency: Currency) -> Result<(), Stop> {
        match self.names.lists().and_then(|lists| lists.currency) {
            Some(home) if home != currency => {
                Err(Stop::Dead(Cause::Currency, format!("it is in {currency}, the company's books are in {home}")))
            }
            _ => Ok(()),
        }
    }

    fn template(&self, name: &str, document: &Document) -> Result<String, Stop> {
        let Some(compiled) = self.mapping.rules.templates.get(name) else { return Ok(String::new()) };
        let record = DocumentRecord { source: &compiled.source, document, line: None };
        compiled
            .template
            .fill(&record)
            .map_err(|wrong| Stop::Dead(Cause::Unreadable, format!("rules.toml:{}: {name}: {wrong}", compiled.line)))
    }

    /// A text for a line, on one line and within the limit.
    fn text(&self, text: &str) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.chars().take(self.capabilities.max_description).collect()
    }

    fn name(&self, name: &str) -> String {
        entry_name(name, self.capabilities.max_name)
    }

    /// A number that no other document has: Procore numbers contracts by project, QuickBooks by company.
    fn number(
        &self,
        kind: TargetKind,
        party: &str,
        plain: &str,
        project_number: &str,
        document: &DocumentKey,
    ) -> String {
        let max = self.capabilities.max_number_of(kind);
        let number = shorten(plain, max);
        if self.index.number_taken(kind, party, &number, document) {
            return shorten(&format!("{plain} {project_number}"), max);
        }
        number
    }
}

fn no_date(which: &str) -> Stop {
    Stop::Dead(Cause::Unreadable, format!("it has no {which}; enter one in Procore"))
}

fn package_of(change: &ChangeOrder) -> &str {
    change.package.as_ref().map_or(change.id.as_str(), AsRef::as_ref)
}

fn line_key(line: &SovLine, package: Option<&str>) -> LineKey {
    match package {
        Some(package) => LineKey::source(format!("co:{package}:{}", line.id)),
        None => LineKey::source(format!("sov:{}", line.id)),
    }
}

/// The first open day after a closing date.
pub(crate) fn first_open_day(closing: Date) -> Date {
    closing.succ_opt().unwrap_or(closing)
}

/// A name that the accounting system takes: `:` separates parent and child there.
fn entry_name(name: &str, max: usize) -> String {
    let name = name.replace(':', " -");
    shorten(&name.split_whitespace().collect::<Vec<_>>().join(" "), max)
}
