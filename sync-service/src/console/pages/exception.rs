//! One document that waits: three columns, the choices, what each would post, who did what.

use maud::{Markup, html};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::journal::Journal;
use sync_core::model::DocumentKey;
use sync_core::rulings::{Choice, Clerk, RulingError, digest, effect};

use super::exceptions::{address, capital, code_of, letters, title, who_can};
use crate::adopt::file::{parse_target, target_text};
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::look::{self, Sides, words};
use crate::console::page::{age, csrf, notice};
use crate::console::preview::{self, Would};
use crate::reconcile::print::dollars;

pub(crate) fn key_of(call: &Call) -> Result<DocumentKey, Problem> {
    let text = format!("{}/{}", call.param("kind"), call.param("id"));
    text.parse().map_err(|_| Problem::NotThere(format!("{text} names no document.")))
}

pub(crate) async fn show(call: Call) -> Answered {
    let (site, key) = (&call.site, key_of(&call)?);
    let Some(letter) = letters(site).await?.into_iter().find(|letter| letter.document == key) else {
        return settled(&call, &key).await;
    };
    let target = letter.target.as_ref().or_else(|| letter.candidates.first());
    let sides = look::at(site, &key, target).await?;
    let mut choices = Vec::new();
    for choice in choices_of(&letter) {
        let would = preview::of(site, &key, choice.clone()).await;
        choices.push((choice, would.map_err(|error| error.to_string())));
    }
    let body = html! {
        dl.facts {
            dt { "Cause" } dd { strong { (capital(letter.cause.as_str())) } }
            dt { "What happened" } dd { (look::plainly(&letter.text)) }
            dt { "At stake" } dd { (letter.amount.map(dollars).unwrap_or_else(|| "unknown".to_owned())) }
            dt { "Waits for" } dd { (age(letter.since, site.clock.now())) }
            dt { "Who can" } dd { (who_can(letter.cause)) }
            @if let Some(target) = &letter.target { dt { "Stands as" } dd { (words(target.kind.as_str())) " " (target.id) } }
            @if !sides.paid.is_empty() { dt { "Paid" } dd { (sides.paid) } }
        }
        h2 { "Both sides" }
        (table(&sides))
        @if call.may_change() {
            h2 { "What to do" }
            div.choices {
                @if let Some(code) = code_of(&letter) {
                    section.choice {
                        h3 { "Fix the mapping" }
                        p { "Give code " strong { (code) } " a row; you see the effect before it is saved, and everything that waits for it is tried again." }
                        a.button href=(format!("{}?add={}", site.path("/mapping/coding.csv"), segment(&code))) { "Open the mapping at this code" }
                    }
                }
                @for (choice, would) in &choices { (form(&call, &letter, choice.as_ref(), would)) }
            }
        }
        (audit(&call, &key)?)
    };
    Ok(Answer::page(format!("{}: {}", letter.label, letter.cause), body))
}

/// Those that settle the cause; none stands for trying again.
pub(crate) fn choices_of(letter: &DeadLetter) -> Vec<Option<Choice>> {
    let mut all = vec![None];
    let links = matches!(letter.cause, Cause::AmbiguousMatch | Cause::SameInvoice | Cause::DuplicateNumber);
    if links {
        all.extend(letter.candidates.iter().map(|target| Some(Choice::Quickbooks { target: Some(target.clone()) })));
    }
    for choice in
        [Choice::Procore, Choice::Quickbooks { target: None }, Choice::Ignore, Choice::Approve, Choice::Reject]
    {
        let is_listed = links && matches!(choice, Choice::Quickbooks { .. });
        if !is_listed && effect(letter.cause, &choice).is_some() {
            all.push(Some(choice));
        }
    }
    all
}

/// The three columns.
pub(crate) fn table(sides: &Sides) -> Markup {
    // What changed comes first.
    let is_changed = |row: &&look::Row| row.changed.0 || row.changed.1;
    let rows = sides.rows.iter().filter(is_changed).chain(sides.rows.iter().filter(|row| !is_changed(row)));
    let quickbooks =
        sides.target.as_ref().map(|target| format!("QuickBooks ({} {})", words(target.kind.as_str()), target.id));
    html! {
        @for note in &sides.notes { p.muted { (note) } }
        @if !sides.rows.is_empty() {
            div.wide tabindex="0" role="region" aria-label="Both sides" { table {
                thead { tr { th scope="col" { "" } th scope="col" { "Procore now" } th scope="col" { "Last agreed" } th scope="col" { (quickbooks.unwrap_or_else(|| "QuickBooks now".to_owned())) } } }
                tbody { @for row in rows { tr.changed[row.changed.0 || row.changed.1] {
                    th scope="row" { (row.field) }
                    td { @if row.changed.0 { ins { (row.procore) } span.muted { " changed" } } @else { (row.procore) } }
                    td { (row.agreed) }
                    td { @if row.changed.1 { ins { (row.quickbooks) } span.muted { " changed" } } @else { (row.quickbooks) } }
                } } }
            } }
        }
    }
}

