//! The bodies of writes.

use serde_json::{Map, Value};

use sync_core::actuals::{Paid, PaymentFact, PaymentMethod};
use sync_core::connector::BankState;
use sync_core::direct_costs::{CostKind, DirectCostFact};
use sync_core::model::Date;
use sync_core::model::accounting::Vendor;

use crate::write_paths::WritePath;

/// An id as v1 takes it: a number where it is one. Ids stay below 2^64, so nothing is rounded.
fn id(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

fn wrapped(path: &WritePath, scope: &[(&str, &dyn AsRef<str>)], record: Map<String, Value>) -> String {
    let mut body: Map<String, Value> =
        scope.iter().map(|(name, value)| ((*name).to_owned(), id((*value).as_ref()))).collect();
    body.insert(path.wrapper.unwrap_or_default().to_owned(), Value::Object(record));
    Value::Object(body).to_string()
}

/// `{"project_id", "contract_id", "contract_payment": {…}}`; amounts are strings, dates `YYYY-MM-DD`.
pub(super) fn payment(fact: &PaymentFact) -> String {
    let mut record = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            record.insert(name.to_owned(), value);
        }
    };
    let text = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(Value::from);
    set("date", Some(Value::from(fact.date.format("%Y-%m-%d").to_string())));
    set("amount", Some(Value::from(fact.amount.to_string())));
    set("check_number", text(fact.number.as_deref()));
    set("payment_method", fact.method.map(|method| Value::from(word(method))));
    set("invoice_number", text(fact.invoice_number.as_deref()));
    let notes = match &fact.paid {
        Paid::PayApp(pay_app) => {
            set("requisition_id", Some(id(pay_app.as_str())));
            "Paid in QuickBooks"
        }
        Paid::OwnerInvoice { number, .. } => {
            set("draw_request_number", Some(Value::from(*number)));
            "Received in QuickBooks"
        }
    };
    set("notes", Some(Value::from(notes)));
    set("origin_id", Some(Value::from(fact.origin.as_str())));
    let path = &crate::write_paths::PAYMENT_CREATE;
    wrapped(path, &[("project_id", &fact.project), ("contract_id", &fact.contract)], record)
}

/// `{"direct_cost": {…, "line_items": [{"wbs_code_id", "manual_amount", "description"}]}}`; amounts are strings.
pub(super) fn direct_cost(fact: &DirectCostFact) -> String {
    let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(Value::from);
    let day = |day: Date| Value::from(day.format("%Y-%m-%d").to_string());
    let lines = fact.lines.iter().map(|line| {
        let mut members = Map::new();
        members.insert("wbs_code_id".to_owned(), id(&line.budget_code));
        members.insert("manual_amount".to_owned(), Value::from(line.amount.to_string()));
        members.extend(text(&line.description).map(|text| ("description".to_owned(), text)));
        Value::Object(members)
    });
    let kind = match fact.kind {
        CostKind::Invoice => "invoice",
        CostKind::Expense => "expense",
    };
    let members = [
        ("direct_cost_type", Some(Value::from(kind))),
        ("status", Some(Value::from("approved"))),
        ("vendor_id", fact.vendor.as_ref().map(|vendor| id(vendor.as_str()))),
        ("invoice_number", fact.number.as_deref().and_then(text)),
        ("direct_cost_date", Some(day(fact.date))),
        ("payment_date", fact.paid.map(day)),
        ("description", text(&fact.description)),
        ("origin_id", Some(Value::from(fact.origin.as_str()))),
        ("line_items", Some(Value::Array(lines.collect()))),
    ];
    let record = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    wrapped(&crate::write_paths::DIRECT_COST_CREATE, &[], record.collect())
}

/// `{"company_id", "vendor": {…}}`.
pub(super) fn vendor(company: &str, vendor: &Vendor, origin: &str) -> String {
    let text = |text: Option<&String>| text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(Value::from);
    let address = vendor.address.clone().unwrap_or_default();
    let members = [
        ("name", text(Some(&vendor.name))),
        ("address", text(address.street.as_ref())),
        ("city", text(address.city.as_ref())),
        ("state_code", text(address.state.as_ref())),
        ("zip", text(address.postal_code.as_ref())),
        ("country_code", text(address.country.as_ref())),
        ("business_phone", text(vendor.phone.as_ref())),
        ("email_address", text(vendor.email.as_ref())),
        ("origin_id", Some(Value::from(origin))),
    ];
    let record = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    wrapped(&crate::write_paths::VENDOR_CREATE, &[("company_id", &company)], record.collect())
}

fn word(method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::Check => "check",
        PaymentMethod::CreditCard => "credit_card",
        PaymentMethod::Electronic => "electronic",
    }
}

/// A record with an origin id and nothing else.
pub(super) fn origin(path: &WritePath, scope: &[(&str, &dyn AsRef<str>)], origin: Option<&str>) -> String {
    wrapped(path, scope, Map::from_iter([("origin_id".to_owned(), origin.map_or(Value::Null, Value::from))]))
}

/// How far a payment has come at the bank, as text in `origin_data`.
pub(super) fn bank(scope: &[(&str, &dyn AsRef<str>)], state: BankState, seen: Date) -> String {
    let data = serde_json::json!({ "bank": state.as_str(), "seen": seen.format("%Y-%m-%d").to_string() });
    let record = Map::from_iter([("origin_data".to_owned(), Value::from(data.to_string()))]);
    wrapped(&crate::write_paths::PAYMENT_MARK, scope, record)
}
