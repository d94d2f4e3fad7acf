//! A reconciliation for people, and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};
use sync_core::model::Money;
use sync_core::reconcile::company::{CompanyFinding, CompanyReport, Total};

/// `{"findings":[…],"tie_outs":[…]}`
pub(crate) fn json(report: &CompanyReport) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    json!({
        "complete": report.is_complete(),
        "findings": findings,
        "tie_outs": tie_outs(&report.tie_outs),
        "problems": report.problems,
    })
}

fn finding(finding: &CompanyFinding) -> Value {
    let shows_in: Vec<Value> = finding
        .shows_in
        .iter()
        .map(|(id, measure, amount)| json!({ "tie_out": id, "measure": measure, "amount": amount.to_string() }))
        .collect();
    json!({
        "tie_out": finding.tie_out,
        "kind": finding.kind,
        "procore": finding.procore,
        "quickbooks": finding.quickbooks,
        "amount": finding.amount.to_string(),
        "text": finding.text,
        "matched": finding.matched,
        "shows_in": shows_in,
    })
}

fn tie_outs(totals: &[Total]) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for (place, total) in totals.iter().enumerate() {
        let same = totals.iter().filter(|other| other.id == total.id);
        if totals.iter().position(|other| other.id == total.id) != Some(place) {
            continue;
        }
        let headline = headline(totals, total.id).unwrap_or(total);
        let measures: Vec<Value> = same
            .clone()
            .map(|t| {
                json!({
                    "measure": t.measure,
                    "left": t.left.to_string(),
                    "right": t.right.to_string(),
                    "difference": t.difference.to_string(),
                })
            })
            .collect();
        out.push(json!({
            "id": total.id,
            "title": total.title(),
            "left": headline.left.to_string(),
            "right": headline.right.to_string(),
            "difference": headline.difference.to_string(),
            "explained": same.clone().all(|t| t.explained),
            "measures": measures,
        }));
    }
    out
}

/// The measure that stands for a tie-out in summaries: for applications, the net.
fn headline<'a>(totals: &'a [Total], id: &str) -> Option<&'a Total> {
    let mut of_id = totals.iter().filter(|total| total.id == id);
    let first = of_id.next()?;
    of_id.find(|total| total.measure == Some(sync_core::reconcile::Measure::Net)).or(Some(first))
}

/// What a controller wants to see.
pub(crate) fn tables(report: &CompanyReport) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["tie-out", "", "Procore", "QuickBooks", "difference"]);
    for total in &report.tie_outs {
        let measure = total.measure.map(|measure| measure.as_str()).unwrap_or_default();
        let what = format!("{} {}", total.id, total.title());
        table.add_row([&what, measure, &dollars(total.left), &dollars(total.right), &dollars(total.difference)]);
    }
    right_aligned(&mut table, &[2, 3, 4]);
    let mut out = format!("{table}\n");
    if !report.findings.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["", "kind", "Procore", "QuickBooks", "amount", "what"]);
        for f in &report.findings {
            let name = |name: &Option<String>| name.clone().unwrap_or_default();
            let (kind, amount) = (f.kind.to_string(), dollars(f.amount));
            table.add_row([f.tie_out, &kind, &name(&f.procore), &name(&f.quickbooks), &amount, &f.text]);
        }
        right_aligned(&mut table, &[4]);
        out.push_str(&format!("{table}\n"));
    }
    for problem in &report.problems {
        out.push_str(&format!("NOT COMPARED: {problem}\n"));
    }
    out.push_str(&verdict(report));
    out
}

/// One sentence on the whole.
pub(crate) fn verdict(report: &CompanyReport) -> String {
    match (report.is_complete(), report.findings.len()) {
        (false, found) => format!(
            "NOT COMPLETE: {} records could not be compared; {found} differences among the others.\n",
            report.problems.len()
        ),
        (true, 0) if report.is_clean() => "Both sides are the same, to the cent.\n".to_owned(),
        (true, 0) => "Every document is the same; totals differ that no document explains.\n".to_owned(),
        (true, found) => format!("{found} differences.\n"),
    }
}

fn right_aligned(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// With thousands separators, as controllers read it.
pub(crate) fn dollars(money: Money) -> String {
    let text = money.absolute().to_string();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if money.is_negative() { "-" } else { "" };
    format!("{sign}{grouped}.{cents}")
}
