//! `serve` for QuickBooks Desktop: a real Web Connector session against the built program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::Utc;
use sync_sandboxes::book::Book;
use sync_sandboxes::desktop::{CompanyFile, WebConnector};

use crate::kit::{Town, get};

const OWNER: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";
const FILE: &str = "{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}";
const PASSWORD: &str = "canary-desktop-password";

#[test]
fn the_web_connector_visits_the_service_and_pay_apps_become_bills_in_the_company_file() {
    // Given a company file, and a service that is configured for it
    let book = Book::desktop_demo().unwrap();
    let mut file = CompanyFile::from_book(&book);
    file.add_qwc(OWNER, FILE);
    let file = Arc::new(Mutex::new(file));
    let town = Town::new(book);
    town.configure_more(&format!("[desktop]\nuser = \"sync\"\nowner_id = \"{OWNER}\"\nfile_id = \"{FILE}\""));
    let secrets = std::fs::read_to_string(town.path("secrets.env")).unwrap();
    std::fs::write(town.path("secrets.env"), format!("{secrets}QUICKBOOKS_DESKTOP_PASSWORD={PASSWORD}\n")).unwrap();
    let (mut auth, url, callback) = town.begin_auth("procore");
    assert_eq!(get(&format!("{callback}?{}", town.consent("procore", &url))).status(), 200);
    assert!(auth.ended().0);
    let mut service = town.serve(&[]);
    // when its Web Connector visits again and again,
    let stop = Arc::new(AtomicBool::new(false));
    let visits = {
        let (file, stop, url) = (file.clone(), stop.clone(), format!("{}/qbwc", service.url));
        std::thread::spawn(move || {
            let mut connector = WebConnector::new(url, "sync", PASSWORD, file, Arc::new(Utc::now));
            while !stop.load(Ordering::Acquire) {
                connector.visit();
            }
        })
    };
    // then the first load is posted through it,
    let worked = service.running.wait_for("\"message\":\"worked\"");
    let worked: serde_json::Value = serde_json::from_str(&worked).unwrap();
    assert!(worked["created"].as_u64().unwrap() > 20, "{worked}");
    stop.store(true, Ordering::Release);
    visits.join().unwrap();
    // nobody needs a consent for QuickBooks, and the password is nowhere in what was said.
    let (_, status) = town.json(&["status", "--json"]);
    let sides: Vec<_> = status["tokens"].as_array().unwrap().iter().map(|token| &token["side"]).collect();
    assert_eq!(sides, ["Procore"]);
    let said = service.stop();
    assert!(!said.contains(PASSWORD));
}
