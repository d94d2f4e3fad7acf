//! `audit` and `doctor` of the built program, on books.

use std::path::Path;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).args(arguments).output().unwrap()
}

fn book(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sandboxes/books").join(name).display().to_string()
}

#[test]
fn an_audit_says_what_is_there_what_would_be_done_and_drafts_a_mapping_that_is_right() {
    // Given the demo before its first sync, when it is audited
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (page, text, draft) = (path("audit.html"), path("audit.md"), path("draft"));
    let output = run(&["audit", "--book", &book("demo"), "--html", &page, "--markdown", &text, "--draft", &draft]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // then the report says so,
    let text = std::fs::read_to_string(&text).unwrap();
    for line in [
        "190 documents would be written, 0 would wait for a person",
        "| edition | QuickBooks Online Plus |",
        "| books are closed until | 2025-12-31 |",
        "| create | purchase order | 34 | 3,814,874.53 |",
        "| 10 % | 67 | 265,497.20 |",
        "## Plan of work",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(std::fs::read_to_string(&page).unwrap().contains("What would collide"));
    // and its draft is a mapping without a fault, which an audit never overwrites.
    assert!(run(&["check", &draft]).status.success());
    assert!(!run(&["audit", "--book", &book("demo"), "--draft", &draft]).status.success());
}

#[test]
fn the_doctor_finds_a_word_that_nobody_knows() {
    // Given a book whose only oddity is a status that Procore never had
    let dir = tempfile::tempdir().unwrap();
    let copy = |side: &str| {
        std::fs::create_dir(dir.path().join(side)).unwrap();
        for entry in std::fs::read_dir(Path::new(&book("month-end")).join(side)).unwrap() {
            let from = entry.unwrap().path();
            let text = std::fs::read_to_string(&from).unwrap();
            let text = match from.ends_with("work_order_contracts.json") {
                true => text.replacen("\"status\":\"Approved\"", "\"status\":\"Ratified\"", 1),
                false => text,
            };
            std::fs::write(dir.path().join(side).join(from.file_name().unwrap()), text).unwrap();
        }
    };
    ["procore", "quickbooks", "mapping"].iter().for_each(|side| copy(side));
    // When the doctor looks
    let output = run(&["doctor", "--json", "--book", dir.path().to_str().unwrap()]);
    // Then it is named, and nothing is broken
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("commitment `Ratified`"), "{text}");
    let whole = run(&["doctor", "--json", "--book", &book("month-end")]);
    assert!(String::from_utf8_lossy(&whole.stdout).contains("every status is known"));
}
