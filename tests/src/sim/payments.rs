//! What of the payments in QuickBooks should stand in Procore, and what does. Shares nothing with the engine.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use rust_decimal::Decimal;
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::Procore;
use sync_sandboxes::quickbooks::QuickBooks;

use super::network::Letter;
use super::report::{AGREE, KEPT, MARKS, MONEY, ONE};
use super::truth::{self, Memory};
use super::world::{Side, World, lock};

/// The kinds of transaction that are payments.
pub(crate) const ENTITIES: [&str; 2] = ["BillPayment", "Payment"];
const RESOURCE: &str = "contract_payments";
const PATH: &str = "/rest/v1.0/contract_payments";
/// The members of a payment that a person may have changed.
const MEMBERS: [&str; 4] = ["amount", "date", "check_number", "requisition_id"];

/// What happened to the payments of Procore, as far as the end state does not tell.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The key of the part that a payment was recorded for, by the id of the payment. It outlives the origin id.
    made: BTreeMap<String, String>,
    /// Payments that a person entered or changed in Procore: as the person left them.
    by_hand: BTreeMap<String, Left>,
    /// Counts what happens.
    moments: u64,
    /// When a request to delete a payment left last.
    deleting: BTreeMap<String, u64>,
    /// When a worker last read the payments of a contract, by the count.
    read: BTreeMap<(usize, String), u64>,
}

/// A payment as a person left it.
#[derive(Debug)]
struct Left {
    members: Vec<Option<String>>,
    contract: String,
    at: u64,
}

/// `payment/billpayment:7:640` of `qbo:9341:billpayment:7:640`.
fn key_of_origin(origin: &str) -> Option<String> {
    let mut words = origin.splitn(3, ':');
    let (system, _realm, part) = (words.next()?, words.next()?, words.next()?);
    (system == "qbo").then(|| format!("payment/{part}"))
}

fn members(payment: &Json) -> Vec<Option<String>> {
    let of = |member: &&str| match payment.get(member)?.as_decimal() {
        Some(amount) if *member == "amount" => Some(amount.normalize().to_string()),
        _ => payment.get(member).and_then(Json::as_id).map(str::to_owned),
    };
    MEMBERS.iter().map(of).collect()
}

/// What a payment settled of bills or invoices: key of the part, id of the document, amount.
pub(crate) fn parts_of<'j>(
    entity: &str,
    payment: &'j Json,
) -> impl Iterator<Item = (String, &'j str, Decimal)> + use<'j> {
    let (word, paid) = if entity == "Payment" { ("payment", "Invoice") } else { ("billpayment", "Bill") };
    let id = truth::id(payment);
    let lines = payment.get("Line").and_then(Json::as_array).unwrap_or_default();
    lines.iter().filter_map(move |line| {
        let link = line.get("LinkedTxn").and_then(Json::as_array)?.first()?;
        let to = link.get("TxnId").and_then(Json::as_id)?;
        let is_paid = link.get("TxnType").and_then(Json::as_str) == Some(paid);
        let amount = line.get("Amount").and_then(Json::as_decimal)?;
        (is_paid && !amount.is_zero()).then(|| (format!("payment/{word}:{id}:{to}"), to, amount))
    })
}

/// A part of a payment, on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    document: String,
    amount: Decimal,
    date: String,
    number: String,
}

fn text(json: &Json, member: &str) -> String {
    json.get(member).and_then(Json::as_id).unwrap_or_default().trim().to_owned()
}

/// What should stand in Procore, by the links of the journal.
fn wanted(books: &QuickBooks, memory: &Memory) -> BTreeMap<String, Part> {
    let linked: BTreeMap<&str, String> = memory
        .links
        .iter()
        .filter(|link| truth::is_kind("Bill", link) || truth::is_kind("Invoice", link))
        .map(|link| (link.target.id.as_str(), link.document.to_string()))
        .collect();
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for entity in ENTITIES {
        for payment in books.all(entity).filter(|json| !truth::is_void(json)) {
            let number = text(payment, if entity == "Payment" { "PaymentRefNum" } else { "DocNumber" });
            for (key, to, amount) in parts_of(entity, payment) {
                let Some(document) = linked.get(to).cloned() else { continue };
                let (date, number) = (text(payment, "TxnDate"), number.clone());
                let part = parts.entry(key).or_insert(Part { document, amount: Decimal::ZERO, date, number });
                part.amount += amount;
            }
        }
    }
    parts
}

/// The document that a payment of Procore names.
fn document(procore: &Procore, payment: &Json) -> String {
    if let Some(app) =
        payment.get("requisition_id").and_then(Json::as_id).and_then(|id| procore.record("requisitions", id))
    {
        return truth::app_key(app);
    }
    let (contract, number) = (text(payment, "contract_id"), text(payment, "draw_request_number"));
    procore
        .all("payment_applications")
        .find(|app| text(app, "contract_id") == contract && text(app, "number") == number)
        .map(truth::invoice_key)
        .unwrap_or_default()
}

