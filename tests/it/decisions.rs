//! The decision table on live objects: what was paid, what somebody changes in the middle of a write, what was voided, and
//! companies that number their documents themselves.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::engine::{Observer, Step};
use sync_core::journal::MemoryJournal;
use sync_core::model::Timestamp;
use sync_sandboxes::json::{Json, object};
use sync_sandboxes::quickbooks::{Operation, QuickBooks};

use crate::kit::edit::{MappingFiles, set};
use crate::kit::ledger::{decimal, items, procore_id, text};
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, lock, site};

/// SC-A1: its second pay app of 36,000, and its last, which releases 10,000 of retainage.
const SECOND: &str = "598134326660002";
const RELEASE: &str = "598134326660004";

async fn loaded() -> Site {
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    assert_eq!(site.dead_letters().await, []);
    site.days_pass(1);
    site
}

async fn only_letter(site: &Site, cause: Cause) -> DeadLetter {
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, cause, "{}", letter.text);
    letter.clone()
}

fn bill_of(site: &Site, app: &str) -> Json {
    let quickbooks = site.quickbooks();
    let bills: Vec<&Json> = quickbooks.all("Bill").filter(|bill| procore_id(bill) == app).collect();
    let [bill] = bills.as_slice() else { panic!("one bill for {app}: {bills:?}") };
    (*bill).clone()
}

/// The bookkeeper pays an amount of a bill by check.
fn pays(site: &Site, bill: &Json, amount: &str) {
    let mut quickbooks = site.quickbooks();
    let checking = quickbooks.all("Account").find(|account| text(account, &["Name"]) == "Checking").unwrap();
    let account = object([("value", text(checking, &["Id"]).into())]);
    let link = object([("TxnId", text(bill, &["Id"]).into()), ("TxnType", "Bill".into())]);
    let number = || Json::Number(amount.to_owned());
    let payment = object([
        ("VendorRef", bill.get("VendorRef").cloned().unwrap()),
        ("PayType", "Check".into()),
        ("CheckPayment", object([("BankAccountRef", account)])),
        ("TxnDate", "2026-09-04".into()),
        ("TotalAmt", number()),
        ("Line", vec![object([("Amount", number()), ("LinkedTxn", vec![link].into())])].into()),
    ]);
    quickbooks.person_creates(site.now(), "BillPayment", payment).unwrap();
}

/// The last pay app releases this much of the 10,000 that are held.
async fn releases(site: &Site, amount: i64) {
    let text = |amount: i64| format!("{amount}.0");
    site.procore()
        .person_edits(site.now(), "requisitions", RELEASE, |app| {
            set(app, &["items", "0", "work_completed_retainage_released_this_period"], text(amount));
            set(app, &["summary", "current_payment_due"], text(amount));
            set(app, &["summary", "completed_work_retainage_amount"], text(10_000 - amount));
            set(app, &["summary", "total_retainage"], text(10_000 - amount));
            set(app, &["summary", "total_earned_less_retainage"], text(90_000 + amount));
        })
        .unwrap();
    site.catch_up().await;
}

#[tokio::test]
async fn a_partly_paid_bill_is_changed_but_never_below_what_is_paid() {
    // Given a bill of 10,000 of which 7,500 are paid
    let site = loaded().await;
    pays(&site, &bill_of(&site, RELEASE), "7500.00");
    site.days_pass(1);
    // When Procore reduces it to 6,000, then a person is asked, and it stays as it is
    let before = bill_of(&site, RELEASE);
    releases(&site, 6_000).await;
    let letter = only_letter(&site, Cause::PaidMoreThanBilled).await;
    assert!(letter.text.contains("7500.00") && letter.text.contains("6000.00"), "{}", letter.text);
    assert_eq!(bill_of(&site, RELEASE), before);
    // And when it becomes 8,000, it is changed, and the payment stays on it
    site.days_pass(1);
    releases(&site, 8_000).await;
    assert_eq!(site.dead_letters().await, []);
    let bill = bill_of(&site, RELEASE);
    assert_eq!((decimal(&bill, &["TotalAmt"]), decimal(&bill, &["Balance"])), (8_000.into(), 500.into()));
    assert!(items(&bill, "LinkedTxn").iter().any(|link| text(link, &["TxnType"]).starts_with("BillPayment")));
}

