//! A report as it comes: columns, and rows that may hold rows
//! (<https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/run-reports>).
//!
//! Read with patience: a missing part is empty, one object counts as a list of one, a number counts as text. Cells are
//! found by the type of their column, since titles are translated and the order is a setting.

use chrono::{DateTime, FixedOffset};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What stands in a report that is cut off instead of the rest; it may have 400,000 cells.
const CUT: &str = "Unable to display more data";

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Its name, e.g. `TransactionList`.
    pub name: String,
    /// The server's time when it was made.
    pub time: Option<DateTime<FixedOffset>>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The rows that hold data, in their order, those of all sections.
    pub rows: Vec<ReportRow>,
    /// Was it cut off? Then ask for a shorter time.
    pub is_cut: bool,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its type, e.g. `txn_type`, which is the same in every language.
    pub kind: String,
    /// Its title, in the language of the company.
    pub title: String,
}

/// A row that holds data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportRow {
    /// The titles of the sections that it stands in, outermost first.
    pub sections: Vec<String>,
    /// A cell for each column; there may be fewer.
    pub cells: Vec<Cell>,
}

/// A cell. Everything is text; amounts too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Cell {
    /// What it shows; empty for nothing.
    #[serde(default, deserialize_with = "text")]
    pub value: String,
    /// The id of what it names: in a column `txn_type` the transaction, in one of names the entry.
    #[serde(default, deserialize_with = "text")]
    pub id: String,
}

impl Report {
    /// The place of the column of this type.
    #[must_use]
    pub fn column(&self, kind: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.kind.eq_ignore_ascii_case(kind))
    }

    /// Reads a report.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let wire: WireReport = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if wire.columns.is_none() && wire.rows.is_none() {
            return Err("it has neither Columns nor Rows".to_owned());
        }
        let columns = wire.columns.unwrap_or_default().column.into_iter().map(WireColumn::read).collect();
        let header = wire.header.unwrap_or_default();
        let time = DateTime::parse_from_rfc3339(&header.time).ok();
        let mut report = Self { name: header.name, time, columns, rows: Vec::new(), is_cut: false };
        let mut sections = Vec::new();
        report.take(wire.rows.unwrap_or_default().row, &mut sections);
        Ok(report)
    }

    fn take(&mut self, rows: Vec<WireRow>, sections: &mut Vec<String>) {
        for row in rows {
            let header = row.header.and_then(|header| header.cells.into_iter().next());
            let title = header.map(|cell| cell.value).unwrap_or_default();
            // The notice has been seen in data, in headers and in sums.
            let summary = row.summary.unwrap_or_default();
            let cells = || row.cells.iter().chain(&summary.cells);
            self.is_cut |= title.contains(CUT) || cells().any(|cell| cell.value.contains(CUT));
            if let Some(inner) = row.rows {
                sections.push(title);
                self.take(inner.row, sections);
                sections.pop();
            }
            if !row.cells.is_empty() {
                self.rows.push(ReportRow { sections: sections.clone(), cells: row.cells });
            }
        }
    }
}

