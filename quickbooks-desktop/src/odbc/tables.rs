//! Which table and column holds what: the names of a driver, by the element of qbXML that they stand for.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::OdbcError;

/// The tables of a driver.
///
/// A file in TOML. `quote` are the marks around a name in SQL, `after_table` is written behind each table's name. Each
/// `[[record]]` names an element of qbXML, its table and the column of its key; `columns` gives for each path in the element,
/// e.g. `VendorRef/ListID`, its column. A column that ends with `?` may be missing. `[[record.line]]` are the tables of the
/// lines. Paths that are left out are read as absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    /// The marks around a name in SQL.
    #[serde(default = "double_quotes")]
    pub quote: (String, String),
    /// Written behind each table's name, e.g. ` unoptimized`.
    #[serde(default)]
    pub after_table: String,
    /// The records, those referred to first.
    #[serde(rename = "record")]
    pub records: Vec<RecordTable>,
}

/// Where one kind of record is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordTable {
    /// Its element, e.g. `BillRet`.
    pub element: String,
    /// Its table.
    pub table: String,
    /// The column that its lines name it by; none for a record without lines.
    #[serde(default)]
    pub key: Option<String>,
    /// May the table be missing?
    #[serde(default)]
    pub optional: bool,
    /// Path in the element to column.
    pub columns: BTreeMap<String, String>,
    /// Parts of the element that exist only where a column has a value: part to column.
    #[serde(default)]
    pub only_with: BTreeMap<String, String>,
    /// The tables of its lines.
    #[serde(default, rename = "line")]
    pub lines: Vec<LineTable>,
}

/// Where the lines of a record are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineTable {
    /// The element of a line, e.g. `ItemLineRet`; or see `side`.
    #[serde(default)]
    pub element: String,
    /// The element by the value of a column, where one table holds two kinds of lines.
    #[serde(default)]
    pub side: Option<Side>,
    /// Its table.
    pub table: String,
    /// The column that names the record.
    pub parent: String,
    /// May the table be missing?
    #[serde(default)]
    pub optional: bool,
    /// Path in the element to column.
    pub columns: BTreeMap<String, String>,
}

/// The element of a line by the value of a column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The column.
    pub column: String,
    /// Value to element.
    pub elements: BTreeMap<String, String>,
}

fn double_quotes() -> (String, String) {
    ("\"".to_owned(), "\"".to_owned())
}

impl Tables {
    /// The tables of QODBC, whose columns are the paths of qbXML written together (<https://doc.qodbc.com/qodbc/usa/>).
    ///
    /// # Errors
    /// Never; the signature is that of [`Tables::parse`].
    pub fn qodbc() -> Result<Self, OdbcError> {
        Self::parse(include_str!("qodbc.toml"))
    }

    /// The tables of the CData driver for QuickBooks Desktop (<https://cdn.cdata.com/help/RQK/odbc/>).
    ///
    /// # Errors
    /// Never; the signature is that of [`Tables::parse`].
    pub fn cdata() -> Result<Self, OdbcError> {
        Self::parse(include_str!("cdata.toml"))
    }

    /// Tables of a file of your own.
    ///
    /// # Errors
    /// [`OdbcError::Tables`] with line and column.
    pub fn parse(text: &str) -> Result<Self, OdbcError> {
        let tables: Self = toml::from_str(text).map_err(|error| OdbcError::Tables(error.to_string()))?;
        for record in &tables.records {
            if record.key.is_none() && !record.lines.is_empty() {
                return Err(OdbcError::Tables(format!("{} has lines and no `key`", record.element)));
            }
            for line in &record.lines {
                if line.element.is_empty() == line.side.is_none() {
                    return Err(OdbcError::Tables(format!(
                        "the lines in {} need either `element` or `side`",
                        line.table
                    )));
                }
            }
        }
        Ok(tables)
    }

    /// A name in SQL.
    pub(super) fn quoted(&self, name: &str) -> String {
        let (open, close) = &self.quote;
        format!("{open}{}{close}", name.replace(close.as_str(), ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_that_ship_are_well_formed() {
        for tables in [Tables::qodbc().unwrap(), Tables::cdata().unwrap()] {
            let elements: Vec<&str> = tables.records.iter().map(|record| record.element.as_str()).collect();
            for needed in [
                "AccountRet",
                "CustomerRet",
                "VendorRet",
                "PurchaseOrderRet",
                "BillRet",
                "InvoiceRet",
                "JournalEntryRet",
            ] {
                assert!(elements.contains(&needed), "{needed} is missing");
            }
        }
    }

    #[test]
    fn a_fault_in_a_tables_file_is_told_with_its_line() {
        let problem = Tables::parse("[[record]]\nelement = \"BillRet\"\ntabel = \"Bill\"\n").unwrap_err().to_string();
        assert!(problem.contains("line 3") && problem.contains("tabel"), "{problem}");
    }
}
