//! Both sides, read whole and afresh.

use std::collections::{HashMap, HashSet};

use futures_util::StreamExt;
use procore_client::ProcoreSource;
use procore_client::wire::contract_payments::ContractPayment;
use quickbooks_online::Books;
use sync_core::connector::{Fetched, Source};
use sync_core::model::construction::{Commitment, Document, Payment};
use sync_core::model::{ContractId, DocumentKey, DocumentKind, PayAppId};
use sync_core::reconcile::company::BookState;

use crate::Failure;
use crate::connect::Connection;

/// Both companies as they are.
pub(crate) struct Sides {
    pub(crate) documents: Vec<Fetched>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) books: BookState,
    /// What could not be read of single records.
    pub(crate) problems: Vec<String>,
}

/// Of which commitments the payments are read: Procore lists them contract by contract, one call each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payments {
    /// Of all.
    All,
    /// Of those that Procore shows as paid, or whose bills QuickBooks shows as paid.
    WherePaid,
}

/// Reads both sides; `told` hears what was read.
pub(crate) async fn both(
    connection: &Connection,
    payments: Payments,
    told: &(dyn Fn(&str) + Sync),
) -> Result<Sides, Failure> {
    let books = Books::new(connection.sink.client().clone()).state().await?;
    told("quickbooks");
    let documents = documents(&connection.source, told).await?;
    let mut problems = Vec::new();
    let payments = of_commitments(&connection.source, &documents, &books, payments, &mut problems, told).await?;
    Ok(Sides { documents, payments, books, problems })
}

/// Every document of Procore, as it is now.
pub(crate) async fn documents(source: &ProcoreSource, told: &(dyn Fn(&str) + Sync)) -> Result<Vec<Fetched>, Failure> {
    let mut documents = Vec::new();
    for part in source.parts().await? {
        let mut pages = source.snapshot(&part);
        while let Some(page) = pages.next().await {
            documents.extend(page?);
        }
        told(&part.0);
    }
    Ok(documents)
}

/// The payments on the commitments.
pub(crate) async fn of_commitments(
    source: &ProcoreSource,
    documents: &[Fetched],
    books: &BookState,
    payments: Payments,
    problems: &mut Vec<String>,
    told: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Payment>, Failure> {
    let commitments: Vec<&Commitment> = documents
        .iter()
        .filter_map(|fetched| match fetched {
            Fetched::Found(document) => match document.as_ref() {
                Document::Commitment(c) if !c.deleted => Some(c),
                _ => None,
            },
            _ => None,
        })
        .filter(|c| payments == Payments::All || c.paid.is_none_or(|paid| !paid.is_zero()) || paid_in(books, c))
        .collect();
    let apps = applications(documents);
    let reads = commitments.iter().map(|c| source.procore().contract_payments(&c.project, &c.id));
    let lists: Vec<_> = futures_util::stream::iter(reads.collect::<Vec<_>>()).buffered(4).collect().await;
    let mut found = Vec::new();
    for (commitment, list) in commitments.iter().zip(lists) {
        for record in list? {
            match record {
                Ok(payment) => match payment_of(commitment, &apps, &payment) {
                    Ok(payment) => found.push(payment),
                    Err(problem) => problems.push(problem),
                },
                Err(bad) => problems.push(format!("a payment on {} in Procore: {bad}", commitment.number)),
            }
        }
    }
    told("payments");
    Ok(found)
}

/// Does QuickBooks show a payment on a bill with a marker of one of its pay apps? Without markers nothing can be said.
fn paid_in(books: &BookState, commitment: &Commitment) -> bool {
    let paid: HashSet<_> = books.payments.iter().flat_map(|p| &p.parts).map(|(bill, _)| bill).collect();
    books.transactions.iter().any(|state| {
        let project = state.marker.as_ref().and_then(|m| m.document.project_and_id()).map(|(project, _)| project);
        paid.contains(&state.target) && project.is_none_or(|project| project == commitment.project)
    })
}

type Applications = HashMap<(DocumentKey, i64), PayAppId>;

fn applications(documents: &[Fetched]) -> Applications {
    let apps = documents.iter().filter_map(|fetched| match fetched {
        Fetched::Found(document) => match document.as_ref() {
            Document::PayApp(app) => {
                let commitment = DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment);
                Some(((commitment, app.number), app.id.clone()))
            }
            _ => None,
        },
        _ => None,
    });
    apps.collect()
}

fn payment_of(commitment: &Commitment, apps: &Applications, payment: &ContractPayment) -> Result<Payment, String> {
    let key = DocumentKey::within(DocumentKind::Commitment, &commitment.project, &commitment.id);
    let contract = ContractId::from(commitment.id.as_str());
    let read = payment.clone().payment(&commitment.project, &contract, commitment.currency);
    let mut read = read.map_err(|bad| {
        format!("payment {} on {} in Procore: {}: {}", payment.id, commitment.number, bad.path, bad.problem)
    })?;
    let numbered = || payment.draw_request_number.and_then(|number| apps.get(&(key, number)).cloned());
    read.pay_app = read.pay_app.or_else(numbered);
    Ok(read)
}
