//! A parsed statement over what the company holds.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::parse::{Condition, Operator, Statement};
use crate::json::{Json, object};
use crate::quickbooks::clock;
use crate::quickbooks::entities::{Entity, Type};
use crate::quickbooks::fault::Fault;
use crate::quickbooks::shape::Kind;
use crate::quickbooks::store::{Company, IdKey, Record};
use crate::quickbooks::write::render;

const DEFAULT_PAGE: u64 = 100;

/// What a query may compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Id,
    Created,
    Updated,
    Member(&'static str, Comparison),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Text,
    Number,
    Flag,
    Date,
    /// The id in a reference.
    Reference,
}

#[derive(Debug, PartialEq)]
enum Value {
    Text(String),
    Number(Decimal),
    Flag(bool),
    Instant(DateTime<Utc>),
    /// `' '`
    Null,
}

struct Test {
    property: Property,
    operator: Operator,
    values: Vec<Value>,
}

fn invalid(why: impl std::fmt::Display) -> Fault {
    Fault::new("4001", "Invalid query", format!("QueryValidationError: {why}"))
}

fn property(entity: &'static Entity, name: &str) -> Result<Property, Fault> {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    if is("Id") {
        return Ok(Property::Id);
    }
    if is("MetaData.CreateTime") {
        return Ok(Property::Created);
    }
    if is("MetaData.LastUpdatedTime") {
        return Ok(Property::Updated);
    }
    let filter = entity.filters.iter().find(|filter| is(filter));
    let Some((filter, field)) = filter.and_then(|filter| Some((*filter, entity.shape.field(filter)?))) else {
        return Err(invalid(format_args!("Property {name} not found for Entity {}", entity.name)));
    };
    let comparison = match field.kind {
        Kind::Amount | Kind::Number | Kind::Whole => Comparison::Number,
        Kind::Flag => Comparison::Flag,
        Kind::Date => Comparison::Date,
        Kind::Ref(_) | Kind::OtherRef | Kind::Party => Comparison::Reference,
        _ => Comparison::Text,
    };
    Ok(Property::Member(filter, comparison))
}

fn value(property: Property, text: &str, now: DateTime<Utc>) -> Result<Value, Fault> {
    if text == " " && matches!(property, Property::Member(..)) {
        return Ok(Value::Null);
    }
    let bad = || invalid(format_args!("value {text} is not valid for this property"));
    Ok(match property {
        Property::Id | Property::Member(_, Comparison::Text | Comparison::Reference) => {
            Value::Text(text.to_lowercase())
        }
        Property::Created | Property::Updated => Value::Instant(clock::instant(text).ok_or_else(bad)?),
        Property::Member(_, Comparison::Number) => {
            Value::Number(Json::String(text.to_owned()).as_decimal().ok_or_else(bad)?)
        }
        Property::Member(_, Comparison::Flag) if text.eq_ignore_ascii_case("true") => Value::Flag(true),
        Property::Member(_, Comparison::Flag) if text.eq_ignore_ascii_case("false") => Value::Flag(false),
        Property::Member(_, Comparison::Flag) => return Err(bad()),
        Property::Member(_, Comparison::Date) if text.eq_ignore_ascii_case("CURRENT_DATE") => {
            Value::Text(clock::today(now).to_string())
        }
        // Dates in this form sort as text.
        Property::Member(_, Comparison::Date) => Value::Text(clock::date(text).ok_or_else(bad)?.to_string()),
    })
}

fn test(entity: &'static Entity, condition: &Condition, now: DateTime<Utc>) -> Result<Test, Fault> {
    let property = property(entity, &condition.property)?;
    let operator = condition.operator;
    if property == Property::Id && !matches!(operator, Operator::Equal | Operator::In) {
        return Err(invalid("only = and IN are supported for Id"));
    }
    if operator == Operator::Like && !matches!(property, Property::Member(_, Comparison::Text)) {
        return Err(invalid(format_args!("LIKE is not supported for {}", condition.property)));
    }
    let values: Result<Vec<Value>, Fault> = condition.values.iter().map(|text| value(property, text, now)).collect();
    Ok(Test { property, operator, values: values? })
}

fn field(property: Property, key: &IdKey, record: &Record) -> Value {
    match property {
        Property::Id => Value::Text(key.as_str().to_owned()),
        Property::Updated => Value::Instant(record.updated),
        Property::Created => {
            let text = record.json.at(&["MetaData", "CreateTime"]).and_then(Json::as_str);
            text.and_then(clock::instant).map_or(Value::Null, Value::Instant)
        }
        Property::Member(name, comparison) => {
            let Some(member) = record.json.get(name) else { return Value::Null };
            let found = match comparison {
                Comparison::Text | Comparison::Date => member.as_id().map(|text| Value::Text(text.to_lowercase())),
                Comparison::Number => member.as_decimal().map(Value::Number),
                Comparison::Flag => member.as_bool().map(Value::Flag),
                Comparison::Reference => {
                    member.get("value").and_then(Json::as_id).map(|id| Value::Text(id.to_lowercase()))
                }
            };
            found.unwrap_or(Value::Null)
        }
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::Text(l), Value::Text(r)) => l.cmp(r),
        (Value::Number(l), Value::Number(r)) => l.cmp(r),
        (Value::Flag(l), Value::Flag(r)) => l.cmp(r),
        (Value::Instant(l), Value::Instant(r)) => l.cmp(r),
        (Value::Null, Value::Null) => Ordering::Equal,
        _ => return None,
    })
}