#[tokio::test]
async fn a_paid_bill_keeps_its_payment_when_its_date_changes_and_is_not_voided() {
    // Given a policy that voids what is void in Procore, and a bill that is paid in full
    let mut site = Site::open(&site::book("demo")).await;
    let files = MappingFiles::of_demo();
    files.append("sync.toml", "[policy]\ndeletion = \"void\"\n");
    site.mapping = files.load().unwrap();
    site.load().await;
    pays(&site, &bill_of(&site, RELEASE), "10000.00");
    site.days_pass(1);
    // When its date changes in Procore, then the bill follows and stays paid
    site.procore()
        .person_edits(site.now(), "requisitions", RELEASE, |app| set(app, &["billing_date"], "2026-08-02"))
        .unwrap();
    site.catch_up().await;
    assert_eq!(site.dead_letters().await, []);
    let paid = bill_of(&site, RELEASE);
    assert_eq!((text(&paid, &["TxnDate"]), decimal(&paid, &["Balance"])), ("2026-08-02", 0.into()));
    // And when the pay app is taken back, then the bill is not deleted under its payment: a person is asked
    site.days_pass(1);
    site.procore()
        .person_edits(site.now(), "requisitions", RELEASE, |app| set(app, &["status"], "revise_and_resubmit"))
        .unwrap();
    site.catch_up().await;
    let letter = only_letter(&site, Cause::Refused).await;
    assert!(letter.text.contains("unlink"), "{}", letter.text);
    assert_eq!(
        letter.target.map(|target| target.id.to_string()).as_deref(),
        Some(text(&paid, &["Id"])),
        "{}",
        letter.text
    );
    assert_eq!(bill_of(&site, RELEASE), paid);
}

/// Somebody who edits a bill in the moment between the plan and the write.
struct Meddler {
    quickbooks: Arc<Mutex<QuickBooks>>,
    bill: String,
    at: Timestamp,
    done: AtomicBool,
}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meddler").field("bill", &self.bill).finish_non_exhaustive()
    }
}

#[async_trait]
impl Observer for Meddler {
    async fn step(&self, step: Step) {
        if step == Step::IntentStored && !self.done.swap(true, Ordering::Relaxed) {
            let edited = lock(&self.quickbooks).person_edits(self.at, "Bill", &self.bill, |bill| {
                let note = format!("Checked by Jo. {}", text(bill, &["PrivateNote"]));
                bill.set("PrivateNote", note);
            });
            edited.unwrap();
        }
    }
}

#[tokio::test]
async fn a_bill_that_was_changed_in_the_middle_of_a_write_is_read_and_decided_again() {
    // Given a pay app with a new date, and a bookkeeper who writes a note at the very moment of the update
    let site = loaded().await;
    let bill = text(&bill_of(&site, SECOND), &["Id"]).to_owned();
    site.procore()
        .person_edits(site.now(), "requisitions", SECOND, |app| set(app, &["billing_date"], "2026-04-05"))
        .unwrap();
    let (quickbooks, done) = (site.quickbooks.clone(), AtomicBool::new(false));
    let meddler = Arc::new(Meddler { quickbooks, bill: bill.clone(), at: site.now(), done });
    let written = site.write_requests();
    // When the sync runs
    let engine = site.engine_watched(meddler.clone());
    engine.poll().await.unwrap();
    engine.run().await.unwrap();
    // Then QuickBooks refused the stale version, it was read again, and both changes stand
    assert!(meddler.done.load(Ordering::Relaxed));
    assert_eq!(site.write_requests() - written, 2, "one refused as stale, one on the version of now");
    let bill = bill_of(&site, SECOND);
    assert_eq!(text(&bill, &["TxnDate"]), "2026-04-05");
    assert!(text(&bill, &["PrivateNote"]).contains("Checked by Jo."), "{bill}");
    assert_eq!(site.dead_letters().await, []);
    ties_out(&site);
}

