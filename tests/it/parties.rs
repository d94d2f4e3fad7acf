//! Vendors and customers: made, edited, out of use, merged, and names that are taken.

use sync_core::dead_letter::{Cause, DeadLetter};
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::{Json, object};

use crate::kit::edit::{MappingFiles, set};
use crate::kit::ledger::{self, procore_id, text};
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, lock, site};

/// Superior Concrete & Masonry Inc, the vendor of SC-A1, and its last pay app.
const VENDOR: &str = "598134326011202";
const NAME: &str = "Superior Concrete & Masonry Inc";
const RELEASE: &str = "598134326660004";

async fn loaded() -> Site {
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    site.days_pass(1);
    site
}

fn vendor_named(site: &Site, name: &str) -> Option<Json> {
    site.quickbooks().all("Vendor").find(|vendor| text(vendor, &["DisplayName"]) == name).cloned()
}

fn id_of(site: &Site, name: &str) -> String {
    text(&vendor_named(site, name).unwrap_or_else(|| panic!("no vendor {name}")), &["Id"]).to_owned()
}

async fn only_letter(site: &Site, cause: Cause) -> DeadLetter {
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, cause, "{}", letter.text);
    letter.clone()
}

#[tokio::test]
async fn what_procore_changes_of_a_vendor_follows_and_the_rest_stays() {
    let site = loaded().await;
    let id = id_of(&site, NAME);
    // Given a vendor whose tax number the bookkeeper has entered
    site.quickbooks().person_edits(site.now(), "Vendor", &id, |vendor| vendor.set("AcctNum", "V-202")).unwrap();
    // When Procore changes its name and telephone
    let changed = |vendor: &mut Json| {
        set(vendor, &["name"], "Superior Concrete Inc");
        vendor.set("business_phone", "218-555-0199");
    };
    site.procore().person_edits(site.now(), "vendors", VENDOR, changed).unwrap();
    let files = site.mapping.version().to_owned();
    site.catch_up().await;
    assert_eq!(site.mapping.version(), files);
    // Then the same vendor has them, and keeps the rest
    assert_eq!(site.dead_letters().await, []);
    let vendor = site.quickbooks().entity("Vendor", &id).cloned().unwrap();
    assert_eq!(text(&vendor, &["PrimaryPhone", "FreeFormNumber"]), "218-555-0199");
    assert_eq!(text(&vendor, &["DisplayName"]), "Superior Concrete Inc");
    assert_eq!(text(&vendor, &["AcctNum"]), "V-202");
    // And the nights after write nothing
    let written = site.write_requests();
    site.days_pass(1);
    site.load().await;
    assert_eq!(site.write_requests(), written);
    ties_out(&site);
}

#[tokio::test]
async fn a_vendor_that_procore_puts_out_of_use_stays_as_it_is() {
    // QuickBooks pays others too, and refuses a vendor out of use while something is open: that is for the bookkeeper
    let site = loaded().await;
    let id = id_of(&site, NAME);
    let before = site.quickbooks().entity("Vendor", &id).cloned();
    site.procore().person_edits(site.now(), "vendors", VENDOR, |vendor| vendor.set("is_active", false)).unwrap();
    let written = site.write_requests();
    site.load().await;
    let after = site.quickbooks().entity("Vendor", &id).cloned();
    assert_eq!((after, site.write_requests()), (before, written));
    assert_eq!(site.dead_letters().await, []);
}

#[tokio::test]
async fn a_vendor_that_the_bookkeeper_put_out_of_use_is_told_and_comes_back() {
    // Given a vendor that is owed nothing, out of use in QuickBooks
    let site = loaded().await;
    let name = "Quiet Corner Glazing";
    let vendor = object([("name", name.into()), ("is_active", true.into())]);
    site.procore().person_creates(site.now(), "vendors", vendor);
    site.catch_up().await;
    let id = id_of(&site, name);
    site.days_pass(1);
    site.quickbooks().person_edits(site.now(), "Vendor", &id, |vendor| vendor.set("Active", false)).unwrap();
    assert!(vendor_named(&site, &format!("{name} (deleted)")).is_some(), "QuickBooks marks the name");
    let written = site.write_requests();
    // When everything is taken in, then a person is told, and nothing is written or made anew
    site.load().await;
    let letter = only_letter(&site, Cause::DeletedInQuickbooks).await;
    assert!(letter.text.contains(name) && letter.text.contains("vendors.csv"), "{}", letter.text);
    assert_eq!(site.write_requests(), written);
    // And when it is in use again, nobody has to decide
    site.days_pass(1);
    site.quickbooks().person_edits(site.now(), "Vendor", &id, |vendor| vendor.set("Active", true)).unwrap();
    site.load().await;
    assert_eq!((site.dead_letters().await, site.write_requests()), (Vec::new(), written));
}

