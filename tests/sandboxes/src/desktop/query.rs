//! Questions: what is running, which company, and records by key, by change, page by page.

use chrono::{DateTime, Duration, Utc};

use super::clock::{moment, written};
use super::file::{CompanyFile, Record};
use super::message::{Refused, Worked};
use super::schema;
use super::xml::Node;

impl CompanyFile {
    pub(super) fn host(&self) -> Node {
        let mut children = vec![
            Node::leaf("ProductName", "QuickBooks Enterprise Solutions 24.0"),
            Node::leaf("MajorVersion", "34"),
            Node::leaf("MinorVersion", "0"),
            Node::leaf("Country", "US"),
        ];
        children.extend((1..=16).map(|major| Node::leaf("SupportedQBXMLVersion", format!("{major}.0"))));
        children.push(Node::leaf("IsAutomaticLogin", "false"));
        children.push(Node::leaf("QBFileMode", "MultiUser"));
        Node::parent("HostRet", children)
    }

    pub(super) fn company(&self, owners: &[&str]) -> Node {
        let mut children = vec![Node::leaf("IsSampleCompany", "false"), Node::leaf("CompanyName", self.name.clone())];
        for ((owner, name), value) in self.custom.iter().filter(|((owner, _), _)| owners.contains(&owner.as_str())) {
            children.push(Node::parent(
                "DataExtRet",
                vec![
                    Node::leaf("OwnerID", owner.clone()),
                    Node::leaf("DataExtName", name.clone()),
                    Node::leaf("DataExtType", "STR255TYPE"),
                    Node::leaf("DataExtValue", value.clone()),
                ],
            ));
        }
        Node::parent("CompanyRet", children)
    }

    pub(super) fn preferences(&self) -> Node {
        let mut accounting = vec![
            Node::leaf("IsUsingAccountNumbers", "true"),
            Node::leaf("IsRequiringAccounts", "true"),
            Node::leaf("IsUsingClassTracking", "true"),
            Node::leaf("IsUsingAuditTrail", "true"),
            Node::leaf("IsAssigningJournalEntryNumbers", "true"),
        ];
        accounting.extend(self.closing_date.map(|date| Node::leaf("ClosingDate", date.to_string())));
        let estimates = vec![Node::leaf("IsUsingEstimates", "true"), Node::leaf("IsUsingProgressInvoicing", "true")];
        let access =
            vec![Node::leaf("IsAutomaticLoginAllowed", "true"), Node::leaf("IsPersonalDataAccessAllowed", "false")];
        Node::parent(
            "PreferencesRet",
            vec![
                Node::parent("AccountingPreferences", accounting),
                Node::parent("JobsAndEstimatesPreferences", estimates),
                Node::parent("MultiCurrencyPreferences", vec![Node::leaf("IsMultiCurrencyOn", "false")]),
                Node::parent("CurrentAppAccessRights", access),
            ],
        )
    }

    /// A record as it is answered, its children in the order of the schema.
    pub(super) fn answer(&self, record: &Record, lines: bool, linked: bool) -> Node {
        let name = format!("{}Ret", record.kind);
        let mut children = Vec::new();
        for slot in schema::order(&name) {
            if slot.names.iter().any(|(name, _)| name.ends_with("LineRet") || name.starts_with("Journal")) {
                if lines {
                    let of = record
                        .lines
                        .iter()
                        .filter(|line| slot.names.iter().any(|(name, _)| name.trim_end_matches("Ret") == line.base));
                    children.extend(of.map(|line| self.answer_line(record, line)));
                }
                continue;
            }
            let Some((name, _)) = slot.names.first() else { continue };
            match name.as_str() {
                "LinkedTxn" if linked => children.extend(self.linked(record)),
                "LinkedTxn" => {}
                "AppliedToTxnRet" if lines => children.extend(self.applied_to(record)),
                _ => {
                    let value = self.computed(record, name).or_else(|| record.fields.get(name).cloned());
                    children.extend(value.map(|node| self.named(node)));
                }
            }
        }
        Node::parent(name, children)
    }

    fn answer_line(&self, record: &Record, line: &super::file::Line) -> Node {
        let name = if line.base.starts_with("Journal") { line.base.clone() } else { format!("{}Ret", line.base) };
        let shape = if line.base.starts_with("Journal") { "JournalSide" } else { name.as_str() };
        let mut children = Vec::new();
        for slot in schema::order(shape) {
            let Some((field, _)) = slot.names.first() else { continue };
            let value = self.computed_on_line(record, line, field).or_else(|| line.fields.get(field).cloned());
            children.extend(value.map(|node| self.named(node)));
        }
        Node::parent(name, children)
    }

