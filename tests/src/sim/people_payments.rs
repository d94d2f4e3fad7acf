//! What people do about payments: they pay bills, receive money, correct, void and delete payments in QuickBooks, and
//! enter and change payments in Procore.

use chrono::{DateTime, Utc};
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::json::{Json, object};
use sync_sandboxes::procore::Procore;
use sync_sandboxes::quickbooks::QuickBooks;

use super::book::{cents, signed};
use super::payments;
use super::people::{Done, pick};
use super::truth;
use super::world::{World, lock};

/// The bank account of checks.
const BANK: &str = "35";

/// Somebody pays, or changes what was paid.
pub(crate) fn act(world: &World, now: DateTime<Utc>, dice: &mut SplitMix) -> Done {
    let what = dice.below(100);
    if what >= 84 {
        return in_procore(world, &mut lock(&world.procore), now, what, dice);
    }
    let mut books = lock(&world.quickbooks);
    if what < 44 {
        return pay(world, &mut books, now, what, dice);
    }
    let all: Vec<(&'static str, Json)> = payments::ENTITIES
        .into_iter()
        .flat_map(|entity| {
            books.all(entity).filter(|json| !truth::is_void(json)).map(move |json| (entity, json.clone()))
        })
        .collect();
    let (entity, json) = pick(&all, dice)?;
    let id = truth::id(&json);
    let about = about(entity, &json);
    match what {
        44..54 => {
            let (number, member) = (format!("{}", 5000 + dice.below(1000)), number_of(entity));
            books.person_edits(now, entity, &id, |json| json.set(member, number.as_str())).ok()?;
            Some((about, format!("numbers the payment {number} in QuickBooks")))
        }
        54..60 => {
            let day = day(dice);
            books.person_edits(now, entity, &id, |json| json.set("TxnDate", day.as_str())).ok()?;
            Some((about, format!("dates the payment {day} in QuickBooks")))
        }
        60..66 => {
            books.person_edits(now, entity, &id, lower).ok()?;
            Some((about, "lowers the payment in QuickBooks".to_owned()))
        }
        66..73 => {
            books.person_voids(now, entity, &id).ok()?;
            world.injected("voided payment");
            Some((about, "voids the payment in QuickBooks".to_owned()))
        }
        73..80 => {
            books.person_deletes(now, entity, &id).ok()?;
            world.injected("deleted payment");
            Some((about, "deletes the payment in QuickBooks".to_owned()))
        }
        _ => {
            let state = ["Cleared", "Reconciled"][usize::from(dice.below(2) == 0)];
            books.person_clears(now, entity, &id, state).ok()?;
            Some((about, format!("marks the payment {state} in QuickBooks")))
        }
    }
}

/// The keys of the parts of a payment, and the payment itself.
fn about(entity: &str, json: &Json) -> String {
    let keys: Vec<String> = payments::parts_of(entity, json).map(|(key, ..)| key).collect();
    format!("{} {entity}/{}", keys.join(" "), truth::id(json))
}

fn number_of(entity: &str) -> &'static str {
    if entity == "Payment" { "PaymentRefNum" } else { "DocNumber" }
}

fn day(dice: &mut SplitMix) -> String {
    format!("2026-03-{:02}", 1 + dice.below(28))
}

