//! `procore-quickbooks`: keeps Procore (what was committed) and QuickBooks (what was billed and paid) in agreement.

mod adopt;
mod audit;
mod check;
mod connect;
#[allow(dead_code)]
mod console;
mod dead_letters;
mod demo;
mod desktop;
mod doctor;
mod explain;
mod intake;
mod listen;
mod login;
mod mapping;
mod plan;
mod progress;
mod reconcile;
mod report;
mod retainage;
mod settings;
mod site;
mod sync;
mod wip;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keeps Procore (what was committed) and QuickBooks (what was billed and paid) in agreement.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole job on local sandboxes: load, webhooks, a crash, recovery, tie-out. Needs no account.
    Demo(DemoArgs),
    /// Check mapping files; every fault is named with file, line and column.
    Check {
        /// The mapping directory.
        mapping: PathBuf,
        /// Also against the lists of the company: names that are missing or inactive.
        #[arg(long)]
        live: bool,
        #[command(flatten)]
        at: site::Where,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// The versions of the mapping, what another one would change, and which codes it leaves open.
    #[command(subcommand)]
    Mapping(mapping::Action),
    /// Why a document posts as it does: source field, rule and row of every value.
    Explain {
        /// Its number, e.g. SC-7/2, or its key, e.g. pay_app/22.660002.
        key: String,
        #[command(flatten)]
        at: site::Where,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Retainage by contract, line, vendor or project, held against the accounts. Nothing is posted. Exit status: 0 it
    /// ties, 1 it does not.
    Retainage(retainage::Args),
    /// Work in progress: percent complete, earned revenue, over and under billing, and the proposed entries, which are
    /// posted only with --approve.
    Wip(wip::Args),
    /// Connect to Procore or QuickBooks: opens the way for `sync`.
    Login {
        /// Which side.
        side: login::Side,
    },
    /// Sync once: what changed since the last time, everything the first time.
    Sync {
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Take webhooks and work what they tell; runs until it is interrupted.
    Listen(listen::ListenArgs),
    /// Make or repair the webhook subscriptions in Procore, of the company and of each project.
    Webhooks(listen::WebhooksArgs),
    /// Compare both companies, a book, or two files, and explain every difference by document. Nothing is posted. Exit
    /// status: 0 the same, 1 differences, 2 something could not be read or compared.
    Reconcile(reconcile::Args),
    /// Before the first sync, read only: what is there, what would be done about it, what stands in the way, and a first
    /// draft of the mapping files.
    Audit(audit::Args),
    /// Compare live answers of both vendors with what this program knows of them: logins, shapes, words, versions.
    Doctor(doctor::Args),
    /// Show what a sync would do now, document by document and field by field. Nothing is written.
    Plan(plan::PlanArgs),
    /// Do exactly what a plan holds, or nothing if anything has moved since.
    Apply(plan::ApplyArgs),
    /// On first connection: what exists on both sides, with score and reasons; link what is the same or confirmed.
    /// Until that is settled, `sync` creates nothing.
    Adopt(adopt::Args),
    /// The journal was lost: recreate its links from the marks on both sides. Nothing is written to either side.
    RebuildLinks(adopt::RebuildArgs),
    /// What waits for a person: list, show, retry, resolve.
    DeadLetters(dead_letters::Args),
    /// Approve what the policy in sync.toml holds, or turn it down.
    Approve(dead_letters::ApproveArgs),
    /// Who may sign in to the console: add, password, remove, list.
    #[command(subcommand)]
    Users(console::users::Action),
    /// The worker process of the demo.
    #[command(hide = true)]
    Worker,
}

/// How to run the demo.
#[derive(Clone, Debug, clap::Args)]
struct DemoArgs {
    /// A book to run on: a directory as described in the README. Without it, the book that ships.
    #[arg(long)]
    book: Option<PathBuf>,
    /// Where the journal and the tokens go. Without it, a temporary directory that is removed.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Kill the worker after every N-th step and start it again.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(3..))]
    crash_every: Option<u64>,
    /// Kill the worker once, the first time that it reaches a step, e.g. `intent_stored` or `sent`.
    #[arg(long, value_name = "STEP", conflicts_with = "crash_every")]
    crash_at: Option<sync_core::engine::Step>,
    /// One JSON object on standard output instead of tables.
    #[arg(long)]
    json: bool,
    /// The QuickBooks product. Without it, the one that the book is for.
    #[arg(long, value_enum)]
    edition: Option<EditionArg>,
    /// Write every request body (Desktop: message set) that QuickBooks was sent into this directory, one file each.
    #[arg(long, value_name = "DIR")]
    dump_requests: Option<PathBuf>,
    /// Lose the answer of the N-th message set of QuickBooks Desktop after it was worked.
    #[arg(long, value_name = "N")]
    drop_answer: Option<u64>,
    /// Prepare the book, then leave the console running on it until it is interrupted.
    #[arg(long, conflicts_with_all = ["crash_every", "crash_at", "dump_requests", "drop_answer"])]
    serve: bool,
    /// Where the console of --serve listens; port 0 is any that is free.
    #[arg(long, requires = "serve", default_value = "127.0.0.1:8586")]
    address: std::net::SocketAddr,
}

/// A QuickBooks product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EditionArg {
    /// QuickBooks Online
    Online,
    /// QuickBooks Desktop Enterprise, over the Web Connector
    Desktop,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Check { mapping, live, at, json } => check::run(&mapping, live, &at, json).await,
        Command::Mapping(action) => mapping::run(action).await,
        Command::Explain { key, at, json } => explain::run(&key, &at, json).await,
        Command::Retainage(args) => retainage::run(args).await,
        Command::Wip(args) => wip::run(args).await,
        Command::Login { side } => login::run(side).await,
        Command::Sync { json } => sync::run(json).await,
        Command::Listen(args) => listen::run(&args).await,
        Command::Webhooks(args) => listen::subscribe(&args).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Plan(args) => plan::plan(args).await,
        Command::Apply(args) => plan::apply(args).await,
        Command::Adopt(args) => adopt::run(args).await,
        Command::RebuildLinks(args) => adopt::rebuild(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Approve(args) => dead_letters::approve(args).await,
        Command::Users(action) => console::users::run(&action),
        Command::Worker => worker::run().await,
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = std::error::Error::source(error.as_ref());
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Any error that ends the program.
type Failure = Box<dyn std::error::Error + Send + Sync>;
