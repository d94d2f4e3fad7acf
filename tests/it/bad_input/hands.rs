//! What people do by hand in QuickBooks: it is never overwritten in silence, and never doubled.

use sync_core::dead_letter::{Cause, DeadLetter};
use sync_sandboxes::json::{Json, object};

use crate::kit::edit::set;
use crate::kit::ledger::{self, decimal, items, procore_id, text};
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, site};

/// SC-A1: its contract and pay apps.
const CONTRACT: &str = "598134326200001";
const APPS: [&str; 4] = ["598134326660001", "598134326660002", "598134326660003", "598134326660004"];

async fn letter_about(site: &Site, id: &str) -> DeadLetter {
    let letters = site.dead_letters().await;
    let about = |letter: &&DeadLetter| letter.document.id.rsplit('.').next() == Some(id);
    letters.iter().find(about).unwrap_or_else(|| panic!("no dead letter about {id}: {letters:#?}")).clone()
}

/// The id of the bill that stands for a pay app.
fn bill_of(site: &Site, app: &str) -> String {
    let quickbooks = site.quickbooks();
    let bill = quickbooks.all("Bill").find(|bill| procore_id(bill) == app);
    text(bill.unwrap_or_else(|| panic!("no bill for {app}")), &["Id"]).to_owned()
}

