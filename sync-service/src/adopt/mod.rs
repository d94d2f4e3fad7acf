//! `adopt` and `rebuild-links`: what exists on both sides is linked before anything is created.

pub(crate) mod file;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use comfy_table::{ContentArrangement, Table, presets};
use sync_core::engine::{Adopted, AdoptionState, Match, Place, Survey, Surveyed};
use sync_core::model::DocumentKey;

use crate::Failure;
use crate::command::CommandEngine;
use crate::progress::Reading;

/// What to do about the first links.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("deed").multiple(false))]
pub(crate) struct Args {
    /// Write the proposals to a CSV file with a column `answer` to fill in: keep, update or no.
    #[arg(long, value_name = "FILE", group = "deed")]
    out: Option<PathBuf>,
    /// Take the answers of such a file and link what it confirms, with what is the same.
    #[arg(long, value_name = "FILE", group = "deed")]
    confirm: Option<PathBuf>,
    /// Link what is the same on both sides; leave the rest open.
    #[arg(long, group = "deed")]
    yes: bool,
    /// Say that everything else is new: from now on it is created. What looks alike is then a dead letter, one by one.
    #[arg(long, group = "deed")]
    finish: bool,
    /// Take back a link that `adopt` made, by the key of its document.
    #[arg(long, value_name = "KEY", group = "deed")]
    undo: Option<DocumentKey>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let reading = Arc::new(Reading::start());
    let engine = CommandEngine::open(reading.clone()).await?;
    if let Some(key) = &args.undo {
        let target = engine.unadopt(key).await?;
        if args.json {
            println!("{}", serde_json::json!({ "document": key, "was_linked_to": target.to_string() }));
        } else {
            println!(
                "{key} is no longer linked to {target}, which stays as it is. Nothing is created until `adopt --yes`, \
                 `--confirm` or `--finish`."
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.finish {
        engine.finish_adoption().await?;
        if args.json {
            println!("{}", serde_json::json!({ "finished": true }));
        } else {
            println!("The first connection is settled: the next `sync` creates what is not linked.");
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.yes || args.confirm.is_some() {
        let adopted = match &args.confirm {
            Some(path) => engine.adopt_confirmed(&file::read(path)?).await?,
            None => engine.adopt_same().await?,
        };
        reading.end();
        tell(adopted, args.json)?;
        return Ok(if adopted.finished { ExitCode::SUCCESS } else { ExitCode::from(1) });
    }
    let survey = engine.survey().await?;
    let state = engine.adoption().await?;
    reading.end();
    if let Some(path) = &args.out {
        let rows = file::write(path, &survey)?;
        println!(
            "{rows} pairs are in {}. Fill in the column `answer` with keep (the same; QuickBooks stays as it is), update \
             (the same; Procore's values are written) or no, then: procore-quickbooks adopt --confirm {0}",
            path.display()
        );
    } else if args.json {
        println!("{}", json(&survey, state));
    } else {
        print(&survey, state);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(adopted: Adopted, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string(&adopted)?);
        return Ok(());
    }
    println!("{} linked, {} declined, {} still to decide.", adopted.linked, adopted.declined, adopted.open);
    if adopted.finished {
        println!("The first connection is settled: `sync` may create what is not there.");
    } else {
        println!(
            "`adopt` shows what is left; `sync` creates nothing until it is decided, or `adopt --finish` says that the \
             rest is new."
        );
    }
    Ok(())
}

fn count(survey: &Survey, is: impl Fn(&Place) -> bool) -> usize {
    survey.documents.iter().filter(|one| is(&one.place)).count()
}

fn json(survey: &Survey, state: AdoptionState) -> serde_json::Value {
    let open: Vec<&Surveyed> = survey.open().map(|(one, _)| one).collect();
    let same: Vec<&Surveyed> = survey.same().map(|(one, _)| one).collect();
    serde_json::json!({
        "state": state,
        "same": same,
        "proposals": open,
        "linked": count(survey, |place| matches!(place, Place::Linked(_))),
        "new": count(survey, |place| matches!(place, Place::New)),
        "waits": count(survey, |place| matches!(place, Place::Waits(_))),
        "dead": count(survey, |place| matches!(place, Place::Dead(..))),
    })
}

fn print(survey: &Survey, state: AdoptionState) {
    let open: Vec<(&Surveyed, &[Match])> = survey.open().collect();
    if !open.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["Procore", "QuickBooks", "score", "sure", "why", "what differs"]);
        for (one, matches) in &open {
            for found in *matches {
                let why: Vec<String> = found.reasons.iter().map(ToString::to_string).collect();
                table.add_row([
                    format!("{} [{}]", one.label, one.document),
                    there(found),
                    found.score.to_string(),
                    format!("{:?}", found.certainty).to_lowercase(),
                    why.join("; "),
                    found.differences.join("; "),
                ]);
            }
        }
        println!("{table}");
    }
    println!(
        "{} linked, {} the same on both sides, {} for a person to decide, {} new.",
        count(survey, |place| matches!(place, Place::Linked(_))),
        survey.same().count(),
        open.len(),
        count(survey, |place| matches!(place, Place::New | Place::Waits(_))),
    );
    match (state, open.is_empty()) {
        (AdoptionState::Done, _) => println!("The first connection is settled."),
        (_, true) => println!("Nothing stands in the way of `sync`."),
        (_, false) => println!("Next: procore-quickbooks adopt --out links.csv"),
    }
}

fn there(found: &Match) -> String {
    let number = found.number.as_deref().unwrap_or("without number");
    let amount = found.amount.map(|amount| format!(", {amount}")).unwrap_or_default();
    let date = found.date.map(|date| format!(", {date}")).unwrap_or_default();
    format!("{} ({number}{amount}{date})", found.target)
}

/// How to rebuild.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RebuildArgs {
    /// The journal has links already: add those that are missing, and leave the others.
    #[arg(long)]
    add: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn rebuild(args: RebuildArgs) -> Result<ExitCode, Failure> {
    let reading = Arc::new(Reading::start());
    let engine = CommandEngine::open(reading.clone()).await?;
    let rebuilt = match args.add {
        true => engine.rebuild_missing_links().await?,
        false => engine.rebuild_links().await?,
    };
    reading.end();
    if args.json {
        println!("{}", serde_json::to_string(&rebuilt)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} documents read: {} linked and the same on both sides, {} linked and different, {} linked to documents that \
         are gone or cannot be posted now, {} not in QuickBooks. {} payments in Procore linked.",
        rebuilt.documents, rebuilt.same, rebuilt.differing, rebuilt.strays, rebuilt.new, rebuilt.payments
    );
    if rebuilt.differing + rebuilt.strays > 0 {
        println!("Next: `sync`. What differs is not overwritten: it becomes a dead letter for a person to decide.");
    } else {
        println!("Next: `sync`.");
    }
    Ok(ExitCode::SUCCESS)
}
