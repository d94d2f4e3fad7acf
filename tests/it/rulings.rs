//! What a person decides about dead letters is done by the next sync, once, and only for what was shown.

use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::model::DocumentKey;
use sync_core::rulings::{Choice, Clerk, RulingError};
use sync_sandboxes::json::{Json, object};

use crate::first_connection::expense;
use crate::kit::edit::{MappingFiles, set};
use crate::kit::ledger::{self, decimal, items, procore_id, text};
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, site};

/// SC-A1: its contract and pay apps of 22,500, 36,000, 31,500 and 10,000.
const CONTRACT: &str = "598134326200001";
const APPS: [&str; 4] = ["598134326660001", "598134326660002", "598134326660003", "598134326660004"];

const THEIRS: Choice = Choice::Quickbooks { target: None };

async fn loaded() -> Site {
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    site.days_pass(1);
    site
}

async fn resolve(site: &Site, document: &DocumentKey, choice: Choice) -> Result<&'static str, RulingError> {
    let connection = site.connection();
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &connection, now: site.now() };
    clerk.resolve(document, choice, "as the controller says").await
}

async fn only_letter(site: &Site, cause: Cause) -> DeadLetter {
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, cause, "{}", letter.text);
    letter.clone()
}

fn bills_of(site: &Site, app: &str) -> Vec<String> {
    let quickbooks = site.quickbooks();
    let bills = quickbooks.all("Bill").filter(|bill| procore_id(bill) == app);
    bills.map(|bill| text(bill, &["Id"]).to_owned()).collect()
}

fn bill_of(site: &Site, app: &str) -> String {
    let bills = bills_of(site, app);
    let [bill] = bills.as_slice() else { panic!("one bill for {app}: {bills:?}") };
    bill.clone()
}

fn date_of(site: &Site, bill: &str) -> String {
    text(site.quickbooks().entity("Bill", bill).unwrap(), &["TxnDate"]).to_owned()
}

async fn procore_dates(site: &Site, app: &str, date: &str) {
    site.procore().person_edits(site.now(), "requisitions", app, |app| set(app, &["billing_date"], date)).unwrap();
    site.catch_up().await;
}

/// Three nights later nothing was written and nobody is asked.
async fn stays_settled(site: &Site) {
    let written = site.write_requests();
    for _ in 0..3 {
        site.days_pass(1);
        site.load().await;
    }
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(site.write_requests(), written);
}

/// A bill whose date was changed on both sides.
async fn in_conflict() -> (Site, String, DeadLetter) {
    let site = loaded().await;
    let bill = bill_of(&site, APPS[1]);
    site.quickbooks().person_edits(site.now(), "Bill", &bill, |bill| bill.set("TxnDate", "2026-04-02")).unwrap();
    procore_dates(&site, APPS[1], "2026-04-05").await;
    let letter = only_letter(&site, Cause::Conflict).await;
    (site, bill, letter)
}

#[tokio::test]
async fn a_conflict_is_settled_for_procore() {
    let (site, bill, letter) = in_conflict().await;
    // When the controller takes Procore's version, then the bill has Procore's date, and it stays so
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    assert_eq!(date_of(&site, &bill), "2026-04-05");
    stays_settled(&site).await;
    ties_out(&site);
    // And the audit tells who decided what and why
    let audit = site.journal.audit(&site.connection(), 0, 10_000).await.unwrap();
    assert!(audit.iter().any(|row| row.text.contains("`procore`") && row.text.contains("as the controller says")));
}

#[tokio::test]
async fn a_conflict_is_settled_for_quickbooks() {
    let (site, bill, letter) = in_conflict().await;
    // When she takes QuickBooks' version, then the bill stays as it is,
    resolve(&site, &letter.document, THEIRS).await.unwrap();
    site.catch_up().await;
    assert_eq!(date_of(&site, &bill), "2026-04-02");
    stays_settled(&site).await;
    // and a later change of the date in Procore is written, for nobody has touched it in QuickBooks since
    site.days_pass(1);
    procore_dates(&site, APPS[1], "2026-04-06").await;
    assert_eq!(date_of(&site, &bill), "2026-04-06");
    stays_settled(&site).await;
}