#[tokio::test]
async fn a_vendor_name_that_an_employee_has() {
    // Given an employee with the name of a subcontractor
    let site = Site::open(&site::book("demo")).await;
    let name = "Skyline Roofing Contractors";
    let employee =
        object([("DisplayName", name.into()), ("FamilyName", "Roofing".into()), ("GivenName", "Skyline".into())]);
    let employee = site.quickbooks().person_creates(site.now(), "Employee", employee).unwrap();
    // When everything is loaded
    site.load().await;
    // Then the vendor is held, what refers to it waits, and all else is posted
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, Cause::NameTaken);
    assert!(letter.text.contains(name) && letter.text.contains("employee"), "{}", letter.text);
    assert_eq!(site.waiting().await.len(), 4, "the contract and its three pay apps");
    assert!(ledger::purchase_orders(&site.quickbooks()).len() > 30);
    // And when the employee gets another name, the next night posts the rest
    site.days_pass(1);
    site.quickbooks().person_edits(site.now(), "Employee", &employee, |e| e.set("DisplayName", "S. Roofing")).unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn an_invoice_number_that_a_bill_entered_by_hand_has() {
    // Given a bill that the bookkeeper has entered herself, with the number of a vendor's second invoice
    let site = Site::open(&site::book("demo")).await;
    let line = object([
        ("Amount", Json::Number("36000.00".to_owned())),
        ("DetailType", "AccountBasedExpenseLineDetail".into()),
        ("AccountBasedExpenseLineDetail", object([("AccountRef", object([("value", "141".into())]))])),
    ]);
    let by_hand = object([
        ("VendorRef", object([("value", "71".into())])),
        ("DocNumber", "SCM-0002".into()),
        ("TxnDate", "2026-03-31".into()),
        ("Line", vec![line].into()),
    ]);
    let by_hand = site.quickbooks().person_creates(site.now(), "Bill", by_hand).unwrap();
    let before = site.quickbooks().entity("Bill", &by_hand).cloned();
    // When a person has said that all else is new, and everything is loaded
    site.engine().finish_adoption().await.unwrap();
    site.load().await;
    // Then that pay app is held, names the bill, and the later ones of its contract wait
    let letters = site.dead_letters().await;
    assert_eq!(letters.len(), 1, "{letters:#?}");
    let letter = letter_about(&site, APPS[1]).await;
    let causes = [Cause::AmbiguousMatch, Cause::DuplicateNumber, Cause::SameInvoice];
    assert!(causes.contains(&letter.cause), "{}: {}", letter.cause, letter.text);
    assert!(letter.text.contains("SCM-0002"), "{}", letter.text);
    assert_eq!(letter.candidates.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), [by_hand.as_str()]);
    assert_eq!(site.waiting().await.len(), 2);
    // And the bill is as she entered it
    assert_eq!(site.quickbooks().entity("Bill", &by_hand).cloned(), before);
    // And when she deletes it, the next night posts the rest
    site.days_pass(1);
    site.quickbooks().person_deletes(site.now(), "Bill", &by_hand).unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn a_bill_changed_by_hand_and_then_in_procore_is_a_conflict() {
    // Given a bill whose date the bookkeeper has changed
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let bill = bill_of(&site, APPS[1]);
    site.days_pass(1);
    site.quickbooks().person_edits(site.now(), "Bill", &bill, |bill| bill.set("TxnDate", "2026-04-02")).unwrap();
    let before = site.quickbooks().entity("Bill", &bill).cloned();
    // When the date changes in Procore too
    site.procore()
        .person_edits(site.now(), "requisitions", APPS[1], |app| set(app, &["billing_date"], "2026-04-05"))
        .unwrap();
    site.catch_up().await;
    // Then a person must choose between the two, and nothing is overwritten
    let letter = letter_about(&site, APPS[1]).await;
    assert_eq!(letter.cause, Cause::Conflict);
    assert!(letter.text.contains("2026-04-02") && letter.text.contains("2026-04-05"), "{}", letter.text);
    assert_eq!(letter.target.map(|target| target.id.to_string()), Some(bill.clone()));
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    // And it stays so, however often everything is taken in
    site.load().await;
    assert_eq!(letter_about(&site, APPS[1]).await.cause, Cause::Conflict);
    assert_eq!(site.quickbooks().entity("Bill", &bill).cloned(), before);
    // And when both sides agree, nobody has to decide any more
    site.days_pass(1);
    site.procore()
        .person_edits(site.now(), "requisitions", APPS[1], |app| set(app, &["billing_date"], "2026-04-02"))
        .unwrap();
    site.catch_up().await;
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn a_bill_deleted_by_hand_is_never_created_again() {
    // Given a bill that the bookkeeper has deleted
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let bill = bill_of(&site, APPS[3]);
    site.days_pass(1);
    site.quickbooks().person_deletes(site.now(), "Bill", &bill).unwrap();
    let written = site.write_requests();
    // When its pay app changes in Procore, and everything is taken in for three nights
    site.procore()
        .person_edits(site.now(), "requisitions", APPS[3], |app| set(app, &["billing_date"], "2026-08-02"))
        .unwrap();
    site.catch_up().await;
    for _ in 0..3 {
        site.days_pass(1);
        site.load().await;
    }
    // Then a person must decide, and it is not created again
    let letter = letter_about(&site, APPS[3]).await;
    assert_eq!(letter.cause, Cause::DeletedInQuickbooks);
    assert!(letter.text.contains(&bill), "{}", letter.text);
    assert_eq!(site.dead_letters().await.len(), 1);
    assert_eq!(site.write_requests(), written);
    assert!(!ledger::postings(&site.quickbooks()).contains_key(APPS[3]));
}

#[tokio::test]
async fn a_link_that_quickbooks_drops_is_told() {
    // Given a contract whose pay apps are still under review, and whose purchase order a person has given to another vendor
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
    // When the pay apps are approved
    review("approved");
    site.catch_up().await;
    // Then the first is posted once, without the link, a person is told, and the later ones wait
    let letter = letter_about(&site, APPS[0]).await;
    assert_eq!(letter.cause, Cause::LinkDropped, "{}", letter.text);
    let bill = bill_of(&site, APPS[0]);
    assert_eq!(letter.target.map(|target| target.id.to_string()), Some(bill.clone()));
    {
        let quickbooks = site.quickbooks();
        let bill = quickbooks.entity("Bill", &bill).unwrap();
        assert!(items(bill, "Line").iter().all(|line| items(line, "LinkedTxn").is_empty()));
        assert_eq!(decimal(bill, &["TotalAmt"]), rust_decimal::Decimal::new(22_500, 0));
    }
    // And it is not posted again, however often everything is taken in
    let written = site.write_requests();
    site.load().await;
    assert_eq!((bill_of(&site, APPS[0]), site.write_requests()), (bill, written));
    assert_eq!(letter_about(&site, APPS[0]).await.cause, Cause::LinkDropped);
    assert_eq!(ledger::duplicates(&site.quickbooks()), 0);
}
