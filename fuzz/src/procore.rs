//! What Procore sends: lists, records, faults, webhooks.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::StreamExt;
use procore_client::convert::codes::CodeBook;
use procore_client::convert::commitment::{Belongs, commitment, line_codes};
use procore_client::convert::pay_app::{Around, KnownCommitment, pay_app};
use procore_client::webhook::Webhook;
use procore_client::wire::commitments::CommitmentContract;
use procore_client::wire::requisitions::Requisition;
use procore_client::wire::{self, Record};
use procore_client::{Fault, ProcoreSource, SourceOptions};
use sync_core::connector::Source;
use sync_core::http::Secret;
use sync_core::model::construction::{CommitmentKind, Document};
use sync_core::model::{Currency, ProjectId};

use crate::world::{COMPANY, Echo, block_on, procore};
use crate::{head, status, tables};

const AUTHORIZATION: &str = "Bearer hook";

/// A page of a list, read as every resource, and the way through its pages. Input: status, `Link` header, body.
pub fn list(data: &[u8]) {
    let ([code, link], body) = head::<2>(data);
    if let Ok(text) = std::str::from_utf8(body) {
        shown(wire::records::<wire::vendors::Vendor>(text));
        shown(wire::records::<wire::projects::Project>(text));
        shown(wire::records::<wire::cost_codes::CostCode>(text));
        shown(wire::records::<wire::line_item_types::LineItemType>(text));
        shown(wire::records::<wire::wbs_codes::WbsCode>(text));
        shown(wire::records::<wire::billing_periods::BillingPeriod>(text));
        shown(wire::records::<wire::prime_contracts::PrimeContract>(text));
        shown(wire::records::<wire::change_order_packages::ChangeOrderPackage>(text));
        shown(wire::records::<wire::commitment_change_orders::CommitmentChangeOrder>(text));
    }
    let client = procore(Echo::new(status(code), &[("link", link)], body, 4));
    block_on(async {
        let mut pages = std::pin::pin!(client.vendors(None));
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => shown(Ok::<_, String>(page.records)),
                Err(error) => {
                    let _ = error.to_string();
                }
            }
        }
    });
}

/// Every record of a list can be shown, or its error can.
fn shown<T: Debug>(records: Result<Vec<Record<T>>, String>) {
    for record in records.into_iter().flatten() {
        match record {
            Ok(record) => drop(format!("{record:?}")),
            Err(bad) => assert!(!bad.to_string().is_empty(), "an error without a word"),
        }
    }
}

/// Commitments and pay apps, all the way to the document that would be posted.
pub fn record(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let project = ProjectId::from("598134326100022");
    let currency = Currency::USD;
    let book = CodeBook::default();
    let kind = CommitmentKind::Subcontract;
    for contract in wire::records::<CommitmentContract>(text).into_iter().flatten().flatten() {
        let codes = line_codes(&contract, &[], &book);
        let belongs = Belongs { kind, project: &project, project_number: Some("2026-014"), currency };
        match commitment(&contract, &[], &codes, belongs) {
            Ok(commitment) => tables::posted(&Document::Commitment(commitment)),
            Err(bad) => assert!(!bad.problem.is_empty()),
        }
    }
    let known = KnownCommitment {
        id: "598134326200033".into(),
        kind,
        number: "SC-1".to_owned(),
        vendor: Some("598134326010077".into()),
        vendor_name: Some("Delta Drywall".to_owned()),
        codes: Arc::new(HashMap::new()),
    };
    let mut previous: Option<Requisition> = None;
    for requisition in wire::records::<Requisition>(text).into_iter().flatten().flatten() {
        let around = Around {
            project: &project,
            project_number: Some("2026-014"),
            commitment: &known,
            previous: previous.as_ref(),
            details: None,
            held: None,
            book: &book,
            currency,
        };
        match pay_app(&requisition, around) {
            Ok(app) => tables::posted(&Document::PayApp(app)),
            Err(bad) => assert!(!bad.problem.is_empty()),
        }
        previous = Some(requisition);
    }
}

/// A whole snapshot, each call answered by the same body. Input: status, `Link` header, body.
pub fn source(data: &[u8]) {
    let ([code, link], body) = head::<2>(data);
    let client = Arc::new(procore(Echo::new(status(code), &[("link", link)], body, 24)));
    let source = ProcoreSource::new(client, SourceOptions::default());
    block_on(async {
        let Ok(parts) = source.parts().await else { return };
        for part in parts.iter().take(6) {
            let mut pages = source.snapshot(part);
            while let Some(Ok(page)) = pages.next().await {
                for fetched in page {
                    let _ = format!("{} {fetched:?}", fetched.key());
                }
            }
        }
        let _ = source.changes(None).await;
    });
}

/// The body of a refusal. Input: status, body.
pub fn fault(data: &[u8]) {
    let ([code], body) = head::<1>(data);
    let fault = Fault::parse(status(code).as_u16(), body, None);
    assert!(!fault.messages.is_empty() || !fault.fields.is_empty(), "a fault without a word");
    let _ = fault.to_string();
}

/// A delivery. It is read only under the right header.
pub fn webhook(data: &[u8]) {
    let webhook = Webhook::new(Secret::new(AUTHORIZATION), COMPANY).expect("a header");
    assert!(webhook.receive(None, data).is_err(), "a delivery without the header was read");
    match webhook.receive(Some(AUTHORIZATION.as_bytes()), data) {
        Ok(delivery) => {
            assert!(!delivery.event.is_empty(), "an event without an id");
            assert!(delivery.changes.is_empty() != delivery.ignored.is_none(), "neither a document nor a reason");
        }
        Err(error) => drop(error.to_string()),
    }
}
