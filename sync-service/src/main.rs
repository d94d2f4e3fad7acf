//! `procore-quickbooks`: keeps Procore (what was committed) and QuickBooks (what was billed and paid) in agreement.

mod adopt;
mod audit;
mod auth;
mod backup;
mod check;
mod command;
mod completions;
mod connect;
mod console;
mod dead_letters;
mod demo;
mod desktop;
mod doctor;
mod explain;
mod help;
mod intake;
mod keyring;
mod mapping;
mod plan;
mod progress;
mod qwc;
mod reconcile;
mod report;
mod retainage;
mod sealing;
mod serve;
mod settings;
mod site;
mod status;
mod sync;
mod tokens;
mod webhooks;
mod wip;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Keeps Procore (what was committed) and QuickBooks (what was billed and paid) in agreement.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = help::PROGRAM)]
struct Cli {
    /// The configuration directory, as `init` writes it. Environment variables win over what it says.
    #[arg(long, global = true, env = "PROCORE_QUICKBOOKS_CONFIG", value_name = "DIR")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole job on local sandboxes: load, webhooks, a crash, recovery, tie-out. Needs no account.
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// Write a commented configuration directory.
    Init(settings::init::Args),
    /// Check a mapping or a configuration directory; every fault is named with file, line and column.
    #[command(after_help = "Examples:
  procore-quickbooks check mapping
  procore-quickbooks --config /etc/procore-quickbooks check --live

Exit status: 0 right, 1 faults.")]
    Check {
        /// A mapping directory, or a configuration directory. Without it: that of --config.
        dir: Option<PathBuf>,
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
    #[command(subcommand, after_help = help::MAPPING)]
    Mapping(mapping::Action),
    /// Why a document posts as it does: source field, rule and row of every value.
    #[command(after_help = help::EXPLAIN)]
    Explain {
        /// Its number, e.g. SC-7/2, or its key, e.g. pay_app/22.660002.
        key: String,
        #[command(flatten)]
        at: site::Where,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Retainage by contract, line, vendor or project, held against the accounts. Nothing is posted.
    #[command(after_help = help::RETAINAGE)]
    Retainage(retainage::Args),
    /// Work in progress: percent complete, earned revenue, over and under billing, and the proposed entries, which are
    /// posted only with --approve.
    #[command(after_help = help::WIP)]
    Wip(wip::Args),
    /// Connect to Procore or QuickBooks: a person's consent in the browser, exchanged for tokens.
    #[command(alias = "login")]
    Auth(auth::Args),
    /// How the connection stands: consents, waiting documents, dead letters, last reconciliation, request budget.
    Status(status::Args),
    /// The file by which QuickBooks Desktop's Web Connector finds the service.
    Qwc(qwc::Args),
    /// Copy the journal into a file, also while the service runs.
    Backup(backup::BackupArgs),
    /// Put a copy of the journal back.
    Restore(backup::RestoreArgs),
    /// What a shell needs to complete the words of this program.
    Completions(completions::Args),
    /// Sync once: what changed since the last time, everything the first time.
    #[command(after_help = help::SYNC)]
    Sync {
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Run the service: webhooks, the journal's worker, polls, the nightly comparison, the Web Connector, health and
    /// figures. Runs until it is asked to stop.
    #[command(alias = "listen")]
    Serve(serve::Args),
    /// Make or repair the webhook subscriptions in Procore, of the company and of each project.
    #[command(after_help = help::WEBHOOKS)]
    Webhooks(webhooks::Args),
    /// Compare both companies, a book, or two files, and explain every difference by document. Nothing is posted.
    #[command(after_help = help::RECONCILE)]
    Reconcile(reconcile::Args),
    /// Before the first sync, read only: what is there, what would be done about it, what stands in the way, and a first
    /// draft of the mapping files.
    #[command(after_help = help::AUDIT)]
    Audit(audit::Args),
    /// Compare live answers of both vendors with what this program knows of them: logins, shapes, words, versions.
    #[command(after_help = help::DOCTOR)]
    Doctor(doctor::Args),
    /// Show what a sync would do now, document by document and field by field. Nothing is written.
    #[command(after_help = help::PLAN)]
    Plan(plan::PlanArgs),
    /// Do exactly what a plan holds, or nothing if anything has moved since.
    #[command(after_help = help::APPLY)]
    Apply(plan::ApplyArgs),
    /// On first connection: what exists on both sides, with score and reasons; link what is the same or confirmed.
    /// Until that is settled, `sync` creates nothing.
    #[command(after_help = help::ADOPT)]
    Adopt(adopt::Args),
    /// The journal was lost: recreate its links from the marks on both sides. Nothing is written to either side.
    #[command(after_help = help::REBUILD)]
    RebuildLinks(adopt::RebuildArgs),
    /// What waits for a person: list, show, retry, resolve.
    #[command(after_help = help::DEAD_LETTERS)]
    DeadLetters(dead_letters::Args),
    /// Approve what the policy in sync.toml holds, or turn it down.
    #[command(after_help = help::APPROVE)]
    Approve(dead_letters::ApproveArgs),
    /// Who may sign in to the console: add, role, password, disable, enable, remove, list.
    #[command(after_help = help::USERS)]
    Users(console::users::Args),
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
    let cli = Cli::parse();
    settings::use_directory(cli.config);
    let result = match cli.command {
        Command::Demo(args) => demo::run(&args).await,
        Command::Init(args) => settings::init::run(&args),
        Command::Check { dir, live, at, json } => check::run(dir.as_deref(), live, &at, json).await,
        Command::Mapping(action) => mapping::run(action).await,
        Command::Explain { key, at, json } => explain::run(&key, &at, json).await,
        Command::Retainage(args) => retainage::run(args).await,
        Command::Wip(args) => wip::run(args).await,
        Command::Auth(args) => auth::run(&args).await,
        Command::Status(args) => status::run(&args).await,
        Command::Qwc(args) => qwc::run(&args),
        Command::Backup(args) => backup::backup(&args).await,
        Command::Restore(args) => backup::restore(&args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Sync { json } => sync::run(json).await,
        Command::Serve(args) => serve::run(&args).await,
        Command::Webhooks(args) => webhooks::run(&args).await,
        Command::Reconcile(args) => reconcile::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Plan(args) => plan::plan(args).await,
        Command::Apply(args) => plan::apply(args).await,
        Command::Adopt(args) => adopt::run(args).await,
        Command::RebuildLinks(args) => adopt::rebuild(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Approve(args) => dead_letters::approve(args).await,
        Command::Users(args) => console::users::run(&args),
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

#[cfg(test)]
mod command_line {
    use clap::CommandFactory;

    use super::Cli;

    /// What prints nothing but a script, logs or a process's own words.
    const PRINT_NOTHING: [&str; 3] = ["completions", "serve", "worker"];

    fn leaves(command: &clap::Command, path: &str, of_parent: bool, found: &mut Vec<(String, bool, bool)>) {
        let has = |name: &str| command.get_arguments().any(|argument| argument.get_long() == Some(name));
        let global = |name: &str| {
            command.get_arguments().any(|argument| argument.get_long() == Some(name) && argument.is_global_set())
        };
        let has_help = command.get_after_help().is_some();
        let mut subcommands = command.get_subcommands().filter(|sub| sub.get_name() != "help").peekable();
        if subcommands.peek().is_none() {
            found.push((path.to_owned(), has("json") || of_parent, has_help));
        }
        for sub in subcommands {
            leaves(sub, format!("{path} {}", sub.get_name()).trim(), of_parent || global("json"), found);
        }
    }

    #[test]
    fn every_command_that_prints_prints_json_too_and_shows_examples() {
        let program = Cli::command();
        program.clone().debug_assert();
        let mut found = Vec::new();
        leaves(&program, "", false, &mut found);
        assert!(found.len() > 30, "{found:?}");
        for (path, has_json, _) in &found {
            let is_exempt = PRINT_NOTHING.contains(&path.as_str());
            assert_eq!(*has_json, !is_exempt, "{path}");
        }
        for command in program.get_subcommands().filter(|command| !command.is_hide_set()) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:"), "{}", command.get_name());
            assert!(help.contains("Exit status"), "{}", command.get_name());
        }
    }
}
