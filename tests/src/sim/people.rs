//! What people do on either side while the sync runs.

use chrono::{DateTime, Utc};
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::json::{Json, object};

use super::book::{Maker, cents, signed, sum};
use super::desktop;
use super::people_lists;
use super::people_owner;
use super::people_payments;
use super::truth::{self, TRANSACTIONS};
use super::world::{World, lock};

/// Somebody does something at the worst moment: while a request is under way.
pub(crate) fn meddle(world: &World) {
    if act(world) {
        world.injected("person acts during a request");
    }
}

/// Somebody does something, somewhere. Was there anything to do?
pub(crate) fn act(world: &World) -> bool {
    let (what, seed, owners, payments) = {
        let mut state = world.state();
        state.people.made += 1;
        let dice = &mut state.dice.people;
        let (what, seed) = (dice.below(100), dice.draw());
        let owners = world.sides.has_owners() && dice.below(3) == 0;
        (what, seed, owners, world.sides.has_payments() && dice.below(3) == 0)
    };
    let mut dice = SplitMix::seeded(seed);
    let now = world.time.now();
    let done = match what {
        _ if payments => people_payments::act(world, now, &mut dice),
        _ if owners => people_owner::in_procore(world, now, &mut dice),
        0..55 => in_procore(world, now, what, &mut dice),
        _ => in_quickbooks(world, now, what, &mut dice),
    };
    let Some((about, text)) = done else { return false };
    world.injected("act of a person");
    world.note("person", Some(&about), &text);
    true
}

pub(crate) type Done = Option<(String, String)>;

pub(crate) fn pick<T: Clone>(list: &[T], dice: &mut SplitMix) -> Option<T> {
    list.get(usize::try_from(dice.below(list.len() as u64)).unwrap_or(0)).cloned()
}

// ---------------------------------------------------------------- Procore

