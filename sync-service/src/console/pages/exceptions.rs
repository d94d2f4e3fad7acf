//! What waits for a person, by cause; and what policy holds for approval.

use std::collections::HashMap;

use maud::{Markup, html};
use sync_core::dead_letter::{Cause, DeadLetter};
use sync_core::journal::Journal;
use sync_core::model::{DocumentKey, Money};
use sync_core::rulings::{Choice, Clerk, digest, effect};

use super::exception::settle;
use crate::console::Site;
use crate::console::call::{Answer, Answered, Call, Problem};
use crate::console::form::segment;
use crate::console::look::{plainly, words};
use crate::console::page::{age, csrf, notice};
use crate::reconcile::print::dollars;

/// Letters that have one thing in common: mending it settles them all.
pub(crate) struct Group {
    pub(crate) cause: Cause,
    pub(crate) title: String,
    pub(crate) letters: Vec<DeadLetter>,
    /// The code that has no row, where that is the cause.
    pub(crate) code: Option<String>,
}

/// The code that a letter about a missing row names.
pub(crate) fn code_of(letter: &DeadLetter) -> Option<String> {
    let rest = letter.text.split_once("the code ")?.1;
    (letter.cause == Cause::MissingCoding).then_some(())?;
    rest.split_once(" of project ").map(|(code, _)| code.to_owned())
}

/// Who can put it right.
pub(crate) fn who_can(cause: Cause) -> &'static str {
    match cause {
        Cause::MissingCoding => "controller, in the mapping",
        Cause::MissingAccount | Cause::NameTaken | Cause::DuplicateNumber | Cause::LinkDropped | Cause::Refused => {
            "controller, in QuickBooks or the mapping"
        }
        Cause::AmountsDisagree | Cause::Unreadable | Cause::Currency | Cause::FileNotCopied => {
            "project manager, in Procore"
        }
        Cause::Waiting => "nobody here: the document that it waits for comes first",
        _ => "controller, here",
    }
}

