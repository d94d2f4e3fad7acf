//! Everything that this crate can write to Procore, as one list.
//!
//! A request that changes something is made from an entry of [`WRITE_PATHS`] and in no other way: the client takes no
//! method and no path for a write. So what stands here is what can happen: payments, direct costs, new vendors,
//! origin ids, and subscriptions to events. There is no budget, commitment, change order, schedule of values or invoice in it, but for the origin id that
//! joins one with its transaction.

use http::Method;

use crate::auth::QUERY;

/// A way to write: method, path and the members that may be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct WritePath {
    /// `POST`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The path, with `{id}` for every id.
    pub path: &'static str,
    /// The member that holds the record, where there is one (v1).
    pub wrapper: Option<&'static str>,
    /// The members of the record that may be sent; none for a request without a body.
    pub members: &'static [&'static str],
}

const fn path(
    method: &'static str,
    path: &'static str,
    wrapper: Option<&'static str>,
    members: &'static [&'static str],
) -> WritePath {
    WritePath { method, path, wrapper, members }
}

const ORIGIN: &[&str] = &["origin_id"];
const HOOK: &[&str] = &["payload_version", "namespace", "destination_url", "destination_headers", "status"];
const TRIGGER: &[&str] = &["resource_name", "event_type"];

pub(crate) const PAYMENT_CREATE: WritePath = path(
    "POST",
    "/rest/v1.0/contract_payments",
    Some("contract_payment"),
    &[
        "date",
        "amount",
        "check_number",
        "payment_method",
        "invoice_number",
        "draw_request_number",
        "requisition_id",
        "notes",
        "origin_id",
    ],
);
/// What an origin id does not lock: itself, and the text beside it.
pub(crate) const PAYMENT_MARK: WritePath =
    path("PATCH", "/rest/v1.0/contract_payments/{id}", Some("contract_payment"), &["origin_id", "origin_data"]);
pub(crate) const PAYMENT_DELETE: WritePath = path("DELETE", "/rest/v1.0/contract_payments/{id}", None, &[]);
/// Its lines are sent with it: `wbs_code_id`, `manual_amount`, `description`.
pub(crate) const DIRECT_COST_CREATE: WritePath = path(
    "POST",
    "/rest/v1.1/projects/{id}/direct_costs",
    Some("direct_cost"),
    &[
        "direct_cost_type",
        "status",
        "vendor_id",
        "invoice_number",
        "direct_cost_date",
        "payment_date",
        "description",
        "origin_id",
        "line_items",
    ],
);
/// A company of the directory that the accounting system had first.
pub(crate) const VENDOR_CREATE: WritePath = path(
    "POST",
    "/rest/v1.0/vendors",
    Some("vendor"),
    &["name", "address", "city", "state_code", "zip", "country_code", "business_phone", "email_address", "origin_id"],
);
pub(crate) const PROJECT_ORIGIN: WritePath = path("PATCH", "/rest/v1.0/projects/{id}", Some("project"), ORIGIN);
pub(crate) const VENDOR_ORIGIN: WritePath = path("PATCH", "/rest/v1.0/vendors/{id}", Some("vendor"), ORIGIN);
pub(crate) const SUBCONTRACT_ORIGIN: WritePath =
    path("PATCH", "/rest/v1.0/work_order_contracts/{id}", Some("work_order_contract"), ORIGIN);
pub(crate) const PURCHASE_ORDER_ORIGIN: WritePath =
    path("PATCH", "/rest/v1.0/purchase_order_contracts/{id}", Some("purchase_order_contract"), ORIGIN);
pub(crate) const PACKAGE_ORIGIN: WritePath =
    path("PATCH", "/rest/v1.0/change_order_packages/{id}", Some("change_order"), ORIGIN);
pub(crate) const PRIME_CONTRACT_ORIGIN: WritePath =
    path("PATCH", "/rest/v1.0/prime_contract/{id}", Some("prime_contract"), ORIGIN);
pub(crate) const PAY_APP_ORIGIN: WritePath = path("PATCH", "/rest/v1.1/requisitions/{id}", Some("requisition"), ORIGIN);
pub(crate) const OWNER_INVOICE_ORIGIN: WritePath =
    path("PATCH", "/rest/v1.0/prime_contracts/{id}/payment_applications/{id}", Some("payment_application"), ORIGIN);
pub(crate) const COMPANY_HOOK_CREATE: WritePath = path("POST", "/rest/v2.0/companies/{id}/webhooks/hooks", None, HOOK);
pub(crate) const COMPANY_HOOK_CHANGE: WritePath =
    path("PATCH", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}", None, HOOK);
pub(crate) const COMPANY_HOOK_DELETE: WritePath =
    path("DELETE", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}", None, &[]);
pub(crate) const COMPANY_TRIGGERS: WritePath =
    path("POST", "/rest/v2.0/companies/{id}/webhooks/hooks/{id}/triggers/bulk", None, TRIGGER);
