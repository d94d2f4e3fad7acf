//! The built program, run as a user runs it: the main job, with the worker process killed at each of its steps in turn.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const STEPS: [&str; 8] =
    ["part_taken_in", "claimed", "fetched", "settled", "intent_stored", "sent", "outcome_stored", "read_back"];

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).arg("demo").arg("--json").args(arguments).output().unwrap()
}

fn good(arguments: &[&str]) -> Value {
    let output = demo(arguments);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}\n{messages}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}\n{messages}"))
}

/// What must be the same however often the worker dies.
fn end_state(outcome: &Value) -> Value {
    let part = |name: &str| outcome.get(name).cloned().unwrap_or_default();
    // The texts of dead letters name ids, which QuickBooks counts as they come.
    let mut letters = part("dead_letters");
    letters.as_array_mut().unwrap().iter_mut().for_each(|letter| drop(letter.as_object_mut().unwrap().remove("text")));
    serde_json::json!([part("documents"), part("tie_outs"), letters, part("books_digest")])
}

fn harbor() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sandboxes/books/harbor").display().to_string()
}

#[test]
fn killed_at_each_step_in_turn_the_end_is_the_same() {
    let undisturbed = good(&["--crash-at", "read_back"]);
    assert_eq!(undisturbed["kills"], 0, "nothing is read back where nothing was lost");
    for step in STEPS {
        let outcome = good(&["--crash-at", step]);
        assert_eq!(end_state(&outcome), end_state(&undisturbed), "killed at {step}");
        assert_eq!((&outcome["duplicates"], &outcome["lost"]), (&Value::from(0), &Value::from(0)), "{step}");
        println!("killed at {step}: {} kills, 0 differences", outcome["kills"]);
    }
}

#[test]
fn killed_after_every_seventh_step_the_end_is_the_same() {
    for book in [None, Some(harbor())] {
        let book: Vec<&str> = book.iter().flat_map(|dir| ["--book", dir.as_str()]).collect();
        let undisturbed = good(&book);
        let crashed = good(&[book.as_slice(), &["--crash-every", "7"]].concat());
        assert!(crashed["kills"].as_u64().unwrap() > 3, "{}", crashed["kills"]);
        assert_eq!(end_state(&crashed), end_state(&undisturbed));
        assert_eq!((&crashed["duplicates"], &crashed["lost"]), (&Value::from(0), &Value::from(0)));
    }
}

/// The amounts of a tie-out: left, right, difference.
fn amounts<'a>(outcome: &'a Value, id: &str) -> [&'a str; 3] {
    let tie = outcome["tie_outs"].as_array().unwrap().iter().find(|tie| tie["id"] == id).unwrap();
    assert_eq!(tie["explained"], true, "{tie}");
    ["left", "right", "difference"].map(|member| tie[member].as_str().unwrap())
}

#[test]
fn every_tie_out_of_the_demo_is_nothing_or_explained_and_the_first_load_is_cheap() {
    let outcome = good(&[]);
    // What nobody touched by hand ties to the cent; the rest differs by what waits for a person, and by nothing else:
    // SC-A2/2 with 100.00 added by hand, SC-2026-027-003/3 in a closed month, check 1012 over 14,850.00 of which
    // 5,000.00 were entered by hand.
    for (id, difference) in [
        ("T1", "0.00"),
        ("T2", "8676.35"),
        ("T3", "975.15"),
        ("T4", "-9850.00"),
        ("T5", "0.00"),
        ("T6", "0.00"),
        ("T7", "0.00"),
    ] {
        assert_eq!(amounts(&outcome, id)[2], difference, "{id}");
    }
    let letters = outcome["dead_letters"].as_array().unwrap();
    let told =
        |letter: &Value| format!("{}: {}", letter["cause"].as_str().unwrap(), letter["document"].as_str().unwrap());
    assert_eq!(
        letters.iter().map(told).collect::<Vec<_>>(),
        [
            "conflict: SC-A2/2",
            "closed period: SC-2026-027-003/3",
            "paid more than billed: payment 1012 on SC-A5/3",
            "name taken: Dana Ruiz",
            "name taken: Old Mill Storage"
        ]
    );
    assert!(letters.iter().all(|letter| letter["expected"] == true));
    assert_eq!(outcome["missing_dead_letters"], serde_json::json!([]));
    assert_eq!(outcome["throttled"], 0);
    // One batch of queries; then, in batches of 30, each level of what refers to each other.
    assert!(outcome["requests"]["qbo"].as_u64().unwrap() <= 12, "{}", outcome["requests"]);
    assert_eq!(outcome["webhooks"]["refused"], outcome["webhooks"]["forged"], "only the forged one is refused");
}

