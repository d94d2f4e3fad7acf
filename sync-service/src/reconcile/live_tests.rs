//! The nightly run against both sandboxes over HTTP, as against live companies.

use std::sync::{Arc, Mutex, PoisonError};

use sync_core::dead_letter::Cause;
use sync_core::engine::Silent;
use sync_core::journal::Journal;
use sync_core::mapping::Mapping;
use sync_core::model::TargetKind;
use sync_core::reconcile::FindingKind;
use sync_core::reconcile::company::CompanyReport;
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::Fault;
use sync_sandboxes::json::Json;

use super::books::BooksAt;
use super::live::{self, Done, Extent};
use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::demo::stage::Stage;
use crate::desktop::Desktop;

async fn reconcile(settings: &ConnectionSettings, extent: &Extent) -> Result<(CompanyReport, Done), Failure> {
    live::reconcile(settings, &BooksAt::of(settings, None)?, extent).await
}

/// The demo, synced.
async fn synced() -> Stage {
    let stage = Stage::with_book(Book::demo().unwrap(), None, true).unwrap();
    let settings = stage.settings();
    let mapping = Arc::new(Mapping::load(&settings.mapping).unwrap());
    let journal = Arc::new(settings.journal().unwrap());
    let engine = settings.connect().unwrap().engine(&settings, journal.clone(), mapping, Arc::new(Silent));
    crate::sync::work(&engine, journal.as_ref(), &settings.id()).await.unwrap();
    stage
}

fn now(stage: &Stage) -> chrono::DateTime<chrono::Utc> {
    stage.settings().clock().now()
}

