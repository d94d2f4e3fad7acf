//! A company file from a book: the lists that the book has for QuickBooks, in the words of the Desktop.

use std::collections::BTreeMap;

use super::file::{CompanyFile, Record};
use super::xml::Node;
use crate::book::Book;
use crate::json::Json;

/// Entities of a book, and what they are here, those referred to first.
const LISTS: [(&str, &str); 7] = [
    ("Account", "Account"),
    ("Term", "StandardTerms"),
    ("Class", "Class"),
    ("Item", "ItemService"),
    ("Vendor", "Vendor"),
    ("Customer", "Customer"),
    ("Employee", "Employee"),
];

impl CompanyFile {
    /// The company of a book, with its lists; transactions of the book are not taken over.
    pub fn from_book(book: &Book) -> Self {
        let info = book.quickbooks("CompanyInfo").first();
        let name = info.and_then(|info| info.get("CompanyName")).and_then(Json::as_str).unwrap_or(&book.facts.name);
        let mut file = Self::empty(name.to_owned());
        let preferences = book.quickbooks("Preferences").first();
        let closing = preferences
            .and_then(|preferences| preferences.at(&["AccountingInfoPrefs", "BookCloseDate"]))
            .and_then(Json::as_str)
            .or(book.facts.closing_date.as_deref());
        file.closing_date = closing.and_then(|date| date.parse().ok());
        let mut ids: BTreeMap<(&str, String), String> = BTreeMap::new();
        for (entity, kind) in LISTS {
            for json in book.quickbooks(entity) {
                let record = file.record(entity, kind, json, &ids);
                let id = json.get("Id").and_then(Json::as_id).unwrap_or_default().to_owned();
                ids.insert((entity, id), record.id.clone());
                file.records.insert(record.id.clone(), record);
            }
        }
        file
    }

    fn record(&mut self, entity: &str, kind: &str, json: &Json, ids: &BTreeMap<(&str, String), String>) -> Record {
        let text = |path: &[&str]| json.at(path).and_then(Json::as_id).unwrap_or_default().to_owned();
        let reference = |name: &str, of: &'static str, path: &[&str]| {
            let id = ids.get(&(of, text(path)))?;
            Some(Node::parent(name, vec![Node::leaf("ListID", id.clone())]))
        };
        let mut fields: Vec<Node> = Vec::new();
        let mut leaf = |name: &str, value: String| {
            if !value.is_empty() {
                fields.push(Node::leaf(name, value));
            }
        };
        let name = if text(&["Name"]).is_empty() { text(&["DisplayName"]) } else { text(&["Name"]) };
        let max = if matches!(kind, "Vendor" | "Customer" | "Employee") { 41 } else { 31 };
        leaf("Name", name.chars().take(max).collect());
        leaf(
            "IsActive",
            if json.get("Active").and_then(Json::as_bool) == Some(false) { "false".into() } else { "true".into() },
        );
        match entity {
            "Account" => {
                leaf("AccountType", account_type(&text(&["AccountType"])));
                leaf("AccountNumber", text(&["AcctNum"]).chars().take(7).collect());
            }
            "Term" => leaf("StdDueDays", text(&["DueDays"])),
            "Vendor" | "Customer" => {
                leaf("CompanyName", text(&["CompanyName"]).chars().take(41).collect());
                leaf("Phone", text(&["PrimaryPhone", "FreeFormNumber"]));
                leaf("Email", text(&["PrimaryEmailAddr", "Address"]));
                leaf("Notes", text(&["Notes"]));
            }
            _ => {}
        }
        match entity {
            "Account" => fields.extend(reference("ParentRef", "Account", &["ParentRef", "value"])),
            "Class" => fields.extend(reference("ParentRef", "Class", &["ParentRef", "value"])),
            "Customer" => fields.extend(reference("ParentRef", "Customer", &["ParentRef", "value"])),
            "Vendor" => fields.extend(reference("TermsRef", "Term", &["TermRef", "value"])),
            "Item" => {
                fields.extend(reference("ParentRef", "Item", &["ParentRef", "value"]));
                let income = reference("IncomeAccountRef", "Account", &["IncomeAccountRef", "value"]);
                let expense = reference("ExpenseAccountRef", "Account", &["ExpenseAccountRef", "value"]);
                fields.extend(match (income, expense) {
                    (Some(income), Some(expense)) => Some(Node::parent("SalesAndPurchase", vec![income, expense])),
                    (Some(mut one), None) | (None, Some(mut one)) => {
                        one.name = "AccountRef".to_owned();
                        Some(Node::parent("SalesOrPurchase", vec![one]))
                    }
                    _ => None,
                });
            }
            _ => {}
        }
        let number = self.number();
        let when = "2026-01-02T09:00:00-08:00".to_owned();
        Record {
            kind: kind.to_owned(),
            id: self.list_id(),
            edit: 1_760_000_000 + number,
            created: when.clone(),
            modified: when,
            fields: fields.into_iter().map(|node| (node.name.clone(), node)).collect(),
            number,
            opening: json.get("CurrentBalance").and_then(Json::as_decimal).unwrap_or_default(),
            ..Record::default()
        }
    }
}

fn account_type(words: &str) -> String {
    match words {
        "Cost of Goods Sold" => "CostOfGoodsSold".to_owned(),
        "Long Term Liability" => "LongTermLiability".to_owned(),
        other => other.split_whitespace().collect(),
    }
}
