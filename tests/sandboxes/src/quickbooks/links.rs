//! Links between transactions: bills of purchase orders, payments of bills and invoices, deposits of payments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::entities::Type;
use super::fault::Fault;
use super::ledger::{self, Posting};
use super::lines::{self, amount};
use super::refs::id_in;
use super::shape::money;
use super::store::{Company, IdKey};
use crate::json::{Json, object};

/// Everything that a transaction does to others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    pub(super) postings: Vec<Posting>,
    /// Amount applied to an open balance.
    pub(super) applied: BTreeMap<(Type, String), Decimal>,
    /// Amount billed of a purchase-order line: (purchase order, line).
    pub(super) received: BTreeMap<(String, String), Decimal>,
    /// Payments that went to the bank.
    pub(super) deposited: BTreeSet<String>,
    /// Estimates that became an invoice.
    pub(super) invoiced: BTreeSet<String>,
}

/// How other transactions name this one in their `LinkedTxn`.
pub(super) fn link_type(kind: Type, json: &Json) -> &'static str {
    match kind {
        Type::BillPayment if json.get("PayType").and_then(Json::as_str) == Some("CreditCard") => {
            "BillPaymentCreditCard"
        }
        Type::BillPayment => "BillPaymentCheck",
        other => other.name(),
    }
}

impl Effects {
    pub(super) fn of(company: &Company, kind: Type, json: &Json) -> Self {
        let mut effects = Self { postings: ledger::postings(company, kind, json), ..Self::default() };
        match kind {
            Type::Payment | Type::BillPayment => {
                for line in lines::of(json) {
                    let Some((target, id)) = lines::link(line) else { continue };
                    if let Some(target) = Type::by_name(target) {
                        *effects.applied.entry((target, id.to_owned())).or_default() += amount(line, "Amount");
                    }
                }
            }
            Type::Bill => {
                for line in lines::of(json) {
                    if let Some((order, order_line)) = order_link(line) {
                        let key = (order.to_owned(), order_line.to_owned());
                        *effects.received.entry(key).or_default() += amount(line, "Amount");
                    }
                }
            }
            Type::Deposit => {
                let ids = lines::of(json).iter().filter_map(lines::link).map(|(_, id)| id.to_owned());
                effects.deposited.extend(ids);
            }
            Type::Invoice => {
                let links = json.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]);
                let estimates =
                    links.iter().filter(|link| link_is(link, "Estimate")).filter_map(|link| link.get("TxnId"));
                effects.invoiced.extend(estimates.filter_map(Json::as_id).map(str::to_owned));
            }
            _ => {}
        }
        effects
    }
}

fn link_is(link: &Json, kind: &str) -> bool {
    link.get("TxnType").and_then(Json::as_str) == Some(kind)
}

// The complete link of a bill line to a line of a purchase order.
fn order_link(line: &Json) -> Option<(&str, &str)> {
    let link = line.get("LinkedTxn")?.as_array()?.first()?;
    if !link_is(link, "PurchaseOrder") {
        return None;
    }
    Some((link.get("TxnId")?.as_id()?, link.get("TxnLineId")?.as_id()?))
}

/// Settles the links of a transaction that is about to be stored: what cannot be linked is dropped in silence or
/// refused, as the vendor does for that kind. Also sets the balance that is left open.
pub(super) fn prepare(company: &Company, kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let mut kept: Vec<Json> = Vec::new();
    match kind {
        Type::Bill => order_links(company, new, old, &mut kept),
        Type::Invoice => estimate_link(company, new, old, &mut kept)?,
        _ => {}
    }
    // What other transactions have written into this one stays.
    let own = ["PurchaseOrder", "Estimate"];
    let others = old.and_then(|old| old.get("LinkedTxn")).and_then(Json::as_array).unwrap_or(&[]);
    let others = others.iter().filter(|link| kind == Type::PurchaseOrder || !own.iter().any(|own| link_is(link, own)));
    kept.extend(others.cloned());
    new.set("LinkedTxn", kept);
    open_balance(kind, new, old)?;
    if kind == Type::PurchaseOrder {
        billed_order(new, old)?;
    }
    Ok(())
}

