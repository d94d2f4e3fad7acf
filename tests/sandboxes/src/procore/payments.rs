//! Contract payments: payments issued on commitments, payments received on prime contracts.
//!
//! Source: the contract payments pages of <https://developers.procore.com/reference/rest>. A payment with an
//! `origin_id` is locked but for `attachments`, `origin_id` and `origin_data`, and cannot be deleted.

use bytes::Bytes;
use http::{Response, StatusCode};
use rust_decimal::Decimal;

use super::call::{Call, body_id, wrapped};
use super::errors::{Refusal, json_response};
use super::store::{Row, id_json};
use super::webhook::{self, EventType};
use super::writes::{date, origin};
use super::{Procore, stamp};
use crate::json::{Json, Object, object};

const RESOURCE: &str = "contract_payments";
const WRITABLE: [&str; 12] = [
    "date",
    "amount",
    "check_number",
    "payment_method",
    "invoice_number",
    "invoice_date",
    "payment_number",
    "draw_request_number",
    "requisition_id",
    "notes",
    "origin_id",
    "origin_data",
];
const METHODS: [&str; 3] = ["check", "credit_card", "electronic"];
const OPEN_WHEN_LOCKED: [&str; 2] = ["origin_id", "origin_data"];

/// Two decimals and more keep them; whole numbers get one: `29025` becomes `29025.0`.
fn amount_text(amount: Decimal) -> String {
    let plain = amount.normalize();
    if plain.scale() == 0 { format!("{plain}.0") } else { plain.to_string() }
}

fn add(body: &mut Json, member: &str, delta: Decimal) {
    if let Some(old) = body.get(member).and_then(Json::as_decimal) {
        body.set(member, amount_text(old + delta));
    }
}

impl Procore {
    /// The payment at an address, if it is of this project and contract.
    pub(super) fn payment(&self, id: &str, project: &str, contract: &str) -> Result<&Row, Refusal> {
        self.store
            .table(RESOURCE)
            .get(id)
            .filter(|row| row.project.as_deref() == Some(project) && row.parent.as_deref() == Some(contract))
            .filter(|row| self.store.visible(RESOURCE, id, row))
            .ok_or_else(Refusal::not_found)
    }

    pub(super) fn create_payment(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let (project, contract) = (body_id(&body, "project_id")?, body_id(&body, "contract_id")?);
        self.check_project(project)?;
        let fields = self.read_payment(&body, contract, None)?;
        let (_, row) = self
            .store
            .contract(contract)
            .filter(|(resource, row)| {
                row.project.as_deref() == Some(project)
                    && !row.marked_deleted()
                    && self.store.visible(resource, contract, row)
            })
            .ok_or_else(Refusal::not_found)?;
        if row.body.get("allow_payments").and_then(Json::as_bool) == Some(false) {
            return Err(Refusal::invalid("base", "Payments are not enabled for this contract"));
        }
        if !fields.contains_key("amount") {
            return Err(Refusal::invalid("amount", "is not a number"));
        }
        let numbers = self.store.table(RESOURCE).of_parent(contract);
        let highest = numbers.filter_map(|(_, row)| row.body.get("payment_number")?.as_id()?.parse::<i64>().ok()).max();
        let mut payment = object([("contract_id", id_json(contract)), ("project_id", id_json(project))]);
        for name in ["requisition_id", "amount", "date", "check_number", "invoice_number"] {
            payment.set(name, fields.get(name).cloned().unwrap_or_default());
        }
        let number = fields.get("payment_number").filter(|number| !number.is_null()).cloned();
        payment.set("payment_number", number.unwrap_or_else(|| (highest.unwrap_or(0) + 1).into()));
        payment.set("draw_request_number", fields.get("draw_request_number").cloned().unwrap_or_default());
        payment.set("notes", fields.get("notes").cloned().unwrap_or_else(|| "".into()));
        payment.set("status", "paid");
        for name in ["date_payment_initiated", "date_payment_settled", "external_payment_id", "origin_code"] {
            payment.set(name, Json::Null);
        }
        for name in ["origin_id", "origin_data"] {
            payment.set(name, fields.get(name).cloned().unwrap_or_default());
        }
        payment.set("attachments", Json::Array(Vec::new()));
        for name in ["created_at", "updated_at"] {
            payment.set(name, stamp(call.now));
        }
        let amount = payment.get("amount").and_then(Json::as_decimal).unwrap_or_default();
        let id = self.store.new_id();
        let mut members = Object::new();
        members.insert("id".to_owned(), id_json(&id));
        members.extend(payment.as_object().cloned().unwrap_or_default());
        let answer = json_response(StatusCode::CREATED, &Json::Object(members.clone()));
        self.store.insert(RESOURCE, Json::Object(members));
        self.book_payment(contract, amount);
        self.announce(call.now, webhook::subject(&self.store, RESOURCE, &id), EventType::Create, true);
        Ok(answer)
    }