/// Key of the part, id of the payment, and the part as Procore has it; people's own payments have no part.
fn recorded(procore: &Procore, seen: &Seen) -> Vec<(String, String, Part)> {
    let of = |payment: &Json| {
        let id = truth::id(payment);
        let key = seen.made.get(&id).cloned()?;
        let amount = payment.get("amount").and_then(Json::as_decimal).unwrap_or_default();
        let (date, number) = (text(payment, "date"), text(payment, "check_number"));
        Some((key, id, Part { document: document(procore, payment), amount, date, number }))
    };
    procore.all(RESOURCE).filter_map(of).collect()
}

/// A person has changed or entered a payment in Procore. Answers the part that it was recorded for.
pub(crate) fn changed_by_hand(world: &World, procore: &Procore, id: &str) -> Option<String> {
    let payment = procore.record(RESOURCE, id)?;
    let mut state = world.state();
    state.payments.moments += 1;
    let at = state.payments.moments;
    let left = Left { members: members(payment), contract: text(payment, "contract_id"), at };
    state.payments.by_hand.insert(id.to_owned(), left);
    state.payments.made.get(id).cloned()
}

// ---------------------------------------------------------------- on the wire

fn is_write(letter: &Letter) -> bool {
    letter.side == Side::Procore && letter.method != Method::GET && letter.path.starts_with(PATH)
}

/// The part that a write to Procore is about.
pub(crate) fn about(world: &World, letter: &Letter) -> Option<String> {
    if !is_write(letter) {
        return None;
    }
    let id = letter.path.strip_prefix(PATH)?.trim_start_matches('/');
    if let Some(key) = world.state().payments.made.get(id) {
        return Some(key.clone());
    }
    let body = Json::parse(&letter.body).ok()?;
    key_of_origin(body.at(&["contract_payment", "origin_id"]).and_then(Json::as_str)?)
}

/// Is it a request that may go to Procore? Payments are made with an origin id, marked, and taken back; nothing else.
pub(crate) fn is_allowed(world: &World, letter: &Letter) -> bool {
    let Some(id) = letter.path.strip_prefix(PATH) else { return false };
    let id = id.trim_start_matches('/');
    let body = Json::parse(&letter.body).unwrap_or_default();
    let payment = body.get("contract_payment").and_then(Json::as_object);
    match (&letter.method, id.is_empty()) {
        (&Method::POST, true) => payment.is_some_and(|payment| {
            let origin = payment.get("origin_id").and_then(Json::as_str).and_then(key_of_origin);
            let amount = payment.get("amount").and_then(Json::as_decimal);
            origin.is_some() && amount.is_some_and(|amount| amount > Decimal::ZERO)
        }),
        (&Method::PATCH, false) => payment
            .is_some_and(|payment| payment.keys().all(|member| matches!(member.as_str(), "origin_id" | "origin_data"))),
        (&Method::DELETE, false) => world.state().payments.made.contains_key(id),
        _ => false,
    }
}

/// A request leaves a worker: what people do from now on it cannot know.
pub(crate) fn leaves(world: &World, letter: &Letter) {
    let id = letter.path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/'));
    let Some(id) = id.filter(|_| letter.method == Method::DELETE) else { return };
    let seen = &mut world.state().payments;
    seen.moments += 1;
    seen.deleting.insert(id.to_owned(), seen.moments);
}

/// A worker has got an answer of Procore: it knows the payments of a contract as they are now.
pub(crate) fn read(world: &World, worker: usize, letter: &Letter) {
    let contract = letter.query.split('&').find_map(|pair| pair.strip_prefix("contract_id="));
    let Some(contract) = contract.filter(|_| letter.path == PATH) else { return };
    let seen = &mut world.state().payments;
    seen.moments += 1;
    seen.read.insert((worker, contract.to_owned()), seen.moments);
}

/// After each write of a worker to Procore: no part stands twice, and what people wrote still stands.
pub(crate) fn hold(world: &World, worker: usize) {
    let mut found: Vec<(&'static str, String, String)> = Vec::new();
    {
        let procore = lock(&world.procore);
        let mut state = world.state();
        let seen = &mut state.payments;
        for payment in procore.all(RESOURCE) {
            if let Some(key) = payment.get("origin_id").and_then(Json::as_str).and_then(key_of_origin) {
                seen.made.insert(truth::id(payment), key);
            }
        }
        let mut standing: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, id, _) in recorded(&procore, seen) {
            standing.entry(key).or_default().push(id);
        }
        for (key, ids) in standing.into_iter().filter(|(_, ids)| ids.len() > 1) {
            found.push((ONE, key, format!("it stands as contract payments {}", ids.join(" and "))));
        }
        let mut crossed = Vec::new();
        for (id, left) in &seen.by_hand {
            let key = seen.made.get(id).cloned().unwrap_or_else(|| format!("contract_payment/{id}"));
            let Left { members: left, contract, at } = left;
            let now = procore.record(RESOURCE, id).map(members);
            // Payments have no versions: what is changed after the last look at it cannot be seen when it is deleted.
            let unseen = seen.read.get(&(worker, contract.clone())).is_none_or(|read| read < at)
                || seen.deleting.get(id).is_some_and(|left| left < at);
            if now.is_none() && unseen {
                crossed.push(id.clone());
            } else if now.as_ref() != Some(left) {
                let now = now.map_or("gone".to_owned(), |now| format!("{now:?}"));
                found.push((KEPT, key, format!("a person left contract payment {id} as {left:?}, now it is {now}")));
            }
        }
        crossed.iter().for_each(|id| drop(seen.by_hand.remove(id)));
    }
    for (invariant, key, text) in found {
        world.violated_once(invariant, &key, &text);
    }
}

