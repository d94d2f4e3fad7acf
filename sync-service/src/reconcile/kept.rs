//! Runs of the reconciliation that are kept, with their reports, for the console and for whoever asks later.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sync_core::reconcile::ProjectRow;
use sync_core::reconcile::company::CompanyReport;

use crate::Failure;
use crate::connect::ConnectionSettings;

/// Nightly for a quarter; older ones are removed.
const KEPT: usize = 100;
const REPORT: &str = "report.json";

/// A run that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Its name, which sorts by time.
    pub(crate) name: String,
    dir: PathBuf,
    /// As `reconcile --json` prints it, with `at` and `projects`.
    pub(crate) report: Value,
}

fn home(settings: &ConnectionSettings) -> PathBuf {
    settings.dir.join("reconciliations")
}

/// Keeps a run with its page, workbook and tables.
///
/// # Errors
/// If a file cannot be written; then the run is not listed.
pub(crate) fn keep(settings: &ConnectionSettings, report: &CompanyReport, now: DateTime<Utc>) -> Result<(), Failure> {
    let home = home(settings);
    let dir = home.join(now.format("%Y%m%dT%H%M%S%3fZ").to_string());
    std::fs::create_dir_all(&dir)?;
    let written = super::report::report(&settings.connection, report, report.currency);
    std::fs::write(dir.join("reconciliation.html"), crate::report::html(&written))?;
    std::fs::write(dir.join("reconciliation.xlsx"), crate::report::workbook(&written)?)?;
    crate::report::csv_dir(&written, &dir)?;
    let mut text = super::print::json(report);
    if let Value::Object(members) = &mut text {
        members.insert("at".to_owned(), json!(now));
        members.insert("projects".to_owned(), report.projects.iter().map(project).collect());
    }
    // The report last: a run without one did not come to an end.
    let fresh = dir.join("report.json.new");
    std::fs::write(&fresh, serde_json::to_string(&text)?)?;
    std::fs::rename(&fresh, dir.join(REPORT))?;
    let names = names(&home);
    for old in names.iter().take(names.len().saturating_sub(KEPT)) {
        std::fs::remove_dir_all(home.join(old))?;
    }
    Ok(())
}

fn project(row: &ProjectRow) -> Value {
    let mut members = serde_json::Map::new();
    members.insert("project".to_owned(), json!(row.project));
    for (name, (left, right)) in
        [("committed", row.committed), ("billed", row.billed), ("paid", row.paid), ("held", row.held)]
    {
        let difference = left.minus(right).map(|money| money.to_string()).ok();
        let pair = json!({ "left": left.to_string(), "right": right.to_string(), "difference": difference });
        members.insert(name.to_owned(), pair);
    }
    Value::Object(members)
}

fn names(home: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_name(name) && home.join(name).join(REPORT).is_file())
        .collect();
    names.sort();
    names
}

/// Names come from addresses too: nothing else is ever opened.
fn is_name(name: &str) -> bool {
    name.len() == 19 && name.bytes().all(|b| b.is_ascii_digit() || b == b'T' || b == b'Z')
}

/// The names of the runs, the latest first.
pub(crate) fn runs(settings: &ConnectionSettings) -> Vec<String> {
    let mut names = names(&home(settings));
    names.reverse();
    names
}

/// A run by its name, or the latest; none if there is no such.
pub(crate) fn run(settings: &ConnectionSettings, name: Option<&str>) -> Option<Run> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => runs(settings).into_iter().next()?,
    };
    if !is_name(&name) {
        return None;
    }
    let dir = home(settings).join(&name);
    let report = serde_json::from_str(&std::fs::read_to_string(dir.join(REPORT)).ok()?).ok()?;
    Some(Run { name, dir, report })
}

impl Run {
    /// The files that can be downloaded.
    pub(crate) fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return Vec::new() };
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.retain(|name| !name.ends_with(".new"));
        names.sort();
        names
    }

    /// One of them.
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let known = self.files().into_iter().find(|file| file == name)?;
        std::fs::read(self.dir.join(known)).ok()
    }
}
