//! What should stand in the books, reckoned from Procore's records by code that shares nothing with the engine, and what
//! does.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sync_core::journal::{Counts, Link};
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::Procore;
use sync_sandboxes::quickbooks::QuickBooks;

use super::book::{RETAINAGE, RETAINAGE_ITEM};
use super::ledger::Ledger;
use super::report::{AGREE, KEPT, MARKS, MONEY, ONE};
use super::world::{World, lock};

/// The kinds of transaction that stand for a document of their own.
pub(crate) const TRANSACTIONS: [&str; 6] =
    ["PurchaseOrder", "Bill", "VendorCredit", "Estimate", "Invoice", "CreditMemo"];

/// The document that a note names, e.g. `pay_app/21.9001`.
pub(crate) fn marked(note: &str) -> Option<String> {
    let start = note.find("[sync:sim:")? + "[sync:sim:".len();
    let rest = note.get(start..)?;
    let word = rest.get(..rest.find(']')?)?;
    Some(word.rsplit_once(':')?.0.to_owned())
}

/// The document that a transaction or customer names.
pub(crate) fn marker_of(json: &Json) -> Option<String> {
    ["PrivateNote", "Notes"].into_iter().find_map(|note| json.get(note).and_then(Json::as_str).and_then(marked))
}

pub(crate) fn id(json: &Json) -> String {
    json.get("Id").or_else(|| json.get("id")).and_then(Json::as_id).unwrap_or_default().to_owned()
}

fn amount(json: &Json, name: &str) -> Decimal {
    json.get(name).and_then(Json::as_decimal).unwrap_or_default()
}

fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// The amounts of a document, on either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) gross: Decimal,
    pub(crate) withheld: Decimal,
    pub(crate) released: Decimal,
}

impl Sums {
    pub(crate) fn net(&self) -> Decimal {
        self.gross - self.withheld + self.released
    }
}

/// A document of Procore that should stand in the books.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) sums: Sums,
    pub(crate) date: String,
    /// The documents that it waits for.
    pub(crate) needs: Vec<String>,
}

/// Every document that counts, and what it comes to.
pub(crate) fn wanted(procore: &Procore) -> BTreeMap<String, Wanted> {
    let mut wanted = BTreeMap::new();
    for (_, record) in contracts(procore) {
        let needs = vec![vendor_key(record), project_key(record)];
        contract(procore, record, "commitment_change_orders", contract_key(record), needs, &mut wanted);
    }
    for record in procore.all("prime_contracts") {
        let needs = vec![project_key(record)];
        contract(procore, record, "prime_change_orders", prime_key(record), needs, &mut wanted);
    }
    applications(procore, "requisitions", "commitment_id", "items", app_key, "commitment", &mut wanted);
    applications(procore, "payment_applications", "contract_id", "g703", invoice_key, "prime_contract", &mut wanted);
    wanted
}

/// What a contract with its approved change orders comes to.
fn contract(
    procore: &Procore,
    record: &Json,
    change_orders: &str,
    key: String,
    needs: Vec<String>,
    wanted: &mut BTreeMap<String, Wanted>,
) {
    let status = text(record, "status").to_lowercase();
    let deleted = record.get("deleted_at").is_some_and(|at| !at.is_null());
    if deleted || !matches!(status.as_str(), "approved" | "complete" | "closed") {
        return;
    }
    let contract = id(record);
    let lines = record.get("line_items").and_then(Json::as_array).unwrap_or_default();
    let changes: Vec<&Json> = procore
        .all(change_orders)
        .filter(|co| co.get("contract_id").and_then(Json::as_id) == Some(&contract))
        .filter(|co| text(co, "status") == "approved")
        .flat_map(|co| co.get("line_items").and_then(Json::as_array).unwrap_or_default())
        .collect();
    if lines.is_empty() && changes.is_empty() {
        return;
    }
    let gross = lines.iter().chain(changes).map(|line| amount(line, "amount")).sum();
    let sums = Sums { gross, ..Sums::default() };
    wanted.insert(key, Wanted { sums, date: text(record, "contract_date").to_owned(), needs });
}

