//! What QuickBooks spends on a job without a commitment, recorded in Procore: only where the controller says so, once, and
//! never by a guess.

use std::sync::Arc;

use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::engine::{RunReport, Step};
use sync_core::journal::MemoryJournal;
use sync_core::rulings::{Choice, Clerk};
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::Json;

use crate::kit::compare::{compare, said};
use crate::kit::crash::{At, Trap};
use crate::kit::edit::MappingFiles;
use crate::kit::ledger::{items, text};
use crate::kit::{Site, lock, site};

const ON: &str = "[direct_costs]\nrecord = \"all\"\nfrom = \"2026-01-02\"\n";
const CLINIC: &str = "598134326100021";
const SCHOOL: &str = "598134326100022";

/// The demo portfolio, loaded; direct costs are recorded from then on.
async fn demo() -> Site {
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    says(&mut site, ON, "");
    site
}

fn says(site: &mut Site, toml: &str, rows: &str) {
    let files = MappingFiles::of_demo();
    files.append("sync.toml", toml);
    if !rows.is_empty() {
        files.append("direct_costs.csv", rows.trim_start());
    }
    site.mapping = files.load().unwrap();
}

fn by_name(site: &Site, entity: &str, name: &str) -> String {
    let quickbooks = site.quickbooks();
    let named = |row: &&Json| {
        ["FullyQualifiedName", "DisplayName", "Name"].iter().any(|member| text(row, &[member]).ends_with(name))
    };
    let found = quickbooks.all(entity).find(named).unwrap_or_else(|| panic!("{entity} {name}"));
    text(found, &["Id"]).to_owned()
}

/// A line: job (none for overhead), item, amount.
type Line<'a> = (Option<&'a str>, &'a str, &'a str);

fn lines(site: &Site, lines: &[Line<'_>]) -> String {
    let line = |(job, item, amount): &Line<'_>| {
        let item = by_name(site, "Item", item);
        let job = job.map(|job| format!(r#","CustomerRef":{{"value":"{}"}}"#, by_name(site, "Customer", job)));
        format!(
            r#"{{"Amount":{amount},"DetailType":"ItemBasedExpenseLineDetail","Description":"as bought",
                "ItemBasedExpenseLineDetail":{{"ItemRef":{{"value":"{item}"}}{}}}}}"#,
            job.unwrap_or_default()
        )
    };
    lines.iter().map(line).collect::<Vec<_>>().join(",")
}

fn enters(site: &Site, entity: &str, body: &str) -> String {
    let body = Json::parse(body.as_bytes()).unwrap();
    site.quickbooks().person_creates(site.now(), entity, body).unwrap()
}

/// The bookkeeper pays by check.
fn check(site: &Site, number: &str, date: &str, of: &[Line<'_>]) -> String {
    let lines = lines(site, of);
    let vendor = by_name(site, "Vendor", "Northland Power and Water");
    let body = format!(
        r#"{{"PaymentType":"Check","AccountRef":{{"value":"35"}},"EntityRef":{{"value":"{vendor}","type":"Vendor"}},
            "DocNumber":"{number}","TxnDate":"{date}","Line":[{lines}]}}"#
    );
    enters(site, "Purchase", &body)
}

fn bill(site: &Site, vendor: &str, number: &str, of: &[Line<'_>]) -> String {
    let (vendor, lines) = (by_name(site, "Vendor", vendor), lines(site, of));
    let body = format!(
        r#"{{"VendorRef":{{"value":"{vendor}"}},"APAccountRef":{{"value":"33"}},"DocNumber":"{number}",
            "TxnDate":"2026-05-04","Line":[{lines}]}}"#
    );
    enters(site, "Bill", &body)
}

async fn carry(site: &Site) -> RunReport {
    site.engine().carry_direct_costs().await.unwrap()
}

