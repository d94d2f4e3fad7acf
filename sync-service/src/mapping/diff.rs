//! `mapping diff`: what another mapping would change.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use sync_core::connector::{Found, Sink};
use sync_core::journal::Link;
use sync_core::mapping::{Ground, Impact, KnownTargets, Mapping, Names, PostedAmount, impact};
use sync_core::model::DocumentKey;
use sync_core::model::construction::Document;

use crate::Failure;
use crate::site::{Site, Where, existing, table};

pub(super) async fn run(new: &Path, at: &Where, json: bool) -> Result<ExitCode, Failure> {
    let new = match Mapping::load(existing(new)?) {
        Ok(new) => new,
        Err(faults) => {
            crate::check::print(&faults, json);
            return Ok(ExitCode::FAILURE);
        }
    };
    let site = Site::open(at)?;
    let old = site.mapping()?;
    let Differences { impact: found, left_out, problems } = differences(&site, &old, &new).await?;
    if json {
        println!(
            "{}",
            serde_json::json!({
                "before": old.version(), "after": new.version(), "changed": found.changed, "unchanged": found.unchanged,
                "settled_or_closed": left_out, "totals": found.totals, "unreadable": problems
            })
        );
    } else {
        print(&found, left_out, &problems);
    }
    Ok(if found.changed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What another mapping would change.
pub(crate) struct Differences {
    /// Of open documents.
    pub(crate) impact: Impact,
    /// How many more differ, and are paid or in a closed period.
    pub(crate) left_out: usize,
    /// What could not be read.
    pub(crate) problems: Vec<String>,
}

/// Maps every document of Procore by both.
///
/// # Errors
/// If a side cannot be read, or amounts cannot be added.
pub(crate) async fn differences(site: &Site, old: &Mapping, new: &Mapping) -> Result<Differences, Failure> {
    let directory = site.directory().await?;
    let names = Names::new(&directory);
    let (documents, problems) = site.documents().await?;
    let links = site.links().await?;
    let capabilities = site.connection.sink.capabilities();
    let index = KnownTargets::new(&links).assuming(&documents, old, capabilities);
    let currency = site.settings.currency;
    let ground = Ground { names: &names, capabilities, index: &index, currency };
    let all = impact(old, new, &documents, ground)?;
    // Of those that differ, the ones that are paid are settled: only open ones would be posted anew.
    let settled = settled(site, &links, &all).await?;
    let is_open = |key: &DocumentKey| !settled.contains(key) && !is_closed(&documents, key, directory.closing_date());
    let open: Vec<Document> = documents.iter().filter(|document| is_open(&document.key())).cloned().collect();
    let found = impact(old, new, &open, ground)?;
    let left_out = all.changed.len() - found.changed.len();
    Ok(Differences { impact: found, left_out, problems })
}

/// Documents whose transaction has nothing open any more.
async fn settled(site: &Site, links: &[Link], impact: &Impact) -> Result<Vec<DocumentKey>, Failure> {
    let by_key: HashMap<&DocumentKey, &Link> = links.iter().map(|link| (&link.document, link)).collect();
    let linked: Vec<&Link> = impact.changed.iter().filter_map(|c| by_key.get(&c.document).copied()).collect();
    let targets: Vec<_> = linked.iter().map(|link| link.target.clone()).collect();
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let states = site.connection.sink.read(&targets).await?;
    let settled = linked.into_iter().zip(states).filter(|(_, found)| match found {
        Found::Present(state) => {
            state.balance.is_some_and(|balance| balance.is_zero()) && state.total.is_some_and(|total| !total.is_zero())
        }
        Found::Deleted => true,
    });
    Ok(settled.map(|(link, _)| link.document.clone()).collect())
}

fn is_closed(documents: &[Document], key: &DocumentKey, closing: Option<sync_core::model::Date>) -> bool {
    let Some(closing) = closing else { return false };
    let date = documents.iter().find(|document| document.key() == *key).and_then(|document| match document {
        Document::PayApp(app) => app.billing_date.or(app.period_end),
        Document::OwnerInvoice(invoice) => invoice.billing_date.or(invoice.period_end),
        _ => None,
    });
    date.is_some_and(|date| date <= closing)
}

fn print(impact: &Impact, left_out: usize, problems: &[String]) {
    let mut rows = table(&["document", "item or account", "class", "before", "after"]);
    let amounts = |label: &str, amounts: &[PostedAmount], rows: &mut comfy_table::Table| {
        for amount in amounts.iter().filter(|amount| amount.before != amount.after) {
            let (before, after) = (amount.before.to_string(), amount.after.to_string());
            rows.add_row([label.to_owned(), amount.post_to.clone(), amount.class.clone(), before, after]);
        }
    };
    for changed in &impact.changed {
        if changed.before != changed.after {
            let (before, after) = (changed.before.clone(), changed.after.clone());
            rows.add_row([changed.label.clone(), String::new(), String::new(), before, after]);
        }
        for (field, before, after) in &changed.header {
            rows.add_row([changed.label.clone(), field.clone(), String::new(), before.clone(), after.clone()]);
        }
        amounts(&changed.label, &changed.amounts, &mut rows);
    }
    if !impact.changed.is_empty() {
        amounts("all of them", &impact.totals, &mut rows);
        println!("{rows}");
    }
    println!("{} open documents would post differently, {} as before.", impact.changed.len(), impact.unchanged);
    if left_out > 0 {
        println!("{left_out} more differ, but they are paid or in a closed period.");
    }
    for problem in problems {
        println!("not read: {problem}");
    }
}