fn order_links(company: &Company, new: &mut Json, old: Option<&Json>, header: &mut Vec<Json>) {
    let vendor = id_in(new, "VendorRef").map(str::to_owned);
    let old_lines = old.map(lines::of).unwrap_or_default();
    let Some(Json::Array(new_lines)) = new.as_object_mut().and_then(|members| members.get_mut("Line")) else { return };
    let mut orders = BTreeSet::new();
    for line in new_lines {
        let Some(members) = line.as_object_mut() else { continue };
        if !members.contains_key("LinkedTxn") {
            continue;
        }
        let sent = Json::Object(std::mem::take(members));
        let found = order_link(&sent)
            .filter(|link| fits(company, vendor.as_deref(), &sent, old_lines, *link))
            .map(|(order, order_line)| (order.to_owned(), order_line.to_owned()));
        if let Json::Object(mut whole) = sent {
            whole.shift_remove("LinkedTxn");
            if let Some((order, order_line)) = found {
                let link = object([
                    ("TxnId", order.as_str().into()),
                    ("TxnType", "PurchaseOrder".into()),
                    ("TxnLineId", order_line.into()),
                ]);
                whole.insert("LinkedTxn".to_owned(), vec![link].into());
                orders.insert(order);
            }
            *members = whole;
        }
    }
    header.extend(orders.into_iter().map(|id| object([("TxnId", id.into()), ("TxnType", "PurchaseOrder".into())])));
}

fn fits(company: &Company, vendor: Option<&str>, line: &Json, old_lines: &[Json], link: (&str, &str)) -> bool {
    let (order_id, order_line_id) = link;
    let Some(order) = company.seen(Type::PurchaseOrder, order_id) else { return false };
    let Some(order_line) = lines::of(order).iter().find(|l| l.get("Id").and_then(Json::as_id) == Some(order_line_id))
    else {
        return false;
    };
    // An existing line cannot be linked afterwards: it needs a new id, that is, to be another line.
    let own_id = line.get("Id").and_then(Json::as_id);
    let before = old_lines.iter().find(|old| own_id.is_some() && old.get("Id").and_then(Json::as_id) == own_id);
    before.is_none_or(|before| order_link(before) == Some(link))
        && id_in(order, "VendorRef") == vendor
        && lines::kind_of(order_line) == lines::kind_of(line)
        && amount(line, "Amount") > Decimal::ZERO
}

fn estimate_link(company: &Company, new: &Json, old: Option<&Json>, header: &mut Vec<Json>) -> Result<(), Fault> {
    let links = new.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]);
    let mut estimates = links.iter().filter(|link| link_is(link, "Estimate"));
    let Some(first) = estimates.next() else { return Ok(()) };
    let id = first.get("TxnId").and_then(Json::as_id).unwrap_or_default();
    if estimates.next().is_some() {
        return Err(Fault::unlinkable(id, "only one link can be made to an estimate"));
    }
    let held = old.and_then(|old| old.get("LinkedTxn")).and_then(Json::as_array).unwrap_or(&[]);
    let already =
        held.iter().any(|link| link_is(link, "Estimate") && link.get("TxnId").and_then(Json::as_id) == Some(id));
    let Some(estimate) = company.seen(Type::Estimate, id) else { return Ok(()) };
    let over = matches!(estimate.get("TxnStatus").and_then(Json::as_str), Some("Closed" | "Rejected" | "Converted"));
    // Closed and rejected estimates are ignored.
    if already || (!over && id_in(estimate, "CustomerRef") == id_in(new, "CustomerRef")) {
        header.push(object([("TxnId", id.into()), ("TxnType", "Estimate".into())]));
    }
    Ok(())
}

/// `TotalAmt` less what was applied before; less than nothing is refused.
fn open_balance(kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
    let key = match kind {
        Type::Bill | Type::VendorCredit | Type::Invoice => "Balance",
        Type::CreditMemo => "RemainingCredit",
        _ => return Ok(()),
    };
    let applied = old.map(|old| amount(old, "TotalAmt") - amount(old, key)).unwrap_or_default();
    let open = amount(new, "TotalAmt") - applied;
    if open.is_sign_negative() && !open.is_zero() {
        return Err(Fault::business(format_args!(
            "the transaction amount {} is less than the {applied} that is already applied to it.",
            amount(new, "TotalAmt")
        )));
    }
    let party = if kind == Type::Invoice || kind == Type::CreditMemo { "CustomerRef" } else { "VendorRef" };
    if let Some(old) = old
        && !applied.is_zero()
        && id_in(old, party) != id_in(new, party)
    {
        return Err(Fault::business(format_args!("{party} can't be changed while payments are applied.")));
    }
    new.set(key, money(open));
    if kind == Type::CreditMemo {
        new.set("Balance", money(open));
    }
    Ok(())
}

