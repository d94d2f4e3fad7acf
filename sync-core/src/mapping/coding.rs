//! `coding.csv`: from project, vendor and codes to customer, class, and item or account. The row with the most filled
//! key cells wins; where the number is equal, the row whose filled keys stand further left.

use std::collections::HashMap;

use super::fault::Collector;
use super::table::{self, Row};
use crate::model::construction::Codes;

pub(super) const FILE: &str = "coding.csv";
const COLUMNS: [&str; 10] = [
    "project_number",
    "vendor",
    "budget_code",
    "cost_code",
    "cost_type",
    "customer",
    "class",
    "item",
    "account",
    "retainage_item",
];
const KEYS: usize = 5;

/// Where a line of the controller's table sends a line of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodingRow {
    /// Line in `coding.csv`.
    pub line: usize,
    /// Project number, vendor, budget code, cost code and cost type; empty ones match anything.
    pub keys: [String; KEYS],
    /// Customer or job, instead of the project's own.
    pub customer: Option<String>,
    /// Class.
    pub class: Option<String>,
    /// Item; excludes `account`.
    pub item: Option<String>,
    /// Account; excludes `item`.
    pub account: Option<String>,
    /// Item that the line's retainage is posted through, instead of the account of retainage payable or receivable.
    pub retainage_item: Option<String>,
    /// Where each column stands in the file, from 1.
    pub(super) columns: [usize; COLUMNS.len()],
}

impl CodingRow {
    /// The filled keys, as a person reads them: `cost_code=05-100, cost_type=S`; `any line` where none is filled.
    pub fn matches(&self) -> String {
        let filled = COLUMNS.iter().zip(&self.keys).filter(|(_, key)| !key.is_empty());
        let keys: Vec<String> = filled.map(|(name, key)| format!("{name}={key}")).collect();
        if keys.is_empty() { "any line".to_owned() } else { keys.join(", ") }
    }
}

/// What a line is looked up by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodingKey<'a> {
    pub(crate) project: &'a str,
    pub(crate) vendor: &'a str,
    pub(crate) codes: &'a Codes,
}

/// The table, compiled: one hash table for each set of filled key columns, the most specific set first.
#[derive(Debug, Default)]
pub(super) struct CodingTable {
    by_mask: Vec<(Mask, HashMap<String, CodingRow>)>,
}

type Mask = [bool; KEYS];

impl CodingTable {
    pub(super) fn read(bytes: &[u8], out: &mut Collector<'_>) -> Self {
        let table = table::read(bytes, &COLUMNS, &[], out);
        let mut by_mask: HashMap<Mask, HashMap<String, CodingRow>> = HashMap::new();
        for row in &table.rows {
            let mask: Mask = std::array::from_fn(|i| !row.cell(i).is_empty());
            let key = join((0..KEYS).map(|i| row.cell(i)));
            let Some(coding) = coding_row(row, out) else { continue };
            if let Some(first) = by_mask.entry(mask).or_default().insert(key, coding) {
                let filled = (0..KEYS).find(|i| !row.cell(*i).is_empty()).map_or(0, |i| row.column(i));
                out.add(
                    row.line,
                    filled,
                    format!("the row has the same keys as line {}", first.line),
                    "remove one of them, or fill another key cell",
                );
            }
        }
        let mut by_mask: Vec<_> = by_mask.into_iter().collect();
        by_mask.sort_by_key(|(mask, _)| std::cmp::Reverse((mask.iter().filter(|filled| **filled).count(), *mask)));
        Self { by_mask }
    }

    /// The row that wins for a line, if any fits.
    pub(super) fn find(&self, key: CodingKey<'_>) -> Option<&CodingRow> {
        let codes = key.codes;
        let text = |code: &'_ Option<String>| code.clone().unwrap_or_default();
        let (budget, cost) = (text(&codes.budget_code), text(&codes.cost_code));
        let types = [codes.cost_type.as_deref().unwrap_or(""), codes.cost_type_name.as_deref().unwrap_or("")];
        self.by_mask.iter().find_map(|(mask, rows)| {
            let spellings = if mask.last() == Some(&true) { &types[..] } else { &types[..1] };
            spellings.iter().find_map(|cost_type| {
                let cells = [key.project, key.vendor, &budget, &cost, cost_type];
                if mask.iter().zip(&cells).any(|(filled, cell)| *filled && cell.is_empty()) {
                    return None;
                }
                rows.get(&join(mask.iter().zip(cells).map(|(filled, cell)| if *filled { cell } else { "" })))
            })
        })
    }

