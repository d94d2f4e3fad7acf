//! WIP entries that somebody approved: posted once whatever happens on the way, and tied out against the accounts (T12).

use std::time::Duration;

use sync_core::engine::{ApprovedEntry, EntryOutcome, Step, entries_of};
use sync_core::journal::{Link, MemoryJournal};
use sync_core::mapping::{AccountRole, Names};
use sync_core::model::accounting::{JournalEntry, JournalLine};
use sync_core::model::{AccountId, Currency, DocumentKey, DocumentKind, Money};
use sync_core::reconcile::FindingKind;
use sync_sandboxes::json::Json;

use crate::kit::compare::compare;
use crate::kit::crash::{At, Trap};
use crate::kit::{Site, site};

const UNDERBILLINGS: &str = "152";
const OVERBILLINGS: &str = "153";
const INCOME: &str = "79";

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

/// An entry that debits one account and credits another.
fn entry(name: &str, debit: &str, credit: &str, amount: &str) -> ApprovedEntry {
    let line = |account: &str, amount| JournalLine {
        account: AccountId::from(account),
        amount,
        description: format!("WIP {name}"),
        class: None,
        customer: None,
    };
    let lines = vec![line(debit, usd(amount)), line(credit, usd(amount).negated())];
    let date = "2026-06-30".parse().unwrap();
    ApprovedEntry {
        document: DocumentKey::new(DocumentKind::WipEntry, name),
        label: name.to_owned(),
        entry: JournalEntry::new(None, date, format!("WIP {name}"), lines).unwrap(),
    }
}

/// June's entries of two jobs.
fn june() -> [ApprovedEntry; 2] {
    [
        entry("2026-014.2026-06-30.revenue", INCOME, OVERBILLINGS, "15000"),
        entry("2026-021.2026-06-30.revenue", UNDERBILLINGS, INCOME, "36000"),
    ]
}

fn journal_entries(site: &Site) -> Vec<String> {
    site.quickbooks().all("JournalEntry").map(|e| e.get("Id").and_then(Json::as_id).unwrap().to_owned()).collect()
}

async fn links(site: &Site) -> Vec<Link> {
    let mut links = site.journal.links(&site.connection()).await.unwrap();
    links.extend(site.journal.links(&entries_of(&site.connection())).await.unwrap());
    links
}

#[tokio::test]
async fn approved_entries_are_posted_once() {
    // Given a company, and two entries that somebody approved
    let site = Site::open(&site::book("demo")).await;
    // When they are posted
    let outcomes = site.engine().post_entries(&june()).await.unwrap();
    // Then both are in the books, and linked
    assert!(outcomes.iter().all(|outcome| matches!(outcome, EntryOutcome::Posted(_))), "{outcomes:?}");
    assert_eq!(journal_entries(&site).len(), 2);
    // And when they are posted again, by a program that has just started
    let again = site.engine().post_entries(&june()).await.unwrap();
    // Then they are the same
    assert!(again.iter().all(|outcome| matches!(outcome, EntryOutcome::PostedBefore(_))), "{again:?}");
    assert_eq!(journal_entries(&site).len(), 2);
    // And no sync of the connection sees jobs in them
    let counts = site.journal.counts(&site.connection()).await.unwrap();
    assert_eq!((counts.changes, counts.links), (0, 0));
}

#[tokio::test]
async fn killed_at_any_step_of_an_approval_nothing_is_lost_or_posted_twice() {
    for step in [Step::Claimed, Step::IntentStored, Step::Sent, Step::OutcomeStored] {
        // Given a program that dies at a step of posting
        let site = Site::open(&site::book("demo")).await;
        let trap = Trap::at(At::Nth(step, 1));
        let engine = site.engine_watched(trap.clone());
        assert!(trap.watch(engine.post_entries(&june())).await.is_none(), "it dies at {step}");
        drop(engine);
        // When what was left open is settled by the next one
        site.clock.advance(Duration::from_secs(60));
        site.engine().post_entries(&[]).await.unwrap();
        // Then what was sent is found by its marker, and what was stored is sent; before that, nothing was approved for good
        let expected = if step == Step::Claimed { 0 } else { 2 };
        assert_eq!(journal_entries(&site).len(), expected, "{step}");
        // And when the controller approves once more
        let outcomes = site.engine().post_entries(&june()).await.unwrap();
        // Then each is there once
        let there = |outcome: &EntryOutcome| matches!(outcome, EntryOutcome::Posted(_) | EntryOutcome::PostedBefore(_));
        assert!(outcomes.iter().all(there), "{step}: {outcomes:?}");
        assert_eq!(journal_entries(&site).len(), 2, "{step}");
        let counts = site.journal.counts(&entries_of(&site.connection())).await.unwrap();
        assert_eq!((counts.open_intents, counts.pending, counts.links), (0, 0, 2), "{step}");
    }
}

