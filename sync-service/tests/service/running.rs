//! `auth` and `serve`.

use chrono::Utc;
use http::Request;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;

use crate::kit::{SECRETS, Town, body, get, send};

/// A vendor that a person enters in Procore.
fn new_vendor(town: &Town, name: &str) {
    let mut procore = town.procore();
    let mut vendor = procore.all("vendors").next().unwrap().clone();
    vendor.set("name", name);
    vendor.set("id", Json::Null);
    procore.person_creates(Utc::now(), "vendors", vendor);
}

#[test]
fn the_service_loads_takes_a_webhook_works_it_and_stops_when_asked() {
    // Given two companies that a person has connected in a browser,
    let town = Town::new(Book::demo().unwrap());
    town.connect();
    // when the service starts, then it takes everything in by itself,
    let mut service = town.serve(&[]);
    service.running.wait_for("\"message\":\"worked\"");
    assert!(town.marked("Bill") > 50, "{}", town.marked("Bill"));
    assert_eq!(body(&service.get("/healthz")), "alive\n");
    // The console asks who it is.
    assert!(service.get("/").status().is_redirection());
    let ready: serde_json::Value = serde_json::from_slice(service.get("/readyz").body()).unwrap();
    assert_eq!((&ready["ready"], &ready["last_error"]), (&true.into(), &serde_json::Value::Null));
    // and when a vendor is entered in Procore, which tells of it,
    town.procore().take_webhooks();
    new_vendor(&town, "Canary Millwork LLC");
    let told = town.procore().take_webhooks();
    assert!(!told.is_empty());
    for delivery in told {
        let mut request =
            Request::post(format!("{}/webhooks/procore", service.url)).body(delivery.body.clone()).unwrap();
        *request.headers_mut() = delivery.headers.clone();
        assert_eq!(send(request).status(), 200);
        // (a delivery without the header is not from Procore)
        let forged = Request::post(format!("{}/webhooks/procore", service.url)).body(delivery.body).unwrap();
        assert_eq!(send(forged).status(), 401);
    }
    // then it is in QuickBooks after the next round, and its change can be followed through the log by document and job.
    let taken = service.running.wait_for("\"message\":\"change taken in\"");
    let taken: serde_json::Value = serde_json::from_str(&taken).unwrap();
    let stored = service.running.wait_for("\"message\":\"write stored, to be sent\"");
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let written = service.running.wait_for("\"message\":\"written\"");
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert!(taken["event"].is_string());
    assert_eq!(taken["document"], written["document"]);
    assert_eq!((&stored["job"], &stored["write"]), (&written["job"], &written["write"]));
    assert!(written["span"]["round"].is_u64(), "{written}");
    service.running.wait_for("\"message\":\"worked\"");
    assert!(town.quickbooks().all("Vendor").any(|v| format!("{v:?}").contains("Canary Millwork LLC")));
    assert_eq!(service.figure("sync_webhooks_total{vendor=\"procore\",status=\"401\"}"), Some(1));
    assert!(service.figure("sync_links").unwrap() > 100);
    // And when it is asked to stop, it ends cleanly; neither secrets nor amounts are in what it said.
    let said = service.stop();
    assert!(said.contains("\"message\":\"stopped\""), "{said}");
    for secret in SECRETS {
        assert!(!said.contains(secret), "{secret} was said");
    }
    let quickbooks = town.quickbooks();
    let amounts: Vec<String> = quickbooks
        .all("Bill")
        .filter_map(|bill| Some(bill.get("TotalAmt")?.as_decimal()?.to_string()))
        .filter(|amount| amount.len() > 6)
        .collect();
    assert!(amounts.len() > 20);
    for amount in amounts {
        assert!(!said.contains(&amount), "the amount {amount} was said");
    }
    for token in std::fs::read_dir(town.path("data/tokens")).unwrap().map(|file| file.unwrap().path()) {
        let stored = std::fs::read(&token).unwrap();
        // The configuration seals them.
        assert!(!String::from_utf8_lossy(&stored).contains("refresh_token"), "{}", token.display());
    }
}