    pub(super) fn update_payment(&mut self, call: &Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let (project, contract) = (body_id(&body, "project_id")?, body_id(&body, "contract_id")?);
        self.check_project(project)?;
        let row = self.payment(id, project, contract)?;
        let locked = row.text("origin_id").is_some();
        let before = row.body.get("amount").and_then(Json::as_decimal).unwrap_or_default();
        let fields = self.read_payment(&body, contract, Some(id))?;
        if locked && fields.keys().any(|name| !OPEN_WHEN_LOCKED.contains(&name.as_str())) {
            return Err(Refusal::locked());
        }
        let after = fields.get("amount").and_then(Json::as_decimal).unwrap_or(before);
        self.store.table_mut(RESOURCE).change(id, |payment| {
            for (name, value) in fields {
                // Written, but never shown.
                if name != "payment_method" && name != "invoice_date" {
                    payment.set(&name, value);
                }
            }
            payment.set("updated_at", stamp(call.now));
        });
        self.book_payment(contract, after - before);
        self.announce(call.now, webhook::subject(&self.store, RESOURCE, id), EventType::Update, true);
        let row = self.payment(id, project, contract)?;
        Ok(json_response(StatusCode::OK, &row.body))
    }

    /// Answers 200 without a body.
    pub(super) fn delete_payment(&mut self, call: &Call<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
        let (project, contract) = (call.required_id("project_id")?, call.required_id("contract_id")?);
        self.check_project(project)?;
        let row = self.payment(id, project, contract)?;
        if row.text("origin_id").is_some() {
            return Err(Refusal::locked());
        }
        let amount = row.body.get("amount").and_then(Json::as_decimal).unwrap_or_default();
        let subject = webhook::subject(&self.store, RESOURCE, id);
        self.store.table_mut(RESOURCE).remove(id);
        self.book_payment(contract, -amount);
        self.announce(call.now, subject, EventType::Delete, true);
        Ok(Response::new(Bytes::new()))
    }

    /// Reads and checks what a write brings. `id` is the payment that is changed, if it exists.
    fn read_payment(&self, body: &Json, contract: &str, id: Option<&str>) -> Result<Object, Refusal> {
        let mut fields = Object::new();
        for (name, value) in wrapped(body, "contract_payment")? {
            if name == "attachments" || name == "prostore_file_ids" {
                continue;
            }
            if !WRITABLE.contains(&name.as_str()) {
                return Err(Refusal::unknown_member(name));
            }
            let value = match name.as_str() {
                "amount" => {
                    let amount = value.as_decimal().ok_or_else(|| Refusal::invalid("amount", "is not a number"))?;
                    amount_text(amount).into()
                }
                "date" | "invoice_date" => date(value),
                "payment_method" if !value.is_null() && !value.as_str().is_some_and(|m| METHODS.contains(&m)) => {
                    return Err(Refusal::invalid("payment_method", "is not included in the list"));
                }
                "requisition_id" if !value.is_null() => {
                    let invoice = value.as_id().and_then(|id| self.store.table("requisitions").get(id));
                    if invoice.and_then(|row| row.parent.as_deref()) != Some(contract) {
                        return Err(Refusal::invalid("requisition_id", "must belong to the contract"));
                    }
                    value.as_id().map_or(Json::Null, id_json)
                }
                "origin_id" => origin(self.store.table(RESOURCE), id.unwrap_or(""), value)?,
                "check_number" | "invoice_number" | "notes" | "origin_data" => {
                    // Numbers are taken and kept as text.
                    value.as_id().map_or(Json::Null, Json::from)
                }
                _ => value.clone(),
            };
            fields.insert(name.clone(), value);
        }
        Ok(fields)
    }

    /// The sums that a contract shows follow its payments; its `updated_at` does not move for them.
    pub(super) fn book_payment(&mut self, contract: &str, delta: Decimal) {
        let Some((resource, _)) = self.store.contract(contract) else { return };
        self.store.table_mut(resource).change(contract, |body| {
            add(body, "total_payments", delta);
            add(body, "remaining_balance_outstanding", -delta);
            add(body, "outstanding_balance", -delta);
        });
    }
}
