//! A reconciliation as a report: the tie-outs, one table for each, the findings, the projects.

use sync_core::model::{Currency, Money};
use sync_core::reconcile::company::{CompanyReport, Total};

use super::print::verdict;
use crate::report::{Cell, Chart, Report, Table};

pub(crate) fn report(name: &str, report: &CompanyReport, currency: Currency) -> Report {
    let mut tables = vec![summary(report), findings(report)];
    let mut seen: Vec<&str> = Vec::new();
    for total in &report.tie_outs {
        if !seen.contains(&total.id) {
            seen.push(total.id);
            tables.push(tie_out(report, total.id, total.title(), currency));
        }
    }
    tables.push(projects(report));
    let problems = report.problems.iter().map(|problem| vec![Cell::text(problem)]).collect();
    tables.push(Table {
        name: "Not compared".to_owned(),
        title: "What could not be compared".to_owned(),
        header: vec!["what"],
        rows: problems,
    });
    Report {
        title: format!("Reconciliation: {name}"),
        lead: vec![verdict(report).trim().to_owned()],
        charts: vec![chart(report)],
        tables,
    }
}

fn summary(report: &CompanyReport) -> Table {
    let rows = report.tie_outs.iter().enumerate().map(|(line, total)| {
        let measure = total.measure.map(|measure| measure.as_str()).unwrap_or_default();
        vec![
            Cell::text(total.id),
            Cell::text(total.title()),
            Cell::text(measure),
            Cell::Money(total.left),
            Cell::Money(total.right),
            Cell::Formula(format!("D{0}-E{0}", line + 2), total.difference),
            Cell::text(if total.difference.is_zero() { "ties" } else { "differs" }),
        ]
    });
    Table {
        name: "Tie-outs".to_owned(),
        title: "Tie-outs".to_owned(),
        header: vec!["no", "what", "measure", "Procore", "QuickBooks", "difference", ""],
        rows: rows.collect(),
    }
}

pub(crate) fn findings(report: &CompanyReport) -> Table {
    let name = |name: &Option<String>| Cell::text(name.clone().unwrap_or_default());
    let rows = report.findings.iter().map(|f| {
        let how = f.matched.as_ref().map(|how| format!(" (taken for the same by {how})")).unwrap_or_default();
        let text = format!("{}{how}", f.text);
        let kind = Cell::text(f.kind.as_str());
        vec![
            Cell::text(f.tie_out),
            kind,
            name(&f.procore),
            name(&f.quickbooks),
            Cell::Money(f.amount),
            Cell::text(text),
        ]
    });
    Table {
        name: "Findings".to_owned(),
        title: "What differs, the largest amounts first".to_owned(),
        header: vec!["no", "kind", "Procore", "QuickBooks", "amount", "what"],
        rows: rows.collect(),
    }
}

/// One tie-out: its totals, the findings that show in it, and what they leave unexplained.
fn tie_out(report: &CompanyReport, id: &str, title: &str, currency: Currency) -> Table {
    let totals: Vec<&Total> = report.tie_outs.iter().filter(|total| total.id == id).collect();
    let mut shown = Vec::new();
    for finding in &report.findings {
        for (of, measure, amount) in finding.shows_in.iter().filter(|(of, ..)| *of == id) {
            let _ = of;
            shown.push((finding, measure.map(|measure| measure.as_str()).unwrap_or_default(), *amount));
        }
    }
    let (first, last) = (totals.len() + 2, totals.len() + 1 + shown.len().max(1));
    let mut rows = Vec::new();
    for (line, total) in totals.iter().enumerate() {
        let measure = total.measure.map(|measure| measure.as_str()).unwrap_or_default();
        let named = shown.iter().filter(|(_, of, _)| *of == measure).map(|(.., amount)| *amount);
        let left = Money::sum(currency, named).and_then(|named| total.difference.minus(named));
        let row = line + 2;
        rows.push(vec![
            Cell::text("total"),
            Cell::text(measure),
            Cell::text(""),
            Cell::text(""),
            Cell::Money(total.left),
            Cell::Money(total.right),
            Cell::Formula(format!("E{row}-F{row}"), total.difference),
            Cell::Formula(
                format!("G{row}-SUMIF(B${first}:B${last},B{row},G${first}:G${last})"),
                left.unwrap_or(total.difference),
            ),
            Cell::text(""),
        ]);
    }
    for (finding, measure, amount) in shown {
        let name = |name: &Option<String>| Cell::text(name.clone().unwrap_or_default());
        rows.push(vec![
            Cell::text(finding.kind.as_str()),
            Cell::text(measure),
            name(&finding.procore),
            name(&finding.quickbooks),
            Cell::text(""),
            Cell::text(""),
            Cell::Money(amount),
            Cell::text(""),
            Cell::text(finding.text.clone()),
        ]);
    }
    Table {
        name: id.to_owned(),
        title: format!("{id}: {title}"),
        header: vec![
            "kind",
            "measure",
            "Procore document",
            "QuickBooks document",
            "Procore",
            "QuickBooks",
            "difference",
            "unexplained",
            "what",
        ],
        rows,
    }
}

fn projects(report: &CompanyReport) -> Table {
    let mut rows = Vec::new();
    for row in &report.projects {
        for (what, (left, right)) in
            [("committed", row.committed), ("billed", row.billed), ("paid", row.paid), ("held", row.held)]
        {
            let line = rows.len() + 2;
            rows.push(vec![
                Cell::text(row.project.clone()),
                Cell::text(what),
                Cell::Money(left),
                Cell::Money(right),
                Cell::Formula(format!("C{line}-D{line}"), left.minus(right).unwrap_or(left)),
            ]);
        }
    }
    Table {
        name: "Projects".to_owned(),
        title: "Projects".to_owned(),
        header: vec!["project", "", "Procore", "QuickBooks", "difference"],
        rows,
    }
}

fn chart(report: &CompanyReport) -> Chart {
    let groups = report.projects.iter().map(|row| {
        let bars = [("committed", row.committed), ("billed", row.billed), ("paid", row.paid), ("held", row.held)];
        (row.project.clone(), bars.into_iter().map(|(what, (left, right))| (what, left, right)).collect())
    });
    Chart {
        title: "Committed, billed, paid and held by project".to_owned(),
        sides: ["Procore", "QuickBooks"],
        groups: groups.collect(),
    }
}
