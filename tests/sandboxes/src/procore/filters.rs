//! `filters[…]`: only the documented ones of each list work; any other is refused, so that no client leans on it.
//!
//! Source: <https://developers.procore.com/documentation/filtering-on-list-actions> and the reference page of each
//! list.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use http::StatusCode;

use super::call::Call;
use super::errors::Refusal;
use super::store::{Row, Store, Table};
use crate::json::Json;

/// What a filter compares.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// The member at this path equals one of the values.
    Equal(&'static [&'static str]),
    /// The same, and the value must be one of these.
    Choice(&'static [&'static str], &'static [&'static str]),
    /// `true` or `false`.
    Flag(&'static [&'static str]),
    /// The time or date at this member lies in a closed range `A...B`.
    Span(&'static str),
    /// One of these members contains the text, whatever its case.
    Contains(&'static [&'static str]),
    /// `with` or `only`.
    IncludeDeleted,
    /// The last document of its contract, or all others.
    IsLast,
    /// Projects: `Active`, `Inactive`, `All`.
    ProjectStatus,
    /// The vendor of the record's contract.
    ContractVendor,
    /// Whether an origin id is set.
    Synced,
    /// Documented by Procore, not played here.
    NotPlayed,
}

/// A filter name with what it compares.
pub(super) type Filter = (&'static str, By);

#[derive(Debug)]
enum Test {
    OneOf(&'static [&'static str], Vec<String>),
    Flag(&'static [&'static str], bool),
    Span(&'static str, DateTime<Utc>, DateTime<Utc>),
    Contains(&'static [&'static str], String),
    Last(bool, HashMap<String, i64>),
    ContractVendor(Vec<String>),
    Synced(bool),
}

/// The filters of one call, read.
#[derive(Debug)]
pub(super) struct Filters {
    tests: Vec<Test>,
    deleted: Deleted,
    active: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deleted {
    Without,
    With,
    Only,
}

impl Filters {
    pub(super) fn read(call: &Call<'_>, known: &[Filter], table: &Table, projects: bool) -> Result<Self, Refusal> {
        let mut given: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, value) in call.query.iter() {
            let Some(rest) = name.strip_prefix("filters[") else {
                if name.starts_with("filter[") {
                    return Err(Refusal::bad_request(format!("Unknown parameter: {name}")));
                }
                continue;
            };
            let Some((filter, tail)) = rest.split_once(']').filter(|(_, tail)| matches!(*tail, "" | "[]")) else {
                return Err(Refusal::bad_request(format!("Malformed filter: {name}")));
            };
            let values = if tail.is_empty() { listed(value) } else { vec![value.to_owned()] };
            match given.iter_mut().find(|(seen, _)| *seen == filter) {
                Some((_, all)) => all.extend(values),
                None => given.push((filter, values)),
            }
        }
        let mut filters = Self { tests: Vec::new(), deleted: Deleted::Without, active: projects.then_some(true) };
        for (name, values) in given {
            let Some((_, by)) = known.iter().find(|(documented, _)| *documented == name) else {
                return Err(Refusal::bad_request(format!("filters[{name}] is not supported by this endpoint")));
            };
            filters.add(name, *by, values, table)?;
        }
        Ok(filters)
    }

    fn add(&mut self, name: &str, by: By, values: Vec<String>, table: &Table) -> Result<(), Refusal> {
        let wrong = || Refusal::bad_request(format!("filters[{name}] has an invalid value"));
        let single = || values.first().filter(|_| values.len() == 1).map(String::as_str).ok_or_else(wrong);
        let truth = || match single()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong()),
        };
        match by {
            By::Equal(path) => self.tests.push(Test::OneOf(path, values)),
            By::Choice(path, allowed) => {
                if values.iter().any(|value| !allowed.contains(&value.as_str())) {
                    return Err(wrong());
                }
                self.tests.push(Test::OneOf(path, values));
            }
            By::Flag(path) => self.tests.push(Test::Flag(path, truth()?)),
            By::Span(member) => {
                let (from, to) = span(single()?).ok_or_else(|| {
                    Refusal::bad_request(format!("filters[{name}] must be a range of ISO 8601 times: A...B"))
                })?;
                self.tests.push(Test::Span(member, from, to));
            }
            By::Contains(members) => self.tests.push(Test::Contains(members, single()?.to_lowercase())),
            By::IncludeDeleted => {
                self.deleted = match single()? {
                    "with" => Deleted::With,
                    "only" => Deleted::Only,
                    _ => return Err(wrong()),
                }
            }
            By::IsLast => self.tests.push(Test::Last(truth()?, last_numbers(table))),
            By::ProjectStatus => {
                self.active = match single()? {
                    "Active" => Some(true),
                    "Inactive" => Some(false),
                    "All" => None,
                    _ => return Err(wrong()),
                }
            }
            By::ContractVendor => self.tests.push(Test::ContractVendor(values)),
            By::Synced => self.tests.push(Test::Synced(truth()?)),
            By::NotPlayed => {
                let text = format!("filters[{name}] is documented, but this sandbox does not play it");
                return Err(Refusal::Text(StatusCode::NOT_IMPLEMENTED, text));
            }
        }
        Ok(())
    }

    pub(super) fn pass(&self, row: &Row, store: &Store) -> bool {
        let deleted = match self.deleted {
            Deleted::Without => !row.marked_deleted(),
            Deleted::With => true,
            Deleted::Only => row.marked_deleted(),
        };
        let active =
            self.active.is_none_or(|wanted| row.body.get("active").and_then(Json::as_bool).unwrap_or(true) == wanted);
        deleted && active && self.tests.iter().all(|test| test.pass(row, store))
    }

    /// The same on lines, which are no rows of their own.
    pub(super) fn pass_line(&self, line: &Json) -> bool {
        self.tests.iter().all(|test| test.pass_body(line).unwrap_or(false))
    }
}

