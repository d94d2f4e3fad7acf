//! Conditions, formulas and templates of a rule file: compiled once, with exact decimals.
//!
//! The notation is that of [CEL](https://cel.dev) where the two overlap: `status == 'approved' && amount > 1000`,
//! `code in ['05-100', '05-200']`, `vendor_name.startsWith('Delta')`, `a ? b : c`. There are no loops and no user-made
//! functions, at most 400 words and 40 levels, and no text grows beyond 10,000 characters, so every expression ends soon. Numbers are exact decimals; a text that reads as a number counts as one in
//! arithmetic and beside a number.
//!
//! | function | gives |
//! |---|---|
//! | `has(x)` | has it a value? |
//! | `round(x, n)` | rounded to `n` decimals, half away from zero |
//! | `abs(x)`, `min(a, b)`, `max(a, b)` | numbers |
//! | `concat(a, b, …)` | the texts one after the other |
//! | `upper(x)`, `lower(x)`, `trim(x)`, `replace(x, a, b)` | text |
//! | `cut(x, n)` | the first `n` characters |
//! | `shorten(x, n)` | at most `n` characters; what is cut off comes back as a short digest, so that two stay two |
//! | `pad(x, n)` | with zeros in front, `n` characters |
//! | `x.startsWith(y)`, `x.endsWith(y)`, `x.contains(y)` | yes or no |

mod eval;
mod lex;
mod parse;
mod template;

use std::borrow::Cow;

use rust_decimal::Decimal;

pub(super) use parse::{Field, Scope};
pub(super) use template::Template;

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// No value: a field that is empty or missing.
    Nothing,
    /// Text.
    Text(Cow<'a, str>),
    /// An exact number.
    Number(Decimal),
    /// Yes or no.
    Bool(bool),
}

impl<'a> Value<'a> {
    /// A text, nothing where it is empty.
    pub(super) fn text(text: &'a str) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(Cow::Borrowed(text)) }
    }

    /// A text that is made, nothing where it is empty.
    pub(super) fn owned(text: String) -> Self {
        if text.is_empty() { Self::Nothing } else { Self::Text(Cow::Owned(text)) }
    }

    /// The same without anything borrowed.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Nothing => Value::Nothing,
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Value::Number(number),
            Self::Bool(yes) => Value::Bool(yes),
        }
    }

    /// Appends it as text; nothing appends nothing.
    pub(super) fn push_to(&self, out: &mut String) {
        use std::fmt::Write as _;
        match self {
            Self::Nothing => {}
            Self::Text(text) => out.push_str(text),
            Self::Number(number) => drop(write!(out, "{number}")),
            Self::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        }
    }
}

/// Where an expression finds the values of the fields that it names.
pub(super) trait Record {
    /// The value of the field that was resolved to this number.
    fn get(&self, slot: usize) -> Value<'_>;

    /// The value that a table has for a key; none if it has no such row.
    fn lookup(&self, _table: usize, _key: &str, _column: Option<usize>) -> Option<Value<'_>> {
        None
    }

    /// What a table is called, for people.
    fn table_name(&self, _table: usize) -> &str {
        ""
    }
}

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Text(Box<str>),
    Number(Decimal),
    Bool(bool),
    Nothing,
    Field(usize),
    Lookup { table: usize, key: Box<Expr>, column: Option<usize> },
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Both(Box<Expr>, Box<Expr>),
    Either(Box<Expr>, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Has,
    Round,
    Abs,
    Min,
    Max,
    Concat,
    Upper,
    Lower,
    Trim,
    Replace,
    Cut,
    Shorten,
    Pad,
    StartsWith,
    EndsWith,
    Contains,
}

/// What cannot be worked out, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Wrong(pub(super) String);

#[cfg(test)]
mod tests;
