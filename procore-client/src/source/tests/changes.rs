//! What changed.

use chrono::TimeDelta;
use sync_core::connector::Cursor;

use super::*;
use crate::double::{Script, scripted};

async fn since(world: &World, minutes: i64) -> Vec<String> {
    let time = noon() - TimeDelta::minutes(minutes);
    let cursor = Cursor(format!(r#"{{"time":"{}"}}"#, time.to_rfc3339()));
    let changes = world.source.changes(Some(&cursor)).await.unwrap();
    assert_eq!(changes.next, Cursor(r#"{"time":"2026-03-07T12:00:00Z"}"#.to_owned()));
    changes.changes.iter().map(|change| change.document.to_string()).collect()
}

#[tokio::test]
async fn without_a_cursor_there_is_only_where_to_start() {
    let world = World::small();
    let changes = world.source.changes(None).await.unwrap();
    assert!(changes.changes.is_empty());
    assert!(world.asked().is_empty());
    assert_eq!(changes.next.0, r#"{"time":"2026-03-07T12:00:00Z"}"#);
}

#[tokio::test]
async fn changes_are_found_once_each_with_those_referred_to_first() {
    let world = World::small();
    // the last minute: a change order (so its commitment) and a pay app
    assert_eq!(since(&world, 1).await, ["commitment/101.201", "pay_app/101.702"]);
    // the last hour and a bit: a vendor that went out of use
    assert_eq!(since(&world, 90).await, ["vendor/302", "commitment/101.201", "pay_app/101.702"]);
    // since 4 March 17:00: also commitments, the deleted one too
    let all = since(&world, 2 * 24 * 60 + 19 * 60).await;
    let wanted = ["vendor/302", "commitment/101.201", "commitment/101.202", "commitment/101.203", "pay_app/101.702"];
    assert_eq!(all, wanted);
    // since before the prime contract changed: its project, which did not change itself, stands with the projects
    let all = since(&world, 6 * 24 * 60).await;
    assert_eq!(
        all.iter().filter(|key| key.starts_with("project/")).collect::<Vec<_>>(),
        ["project/101", "project/102"]
    );
    assert!(all.contains(&"prime_contract/101.601".to_owned()), "{all:?}");
}

#[tokio::test]
async fn windows_overlap_by_five_minutes() {
    // given a pay app that changed two minutes before noon
    let world = World::small();
    assert!(since(&world, 0).await.contains(&"pay_app/101.702".to_owned()));
    let (script, procore) = scripted(Script::default().on("/rest/v1.0/vendors", "[]").on("/rest/v1.1/projects", "[]"));
    let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
    let cursor = Cursor(r#"{"time":"2026-03-07T11:00:00Z"}"#.to_owned());
    source.changes(Some(&cursor)).await.unwrap();
    let filter = r#"filters[updated_at]="2026-03-07T10:55:00Z...2026-03-07T12:05:00Z""#;
    assert!(script.asked().iter().any(|asked| asked.contains(filter)), "{:?}", script.asked());
}

#[tokio::test]
async fn packages_tell_of_changes_where_there_is_nothing_newer() {
    let mut files = files();
    files.remove("commitment_change_orders");
    let package = r#"[{"id":451,"contract_id":201,"type":"CommitmentContractChangeOrder","number":"001","status":"approved",
        "grand_total":"1.0","project":{"id":101},"line_items":[],"updated_at":"2026-03-07T11:59:30Z"}]"#;
    files.insert("change_order_packages", package.to_owned());
    let world = World::new(&files, ProcoreConfig::default(), SourceOptions::default());
    assert_eq!(since(&world, 0).await, ["commitment/101.201", "pay_app/101.702"]);
    // and are not asked where change orders are known to be there
    let world = World::new(&super::files(), ProcoreConfig::default(), SourceOptions::default().without_owner_side());
    world.part("project/101/commitments").await.unwrap();
    since(&world, 90).await;
    assert!(!world.asked().iter().any(|path| path.ends_with("/change_order_packages")));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_may_have_changed_all_the_same() {
    let world = World::with("requisitions", |json| json.replace(r#""number":2,"#, r#""number":"two","#));
    assert_eq!(since(&world, 1).await, ["commitment/101.201", "pay_app/101.702"]);
}

#[tokio::test]
async fn a_changed_record_without_a_readable_id_holds_the_place_for_a_day() {
    // Given a list of pay apps with one of which nobody can say which it is
    let requisitions = r#"[{"id":{"value":702},"number":2,"updated_at":"2026-03-07T11:59:00Z"}]"#;
    for (since, next) in
        [("2026-03-07T11:00:00Z", "2026-03-07T11:00:00Z"), ("2026-03-01T11:00:00Z", "2026-03-06T10:00:00Z")]
    {
        let (_, procore) = scripted(
            Script::default()
                .on("/rest/v1.0/vendors", "[]")
                .on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#)
                .on("/rest/v1.0/prime_contracts", "[]")
                .on("/rest/v1.0/work_order_contracts", "[]")
                .on("/rest/v1.0/purchase_order_contracts", "[]")
                .on("/rest/v1.0/projects/101/commitment_change_orders", "[]")
                .on("/rest/v1.0/change_order_packages", "[]")
                .on("/rest/v1.0/payment_applications", "[]")
                .on("/rest/v1.1/requisitions", requisitions),
        );
        let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
        // When changes are read, then reading goes on where it stood, but not for ever
        let changes = source.changes(Some(&Cursor(format!(r#"{{"time":"{since}"}}"#)))).await.unwrap();
        assert_eq!(changes.next, Cursor(format!(r#"{{"time":"{next}"}}"#)));
        assert_eq!(changes.changes.len(), 1, "the project, which does not say when it changed");
    }
}

#[tokio::test]
async fn a_refused_project_and_a_broken_cursor_are_errors_and_no_silence() {
    let world = World::small();
    let broken = world.source.changes(Some(&Cursor("yesterday".to_owned()))).await.unwrap_err();
    assert_eq!(broken.kind(), sync_core::ErrorKind::Configuration);

    let (_, procore) = scripted(
        Script::default()
            .on("/rest/v1.0/vendors", "[]")
            .on("/rest/v1.1/projects", r#"[{"id":101,"name":"Clinic","active":true}]"#)
            .on("/rest/v1.0/prime_contracts", "[]")
            .answer("/rest/v1.0/work_order_contracts", &[], 403, &[], r#"{"errors":["Forbidden"]}"#),
    );
    let source = ProcoreSource::new(Arc::new(procore), SourceOptions::default());
    let cursor = Cursor(r#"{"time":"2026-03-07T11:00:00Z"}"#.to_owned());
    let error = source.changes(Some(&cursor)).await.unwrap_err();
    assert_eq!(error.kind(), sync_core::ErrorKind::NotAuthorised);
    assert!(error.to_string().contains("leave the project out of the sync"), "{error}");
}
