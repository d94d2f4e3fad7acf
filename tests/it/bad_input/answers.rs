//! Answers that are not what the vendors document.

use std::sync::{Arc, Mutex};

use http::Method;
use sync_core::Error;
use sync_sandboxes::faults::Fault;

use crate::kit::site::load;
use crate::kit::tie_out::ties_out;
use crate::kit::wire::Weather;
use crate::kit::{Site, lock, site};

/// The program fails once with an error that says these words; started again, it brings everything home.
async fn fails_once_then_ties_out(site: &Site, words: &[&str]) -> Error {
    let error = load(&site.engine()).await.unwrap_err();
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "`{word}` in: {text}");
    }
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(site);
    error
}

const NO_TOKENS: [&str; 6] = [
    "",
    "{}",
    "[]",
    "<html><body>Service unavailable</body></html>",
    r#"{"access_token":{"value":"x"},"token_type":"bearer","expires_in":3600}"#,
    r#"{"access_token":"x","refresh_token":7,"expires_in":"soon"}"#,
];

async fn malformed_token_answers(weather: fn(&Site) -> &Arc<Mutex<Weather>>, name: &str) {
    let book = site::book("demo");
    for body in NO_TOKENS {
        // Given access tokens that have ended, and a token endpoint that answers something else
        let site = Site::open(&book).await;
        site.clock.advance(std::time::Duration::from_secs(2 * 3600));
        lock(weather(&site)).answer_next("/oauth", 200, body);
        // When the program runs, then the error says which connection got no token; and the next start goes through
        let error = load(&site.engine()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("token"), "{body}: {text}");
        println!("{name}: {text} {:?}", error.advice());
        site.load().await;
        assert_eq!(site.dead_letters().await, []);
    }
}

#[tokio::test]
async fn malformed_token_answers_of_procore() {
    malformed_token_answers(|site| &site.procore_weather, "procore").await;
}

#[tokio::test]
async fn malformed_token_answers_of_quickbooks() {
    malformed_token_answers(|site| &site.quickbooks_weather, "quickbooks").await;
}

#[tokio::test]
async fn a_page_of_procore_that_is_cut_off() {
    let book = site::book("demo");
    for path in ["/vendors", "/requisitions", "/work_order_contracts", "/prime_contracts", "/change_order"] {
        // Given a list that breaks off, with the status of a whole one
        let site = Site::open(&book).await;
        lock(&site.procore_weather).api.next_for(Fault::Truncated, Method::GET, path);
        // When the program runs, then nothing of the page is used, and the next start goes through
        fails_once_then_ties_out(&site, &["cut off", path]).await;
    }
}

#[tokio::test]
async fn an_answer_of_quickbooks_that_is_cut_off() {
    // Given the first read of QuickBooks that breaks off
    let site = Site::open(&site::book("demo")).await;
    lock(&site.quickbooks_weather).api.next_for(Fault::Truncated, Method::POST, "/batch");
    fails_once_then_ties_out(&site, &["batch", "cannot be read"]).await;
}

#[tokio::test]
async fn a_body_of_the_wrong_type() {
    let book = site::book("demo");
    for body in ["\"maintenance\"", "null", "{\"errors\":\"none\"}", "<html></html>", ""] {
        // Given a list of pay apps that is something else
        let site = Site::open(&book).await;
        lock(&site.procore_weather).answer_next("/requisitions", 200, body);
        // When the program runs, then the error names the call, and the next start goes through
        fails_once_then_ties_out(&site, &["/requisitions"]).await;
        // Given a read of QuickBooks that is something else
        let site = Site::open(&book).await;
        lock(&site.quickbooks_weather).answer_next("/batch", 200, body);
        fails_once_then_ties_out(&site, &["batch"]).await;
    }
}
