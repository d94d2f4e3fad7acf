//! Webhooks: forged, doubled, late, out of order, and about one's own writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use procore_client::webhook::{Webhook, WebhookError};
use quickbooks_online::webhook::{SIGNATURE_HEADER, Verifier};
use sync_core::connector::Inbox;
use sync_core::engine::Engine;
use sync_core::http::Secret;
use sync_core::model::DocumentKey;
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::procore::{EventType, Procore, ProcoreConfig, WebhookDelivery};
use sync_sandboxes::quickbooks::QuickBooksConfig;

use crate::kit::ledger::text;
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, site};

/// Resources of the demo book that send events.
const RESOURCES: [&str; 5] =
    ["vendors", "projects", "work_order_contracts", "purchase_order_contracts", "change_order_packages"];

fn intake(site: &Site) -> Webhook {
    let authorization = ProcoreConfig::default().webhook_authorization.unwrap();
    Webhook::new(Secret::new(authorization), site.company()).unwrap()
}

/// So many events about records that have not changed, round and round.
fn events(site: &Site, count: usize) -> Vec<WebhookDelivery> {
    let now = site.now();
    let mut procore = site.procore();
    let ids = |procore: &Procore, resource: &'static str| {
        procore.all(resource).map(|record| (resource, text(record, &["id"]).to_owned())).collect::<Vec<_>>()
    };
    let records: Vec<(&str, String)> = RESOURCES.iter().flat_map(|resource| ids(&procore, resource)).collect();
    let round = records.iter().cycle().take(count);
    round.map(|(resource, id)| procore.event_for(now, resource, id, EventType::Update).unwrap()).collect()
}

fn shuffle<T>(all: &mut [T], seed: u64) {
    let mut random = SplitMix::seeded(seed);
    for last in (1..all.len()).rev() {
        all.swap(last, usize::try_from(random.below(last as u64 + 1)).unwrap());
    }
}

#[tokio::test]
async fn a_thousand_events_shuffled_and_tripled_write_nothing() {
    // Given the demo book, loaded, and a thousand events about it, three times each, in any order
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let written = site.write_requests();
    let deliveries = events(&site, 1_000);
    let mut deliveries: Vec<&WebhookDelivery> = deliveries.iter().flat_map(|delivery| [delivery; 3]).collect();
    shuffle(&mut deliveries, 0x5EED);
    // When they come in
    let (engine, webhook) = (site.engine(), intake(&site));
    let mut documents: BTreeSet<DocumentKey> = BTreeSet::new();
    let (mut opened, mut joined, mut duplicates, mut told) = (0, 0, 0, 0);
    for delivery in deliveries {
        let authorization = delivery.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let delivery = webhook.receive(authorization, &delivery.body).unwrap();
        told += delivery.changes.len();
        documents.extend(delivery.changes.iter().map(|change| change.document.clone()));
        let intake = engine.intake(&delivery.changes).await.unwrap();
        opened += intake.opened;
        joined += intake.joined;
        duplicates += intake.duplicates;
    }
    // Then each document is one job, and each event counts once
    assert_eq!(opened, documents.len());
    assert_eq!((opened + joined) * 3, told, "two of three deliveries are known already");
    assert_eq!(duplicates * 3, told * 2);
    let counts = site.journal.counts(&site.connection()).await.unwrap();
    assert_eq!(usize::try_from(counts.ready).unwrap(), documents.len());
    // And working them writes nothing, for nothing has changed
    let report = engine.run().await.unwrap();
    assert_eq!((report.created, report.updated, report.dead, report.batches), (0, 0, 0, 0), "{report:?}");
    assert_eq!(site.write_requests(), written);
    ties_out(&site);
}