#[tokio::test]
async fn a_ruling_counts_only_for_what_was_shown() {
    let (site, bill, letter) = in_conflict().await;
    // Given a ruling for Procore, and a bookkeeper who changes the bill again before the sync runs
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.quickbooks().person_edits(site.now(), "Bill", &bill, |bill| bill.set("TxnDate", "2026-04-08")).unwrap();
    // When it runs, then nothing is overwritten and the person is asked anew, with the new date
    site.catch_up().await;
    assert_eq!(date_of(&site, &bill), "2026-04-08");
    let letter = only_letter(&site, Cause::Conflict).await;
    assert!(letter.text.contains("2026-04-08"), "{}", letter.text);
}

#[tokio::test]
async fn a_deleted_bill_is_posted_again_once_if_a_person_wants_it() {
    let site = loaded().await;
    let bill = bill_of(&site, APPS[3]);
    site.quickbooks().person_deletes(site.now(), "Bill", &bill).unwrap();
    site.load().await;
    let letter = only_letter(&site, Cause::DeletedInQuickbooks).await;
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    assert_ne!(bill_of(&site, APPS[3]), bill);
    stays_settled(&site).await;
    ties_out(&site);
}

#[tokio::test]
async fn a_deleted_bill_stays_deleted_if_a_person_wants_that() {
    let site = loaded().await;
    let bill = bill_of(&site, APPS[3]);
    site.quickbooks().person_deletes(site.now(), "Bill", &bill).unwrap();
    site.load().await;
    let letter = only_letter(&site, Cause::DeletedInQuickbooks).await;
    resolve(&site, &letter.document, THEIRS).await.unwrap();
    site.catch_up().await;
    stays_settled(&site).await;
    assert_eq!(bills_of(&site, APPS[3]), [""; 0]);
}

#[tokio::test]
async fn a_voided_bill_is_told_and_posted_again_only_by_a_person() {
    let site = loaded().await;
    let bill = bill_of(&site, APPS[3]);
    site.quickbooks().person_voids(site.now(), "Bill", &bill).unwrap();
    for _ in 0..2 {
        site.load().await;
        site.days_pass(1);
    }
    let letter = only_letter(&site, Cause::VoidedInQuickbooks).await;
    assert_eq!(bill_of(&site, APPS[3]), bill, "not posted again by itself");
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    // The void bill still has the number: QuickBooks refuses a second, and says which has it
    let letter = only_letter(&site, Cause::DuplicateNumber).await;
    assert!(letter.text.contains(&bill), "{}", letter.text);
    // And when the bookkeeper has given that another number, the letter reads otherwise and is decided anew
    site.quickbooks().person_edits(site.now(), "Bill", &bill, |bill| bill.set("DocNumber", "VOID-4")).unwrap();
    let connection = site.connection();
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &connection, now: site.now() };
    clerk.retry(&letter.document).await.unwrap();
    site.catch_up().await;
    let letter = only_letter(&site, Cause::VoidedInQuickbooks).await;
    assert!(letter.text.contains("VOID-4"), "{}", letter.text);
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    assert_eq!(site.dead_letters().await, []);
    let bills = bills_of(&site, APPS[3]);
    assert_eq!(bills.len(), 2, "the void one, and one that counts");
    stays_settled(&site).await;
    let quickbooks = site.quickbooks();
    let total = |id: &String| decimal(quickbooks.entity("Bill", id).unwrap(), &["TotalAmt"]);
    let mut totals: Vec<_> = bills.iter().map(total).collect();
    totals.sort();
    assert_eq!(totals, [0.into(), 10_000.into()]);
}

/// A bill that the bookkeeper has entered for the fourth pay app while it was under review.
async fn entered_twice() -> (Site, String, DeadLetter) {
    let site = Site::open(&site::book("demo")).await;
    let status = |status: &'static str| {
        site.procore().person_edits(site.now(), "requisitions", APPS[3], |app| set(app, &["status"], status)).unwrap();
    };
    status("under_review");
    site.load().await;
    site.days_pass(1);
    let bill = object([
        ("VendorRef", object([("value", "71".into())])),
        ("DocNumber", "SCM-04".into()),
        ("TxnDate", "2026-08-02".into()),
        ("Line", vec![expense("10000.00")].into()),
    ]);
    let bill = site.quickbooks().person_creates(site.now(), "Bill", bill).unwrap();
    status("approved");
    site.catch_up().await;
    let letter = only_letter(&site, Cause::SameInvoice).await;
    assert_eq!(letter.candidates.len(), 1);
    for shown in ["SCM-04", "2026-08-02", "SCM-0004", "2026-07-31", "10000.00"] {
        assert!(letter.text.contains(shown), "{shown}: {}", letter.text);
    }
    (site, bill, letter)
}

