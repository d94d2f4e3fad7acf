//! `doctor`: the live answers of both vendors against what the clients know. Reads only.

mod known;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use comfy_table::{Table, presets};
use futures_util::StreamExt;
use quickbooks_online::wire::{self, Wire};
use quickbooks_online::{Query, QuickBooks};
use serde::Serialize;
use sync_core::connector::{Fetched, Source};
use sync_core::model::construction::Document;
use sync_core::model::{ChangeOrderStatus, CommitmentStatus, OwnerInvoiceStatus, PayAppStatus};

use crate::Failure;
use crate::connect::{Connection, ConnectionSettings};
use crate::tokens;

/// What to look at.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// A book instead of the live connection: its records are checked as if they had been answered.
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// The sync cannot work so.
    Broken,
    /// It works, and somebody should look.
    Look,
    /// As it should be.
    Ok,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Check {
    what: String,
    state: State,
    text: String,
}

pub(crate) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let (_stage, settings) = crate::plan::connection(args.book.as_deref())?;
    let connection = settings.connect()?;
    let checks = checks(&settings, &connection).await?;
    if args.json {
        println!("{}", serde_json::json!({ "checks": checks }));
    } else {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["", "what", ""]);
        for check in &checks {
            let state = match check.state {
                State::Broken => "BROKEN",
                State::Look => "look",
                State::Ok => "ok",
            };
            table.add_row([state, &check.what, &check.text]);
        }
        println!("{table}");
    }
    let broken = checks.iter().any(|check| check.state == State::Broken);
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everything that is looked at, what matters most first.
async fn checks(settings: &ConnectionSettings, connection: &Connection) -> Result<Vec<Check>, Failure> {
    let mut checks = Vec::new();
    tokens(settings, &mut checks).await?;
    quickbooks(connection.sink.client(), &mut checks).await;
    versions::words(connection.sink.client(), &mut checks).await;
    procore(connection, &mut checks).await;
    let now = settings.clock().now();
    versions::ends("Procore", &connection.source.procore().notices(), now, &mut checks);
    versions::ends("QuickBooks", &connection.sink.client().notices(), now, &mut checks);
    checks.sort_by_key(|check| check.state);
    Ok(checks)
}

fn say(checks: &mut Vec<Check>, what: impl Into<String>, state: State, text: impl Into<String>) {
    checks.push(Check { what: what.into(), state, text: text.into() });
}

/// How long both logins last. A refresh token that ends takes the connection with it.
async fn tokens(settings: &ConnectionSettings, checks: &mut Vec<Check>) -> Result<(), Failure> {
    for life in tokens::lives(settings).await? {
        let state = match life.state {
            tokens::State::Ended => State::Broken,
            tokens::State::Soon => State::Look,
            tokens::State::Good => State::Ok,
        };
        say(checks, format!("{} login", life.side), state, life.text);
    }
    Ok(())
}

async fn quickbooks(client: &QuickBooks, checks: &mut Vec<Check>) {
    let version = client.config().minor_version;
    // https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/minor-versions
    let state = if version < 75 { State::Broken } else { State::Ok };
    say(checks, "QuickBooks API", state, format!("v3, minor version {version}"));
    shape::<wire::CompanyInfo>(client, checks).await;
    shape::<wire::Preferences>(client, checks).await;
    shape::<wire::Account>(client, checks).await;
    shape::<wire::Item>(client, checks).await;
    shape::<wire::Class>(client, checks).await;
    shape::<wire::Customer>(client, checks).await;
    shape::<wire::Vendor>(client, checks).await;
    shape::<wire::PurchaseOrder>(client, checks).await;
    shape::<wire::Bill>(client, checks).await;
    shape::<wire::VendorCredit>(client, checks).await;
    shape::<wire::Estimate>(client, checks).await;
    shape::<wire::Invoice>(client, checks).await;
    shape::<wire::CreditMemo>(client, checks).await;
    shape::<wire::BillPayment>(client, checks).await;
    shape::<wire::JournalEntry>(client, checks).await;
}