#[tokio::test]
async fn an_invoice_that_the_policy_voided_says_so_when_it_is_approved_again() {
    // Given a policy that voids what is void in Procore, and an owner invoice that was posted
    let mut site = Site::open(&site::book("demo")).await;
    let files = MappingFiles::of_demo();
    files.append("sync.toml", "[policy]\ndeletion = \"void\"\n");
    site.mapping = files.load().unwrap();
    site.load().await;
    let (invoice, app) = {
        let quickbooks = site.quickbooks();
        let newest = quickbooks.all("Invoice").filter(|invoice| !procore_id(invoice).is_empty()).last().unwrap();
        (text(newest, &["Id"]).to_owned(), procore_id(newest).to_owned())
    };
    let status = |site: &Site, status: &'static str| {
        let edited =
            site.procore().person_edits(site.now(), "payment_applications", &app, |app| set(app, &["status"], status));
        edited.unwrap();
    };
    site.days_pass(1);
    let day = site.now().date_naive().to_string();
    status(&site, "draft");
    site.load().await;
    assert_eq!(decimal(site.quickbooks().entity("Invoice", &invoice).unwrap(), &["TotalAmt"]), 0.into(), "void");
    assert_eq!(site.dead_letters().await, []);
    // When it is approved again
    site.days_pass(1);
    status(&site, "approved");
    site.load().await;
    // Then it is not posted by itself, and the letter says by whom it was voided, when, why, and what to do
    let letter = only_letter(&site, Cause::VoidedInQuickbooks).await;
    for said in [invoice.as_str(), "by this sync", &day, "deletion = \"void\"", "--take procore", "--take quickbooks"] {
        assert!(letter.text.contains(said), "{said}: {}", letter.text);
    }
}

/// The demo in a company that lets QuickBooks number what it can number.
async fn numbering_itself() -> Site {
    let mut book = site::book("demo");
    let preferences = &mut book.quickbooks.get_mut("Preferences").unwrap()[0];
    preferences.set("SalesFormsPrefs", object([("CustomTxnNumbers", false.into())]));
    let custom = [("Name", "VendorAndPurchasesPrefs.UseCustomTxnNumbers".into()), ("Value", "false".into())];
    preferences.set("OtherPrefs", object([("NameValue", vec![object(custom)].into())]));
    Site::open(&book).await
}

#[tokio::test]
async fn a_company_that_numbers_its_documents_itself_is_sent_no_numbers() {
    const NUMBERED: [&str; 5] = ["PurchaseOrder", "VendorCredit", "Estimate", "Invoice", "CreditMemo"];
    let mut site = numbering_itself().await;
    // When everything is loaded
    let report = site.load().await;
    assert_eq!((report.dead, site.dead_letters().await), (0, Vec::new()));
    // Then what QuickBooks numbers was sent without a number, and has one; bills have the number of their vendor
    for entity in NUMBERED {
        let quickbooks = site.quickbooks();
        let numbers: Vec<&str> = quickbooks.all(entity).map(|record| text(record, &["DocNumber"])).collect();
        assert!(
            (entity == "CreditMemo" || !numbers.is_empty()) && numbers.iter().all(|n| n.parse::<u64>().is_ok()),
            "{entity}: {numbers:?}"
        );
    }
    assert!(site.quickbooks().all("Bill").any(|bill| text(bill, &["DocNumber"]) == "SCM-0002"));
    for request in site.quickbooks().log().iter().filter(|request| request.operation == Operation::Batch) {
        let body = Json::parse(&request.body).unwrap();
        for item in items(&body, "BatchItemRequest") {
            let sent = NUMBERED.iter().filter_map(|entity| item.get(entity)).find_map(|body| body.get("DocNumber"));
            assert_eq!(sent, None, "{item}");
        }
    }
    ties_out(&site);
    // And the marks alone tell what stands for what: changes find it, nights write nothing, a lost journal is rebuilt
    site.days_pass(1);
    let written = site.write_requests();
    site.load().await;
    assert_eq!(site.write_requests(), written);
    let links = site.journal.links(&site.connection()).await.unwrap().len();
    site.journal = Arc::new(MemoryJournal::default());
    let rebuilt = site.engine().rebuild_links().await.unwrap();
    assert_eq!((rebuilt.same, rebuilt.differing, rebuilt.new), (links, 0, 0), "{rebuilt:?}");
    site.load().await;
    assert_eq!((site.write_requests(), site.dead_letters().await), (written, Vec::new()));
}
