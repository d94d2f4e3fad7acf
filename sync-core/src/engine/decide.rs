//! The decision: three-way, by field. Pure.
//!
//! | link | Procore since base | QuickBooks since base | decision |
//! |---|---|---|---|
//! | none | new | no candidate | create |
//! | none | new | exactly one candidate, equal | adopt |
//! | none | new | candidates that differ, or several | dead letter |
//! | yes | same | same | nothing |
//! | yes | changed | same | update |
//! | yes | any | changed, field owned by QuickBooks | take it |
//! | yes | any | changed, field owned by Procore | dead letter, unless the values are equal |
//! | yes | any | voided | dead letter |
//!
//! A field that a person let stand as QuickBooks has it ([`Base::accepted`]) stays so until either side changes it.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::merge;
use crate::connector::{Candidates, Condition, Marker, TargetState};
use crate::dead_letter::Cause;
use crate::journal::Base;
use crate::model::accounting::{AccountingDocument, LineRef};
use crate::model::{Fields, LineKey, Money, Owner, TargetKind, TargetLineId};

/// What to do with a document that has no link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewDecision {
    /// Create it.
    Create,
    /// The candidate at this place of [`Candidates::matches`] is the same: link it, write nothing.
    Adopt(usize),
    /// A person must decide.
    Dead(Cause, String),
}

/// What to do with a document that has a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkedDecision {
    /// Both sides are as they were.
    Nothing,
    /// Nothing to write; this is what both sides agree on now.
    Rebase(Base),
    /// Write this.
    Update(Box<AccountingDocument>),
    /// A person must decide.
    Dead(Cause, String),
}

/// Decides about a document without link. `owner` tells who owns the field at a path.
pub fn decide_new(
    wanted: &AccountingDocument,
    marker: &Marker,
    found: &Candidates,
    owner: impl Fn(&str) -> Owner,
) -> NewDecision {
    let ours = |state: &TargetState| {
        state.marker.as_ref().is_some_and(|m| m.document == marker.document && m.connection == marker.connection)
    };
    let others = |state: &TargetState| {
        state.marker.as_ref().is_some_and(|m| m.connection == marker.connection && m.document != marker.document)
    };
    let marked: Vec<usize> = places(found, |state| ours(state) && state.condition != Condition::Voided);
    let voided = found.matches.iter().find(|state| ours(state) && state.condition == Condition::Voided);
    if let (Some(state), true) = (voided, marked.is_empty()) {
        return NewDecision::Dead(Cause::VoidedInQuickbooks, format!("{} was voided", name(state)));
    }
    let unmarked: Vec<usize> =
        places(found, |state| !ours(state) && !others(state) && state.condition != Condition::Voided);
    let eligible = if marked.is_empty() { &unmarked } else { &marked };
    match eligible.as_slice() {
        [] => {}
        [only] => {
            let Some(state) = found.matches.get(*only) else { return NewDecision::Create };
            return match unlike(wanted, state, &owner) {
                None => NewDecision::Adopt(*only),
                Some((cause, text)) => NewDecision::Dead(cause, text),
            };
        }
        several => {
            let names: Vec<String> = several.iter().filter_map(|i| found.matches.get(*i)).map(name).collect();
            return NewDecision::Dead(
                Cause::AmbiguousMatch,
                format!("{} could be the same document: {}", names.len(), names.join(", ")),
            );
        }
    }
    if let Some(state) = found.matches.iter().find(|state| others(state)) {
        let cause = if is_list_entry(wanted) { Cause::NameTaken } else { Cause::DuplicateNumber };
        return NewDecision::Dead(
            cause,
            format!("{} has the same number and stands for another document", name(state)),
        );
    }
    if let Some(kind) = &found.name_taken_by {
        let name = wanted.number().unwrap_or_default();
        return NewDecision::Dead(
            Cause::NameTaken,
            format!("the name `{name}` belongs to a {kind}; names are shared by customers, vendors and employees"),
        );
    }
    if !found.similar.is_empty() {
        let theirs: Vec<String> = found.similar.iter().map(dated).collect();
        let total = wanted.total().ok().flatten().map(|total| format!(", {total}")).unwrap_or_default();
        let date = wanted.date().map(|date| format!(", {date}")).unwrap_or_default();
        let text = format!(
            "{} was not made by this sync and looks like the same invoice as this one ({}{total}{date})",
            theirs.join(", "),
            wanted.number().unwrap_or("without number"),
        );
        return NewDecision::Dead(Cause::SameInvoice, text);
    }
    NewDecision::Create
}

