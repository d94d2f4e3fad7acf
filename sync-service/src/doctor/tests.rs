//! `doctor` on both sandboxes over HTTP: each thing that a vendor may change is told.

use std::sync::PoisonError;

use http::Method;
use procore_client::webhook::hooks::Hooks;
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::{End, Fault};
use sync_sandboxes::json::Json;

use super::{Check, State};
use crate::demo::stage::Stage;

fn stage() -> Stage {
    Stage::with_book(Book::demo().unwrap(), None, true).unwrap()
}

async fn look(stage: &Stage) -> Vec<Check> {
    let settings = stage.settings();
    super::checks(&settings, &settings.connect().unwrap()).await.unwrap()
}

/// What is said of something that is not as it should be.
fn said(checks: &[Check], what: &str, state: State) -> String {
    let found = checks.iter().filter(|check| check.what.starts_with(what) && check.state == state);
    let texts: Vec<&str> = found.map(|check| check.text.as_str()).collect();
    assert!(!texts.is_empty(), "{what} {state:?}: {checks:#?}");
    texts.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_where_nothing_has_changed_is_well() {
    let checks = look(&stage()).await;
    // The book has a status of somebody's own making; nothing else is to be said.
    assert!(said(&checks, "Procore words", State::Look).ends_with("commitment `On Hold Legal`"));
    assert_eq!(checks.iter().filter(|check| check.state != State::Ok).count(), 1, "{checks:#?}");
    for what in ["Procore login", "QuickBooks login", "Procore fields", "Procore webhooks", "QuickBooks words"] {
        said(&checks, what, State::Ok);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_to_end_is_named_with_its_day() {
    // Given a Procore that announces the end of an endpoint in the headers of its answers
    let stage = stage();
    stage.procore_faults().ends("/requisitions", End::Announced);
    // Then it is said which one, and when
    let text = said(&look(&stage).await, "Procore versions", State::Look);
    assert!(text.contains("/rest/v1.1/requisitions ends on 2027-12-31"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_endpoint_and_a_tool_that_the_account_may_not_use_break_the_sync_and_are_named() {
    for (end, status) in [(End::Retired, "410"), (End::Forbidden, "403")] {
        let stage = stage();
        stage.procore_faults().ends("/work_order_contracts", end);
        let checks = look(&stage).await;
        let text = said(&checks, "Procore project/", State::Broken);
        assert!(text.contains("work_order_contracts") && text.contains(status), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_members_and_new_words_are_told_by_name() {
    // Given a vendor that sends a member which speaks of money, another that does not, and a status of tomorrow
    let stage = stage();
    {
        let mut procore = stage.procore.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stage.settings().clock().now();
        let ids = |procore: &sync_sandboxes::procore::Procore, resource: &str| -> Vec<String> {
            procore.all(resource).filter_map(|r| r.get("id").and_then(Json::as_id).map(str::to_owned)).collect()
        };
        for id in ids(&procore, "requisitions") {
            let edit = |app: &mut Json| {
                app.set("lien_waiver_amount", "12.00");
                app.set("colour", "green");
            };
            procore.person_edits(now, "requisitions", &id, edit).unwrap();
        }
        let id = ids(&procore, "work_order_contracts").remove(0);
        procore.person_edits(now, "work_order_contracts", &id, |c| c.set("status", "Half approved")).unwrap();
    }
    let checks = look(&stage).await;
    let fields = said(&checks, "Procore fields", State::Look);
    assert!(fields.contains("requisitions.lien_waiver_amount") && !fields.contains("colour"), "{fields}");
    assert!(said(&checks, "Procore words", State::Look).contains("Half approved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_counted() {
    // Given a company and projects that were subscribed
    let stage = stage();
    let source = stage.settings().connect().unwrap().source;
    let secret = sync_core::http::Secret::new("Bearer 0123456789abcdef0123".to_owned());
    let hooks =
        Hooks::new(source.procore().clone(), "procore-quickbooks", "https://sync.example.com/x", secret).unwrap();
    let report = hooks.ensure(&source.active().await.unwrap()).await;
    assert!(report.failed.is_empty(), "{report:?}");
    // Then it is said how many there are
    let text = said(&look(&stage).await, "Procore webhooks", State::Ok);
    assert_eq!(text, format!("{} subscriptions, in a form that is understood", report.created.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_and_an_answer_that_is_cut_off_are_told() {
    let stage = stage();
    for _ in 0..60 {
        stage.procore_faults().next_for(Fault::Truncated, Method::GET, "/prime_contracts");
    }
    let checks = look(&stage).await;
    assert!(
        checks.iter().any(|check| check.state == State::Broken && check.what.starts_with("Procore")),
        "{checks:#?}"
    );
}
