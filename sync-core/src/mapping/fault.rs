//! Faults in mapping files: all of them, in one report.

use std::fmt;

/// One fault: where it is, what is wrong, what would be right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File name within the mapping directory.
    pub file: String,
    /// Line, from 1; 0 where the fault is the whole file's.
    pub line: usize,
    /// Column, from 1; 0 where the fault is the whole line's.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        let sign = if self.problem.ends_with('?') { "" } else { ";" };
        write!(f, ": {}{sign} {}", self.problem, self.fix)
    }
}

/// All faults of all files, in the order of file, line and column. Nothing of a mapping with faults is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "fault" } else { "faults" };
        write!(f, "the mapping has {} {noun}:", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

/// Collects faults of one file.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    pub(crate) file: &'a str,
    pub(crate) faults: &'a mut Vec<Fault>,
}

impl Collector<'_> {
    pub(crate) fn add(&mut self, line: usize, column: usize, problem: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault { file: self.file.to_owned(), line, column, problem: problem.into(), fix: fix.into() });
    }
}

/// The candidates nearest to a misspelt name, at most three.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(2, 6);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let leaf = lower.rsplit(':').next().unwrap_or(&lower);
            (distance(&wanted, &lower).min(distance(&wanted, leaf)), candidate)
        })
        .filter(|(d, _)| *d <= limit)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// `; did you mean X or Y?`, or nothing.
pub(crate) fn did_you_mean(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = *cell;
            left = substituted.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        let known = ["Job Costs:Subcontractors", "Job Costs:Materials", "Checking"];
        assert_eq!(nearest("Subcontractor", known), ["Job Costs:Subcontractors"]);
        assert!(nearest("Retainage", known).is_empty());
    }

    #[test]
    fn a_fault_names_file_line_and_column() {
        let fault = Fault {
            file: "coding.csv".into(),
            line: 3,
            column: 7,
            problem: "item and account are both given".into(),
            fix: "clear one of them".into(),
        };
        assert_eq!(fault.to_string(), "coding.csv:3:7: item and account are both given; clear one of them");
    }
}