/// The id of the bill with a number.
fn bill(stage: &Stage, number: &str) -> String {
    let quickbooks = stage.quickbooks.lock().unwrap_or_else(PoisonError::into_inner);
    let found = quickbooks.all("Bill").find(|bill| bill.get("DocNumber").and_then(Json::as_str) == Some(number));
    found.and_then(|bill| bill.get("Id")).and_then(Json::as_id).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_and_a_void_that_nobody_told_of_become_dead_letters_and_the_rest_goes_back_to_intake() {
    // Given a synced company, in which a person deletes a bill, voids another, and changes a third
    let stage = synced().await;
    let settings = stage.settings();
    let clean = reconcile(&settings, &Extent::default()).await.unwrap().0;
    assert!(clean.is_clean(), "{:#?}", clean.findings);
    let (deleted, voided, changed) = (bill(&stage, "SCM-0001"), bill(&stage, "SCM-0002"), bill(&stage, "MM-2209"));
    {
        let mut quickbooks = stage.quickbooks.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now(&stage);
        quickbooks.person_deletes(now, "Bill", &deleted).unwrap();
        quickbooks.person_voids(now, "Bill", &voided).unwrap();
        quickbooks.person_edits(now, "Bill", &changed, |bill| bill.set("TxnDate", "2026-10-02")).unwrap();
    }
    // When the nightly run looks
    let (report, done) = reconcile(&settings, &Extent::default()).await.unwrap();
    // Then each is told as what it is
    let kinds: Vec<(FindingKind, Option<&str>)> =
        report.findings.iter().map(|f| (f.kind, f.procore.as_deref())).collect();
    assert!(kinds.contains(&(FindingKind::Deleted, Some("SC-A1/1"))), "{kinds:?}");
    assert!(kinds.contains(&(FindingKind::Voided, Some("SC-A1/2"))), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|(kind, _)| *kind == FindingKind::FieldDiffers).count(), 1, "{kinds:?}");
    assert_eq!((kinds.len(), done.dead_letters, done.back_to_intake), (3, 2, 1));
    // and a person is asked about the first two, while the third is looked at by the next sync
    let journal = settings.journal().unwrap();
    let letters = journal.dead_letters(&settings.id()).await.unwrap();
    let mut causes: Vec<Cause> = letters.iter().map(|letter| letter.cause).collect();
    causes.sort();
    assert_eq!(causes, [Cause::DeletedInQuickbooks, Cause::VoidedInQuickbooks]);
    assert_eq!(journal.counts(&settings.id()).await.unwrap().ready, 1);
    // and the findings are kept, and a second run writes no second letter
    let kept = std::fs::read_to_string(settings.dir.join("findings.json")).unwrap();
    assert!(kept.contains("\"deleted\"") && kept.contains("SC-A1/1"));
    let (_, again) = reconcile(&settings, &Extent::default()).await.unwrap();
    assert_eq!(again.dead_letters, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_the_dark_is_never_clean_and_goes_on_where_it_was() {
    // Given a synced company, and a Procore that cuts its lists of pay apps off
    let stage = synced().await;
    let settings = stage.settings();
    for _ in 0..60 {
        stage.procore_faults().next_for(Fault::Truncated, http::Method::GET, "/requisitions");
    }
    // When the nightly run reads
    let error = reconcile(&settings, &Extent::default()).await.unwrap_err();
    // Then it fails, and is remembered as not complete
    let journal = settings.journal().unwrap();
    let last = journal.cursor(&settings.id(), "reconcile").await.unwrap().unwrap();
    assert!(last.contains("\"complete\":false"), "{last}; {error}");
    let kept = std::fs::read_to_string(settings.dir.join("reconcile-run.ndjson")).unwrap();
    let parts: Vec<&str> = kept.lines().skip(1).filter_map(|line| line.get(..30)).collect();
    assert_eq!(parts.len(), 3, "vendors, projects, the first commitments: {parts:?}");
    // And when Procore is well again, the run goes on with the rest and what has changed since, and is clean
    *stage.procore_faults() = sync_sandboxes::faults::Faults::none();
    let (report, _) = reconcile(&settings, &Extent::default()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert!(!settings.dir.join("reconcile-run.ndjson").exists());
    let last = journal.cursor(&settings.id(), "reconcile").await.unwrap().unwrap();
    assert!(last.contains("\"complete\":true"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_project_alone_ties_out_with_fewer_calls() {
    // Given a synced company of several projects
    let stage = synced().await;
    let settings = stage.settings();
    let (whole, all) = reconcile(&settings, &Extent::default()).await.unwrap();
    // When only one is looked at
    let extent = Extent { project: Some("2026-014".to_owned()), since: None, quiet: true };
    let (report, one) = reconcile(&settings, &extent).await.unwrap();
    // Then it ties out by itself, and costs less
    assert!(report.is_clean(), "{:#?}{:#?}", report.findings, report.tie_outs);
    assert_eq!(report.projects.len(), 1);
    assert!(one.procore_calls < all.procore_calls && whole.pairs.len() > report.pairs.len(), "{one:?} {all:?}");
    // and a project that is not there is named
    let nowhere = Extent { project: Some("2026-999".to_owned()), since: None, quiet: true };
    let error = reconcile(&settings, &nowhere).await.unwrap_err().to_string();
    assert!(error.contains("there is no project `2026-999`") && error.contains("2026-014"), "{error}");
}

/// The id in Procore of a pay app, by the numbers of its commitment and its own.
fn pay_app(stage: &Stage, commitment: &str, number: &str) -> String {
    let procore = stage.procore.lock().unwrap_or_else(PoisonError::into_inner);
    let text = |json: &Json, member: &str| json.get(member).and_then(Json::as_id).unwrap_or_default().to_owned();
    let contract = procore.all("work_order_contracts").find(|c| text(c, "number") == commitment).unwrap();
    let id = text(contract, "id");
    let mut apps = procore.all("requisitions");
    text(apps.find(|app| text(app, "commitment_id") == id && text(app, "number") == number).unwrap(), "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_asks_the_lists_and_fetches_what_changed_and_finds_deletions_all_the_same() {
    // Given a synced company that was reconciled
    let stage = synced().await;
    let settings = stage.settings();
    let first = reconcile(&settings, &Extent::default()).await.unwrap().1;
    // When nothing has happened, then the next run costs the lists and no document
    let (report, second) = reconcile(&settings, &Extent::default()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert!(second.procore_calls < first.procore_calls, "{first:?} {second:?}");
    // When a pay app is changed and another one deleted, of which nobody tells
    let (changed, deleted) = (pay_app(&stage, "SC-A1", "2"), pay_app(&stage, "SC-A2", "2"));
    {
        let mut procore = stage.procore.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now(&stage);
        procore.person_edits(now, "requisitions", &changed, |app| app.set("billing_date", "2026-09-29")).unwrap();
        procore.person_deletes(now, "requisitions", &deleted).unwrap();
    }
    // Then both are found, for a few calls more
    let (report, third) = reconcile(&settings, &Extent::default()).await.unwrap();
    let kinds: Vec<(FindingKind, Option<&str>)> =
        report.findings.iter().map(|f| (f.kind, f.procore.as_deref())).collect();
    assert_eq!(kinds, [(FindingKind::Deleted, None), (FindingKind::FieldDiffers, Some("SC-A1/2"))]);
    assert!(third.procore_calls < first.procore_calls, "{first:?} {third:?}");
    // And a run since yesterday costs less than reading everything; what is asked twice, to miss nothing, is a matter of time
    let yesterday = now(&stage).date_naive().pred_opt();
    let (report, since) = reconcile(&settings, &Extent { since: yesterday, ..Extent::default() }).await.unwrap();
    assert!(report.findings.iter().any(|f| f.procore.as_deref() == Some("SC-A1/2")), "{:#?}", report.findings);
    assert!(since.procore_calls < first.procore_calls, "{first:?} {since:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn quickbooks_desktop_is_compared_at_the_visits_of_its_web_connector() {
    // Given a company file that was synced, and a Web Connector that visits
    let stage = Stage::with_book(Book::desktop_demo().unwrap(), None, true).unwrap();
    let settings = stage.settings();
    let machine = stage.machine.as_ref().unwrap();
    let desktop = Arc::new(Desktop::open(&settings, settings.desktop.as_ref().unwrap()).unwrap());
    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = desktop.router();
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let visits = machine.visit(Arc::new(Mutex::new(address)), None);
    let mapping = Arc::new(Mapping::load(&settings.mapping).unwrap());
    let journal = Arc::new(settings.journal().unwrap());
    let source = settings.procore_source().unwrap();
    let engine = desktop.engine(&settings, source, journal.clone(), mapping, Arc::new(Silent));
    {
        let _visits = desktop.desk.run();
        crate::sync::work(&engine, journal.as_ref(), &settings.id()).await.unwrap();
    }
    // When it is compared, then it ties out
    let at = BooksAt::of(&settings, Some(&desktop)).unwrap();
    let (report, _) = live::reconcile(&settings, &at, &Extent::default()).await.unwrap();
    assert!(report.is_clean(), "{:#?}{:#?}{:?}", report.findings, report.tie_outs, report.problems);
    // And when a bill is deleted and another voided there, each is told as what it is
    let bills = report.pairs.iter().map(|pair| &pair.target).filter(|target| target.kind == TargetKind::Bill);
    let bills: Vec<String> = bills.map(|bill| bill.id.to_string()).collect();
    machine.file().person_deletes(now(&stage), "Bill", &bills[0]).unwrap();
    machine.file().person_voids(now(&stage), "Bill", &bills[1]).unwrap();
    let (report, done) = live::reconcile(&settings, &at, &Extent::default()).await.unwrap();
    let found = |kind| report.findings.iter().filter(|finding| finding.kind == kind).count();
    assert_eq!((found(FindingKind::Deleted), found(FindingKind::Voided)), (1, 1), "{:#?}", report.findings);
    assert_eq!(done.dead_letters, 2);
    tokio::task::block_in_place(|| drop(visits));
    server.abort();
}
