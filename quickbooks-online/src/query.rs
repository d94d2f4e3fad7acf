//! Statements of the query language, safe against whatever a name contains.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries>

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sync_core::model::Date;

use crate::entity::Entity;

/// The largest page that QuickBooks gives; it cuts larger ones without a word.
pub const MAX_PAGE: u32 = 1000;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One query: an entity, conditions that must all hold, an order, a page.
///
/// Inactive entries of lists are asked for too, unless [`active_only`](Self::active_only) is set: a name that is used by
/// an inactive entry is still taken.
///
/// ```
/// use quickbooks_online::{Entity, Query};
/// let query = Query::new(Entity::Vendor).equal("DisplayName", "Amy's Bird Sanctuary");
/// assert_eq!(
///     query.statement(),
///     r"select * from Vendor where DisplayName = 'Amy\'s Bird Sanctuary' and Active in (true, false) startposition 1 maxresults 1000"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    entity: Entity,
    conditions: Vec<String>,
    order: Option<&'static str>,
    active_only: bool,
    start: u32,
    max: u32,
}

impl Query {
    /// All objects of an entity, inactive ones included; the first 1000.
    #[must_use]
    pub fn new(entity: Entity) -> Self {
        Self { entity, conditions: Vec::new(), order: None, active_only: false, start: 1, max: MAX_PAGE }
    }

    /// The entity.
    #[must_use]
    pub fn entity(&self) -> Entity {
        self.entity
    }

    /// `property = 'value'`.
    #[must_use]
    pub fn equal(mut self, property: &'static str, value: &str) -> Self {
        self.conditions.push(format!("{property} = {}", quoted(value)));
        self
    }

    /// `property in ('a', 'b')`; with no values nothing is found.
    #[must_use]
    pub fn one_of<'v>(mut self, property: &'static str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut list = String::new();
        for value in values {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(&quoted(value));
        }
        if list.is_empty() {
            // An empty list does not parse; no id is empty.
            list.push_str("''");
        }
        self.conditions.push(format!("{property} in ({list})"));
        self
    }

    /// `property >= 'instant'`.
    #[must_use]
    pub fn since(mut self, property: &'static str, instant: DateTime<Utc>) -> Self {
        self.conditions.push(format!("{property} >= '{}'", instant_text(instant)));
        self
    }

    /// `property >= 'day'`, for a property that is a date.
    #[must_use]
    pub fn from_day(mut self, property: &'static str, day: Date) -> Self {
        self.conditions.push(format!("{property} >= '{day}'"));
        self
    }

    /// Leaves the inactive entries of lists out.
    #[must_use]
    pub fn active_only(mut self) -> Self {
        self.active_only = true;
        self
    }

    /// The order of the answer, such as `MetaData.CreateTime`.
    #[must_use]
    pub fn order_by(mut self, property: &'static str) -> Self {
        self.order = Some(property);
        self
    }

    /// The page: position of its first object, from 1, and the number of objects, at most 1000.
    #[must_use]
    pub fn page(mut self, start: u32, max: u32) -> Self {
        self.start = start.max(1);
        self.max = max.clamp(1, MAX_PAGE);
        self
    }

    /// Objects that the answer holds at most.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.max
    }

    /// The statement, not percent-encoded.
    #[must_use]
    pub fn statement(&self) -> String {
        let mut text = format!("select * from {}", self.entity);
        let active = (self.entity.is_list() && !self.active_only).then_some("Active in (true, false)");
        let conditions = self.conditions.iter().map(String::as_str).chain(active);
        for (index, condition) in conditions.enumerate() {
            text.push_str(if index == 0 { " where " } else { " and " });
            text.push_str(condition);
        }
        if let Some(order) = self.order {
            // The documentation spells it as one word.
            let _ = write!(text, " orderby {order}");
        }
        if !self.entity.is_single() {
            let _ = write!(text, " startposition {} maxresults {}", self.start, self.max);
        }
        text
    }
}

/// A value in quotes: `'` and `\` are escaped by a backslash.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for c in value.chars() {
        if matches!(c, '\'' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('\'');
    text
}

/// An instant with an offset that has no `+`, which some readers take for a space.
pub(crate) fn instant_text(instant: DateTime<Utc>) -> String {
    match FixedOffset::west_opt(8 * 3600) {
        Some(pacific) => instant.with_timezone(&pacific).to_rfc3339_opts(SecondsFormat::Secs, false),
        None => instant.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub(crate) fn encoded(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_leave_its_quotes() {
        for (value, expected) in [
            ("Amy's", r"'Amy\'s'"),
            (r"back\slash", r"'back\\slash'"),
            (r"\' or Id = '1", r"'\\\' or Id = \'1'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(value), expected);
        }
    }

    #[test]
    fn everything_is_percent_encoded() {
        let statement = Query::new(Entity::Bill).equal("DocNumber", "A&B+C=100%#é'").statement();
        let encoded = encoded(&statement).to_string();
        assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)), "{encoded}");
        assert!(encoded.contains("A%26B%2BC%3D100%25%23%C3%A9%5C%27"));
    }

    #[test]
    fn instants_have_no_plus() {
        let instant = DateTime::from_timestamp(1_767_268_800, 0).unwrap();
        let query = Query::new(Entity::Bill).since("MetaData.CreateTime", instant).order_by("MetaData.CreateTime");
        assert_eq!(
            query.page(0, 5000).statement(),
            "select * from Bill where MetaData.CreateTime >= '2026-01-01T04:00:00-08:00' \
             orderby MetaData.CreateTime startposition 1 maxresults 1000"
        );
    }

    #[test]
    fn singles_have_no_page_and_an_empty_list_finds_nothing() {
        assert_eq!(Query::new(Entity::Preferences).statement(), "select * from Preferences");
        let none = Query::new(Entity::Bill).one_of("Id", []).page(1, 10).statement();
        assert_eq!(none, "select * from Bill where Id in ('') startposition 1 maxresults 10");
    }
}
