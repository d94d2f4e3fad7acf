//! Reading the tables, block by block, into what is known of the company file.

use std::collections::HashMap;

use odbc_api::buffers::{ColumnarBuffer, TextColumn};
use odbc_api::{Connection, ConnectionOptions, Cursor};
use secrecy::{ExposeSecret, SecretString};
use sync_core::model::Currency;
use sync_core::reconcile::company::BookState;

use super::catalogue::{choose, columns_of};
use super::tables::{LineTable, RecordTable, Tables};
use super::{OdbcError, row};
use crate::qbxml::Element;
use crate::sink::{Mirror, assemble, relink, take_one};

/// Rows in one block.
const ROWS: usize = 128;
/// The longest text of QuickBooks, a memo, has 4095 characters; a character outside the basic plane takes two units.
const LONGEST: usize = 2 * 4095;

/// Opens the connection and reads everything.
pub(super) fn books(secret: &SecretString, tables: &Tables, currency: Currency) -> Result<BookState, OdbcError> {
    let bad = |error: odbc_api::Error| OdbcError::driver("opening the connection", &error, secret);
    let environment = odbc_api::environment().map_err(bad)?;
    let connection = environment
        .connect_with_connection_string(secret.expose_secret(), ConnectionOptions::default())
        .map_err(bad)?;
    let reader = Reader { connection, secret, tables };
    let mut mirror = Mirror::default();
    let (mut payments, mut unreadable) = (Vec::new(), Vec::new());
    for record in &tables.records {
        let lines = reader.lines(record, &mut unreadable)?;
        reader.records(record, lines, |element| {
            if element.name.starts_with("BillPayment") {
                payments.push(element);
            } else if let Err(problem) = take_one(&mut mirror, &element, currency) {
                unreadable.push(problem);
            }
        })?;
    }
    mirror.set_loaded();
    relink(&mut mirror);
    let mut books = assemble(&mirror, &payments, currency);
    books.unreadable.append(&mut unreadable);
    Ok(books)
}

/// The lines of records, by the record's key.
type Lines = HashMap<String, Vec<Element<'static>>>;

struct Reader<'a> {
    connection: Connection<'a>,
    secret: &'a SecretString,
    tables: &'a Tables,
}