#[tokio::test]
async fn an_inactive_vendor_of_the_name_is_told_and_linked_once_it_is_active() {
    // Given a vendor that was put out of use in QuickBooks before the sync came
    let site = Site::open(&site::book("demo")).await;
    let name = "Skyline Roofing Contractors";
    let id = site.quickbooks().person_creates(site.now(), "Vendor", object([("DisplayName", name.into())])).unwrap();
    site.quickbooks().person_edits(site.now(), "Vendor", &id, |vendor| vendor.set("Active", false)).unwrap();
    site.engine().finish_adoption().await.unwrap();
    site.load().await;
    let letter = only_letter(&site, Cause::NameTaken).await;
    assert!(letter.text.contains("inactive") && letter.text.contains(&id), "{}", letter.text);
    assert!(vendor_named(&site, name).is_none(), "none was made beside it");
    // When it is made active, then it is linked, and what waited for it is posted
    site.days_pass(1);
    site.quickbooks().person_edits(site.now(), "Vendor", &id, |vendor| vendor.set("Active", true)).unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(id_of(&site, name), id);
    ties_out(&site);
}

#[tokio::test]
async fn a_customer_name_that_a_vendor_has() {
    // Given a vendor with the name of an owner
    let mut site = Site::open(&site::book("demo")).await;
    let owner = "Harborview Lofts LLC";
    let is_owner = |customer: &Json| text(customer, &["DisplayName"]) == owner;
    let there =
        site.quickbooks().all("Customer").find(|customer| is_owner(customer)).map(|c| text(c, &["Id"]).to_owned());
    assert_eq!(there, None, "the owner is new");
    let taken =
        site.quickbooks().person_creates(site.now(), "Vendor", object([("DisplayName", owner.into())])).unwrap();
    site.engine().finish_adoption().await.unwrap();
    site.load().await;
    // Then the customer is held with the words, and what belongs to its jobs waits
    let letters = site.dead_letters().await;
    let letter =
        letters.iter().find(|letter| letter.cause == Cause::NameTaken).unwrap_or_else(|| panic!("{letters:#?}"));
    assert!(letter.text.contains(owner) && letter.text.contains("vendor"), "{}", letter.text);
    assert!(!site.waiting().await.is_empty());
    // When the mapping gives the customer another name, then all of it is posted
    site.days_pass(1);
    let files = MappingFiles::of_demo();
    files.replace("projects.csv", &format!("2026-027,{owner},"), &format!("2026-027,{owner} (Owner),"));
    site.mapping = files.load().unwrap();
    site.load().await;
    let left: Vec<String> = site.dead_letters().await.iter().map(|letter| letter.text.clone()).collect();
    assert!(left.iter().all(|text| text.contains(owner)), "{left:?}");
    assert!(site.quickbooks().all("Customer").any(|c| text(c, &["DisplayName"]) == format!("{owner} (Owner)")));
    assert_eq!(
        site.quickbooks().entity("Vendor", &taken).map(|v| text(v, &["DisplayName"]).to_owned()).as_deref(),
        Some(owner)
    );
}

#[tokio::test]
async fn two_vendors_that_the_bookkeeper_merged_become_one_link_when_the_mapping_names_the_one() {
    // Given a vendor that the bookkeeper merges into another: all its documents are the other's now
    let mut site = loaded().await;
    let from = id_of(&site, NAME);
    let new = object([("DisplayName", "Superior Group".into())]);
    let into = site.quickbooks().person_creates(site.now(), "Vendor", new).unwrap();
    site.quickbooks().person_merges(site.now(), "Vendor", &from, &into).unwrap();
    let written = site.write_requests();
    // When everything is taken in, then a person is asked what took its place, and nothing is overwritten
    site.load().await;
    let letters = site.dead_letters().await;
    let about =
        |letter: &&DeadLetter| letter.document.id.ends_with(VENDOR) && letter.cause == Cause::DeletedInQuickbooks;
    assert!(letters.iter().any(|letter| about(&letter)), "{letters:#?}");
    assert_eq!(site.write_requests(), written);
    // And when the mapping names the one, its links follow and every document agrees again, without a write
    site.days_pass(1);
    let files = MappingFiles::of_demo();
    files.append("vendors.csv", &format!("{NAME},Superior Group\n"));
    site.mapping = files.load().unwrap();
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    assert_eq!(site.write_requests(), written);
    // And the next change of a document of its is written to the same bill
    site.days_pass(1);
    site.procore()
        .person_edits(site.now(), "requisitions", RELEASE, |app| set(app, &["billing_date"], "2026-08-02"))
        .unwrap();
    site.catch_up().await;
    assert_eq!(site.dead_letters().await, []);
    let quickbooks = site.quickbooks();
    let bill = quickbooks.all("Bill").find(|bill| procore_id(bill) == RELEASE).unwrap();
    assert_eq!((text(bill, &["TxnDate"]), text(bill, &["VendorRef", "value"])), ("2026-08-02", into.as_str()));
    assert_eq!(ledger::duplicates(&quickbooks), 0);
}

