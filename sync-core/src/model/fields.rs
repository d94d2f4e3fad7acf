//! A document as flat fields, for the three-way decision: compared one by one, each with an owner.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a line of a document by what it stands for in the source (`sov:123`, `pa:45:withheld`), or, for a line that
/// only the accounting system knows, by its id there (`#7`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineKey(Box<str>);

impl LineKey {
    /// A line that comes from the source.
    pub fn source(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().into())
    }

    /// A line of the accounting system that no source line is known for.
    pub fn foreign(id: impl AsRef<str>) -> Self {
        Self(format!("#{}", id.as_ref()).into())
    }

    /// Is it known only to the accounting system?
    pub fn is_foreign(&self) -> bool {
        self.0.starts_with('#')
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parts of a line that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinePart {
    /// The amount.
    Amount,
    /// The item or account.
    PostTo,
    /// The class.
    Class,
    /// The customer or job.
    Customer,
    /// The text.
    Description,
    /// The purchase order line that it bills.
    Link,
}

impl LinePart {
    /// The name in a field path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::PostTo => "post_to",
            Self::Class => "class",
            Self::Customer => "customer",
            Self::Description => "description",
            Self::Link => "link",
        }
    }
}

/// Who decides about a field when both sides changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The source: a change made in QuickBooks is a conflict for a person.
    Procore,
    /// The accounting system: its change is taken.
    Quickbooks,
}

/// Field paths and their values as comparable text, e.g. `line/sov:9/amount` = `25000.00`. An empty value and a
/// missing field are the same.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Sets a field; an empty value removes it.
    pub fn set(&mut self, path: impl Into<String>, value: impl Into<String>) {
        let (path, value) = (path.into(), value.into());
        if value.is_empty() {
            self.0.remove(&path);
        } else {
            self.0.insert(path, value);
        }
    }

    /// Sets a part of a line.
    pub fn set_line(&mut self, line: &LineKey, part: LinePart, value: impl Into<String>) {
        self.set(format!("line/{line}/{}", part.as_str()), value);
    }

    /// The value at a path; empty where there is none.
    pub fn get(&self, path: &str) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    /// All paths and values, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// How many fields have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Has no field a value?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths whose values differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let mut paths: Vec<&str> = self.iter().filter(|(p, v)| other.get(p) != *v).map(|(p, _)| p).collect();
        paths.extend(other.iter().filter(|(p, _)| self.get(p).is_empty()).map(|(p, _)| p));
        paths.sort_unstable();
        paths
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_equals_a_missing_one() {
        let (mut a, mut b) = (Fields::default(), Fields::default());
        a.set("memo", "");
        b.set("date", "2026-01-31");
        b.set("date", "");
        assert_eq!(a, b);
        a.set("number", "1");
        assert_eq!(a.differing(&b), ["number"]);
        assert_eq!(b.differing(&a), ["number"]);
    }
}
