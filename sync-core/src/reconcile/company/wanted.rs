//! What is known of a document that a transaction may stand for, and what the mapping would make of it.

use super::pair::Candidate;
use super::parties::{Known, Parties, job_id, vendor_ids};
use super::score::Wanted;
use crate::connector::Capabilities;
use crate::mapping::{Mapped, Mapping, Names, Situation};
use crate::model::construction::{Document, PayAppLine, PayAppSummary};
use crate::model::{Currency, DocumentKey, DocumentKind, Money};
use crate::retainage;

/// What documents are looked at with.
pub(super) struct Desk<'a> {
    pub(super) mapping: &'a Mapping,
    pub(super) names: &'a Names<'a>,
    pub(super) capabilities: &'a Capabilities,
    pub(super) known: &'a Known,
    pub(super) parties: &'a Parties,
}

impl Desk<'_> {
    /// What the mapping makes of it, as things stand in the books.
    pub(super) fn mapped(&self, document: &Document) -> Mapped {
        let Self { mapping, names, capabilities, known, .. } = *self;
        Situation { mapping, names, capabilities, index: known, awaited: true }.apply(document)
    }

    pub(super) fn candidate(&self, document: &Document) -> Candidate {
        let mut wanted = Wanted::default();
        if let Mapped::Post(mapped) = self.mapped(document) {
            wanted.numbers.extend(mapped.number().map(str::to_owned));
        }
        match document {
            Document::Commitment(c) => {
                wanted.numbers.push(c.number.clone());
                wanted.contract.clone_from(&c.number);
                wanted.parties = self.vendor(c.vendor.as_ref(), c.vendor_name.as_deref());
                wanted.job = job_id(self.known, &c.project);
                wanted.net = c.revised().ok();
                wanted.date = c.date;
            }
            Document::PrimeContract(c) => {
                wanted.numbers.push(c.number.clone());
                wanted.contract.clone_from(&c.number);
                wanted.job = job_id(self.known, &c.project);
                wanted.by_job = true;
                wanted.net = c.sum_to_date().ok();
                wanted.date = c.date;
            }
            Document::PayApp(app) => {
                wanted.numbers.extend(app.invoice_number.clone());
                wanted.numbers.push(document.label());
                wanted.contract.clone_from(&app.commitment_number);
                wanted.application = Some(app.number);
                wanted.parties = self.vendor(app.vendor.as_ref(), app.vendor_name.as_deref());
                wanted.job = job_id(self.known, &app.project);
                (wanted.gross, wanted.net) = billed(&app.lines, &app.summary, app.currency);
                wanted.date = app.billing_date.or(app.period_end);
                let commitment = DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment);
                wanted.order = self.known.get(&commitment).map(ToString::to_string);
            }
            Document::OwnerInvoice(app) => {
                wanted.numbers.extend(app.invoice_number.clone());
                wanted.numbers.push(format!("{}/{}", app.contract_number, app.number));
                wanted.contract.clone_from(&app.contract_number);
                wanted.application = Some(app.number);
                wanted.job = job_id(self.known, &app.project);
                wanted.by_job = false;
                wanted.parties = wanted.job.iter().cloned().collect();
                (wanted.gross, wanted.net) = billed(&app.lines, &app.summary, app.currency);
                wanted.date = app.billing_date.or(app.period_end);
            }
            _ => {}
        }
        Candidate { document: document.key(), wanted }
    }

    fn vendor(&self, id: Option<&crate::model::VendorId>, name: Option<&str>) -> Vec<String> {
        vendor_ids(self.known, self.parties, id, name)
    }
}

fn billed(lines: &[PayAppLine], summary: &PayAppSummary, currency: Currency) -> (Option<Money>, Option<Money>) {
    match retainage::posting_of(lines, summary, currency) {
        Ok(posting) => (Some(posting.total.gross), Some(posting.net)),
        Err(_) => (None, summary.current_payment_due),
    }
}
