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
    serde_json::json!([part("documents"), part("tie_outs"), part("dead_letters"), part("books_digest")])
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

#[test]
fn every_tie_out_of_the_demo_is_nothing_and_the_first_load_is_cheap() {
    let outcome = good(&[]);
    for tie_out in outcome["tie_outs"].as_array().unwrap() {
        for measure in tie_out["measures"].as_array().unwrap() {
            assert_eq!(measure["difference"], "0.00", "{tie_out}");
        }
    }
    assert_eq!(outcome["dead_letters"], serde_json::json!([]));
    assert_eq!(outcome["throttled"], 0);
    // One batch of queries; then, in batches of 30, each level of what refers to each other.
    assert!(outcome["requests"]["qbo"].as_u64().unwrap() <= 12, "{}", outcome["requests"]);
    assert_eq!(outcome["webhooks"]["refused"], outcome["webhooks"]["forged"], "only the forged one is refused");
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

/// Message sets of QuickBooks Desktop in a run without losses: reading, writing, reading for the tie-outs.
const MESSAGE_SETS: u64 = 19;

#[test]
fn on_quickbooks_desktop_an_answer_lost_behind_each_message_set_in_turn_changes_nothing() {
    let undisturbed = good(&["--edition", "desktop"]);
    assert!(undisturbed["message_sets"].as_u64().unwrap() <= MESSAGE_SETS + 3, "{}", undisturbed["message_sets"]);
    for tie_out in undisturbed["tie_outs"].as_array().unwrap() {
        assert_eq!(tie_out["difference"], "0.00", "{tie_out}");
    }
    for number in 1..=MESSAGE_SETS {
        let outcome = good(&["--edition", "desktop", "--drop-answer", &number.to_string()]);
        assert_eq!(end_state(&outcome), end_state(&undisturbed), "lost behind message set {number}");
        assert_eq!((&outcome["duplicates"], &outcome["lost"]), (&Value::from(0), &Value::from(0)), "{number}");
        println!("lost behind message set {number}: 0 differences, 0 duplicates");
    }
}

#[test]
fn on_quickbooks_desktop_a_worker_killed_after_every_fifth_step_comes_to_the_same_end() {
    let undisturbed = good(&["--edition", "desktop"]);
    let crashed = good(&["--edition", "desktop", "--crash-every", "5"]);
    assert!(crashed["kills"].as_u64().unwrap() > 3, "{}", crashed["kills"]);
    assert_eq!(end_state(&crashed), end_state(&undisturbed));
    assert_eq!((&crashed["duplicates"], &crashed["lost"]), (&Value::from(0), &Value::from(0)));
}
