//! Events that nobody expects, and vendors that stop answering: each is survived, and nothing is lost.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use procore_client::webhook::{Receiver as OfProcore, Webhook};
use quickbooks_online::webhook::{Receiver as OfQuickBooks, SIGNATURE_HEADER, Verifier};
use sync_core::connector::Inbox;
use sync_core::http::{Secret, TokenSet, TokenStore};
use sync_sandboxes::procore::ProcoreConfig;
use sync_sandboxes::quickbooks::{QuickBooksConfig, signature};

use crate::kit::ledger::text;
use crate::kit::site::load;
use crate::kit::tie_out::ties_out;
use crate::kit::{Site, lock, site};

#[tokio::test]
async fn odd_events_are_acknowledged_and_leave_nothing_behind() {
    // Given the demo book, loaded, and both receivers
    let site = Site::open(&site::book("demo")).await;
    let engine = Arc::new(site.engine());
    load(&engine).await.unwrap();
    let (written, links) = (site.write_requests(), site.journal.counts(&site.connection()).await.unwrap().links);
    let inbox: Arc<dyn Inbox> = engine.clone();
    let authorization = ProcoreConfig::default().webhook_authorization.unwrap();
    let webhook = Webhook::new(Secret::new(authorization.clone()), site.company()).unwrap();
    let procore = OfProcore::new(webhook, inbox.clone());
    let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_str(&authorization).unwrap())]);
    let company = site.company();
    // When Procore tells of words that nobody knows, of another company, and of what was never there
    let odd = [
        (company, "Weather Reports", "1"),
        (company, "", "1"),
        ("77", "Work Order Contracts", "598134326200010"),
        (company, "Work Order Contracts", "999999999999999"),
        (company, "Company Vendors", "999999999999998"),
    ];
    for (number, (company, resource, id)) in odd.into_iter().enumerate() {
        for form in [
            r#"{"id":7,"ulid":"U-@","company_id":@C,"project_id":598134326100022,"event_type":"thaw","resource_name":"@R","resource_id":@I,"api_version":"v2.0"}"#,
            r#"{"id":"W-@","company_id":"@C","project_id":"598134326100022","reason":"thawed","resource_type":"@R","resource_id":"@I","data":[1]}"#,
        ] {
            let body = form.replace("@C", company).replace("@R", resource).replace("@I", id);
            let body = body.replace('@', &number.to_string());
            assert_eq!(procore.receive(&headers, body.as_bytes()).await.0, 200, "{body}");
        }
    }
    // And QuickBooks tells of another realm, of words of tomorrow, and of bills that nobody made
    let token = QuickBooksConfig::default().verifier_token;
    let quickbooks = OfQuickBooks::new(Verifier::new(Secret::new(token.clone()))).with_company(site.realm(), inbox);
    let realm = site.realm();
    for body in [
        format!(
            r#"[{{"id":"1","type":"qbo.bill.updated.v1","intuitentityid":"1","intuitaccountid":"77"}},
            {{"id":"2","type":"qbo.bill.thawed.v9","intuitentityid":"999999","intuitaccountid":"{realm}"}},
            {{"id":"3","type":"qbo.dream.created.v1","intuitentityid":"5","intuitaccountid":"{realm}"}},
            {{"id":"4","type":7}}]"#
        ),
        format!(
            r#"{{"eventNotifications":[{{"realmId":"{realm}","dataChangeEvent":{{"entities":[
            {{"name":"Bill","id":"999998","operation":"Void"}},{{"name":"Customer","id":"999997","operation":"Merge","deletedId":"999996"}}]}}}}]}}"#
        ),
        r#"{"tomorrow":true}"#.to_owned(),
    ] {
        let value = HeaderValue::from_str(&signature(&token, body.as_bytes())).unwrap();
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE_HEADER), value)]);
        assert_eq!(quickbooks.receive(&headers, body.as_bytes()).await.0, 200, "{body}");
    }
    // Then all of it is worked to an end, and nothing has changed
    let report = engine.run().await.unwrap();
    let counts = site.journal.counts(&site.connection()).await.unwrap();
    assert_eq!((report.created, report.updated, report.dead, counts.pending), (0, 0, 0, 0), "{report:?}");
    assert_eq!((site.write_requests(), counts.links), (written, links));
    ties_out(&site);
}