impl ReportRow {
    /// The cell of a column; none when the row is short or the cell empty in text and id.
    #[must_use]
    pub fn cell(&self, column: Option<usize>) -> Option<&Cell> {
        self.cells.get(column?).filter(|cell| !(cell.value.is_empty() && cell.id.is_empty()))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireReport {
    #[serde(rename = "Header")]
    header: Option<WireHead>,
    #[serde(rename = "Columns")]
    columns: Option<WireColumns>,
    #[serde(rename = "Rows")]
    rows: Option<WireRows>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireHead {
    #[serde(rename = "ReportName", deserialize_with = "text")]
    name: String,
    #[serde(rename = "Time", deserialize_with = "text")]
    time: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireColumns {
    #[serde(rename = "Column", deserialize_with = "list")]
    column: Vec<WireColumn>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireColumn {
    #[serde(rename = "ColType", deserialize_with = "text")]
    kind: String,
    #[serde(rename = "ColTitle", deserialize_with = "text")]
    title: String,
    #[serde(rename = "MetaData", deserialize_with = "list")]
    meta: Vec<WireMeta>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireMeta {
    #[serde(rename = "Name", deserialize_with = "text")]
    name: String,
    #[serde(rename = "Value", deserialize_with = "text")]
    value: String,
}

impl WireColumn {
    fn read(self) -> Column {
        // Some reports give the kind of value as `ColType` (`Date`, `Money`) and the type as `ColKey`.
        let key = self.meta.into_iter().find(|meta| meta.name.eq_ignore_ascii_case("ColKey"));
        let kind = key.map(|meta| meta.value).filter(|key| !key.is_empty()).unwrap_or(self.kind);
        Column { kind, title: self.title }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRows {
    #[serde(rename = "Row", deserialize_with = "list")]
    row: Vec<WireRow>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRow {
    #[serde(rename = "ColData", deserialize_with = "list")]
    cells: Vec<Cell>,
    #[serde(rename = "Header")]
    header: Option<WireCells>,
    #[serde(rename = "Rows")]
    rows: Option<WireRows>,
    #[serde(rename = "Summary")]
    summary: Option<WireCells>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireCells {
    #[serde(rename = "ColData", deserialize_with = "list")]
    cells: Vec<Cell>,
}

/// A text, or any other single value as it is written; nothing for `null`.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(serde_json::from_str::<String>(raw)
        .unwrap_or_else(|_| if raw == "null" { String::new() } else { raw.to_owned() }))
}

/// A list; one object counts as a list of one, `null` as an empty one.
fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let read = match raw.as_bytes().first() {
        Some(b'[') => serde_json::from_str(raw),
        Some(b'{') => serde_json::from_str(raw).map(|one| vec![one]),
        _ => return Ok(Vec::new()),
    };
    read.map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &ReportRow) -> Vec<(&str, &str)> {
        row.cells.iter().map(|cell| (cell.value.as_str(), cell.id.as_str())).collect()
    }

    #[test]
    fn rows_in_sections_in_sections_are_found() {
        let report = Report::read(
            br#"{"Header":{"ReportName":"TransactionList","Option":[{"Name":"NoReportData","Value":"false"}]},
                "Columns":{"Column":[{"ColTitle":"Datum","ColType":"tx_date"},{"ColTitle":"Art","ColType":"txn_type"},
                    {"ColTitle":"Betrag","ColType":"Money","MetaData":[{"Name":"ColKey","Value":"subt_nat_amount"}]}]},
                "Rows":{"Row":[
                  {"Header":{"ColData":[{"value":"Checking","id":"35"},{"value":""}]},"type":"Section","Rows":{"Row":[
                    {"Header":{"ColData":[{"value":"Checks"}]},"Rows":{"Row":
                      {"ColData":[{"value":"2026-03-20"},{"value":"Bill Payment (Check)","id":"702"},{"value":"28800.00"}],"type":"Data"}}},
                    {"ColData":[{"value":"2026-03-21"},{"value":"Check","id":703},{"value":12.50},{"value":"more"}]}]},
                   "Summary":{"ColData":[{"value":"Total"}]}},
                  {"ColData":[{"value":null},{}]},
                  {"Header":{},"Rows":{}}]}}"#,
        )
        .unwrap();
        assert_eq!(report.column("txn_type"), Some(1));
        assert_eq!(report.column("subt_nat_amount"), Some(2));
        assert_eq!(report.column("is_cleared"), None);
        assert_eq!(report.rows.len(), 3);
        assert_eq!(report.rows[0].sections, ["Checking", "Checks"]);
        assert_eq!(cells(&report.rows[0])[1], ("Bill Payment (Check)", "702"));
        assert_eq!(cells(&report.rows[1])[1..3], [("Check", "703"), ("12.50", "")]);
        assert_eq!(report.rows[2].cell(Some(0)), None);
        assert_eq!(report.rows[2].cell(Some(9)), None);
        assert!(!report.is_cut);
    }

    #[test]
    fn an_empty_report_is_empty_and_what_is_no_report_is_refused() {
        for empty in [r#"{"Rows":{}}"#, r#"{"Columns":{"Column":[]},"Rows":{"Row":null}}"#] {
            assert!(Report::read(empty.as_bytes()).unwrap().rows.is_empty());
        }
        for bad in ["{}", "[]", "x", r#"{"Rows":"x"}"#, r#"{"Rows":{"Row":["x"]}}"#] {
            assert!(Report::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_report_that_was_cut_off_says_so() {
        let cut = br#"{"Rows":{"Row":[{"ColData":[{"value":"Unable to display more data. Please reduce the date range."}]}]}}"#;
        assert!(Report::read(cut).unwrap().is_cut);
    }
}
