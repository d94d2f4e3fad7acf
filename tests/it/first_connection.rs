//! Companies that have both run for a while: what exists is linked before anything is created. And a journal that was
//! lost.

use std::sync::Arc;

use sync_core::dead_letter::Cause;
use sync_core::engine::{AdoptionState, Answer, Place, Survey};
use sync_core::journal::MemoryJournal;
use sync_core::model::{DocumentKey, DocumentKind, TargetKind, TargetRef};
use sync_core::rulings::{Choice, Clerk};
use sync_sandboxes::json::{Json, object};

use crate::kit::edit::set;
use crate::kit::ledger::{decimal, items, marked, procore_id, text};
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, site};

const TRANSACTIONS: [&str; 6] = ["PurchaseOrder", "Bill", "VendorCredit", "Estimate", "Invoice", "CreditMemo"];
/// SC-A1: its contract and second pay app.
const CONTRACT: &str = "598134326200001";
const APP: &str = "598134326660002";

fn lose_journal(site: &mut Site) {
    site.journal = Arc::new(MemoryJournal::default());
}

/// The id of the transaction that stands for a record of Procore.
fn standing_for(site: &Site, entity: &str, procore: &str) -> String {
    let quickbooks = site.quickbooks();
    let found = quickbooks.all(entity).find(|record| procore_id(record) == procore);
    text(found.unwrap_or_else(|| panic!("no {entity} for {procore}")), &["Id"]).to_owned()
}

/// As if everything had been entered by hand: no record carries a mark of the sync.
fn without_marks(site: &mut Site) {
    let now = site.now();
    for (entity, member) in
        TRANSACTIONS.map(|entity| (entity, "PrivateNote")).into_iter().chain([("Customer", "Notes")])
    {
        let ids: Vec<String> = site
            .quickbooks()
            .all(entity)
            .filter(|record| !marked(record).is_empty())
            .map(|record| text(record, &["Id"]).to_owned())
            .collect();
        for id in ids {
            site.quickbooks().person_edits(now, entity, &id, |record| record.set(member, "entered by hand")).unwrap();
        }
    }
    lose_journal(site);
    site.days_pass(1);
}

async fn survey(site: &Site) -> Survey {
    site.engine().survey().await.unwrap()
}

fn key_of(survey: &Survey, id: &str) -> DocumentKey {
    let is = |key: &DocumentKey| key.id.rsplit('.').next() == Some(id);
    survey.documents.iter().map(|one| &one.document).find(|key| is(key)).unwrap().clone()
}

#[tokio::test]
async fn a_lost_journal_is_rebuilt_and_the_next_sync_writes_nothing() {
    // Given a loaded company whose journal is lost
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    let links = site.journal.links(&site.connection()).await.unwrap();
    let written = site.write_requests();
    lose_journal(&mut site);
    site.days_pass(1);
    // When the links are rebuilt from the marks
    let rebuilt = site.engine().rebuild_links().await.unwrap();
    // Then every document has its transaction again,
    assert_eq!((rebuilt.same, rebuilt.differing, rebuilt.strays, rebuilt.new), (links.len(), 0, 0, 0), "{rebuilt:?}");
    let again = site.journal.links(&site.connection()).await.unwrap();
    let pairs = |links: &[sync_core::journal::Link]| -> Vec<(DocumentKey, TargetRef)> {
        links.iter().map(|link| (link.document.clone(), link.target.clone())).collect()
    };
    assert_eq!(pairs(&again), pairs(&links));
    // and the next sync writes nothing
    let report = site.load().await;
    assert_eq!((report.created, report.updated, report.adopted, report.dead), (0, 0, 0, 0), "{report:?}");
    assert_eq!(site.write_requests(), written);
    ties_out(&site);
    // And rebuilding again, over links that are there, is refused
    let refused = site.engine().rebuild_links().await.unwrap_err().to_string();
    assert!(refused.contains("links") && refused.contains("lost"), "{refused}");
}

#[tokio::test]
async fn what_was_edited_while_the_journal_was_lost_is_not_overwritten() {
    // Given a lost journal, and a bill that the bookkeeper has moved to another day since
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    lose_journal(&mut site);
    site.days_pass(1);
    let bill = standing_for(&site, "Bill", APP);
    site.quickbooks().person_edits(site.now(), "Bill", &bill, |bill| bill.set("TxnDate", "2026-04-09")).unwrap();
    let before = site.quickbooks().entity("Bill", &bill).cloned();
    let written = site.write_requests();
    // When the links are rebuilt and the sync runs
    let rebuilt = site.engine().rebuild_links().await.unwrap();
    assert_eq!((rebuilt.differing, rebuilt.new), (1, 0), "{rebuilt:?}");
    site.load().await;
    // Then the bill is as she left it, and a person is asked, with both dates
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    assert_eq!(site.write_requests(), written);
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:#?}") };
    assert_eq!(letter.cause, Cause::Conflict);
    assert!(letter.text.contains("2026-04-09"), "{}", letter.text);
    // And when the controller says that QuickBooks is right, it stays so
    let (journal, connection) = (site.journal.clone(), site.connection());
    let clerk = Clerk { journal: journal.as_ref(), connection: &connection, now: site.now() };
    clerk.resolve(&letter.document, Choice::Quickbooks { target: None }, "the invoice says so").await.unwrap();
    site.catch_up().await;
    for _ in 0..2 {
        site.days_pass(1);
        site.load().await;
    }
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    assert_eq!(site.write_requests(), written);
}

