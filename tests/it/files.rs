//! PDF files of pay apps, attached to their bills: only where the controller says so, once, and never in a bill's way.

use sync_core::connector::Marker;
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::engine::Step;
use sync_core::model::{TargetKind, TargetRef};
use sync_core::rulings::{Choice, Clerk};
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::Operation;

use crate::kit::crash::{At, Trap};
use crate::kit::edit::MappingFiles;
use crate::kit::ledger::{items, procore_id, text};
use crate::kit::{Site, lock, site};

/// SC-A1: pay apps 1 and 2.
const APPS: [&str; 2] = ["598134326660001", "598134326660002"];
const ON: &str = "[attachments]\npay_app = \"pdf\"\nmax_mb = 1\n";

async fn demo() -> Site {
    Site::open(&site::book("demo")).await
}

/// From now on the mapping says this too.
fn says(site: &mut Site, toml: &str) {
    let files = MappingFiles::of_demo();
    files.append("sync.toml", toml);
    site.mapping = files.load().unwrap();
}

async fn copying() -> Site {
    let mut site = demo().await;
    says(&mut site, ON);
    site
}

fn attach(site: &Site, app: &str, name: &str, content: &[u8]) {
    site.procore().person_attaches(site.now(), "requisitions", app, name, content).unwrap();
}

/// What hangs on bills: the pay app, the name of the file, its content.
fn attached(site: &Site) -> Vec<(String, String, String)> {
    let quickbooks = site.quickbooks();
    let mut all = Vec::new();
    for file in quickbooks.attachments() {
        let [reference] = items(file, "AttachableRef") else { panic!("one document: {file}") };
        assert_eq!(text(reference, &["EntityRef", "type"]), "Bill");
        assert_eq!(reference.get("IncludeOnSend").and_then(Json::as_bool), Some(false));
        let bill = quickbooks.entity("Bill", text(reference, &["EntityRef", "value"])).unwrap();
        let content = quickbooks.attachment(text(file, &["Id"])).unwrap();
        let content = String::from_utf8_lossy(content).into_owned();
        all.push((procore_id(bill).to_owned(), text(file, &["FileName"]).to_owned(), content));
    }
    all.sort();
    all
}

fn file(app: &str, name: &str, content: &str) -> (String, String, String) {
    (app.to_owned(), name.to_owned(), content.to_owned())
}

fn downloads(site: &Site) -> u64 {
    site.procore().requests().of("GET /files/{id}")
}

fn uploads(site: &Site) -> u64 {
    site.quickbooks().requests().of(Operation::Upload)
}

/// How often QuickBooks was asked what is attached.
fn questions(site: &Site) -> usize {
    let asks = |text: &str| text.contains("AttachableRef.EntityRef");
    let quickbooks = site.quickbooks();
    let is_question = |request: &&sync_sandboxes::quickbooks::LoggedRequest| {
        request.operation == Operation::Query
            && (asks(&request.target) || asks(&String::from_utf8_lossy(&request.body)))
    };
    quickbooks.log().iter().filter(is_question).count()
}

async fn only_letter(site: &Site) -> DeadLetter {
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:#?}") };
    assert_eq!(letter.cause, Cause::FileNotCopied, "{}", letter.text);
    letter.clone()
}

fn bill_of(site: &Site, app: &str) -> String {
    let quickbooks = site.quickbooks();
    let mut bills = quickbooks.all("Bill").filter(|bill| procore_id(bill) == app);
    text(bills.next().unwrap(), &["Id"]).to_owned()
}

#[tokio::test]
async fn without_the_policy_no_file_is_asked_for() {
    // Given a pay app with a PDF, and a mapping that says nothing of files
    let site = demo().await;
    attach(&site, APPS[0], "Pay app 1.pdf", b"%PDF-1.7 one");
    // When everything is loaded, and again at night
    site.load().await;
    site.days_pass(1);
    site.load().await;
    // Then neither side heard of files
    assert_eq!((downloads(&site), uploads(&site)), (0, 0));
    assert_eq!(questions(&site), 0);
}