const CREATE: &str = "[policy]\nnew_vendors = \"create\"\n";

/// The demo portfolio, loaded; what the bookkeeper enters from then on goes to Procore too.
async fn entering() -> Site {
    let mut site = loaded().await;
    let files = MappingFiles::of_demo();
    files.append("sync.toml", CREATE);
    site.mapping = files.load().unwrap();
    let engine = site.engine();
    engine.run().await.unwrap();
    assert_eq!(engine.carry_vendors().await.unwrap().vendors_entered, 0, "those who were there stay");
    site
}

fn enters(site: &Site, name: &str) -> String {
    let body = Json::parse(
        format!(
            r#"{{"DisplayName":"{name}","PrimaryPhone":{{"FreeFormNumber":"218-555-0144"}},
                "PrimaryEmailAddr":{{"Address":"office@twinports.test"}}}}"#
        )
        .as_bytes(),
    );
    site.quickbooks().person_creates(site.now(), "Vendor", body.unwrap()).unwrap()
}

async fn carries(site: &Site) -> usize {
    let engine = site.engine();
    engine.run().await.unwrap();
    engine.carry_vendors().await.unwrap().vendors_entered
}

fn in_procore(site: &Site, name: &str) -> Vec<Json> {
    site.procore().all("vendors").filter(|vendor| text(vendor, &["name"]) == name).cloned().collect()
}

#[tokio::test]
async fn a_vendor_that_the_bookkeeper_enters_first_is_entered_in_procore_once() {
    // Given a bookkeeper who enters a vendor
    let site = entering().await;
    let id = enters(&site, "Twin Ports Crane");
    // When it is carried over, and in the nights after
    assert_eq!(carries(&site).await, 1);
    let written = site.write_requests();
    for _ in 0..2 {
        site.days_pass(1);
        site.load().await;
        assert_eq!(carries(&site).await, 0);
    }
    // Then Procore has it once, with its telephone and address, and both are one
    let [vendor] = in_procore(&site, "Twin Ports Crane").try_into().unwrap();
    assert_eq!(text(&vendor, &["business_phone"]), "218-555-0144");
    assert_eq!(text(&vendor, &["email_address"]), "office@twinports.test");
    assert!(text(&vendor, &["origin_id"]).ends_with(&format!(":vendor:{id}")), "{vendor}");
    assert_eq!(site.write_requests(), written, "nothing is written back");
    assert_eq!(site.dead_letters().await, []);
    // And from then on Procore's changes follow
    let procore_id = text(&vendor, &["id"]).to_owned();
    site.procore()
        .person_edits(site.now(), "vendors", &procore_id, |v| v.set("business_phone", "218-555-0199"))
        .unwrap();
    site.catch_up().await;
    assert_eq!(
        text(&vendor_named(&site, "Twin Ports Crane").unwrap(), &["PrimaryPhone", "FreeFormNumber"]),
        "218-555-0199"
    );
}

#[tokio::test]
async fn without_the_policy_a_new_vendor_stays_in_quickbooks() {
    let site = loaded().await;
    enters(&site, "Twin Ports Crane");
    assert_eq!(carries(&site).await, 0);
    assert!(in_procore(&site, "Twin Ports Crane").is_empty());
}

#[tokio::test]
async fn lost_answers_and_a_lost_journal_enter_a_vendor_once() {
    for fault in [Fault::LostAnswer, Fault::LostRequest] {
        let mut site = entering().await;
        let id = enters(&site, "Twin Ports Crane");
        lock(&site.procore_weather).api.next_for(fault, http::Method::POST, "/rest/v1.0/vendors");
        assert_eq!(carries(&site).await, 1, "{fault:?}");
        // Even a program that forgot it all, and is told of the vendor as new once more, finds it
        site.journal = std::sync::Arc::new(sync_core::journal::MemoryJournal::default());
        site.engine().rebuild_links().await.unwrap();
        let change = sync_core::connector::Change::found(format!("new_vendor/{id}").parse().unwrap());
        site.engine().intake(&[change]).await.unwrap();
        site.load().await;
        assert_eq!(in_procore(&site, "Twin Ports Crane").len(), 1, "{fault:?}");
        assert_eq!(site.dead_letters().await, []);
    }
}

#[tokio::test]
async fn a_new_vendor_of_a_name_that_procore_has_is_not_entered_again() {
    // Given vendors that only one side had so far, under one name
    let site = entering().await;
    let body = object([("name", "Twin Ports Crane".into()), ("is_active", true.into())]);
    site.procore().person_creates(site.now(), "vendors", body);
    enters(&site, "Twin Ports Crane");
    // When both are carried over
    assert_eq!(carries(&site).await, 0);
    site.catch_up().await;
    // Then they are one
    assert_eq!(in_procore(&site, "Twin Ports Crane").len(), 1);
    assert_eq!(site.dead_letters().await, []);
}
