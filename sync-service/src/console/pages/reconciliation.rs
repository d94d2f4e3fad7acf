//! Runs of the reconciliation, their tie-outs, findings and files.

use maud::{Markup, html};
use serde_json::Value;

use super::exceptions::capital;
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::page::{csrf, grouped, notice};
use crate::reconcile::kept;

pub(crate) async fn show(call: Call) -> Answered {
    let site = &call.site;
    let runs = kept::runs(&site.settings);
    let name = Some(call.param("run")).filter(|name| !name.is_empty());
    let run = kept::run(&site.settings, name);
    if name.is_some() && run.is_none() {
        return Err(Problem::NotThere("This run is not kept any more.".to_owned()));
    }
    let body = html! {
        (notice("good", call.asked("done")))
        @if call.may_change() {
            form method="post" action=(site.path("/reconciliation/run")) {
                (csrf(&call.csrf)) button.main { "Reconcile now" } span.muted { " Both sides are read whole; nothing is posted." }
            }
        }
        @match &run {
            None => p.notice { "No reconciliation has run yet." },
            Some(run) => {
                p { "Run of " strong { (when(&run.report)) } ": " (verdict(&run.report)) }
                (tie_outs(&run.report))
                (findings(&run.report))
                h2 { "Downloads" }
                ul { @for file in run.files() { li { a href=(site.path(&format!("/reconciliation/{}/{file}", run.name))) { (file) } } } }
            }
        }
        h2 { "All runs" }
        ul { @for name in &runs { li { a href=(site.path(&format!("/reconciliation/{name}"))) { (readable(name)) } } } }
    };
    Ok(Answer::page("Reconciliation", body))
}

fn when(report: &Value) -> String {
    let at: Option<sync_core::model::Timestamp> = report["at"].as_str().and_then(|at| at.parse().ok());
    at.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

/// The name of a run as a time.
fn readable(name: &str) -> String {
    let at = chrono::NaiveDateTime::parse_from_str(name, "%Y%m%dT%H%M%S%3fZ");
    at.map_or_else(|_| name.to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn verdict(report: &Value) -> String {
    let found = report["findings"].as_array().map_or(0, Vec::len);
    match (report["complete"].as_bool(), found) {
        (Some(true), 0) => "both sides are the same.".to_owned(),
        (Some(true), 1) => "one difference.".to_owned(),
        (Some(true), found) => format!("{found} differences."),
        _ => "not everything could be compared.".to_owned(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn tie_outs(report: &Value) -> Markup {
    let totals = report["tie_outs"].as_array().cloned().unwrap_or_default();
    html! {
        h2 { "Tie-outs" }
        div.wide tabindex="0" role="region" aria-label="Tie-outs" { table {
            thead { tr { th scope="col" { "No" } th scope="col" { "What must be equal" } th.n scope="col" { "Procore" } th.n scope="col" { "QuickBooks" } th.n scope="col" { "Difference" } th scope="col" { "" } } }
            tbody { @for total in &totals {
                @let ties = text(&total["difference"]) == "0.00";
                tr.differs[!ties] data-tie-out=(text(&total["id"])) {
                    td { (text(&total["id"])) } td { (text(&total["title"])) }
                    td.n { (grouped(text(&total["left"]))) } td.n { (grouped(text(&total["right"]))) } td.n { (grouped(text(&total["difference"]))) }
                    td { @if ties { "ties" } @else if total["explained"].as_bool() == Some(true) { "explained below" } @else { "not explained" } }
                }
            } }
        } }
    }
}

fn findings(report: &Value) -> Markup {
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let problems = report["problems"].as_array().cloned().unwrap_or_default();
    html! {
        h2 { "What differs" }
        @if findings.is_empty() { p.notice.good { "Nothing differs." } } @else {
            div.wide tabindex="0" role="region" aria-label="What differs" { table {
                thead { tr { th scope="col" { "No" } th scope="col" { "Kind" } th scope="col" { "Procore" } th scope="col" { "QuickBooks" } th.n scope="col" { "Amount" } th scope="col" { "What" } } }
                tbody { @for finding in &findings { tr {
                    td { (text(&finding["tie_out"])) } td { (capital(text(&finding["kind"]))) } td { (text(&finding["procore"])) } td { (text(&finding["quickbooks"])) }
                    td.n { (grouped(text(&finding["amount"]))) } td { (text(&finding["text"])) }
                } } }
            } }
        }
        @if !problems.is_empty() {
            h2 { "What could not be compared" }
            ul { @for problem in &problems { li { (text(problem)) } } }
        }
    }
}

pub(crate) async fn file(call: Call) -> Answered {
    let missing = || Problem::NotThere("This file is not kept any more.".to_owned());
    let run = kept::run(&call.site.settings, Some(call.param("run"))).ok_or_else(missing)?;
    let name = call.param("file").to_owned();
    let bytes = run.file(&name).ok_or_else(missing)?;
    let kind = match name.rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/json",
    };
    Ok(Answer::File { name, kind, bytes })
}

pub(crate) async fn run_now(call: Call) -> Answered {
    let site = &call.site;
    let Ok(_turn) = site.reconciling.try_lock() else {
        return Err(Problem::Moved("A reconciliation is running already; look again in a minute.".to_owned()));
    };
    let (report, done) = site.reconcile().await?;
    site.work.notify_one();
    let after = crate::reconcile::print::verdict(&report);
    call.note("reconciliation", "reconciled both sides", "", after.trim())?;
    let mut text = after.trim().to_owned();
    if done.back_to_intake > 0 {
        text.push_str(&format!(" {} documents are worked again.", done.back_to_intake));
    }
    let to = format!("/reconciliation?done={}", crate::console::form::segment(&text));
    Ok(Answer::Go(site.path(&to)))
}