#[tokio::test]
async fn the_same_invoice_by_another_road_is_linked_if_a_person_says_so() {
    let (site, bill, letter) = entered_twice().await;
    let before = site.quickbooks().entity("Bill", &bill).cloned();
    resolve(&site, &letter.document, THEIRS).await.unwrap();
    site.catch_up().await;
    let link = site.journal.link(&site.connection(), &letter.document).await.unwrap().unwrap();
    assert_eq!(link.target.id.as_str(), bill);
    stays_settled(&site).await;
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    assert_eq!(bills_of(&site, APPS[3]), [""; 0], "none was posted");
}

#[tokio::test]
async fn two_invoices_that_look_alike_are_both_posted_if_a_person_says_so() {
    let (site, bill, letter) = entered_twice().await;
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    assert_ne!(bill_of(&site, APPS[3]), bill);
    stays_settled(&site).await;
}

#[tokio::test]
async fn a_dropped_link_is_accepted_by_a_person() {
    // Given bills that QuickBooks has stored without their links
    let site = Site::open(&site::book("demo")).await;
    let review = |status: &'static str| {
        for app in APPS {
            site.procore().person_edits(site.now(), "requisitions", app, |app| set(app, &["status"], status)).unwrap();
        }
    };
    review("under_review");
    site.load().await;
    site.days_pass(1);
    let order = {
        let quickbooks = site.quickbooks();
        let order = quickbooks.all("PurchaseOrder").find(|order| procore_id(order) == CONTRACT).unwrap();
        text(order, &["Id"]).to_owned()
    };
    let moved = |order: &mut Json| order.set("VendorRef", object([("value", "72".into())]));
    site.quickbooks().person_edits(site.now(), "PurchaseOrder", &order, moved).unwrap();
    review("approved");
    site.catch_up().await;
    // When a person accepts each as it is, then the next is posted, and nothing is posted twice. The last releases
    // retainage, which has no purchase order line.
    for app in &APPS[..3] {
        let letters = site.dead_letters().await;
        let letter = letters.iter().find(|letter| letter.cause == Cause::LinkDropped);
        let letter = letter.unwrap_or_else(|| panic!("{app}: {letters:#?}"));
        assert_eq!(letter.document.project_and_id().unwrap().1, *app);
        resolve(&site, &letter.document, THEIRS).await.unwrap();
        site.catch_up().await;
    }
    assert!(site.dead_letters().await.iter().all(|letter| letter.cause != Cause::LinkDropped));
    for app in APPS {
        let bill = bill_of(&site, app);
        let quickbooks = site.quickbooks();
        assert!(
            items(quickbooks.entity("Bill", &bill).unwrap(), "Line").iter().all(|l| items(l, "LinkedTxn").is_empty())
        );
    }
    assert_eq!(ledger::postings(&site.quickbooks()), ledger::pay_apps(&site.procore()));
}

#[tokio::test]
async fn a_document_in_a_closed_period_is_posted_on_the_first_open_day_if_a_person_wants_it() {
    let site = Site::open(&site::book("demo")).await;
    site.procore()
        .person_edits(site.now(), "requisitions", APPS[3], |app| set(app, &["status"], "under_review"))
        .unwrap();
    site.load().await;
    site.days_pass(1);
    site.quickbooks().person_sets_closing_date(site.now(), Some("2026-07-31"));
    site.procore().person_edits(site.now(), "requisitions", APPS[3], |app| set(app, &["status"], "approved")).unwrap();
    site.catch_up().await;
    let letter = only_letter(&site, Cause::ClosedPeriod).await;
    assert!(letter.text.contains("2026-07-31"), "{}", letter.text);
    resolve(&site, &letter.document, Choice::Procore).await.unwrap();
    site.catch_up().await;
    assert_eq!(date_of(&site, &bill_of(&site, APPS[3])), "2026-08-01");
    stays_settled(&site).await;
}