fn places(found: &Candidates, eligible: impl Fn(&TargetState) -> bool) -> Vec<usize> {
    found.matches.iter().enumerate().filter(|(_, state)| eligible(state)).map(|(i, _)| i).collect()
}

fn is_list_entry(document: &AccountingDocument) -> bool {
    matches!(document.kind(), TargetKind::Customer | TargetKind::Vendor)
}

fn name(state: &TargetState) -> String {
    let number = state.document.number().unwrap_or("without number");
    match state.total {
        Some(total) => format!("{} ({number}, {total})", state.target),
        None => format!("{} ({number})", state.target),
    }
}

fn dated(state: &TargetState) -> String {
    let date = state.document.date().map(|date| format!(" of {date}")).unwrap_or_default();
    format!("{}{date}", name(state))
}

/// Why a candidate is not simply the same.
pub(super) fn unlike(
    wanted: &AccountingDocument,
    state: &TargetState,
    owner: &impl Fn(&str) -> Owner,
) -> Option<(Cause, String)> {
    if state.condition == Condition::Inactive {
        return Some((Cause::NameTaken, format!("{} exists but is inactive; make it active again", name(state))));
    }
    if wanted.kind() != state.document.kind() {
        return Some((Cause::AmbiguousMatch, format!("{} is of another kind", name(state))));
    }
    let (left, right) = (by_position(wanted).fields(), by_position(&state.document).fields());
    let differing: Vec<String> = left
        .differing(&right)
        .into_iter()
        .filter(|path| owner(path) == Owner::Procore)
        .filter(|path| !is_left_open(path, left.get(path)))
        .filter(|path| !same_text(path, left.get(path), right.get(path)))
        .map(|path| format!("{path}: `{}` here, `{}` there", left.get(path), right.get(path)))
        .collect();
    if differing.is_empty() {
        return None;
    }
    Some((Cause::AmbiguousMatch, format!("{} differs: {}", name(state), differing.join("; "))))
}

/// Who asks for no number leaves it to the accounting system, which may number by itself.
fn is_left_open(path: &str, wanted: &str) -> bool {
    path == "number" && wanted.is_empty()
}

/// Names and numbers are the same whatever their case.
fn same_text(path: &str, a: &str, b: &str) -> bool {
    matches!(path, "name" | "number") && a.to_lowercase() == b.to_lowercase()
}

fn by_position(document: &AccountingDocument) -> AccountingDocument {
    let mut document = document.clone();
    for (i, line) in document.lines_mut().into_iter().enumerate() {
        *line.key = LineKey::source(format!("{}", i + 1));
    }
    document
}

/// Decides about a document that has a link. The lines of `state` carry source keys where the base knows them
/// (see [`rekey`]).
pub fn decide_linked(
    wanted: &AccountingDocument,
    base: &Base,
    state: &TargetState,
    owner: impl Fn(&str) -> Owner,
) -> LinkedDecision {
    if state.condition == Condition::Voided {
        return LinkedDecision::Dead(Cause::VoidedInQuickbooks, format!("{} was voided", name(state)));
    }
    if wanted.kind() != state.document.kind() {
        return LinkedDecision::Dead(
            Cause::Conflict,
            format!("it is a {} now, but stands as {} in the books", wanted.kind(), name(state)),
        );
    }
    let (want, show) = (wanted.fields(), state.document.fields());
    let paths: BTreeSet<&str> =
        [&want, &base.wanted, &base.seen, &show].into_iter().flat_map(|f| f.iter().map(|(path, _)| path)).collect();
    let (mut update, mut moved) = (false, false);
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for path in paths {
        let (w, s) = (want.get(path), show.get(path));
        if is_left_open(path, w) {
            taken.insert(path, s);
            continue;
        }
        let (source_changed, target_changed) = (w != base.wanted.get(path), s != base.seen.get(path));
        if !source_changed && !target_changed && base.accepted.contains(path) {
            taken.insert(path, s);
            continue;
        }
        // A person's value in a field that QuickBooks owns stays, however often the rest is written.
        let kept = !target_changed && w != s && base.seen.get(path) != base.wanted.get(path);
        if kept && owner(path) == Owner::Quickbooks {
            taken.insert(path, s);
            continue;
        }
        match (source_changed, target_changed) {
            (false, false) => {}
            _ if w == s => moved = true,
            (true, false) => update = true,
            (_, true) if owner(path) == Owner::Quickbooks => {
                moved = true;
                taken.insert(path, s);
            }
            (_, true) => conflicts.push(told(path, base, w, s)),
        }
    }
    if !conflicts.is_empty() {
        return LinkedDecision::Dead(Cause::Conflict, format!("{}: {}", name(state), conflicts.join("; ")));
    }
    if !update {
        if !moved {
            return LinkedDecision::Nothing;
        }
        return LinkedDecision::Rebase(rebased(base, &want, &show));
    }
    let merged = merge(wanted, base, state, &taken);
    if let Some(text) = below_paid(&merged, state) {
        return LinkedDecision::Dead(Cause::PaidMoreThanBilled, text);
    }
    LinkedDecision::Update(Box::new(merged))
}

