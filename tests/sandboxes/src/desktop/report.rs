//! The one report that shows what the bank has seen of a transaction.

use chrono::NaiveDate;

use super::file::{CompanyFile, Record};
use super::message::{Refused, Worked};
use super::xml::Node;

/// The account of the bank or of the card that a transaction moves.
const MONEY: [&str; 3] = ["BankAccountRef", "CreditCardAccountRef", "DepositToAccountRef"];

impl CompanyFile {
    /// A person marks a transaction in the register of its bank account; the word is that of the report.
    ///
    /// # Errors
    /// If there is no such transaction.
    pub fn person_clears(&mut self, id: &str, word: &str) -> Result<(), String> {
        if !self.records.contains_key(id) {
            return Err("there is no such record".to_owned());
        }
        self.cleared.insert(id.to_owned(), word.to_owned());
        Ok(())
    }

    pub(super) fn report(&self, request: &Node) -> Result<Worked, Refused> {
        if request.at(&["CustomDetailReportType"]) != "CustomTxnDetail"
            || request.at(&["SummarizeRowsBy"]) != "TotalOnly"
        {
            return Err((3120, "This report is not made here.".to_owned()));
        }
        let day = |name: &str| request.at(&["ReportPeriod", name]).parse::<NaiveDate>().ok();
        let (from, to) = (day("FromReportDate"), day("ToReportDate"));
        let accounts: Vec<&str> = request
            .child("ReportAccountFilter")
            .map_or_else(Vec::new, |filter| filter.all("ListID").map(|id| id.text.as_str()).collect());
        if let Some(unknown) = accounts.iter().find(|id| self.records.get(**id).is_none_or(|a| a.kind != "Account")) {
            return Err((3120, format!("Object \"{unknown}\" specified in the request cannot be found.")));
        }
        let columns: Vec<&str> = request.all("IncludeColumn").map(|column| column.text.as_str()).collect();
        let money =
            |record: &Record| MONEY.iter().map(|name| record.reference(name).to_owned()).find(|id| !id.is_empty());
        let within = |record: &&Record| {
            let date = record.date();
            let account = money(record);
            !record.is_list()
                && from.is_none_or(|from| date >= Some(from))
                && to.is_none_or(|to| date.is_some_and(|date| date <= to))
                && account.is_some_and(|account| accounts.is_empty() || accounts.contains(&account.as_str()))
        };
        let records: Vec<&Record> = self.records.values().filter(within).collect();
        let mut rows: Vec<Node> =
            records.iter().zip(1..).map(|(record, row)| self.row(record, row, &columns)).collect();
        let mut total = Node::leaf("TotalRow", "");
        total.attributes.push(("rowNumber".to_owned(), (rows.len() + 1).to_string()));
        rows.push(total);
        let mut children = vec![
            Node::leaf("ReportTitle", "Custom Transaction Detail Report"),
            Node::leaf("ReportSubtitle", "All Transactions"),
            Node::leaf("NumRows", rows.len().to_string()),
            Node::leaf("NumColumns", (columns.len() + 1).to_string()),
            Node::leaf("NumColTitleRows", "1"),
        ];
        // The first column is the report's own.
        children.extend(std::iter::once("Blank").chain(columns.iter().copied()).zip(1..).map(|(kind, place)| {
            let mut column = Node::parent("ColDesc", vec![Node::leaf("ColType", kind)]);
            column.attributes.push(("colID".to_owned(), place.to_string()));
            column.attributes.push(("dataType".to_owned(), "STRTYPE".to_owned()));
            column
        }));
        children.push(Node::parent("ReportData", rows));
        Ok(Worked::records(vec![Node::parent("ReportRet", children)]))
    }

    /// A row. A cell that would be empty is not there.
    fn row(&self, record: &Record, number: i32, columns: &[&str]) -> Node {
        let mut cells = Vec::new();
        for (column, place) in columns.iter().zip(2..) {
            let value = match *column {
                "TxnID" => record.id.clone(),
                "TxnType" => record.kind.clone(),
                "Date" => record.text("TxnDate").to_owned(),
                "RefNumber" => record.text("RefNumber").to_owned(),
                "ClearedStatus" => self.cleared.get(&record.id).cloned().unwrap_or_default(),
                _ => String::new(),
            };
            if !value.is_empty() {
                let mut cell = Node::leaf("ColData", "");
                cell.attributes.push(("colID".to_owned(), i32::to_string(&place)));
                cell.attributes.push(("value".to_owned(), value));
                cells.push(cell);
            }
        }
        let mut row = Node::parent("DataRow", cells);
        row.attributes.push(("rowNumber".to_owned(), number.to_string()));
        row
    }
}
