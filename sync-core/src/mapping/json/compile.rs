//! From the text of a rule file for JSON records to its plan.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::plan::{JsonMapping, Lines, Slot};
use super::scan::{Members, RowMembers};
use super::tables::Tables;
use super::write::{Content, Shape};
use crate::mapping::expr::{Expr, Field, Scope, Template};
use crate::mapping::fault::{Collector, Fault, Faults, did_you_mean, nearest};
use crate::mapping::settings::position;

const FILE: &str = "rules";

pub(super) fn compile(text: &str, tables: Tables) -> Result<JsonMapping, Faults> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut compiler = Compiler {
        text,
        out: Collector { file: FILE, faults: &mut faults },
        tables: &tables,
        header: Wanted::default(),
        rows: Vec::new(),
        row_paths: Vec::new(),
        lists: Vec::new(),
        totals: Vec::new(),
    };
    let parts = compiler.read();
    let Compiler { header, rows, lists, totals, .. } = compiler;
    let (lists, totals) = (lists.len(), totals.len());
    let rows: Vec<RowMembers> = rows.into_iter().map(|row| (row.members, row.width)).collect();
    if !faults.is_empty() {
        faults.sort();
        return Err(Faults(faults));
    }
    let Parts { when, lines, shape, slots } = parts;
    Ok(JsonMapping {
        header: header.members,
        header_width: header.width,
        rows,
        when,
        lines,
        lists,
        totals,
        pieces: shape.pieces(),
        slots,
        tables,
    })
}

/// Members of one object that expressions name.
#[derive(Default)]
struct Wanted {
    members: Members,
    paths: Vec<String>,
    width: usize,
}

impl Wanted {
    fn slot(&mut self, path: &str) -> usize {
        self.paths.iter().position(|known| known == path).unwrap_or_else(|| {
            self.members.want(path, self.width);
            self.paths.push(path.to_owned());
            self.width += 1;
            self.width - 1
        })
    }
}

struct Parts {
    when: Option<Expr>,
    lines: Vec<Lines>,
    shape: Shape,
    slots: Vec<Slot>,
}

struct Compiler<'a> {
    text: &'a str,
    out: Collector<'a>,
    tables: &'a Tables,
    header: Wanted,
    rows: Vec<Wanted>,
    row_paths: Vec<String>,
    /// Lists of the result, by path.
    lists: Vec<String>,
    totals: Vec<String>,
}

/// The names of one place: of the header, or of one `[[lines]]`.
struct Names<'c> {
    tables: &'c Tables,
    header: &'c mut Wanted,
    row: Option<&'c mut Wanted>,
    lets: &'c [String],
    totals: &'c [String],
    slots: &'c mut Vec<Slot>,
}

impl Scope for Names<'_> {
    fn resolve(&mut self, path: &str) -> Result<Field, String> {
        if let Some(table) = self.tables.tables.iter().position(|table| table.name == path) {
            return Ok(Field::Table(table));
        }
        let slot = if let Some(at) = self.lets.iter().position(|name| name == path) {
            Slot::Let(at)
        } else if let Some(total) = path.strip_prefix("total.") {
            let at = self.totals.iter().position(|name| name == total).ok_or_else(|| {
                let near = nearest(total, self.totals.iter().map(String::as_str));
                format!("no lines above have the total `{total}`{}", did_you_mean(&near))
            })?;
            Slot::Total(at)
        } else if let Some(at) = self.tables.constants.iter().position(|(name, _)| name == path) {
            Slot::Constant(at)
        } else {
            match (path.strip_prefix("record."), &mut self.row) {
                // `record.` leads from a line to the record that it stands in.
                (Some(path), Some(_)) => Slot::Header(self.header.slot(path)),
                (_, Some(row)) => Slot::Row(row.slot(path)),
                (_, None) => Slot::Header(self.header.slot(path)),
            }
        };
        let at = self.slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        Ok(Field::Slot(at))
    }

    fn is_table(&self, name: &str) -> bool {
        self.tables.tables.iter().any(|table| table.name == name)
    }

    fn column(&self, table: usize, name: &str) -> Result<usize, String> {
        let columns = self.tables.tables.get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
        columns.iter().position(|column| column == name).ok_or_else(|| {
            let near = nearest(name, columns.iter().map(String::as_str));
            format!("the table has no column `{name}`{}", did_you_mean(&near))
        })
    }
}

