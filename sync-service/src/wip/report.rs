//! The WIP schedule as tables: jobs, proposed entries, T12.

use rust_decimal::Decimal;
use sync_core::model::Money;
use sync_core::wip::{EarnedTie, ProposedEntry, WipRow, WipSchedule};

use crate::report::{Cell, Chart, Report, Table};

pub(super) fn report(
    date: sync_core::model::Date,
    schedule: &WipSchedule,
    entries: &[ProposedEntry],
    ties: &[EarnedTie],
    problems: &[String],
) -> Report {
    let totals = &schedule.totals;
    let lead = format!(
        "{} jobs; earned {}, billed {}, overbilled {}, underbilled {}. Jobs are never netted against each other.",
        schedule.rows.len(),
        totals.earned,
        totals.billed_to_date,
        totals.overbilled,
        totals.underbilled
    );
    let bars = |row: &WipRow| (row.job.clone(), vec![("", row.earned, row.billed_to_date)]);
    Report {
        title: format!("Work in progress at {date}"),
        lead: vec![lead],
        charts: vec![Chart {
            title: "Earned and billed by job".to_owned(),
            sides: ["earned", "billed"],
            groups: schedule.rows.iter().map(bars).collect(),
        }],
        tables: vec![jobs(schedule), proposed(entries), t12(ties), not_counted(problems)],
    }
}

fn jobs(schedule: &WipSchedule) -> Table {
    let mut rows: Vec<Vec<Cell>> = schedule.rows.iter().enumerate().map(|(place, row)| job(row, place + 2)).collect();
    let (last, totals) = (rows.len() + 1, &schedule.totals);
    if !rows.is_empty() {
        let sum = |column: &str, amount: Money| Cell::Formula(format!("SUM({column}2:{column}{last})"), amount);
        let uninstalled = Money::sum(schedule.currency, schedule.rows.iter().map(|row| row.uninstalled));
        rows.push(vec![
            Cell::text("Total"),
            sum("B", totals.contract),
            sum("C", totals.estimated_cost),
            sum("D", totals.cost_to_date),
            uninstalled.map_or_else(|_| Cell::text("too large"), |amount| sum("E", amount)),
            Cell::text(""),
            sum("G", totals.earned),
            sum("H", totals.billed_to_date),
            sum("I", totals.overbilled),
            sum("J", totals.underbilled),
            sum("K", totals.gross_profit),
            sum("L", totals.backlog),
            sum("M", totals.cost_to_complete),
            sum("N", totals.loss_provision),
        ]);
    }
    Table {
        name: "Jobs".to_owned(),
        title: "Jobs".to_owned(),
        header: vec![
            "job",
            "contract",
            "estimate at completion",
            "cost to date",
            "not installed",
            "complete",
            "earned",
            "billed",
            "overbilled",
            "underbilled",
            "gross profit",
            "backlog",
            "cost to complete",
            "loss provision",
        ],
        rows,
    }
}

fn job(row: &WipRow, n: usize) -> Vec<Cell> {
    vec![
        Cell::text(row.job.clone()),
        Cell::Money(row.contract),
        Cell::Money(row.estimated_cost),
        Cell::Money(row.cost_to_date),
        Cell::Money(row.uninstalled),
        Cell::Share(format!("(D{n}-E{n})/(C{n}-E{n})"), share(row)),
        Cell::Formula(format!("ROUND((D{n}-E{n})*(B{n}-E{n})/(C{n}-E{n}),2)+E{n}"), row.earned),
        Cell::Money(row.billed_to_date),
        Cell::Formula(format!("MAX(H{n}-G{n},0)"), row.overbilled),
        Cell::Formula(format!("MAX(G{n}-H{n},0)"), row.underbilled),
        Cell::Formula(format!("G{n}-D{n}"), row.gross_profit),
        Cell::Formula(format!("B{n}-G{n}"), row.backlog),
        Cell::Formula(format!("C{n}-D{n}"), row.cost_to_complete),
        Cell::Formula(format!("IF(C{n}>B{n},(C{n}-B{n})-(D{n}-G{n}),0)"), row.loss_provision),
    ]
}

/// As a share of one, exact to a millionth.
fn share(row: &WipRow) -> Decimal {
    row.percent_complete.percent(4).checked_div(Decimal::ONE_HUNDRED).unwrap_or_default()
}

fn proposed(entries: &[ProposedEntry]) -> Table {
    let blank = |amount: Money| if amount.is_zero() { Cell::text("") } else { Cell::Money(amount) };
    let lines = entries.iter().flat_map(|entry| entry.lines.iter().map(move |line| (entry, line)));
    let rows = lines.map(|(entry, line)| {
        vec![Cell::text(entry.job.clone()), Cell::text(line.account.name()), blank(line.debit), blank(line.credit)]
    });
    Table {
        name: "Proposed entries".to_owned(),
        title: "Proposed entries; nothing of this is posted until it is approved".to_owned(),
        header: vec!["job", "account", "debit", "credit"],
        rows: rows.collect(),
    }
}

fn t12(ties: &[EarnedTie]) -> Table {
    let row = |(place, tie): (usize, &EarnedTie)| {
        let n = place + 2;
        vec![
            Cell::text(tie.job.clone()),
            Cell::Money(tie.earned),
            Cell::Money(tie.booked),
            Cell::Formula(format!("B{n}-C{n}"), tie.difference),
            Cell::text(tie.text.clone()),
        ]
    };
    Table {
        name: "T12".to_owned(),
        title: "T12: earned = billings + adjustments in the books".to_owned(),
        header: vec!["job", "earned", "in the books", "difference", "what"],
        rows: ties.iter().enumerate().map(row).collect(),
    }
}

fn not_counted(problems: &[String]) -> Table {
    Table {
        name: "Not counted".to_owned(),
        title: "What could not be counted".to_owned(),
        header: vec!["what"],
        rows: problems.iter().map(|problem| vec![Cell::text(problem)]).collect(),
    }
}
