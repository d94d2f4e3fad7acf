//! Documents of Procore that cannot be posted as they are. Each holds up its own contract and nothing else, and posts as
//! soon as it is corrected.

use sync_core::connector::{Fetched, Source};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, DocumentKind};
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;

use crate::kit::edit::{MappingFiles, change, set};
use crate::kit::ledger::text;
use crate::kit::tie_out::{ties_out, ties_out_but};
use crate::kit::{Site, site};

/// SC-2026-014-ROOF-0001, with three pay apps.
const CONTRACT: &str = "598134326200010";
const APPS: [&str; 3] = ["598134326660036", "598134326660037", "598134326660038"];

/// SC-2026-027-004, elevators: the only contract with cost code 14-200.
const ELEVATORS: &str = "598134326200023";
/// SC-2026-040-002, sprinklers: the only contract with cost code 21-100.
const SPRINKLERS: &str = "598134326200031";

/// The ids of a contract's pay apps.
fn apps_of(book: &Book, contract: &str) -> Vec<String> {
    let apps = book.procore("requisitions").iter().filter(|app| text(app, &["commitment_id"]) == contract);
    apps.map(|app| text(app, &["id"]).to_owned()).collect()
}

/// The one dead letter, of this cause, about the document of this id; these pay apps wait, and nothing else does.
async fn only_letter(site: &Site, cause: Cause, id: &str, waiting: &[&str]) -> DeadLetter {
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, cause, "{}", letter.text);
    assert_eq!(letter.document.project_and_id().unwrap().1, id, "{letter:?}");
    assert!(!letter.cause.advice().is_empty());
    let waits = site.waiting().await;
    let mut ids: Vec<&str> = waits.iter().map(|wait| wait.document.project_and_id().unwrap().1).collect();
    ids.sort_unstable();
    assert_eq!(ids, waiting, "what waits");
    letter.clone()
}

fn says(letter: &DeadLetter, words: &[&str]) {
    for word in words {
        assert!(
            letter.text.contains(word) || letter.label.contains(word),
            "`{word}` in {}: {}",
            letter.label,
            letter.text
        );
    }
}

/// A project manager corrects a record; the program hears of it.
async fn corrected(site: &Site, resource: &str, id: &str, correct: impl FnOnce(&mut Json)) {
    site.days_pass(1);
    site.procore().person_edits(site.now(), resource, id, correct).unwrap();
    site.catch_up().await;
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(site.waiting().await, []);
    ties_out(site);
}

#[tokio::test]
async fn an_amount_with_three_decimals_in_a_commitment() {
    // Given a contract with a line of 96,400.005
    let mut book = site::book("demo");
    change(&mut book, "work_order_contracts", CONTRACT, |c| set(c, &["line_items", "0", "amount"], "96400.005"));
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then the contract is held and says which amount is wrong; its pay apps wait, all else is posted
    let letter = only_letter(&site, Cause::Unreadable, CONTRACT, &APPS).await;
    says(&letter, &["SC-2026-014-ROOF-0001", "96400.005"]);
    ties_out_but(&site, &[CONTRACT], &APPS);
    // And when it is corrected, everything is posted
    let line = |c: &mut Json| set(c, &["line_items", "0", "amount"], "96400.0");
    corrected(&site, "work_order_contracts", CONTRACT, line).await;
}

#[tokio::test]
async fn an_amount_with_three_decimals_in_a_pay_app() {
    // Given the second of three pay apps with an amount of three decimals
    let mut book = site::book("demo");
    let path = ["items", "0", "work_completed_this_period"];
    let mut before = Json::Null;
    change(&mut book, "requisitions", APPS[1], |app| {
        before = app.get("items").unwrap().as_array().unwrap()[0].get(path[2]).unwrap().clone();
        set(app, &path, "28920.125");
    });
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then it is held, the third waits, all else is posted
    let letter = only_letter(&site, Cause::Unreadable, APPS[1], &APPS[2..]).await;
    says(&letter, &["SC-2026-014-ROOF-0001", "28920.125"]);
    ties_out_but(&site, &[], &APPS[1..]);
    // And when it is corrected, both are posted
    corrected(&site, "requisitions", APPS[1], |app| set(app, &path, before)).await;
}

#[tokio::test]
async fn a_pay_app_whose_header_differs_from_its_lines_by_one_cent() {
    // Given a pay app whose payment due is a cent more than its lines come to
    let mut book = site::book("demo");
    let (mut due, mut earned) = (Json::Null, Json::Null);
    change(&mut book, "requisitions", APPS[1], |app| {
        due = app.at(&["summary", "current_payment_due"]).unwrap().clone();
        earned = app.at(&["summary", "total_earned_less_retainage"]).unwrap().clone();
        for member in ["current_payment_due", "total_earned_less_retainage"] {
            let cent_more =
                app.at(&["summary", member]).unwrap().as_decimal().unwrap() + rust_decimal::Decimal::new(1, 2);
            set(app, &["summary", member], cent_more.to_string());
        }
    });
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then it is held, with both figures and the cent
    let letter = only_letter(&site, Cause::AmountsDisagree, APPS[1], &APPS[2..]).await;
    let lines = due.as_decimal().unwrap();
    let figures = [format!("{:.2}", lines), format!("{:.2}", lines + rust_decimal::Decimal::new(1, 2))];
    says(&letter, &["SC-2026-014-ROOF-0001", &figures[0], &figures[1], "0.01"]);
    ties_out_but(&site, &[], &APPS[1..]);
    // And when it is corrected, it is posted and the next one with it
    corrected(&site, "requisitions", APPS[1], |app| {
        set(app, &["summary", "current_payment_due"], due);
        set(app, &["summary", "total_earned_less_retainage"], earned);
    })
    .await;
}

