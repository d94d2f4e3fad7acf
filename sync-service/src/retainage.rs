//! `retainage`: what is withheld, released and held, against the accounts that should say the same.

mod report;

use std::collections::HashMap;
use std::process::ExitCode;

use quickbooks_online::{Books, BooksSnapshot};
use sync_core::connector::{Condition, Marker};
use sync_core::mapping::{AccountRole, Mapping, Names, OwnerRetainage, RetainagePolicy};
use sync_core::model::{AccountId, DocumentKey, Money, TargetKind};
use sync_core::retainage::{AccountEntry, AccountTie, Grouping, LedgerRow, RetainageLedger, Side};

use crate::Failure;
use crate::report::Files;
use crate::site::{Site, Where, table};

/// What to report.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    at: Where,
    /// A row for each contract, line, vendor or project.
    #[arg(long, value_enum, default_value = "contract")]
    by: By,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    files: Files,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum By {
    Contract,
    Line,
    Vendor,
    Project,
}

impl From<By> for Grouping {
    fn from(by: By) -> Self {
        match by {
            By::Contract => Self::Contract,
            By::Line => Self::Line,
            By::Vendor => Self::Party,
            By::Project => Self::Project,
        }
    }
}

/// One side of the books.
pub(crate) struct Part {
    pub(crate) side: Side,
    pub(crate) rows: Vec<LedgerRow>,
    /// The ledger against its account, or why it cannot be held against one.
    pub(crate) tie: Result<AccountTie, String>,
}

/// Both sides of the books.
pub(crate) struct Held {
    pub(crate) parts: Vec<Part>,
    /// It is kept in Procore only: the accounts are not expected to tie.
    pub(crate) untracked: bool,
    /// What is not counted, and why.
    pub(crate) problems: Vec<String>,
}