#[test]
fn a_consent_of_another_login_is_refused_and_the_right_one_still_counts() {
    // Given a login that waits for its consent
    let town = Town::new(Book::demo().unwrap());
    let (mut auth, url, callback) = town.begin_auth("quickbooks");
    // when somebody else's answer arrives, then it is turned away,
    let foreign = get(&format!("{callback}?code=stolen&state=0000&realmId=1"));
    assert_eq!(foreign.status(), 400);
    assert!(body(&foreign).contains("another login"));
    assert_eq!(get(&format!("{callback}/favicon.ico")).status(), 400);
    // and the person's own answer is taken.
    assert_eq!(get(&format!("{callback}?{}", town.consent("quickbooks", &url))).status(), 200);
    let (success, said) = auth.ended();
    assert!(success && said.contains("Connected to QuickBooks: good until"), "{said}");
    // The consent for another company is refused in words.
    let (mut auth, url, callback) = town.begin_auth("quickbooks");
    let wrong = town.consent("quickbooks", &url).replace(&town.book.facts.realm_id, "4000");
    assert_eq!(get(&format!("{callback}?{wrong}")).status(), 400);
    let (success, said) = auth.ended();
    assert!(!success && said.contains("the consent is for the company 4000"), "{said}");
}

#[test]
fn an_edited_mapping_and_configuration_are_taken_over_and_faulty_ones_are_not() {
    // Given a running service
    let town = Town::new(Book::demo().unwrap());
    town.connect();
    let mut service = town.serve(&[]);
    service.running.wait_for("\"message\":\"worked\"");
    // when the mapping gets a fault, then the one before stays in use, and the fault is told with its place;
    let coding = town.path("mapping/coding.csv");
    let good = std::fs::read_to_string(&coding).unwrap();
    std::fs::write(&coding, format!("{good},,,99-998,,,,Both,Of them\n")).unwrap();
    let told = service.running.wait_for("the mapping cannot be used");
    assert!(told.contains("coding.csv:"), "{told}");
    // when it is mended and changed, then the new one is used;
    std::fs::write(&coding, format!("{good},,,99-999,,,,,Job Costs\n")).unwrap();
    service.running.wait_for("the mapping was read again");
    // the same for the configuration, also at a signal.
    let configuration = town.path("connection.toml");
    let before = std::fs::read_to_string(&configuration).unwrap();
    std::fs::write(&configuration, before.replace("poll_minutes = 5", "poll_minutes = 0")).unwrap();
    let told = service.running.wait_for("the configuration cannot be used");
    assert!(told.contains("connection.toml:"), "{told}");
    std::fs::write(&configuration, before.replace("poll_minutes = 5", "poll_minutes = 7")).unwrap();
    service.running.wait_for("the configuration was read again");
    service.running.signal("HUP");
    service.running.wait_for("the configuration was read again");
    // The parts that were replaced work on.
    new_vendor(&town, "Second Canary LLC");
    for delivery in town.procore().take_webhooks() {
        let mut request = Request::post(format!("{}/webhooks/procore", service.url)).body(delivery.body).unwrap();
        *request.headers_mut() = delivery.headers;
        assert_eq!(send(request).status(), 200);
    }
    service.running.wait_for("\"message\":\"written\"");
    service.stop();
}

#[test]
fn a_second_address_that_is_taken_is_told_in_words() {
    let town = Town::new(Book::demo().unwrap());
    let service = town.serve(&[]);
    let address = service.url.trim_start_matches("http://").to_owned();
    let second = town.run(&["serve", "--address", &address]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(1) && said.contains("is another one running?"), "{said}");
    // Without tokens it lives, is ready to store, and says what is missing.
    let mut service = service;
    let told = service.running.wait_for("the round broke off");
    assert!(told.contains("Connect it") || told.contains("connect"), "{told}");
    assert_eq!(service.get("/readyz").status(), 200);
    service.stop();
}