/// What Procore has: project, kind, total, date, budget codes with amounts.
fn recorded(site: &Site) -> Vec<String> {
    let procore = site.procore();
    let of = |cost: &Json| {
        let lines = items(cost, "line_items").iter();
        let lines: Vec<String> = lines
            .map(|line| {
                format!("{} {}", text(line, &["wbs_code", "flat_code"]), line.get("amount").unwrap().as_str().unwrap())
            })
            .collect();
        let word = |name: &str| cost.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        format!(
            "{} {} {} {}: {}",
            text(cost, &["project", "id"]),
            word("direct_cost_type"),
            word("grand_total"),
            word("direct_cost_date"),
            lines.join(", ")
        )
    };
    let mut all: Vec<String> = procore.all("direct_costs").map(of).collect();
    all.sort();
    all
}

async fn letters(site: &Site) -> Vec<DeadLetter> {
    let mut letters = site.dead_letters().await;
    letters.retain(|letter| letter.document.to_string().starts_with("direct_cost/"));
    letters
}

async fn only_letter(site: &Site) -> DeadLetter {
    let letters = letters(site).await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    letter.clone()
}

async fn rules(site: &Site, letter: &DeadLetter, choice: Choice) {
    let connection = site.connection();
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &connection, now: site.now() };
    clerk.resolve(&letter.document, choice, "looked at").await.unwrap();
    site.engine().run().await.unwrap();
}

fn posts(site: &Site) -> u64 {
    site.procore().requests().of("POST /rest/v1.1/projects/{id}/direct_costs")
}

#[tokio::test]
async fn nothing_is_recorded_unless_it_is_said() {
    let mut site = demo().await;
    says(&mut site, "", "");
    check(&site, "900", "2026-05-01", &[(Some("Riverside Clinic"), "05-100 Structural Steel", "500.00")]);
    let asked = site.quickbooks_requests();
    assert_eq!(carry(&site).await, RunReport::default());
    assert_eq!((recorded(&site), site.quickbooks_requests()), (Vec::new(), asked));
}

#[tokio::test]
async fn one_check_over_two_jobs_is_two_direct_costs_and_overhead_is_none() {
    // Given a check over two jobs and the office
    let site = demo().await;
    check(
        &site,
        "901",
        "2026-05-01",
        &[
            (Some("Riverside Clinic"), "05-100 Structural Steel", "500.00"),
            (Some("Riverside Clinic"), "05-120 Steel Erection", "20.10"),
            (Some("Birchwood School Addition"), "06-200 Finish Carpentry", "70.05"),
            (None, "05-100 Structural Steel", "9.99"),
        ],
    );
    // When it is carried over, again, and in the nights after
    let report = carry(&site).await;
    assert_eq!(report.direct_costs_recorded, 2, "{report:?} {:?}", letters(&site).await);
    for _ in 0..2 {
        assert_eq!(carry(&site).await.direct_costs_recorded, 0);
        site.days_pass(1);
    }
    // Then each project bears its own part, under its budget codes, once
    let expected = [
        format!("{CLINIC} expense 520.10 2026-05-01: 05-100.S 500.00, 05-120.S 20.10"),
        format!("{SCHOOL} expense 70.05 2026-05-01: 06-200.S 70.05"),
    ];
    assert_eq!((recorded(&site), posts(&site)), (expected.to_vec(), 2));
    assert_eq!(letters(&site).await, []);
}