#[tokio::test]
async fn jobs_that_were_entered_by_hand_are_linked_and_not_doubled() {
    // Given both companies with the same jobs, entered by hand on either side
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    without_marks(&mut site);
    let written = site.write_requests();
    // When they are connected, then all of it is seen to be the same, nothing needs a person,
    let found = survey(&site).await;
    assert_eq!(found.open().count(), 0, "{:#?}", found.open().collect::<Vec<_>>());
    assert!(found.same().count() > 100, "{}", found.same().count());
    assert!(!found.documents.iter().any(|one| matches!(one.place, Place::New | Place::Waits(_))));
    // and the first sync links it and writes nothing
    let report = site.load().await;
    assert_eq!((report.created, report.updated, report.dead, report.to_adopt), (0, 0, 0, 0), "{report:?}");
    assert_eq!(site.write_requests(), written);
    assert_eq!(site.engine().adoption().await.unwrap(), AdoptionState::Done);
}

#[tokio::test]
async fn nothing_is_created_until_a_person_has_decided_about_what_looks_alike() {
    // Given the same, but the bookkeeper numbers one purchase order in her own way, and one contract is not there yet
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    let order = standing_for(&site, "PurchaseOrder", CONTRACT);
    without_marks(&mut site);
    let now = site.now();
    site.quickbooks().person_edits(now, "PurchaseOrder", &order, |order| order.set("DocNumber", "4711")).unwrap();
    site.days_pass(1);
    let written = site.write_requests();
    // When they are connected
    let report = site.load().await;
    // Then nothing is written, and the contract is proposed with score and reasons
    assert_eq!((report.created, report.adopted, report.to_adopt), (0, 0, 1), "{report:?}");
    assert_eq!(site.write_requests(), written);
    assert_eq!(site.engine().adoption().await.unwrap(), AdoptionState::Open);
    let found = survey(&site).await;
    let open: Vec<_> = found.open().collect();
    let [(one, [only])] = open.as_slice() else { panic!("{open:#?}") };
    assert_eq!(only.target, TargetRef { kind: TargetKind::PurchaseOrder, id: order.as_str().into() });
    assert!(only.score >= 50 && only.reasons.iter().any(|reason| reason.to_string().contains("same amount")));
    assert!(only.differences.iter().any(|text| text.contains("4711")), "{:?}", only.differences);
    // And linking only what is sure leaves it open; what hangs on it is not linked either
    let adopted = site.engine().adopt_same().await.unwrap();
    assert!(adopted.linked > 50 && adopted.open == 1 && !adopted.finished, "{adopted:?}");
    assert!(site.journal.link(&site.connection(), &one.document).await.unwrap().is_none());
    // And when the controller confirms it, the rest is linked too and the sync writes nothing
    let answers = [(one.document.clone(), only.target.clone(), Answer::Keep)];
    let adopted = site.engine().adopt_confirmed(&answers).await.unwrap();
    assert!(adopted.finished && adopted.linked > 1, "{adopted:?}");
    let report = site.load().await;
    assert_eq!((report.created, report.updated, report.dead), (0, 0, 0), "{report:?}");
    assert_eq!(site.write_requests(), written);
    // And when the contract's text changes in Procore later, its number in QuickBooks stays
    site.days_pass(1);
    site.procore()
        .person_edits(site.now(), "work_order_contracts", CONTRACT, |c| set(c, &["contract_date"], "2026-01-21"))
        .unwrap();
    let report = site.catch_up().await;
    assert_eq!((report.updated, report.dead), (1, 0), "{report:?} {:#?}", site.dead_letters().await);
    let quickbooks = site.quickbooks();
    let order = quickbooks.entity("PurchaseOrder", &order).unwrap();
    assert_eq!((text(order, &["DocNumber"]), text(order, &["TxnDate"])), ("4711", "2026-01-21"));
}