impl Reader<'_> {
    /// All lines of a kind of record: they come in no order that could be relied on.
    fn lines(&self, record: &RecordTable, unreadable: &mut Vec<String>) -> Result<Lines, OdbcError> {
        let mut lines = Lines::new();
        let left_out = record.optional && columns_of(&self.connection, &record.table, self.secret)?.is_empty();
        for table in &record.lines {
            let side = table.side.as_ref();
            let extra: Vec<&str> = [Some(&table.parent), side.map(|side| &side.column)]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect();
            let paths: Vec<&String> = table.columns.keys().collect();
            let wanted: Vec<&str> = extra.iter().copied().chain(table.columns.values().map(String::as_str)).collect();
            let name = if table.element.is_empty() { "lines" } else { &table.element };
            self.rows(&table.table, name, table.optional || left_out, &wanted, |values| {
                let Some(parent) = values.first().and_then(Option::as_deref) else { return };
                let Some(element) = element_of(table, values.get(1).and_then(Option::as_deref)) else { return };
                let mut line = Element::parent(element.to_owned(), Vec::new());
                for (path, value) in paths.iter().zip(values.iter().skip(extra.len())) {
                    if let Some(Err(problem)) = value.as_deref().map(|value| row::put(&mut line, path, value)) {
                        unreadable.push(format!("{} of {parent} in {}: {problem}", line.name, table.table));
                    }
                }
                lines.entry(parent.to_owned()).or_default().push(line);
            })?;
        }
        Ok(lines)
    }

    /// The records of a kind, each with its lines, one by one.
    fn records(
        &self,
        record: &RecordTable,
        mut lines: Lines,
        mut take: impl FnMut(Element<'static>),
    ) -> Result<(), OdbcError> {
        let key: Vec<&str> = record.key.iter().map(String::as_str).collect();
        let paths: Vec<&String> = record.columns.keys().collect();
        let wanted: Vec<&str> = key
            .iter()
            .copied()
            .chain(record.only_with.values().map(String::as_str))
            .chain(record.columns.values().map(String::as_str))
            .collect();
        let before = key.len() + record.only_with.len();
        self.rows(&record.table, &record.element, record.optional, &wanted, |values| {
            let mut element = Element::parent(record.element.clone(), Vec::new());
            let absent = |part: &String| {
                let place = record.only_with.keys().position(|name| name == part);
                place.is_some_and(|place| {
                    values.get(key.len() + place).and_then(Option::as_deref).is_none_or(str::is_empty)
                })
            };
            for (path, value) in paths.iter().zip(values.iter().skip(before)) {
                let Some(value) = value else { continue };
                let part = path.split('/').next().unwrap_or_default().to_owned();
                if absent(&part) {
                    continue;
                }
                if let Err(problem) = row::put(&mut element, path, value) {
                    // Kept as it is: the reading of the record names it, with the record.
                    tracing::debug!(%problem, table = record.table, "a value has another form");
                    element.children.push(Element::leaf(part, value.clone()));
                }
            }
            if let Some(own) = values.first().and_then(Option::as_deref).filter(|_| !key.is_empty()) {
                element.children.extend(lines.remove(own).unwrap_or_default());
            }
            take(element);
        })
    }

    /// The values of the wanted columns, row by row, in the order of `wanted`.
    fn rows(
        &self,
        table: &str,
        element: &str,
        optional: bool,
        wanted: &[&str],
        mut each: impl FnMut(&[Option<String>]),
    ) -> Result<(), OdbcError> {
        let there = columns_of(&self.connection, table, self.secret)?;
        if there.is_empty() {
            return if optional {
                Ok(())
            } else {
                Err(OdbcError::NoTable { table: table.to_owned(), element: element.to_owned() })
            };
        }
        let chosen = choose(table, &there, wanted)?;
        let names: Vec<String> = chosen.iter().map(|(_, name)| self.tables.quoted(name)).collect();
        let sql = format!("SELECT {} FROM {}{}", names.join(", "), self.tables.quoted(table), self.tables.after_table);
        let bad = |error: odbc_api::Error| match error {
            odbc_api::Error::TooLargeValueForBuffer { .. } => {
                OdbcError::TooLong { table: table.to_owned(), max: LONGEST / 2 }
            }
            error => OdbcError::driver(format!("reading the table {table}"), &error, self.secret),
        };
        let Some(cursor) = self.connection.execute(&sql, (), None).map_err(bad)? else { return Ok(()) };
        let columns = (1..).zip(&chosen).map(|(place, _)| (place, TextColumn::<u16>::new(ROWS, LONGEST)));
        let buffer = ColumnarBuffer::new(columns.collect());
        let mut blocks = cursor.bind_buffer(buffer).map_err(bad)?;
        let mut values: Vec<Option<String>> = vec![None; wanted.len()];
        while let Some(block) = blocks.fetch_with_truncation_check(true).map_err(bad)? {
            for at in 0..block.num_rows() {
                for (column, (place, name)) in chosen.iter().enumerate() {
                    let text = match block.column(column).get(at) {
                        None => None,
                        Some(units) => Some(
                            String::from_utf16(units)
                                .map_err(|_| OdbcError::NotText { table: table.to_owned(), column: name.clone() })?,
                        ),
                    };
                    if let Some(value) = values.get_mut(*place) {
                        *value = text;
                    }
                }
                each(&values);
            }
        }
        Ok(())
    }
}

/// The element of a line; none for a value that stands for no line of ours.
fn element_of<'a>(table: &'a LineTable, side: Option<&str>) -> Option<&'a str> {
    match &table.side {
        None => Some(&table.element),
        Some(by) => by.elements.get(side?.trim()).map(String::as_str),
    }
}