    /// All rows, to check the names in them.
    pub(super) fn rows(&self) -> impl Iterator<Item = &CodingRow> {
        self.by_mask.iter().flat_map(|(_, rows)| rows.values())
    }
}

fn coding_row(row: &Row, out: &mut Collector<'_>) -> Option<CodingRow> {
    for (key, name) in COLUMNS.iter().enumerate().take(KEYS) {
        if let Some(what) = table::spoilt_by_excel(row.cell(key)) {
            let problem = format!("Excel has made {what} of a {name}: `{}`", row.cell(key));
            out.add(row.line, row.column(key), problem, "format the column as text in Excel and type the code again");
        }
    }
    let mut columns = [0; COLUMNS.len()];
    for (at, column) in columns.iter_mut().enumerate() {
        *column = row.column(at);
    }
    let coding = CodingRow {
        line: row.line,
        keys: std::array::from_fn(|i| row.cell(i).to_owned()),
        customer: row.filled(5),
        class: row.filled(6),
        item: row.filled(7),
        account: row.filled(8),
        retainage_item: row.filled(9),
        columns,
    };
    if coding.item.is_some() && coding.account.is_some() {
        let fix = "clear one of them: a line posts to one place";
        out.add(row.line, row.column(8), "item and account are both given", fix);
        return None;
    }
    if coding.customer.is_none() && coding.class.is_none() && coding.item.is_none() && coding.account.is_none() {
        out.add(row.line, row.column(8), "the row codes to nothing", "give an item or an account");
        return None;
    }
    Some(coding)
}

/// Case and spaces around a code do not matter.
fn join<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut key = String::with_capacity(64);
    for cell in cells {
        key.extend(cell.trim().chars().flat_map(char::to_lowercase));
        key.push('\u{1f}');
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (CodingTable, Vec<super::super::Fault>) {
        let mut faults = Vec::new();
        let table = CodingTable::read(text.as_bytes(), &mut Collector { file: FILE, faults: &mut faults });
        (table, faults)
    }

    fn codes(budget: &str, cost: &str, kind: &str) -> Codes {
        Codes {
            budget_code: Some(budget.into()),
            cost_code: Some(cost.into()),
            cost_type: Some(kind.into()),
            cost_type_name: Some("Commitment".into()),
        }
    }

    const HEADER: &str = "project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account\n";

    #[test]
    fn the_row_with_the_most_filled_keys_wins_then_the_leftmost() {
        let rows = ",,,,,,,,Default\n,,,05-100,,,,,Cost code\n,,05-100.S,,,,,,Budget code\n2026-014,,,05-100,,,,,Project\n\
                    ,,,05-100,Commitment,,,,Type by name\n";
        let (table, faults) = table(&format!("{HEADER}{rows}"));
        assert!(faults.is_empty(), "{faults:?}");
        let find = |project: &str, codes: &Codes| {
            table.find(CodingKey { project, vendor: "Delta", codes }).and_then(|r| r.account.clone()).unwrap()
        };
        assert_eq!(find("2026-014", &codes("05-100.S", "05-100", "S")), "Project");
        assert_eq!(find("2026-015", &codes("05-100.S", "05-100", "S")), "Type by name");
        assert_eq!(find("2026-015", &codes("05-200.S", "05-200", "S")), "Default");
        let untyped = Codes { cost_type: None, cost_type_name: None, ..codes("05-100.S", "05-100", "") };
        assert_eq!(find("2026-015", &untyped), "Budget code");
    }

    #[test]
    fn rows_that_tie_and_rows_that_post_twice_are_faults() {
        let (_, faults) =
            table(&format!("{HEADER},,,05-100,,,,,A\n,,, 05-100 ,,,,,B\n,,,05-200,,,,Item,Account\n,,,05-300,,,,,\n"));
        let lines: Vec<usize> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [3, 4, 5], "{faults:?}");
        assert!(faults[0].problem.contains("line 2"));
    }

    #[test]
    fn without_a_row_there_is_no_guess() {
        let (table, _) = table(&format!("{HEADER},,,05-100,,,,,A\n"));
        let codes = codes("06-100.S", "06-100", "S");
        assert!(table.find(CodingKey { project: "1", vendor: "", codes: &codes }).is_none());
    }
}
