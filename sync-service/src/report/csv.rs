//! CSV files, one a table.

use std::path::Path;

use super::{Cell, Report};
use crate::Failure;

/// Writes each table into a file of the directory, named after the table.
pub(crate) fn write_dir(report: &Report, dir: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: cannot be made ({e})", dir.display()))?;
    for table in &report.tables {
        let name: String =
            table.name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        let mut text = line(table.header.iter().map(|name| (*name).to_owned()));
        for row in &table.rows {
            text.push_str(&line(row.iter().map(cell)));
        }
        let path = dir.join(format!("{name}.csv"));
        std::fs::write(&path, text).map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
    }
    Ok(())
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Count(count) => count.to_string(),
        Cell::Money(money) | Cell::Formula(_, money) => money.to_string(),
        Cell::Share(_, share) => share.to_string(),
    }
}

/// A spreadsheet takes text that begins so for a formula, and foreign text must never run
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub(crate) fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells
        .map(|cell| match cell.contains([',', '"', '\n', '\r', ';']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell,
        })
        .collect();
    quoted.join(",") + "\r\n"
}
