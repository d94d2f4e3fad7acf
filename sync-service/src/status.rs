//! `status`: how the connection stands, from what is stored. Nothing is asked of the vendors.

use std::collections::BTreeMap;
use std::process::ExitCode;

use sync_core::journal::Journal;
use sync_core::mapping::Mapping;
use sync_core::model::Money;

use crate::reconcile::live;
use crate::site::table;
use crate::sync::LOADED;
use crate::tokens::{self, State};
use crate::{Failure, serve, settings};

/// What to show.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks status
  procore-quickbooks status --json | jq '.tokens[] | select(.state != \"good\")'

Exit status: 0 nothing needs a person, 1 something does: a consent, the mapping, a dead letter.")]
pub(crate) struct Args {
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = settings::current()?;
    let (journal, id) = (settings.journal()?, settings.id());
    let lives = tokens::lives(&settings).await?;
    let counts = journal.counts(&id).await?;
    let is_loaded = journal.cursor(&id, LOADED).await?.is_some();
    let mut causes: BTreeMap<String, (usize, Option<Money>)> = BTreeMap::new();
    for letter in journal.dead_letters(&id).await? {
        let (count, amount) = causes.entry(letter.cause.to_string()).or_default();
        *count += 1;
        *amount = match (*amount, letter.amount.map(Money::absolute)) {
            (Some(sum), Some(more)) => Some(sum.plus(more)?),
            (sum, more) => sum.or(more),
        };
    }
    let last = live::last(&journal, &id).await?;
    let service = serve::last_round(&journal, &id).await?;
    let mapping = Mapping::load(&settings.mapping);
    let needs_person = counts.dead > 0 || mapping.is_err() || lives.iter().any(|life| life.state != State::Good);
    let code = if needs_person { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if args.json {
        let causes: Vec<_> = causes
            .iter()
            .map(|(cause, (count, amount))| {
                serde_json::json!({
                    "cause": cause, "documents": count, "amount": amount.map(|amount| amount.amount().to_string())
                })
            })
            .collect();
        let out = serde_json::json!({
            "connection": id.as_str(),
            "loaded": is_loaded,
            "tokens": lives,
            "jobs": counts,
            "dead_letters": causes,
            "last_reconciliation": last,
            "service": service,
            "mapping": mapping.as_ref().ok().map(Mapping::version),
        });
        println!("{out}");
        return Ok(code);
    }
    let mut rows = table(&["", ""]);
    for life in &lives {
        rows.add_row([format!("{} consent", life.side), life.text.clone()]);
    }
    let mapping = match &mapping {
        Ok(mapping) => format!("version {}", mapping.version()),
        Err(faults) => format!("{} faults; `check` names them", faults.0.len()),
    };
    rows.add_row(["mapping".to_owned(), mapping]);
    let jobs = match is_loaded {
        true => format!("{} to be worked, {} wait for another document", counts.ready, counts.waiting),
        false => "nothing was loaded yet; run `sync` once, or `serve`".to_owned(),
    };
    rows.add_row(["documents".to_owned(), format!("{jobs}; {} linked", counts.links)]);
    if counts.open_intents > 0 {
        rows.add_row(["writes".to_owned(), format!("{} of unknown outcome; looked for first", counts.open_intents)]);
    }
    for (cause, (count, amount)) in &causes {
        let amount = amount.map(|amount| format!(", {amount}")).unwrap_or_default();
        rows.add_row([format!("waits: {cause}"), format!("{count}{amount}")]);
    }
    let last = match last {
        None => "never".to_owned(),
        Some(last) if !last.complete => format!("{}: incomplete", last.at.format("%Y-%m-%d %H:%M UTC")),
        Some(last) => format!("{}: {} findings", last.at.format("%Y-%m-%d %H:%M UTC"), last.findings),
    };
    rows.add_row(["last reconciliation".to_owned(), last]);
    if let Some(round) = service {
        let at = round.at.format("%Y-%m-%d %H:%M UTC");
        let text = round.error.as_ref().map_or_else(|| "well".to_owned(), |error| error.clone());
        rows.add_row(["last round of `serve`".to_owned(), format!("{at}: {text}")]);
        for budget in &round.requests {
            rows.add_row([format!("requests to {}", budget.side), budget.text()]);
        }
    }
    println!("{rows}");
    Ok(code)
}
