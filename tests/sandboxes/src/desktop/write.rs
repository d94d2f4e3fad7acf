//! Creating, changing, voiding and deleting, and what each is refused for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::clock::written;
use super::file::{CompanyFile, Deleted, Line, Record};
use super::ledger;
use super::message::{Refused, Worked};
use super::xml::Node;

fn refuse<T>(code: u32, text: impl Into<String>) -> Result<T, Refused> {
    Err((code, text.into()))
}

/// Lines by the endings of their elements: `ExpenseLineAdd` is an `ExpenseLine`.
fn line_base(name: &str) -> Option<&str> {
    if name.starts_with("Journal") && name.ends_with("Line") {
        return Some(name);
    }
    let base = name.strip_suffix("Add").or_else(|| name.strip_suffix("Mod"))?;
    base.ends_with("Line").then_some(base)
}

impl CompanyFile {
    pub(super) fn add(&mut self, now: DateTime<Utc>, kind: &str, body: &Node) -> Result<Worked, Refused> {
        self.check_locks(None)?;
        let mut record = Record { kind: kind.to_owned(), ..Record::default() };
        let mut warning = None;
        for child in &body.children {
            match child.name.as_str() {
                "LinkToTxnID" => return refuse(1030, "This double links line by line only."),
                "AppliedToTxnAdd" => {
                    let amount: Decimal = child.at(&["PaymentAmount"]).parse().unwrap_or_default();
                    record.applied.push((child.at(&["TxnID"]).to_owned(), amount));
                }
                name => match line_base(name) {
                    Some(base) => {
                        let line = self.new_line(base, child, &record, &mut warning)?;
                        record.lines.push(line);
                    }
                    None => {
                        record.fields.insert(child.name.clone(), child.clone());
                    }
                },
            }
        }
        if !super::file::is_list(kind) && record.text("TxnDate").is_empty() {
            // Left out, the date last used in that form is taken; nobody knows which.
            let today = written(now, self.wall_offset).chars().take(10).collect::<String>();
            record.fields.insert("TxnDate".to_owned(), Node::leaf("TxnDate", today));
        }
        self.check(&mut record)?;
        record.id = if record.is_list() { self.list_id() } else { self.txn_id() };
        let moment = written(now, self.wall_offset);
        record.created.clone_from(&moment);
        Ok(self.save(record, moment, warning))
    }

    fn save(&mut self, mut record: Record, moment: String, warning: Option<Refused>) -> Worked {
        record.modified = moment;
        record.number = self.number();
        record.edit = 1_770_000_000 + record.number;
        // A bill that takes of a purchase order changes that too.
        let orders: Vec<String> =
            record.lines.iter().filter_map(|line| line.link.as_ref()).map(|(order, _)| order.clone()).collect();
        let modified = record.modified.clone();
        let id = record.id.clone();
        self.records.insert(id.clone(), record);
        for order in orders {
            let number = self.number();
            if let Some(order) = self.records.get_mut(&order) {
                order.modified.clone_from(&modified);
                order.number = number;
                order.edit = 1_770_000_000 + number;
            }
        }
        let answered = self.records.get(&id).map(|record| self.answer(record, true, true));
        let mut worked = Worked::records(answered.into_iter().collect());
        worked.warning = warning;
        worked
    }

    fn new_line(
        &mut self,
        base: &str,
        from: &Node,
        of: &Record,
        warning: &mut Option<Refused>,
    ) -> Result<Line, Refused> {
        let mut line = Line { id: format!("{:X}-1770000000", self.number()), base: base.to_owned(), ..Line::default() };
        for child in &from.children {
            if !matches!(child.name.as_str(), "TxnLineID" | "LinkToTxn") {
                line.fields.insert(child.name.clone(), child.clone());
            }
        }
        let Some(link) = from.child("LinkToTxn") else { return Ok(line) };
        if line.fields.contains_key("ItemRef") {
            return refuse(3180, "A line that links to a transaction must not name an item.");
        }
        let (order, order_line) = (link.at(&["TxnID"]).to_owned(), link.at(&["TxnLineID"]).to_owned());
        let Some(target) = self.records.get(&order).filter(|target| target.kind == "PurchaseOrder") else {
            return refuse(3120, format!("Object \"{order}\" specified in the request cannot be found."));
        };
        if target.reference("VendorRef") != of.reference("VendorRef") {
            return refuse(3140, "The linked purchase order belongs to another vendor.");
        }
        let Some(source) = target.lines.iter().find(|line| line.id == order_line) else {
            return refuse(3120, format!("The line \"{order_line}\" of the linked transaction cannot be found."));
        };
        let closed = target.text("IsManuallyClosed") == "true"
            || source.fields.get("IsManuallyClosed").is_some_and(|node| node.text == "true");
        for name in ["ItemRef", "Desc", "ClassRef", "CustomerRef"] {
            if !line.fields.contains_key(name) {
                line.fields.extend(source.fields.get(name).map(|node| (name.to_owned(), node.clone())));
            }
        }
        if closed {
            *warning = Some((570, "The transaction to link to is closed; the line was not linked.".to_owned()));
        } else {
            line.link = Some((order, order_line));
        }
        Ok(line)
    }