/// What both sides agree on now, where nothing is to be written.
fn rebased(base: &Base, want: &Fields, show: &Fields) -> Base {
    let still = |path: &&String| want.get(path) != show.get(path);
    Base {
        wanted: want.clone(),
        seen: show.clone(),
        lines: base.lines.clone(),
        accepted: base.accepted.iter().filter(still).cloned().collect(),
    }
}

fn told(path: &str, base: &Base, w: &str, s: &str) -> String {
    if base.is_unknown() {
        return format!("{path}: `{w}` in Procore, `{s}` in QuickBooks; what was last agreed is not known");
    }
    format!("{path}: `{}` when last agreed, `{w}` in Procore, `{s}` in QuickBooks", base.seen.get(path))
}

fn below_paid(document: &AccountingDocument, state: &TargetState) -> Option<String> {
    let (total, balance) = (state.total?, state.balance?);
    let paid: Money = total.minus(balance).ok()?;
    let new = document.total().ok()??;
    let left = new.minus(paid).ok()?;
    (!paid.is_zero() && left.is_negative())
        .then(|| format!("{}: {paid} is paid, and the total would be {new}", name(state)))
}

/// Gives the lines of a document read from the accounting system the keys of the source lines that they stand for.
pub fn rekey(document: &mut AccountingDocument, lines: &[(LineKey, TargetLineId)]) {
    for line in document.lines_mut() {
        let Some(id) = line.id.as_ref() else { continue };
        *line.key = match lines.iter().find(|(_, known)| known == id) {
            Some((key, _)) => key.clone(),
            None => LineKey::foreign(id),
        };
    }
}

/// Finds out which line of a transaction just written stands for which wanted line: by id where it had one, else by
/// place, else by equal content.
pub fn match_lines(wanted: &AccountingDocument, stored: &AccountingDocument) -> Vec<(LineKey, TargetLineId)> {
    let (wanted, stored) = (wanted.line_refs(), stored.line_refs());
    let mut free: Vec<Option<&LineRef<'_>>> = stored.iter().map(Some).collect();
    let mut pairs = Vec::with_capacity(wanted.len());
    let mut rest = Vec::new();
    for (place, line) in wanted.iter().enumerate() {
        let by_id = line
            .id
            .as_ref()
            .and_then(|id| free.iter_mut().find(|slot| slot.is_some_and(|l| l.id.as_ref() == Some(id))));
        match by_id.and_then(Option::take) {
            Some(found) => pairs.extend(found.id.map(|id| (line.key.clone(), id.clone()))),
            None => rest.push((place, line)),
        }
    }
    for by_place in [true, false] {
        rest.retain(|(place, line)| {
            let same = |l: &LineRef<'_>| l.amount == line.amount && l.post_to == line.post_to;
            let slot = if by_place {
                free.get_mut(*place).filter(|slot| slot.is_some_and(same))
            } else {
                free.iter_mut().find(|slot| slot.is_some_and(same))
            };
            match slot.and_then(Option::take) {
                Some(found) => {
                    pairs.extend(found.id.map(|id| (line.key.clone(), id.clone())));
                    false
                }
                None => true,
            }
        });
    }
    pairs
}

/// What the accounting system stored other than it was asked to, among the fields that Procore owns.
pub fn stored_otherwise(wanted: &Fields, stored: &Fields, owner: impl Fn(&str) -> Owner) -> Option<(Cause, String)> {
    let differing: Vec<&str> = wanted
        .differing(stored)
        .into_iter()
        .filter(|path| owner(path) == Owner::Procore && !is_left_open(path, wanted.get(path)))
        .filter(|path| !same_text(path, wanted.get(path), stored.get(path)))
        .collect();
    if differing.is_empty() {
        return None;
    }
    let text: Vec<String> =
        differing.iter().map(|p| format!("{p}: sent `{}`, stored `{}`", wanted.get(p), stored.get(p))).collect();
    let cause = if differing.iter().all(|path| path.ends_with("/link")) { Cause::LinkDropped } else { Cause::Refused };
    Some((cause, format!("it was stored other than it was sent: {}", text.join("; "))))
}
