//! What a JSON object of the vendor may hold, and the check of a request body against it.
//!
//! The vendor refuses unknown keys at any depth (2010), so each entity has its own table.

use rust_decimal::Decimal;

use super::clock;
use super::entities::Type;
use super::fault::Fault;
use crate::json::{Json, Object, object};

/// What a member may hold.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// A name of at most so many characters, without colon, tab and line break.
    Name(usize),
    /// Digits.
    Id,
    /// Any whole number: the id of a line, also one made up by the caller.
    LineId,
    /// Money: at most two decimals.
    Amount,
    /// A quantity, price or rate.
    Number,
    /// A whole number.
    Whole,
    Flag,
    Date,
    Stamp,
    Choice(&'static [&'static str]),
    /// A reference to an entity that the double keeps.
    Ref(Type),
    /// A reference to something that the double does not keep (tax code, payment method, project, ...).
    OtherRef,
    /// A reference that names the type of its target in `type`.
    Party,
    One(&'static Shape),
    Many(&'static Shape),
    /// Taken as it is.
    Free,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The vendor fills it; what a client sends is ignored.
    pub(super) read_only: bool,
}

/// A table of members, in parts that several tables share.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) parts: &'static [&'static [Field]],
}

pub(super) const fn f(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, read_only: false }
}

pub(super) const fn ro(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, read_only: true }
}

impl Shape {
    pub(super) fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|field| field.name == name)
    }
}

/// Who writes. A person in the QuickBooks screen can set what a client of the API cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    Client,
    Person,
}

const MOST: i64 = 99_999_999_999;

/// The body with nulls and ignored members gone and numbers in one spelling.
pub(super) fn clean(shape: &'static Shape, body: &Json, actor: Actor) -> Result<Object, Fault> {
    let Some(members) = body.as_object() else {
        return Err(Fault::property("body", "a JSON object is expected"));
    };
    let mut out = Object::with_capacity(members.len());
    for (name, value) in members {
        let Some(field) = shape.field(name) else {
            return Err(Fault::property(name, "Unrecognized field"));
        };
        if value.is_null() || (field.read_only && actor == Actor::Client) {
            continue;
        }
        out.insert(name.clone(), clean_value(field, value, actor)?);
    }
    Ok(out)
}

fn clean_value(field: &Field, value: &Json, actor: Actor) -> Result<Json, Fault> {
    let name = field.name;
    let text = |value: &Json| match value {
        Json::String(text) | Json::Number(text) => Ok(text.clone()),
        Json::Bool(flag) => Ok(flag.to_string()),
        _ => Err(Fault::property(name, "failed to parse a text")),
    };
    Ok(match &field.kind {
        Kind::Text(max) => {
            let text = text(value)?;
            fits(name, &text, *max)?;
            text.into()
        }
        Kind::Name(max) => {
            let text = text(value)?.trim().to_owned();
            if text.contains([':', '\t', '\n', '\r']) && actor == Actor::Client {
                return Err(Fault::characters(name));
            }
            fits(name, &text, *max)?;
            text.into()
        }
        Kind::Id => {
            let text = text(value)?;
            if !is_id(&text) {
                return Err(Fault::bad_id(&text).on(name));
            }
            text.into()
        }
        Kind::LineId => {
            let text = text(value)?;
            if text.parse::<i128>().is_err() {
                return Err(Fault::bad_id(&text).on(name));
            }
            text.into()
        }
        Kind::Amount => {
            let amount = number(name, value)?.normalize();
            if amount.scale() > 2 || amount.abs() > Decimal::from(MOST) {
                let detail =
                    format!("Invalid decimal for {name}: an amount has at most two decimals. Supplied value:{amount}");
                return Err(Fault::new("2110", "Invalid Decimal", detail).on(name));
            }
            money(amount)
        }
        Kind::Number => {
            let number = number(name, value)?.normalize();
            if number.abs() > Decimal::from(MOST) {
                return Err(
                    Fault::new("2090", "Invalid Number", format!("Invalid number for {name}: {number}")).on(name)
                );
            }
            Json::decimal(number)
        }
        Kind::Whole => {
            let number = number(name, value)?.normalize();
            if number.scale() > 0 {
                return Err(
                    Fault::new("2090", "Invalid Number", format!("Invalid number for {name}: {number}")).on(name)
                );
            }
            Json::decimal(number)
        }
        Kind::Flag => match value {
            Json::Bool(_) => value.clone(),
            Json::String(text) if text == "true" || text == "false" => (text == "true").into(),
            other => {
                let detail = format!("The boolean value isn't valid. Supplied value:{other}");
                return Err(Fault::new("2230", "Invalid Boolean", detail).on(name));
            }
        },
        Kind::Date => {
            let text = text(value)?;
            if clock::date(&text).is_none() {
                let detail = format!("The date format isn't valid, YYYY-MM-DD is expected. Supplied value:{text}");
                return Err(Fault::new("2060", "Invalid Date Format", detail).on(name));
            }
            text.into()
        }
        Kind::Stamp => text(value)?.into(),
        Kind::Choice(choices) => {
            let text = text(value)?;
            if !choices.contains(&text.as_str()) {
                return Err(Fault::property(name, &format!("'{text}' is none of {}", choices.join(", "))));
            }
            text.into()
        }
        Kind::Ref(_) => reference(name, value, true)?,
        Kind::OtherRef | Kind::Party => reference(name, value, false)?,
        Kind::One(shape) => Json::Object(clean(shape, value, actor)?),
        Kind::Many(shape) => {
            let Some(items) = value.as_array() else {
                return Err(Fault::property(name, "an array is expected"));
            };
            let items: Result<Vec<Json>, Fault> =
                items.iter().map(|item| clean(shape, item, actor).map(Json::Object)).collect();
            Json::Array(items?)
        }
        Kind::Free => value.clone(),
    })
}

