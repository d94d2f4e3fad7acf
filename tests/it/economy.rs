//! Requests to QuickBooks Online for a first load: its limits are the bottleneck, so few requests are the speed.

use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::QuickBooks;

use crate::kit::{Site, site};

/// Items of one batch.
const BATCH: usize = 30;

/// All lists and documents fit into one page each, and the pages into one batch.
const READS: usize = 1;

/// Requests that a load takes level by level, each batch as full as it can be: vendors and owners, then jobs, then purchase
/// orders and estimates, then bills, invoices and credits.
fn minimum(quickbooks: &QuickBooks, before: &Before) -> usize {
    let (owners, jobs): (Vec<&Json>, Vec<&Json>) =
        quickbooks.all("Customer").partition(|customer| customer.get("ParentRef").is_none());
    let count = |entity| quickbooks.all(entity).count();
    let levels = [
        owners.len() - before.customers + count("Vendor") - before.vendors,
        jobs.len(),
        count("PurchaseOrder") + count("Estimate"),
        count("Bill") + count("VendorCredit") + count("Invoice") + count("CreditMemo"),
    ];
    READS + levels.iter().map(|writes| writes.div_ceil(BATCH)).sum::<usize>()
}

/// What the company had before.
struct Before {
    customers: usize,
    vendors: usize,
}

async fn is_economical(name: &str) {
    // Given the book
    let site = Site::open(&site::book(name)).await;
    let before = {
        let quickbooks = site.quickbooks();
        Before { customers: quickbooks.all("Customer").count(), vendors: quickbooks.all("Vendor").count() }
    };
    // When it is loaded for the first time
    site.load().await;
    // Then it took at most a quarter more requests than it must, and no vendor had to slow it down
    let requests = usize::try_from(site.quickbooks_requests()).unwrap();
    let minimum = minimum(&site.quickbooks(), &before);
    assert!(requests * 4 <= minimum * 5, "{name}: {requests} requests, level by level {minimum}");
    assert_eq!(site.quickbooks().requests().throttled, 0);
    assert_eq!(site.procore().requests().throttled, 0);
}

#[tokio::test]
async fn the_first_load_of_the_demo_book_is_economical() {
    is_economical("demo").await;
}

#[tokio::test]
async fn the_first_load_of_the_harbor_book_is_economical() {
    is_economical("harbor").await;
}