/// Where expressions of a place are compiled.
struct At<'l> {
    row: Option<usize>,
    lets: &'l [String],
    slots: &'l mut Vec<Slot>,
}

impl<'a> Compiler<'a> {
    fn fault(&mut self, offset: usize, problem: impl Into<String>, fix: impl Into<String>) {
        let (line, column) = position(self.text, offset);
        self.out.add(line, column, problem, fix);
    }

    fn read(&mut self) -> Parts {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            self.fault(offset, error.message().to_owned(), "see toml.io for how values are written");
        }
        let (mut lines, mut shape, mut slots, mut when) = (Vec::new(), Shape::default(), Vec::new(), None);
        let root = table.get_ref();
        self.known(root, &["when", "set", "lines"]);
        // Lines first: what the record sets may use their totals.
        if let Some(list) = root.iter().find(|(name, _)| name.get_ref() == "lines").map(|(_, list)| list) {
            match list.get_ref().as_array() {
                Some(list) => {
                    for one in list.iter() {
                        if let Some(table) = one.get_ref().as_table() {
                            lines.extend(self.lines(table, one.span().start, &mut shape));
                        }
                    }
                }
                None => self.fault(list.span().start, "lines are a list", "write [[lines]], with two brackets"),
            }
        }
        let mut at = At { row: None, lets: &[], slots: &mut slots };
        for (name, value) in root.iter() {
            match name.get_ref().as_ref() {
                "when" => when = self.expr(value, &mut at),
                "set" => self.set(value, &mut at, &mut shape),
                _ => {}
            }
        }
        Parts { when, lines, shape, slots }
    }

    fn known(&mut self, table: &DeTable<'_>, names: &[&str]) {
        for (name, _) in table.iter() {
            if !names.contains(&name.get_ref().as_ref()) {
                let near = nearest(name.get_ref(), names.iter().copied());
                let fix = format!("known: {}{}", names.join(", "), did_you_mean(&near));
                self.fault(name.span().start, format!("there is no entry `{}`", name.get_ref()), fix);
            }
        }
    }

    fn lines(&mut self, table: &DeTable<'_>, start: usize, shape: &mut Shape) -> Option<Lines> {
        self.known(table, &["into", "each", "let", "when", "total", "set"]);
        let entry = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
        let Some(into) = entry("into").and_then(|into| into.get_ref().as_str()) else {
            self.fault(start, "the lines have no `into`", "name the list of the result that they go to");
            return None;
        };
        let into = self.list(into, start, shape)?;
        let each = match entry("each").map(|each| (each.get_ref().as_str(), each.span().start)) {
            None => None,
            Some((Some(path), _)) => Some(self.row_list(path)),
            Some((None, at)) => {
                self.fault(at, "`each` is not a text", "name the list of the record");
                return None;
            }
        };
        let (mut slots, mut names, mut lets, mut totals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (name, text, offset) in entry("let").map(|list| self.named(list)).unwrap_or_default() {
            let expr = self.compiled(&text, offset, &mut At { row: each, lets: &names, slots: &mut slots });
            lets.extend(expr.map(|expr| (name.clone(), expr)));
            names.push(name);
        }
        let mut at = At { row: each, lets: &names, slots: &mut slots };
        let when = entry("when").and_then(|when| self.expr(when, &mut at));
        let mut inner = Shape::default();
        match entry("set") {
            Some(set) => self.set(set, &mut at, &mut inner),
            None => self.fault(start, "the lines set nothing", "write [lines.set] below"),
        }
        for (name, text, offset) in entry("total").map(|list| self.named(list)).unwrap_or_default() {
            let known = self.totals.iter().position(|total| *total == name).unwrap_or(self.totals.len());
            let expr = self.compiled(&text, offset, &mut at);
            totals.extend(expr.map(|expr| (known, expr)));
            if known == self.totals.len() {
                self.totals.push(name);
            }
        }
        Some(Lines { into, each, when, lets, totals, pieces: inner.pieces(), slots })
    }

    fn list(&mut self, path: &str, start: usize, shape: &mut Shape) -> Option<usize> {
        if let Some(known) = self.lists.iter().position(|list| list == path) {
            return Some(known);
        }
        let list = self.lists.len();
        if !shape.put(path, Content::Lines(list)) {
            self.fault(start, format!("`{path}` is set already"), "name another list");
            return None;
        }
        self.lists.push(path.to_owned());
        Some(list)
    }

    fn row_list(&mut self, path: &str) -> usize {
        self.row_paths.iter().position(|known| known == path).unwrap_or_else(|| {
            self.header.members.want_rows(path, self.rows.len());
            self.rows.push(Wanted::default());
            self.row_paths.push(path.to_owned());
            self.rows.len() - 1
        })
    }

    /// `["name = expression"]`: name, expression and where the expression stands.
    fn named(&mut self, list: &Spanned<DeValue<'_>>) -> Vec<(String, String, usize)> {
        let mut named = Vec::new();
        let Some(list) = list.get_ref().as_array() else {
            self.fault(list.span().start, "this is a list", "write [\"name = expression\"]");
            return named;
        };
        for one in list.iter() {
            let parts = one.get_ref().as_str().and_then(|text| text.split_once('='));
            match parts.map(|(name, expr)| (name.trim(), name.len(), expr)) {
                Some((name, before, expr)) if !name.is_empty() && !expr.starts_with('=') => {
                    named.push((name.to_owned(), expr.to_owned(), one.span().start + before + 2));
                }
                _ => self.fault(one.span().start, "a name is given to nothing", "write \"name = expression\""),
            }
        }
        named
    }

    fn set(&mut self, set: &Spanned<DeValue<'_>>, at: &mut At<'_>, shape: &mut Shape) {
        let Some(table) = set.get_ref().as_table() else {
            return self.fault(set.span().start, "`set` is not a table", "write [set] and the fields below");
        };
        self.fields(table, "", at, shape);
    }

    fn fields(&mut self, table: &DeTable<'_>, above: &str, at: &mut At<'_>, shape: &mut Shape) {
        for (name, value) in table.iter() {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            let content = match value.get_ref() {
                DeValue::String(text) => match text.strip_prefix('=') {
                    Some(formula) => self.compiled(formula, value.span().start + 2, at).map(Content::Value),
                    None => self.template(text, value.span().start + 1, at).map(Content::Text),
                },
                DeValue::Boolean(yes) => Some(Content::Value(Expr::Bool(*yes))),
                DeValue::Table(inner) => {
                    self.fields(inner, &path, at, shape);
                    continue;
                }
                _ => {
                    let fix = "write \"text with {fields}\", or \"= formula\"";
                    self.fault(value.span().start, format!("{path} is set to nothing that is known"), fix);
                    None
                }
            };
            if let Some(content) = content
                && !shape.put(&path, content)
            {
                self.fault(name.span().start, format!("`{path}` is set twice"), "remove one of them");
            }
        }
    }

    fn expr(&mut self, value: &Spanned<DeValue<'_>>, at: &mut At<'_>) -> Option<Expr> {
        match value.get_ref().as_str() {
            Some(text) => self.compiled(text, value.span().start + 1, at),
            None => {
                self.fault(value.span().start, "an expression is a text", "quote it");
                None
            }
        }
    }

    fn compiled(&mut self, text: &str, offset: usize, at: &mut At<'_>) -> Option<Expr> {
        let made = self.with_names(at, |names| Template::expression(text, names));
        self.report(made, text, offset)
    }

    fn template(&mut self, text: &str, offset: usize, at: &mut At<'_>) -> Option<Template> {
        let made = self.with_names(at, |names| Template::compile(text, names));
        self.report(made, text, offset)
    }

    fn with_names<T>(&mut self, at: &mut At<'_>, make: impl FnOnce(&mut Names<'_>) -> T) -> T {
        make(&mut Names {
            tables: self.tables,
            header: &mut self.header,
            row: at.row.and_then(|row| self.rows.get_mut(row)),
            lets: at.lets,
            totals: &self.totals,
            slots: at.slots,
        })
    }

    fn report<T>(&mut self, made: Result<T, (usize, String)>, text: &str, offset: usize) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err((place, problem)) => {
                let bytes: usize = text.chars().take(place).map(char::len_utf8).sum();
                self.fault((offset + bytes).min(self.text.len()), problem, "correct the expression");
                None
            }
        }
    }
}
