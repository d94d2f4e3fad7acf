//! Both connectors, on the doubles, keep what every source and every sink promises.

use std::sync::Mutex;

use sync_core::conformance;

use crate::kit::{Site, site};

#[tokio::test]
async fn procore_is_a_source() {
    let site = Site::open(&site::book("demo")).await;
    let failures = conformance::source::run_all(&site.source()).await;
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn quickbooks_online_is_a_sink() {
    // A company for each case; all of them live until the end.
    let sites: Mutex<Vec<Site>> = Mutex::default();
    let book = site::book("demo");
    let make = async || {
        let site = Site::open(&book).await;
        let sink = site.sink();
        sites.lock().unwrap().push(site);
        sink
    };
    let failures = conformance::sink::run_all(site::start(), make).await;
    assert!(failures.is_empty(), "{failures:#?}");
}
