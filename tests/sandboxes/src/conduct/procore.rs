//! What a sync may ask of Procore: to read, and to write payments, vendor records, origin ids and its own subscriptions,
//! and to record direct costs. Nothing else that changes something: no budget, commitment, change order, schedule of values or invoice.

use crate::json::Json;

/// Method, path with `{id}` for ids, and the members that the body may have: `wrapper/member`, or `*` for any.
const ALLOWED: &[(&str, &str, &[&str])] = &[
    ("POST", "/oauth/token", &["*"]),
    ("POST", "/oauth/revoke", &["*"]),
    ("GET", "/oauth/token/info", &[]),
    ("GET", "/rest/v1.0/companies", &[]),
    ("GET", "/rest/v1.0/me", &[]),
    ("GET", "/rest/v1.0/vendors", &[]),
    ("GET", "/rest/v1.0/vendors/{id}", &[]),
    ("GET", "/rest/v1.0/companies/{id}/vendors/inactive", &[]),
    ("GET", "/rest/v1.1/projects", &[]),
    ("GET", "/rest/v1.0/projects/{id}", &[]),
    ("GET", "/rest/v1.0/cost_codes", &[]),
    ("GET", "/rest/v1.0/line_item_types", &[]),
    ("GET", "/rest/v1.0/projects/{id}/work_breakdown_structure/wbs_codes", &[]),
    ("GET", "/rest/v1.0/budget_views", &[]),
    ("GET", "/rest/v1.0/budget_views/{id}/detail_rows", &[]),
    ("GET", "/rest/v1.0/work_order_contracts", &[]),
    ("GET", "/rest/v1.0/work_order_contracts/{id}", &[]),
    ("GET", "/rest/v1.0/purchase_order_contracts", &[]),
    ("GET", "/rest/v1.0/purchase_order_contracts/{id}", &[]),
    ("GET", "/rest/v1.0/work_order_contracts/{id}/line_item_contract_details", &[]),
    ("GET", "/rest/v1.0/purchase_order_contracts/{id}/line_item_contract_details", &[]),
    ("GET", "/rest/v1.0/projects/{id}/commitment_change_orders", &[]),
    ("GET", "/rest/v1.0/projects/{id}/commitment_change_orders/{id}", &[]),
    ("GET", "/rest/v1.0/projects/{id}/prime_change_orders", &[]),
    ("GET", "/rest/v1.0/projects/{id}/prime_change_orders/{id}", &[]),
    ("GET", "/rest/v1.0/work_order_contracts/{id}/line_items", &[]),
    ("GET", "/rest/v1.0/purchase_order_contracts/{id}/line_items", &[]),
    ("GET", "/rest/v2.0/companies/{id}/projects/{id}/commitment_change_orders/{id}/line_items", &[]),
    ("GET", "/rest/v2.0/companies/{id}/projects/{id}/prime_change_orders/{id}/line_items", &[]),
    ("GET", "/rest/v1.0/change_order_packages", &[]),
    ("GET", "/rest/v1.0/change_order_packages/{id}", &[]),
    ("GET", "/rest/v1.0/prime_contracts", &[]),
    ("GET", "/rest/v1.0/prime_contract/{id}", &[]),
    ("GET", "/rest/v1.0/projects/{id}/billing_periods", &[]),
    ("GET", "/rest/v1.1/requisitions", &[]),
    ("GET", "/rest/v1.1/requisitions/{id}", &[]),
    ("GET", "/rest/v1.0/requisitions/{id}/detail", &[]),
    ("GET", "/rest/v1.0/requisitions/{id}/pdf", &[]),
    ("GET", "/files/{id}", &[]),
    ("GET", "/files/{id}/content", &[]),
    ("GET", "/rest/v1.0/payment_applications", &[]),
    ("GET", "/rest/v1.0/payment_applications/{id}", &[]),
    ("GET", "/rest/v1.0/prime_contracts/{id}/payment_applications/{id}", &[]),
    ("GET", "/rest/v1.0/contract_payments", &[]),
    ("GET", "/rest/v1.0/contract_payments/{id}", &[]),
    ("POST", "/rest/v1.0/contract_payments", PAYMENT),
    ("PATCH", "/rest/v1.0/contract_payments/{id}", PAYMENT),
    ("DELETE", "/rest/v1.0/contract_payments/{id}", &[]),
    ("GET", "/rest/v1.1/projects/{id}/direct_costs", &[]),
    ("POST", "/rest/v1.1/projects/{id}/direct_costs", DIRECT_COST),
    ("POST", "/rest/v1.0/vendors", &["vendor/*"]),
    ("PATCH", "/rest/v1.0/vendors/{id}", &["vendor/*"]),
    ("PATCH", "/rest/v1.0/projects/{id}", &["project/origin_id"]),
    ("PATCH", "/rest/v1.0/work_order_contracts/{id}", &["work_order_contract/origin_id"]),
    ("PATCH", "/rest/v1.0/purchase_order_contracts/{id}", &["purchase_order_contract/origin_id"]),
    ("PATCH", "/rest/v1.0/change_order_packages/{id}", &["change_order/origin_id"]),
    ("PATCH", "/rest/v1.0/prime_contract/{id}", &["prime_contract/origin_id"]),
    ("PATCH", "/rest/v1.1/requisitions/{id}", &["requisition/origin_id"]),
    ("PATCH", "/rest/v1.0/prime_contracts/{id}/payment_applications/{id}", &["payment_application/origin_id"]),
    ("GET", "/rest/v2.0/companies/{id}/webhooks/hooks", &[]),
    ("GET", "/rest/v2.0/companies/{id}/webhooks/resources", &[]),
    ("GET", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}/triggers", &[]),
    ("POST", "/rest/v2.0/companies/{id}/webhooks/hooks", &["*"]),
    ("PATCH", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}", &["*"]),
    ("DELETE", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}", &[]),
    ("POST", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}/triggers/bulk", &["*"]),
    ("GET", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks", &[]),
    ("GET", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/resources", &[]),
    ("GET", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}/triggers", &[]),
    ("POST", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks", &["*"]),
    ("PATCH", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}", &["*"]),
    ("DELETE", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}", &[]),
    ("POST", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}/triggers/bulk", &["*"]),
];

/// What is recorded of a payment.
const PAYMENT: &[&str] = &[
    "contract_payment/date",
    "contract_payment/amount",
    "contract_payment/check_number",
    "contract_payment/payment_method",
    "contract_payment/invoice_number",
    "contract_payment/payment_number",
    "contract_payment/requisition_id",
    "contract_payment/draw_request_number",
    "contract_payment/notes",
    "contract_payment/origin_id",
    "contract_payment/origin_data",
];

/// What is recorded of a direct cost; what is recorded is never changed.
const DIRECT_COST: &[&str] = &[
    "direct_cost/direct_cost_type",
    "direct_cost/status",
    "direct_cost/vendor_id",
    "direct_cost/invoice_number",
    "direct_cost/direct_cost_date",
    "direct_cost/payment_date",
    "direct_cost/description",
    "direct_cost/origin_id",
    "direct_cost/line_items",
];

/// What is wrong with a request, if anything is. `endpoint` is method and path, with `{id}` for ids.
pub(super) fn check(endpoint: &str, body: &[u8]) -> Result<(), String> {
    let row = ALLOWED.iter().find(|(method, path, _)| endpoint.split_once(' ') == Some((method, path)));
    let Some((_, _, members)) = row else {
        return Err(format!("{endpoint} is not among the requests that a sync may send to Procore"));
    };
    if body.is_empty() || members.contains(&"*") {
        return Ok(());
    }
    let outside = |what: &str| Err(format!("{endpoint} sends `{what}`, which a sync may not write"));
    let Ok(Json::Object(body)) = Json::parse(body) else { return outside("no object") };
    for (wrapper, record) in &body {
        // v1 takes the ids of what it belongs to beside the record.
        if matches!(&**wrapper, "company_id" | "project_id" | "contract_id" | "commitment_id") {
            continue;
        }
        if members.contains(&&*format!("{wrapper}/*")) {
            continue;
        }
        let Json::Object(record) = record else { return outside(wrapper) };
        if let Some(name) =
            record.keys().map(|name| format!("{wrapper}/{name}")).find(|name| !members.contains(&&**name))
        {
            return outside(&name);
        }
    }
    Ok(())
}