#[tokio::test]
async fn ten_thousand_events_shuffled_tripled_and_partly_lost_come_to_the_same_after_one_reconciliation() {
    let contracts = ["598134326200010", "598134326200011", "598134326200012"];
    let (mut ends, mut lost) = (Vec::new(), 0);
    for disturbed in [false, true] {
        // Given the demo book with contracts in draft, loaded; their approval, and ten thousand events in all
        let site = Site::open(&site::book("demo")).await;
        let status = |status: &'static str| {
            for contract in contracts {
                let edit = |record: &mut sync_sandboxes::json::Json| record.set("status", status);
                site.procore().person_edits(site.now(), "work_order_contracts", contract, edit).unwrap();
            }
        };
        status("Draft");
        site.load().await;
        site.procore().take_webhooks();
        site.days_pass(1);
        status("Approved");
        let mut deliveries = site.procore().take_webhooks();
        assert!(deliveries.len() >= contracts.len());
        deliveries.extend(events(&site, 10_000 - deliveries.len()));
        if disturbed {
            // When three of ten are lost, and the others come three times, in any order
            let mut random = SplitMix::seeded(0x10_000);
            deliveries.retain(|_| random.below(10) >= 3);
            lost = 10_000 - deliveries.len();
            deliveries =
                deliveries.iter().flat_map(|delivery| [delivery.clone(), delivery.clone(), delivery.clone()]).collect();
            shuffle(&mut deliveries, 0x5EED);
        }
        let (engine, webhook) = (site.engine(), intake(&site));
        let mut changes = Vec::new();
        for delivery in &deliveries {
            let authorization = delivery.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
            changes.extend(webhook.receive(authorization, &delivery.body).unwrap().changes);
        }
        for some in changes.chunks(500) {
            engine.intake(some).await.unwrap();
        }
        engine.run().await.unwrap();
        if disturbed {
            // And everything is taken in once
            site::load(&engine).await.unwrap();
        }
        let counts = site.journal.counts(&site.connection()).await.unwrap();
        assert_eq!((counts.pending, counts.dead, counts.waiting), (0, 0, 0));
        ties_out(&site);
        ends.push(crate::kit::content::content(&site.quickbooks()));
    }
    // Then both end the same
    assert!(lost > 2_500, "{lost}");
    assert!(ends[0] == ends[1], "{}", crate::kit::content::difference(&ends[0], &ends[1]));
}

#[tokio::test]
async fn events_that_come_before_and_after_the_approval_post_once() {
    // Given a contract under review, and the events of its approval, late and doubled
    let site = Site::open(&site::book("demo")).await;
    let contract = "598134326200010";
    let edit = |status: &'static str| {
        let edited =
            site.procore().person_edits(site.now(), "work_order_contracts", contract, |c| c.set("status", status));
        edited.unwrap();
    };
    edit("Draft");
    site.load().await;
    assert_eq!(site.waiting().await.len(), 3, "its pay apps wait for it");
    site.procore().take_webhooks();
    site.days_pass(1);
    edit("Approved");
    let mut deliveries = site.procore().take_webhooks();
    deliveries.extend(deliveries.clone());
    // When they come in around the polling
    let (engine, webhook) = (site.engine(), intake(&site));
    for delivery in &deliveries {
        let authorization = delivery.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        engine.intake(&webhook.receive(authorization, &delivery.body).unwrap().changes).await.unwrap();
        engine.run().await.unwrap();
        engine.poll().await.unwrap();
        engine.run().await.unwrap();
    }
    // Then the contract and its pay apps are posted, once
    assert_eq!(site.waiting().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn a_delivery_with_another_header_is_refused_before_it_is_read() {
    // Given an event of Procore with the header of somebody else, without one, and with one that is cut off
    let site = Site::open(&site::book("demo")).await;
    let delivery = events(&site, 1).remove(0);
    let genuine = delivery.headers[AUTHORIZATION].as_bytes();
    let webhook = intake(&site);
    assert!(webhook.receive(Some(genuine), &delivery.body).is_ok());
    for forged in [None, Some(&b""[..]), Some(b"Bearer somebody-else"), Some(&genuine[..genuine.len() - 1])] {
        // When it comes in
        let error = webhook.receive(forged, &delivery.body).unwrap_err();
        // Then it is refused, also where its body is no event, and the header is not repeated
        assert_eq!(error, WebhookError::NotAuthentic);
        assert_eq!(webhook.receive(forged, b"no event").unwrap_err(), WebhookError::NotAuthentic);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("somebody-else") && !text.contains("sandbox-webhook"), "{text}");
    }
    // And a genuine one that is no event is refused for what it is
    assert!(matches!(webhook.receive(Some(genuine), b"no event"), Err(WebhookError::Malformed(_))));
}

