//! `wip`: percent complete, earned revenue, over and under billing, and the proposed entries.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use quickbooks_online::{Books, BooksSnapshot};
use sha2::{Digest, Sha256};
use sync_core::connector::{Condition, Marker, Operation, Outcome, Sink, Wanted, Write};
use sync_core::mapping::{AccountRole, Mapping, Names};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::construction::Document;
use sync_core::model::{AccountId, Currency, Date, DocumentKey, DocumentKind, Money, TargetId, TargetKind};
use sync_core::wip::{
    EntryBasis, EntryKind, Estimates, JobBalances, JobRevenue, ProposedEntry, WipAccounts, WipSchedule, jobs,
    proposed_entries, schedule, tie_t12,
};

use crate::Failure;
use crate::site::{Site, Where, table};

/// What to report, and whether to post.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    at: Where,
    /// Estimates at completion: a CSV with job,estimate_at_completion and, if wanted, cost_to_date,uninstalled.
    #[arg(long, value_name = "FILE")]
    estimates: PathBuf,
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
}

/// The jobs as customers of QuickBooks.
type Customers = BTreeMap<String, TargetId>;

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let site = Site::open(&args.at)?;
    let currency = site.settings.currency;
    let name = args.estimates.display().to_string();
    let bytes = std::fs::read(&args.estimates).map_err(|error| format!("{name}: {error}"))?;
    let estimates = Estimates::read(&name, &bytes, currency)?;
    let mapping = site.mapping()?;
    let (documents, mut problems) = site.documents().await?;
    let (found, wrong) = jobs(currency, &documents, &estimates)?;
    problems.extend(wrong);
    let schedule = schedule(currency, &found)?;
    problems.extend(schedule.faults.iter().map(ToString::to_string));
    let books = Books::new(site.connection.sink.client().clone()).load().await?;
    let directory = site.directory().await?;
    let names = Names::new(&directory);
    let customers = customers(&site, &documents).await?;
    let accounts = match accounts(&mapping, &names) {
        Ok(accounts) => Some(accounts),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let trial = accounts.as_ref().map(|accounts| Trial::of(&books, accounts, &customers, currency)).transpose()?;
    let basis = if args.reversal { EntryBasis::Reversal } else { EntryBasis::Difference };
    let (balances, revenue) = trial.map(|trial| (trial.balances, trial.revenue)).unwrap_or_default();
    let entries = proposed_entries(&schedule.rows, &balances, basis)?;
    let ties = tie_t12(&schedule.rows, &revenue)?;
    if args.json {
        println!("{}", json(&schedule, &entries, &ties, &problems));
    } else {
        print(&schedule, &entries);
        ties.iter().for_each(|tie| println!("T12 {}", tie.text));
        problems.iter().for_each(|problem| println!("not counted: {problem}"));
    }
    if !args.approve {
        return Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if !schedule.faults.is_empty() {
        return Err("the schedule has faults; nothing was posted".into());
    }
    let accounts = accounts.ok_or("accounts are missing; nothing was posted")?;
    post(&site, &entries, &accounts, args.date, &customers).await
}

/// The customer or job that each project is linked to, by project number.
async fn customers(site: &Site, documents: &[Document]) -> Result<Customers, Failure> {
    let links: HashMap<DocumentKey, TargetId> =
        site.links().await?.into_iter().map(|link| (link.document, link.target.id)).collect();
    let of = |document: &Document| match document {
        Document::Project(project) => Some((project.number.clone()?, links.get(&document.key())?.clone())),
        _ => None,
    };
    Ok(documents.iter().filter_map(of).collect())
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

/// What the books say of each job.
struct Trial {
    balances: HashMap<String, JobBalances>,
    revenue: Vec<JobRevenue>,
}

impl Trial {
    fn of(
        books: &BooksSnapshot,
        accounts: &WipAccounts,
        customers: &Customers,
        currency: Currency,
    ) -> Result<Self, Failure> {
        let zero = Money::zero(currency);
        let job_of: HashMap<&TargetId, &String> = customers.iter().map(|(job, customer)| (customer, job)).collect();
        let mut sums: BTreeMap<(&str, &AccountId), Money> = BTreeMap::new();
        for entry in &books.entries {
            for line in &entry.lines {
                let customer = line.concerns.as_ref().filter(|(kind, _)| kind == "Customer").map(|(_, id)| id);
                if let Some(job) = customer.and_then(|customer| job_of.get(customer)) {
                    let sum = sums.entry((job.as_str(), &line.account)).or_insert(zero);
                    *sum = sum.plus(line.amount)?;
                }
            }
        }
        let debit = |job: &str, account: &AccountId| sums.get(&(job, account)).copied().unwrap_or(zero);
        let (mut balances, mut revenue) = (HashMap::new(), Vec::new());
        for (job, customer) in customers {
            let balance = JobBalances {
                overbilled: debit(job, &accounts.overbillings).negated(),
                underbilled: debit(job, &accounts.underbillings),
                loss_provision: debit(job, &accounts.loss_provision).negated(),
            };
            if balance != JobBalances::zero(currency) {
                balances.insert(job.clone(), balance);
            }
            let mut billings = zero;
            for sale in books.sales.iter().filter(|sale| {
                let posts = sale.target.kind != TargetKind::Estimate && sale.condition == Condition::Live;
                posts && sale.customer.as_str() == customer.as_str()
            }) {
                let sign = sale.target.kind == TargetKind::CreditMemo;
                for line in sale.lines.iter().filter(|l| l.account.as_ref() == Some(&accounts.contract_revenue)) {
                    billings = billings.plus(if sign { line.amount.negated() } else { line.amount })?;
                }
            }
            let adjustments = debit(job, &accounts.contract_revenue).negated();
            if !billings.is_zero() || !adjustments.is_zero() {
                revenue.push(JobRevenue { job: job.clone(), billings, adjustments });
            }
        }
        Ok(Self { balances, revenue })
    }
}

/// Posts what was approved. An entry that stands in the books already, by its marker, is not posted again.
async fn post(
    site: &Site,
    entries: &[ProposedEntry],
    accounts: &WipAccounts,
    date: Date,
    customers: &Customers,
) -> Result<ExitCode, Failure> {
    let sink = &site.connection.sink;
    let mut open = 0;
    for entry in entries {
        let customer = customers.get(&entry.job).map(|id| id.as_str().into());
        if customer.is_none() {
            return Err(format!("job {} has no customer in QuickBooks; run `sync` first", entry.job).into());
        }
        let kind = match entry.kind {
            EntryKind::Reversal => "reversal",
            EntryKind::Revenue => "revenue",
            _ => "loss",
        };
        let document = AccountingDocument::JournalEntry(entry.to_journal(accounts, date, None, customer, None)?);
        let id = format!("{}.wip-{date}-{kind}", entry.job);
        let key = DocumentKey::new(DocumentKind::Project, id);
        let marker = Marker { connection: site.settings.id(), document: key, generation: 0 };
        let found = sink.candidates(&[Wanted { marker: &marker, document: &document }]).await?;
        if found.iter().flat_map(|found| &found.matches).any(|state| state.marker.as_ref() == Some(&marker)) {
            eprintln!("job {}, {kind}: posted before", entry.job);
            continue;
        }
        let digest = Sha256::digest(format!("{marker} create"));
        let key = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let write = Write { key, marker, operation: Operation::Create(document) };
        match sink.apply(std::slice::from_ref(&write)).await.into_iter().next() {
            Some(Outcome::Done(state)) => eprintln!("job {}, {kind}: posted as {}", entry.job, state.target),
            Some(Outcome::Refused(refusal)) => {
                open += 1;
                eprintln!("job {}, {kind}: refused: {}", entry.job, refusal.text);
            }
            Some(Outcome::Uncertain(text)) => {
                open += 1;
                eprintln!("job {}, {kind}: {text}; run the command again: it looks before it posts", entry.job);
            }
            None => open += 1,
        }
    }
    Ok(if open == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(schedule: &WipSchedule, entries: &[ProposedEntry]) {
    let header = ["job", "contract", "estimate", "cost", "%", "earned", "billed", "over", "under", "profit", "loss"];
    let mut rows = table(&header);
    for row in &schedule.rows {
        rows.add_row([
            row.job.clone(),
            row.contract.to_string(),
            row.estimated_cost.to_string(),
            row.cost_to_date.to_string(),
            row.percent_complete.percent(2).to_string(),
            row.earned.to_string(),
            row.billed_to_date.to_string(),
            row.overbilled.to_string(),
            row.underbilled.to_string(),
            row.gross_profit.to_string(),
            row.loss_provision.to_string(),
        ]);
    }
    println!("{rows}");
    if entries.is_empty() {
        return println!("No entries are needed.");
    }
    let mut rows = table(&["job", "proposed entry", "debit", "credit"]);
    let blank = |amount: Money| if amount.is_zero() { String::new() } else { amount.to_string() };
    for entry in entries {
        for line in &entry.lines {
            rows.add_row([entry.job.clone(), line.account.name().to_owned(), blank(line.debit), blank(line.credit)]);
        }
    }
    println!("{rows}\nNothing of this is posted until it is approved: the same command with --approve.");
}

fn json(
    schedule: &WipSchedule,
    entries: &[ProposedEntry],
    ties: &[sync_core::wip::EarnedTie],
    problems: &[String],
) -> serde_json::Value {
    let jobs: Vec<_> = schedule
        .rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "job": row.job, "contract": row.contract.to_string(), "estimate_at_completion": row.estimated_cost.to_string(),
                "cost_to_date": row.cost_to_date.to_string(), "percent_complete": row.percent_complete.percent(4).to_string(),
                "earned": row.earned.to_string(), "billed": row.billed_to_date.to_string(), "overbilled": row.overbilled.to_string(),
                "underbilled": row.underbilled.to_string(), "gross_profit": row.gross_profit.to_string(), "loss_provision": row.loss_provision.to_string()
            })
        })
        .collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            let line = |l: &sync_core::wip::EntryLine| {
                serde_json::json!({ "account": l.account.name(), "debit": l.debit.to_string(), "credit": l.credit.to_string() })
            };
            serde_json::json!({ "job": entry.job, "lines": entry.lines.iter().map(line).collect::<Vec<_>>() })
        })
        .collect();
    let ties: Vec<_> = ties
        .iter()
        .map(|t| serde_json::json!({ "job": t.job, "earned": t.earned.to_string(), "booked": t.booked.to_string(), "difference": t.difference.to_string(), "text": t.text }))
        .collect();
    serde_json::json!({ "jobs": jobs, "entries": entries, "t12": ties, "not_counted": problems })
}
