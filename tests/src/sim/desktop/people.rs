//! What people do at QuickBooks Desktop, and to its file.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sync_sandboxes::faults::SplitMix;

use super::super::people::{Done, pick};
use super::super::world::{World, lock};
use super::{Entry, Machine, entries, of};

/// Somebody does something to a transaction.
pub(crate) fn act(world: &World, machine: &Machine, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    let mut file = lock(&machine.file);
    let all: Vec<Entry> = entries(&file).into_iter().filter(|entry| !entry.is_void && entry.marker.is_some()).collect();
    let entry = pick(&all, dice)?;
    let key = entry.marker.clone()?;
    let (kind, id) = (entry.kind, entry.id.as_str());
    let about = format!("{key} {kind}/{id}");
    let touch = || world.state().people.touched.insert(key.clone());
    let wrote = |name: &str, value: String| {
        let place = (kind.to_owned(), id.to_owned(), name.to_owned());
        world.state().people.wrote.insert(place, value);
    };
    match what {
        55..65 => {
            let text = format!("checked {}", dice.below(1000));
            let marker = entry.memo().find("[sync:").and_then(|at| entry.memo().get(at..)).unwrap_or_default();
            file.person_edits(now, id, "Memo", &format!("{text} {marker}")).ok()?;
            wrote("memo", text.clone());
            Some((about, format!("writes the memo `{text}` in QuickBooks")))
        }
        65..75 => {
            let line = entry.first_line()?;
            let more = Decimal::new(i64::try_from(1 + dice.below(9_000)).unwrap_or(1), 2);
            file.person_raises(now, id, more).ok()?;
            touch();
            let now = entries(&file).into_iter().find(|now| now.id == id)?;
            let name = format!("line/{line}");
            wrote(&name, now.field(&name));
            Some((about, format!("raises its first line by {more} in QuickBooks")))
        }
        75..80 => {
            let day = format!("2026-02-{:02}", 1 + dice.below(28));
            file.person_edits(now, id, "TxnDate", &day).ok()?;
            touch();
            wrote("TxnDate", day.clone());
            Some((about, format!("dates it {day} in QuickBooks")))
        }
        80..83 => {
            let number = format!("HAND-{}", dice.below(10_000));
            file.person_edits(now, id, "RefNumber", &number).ok()?;
            touch();
            wrote("RefNumber", number.clone());
            Some((about, format!("numbers it {number} in QuickBooks")))
        }
        83..87 => {
            file.person_deletes(now, kind, id).ok()?;
            touch();
            world.injected("deleted transaction");
            gone(world, &key);
            Some((about, "deletes it in QuickBooks".to_owned()))
        }
        87..90 => {
            file.person_voids(now, kind, id).ok()?;
            touch();
            world.injected("voided transaction");
            let mut state = world.state();
            state.people.voided.insert((kind.to_owned(), id.to_owned()));
            state.people.wrote.retain(|(of, which, _), _| (of.as_str(), which.as_str()) != (kind, id));
            Some((about, "voids it in QuickBooks".to_owned()))
        }
        90..94 => {
            file.hold(id);
            touch();
            world.injected("record held open");
            Some((about, "opens it in QuickBooks and leaves it open".to_owned()))
        }
        _ => {
            let paid = (entry.total() / Decimal::TWO).round_dp(2);
            if paid <= Decimal::ZERO {
                return None;
            }
            file.person_pays(now, kind, id, &format!("{paid:.2}")).ok()?;
            touch();
            world.injected("payment in between");
            Some((about, format!("pays {paid} of it in QuickBooks")))
        }
    }
}

/// A transaction is not there any more, by no act of the sync.
fn gone(world: &World, key: &str) {
    let mut state = world.state();
    state.people.gone.insert(key.to_owned());
    // What the sync does not know yet to exist, it cannot know to be deleted.
    if state.linked.contains(key) {
        state.people.deleted.insert(key.to_owned());
    }
}

