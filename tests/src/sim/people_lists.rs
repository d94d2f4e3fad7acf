//! What people do to the lists and settings of the books: closing dates, classes and vendors out of use, vendors merged.

use chrono::{DateTime, Utc};
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::json::{Json, object};
use sync_sandboxes::quickbooks::QuickBooks;

use super::people::{Done, pick};
use super::truth;
use super::world::{World, lock};

pub(crate) fn act(world: &World, books: &mut QuickBooks, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    match what {
        92..94 => {
            let closed = world.state().people.closing_date.is_some();
            let day = (!closed).then(|| format!("2026-01-{:02}", 5 + dice.below(25)));
            books.person_sets_closing_date(now, day.as_deref());
            world.state().people.closing_date.clone_from(&day);
            world.injected("closed period");
            Some(("books".to_owned(), format!("closes the books until {day:?}")))
        }
        94..96 => {
            let class = pick(&["5000000000000007302", "5000000000000007303", "5000000000000007307"], dice)?;
            let active = books.entity("Class", class)?.get("Active").and_then(Json::as_bool) != Some(false);
            books.person_edits(now, "Class", class, |json| json.set("Active", !active)).ok()?;
            let mut state = world.state();
            state.people.inactive.retain(|(_, id)| id != class);
            if active {
                state.people.inactive.push(("Class", class.to_owned()));
            }
            Some(("books".to_owned(), format!("sets class {class} to active: {}", !active)))
        }
        _ if world.sides.has_payments() && dice.below(3) > 0 => vendors(world, books, now, dice),
        _ => {
            let vendors: Vec<String> = books.all("Vendor").map(truth::id).collect();
            let id = pick(&vendors, dice)?;
            let address = format!("new{}@example.com", dice.below(1000));
            books
                .person_edits(now, "Vendor", &id, |json| {
                    json.set("PrimaryEmailAddr", object([("Address", address.as_str().into())]));
                })
                .ok()?;
            Some((format!("Vendor/{id}"), format!("writes {address} in QuickBooks")))
        }
    }
}

/// Two vendors become one, or one is put out of use.
fn vendors(world: &World, books: &mut QuickBooks, now: DateTime<Utc>, dice: &mut SplitMix) -> Done {
    let active = |json: &&Json| json.get("Active").and_then(Json::as_bool) != Some(false);
    let vendors: Vec<Json> = books.all("Vendor").filter(active).cloned().collect();
    let vendor = pick(&vendors, dice)?;
    let (vendor, kind, text) = if dice.below(2) == 0 {
        let id = truth::id(&vendor);
        let into = truth::id(vendors.iter().find(|other| truth::id(other) != id)?);
        books.person_merges(now, "Vendor", &id, &into).ok()?;
        (&vendor, "merged vendors", format!("merges it into vendor {into} in QuickBooks"))
    } else {
        let owed = |json: &Json| json.get("Balance").and_then(Json::as_decimal).is_some_and(|owed| !owed.is_zero());
        // QuickBooks refuses it for one that is owed something.
        let vendor = vendors.iter().find(|vendor| !owed(vendor))?;
        let id = truth::id(vendor);
        books.person_edits(now, "Vendor", &id, |json| json.set("Active", false)).ok()?;
        world.state().people.inactive.push(("Vendor", id));
        (vendor, "vendor out of use", "puts it out of use in QuickBooks".to_owned())
    };
    world.injected(kind);
    // Its documents wait for a person.
    let name = vendor.get("DisplayName").and_then(Json::as_str).unwrap_or_default();
    let procore = lock(&world.procore);
    let called = procore.all("vendors").filter(|record| record.get("name").and_then(Json::as_str) == Some(name));
    let keys = called.map(|record| format!("vendor/{}", truth::id(record))).chain(truth::marker_of(vendor));
    world.state().people.unwanted.extend(keys);
    Some((format!("Vendor/{}", truth::id(vendor)), text))
}

/// People put the lists in order again.
pub(crate) fn tidy_up(world: &World) {
    let now = world.time.now();
    let mut books = lock(&world.quickbooks);
    let inactive = std::mem::take(&mut world.state().people.inactive);
    for (entity, id) in inactive {
        // It was there when it was put out of use.
        let _ = books.person_edits(now, entity, &id, |json| json.set("Active", true));
    }
    let reopen = world.state().dice.people.below(2) == 0;
    if reopen {
        books.person_sets_closing_date(now, None);
        world.state().people.closing_date = None;
    }
}
