//! JSON whose numbers keep their text.
//!
//! A money amount must never pass through a float, not even inside a double: `1234.65` read here is written again as
//! `1234.65`. Members keep their order.

use std::fmt::Write as _;

use indexmap::IndexMap;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// The members of a JSON object, in the order in which they were written.
pub type Object = IndexMap<String, Json>;

/// A JSON value; a number is its own text.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, exactly as it was written.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// The text is not JSON, or is nested deeper than [`MAX_DEPTH`].
#[derive(Debug, thiserror::Error)]
#[error("not valid JSON: {0}")]
pub struct ParseError(String);

/// Deeper documents are refused: no vendor sends them, and recursion must end.
pub const MAX_DEPTH: usize = 64;

impl Json {
    /// Parses one JSON text.
    ///
    /// # Errors
    /// [`ParseError`] with the position if the bytes are not UTF-8 JSON, or nest too deep.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|e| ParseError(e.to_string()))?;
        Self::from_raw(raw, 0)
    }

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, ParseError> {
        if depth > MAX_DEPTH {
            return Err(ParseError(format!("nested deeper than {MAX_DEPTH}")));
        }
        let text = raw.get();
        let fail = |e: serde_json::Error| ParseError(e.to_string());
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: IndexMap<String, &RawValue> = serde_json::from_str(text).map_err(fail)?;
                let members: Result<Object, ParseError> =
                    members.into_iter().map(|(k, v)| Ok((k, Self::from_raw(v, depth + 1)?))).collect();
                Self::Object(members?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(fail)?;
                Self::Array(items.into_iter().map(|v| Self::from_raw(v, depth + 1)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::String(serde_json::from_str(text).map_err(fail)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }

    /// A decimal as a JSON number.
    pub fn decimal(value: Decimal) -> Self {
        Self::Number(value.to_string())
    }

    /// The member `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    /// The value at a path of member names, e.g. `["VendorRef", "value"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Sets a member; does nothing where this is not an object.
    pub fn set(&mut self, key: &str, value: impl Into<Self>) {
        if let Self::Object(members) = self {
            members.insert(key.to_owned(), value.into());
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The text of a string or of a number: how ids arrive.
    pub fn as_id(&self) -> Option<&str> {
        match self {
            Self::String(s) | Self::Number(s) => Some(s),
            _ => None,
        }
    }

    /// The decimal in a number or in a string that holds one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        let text = self.as_id()?.trim();
        text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The members of an object, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// `null`?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Is this a JSON number (not a string that holds one)?
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::String(s) => write_string(s, out),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_string(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl From<&str> for Json {
    fn from(s: &str) -> Self {
        Self::String(s.to_owned())
    }
}

impl From<String> for Json {
    fn from(s: String) -> Self {
        Self::String(s)
    }
}

impl From<bool> for Json {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Json {
    fn from(n: i64) -> Self {
        Self::Number(n.to_string())
    }
}

impl From<usize> for Json {
    fn from(n: usize) -> Self {
        Self::Number(n.to_string())
    }
}

impl From<Decimal> for Json {
    fn from(d: Decimal) -> Self {
        Self::decimal(d)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::Array(items)
    }
}

impl From<Object> for Json {
    fn from(members: Object) -> Self {
        Self::Object(members)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Builds a [`Json`] object: `object([("Id", "1".into())])`.
pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_text_and_members_keep_their_order() {
        let text = r#"{"b":123456789012345.67,"a":[1.10,"x\n\"é"],"c":null,"d":true}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn a_text_that_is_not_json_is_refused_with_its_position() {
        let error = Json::parse(b"{\"a\":").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let text = "[".repeat(100) + &"]".repeat(100);
        assert!(Json::parse(text.as_bytes()).is_err());
    }
}