#[tokio::test]
async fn a_commitment_whose_header_differs_from_its_lines_by_one_cent() {
    // Given a contract whose sum is a cent less than its lines
    let mut book = site::book("demo");
    change(&mut book, "work_order_contracts", CONTRACT, |c| set(c, &["grand_total"], "96399.99"));
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then it is held, with both figures
    let letter = only_letter(&site, Cause::AmountsDisagree, CONTRACT, &APPS).await;
    says(&letter, &["SC-2026-014-ROOF-0001", "96399.99", "96400.00"]);
    ties_out_but(&site, &[CONTRACT], &APPS);
    corrected(&site, "work_order_contracts", CONTRACT, |c| set(c, &["grand_total"], "96400.0")).await;
}

#[tokio::test]
async fn a_status_that_nobody_knows_posts_nothing_and_survives() {
    // Given a pay app and a contract with words that Procore has just invented
    let mut book = site::book("demo");
    change(&mut book, "requisitions", APPS[2], |app| set(app, &["status"], "Ready To Pay"));
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then neither is posted, and nobody is asked about it
    assert_eq!(site.dead_letters().await, []);
    ties_out_but(&site, &[], &[]);
    let bills = crate::kit::ledger::postings(&site.quickbooks());
    assert!(bills.contains_key(APPS[1]) && !bills.contains_key(APPS[2]));
    // And the word is still the one that came
    let app = DocumentKey::new(DocumentKind::PayApp, format!("598134326100021.{}", APPS[2]));
    let Ok(Fetched::Found(document)) = site.source().fetch(&app).await else { panic!("the pay app can be read") };
    let Document::PayApp(app) = *document else { panic!("it is a pay app") };
    assert_eq!(app.status.as_str(), "Ready To Pay");
    let on_hold = DocumentKey::new(DocumentKind::Commitment, "598134326100023.598134326200036");
    let Ok(Fetched::Found(document)) = site.source().fetch(&on_hold).await else { panic!("the contract can be read") };
    let Document::Commitment(contract) = *document else { panic!("it is a contract") };
    assert_eq!(contract.status.as_str(), "On Hold Legal");
    // And once it is approved, it is posted
    corrected(&site, "requisitions", APPS[2], |app| set(app, &["status"], "approved")).await;
}

#[tokio::test]
async fn a_pay_app_dated_in_the_closed_period() {
    // Given a pay app dated before the books were closed on 2025-12-31
    let mut book = site::book("demo");
    change(&mut book, "requisitions", APPS[1], |app| set(app, &["billing_date"], "2025-12-15"));
    let site = Site::open(&book).await;
    // When everything is loaded
    site.load().await;
    // Then it is held, and the later one of its contract waits
    let letter = only_letter(&site, Cause::ClosedPeriod, APPS[1], &APPS[2..]).await;
    says(&letter, &["SC-2026-014-ROOF-0001", "2025-12-15", "2025-12-31"]);
    ties_out_but(&site, &[], &APPS[1..]);
    // And when the controller opens the books, the next night posts both
    site.days_pass(1);
    site.quickbooks().person_sets_closing_date(site.now(), None);
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn a_code_without_coding() {
    // Given a mapping without a row for the cost code 14-200
    let book = site::book("demo");
    let apps = apps_of(&book, ELEVATORS);
    let apps: Vec<&str> = apps.iter().map(String::as_str).collect();
    let files = MappingFiles::of_demo();
    files.replace("coding.csv", ",,,14-200,,,14 Conveying,14-200 Elevators,\n", "");
    let mut site = Site::open(&book).await;
    site.mapping = files.load().unwrap();
    // When everything is loaded
    site.load().await;
    // Then the contract is held and says which code of which project is missing where
    let letter = only_letter(&site, Cause::MissingCoding, ELEVATORS, &apps).await;
    says(&letter, &["SC-2026-027-004", "14-200", "2026-027", "coding.csv"]);
    ties_out_but(&site, &[ELEVATORS], &apps);
    // And when the row is there, the next night posts everything
    files.append("coding.csv", ",,,14-200,,,14 Conveying,14-200 Elevators,\n");
    site.mapping = files.load().unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn a_row_that_names_an_account_that_is_not_there() {
    // Given a mapping that misspells an account
    let book = site::book("demo");
    let apps = apps_of(&book, SPRINKLERS);
    let apps: Vec<&str> = apps.iter().map(String::as_str).collect();
    let files = MappingFiles::of_demo();
    let (right, wrong) = (
        ",,,21-100,,,21 Fire Suppression,,Job Costs:Subcontractors",
        ",,,21-100,,,21 Fire Suppression,,Job Costs:Subcontactors",
    );
    files.replace("coding.csv", right, wrong);
    let mut site = Site::open(&book).await;
    site.mapping = files.load().unwrap();
    // When everything is loaded
    site.load().await;
    // Then the contract is held, and says where the account is named and what it may have meant
    let letter = only_letter(&site, Cause::MissingAccount, SPRINKLERS, &apps).await;
    says(&letter, &["SC-2026-040-002", "coding.csv:", "Job Costs:Subcontactors", "Job Costs:Subcontractors"]);
    ties_out_but(&site, &[SPRINKLERS], &apps);
    // And when it is spelt right, the next night posts everything
    files.replace("coding.csv", wrong, right);
    site.mapping = files.load().unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}