#[test]
fn what_was_paid_is_in_procore_once_for_each_pay_app() {
    let outcome = good(&[]);
    // A10: 10,000.00 + 28,800.00 + 48,500.00; three bills by one check; a part by card; 5,000.00 by hand.
    assert_eq!(amounts(&outcome, "T4")[0], "183411.18", "87300.00 + 90000.00 + 1111.18 + 5000.00");
    // Checks 1001, 1003, 1004 (two parts), 1010 (three), the card, and 1012, which is a dead letter.
    assert_eq!(outcome["documents"]["bill_payment"], serde_json::json!({ "procore": 8, "quickbooks": 9 }));
    assert_eq!(outcome["documents"]["payment"], serde_json::json!({ "procore": 3, "quickbooks": 3 }));
    let kinds = outcome["documents"].as_object().unwrap();
    for (kind, count) in kinds {
        assert!(count["procore"].as_u64() > Some(0) && count["quickbooks"].as_u64() > Some(0), "{kind}: {count}");
    }
    assert!(outcome["kills"].as_u64().unwrap() >= 2, "also killed while payments were on their way");
}

#[test]
fn the_bodies_that_quickbooks_got_can_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    good(&["--dump-requests", &dir.path().display().to_string()]);
    let mut bills = 0;
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let request: Value = serde_json::from_str(&text).unwrap();
        let operation = request["operation"].as_str().unwrap();
        assert!(["create", "update", "sparse", "delete", "void", "batch"].contains(&operation), "{operation}");
        assert!(request["entity"].is_string() && request["body"].is_object(), "{text}");
        let items = request["body"]["BatchItemRequest"].as_array().cloned().unwrap_or_default();
        bills += items.iter().filter(|item| item["Bill"].is_object()).count();
    }
    assert!(bills >= 100, "{bills} bills were sent");
}

#[test]
fn what_is_no_book_or_no_mapping_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    let missing = format!("{path}/none");
    let output = demo(&["--book", &missing]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no such directory"), "{output:?}");

    std::fs::create_dir_all(dir.path().join("mapping")).unwrap();
    std::fs::write(dir.path().join("mapping/coding.csv"), "budgetcode,account\n1,A\n").unwrap();
    std::fs::write(dir.path().join("mapping/accounts.csv"), "role,account\nRetention,2150\n").unwrap();
    let output = demo(&["--book", &path]);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(messages.contains("coding.csv:1:1") && messages.contains("accounts.csv:2:1"), "{messages}");
}

/// Message sets of QuickBooks Desktop in a run without losses that write or come between writes.
const WRITING: u64 = 18;
/// All of them: reading, writing, reading what people paid, reading for the tie-outs.
const MESSAGE_SETS: u64 = 34;

/// Loses the answer behind each of these message sets in turn.
fn lose_answers(numbers: impl Iterator<Item = u64>) {
    let undisturbed = good(&["--edition", "desktop"]);
    assert!(undisturbed["message_sets"].as_u64().unwrap() <= MESSAGE_SETS + 6, "{}", undisturbed["message_sets"]);
    for tie_out in undisturbed["tie_outs"].as_array().unwrap() {
        assert_eq!(tie_out["difference"], "0.00", "{tie_out}");
    }
    for number in numbers {
        let outcome = good(&["--edition", "desktop", "--drop-answer", &number.to_string()]);
        assert_eq!(end_state(&outcome), end_state(&undisturbed), "lost behind message set {number}");
        assert_eq!((&outcome["duplicates"], &outcome["lost"]), (&Value::from(0), &Value::from(0)), "{number}");
        println!("lost behind message set {number}: 0 differences, 0 duplicates");
    }
}

#[test]
fn on_quickbooks_desktop_an_answer_lost_behind_each_of_the_first_message_sets_in_turn_changes_nothing() {
    lose_answers(1..=WRITING / 2);
}

#[test]
fn on_quickbooks_desktop_an_answer_lost_behind_each_of_the_next_message_sets_in_turn_changes_nothing() {
    lose_answers(WRITING / 2 + 1..=WRITING);
}

#[test]
fn on_quickbooks_desktop_an_answer_lost_behind_a_message_set_that_only_reads_changes_nothing() {
    // Every third shows the same.
    lose_answers((WRITING + 3..=MESSAGE_SETS).step_by(3));
}

#[test]
fn on_quickbooks_desktop_a_worker_killed_after_every_fifth_step_comes_to_the_same_end() {
    let undisturbed = good(&["--edition", "desktop"]);
    let crashed = good(&["--edition", "desktop", "--crash-every", "5"]);
    assert!(crashed["kills"].as_u64().unwrap() > 3, "{}", crashed["kills"]);
    assert_eq!(end_state(&crashed), end_state(&undisturbed));
    assert_eq!((&crashed["duplicates"], &crashed["lost"]), (&Value::from(0), &Value::from(0)));
}