// ---------------------------------------------------------------- at the end

/// After the last reconciliation: every payment stands in Procore once and as it is, or a dead letter says why not.
pub(crate) fn agree(world: &World, memory: &Memory) {
    let (counted, wanted, recorded, by_hand) = {
        let (procore, books, state) = (lock(&world.procore), lock(&world.quickbooks), world.state());
        let recorded = recorded(&procore, &state.payments);
        let changed = |id: &&String| state.payments.by_hand.contains_key(*id);
        let by_hand: BTreeSet<String> =
            state.payments.made.iter().filter(|(id, _)| changed(id)).map(|(_, key)| key.clone()).collect();
        (truth::wanted(&procore), wanted(&books, memory), recorded, by_hand)
    };
    let mut stands: BTreeMap<&str, &Part> = BTreeMap::new();
    for (key, _, part) in &recorded {
        stands.insert(key, part);
    }
    let keys: BTreeSet<&str> = wanted.keys().map(String::as_str).chain(stands.keys().copied()).collect();
    let (mut difference, mut explained) = (Decimal::ZERO, Decimal::ZERO);
    for key in keys {
        let (want, stand) = (wanted.get(key), stands.get(key).copied());
        let held =
            memory.held.get(key).or_else(|| memory.held.get(key.rsplit_once(':').map_or(key, |(whole, _)| whole)));
        let off = want.map_or(Decimal::ZERO, |part| part.amount) - stand.map_or(Decimal::ZERO, |part| part.amount);
        let excused = by_hand.contains(key);
        difference += off;
        if held.is_some() || excused {
            explained += off;
        }
        // What was paid may be gone from Procore, which a dead letter of its own says; its payment stands.
        let gone = |want: &Part| {
            let mut left = want.clone();
            left.document.clear();
            memory.held.contains_key(&want.document).then_some(left)
        };
        let as_left = want.and_then(gone);
        if want != stand && (as_left.is_none() || as_left.as_ref() != stand) && held.is_none() && !excused {
            let text = format!("QuickBooks says {want:?}, Procore has {stand:?}, and no dead letter says why");
            world.violated(AGREE, Some(key), &text);
        }
        if let (Some(reason), Some(want)) = (held, want)
            && !excused
            && !has_cause(world, &counted, &wanted, want)
        {
            world.violated(AGREE, Some(key), &format!("it is held without cause: {reason}"));
        }
    }
    if difference != explained {
        let text = format!("T4 is off by {difference}, dead letters and people explain {explained}");
        world.violated(MONEY, None, &text);
    }
}

/// A document that does not count, or is paid more than it asks for, is a cause.
fn has_cause(
    world: &World,
    counted: &BTreeMap<String, truth::Wanted>,
    wanted: &BTreeMap<String, Part>,
    part: &Part,
) -> bool {
    let Some(document) = counted.get(&part.document) else { return true };
    let procore = lock(&world.procore);
    let state = world.state();
    let of_document = |payment: &&Json| self::document(&procore, payment) == part.document;
    let by_hand: Decimal = procore
        .all(RESOURCE)
        .filter(|payment| state.payments.by_hand.contains_key(&truth::id(payment)))
        .filter(of_document)
        .filter_map(|payment| payment.get("amount").and_then(Json::as_decimal))
        .sum();
    let paid: Decimal = wanted.values().filter(|other| other.document == part.document).map(|other| other.amount).sum();
    paid + by_hand > document.sums.net()
}

/// The links of payments are those that the origin ids tell.
pub(crate) fn links(world: &World, memory: &Memory) {
    let mut found: Vec<(String, String)> = Vec::new();
    {
        let (procore, state) = (lock(&world.procore), world.state());
        let stands: BTreeMap<String, String> =
            recorded(&procore, &state.payments).into_iter().map(|(key, id, _)| (key, id)).collect();
        let linked: BTreeMap<String, &str> = memory
            .links
            .iter()
            .map(|link| (link.document.to_string(), link.base.seen.get("id")))
            .filter(|(key, _)| key.starts_with("payment/"))
            .collect();
        for (key, id) in &stands {
            if linked.get(key) != Some(&id.as_str()) && !memory.held.contains_key(key) {
                found.push((key.clone(), format!("contract payment {id} carries its origin id and is not linked")));
            }
        }
        for (key, id) in linked {
            if stands.get(&key).map(String::as_str) != Some(id) {
                found.push((key, format!("its link names contract payment {id}, which is not there or another's")));
            }
        }
    }
    for (key, text) in found {
        world.violated(MARKS, Some(&key), &text);
    }
}