/// One of the documents that are open is paid in part or in full; at times two of one vendor by one check.
fn pay(world: &World, books: &mut QuickBooks, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    let open = |json: &&Json| cents(json, "Balance").is_some_and(|open| open > 2) && truth::marker_of(json).is_some();
    let all: Vec<(&'static str, Json)> = ["Bill", "Invoice"]
        .into_iter()
        .flat_map(|entity| books.all(entity).filter(open).map(move |json| (entity, json.clone())))
        .collect();
    let (entity, first) = pick(&all, dice)?;
    let party = if entity == "Bill" { "VendorRef" } else { "CustomerRef" };
    let payee = |json: &Json| json.at(&[party, "value"]).and_then(Json::as_id).map(str::to_owned);
    let share = 1 + i64::try_from(dice.below(3)).unwrap_or(0);
    let of = |json: &Json| signed(cents(json, "Balance").unwrap_or(0) / share);
    let second = all
        .iter()
        .filter(|_| what < 12)
        .find(|(of, json)| *of == entity && payee(json) == payee(&first) && truth::id(json) != truth::id(&first));
    let mut paid = vec![(&first, of(&first))];
    paid.extend(second.map(|(_, json)| (json, of(json))));
    let (entity, mut json) = payment(entity, &paid)?;
    json.set(number_of(entity), format!("{}", 1000 + dice.below(1000)));
    json.set("TxnDate", day(dice));
    let id = books.person_creates(now, entity, json).ok()?;
    let keys: Vec<String> = paid.iter().filter_map(|(json, _)| truth::marker_of(json)).collect();
    world.state().people.touched.extend(keys.iter().cloned());
    world.injected("payment in between");
    let about = about(entity, books.entity(entity, &id)?);
    let amounts: Vec<&str> = paid.iter().map(|(_, amount)| amount.as_str()).collect();
    Some((format!("{} {about}", keys.join(" ")), format!("pays {} in QuickBooks", amounts.join(" and "))))
}

/// A check for bills, or money received for invoices.
pub(crate) fn payment(entity: &str, paid: &[(&Json, String)]) -> Option<(&'static str, Json)> {
    let line = |(json, amount): &(&Json, String)| {
        let linked = object([("TxnId", truth::id(json).into()), ("TxnType", entity.into())]);
        object([("Amount", Json::Number(amount.clone())), ("LinkedTxn", Json::Array(vec![linked]))])
    };
    let (first, _) = paid.first()?;
    let party = |member: &'static str| Some((member, object([("value", first.at(&[member, "value"]).cloned()?)])));
    let lines: Vec<Json> = paid.iter().map(line).collect();
    let total = ("TotalAmt", Json::Number(super::book::sum(&lines, "Amount")));
    let lines = ("Line", Json::Array(lines));
    match entity {
        "Bill" => {
            let check = object([("BankAccountRef", object([("value", BANK.into())]))]);
            let kind = ("PayType", "Check".into());
            Some(("BillPayment", object([party("VendorRef")?, kind, ("CheckPayment", check), total, lines])))
        }
        "Invoice" => Some(("Payment", object([party("CustomerRef")?, total, lines]))),
        _ => None,
    }
}

/// Half of its first part.
fn lower(payment: &mut Json) {
    let Some(Json::Array(lines)) = payment.as_object_mut().and_then(|members| members.get_mut("Line")) else { return };
    let Some(line) = lines.first_mut() else { return };
    let half = cents(line, "Amount").unwrap_or(0) / 2;
    line.set("Amount", Json::Number(signed(half.max(1))));
    let total = super::book::sum(lines, "Amount");
    payment.set("TotalAmt", Json::Number(total));
}

// ---------------------------------------------------------------- Procore

fn in_procore(world: &World, procore: &mut Procore, now: DateTime<Utc>, what: u64, dice: &mut SplitMix) -> Done {
    if what >= 94 {
        return by_hand(world, procore, now, dice);
    }
    let recorded: Vec<Json> = procore.all("contract_payments").cloned().collect();
    let payment = pick(&recorded, dice)?;
    let id = truth::id(&payment);
    let text = if dice.below(2) == 0 {
        let more = signed(cents(&payment, "amount")? + 100);
        procore.person_edits(now, "contract_payments", &id, |json| json.set("amount", more.as_str())).ok()?;
        format!("makes contract payment {id} {more} in Procore")
    } else {
        let number = format!("HAND-{}", dice.below(1000));
        procore.person_edits(now, "contract_payments", &id, |json| json.set("check_number", number.as_str())).ok()?;
        format!("numbers contract payment {id} {number} in Procore")
    };
    world.injected("payment changed in Procore");
    let key = payments::changed_by_hand(world, procore, &id);
    Some((key.unwrap_or_else(|| format!("contract_payment/{id}")), text))
}

/// A payment that is entered in Procore, which no other program knows.
fn by_hand(world: &World, procore: &mut Procore, now: DateTime<Utc>, dice: &mut SplitMix) -> Done {
    let apps: Vec<Json> = procore.all("requisitions").cloned().collect();
    let app = pick(&apps, dice)?;
    let amount = signed(i64::try_from(100 + dice.below(5000)).unwrap_or(100));
    let member = |name: &str| app.get(name).cloned().unwrap_or_default();
    let body = object([
        ("contract_id", member("commitment_id")),
        ("project_id", member("project_id")),
        ("requisition_id", member("id")),
        ("amount", amount.as_str().into()),
        ("date", day(dice).into()),
        ("check_number", format!("P-{}", dice.below(1000)).into()),
        ("status", "paid".into()),
    ]);
    let id = procore.person_creates(now, "contract_payments", body);
    world.injected("payment entered in Procore");
    payments::changed_by_hand(world, procore, &id);
    Some((truth::app_key(&app), format!("enters contract payment {id} of {amount} in Procore")))
}
