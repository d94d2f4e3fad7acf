//! What people do with prime contracts and owner invoices in Procore while the sync runs.

use chrono::{DateTime, Utc};
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::json::Json;

use super::book::{Maker, cents, number, signed, sum};
use super::owner::state_due;
use super::people::{Done, commit_more, pick};
use super::truth;
use super::world::{World, lock};

/// Somebody bills the owner, or agrees something with the owner.
pub(crate) fn in_procore(world: &World, now: DateTime<Utc>, dice: &mut SplitMix) -> Done {
    world.state().people.last_edit = Some(now);
    let mut procore = lock(&world.procore);
    let has_lines =
        |contract: &Json| contract.get("line_items").and_then(Json::as_array).is_some_and(|lines| !lines.is_empty());
    let contracts: Vec<Json> = procore.all("prime_contracts").filter(|contract| has_lines(contract)).cloned().collect();
    let contract = pick(&contracts, dice)?;
    let (id, key) = (truth::id(&contract), truth::prime_key(&contract));
    let invoices: Vec<Json> = {
        let mut invoices: Vec<Json> = procore
            .all("payment_applications")
            .filter(|invoice| invoice.get("contract_id").and_then(Json::as_id) == Some(&id))
            .cloned()
            .collect();
        invoices.sort_by_key(|app| app.get("number").and_then(Json::as_id).and_then(|n| n.parse::<i64>().ok()));
        invoices
    };
    let mut maker = Maker::new(dice.draw());
    maker.skip(1_000_000 + world.state().people.made * 1000);
    match dice.below(100) {
        0..24 => {
            let invoice = pick(&invoices, dice)?;
            let approved = invoice.get("status").and_then(Json::as_str) == Some("approved");
            let status = if approved && dice.below(3) == 0 { "under_review" } else { "approved" };
            if approved && status != "approved" {
                world.state().people.unwanted.insert(truth::invoice_key(&invoice));
            }
            let edit = |json: &mut Json| json.set("status", status);
            procore.person_edits(now, "payment_applications", &truth::id(&invoice), edit).ok()?;
            Some((truth::invoice_key(&invoice), format!("sets the owner invoice to {status} in Procore")))
        }
        24..46 => {
            let mut invoice = maker.owner_invoice(&contract, invoices.last());
            let used_up = world.state().people.used_up.get(&id).copied().unwrap_or(0);
            invoice.set("number", number(number_of(&invoice).max(used_up + 1).unsigned_abs()));
            let key = truth::invoice_key(&invoice);
            procore.person_creates(now, "payment_applications", invoice);
            Some((key, "enters an owner invoice in Procore".to_owned()))
        }
        46..60 => {
            let invoice = pick(&invoices, dice)?;
            let more = i64::try_from(1 + dice.below(80_000)).unwrap_or(1);
            let edit = |json: &mut Json| bill_more(json, more);
            procore.person_edits(now, "payment_applications", &truth::id(&invoice), edit).ok()?;
            Some((truth::invoice_key(&invoice), format!("bills {} more on it in Procore", signed(more))))
        }
        60..74 => {
            let more = i64::try_from(1 + dice.below(200_000)).unwrap_or(1);
            procore.person_edits(now, "prime_contracts", &id, |json| commit_more(json, more)).ok()?;
            Some((key, format!("raises a line by {} in Procore", signed(more))))
        }
        74..86 => {
            let approved = dice.below(2) == 0;
            let order = maker.prime_change_order(&contract, approved);
            procore.person_creates(now, "prime_change_orders", order);
            restate(&mut procore, now, &id);
            Some((key, format!("enters a prime change order in Procore, approved: {approved}")))
        }
        86..92 => {
            let orders: Vec<String> = procore
                .all("prime_change_orders")
                .filter(|order| order.get("contract_id").and_then(Json::as_id) == Some(&id))
                .map(truth::id)
                .collect();
            let order = pick(&orders, dice)?;
            procore.person_edits(now, "prime_change_orders", &order, |json| json.set("status", "approved")).ok()?;
            restate(&mut procore, now, &id);
            Some((key, "approves a prime change order in Procore".to_owned()))
        }
        92..96 => {
            let title = format!("Building {}", dice.below(1000));
            procore.person_edits(now, "prime_contracts", &id, |json| json.set("title", title.as_str())).ok()?;
            Some((key, format!("calls it `{title}` in Procore")))
        }
        _ => {
            let invoice = invoices.last()?;
            world.state().people.unwanted.insert(truth::invoice_key(invoice));
            procore.person_deletes(now, "payment_applications", &truth::id(invoice)).ok()?;
            let mut state = world.state();
            let used_up = state.people.used_up.entry(id).or_default();
            *used_up = (*used_up).max(number_of(invoice));
            drop(state);
            Some((truth::invoice_key(invoice), "deletes the owner invoice in Procore".to_owned()))
        }
    }
}

fn bill_more(invoice: &mut Json, more: i64) {
    let Some(Json::Array(rows)) = invoice.as_object_mut().and_then(|members| members.get_mut("g703")) else { return };
    let Some(row) = rows.first_mut() else { return };
    let value = |name: &str| cents(row, name).unwrap_or(0);
    let room = value("scheduled_value")
        - value("work_completed_from_previous_application")
        - value("work_completed_this_period");
    let work = value("work_completed_this_period") + more.min(room / 4).max(0);
    row.set("work_completed_this_period", signed(work));
    state_due(invoice);
}

/// The header of a prime contract says what its approved change orders come to.
fn restate(procore: &mut sync_sandboxes::procore::Procore, now: DateTime<Utc>, id: &str) {
    let approved: Vec<Json> = procore
        .all("prime_change_orders")
        .filter(|order| order.get("contract_id").and_then(Json::as_id) == Some(id))
        .filter(|order| order.get("status").and_then(Json::as_str) == Some("approved"))
        .cloned()
        .collect();
    let total = sum(&approved, "grand_total");
    // The contract was there when its order was.
    let _ = procore.person_edits(now, "prime_contracts", id, |json| json.set("approved_change_orders", total));
}

fn number_of(invoice: &Json) -> i64 {
    invoice.get("number").and_then(Json::as_id).and_then(|number| number.parse().ok()).unwrap_or(0)
}
