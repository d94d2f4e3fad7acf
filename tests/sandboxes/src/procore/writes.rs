//! The writes that a sync of actuals may make: payments, vendors, origin ids and payment marks. Any other write is 403:
//! the app's permissions stop there.

use bytes::Bytes;
use chrono::{DateTime, NaiveDate};
use http::{Response, StatusCode};

use super::call::{Call, body_id, wrapped};
use super::errors::{Refusal, json_response};
use super::lists::view;
use super::store::{Table, id_json};
use super::webhook::{self, EventType};
use super::{Procore, resources, stamp, views};
use crate::json::{Json, Object};

const VENDOR_WRITABLE: [&str; 31] = [
    "name",
    "address",
    "city",
    "zip",
    "business_phone",
    "mobile_phone",
    "fax_number",
    "email_address",
    "is_active",
    "state_code",
    "authorized_bidder",
    "prequalified",
    "country_code",
    "labor_union",
    "license_number",
    "website",
    "union_member",
    "non_union_prevailing_wage",
    "abbreviated_name",
    "notes",
    "vendor_group_id",
    "parent_id",
    "primary_contact_id",
    "origin_id",
    "origin_data",
    "origin_code",
    "trade_ids",
    "bidding_distribution_ids",
    "standard_cost_code_ids",
    "trade_name",
    "bidding",
];

/// A record whose marks may be written.
struct Marks {
    resource: &'static str,
    wrapper: &'static str,
    members: &'static [&'static str],
    /// Whether a set `origin_id` freezes it whole.
    locks: bool,
}

const COMMITMENT: &[&str] = &["origin_id", "origin_data", "origin_code"];
const PLAIN: &[&str] = &["origin_id", "origin_data"];
const PAID: &[&str] = &["paid", "paid_date", "invoiced_date"];

fn marks(resource: &str) -> Option<Marks> {
    let new = |resource, wrapper, members, locks| Some(Marks { resource, wrapper, members, locks });
    match resource {
        "work_order_contracts" => new("work_order_contracts", "work_order_contract", COMMITMENT, false),
        "purchase_order_contracts" => new("purchase_order_contracts", "purchase_order_contract", COMMITMENT, false),
        "change_order_packages" => {
            const MEMBERS: &[&str] = &["origin_id", "origin_data", "origin_code", "paid_date", "invoiced_date"];
            new("change_order_packages", "change_order", MEMBERS, false)
        }
        "prime_contract" => new("prime_contracts", "prime_contract", PLAIN, false),
        "projects" => new("projects", "project", COMMITMENT, false),
        "requisitions" => new("requisitions", "requisition", &["origin_id", "origin_data", "payment_date"], true),
        "payment_applications" => new("payment_applications", "payment_application", PLAIN, true),
        "direct_costs" => new("direct_costs", "direct_cost", &["origin_id", "origin_data", "payment_date"], true),
        "cost_codes" => new("cost_codes", "cost_code", PLAIN, false),
        "line_item_types" => new("line_item_types", "line_item_type", PLAIN, false),
        "commitment_change_orders" => new("commitment_change_orders", "change_order", PAID, false),
        "prime_change_orders" => new("prime_change_orders", "change_order", PAID, false),
        _ => None,
    }
}

/// An `origin_id` as it is stored: unique among the records of a resource, in the whole company.
pub(super) fn origin(table: &Table, id: &str, value: &Json) -> Result<Json, Refusal> {
    match value {
        Json::Null => Ok(Json::Null),
        Json::String(text) if text.is_empty() => Ok(Json::Null),
        Json::String(text) if table.origin_taken(text, id) => {
            Err(Refusal::invalid("origin_id", "has already been taken"))
        }
        Json::String(_) => Ok(value.clone()),
        _ => Err(Refusal::invalid("origin_id", "is invalid")),
    }
}

/// A date as it is stored. One that is badly formatted does not fail: it becomes null.
pub(super) fn date(value: &Json) -> Json {
    let text = value.as_str().unwrap_or("");
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10)
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.date_naive()));
    read.map_or(Json::Null, |date| date.format("%Y-%m-%d").to_string().into())
}

