//! Everything that this crate can ever send. What is not in [`ALLOWED`] is not sent: each write is looked up in it first.
//!
//! There is no row that writes an account, an item, a class, a term, a tax code, a setting or an employee: the chart of
//! accounts and the set-up of the company belong to the accountant.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entity::Entity;
use crate::raw::Object;

/// A kind of request that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// HTTP method.
    pub method: &'static str,
    /// Path, with `{realm}`, `{entity}`, `{id}` and `{report}` for what varies.
    pub path: &'static str,
    /// The entity that is written; none for reads.
    pub entity: Option<Entity>,
    /// `token`, `revoke`, `query`, `read`, `cdc`, `report`, `batch`, `upload`, `create`, `update`, `delete` or `void`.
    pub operation: &'static str,
    /// Does the sync itself send it? If not, only a program that calls the client for it.
    pub by_sync: bool,
}

const fn row(method: &'static str, path: &'static str, operation: &'static str) -> Allowed {
    Allowed { method, path, entity: None, operation, by_sync: true }
}

const fn write(path: &'static str, entity: Entity, operation: &'static str) -> Allowed {
    Allowed { method: "POST", path, entity: Some(entity), operation, by_sync: true }
}

const fn by_hand(path: &'static str, entity: Entity, operation: &'static str) -> Allowed {
    Allowed { by_sync: false, ..write(path, entity, operation) }
}

/// Every kind of request that may be sent.
pub const ALLOWED: &[Allowed] = &[
    row("POST", "/oauth2/v1/tokens/bearer", "token"),
    row("POST", "/v2/oauth2/tokens/revoke", "revoke"),
    row("GET", "/v3/company/{realm}/query", "query"),
    row("POST", "/v3/company/{realm}/query", "query"),
    row("GET", "/v3/company/{realm}/cdc", "cdc"),
    row("POST", "/v3/company/{realm}/batch", "batch"),
    row("GET", "/v3/company/{realm}/reports/{report}", "report"),
    row("GET", "/v3/company/{realm}/{entity}/{id}", "read"),
    write("/v3/company/{realm}/upload", Entity::Attachable, "upload"),
    write("/v3/company/{realm}/customer", Entity::Customer, "create"),
    write("/v3/company/{realm}/customer", Entity::Customer, "update"),
    write("/v3/company/{realm}/vendor", Entity::Vendor, "create"),
    write("/v3/company/{realm}/vendor", Entity::Vendor, "update"),
    write("/v3/company/{realm}/purchaseorder", Entity::PurchaseOrder, "create"),
    write("/v3/company/{realm}/purchaseorder", Entity::PurchaseOrder, "update"),
    write("/v3/company/{realm}/purchaseorder", Entity::PurchaseOrder, "delete"),
    write("/v3/company/{realm}/bill", Entity::Bill, "create"),
    write("/v3/company/{realm}/bill", Entity::Bill, "update"),
    write("/v3/company/{realm}/bill", Entity::Bill, "delete"),
    write("/v3/company/{realm}/vendorcredit", Entity::VendorCredit, "create"),
    write("/v3/company/{realm}/vendorcredit", Entity::VendorCredit, "update"),
    write("/v3/company/{realm}/vendorcredit", Entity::VendorCredit, "delete"),
    write("/v3/company/{realm}/estimate", Entity::Estimate, "create"),
    write("/v3/company/{realm}/estimate", Entity::Estimate, "update"),
    write("/v3/company/{realm}/estimate", Entity::Estimate, "delete"),
    write("/v3/company/{realm}/invoice", Entity::Invoice, "create"),
    write("/v3/company/{realm}/invoice", Entity::Invoice, "update"),
    write("/v3/company/{realm}/invoice", Entity::Invoice, "void"),
    write("/v3/company/{realm}/creditmemo", Entity::CreditMemo, "create"),
    write("/v3/company/{realm}/creditmemo", Entity::CreditMemo, "update"),
    write("/v3/company/{realm}/creditmemo", Entity::CreditMemo, "delete"),
    write("/v3/company/{realm}/journalentry", Entity::JournalEntry, "create"),
    write("/v3/company/{realm}/journalentry", Entity::JournalEntry, "update"),
    write("/v3/company/{realm}/journalentry", Entity::JournalEntry, "delete"),
    by_hand("/v3/company/{realm}/invoice", Entity::Invoice, "delete"),
    by_hand("/v3/company/{realm}/billpayment", Entity::BillPayment, "void"),
    by_hand("/v3/company/{realm}/payment", Entity::Payment, "void"),
    by_hand("/v3/company/{realm}/salesreceipt", Entity::SalesReceipt, "void"),
];

/// May this be written?
pub(crate) fn may_write(entity: Entity, operation: &str) -> bool {
    written(entity, operation).is_some()
}

fn written(entity: Entity, operation: &str) -> Option<&'static Allowed> {
    ALLOWED.iter().find(|row| row.entity == Some(entity) && row.operation == operation)
}