#[tokio::test]
async fn each_pdf_of_a_pay_app_is_attached_to_its_bill_once() {
    // Given two pay apps with PDFs, two of which have the same name and size, and a spreadsheet
    let site = copying().await;
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    attach(&site, APPS[0], "Lien waiver.PDF", b"%PDF-1.7 waiver");
    attach(&site, APPS[0], "Backup.xlsx", b"PK");
    attach(&site, APPS[1], "Pay app.pdf", b"%PDF-1.7 two");
    // When everything is loaded
    let report = site.load().await;
    // Then each hangs on the bill of its pay app, and the spreadsheet was left where it is
    let expected = [
        file(APPS[0], "Lien waiver.PDF", "%PDF-1.7 waiver"),
        file(APPS[0], "Pay app.pdf", "%PDF-1.7 one"),
        file(APPS[1], "Pay app.pdf", "%PDF-1.7 two"),
    ];
    assert_eq!(attached(&site), expected);
    assert_eq!((report.files_attached, downloads(&site), uploads(&site)), (3, 3, 3));
    assert_eq!(site.dead_letters().await, []);
    // And in the nights after, nobody is asked about them any more
    let asked = questions(&site);
    assert_eq!(asked, 2, "one for each bill");
    for _ in 0..2 {
        site.days_pass(1);
        assert_eq!(site.load().await.files_attached, 0);
    }
    assert_eq!((attached(&site).len(), downloads(&site), uploads(&site)), (3, 3, 3));
    assert_eq!(questions(&site), asked);
}

