//! Direct costs: what was spent on a project without a commitment.
//!
//! Source: the direct cost pages of <https://developers.procore.com/reference/rest>, version 1.1. One with an `origin_id` is
//! locked whole.

use bytes::Bytes;
use http::{Response, StatusCode};
use rust_decimal::Decimal;

use super::call::{Call, wrapped};
use super::errors::{Refusal, json_response};
use super::store::id_json;
use super::webhook::{self, EventType};
use super::writes::{date, origin};
use super::{Procore, stamp, views};
use crate::json::{Json, Object, object};

const RESOURCE: &str = "direct_costs";
const WRITABLE: [&str; 13] = [
    "direct_cost_type",
    "status",
    "vendor_id",
    "employee_id",
    "invoice_number",
    "direct_cost_date",
    "received_date",
    "payment_date",
    "terms",
    "description",
    "origin_id",
    "origin_data",
    "line_items",
];
const LINE_WRITABLE: [&str; 9] =
    ["wbs_code_id", "manual_amount", "description", "quantity", "unit_cost", "uom", "origin_id", "origin_data", "ref"];
const TYPES: [&str; 4] = ["invoice", "expense", "payroll", "subcontractor_invoice"];
const STATUSES: [&str; 4] = ["draft", "pending", "revise_and_resubmit", "approved"];
const MOST_LINES: usize = 100;

fn word<'w>(fields: &Object, name: &str, known: &[&'w str]) -> Result<&'w str, Refusal> {
    let given = fields.get(name).and_then(Json::as_str).unwrap_or_default();
    known
        .iter()
        .find(|word| **word == given)
        .copied()
        .ok_or_else(|| Refusal::invalid(name, "is not included in the list"))
}

fn text(fields: &Object, name: &str) -> Json {
    fields.get(name).filter(|value| value.as_str().is_some_and(|text| !text.is_empty())).cloned().unwrap_or_default()
}

impl Procore {
    pub(super) fn create_direct_cost(&mut self, call: &Call<'_>, project: &str) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        self.check_project(project)?;
        let fields = wrapped(&body, "direct_cost")?;
        if let Some(name) = fields.keys().find(|name| !WRITABLE.contains(&&***name)) {
            return Err(Refusal::unknown_member(name));
        }
        let kind = word(fields, "direct_cost_type", &TYPES)?;
        let status = match fields.contains_key("status") {
            true => word(fields, "status", &STATUSES)?,
            false => "draft",
        };
        let vendor = match fields.get("vendor_id").filter(|id| !id.is_null()) {
            Some(id) => {
                let id = id.as_id().ok_or_else(|| Refusal::invalid("vendor_id", "is invalid"))?;
                Some(self.find("vendors", id, None).map_err(|_| Refusal::invalid("vendor", "must exist"))?)
            }
            None => None,
        };
        let vendor = vendor.map(|row| (row.body.get("id").cloned(), row.body.get("name").cloned()));
        let number = text(fields, "invoice_number");
        if kind == "invoice" {
            if vendor.is_none() {
                return Err(Refusal::invalid("vendor", "can't be blank"));
            }
            if number.is_null() {
                return Err(Refusal::invalid("invoice_number", "can't be blank"));
            }
        }
        let is_taken = self.store.table(RESOURCE).of_project(project).any(|(_, row)| {
            !row.marked_deleted()
                && row.text("direct_cost_type") == Some("invoice")
                && row.body.get("invoice_number") == Some(&number)
                && vendor.as_ref().and_then(|(id, _)| id.as_ref()) == row.body.get("vendor_id")
        });
        if kind == "invoice" && is_taken {
            return Err(Refusal::invalid("invoice_number", "has already been taken"));
        }
        let origin_id = match fields.get("origin_id") {
            Some(value) => origin(self.store.table(RESOURCE), "", value)?,
            None => Json::Null,
        };
        let given = match fields.get("line_items") {
            Some(Json::Array(lines)) => lines.clone(),
            Some(_) => return Err(Refusal::invalid("line_items", "is invalid")),
            None => Vec::new(),
        };
        if given.len() > MOST_LINES {
            return Err(Refusal::invalid("line_items", "has more than 100 items"));
        }
        let mut total = Decimal::ZERO;
        let mut lines = Vec::with_capacity(given.len());
        for (at, line) in given.iter().enumerate() {
            let (amount, line) = self.direct_cost_line(project, line, at, stamp(call.now))?;
            total += amount;
            lines.push(line);
        }
        let money = |amount: Decimal| Json::from(format!("{amount}"));
        let id = self.store.new_id();
        let mut cost = object([("id", id_json(&id)), ("direct_cost_type", kind.into()), ("status", status.into())]);
        cost.set("invoice_number", number);
        cost.set("description", text(fields, "description"));
        for name in ["direct_cost_date", "received_date", "payment_date"] {
            cost.set(name, fields.get(name).map(date).unwrap_or_default());
        }
        cost.set("terms", text(fields, "terms"));
        let (vendor_id, name) = vendor.unwrap_or_default();
        let (vendor_id, name) = (vendor_id.unwrap_or_default(), name.unwrap_or_default());
        let shown = match vendor_id.is_null() {
            true => Json::Null,
            false => object([("id", vendor_id.clone()), ("name", name.clone())]),
        };
        cost.set("vendor", shown);
        cost.set("vendor_id", vendor_id);
        cost.set("vendor_name", name);
        cost.set("employee", Json::Null);
        cost.set("grand_total", money(total));
        cost.set("amount", money(total));
        cost.set("synced", !origin_id.is_null());
        cost.set("line_items_count", lines.len());
        cost.set("line_items", Json::Array(lines));
        cost.set("origin_id", origin_id);
        cost.set("origin_data", text(fields, "origin_data"));
        cost.set("project", object([("id", id_json(project))]));
        cost.set("attachments", Json::Array(Vec::new()));
        cost.set("attachments_count", 0_usize);
        for name in ["created_at", "updated_at"] {
            cost.set(name, stamp(call.now));
        }
        cost.set("deleted_at", Json::Null);
        self.store.insert(RESOURCE, cost);
        self.announce(call.now, webhook::subject(&self.store, RESOURCE, &id), EventType::Create, true);
        let row = self.find(RESOURCE, &id, Some(project))?;
        let shown = views::shown(self, RESOURCE, &id, row, "default");
        Ok(json_response(StatusCode::CREATED, &shown))
    }

