//! Estimates at completion from a CSV, as the controller keeps them.

use std::collections::BTreeMap;

use crate::mapping::fault::Collector;
use crate::mapping::{Faults, table};
use crate::model::{Currency, Money};

/// What the controller says of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Estimated cost at completion.
    pub at_completion: Money,
    /// Cost to date, where the books have more than the pay apps (own labour, direct costs).
    pub cost_to_date: Option<Money>,
    /// Cost of material that is delivered but not installed, where it is left out of the percentage.
    pub uninstalled: Option<Money>,
}

/// The estimates of all jobs, by project number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimates(pub BTreeMap<String, Estimate>);

const COLUMNS: [&str; 4] = ["job", "estimate_at_completion", "cost_to_date", "uninstalled"];

impl Estimates {
    /// Reads a CSV with the columns `job,estimate_at_completion,cost_to_date,uninstalled`, the last two optional. `file`
    /// is its name in faults. Amounts may have separators of thousands.
    ///
    /// # Errors
    /// [`Faults`]: all of them, with line and column.
    pub fn read(file: &str, bytes: &[u8], currency: Currency) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut out = Collector { file, faults: &mut faults };
        let table = table::read(bytes, &COLUMNS, COLUMNS.get(..2).unwrap_or_default(), &mut out);
        let mut estimates = BTreeMap::new();
        for row in &table.rows {
            let mut amount = |column: usize| -> Option<Money> {
                let text = row.cell(column).replace([',', ' ', '$'], "");
                if text.is_empty() {
                    return None;
                }
                let read = text.parse().ok().and_then(|amount| Money::new(amount, currency).ok());
                if read.is_none() {
                    let problem = format!("`{}` is not an amount", row.cell(column));
                    out.add(row.line, row.column(column), problem, "write it like 824000.00");
                }
                read
            };
            let (at_completion, cost_to_date, uninstalled) = (amount(1), amount(2), amount(3));
            match (row.filled(0), at_completion) {
                (None, _) => out.add(row.line, row.column(0), "the job is empty", "give the project's number"),
                (Some(_), None) if row.cell(1).is_empty() => {
                    let fix = "give the estimated cost at completion, or remove the row";
                    out.add(row.line, row.column(1), "the estimate is empty", fix);
                }
                (Some(_), None) => {}
                (Some(job), Some(at_completion)) => {
                    let estimate = Estimate { at_completion, cost_to_date, uninstalled };
                    if estimates.insert(job.clone(), estimate).is_some() {
                        let problem = format!("the job {job} occurs twice");
                        out.add(row.line, row.column(0), problem, "remove one of the rows");
                    }
                }
            }
        }
        faults.sort();
        if faults.is_empty() { Ok(Self(estimates)) } else { Err(Faults(faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_from_excel_is_read_and_every_fault_is_named() {
        let text = "job;estimate_at_completion;cost_to_date\r\n2026-014;\"824,000.00\";412000\r\n2026-021;400000;\r\n";
        let read = Estimates::read("eac.csv", text.as_bytes(), Currency::USD).unwrap();
        let usd = |text: &str| Money::new(text.parse().unwrap(), Currency::USD).unwrap();
        let job = read.0.get("2026-014").unwrap();
        assert_eq!((job.at_completion, job.cost_to_date), (usd("824000"), Some(usd("412000"))));
        let text = "job,estimate_at_completion\n,5\nA,many\nB,\nC,1\nC,2\n";
        let faults = Estimates::read("eac.csv", text.as_bytes(), Currency::USD).unwrap_err();
        let places: Vec<(usize, usize)> = faults.0.iter().map(|fault| (fault.line, fault.column)).collect();
        assert_eq!(places, [(2, 1), (3, 2), (4, 2), (6, 1)], "{faults}");
    }
}