/// What is withheld, released and held, against the accounts.
///
/// # Errors
/// If a side cannot be read, or amounts cannot be added.
pub(crate) async fn held(site: &Site, by: Grouping) -> Result<Held, Failure> {
    let mapping = site.mapping()?;
    let (documents, mut problems) = site.documents().await?;
    let (ledger, wrong) = RetainageLedger::of_documents(site.settings.currency, &documents);
    problems.extend(wrong);
    for (document, on) in ledger.waiting() {
        problems.push(format!("{document} is not counted: it comes after {on}, which is missing"));
    }
    let books = Books::new(site.connection.sink.client().clone()).load().await?;
    let directory = site.directory().await?;
    let names = Names::new(&directory);
    let links: HashMap<_, _> = site.links().await?.into_iter().map(|link| (link.target, link.document)).collect();
    let untracked = mapping.policies().retainage == RetainagePolicy::ProcoreOnly;
    let mut parts = Vec::new();
    for (side, role) in
        [(Side::Payable, AccountRole::RetainagePayable), (Side::Receivable, AccountRole::RetainageReceivable)]
    {
        let tie = match mapping.account(role, &names) {
            Ok(account) => tie(&ledger, side, &account, &books, &mapping, &links, site)?,
            Err(problem) => Err(problem),
        };
        parts.push(Part { side, rows: ledger.report(side, by)?, tie });
    }
    Ok(Held { parts, untracked, problems })
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let Held { parts, untracked, problems } = held(&Site::open(&args.at)?, args.by.into()).await?;
    args.files.write(&report::report(&parts, untracked, &problems))?;
    if args.json {
        println!("{}", json(&parts, untracked, &problems));
    } else {
        parts.iter().for_each(print);
        if untracked {
            println!("{UNTRACKED}");
        }
        problems.iter().for_each(|problem| println!("not counted: {problem}"));
    }
    let clean = untracked || parts.iter().all(|part| part.tie.as_ref().is_ok_and(AccountTie::is_clean));
    Ok(if clean && problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every entry in the account, and the ledger held against it.
fn tie(
    ledger: &RetainageLedger,
    side: Side,
    account: &AccountId,
    books: &BooksSnapshot,
    mapping: &Mapping,
    links: &HashMap<sync_core::model::TargetRef, DocumentKey>,
    site: &Site,
) -> Result<Result<AccountTie, String>, Failure> {
    let Some(balance) = books.account(account).and_then(|found| found.balance) else {
        return Ok(Err(format!("QuickBooks states no balance of account {account}")));
    };
    let connection = site.settings.id();
    let of = |target: &sync_core::model::TargetRef, marker: &Option<Marker>| {
        let marked = marker.as_ref().filter(|marker| marker.connection == connection).map(|m| m.document.clone());
        links.get(target).cloned().or(marked)
    };
    let mut entries = Vec::new();
    let mut add = |label: String, document: Option<DocumentKey>, amount: Money| {
        if !amount.is_zero() {
            entries.push(AccountEntry { label, document, amount });
        }
    };
    let retainage = std::slice::from_ref(account);
    let live = |condition: Condition| condition == Condition::Live;
    let posting = |kind| !matches!(kind, TargetKind::PurchaseOrder | TargetKind::Estimate);
    let named = |number: &Option<String>, target: &sync_core::model::TargetRef| {
        format!("{} {}", target.kind.as_str().replace('_', " "), number.as_deref().unwrap_or(target.id.as_str()))
    };
    // A bill withholds onto a liability, an invoice onto an asset: the other way round is less.
    let sign = |amount: Money, usual: bool| if usual { amount } else { amount.negated() };
    for document in books.documents.iter().filter(|d| live(d.condition) && posting(d.target.kind)) {
        let retained = document.retained(retainage)?;
        let raised = sign(retained.withheld.minus(retained.released)?, side == Side::Payable);
        add(named(&document.number, &document.target), of(&document.target, &document.marker), raised);
    }
    for sale in books.sales.iter().filter(|s| live(s.condition) && posting(s.target.kind)) {
        let retained = sale.retained(retainage)?;
        let raised = sign(retained.withheld.minus(retained.released)?, side == Side::Receivable);
        add(named(&sale.number, &sale.target), of(&sale.target, &sale.marker), raised);
    }
    for entry in &books.entries {
        for line in entry.lines.iter().filter(|line| line.account == *account) {
            let label = format!("journal entry {}", entry.number.as_deref().unwrap_or(entry.id.as_str()));
            add(label, None, sign(line.amount, side == Side::Receivable));
        }
    }
    let as_liability = side == Side::Receivable && mapping.policies().owner_retainage == OwnerRetainage::Liability;
    Ok(Ok(ledger.against_account(side, sign(balance, !as_liability), &entries)?))
}

pub(crate) fn title(side: Side) -> &'static str {
    match side {
        Side::Payable => "Retainage payable",
        Side::Receivable => "Retainage receivable",
    }
}

pub(crate) fn label(row: &LedgerRow) -> String {
    row.line.as_ref().map_or(row.label.clone(), |line| format!("{}, line {line}", row.label))
}

const UNTRACKED: &str =
    "Retainage is kept in Procore only: nothing of it is posted, and the accounts are not expected to tie.";

fn print(part: &Part) {
    let mut rows = table(&[title(part.side), "billed", "withheld", "released", "held", "documents"]);
    for row in &part.rows {
        let b = row.balance;
        let amounts = [b.gross, b.withheld, b.released, b.held].map(|amount| amount.to_string());
        let [gross, withheld, released, held] = amounts;
        rows.add_row([label(row), gross, withheld, released, held, row.documents.to_string()]);
    }
    println!("{rows}");
    match &part.tie {
        Err(problem) => println!("Not held against the account: {problem}\n"),
        Ok(tie) => {
            println!("{}: ledger {}, account {}, difference {}", tie.tie_out, tie.ledger, tie.account, tie.difference);
            for document in &tie.documents {
                let entries =
                    if document.entries.is_empty() { "nothing".to_owned() } else { document.entries.join(", ") };
                println!(
                    "  {}: {} in Procore, {} in the account ({entries})",
                    document.label, document.ledger, document.account
                );
            }
            for entry in &tie.untracked {
                println!("  not from a pay app or owner invoice: {} {}", entry.label, entry.amount);
            }
            if !tie.unexplained.is_zero() {
                println!("  entries that are neither bill, invoice nor journal entry: {}", tie.unexplained.negated());
            }
            println!();
        }
    }
}

fn json(parts: &[Part], untracked: bool, problems: &[String]) -> serde_json::Value {
    let sides: Vec<_> = parts
        .iter()
        .map(|part| {
            let row = |row: &LedgerRow| {
                let b = row.balance;
                serde_json::json!({
                    "label": row.label, "line": row.line, "billed": b.gross.to_string(), "withheld": b.withheld.to_string(),
                    "released": b.released.to_string(), "held": b.held.to_string(), "documents": row.documents
                })
            };
            let tie = part.tie.as_ref().map(|tie| {
                let document = |d: &sync_core::retainage::DocumentTie| {
                    serde_json::json!({
                        "document": d.document, "label": d.label, "entries": d.entries, "ledger": d.ledger.to_string(),
                        "account": d.account.to_string(), "difference": d.difference.to_string()
                    })
                };
                let entry = |e: &AccountEntry| serde_json::json!({ "label": e.label, "amount": e.amount.to_string() });
                serde_json::json!({
                    "tie_out": tie.tie_out, "ledger": tie.ledger.to_string(), "account": tie.account.to_string(), "difference": tie.difference.to_string(),
                    "documents": tie.documents.iter().map(document).collect::<Vec<_>>(),
                    "untracked": tie.untracked.iter().map(entry).collect::<Vec<_>>(),
                    "untracked_total": tie.untracked_total.to_string(), "unexplained": tie.unexplained.to_string()
                })
            });
            serde_json::json!({
                "side": title(part.side), "rows": part.rows.iter().map(row).collect::<Vec<_>>(),
                "tie": tie.as_ref().ok(), "not_tied": tie.as_ref().err()
            })
        })
        .collect();
    serde_json::json!({ "sides": sides, "procore_only": untracked, "not_counted": problems })
}

pub(crate) fn csv(parts: &[Part]) -> String {
    let quoted = |text: &str| format!("\"{}\"", crate::report::harmless(text).replace('"', "\"\""));
    let mut out = String::from("side,contract or party,line,billed,withheld,released,held,documents\r\n");
    for part in parts {
        for row in &part.rows {
            let line = row.line.as_ref().map(|line| quoted(line.as_str())).unwrap_or_default();
            let b = row.balance;
            out.push_str(&format!(
                "{},{},{line},{},{},{},{},{}\r\n",
                title(part.side),
                quoted(&row.label),
                b.gross,
                b.withheld,
                b.released,
                b.held,
                row.documents
            ));
        }
    }
    out
}
