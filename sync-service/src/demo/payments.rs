//! What was paid, counted on both sides afresh: T4, and how many payments each side has.

use std::collections::{BTreeMap, HashMap, HashSet};

use procore_client::actuals::Actuals;
use quickbooks_online::BooksSnapshot;
use sync_core::actuals::{PaymentKey, PaymentMade};
use sync_core::connector::{Fetched, Marker};
use sync_core::dead_letter::DeadLetter;
use sync_core::journal::Link;
use sync_core::model::construction::{Document, Payment};
use sync_core::model::{ContractId, Currency, DocumentKey, DocumentKind, Money, ProjectId, TargetKind, TargetRef};
use sync_core::reconcile::{
    BillPaymentRecord, Finding, Measure, PaymentRecord, TieOut, TieOutReport, tie_out_payments,
};

use super::truth;
use crate::Failure;

/// A part of a payment that settled a document of ours, in cash.
struct Part {
    key: PaymentKey,
    document: DocumentKey,
    number: Option<String>,
    amount: Money,
}

/// What was paid, as QuickBooks has it.
pub(crate) struct Paid {
    /// Every payment.
    pub(crate) made: Vec<PaymentMade>,
    /// The documents that the markers of bills and invoices name.
    pub(crate) of: HashMap<TargetRef, DocumentKey>,
    /// Names the company in origin ids.
    pub(crate) company: String,
    /// The currency of its books.
    pub(crate) currency: Currency,
}

impl Paid {
    /// Of QuickBooks Online.
    pub(crate) fn online(books: &BooksSnapshot, realm: &str) -> Self {
        let marked = |target: &TargetRef, marker: Option<&Marker>| {
            marker.map(|marker| (target.clone(), marker.document.clone()))
        };
        let bills = books.documents.iter().filter_map(|book| marked(&book.target, book.marker.as_ref()));
        let sales = books.sales.iter().filter_map(|book| marked(&book.target, book.marker.as_ref()));
        let vendors = books.vendor_payments.iter().map(quickbooks_online::VendorPayment::made);
        let customers = books.customer_payments.iter().map(quickbooks_online::CustomerPayment::made);
        Self {
            made: vendors.chain(customers).collect(),
            of: bills.chain(sales).collect(),
            company: format!("qbo:{realm}"),
            currency: books.currency,
        }
    }
}

/// Payments of both sides.
pub(crate) struct Payments {
    parts: Vec<Part>,
    recorded: Vec<Payment>,
    company: String,
    currency: Currency,
}

impl Payments {
    /// Reads the payments on every contract of Procore, and takes those of QuickBooks as they were read.
    pub(crate) async fn read(
        actuals: &Actuals,
        documents: &[Fetched],
        paid: Paid,
        links: &[Link],
    ) -> Result<Self, Failure> {
        let mut recorded = Vec::new();
        for fetched in documents {
            let (project, contract): (&ProjectId, ContractId) = match truth::found(fetched) {
                Some(Document::Commitment(c)) => (&c.project, c.id.as_str().into()),
                Some(Document::PrimeContract(c)) => (&c.project, c.id.as_str().into()),
                _ => continue,
            };
            recorded.extend(actuals.payments(&contract, project).await?);
        }
        let ours = links.iter().filter(|link| link.document.kind != DocumentKind::Payment);
        let mut of = paid.of;
        of.extend(ours.map(|link| (link.target.clone(), link.document.clone())));
        let mut parts = Vec::new();
        for made in &paid.made {
            take(&mut parts, made, &of)?;
        }
        Ok(Self { parts, recorded, company: paid.company, currency: paid.currency })
    }

    /// How many parts there are in QuickBooks, and how many of them Procore has: of bills, or of invoices.
    pub(crate) fn counts(&self, kind: TargetKind) -> (usize, usize) {
        let quickbooks = self.parts.iter().filter(|part| part.key.payment.kind == kind).count();
        let origins = self.recorded.iter().filter_map(|payment| payment.origin.as_deref());
        let keys = origins.filter_map(|origin| PaymentKey::of_origin(&self.company, origin));
        (keys.filter(|key| key.payment.kind == kind).count(), quickbooks)
    }

