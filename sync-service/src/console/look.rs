//! One document on both sides, beside what both last agreed on.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::connector::{Condition, Fetched, Found, Sink, Source, TargetState};
use sync_core::engine::rekey;
use sync_core::journal::{Journal, Link};
use sync_core::mapping::{KnownTargets, List, Mapped, Names, Situation};
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{DocumentKey, DocumentKind, Fields, TargetRef};

use super::Site;
use crate::Failure;
use crate::site::Site as Reader;

/// A field of the three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) field: String,
    pub(crate) procore: String,
    pub(crate) agreed: String,
    pub(crate) quickbooks: String,
    /// Changed in Procore, changed in QuickBooks, since both agreed.
    pub(crate) changed: (bool, bool),
}

/// The three, side by side.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    pub(crate) rows: Vec<Row>,
    /// The transaction that is shown, and what it is besides its fields.
    pub(crate) target: Option<TargetRef>,
    pub(crate) paid: String,
    /// Why a side is empty.
    pub(crate) notes: Vec<String>,
}

/// Reads both sides afresh.
///
/// # Errors
/// If a side cannot be read.
pub(crate) async fn at(site: &Site, key: &DocumentKey, target: Option<&TargetRef>) -> Result<Sides, Failure> {
    let reader = Reader::over(site.settings.clone())?;
    let link = site.journal.link(&site.settings.id(), key).await?;
    let directory = reader.directory().await?;
    let names = Names::new(&directory);
    let mut sides = Sides::default();
    let wanted = wanted(site, &reader, &names, key, &mut sides.notes).await?;
    let target = link.as_ref().map(|link| &link.target).or(target);
    let stored = match target {
        Some(target) => stored(&reader, target, link.as_ref(), &mut sides).await?,
        None => {
            sides.notes.push("It does not stand in QuickBooks yet.".to_owned());
            None
        }
    };
    let agreed = link.filter(|link| !link.base.is_unknown()).map(|link| link.base);
    if agreed.is_none() {
        sides.notes.push("Both sides never agreed on it through this program.".to_owned());
    }
    let (none, say) = (Fields::default(), |path: &str, value: &str| value_of(path, value, &names));
    let (procore, quickbooks) = (wanted.as_ref().unwrap_or(&none), stored.as_ref().unwrap_or(&none));
    let (base, seen) = agreed.as_ref().map_or((&none, &none), |base| (&base.wanted, &base.seen));
    let all = [procore, quickbooks, base, seen];
    let paths: BTreeSet<&str> = all.iter().flat_map(|fields| fields.iter().map(|(path, _)| path)).collect();
    let titles = titles(&paths, &all);
    for path in paths {
        let (left, right) = (procore.get(path), quickbooks.get(path));
        let last = if seen.get(path).is_empty() { base.get(path) } else { seen.get(path) };
        if left.is_empty() && right.is_empty() && last.is_empty() || path.ends_with("/link") || path == "currency" {
            continue;
        }
        let changed = match &agreed {
            Some(_) => {
                let ours = wanted.is_some() && left != base.get(path);
                (ours, stored.is_some() && right != seen.get(path))
            }
            None => (false, wanted.is_some() && stored.is_some() && left != right),
        };
        let field = titles.get(path).cloned().unwrap_or_else(|| path.to_owned());
        let (procore, agreed, quickbooks) = (say(path, left), say(path, last), say(path, right));
        sides.rows.push(Row { field, procore, agreed, quickbooks, changed });
    }
    Ok(sides)
}

/// What Procore wants now.
async fn wanted(
    site: &Site,
    reader: &Reader,
    names: &Names<'_>,
    key: &DocumentKey,
    notes: &mut Vec<String>,
) -> Result<Option<Fields>, Failure> {
    if matches!(
        key.kind,
        DocumentKind::Payment
            | DocumentKind::DirectCost
            | DocumentKind::NewVendor
            | DocumentKind::PayAppFiles
            | DocumentKind::Transaction
            | DocumentKind::Customer
    ) {
        return Ok(None);
    }
    let document = match reader.connection.source.fetch(key).await? {
        Fetched::Found(document) => document,
        Fetched::Gone(_) => {
            notes.push("It is no longer in Procore.".to_owned());
            return Ok(None);
        }
        Fetched::Unreadable(unreadable) => {
            notes.push(format!("Procore's answer cannot be read: {}", unreadable.text));
            return Ok(None);
        }
    };
    let (mapping, links) = (site.mapping.current(), reader.links().await?);
    let (index, capabilities) = (KnownTargets::new(&links), reader.connection.sink.capabilities());
    let situation = Situation { mapping: &mapping, names, capabilities, index: &index, awaited: true };
    Ok(match situation.apply(&document) {
        Mapped::Post(document) => Some(document.fields()),
        Mapped::Nothing(why) => {
            notes.push(format!("Procore has nothing to post: {why}."));
            None
        }
        Mapped::Needs(on) => {
            notes.push(format!("It waits for {on}."));
            None
        }
        Mapped::Dead { text, .. } => {
            notes.push(format!("Procore's document cannot be posted as it is: {text}."));
            None
        }
    })
}

