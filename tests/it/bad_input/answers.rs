//! Answers that are not what the vendors document.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::{Json, object};

use crate::kit::edit::{change, set};
use crate::kit::ledger::text;
use crate::kit::site::load;
use crate::kit::tie_out::ties_out;
use crate::kit::wire::Weather;
use crate::kit::{Site, lock, site};

/// The program fails, with an error that says these words.
async fn fails(site: &Site, words: &[&str]) {
    let error = load(&site.engine()).await.expect_err("the answer is not what is documented");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "`{word}` in: {text}");
    }
}

/// Started again, the program brings everything home.
async fn then_ties_out(site: &Site) {
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(site);
}

const NO_TOKENS: [&str; 6] = [
    "",
    "{}",
    "[]",
    "<html><body>Service unavailable</body></html>",
    r#"{"access_token":{"value":"x"},"token_type":"bearer","expires_in":3600}"#,
    r#"{"access_token":"x","refresh_token":7,"expires_in":"soon"}"#,
];

async fn malformed_token_answers(weather: fn(&Site) -> &Arc<Mutex<Weather>>) {
    // Given access tokens that have ended
    let site = Site::open(&site::book("demo")).await;
    site.clock.advance(Duration::from_secs(2 * 3600));
    for body in NO_TOKENS {
        // When the token endpoint answers something else, then the error says so, and what to check
        lock(weather(&site)).answer_next("/oauth", 200, body);
        fails(&site, &["token endpoint", "; "]).await;
    }
    // And nothing is lost: the refresh token was not used up, and the next start goes through
    then_ties_out(&site).await;
}

#[tokio::test]
async fn malformed_token_answers_of_procore() {
    malformed_token_answers(|site| &site.procore_weather).await;
}

#[tokio::test]
async fn malformed_token_answers_of_quickbooks() {
    malformed_token_answers(|site| &site.quickbooks_weather).await;
}

#[tokio::test]
async fn a_page_of_procore_that_is_cut_off() {
    let site = Site::open(&site::book("demo")).await;
    for path in ["/vendors", "/prime_contracts", "/work_order_contracts", "/commitment_change_orders", "/requisitions"]
    {
        // Given a list that breaks off, with the status of a whole one
        lock(&site.procore_weather).api.next_for(Fault::Truncated, Method::GET, path);
        // When the program runs, then it names the call, and says that nothing of it was used
        fails(&site, &["cut off", path, "Nothing of it was used"]).await;
    }
    then_ties_out(&site).await;
}

#[tokio::test]
async fn an_answer_of_quickbooks_that_is_cut_off() {
    // Given the first read of QuickBooks, which breaks off
    let site = Site::open(&site::book("demo")).await;
    lock(&site.quickbooks_weather).api.next_for(Fault::Truncated, Method::POST, "/batch");
    fails(&site, &["batch", "cannot be read"]).await;
    then_ties_out(&site).await;
}

const NO_LISTS: [&str; 5] = ["\"maintenance\"", "null", "{\"errors\":\"none\"}", "<html></html>", ""];

#[tokio::test]
async fn a_body_of_procore_of_the_wrong_type() {
    let site = Site::open(&site::book("demo")).await;
    for body in NO_LISTS {
        // Given a list of pay apps that is something else
        lock(&site.procore_weather).answer_next("/requisitions", 200, body);
        // When the program runs, then it names the call
        fails(&site, &["/requisitions"]).await;
    }
    then_ties_out(&site).await;
}

#[tokio::test]
async fn a_body_of_quickbooks_of_the_wrong_type() {
    let site = Site::open(&site::book("demo")).await;
    for body in NO_LISTS {
        // Given a read of QuickBooks that is something else
        lock(&site.quickbooks_weather).answer_next("/batch", 200, body);
        // When the program runs, then it names the call
        fails(&site, &["batch", "cannot be read"]).await;
    }
    then_ties_out(&site).await;
}

#[tokio::test]
async fn an_owner_is_not_made_a_vendor_because_the_prime_contract_cannot_be_read_for_a_moment() {
    // Given a prime contract with a status that is an object, until somebody mends it
    let mut book = site::book("demo");
    let contracts = book.procore("prime_contracts");
    let of_the_bakery = |contract: &&Json| text(contract, &["vendor", "name"]).starts_with("Miller's Bakery");
    let contract = text(contracts.iter().find(of_the_bakery).unwrap(), &["id"]).to_owned();
    let mut status = Json::Null;
    change(&mut book, "prime_contracts", &contract, |contract| {
        status = contract.get("status").unwrap().clone();
        set(contract, &["status"], object([("value", "Approved".into())]));
    });
    let site = Site::open(&book).await;
    let _ = load(&site.engine()).await;
    // When it is mended, and everything is taken in once more
    site.days_pass(1);
    let mend = |contract: &mut Json| set(contract, &["status"], status);
    site.procore().person_edits(site.now(), "prime_contracts", &contract, mend).unwrap();
    // Then everything is posted: nothing irrevocable was done meanwhile
    then_ties_out(&site).await;
}

#[tokio::test]
async fn a_record_whose_id_cannot_be_read_for_a_moment_is_no_dead_letter_for_ever() {
    // Given a contract whose id is an object, in one answer
    let site = Site::open(&site::book("demo")).await;
    let body = r#"[{"id":{"value":598134326200019},"number":"PO-2026-021-002"}]"#;
    lock(&site.procore_weather).answer_next("/purchase_order_contracts", 200, body);
    let _ = load(&site.engine()).await;
    // When everything is taken in once more, and can be read
    then_ties_out(&site).await;
}

/// The list of projects, with one among them that has an object for a name.
fn projects_with_one_unreadable(site: &Site, unreadable: &str) -> String {
    let procore = site.procore();
    let projects = procore.all("projects").map(|project| {
        let mut project = project.clone();
        if text(&project, &["id"]) == unreadable {
            set(&mut project, &["name"], object([("value", "?".into())]));
        }
        project
    });
    Json::Array(projects.collect()).to_string()
}

const BAKERY: &str = "598134326100025";

#[tokio::test]
async fn an_owner_is_not_made_a_vendor_because_the_project_cannot_be_read_for_a_moment() {
    // Given a list of projects, one of which cannot be read this once
    let site = Site::open(&site::book("demo")).await;
    let body = projects_with_one_unreadable(&site, BAKERY);
    lock(&site.procore_weather).answer_next("/rest/v1.1/projects", 200, &body);
    let _ = load(&site.engine()).await;
    // When everything is taken in once more, and can be read
    then_ties_out(&site).await;
}

#[tokio::test]
async fn a_change_is_not_missed_because_its_project_cannot_be_read_for_a_moment() {
    // Given the demo book, loaded, and an approval in one project
    let (site, app) = (Site::open(&site::book("demo")).await, "598134326660103");
    let edit = |status: &'static str| {
        site.procore().person_edits(site.now(), "requisitions", app, |app| set(app, &["status"], status)).unwrap();
    };
    edit("under_review");
    site.load().await;
    site.days_pass(1);
    edit("approved");
    // When the project cannot be read this once, an hour later, and the program polls then, and again the days after
    site.clock.advance(Duration::from_secs(3_600));
    let body = projects_with_one_unreadable(&site, BAKERY);
    lock(&site.procore_weather).answer_next("/rest/v1.1/projects", 200, &body);
    let engine = site.engine();
    let _ = engine.poll().await;
    for _ in 0..3 {
        site.days_pass(1);
        site.catch_up().await;
    }
    // Then the approval is posted, without waiting for a night in which everything is taken in
    ties_out(&site);
}
