//! Markdown, for tickets and repositories.

use std::fmt::Write as _;

use super::Report;

pub(crate) fn text(report: &Report) -> String {
    let mut out = format!("# {}\n", escape(&report.title));
    for line in &report.lead {
        let _ = write!(out, "\n{}\n", escape(line));
    }
    for table in &report.tables {
        let _ = write!(out, "\n## {}\n\n", escape(&table.title));
        if table.rows.is_empty() {
            out.push_str("None.\n");
            continue;
        }
        let _ = writeln!(out, "| {} |", table.header.join(" | "));
        let number = |place: usize| table.rows.iter().any(|row| row.get(place).is_some_and(super::Cell::is_number));
        let rule: Vec<&str> = (0..table.header.len()).map(|place| if number(place) { "--:" } else { "---" }).collect();
        let _ = writeln!(out, "| {} |", rule.join(" | "));
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(|cell| escape(&cell.shown())).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
    }
    out
}

/// Names from elsewhere must not become links, headings or columns.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