    /// A reference with the name that its object has now, also inside a part.
    fn named(&self, mut node: Node) -> Node {
        if node.name.ends_with("Ref") {
            if let Some(record) = self.records.get(node.at(&["ListID"])) {
                let full = self.full_name(record);
                node.children = vec![Node::leaf("ListID", record.id.clone()), Node::leaf("FullName", full)];
            }
            return node;
        }
        node.children = node.children.into_iter().map(|child| self.named(child)).collect();
        node
    }

    fn computed(&self, record: &Record, name: &str) -> Option<Node> {
        let amount = |value: rust_decimal::Decimal| Some(Node::leaf(name, super::ledger::money(value)));
        let flag = |value: bool| Some(Node::leaf(name, if value { "true" } else { "false" }));
        match name {
            "ListID" | "TxnID" => Some(Node::leaf(name, record.id.clone())),
            "TimeCreated" => Some(Node::leaf(name, record.created.clone())),
            "TimeModified" => Some(Node::leaf(name, record.modified.clone())),
            "EditSequence" => Some(Node::leaf(name, record.edit.to_string())),
            "TxnNumber" => Some(Node::leaf(name, record.number.to_string())),
            "FullName" => Some(Node::leaf(name, self.full_name(record))),
            "Sublevel" => Some(Node::leaf(name, self.full_name(record).matches(':').count().to_string())),
            "IsActive" if record.is_list() && record.text(name).is_empty() => flag(true),
            "AmountDue" | "CreditAmount" | "TotalAmount" | "Subtotal"
                if !record.is_list() && record.applied.is_empty() =>
            {
                match record.kind.as_str() {
                    "ReceivePayment" | "BillPaymentCheck" => None,
                    _ => amount(self.total(record)),
                }
            }
            "OpenAmount" | "BalanceRemaining" | "CreditRemaining" => amount(self.open(record)),
            "AppliedAmount" => amount(self.open(record) - self.total(record)),
            "IsPaid" => flag(!record.is_void && self.open(record).is_zero()),
            "IsFullyReceived" => {
                let lines = record.lines.iter();
                flag(!record.lines.is_empty() && lines.clone().all(|line| self.unbilled(&record.id, line).is_zero()))
            }
            "IsManuallyClosed" if record.text(name).is_empty() => flag(false),
            "Balance" | "TotalBalance" if record.kind == "Account" => amount(self.balance(&record.id)),
            "Balance" | "TotalBalance" => amount(self.owed(&record.id)),
            "Amount" if record.kind == "BillPaymentCheck" => amount(record.applied.iter().map(|(_, part)| *part).sum()),
            "UnusedPayment" => {
                let total: rust_decimal::Decimal = record.text("TotalAmount").parse().unwrap_or_default();
                amount(total - record.applied.iter().map(|(_, part)| *part).sum::<rust_decimal::Decimal>())
            }
            _ => None,
        }
    }

