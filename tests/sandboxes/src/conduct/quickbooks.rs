//! What a sync may ask of QuickBooks Online: to read, and to write documents and names in the published form. Never an
//! account, item, class, term, tax code, employee or setting.

use super::schema;
use crate::json::Json;

/// Entity and what may be done to it.
const WRITES: &[(&str, &[&str])] = &[
    ("Customer", &["create", "update"]),
    ("Vendor", &["create", "update"]),
    ("PurchaseOrder", &["create", "update", "delete"]),
    ("Bill", &["create", "update", "delete"]),
    ("VendorCredit", &["create", "update", "delete"]),
    ("Estimate", &["create", "update", "delete"]),
    ("Invoice", &["create", "update", "delete", "void"]),
    ("CreditMemo", &["create", "update", "delete"]),
    ("JournalEntry", &["create", "update", "delete"]),
    ("Attachable", &["upload"]),
    // By a program that calls the client for it; the sync never does.
    ("Payment", &["void"]),
    ("BillPayment", &["void"]),
    ("SalesReceipt", &["void"]),
];

/// A request, as its name in lists and what is wrong with it, for each thing that it asks for: a batch asks for many.
pub(super) fn check(method: &str, path: &str, query: &str, body: &[u8]) -> Vec<(String, Result<(), String>)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let fine = |name: &str| vec![(name.to_owned(), Ok(()))];
    match (method, segments.as_slice()) {
        ("POST", ["oauth2", "v1", "tokens", "bearer"]) => fine("POST token"),
        ("POST", ["v2", "oauth2", "tokens", "revoke"]) => fine("POST revoke"),
        ("GET" | "POST", ["v3", "company", _, "query"]) => fine(&format!("{method} query")),
        ("GET", ["v3", "company", _, "cdc"]) => fine("GET cdc"),
        ("GET", ["v3", "company", _, "reports", report]) => fine(&format!("GET report {report}")),
        ("GET", ["v3", "company", _, entity, _]) => fine(&format!("GET {entity}")),
        ("POST", ["v3", "company", _, "upload"]) => fine("POST upload Attachable"),
        ("POST", ["v3", "company", _, "batch"]) => batch(body),
        ("POST", ["v3", "company", _, entity]) => {
            let known = WRITES.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(entity));
            let entity = known.unwrap_or(entity);
            let is = |wanted: &str| query.split('&').any(|pair| pair == wanted);
            let Ok(body) = Json::parse(body) else {
                return vec![(format!("POST {entity}"), Err(format!("the body of a {entity} is not JSON")))];
            };
            let operation = match () {
                () if is("operation=delete") => "delete",
                () if is("operation=void") || is("include=void") => "void",
                () if body.get("Id").is_some() => "update",
                () => "create",
            };
            vec![(format!("POST {operation} {entity}"), write(entity, operation, &body))]
        }
        _ => {
            let name = format!("{method} {path}");
            let text = format!("{name} is not among the requests that a sync may send to QuickBooks");
            vec![(name, Err(text))]
        }
    }
}

fn batch(body: &[u8]) -> Vec<(String, Result<(), String>)> {
    let items = Json::parse(body).ok().and_then(|body| match body.get("BatchItemRequest") {
        Some(Json::Array(items)) => Some(items.clone()),
        _ => None,
    });
    let Some(items) = items else { return vec![("POST batch".to_owned(), Err("a batch without items".to_owned()))] };
    items.iter().map(item).collect()
}

fn item(item: &Json) -> (String, Result<(), String>) {
    if item.get("Query").is_some() {
        return ("batch query".to_owned(), Ok(()));
    }
    let operation = item.get("operation").and_then(Json::as_str).unwrap_or_default().to_owned();
    let own = |name: &str| matches!(name, "bId" | "operation" | "optionsData");
    let members = item.as_object();
    let found = members.and_then(|members| members.iter().find(|(name, _)| !own(name)));
    let Some((entity, body)) = found else {
        return (format!("batch {operation}"), Err("an item of a batch without an entity".to_owned()));
    };
    // No batch is documented to void.
    let checked =
        if operation == "void" { Err(format!("a batch voids a {entity}")) } else { write(entity, &operation, body) };
    (format!("batch {operation} {entity}"), checked)
}

fn write(entity: &str, operation: &str, body: &Json) -> Result<(), String> {
    let allowed = WRITES.iter().any(|(name, operations)| *name == entity && operations.contains(&operation));
    if !allowed {
        return Err(format!("{operation} of {entity} is not among what a sync may write to QuickBooks"));
    }
    let unknown = schema::unknown(entity, body);
    if unknown.is_empty() { Ok(()) } else { Err(format!("{operation} of {entity}: {}", unknown.join("; "))) }
}
