//! `wip`: percent complete, earned revenue, over and under billing, and the proposed entries.

mod estimates;
mod post;
mod print;
mod report;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use procore_client::budget::EstimateColumn;
use quickbooks_online::Books;
use sync_core::mapping::{AccountRole, Mapping, Names};
use sync_core::model::Date;
use sync_core::wip::{EntryBasis, WipAccounts, jobs, proposed_entries, schedule, tie_t12};

use crate::Failure;
use crate::report::Files;
use crate::site::{Site, Where};
use trial::Trial;

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
    #[arg(long, value_name = "TITLE", default_value = "Estimated Cost at Completion")]
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
    let currency = site.settings.currency;
    let mapping = site.mapping()?;
    if args.approve {
        // What an interrupted approval left open is settled before the books are read.
        post::settle(site, &mapping).await?;
    }
    let (documents, mut problems) = site.documents().await?;
    let column = EstimateColumn::new(args.budget_view.clone(), args.budget_column.clone());
    let estimates = estimates::gather(site, args.estimates.as_deref(), &column, &documents, &mut problems).await?;
    let (found, wrong) = jobs(currency, &documents, &estimates.all)?;
    problems.extend(wrong);
    let schedule = schedule(currency, &found)?;
    problems.extend(schedule.faults.iter().map(ToString::to_string));
    let directory = site.directory().await?;
    let names = Names::new(&directory);
    let customers = trial::customers(site, &documents).await?;
    let accounts = match accounts(&mapping, &names) {
        Ok(accounts) => Some(accounts),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let read = async || -> Result<Trial, Failure> {
        let Some(accounts) = &accounts else { return Ok(Trial::default()) };
        let books = Books::new(site.connection.sink.client().clone()).load().await?;
        Trial::of(&books, accounts, &customers, currency)
    };
    let trial = read().await?;
    let basis = if args.reversal { EntryBasis::Reversal } else { EntryBasis::Difference };
    let entries = proposed_entries(&schedule.rows, &trial.balances, basis)?;
    let ties = tie_t12(&schedule.rows, &trial.revenue)?;
    args.files.write(&report::report(args.date, &schedule, &entries, &ties, &problems))?;
    let report = print::Report { schedule: &schedule, entries: &entries, estimates: &estimates, problems: &problems };
    if args.json && !args.approve {
        println!("{}", report.json(&ties, &trial.accounts));
    } else if !args.json {
        report.print();
        print::tied(&ties, &trial.accounts);
        problems.iter().for_each(|problem| println!("not counted: {problem}"));
    }
    if !args.approve {
        return Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !schedule.faults.is_empty() {
        return Err("the schedule has faults; nothing was posted".into());
    }
    let accounts = accounts.as_ref().ok_or("accounts are missing; nothing was posted")?;
    let approval = post::Approval { accounts, date: args.date, customers: &customers, balances: &trial.balances };
    let posted = approval.post(site, &mapping, &schedule, &entries).await?;
    // What stands in the books now must be what was approved.
    let trial = read().await?;
    let ties = tie_t12(&schedule.rows, &trial.revenue)?;
    if args.json {
        println!("{}", report.json(&ties, &trial.accounts));
    } else {
        println!("After posting:");
        print::tied(&ties, &trial.accounts);
    }
    Ok(if posted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Revenue is adjusted where contract billings are booked, and a loss is a job cost.
fn accounts(mapping: &Mapping, names: &Names<'_>) -> Result<WipAccounts, String> {
    Ok(WipAccounts {
        underbillings: mapping.account(AccountRole::Underbillings, names)?,
        overbillings: mapping.account(AccountRole::Overbillings, names)?,
        contract_revenue: mapping.account(AccountRole::ContractBillings, names)?,
        loss_provision: mapping.account(AccountRole::LossProvision, names)?,
        loss_on_contracts: mapping.account(AccountRole::JobCost, names)?,
    })
}
