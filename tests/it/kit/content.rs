//! What a QuickBooks company holds, in words that do not depend on the order in which it was written: references by name,
//! no ids, no versions, no times.

use std::collections::HashMap;

use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::QuickBooks;

use super::ledger::{items, marked, text};

const WRITTEN: [&str; 8] =
    ["Customer", "Vendor", "PurchaseOrder", "Bill", "VendorCredit", "Estimate", "Invoice", "CreditMemo"];

/// One text for each record, sorted.
pub(crate) fn content(quickbooks: &QuickBooks) -> Vec<String> {
    let names = Names::of(quickbooks);
    let mut records = Vec::new();
    for entity in WRITTEN {
        records.extend(quickbooks.all(entity).map(|record| format!("{entity} {}", names.plain(record, ""))));
    }
    records.sort_unstable();
    records
}

/// What differs between two contents, for the message of a test: the first few records.
pub(crate) fn difference(expected: &[String], found: &[String]) -> String {
    let missing: Vec<&String> = expected.iter().filter(|record| !found.contains(record)).collect();
    let extra: Vec<&String> = found.iter().filter(|record| !expected.contains(record)).collect();
    let mut lines = vec![format!("{} records are missing, {} should not be there", missing.len(), extra.len())];
    for record in missing.iter().take(2) {
        lines.push(format!("- {}", window(record, &extra)));
    }
    for record in extra.iter().take(2) {
        lines.push(format!("+ {}", window(record, &missing)));
    }
    lines.join("\n")
}

/// The beginning of a record, and what it has where it parts from the record on the other side that is most like it.
fn window(record: &str, others: &[&String]) -> String {
    let common = |other: &str| record.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let parts = others.iter().map(|other| common(other)).max().unwrap_or(0);
    let text = |from: usize, length: usize| {
        String::from_utf8_lossy(&record.as_bytes()[from..]).chars().take(length).collect::<String>()
    };
    format!("{} ... {}", text(0, 60), text(parts.saturating_sub(80), 240))
}

struct Names<'q> {
    by_id: HashMap<(&'static str, &'q str), &'q str>,
    /// Places of purchase order lines, by order and line.
    lines: HashMap<(&'q str, &'q str), usize>,
}

impl<'q> Names<'q> {
    fn of(quickbooks: &'q QuickBooks) -> Self {
        let mut names = Self { by_id: HashMap::new(), lines: HashMap::new() };
        for entity in WRITTEN {
            for record in quickbooks.all(entity) {
                let name = match entity {
                    "Customer" => text(record, &["FullyQualifiedName"]),
                    "Vendor" => text(record, &["DisplayName"]),
                    _ => marked(record),
                };
                names.by_id.insert((entity, text(record, &["Id"])), name);
            }
        }
        for order in quickbooks.all("PurchaseOrder") {
            for (place, line) in items(order, "Line").iter().enumerate() {
                names.lines.insert((text(order, &["Id"]), text(line, &["Id"])), place);
            }
        }
        names
    }

    fn name(&self, entity: &'static str, id: &str) -> String {
        self.by_id.get(&(entity, id)).map_or_else(|| format!("{entity} {id}"), |name| (*name).to_owned())
    }

    fn plain(&self, json: &Json, member: &str) -> Json {
        match json {
            Json::Object(members) if member == "LinkedTxn" => {
                let id = members.get("TxnId").and_then(Json::as_id).unwrap_or_default();
                let line = members.get("TxnLineId").and_then(Json::as_id).unwrap_or_default();
                match members.get("TxnType").and_then(Json::as_str) {
                    Some("PurchaseOrder") => {
                        let place = self.lines.get(&(id, line)).map(ToString::to_string).unwrap_or_default();
                        Json::from(format!("{} line {place}", self.name("PurchaseOrder", id)))
                    }
                    Some("Bill") => Json::from(self.name("Bill", id)),
                    other => Json::from(format!("{} {id}", other.unwrap_or_default())),
                }
            }
            Json::Object(members) => {
                let kept = members.iter().filter(|(name, _)| !["Id", "SyncToken", "MetaData"].contains(&name.as_str()));
                let plain = kept.map(|(name, value)| {
                    let entity = match name.as_str() {
                        "CustomerRef" | "ParentRef" => Some("Customer"),
                        "VendorRef" => Some("Vendor"),
                        _ => None,
                    };
                    let value = match entity {
                        Some(entity) => Json::from(self.name(entity, text(value, &["value"]))),
                        None => self.plain(value, name),
                    };
                    (name.clone(), value)
                });
                let mut plain: Vec<(String, Json)> = plain.collect();
                plain.sort_by(|a, b| a.0.cmp(&b.0));
                Json::Object(plain.into_iter().collect())
            }
            Json::Array(all) => {
                let mut all: Vec<Json> = all.iter().map(|one| self.plain(one, member)).collect();
                if member == "LinkedTxn" {
                    all.sort_by_key(ToString::to_string);
                }
                Json::Array(all)
            }
            other => other.clone(),
        }
    }
}
