//! A WIP schedule as a controller makes it on a live company: estimates from the budget, approval, tie-out.

use serde_json::Value;

use crate::company::Company;

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("{member}: {value}"))
}

fn journal_entries(company: &Company) -> usize {
    company.quickbooks().all("JournalEntry").count()
}

#[test]
fn a_wip_schedule_from_the_budget_is_approved_once_and_ties_out() {
    // Given a company that was synced, with estimates in Procore's budget
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    let wip = ["wip", "--date", "2026-06-30", "--json"];
    let proposed = company.json(&wip);
    let jobs = proposed["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 5, "{proposed}");
    let bakery = jobs.iter().find(|job| job["job"] == "2026-040").unwrap();
    assert_eq!(text(bakery, "estimate_at_completion"), "475000.00");
    assert_eq!(text(bakery, "estimate_from"), "budget view Cost to Complete");
    assert_ne!(text(bakery, "loss_provision"), "0.00", "a job that loses is provided for");
    let entries = proposed["entries"].as_array().unwrap().len();
    assert!(entries >= 5, "{proposed}");
    assert_eq!(journal_entries(&company), 0, "nothing is posted unless it is approved");
    // When it is approved
    let approve = [&wip[..], &["--approve"]].concat();
    let posted = company.json(&approve);
    // Then every entry is in the books, and the books say what the schedule says
    assert_eq!(journal_entries(&company), entries);
    for tie in posted["t12"].as_array().unwrap().iter().chain(posted["t12_accounts"].as_array().unwrap()) {
        assert_eq!(text(tie, "difference"), "0.00", "{posted}");
    }
    // And when it is approved once more, in either way, nothing is posted
    assert_eq!(company.json(&approve)["entries"], Value::Array(Vec::new()));
    company.json(&[&approve[..], &["--reversal"]].concat());
    assert_eq!(journal_entries(&company), entries);
    // And a reconciliation ties the entries to their accounts
    let report = company.json(&["reconcile", "--json"]);
    assert!(report.to_string().contains("\"T12\""), "{report}");
    // And the next sync has nothing to do with them
    let run = company.json(&["sync", "--json"])["run"].clone();
    assert_eq!((&run["created"], &run["updated"], &run["dead"]), (&0.into(), &0.into(), &0.into()), "{run}");
}