    pub(super) fn modify(&mut self, now: DateTime<Utc>, kind: &str, body: &Node) -> Result<Worked, Refused> {
        let key = if super::file::is_list(kind) { "ListID" } else { "TxnID" };
        let id = body.at(&[key]).to_owned();
        self.check_locks(Some(&id))?;
        let Some(old) = self.records.get(&id).filter(|record| record.kind == kind).cloned() else {
            return refuse(3120, format!("Object \"{id}\" specified in the request cannot be found."));
        };
        if body.at(&["EditSequence"]) != old.edit.to_string() {
            return refuse(3200, "The provided edit sequence is out-of-date.");
        }
        self.check_date(old.date(), 3171)?;
        let mut record = old.clone();
        let mut listed: Vec<Line> = Vec::new();
        let mut bases: Vec<&str> = Vec::new();
        for child in &body.children {
            match child.name.as_str() {
                "ListID" | "TxnID" | "EditSequence" => {}
                "ClearExpenseLines" if child.text == "true" => record.lines.retain(|line| line.base != "ExpenseLine"),
                "ClearItemLines" if child.text == "true" => record.lines.retain(|line| line.base != "ItemLine"),
                name => match line_base(name) {
                    Some(base) => {
                        if !bases.contains(&base) {
                            bases.push(base);
                        }
                        listed.push(self.changed_line(base, child, &old)?);
                    }
                    None if child.text.is_empty() && child.children.is_empty() => {
                        record.fields.remove(name);
                    }
                    None => {
                        record.fields.insert(name.to_owned(), child.clone());
                    }
                },
            }
        }
        // As soon as a line of a kind is listed, those that are not listed go.
        record.lines.retain(|line| !bases.contains(&line.base.as_str()));
        record.lines.extend(listed);
        self.check(&mut record)?;
        let settled = self.settled(&id);
        if !settled.is_zero() && self.total(&record) < settled {
            return refuse(3210, "The amount is less than what has been paid.");
        }
        Ok(self.save(record, written(now, self.wall_offset), None))
    }

    fn changed_line(&mut self, base: &str, from: &Node, old: &Record) -> Result<Line, Refused> {
        let id = from.at(&["TxnLineID"]);
        if id == "-1" {
            return self.new_line(base, from, old, &mut None);
        }
        let Some(line) = old.lines.iter().find(|line| line.id == id && line.base == base) else {
            return refuse(3120, format!("The line \"{id}\" cannot be found."));
        };
        let mut line = line.clone();
        let given = |name: &str| from.child(name).is_some();
        for child in &from.children {
            match child.name.as_str() {
                "TxnLineID" => {}
                name if child.text.is_empty() && child.children.is_empty() => {
                    line.fields.remove(name);
                }
                name => {
                    line.fields.insert(name.to_owned(), child.clone());
                }
            }
        }
        // A new amount or price makes the other one anew.
        if given("Amount") && !given("Rate") && !given("Cost") {
            line.fields.remove("Rate");
            line.fields.remove("Cost");
        } else if (given("Rate") || given("Cost") || given("Quantity")) && !given("Amount") {
            line.fields.remove("Amount");
        }
        Ok(line)
    }

