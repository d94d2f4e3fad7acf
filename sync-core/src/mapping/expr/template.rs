//! Templates: text with `{expressions}` in it.

use super::parse::{ParseError, Scope, parse};
use super::{Expr, Record, Value, Wrong};

/// A compiled template.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::mapping) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(Box<str>),
    Value(Expr),
}

impl Template {
    /// Compiles a template. An error says what is wrong and where (in characters, from 0).
    pub(in crate::mapping) fn compile(text: &str, scope: &mut dyn Scope) -> Result<Self, ParseError> {
        let mut pieces = Vec::new();
        let (mut rest, mut at) = (text, 0);
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            at += before.chars().count();
            let close = closing(after).ok_or_else(|| (at, "a `{` has no `}`".to_owned()))?;
            let inside = after.get(1..close).unwrap_or_default();
            let value = parse(inside, scope).map_err(|(place, problem)| (at + 1 + place, problem))?;
            pieces.push(Piece::Value(value));
            rest = after.get(close + 1..).unwrap_or_default();
            at += inside.chars().count() + 2;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self { pieces })
    }

    /// One expression on its own.
    pub(in crate::mapping) fn expression(text: &str, scope: &mut dyn Scope) -> Result<Expr, ParseError> {
        parse(text, scope)
    }

    /// The text, if there is no expression in it.
    pub(in crate::mapping) fn constant(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Gives the parts of the text for a record, one after the other. An expression without value gives none.
    pub(in crate::mapping) fn each<R: Record>(&self, record: &R, mut part: impl FnMut(&str)) -> Result<(), Wrong> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => part(text),
                Piece::Value(expr) => match expr.eval(record)? {
                    Value::Text(text) => part(&text),
                    other => {
                        let mut text = String::new();
                        other.push_to(&mut text);
                        part(&text);
                    }
                },
            }
        }
        Ok(())
    }

    /// The text for a record, on one line and with single spaces.
    pub(in crate::mapping) fn fill<R: Record>(&self, record: &R) -> Result<String, Wrong> {
        let mut out = String::new();
        self.each(record, |part| out.push_str(part))?;
        Ok(out.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// The place of the brace that closes the first one, quotes left aside.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, c)| match quote {
        Some(open) if c == open => {
            quote = None;
            None
        }
        None if c == '\'' || c == '"' => {
            quote = Some(c);
            None
        }
        None if c == '}' => Some(at),
        _ => None,
    })
}
