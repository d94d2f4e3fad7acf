//! The nightly run of the built program: what it says and how it ends when it is left alone, in the dark, or killed.

use std::process::Stdio;

use serde_json::Value;
use sync_sandboxes::faults::{End, Faults, Rates};

use crate::company::Company;

/// Lines of the file of a run that has not ended: its head, and a line for each part that was read.
fn parts_read(company: &Company) -> usize {
    std::fs::read_to_string(company.dir.path().join("reconcile-run.ndjson")).map_or(0, |text| text.lines().count())
}

fn messages(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_run_in_the_dark_is_incomplete_and_goes_on_when_it_is_light_again() {
    // Given a synced company, and a Procore that does not answer for pay apps
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    company.procore_faults().ends("/requisitions", End::Retired);
    // When it is reconciled
    let output = company.run(&["reconcile", "--json"]);
    // Then the run is incomplete, by its status, its words and its JSON, and nothing is said to be the same
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["complete"], &report["findings"]), (&Value::Bool(false), &Value::Null), "{report}");
    assert!(messages(&output).contains("INCOMPLETE") && messages(&output).contains("calls to Procore"));
    assert!(parts_read(&company) > 2, "what was read is kept");
    // And when Procore answers again, it goes on where it was and ends clean
    *company.procore_faults() = Faults::none();
    let output = company.run(&["reconcile"]);
    assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
    assert!(messages(&output).contains("Goes on with the run of"), "{}", messages(&output));
    // And the next one fetches nothing that has not changed
    let output = company.run(&["reconcile", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
    assert!(messages(&output).contains("one or two for each document that changed since"));
}

#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    // Given a synced company, and a slow Procore
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    *company.procore_faults() = Faults::seeded(7, Rates { slow: 1000, latency_ms: 60, ..Rates::default() });
    // When the program is killed after it has read some parts
    let mut child = company.command(&["reconcile"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while parts_read(&company) < 4 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    *company.procore_faults() = Faults::none();
    // Then the next start reads the rest, and is clean
    let output = company.run(&["reconcile"]);
    assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
    assert!(messages(&output).contains("parts are read"), "{}", messages(&output));
    assert_eq!(parts_read(&company), 0, "nothing is left over");
}

#[test]
fn files_with_bad_lines_duplicates_and_a_cut_end_are_named_and_the_rest_is_done() {
    // Given two files: other currencies, one key twice on both sides, one line that is no JSON, an end that is cut off
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let line = |key: u32, amount: &str, currency: &str| {
        format!("{{\"key\":\"K{key}\",\"amount\":\"{amount}\",\"currency\":\"{currency}\"}}\n")
    };
    let mut left: String = (0..20_000).map(|key| line(key, "10.00", "USD")).collect();
    let right: String = (0..20_000).map(|key| line(key, "10.0", if key == 5 { "CAD" } else { "USD" })).collect();
    left.push_str(&line(7, "10.00", "USD"));
    left.push_str("not json\n");
    left.push_str("{\"key\":\"K20000\",\"amo");
    let right = right + &line(7, "11.00", "USD");
    let (left, right) = (write("left.ndjson", left), write("right.ndjson", right));
    // When they are compared
    let arguments = ["reconcile", "--left", &left, "--right", &right, "--key", "key", "--compare", "amount,currency"];
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).args(arguments).output().unwrap();
    // Then both bad lines are named by number, the others are compared, and the status tells
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().collect::<Vec<_>>(), ["ambiguous\tK7\t", "differs\tK5\tcurrency"]);
    assert!(messages(&output).contains("20002") && messages(&output).contains("20003"), "{}", messages(&output));
}