    /// Records that a question names.
    pub(super) fn query(&mut self, request: &Node) -> Result<Worked, Refused> {
        let kind = request.name.trim_end_matches("QueryRq");
        let kinds: &[&str] = match kind {
            "Entity" => &["Customer", "Vendor", "Employee"],
            "Item" => &["ItemService"],
            "Terms" => &["StandardTerms"],
            other => &[other],
        };
        let (lines, linked) =
            (request.at(&["IncludeLineItems"]) == "true", request.at(&["IncludeLinkedTxns"]) == "true");
        if request.attribute("iterator") == Some("Continue") {
            let id = request.attribute("iteratorID").unwrap_or_default();
            let Some(rest) = self.iterators.remove(id) else {
                return Err((3000, "The iterator is not valid in this session.".to_owned()));
            };
            return Ok(self.page(request, rest, Some(id.to_owned()), lines, linked));
        }
        let keys: Vec<&str> =
            request.all("ListID").chain(request.all("TxnID")).map(|node| node.text.as_str()).collect();
        if !keys.is_empty() {
            let found: Vec<String> = keys
                .iter()
                .filter(|id| self.records.get(**id).is_some_and(|record| kinds.contains(&record.kind.as_str())))
                .map(|id| (*id).to_owned())
                .collect();
            let missing = keys.len() - found.len();
            let mut worked = self.page(request, found, None, lines, linked);
            if missing > 0 {
                worked.warning = Some((500, "The query request has not been fully completed.".to_owned()));
            }
            return Ok(worked);
        }
        let names: Vec<String> =
            request.all("FullName").chain(request.all("RefNumber")).map(|n| n.text.to_lowercase()).collect();
        let from = ["FromModifiedDate"].iter().find_map(|_| {
            let text = match request.child("ModifiedDateRangeFilter") {
                Some(span) => span.at(&["FromModifiedDate"]),
                None => request.at(&["FromModifiedDate"]),
            };
            moment(text)
        });
        let (first, last) = match request.child("TxnDateRangeFilter") {
            Some(span) => (span.at(&["FromTxnDate"]).to_owned(), span.at(&["ToTxnDate"]).to_owned()),
            None => Default::default(),
        };
        let active = match request.at(&["ActiveStatus"]) {
            "All" => None,
            "InactiveOnly" => Some(false),
            _ => Some(true),
        };
        let mut found: Vec<&Record> = self
            .records
            .values()
            .filter(|record| kinds.contains(&record.kind.as_str()))
            .filter(|record| {
                !record.is_list() || active.is_none_or(|active| active == (record.text("IsActive") != "false"))
            })
            .filter(|record| from.is_none_or(|from| moment(&record.modified).is_some_and(|at| at >= from)))
            .filter(|record| first.is_empty() || record.text("TxnDate") >= first.as_str())
            .filter(|record| last.is_empty() || record.text("TxnDate") <= last.as_str())
            .filter(|record| {
                let name = if record.is_list() { self.full_name(record) } else { record.text("RefNumber").to_owned() };
                names.is_empty() || names.contains(&name.to_lowercase())
            })
            .collect();
        found.sort_by_key(|record| record.number);
        let found: Vec<String> = found.into_iter().map(|record| record.id.clone()).collect();
        let none = found.is_empty();
        let mut worked = self.page(request, found, None, lines, linked);
        if none {
            let text = "A query request did not find a matching object in QuickBooks".to_owned();
            worked.warning = Some((1, text));
        }
        Ok(worked)
    }

    fn page(
        &mut self,
        request: &Node,
        mut ids: Vec<String>,
        iterator: Option<String>,
        lines: bool,
        linked: bool,
    ) -> Worked {
        let max = request.at(&["MaxReturned"]).parse().unwrap_or(usize::MAX);
        let rest = if ids.len() > max { ids.split_off(max) } else { Vec::new() };
        let records: Vec<Node> =
            ids.iter().filter_map(|id| self.records.get(id)).map(|record| self.answer(record, lines, linked)).collect();
        let mut worked = Worked::records(records);
        if request.attribute("iterator").is_some() {
            let id = iterator.unwrap_or_else(|| format!("{{{:08X}-0000-4000-8000-000000000000}}", self.number()));
            worked.attributes.push(("iteratorRemainingCount", rest.len().to_string()));
            worked.attributes.push(("iteratorID", id.clone()));
            if !rest.is_empty() {
                self.iterators.insert(id, rest);
            }
        }
        worked
    }

    /// What was deleted within the last 90 days.
    pub(super) fn deleted_query(&self, now: DateTime<Utc>, request: &Node) -> Result<Worked, Refused> {
        let is_txn = request.name.starts_with("Txn");
        let word = if is_txn { "TxnDelType" } else { "ListDelType" };
        let kinds: Vec<&str> = request.all(word).map(|node| node.text.as_str()).collect();
        let span = request.child("DeletedDateRangeFilter");
        let from = span.and_then(|span| moment(span.at(&["FromDeletedDate"])));
        let oldest = moment(&written(now - Duration::days(90), self.wall_offset));
        let records: Vec<Node> = self
            .deleted
            .iter()
            .filter(|deleted| kinds.contains(&deleted.kind.as_str()))
            .filter(|deleted| {
                let at = moment(&deleted.at);
                from.is_none_or(|from| at.is_some_and(|at| at >= from)) && at >= oldest
            })
            .map(|deleted| {
                let mut children = vec![
                    Node::leaf(word, deleted.kind.clone()),
                    Node::leaf(if is_txn { "TxnID" } else { "ListID" }, deleted.id.clone()),
                    Node::leaf("TimeCreated", deleted.created.clone()),
                    Node::leaf("TimeDeleted", deleted.at.clone()),
                ];
                if !deleted.label.is_empty() {
                    children.push(Node::leaf(if is_txn { "RefNumber" } else { "FullName" }, deleted.label.clone()));
                }
                Node::parent(if is_txn { "TxnDeletedRet" } else { "ListDeletedRet" }, children)
            })
            .collect();
        let mut worked = Worked::records(records);
        if worked.records.is_empty() {
            worked.warning = Some((1, "A query request did not find a matching object in QuickBooks".to_owned()));
        }
        Ok(worked)
    }
}