#[tokio::test]
async fn what_is_a_commitment_or_ours_or_older_is_left_out() {
    // Given the bills that the sync made, some under purchase orders, a check of an earlier day, and a job nobody knows
    let site = demo().await;
    check(&site, "902", "2026-01-01", &[(Some("Riverside Clinic"), "05-100 Structural Steel", "500.00")]);
    enters(&site, "Customer", r#"{"DisplayName":"Kitchen of the owner"}"#);
    check(&site, "903", "2026-05-01", &[(Some("Kitchen of the owner"), "05-100 Structural Steel", "500.00")]);
    // When direct costs are carried over
    let report = carry(&site).await;
    // Then there are none
    assert_eq!((report.direct_costs_recorded, recorded(&site)), (0, Vec::new()));
    assert_eq!(letters(&site).await, []);
}

#[tokio::test]
async fn where_several_codes_lead_to_one_item_a_row_decides_and_until_then_a_person_is_asked() {
    // Given an item that two budget codes of the school lead to
    let mut site = demo().await;
    let files = MappingFiles::of_demo();
    files.append("coding.csv", ",,06-400.S,,,,,06-200 Finish Carpentry,\n");
    files.replace("coding.csv", ",,06-400.S,,,,06 Wood and Plastics,06-400 Architectural Woodwork,\n", "");
    files.append("sync.toml", ON);
    site.mapping = files.load().unwrap();
    check(&site, "904", "2026-05-01", &[(Some("Birchwood School Addition"), "06-200 Finish Carpentry", "70.05")]);
    carry(&site).await;
    // Then a person is asked, and told both
    let letter = only_letter(&site).await;
    assert_eq!(letter.cause, Cause::MissingCoding);
    assert!(
        letter.text.contains("06-200.S and 06-400.S") && letter.text.contains("direct_costs.csv"),
        "{}",
        letter.text
    );
    // And once a row says which, it is recorded
    files.append("direct_costs.csv", "item,budget_code\n06-200 Finish Carpentry,06-400.S\n");
    site.mapping = files.load().unwrap();
    site.days_pass(1);
    site.engine().run().await.unwrap();
    assert_eq!(recorded(&site), [format!("{SCHOOL} expense 70.05 2026-05-01: 06-400.S 70.05")]);
    assert_eq!(letters(&site).await, []);
}

#[tokio::test]
async fn a_bill_of_a_vendor_with_a_commitment_waits_for_a_yes() {
    // Given bills without a commitment: of a utility, and of a subcontractor who has one on the job
    let site = demo().await;
    let of = [(Some("Riverside Clinic"), "05-100 Structural Steel", "310.00")];
    bill(&site, "Northland Power and Water", "NP-1", &of);
    bill(&site, "Superior Concrete & Masonry Inc", "SC-77", &of);
    carry(&site).await;
    // Then the first is recorded, and a person is asked about the second
    let utility = format!("{CLINIC} expense 310.00 2026-05-04: 05-100.S 310.00");
    assert_eq!(recorded(&site), std::slice::from_ref(&utility));
    let letter = only_letter(&site).await;
    assert_eq!(letter.cause, Cause::AwaitingApproval);
    assert!(
        letter.text.contains("commitment SC-2026-014-001 on") && letter.text.contains("may be a pay app"),
        "{}",
        letter.text
    );
    // And after a yes it is recorded too, as the invoice of that vendor
    rules(&site, &letter, Choice::Approve).await;
    let invoice = format!("{CLINIC} invoice 310.00 2026-05-04: 05-100.S 310.00");
    assert_eq!(recorded(&site), [utility, invoice]);
    assert_eq!(letters(&site).await, []);
}

#[tokio::test]
async fn what_changes_after_it_was_recorded_is_told_since_procore_has_locked_it() {
    // Given two checks that are recorded
    let site = demo().await;
    let of = [(Some("Riverside Clinic"), "05-100 Structural Steel", "500.00")];
    let first = check(&site, "905", "2026-05-01", &of);
    let second = check(&site, "906", "2026-05-02", &of);
    carry(&site).await;
    let before = recorded(&site);
    assert_eq!(before.len(), 2);
    site.days_pass(1);
    // When one is deleted, and the date of the other is corrected
    site.quickbooks().person_deletes(site.now(), "Purchase", &first).unwrap();
    site.quickbooks()
        .person_edits(site.now(), "Purchase", &second, |purchase| purchase.set("TxnDate", "2026-05-03"))
        .unwrap();
    carry(&site).await;
    // Then both are told, and Procore stays as it was
    let mut causes: Vec<Cause> = letters(&site).await.into_iter().map(|letter| letter.cause).collect();
    causes.sort_unstable();
    assert_eq!(causes, [Cause::Conflict, Cause::DeletedInQuickbooks]);
    assert_eq!((recorded(&site), posts(&site)), (before, 2));
}

#[tokio::test]
async fn a_refund_is_left_to_a_person() {
    let site = demo().await;
    let lines = lines(&site, &[(Some("Riverside Clinic"), "05-100 Structural Steel", "12.00")]);
    let body = format!(
        r#"{{"PaymentType":"CreditCard","Credit":true,"AccountRef":{{"value":"41"}},"TxnDate":"2026-05-01","Line":[{lines}]}}"#
    );
    enters(&site, "Purchase", &body);
    carry(&site).await;
    let letter = only_letter(&site).await;
    assert!(letter.text.contains("-12.00") && letter.text.contains("a refund"), "{}", letter.text);
    assert_eq!(recorded(&site), [""; 0]);
    // And where the controller leaves it so, nobody is asked again
    rules(&site, &letter, Choice::Ignore).await;
    site.days_pass(1);
    carry(&site).await;
    assert_eq!(letters(&site).await, []);
}

#[tokio::test]
async fn lost_answers_cost_time_only() {
    for fault in [Fault::LostAnswer, Fault::LostRequest] {
        let site = demo().await;
        check(&site, "907", "2026-05-01", &[(Some("Riverside Clinic"), "05-100 Structural Steel", "500.00")]);
        lock(&site.procore_weather).api.next_for(fault, http::Method::POST, "/direct_costs");
        let report = carry(&site).await;
        assert_eq!((report.direct_costs_recorded, report.uncertain), (1, 1), "{fault:?}");
        assert_eq!(recorded(&site).len(), 1, "{fault:?}");
        assert_eq!(letters(&site).await, []);
    }
}

#[tokio::test]
async fn killed_at_any_step_and_with_the_journal_lost_each_is_recorded_once() {
    let mut kills = 0;
    for step in [Step::Claimed, Step::Fetched, Step::IntentStored, Step::Sent, Step::Settled] {
        for nth in 1.. {
            // Given two checks, and a program that will be killed at the n-th step of this kind
            let mut site = demo().await;
            let of = [(Some("Riverside Clinic"), "05-100 Structural Steel", "500.00")];
            check(&site, "908", "2026-05-01", &of);
            check(&site, "909", "2026-05-01", &of);
            let trap = Trap::at(At::Nth(step, nth));
            let engine = site.engine_watched(trap.clone());
            // When it is killed, and started again after its leases have ended, once even without its journal
            if trap.watch(engine.carry_direct_costs()).await.is_some() {
                break;
            }
            kills += 1;
            site.days_pass(1);
            site.engine().run().await.unwrap();
            carry(&site).await;
            site.journal = Arc::new(MemoryJournal::default());
            site.engine().rebuild_links().await.unwrap();
            site.load().await;
            carry(&site).await;
            // Then both are there, each once
            assert_eq!(recorded(&site).len(), 2, "killed at {step} {nth}");
            assert_eq!(letters(&site).await, [], "killed at {step} {nth}");
        }
    }
    assert!(kills >= 8, "{kills} kills");
}

#[tokio::test]
async fn what_is_recorded_is_no_difference_between_the_companies() {
    // Given the bill of a utility and a check, of a job and without a commitment
    let site = demo().await;
    let of = [(Some("Riverside Clinic"), "05-100 Structural Steel", "310.00")];
    bill(&site, "Northland Power and Water", "NP-1", &of);
    check(&site, "910", "2026-05-01", &of);
    let links = site.journal.links(&site.connection()).await.unwrap();
    let before = said(&compare(&site, &links).await);
    assert!(before.iter().any(|finding| finding.2.as_deref() == Some("NP-1")), "{before:?}");
    // When both are recorded
    carry(&site).await;
    // Then nothing differs any more
    let links = site.journal.links(&site.connection()).await.unwrap();
    assert_eq!(said(&compare(&site, &links).await), []);
}