fn like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('%');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn passes(test: &Test, key: &IdKey, record: &Record) -> bool {
    let found = field(test.property, key, record);
    let against = |value: &Value| compare(&found, value);
    let first = test.values.first();
    match test.operator {
        Operator::In => test.values.iter().any(|value| against(value) == Some(Ordering::Equal)),
        Operator::Like => match (&found, first) {
            (Value::Text(text), Some(Value::Text(pattern))) => like(text, pattern),
            _ => false,
        },
        operator => {
            let Some(ordering) = first.and_then(against) else { return false };
            match operator {
                Operator::Equal => ordering.is_eq(),
                Operator::Less => ordering.is_lt(),
                Operator::Greater => ordering.is_gt(),
                Operator::LessOrEqual => ordering.is_le(),
                _ => ordering.is_ge(),
            }
        }
    }
}

/// Ids that an equality on an index leaves, so that a look-up by id or number reads no more than it must.
fn narrowed(company: &Company, kind: Type, tests: &[Test]) -> Option<Vec<IdKey>> {
    let texts = |test: &Test| -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        test.values.iter().filter_map(text).collect()
    };
    let equal = |test: &&Test| matches!(test.operator, Operator::Equal | Operator::In);
    if let Some(test) = tests.iter().filter(equal).find(|test| test.property == Property::Id) {
        return Some(texts(test).iter().map(|id| IdKey::new(id)).collect());
    }
    let number = Property::Member("DocNumber", Comparison::Text);
    let test =
        tests.iter().filter(equal).find(|test| test.property == number && !test.values.contains(&Value::Null))?;
    // Numbers are indexed without the spaces around them.
    Some(texts(test).iter().flat_map(|text| company.numbered(kind, text).cloned().collect::<Vec<_>>()).collect())
}

/// Runs a statement: what stands under `QueryResponse`, and how many objects that are.
///
/// # Errors
/// 4001 for an entity or property that cannot be queried, and for positions that are none.
pub(crate) fn run(
    company: &Company,
    statement: &Statement,
    most: usize,
    now: DateTime<Utc>,
) -> Result<(Json, usize), Fault> {
    let Some(kind) = Type::by_name(&statement.entity) else {
        return Err(invalid(format_args!("invalid context declaration: {}", statement.entity)));
    };
    let entity = kind.entity();
    let mut tests = Vec::with_capacity(statement.conditions.len());
    for condition in &statement.conditions {
        tests.push(test(entity, condition, now)?);
    }
    let mut order = Vec::with_capacity(statement.order.len());
    for by in &statement.order {
        order.push((property(entity, &by.property)?, by.descending));
    }
    let start = statement.start.unwrap_or(1);
    let page = statement.most.unwrap_or(DEFAULT_PAGE);
    if start == 0 || page == 0 {
        return Err(invalid("STARTPOSITION and MAXRESULTS must be positive"));
    }
    let active = Property::Member("Active", Comparison::Flag);
    if kind.is_list() && !tests.iter().any(|test| test.property == active) {
        tests.push(Test { property: active, operator: Operator::Equal, values: vec![Value::Flag(true)] });
    }
    let accepted = |key: &IdKey, record: &Record| {
        !company.is_hidden(kind, key) && tests.iter().all(|test| passes(test, key, record))
    };
    let mut found: Vec<(&IdKey, &Record)> = match narrowed(company, kind, &tests) {
        Some(mut keys) => {
            keys.sort();
            keys.dedup();
            let wanted = keys.iter().filter_map(|key| company.entry(kind, key));
            wanted.filter(|(key, record)| accepted(key, record)).collect()
        }
        None => company.all(kind).filter(|(key, record)| accepted(key, record)).collect(),
    };
    if statement.count {
        return Ok((object([("totalCount", found.len().into())]), 0));
    }
    if !order.is_empty() {
        found.sort_by(|left, right| {
            order.iter().fold(Ordering::Equal, |sofar, (by, descending)| {
                sofar.then_with(|| {
                    let ordering = sort(&field(*by, left.0, left.1), &field(*by, right.0, right.1));
                    if *descending { ordering.reverse() } else { ordering }
                })
            })
        });
    }
    let skip = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let take = usize::try_from(page).unwrap_or(usize::MAX).min(most);
    let shown: Vec<Json> = found.into_iter().skip(skip).take(take).map(|(_, r)| render(kind, &r.json)).collect();
    if shown.is_empty() {
        return Ok((object([]), 0));
    }
    let count = shown.len();
    let response =
        object([(entity.name, shown.into()), ("startPosition", (skip + 1).into()), ("maxResults", count.into())]);
    Ok((response, count))
}

// Nothing sorts before something.
fn sort(left: &Value, right: &Value) -> Ordering {
    compare(left, right).unwrap_or_else(|| (*left != Value::Null).cmp(&(*right != Value::Null)))
}
