//! `sync`: the connection of the environment variables.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use sync_core::engine::{Engine, RunReport, Silent};
use sync_core::journal::{Intake, Journal};
use sync_core::model::ConnectionId;

use crate::Failure;
use crate::command::CommandEngine;

/// Set in the journal once everything was taken in for the first time.
pub(crate) const LOADED: &str = "loaded";

/// The bank's reports are read less often than payments are, for they tell of nothing sooner.
const BANK_EVERY: Duration = Duration::from_secs(20 * 3600);

pub(crate) async fn run(json: bool) -> Result<ExitCode, Failure> {
    let engine = CommandEngine::open(Arc::new(Silent)).await?;
    let (journal, id) = (engine.journal.clone(), engine.id.clone());
    let (intake, report) = work(&engine, journal.as_ref(), &id).await?;
    let counts = journal.counts(&id).await?;
    let held = report.to_adopt > 0;
    if json {
        println!("{}", serde_json::json!({ "changes": intake, "run": report, "counts": counts }));
    } else if held {
        println!(
            "Nothing was created: {} documents of Procore may be the same as something in QuickBooks. `procore-quickbooks \
             adopt` shows them, with score and reasons.",
            report.to_adopt
        );
    } else {
        println!(
            "{} created, {} changed, {} linked to what was there, {} as they should be.",
            report.created, report.updated, report.adopted, report.unchanged
        );
        if report.payments_recorded + report.payments_taken_back > 0 {
            println!(
                "{} payments recorded in Procore, {} taken back.",
                report.payments_recorded, report.payments_taken_back
            );
        }
        if report.vendors_entered > 0 {
            println!("{} vendors entered in Procore.", report.vendors_entered);
        }
        if report.direct_costs_recorded > 0 {
            println!("{} direct costs recorded in Procore.", report.direct_costs_recorded);
        }
        if counts.dead + counts.waiting > 0 {
            println!(
                "{} wait for a person and {} for another document: `procore-quickbooks dead-letters`.",
                counts.dead, counts.waiting
            );
        }
    }
    Ok(if held { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One round of a program that goes on running: what webhooks told is worked, and both sides are asked too, if `asks`.
pub(crate) async fn round(
    engine: &Engine,
    journal: &dyn Journal,
    id: &ConnectionId,
    asks: bool,
) -> Result<RunReport, Failure> {
    if asks { Ok(work(engine, journal, id).await?.1) } else { Ok(engine.run().await?) }
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
    let mut report = engine.run().await?;
    report.add(engine.carry_payments(BANK_EVERY).await?);
    report.add(engine.carry_direct_costs().await?);
    report.add(engine.carry_vendors().await?);
    Ok((intake, report))
}
