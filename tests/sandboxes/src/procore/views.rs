//! Which members of a record each call shows. The same record looks different in a list, in a view and alone.
//!
//! Source: the response schemas at <https://developers.procore.com/reference/rest>.

use std::borrow::Cow;

use super::Procore;
use super::filters::vendor_id;
use super::store::{Row, id_json};
use crate::json::{Json, Object, object};

const CONTRACT_SHOW_ONLY: [&str; 9] = [
    "line_items",
    "change_order_packages",
    "change_order_requests",
    "potential_change_orders",
    "payments_issued",
    "invoice_contacts",
    "attachments",
    "custom_fields",
    "created_by_id",
];
const PRIME_SHOW_ONLY: [&str; 5] =
    ["line_items", "payments_received", "change_order_packages", "change_order_requests", "potential_change_orders"];
// The extended view, which is the default, is the one without the ids of other systems.
const VENDOR_NOT_EXTENDED: [&str; 5] = ["origin_id", "origin_data", "origin_code", "is_active", "country_code"];
const VENDOR_EXTENDED_ONLY: [&str; 8] = [
    "legal_name",
    "trades",
    "standard_cost_codes",
    "bidding",
    "invoice_contacts",
    "contract_signer",
    "country_name",
    "state_name",
];
const PROJECT_SHOW_ONLY: [&str; 3] = ["is_erp_integrated", "description", "office"];
const COST_CODE_ERP: [&str; 6] = ["id", "name", "full_code", "origin_id", "origin_data", "standard_cost_code_id"];

pub(super) fn without(body: &Json, omitted: &[&str]) -> Json {
    let Some(members) = body.as_object() else { return body.clone() };
    let kept = members.iter().filter(|(name, _)| !omitted.contains(&name.as_str()));
    Json::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn only(body: &Json, kept: &[&str]) -> Json {
    let member = |name: &&str| body.get(name).map(|value| ((*name).to_owned(), value.clone()));
    Json::Object(kept.iter().filter_map(member).collect())
}

/// A record as a list shows it.
pub(super) fn listed<'a>(procore: &Procore, resource: &str, row: &'a Row, view: &str) -> Cow<'a, Json> {
    let body = &row.body;
    Cow::Owned(match (resource, view) {
        ("work_order_contracts" | "purchase_order_contracts", "extended") => {
            let mut wire = contract(procore, row, false);
            if !procore.config.lists_carry_lines
                && let Some(members) = wire.as_object_mut()
            {
                members.shift_remove("line_items");
            }
            wire
        }
        ("work_order_contracts" | "purchase_order_contracts", _) => {
            with_vendor(procore, without(body, &CONTRACT_SHOW_ONLY), false)
        }
        ("prime_contracts", _) => with_vendor(procore, without(body, &PRIME_SHOW_ONLY), true),
        ("projects", "compact") => only(body, &["id", "name"]),
        ("projects", "extended") => without(body, &["is_erp_integrated"]),
        ("projects", _) => without(body, &PROJECT_SHOW_ONLY),
        ("vendors", view) => vendor(body, view),
        ("cost_codes", "erp_compact") => only(body, &COST_CODE_ERP),
        ("requisitions", view) => return requisition(body, view),
        ("payment_applications", _) => without(body, &["g703", "attachments", "project_id", "contract_id", "project"]),
        ("change_order_packages", _) => package_listed(procore, row),
        ("commitment_change_orders" | "prime_change_orders", _) => change_order(body, view),
        ("direct_costs", _) => without(body, &["line_items"]),
        ("budget_views", _) => without(body, &["project_id"]),
        ("budget_view_detail_rows", _) => without(body, &["budget_view_id"]),
        ("wbs_codes", _) if body.get("project_id").is_some() => without(body, &["project_id"]),
        _ => return Cow::Borrowed(body),
    })
}

/// A record as its own address shows it.
pub(super) fn shown<'a>(procore: &Procore, resource: &str, id: &str, row: &'a Row, view: &str) -> Cow<'a, Json> {
    let body = &row.body;
    Cow::Owned(match (resource, view) {
        ("work_order_contracts" | "purchase_order_contracts", _) => contract(procore, row, false),
        ("prime_contracts", _) => contract(procore, row, true),
        ("projects", "minimal") => only(body, &["id", "name"]),
        ("vendors", view) => vendor(body, view),
        ("requisitions", view) => return requisition(body, view),
        ("payment_applications", _) => {
            without(body, &["created_at", "updated_at", "project_id", "contract_id", "project"])
        }
        ("change_order_packages", _) => {
            let mut wire = without(body, &["project", "project_id"]);
            wire.set("line_items", Json::Array(package_lines(procore, id, row)));
            wire
        }
        ("commitment_change_orders" | "prime_change_orders", _) => change_order(body, view),
        _ => return Cow::Borrowed(body),
    })
}

