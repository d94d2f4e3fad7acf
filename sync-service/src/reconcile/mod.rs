//! `reconcile`: two files, a book, or the live connection of the environment variables.

mod book;
pub(crate) mod books;
mod files;
pub(crate) mod kept;
pub(crate) mod live;
#[cfg(test)]
mod live_tests;
pub(crate) mod print;
pub(crate) mod read;
mod reading;
pub(crate) mod report;
mod run_file;

use std::path::PathBuf;
use std::process::ExitCode;

use sync_core::reconcile::company::CompanyReport;

use self::books::BooksAt;
use crate::Failure;
use crate::desktop::{DesktopSettings, Reception};
use crate::report::Files;

/// What to compare.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// A book (a directory of saved answers) instead of the live connection. Nothing is written.
    #[arg(long, value_name = "DIR", conflicts_with = "left")]
    book: Option<PathBuf>,
    /// Two files instead of two companies: the left one, one JSON object a line.
    #[arg(long, value_name = "FILE", requires_all = ["right", "key"])]
    left: Option<PathBuf>,
    /// The right file.
    #[arg(long, value_name = "FILE", requires = "left")]
    right: Option<PathBuf>,
    /// Files: the members that make up the key.
    #[arg(long, value_name = "MEMBER,...", value_delimiter = ',', requires = "left")]
    key: Vec<String>,
    /// Files: the members to compare. Without it: all that occur on both sides, which takes one more pass.
    #[arg(long, value_name = "MEMBER,...", value_delimiter = ',', requires = "left")]
    compare: Vec<String>,
    /// Files: members to compare as text where "1.10" is not "1.1", such as cost codes.
    #[arg(long, value_name = "MEMBER,...", value_delimiter = ',', requires = "left")]
    text: Vec<String>,
    /// Files: where the differences go, one a line. Without it and without --json: standard output.
    #[arg(long, value_name = "FILE", requires = "left")]
    out: Option<PathBuf>,
    /// Files: read records that seem equal once more and compare them in full.
    #[arg(long, requires = "left")]
    verify: bool,
    /// Files: memory in MiB; beyond it temporary files are used.
    #[arg(long, value_name = "MIB", default_value_t = 256, requires = "left")]
    memory: u64,
    /// Live: only this project, by number, name or id. Fewer calls, and no company-wide accounts.
    #[arg(long, value_name = "P", conflicts_with_all = ["left", "book"])]
    project: Option<String>,
    /// Live: reads of Procore only what changed since this day, the rest is known from the last run; and tells only of
    /// documents that were dated or changed since.
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["left", "book"])]
    since: Option<chrono::NaiveDate>,
    #[command(flatten)]
    files: Files,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let Args { book, left, right, key, compare, text, out, verify, memory, project, since, files, json } = args;
    if let (Some(left), Some(right)) = (left, right) {
        if !files.is_empty() {
            return Err("two files are compared line by line; use --out or --json, not --html, --csv or --xlsx".into());
        }
        let args = files::Args { left, right, key, compare, text, json, out, verify, memory };
        return Ok(files::run(&args));
    }
    let mut name = String::new();
    let report = match book {
        Some(book) => {
            name = book.display().to_string();
            book::reconcile(&book).await?
        }
        None => {
            let crate::settings::Settings { connection: settings, serve, .. } = crate::settings::all()?;
            name.clone_from(&settings.connection);
            let mut _reception = None;
            let at = match &settings.desktop {
                None => BooksAt::of(&settings, None)?,
                Some(DesktopSettings { odbc: Some(odbc), .. }) => BooksAt::odbc(&settings, odbc)?,
                Some(of) => {
                    let reception = _reception.insert(Reception::open(&settings, of, &serve).await?);
                    BooksAt::of(&settings, Some(&reception.desktop))?
                }
            };
            match live::reconcile(&settings, &at, &live::Extent { project, since, quiet: false }).await {
                Ok((report, done)) => {
                    eprintln!(
                        "{} documents back to intake for the next sync, {} new dead letters; {} calls to Procore.",
                        done.back_to_intake, done.dead_letters, done.procore_calls
                    );
                    report
                }
                Err(error) => return Ok(in_the_dark(&error, json)),
            }
        }
    };
    let currency = report.currency;
    let written = report::report(&name, &report, currency);
    files.write(&written)?;
    if json {
        println!("{}", print::json(&report));
    } else {
        print!("{}", print::tables(&report));
    }
    Ok(status(&report))
}

/// A side could not be read to the end: nothing is said of what is the same.
fn in_the_dark(error: &Failure, json: bool) -> ExitCode {
    if json {
        println!("{}", serde_json::json!({ "complete": false, "error": error.to_string() }));
    }
    eprintln!("INCOMPLETE: {error}\nNothing was compared. Start it again: what was read is kept and not read twice.");
    ExitCode::from(2)
}

/// Nothing differs: 0; something does: 1; something could not be compared: 2.
pub(crate) fn status(report: &CompanyReport) -> ExitCode {
    match (report.is_complete(), report.is_clean()) {
        (false, _) => ExitCode::from(2),
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(1),
    }
}
