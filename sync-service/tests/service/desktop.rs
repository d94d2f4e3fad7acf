//! `serve` for QuickBooks Desktop: a real Web Connector session against the built program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::Utc;
use sync_sandboxes::book::Book;
use sync_sandboxes::desktop::{CompanyFile, WebConnector};

use crate::kit::{Running, Town, get};

const OWNER: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";
const FILE: &str = "{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}";
const PASSWORD: &str = "canary-desktop-password";

/// A company file, and a configuration for it; a person has consented in Procore.
fn company() -> (Town, Arc<Mutex<CompanyFile>>) {
    let book = Book::desktop_demo().unwrap();
    let mut file = CompanyFile::from_book(&book);
    file.add_qwc(OWNER, FILE);
    let town = Town::new(book);
    town.configure_more(&format!("[desktop]\nuser = \"sync\"\nowner_id = \"{OWNER}\"\nfile_id = \"{FILE}\""));
    let secrets = std::fs::read_to_string(town.path("secrets.env")).unwrap();
    std::fs::write(town.path("secrets.env"), format!("{secrets}QUICKBOOKS_DESKTOP_PASSWORD={PASSWORD}\n")).unwrap();
    let (mut auth, url, callback) = town.begin_auth("procore");
    assert_eq!(get(&format!("{callback}?{}", town.consent("procore", &url))).status(), 200);
    assert!(auth.ended().0);
    (town, Arc::new(Mutex::new(file)))
}

/// A Web Connector that visits again and again, until this is dropped.
struct Visits {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Visits {
    fn at(url: String, file: &Arc<Mutex<CompanyFile>>) -> Self {
        let (file, stop) = (file.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut connector = WebConnector::new(url, "sync", PASSWORD, file, Arc::new(Utc::now));
            while !stopped.load(Ordering::Acquire) {
                connector.visit();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Visits {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[test]
fn the_web_connector_visits_the_service_and_pay_apps_become_bills_in_the_company_file() {
    // Given a company file, and a service that is configured for it
    let (town, file) = company();
    let mut service = town.serve(&[]);
    // when its Web Connector visits again and again,
    let visits = Visits::at(format!("{}/qbwc", service.url), &file);
    // then the first load is posted through it,
    let worked = service.running.wait_for("\"message\":\"worked\"");
    let worked: serde_json::Value = serde_json::from_str(&worked).unwrap();
    assert!(worked["created"].as_u64().unwrap() > 20, "{worked}");
    drop(visits);
    // nobody needs a consent for QuickBooks, and the password is nowhere in what was said.
    let (_, status) = town.json(&["status", "--json"]);
    let sides: Vec<_> = status["tokens"].as_array().unwrap().iter().map(|token| &token["side"]).collect();
    assert_eq!(sides, ["Procore"]);
    let said = service.stop();
    assert!(!said.contains(PASSWORD));
}

#[test]
fn where_no_service_runs_a_command_lets_the_web_connector_in_itself() {
    // Given a company file, and commands that run while its Web Connector visits
    let (town, file) = company();
    let command = |arguments: &[&str]| {
        let mut command = town.command(arguments);
        command.env("SYNC_ADDRESS", "127.0.0.1:0");
        let mut running = Running::start(command);
        let waiting = running.wait_for("Waiting for the Web Connector to call");
        let url = waiting.split_whitespace().find(|word| word.starts_with("http")).unwrap();
        let _visits = Visits::at(url.trim_end_matches(';').to_owned(), &file);
        running.ended()
    };
    // then nothing stands in the way of the first connection, all is posted, and both sides tie out
    let (_, adopted) = command(&["adopt", "--json"]);
    assert!(adopted.contains("\"proposals\":[]"), "{adopted}");
    let (synced, said) = command(&["sync", "--json"]);
    assert!(synced && said.contains("\"created\""), "{said}");
    let (tied, said) = command(&["reconcile"]);
    assert!(tied, "{said}");
    // and what is not made for QuickBooks Desktop says what is.
    let refused = town.run(&["plan"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there are `adopt`, `sync`"), "{refused:?}");
}