fn vendor(body: &Json, view: &str) -> Json {
    match view {
        "compact" => only(body, &["id", "name"]),
        "extended" => without(body, &VENDOR_NOT_EXTENDED),
        _ => without(body, &VENDOR_EXTENDED_ONLY),
    }
}

fn requisition<'a>(body: &'a Json, view: &str) -> Cow<'a, Json> {
    match view {
        "items" | "extended" => Cow::Borrowed(body),
        _ => Cow::Owned(without(body, &["items", "item_packages"])),
    }
}

fn change_order(body: &Json, view: &str) -> Json {
    match view {
        "extended" => without(body, &["line_items", "project_id", "project"]),
        _ => without(body, &["line_items", "project_id", "project", "change_events"]),
    }
}

/// A contract with everything that hangs on it.
fn contract(procore: &Procore, row: &Row, is_prime: bool) -> Json {
    let mut wire = with_vendor(procore, row.body.clone(), is_prime);
    let id = row.body.get("id").and_then(Json::as_id).unwrap_or_default();
    let packages = procore.store.table("change_order_packages").of_parent(id);
    let packages = packages
        .filter(|(_, package)| !package.marked_deleted())
        .map(|(_, package)| without(&package.body, &["line_items", "project", "project_id"]))
        .collect();
    let payments = procore.store.table("contract_payments").of_parent(id);
    let payments =
        payments.map(|(_, payment)| without(&payment.body, &["requisition_id", "contract_id", "project_id"])).collect();
    wire.set("line_items", Json::Array(lines_of(procore, row)));
    wire.set("change_order_packages", Json::Array(packages));
    wire.set(if is_prime { "payments_received" } else { "payments_issued" }, Json::Array(payments));
    for member in ["potential_change_orders", "attachments"] {
        if wire.get(member).is_none() {
            wire.set(member, Json::Array(Vec::new()));
        }
    }
    wire
}

/// The lines of a contract, or none where it is private and hides them.
pub(super) fn lines_of(procore: &Procore, row: &Row) -> Vec<Json> {
    let flag = |member: &str| row.body.get(member).and_then(Json::as_bool).unwrap_or(false);
    if procore.config.hide_private_lines && flag("private") && !flag("show_line_items_to_non_admins") {
        return Vec::new();
    }
    row.body.get("line_items").and_then(Json::as_array).unwrap_or_default().to_vec()
}

/// A contract names its vendor as the directory has it now: `{id, company, …}` on commitments, the whole entry on
/// prime contracts.
fn with_vendor(procore: &Procore, mut wire: Json, is_prime: bool) -> Json {
    let Some(id) = vendor_id(&wire).map(str::to_owned) else { return wire };
    let held = wire.get("vendor").cloned().unwrap_or_default();
    let entry = procore.store.table("vendors").get(&id).map(|row| &row.body);
    let vendor = match (entry, is_prime) {
        (Some(entry), true) => without(entry, &VENDOR_EXTENDED_ONLY),
        (None, true) => held,
        (entry, false) => {
            let from = entry.unwrap_or(&held);
            let name = held.get("company").filter(|_| entry.is_none()).or_else(|| from.get("name"));
            object([
                ("id", id_json(&id)),
                ("company", name.or_else(|| from.get("company")).cloned().unwrap_or_default()),
                ("origin_data", from.get("origin_data").cloned().unwrap_or_default()),
                ("origin_id", from.get("origin_id").cloned().unwrap_or_default()),
            ])
        }
    };
    if let Some(members) = wire.as_object_mut() {
        members.shift_remove("vendor_id");
    }
    wire.set("vendor", vendor);
    wire
}

fn wire_id(wire: &Json) -> String {
    wire.get("id").and_then(Json::as_id).unwrap_or_default().to_owned()
}

