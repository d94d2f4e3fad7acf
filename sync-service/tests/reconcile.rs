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

#[test]
fn the_report_is_written_in_every_format() {
    // Given the month end, when its report is asked for in all formats
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let month_end = book("month-end").display().to_string();
    let (html, csv, xlsx) = (path("page.html"), path("csv"), path("book.xlsx"));
    let output = reconcile(&["--book", &month_end, "--html", &html, "--csv", &csv, "--xlsx", &xlsx]);
    assert_eq!(output.status.code(), Some(1));
    // then the page holds findings and a chart,
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(
        page.contains("SC-002 purchase order is 1500.00 too high (CO 1 missing)") && page.contains("<svg"),
        "{page}"
    );
    // the tables are files, with nothing unexplained where the findings explain all,
    let t1 = std::fs::read_to_string(dir.path().join("csv/t1.csv")).unwrap();
    assert!(t1.lines().nth(1).unwrap().ends_with(",223500.00,162000.00,61500.00,0.00,"), "{t1}");
    // and the workbook has a sheet for each tie-out with live formulas.
    let bytes = std::fs::read(&xlsx).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for sheet in ["T1", "T2", "T3", "T4", "T11"] {
        assert!(text.contains(&format!("<sheet name=\"{sheet}\"")), "{sheet}");
    }
    assert!(text.contains("<f>G2-SUMIF(B$3:B$5,B2,G$3:G$5)</f><v>0.00</v>"));
}

#[test]
fn records_that_cannot_be_compared_are_named_and_the_rest_is_done() {
    // Given the month end with one bill in another currency, and a pay app with an amount that is no amount
    let dir = tempfile::tempdir().unwrap();
    for side in ["procore", "quickbooks", "mapping"] {
        std::fs::create_dir(dir.path().join(side)).unwrap();
        for entry in std::fs::read_dir(book("month-end").join(side)).unwrap() {
            let from = entry.unwrap().path();
            let to = dir.path().join(side).join(from.file_name().unwrap());
            let text = std::fs::read_to_string(&from).unwrap();
            let text = match from.file_name().unwrap().to_str().unwrap() {
                "Bill.json" => {
                    text.replace("\"DocNumber\":\"B-2\"", "\"DocNumber\":\"B-2\",\"CurrencyRef\":{\"value\":\"CAD\"}")
                }
                "requisitions.json" => text.replacen(
                    "\"work_completed_this_period\":\"10000.00\"",
                    "\"work_completed_this_period\":\"ten\"",
                    1,
                ),
                _ => text,
            };
            std::fs::write(to, text).unwrap();
        }
    }
    // When it is reconciled
    let (status, report) = on_book(dir.path());
    // Then both are named, the status tells, and the other findings are there
    let problems = report["problems"].to_string();
    assert!(problems.contains("B-2 is in CAD, the books are in USD"), "{problems}");
    assert!(problems.contains("pay_app/501.9004") && problems.contains("`ten` is not a decimal number"), "{problems}");
    assert_eq!((status, &report["complete"]), (Some(2), &Value::Bool(false)));
    let texts = report["findings"].to_string();
    assert!(texts.contains("SC-002/1 was posted twice") && texts.contains("JE-7 touches"), "{texts}");
}

#[test]
fn one_bill_over_two_pay_apps_is_said_in_the_findings() {
    // Given the month end, in which one bill was entered for what two pay apps of a vendor come to
    let dir = tempfile::tempdir().unwrap();
    for side in ["procore", "quickbooks", "mapping"] {
        std::fs::create_dir(dir.path().join(side)).unwrap();
        for entry in std::fs::read_dir(book("month-end").join(side)).unwrap() {
            let from = entry.unwrap().path();
            let text = std::fs::read_to_string(&from).unwrap();
            let text = match from.file_name().unwrap().to_str().unwrap() {
                "Bill.json" => {
                    let mut bills: Vec<Value> = serde_json::from_str(&text).unwrap();
                    bills.retain(|bill| !["B-1", "B-2"].contains(&bill["DocNumber"].as_str().unwrap()));
                    let mut one = bills[0].clone();
                    for (member, value) in [("Id", "619"), ("DocNumber", "4471"), ("TxnDate", "2026-02-28")] {
                        one[member] = Value::from(value);
                    }
                    one["VendorRef"]["value"] = Value::from("70");
                    one["TotalAmt"] = serde_json::from_str("58500.00").unwrap();
                    one["Line"][0]["Amount"] = serde_json::from_str("58500.00").unwrap();
                    one["Line"][0].as_object_mut().unwrap().remove("LinkedTxn");
                    one["Line"].as_array_mut().unwrap().truncate(1);
                    bills.push(one);
                    serde_json::to_string(&bills).unwrap()
                }
                "BillPayment.json" => "[]".to_owned(),
                _ => text,
            };
            std::fs::write(dir.path().join(side).join(from.file_name().unwrap()), text).unwrap();
        }
    }
    // When it is reconciled
    let (_, report) = on_book(dir.path());
    // Then the bill is nobody's, but it is said whose it may be
    let texts = report["findings"].to_string();
    assert!(texts.contains("SC-001/1 and SC-001/2 and 4471 come to the same amount"), "{texts}");
}