/// The rows that a request stands under: one, and for a batch one more for each item that writes. For tests that check
/// what was sent, by a log that they trust more than the client. `target` is path and query.
///
/// # Errors
/// What is not allowed about it, in words.
pub fn rows_of(method: &str, target: &str, body: &[u8]) -> Result<Vec<&'static Allowed>, String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let outside = || format!("{method} {path} is not among the requests that may be sent");
    let mut rows = ALLOWED.iter().filter(|row| row.method == method && fits(row.path, path)).peekable();
    let first = **rows.peek().ok_or_else(outside)?;
    if first.operation == "batch" {
        let batch = rows.next().ok_or_else(outside)?;
        return items(batch, body);
    }
    if first.entity.is_none() || first.operation == "upload" {
        return Ok(rows.next().into_iter().collect());
    }
    let has_id = serde_json::from_slice::<Object<'_>>(body).is_ok_and(|object| object.get("Id").is_some());
    let is = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let operation = match () {
        () if is("operation=delete") => "delete",
        () if is("operation=void") || is("include=void") => "void",
        () if has_id => "update",
        () => "create",
    };
    match rows.find(|row| row.operation == operation) {
        Some(row) => Ok(vec![row]),
        None => Err(format!("{operation} by {method} {path} is not among the requests that may be sent")),
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || (wanted.starts_with('{') && !found.is_empty()) => {}
            _ => return false,
        }
    }
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(rename = "BatchItemRequest", borrow)]
    items: Vec<&'a RawValue>,
}

fn items(batch: &'static Allowed, body: &[u8]) -> Result<Vec<&'static Allowed>, String> {
    let read: Batch<'_> = serde_json::from_slice(body).map_err(|error| format!("a batch cannot be read: {error}"))?;
    let mut rows = vec![batch];
    for item in read.items {
        let item = Object::read(item).map_err(|error| format!("an item of a batch cannot be read: {error}"))?;
        if item.get("Query").is_some() {
            continue;
        }
        let operation: String = item.get_as("operation").unwrap_or_default();
        let entity = Entity::ALL.iter().find(|entity| item.get(entity.as_str()).is_some());
        // No batch is documented to void.
        let row = entity.filter(|_| operation != "void").and_then(|entity| written(*entity, &operation));
        let name = entity.map_or("an unknown entity", |entity| entity.as_str());
        rows.push(row.ok_or_else(|| format!("{operation} of {name} in a batch is not among what may be sent"))?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_told_from_what_is_not() {
        let found = |method: &str, target: &str, body: &str| {
            rows_of(method, target, body.as_bytes())
                .map(|rows| rows.iter().map(|row| row.operation).collect::<Vec<_>>().join(" "))
        };
        for (method, target, body, operation) in [
            ("GET", "/v3/company/1/query?query=x", "", "query"),
            ("GET", "/v3/company/1/bill/7?minorversion=75", "", "read"),
            ("GET", "/v3/company/1/reports/TransactionList?a=b", "", "report"),
            ("POST", "/v3/company/1/bill?requestid=a", "{}", "create"),
            ("POST", "/v3/company/1/bill?requestid=a", r#"{"Id":"1"}"#, "update"),
            ("POST", "/v3/company/1/bill?operation=delete", r#"{"Id":"1"}"#, "delete"),
            ("POST", "/v3/company/1/invoice?operation=void", r#"{"Id":"1"}"#, "void"),
            ("POST", "/v3/company/1/upload?requestid=a", "--x", "upload"),
            (
                "POST",
                "/v3/company/1/batch",
                r#"{"BatchItemRequest":[{"bId":"0","Query":"x"},{"bId":"1","operation":"create","Bill":{}}]}"#,
                "batch create",
            ),
        ] {
            assert_eq!(found(method, target, body).as_deref(), Ok(operation), "{method} {target}");
        }
        for (method, target, body) in [
            ("POST", "/v3/company/1/account", "{}"),
            ("POST", "/v3/company/1/item", r#"{"Id":"1"}"#),
            ("POST", "/v3/company/1/preferences", "{}"),
            ("POST", "/v3/company/1/payment", "{}"),
            ("POST", "/v3/company/1/bill?operation=void", r#"{"Id":"1"}"#),
            ("POST", "/v3/company/1/taxservice/taxcode", "{}"),
            ("DELETE", "/v3/company/1/bill/7", ""),
            ("POST", "/v3/company/1/batch", r#"{"BatchItemRequest":[{"operation":"create","Account":{}}]}"#),
            ("POST", "/v3/company/1/batch", r#"{"BatchItemRequest":[{"operation":"void","Invoice":{}}]}"#),
            ("POST", "/v3/company/1/batch", "x"),
        ] {
            assert!(found(method, target, body).is_err(), "{method} {target} {body}");
        }
    }

    #[test]
    fn nothing_of_the_set_up_of_a_company_is_written() {
        for entity in [
            Entity::Account,
            Entity::Class,
            Entity::Department,
            Entity::Employee,
            Entity::Item,
            Entity::Preferences,
            Entity::CompanyInfo,
            Entity::Term,
        ] {
            assert!(ALLOWED.iter().all(|row| row.entity != Some(entity)), "{entity}");
        }
        for row in ALLOWED.iter().filter(|row| !matches!(row.operation, "upload")) {
            if let Some(entity) = row.entity {
                assert!(row.path.ends_with(&format!("/{}", entity.path())), "{row:?}");
            }
        }
    }
}
