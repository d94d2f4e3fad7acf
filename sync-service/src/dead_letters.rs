//! `dead-letters` and `approve`: what waits for a person, and the person's decisions. The rules are
//! [`sync_core::rulings`]; here they are only printed.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use sync_core::dead_letter::DeadLetter;
use sync_core::journal::SqliteJournal;
use sync_core::model::{ConnectionId, Currency, DocumentKey, Money, Timestamp};
use sync_core::rulings::{Choice, Clerk, effect};

use crate::Failure;
use crate::adopt::file::{parse_target, target_text};
use crate::settings;

/// What to do with dead letters. Without a command: list them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// JSON on standard output.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// All of them, oldest first.
    List,
    /// One, with both sides and what each choice would do.
    Show {
        /// The key of the document, as the list shows it.
        key: DocumentKey,
    },
    /// Work it again, as things are now.
    Retry {
        /// The key of the document.
        key: DocumentKey,
    },
    /// Settle it. The next sync does what was chosen, unless either side has changed by then.
    Resolve {
        /// The key of the document.
        key: DocumentKey,
        /// Whose version counts; `ignore` leaves both as they are until something changes.
        #[arg(long)]
        take: Take,
        /// Which transaction is the same document, e.g. bill/17, where several come into question.
        #[arg(long, value_name = "TRANSACTION")]
        target: Option<String>,
        /// Why; kept in the audit.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Take {
    Procore,
    Quickbooks,
    Ignore,
}

/// Who decides, and on what.
struct Desk {
    journal: SqliteJournal,
    connection: ConnectionId,
    currency: Currency,
    now: Timestamp,
}

impl Desk {
    fn open() -> Result<Self, Failure> {
        let settings = settings::current()?;
        let now = settings.clock().now();
        Ok(Self { journal: settings.journal()?, connection: settings.id(), currency: settings.currency, now })
    }

    fn clerk(&self) -> Clerk<'_> {
        Clerk { journal: &self.journal, connection: &self.connection, now: self.now }
    }
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let desk = Desk::open()?;
    let clerk = desk.clerk();
    match args.command.unwrap_or(Command::List) {
        Command::List => list(&clerk.letters().await?, args.json)?,
        Command::Show { key } => show(&clerk.letter(&key).await?, args.json)?,
        Command::Retry { key } => {
            clerk.retry(&key).await?;
            done(args.json, &key, "retry", "the next `sync` works it again, as things are then");
        }
        Command::Resolve { key, take, target, reason } => {
            let named = match &target {
                Some(text) => {
                    let problem = || format!("`{text}` names no transaction; write it as `show` does, e.g. bill/17");
                    Some(parse_target(text).ok_or_else(problem)?)
                }
                None => None,
            };
            let choice = match take {
                Take::Procore => Choice::Procore,
                Take::Quickbooks => Choice::Quickbooks { target: named },
                Take::Ignore => Choice::Ignore,
            };
            let word = choice.as_str();
            let effect = clerk.resolve(&key, choice, &reason).await?;
            done(args.json, &key, word, effect);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn done(json: bool, key: &DocumentKey, choice: &str, effect: &str) {
    if json {
        println!("{}", serde_json::json!({ "document": key, "choice": choice, "effect": effect }));
    } else {
        println!("{key}: with the next `sync`: {effect}.");
    }
}

fn list(letters: &[DeadLetter], json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string(letters)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["key", "document", "cause", "amount", "what happened", "what to do"]);
    for letter in letters {
        table.add_row([
            letter.document.to_string(),
            letter.label.clone(),
            letter.cause.to_string(),
            letter.amount.map(|a| a.to_string()).unwrap_or_default(),
            letter.text.clone(),
            letter.cause.advice().to_owned(),
        ]);
    }
    println!("{table}");
    Ok(())
}

/// The choices that settle a letter, with what each does.
fn choices(letter: &DeadLetter) -> Vec<(&'static str, &'static str)> {
    let all = [Choice::Procore, Choice::Quickbooks { target: None }, Choice::Ignore, Choice::Approve, Choice::Reject];
    all.iter().filter_map(|choice| Some((choice.as_str(), effect(letter.cause, choice)?))).collect()
}

fn show(letter: &DeadLetter, json: bool) -> Result<(), Failure> {
    let choices = choices(letter);
    if json {
        let choices: Vec<_> =
            choices.iter().map(|(take, effect)| serde_json::json!({ "take": take, "effect": effect })).collect();
        println!("{}", serde_json::json!({ "letter": letter, "choices": choices }));
        return Ok(());
    }
    println!("{}  {}", letter.document, letter.label);
    println!("cause:   {} ({})", letter.cause, letter.cause.advice());
    if let Some(amount) = letter.amount {
        println!("amount:  {amount} {}", amount.currency());
    }
    println!("since:   {}", letter.since.format("%Y-%m-%d %H:%M UTC"));
    println!("what:    {}", letter.text);
    if let Some(target) = &letter.target {
        println!("stands as {}", target_text(target));
    }
    if !letter.candidates.is_empty() {
        let all: Vec<String> = letter.candidates.iter().map(target_text).collect();
        println!("may be:  {}", all.join(", "));
    }
    println!("choices:");
    for (take, effect) in choices {
        println!("  {take:11}{effect}");
    }
    Ok(())
}

/// What to approve.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").multiple(false).required(true))]
pub(crate) struct ApproveArgs {
    /// The keys of the documents, as the list shows them.
    #[arg(group = "which", value_name = "KEY")]
    keys: Vec<DocumentKey>,
    /// Everything that is held and is below this amount.
    #[arg(long, value_name = "AMOUNT", group = "which")]
    all_under: Option<rust_decimal::Decimal>,
    /// Show what is held.
    #[arg(long, group = "which")]
    list: bool,
    /// Turn down instead: not posted unless it changes.
    #[arg(long, conflicts_with = "list")]
    reject: bool,
    /// Why; kept in the audit.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// JSON on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn approve(args: ApproveArgs) -> Result<ExitCode, Failure> {
    let desk = Desk::open()?;
    let clerk = desk.clerk();
    if args.list {
        list(&clerk.awaiting_approval(None).await?, args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let keys = match args.all_under {
        Some(limit) => {
            let limit = Money::new(limit, desk.currency)?;
            let held = clerk.awaiting_approval(Some(limit)).await?;
            held.into_iter().map(|letter| letter.document).collect()
        }
        None => args.keys,
    };
    let choice = if args.reject { Choice::Reject } else { Choice::Approve };
    let mut settled = Vec::with_capacity(keys.len());
    let mut failed = 0;
    for key in keys {
        match clerk.resolve(&key, choice.clone(), &args.reason).await {
            Ok(_) => settled.push(key),
            Err(error) => {
                failed += 1;
                eprintln!("error: {error}");
            }
        }
    }
    if args.json {
        println!("{}", serde_json::json!({ "choice": choice.as_str(), "documents": settled, "failed": failed }));
    } else {
        let deed = if args.reject { "turned down" } else { "approved" };
        println!("{} {deed}. The next `sync` acts on it, for what has not changed by then.", settled.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