// A line that was billed stays, with at least the amount that was billed.
fn billed_order(new: &Json, old: Option<&Json>) -> Result<(), Fault> {
    let Some(old) = old else { return Ok(()) };
    let new_lines = lines::of(new);
    let mut billed = false;
    for before in lines::of(old) {
        let received = amount(before, "Received");
        if received <= Decimal::ZERO {
            continue;
        }
        billed = true;
        let id = before.get("Id").and_then(Json::as_id).unwrap_or_default();
        let after = new_lines.iter().find(|line| line.get("Id").and_then(Json::as_id) == Some(id));
        match after {
            Some(line) if amount(line, "Amount") >= received => {}
            Some(_) => {
                return Err(Fault::business(format_args!(
                    "line {id} is less than the {received} that was billed of it."
                )));
            }
            None => {
                return Err(Fault::business(format_args!("line {id} can't be removed, {received} was billed of it.")));
            }
        }
    }
    if billed && id_in(old, "VendorRef") != id_in(new, "VendorRef") {
        return Err(Fault::business("VendorRef can't be changed, the purchase order was billed."));
    }
    Ok(())
}

/// May `after` take the place of `before`?
pub(super) fn check(
    company: &Company,
    kind: Type,
    json: &Json,
    before: &Effects,
    after: &Effects,
) -> Result<(), Fault> {
    for (key @ (target, id), amount_now) in &after.applied {
        let Some(found) = company.seen(*target, id) else {
            return Err(Fault::unlinkable(id, &format!("there is no {} with this id", target.name())));
        };
        if !same_party(company, kind, json, *target, found) {
            return Err(Fault::unlinkable(id, "it belongs to somebody else"));
        }
        if *target == Type::JournalEntry {
            continue;
        }
        let open_key = if *target == Type::CreditMemo { "RemainingCredit" } else { "Balance" };
        let open = amount(found, open_key) + before.applied.get(key).copied().unwrap_or_default();
        if *amount_now > open {
            return Err(Fault::business(format_args!(
                "{amount_now} can't be applied to {} {id}, only {open} is open.",
                target.name()
            )));
        }
    }
    for id in after.deposited.difference(&before.deposited) {
        deposit(company, json, id)?;
    }
    Ok(())
}

fn same_party(company: &Company, kind: Type, json: &Json, target: Type, found: &Json) -> bool {
    if target == Type::JournalEntry {
        return true;
    }
    if kind == Type::BillPayment {
        return id_in(found, "VendorRef") == id_in(json, "VendorRef");
    }
    // A customer pays for his jobs, and a job that bills with its parent is paid by it.
    let root = |json: &Json| {
        let mut at = id_in(json, "CustomerRef")?.to_owned();
        for _ in 0..5 {
            match company.get(Type::Customer, &at).and_then(|customer| id_in(customer, "ParentRef")) {
                Some(parent) => at = parent.to_owned(),
                None => break,
            }
        }
        Some(at)
    };
    root(found) == root(json)
}

fn deposit(company: &Company, json: &Json, id: &str) -> Result<(), Fault> {
    let Some(payment) = company.seen(Type::Payment, id) else {
        return Err(Fault::unlinkable(id, "there is no payment with this id"));
    };
    if is_deposited(payment) {
        return Err(Fault::unlinkable(id, "it has been deposited already"));
    }
    if id_in(payment, "DepositToAccountRef").map(str::to_owned) != company.undeposited_funds() {
        return Err(Fault::unlinkable(id, "it is not in undeposited funds"));
    }
    let of_line = |line: &&Json| lines::link(line).is_some_and(|(_, linked)| linked == id);
    let line_amount = lines::of(json).iter().find(of_line).map(|line| amount(line, "Amount"));
    if line_amount != Some(amount(payment, "TotalAmt")) {
        return Err(Fault::business(format_args!("payment {id} must be deposited in full")));
    }
    Ok(())
}

pub(super) fn is_deposited(payment: &Json) -> bool {
    let links = payment.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]);
    links.iter().any(|link| link_is(link, "Deposit"))
}