impl Test {
    fn pass(&self, row: &Row, store: &Store) -> bool {
        match self {
            Self::Last(wanted, last) => {
                let number = row.body.get("number").and_then(integer);
                let is_last = row.parent.as_ref().is_some_and(|parent| last.get(parent).copied() == number);
                is_last == *wanted
            }
            Self::ContractVendor(values) => row
                .parent
                .as_deref()
                .and_then(|id| store.contract(id))
                .and_then(|(_, contract)| vendor_id(&contract.body))
                .is_some_and(|id| values.iter().any(|value| value == id)),
            _ => self.pass_body(&row.body).unwrap_or(false),
        }
    }

    /// `None` for tests that need more than the record itself.
    fn pass_body(&self, body: &Json) -> Option<bool> {
        Some(match self {
            Self::OneOf(path, values) => match body.at(path) {
                Some(Json::Array(items)) => items
                    .iter()
                    .filter_map(|item| item.get("id").unwrap_or(item).as_id())
                    .any(|id| values.iter().any(|value| value == id)),
                Some(found) => found.as_id().is_some_and(|id| values.iter().any(|v| v.eq_ignore_ascii_case(id))),
                None => false,
            },
            Self::Flag(path, wanted) => body.at(path).and_then(Json::as_bool).unwrap_or(false) == *wanted,
            Self::Span(member, from, to) => {
                let at = body.get(member).and_then(Json::as_str).and_then(|text| moment(text, false));
                at.is_some_and(|at| *from <= at && at <= *to)
            }
            Self::Contains(members, needle) => members
                .iter()
                .filter_map(|member| body.get(member).and_then(Json::as_str))
                .any(|text| text.to_lowercase().contains(needle)),
            Self::Synced(wanted) => body.get("origin_id").is_some_and(|id| !id.is_null()) == *wanted,
            Self::Last(..) | Self::ContractVendor(_) => return None,
        })
    }
}

/// The vendor of a contract, in either of its forms.
pub(super) fn vendor_id(contract: &Json) -> Option<&str> {
    contract.at(&["vendor", "id"]).or_else(|| contract.get("vendor_id")).and_then(Json::as_id)
}

fn integer(value: &Json) -> Option<i64> {
    value.as_id()?.parse().ok()
}

fn last_numbers(table: &Table) -> HashMap<String, i64> {
    let mut last = HashMap::new();
    for (_, row) in table.rows() {
        if let (Some(parent), Some(number)) = (&row.parent, row.body.get("number").and_then(integer)) {
            let highest = last.entry(parent.clone()).or_insert(number);
            *highest = number.max(*highest);
        }
    }
    last
}

/// `[1,2]` is two values, anything else one.
fn listed(value: &str) -> Vec<String> {
    match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.split(',').map(|item| item.trim().trim_matches('"').to_owned()).collect(),
        None => vec![value.to_owned()],
    }
}

/// A closed range; the quotes that the guide shows may be there or not. A single instant is no range.
fn span(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let (from, to) = bare.split_once("...")?;
    Some((moment(from.trim(), false)?, moment(to.trim(), true)?))
}

/// A time, or a date for its first or last moment.
fn moment(text: &str, end_of_day: bool) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    if end_of_day {
        let next = date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc();
        return next.checked_sub_signed(chrono::TimeDelta::nanoseconds(1));
    }
    Some(date.and_time(NaiveTime::MIN).and_utc())
}