fn form(call: &Call, letter: &DeadLetter, choice: Option<&Choice>, would: &Result<Would, String>) -> Markup {
    let (word, name) = choice.map_or(("retry", "Try again"), |choice| (choice.as_str(), title(choice)));
    let target = match choice {
        Some(Choice::Quickbooks { target }) => target.as_ref(),
        _ => None,
    };
    let effect = choice.map_or(Some("it is worked again, as things are now"), |choice| effect(letter.cause, choice));
    html! {
        section.choice {
            h3 { (name) @if let Some(target) = target { ": it is " (words(target.kind.as_str())) " " (target.id) } }
            p { (capital(effect.unwrap_or_default())) "." }
            (would_text(would))
            form method="post" action=(address(&call.site, &letter.document)) {
                (csrf(&call.csrf))
                input type="hidden" name="seen" value=(digest(letter));
                input type="hidden" name="choice" value=(word);
                input type="hidden" name="target" value=(target.map(target_text).unwrap_or_default());
                @if choice.is_some() {
                    label { "Why (kept in the audit)" input name="reason" maxlength="200" required[matches!(choice, Some(Choice::Ignore))]; }
                }
                button.main[choice.is_some()] data-choice=(word) { (name) }
            }
        }
    }
}

/// What would be posted, in words and figures.
fn would_text(would: &Result<Would, String>) -> Markup {
    match would {
        Err(problem) => notice("warn", &format!("What it would post could not be found out: {problem}")),
        Ok(would) => html! {
            @for write in &would.writes {
                p { "Would " (write.verb) " the " (words(write.target.kind.as_str())) " " strong { (write.number.as_deref().unwrap_or_default()) }
                    @if let Some(amount) = write.amount { ", total " strong { (dollars(amount)) } } ":" }
                (fields(&write.fields))
            }
            @if let Some(letter) = &would.dead { p.muted { "It would still wait: " (letter.text) "." } }
            @if would.writes.is_empty() && would.dead.is_none() { p.muted { "Nothing would be posted." } }
        },
    }
}

/// Fields before and after; the first of them, since a bill of a hundred lines says enough with ten.
pub(crate) fn fields(fields: &[sync_core::plan::FieldChange]) -> Markup {
    const SHOWN: usize = 10;
    let telling: Vec<_> =
        fields.iter().filter(|field| !field.path.ends_with("/link") && field.path != "currency").collect();
    html! {
        ul { @for field in telling.iter().take(SHOWN) {
            @let part = field.path.rsplit('/').next().unwrap_or(&field.path);
            li { (look::part(part)) ": " @if !field.before.is_empty() { del { (field.before) } " → " } (field.after) }
        } }
        @if telling.len() > SHOWN { p.muted { "and " (telling.len() - SHOWN) " more fields" } }
    }
}

fn audit(call: &Call, key: &DocumentKey) -> Result<Markup, Problem> {
    let deeds = call.site.store.deeds(&call.site.settings.connection, Some(&key.to_string()), 50)?;
    Ok(html! {
        h2 { "What people did" }
        @if deeds.is_empty() { p.muted { "Nobody has decided anything about it yet." } }
        @else { table {
            thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "Before" } th scope="col" { "After" } } }
            tbody { @for deed in &deeds { tr { td { (deed.at.format("%Y-%m-%d %H:%M UTC")) } td { (deed.user) } td { (deed.what) } td { (deed.before) } td { (deed.after) } } } }
        } }
        p { a href=(format!("{}?q={}", call.site.path("/activity"), segment(&key.to_string()))) { "Everything that happened to it" }
            " · " a href=(call.site.path(&format!("/explain/{}/{}", key.kind, segment(&key.id)))) { "Why it posts as it does" } }
    })
}