/// What the applications of one side come to.
fn applications(
    procore: &Procore,
    resource: &str,
    contract_id: &str,
    rows: &str,
    key: fn(&Json) -> String,
    contract_kind: &str,
    wanted: &mut BTreeMap<String, Wanted>,
) {
    let mut latest: BTreeMap<String, String> = BTreeMap::new();
    let mut apps: Vec<&Json> = procore.all(resource).collect();
    apps.sort_by_key(|app| number(app));
    for app in apps {
        let key = key(app);
        let contract = app.get(contract_id).and_then(Json::as_id).unwrap_or_default().to_owned();
        let before = latest.insert(contract.clone(), key.clone());
        if !matches!(text(app, "status"), "approved" | "approved_as_noted") {
            continue;
        }
        let items = app.get(rows).and_then(Json::as_array).unwrap_or_default();
        let total = |name: &str| -> Decimal { items.iter().map(|item| amount(item, name)).sum() };
        let sums = Sums {
            gross: total("work_completed_this_period"),
            withheld: total("work_completed_retainage_retained_this_period"),
            released: total("work_completed_retainage_released_this_period"),
        };
        if sums == Sums::default() {
            continue;
        }
        let project = app.get("project_id").and_then(Json::as_id).unwrap_or_default();
        let mut needs = vec![format!("{contract_kind}/{project}.{contract}")];
        needs.extend(before);
        wanted.insert(key, Wanted { sums, date: text(app, "billing_date").to_owned(), needs });
    }
}

fn number(app: &Json) -> i64 {
    app.get("number").and_then(Json::as_id).and_then(|n| n.parse().ok()).unwrap_or(0)
}

pub(crate) fn contracts(procore: &Procore) -> impl Iterator<Item = (&'static str, &Json)> {
    ["work_order_contracts", "purchase_order_contracts"]
        .into_iter()
        .flat_map(|resource| procore.all(resource).map(move |record| (resource, record)))
}

fn vendor_key(record: &Json) -> String {
    format!("vendor/{}", record.at(&["vendor", "id"]).and_then(Json::as_id).unwrap_or_default())
}

fn project_key(record: &Json) -> String {
    format!("project/{}", record.at(&["project", "id"]).and_then(Json::as_id).unwrap_or_default())
}

pub(crate) fn contract_key(record: &Json) -> String {
    let project = record.at(&["project", "id"]).and_then(Json::as_id).unwrap_or_default();
    format!("commitment/{project}.{}", id(record))
}

pub(crate) fn prime_key(record: &Json) -> String {
    let project = record.at(&["project", "id"]).and_then(Json::as_id).unwrap_or_default();
    format!("prime_contract/{project}.{}", id(record))
}

pub(crate) fn invoice_key(app: &Json) -> String {
    format!("owner_invoice/{}.{}", app.get("project_id").and_then(Json::as_id).unwrap_or_default(), id(app))
}

pub(crate) fn app_key(app: &Json) -> String {
    format!("pay_app/{}.{}", app.get("project_id").and_then(Json::as_id).unwrap_or_default(), id(app))
}

/// A transaction of the books.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) entity: &'static str,
    pub(crate) id: String,
    pub(crate) sums: Sums,
    pub(crate) total: Decimal,
}

impl Posted {
    fn of(entity: &'static str, json: &Json) -> Self {
        let sign = if matches!(entity, "VendorCredit" | "CreditMemo") { -Decimal::ONE } else { Decimal::ONE };
        let mut sums = Sums::default();
        for line in json.get("Line").and_then(Json::as_array).unwrap_or_default() {
            // What QuickBooks adds up by itself is no line of its own.
            if text(line, "DetailType") == "SubTotalLineDetail" {
                continue;
            }
            let value = amount(line, "Amount") * sign;
            let account = line.at(&["AccountBasedExpenseLineDetail", "AccountRef", "value"]).and_then(Json::as_id);
            let item = line.at(&["SalesItemLineDetail", "ItemRef", "value"]).and_then(Json::as_id);
            if account != Some(RETAINAGE) && item != Some(RETAINAGE_ITEM) {
                sums.gross += value;
            } else if text(line, "Description").starts_with("Retainage released") {
                sums.released += value;
            } else {
                sums.withheld -= value;
            }
        }
        Self { entity, id: id(json), sums, total: amount(json, "TotalAmt") * sign }
    }
}

/// What QuickBooks keeps of a voided transaction: the record, without amounts, and a note that says so.
pub(crate) fn is_void(json: &Json) -> bool {
    amount(json, "TotalAmt").is_zero() && text(json, "PrivateNote").starts_with("Voided")
}

