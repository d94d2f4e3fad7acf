//! The retainage report as tables: what is held, and what the account says.

use sync_core::model::Money;
use sync_core::retainage::AccountTie;

use super::{Part, UNTRACKED, label, title};
use crate::report::{Cell, Chart, Report, Table};

pub(super) fn report(parts: &[Part], untracked: bool, problems: &[String]) -> Report {
    let mut lead = vec![match parts.iter().all(|part| part.tie.as_ref().is_ok_and(AccountTie::is_clean)) {
        true => "Every account holds what the applications withheld and did not release.".to_owned(),
        false => "An account holds something else than the applications withheld and did not release.".to_owned(),
    }];
    if untracked {
        lead = vec![UNTRACKED.to_owned()];
    }
    let mut tables: Vec<Table> = Vec::new();
    for part in parts {
        tables.push(held(part));
        tables.push(account(part));
    }
    tables.push(Table {
        name: "Not counted".to_owned(),
        title: "What could not be counted".to_owned(),
        header: vec!["what"],
        rows: problems.iter().map(|problem| vec![Cell::text(problem)]).collect(),
    });
    Report { title: "Retainage".to_owned(), lead, charts: parts.iter().map(chart).collect(), tables }
}

/// Withheld, released and held, row by row, with sums.
fn held(part: &Part) -> Table {
    let name = title(part.side);
    let mut rows: Vec<Vec<Cell>> = part
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let (b, line) = (row.balance, place + 2);
            vec![
                Cell::text(label(row)),
                Cell::Money(b.gross),
                Cell::Money(b.withheld),
                Cell::Money(b.released),
                Cell::Formula(format!("C{line}-D{line}"), b.held),
                Cell::Count(row.documents),
            ]
        })
        .collect();
    if let Some(first) = part.rows.first() {
        let last = rows.len() + 1;
        let sum = |column: &str, of: fn(&sync_core::retainage::LedgerRow) -> Money| {
            let all = Money::sum(of(first).currency(), part.rows.iter().map(of));
            all.map_or_else(
                |_| Cell::text("too large"),
                |all| Cell::Formula(format!("SUM({column}2:{column}{last})"), all),
            )
        };
        rows.push(vec![
            Cell::text("Total"),
            sum("B", |row| row.balance.gross),
            sum("C", |row| row.balance.withheld),
            sum("D", |row| row.balance.released),
            sum("E", |row| row.balance.held),
            Cell::text(""),
        ]);
    }
    Table {
        name: name.to_owned(),
        title: name.to_owned(),
        header: vec!["contract or party", "billed", "withheld", "released", "held", "documents"],
        rows,
    }
}

/// The account, and what explains that it holds something else.
fn account(part: &Part) -> Table {
    let mut rows = Vec::new();
    match &part.tie {
        Err(problem) => rows.push(vec![Cell::text(format!("not held against the account: {problem}"))]),
        Ok(tie) => {
            let last = tie.documents.len() + tie.untracked.len() + 2;
            let explained = tie.difference.minus(tie.unexplained).unwrap_or(tie.difference);
            rows.push(vec![
                Cell::text("total"),
                Cell::Money(tie.ledger),
                Cell::Money(tie.account),
                Cell::Formula("B2-C2".to_owned(), tie.difference),
            ]);
            for document in &tie.documents {
                let line = rows.len() + 2;
                let entries = document.entries.join(", ");
                let what =
                    if entries.is_empty() { document.label.clone() } else { format!("{} ({entries})", document.label) };
                rows.push(vec![
                    Cell::text(what),
                    Cell::Money(document.ledger),
                    Cell::Money(document.account),
                    Cell::Formula(format!("B{line}-C{line}"), document.difference),
                ]);
            }
            for entry in &tie.untracked {
                let line = rows.len() + 2;
                rows.push(vec![
                    Cell::text(format!("{}: of no pay app or owner invoice", entry.label)),
                    Cell::text(""),
                    Cell::Money(entry.amount),
                    Cell::Formula(format!("-C{line}"), entry.amount.negated()),
                ]);
            }
            let nothing = Cell::text("");
            let sum = format!("SUM(D3:D{})", last.max(3));
            rows.push(vec![
                Cell::text("explained by these"),
                nothing.clone(),
                nothing.clone(),
                Cell::Formula(if last > 2 { sum } else { "0".to_owned() }, explained),
            ]);
            let line = rows.len() + 1;
            rows.push(vec![
                Cell::text("not explained"),
                nothing.clone(),
                nothing,
                Cell::Formula(format!("D2-D{line}"), tie.unexplained),
            ]);
        }
    }
    let id = part.tie.as_ref().map_or("", |tie| tie.tie_out);
    let name = format!("{} account", title(part.side));
    Table {
        title: format!("{id} {name}").trim().to_owned(),
        name,
        header: vec!["what", "Procore", "account", "difference"],
        rows,
    }
}

fn chart(part: &Part) -> Chart {
    let groups = part.rows.iter().filter(|row| !row.balance.withheld.is_zero());
    Chart {
        title: format!("{}: withheld, and held of it", title(part.side)),
        sides: ["withheld", "held"],
        groups: groups.map(|row| (label(row), vec![("", row.balance.withheld, row.balance.held)])).collect(),
    }
}