fn package_listed(procore: &Procore, row: &Row) -> Json {
    let mut wire = without(&row.body, &["line_items", "project", "project_id"]);
    if procore.config.packages_carry_lines {
        wire.set("line_items", Json::Array(package_lines(procore, &wire_id(&row.body), row)));
    }
    let Some((resource, contract)) = row.parent.as_deref().and_then(|id| procore.store.contract(id)) else {
        return wire;
    };
    let kind = match resource {
        "work_order_contracts" => "WorkOrderContract",
        "purchase_order_contracts" => "PurchaseOrderContract",
        _ => "PrimeContract",
    };
    let member = |name: &str| contract.body.get(name).cloned().unwrap_or_default();
    let vendor = vendor_id(&contract.body).map_or(Json::Null, |id| {
        let entry = procore.store.table("vendors").get(id).and_then(|row| row.body.get("name").cloned());
        let name = entry.or_else(|| contract.body.at(&["vendor", "company"]).cloned()).unwrap_or_default();
        object([("id", id_json(id)), ("name", name)])
    });
    wire.set(
        "contract",
        object([
            ("id", member("id")),
            ("number", member("number")),
            ("title", member("title")),
            ("type", kind.into()),
            ("status", member("status")),
            ("vendor", vendor),
        ]),
    );
    wire
}

/// The lines of a package: its own, or those of the change order it is behind.
fn package_lines(procore: &Procore, id: &str, row: &Row) -> Vec<Json> {
    if let Some(own) = row.body.get("line_items").and_then(Json::as_array).filter(|lines| !lines.is_empty()) {
        return own.to_vec();
    }
    ["commitment_change_orders", "prime_change_orders"]
        .into_iter()
        .find_map(|name| procore.store.change_order_of_package(name, id))
        .and_then(|(_, order)| order.body.get("line_items").and_then(Json::as_array))
        .unwrap_or_default()
        .iter()
        .map(|line| package_line(line, id))
        .collect()
}

fn package_line(line: &Json, package: &str) -> Json {
    let first = |names: &[&str]| names.iter().find_map(|name| line.get(name)).cloned().unwrap_or_default();
    let or_zero = |name: &str| line.get(name).cloned().unwrap_or_else(|| "0.0".into());
    let mut wire = Object::new();
    let mut set = |name: &str, value: Json| wire.insert(name.to_owned(), value);
    set("id", numbered(line.get("id")));
    set("position", first(&["position"]));
    set("description", first(&["description"]));
    set("quantity", or_zero("quantity"));
    set("uom", first(&["uom"]));
    set("unit_cost", or_zero("unit_cost"));
    set("total_amount", first(&["total_amount", "amount"]));
    set("extended_amount", first(&["extended_amount", "total_amount", "amount"]));
    for name in ["cost_code", "line_item_type"] {
        set(name, first(&[name]));
    }
    let code = line.get("wbs_code").filter(|code| !code.is_null()).map(|code| {
        let mut code = code.clone();
        code.set("id", numbered(code.get("id")));
        code
    });
    set("wbs_code", code.unwrap_or_default());
    let holder = object([("id", id_json(package)), ("holder_type", "ChangeOrderPackage".into())]);
    set("holder", line.get("holder").cloned().unwrap_or(holder));
    set("markup_line_items", line.get("markup_line_items").cloned().unwrap_or_else(|| Json::Array(Vec::new())));
    Json::Object(wire)
}

fn numbered(id: Option<&Json>) -> Json {
    id.and_then(Json::as_id).map_or(Json::Null, id_json)
}

fn texted(id: Option<&Json>) -> Json {
    id.and_then(Json::as_id).map_or(Json::Null, Json::from)
}

/// A line of a change order as v2.0 shows it: ids are strings, members of unit pricing only where there is a unit.
pub(super) fn line_v2(line: &Json, side: &str) -> Json {
    let mut wire = Object::new();
    let mut set = |name: &str, value: Json| wire.insert(name.to_owned(), value);
    set("id", texted(line.get("id")));
    if side == "commitment_change_orders" {
        set("commitment_line_item_id", texted(line.get("commitment_line_item_id")));
    }
    set("prime_line_item_id", texted(line.get("prime_line_item_id")));
    set("description", line.get("description").cloned().unwrap_or_default());
    set("amount", line.get("amount").or_else(|| line.get("total_amount")).cloned().unwrap_or_default());
    for name in ["extended_type", "quantity", "unit_cost", "uom"] {
        if let Some(value) = line.get(name) {
            set(name, value.clone());
        }
    }
    set("position", line.get("position").cloned().unwrap_or_default());
    let code = line.get("wbs_code").filter(|code| !code.is_null());
    set("wbs_code_id", texted(line.get("wbs_code_id").or_else(|| code.and_then(|code| code.get("id")))));
    let code = code.map(|code| {
        let mut code = code.clone();
        code.set("id", texted(code.get("id")));
        code
    });
    set("wbs_code", code.unwrap_or_default());
    set("tax_code_id", texted(line.get("tax_code_id")));
    set("funding_rule_id", texted(line.get("funding_rule_id")));
    Json::Object(wire)
}