/// The transactions that carry a marker, by document. Voided ones are none.
pub(crate) fn posted(quickbooks: &QuickBooks, voided: &BTreeSet<(String, String)>) -> BTreeMap<String, Vec<Posted>> {
    let mut posted: BTreeMap<String, Vec<Posted>> = BTreeMap::new();
    for entity in TRANSACTIONS {
        for json in quickbooks.all(entity) {
            let Some(key) = marker_of(json) else { continue };
            if voided.contains(&(entity.to_owned(), id(json))) || is_void(json) {
                continue;
            }
            posted.entry(key).or_default().push(Posted::of(entity, json));
        }
    }
    posted
}

/// A field of a transaction, as people see it: `memo` is the note without the marker, `line/N` the amount of a line.
pub(crate) fn field(json: &Json, name: &str) -> String {
    if let Some(line) = name.strip_prefix("line/") {
        let lines = json.get("Line").and_then(Json::as_array).unwrap_or_default();
        let found = lines.iter().find(|l| id(l) == line);
        return found.map(|l| amount(l, "Amount").normalize().to_string()).unwrap_or_default();
    }
    if name == "memo" {
        let note = text(json, "PrivateNote");
        // QuickBooks itself puts this before the note of what is voided.
        let note = note.strip_prefix("Voided - ").unwrap_or(note);
        return note.split("[sync:").next().unwrap_or_default().trim().to_owned();
    }
    text(json, name).to_owned()
}

/// After each write: no document stands twice, and what people wrote still stands.
pub(crate) fn books_hold(world: &World) {
    let mut found: Vec<(&'static str, String, String)> = Vec::new();
    {
        let books = Ledger::of(world);
        let state = world.state();
        for (key, posted) in books.posted(&state.people.voided) {
            if posted.len() > 1 {
                let names: Vec<String> = posted.iter().map(|p| format!("{} {}", p.entity, p.id)).collect();
                found.push((ONE, key, format!("it stands as {}", names.join(" and "))));
            } else if state.people.deleted.contains(&key) && !state.people.unwanted.contains(&key) {
                found.push((ONE, key, "a person deleted it, and it was created again".to_owned()));
            }
        }
        for ((entity, id, name), value) in &state.people.wrote {
            let Some(now) = books.field(entity, id, name) else { continue };
            if now != *value {
                let key = books.marker(entity, id).flatten().unwrap_or_else(|| format!("{entity}/{id}"));
                found.push((
                    KEPT,
                    key,
                    format!("{name} of {entity} {id}: a person wrote `{value}`, now it is `{now}`"),
                ));
            }
        }
    }
    for (invariant, key, text) in found {
        world.violated_once(invariant, &key, &text);
    }
}

/// What the journal says at the end.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) links: Vec<Link>,
    /// Documents that are dead letters or wait, with the reason.
    pub(crate) held: BTreeMap<String, String>,
    pub(crate) counts: Counts,
}