/// The largest groups first.
pub(crate) fn groups(letters: Vec<DeadLetter>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for letter in letters {
        let code = code_of(&letter);
        let title = match (&code, letter.cause) {
            (Some(code), _) => format!("Code {code} has no row in the mapping"),
            (None, Cause::MissingCoding | Cause::MissingAccount) => plainly(&letter.text),
            (None, cause) => capital(cause.as_str()),
        };
        match groups.iter_mut().find(|group| group.cause == letter.cause && group.title == title) {
            Some(group) => group.letters.push(letter),
            None => groups.push(Group { cause: letter.cause, title, letters: vec![letter], code }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(stake(&group.letters)));
    groups
}

pub(crate) fn capital(text: &str) -> String {
    let text = text.replace("quickbooks", "QuickBooks").replace("procore", "Procore");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What is at stake in all, in cents of whatever currency the connection has.
pub(crate) fn stake(letters: &[DeadLetter]) -> rust_decimal::Decimal {
    letters.iter().filter_map(|letter| letter.amount).map(|amount| amount.absolute().amount()).sum()
}

pub(crate) fn stake_text(letters: &[DeadLetter]) -> String {
    let sum = letters.first().and_then(|letter| letter.amount).map(|amount| amount.currency());
    let currency = sum.unwrap_or(sync_core::model::Currency::USD);
    Money::new(stake(letters), currency).map(dollars).unwrap_or_default()
}

pub(crate) fn address(site: &Site, key: &DocumentKey) -> String {
    site.path(&format!("/exceptions/{}/{}", key.kind, segment(&key.id)))
}

pub(crate) async fn letters(site: &Site) -> Result<Vec<DeadLetter>, Problem> {
    let (id, now) = (site.settings.id(), site.clock.now());
    Ok(Clerk { journal: site.journal.as_ref(), connection: &id, now }.letters().await?)
}

pub(crate) async fn show(call: Call) -> Answered {
    let mut letters = letters(&call.site).await?;
    letters.retain(|letter| letter.cause != Cause::AwaitingApproval);
    let waiting = call.site.journal.waiting(&call.site.settings.id()).await?;
    let (count, sum) = (letters.len(), stake_text(&letters));
    let names: HashMap<DocumentKey, String> =
        letters.iter().map(|letter| (letter.document.clone(), letter.label.clone())).collect();
    let groups = groups(letters);
    let body = html! {
        (notice("good", call.asked("done")))
        @if groups.is_empty() { p.notice.good { "Nothing waits for a decision." } }
        @else { p { strong { (count) } " documents wait for a decision, " strong { (sum) } " at stake. What is mended once settles a whole group." } }
        @for group in &groups { (section(&call, group)) }
        @if !waiting.is_empty() {
            h2 { "Waiting for another document" }
            table { thead { tr { th scope="col" { "Document" } th scope="col" { "Waits for" } } }
                tbody { @for one in &waiting { tr { td { (one.label) } td { (words(one.on.kind.as_str())) " " (names.get(&one.on).cloned().unwrap_or_else(|| one.on.id.to_string())) } } } }
            }
        }
    };
    Ok(Answer::page("Exceptions", body))
}

fn section(call: &Call, group: &Group) -> Markup {
    let (site, now) = (&call.site, call.site.clock.now());
    let count = group.letters.len();
    html! {
        h2 { (group.title) ": " (count) (if count == 1 { " document, " } else { " documents, " }) (stake_text(&group.letters)) }
        p.muted { "What to do: " (group.cause.advice()) ". Who can: " (who_can(group.cause)) "." }
        @if let Some(code) = &group.code {
            p { a.button href=(format!("{}?add={}", site.path("/mapping/coding.csv"), segment(code))) { "Give the code a row in the mapping" } }
        }
        form method="post" action=(site.path("/exceptions")) {
            (csrf(&call.csrf))
            div.wide tabindex="0" role="region" aria-label=(group.title) { table {
                thead { tr {
                    @if call.may_change() { th scope="col" { span.muted { "Choose" } } }
                    th scope="col" { "Document" } th.n scope="col" { "At stake" } th scope="col" { "Waits" } th scope="col" { "What happened" }
                } }
                tbody { @for letter in &group.letters { tr {
                    @if call.may_change() { td { input type="checkbox" name="document" value=(format!("{} {}", digest(letter), letter.document)) aria-label=(format!("Choose {}", letter.label)); } }
                    td { a href=(address(site, &letter.document)) { (letter.label) } " " span.muted { (words(letter.document.kind.as_str())) } }
                    td.n { (letter.amount.map(dollars).unwrap_or_default()) }
                    td.t { (age(letter.since, now)) }
                    td { (plainly(&letter.text)) }
                } } }
            } }
            @if call.may_change() { (bulk(group)) }
        }
    }
}

/// One deed for all that are chosen.
fn bulk(group: &Group) -> Markup {
    let choices = [Choice::Procore, Choice::Quickbooks { target: None }, Choice::Ignore];
    let needs_one = matches!(group.cause, Cause::AmbiguousMatch | Cause::SameInvoice | Cause::DuplicateNumber);
    html! {
        div.row {
            div {
                label { "With those that are chosen "
                    select name="choice" {
                        option value="retry" { "try again, as things are now" }
                        @for choice in choices.iter().filter(|choice| !(needs_one && matches!(choice, Choice::Quickbooks { .. }))) {
                            @if let Some(effect) = effect(group.cause, choice) { option value=(choice.as_str()) { (title(choice)) ": " (effect) } }
                        }
                    }
                }
            }
            div { label { "Why (kept in the audit) " input name="reason" maxlength="200"; } }
            div { button { "Do it" } }
        }
    }
}

pub(crate) fn title(choice: &Choice) -> &'static str {
    match choice {
        Choice::Procore => "Take Procore's",
        Choice::Quickbooks { .. } => "Keep QuickBooks'",
        Choice::Ignore => "Ignore",
        Choice::Approve => "Approve",
        Choice::Reject => "Turn down",
    }
}

/// Settles what was chosen; each by itself, so that one that has moved keeps no other back.
pub(crate) async fn settle_many(call: Call) -> Answered {
    let chosen: Vec<String> = call.fields("document").into_iter().map(str::to_owned).collect();
    if chosen.is_empty() {
        return Err(Problem::Bad("No document was chosen. Tick the ones that you mean.".to_owned()));
    }
    let (mut done, mut moved) = (0_usize, Vec::new());
    for one in &chosen {
        let Some((seen, key)) = one.split_once(' ') else { continue };
        let Ok(key) = key.parse::<DocumentKey>() else { continue };
        match settle(&call, &key, seen, call.field("choice"), "", call.field("reason")).await {
            Ok(_) => done += 1,
            Err(Problem::Moved(text) | Problem::Bad(text)) => moved.push(text),
            Err(other) => return Err(other),
        }
    }
    call.site.work.notify_one();
    if !moved.is_empty() {
        return Err(Problem::Moved(format!("{done} settled. Of the others: {}", moved.join(" "))));
    }
    let back = if call.path.ends_with("/approvals") { "/approvals" } else { "/exceptions" };
    let text = format!("{done} settled; they are worked now.");
    Ok(Answer::Go(call.site.path(&format!("{back}?done={}", segment(&text)))))
}

pub(crate) async fn approvals(call: Call) -> Answered {
    let mut held = letters(&call.site).await?;
    held.retain(|letter| letter.cause == Cause::AwaitingApproval);
    let site = &call.site;
    let body = html! {
        (notice("good", call.asked("done")))
        p.muted { "What is held, and from which amount on, stands in " a href=(site.path("/mapping/sync.toml")) { "sync.toml" } ", section " code { "[approval]" } "." }
        @if held.is_empty() { p.notice.good { "Nothing is held for approval." } }
        @else {
            form method="post" action=(site.path("/approvals")) {
                (csrf(&call.csrf))
                table {
                    thead { tr { th scope="col" { "Choose" } th scope="col" { "Document" } th.n scope="col" { "Amount" } th scope="col" { "Waits" } th scope="col" { "What would be posted" } } }
                    tbody { @for letter in &held { tr {
                        td { input type="checkbox" name="document" value=(format!("{} {}", digest(letter), letter.document)) aria-label=(format!("Choose {}", letter.label)); }
                        td { a href=(address(site, &letter.document)) { (letter.label) } }
                        td.n { (letter.amount.map(dollars).unwrap_or_default()) }
                        td.t { (age(letter.since, site.clock.now())) }
                        td { (plainly(&letter.text)) }
                    } } }
                }
                @if call.may_change() {
                    p { label.inline { input type="checkbox" data-all="document"; " all of them" } }
                    div.row {
                        div { label { "Why (kept in the audit) " input name="reason" maxlength="200"; } }
                        button.main name="choice" value="approve" { "Approve" }
                        button name="choice" value="reject" { "Turn down" }
                    }
                }
            }
        }
    };
    Ok(Answer::page("Approvals", body))
}