/// What goes wrong with the company file, once in a while.
pub(crate) fn trouble(world: &World, roll: u64) {
    let Some(machine) = of(world) else { return };
    match roll {
        10..13 => {
            world.injected("recovery file lost");
            world.note("world", None, "QuickBooks loses the outcomes that it kept");
            lock(&machine.file).lose_kept_outcomes();
        }
        13..17 => {
            let open = !*lock(&machine.other_is_open);
            *lock(&machine.other_is_open) = open;
            if open {
                world.injected("wrong file open");
            }
            world.note(
                "person",
                None,
                if open { "opens another company's file" } else { "opens the right file again" },
            );
        }
        17..20 => {
            world.injected("busy file");
            let count = u32::try_from(1 + world.state().dice.people.below(12)).unwrap_or(1);
            world.note("world", None, &format!("the lists are locked for {count} requests"));
            lock(&machine.file).be_busy(count);
        }
        20..23 => {
            world.note("person", None, "makes a backup of the company file");
            let copy = lock(&machine.file).backup();
            *lock(&machine.backup) = Some(copy);
        }
        23..25 => restore(world, machine),
        _ => {}
    }
}

/// The file becomes what it was at the backup: whatever was made or changed since is as if it had never been.
fn restore(world: &World, machine: &Machine) {
    let Some(backup) = lock(&machine.backup).take() else { return };
    world.injected("restored backup");
    let (before, lists_before) = {
        let file = lock(&machine.file);
        (entries(&file), lists(&file))
    };
    lock(&machine.file).restore(backup);
    let (after, lists_after) = {
        let file = lock(&machine.file);
        (entries(&file), lists(&file))
    };
    let lost = before.iter().filter(|old| !after.iter().any(|new| new.id == old.id && new.is_as(old)));
    let mut named = Vec::new();
    for old in lost {
        let Some(key) = &old.marker else { continue };
        named.push(key.clone());
        world.state().people.touched.insert(key.clone());
        if !after.iter().any(|new| new.id == old.id) {
            gone(world, key);
        }
    }
    // What was deleted or voided since the backup is there again.
    for back in after.iter().filter(|new| !before.iter().any(|old| old.id == new.id && old.is_as(new))) {
        let Some(key) = &back.marker else { continue };
        let mut state = world.state();
        state.people.touched.insert(key.clone());
        state.people.gone.remove(key);
        state.people.deleted.remove(key);
        state.people.brought_back.insert(key.clone());
        if !back.is_void {
            state.people.voided.remove(&(back.kind.to_owned(), back.id.clone()));
        }
    }
    // Vendors and jobs that are gone are for a person, and so is what waits for them.
    for key in lists_before.into_iter().filter(|key| !lists_after.contains(key)) {
        named.push(key.clone());
        world.state().people.unwanted.insert(key);
    }
    // What people wrote since is lost with the rest.
    world.state().people.wrote.retain(|(_, id, name), value| {
        after.iter().find(|entry| entry.id == *id).is_none_or(|entry| entry.field(name) == *value)
    });
    let about = named.join(" ");
    world.note("person", (!about.is_empty()).then_some(about.as_str()), "puts a backup of the company file back");
}

/// Vendors, customers and jobs that carry a marker.
fn lists(file: &sync_sandboxes::desktop::CompanyFile) -> Vec<String> {
    let of = |kind: &str| file.all(kind);
    let all = of("Vendor").into_iter().chain(of("Customer"));
    all.filter_map(|node| super::super::truth::marked(node.at(&["Notes"]))).collect()
}

/// People close what they have open, and open the right file.
pub(crate) fn calm(world: &World) {
    let Some(machine) = of(world) else { return };
    *lock(&machine.other_is_open) = false;
    let mut file = lock(&machine.file);
    for entry in entries(&file) {
        file.release(&entry.id);
    }
    file.be_busy(0);
}