    /// Parts that are neither recorded nor a dead letter.
    pub(crate) fn lost(&self, dead: &[DeadLetter]) -> Vec<String> {
        let there: HashSet<&str> = self.recorded.iter().filter_map(|payment| payment.origin.as_deref()).collect();
        let dead: HashSet<&DocumentKey> = dead.iter().map(|letter| &letter.document).collect();
        let lost = self.parts.iter().filter(|part| {
            !there.contains(part.key.origin(&self.company).as_str()) && !dead.contains(&part.key.document())
        });
        lost.map(|part| format!("payment {} of {}", part.number.as_deref().unwrap_or_default(), part.amount)).collect()
    }

    /// Payments in Procore beyond the first of the same origin.
    pub(crate) fn duplicates(&self) -> usize {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for origin in self.recorded.iter().filter_map(|payment| payment.origin.as_deref()) {
            *seen.entry(origin).or_default() += 1;
        }
        seen.values().map(|count| count - 1).sum()
    }

    /// T4: payments on commitments = payments of bills, pay app by pay app.
    pub(crate) fn tie_out(
        &self,
        report: &mut TieOutReport,
        labels: &HashMap<DocumentKey, (String, Option<Money>)>,
        dead: &[DeadLetter],
    ) -> Result<(), Failure> {
        let label = |document: &DocumentKey| {
            labels.get(document).map_or_else(|| document.to_string(), |(label, _)| label.clone())
        };
        let issued = self.recorded.iter().filter_map(|payment| {
            let document = DocumentKey::within(DocumentKind::PayApp, &payment.project, payment.pay_app.as_ref()?);
            let (number, amount) = (payment.number.clone(), payment.amount);
            Some(PaymentRecord { label: label(&document), document, number, amount })
        });
        let issued: Vec<PaymentRecord> = issued.collect();
        let paid = self.parts.iter().filter(|part| part.key.payment.kind == TargetKind::BillPayment);
        let paid: Vec<BillPaymentRecord> = paid
            .map(|part| BillPaymentRecord {
                document: Some(part.document.clone()),
                bill: label(&part.document),
                number: part.number.clone(),
                amount: part.amount,
            })
            .collect();
        let tie = tie_out_payments(self.currency, &issued, &paid)?;
        let dead: HashSet<&DocumentKey> = dead.iter().map(|letter| &letter.document).collect();
        let stuck: HashSet<&DocumentKey> =
            self.parts.iter().filter(|part| dead.contains(&part.key.document())).map(|part| &part.document).collect();
        let findings: Vec<Finding> = tie
            .findings
            .into_iter()
            .map(|finding| {
                let dead_letter = finding.document.as_ref().is_some_and(|document| stuck.contains(document));
                Finding {
                    tie_out: "T4",
                    measure: Measure::Paid,
                    kind: finding.kind,
                    procore: finding.procore,
                    quickbooks: finding.quickbooks,
                    amount: finding.amount,
                    dead_letter,
                    text: finding.text + if dead_letter { "; the payment is a dead letter" } else { "" },
                }
            })
            .collect();
        let explained = findings.iter().all(|finding| finding.dead_letter);
        let (left, right, difference) = (tie.left, tie.right, tie.difference);
        report.tie_outs.push(TieOut { id: "T4", measure: Measure::Paid, left, right, difference, explained });
        report.tie_outs.sort_by_key(|tie| tie.id);
        report.findings.extend(findings);
        Ok(())
    }
}

fn take(parts: &mut Vec<Part>, made: &PaymentMade, of: &HashMap<TargetRef, DocumentKey>) -> Result<(), Failure> {
    for settled in made.settled()? {
        let Some(document) = of.get(&settled.to).filter(|_| !settled.cash.is_zero()) else { continue };
        parts.push(Part {
            key: PaymentKey::part(&made.target, &settled.to.id),
            document: document.clone(),
            number: made.number.clone(),
            amount: settled.cash,
        });
    }
    Ok(())
}
