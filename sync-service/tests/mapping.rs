//! The commands of the mapping, as a controller runs them: on broken files, and on the book that ships.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn book() -> String {
    root().join("tests/sandboxes/books/demo").display().to_string()
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_procore-quickbooks")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    let text = stdout(output);
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn check_tells_every_fault_of_each_broken_mapping_and_fails() {
    let broken = root().join("sync-core/tests/broken_mappings");
    let mut seen = 0;
    for entry in std::fs::read_dir(broken).unwrap() {
        let dir = entry.unwrap().path();
        if dir.ends_with("live") {
            continue;
        }
        // Given a broken mapping, when it is checked,
        let path = dir.display().to_string();
        let output = program(&["check", &path]);
        // then the report is complete, and so is the one in JSON.
        let expected = std::fs::read_to_string(dir.join("expected.txt")).unwrap();
        assert_eq!(stdout(&output).trim_end(), expected.trim_end(), "{path}");
        assert_eq!(output.status.code(), Some(1), "{path}");
        let faults = json(&program(&["check", &path, "--json"]))["faults"].as_array().unwrap().len();
        assert_eq!(faults, expected.trim_end().lines().count() - 1, "{path}");
        seen += 1;
    }
    assert!(seen >= 15);
}

#[test]
fn check_against_the_lists_of_a_company_names_what_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let header = "project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account\n";
    std::fs::write(dir.path().join("coding.csv"), format!("{header},,,09-300,,,09 Finish,,Job Costs\n")).unwrap();
    let path = dir.path().display().to_string();
    assert_eq!(program(&["check", &path]).status.code(), Some(0));
    let output = program(&["check", &path, "--book", &book()]);
    let report = stdout(&output);
    assert!(report.contains("coding.csv:2:7: there is no class `09 Finish`; did you mean 09 Finishes?"), "{report}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_changed_mapping_shows_what_would_post_differently_before_it_is_used() {
    // Given the book's mapping with another class for steel and one row less,
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("tests/sandboxes/books/demo/mapping")).unwrap() {
        let file = entry.unwrap();
        std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
    }
    let coding = dir.path().join("coding.csv");
    let text = std::fs::read_to_string(&coding).unwrap();
    let text = text.replace(",,05-100.S,,,,05 Metals,", ",,05-100.S,,,,06 Wood and Plastics,");
    let text: String = text.lines().filter(|l| !l.starts_with(",,,09-900,")).map(|l| format!("{l}\n")).collect();
    std::fs::write(&coding, text).unwrap();
    // when it is compared,
    let path = dir.path().display().to_string();
    let output = program(&["mapping", "diff", &path, "--book", &book(), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = json(&output);
    // then the subcontract for steel moves from one class to the other, to the cent,
    let changed = found["changed"].as_array().unwrap();
    let steel = changed.iter().find(|c| c["label"] == "SC-A2").unwrap();
    let moved: Vec<(&str, &str, &str)> = steel["amounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["before"] != a["after"])
        .map(|a| (a["class"].as_str().unwrap(), a["before"].as_str().unwrap(), a["after"].as_str().unwrap()))
        .collect();
    assert_eq!(moved, [("05 Metals", "80000.00", "0.00"), ("06 Wood and Plastics", "0.00", "80000.00")]);
    // and what would not post any more says why.
    let painting = changed.iter().find(|c| c["after"].as_str().unwrap().contains("09-900"));
    assert!(painting.unwrap()["after"].as_str().unwrap().starts_with("missing coding"), "{painting:?}");
    let same = program(&["mapping", "diff", &format!("{}/mapping", book()), "--book", &book()]);
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
}

#[test]
fn codes_without_a_row_are_told_with_the_amount_at_stake() {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("tests/sandboxes/books/demo"), dir.path());
    let coding = dir.path().join("mapping/coding.csv");
    let text = std::fs::read_to_string(&coding).unwrap();
    let text: String = text.lines().filter(|l| !l.starts_with(",,05-1")).map(|l| format!("{l}\n")).collect();
    std::fs::write(&coding, text).unwrap();
    let path = dir.path().display().to_string();
    let output = program(&["mapping", "coverage", "--book", &path, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let open = json(&output)["open"].as_array().unwrap().clone();
    let steel = open.iter().find(|code| code["budget_code"] == "05-100.S").unwrap();
    assert_ne!(steel["committed"], "0.00");
    assert!(steel["documents"].as_array().unwrap().iter().any(|d| d == "2026-014-PC" || d == "SC-A2"), "{steel}");
    let whole = program(&["mapping", "coverage", "--book", &book()]);
    assert_eq!(whole.status.code(), Some(0), "{}", stdout(&whole));
}

#[test]
fn explain_names_the_row_of_every_value() {
    let output = program(&["explain", "SC-A2/1", "--book", &book(), "--json"]);
    let found = json(&output);
    let lines = found["explanation"]["lines"].as_array().unwrap();
    let values = |line: &serde_json::Value, field: &str| {
        let values = line["values"].as_array().unwrap();
        let found = values.iter().find(|v| v["field"] == field).unwrap_or_else(|| panic!("{field}: {line}"));
        (found["value"].as_str().unwrap().to_owned(), found["by"].as_str().unwrap().to_owned())
    };
    let coding = std::fs::read_to_string(root().join("tests/sandboxes/books/demo/mapping/coding.csv")).unwrap();
    let at = coding.lines().position(|line| line.starts_with(",,05-100.S")).unwrap() + 1;
    let row = format!("coding.csv:{at} (budget_code=05-100.S)");
    assert_eq!(values(&lines[0], "item"), ("05-100 Structural Steel".to_owned(), row.clone()));
    assert_eq!(values(&lines[0], "class"), ("05 Metals".to_owned(), row));
    let withheld = lines.iter().find(|l| l["line"].as_str().unwrap().ends_with(":withheld")).unwrap();
    assert_eq!(values(withheld, "account").1, "accounts.csv:4 (Retainage payable)");
}

#[test]
fn retainage_is_told_by_contract_vendor_and_project_and_held_against_the_account() {
    // Given a company that has nothing posted yet, when its retainage is reported,
    let totals = ["contract", "vendor", "project", "line"].map(|by| {
        let found = json(&program(&["retainage", "--by", by, "--book", &book(), "--json"]));
        let payable = found["sides"][0].clone();
        let held: rust_decimal::Decimal = payable["rows"].as_array().unwrap().iter().map(|r| decimal(&r["held"])).sum();
        assert_eq!(decimal(&payable["tie"]["ledger"]), held, "{by}");
        assert_eq!(decimal(&payable["tie"]["difference"]), held, "{by}: nothing is posted");
        assert_eq!(decimal(&payable["tie"]["unexplained"]), rust_decimal::Decimal::ZERO, "{by}");
        held
    });
    // then every grouping comes to the same.
    assert!(totals.iter().all(|total| *total == totals[0] && !total.is_zero()), "{totals:?}");
}

/// The text of a CSV file that a report left.
fn table(dir: &std::path::Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn retainage_and_work_in_progress_are_pages_files_and_workbooks_too() {
    // Given a company and its estimates
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (html, csv, xlsx, estimates) = (path("page.html"), path("csv"), path("book.xlsx"), path("eac.csv"));
    std::fs::write(&estimates, "job,estimate_at_completion\n2026-014,2000000.00\n").unwrap();
    let files = ["--book", &book(), "--html", &html, "--csv", &csv, "--xlsx", &xlsx].map(str::to_owned);
    let run = |command: &[&str]| {
        let arguments: Vec<&str> = command.iter().copied().chain(files.iter().map(String::as_str)).collect();
        program(&arguments);
        let page = std::fs::read_to_string(&html).unwrap();
        let sheets = String::from_utf8_lossy(&std::fs::read(&xlsx).unwrap()).into_owned();
        assert!(page.contains("<svg") && page.contains("@media print"), "{page}");
        assert!(sheets.contains("state=\"frozen\"") && sheets.contains("#,##0.00;[Red]-#,##0.00"));
        (page, sheets)
    };
    // When retainage is reported, then each contract has its row, and sums and differences are alive.
    let (page, sheets) = run(&["retainage"]);
    assert!(page.contains("<td>SC-A2</td><td class=\"n\">72,000.00</td><td class=\"n\">6,350.00</td>"), "{page}");
    assert!(table(&dir.path().join("csv"), "retainage_payable.csv").contains("SC-A2,72000.00,6350.00,0.00,6350.00,2"));
    assert!(sheets.contains("<f>C2-D2</f>") && sheets.contains("<f>SUM(E2:E") && sheets.contains("<f>B2-C2</f>"));
    // When the WIP schedule is, then each figure of a job is worked out in the sheet from what was entered.
    let (page, sheets) = run(&["wip", "--estimates", &estimates, "--date", "2026-06-30"]);
    assert!(page.contains("Earned and billed by job"), "{page}");
    assert!(table(&dir.path().join("csv"), "jobs.csv").lines().any(|row| row.starts_with("2026-014,")));
    for formula in ["ROUND((D2-E2)*(B2-E2)/(C2-E2),2)+E2", "MAX(H2-G2,0)", "SUM(N2:N"] {
        assert!(sheets.contains(&format!("<f>{formula}")), "{formula}");
    }
    assert!(sheets.contains("<f>(D2-E2)/(C2-E2)</f>"), "the percentage");
}

#[test]
fn a_wip_schedule_comes_from_the_documents_and_the_estimates() {
    let dir = tempfile::tempdir().unwrap();
    let estimates = dir.path().join("eac.csv");
    std::fs::write(&estimates, "job,estimate_at_completion\n2026-014,2000000.00\n").unwrap();
    let path = estimates.display().to_string();
    let output = program(&["wip", "--estimates", &path, "--date", "2026-06-30", "--book", &book(), "--json"]);
    let found = json(&output);
    let job = found["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "2026-014").unwrap().clone();
    let figure = |name: &str| decimal(&job[name]);
    // Earned is the exact share of the contract, rounded once.
    let exact = (figure("cost_to_date") * figure("contract") / figure("estimate_at_completion"))
        .round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    assert_eq!(figure("earned"), exact);
    assert_eq!(figure("overbilled") - figure("underbilled"), figure("billed") - figure("earned"));
    assert_eq!(job["estimate_from"], path.as_str());
    // A job that the file does not name has its estimate from Procore's budget.
    let other = found["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "2026-021").unwrap();
    assert_eq!(
        (&other["estimate_at_completion"], &other["estimate_from"]),
        (&"850000.00".into(), &"budget view Cost to Complete".into())
    );
    // A column that no budget has is told, job by job, and nothing can be approved on a book.
    let column =
        ["wip", "--budget-column", "EAC", "--date", "2026-06-30", "--book", &book(), "--json"].map(str::to_owned);
    let without = json(&program(&column.each_ref().map(String::as_str)));
    assert!(
        without["not_counted"].to_string().contains("job 2026-021: no budget view has a column `EAC`"),
        "{without}"
    );
    assert_eq!(
        program(&["wip", "--estimates", &path, "--date", "2026-06-30", "--book", &book(), "--approve"]).status.code(),
        Some(2)
    );
}

fn decimal(value: &serde_json::Value) -> rust_decimal::Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
