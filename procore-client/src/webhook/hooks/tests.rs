//! Given a company, when its subscriptions are ensured, then each scope has one hook as it should be, and no more.

use std::sync::Arc;

use super::*;
use crate::double::{CANARY, Meddler};

const PROJECTS: &str = r#"[{"id":101,"name":"Clinic","active":true},{"id":102,"name":"Depot","active":true}]"#;
const URL: &str = "https://sync.example.com/procore";

fn secret() -> Secret {
    Secret::new(format!("Bearer {CANARY}-hook-secret-1"))
}

fn hooks(procore: &Arc<Procore>) -> Hooks {
    Hooks::new(procore.clone(), "northgate-sync", URL, secret()).unwrap()
}

fn site() -> (Arc<Meddler>, Arc<Procore>) {
    Meddler::with(&[("projects", PROJECTS)])
}

fn projects() -> [ProjectId; 2] {
    ["101".into(), "102".into()]
}

fn all() -> Vec<Scope> {
    vec![Scope::Company, Scope::Project("101".into()), Scope::Project("102".into())]
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn hooks_are_made_once_and_then_left_alone() {
    let (meddler, procore) = site();
    // when they are ensured, then there is one for the company and one for each project
    let report = is_send(hooks(&procore).ensure(&projects())).await;
    assert_eq!(report.created, all());
    assert!(report.failed.is_empty() && report.repaired.is_empty(), "{report:?}");
    let bodies: String = meddler.written().iter().map(|request| request.body.clone()).collect();
    for name in ["Company Vendors", "Projects", "Work Order Contracts", "Prime Contracts", "Payment Applications"] {
        assert!(bodies.contains(name), "{name}");
    }
    // what no document comes of is not listened to
    assert!(!bodies.contains("Budget") && !bodies.contains("Direct Costs") && !bodies.contains("Contract Payments"));
    // and the second time nothing is written
    let before = meddler.written().len();
    let report = hooks(&procore).ensure(&projects()).await;
    assert_eq!((report.unchanged, meddler.written().len()), (all(), before));
    // and a change comes to us, with our header
    let marked = crate::actuals::Marked::Project("101".into());
    crate::actuals::Actuals::new(procore.clone()).set_origin(&marked, "qbo:9341:job:1").await;
    let deliveries = meddler.sandbox.procore.lock().unwrap().take_webhooks();
    let ours: Vec<_> = deliveries.iter().filter(|d| d.destination_url.as_deref() == Some(URL)).collect();
    assert_eq!(ours.len(), 1);
    let webhook = super::super::Webhook::new(secret(), crate::double::COMPANY).unwrap();
    let header = ours[0].headers.get("authorization").map(|value| value.as_bytes());
    let delivery = webhook.receive(header, &ours[0].body).unwrap();
    assert_eq!(delivery.changes[0].document.to_string(), "project/101");
    assert!(!format!("{:?}", hooks(&procore)).contains(CANARY));
}

#[tokio::test]
async fn what_is_wrong_is_repaired_and_what_is_double_is_removed() {
    let (meddler, procore) = site();
    hooks(&procore).ensure(&projects()).await;
    // given another address, a lost trigger, a second hook, a hook of another integration
    let elsewhere = Hooks::new(procore.clone(), "northgate-sync", "https://old.example.com/", secret()).unwrap();
    elsewhere.create(&Scope::Project("102".into())).await.unwrap();
    let other = Hooks::new(procore.clone(), "other", "https://other.example.com/", secret()).unwrap();
    other.ensure(&projects()).await;
    let moved = Hooks::new(procore.clone(), "northgate-sync", "https://new.example.com/", secret()).unwrap();
    // when our address changes, then every hook follows
    let report = moved.ensure(&projects()).await;
    assert_eq!((report.repaired, report.failed), (all(), vec![]));
    for scope in all() {
        let kept = moved.hooks(&scope).await.unwrap();
        assert_eq!(kept.len(), 1, "{scope}");
        assert_eq!(kept[0].destination_url.as_deref(), Some("https://new.example.com/"));
        assert_eq!(other.hooks(&scope).await.unwrap().len(), 1, "{scope}");
    }
    assert_eq!(moved.ensure(&projects()).await.unchanged, all());
    // a new secret that ends differently is seen; one that ends the same must be said
    let secret = Secret::new(format!("Bearer {CANARY}-hook-secret-2"));
    let changed = Hooks::new(procore.clone(), "northgate-sync", "https://new.example.com/", secret).unwrap();
    assert_eq!(changed.ensure(&projects()).await.repaired, all());
    assert_eq!(changed.with_new_authorization().ensure(&projects()).await.repaired, all());
    // and a form that changes
    let moved = moved.with_version(PayloadVersion::V4);
    assert_eq!(moved.ensure(&[]).await.repaired, [Scope::Company]);
    meddler.written();
}

#[tokio::test]
async fn a_hook_whose_making_was_not_answered_is_found_the_next_time() {
    let (meddler, procore) = site();
    meddler.lost.lock().unwrap().push(("POST", "/projects/101/webhooks/hooks"));
    let report = hooks(&procore).ensure(&projects()).await;
    assert_eq!(report.created, [Scope::Company, Scope::Project("102".into())]);
    assert_eq!(report.failed.iter().map(|failure| failure.scope.clone()).collect::<Vec<_>>(), [all()[1].clone()]);
    let report = hooks(&procore).ensure(&projects()).await;
    assert_eq!(report.repaired, [all()[1].clone()]);
    assert_eq!(hooks(&procore).hooks(&all()[1]).await.unwrap().len(), 1);
    assert_eq!(hooks(&procore).ensure(&projects()).await.unchanged, all());
}

#[tokio::test]
async fn triggers_that_are_refused_are_named_and_the_others_are_there() {
    // given a resource that is offered and cannot be had
    let (meddler, procore) = site();
    let offered = r#"{"data":[{"name":"Projects","actions":["CREATE","update"]},{"name":"Requisitions","actions":["update"]},
        {"name":"Company Vendors","actions":[{"name":"create"},{"odd":1},7]}]}"#;
    let resources = ("/webhooks/resources", 200, offered.to_owned());
    meddler.instead.lock().unwrap().push(resources);
    let report = hooks(&procore).ensure(&[]).await;
    // then it is named, and what could be had is there
    assert_eq!(report.created, [Scope::Company]);
    assert!(report.failed[0].text.contains("Requisitions update"), "{report:?}");
    assert!(!report.failed[0].text.contains("Projects"), "{report:?}");
    let hook = hooks(&procore).hooks(&Scope::Company).await.unwrap().remove(0);
    assert_eq!(hooks(&procore).triggers(&Scope::Company, &hook).await.unwrap().len(), 3);
}

#[tokio::test]
async fn one_scope_that_is_refused_leaves_the_others() {
    let (meddler, procore) = site();
    meddler.sandbox.procore.lock().unwrap().hide("projects", "101");
    let report = hooks(&procore).ensure(&projects()).await;
    assert_eq!(report.created, [Scope::Company, Scope::Project("102".into())]);
    assert_eq!(report.failed[0].scope, Scope::Project("101".into()));
    assert!(report.failed[0].text.contains("403"), "{report:?}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let (_, procore) = site();
    let new =
        |namespace: &str, url: &str, secret: &str| Hooks::new(procore.clone(), namespace, url, Secret::new(secret));
    let long = "Bearer 0123456789abcdef";
    assert!(new("sync-1", URL, long).is_ok() && new("s", "http://127.0.0.1:9/x", long).is_ok());
    for (namespace, url, secret) in [
        ("", URL, long),
        ("Sync", URL, long),
        ("a b", URL, long),
        ("s", "http://sync.example.com", long),
        ("s", URL, "short"),
    ] {
        let error = new(namespace, url, secret).unwrap_err();
        assert!(matches!(error, Error::Configuration(_)) && !error.to_string().contains(long));
    }
}
