//! Once a day, what waits for a person is posted to an address of the customer's choice: a chat's incoming webhook, or
//! a small service that sends mail.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::header::CONTENT_TYPE;
use sync_core::dead_letter::DeadLetter;
use sync_core::journal::Journal;
use sync_core::model::Money;
use tokio::sync::watch;

use super::nightly::{next, wait_until};
use super::plant::House;
use crate::Failure;

pub(super) async fn run(house: Arc<House>, stopped: watch::Receiver<bool>) {
    let mut from = house.clock.now();
    while !*stopped.borrow() {
        let at = house.plant().settings.serve.notice_at;
        if !wait_until(&house, next(from, at)).await {
            continue;
        }
        from = house.clock.now();
        let plant = house.plant();
        if plant.settings.serve.notice_url.is_empty() || plant.settings.serve.notice_at != at {
            continue;
        }
        match post(&house).await {
            Ok(waiting) => tracing::info!(waiting, "the daily notice was sent"),
            Err(error) => tracing::error!(%error, "the daily notice was not sent"),
        }
    }
}

pub(super) async fn post(house: &House) -> Result<usize, Failure> {
    let plant = house.plant();
    let letters = house.journal.dead_letters(&plant.id).await?;
    if letters.is_empty() {
        return Ok(0);
    }
    let notice = notice(plant.id.as_str(), &plant.settings.serve.public_url, &letters, house.clock.now());
    let request = http::Request::post(&plant.settings.serve.notice_url)
        .header(CONTENT_TYPE, "application/json")
        .body(notice.to_string().into())
        // The address may hold a secret, so it is not repeated.
        .map_err(|_| "the address of the notice cannot be posted to")?;
    let answer = plant.settings.connection.transport()?.send(request).await?;
    if !answer.status().is_success() {
        return Err(format!("it was answered with status {}", answer.status()).into());
    }
    Ok(letters.len())
}

/// `text` is what chats show; the rest is for programs.
fn notice(connection: &str, url: &str, letters: &[DeadLetter], now: DateTime<Utc>) -> serde_json::Value {
    let mut causes: BTreeMap<String, (usize, Option<Money>, DateTime<Utc>)> = BTreeMap::new();
    for letter in letters {
        let (count, amount, since) = causes.entry(letter.cause.to_string()).or_insert((0, None, letter.since));
        *count += 1;
        *since = (*since).min(letter.since);
        *amount = match (*amount, letter.amount.map(Money::absolute)) {
            (Some(sum), Some(more)) => sum.plus(more).ok(),
            (sum, more) => sum.or(more),
        };
    }
    let mut text = format!("{connection}: {} documents wait for a person.", letters.len());
    for (cause, (count, amount, since)) in &causes {
        let days = (now - *since).num_days();
        let amount = amount.map(|amount| format!(", {amount}")).unwrap_or_default();
        text.push_str(&format!("\n{cause}: {count}{amount}, the oldest for {days} days"));
    }
    if !url.is_empty() {
        text.push_str(&format!("\n{url}"));
    }
    let causes: Vec<_> = causes
        .iter()
        .map(|(cause, (count, amount, since))| {
            let amount = amount.map(|amount| amount.to_string());
            serde_json::json!({ "cause": cause, "documents": count, "amount": amount, "oldest": since })
        })
        .collect();
    serde_json::json!({ "text": text, "connection": connection, "documents": letters.len(), "causes": causes })
}
