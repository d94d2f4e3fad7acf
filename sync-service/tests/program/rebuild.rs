//! A journal that was lost, as a user meets it: `sync`, the journal removed, `rebuild-links`, `sync`.

use crate::company::Company;
use serde_json::Value;
use sync_sandboxes::json::Json;

/// Figures of a run that stand for something written.
const WRITTEN: [&str; 5] = ["created", "updated", "adopted", "payments_recorded", "payments_taken_back"];

fn loses_its_journal(company: &Company) {
    for file in std::fs::read_dir(company.dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("journal.sqlite") {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(!company.journal().exists());
}

#[test]
fn a_journal_that_was_lost_is_rebuilt_and_the_next_sync_writes_nothing() {
    // Given a company that was loaded, and whose people have paid, voided, deleted and edited since
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    for round in 1..=company.book.people.rounds() {
        company.people(round);
        company.json(&["sync", "--json"]);
    }
    company.a_day_passes_at_the_bank();
    company.json(&["sync", "--json"]);
    let at_bank = |company: &Company| {
        let told = |payment: &&Json| payment.get("origin_data").and_then(Json::as_str).is_some();
        company.procore().all("contract_payments").filter(told).count()
    };
    assert_eq!(at_bank(&company), 4, "check 1001 has cleared, check 1010 over three bills is reconciled");
    let recorded = company.procore().all("contract_payments").count();
    let dead = company.json(&["dead-letters", "list", "--json"]);
    assert!(recorded > 10, "{recorded}");
    // When its journal is lost and the links are rebuilt
    loses_its_journal(&company);
    let before = company.writes();
    let rebuilt = company.json(&["rebuild-links", "--json"]);
    assert!(rebuilt["same"].as_u64().unwrap() > 180, "{rebuilt}");
    assert_eq!(rebuilt["payments"], Value::from(recorded - 1), "all but the one that somebody entered by hand");
    // Then the next sync, and the one after it, write nothing to either side,
    for run in 0..2 {
        let report = company.json(&["sync", "--json"]);
        for figure in WRITTEN.iter().filter(|figure| run > 0 || **figure != "adopted") {
            assert_eq!(report["run"][figure], Value::from(0), "{figure}: {report}");
        }
        assert_eq!(company.writes(), before, "{report}");
    }
    assert_eq!(company.procore().all("contract_payments").count(), recorded);
    // and the same documents wait for a person
    let documents = |letters: &Value| {
        let all = letters.as_array().unwrap_or_else(|| panic!("{letters}"));
        let mut all: Vec<String> = all.iter().map(|l| format!("{} {}", l["cause"], l["document"])).collect();
        all.sort();
        all
    };
    assert_eq!(documents(&company.json(&["dead-letters", "list", "--json"])), documents(&dead));
}

#[test]
fn a_payment_that_was_deleted_while_the_journal_was_lost_is_taken_back() {
    // Given two bills that were paid, and recorded as paid
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    company.people(1);
    company.json(&["sync", "--json"]);
    let by_check = |number: &str| {
        let is = |payment: &&Json| payment.get("check_number").and_then(Json::as_id) == Some(number);
        company.procore().all("contract_payments").filter(is).count()
    };
    assert_eq!((by_check("1010"), by_check("1011")), (3, 1));
    // When the journal is lost, and check 1011 is deleted before the links are rebuilt
    loses_its_journal(&company);
    company.people(2);
    company.json(&["rebuild-links", "--json"]);
    let report = company.json(&["sync", "--json"]);
    // Then Procore does not show it as paid any more; check 1002 was voided, and the other payments stay
    assert_eq!((by_check("1010"), by_check("1011"), by_check("1002")), (3, 0, 0), "{report}");
}
