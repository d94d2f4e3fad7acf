//! The published schema as a table, and the check of a body against it. It stands apart from what the double itself
//! checks, so that one mistake is not made twice.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::json::Json;

const TABLE: &str = include_str!("published.txt");

struct Table {
    types: HashMap<&'static str, Type>,
}

#[derive(Default)]
struct Type {
    parent: Option<&'static str>,
    members: HashMap<&'static str, &'static str>,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let types = lines.filter_map(|line| line.split_once(':')).map(|(name, rest)| {
            let mut read = Type::default();
            for word in rest.split_whitespace() {
                match word.split_once('=') {
                    Some((member, kind)) => drop(read.members.insert(member, kind)),
                    None => read.parent = word.strip_prefix('+'),
                }
            }
            (name, read)
        });
        Table { types: types.collect() }
    })
}

impl Table {
    fn kind(&self, of: &str, member: &str) -> Option<&'static str> {
        let found = self.types.get(of)?;
        found.members.get(member).copied().or_else(|| self.kind(found.parent?, member))
    }
}

/// What the published schema does not know in the body of an entity, each with its path.
pub(super) fn unknown(entity: &str, body: &Json) -> Vec<String> {
    let mut faults = Vec::new();
    if table().types.contains_key(entity) {
        object(entity, entity, body, &mut faults);
    } else {
        faults.push(format!("{entity} is not in the table of published entities"));
    }
    faults
}

fn object(kind: &str, path: &str, body: &Json, faults: &mut Vec<String>) {
    let Some(members) = body.as_object() else {
        faults.push(format!("{path}: an object is published, and it is {body}"));
        return;
    };
    for (name, value) in members {
        match table().kind(kind, name) {
            Some(kind) => check(kind, &format!("{path}.{name}"), value, faults),
            None => faults.push(format!("{path}.{name} is not published")),
        }
    }
}

fn check(kind: &str, path: &str, value: &Json, faults: &mut Vec<String>) {
    if let Some(one) = kind.strip_suffix('*') {
        match value.as_array() {
            Some(items) => {
                items.iter().enumerate().for_each(|(at, item)| check(one, &format!("{path}[{at}]"), item, faults));
            }
            None => faults.push(format!("{path}: a list is published, and it is {value}")),
        }
        return;
    }
    let text = match value {
        Json::String(text) => Some(text.as_str()),
        _ => None,
    };
    let number = match value {
        Json::Number(text) => Some(text.as_str()),
        _ => None,
    };
    let fine = match kind {
        "any" => true,
        "text" => text.is_some(),
        "id" => text.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit() || b == b'-')),
        "decimal" => number.is_some_and(|n| !n.contains(['e', 'E'])),
        "whole" => number.is_some_and(|n| !n.contains(['.', 'e', 'E'])),
        "flag" => matches!(value, Json::Bool(_)),
        "date" => {
            text.is_some_and(|text| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() && text.len() == 10)
        }
        "time" => text.is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "ref" => value.as_object().is_some_and(|members| {
            members
                .iter()
                .all(|(name, value)| matches!(&**name, "value" | "name" | "type") && matches!(value, Json::String(_)))
                && members.contains_key("value")
        }),
        words if words.contains('|') => text.is_some_and(|text| words.split('|').any(|word| word == text)),
        nested => return object(nested, path, value, faults),
    };
    if !fine {
        faults.push(format!("{path}: {kind} is published, and it is {value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(entity: &str, body: &str) -> Vec<String> {
        unknown(entity, &Json::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn every_kind_of_the_table_is_one() {
        let simple = ["text", "id", "decimal", "whole", "flag", "date", "time", "ref", "any"];
        for (name, read) in &table().types {
            assert!(read.parent.is_none_or(|parent| table().types.contains_key(parent)), "{name}");
            for (member, kind) in &read.members {
                let one = kind.trim_end_matches('*');
                assert!(
                    simple.contains(&one) || one.contains('|') || table().types.contains_key(one),
                    "{name}.{member}={kind}"
                );
            }
        }
    }

    #[test]
    fn what_is_published_passes_and_everything_else_is_named() {
        let bill = r#"{"VendorRef":{"value":"7","name":"Delta"},"TxnDate":"2026-03-01","sparse":false,"Line":[{"Amount":10.00,
            "DetailType":"AccountBasedExpenseLineDetail","AccountBasedExpenseLineDetail":{"AccountRef":{"value":"1"}}}]}"#;
        assert_eq!(faults("Bill", bill), [] as [String; 0]);
        for (entity, body, fault) in [
            ("Bill", r#"{"Vendor":{"value":"7"}}"#, "Bill.Vendor is not published"),
            ("Bill", r#"{"VendorRef":"7"}"#, "Bill.VendorRef: ref is published"),
            ("Bill", r#"{"Line":[{"Amount":"10.00"}]}"#, "Bill.Line[0].Amount: decimal is published"),
            ("Bill", r#"{"Line":[{"Amount":1e3}]}"#, "Bill.Line[0].Amount: decimal is published"),
            ("Bill", r#"{"TxnDate":"2026-3-1"}"#, "Bill.TxnDate: date is published"),
            ("Bill", r#"{"Line":{}}"#, "Bill.Line: a list is published"),
            ("Bill", r#"{"Id":7}"#, "Bill.Id: id is published"),
            ("Bill", r#"{"Line":[{"DetailType":"Invented"}]}"#, "Bill.Line[0].DetailType: "),
            ("PurchaseOrder", r#"{"POStatus":"open"}"#, "PurchaseOrder.POStatus: Open|Closed is published"),
            ("Vendor", r#"{"Active":"true"}"#, "Vendor.Active: flag is published"),
            ("Wish", "{}", "Wish is not in the table"),
        ] {
            let found = faults(entity, body);
            assert!(found.len() == 1 && found[0].starts_with(fault), "{body}: {found:?}");
        }
    }
}