/// What QuickBooks shows now.
async fn stored(
    reader: &Reader,
    target: &TargetRef,
    link: Option<&Link>,
    sides: &mut Sides,
) -> Result<Option<Fields>, Failure> {
    let found = reader.connection.sink.read(std::slice::from_ref(target)).await?.into_iter().next();
    sides.target = Some(target.clone());
    let Some(Found::Present(state)) = found else {
        sides.notes.push(format!("The {} was deleted in QuickBooks.", words(target.kind.as_str())));
        return Ok(None);
    };
    if state.condition == Condition::Voided {
        sides.notes.push("It is void in QuickBooks.".to_owned());
    }
    sides.paid = paid(&state);
    let mut document: AccountingDocument = state.document;
    if let Some(link) = link {
        rekey(&mut document, &link.base.lines);
    }
    Ok(Some(document.fields()))
}

fn paid(state: &TargetState) -> String {
    let (Some(total), Some(balance)) = (state.total, state.balance) else { return String::new() };
    let dollars = crate::reconcile::print::dollars;
    total.minus(balance).map(|paid| format!("{} of {} is paid", dollars(paid), dollars(total))).unwrap_or_default()
}

/// The words of a kind.
pub(crate) fn words(kind: &str) -> String {
    kind.replace('_', " ")
}

/// What happened, as a controller says it: paths into a document become words, and what was typed is quoted.
pub(crate) fn plainly(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut is_open = false;
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            said.push(' ');
        }
        let (path, rest) = word.split_at(word.trim_end_matches([':', ',', ';']).len());
        match path.strip_prefix("line/").and_then(|line| line.rsplit_once('/')) {
            Some((_, field)) => {
                said.push_str("on a line, ");
                said.push_str(&part(field));
                said.push_str(rest);
            }
            None => said.extend(word.chars().map(|letter| match letter {
                '`' => {
                    is_open = !is_open;
                    if is_open { '\u{201c}' } else { '\u{201d}' }
                }
                other => other,
            })),
        }
    }
    said
}

/// Ids become names.
pub(crate) fn value_of(path: &str, value: &str, names: &Names<'_>) -> String {
    let part = path.rsplit('/').next().unwrap_or(path);
    match part {
        "class" => names.name_of(List::Class, value),
        "customer" => names.name_of(List::Customer, value),
        "payable" | "account" => names.name_of(List::Account, value),
        "post_to" => match value.split_once([':', '/', ' ']) {
            Some(("item", id)) => names.name_of(List::Item, id),
            Some(("account", id)) => names.name_of(List::Account, id),
            _ => value.to_owned(),
        },
        "payee" => names.name_of(List::Vendor, value),
        "amount" => super::page::grouped(value),
        _ => value.to_owned(),
    }
}

/// Lines are named by their texts; where two have the same one, by their place.
fn titles(paths: &BTreeSet<&str>, sides: &[&Fields]) -> BTreeMap<String, String> {
    let mut lines: Vec<&str> = Vec::new();
    for path in paths {
        if let Some(line) = line_of(path)
            && !lines.contains(&line)
        {
            lines.push(line);
        }
    }
    let mut titles = BTreeMap::new();
    for path in paths {
        let title = match line_of(path) {
            Some(line) => {
                let place = lines.iter().position(|known| *known == line).unwrap_or(0) + 1;
                let text = format!("line/{line}/description");
                let text = sides.iter().map(|side| side.get(&text)).find(|text| !text.is_empty()).unwrap_or("");
                let text = if text.is_empty() { String::new() } else { format!(" ({text})") };
                format!("Line {place}{text}: {}", part(path.rsplit('/').next().unwrap_or(path)))
            }
            None => super::pages::exceptions::capital(&part(path)),
        };
        titles.insert((*path).to_owned(), title);
    }
    titles
}

fn line_of(path: &str) -> Option<&str> {
    path.strip_prefix("line/").and_then(|rest| rest.rsplit_once('/')).map(|(line, _)| line)
}

/// A field in a controller's words.
pub(crate) fn part(name: &str) -> String {
    match name {
        "post_to" => "item or account",
        "payee" => "vendor",
        "payable" => "A/P account",
        "description" => "text",
        other => return words(other.strip_prefix("extra/").unwrap_or(other)),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_without_paths_and_with_quotes() {
        let text =
            "bill 60 (OM-26-002): line/pa:5981:work/amount: `22000.00` when last agreed, `22100.00` in QuickBooks";
        let said = "bill 60 (OM-26-002): on a line, amount: \u{201c}22000.00\u{201d} when last agreed, \
                    \u{201c}22100.00\u{201d} in QuickBooks";
        assert_eq!(plainly(text), said);
        for same in
            ["", "it is dated 2026-09-30, and the books are closed until 2026-09-30", "line/ 3", " two  spaces "]
        {
            assert_eq!(plainly(same), same);
        }
    }
}
