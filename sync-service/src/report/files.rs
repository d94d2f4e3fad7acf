//! Where a report goes besides the screen.

use std::path::{Path, PathBuf};

use super::Report;
use crate::Failure;

/// The files that are wanted.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Files {
    /// The report as one page that prints well.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The report as CSV files, one a table.
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// The report as a workbook, one sheet a table, with live formulas.
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
}

impl Files {
    /// Is no file wanted?
    pub(crate) fn is_empty(&self) -> bool {
        self.html.is_none() && self.csv.is_none() && self.xlsx.is_none()
    }

    /// Writes the wanted ones.
    pub(crate) fn write(&self, report: &Report) -> Result<(), Failure> {
        if let Some(path) = &self.html {
            put(path, super::html(report).as_bytes())?;
        }
        if let Some(path) = &self.xlsx {
            put(path, &super::workbook(report)?)?;
        }
        match &self.csv {
            Some(dir) => super::csv_dir(report, dir),
            None => Ok(()),
        }
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let cannot = |e| format!("{}: cannot be written ({e}); name another file", path.display());
    Ok(std::fs::write(path, bytes).map_err(cannot)?)
}
