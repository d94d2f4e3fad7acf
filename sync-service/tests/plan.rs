//! `plan` and `apply` of the built program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sandboxes/books/demo")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { assert!(std::fs::copy(&path, &target).is_ok()) }
    }
}

/// A copy of the demo book, and a plan of what a sync of it would do.
struct Given {
    dir: tempfile::TempDir,
    planned: Value,
}

impl Given {
    fn demo() -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(&demo(), &dir.path().join("book"));
        let given = Self { dir, planned: Value::Null };
        let output = run(&["plan", "--json", "--book", &given.path("book"), "--out", &given.path("plan.json")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { planned: json(&output), ..given }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn apply(&self) -> Output {
        run(&["apply", &self.path("plan.json"), "--json", "--book", &self.path("book")])
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.dir.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "`{old}` stands in {file}");
        std::fs::write(path, text.replacen(old, new, 1)).unwrap();
    }
}

#[test]
fn what_is_applied_is_what_was_planned() {
    // Given a plan of the demo
    let given = Given::demo();
    let writes = given.planned["plan"]["writes"].as_array().unwrap();
    assert!(
        writes.len() > 150
            && writes.iter().all(|w| w["verb"] == "create" && !w["fields"].as_array().unwrap().is_empty())
    );
    // When it is applied and nothing has moved
    let output = given.apply();
    // Then all of it is done, and nothing else
    let applied = json(&output);
    assert!(output.status.success());
    assert_eq!((&applied["applied"], &applied["left"]), (&Value::Bool(true), &Value::Array(Vec::new())));
    assert_eq!(applied["run"]["created"].as_u64(), Some(writes.len() as u64));
    assert_eq!((&applied["run"]["updated"], &applied["run"]["dead"]), (&Value::from(0), &Value::from(0)));
}

#[test]
fn a_document_that_changed_in_between_is_refused() {
    // Given a plan, and a vendor invoice number that somebody corrects in Procore afterwards
    let given = Given::demo();
    given.replace(
        "book/procore/requisitions.json",
        "\"invoice_number\":\"SCM-0001\"",
        "\"invoice_number\":\"SCM-0001B\"",
    );
    // When the plan is applied
    let output = given.apply();
    // Then nothing is posted, and the document is named
    let answer = json(&output);
    assert_eq!((output.status.code(), &answer["applied"]), (Some(1), &Value::Bool(false)));
    let moved: Vec<&str> = answer["moved"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(moved, ["create bill SCM-0001: number was `SCM-0001` in the plan and is `SCM-0001B` now"]);
}

#[test]
fn a_plan_that_was_edited_is_no_plan() {
    // Given a plan in which somebody has raised an amount by hand
    let given = Given::demo();
    given.replace("plan.json", "\"after\": \"25000.00\"", "\"after\": \"26000.00\"");
    // When it is applied
    let output = given.apply();
    // Then it is refused
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("the plan was edited"));
}