/// Writes numbers that stand as text (a book may hold them so) as the numbers that the vendor sends.
pub(super) fn normalize(shape: &'static Shape, members: &mut Object) {
    for (name, value) in members.iter_mut() {
        let Some(field) = shape.field(name) else { continue };
        match &field.kind {
            Kind::Amount | Kind::Number | Kind::Whole => {
                if let (Json::String(_), Some(number)) = (&*value, value.as_decimal()) {
                    *value = Json::decimal(number);
                }
            }
            Kind::One(inner) => {
                if let Some(inner_members) = value.as_object_mut() {
                    normalize(inner, inner_members);
                }
            }
            Kind::Many(inner) => {
                if let Json::Array(items) = value {
                    items.iter_mut().filter_map(Json::as_object_mut).for_each(|item| normalize(inner, item));
                }
            }
            _ => {}
        }
    }
}

fn fits(name: &str, text: &str, max: usize) -> Result<(), Fault> {
    // Bytes are never fewer than characters: most texts need no counting.
    if text.len() <= max {
        return Ok(());
    }
    let supplied = text.chars().count();
    if supplied > max { Err(Fault::length(name, max, supplied)) } else { Ok(()) }
}

/// Digits, of a length that the vendor's ids have.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(name: &str, value: &Json) -> Result<Decimal, Fault> {
    value.as_decimal().ok_or_else(|| {
        Fault::new("2080", "Invalid Number Format", format!("The number format isn't valid. Supplied value:{value}"))
            .on(name)
    })
}

/// An amount with the two decimals in which the vendor shows US dollars.
pub(super) fn money(amount: Decimal) -> Json {
    let mut amount = amount;
    amount.rescale(2);
    if amount.is_zero() {
        amount.set_sign_positive(true);
    }
    Json::decimal(amount)
}

// Only `value` counts; `name` is decoration which the server writes.
fn reference(name: &str, value: &Json, digits: bool) -> Result<Json, Fault> {
    let Some(members) = value.as_object() else {
        return Err(Fault::property(name, "a reference is expected"));
    };
    if let Some(unknown) = members.keys().find(|key| !matches!(key.as_str(), "value" | "name" | "type")) {
        return Err(Fault::property(unknown, "Unrecognized field"));
    }
    let Some(id) = members.get("value").and_then(Json::as_id).filter(|id| !id.is_empty()) else {
        return Err(Fault::missing(&format!("{name}.value")));
    };
    if digits && !is_id(id) {
        return Err(Fault::bad_id(id).on(name));
    }
    let mut out = object([("value", id.into())]);
    match members.get("type").and_then(Json::as_str) {
        Some(kind) => out.set("type", kind),
        // For something that the double does not keep, the caller's name is the only one there is.
        None if !digits => {
            if let Some(label) = members.get("name").and_then(Json::as_str) {
                out.set("name", label);
            }
        }
        None => {}
    }
    Ok(out)
}
