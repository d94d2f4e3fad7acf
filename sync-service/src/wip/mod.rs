//! `wip`: percent complete, earned revenue, over and under billing, and the proposed entries.

mod estimates;
mod gather;
mod post;
mod print;
mod report;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use procore_client::budget::EstimateColumn;
use sync_core::model::Date;
use sync_core::wip::EntryBasis;

use crate::Failure;
use crate::report::Files;
use crate::site::{Site, Where};
pub(crate) use gather::{Asked, Wip};
pub(crate) use post::settle;

/// The column of Procore's budget views that has estimates at completion.
pub(crate) const BUDGET_COLUMN: &str = "Estimated Cost at Completion";

/// What to report, and whether to post.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    at: Where,
    /// Estimates at completion: a CSV with job,estimate_at_completion and, if wanted, cost_to_date,uninstalled. Jobs that
    /// it does not name, or all without it, take theirs from Procore's budget.
    #[arg(long, value_name = "FILE")]
    estimates: Option<PathBuf>,
    /// The budget view that has the estimates. Without it, the first that has the column.
    #[arg(long, value_name = "NAME")]
    budget_view: Option<String>,
    /// The title of the column of estimates in the budget view.
    #[arg(long, value_name = "TITLE", default_value = BUDGET_COLUMN)]
    budget_column: String,
    /// The last day of the month, which the entries are dated on.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Date,
    /// Take last month's entries back and make this month's in full, instead of entries of the difference.
    #[arg(long)]
    reversal: bool,
    /// Approve the proposed entries: post them to QuickBooks. Without it nothing is posted.
    #[arg(long, conflicts_with = "book")]
    approve: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    files: Files,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let site = Site::open(&args.at)?;
    run_at(&site, &args).await
}

pub(crate) async fn run_at(site: &Site, args: &Args) -> Result<ExitCode, Failure> {
    if args.approve {
        // What an interrupted approval left open is settled before the books are read.
        settle(site).await?;
    }
    let asked = Asked {
        estimates: args.estimates.as_deref(),
        column: EstimateColumn::new(args.budget_view.clone(), args.budget_column.clone()),
        basis: if args.reversal { EntryBasis::Reversal } else { EntryBasis::Difference },
    };
    let mut wip = Wip::gather(site, &asked).await?;
    args.files.write(&report::report(args.date, &wip.schedule, &wip.entries, &wip.ties, &wip.problems))?;
    if args.json && !args.approve {
        println!("{}", shown(&wip).json(&wip.ties, &wip.trial.accounts));
    } else if !args.json {
        shown(&wip).print();
        print::tied(&wip.ties, &wip.trial.accounts);
        wip.problems.iter().for_each(|problem| println!("not counted: {problem}"));
    }
    if !args.approve {
        return Ok(if wip.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let posted = wip.approve(site, args.date).await?;
    posted.told.iter().for_each(|line| eprintln!("{line}"));
    if args.json {
        println!("{}", shown(&wip).json(&wip.ties, &wip.trial.accounts));
    } else {
        println!("After posting:");
        print::tied(&wip.ties, &wip.trial.accounts);
    }
    Ok(if posted.all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn shown(wip: &Wip) -> print::Report<'_> {
    let Wip { schedule, entries, estimates, problems, .. } = wip;
    print::Report { schedule, entries, estimates, problems }
}
