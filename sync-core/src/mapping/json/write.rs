//! The result as bytes of JSON: what is the same for every record is made once.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::mapping::expr::{Expr, Record, Template, Value, Wrong};

/// A piece of the result.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// A text.
    Text {
        field: String,
        template: Template,
    },
    /// A value as it is.
    Value {
        field: String,
        expr: Expr,
    },
    /// The lines of a list.
    Lines(usize),
}

/// What goes to a place of the result.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Text(Template),
    Value(Expr),
    Lines(usize),
}

/// The places of the result, by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape(BTreeMap<String, Place>);

#[derive(Clone, Debug)]
enum Place {
    Content(Content),
    Inner(Shape),
}

impl Shape {
    /// Puts content at a path; false if something else is there or above.
    pub(super) fn put(&mut self, path: &str, content: Content) -> bool {
        match path.split_once('.') {
            None => {
                let free = !self.0.contains_key(path);
                self.0.entry(path.to_owned()).or_insert(Place::Content(content));
                free
            }
            Some((first, rest)) => {
                match self.0.entry(first.to_owned()).or_insert_with(|| Place::Inner(Self::default())) {
                    Place::Inner(inner) => inner.put(rest, content),
                    Place::Content(_) => false,
                }
            }
        }
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut out = Vec::new();
        self.write("", &mut out);
        out
    }

    fn write(&self, above: &str, out: &mut Vec<Piece>) {
        bytes(out, b"{");
        for (at, (name, place)) in self.0.iter().enumerate() {
            if at > 0 {
                bytes(out, b",");
            }
            let mut quoted = Vec::new();
            text(&mut quoted, name);
            quoted.push(b':');
            bytes(out, &quoted);
            let field = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            match place {
                Place::Inner(inner) => inner.write(&field, out),
                Place::Content(Content::Lines(list)) => out.push(Piece::Lines(*list)),
                Place::Content(Content::Value(expr)) => out.push(Piece::Value { field, expr: expr.clone() }),
                Place::Content(Content::Text(template)) => match template.constant() {
                    Some(constant) => {
                        let mut quoted = Vec::new();
                        text(&mut quoted, constant);
                        bytes(out, &quoted);
                    }
                    None => out.push(Piece::Text { field, template: template.clone() }),
                },
            }
        }
        bytes(out, b"}");
    }
}

fn bytes(out: &mut Vec<Piece>, more: &[u8]) {
    match out.last_mut() {
        Some(Piece::Bytes(last)) => last.extend_from_slice(more),
        _ => out.push(Piece::Bytes(more.to_vec())),
    }
}

/// Appends the pieces for a record.
pub(super) fn write<R: Record>(
    pieces: &[Piece],
    record: &R,
    lines: &[Vec<u8>],
    out: &mut Vec<u8>,
) -> Result<(), (String, Wrong)> {
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => out.extend_from_slice(bytes),
            Piece::Text { field, template } => {
                out.push(b'"');
                template.each(record, |part| escaped(out, part)).map_err(|wrong| (field.clone(), wrong))?;
                out.push(b'"');
            }
            Piece::Value { field, expr } => {
                value(out, &expr.eval(record).map_err(|wrong| (field.clone(), wrong))?);
            }
            Piece::Lines(list) => {
                out.push(b'[');
                out.extend_from_slice(lines.get(*list).map_or(&[], Vec::as_slice));
                out.push(b']');
            }
        }
    }
    Ok(())
}

fn value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Nothing => out.extend_from_slice(b"null"),
        Value::Text(content) => text(out, content),
        // Writing to a vector cannot fail.
        Value::Number(number) => drop(write!(out, "{number}")),
        Value::Bool(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
    }
}

fn text(out: &mut Vec<u8>, content: &str) {
    out.push(b'"');
    escaped(out, content);
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, content: &str) {
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let mut rest = content.as_bytes();
    while let Some(at) = rest.iter().position(special) {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        match tail.first() {
            Some(byte @ (b'"' | b'\\')) => out.extend_from_slice(&[b'\\', *byte]),
            Some(b'\n') => out.extend_from_slice(b"\\n"),
            Some(b'\t') => out.extend_from_slice(b"\\t"),
            Some(b'\r') => out.extend_from_slice(b"\\r"),
            Some(byte) => drop(write!(out, "\\u{byte:04x}")),
            None => {}
        }
        rest = tail.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
