//! `sync` and `dead-letters`: the connection of the environment variables.

use std::process::ExitCode;
use std::sync::Arc;

use comfy_table::{Table, presets};
use sync_core::engine::{Engine, RunReport, Silent};
use sync_core::journal::{Intake, Journal};
use sync_core::mapping::Mapping;
use sync_core::model::ConnectionId;

use crate::Failure;
use crate::settings;

/// Set in the journal once everything was taken in for the first time.
pub(crate) const LOADED: &str = "loaded";

pub(crate) async fn run(json: bool) -> Result<ExitCode, Failure> {
    let settings = settings::from_environment()?;
    let mapping = Arc::new(Mapping::load(&settings.mapping)?);
    let journal = Arc::new(settings.journal()?);
    let id = settings.id();
    let engine = settings.connect()?.engine(&settings, journal.clone(), mapping, Arc::new(Silent));
    let (intake, report) = work(&engine, journal.as_ref(), &id).await?;
    let counts = journal.counts(&id).await?;
    if json {
        println!("{}", serde_json::json!({ "changes": intake, "run": report, "counts": counts }));
    } else {
        println!(
            "{} created, {} changed, {} linked to what was there, {} as they should be.",
            report.created, report.updated, report.adopted, report.unchanged
        );
        if counts.dead + counts.waiting > 0 {
            println!(
                "{} wait for a person and {} for another document: `procore-quickbooks dead-letters`.",
                counts.dead, counts.waiting
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes in what changed, everything the first time, and works until nothing is due.
pub(crate) async fn work(
    engine: &Engine,
    journal: &dyn Journal,
    id: &ConnectionId,
) -> Result<(Intake, RunReport), Failure> {
    let intake = engine.poll().await?;
    engine.poll_sink().await?;
    if journal.cursor(id, LOADED).await?.is_none() {
        engine.snapshot().await?;
        journal.set_cursor(id, LOADED, "yes").await?;
    }
    Ok((intake, engine.run().await?))
}

pub(crate) async fn dead_letters(json: bool) -> Result<ExitCode, Failure> {
    let settings = settings::from_environment()?;
    let journal = settings.journal()?;
    let letters = journal.dead_letters(&settings.id()).await?;
    if json {
        println!("{}", serde_json::to_string(&letters)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header([
        "document",
        "cause",
        "amount",
        "what happened",
        "what to do",
    ]);
    for letter in &letters {
        table.add_row([
            letter.label.clone(),
            letter.cause.to_string(),
            letter.amount.map(|a| a.to_string()).unwrap_or_default(),
            letter.text.clone(),
            letter.cause.advice().to_owned(),
        ]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}