#[tokio::test]
async fn a_vendor_of_nearly_the_same_name_is_asked_about_once() {
    // Given a vendor in QuickBooks whose name differs by its legal form
    for answer in [Answer::Keep, Answer::No] {
        let site = Site::open(&site::book("demo")).await;
        let name = "Skyline Roofing Contractors, Inc.";
        let there = object([("DisplayName", name.into())]);
        let there = site.quickbooks().person_creates(site.now(), "Vendor", there).unwrap();
        // When the companies are connected, then nothing is created and the pair is shown
        let report = site.load().await;
        assert_eq!((report.created, report.to_adopt), (0, 1), "{report:?}");
        assert_eq!(site.write_requests(), 0);
        let found = survey(&site).await;
        let (one, matches) = found.open().next().unwrap();
        assert_eq!(matches[0].target.id.as_str(), there);
        // When a person has answered, then everything is posted, to that vendor or to a new one
        let pair = (one.document.clone(), matches[0].target.clone(), answer);
        assert!(site.engine().adopt_confirmed(&[pair]).await.unwrap().finished);
        site.load().await;
        assert_eq!(site.dead_letters().await, []);
        ties_out(&site);
        let quickbooks = site.quickbooks();
        let bills = quickbooks.all("Bill").filter(|bill| text(bill, &["VendorRef", "value"]) == there).count();
        assert_eq!(bills > 0, answer == Answer::Keep, "{answer:?}");
        assert_eq!(text(quickbooks.entity("Vendor", &there).unwrap(), &["DisplayName"]), name, "not renamed");
        let new =
            quickbooks.all("Vendor").filter(|v| text(v, &["DisplayName"]) == "Skyline Roofing Contractors").count();
        assert_eq!(new, usize::from(answer == Answer::No));
    }
}

#[tokio::test]
async fn a_link_that_adoption_made_can_be_taken_back_and_one_of_the_sync_cannot() {
    let mut site = Site::open(&site::book("demo")).await;
    site.load().await;
    let posted = site.journal.links(&site.connection()).await.unwrap().pop().unwrap().document;
    assert!(site.engine().unadopt(&posted).await.is_err(), "made by the sync");
    without_marks(&mut site);
    let found = survey(&site).await;
    let key = key_of(&found, CONTRACT);
    site.engine().adopt_same().await.unwrap();
    // When the link of a contract is taken back
    let target = site.engine().unadopt(&key).await.unwrap();
    // Then it is not linked, the pair is not proposed again, and nothing is created until a person says so
    assert!(site.journal.link(&site.connection(), &key).await.unwrap().is_none());
    assert_eq!(site.engine().adoption().await.unwrap(), AdoptionState::Open);
    let found = survey(&site).await;
    assert!(!found.same().any(|(_, found)| found.target == target));
    assert!(!found.open().any(|(_, matches)| matches.iter().any(|found| found.target == target)));
}

#[tokio::test]
async fn a_bill_entered_by_hand_holds_the_first_load_before_its_commitment_is_there() {
    // Given a bill of a vendor that exists, with the amount and about the date of a pay app whose commitment is new
    let site = Site::open(&site::book("demo")).await;
    let bill = object([
        ("VendorRef", object([("value", "71".into())])),
        ("DocNumber", "SCM-02".into()),
        ("TxnDate", "2026-03-31".into()),
        ("Line", vec![expense("36000.00")].into()),
    ]);
    let bill = site.quickbooks().person_creates(site.now(), "Bill", bill).unwrap();
    let report = site.load().await;
    // Then nothing is created, and the pair is shown
    assert_eq!((report.created, report.to_adopt), (0, 1), "{report:?}");
    let found = survey(&site).await;
    let (one, matches) = found.open().next().unwrap();
    assert_eq!((one.document.kind, matches[0].target.id.as_str()), (DocumentKind::PayApp, bill.as_str()));
    // And when a person says that all else is new, it loads, and that pay app alone is held
    site.engine().finish_adoption().await.unwrap();
    site.load().await;
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:#?}") };
    assert_eq!(letter.cause, Cause::SameInvoice, "{}", letter.text);
    assert!(letter.text.contains("SCM-02") && letter.text.contains("36000.00"), "{}", letter.text);
    assert_eq!(decimal(site.quickbooks().entity("Bill", &bill).unwrap(), &["TotalAmt"]), 36_000.into());
}

pub(crate) fn expense(amount: &str) -> Json {
    object([
        ("Amount", Json::Number(amount.to_owned())),
        ("DetailType", "AccountBasedExpenseLineDetail".into()),
        ("AccountBasedExpenseLineDetail", object([("AccountRef", object([("value", "141".into())]))])),
    ])
}

#[tokio::test]
async fn an_empty_company_passes_without_ceremony() {
    let site = Site::open(&site::book("demo")).await;
    let report = site.load().await;
    assert!(report.created > 50 && report.to_adopt == 0, "{report:?}");
    assert_eq!(site.engine().adoption().await.unwrap(), AdoptionState::Done);
    assert!(site.quickbooks().all("Bill").all(|bill| !items(bill, "Line").is_empty()));
}