/// After the last reconciliation: everything agrees, or a dead letter says why it does not.
pub(crate) fn agree(world: &World, memory: &Memory, only_untouched: bool) {
    let (wanted, posted, people) = {
        let (procore, books) = (lock(&world.procore), Ledger::of(world));
        let state = world.state();
        let posted = books.posted(&state.people.voided);
        (wanted(&procore), posted, (state.people.touched.clone(), state.people.unwanted.clone()))
    };
    let closing = world.state().people.closing_date.clone();
    let (touched, unwanted) = people;
    let billed = Ledger::of(world).billed_by_hand(&touched);
    let closed = |want: &Wanted| closing.as_deref().is_some_and(|closing| want.date.as_str() <= closing);
    // QuickBooks Desktop links a line of a bill to its order only when the bill is made: a line that came later is told.
    let is_told = |reason: &String| world.sides.is_desktop() && reason.starts_with("link dropped");
    let told = memory.held.iter().filter(|(_, reason)| is_told(reason)).map(|(key, _)| key.as_str());
    // A document is excused by what happened to it, or to what it waits for.
    let mut excused: BTreeSet<&str> = told.collect();
    loop {
        let before = excused.len();
        for (key, want) in &wanted {
            let upstream = want.needs.iter().any(|need| {
                let is_missing = (need.starts_with("commitment/") || need.starts_with("prime_contract/"))
                    && !wanted.contains_key(need);
                excused.contains(need.as_str()) || unwanted.contains(need) && !wanted.contains_key(need) || is_missing
            });
            if billed.contains(key) || touched.contains(key) || unwanted.contains(key) || closed(want) || upstream {
                excused.insert(key);
            }
        }
        if excused.len() == before {
            break;
        }
    }
    let mut difference = Sums::default();
    let mut explained = Sums::default();
    for (key, want) in &wanted {
        if only_untouched && excused.contains(key.as_str()) {
            continue;
        }
        let held = memory.held.get(key);
        let sums = posted.get(key).and_then(|p| p.first()).map(|p| p.sums).unwrap_or_default();
        let differs = sums != want.sums;
        difference = add(difference, want.sums, sums);
        if differs && held.is_some() {
            explained = add(explained, want.sums, sums);
        }
        if only_untouched && held.is_some() {
            continue;
        }
        if differs && held.is_none() {
            let text = format!(
                "Procore says {}, the books say {}, and no dead letter says why",
                show(&want.sums),
                show(&sums)
            );
            world.violated(AGREE, Some(key), &text);
        }
        if let Some(reason) = held
            && !excused.contains(key.as_str())
        {
            world.violated(AGREE, Some(key), &format!("it is held without cause: {reason}"));
        }
    }
    for (key, posted) in &posted {
        for posted in posted {
            if posted.total != posted.sums.net() {
                let text =
                    format!("{} {}: lines {}, total {}", posted.entity, posted.id, posted.sums.net(), posted.total);
                world.violated(MONEY, Some(key), &text);
            }
        }
        let came_back = world.state().people.brought_back.contains(key);
        if !wanted.contains_key(key) && !memory.held.contains_key(key) && !only_untouched && !came_back {
            let text = "it stands in the books and does not count in Procore, and no dead letter says so";
            world.violated(AGREE, Some(key), text);
        }
    }
    if !only_untouched && difference != explained {
        let text = format!("the tie-outs are off by {}, dead letters explain {}", show(&difference), show(&explained));
        world.violated(MONEY, None, &text);
    }
}

fn add(sums: Sums, left: Sums, right: Sums) -> Sums {
    Sums {
        gross: sums.gross + left.gross - right.gross,
        withheld: sums.withheld + left.withheld - right.withheld,
        released: sums.released + left.released - right.released,
    }
}

fn show(sums: &Sums) -> String {
    format!("{} - {} + {}", sums.gross, sums.withheld, sums.released)
}

/// The links of the journal are those that the markers tell.
pub(crate) fn links(world: &World, memory: &Memory) {
    let mut found: Vec<(String, String)> = Vec::new();
    {
        let books = Ledger::of(world);
        let state = world.state();
        let marked = books.posted(&state.people.voided);
        let mut linked: BTreeMap<String, String> = BTreeMap::new();
        for link in &memory.links {
            let key = link.document.to_string();
            let Some(entity) = TRANSACTIONS.into_iter().find(|entity| is_kind(entity, link)) else { continue };
            linked.insert(key.clone(), link.target.id.to_string());
            match books.marker(entity, link.target.id.as_str()) {
                Some(marker) if marker.as_deref() != Some(&key) => {
                    found.push((
                        key,
                        format!("its link names {entity} {}, which carries another marker or none", link.target.id),
                    ));
                }
                None if !state.people.gone.contains(&key) => {
                    found.push((key, format!("its link names {entity} {}, which is not there", link.target.id)));
                }
                _ => {}
            }
        }
        for (key, posted) in &marked {
            for posted in posted {
                if linked.get(key) != Some(&posted.id) && !state.people.brought_back.contains(key) {
                    found.push((
                        key.clone(),
                        format!("{} {} carries its marker and is not linked", posted.entity, posted.id),
                    ));
                }
            }
        }
    }
    for (key, text) in found {
        world.violated(MARKS, Some(&key), &text);
    }
}

pub(crate) fn is_kind(entity: &str, link: &Link) -> bool {
    use sync_core::model::TargetKind;
    matches!(
        (entity, link.target.kind),
        ("PurchaseOrder", TargetKind::PurchaseOrder)
            | ("Bill", TargetKind::Bill)
            | ("VendorCredit", TargetKind::VendorCredit)
            | ("Estimate", TargetKind::Estimate)
            | ("Invoice", TargetKind::Invoice)
            | ("CreditMemo", TargetKind::CreditMemo)
    )
}
