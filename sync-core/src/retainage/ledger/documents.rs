//! The ledger of a company, from the documents of its source.

use super::{LedgerContract, LedgerDocument, RetainageLedger};
use crate::model::construction::{Document, OwnerInvoice};
use crate::model::{Currency, DocumentKey, DocumentKind, OwnerInvoiceId, OwnerInvoiceStatus};
use crate::retainage::Side;
use crate::retainage::posting::{PayAppPosting, posting, posting_of};

impl LedgerDocument {
    /// From a Procore owner invoice and what it posts.
    pub fn of_owner_invoice(invoice: &OwnerInvoice, posting: &PayAppPosting) -> Self {
        let key = |id: &OwnerInvoiceId| DocumentKey::within(DocumentKind::OwnerInvoice, &invoice.project, id);
        let rows = invoice.lines.iter().map(|line| line.sov_line.clone());
        Self {
            document: key(&invoice.id),
            label: format!("{}/{}", invoice.contract_number, invoice.number),
            contract: DocumentKey::within(DocumentKind::PrimeContract, &invoice.project, &invoice.contract),
            previous: invoice.previous.as_ref().map(key),
            lines: rows.zip(posting.lines.iter().copied()).collect(),
        }
    }
}

impl RetainageLedger {
    /// The ledger of every contract among the documents, from their approved pay apps and owner invoices, whatever
    /// their order. What cannot be entered is named beside it, and the rest is entered.
    pub fn of_documents(currency: Currency, documents: &[Document]) -> (Self, Vec<String>) {
        let mut ledger = Self::new(currency);
        for document in documents {
            ledger.contracts_of(document);
        }
        let mut problems = Vec::new();
        // An application that is not approved holds nothing, and those after it do not wait for it.
        let counts = |key: &DocumentKey| {
            documents.iter().any(|document| match document {
                Document::PayApp(d) => d.status.is_approved() && document.key() == *key,
                Document::OwnerInvoice(d) => d.status == OwnerInvoiceStatus::Approved && document.key() == *key,
                _ => false,
            })
        };
        for document in documents {
            let entry = match document {
                Document::PayApp(app) if app.status.is_approved() => {
                    posting(app).map(|posting| LedgerDocument::of_pay_app(app, &posting))
                }
                Document::OwnerInvoice(invoice) if invoice.status == OwnerInvoiceStatus::Approved => {
                    posting_of(&invoice.lines, &invoice.summary, invoice.currency)
                        .map(|posting| LedgerDocument::of_owner_invoice(invoice, &posting))
                }
                _ => continue,
            };
            let entered = entry.map_err(|error| error.to_string()).and_then(|mut entry| {
                entry.previous = entry.previous.filter(|previous| counts(previous));
                ledger.apply(entry).map_err(|error| error.to_string())
            });
            if let Err(problem) = entered {
                problems.push(format!("{}: {problem}", document.label()));
            }
        }
        (ledger, problems)
    }

    fn contracts_of(&mut self, document: &Document) {
        let (label, side, party, project) = match document {
            Document::Commitment(d) => (&d.number, Side::Payable, d.vendor_name.clone(), &d.project_number),
            Document::PrimeContract(d) => {
                let owner = d.owner.as_ref().map(|owner| owner.name.clone());
                (&d.number, Side::Receivable, owner, &d.project_number)
            }
            _ => return,
        };
        let nobody = || "(nobody named)".to_owned();
        self.open(LedgerContract {
            document: document.key(),
            label: label.clone(),
            side,
            party: party.unwrap_or_else(nobody),
            project: project.clone().unwrap_or_else(nobody),
        });
    }
}