impl Procore {
    pub(super) fn write(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        match (call.method.as_str(), call.segments.as_slice()) {
            ("POST", ["rest", "v1.0", "contract_payments"]) => self.create_payment(call),
            ("PATCH", ["rest", "v1.0", "contract_payments", id]) => self.update_payment(call, id),
            ("DELETE", ["rest", "v1.0", "contract_payments", id]) => self.delete_payment(call, id),
            ("POST", ["rest", "v1.1", "projects", project, "direct_costs"]) => self.create_direct_cost(call, project),
            ("POST", ["rest", "v1.0", "vendors"]) => self.write_vendor(call, None),
            ("PATCH", ["rest", "v1.0", "vendors", id]) if *id != "sync" => self.write_vendor(call, Some(id)),
            ("PATCH", [.., "sync"]) => {
                Err(Refusal::Text(StatusCode::NOT_IMPLEMENTED, "this sandbox does not play sync actions".to_owned()))
            }
            (
                "PATCH",
                [
                    "rest",
                    "v1.0",
                    kind @ ("work_order_contracts"
                    | "purchase_order_contracts"
                    | "change_order_packages"
                    | "prime_contract"
                    | "projects"
                    | "cost_codes"
                    | "line_item_types"),
                    id,
                ]
                | ["rest", "v1.1", kind @ "requisitions", id]
                | ["rest", "v1.0", "prime_contracts", _, kind @ "payment_applications", id]
                | ["rest", "v1.1", "projects", _, kind @ "direct_costs", id]
                | ["rest", "v1.0", "projects", _, kind @ ("commitment_change_orders" | "prime_change_orders"), id],
            ) => self.write_marks(call, kind, id),
            (
                "PATCH",
                [
                    "rest",
                    "v1.0",
                    kind @ ("work_order_contracts" | "purchase_order_contracts" | "prime_contracts"),
                    id,
                    "line_items",
                    line,
                ],
            ) => self.write_line_marks(call, kind, id, line),
            ("POST" | "PATCH" | "DELETE", ["rest", _, "projects", _, "budget_modifications", ..]) => {
                Err(Refusal::Text(StatusCode::METHOD_NOT_ALLOWED, "Budget changes are enabled".to_owned()))
            }
            ("POST" | "PATCH" | "PUT" | "DELETE", segments) if resources::is_known(segments) => {
                Err(Refusal::forbidden("You do not have permission to change this record."))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// The project of a write: in the path, or else in the body.
    fn project_of_write<'a>(call: &'a Call<'_>, body: &'a Json) -> Result<&'a str, Refusal> {
        match call.segments.as_slice() {
            ["rest", _, "projects", project, _, ..] => Ok(project),
            _ => body_id(body, "project_id"),
        }
    }

    fn write_marks(&mut self, call: &Call<'_>, kind: &str, id: &str) -> Result<Response<Bytes>, Refusal> {
        let Some(marks) = marks(kind) else { return Err(Refusal::not_found()) };
        let body = call.json()?;
        let row = if matches!(marks.resource, "projects" | "line_item_types") {
            if body_id(&body, "company_id")? != self.company {
                return Err(Refusal::forbidden("App is not connected to this company."));
            }
            self.find(marks.resource, id, None)?
        } else {
            let project = Self::project_of_write(call, &body)?;
            self.check_project(project)?;
            self.find(marks.resource, id, Some(project))?
        };
        if marks.resource == "requisitions" {
            let commitment = body_id(&body, "commitment_id")?;
            if row.parent.as_deref() != Some(commitment) {
                return Err(Refusal::not_found());
            }
        }
        if let ["rest", _, "prime_contracts", contract, ..] = call.segments.as_slice()
            && row.parent.as_deref() != Some(contract)
        {
            return Err(Refusal::not_found());
        }
        if marks.locks && row.text("origin_id").is_some() {
            return Err(Refusal::locked());
        }
        let table = self.store.table(marks.resource);
        let changes = read_marks(wrapped(&body, marks.wrapper)?, marks.members, table, id)?;
        self.store.table_mut(marks.resource).change(id, |record| {
            for (name, value) in changes {
                record.set(&name, value);
            }
            record.set("updated_at", stamp(call.now));
        });
        self.store.mirror_change_order(marks.resource, id);
        self.announce(call.now, webhook::subject(&self.store, marks.resource, id), EventType::Update, true);
        let row = self.find(marks.resource, id, None)?;
        let shown = views::shown(self, marks.resource, id, row, "default");
        Ok(json_response(StatusCode::OK, &shown))
    }

    fn write_line_marks(
        &mut self,
        call: &Call<'_>,
        resource: &str,
        id: &str,
        line: &str,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let project = body_id(&body, "project_id")?;
        self.check_project(project)?;
        let row = self.find(resource, id, Some(project))?;
        let known = views::lines_of(self, row);
        if !known.iter().any(|known| known.get("id").and_then(Json::as_id) == Some(line)) {
            return Err(Refusal::not_found());
        }
        let changes = read_marks(wrapped(&body, "line_item")?, PLAIN, self.store.table(""), line)?;
        let changed = self.store.table_mut(resource).change(id, |record| {
            let Some(Json::Array(lines)) = record.as_object_mut().and_then(|members| members.get_mut("line_items"))
            else {
                return Json::Null;
            };
            let found = lines.iter_mut().find(|known| known.get("id").and_then(Json::as_id) == Some(line));
            let Some(found) = found else { return Json::Null };
            for (name, value) in changes {
                found.set(&name, value);
            }
            found.set("updated_at", stamp(call.now));
            found.clone()
        });
        Ok(json_response(StatusCode::OK, &changed.unwrap_or_default()))
    }

    fn write_vendor(&mut self, call: &Call<'_>, id: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        const VIEWS: &[&str] = &["extended", "compact", "normal", "erp", "directory", "summary"];
        let view = view(call, VIEWS)?;
        let body = call.json()?;
        if body_id(&body, "company_id")? != self.company {
            return Err(Refusal::forbidden("App is not connected to this company."));
        }
        if let Some(id) = id {
            self.find("vendors", id, None)?;
        }
        let mut fields = Object::new();
        for (name, value) in wrapped(&body, "vendor")? {
            if !VENDOR_WRITABLE.contains(&name.as_str()) {
                return Err(Refusal::unknown_member(name));
            }
            let value = match name.as_str() {
                "origin_id" => origin(self.store.table("vendors"), id.unwrap_or(""), value)?,
                _ => value.clone(),
            };
            fields.insert(name.clone(), value);
        }
        let blank = |name: &Json| name.as_str().is_none_or(|text| text.trim().is_empty());
        if fields.get("name").map_or(id.is_none(), blank) {
            return Err(Refusal::invalid("name", "can't be blank"));
        }
        let company = fields.get("name").cloned();
        let (id, kind, status) = match id {
            Some(id) => (id.to_owned(), EventType::Update, StatusCode::OK),
            None => {
                let id = self.store.new_id();
                let mut vendor = new_vendor(&id);
                vendor.set("created_at", stamp(call.now));
                self.store.insert("vendors", vendor);
                (id, EventType::Create, StatusCode::CREATED)
            }
        };
        self.store.table_mut("vendors").change(&id, |vendor| {
            for (name, value) in fields {
                vendor.set(&name, value);
            }
            if let Some(company) = company {
                vendor.set("company", company);
            }
            let synced = vendor.get("origin_id").is_some_and(|origin| !origin.is_null());
            vendor.set("synced_to_erp", synced);
            vendor.set("updated_at", stamp(call.now));
        });
        self.announce(call.now, webhook::subject(&self.store, "vendors", &id), kind, true);
        let row = self.find("vendors", &id, None)?;
        let shown = views::shown(self, "vendors", &id, row, view);
        Ok(json_response(status, &shown))
    }
}

fn read_marks(given: &Object, members: &[&str], table: &Table, id: &str) -> Result<Object, Refusal> {
    let mut changes = Object::new();
    for (name, value) in given {
        if !members.contains(&name.as_str()) {
            return Err(Refusal::forbidden(format!("You do not have permission to change {name}.")));
        }
        let value = match name.as_str() {
            "origin_id" => origin(table, id, value)?,
            "paid_date" | "invoiced_date" | "payment_date" => date(value),
            _ => value.clone(),
        };
        changes.insert(name.clone(), value);
    }
    Ok(changes)
}

/// The members that a directory entry has before anyone fills it in.
fn new_vendor(id: &str) -> Json {
    const BLANK: [&str; 13] = [
        "abbreviated_name",
        "trade_name",
        "address",
        "city",
        "zip",
        "business_phone",
        "mobile_phone",
        "fax_number",
        "email_address",
        "website",
        "license_number",
        "labor_union",
        "notes",
    ];
    const NONE: [&str; 10] = [
        "state_code",
        "country_code",
        "origin_id",
        "origin_data",
        "origin_code",
        "business_id",
        "business_register",
        "primary_contact",
        "vendor_group",
        "logo",
    ];
    const NO: [&str; 5] =
        ["union_member", "non_union_prevailing_wage", "prequalified", "authorized_bidder", "is_connected"];
    let mut members = Object::new();
    members.insert("id".to_owned(), id_json(id));
    for name in ["name", "company"].into_iter().chain(BLANK) {
        members.insert(name.to_owned(), "".into());
    }
    members.extend(NONE.into_iter().map(|name| (name.to_owned(), Json::Null)));
    members.extend(NO.into_iter().map(|name| (name.to_owned(), Json::Bool(false))));
    members.insert("is_active".to_owned(), true.into());
    members.insert("contact_count".to_owned(), 0_usize.into());
    members.insert("attachments".to_owned(), Json::Array(Vec::new()));
    Json::Object(members)
}