#[tokio::test]
async fn a_notice_of_quickbooks_with_a_wrong_signature_is_refused() {
    // Given the notices of a load
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let notice = site.quickbooks().take_webhooks().remove(0);
    let signature = notice.headers[SIGNATURE_HEADER].to_str().unwrap();
    let verifier = Verifier::new(Secret::new(QuickBooksConfig::default().verifier_token));
    assert!(!verifier.open(Some(signature), &notice.body).unwrap().events.is_empty());
    // When the body, the signature or the key is another
    let mut altered = notice.body.to_vec();
    altered[20] ^= 1;
    let other = Verifier::new(Secret::new("another-verifier"));
    let refused = [
        verifier.open(Some(signature), &altered),
        verifier.open(Some("bm90IGEgc2lnbmF0dXJl"), &notice.body),
        verifier.open(Some("not base64!"), &notice.body),
        verifier.open(None, &notice.body),
        other.open(Some(signature), &notice.body),
    ];
    // Then it is refused
    for refused in refused {
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("signature") && text.contains("verifier token"), "{text}");
    }
}

/// The notices of QuickBooks since the last time, as an app with one company takes them.
async fn notices(site: &Site, engine: &Arc<Engine>) -> usize {
    let verifier = Verifier::new(Secret::new(QuickBooksConfig::default().verifier_token));
    let receiver = quickbooks_online::webhook::Receiver::new(verifier);
    let receiver = receiver.with_company(site.realm(), engine.clone() as Arc<dyn Inbox>);
    let notices = site.quickbooks().take_webhooks();
    for notice in &notices {
        assert_eq!(receiver.receive(&notice.headers, &notice.body).await.0, 200);
    }
    notices.len()
}

#[tokio::test]
async fn the_echo_of_ones_own_writes_costs_procore_nothing_in_either_form() {
    for legacy_webhooks in [false, true] {
        // Given the demo book, loaded, and the notices of everything that was written
        let config = QuickBooksConfig { legacy_webhooks, ..QuickBooksConfig::default() };
        let site = Site::with_configs(&site::book("demo"), ProcoreConfig::default(), config).await;
        let engine = Arc::new(site.engine());
        site::load(&engine).await.unwrap();
        let (written, asked) = (site.write_requests(), site.procore().requests().total);
        // When they come in, twice, and are worked
        assert!(notices(&site, &engine).await > 0);
        let report = engine.run().await.unwrap();
        // Then most are known to be one's own; only a transaction that changed since, because another one refers to
        // it, is looked at
        assert!(report.echoes > 100, "{report:?}");
        assert!(report.unchanged < 40, "{report:?}");
        assert_eq!((report.created, report.updated, report.dead, report.batches), (0, 0, 0, 0), "{report:?}");
        assert_eq!(site.write_requests(), written);
        assert!(site.procore().requests().total - asked < 30, "{}", site.procore().requests().total - asked);
        ties_out(&site);
    }
}

