//! `init`, `check`, `status`, `backup`, `restore`, `qwc`, `completions`.

use std::process::Command;

use serde_json::Value;
use sync_sandboxes::book::Book;

use crate::kit::{Town, command, run};

#[test]
fn a_fresh_configuration_passes_the_check_and_says_what_is_missing() {
    // Given a directory that `init` made, when it is checked, then it is right, and what is still to be set is named.
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("sync");
    let made = run(Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).arg("init").arg(&config));
    assert!(made.status.success(), "{made:?}");
    let checked = run(&mut command(&config, &["check", "--json"]));
    let found: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((checked.status.code(), &found["faults"]), (Some(0), &serde_json::json!([])));
    assert_eq!(found["unset"].as_array().unwrap().len(), 6, "{found}");
    // A second `init` changes nothing.
    let again = run(&mut command(&config, &["init", config.to_str().unwrap(), "--json"]));
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["written"], serde_json::json!([]));
    // A fault is told with its place.
    let path = config.join("connection.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("currency = \"USD\"", "currency = \"dollars\"");
    std::fs::write(&path, text).unwrap();
    let faulty = run(&mut command(&config, &["check"]));
    let said = String::from_utf8_lossy(&faulty.stdout).into_owned();
    assert!(faulty.status.code() == Some(1) && said.contains("connection.toml:16:12"), "{said}");
}

#[test]
fn status_tells_consents_work_and_what_waits() {
    // Given a connection that nobody has consented to, then its status says so;
    let town = Town::new(Book::demo().unwrap());
    let (code, status) = town.json(&["status", "--json"]);
    assert_eq!((code, &status["tokens"][0]["state"], &status["loaded"]), (1, &"ended".into(), &false.into()));
    // given consents, and a first sync with a table of codes that has lost a row, then the tokens live, and what waits is
    // grouped by cause.
    town.connect();
    let coding = std::fs::read_to_string(town.path("mapping/coding.csv")).unwrap();
    let kept: Vec<&str> = coding.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, line)| line).collect();
    std::fs::write(town.path("mapping/coding.csv"), kept.join("\n")).unwrap();
    let (_, report) = town.json(&["sync", "--json"]);
    let (code, status) = town.json(&["status", "--json"]);
    let states: Vec<_> = status["tokens"].as_array().unwrap().iter().map(|token| &token["state"]).collect();
    assert_eq!(states, ["good", "good"], "{status}");
    assert!(status["tokens"][1]["consent_expires_at"].is_string(), "{status}");
    assert_eq!(status["jobs"]["dead"], report["counts"]["dead"]);
    let waiting: u64 =
        status["dead_letters"].as_array().unwrap().iter().map(|c| c["documents"].as_u64().unwrap()).sum();
    assert_eq!((code, waiting), (1, status["jobs"]["dead"].as_u64().unwrap()));
    let text = String::from_utf8(town.run(&["status"]).stdout).unwrap();
    assert!(text.contains("QuickBooks consent") && text.contains("waits: missing coding"), "{text}");
}

#[test]
fn a_journal_is_copied_while_the_service_runs_and_put_back_without_posting_twice() {
    // Given a running service that has posted everything, when its journal is copied,
    let town = Town::new(Book::demo().unwrap());
    town.connect();
    let mut service = town.serve(&[]);
    service.running.wait_for("\"message\":\"worked\"");
    let copy = town.path("backup.sqlite");
    let copy = copy.to_str().unwrap();
    let (code, copied) = town.json(&["backup", copy, "--json"]);
    assert_eq!(code, 0);
    assert!(copied["links"].as_u64().unwrap() > 100, "{copied}");
    // then nothing is overwritten by a second copy, and it cannot be put back while the service runs.
    assert_eq!(town.run(&["backup", copy]).status.code(), Some(1));
    let refused = town.run(&["restore", copy]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the service is running"), "{refused:?}");
    service.stop();
    // A file that is no journal changes nothing.
    std::fs::write(town.path("no-journal"), "hello").unwrap();
    assert_eq!(town.run(&["restore", town.path("no-journal").to_str().unwrap()]).status.code(), Some(1));
    // When the journal is lost and the copy is put back, then the next sync posts nothing twice.
    let before = (town.marked("Bill"), town.marked("PurchaseOrder"));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(town.path(&format!("data/journal.sqlite{end}")));
    }
    let (code, restored) = town.json(&["restore", copy, "--json"]);
    assert_eq!((code, &restored["links"]), (0, &copied["links"]));
    let (_, report) = town.json(&["sync", "--json"]);
    assert_eq!(report["run"]["created"], 0, "{report}");
    assert_eq!((town.marked("Bill"), town.marked("PurchaseOrder")), before);
}

#[test]
fn the_web_connectors_file_names_the_service_and_no_password() {
    let town = Town::new(Book::demo().unwrap());
    let online = town.run(&["qwc"]);
    assert!(online.status.code() == Some(1), "{online:?}");
    town.configure_more(
        "[desktop]\nuser = \"sync\"\nowner_id = \"{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}\"\n\
         file_id = \"{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}\"",
    );
    let mut command = town.command(&["qwc"]);
    command.env("QUICKBOOKS_DESKTOP_PASSWORD", "canary-password").env("SYNC_PUBLIC_URL", "https://sync.example.com/");
    let text = String::from_utf8(run(&mut command).stdout).unwrap();
    assert!(text.contains("<AppURL>https://sync.example.com/qbwc</AppURL>"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn every_command_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let completions = run(&mut command(dir.path(), &["completions", "bash"]));
    let text = String::from_utf8(completions.stdout).unwrap();
    for name in [
        "demo",
        "init",
        "check",
        "mapping",
        "explain",
        "retainage",
        "wip",
        "auth",
        "status",
        "qwc",
        "backup",
        "restore",
        "completions",
        "sync",
        "serve",
        "webhooks",
        "reconcile",
        "audit",
        "doctor",
        "plan",
        "apply",
        "adopt",
        "rebuild-links",
        "dead-letters",
        "approve",
    ] {
        assert!(text.contains(name), "{name}");
        let help = run(&mut command(dir.path(), &[name, "--help"]));
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains("Exit status") && help.contains("Examples:"), "{name}:\n{help}");
    }
}
