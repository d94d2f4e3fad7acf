//! `mapping`: its versions, what another one would change, and what it leaves open.

mod coverage;
pub(crate) mod diff;
mod history;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::site::Where;

/// What to do with the mapping.
#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// The versions that were in use, oldest first.
    History {
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Put the files of a version that was in use back into the mapping directory.
    Restore {
        /// The version, as in the history; its first digits are enough.
        #[arg(id = "wanted", value_name = "VERSION")]
        version: String,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// What another mapping would change: the open documents that would post differently, with amounts. Nothing is
    /// posted. Exit status: 0 nothing differs, 1 something does.
    Diff {
        /// The directory of the other mapping.
        new: PathBuf,
        #[command(flatten)]
        at: Where,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// The codes in use that the mapping leaves open, with the amount at stake. Exit status: 0 none, 1 some.
    Coverage {
        #[command(flatten)]
        at: Where,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(action: Action) -> Result<ExitCode, Failure> {
    match action {
        Action::History { json } => history::list(json).await,
        Action::Restore { version, json } => history::restore(&version, json).await,
        Action::Diff { new, at, json } => diff::run(&new, &at, json).await,
        Action::Coverage { at, json } => coverage::run(&at, json).await,
    }
}