#[tokio::test]
async fn a_file_that_comes_after_the_bill_is_attached_too() {
    // Given a bill that is posted, with a file
    let site = copying().await;
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    site.load().await;
    site.days_pass(1);
    // When the subcontractor hands in a lien waiver, of the same size
    attach(&site, APPS[0], "Waiver.pdf", b"%PDF-1.7 two");
    site.catch_up().await;
    // Then it hangs on the bill beside the other
    let expected = [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one"), file(APPS[0], "Waiver.pdf", "%PDF-1.7 two")];
    assert_eq!(attached(&site), expected);
    assert_eq!(uploads(&site), 2);
}

#[tokio::test]
async fn killed_at_any_step_no_file_is_doubled_and_none_is_lost() {
    let mut kills = 0;
    for step in [Step::Claimed, Step::Fetched, Step::Settled, Step::Sent, Step::OutcomeStored] {
        for nth in 1.. {
            // Given bills that are posted, then files, and a program that will be killed at the n-th step of this kind
            let mut site = demo().await;
            site.load().await;
            site.days_pass(1);
            says(&mut site, ON);
            attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
            attach(&site, APPS[1], "Pay app.pdf", b"%PDF-1.7 two");
            let trap = Trap::at(At::Nth(step, nth));
            let engine = site.engine_watched(trap.clone());
            // When it is killed, and started again after its leases have ended, and QuickBooks knows no request any more
            if trap.watch(site::load(&engine)).await.is_some() {
                break;
            }
            kills += 1;
            site.days_pass(1);
            site.quickbooks().forget_request_ids();
            site.load().await;
            // Then both hang there, each once
            let expected = [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one"), file(APPS[1], "Pay app.pdf", "%PDF-1.7 two")];
            assert_eq!(attached(&site), expected, "killed at {step} {nth}");
            assert_eq!(site.dead_letters().await, []);
            assert_eq!(uploads(&site), 2, "killed at {step} {nth}");
        }
    }
    assert!(kills >= 8, "{kills} kills");
}

#[tokio::test]
async fn a_program_that_forgot_everything_finds_the_files_by_their_marks() {
    // Given files on bills, and a journal that was lost
    let mut site = copying().await;
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    site.load().await;
    site.journal = std::sync::Arc::new(sync_core::journal::MemoryJournal::default());
    site.engine().rebuild_links().await.unwrap();
    // When everything is taken in again
    let report = site.load().await;
    // Then nothing is uploaded, nor even read
    assert_eq!((report.files_attached, uploads(&site), downloads(&site)), (0, 1, 1));
    assert_eq!(attached(&site).len(), 1);
}

#[tokio::test]
async fn lost_answers_and_servers_out_of_order_cost_time_only() {
    for way in ["lost answer", "lost request", "file server"] {
        // Given a pay app with a PDF, and a bad moment
        let site = copying().await;
        attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
        match way {
            "lost answer" => {
                lock(&site.quickbooks_weather).api.next_for(Fault::LostAnswer, http::Method::POST, "/upload");
            }
            "lost request" => {
                lock(&site.quickbooks_weather).api.next_for(Fault::LostRequest, http::Method::POST, "/upload");
            }
            _ => lock(&site.procore_weather).answer_next("/files/", 503, ""),
        }
        // When everything is loaded
        site.load().await;
        // Then the file hangs there once
        assert_eq!(attached(&site), [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one")], "{way}");
        assert_eq!(site.dead_letters().await, [], "{way}");
    }
}

#[tokio::test]
async fn a_file_over_the_cap_waits_for_a_person_and_holds_nothing_up() {
    // Given a cap of 1 MB, and a pay app with a larger file and a smaller one
    let mut site = copying().await;
    let large = [b"%PDF-1.7 ".as_slice(), &vec![b'x'; 1024 * 1024]].concat();
    attach(&site, APPS[0], "Drawings.pdf", &large);
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    // When everything is loaded
    site.load().await;
    // Then the bill is posted with the smaller one, and the letter names the other
    assert_eq!(attached(&site), [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one")]);
    let letter = only_letter(&site).await;
    assert!(letter.document.to_string().ends_with(APPS[0]), "{}", letter.document);
    assert!(letter.text.contains("`Drawings.pdf`: it is larger than 1048576 bytes"), "{}", letter.text);
    assert!(!letter.text.contains("sig="), "{}", letter.text);
    // And once the controller allows it, it follows
    says(&mut site, &ON.replace("= 1\n", "= 2\n"));
    site.days_pass(1);
    site.catch_up().await;
    assert_eq!(attached(&site).len(), 2);
    assert_eq!(site.dead_letters().await, []);
}

#[tokio::test]
async fn what_only_calls_itself_a_pdf_waits_for_a_person() {
    // Given a program that is called a PDF
    let site = copying().await;
    attach(&site, APPS[0], "Pay app.pdf", b"MZ");
    site.load().await;
    // Then it was not uploaded, the bill stands, and the letter says so
    assert_eq!(uploads(&site), 0);
    let letter = only_letter(&site).await;
    assert!(letter.text.contains("`Pay app.pdf` is no PDF"), "{}", letter.text);
    assert_eq!(letter.target.as_ref().map(|bill| bill.id.to_string()), Some(bill_of(&site, APPS[0])));
    // When the controller leaves it so
    let connection = site.connection();
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &connection, now: site.now() };
    clerk.resolve(&letter.document, Choice::Ignore, "not an invoice").await.unwrap();
    site.days_pass(1);
    site.load().await;
    // Then nobody is asked again
    assert_eq!(site.dead_letters().await, []);
}

#[tokio::test]
async fn what_a_person_attached_is_not_attached_again() {
    // Given a bill to which the clerk attached the pay app's file by hand
    let mut site = demo().await;
    site.load().await;
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    let bill = TargetRef { kind: TargetKind::Bill, id: bill_of(&site, APPS[0]).into() };
    let theirs: Marker = Marker::find("sync:another:pay_app_files/1.2.3:0").unwrap();
    let pdf = quickbooks_online::PdfFile::new("Pay app.pdf", &b"%PDF-1.7 one"[..]).unwrap();
    site.sink().client().attach(&bill, &theirs, &pdf).await.unwrap();
    // When files are copied from then on
    says(&mut site, ON);
    site.days_pass(1);
    site.load().await;
    // Then it hangs there once
    assert_eq!(attached(&site).len(), 1);
    assert_eq!(site.dead_letters().await, []);
}

#[tokio::test]
async fn the_file_of_a_bill_that_is_held_waits_with_it() {
    // Given bills that a person must approve
    let mut site = demo().await;
    says(&mut site, &format!("[approval]\nbill = \"all\"\n{ON}"));
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    site.load().await;
    assert_eq!((downloads(&site), uploads(&site)), (0, 0));
    // When the bill is approved
    let letters = site.dead_letters().await;
    let held = letters.iter().find(|letter| letter.document.id.ends_with(APPS[0])).unwrap();
    let connection = site.connection();
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &connection, now: site.now() };
    clerk.resolve(&held.document, Choice::Approve, "fine").await.unwrap();
    site.engine().run().await.unwrap();
    // Then its file goes with it
    assert_eq!(attached(&site), [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one")]);
}

#[tokio::test]
async fn over_real_connections_a_large_file_is_not_read_to_its_end() {
    // Given both vendors behind ports, and a cap of 1 MB
    let site = copying().await.behind_ports();
    attach(&site, APPS[0], "Pay app.pdf", b"%PDF-1.7 one");
    attach(&site, APPS[1], "Drawings.pdf", &vec![b'x'; 3 * 1024 * 1024]);
    // When everything is loaded
    site.load().await;
    // Then the small one hangs on its bill, and the large one is told of
    assert_eq!(attached(&site), [file(APPS[0], "Pay app.pdf", "%PDF-1.7 one")]);
    assert!(only_letter(&site).await.text.contains("`Drawings.pdf`: it is larger"));
}