#[tokio::test]
async fn a_change_set_as_long_as_quickbooks_can_tell_is_not_taken_for_all_of_it() {
    // Given the demo book, loaded, a bill that a person deleted, and so much else that the answer does not hold it
    let site = Site::open(&site::book("demo")).await;
    let engine = site.engine();
    load(&engine).await.unwrap();
    engine.poll_sink().await.unwrap();
    site.days_pass(1);
    let bill = site.quickbooks().all("Bill").map(|bill| text(bill, &["Id"]).to_owned()).next().unwrap();
    let now = site.now();
    site.quickbooks().person_deletes(now, "Bill", &bill).unwrap();
    let others: Vec<String> = (0..1000).map(|i| format!(r#"{{"Id":"{}","status":"Deleted"}}"#, 800_000 + i)).collect();
    let body = format!(
        r#"{{"CDCResponse":[{{"QueryResponse":[{{"Bill":[{}]}}]}}],"time":"{}"}}"#,
        others.join(","),
        now.to_rfc3339()
    );
    // When QuickBooks is asked what changed, by polling and at the start of the work
    lock(&site.quickbooks_weather).answer_next("/cdc", 200, &body);
    engine.poll_sink().await.unwrap();
    lock(&site.quickbooks_weather).answer_next("/cdc", 200, &body);
    engine.run().await.unwrap();
    // Then everything was looked at, the bill too
    let causes: Vec<String> = site.dead_letters().await.iter().map(|letter| letter.cause.to_string()).collect();
    assert_eq!(causes, ["deleted in quickbooks"]);
}

#[tokio::test]
async fn a_month_without_reads_ends_and_loses_nothing() {
    // Given an app whose free reads are used up, and an approval meanwhile
    let (site, app) = (Site::open(&site::book("demo")).await, "598134326660103");
    let edit = |status: &'static str| {
        site.procore().person_edits(site.now(), "requisitions", app, |app| app.set("status", status)).unwrap();
    };
    edit("under_review");
    let engine = site.engine();
    load(&engine).await.unwrap();
    site.quickbooks().config_mut().limits.reads_per_month = Some(0);
    site.days_pass(1);
    edit("approved");
    // When the program works, it is turned away, or waits until the month is over
    engine.poll().await.unwrap();
    let turned_away = engine.run().await.err();
    if let Some(error) = &turned_away {
        assert_eq!(error.kind(), sync_core::ErrorKind::Throttled, "{error}");
    }
    // Then what was taken in is still there, and posted in the next month
    site.days_pass(31);
    site.quickbooks().config_mut().limits.reads_per_month = None;
    engine.run().await.unwrap();
    ties_out(&site);
}

#[tokio::test]
async fn a_refresh_token_that_dies_in_the_middle_stops_the_work_until_somebody_consents() {
    for vendor in ["procore", "quickbooks"] {
        // Given the demo book, loaded, an approval, and a vendor that takes back its consent
        let (site, app) = (Site::open(&site::book("demo")).await, "598134326660103");
        let edit = |status: &'static str| {
            site.procore().person_edits(site.now(), "requisitions", app, |app| app.set("status", status)).unwrap();
        };
        edit("under_review");
        site.load().await;
        site.days_pass(1);
        edit("approved");
        match vendor {
            "procore" => site.procore().revoke_tokens(),
            _ => site.quickbooks().revoke_tokens(),
        }
        // When the program works, then it stops and says that a person must connect again
        let engine = site.engine();
        let error = match engine.poll().await {
            Err(error) => error,
            Ok(_) => engine.run().await.unwrap_err(),
        };
        assert_eq!(error.kind(), sync_core::ErrorKind::NotAuthorised, "{vendor}: {error}");
        // And once they have, everything goes on where it stood
        let now = site.now();
        let (access, refresh) = match vendor {
            "procore" => site.procore().grant(now),
            _ => site.quickbooks().grant(now),
        };
        let held = site.tokens.load(vendor).await.unwrap().unwrap();
        let set = TokenSet::new(Secret::new(access), now + chrono::TimeDelta::hours(1));
        let set = set.with_refresh(Secret::new(refresh), None);
        site.tokens.store(vendor, held.version, set).await.unwrap();
        site.catch_up().await;
        assert_eq!(site.dead_letters().await, []);
        ties_out(&site);
    }
}