fn in_procore(world: &World, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    world.state().people.last_edit = Some(now);
    let mut procore = lock(&world.procore);
    let contracts: Vec<(&'static str, Json)> = truth::contracts(&procore)
        .filter(|(_, record)| record.get("deleted_at").is_none_or(Json::is_null))
        .map(|(resource, record)| (resource, record.clone()))
        .collect();
    let (resource, contract) = pick(&contracts, dice)?;
    let (id, key) = (truth::id(&contract), truth::contract_key(&contract));
    let is_order = resource == "purchase_order_contracts";
    let apps: Vec<Json> = {
        let mut apps: Vec<Json> = procore
            .all("requisitions")
            .filter(|app| app.get("commitment_id").and_then(Json::as_id) == Some(&id))
            .cloned()
            .collect();
        apps.sort_by_key(|app| app.get("number").and_then(Json::as_id).and_then(|n| n.parse::<i64>().ok()));
        apps
    };
    // Ids that no other record has.
    let mut maker = Maker::new(dice.draw());
    maker.skip(1_000_000 + world.state().people.made * 1000);
    match what {
        0..12 => {
            let app = pick(&apps, dice)?;
            let approved = app.get("status").and_then(Json::as_str) == Some("approved");
            let status = if approved && dice.below(3) == 0 { "under_review" } else { "approved" };
            if approved && status != "approved" {
                world.state().people.unwanted.insert(truth::app_key(&app));
            }
            procore.person_edits(now, "requisitions", &truth::id(&app), |json| json.set("status", status)).ok()?;
            Some((truth::app_key(&app), format!("sets the pay app to {status} in Procore")))
        }
        12..22 => {
            let app = maker.pay_app(&contract, is_order, apps.last());
            let key = truth::app_key(&app);
            procore.person_creates(now, "requisitions", app);
            Some((key, "enters a pay app in Procore".to_owned()))
        }
        22..28 => {
            let app = pick(&apps, dice)?;
            let more = i64::try_from(1 + dice.below(50_000)).unwrap_or(1);
            procore.person_edits(now, "requisitions", &truth::id(&app), |json| bill_more(json, more)).ok()?;
            Some((truth::app_key(&app), format!("bills {} more on it in Procore", signed(more))))
        }
        28..34 => {
            let more = i64::try_from(1 + dice.below(90_000)).unwrap_or(1);
            procore.person_edits(now, resource, &id, |json| commit_more(json, more)).ok()?;
            Some((key, format!("raises a line by {} in Procore", signed(more))))
        }
        34..40 => {
            let approved = dice.below(2) == 0;
            let order = maker.change_order(&contract, approved);
            procore.person_creates(now, "commitment_change_orders", order);
            restate(&mut procore, now, resource, &id);
            Some((key, format!("enters a change order in Procore, approved: {approved}")))
        }
        40..45 => {
            let orders: Vec<String> = procore
                .all("commitment_change_orders")
                .filter(|order| order.get("contract_id").and_then(Json::as_id) == Some(&id))
                .map(truth::id)
                .collect();
            let order = pick(&orders, dice)?;
            procore
                .person_edits(now, "commitment_change_orders", &order, |json| json.set("status", "approved"))
                .ok()?;
            restate(&mut procore, now, resource, &id);
            Some((key, "approves a change order in Procore".to_owned()))
        }
        45..48 => {
            let title = format!("Work package {}", dice.below(1000));
            procore.person_edits(now, resource, &id, |json| json.set("title", title.as_str())).ok()?;
            Some((key, format!("calls it `{title}` in Procore")))
        }
        48..50 => {
            let vendor = contract.get("vendor").cloned()?;
            let vendor = (
                vendor.get("id").and_then(Json::as_id)?.parse().ok()?,
                vendor.get("company").and_then(Json::as_str)?.to_owned(),
            );
            let project = contract.at(&["project", "id"]).and_then(Json::as_id)?.parse().ok()?;
            let new = maker.commitment(project, &vendor, is_order);
            let key = truth::contract_key(&new);
            procore.person_creates(now, resource, new);
            Some((key, "enters a commitment in Procore".to_owned()))
        }
        50..52 => {
            let approved = contract.get("status").and_then(Json::as_str) == Some("Approved");
            let status = if approved { "Draft" } else { "Approved" };
            if approved {
                world.state().people.unwanted.insert(key.clone());
            }
            procore.person_edits(now, resource, &id, |json| json.set("status", status)).ok()?;
            Some((key, format!("sets the commitment to {status} in Procore")))
        }
        52..54 => {
            let app = apps.last()?;
            world.state().people.unwanted.insert(truth::app_key(app));
            procore.person_deletes(now, "requisitions", &truth::id(app)).ok()?;
            Some((truth::app_key(app), "deletes the pay app in Procore".to_owned()))
        }
        _ => {
            if !apps.is_empty() {
                return None;
            }
            world.state().people.unwanted.insert(key.clone());
            procore.person_deletes(now, resource, &id).ok()?;
            Some((key, "deletes the commitment in Procore".to_owned()))
        }
    }
}

fn bill_more(app: &mut Json, more: i64) {
    let Some(members) = app.as_object_mut() else { return };
    let Some(Json::Array(items)) = members.get_mut("items") else { return };
    let Some(item) = items.first_mut() else { return };
    let value = |name: &str| cents(item, name).unwrap_or(0);
    let room = value("scheduled_value")
        - value("work_completed_from_previous_application")
        - value("work_completed_this_period");
    let work = value("work_completed_this_period") + more.min(room / 4).max(0);
    item.set("work_completed_this_period", signed(work));
    let total = |name: &str| -> i64 { items.iter().filter_map(|item| cents(item, name)).sum() };
    let due = total("work_completed_this_period") - total("work_completed_retainage_retained_this_period")
        + total("work_completed_retainage_released_this_period");
    members.insert("summary".to_owned(), object([("current_payment_due", signed(due).into())]));
}

pub(crate) fn commit_more(contract: &mut Json, more: i64) {
    let Some(members) = contract.as_object_mut() else { return };
    let Some(Json::Array(lines)) = members.get_mut("line_items") else { return };
    let Some(line) = lines.first_mut() else { return };
    let amount = signed(cents(line, "amount").unwrap_or(0) + more);
    line.set("amount", amount.as_str());
    line.set("total_amount", amount);
    let total = sum(lines, "amount");
    members.insert("grand_total".to_owned(), total.into());
}

/// The header of a contract says what its approved change orders come to.
fn restate(procore: &mut sync_sandboxes::procore::Procore, now: DateTime<Utc>, resource: &str, id: &str) {
    let approved: Vec<Json> = procore
        .all("commitment_change_orders")
        .filter(|order| order.get("contract_id").and_then(Json::as_id) == Some(id))
        .filter(|order| order.get("status").and_then(Json::as_str) == Some("approved"))
        .cloned()
        .collect();
    let total = sum(&approved, "grand_total");
    // The contract was there when its order was.
    let _ = procore.person_edits(now, resource, id, |json| json.set("approved_change_orders", total));
}

// ---------------------------------------------------------------- QuickBooks

fn in_quickbooks(world: &World, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    if let Some(machine) = desktop::of(world) {
        return desktop::act(world, machine, now, what, dice);
    }
    let mut books = lock(&world.quickbooks);
    let all: Vec<(&'static str, String, Option<String>)> = TRANSACTIONS
        .into_iter()
        .flat_map(|entity| books.all(entity).filter(|json| !truth::is_void(json)).map(move |json| (entity, json)))
        .map(|(entity, json)| (entity, truth::id(json), truth::marker_of(json)))
        .collect();
    if what >= 92 {
        return people_lists::act(world, &mut books, now, what, dice);
    }
    let (entity, id, key) = pick(&all, dice)?;
    let key = key?;
    let about = format!("{key} {entity}/{id}");
    let touch = |world: &World| world.state().people.touched.insert(key.clone());
    let wrote = |world: &World, books: &sync_sandboxes::quickbooks::QuickBooks, name: &str| {
        let value = books.entity(entity, &id).map(|json| truth::field(json, name)).unwrap_or_default();
        let place = (entity.to_owned(), id.clone(), name.to_owned());
        world.state().people.wrote.insert(place, value);
    };
    match what {
        55..63 => {
            let text = format!("checked {}", dice.below(1000));
            books
                .person_edits(now, entity, &id, |json| {
                    let note = json.get("PrivateNote").and_then(Json::as_str).unwrap_or_default().to_owned();
                    let marker = note.find("[sync:").and_then(|at| note.get(at..)).unwrap_or_default().to_owned();
                    json.set("PrivateNote", format!("{text} {marker}"));
                })
                .ok()?;
            wrote(world, &books, "memo");
            Some((about, format!("writes the memo `{text}` in QuickBooks")))
        }
        63..73 => {
            let line = books.entity(entity, &id)?.get("Line").and_then(Json::as_array)?.first().map(truth::id)?;
            let more = i64::try_from(1 + dice.below(9_000)).unwrap_or(1);
            books.person_edits(now, entity, &id, |json| raise_first_line(json, more)).ok()?;
            touch(world);
            wrote(world, &books, &format!("line/{line}"));
            Some((about, format!("raises its first line by {} in QuickBooks", signed(more))))
        }
        73..78 => {
            let day = format!("2026-02-{:02}", 1 + dice.below(28));
            books.person_edits(now, entity, &id, |json| json.set("TxnDate", day.as_str())).ok()?;
            touch(world);
            wrote(world, &books, "TxnDate");
            Some((about, format!("dates it {day} in QuickBooks")))
        }
        78..80 => {
            let number = format!("HAND-{}", dice.below(10_000));
            books.person_edits(now, entity, &id, |json| json.set("DocNumber", number.as_str())).ok()?;
            touch(world);
            wrote(world, &books, "DocNumber");
            Some((about, format!("numbers it {number} in QuickBooks")))
        }
        80..84 => {
            books.person_deletes(now, entity, &id).ok()?;
            touch(world);
            world.injected("deleted transaction");
            let mut state = world.state();
            state.people.gone.insert(key.clone());
            // What the sync does not know yet to exist, it cannot know to be deleted.
            if state.linked.contains(&key) {
                state.people.deleted.insert(key.clone());
            }
            Some((about, "deletes it in QuickBooks".to_owned()))
        }
        84..87 => {
            books.person_voids(now, entity, &id).ok()?;
            touch(world);
            world.injected("voided transaction");
            let mut state = world.state();
            state.people.voided.insert((entity.to_owned(), id.clone()));
            state.people.wrote.retain(|(of, which, _), _| (of.as_str(), which) != (entity, &id));
            Some((about, "voids it in QuickBooks".to_owned()))
        }
        _ => {
            let json = books.entity(entity, &id)?.clone();
            let total = cents(&json, "TotalAmt").filter(|total| *total > 1)?;
            let paid = signed(total / 2);
            let (payment_entity, payment) = people_payments::payment(entity, &[(&json, paid.clone())])?;
            books.person_creates(now, payment_entity, payment).ok()?;
            touch(world);
            world.injected("payment in between");
            Some((about, format!("pays {paid} of it in QuickBooks")))
        }
    }
}

fn raise_first_line(json: &mut Json, more: i64) {
    let Some(Json::Array(lines)) = json.as_object_mut().and_then(|members| members.get_mut("Line")) else { return };
    let Some(line) = lines.first_mut() else { return };
    let amount = signed(cents(line, "Amount").unwrap_or(0) + more);
    for detail in ["ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail", "SalesItemLineDetail"] {
        if let Some(members) = line.as_object_mut().and_then(|line| line.get_mut(detail)).and_then(Json::as_object_mut)
        {
            members.shift_remove("Qty");
            members.shift_remove("UnitPrice");
        }
    }
    line.set("Amount", Json::Number(amount));
}