/// Members that QuickBooks sends and this client does not look at. They are kept on updates; one that carries an amount,
/// an account or a tax is worth a look.
async fn shape<T: Wire + Serialize>(client: &QuickBooks, checks: &mut Vec<Check>) {
    let what = format!("QuickBooks {}", T::ENTITY);
    let records = match client.query::<T>(&Query::new(T::ENTITY).page(1, 50)).await {
        Ok(answer) => answer.value,
        Err(error) => return say(checks, what, State::Broken, error.to_string()),
    };
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    for record in &records {
        let sent: Option<BTreeMap<String, serde_json::Value>> = serde_json::from_str(record.raw().get()).ok();
        let read: &T = record;
        let Ok(serde_json::Value::Object(known)) = serde_json::to_value(read) else { continue };
        let names = sent.into_iter().flatten().filter(|(name, value)| !known.contains_key(name) && !value.is_null());
        unknown.extend(names.map(|(name, _)| name));
    }
    let matters: Vec<&str> = unknown.iter().map(String::as_str).filter(|name| matters(name)).collect();
    let count = records.len();
    if matters.is_empty() {
        say(checks, what, State::Ok, format!("{count} looked at; {} members are passed on unread", unknown.len()));
    } else {
        say(
            checks,
            what,
            State::Look,
            format!("members that may carry money and are not read: {}", matters.join(", ")),
        );
    }
}

/// Does a member's name speak of money, coding or retainage?
fn matters(name: &str) -> bool {
    const HARMLESS: [&str; 12] = [
        "CurrencyRef",
        "TaxCodeRef",
        "TxnTaxDetail",
        "GlobalTaxCalculation",
        "Balance",
        "BalanceWithJobs",
        "OpenBalanceDate",
        "TotalAmt",
        "HomeBalance",
        "HomeTotalAmt",
        "CurrentBalanceWithSubAccounts",
        "DefaultTaxCodeRef",
    ];
    let speaks = ["Retainage", "Retention", "Amt", "Amount", "Balance", "AccountRef", "Withh"];
    !HARMLESS.contains(&name) && speaks.iter().any(|word| name.contains(word))
}

async fn procore(connection: &Connection, checks: &mut Vec<Check>) {
    let client = connection.source.procore();
    match client.me().await {
        Ok(me) => say(checks, "Procore account", State::Ok, me.login.unwrap_or(me.id)),
        Err(error) => return say(checks, "Procore account", State::Broken, error.to_string()),
    }
    let parts = match connection.source.parts().await {
        Ok(parts) => parts,
        Err(error) => return say(checks, "Procore projects", State::Broken, error.to_string()),
    };
    let mut words: BTreeSet<String> = BTreeSet::new();
    let (mut read, mut unreadable) = (0_usize, Vec::new());
    for part in &parts {
        let mut pages = connection.source.snapshot(part);
        while let Some(page) = pages.next().await {
            match page {
                Ok(documents) => {
                    read += documents.len();
                    for fetched in documents {
                        match fetched {
                            Fetched::Found(document) => unknown_words(&document, &mut words),
                            Fetched::Unreadable(bad) => unreadable.push(bad.text),
                            Fetched::Gone(_) => {}
                        }
                    }
                }
                // A tool that the account may not use, or an endpoint that is no more.
                Err(error) => {
                    say(checks, format!("Procore {}", part.0), State::Broken, error.to_string());
                    break;
                }
            }
        }
    }
    let text = format!("{read} documents of {} lists have the shape that is known", parts.len());
    say(checks, "Procore shapes", State::Ok, text);
    if !unreadable.is_empty() {
        let first = unreadable.first().cloned().unwrap_or_default();
        let text = format!("{} documents have a value that cannot be read, the first: {first}", unreadable.len());
        say(checks, "Procore values", State::Look, text);
    }
    match words.is_empty() {
        true => say(checks, "Procore words", State::Ok, "every status is known"),
        false => {
            let words: Vec<String> = words.into_iter().collect();
            let text = format!("statuses that are not known, and count as not approved: {}", words.join(", "));
            say(checks, "Procore words", State::Look, text);
        }
    }
    let projects = connection.source.active().await.unwrap_or_default();
    versions::hooks(client, &projects, checks).await;
    versions::members(client, &projects, checks).await;
}

fn unknown_words(document: &Document, words: &mut BTreeSet<String>) {
    match document {
        Document::Commitment(c) => {
            if let CommitmentStatus::Other(word) = &c.status {
                words.insert(format!("commitment `{word}`"));
            }
            for change in &c.change_orders {
                if let ChangeOrderStatus::Other(word) = &change.status {
                    words.insert(format!("change order `{word}`"));
                }
            }
        }
        Document::PrimeContract(c) => {
            if let CommitmentStatus::Other(word) = &c.status {
                words.insert(format!("prime contract `{word}`"));
            }
        }
        Document::PayApp(app) => {
            if let PayAppStatus::Other(word) = &app.status {
                words.insert(format!("pay app `{word}`"));
            }
        }
        Document::OwnerInvoice(invoice) => {
            if let OwnerInvoiceStatus::Other(word) = &invoice.status {
                words.insert(format!("owner invoice `{word}`"));
            }
        }
        _ => {}
    }
}
