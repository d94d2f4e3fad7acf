//! `plan` and `apply`: what a sync would do now, and exactly that.

mod print;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::engine::{Engine, Silent};
use sync_core::journal::{Journal, SqliteJournal};
use sync_core::mapping::Mapping;
use sync_core::plan::{GuardedSink, Plan, PlanningSink};
use sync_sandboxes::book::Book;

use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::demo::stage::Stage;

/// What to plan.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// A book instead of the live connection.
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// Keep the plan in a file, for `apply`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// What to apply.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    /// A plan, made by `plan --out`.
    plan: PathBuf,
    /// A book instead of the live connection: posts into sandboxes that are gone afterwards.
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// A plan in a file; the digest tells whether somebody has edited it.
#[derive(Serialize, Deserialize)]
struct Kept {
    plan: Plan,
    digest: String,
}

/// The connection to work on; the stage lives as long as it is held.
pub(crate) fn connection(book: Option<&Path>) -> Result<(Option<Stage>, ConnectionSettings), Failure> {
    match book {
        Some(dir) => {
            let stage = Stage::with_book(Book::load(dir)?, None, false)?;
            let settings = stage.settings();
            Ok((Some(stage), settings))
        }
        None => Ok((None, crate::settings::current()?)),
    }
}

pub(crate) async fn plan(args: PlanArgs) -> Result<ExitCode, Failure> {
    let (_stage, settings) = connection(args.book.as_deref())?;
    let plan = make(&settings).await?;
    if let Some(path) = &args.out {
        let kept = Kept { digest: plan.digest(), plan: plan.clone() };
        let text = serde_json::to_string_pretty(&kept)?;
        std::fs::write(path, text).map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
    }
    if args.json {
        println!("{}", print::json(&plan, settings.currency)?);
    } else {
        print!("{}", print::text(&plan, settings.currency)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// What a sync would do now. Nothing is written but a copy of the journal that is removed.
pub(crate) async fn make(settings: &ConnectionSettings) -> Result<Plan, Failure> {
    let trial = Trial::begin(settings, Arc::new(Mapping::load(&settings.mapping)?))?;
    crate::sync::work(&trial.engine, trial.journal.as_ref(), &settings.id()).await?;
    trial.end().await
}

/// The engine on a copy of the journal, with a sink that notes what it would write.
pub(crate) struct Trial<'a> {
    settings: &'a ConnectionSettings,
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<SqliteJournal>,
    planning: Option<Arc<PlanningSink>>,
    version: String,
    _scratch: tempfile::TempDir,
}

impl<'a> Trial<'a> {
    pub(crate) fn begin(settings: &'a ConnectionSettings, mapping: Arc<Mapping>) -> Result<Self, Failure> {
        let scratch = tempfile::tempdir()?;
        let copy = scratch.path().join("journal.sqlite");
        if settings.dir.join("journal.sqlite").exists() {
            settings.journal()?.copy_to(&copy)?;
        }
        let journal = Arc::new(SqliteJournal::open(&copy)?);
        let version = mapping.version().to_owned();
        let mut planning = None;
        let engine = settings.connect()?.engine_over(settings, journal.clone(), mapping, Arc::new(Silent), |sink| {
            let noting = Arc::new(PlanningSink::new(sink));
            planning = Some(noting.clone());
            noting
        });
        Ok(Self { settings, engine, journal, planning, version, _scratch: scratch })
    }

    /// What it would have written, and what would wait.
    pub(crate) async fn end(self) -> Result<Plan, Failure> {
        let id = self.settings.id();
        let mut dead = self.journal.dead_letters(&id).await?;
        for wait in self.journal.waiting(&id).await? {
            dead.push(DeadLetter {
                document: wait.document,
                label: wait.label,
                cause: Cause::Waiting,
                text: format!("it waits for {}", wait.on),
                amount: None,
                target: None,
                candidates: Vec::new(),
                since: self.settings.clock().now(),
            });
        }
        let writes = self.planning.map(|planning| planning.writes()).unwrap_or_default();
        Ok(Plan::new(id.as_str(), &self.version, writes, dead))
    }
}

pub(crate) async fn apply(args: ApplyArgs) -> Result<ExitCode, Failure> {
    let path = args.plan.display();
    let text = std::fs::read_to_string(&args.plan).map_err(|e| format!("{path}: cannot be read ({e})"))?;
    let kept: Kept = serde_json::from_str(&text).map_err(|e| format!("{path}: not a plan ({e}); make a new one"))?;
    if kept.plan.digest() != kept.digest {
        return Err(format!("{path}: the plan was edited; what is applied must be what was planned").into());
    }
    let (_stage, settings) = connection(args.book.as_deref())?;
    let now = make(&settings).await?;
    let moved = kept.plan.moved(&now);
    if !moved.is_empty() {
        if args.json {
            println!("{}", serde_json::json!({ "applied": false, "moved": moved }));
        } else {
            println!("Nothing was posted: {} things have moved since the plan was made.", moved.len());
            moved.iter().for_each(|one| println!("  {one}"));
            println!("Make a new plan.");
        }
        return Ok(ExitCode::FAILURE);
    }
    let mapping = Arc::new(Mapping::load(&settings.mapping)?);
    let journal = Arc::new(settings.journal()?);
    let connection = settings.connect()?;
    let mut guard = None;
    let engine = connection.engine_over(&settings, journal.clone(), mapping, Arc::new(Silent), |sink| {
        let guarded = Arc::new(GuardedSink::new(sink, &kept.plan));
        guard = Some(guarded.clone());
        guarded
    });
    let (_, report) = crate::sync::work(&engine, journal.as_ref(), &settings.id()).await?;
    let left = guard.map(|guarded: Arc<GuardedSink>| guarded.left()).unwrap_or_default();
    if args.json {
        println!("{}", serde_json::json!({ "applied": left.is_empty(), "run": report, "left": left }));
    } else {
        println!("{} created, {} changed, {} voided, as planned.", report.created, report.updated, report.voided);
        for write in &left {
            println!("NOT DONE: {} {} {}", write.verb, write.target.kind, write.number.clone().unwrap_or_default());
        }
    }
    Ok(if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
