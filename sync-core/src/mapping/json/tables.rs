//! Tables that rules look values up in.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// The text is not a set of tables.
#[derive(Debug, thiserror::Error)]
#[error(
    "the tables cannot be read: {0}; write {{\"table\": {{\"key\": \"value\"}}}}, or an object of columns for a value"
)]
pub struct TablesError(serde_json::Error);

/// Tables by name: keys to a text, or to a text for each column; and plain texts, which are used like fields.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub(super) tables: Vec<Table>,
    pub(super) constants: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// One text a row, or one for each column.
    pub(super) rows: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Constant(String),
    Table(HashMap<String, Cells>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Cells {
    One(String),
    Columns(BTreeMap<String, String>),
}

impl Tables {
    /// From one JSON object: `{"vendors": {"8801": "42"}, "codes": {"05-100": {"account": "7"}}, "retainage": "91"}`.
    ///
    /// # Errors
    /// [`TablesError`] if it is something else; all values are texts.
    pub fn from_json(text: &str) -> Result<Self, TablesError> {
        let entries: BTreeMap<String, Entry> = serde_json::from_str(text).map_err(TablesError)?;
        let mut tables = Self::default();
        for (name, entry) in entries {
            match entry {
                Entry::Constant(text) => tables.constants.push((name, text)),
                Entry::Table(rows) => tables.tables.push(Table::of(name, rows)),
            }
        }
        Ok(tables)
    }

    /// The same with a table of one text a key.
    #[must_use]
    pub fn with<K: Into<String>, V: Into<String>>(
        mut self,
        name: impl Into<String>,
        rows: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let rows = rows.into_iter().map(|(key, value)| (key.into(), vec![value.into()])).collect();
        self.tables.push(Table { name: name.into(), columns: Vec::new(), rows });
        self
    }
}

impl Table {
    fn of(name: String, cells: HashMap<String, Cells>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for row in cells.values() {
            if let Cells::Columns(row) = row {
                columns.extend(row.keys().filter(|column| !columns.contains(column)).cloned().collect::<Vec<_>>());
            }
        }
        let row = |cells| match cells {
            Cells::One(text) => vec![text],
            Cells::Columns(mut row) => columns.iter().map(|column| row.remove(column).unwrap_or_default()).collect(),
        };
        let rows = cells.into_iter().map(|(key, cells)| (key, row(cells))).collect();
        Self { name, columns, rows }
    }
}