/// Replaces what a transaction did to others. Returns the others that changed.
pub(super) fn settle(
    company: &mut Company,
    now: DateTime<Utc>,
    own: (&str, &'static str),
    before: &Effects,
    after: &Effects,
) -> BTreeSet<(Type, String)> {
    let mut changed = BTreeSet::new();
    ledger::post(company, &before.postings, true);
    ledger::post(company, &after.postings, false);
    let targets: BTreeSet<&(Type, String)> = before.applied.keys().chain(after.applied.keys()).collect();
    for key in targets {
        let (was, is) = (before.applied.get(key), after.applied.get(key));
        if was == is {
            continue;
        }
        let (kind, id) = key;
        let delta = is.copied().unwrap_or_default() - was.copied().unwrap_or_default();
        match kind {
            Type::JournalEntry => {}
            Type::CreditMemo => {
                ledger::add(company, *kind, id, "RemainingCredit", -delta);
                ledger::add(company, *kind, id, "Balance", -delta);
            }
            _ => ledger::add(company, *kind, id, "Balance", -delta),
        }
        set_link(company, *kind, id, own, is.is_some());
        changed.insert(key.clone());
    }
    orders(company, own, before, after, &mut changed);
    for id in before.deposited.symmetric_difference(&after.deposited) {
        set_link(company, Type::Payment, id, own, after.deposited.contains(id));
        changed.insert((Type::Payment, id.clone()));
    }
    for id in before.invoiced.symmetric_difference(&after.invoiced) {
        let linked = after.invoiced.contains(id);
        set_link(company, Type::Estimate, id, own, linked);
        if let Some(estimate) = company.edit(Type::Estimate, id) {
            estimate.set("TxnStatus", if linked { "Closed" } else { "Accepted" });
        }
        changed.insert((Type::Estimate, id.clone()));
    }
    for (kind, id) in &changed {
        company.touch(*kind, id, now);
    }
    changed
}

fn orders(
    company: &mut Company,
    own: (&str, &'static str),
    before: &Effects,
    after: &Effects,
    changed: &mut BTreeSet<(Type, String)>,
) {
    let lines: BTreeSet<&(String, String)> = before.received.keys().chain(after.received.keys()).collect();
    let mut touched = BTreeSet::new();
    for key in lines {
        let (was, is) = (before.received.get(key), after.received.get(key));
        if was == is {
            continue;
        }
        let delta = is.copied().unwrap_or_default() - was.copied().unwrap_or_default();
        let (order, line_id) = key;
        let order_lines =
            company.edit(Type::PurchaseOrder, order).and_then(|json| json.as_object_mut()?.get_mut("Line"));
        if let Some(Json::Array(order_lines)) = order_lines {
            let of_id = |line: &&mut Json| line.get("Id").and_then(Json::as_id) == Some(line_id);
            if let Some(line) = order_lines.iter_mut().find(of_id) {
                let sum = amount(line, "Received") + delta;
                line.set("Received", money(sum));
            }
        }
        touched.insert(order.clone());
    }
    for order in touched {
        let linked = after.received.keys().any(|(id, _)| *id == order);
        set_link(company, Type::PurchaseOrder, &order, own, linked);
        order_status(company, &order);
        changed.insert((Type::PurchaseOrder, order));
    }
}

/// Closes an order that is billed in full, and opens again one that no longer is.
pub(super) fn order_status(company: &mut Company, id: &str) {
    let Some(order) = company.get(Type::PurchaseOrder, id) else { return };
    let mut any = false;
    let full = lines::of(order).iter().all(|line| {
        let (ordered, received) = (amount(line, "Amount"), amount(line, "Received"));
        any |= received > Decimal::ZERO;
        received >= ordered
    });
    let closed = order.get("POStatus").and_then(Json::as_str) == Some("Closed");
    let key = IdKey::new(id);
    let status = if full && any && !closed {
        company.closed_by_bills.insert(key);
        "Closed"
    } else if !(full && any) && closed && company.closed_by_bills.remove(&key) {
        "Open"
    } else {
        return;
    };
    if let Some(order) = company.edit(Type::PurchaseOrder, id) {
        order.set("POStatus", status);
    }
}

fn set_link(company: &mut Company, kind: Type, id: &str, own: (&str, &'static str), linked: bool) {
    let Some(json) = company.edit(kind, id) else { return };
    let (own_id, own_type) = own;
    // The kind of bill payment can change between check and card; it is the same link.
    let same_type = |link: &Json| {
        let found = link.get("TxnType").and_then(Json::as_str).unwrap_or_default();
        found == own_type || (found.starts_with("BillPayment") && own_type.starts_with("BillPayment"))
    };
    let is_own = |link: &Json| link.get("TxnId").and_then(Json::as_id) == Some(own_id) && same_type(link);
    let mut links = json.get("LinkedTxn").and_then(Json::as_array).unwrap_or(&[]).to_vec();
    if linked {
        if links.iter().any(is_own) {
            return;
        }
        links.push(object([("TxnId", own_id.into()), ("TxnType", own_type.into())]));
    } else {
        links.retain(|link| !is_own(link));
    }
    json.set("LinkedTxn", links);
}
