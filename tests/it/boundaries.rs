//! What the sync asks of both vendors, and nothing beyond.
//!
//! Each double of these tests checks every request against the vendor's list, and each body that QuickBooks gets against
//! the published schema; one that was asked for more fails the test that used it (`sync_sandboxes::conduct`).

use std::collections::BTreeSet;

use procore_client::actuals::WritePath;
use sync_sandboxes::conduct::Conduct;

use crate::kit::{Site, site};

fn names(conduct: &Conduct) -> Vec<String> {
    conduct.seen().iter().map(|(name, count)| format!("{count:>5} {name}")).collect()
}

/// Both connectors are held to their own lists too, which are what they are built from.
fn within_their_own_lists(site: &Site) {
    for request in site.quickbooks().log() {
        let rows = quickbooks_online::allowed::rows_of(request.method.as_str(), &request.target, &request.body);
        let rows = rows.unwrap_or_else(|fault| panic!("{fault}"));
        assert!(rows.iter().all(|row| row.by_sync), "{rows:?}");
    }
    for request in site.procore().log().iter().filter(|request| request.method != "GET") {
        let token = request.path.starts_with("/oauth/");
        assert!(
            token || WritePath::of(&request.method, &request.path).is_some(),
            "{} {}",
            request.method,
            request.path
        );
    }
}

#[tokio::test]
async fn a_whole_run_of_both_books_asks_for_what_is_listed() {
    let mut written = BTreeSet::new();
    for name in ["demo", "harbor"] {
        // Given a book, loaded, a day on which people change something on both sides, and a night
        let site = Site::open(&site::book(name)).await;
        site.load().await;
        site.days_pass(1);
        let app = site.procore().all("requisitions").next().unwrap().clone();
        let app = crate::kit::ledger::text(&app, &["id"]).to_owned();
        site.procore().person_edits(site.now(), "requisitions", &app, |app| app.set("comment", "seen")).unwrap();
        site.catch_up().await;
        site.load().await;
        // Then nothing went out but what is on the lists
        let (procore, quickbooks) = (site.procore(), site.quickbooks());
        println!("{name}\n{}\n{}", names(procore.conduct()).join("\n"), names(quickbooks.conduct()).join("\n"));
        assert_eq!(procore.conduct().faults(), [] as [String; 0]);
        assert_eq!(quickbooks.conduct().faults(), [] as [String; 0]);
        assert!(procore.conduct().seen().len() > 10 && quickbooks.conduct().seen().len() > 5);
        let writes = quickbooks.conduct().seen().keys().filter(|name| name.starts_with("batch create"));
        written.extend(writes.cloned());
        drop((procore, quickbooks));
        within_their_own_lists(&site);
    }
    let documents = ["Bill", "Customer", "Estimate", "Invoice", "PurchaseOrder", "Vendor", "VendorCredit"];
    for entity in documents {
        assert!(written.contains(&format!("batch create {entity}")), "{entity}: {written:?}");
    }
}

#[test]
fn a_double_that_was_asked_for_more_fails_its_test() {
    use sync_sandboxes::procore::{Procore, ProcoreConfig};
    use sync_sandboxes::quickbooks::{QuickBooks, QuickBooksConfig};
    // Given a sync that changes a commitment, and one that makes an account
    let book = site::book("demo");
    let asked = |at: &str, method: &str| {
        http::Request::builder().method(method).uri(at).body(bytes::Bytes::from_static(b"{}")).unwrap()
    };
    let procore = std::panic::catch_unwind(|| {
        let mut procore = Procore::from_book(&book, ProcoreConfig::default());
        procore.answer(site::start(), asked("/rest/v1.0/work_order_contracts/598134326200010", "PATCH"));
        procore.answer(site::start(), asked("/rest/v1.0/budget_line_items", "POST"));
    });
    let quickbooks = std::panic::catch_unwind(|| {
        let mut quickbooks = QuickBooks::from_book(&book, QuickBooksConfig::default());
        quickbooks.answer(site::start(), asked("/v3/company/1/account", "POST"));
    });
    // Then their tests fail, and say why
    for (panicked, words) in [(procore, "budget_line_items"), (quickbooks, "create of account")] {
        let text = *panicked.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains(words), "{text}");
    }
}