    pub(super) fn void(&mut self, now: DateTime<Utc>, request: &Node) -> Result<Worked, Refused> {
        const VOIDABLE: [&str; 7] =
            ["Bill", "BillPaymentCheck", "CreditMemo", "Invoice", "JournalEntry", "VendorCredit", "Check"];
        let kind = request.at(&["TxnVoidType"]).to_owned();
        if !VOIDABLE.contains(&kind.as_str()) {
            return refuse(3110, format!("{kind} cannot be voided."));
        }
        let id = request.at(&["TxnID"]).to_owned();
        self.check_gone(&id, &kind, 3171)?;
        let moment = written(now, self.wall_offset);
        let number = self.number();
        let Some(record) = self.records.get_mut(&id) else { return refuse(3120, "It cannot be found.") };
        record.is_void = true;
        record.modified.clone_from(&moment);
        record.number = number;
        record.edit = 1_770_000_000 + number;
        let memo = format!("VOID: {}", record.text("Memo"));
        record.fields.insert("Memo".to_owned(), Node::leaf("Memo", memo));
        for line in &mut record.lines {
            line.link = None;
        }
        record.applied.clear();
        let children = vec![
            Node::leaf("TxnVoidType", kind),
            Node::leaf("TxnID", id),
            Node::leaf("TimeCreated", record.created.clone()),
            Node::leaf("TimeModified", moment),
            Node::leaf("RefNumber", record.text("RefNumber")),
        ];
        Ok(Worked::records(children))
    }

    pub(super) fn delete(&mut self, now: DateTime<Utc>, request: &Node) -> Result<Worked, Refused> {
        let is_txn = request.name.starts_with("Txn");
        let (word, key) = if is_txn { ("TxnDelType", "TxnID") } else { ("ListDelType", "ListID") };
        let (kind, id) = (request.at(&[word]).to_owned(), request.at(&[key]).to_owned());
        self.check_gone(&id, &kind, 3161)?;
        let used = |node: &Node| node.name.ends_with("Ref") && node.at(&["ListID"]) == id;
        let is_used = |record: &Record| {
            record.fields.values().any(used)
                || record.lines.iter().any(|line| {
                    line.fields.values().any(used) || line.link.as_ref().is_some_and(|(order, _)| *order == id)
                })
        };
        if self.records.values().any(is_used) {
            return refuse(3160, "It cannot be deleted because it is used.");
        }
        let Some(record) = self.records.remove(&id) else { return refuse(3120, "It cannot be found.") };
        let at = written(now, self.wall_offset);
        let label = record.text(if is_txn { "RefNumber" } else { "Name" }).to_owned();
        let deleted = Deleted { kind: kind.clone(), id: id.clone(), label, created: record.created, at: at.clone() };
        self.deleted.push(deleted);
        Ok(Worked::records(vec![Node::leaf(word, kind), Node::leaf(key, id), Node::leaf("TimeDeleted", at)]))
    }

    /// What stands before a void or a deletion.
    fn check_gone(&mut self, id: &str, kind: &str, closed: u32) -> Result<(), Refused> {
        self.check_locks(Some(id))?;
        let Some(record) = self.records.get(id).filter(|record| record.kind == kind) else {
            return refuse(3120, format!("Object \"{id}\" specified in the request cannot be found."));
        };
        self.check_date(record.date().filter(|_| posts(kind)), closed)?;
        if !self.settled(id).is_zero() {
            return refuse(3170, "It is linked to a payment and cannot be changed.");
        }
        Ok(())
    }

    fn check_locks(&mut self, id: Option<&str>) -> Result<(), Refused> {
        if id.is_some_and(|id| self.locked.contains(id)) {
            return refuse(3175, "There was an error adding, modifying or deleting because it is already in use.");
        }
        if self.busy > 0 {
            self.busy -= 1;
            return refuse(3176, "The related object is locked.");
        }
        Ok(())
    }

    fn check_date(&self, date: Option<chrono::NaiveDate>, code: u32) -> Result<(), Refused> {
        match (date, self.closing_date) {
            (Some(date), Some(closing)) if date <= closing => refuse(
                code,
                "An attempt was made to change a transaction on or before the closing date of the company.",
            ),
            _ => Ok(()),
        }
    }