#[tokio::test]
async fn without_its_journal_an_entry_is_found_by_its_marker() {
    // Given entries that were posted, and a journal that was lost
    let mut site = Site::open(&site::book("demo")).await;
    site.engine().post_entries(&june()).await.unwrap();
    site.journal = std::sync::Arc::new(MemoryJournal::default());
    // When they are approved again
    let outcomes = site.engine().post_entries(&june()).await.unwrap();
    // Then they are linked, not posted
    assert!(outcomes.iter().all(|outcome| matches!(outcome, EntryOutcome::Posted(_))), "{outcomes:?}");
    assert_eq!(journal_entries(&site).len(), 2);
}

#[tokio::test]
async fn an_entry_in_a_closed_period_is_refused() {
    // Given books that are closed to the end of June
    let site = Site::open(&site::book("demo")).await;
    let now = site.now();
    site.quickbooks().person_sets_closing_date(now, Some("2026-06-30"));
    // When June's entries are posted, then they are refused
    let outcomes = site.engine().post_entries(&june()).await.unwrap();
    let refused = |o: &EntryOutcome| matches!(o, EntryOutcome::Refused(why) if why.contains("closed to 2026-06-30"));
    assert!(outcomes.iter().all(refused), "{outcomes:?}");
    assert!(journal_entries(&site).is_empty());
}

#[tokio::test]
async fn posted_entries_tie_to_the_accounts_and_what_people_change_is_named() {
    // Given a synced company with approved entries
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    site.engine().post_entries(&june()).await.unwrap();
    let report = compare(&site, &links(&site).await).await;
    // Then T12 ties
    let t12 = |report: &sync_core::reconcile::company::CompanyReport| {
        let totals = report.tie_outs.iter().filter(|total| total.id == "T12");
        totals.map(|total| (total.left.to_string(), total.right.to_string())).collect::<Vec<_>>()
    };
    let both = |a: &str| (a.to_owned(), a.to_owned());
    assert_eq!(t12(&report), [both("36000.00"), both("15000.00"), both("0.00")]);
    assert!(report.is_clean(), "{:#?}", report.findings);
    // also when nothing is known but the marks in the books
    assert!(compare(&site, &[]).await.is_clean());
    // And when a person deletes one and enters another by hand
    let now = site.now();
    let deleted = {
        let quickbooks = site.quickbooks();
        let of_clinic = |entry: &&Json| entry.get("PrivateNote").unwrap().as_str().unwrap().contains("2026-014");
        let found = quickbooks.all("JournalEntry").find(of_clinic);
        found.and_then(|entry| entry.get("Id")).and_then(Json::as_id).unwrap().to_owned()
    };
    site.quickbooks().person_deletes(now, "JournalEntry", &deleted).unwrap();
    let by_hand = r#"{"TxnDate":"2026-06-30","DocNumber":"JE-7","Line":[
        {"Amount":750.00,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Debit","AccountRef":{"value":"152"}}},
        {"Amount":750.00,"DetailType":"JournalEntryLineDetail","JournalEntryLineDetail":{"PostingType":"Credit","AccountRef":{"value":"79"}}}]}"#;
    let by_hand = Json::parse(by_hand.as_bytes()).unwrap();
    site.quickbooks().person_creates(now, "JournalEntry", by_hand).unwrap();
    // Then both are told, with the amounts that they make T12 differ by
    let report = compare(&site, &links(&site).await).await;
    let mut found: Vec<(FindingKind, String, String)> = report
        .findings
        .iter()
        .filter(|finding| finding.tie_out == "T12")
        .map(|f| (f.kind, f.procore.clone().or(f.quickbooks.clone()).unwrap(), f.amount.to_string()))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            (FindingKind::NotFromThisSync, "JE-7".to_owned(), "-750.00".to_owned()),
            (FindingKind::Deleted, "2026-014.2026-06-30.revenue".to_owned(), "15000.00".to_owned()),
        ]
    );
    let differ = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(t12(&report), [differ("36000.00", "36750.00"), differ("15000.00", "0.00"), both("0.00")]);
}

#[tokio::test]
async fn the_accounts_of_the_schedule_are_those_of_the_mapping() {
    let site = Site::open(&site::book("demo")).await;
    let sink = site.sink();
    sync_core::connector::Sink::begin(&sink).await.unwrap();
    let directory = sync_core::connector::Sink::directory(&sink).await.unwrap();
    let names = Names::new(&directory);
    let account = |role| site.mapping.account(role, &names).unwrap().to_string();
    assert_eq!(account(AccountRole::Underbillings), UNDERBILLINGS);
    assert_eq!(account(AccountRole::Overbillings), OVERBILLINGS);
    assert_eq!(account(AccountRole::ContractBillings), INCOME);
}
