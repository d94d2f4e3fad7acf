//! Reconciliation of the two companies of a site, read through the clients.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use quickbooks_online::Books;
use sync_core::connector::{Fetched, Sink, Source};
use sync_core::journal::Link;
use sync_core::model::Currency;
use sync_core::model::construction::Document;
use sync_core::reconcile::company::{Companies, CompanyReport, reconcile};
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;

use super::Site;

const ENTITIES: [&str; 22] = [
    "Account",
    "Item",
    "Class",
    "Department",
    "Term",
    "Preferences",
    "CompanyInfo",
    "Customer",
    "Vendor",
    "Employee",
    "PurchaseOrder",
    "Estimate",
    "Invoice",
    "CreditMemo",
    "Bill",
    "VendorCredit",
    "BillPayment",
    "Payment",
    "Deposit",
    "Purchase",
    "JournalEntry",
    "TaxCode",
];

/// Both companies compared as they are. With `links`, as the journal knows them; without, as before the first sync.
pub(crate) async fn compare(site: &Site, links: &[Link]) -> CompanyReport {
    let (source, sink) = (site.source(), site.sink());
    let books = Books::new(sink.client().clone()).state().await.unwrap();
    let mut documents: Vec<Fetched> = Vec::new();
    for part in source.parts().await.unwrap() {
        let pages: Vec<_> = source.snapshot(&part).collect().await;
        documents.extend(pages.into_iter().flat_map(Result::unwrap));
    }
    let mut payments = Vec::new();
    for fetched in &documents {
        let Fetched::Found(document) = fetched else { continue };
        let Document::Commitment(c) = document.as_ref() else { continue };
        for payment in source.procore().contract_payments(&c.project, &c.id).await.unwrap() {
            payments.push(payment.unwrap().payment(&c.project, &c.id.as_str().into(), Currency::USD).unwrap());
        }
    }
    reconcile(&Companies {
        connection: &site.connection(),
        documents: &documents,
        payments: &payments,
        books: &books,
        links,
        dead: &[],
        mapping: &site.mapping,
        capabilities: sink.capabilities(),
        projects: None,
    })
    .unwrap()
}

/// What a finding says, without its words for people.
pub(crate) type Said = (String, Option<String>, Option<String>, String);

pub(crate) fn said(report: &CompanyReport) -> Vec<Said> {
    let mut said: Vec<Said> = report
        .findings
        .iter()
        .map(|f| (format!("{} {}", f.tie_out, f.kind), f.procore.clone(), f.quickbooks.clone(), f.amount.to_string()))
        .collect();
    said.sort();
    said
}

/// The book of a site after a sync, as somebody would save it: both sides as they are now.
pub(crate) async fn loaded(book: Book) -> Book {
    let site = Site::open(&book).await;
    site.load().await;
    let mut after = book;
    let mut quickbooks = BTreeMap::new();
    for entity in ENTITIES {
        let records: Vec<Json> = site.quickbooks().all(entity).cloned().collect();
        if !records.is_empty() {
            quickbooks.insert(entity.to_owned(), records);
        }
    }
    after.quickbooks = quickbooks;
    after
}

/// As if people had entered everything by hand: no marker, and no number that tells where a bill came from.
pub(crate) fn by_hand(book: &mut Book) {
    for (entity, records) in &mut book.quickbooks {
        for record in records {
            for note in ["PrivateNote", "Notes"] {
                if record.get(note).is_some_and(|note| note.as_str().is_some_and(|text| text.contains("sync:"))) {
                    record.set(note, "");
                }
            }
            if ["Bill", "VendorCredit", "Invoice", "CreditMemo"].contains(&entity.as_str()) {
                let id = record.get("Id").and_then(Json::as_id).unwrap_or_default().to_owned();
                record.set("DocNumber", format!("H{id}"));
            }
        }
    }
}