    /// The rules that hold for a record however it came to be. References by name get their ids.
    fn check(&self, record: &mut Record) -> Result<(), Refused> {
        if posts(&record.kind) {
            self.check_date(record.date(), 3171)?;
        }
        self.resolve(&mut record.fields)?;
        for line in &mut record.lines {
            self.resolve(&mut line.fields)?;
        }
        if record.is_list() {
            return self.check_name(record);
        }
        for line in &record.lines {
            let has = |name: &str| line.fields.contains_key(name);
            let needs_item = !matches!(line.base.as_str(), "ExpenseLine" | "JournalDebitLine" | "JournalCreditLine");
            if needs_item && !has("ItemRef") && (has("Amount") || has("Quantity")) {
                return refuse(3150, "There is a missing element: \"ItemRef\".");
            }
            if line.base == "ExpenseLine" && !has("AccountRef") {
                return refuse(3150, "There is a missing element: \"AccountRef\".");
            }
        }
        match record.kind.as_str() {
            "Bill" | "VendorCredit" | "Invoice" | "CreditMemo" => {
                if record.lines.is_empty() {
                    return refuse(
                        3180,
                        format!("There was an error when saving a {}. The transaction is empty.", record.kind),
                    );
                }
                if self.total(record) < Decimal::ZERO {
                    return refuse(3210, "The amount of the transaction may not be negative.");
                }
            }
            "JournalEntry" => {
                let sum: Decimal = record
                    .lines
                    .iter()
                    .map(
                        |line| {
                            if line.base == "JournalDebitLine" { ledger::amount(line) } else { -ledger::amount(line) }
                        },
                    )
                    .sum();
                if !sum.is_zero() {
                    return refuse(3180, "There was an error when saving a Journal Entry. It is out of balance.");
                }
            }
            "BillPaymentCheck" | "ReceivePayment" => {
                for (to, part) in &record.applied {
                    let Some(target) = self.records.get(to) else {
                        return refuse(3120, "What is paid cannot be found.");
                    };
                    if *part > self.open(target) {
                        return refuse(3210, "The amount is more than what is due.");
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn resolve(&self, fields: &mut BTreeMap<String, Node>) -> Result<(), Refused> {
        for (name, node) in fields.iter_mut().filter(|(name, _)| name.ends_with("Ref")) {
            let (id, full) = (node.at(&["ListID"]), node.at(&["FullName"]));
            let found = if id.is_empty() {
                let named = |record: &&Record| record.is_list() && self.full_name(record).eq_ignore_ascii_case(full);
                self.records.values().filter(named).find(|record| fits(name, &record.kind))
            } else {
                self.records.get(id).filter(|record| fits(name, &record.kind))
            };
            let Some(found) = found else {
                let what = if id.is_empty() { full } else { id };
                return refuse(
                    3140,
                    format!("There is an invalid reference to QuickBooks {} \"{what}\".", name.trim_end_matches("Ref")),
                );
            };
            node.children = vec![Node::leaf("ListID", found.id.clone())];
        }
        Ok(())
    }

    /// Customers, vendors and employees share one name space; jobs are compared by their full names.
    fn check_name(&self, record: &Record) -> Result<(), Refused> {
        let name = record.text("Name");
        if name.is_empty() || name.contains(':') {
            return refuse(3090, "There was an error when storing the name: it may not be empty or hold a colon.");
        }
        let space = |kind: &str| {
            if matches!(kind, "Customer" | "Vendor" | "Employee") { "Entity".to_owned() } else { kind.to_owned() }
        };
        let full = self.full_name(record);
        let taken = self.records.values().any(|other| {
            other.is_list()
                && other.id != record.id
                && space(&other.kind) == space(&record.kind)
                && self.full_name(other).eq_ignore_ascii_case(&full)
        });
        if taken { refuse(3100, format!("The name \"{name}\" of the list element is already in use.")) } else { Ok(()) }
    }
}

/// Purchase orders and estimates post nothing, and no closing date holds for them.
fn posts(kind: &str) -> bool {
    !super::file::is_list(kind) && !matches!(kind, "PurchaseOrder" | "Estimate")
}

/// May a reference of that name point to a record of that kind?
fn fits(name: &str, kind: &str) -> bool {
    match name {
        "VendorRef" => kind == "Vendor",
        "CustomerRef" => kind == "Customer",
        "ParentRef" => matches!(kind, "Customer" | "Class" | "ItemService" | "Account"),
        "PayeeEntityRef" | "EntityRef" => matches!(kind, "Vendor" | "Customer" | "Employee"),
        "ClassRef" => kind == "Class",
        "ItemRef" => kind == "ItemService",
        "TermsRef" => kind == "StandardTerms",
        _ => kind == "Account",
    }
}