pub(crate) const PROJECT_HOOK_CREATE: WritePath =
    path("POST", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks", None, HOOK);
pub(crate) const PROJECT_HOOK_CHANGE: WritePath =
    path("PATCH", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}", None, HOOK);
pub(crate) const PROJECT_HOOK_DELETE: WritePath =
    path("DELETE", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}", None, &[]);
pub(crate) const PROJECT_TRIGGERS: WritePath =
    path("POST", "/rest/v2.0/companies/{id}/projects/{id}/webhooks/hooks/{id}/triggers/bulk", None, TRIGGER);

/// Everything that this crate can write to Procore.
pub const WRITE_PATHS: &[WritePath] = &[
    PAYMENT_CREATE,
    PAYMENT_MARK,
    PAYMENT_DELETE,
    DIRECT_COST_CREATE,
    VENDOR_CREATE,
    PROJECT_ORIGIN,
    VENDOR_ORIGIN,
    SUBCONTRACT_ORIGIN,
    PURCHASE_ORDER_ORIGIN,
    PACKAGE_ORIGIN,
    PRIME_CONTRACT_ORIGIN,
    PAY_APP_ORIGIN,
    OWNER_INVOICE_ORIGIN,
    COMPANY_HOOK_CREATE,
    COMPANY_HOOK_CHANGE,
    COMPANY_HOOK_DELETE,
    COMPANY_TRIGGERS,
    PROJECT_HOOK_CREATE,
    PROJECT_HOOK_CHANGE,
    PROJECT_HOOK_DELETE,
    PROJECT_TRIGGERS,
];

impl WritePath {
    /// The entry that a request belongs to, by method and path without query; none for a write that may not be.
    pub fn of(method: &str, path: &str) -> Option<&'static Self> {
        WRITE_PATHS.iter().find(|known| known.method == method && known.fits(path))
    }

    fn fits(&self, path: &str) -> bool {
        let mut given = path.split('/');
        let all = self.path.split('/').all(|wanted| match given.next() {
            Some(id) if wanted == "{id}" => !id.is_empty(),
            Some(word) => word == wanted,
            None => false,
        });
        all && given.next().is_none()
    }

    pub(crate) fn verb(&self) -> Method {
        match self.method {
            "POST" => Method::POST,
            "PATCH" => Method::PATCH,
            _ => Method::DELETE,
        }
    }

    /// The path with these ids, in their order.
    pub(crate) fn with(&self, ids: &[&str]) -> String {
        let mut ids = ids.iter();
        let mut filled = String::with_capacity(self.path.len() + 32);
        for (at, part) in self.path.split("{id}").enumerate() {
            if at > 0 {
                filled.extend(percent_encoding::utf8_percent_encode(ids.next().copied().unwrap_or_default(), QUERY));
            }
            filled.push_str(part);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_payments_direct_costs_vendors_origin_ids_and_subscriptions() {
        // given every way to write
        for known in WRITE_PATHS {
            let payment = known.path.starts_with("/rest/v1.0/contract_payments");
            let new =
                known.method == "POST" && (known.path.ends_with("/direct_costs") || known.path.ends_with("/vendors"));
            let subscription = known.path.contains("/webhooks/hooks");
            // then whatever is neither a payment, nor a new direct cost or vendor, nor a subscription changes the origin id and
            // nothing else
            assert!(
                payment || new || subscription || (known.method == "PATCH" && known.members == ORIGIN),
                "{known:?}"
            );
            assert!(!known.path.contains("budget") && !known.path.contains("line_items"), "{known:?}");
        }
    }

    #[test]
    fn a_request_is_known_by_method_and_path() {
        let of = |method, path| WritePath::of(method, path).map(|known| known.path);
        assert_eq!(of("POST", "/rest/v1.0/contract_payments"), Some("/rest/v1.0/contract_payments"));
        assert_eq!(of("PATCH", "/rest/v1.0/contract_payments/7"), Some("/rest/v1.0/contract_payments/{id}"));
        for (method, path) in [
            ("PUT", "/rest/v1.0/contract_payments"),
            ("POST", "/rest/v1.0/contract_payments/7"),
            ("PATCH", "/rest/v1.0/contract_payments/"),
            ("DELETE", "/rest/v1.0/contract_payments/7/x"),
            ("POST", "/rest/v1.0/work_order_contracts"),
            ("PATCH", "/rest/v1.0/work_order_contracts/7/line_items/8"),
            ("POST", "/rest/v1.1/requisitions"),
            ("PATCH", "/rest/v1.1/projects/5/direct_costs/7"),
            ("DELETE", "/rest/v1.1/projects/5/direct_costs/7"),
            ("PATCH", "/rest/v1.0/budget_line_items/7"),
        ] {
            assert_eq!(of(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn ids_cannot_leave_their_place() {
        let filled = OWNER_INVOICE_ORIGIN.with(&["5/6?x", "7"]);
        assert_eq!(filled, "/rest/v1.0/prime_contracts/5%2F6%3Fx/payment_applications/7");
        assert_eq!(WritePath::of("PATCH", &filled), Some(&OWNER_INVOICE_ORIGIN));
    }
}
