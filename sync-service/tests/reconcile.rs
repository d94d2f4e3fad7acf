//! `reconcile` of the built program on books, as a controller runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn book(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sandboxes/books").join(name)
}

fn reconcile(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).arg("reconcile").args(arguments).output().unwrap()
}

fn on_book(dir: &Path) -> (Option<i32>, Value) {
    let output = reconcile(&["--json", "--book", dir.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}\n{messages}")))
}

#[test]
fn the_month_end_that_does_not_tie_has_exactly_its_eight_findings() {
    // Given the month end of example A9, entered by hand, when it is reconciled
    let (status, report) = on_book(&book("month-end"));
    // then exactly these eight things are wrong, each told once, by document,
    let mut found: Vec<[String; 6]> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            ["tie_out", "kind", "procore", "quickbooks", "amount", "text"]
                .map(|member| f[member].as_str().unwrap_or("-").to_owned())
        })
        .collect();
    found.sort();
    let expected = [
        [
            "T1",
            "amount differs",
            "SC-002",
            "SC-002",
            "-1500.00",
            "SC-002 purchase order is 1500.00 too high (CO 1 missing)",
        ],
        ["T1", "missing in procore", "-", "9001", "-12000.00", "purchase order 9001 has no commitment (12000.00)"],
        ["T1", "missing in quickbooks", "SC-003", "-", "75000.00", "SC-003 has no purchase order (75000.00)"],
        ["T2", "amount differs", "SC-001/2", "B-2", "-4000.00", "SC-001/2 bill B-2 has no retainage (4000.00)"],
        ["T2", "missing in quickbooks", "SC-003/1", "-", "9000.00", "SC-003/1 has no bill (9000.00)"],
        ["T2", "posted twice", "SC-002/1", "B-4", "-31500.00", "SC-002/1 was posted twice (B-3, B-4; 31500.00)"],
        ["T3", "not from this sync", "-", "JE-7", "-750.00", "JE-7 touches the retainage account (750.00)"],
        ["T4", "payment missing", "-", "B-3", "-31500.00", "payment of B-3 (31500.00) is not in Procore"],
    ];
    assert_eq!(found, expected.map(|finding| finding.map(str::to_owned)));
    // and the totals that differ by accident as much as the journal entry are there.
    let tie_out = |id: &str| {
        let tie_outs = report["tie_outs"].as_array().unwrap();
        let found = tie_outs.iter().find(|t| t["id"] == id).unwrap();
        ["left", "right", "difference"].map(|member| found[member].as_str().unwrap().to_owned())
    };
    assert_eq!(tie_out("T1"), ["223500.00", "162000.00", "61500.00"]);
    assert_eq!(tie_out("T3"), ["11000.00", "10250.00", "750.00"]);
    assert_eq!((status, &report["complete"]), (Some(1), &Value::Bool(true)));
}