/// There is no letter (any more): it is being worked, or it is done.
async fn settled(call: &Call, key: &DocumentKey) -> Answered {
    let (site, id) = (&call.site, call.site.settings.id());
    let counts = site.journal.counts(&id).await?;
    let link = site.journal.link(&id, key).await?;
    let waits = site.journal.waiting(&id).await?.into_iter().find(|waiting| waiting.document == *key);
    let deeds = site.store.deeds(&site.settings.connection, Some(&key.to_string()), 1)?;
    if link.is_none() && waits.is_none() && deeds.is_empty() && counts.ready == 0 {
        return Err(Problem::NotThere(format!(
            "{key} does not wait for anybody, and nobody has decided about it here."
        )));
    }
    let is_worked = counts.ready > 0;
    let body = html! {
        @if is_worked { p.notice role="status" { "It is being worked. The page looks again by itself." } }
        @else if let Some(waits) = &waits { p.notice.warn { "It waits for " (waits.on) "." } }
        @else if let Some(link) = &link {
            p.notice.good role="status" { "Settled. It stands in QuickBooks as " (words(link.target.kind.as_str())) " " (link.target.id) "." }
        }
        @else { p.notice.good role="status" { "Settled. Nothing stands in QuickBooks for it." } }
        @if !is_worked && link.is_some() { h2 { "Both sides" } (table(&look::at(site, key, None).await?)) }
        (audit(call, key)?)
        p { a.button href=(site.path("/exceptions")) { "Back to the exceptions" } }
    };
    let again = is_worked.then_some(2);
    Ok(Answer::Page { title: key.to_string(), body, status: axum::http::StatusCode::OK, again })
}

pub(crate) async fn decide(call: Call) -> Answered {
    let key = key_of(&call)?;
    let field = |name| call.field(name);
    settle(&call, &key, field("seen"), field("choice"), field("target"), field("reason")).await?;
    call.site.work.notify_one();
    Ok(Answer::Go(address(&call.site, &key)))
}

/// Settles one letter, if it is still the one that the person saw.
pub(crate) async fn settle(
    call: &Call,
    key: &DocumentKey,
    seen: &str,
    choice: &str,
    target: &str,
    reason: &str,
) -> Result<String, Problem> {
    let site = &call.site;
    let _turn = site.changing.lock().await;
    let (id, now) = (site.settings.id(), site.clock.now());
    let clerk = Clerk { journal: site.journal.as_ref(), connection: &id, now };
    let letter = match clerk.letter(key).await {
        Ok(letter) => letter,
        Err(RulingError::NoSuchLetter(_)) => {
            let deed = site.store.deeds(&site.settings.connection, Some(&key.to_string()), 1)?.pop();
            let who = deed.map_or_else(
                || "it was settled meanwhile.".to_owned(),
                |deed| format!("{} settled it on {}: {}.", deed.user, deed.at.format("%Y-%m-%d %H:%M UTC"), deed.what),
            );
            return Err(Problem::Moved(format!("{key} waits no longer, and nothing was done: {who}")));
        }
        Err(other) => return Err(other.into()),
    };
    if digest(&letter) != seen {
        let label = &letter.label;
        return Err(Problem::Moved(format!(
            "{label} has changed since the page was shown, and nothing was done. Now it says: {}. Look at it again.",
            letter.text
        )));
    }
    let target = if target.is_empty() { None } else { parse_target(target) };
    let choice = match choice {
        "retry" => None,
        "procore" => Some(Choice::Procore),
        "quickbooks" => Some(Choice::Quickbooks { target }),
        "ignore" => Some(Choice::Ignore),
        "approve" => Some(Choice::Approve),
        "reject" => Some(Choice::Reject),
        other => return Err(Problem::Bad(format!("`{other}` is no choice."))),
    };
    let reason = reason.trim();
    if matches!(choice, Some(Choice::Ignore)) && reason.is_empty() {
        return Err(Problem::Bad(format!("{}: say why it is ignored; the reason is kept in the audit.", letter.label)));
    }
    let (what, effect) = match choice {
        None => {
            clerk.retry(key).await?;
            ("tried again".to_owned(), "it is worked again, as things are now".to_owned())
        }
        Some(choice) => {
            let name = title(&choice).to_lowercase().replace("procore", "Procore").replace("quickbooks", "QuickBooks");
            let why = format!("{reason} (by {})", call.who());
            match clerk.resolve(key, choice, why.trim()).await {
                Ok(effect) => (if reason.is_empty() { name } else { format!("{name}: {reason}") }, effect.to_owned()),
                Err(error @ (RulingError::NotForThisCause { .. } | RulingError::WhichTarget { .. })) => {
                    return Err(Problem::Bad(error.to_string()));
                }
                Err(other) => return Err(other.into()),
            }
        }
    };
    call.note(&key.to_string(), &what, &format!("{}: {}", letter.cause, letter.text), &effect)?;
    Ok(effect)
}
