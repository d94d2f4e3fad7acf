//! Reports. The cleared status of transactions is in no object; only a report shows it.

use std::collections::BTreeMap;

use crate::qbxml::common::Element;
use crate::qbxml::value::QbDate;

/// What the bank has seen of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearedStatus {
    /// Cleared.
    Cleared,
    /// Not cleared.
    NotCleared,
    /// Seen, not reconciled.
    Pending,
}

impl ClearedStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Cleared => "Cleared",
            Self::NotCleared => "NotCleared",
            Self::Pending => "Pending",
        }
    }
}

/// Asks for the transactions of some accounts, one row a line, with the columns wanted. Reports have no pages: cut by
/// date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    /// From and to, by date of the transaction.
    pub period: (Option<QbDate>, Option<QbDate>),
    /// `ListID`s of accounts; none for all.
    pub accounts: Vec<String>,
    /// Columns in the words of the schema, such as `TxnID`, `TxnType`, `Date`, `RefNumber`, `Amount`, `ClearedStatus`.
    pub columns: Vec<&'static str>,
}

impl ReportRequest {
    /// The transactions of bank accounts with their cleared status.
    pub fn cleared(accounts: Vec<String>, period: (Option<QbDate>, Option<QbDate>)) -> Self {
        let columns = vec!["TxnType", "TxnID", "Date", "RefNumber", "ClearedStatus", "Amount"];
        Self { period, accounts, columns }
    }

    pub(super) fn request(&self) -> Element<'static> {
        let mut children =
            vec![Element::leaf("CustomDetailReportType", "CustomTxnDetail"), Element::leaf("DisplayReport", "false")];
        let (from, to) = &self.period;
        let from = from.map(|date| Element::leaf("FromReportDate", date.to_string()));
        let to = to.map(|date| Element::leaf("ToReportDate", date.to_string()));
        let period: Vec<_> = from.into_iter().chain(to).collect();
        if !period.is_empty() {
            children.push(Element::parent("ReportPeriod", period));
        }
        if !self.accounts.is_empty() {
            let ids = self.accounts.iter().map(|id| Element::leaf("ListID", id.clone())).collect();
            children.push(Element::parent("ReportAccountFilter", ids));
        }
        children.push(Element::leaf("SummarizeRowsBy", "TotalOnly"));
        children.extend(self.columns.iter().map(|column| Element::leaf("IncludeColumn", *column)));
        Element::parent("CustomDetailReportQueryRq", children)
    }
}

/// A column of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportColumn {
    /// Its number, by which cells name it.
    pub id: String,
    /// Its type in the words of the schema, such as `ClearedStatus`.
    pub kind: String,
}

/// A row with data; headings, subtotals and totals are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// Cells by type of column. A cell that is not there is empty.
    pub cells: BTreeMap<String, String>,
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its columns.
    pub columns: Vec<ReportColumn>,
    /// Its rows.
    pub rows: Vec<ReportRow>,
}

impl Report {
    /// Reads a `ReportRet`.
    pub fn read(element: &Element<'_>) -> Self {
        let mut report = Self::default();
        for column in element.children.iter().filter(|child| child.name == "ColDesc") {
            let id = column.attribute("colID").unwrap_or_default().to_owned();
            report.columns.push(ReportColumn { id, kind: column.child_text("ColType").unwrap_or_default().to_owned() });
        }
        let data = element.child("ReportData").map_or(&[][..], |data| &data.children);
        for row in data.iter().filter(|row| row.name == "DataRow") {
            let mut cells = BTreeMap::new();
            for cell in row.children.iter().filter(|cell| cell.name == "ColData") {
                let column = report.columns.iter().find(|column| Some(column.id.as_str()) == cell.attribute("colID"));
                if let (Some(column), Some(value)) = (column, cell.attribute("value")) {
                    cells.insert(column.kind.clone(), value.to_owned());
                }
            }
            report.rows.push(ReportRow { cells });
        }
        report
    }
}