#[tokio::test]
async fn a_bill_that_stands_in_a_closed_period_is_not_changed() {
    // Given a posted bill, and books that were closed over it
    let site = loaded().await;
    let bill = bill_of(&site, APPS[1]);
    site.quickbooks().person_sets_closing_date(site.now(), Some("2026-04-30"));
    let before = site.quickbooks().entity("Bill", &bill).cloned();
    // When its date changes in Procore, to an open day, then it is held and stays as it is
    procore_dates(&site, APPS[1], "2026-05-20").await;
    let letter = only_letter(&site, Cause::ClosedPeriod).await;
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    // and leaving it so is settled
    resolve(&site, &letter.document, THEIRS).await.unwrap();
    site.catch_up().await;
    stays_settled(&site).await;
}

#[tokio::test]
async fn a_choice_that_does_not_settle_the_cause_is_refused() {
    let (site, _, letter) = in_conflict().await;
    let error = resolve(&site, &letter.document, Choice::Approve).await.unwrap_err();
    assert!(matches!(error, RulingError::NotForThisCause { .. }), "{error}");
    let nobody = "pay_app/1.2".parse().unwrap();
    assert!(matches!(resolve(&site, &nobody, THEIRS).await, Err(RulingError::NoSuchLetter(_))));
    only_letter(&site, Cause::Conflict).await;
}

#[tokio::test]
async fn bills_above_a_limit_are_held_until_they_are_approved() {
    // Given a policy that holds bills of 34,000 and more
    let mut site = Site::open(&site::book("demo")).await;
    let files = MappingFiles::of_demo();
    files.append("sync.toml", "[approval]\nbill = \"34000\"\n");
    site.mapping = files.load().unwrap();
    // When everything is loaded, then those bills are held, with their amounts, and the smaller ones are posted
    site.load().await;
    let held = site.dead_letters().await;
    assert!(!held.is_empty());
    let limit = rust_decimal::Decimal::from(34_000);
    for letter in &held {
        assert_eq!(letter.cause, Cause::AwaitingApproval, "{}", letter.text);
        assert!(letter.amount.unwrap().amount() >= limit);
    }
    let posted: Vec<_> = site.quickbooks().all("Bill").map(|bill| decimal(bill, &["TotalAmt"])).collect();
    assert!(!posted.is_empty() && posted.iter().all(|total| *total < limit), "{posted:?}");
    let about = |letters: &[DeadLetter], app: &str| letters.iter().find(|l| l.document.id.ends_with(app)).cloned();
    let letter = about(&held, APPS[1]).unwrap();
    // And when one is approved, it is posted as shown
    resolve(&site, &letter.document, Choice::Approve).await.unwrap();
    site.catch_up().await;
    let bill = bill_of(&site, APPS[1]);
    assert_eq!(decimal(site.quickbooks().entity("Bill", &bill).unwrap(), &["TotalAmt"]), 36_000.into());
    assert!(about(&site.dead_letters().await, APPS[1]).is_none());
    // And when it changes afterwards, the change waits for a yes of its own
    site.days_pass(1);
    procore_dates(&site, APPS[1], "2026-04-05").await;
    let letter = about(&site.dead_letters().await, APPS[1]).unwrap();
    assert!(letter.text.contains("2026-04-05"), "{}", letter.text);
    assert_eq!(date_of(&site, &bill), "2026-03-31");
    // And when the document changes between the yes and the sync, the yes does not count
    resolve(&site, &letter.document, Choice::Approve).await.unwrap();
    procore_dates(&site, APPS[1], "2026-04-06").await;
    assert_eq!(date_of(&site, &bill), "2026-03-31");
    let letter = about(&site.dead_letters().await, APPS[1]).unwrap();
    assert!(letter.text.contains("2026-04-06"), "{}", letter.text);
    // And what is turned down is not posted, and asked no more
    resolve(&site, &letter.document, Choice::Reject).await.unwrap();
    site.catch_up().await;
    assert_eq!(date_of(&site, &bill), "2026-03-31");
    assert!(about(&site.dead_letters().await, APPS[1]).is_none());
}