#[tokio::test]
async fn what_people_do_to_a_bill_is_decided_at_once() {
    // Given the demo book, loaded, and three of its bills
    let site = Site::open(&site::book("demo")).await;
    let engine = Arc::new(site.engine());
    site::load(&engine).await.unwrap();
    site.quickbooks().take_webhooks();
    let bills: Vec<String> = {
        let quickbooks = site.quickbooks();
        quickbooks.all("Bill").map(|bill| text(bill, &["Id"]).to_owned()).take(3).collect()
    };
    // When people change a line of the first, delete the second and void the third
    site.days_pass(1);
    let now = site.now();
    let change = |bill: &mut sync_sandboxes::json::Json| {
        crate::kit::edit::set(bill, &["TxnDate"], "2026-01-02");
    };
    site.quickbooks().person_edits(now, "Bill", &bills[0], change).unwrap();
    site.quickbooks().person_deletes(now, "Bill", &bills[1]).unwrap();
    site.quickbooks().person_voids(now, "Bill", &bills[2]).unwrap();
    // And QuickBooks tells
    assert!(notices(&site, &engine).await > 0);
    engine.run().await.unwrap();
    // Then each waits for a person under its cause
    let mut causes: Vec<String> = site.dead_letters().await.iter().map(|letter| letter.cause.to_string()).collect();
    causes.sort();
    assert_eq!(causes, ["conflict", "deleted in quickbooks", "voided in quickbooks"]);
}

#[tokio::test]
async fn what_no_webhook_told_is_found_by_asking_quickbooks() {
    // Given the demo book, loaded; nobody takes webhooks
    let site = Site::open(&site::book("demo")).await;
    let engine = site.engine();
    site::load(&engine).await.unwrap();
    engine.poll_sink().await.unwrap();
    site.days_pass(1);
    let bill = site.quickbooks().all("Bill").map(|bill| text(bill, &["Id"]).to_owned()).next().unwrap();
    let now = site.now();
    site.quickbooks().person_deletes(now, "Bill", &bill).unwrap();
    // When QuickBooks is asked what changed, by a program that was just started
    let engine = site.engine();
    engine.poll_sink().await.unwrap();
    engine.run().await.unwrap();
    // Then the bill is a dead letter; asked again, there is nothing new once the windows overlap no more
    let causes: Vec<String> = site.dead_letters().await.iter().map(|letter| letter.cause.to_string()).collect();
    assert_eq!(causes, ["deleted in quickbooks"]);
    for _ in 0..2 {
        site.days_pass(1);
        engine.poll_sink().await.unwrap();
        engine.run().await.unwrap();
    }
    assert_eq!(engine.poll_sink().await.unwrap().opened, 0);
    // And after more than thirty days, which is as far as QuickBooks can tell, everything is looked at
    site.days_pass(40);
    let links = site.journal.counts(&site.connection()).await.unwrap().links;
    assert_eq!(engine.poll_sink().await.unwrap().opened as u64, links);
    let report = engine.run().await.unwrap();
    assert_eq!((report.created, report.updated, report.batches), (0, 0, 0), "{report:?}");
}

#[tokio::test]
async fn the_echo_of_ones_own_writes_is_harmless() {
    // Given the demo book, loaded, and the notices of everything that was written
    let site = Site::open(&site::book("demo")).await;
    let engine = site.engine();
    site::load(&engine).await.unwrap();
    let verifier = Verifier::new(Secret::new(QuickBooksConfig::default().verifier_token));
    let mut told = 0;
    for notice in site.quickbooks().take_webhooks() {
        let signature = notice.headers[SIGNATURE_HEADER].to_str().unwrap().to_owned();
        let delivery = verifier.open(Some(&signature), &notice.body).unwrap();
        assert_eq!(delivery.unreadable, [] as [String; 0]);
        told += delivery.events.len();
    }
    assert!(told > 160, "{told} events");
    // When the same program, which has written it, looks at what changed in QuickBooks and works everything again
    let written = site.write_requests();
    site.days_pass(1);
    let report = site::load(&engine).await.unwrap();
    // Then it takes its own writes for what they are
    assert_eq!((report.created, report.updated, report.dead), (0, 0, 0), "{report:?}");
    assert_eq!(site.write_requests(), written);
    ties_out(&site);
}
