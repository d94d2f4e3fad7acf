use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use chrono::NaiveTime;
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::journal::{JobEnd, Journal, LinkChange, Settlement};
use sync_core::model::{DocumentKey, DocumentKind, Money};
use sync_sandboxes::book::Book;

use super::plant::House;
use super::{nightly, notice};
use crate::demo::stage::Stage;
use crate::reconcile::live;
use crate::settings::{ServeSettings, Settings};

/// A service on the demo's companies; nothing was loaded yet.
fn house(notice_url: String) -> (Stage, House) {
    let stage = Stage::with_book(Book::demo().unwrap(), None, true).unwrap();
    let serve = ServeSettings {
        address: "127.0.0.1:0".parse().unwrap(),
        public_url: "https://sync.example.com".to_owned(),
        poll_minutes: 5,
        reconcile_at: NaiveTime::from_hms_opt(2, 0, 0),
        notice_url,
        notice_at: NaiveTime::MIN,
    };
    let house = House::open(Settings { connection: stage.settings(), serve, dir: None }, None).unwrap();
    (stage, house)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nightly_comparison_tells_what_is_missing_and_gives_it_back_to_intake() {
    // Given companies of which nothing was synced yet, when they are compared at night,
    let (_stage, house) = house(String::new());
    nightly::compare(&house).await;
    // then the run is complete and has findings,
    let id = house.plant().id.clone();
    let last = live::last(house.journal.as_ref(), &id).await.unwrap().unwrap();
    assert!(last.complete && last.findings > 100, "{last:?}");
    // what is missing will be worked,
    let counts = house.journal.counts(&id).await.unwrap();
    assert!(counts.ready > 100, "{counts:?}");
    // and the figures say so.
    let text = house.metrics.render(&[]);
    assert!(text.contains("sync_reconciliations_total{outcome=\"findings\"} 1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_notice_tells_what_waits_by_cause_with_the_amount_at_stake() {
    // Given an address that takes notices, and two documents whose code has no row,
    let taken: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = taken.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let take = move |body: String| async move { keep.lock().unwrap().push(body) };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(take))).await });
    let (_stage, house) = house(url);
    let (id, now) = (house.plant().id.clone(), house.clock.now());
    assert_eq!(notice::post(&house).await.unwrap(), 0);
    for (number, cents) in [("1.1", 1_250_000), ("1.2", 3_755_025)] {
        let document = DocumentKey::new(DocumentKind::PayApp, number);
        let letter = DeadLetter {
            document: document.clone(),
            label: number.to_owned(),
            cause: Cause::MissingCoding,
            text: "cost code 03-300 has no row".to_owned(),
            amount: Some(Money::new(rust_decimal::Decimal::new(cents, 2), "USD".parse().unwrap()).unwrap()),
            target: None,
            candidates: Vec::new(),
            since: now - chrono::Duration::days(3),
        };
        let end = JobEnd::Dead(Box::new(letter));
        let settlement =
            Settlement { document, token: None, end, closes: None, link: LinkChange::Keep, audit: String::new() };
        house.journal.settle(&id, &[settlement], now).await.unwrap();
    }
    // when the notice is due, then one post names the cause, how many, how much, and for how long;
    assert_eq!(notice::post(&house).await.unwrap(), 2);
    let posts = taken.lock().unwrap().clone();
    let [text] = posts.as_slice() else { panic!("nothing waits, nothing is posted: {posts:?}") };
    let told: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!((&told["documents"], &told["causes"][0]["documents"]), (&2.into(), &2.into()));
    let text = told["text"].as_str().unwrap();
    for part in
        ["2 documents wait for a person", "missing coding: 2, ", "50050.25", "for 3 days", "https://sync.example.com"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}
