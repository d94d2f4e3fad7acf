//! A rule file, compiled, and its application to one record.

use rust_decimal::Decimal;

use super::scan::{Members, Raw, RowMembers, Scanned};
use super::tables::Tables;
use super::write::{Piece, write};
use crate::mapping::Faults;
use crate::mapping::expr::{Expr, Record, Value, Wrong};
use crate::reconcile::diff::ndjson::LineProblem;

/// Why a record cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Its text cannot be read.
    #[error(transparent)]
    Text(#[from] LineProblem),
    /// A rule cannot be worked out for it.
    #[error("{field}: {problem}")]
    Rule {
        /// The field of the result, or the condition.
        field: String,
        /// What is wrong.
        problem: String,
    },
}

/// A rule file for JSON records, compiled. See the [module](super).
#[derive(Clone, Debug)]
pub struct JsonMapping {
    pub(super) tables: Tables,
    pub(super) header: Members,
    pub(super) header_width: usize,
    pub(super) rows: Vec<RowMembers>,
    pub(super) when: Option<Expr>,
    pub(super) lines: Vec<Lines>,
    pub(super) lists: usize,
    pub(super) totals: usize,
    pub(super) pieces: Vec<Piece>,
    /// What the slots of the header's expressions stand for.
    pub(super) slots: Vec<Slot>,
}

/// What a slot of an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Header(usize),
    Row(usize),
    Let(usize),
    Total(usize),
    Constant(usize),
}

/// One `[[lines]]`.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The list of the result that they go to.
    pub(super) into: usize,
    /// The rows of the record; none for one line.
    pub(super) each: Option<usize>,
    pub(super) when: Option<Expr>,
    pub(super) lets: Vec<(String, Expr)>,
    /// Total and what a line adds to it.
    pub(super) totals: Vec<(usize, Expr)>,
    pub(super) pieces: Vec<Piece>,
    pub(super) slots: Vec<Slot>,
}

struct Place<'a> {
    mapping: &'a JsonMapping,
    slots: &'a [Slot],
    header: &'a [Raw<'a>],
    row: &'a [Raw<'a>],
    lets: &'a [Value<'static>],
    totals: &'a [Decimal],
}

impl Record for Place<'_> {
    #[inline]
    fn get(&self, slot: usize) -> Value<'_> {
        match self.slots.get(slot) {
            Some(Slot::Header(at)) => self.header.get(*at).map_or(Value::Nothing, Raw::value),
            Some(Slot::Row(at)) => self.row.get(*at).map_or(Value::Nothing, Raw::value),
            Some(Slot::Let(at)) => self.lets.get(*at).cloned().unwrap_or(Value::Nothing),
            Some(Slot::Total(at)) => self.totals.get(*at).map_or(Value::Nothing, |total| Value::Number(*total)),
            Some(Slot::Constant(at)) => {
                self.mapping.tables.constants.get(*at).map_or(Value::Nothing, |(_, text)| Value::text(text))
            }
            None => Value::Nothing,
        }
    }

    fn lookup(&self, table: usize, key: &str, column: Option<usize>) -> Option<Value<'_>> {
        let row = self.mapping.tables.tables.get(table)?.rows.get(key)?;
        row.get(column.unwrap_or(0)).map(|text| Value::text(text))
    }

    fn table_name(&self, table: usize) -> &str {
        self.mapping.tables.tables.get(table).map_or("", |table| &table.name)
    }
}

impl JsonMapping {
    /// Compiles a rule file for these tables.
    ///
    /// # Errors
    /// [`Faults`]: every fault of the rules, with line and column.
    pub fn compile(rules: &str, tables: Tables) -> Result<Self, Faults> {
        super::compile::compile(rules, tables)
    }

    /// Appends what a record comes to, one JSON value without a line end: `null` where the rules' `when` does not hold,
    /// and then false.
    ///
    /// # Errors
    /// [`JsonError`]; then `out` is as it was.
    pub fn apply(&self, record: &str, out: &mut Vec<u8>) -> Result<bool, JsonError> {
        let start = out.len();
        let done = self.write(record, out);
        if done.is_err() {
            out.truncate(start);
        }
        done
    }

    fn write(&self, text: &str, out: &mut Vec<u8>) -> Result<bool, JsonError> {
        let scanned = Scanned::read(text, (&self.header, self.header_width), &self.rows)?;
        let mut totals = vec![Decimal::ZERO; self.totals];
        let place =
            Place { mapping: self, slots: &self.slots, header: &scanned.header, row: &[], lets: &[], totals: &totals };
        if let Some(when) = &self.when
            && !when.holds(&place).map_err(|wrong| rule("when", &wrong))?
        {
            out.extend_from_slice(b"null");
            return Ok(false);
        }
        let mut lists: Vec<Vec<u8>> = vec![Vec::new(); self.lists];
        let mut lets = Vec::new();
        for lines in &self.lines {
            let list = lists.get_mut(lines.into);
            let Some(list) = list else { continue };
            match lines.each.and_then(|each| scanned.rows.get(each)) {
                None if lines.each.is_some() => {}
                None => self.line(lines, &scanned.header, &[], &mut lets, &mut totals, list)?,
                Some(rows) => {
                    for at in 0..rows.count {
                        let row = rows.values.get(at * rows.width..(at + 1) * rows.width).unwrap_or_default();
                        self.line(lines, &scanned.header, row, &mut lets, &mut totals, list)?;
                    }
                }
            }
        }
        let place =
            Place { mapping: self, slots: &self.slots, header: &scanned.header, row: &[], lets: &[], totals: &totals };
        write(&self.pieces, &place, &lists, out).map_err(|(field, wrong)| rule(&field, &wrong))?;
        Ok(true)
    }

    fn line(
        &self,
        lines: &Lines,
        header: &[Raw<'_>],
        row: &[Raw<'_>],
        lets: &mut Vec<Value<'static>>,
        totals: &mut [Decimal],
        list: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        lets.clear();
        for (name, expr) in &lines.lets {
            let place = Place { mapping: self, slots: &lines.slots, header, row, lets, totals };
            let value = expr.eval(&place).map_err(|wrong| rule(name, &wrong))?.into_owned();
            lets.push(value);
        }
        let place = Place { mapping: self, slots: &lines.slots, header, row, lets, totals };
        if let Some(when) = &lines.when
            && !when.holds(&place).map_err(|wrong| rule("when", &wrong))?
        {
            return Ok(());
        }
        if !list.is_empty() {
            list.push(b',');
        }
        write(&lines.pieces, &place, &[], list).map_err(|(field, wrong)| rule(&field, &wrong))?;
        for (at, expr) in &lines.totals {
            let place = Place { mapping: self, slots: &lines.slots, header, row, lets, totals };
            let added = expr.number(&place).map_err(|wrong| rule("total", &wrong))?;
            if let Some(total) = totals.get_mut(*at) {
                *total = total
                    .checked_add(added)
                    .ok_or_else(|| rule("total", &Wrong("the number is too large".to_owned())))?;
            }
        }
        Ok(())
    }
}

fn rule(field: &str, wrong: &Wrong) -> JsonError {
    JsonError::Rule { field: field.to_owned(), problem: wrong.to_string() }
}