    fn direct_cost_line(
        &mut self,
        project: &str,
        line: &Json,
        at: usize,
        now: impl Into<Json>,
    ) -> Result<(Decimal, Json), Refusal> {
        let fields = line.as_object().ok_or_else(|| Refusal::invalid("line_items", "is invalid"))?;
        if let Some(name) = fields.keys().find(|name| !LINE_WRITABLE.contains(&&***name)) {
            return Err(Refusal::unknown_member(name));
        }
        let code = fields.get("wbs_code_id").and_then(Json::as_id);
        let code = code.ok_or_else(|| Refusal::invalid("line_items.wbs_code", "can't be blank"))?;
        let code = self.find("wbs_codes", code, Some(project));
        let code = code.map_err(|_| Refusal::invalid("line_items.wbs_code", "must exist"))?;
        let wbs = object([
            ("id", code.body.get("id").cloned().unwrap_or_default()),
            ("flat_code", code.body.get("flat_code").cloned().unwrap_or_default()),
        ]);
        let decimal = |name: &str| fields.get(name).and_then(Json::as_decimal);
        let amount = match (decimal("manual_amount"), decimal("quantity"), decimal("unit_cost")) {
            (Some(amount), _, _) => amount,
            (None, Some(quantity), Some(cost)) => quantity * cost,
            _ => return Err(Refusal::invalid("line_items.amount", "is not a number")),
        };
        let now = now.into();
        let id = self.store.new_id();
        let mut shown = object([("id", id_json(&id)), ("position", (at + 1).into()), ("wbs_code", wbs)]);
        shown.set("description", text(fields, "description"));
        for name in ["amount", "total_amount", "extended_amount"] {
            shown.set(name, format!("{amount}"));
        }
        shown.set("extended_type", "manual");
        shown.set("ref", fields.get("ref").cloned().unwrap_or_default());
        shown.set("origin_id", text(fields, "origin_id"));
        shown.set("created_at", now.clone());
        shown.set("updated_at", now);
        Ok((amount, shown))
    }
}
