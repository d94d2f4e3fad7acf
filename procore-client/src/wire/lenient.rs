//! Values as Procore really sends them: numbers as strings, ids as either, "nothing" as `null`, `""` or no member.
//!
//! Each function is for `#[serde(default, deserialize_with = "…")]`. Scalars are read from the text of the JSON, so no
//! float is ever in between and an id of 19 digits survives.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sync_core::model::{Amount, Date, Timestamp};

/// Procore's "no date" in data that came from older systems.
const NO_DATE: &str = "0001-01-01";

/// A scalar of the JSON as text.
enum Scalar<'de> {
    Nothing,
    /// A string with content, trimmed.
    Text(Cow<'de, str>),
    /// A number, `true` or `false`, as written.
    Bare(&'de str),
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scalar<'de>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?.get();
    Ok(match raw.as_bytes().first() {
        Some(b'n') => Scalar::Nothing,
        Some(b'"') => {
            let text: Cow<'de, str> = match raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')) {
                Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain.trim()),
                _ => {
                    let text: String = serde_json::from_str(raw).map_err(Error::custom)?;
                    Cow::Owned(text.trim().to_owned())
                }
            };
            if text.is_empty() { Scalar::Nothing } else { Scalar::Text(text) }
        }
        Some(b'{' | b'[') => return Err(Error::custom(format_args!("`{}` is not a single value", shorten(raw)))),
        _ => Scalar::Bare(raw),
    })
}

/// At most 40 characters of a value, for an error text.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

fn refuse<E: Error>(value: &str, wanted: &str) -> E {
    E::custom(format_args!("`{}` is not {wanted}", shorten(value)))
}

/// Text; a number or a truth value is taken as it is written.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match scalar(deserializer)? {
        Scalar::Nothing => None,
        Scalar::Text(text) => Some(text.into_owned()),
        Scalar::Bare(text) => Some(text.to_owned()),
    })
}

/// A word of an open list (a status, a type).
pub(crate) fn word<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(match scalar(deserializer)? {
        Scalar::Nothing => None,
        Scalar::Text(text) => Some(T::from(&text)),
        Scalar::Bare(text) => Some(T::from(text)),
    })
}

/// An exact decimal.
pub(crate) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Text(text) => Amount::parse(&text).map(Some).map_err(Error::custom),
        Scalar::Bare(text) => Amount::parse(text).map(Some).map_err(Error::custom),
    }
}

/// An id: a whole number (v1) or a string (v2).
pub(crate) fn id<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Text(text) => Ok(Some(T::from(&text))),
        Scalar::Bare(text) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(T::from(text))),
        Scalar::Bare(text) => Err(refuse(text, "an id")),
    }
}

/// The id of the record itself, without which it is nothing.
pub(crate) fn own_id<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(deserializer: D) -> Result<T, D::Error> {
    id(deserializer)?.ok_or_else(|| Error::custom("the record has no id"))
}

/// A whole number, also as text.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let read = |text: &str| text.parse().map(Some).map_err(|_| refuse(text, "a whole number"));
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Text(text) => read(&text),
        Scalar::Bare(text) => read(text),
    }
}

/// A truth value, also as text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let read = |text: &str| match text {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        other => Err(refuse(other, "true or false")),
    };
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Text(text) => read(&text),
        Scalar::Bare(text) => read(text),
    }
}

/// A calendar date, on its own or at the start of a date-time, of which the day is taken as it is written.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Bare(text) => Err(refuse(text, "a date (YYYY-MM-DD)")),
        Scalar::Text(text) => {
            let day = text.get(..10).filter(|_| matches!(text.as_bytes().get(10), None | Some(b'T' | b' ')));
            match day {
                Some(NO_DATE) => Ok(None),
                Some(day) => day.parse().map(Some).map_err(|_| refuse(&text, "a date (YYYY-MM-DD)")),
                None => Err(refuse(&text, "a date (YYYY-MM-DD)")),
            }
        }
    }
}

/// An instant; a plain date is its first moment in UTC.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    match scalar(deserializer)? {
        Scalar::Nothing => Ok(None),
        Scalar::Bare(text) => Err(refuse(text, "a date and time (ISO 8601)")),
        Scalar::Text(text) if text.starts_with(NO_DATE) => Ok(None),
        Scalar::Text(text) => {
            if let Ok(time) = chrono::DateTime::parse_from_rfc3339(&text) {
                return Ok(Some(time.to_utc()));
            }
            let midnight = text.parse::<Date>().ok().and_then(|day| day.and_hms_opt(0, 0, 0));
            midnight.map(|time| Some(time.and_utc())).ok_or_else(|| refuse(&text, "a date and time (ISO 8601)"))
        }
    }
}

/// A nested object; `null`, `""` and `[]` stand for none.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Nested<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Nested<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if text.trim().is_empty() { Ok(None) } else { Err(refuse(text, "an object")) }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            match seq.next_element::<&RawValue>()? {
                None => Ok(None),
                Some(first) => Err(refuse(first.get(), "an object, but an element of a list")),
            }
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Nested(PhantomData))
}

/// A list; `null` and no member stand for "not told", which is not the same as an empty list.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    /// An element: an object and nothing else. A derived struct would also take a list for its members.
    struct Element<T>(T);
    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Element<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            object(deserializer)?.map(Self).ok_or_else(|| D::Error::custom("an object was expected, and there is none"))
        }
    }
    let elements = Option::<Vec<Element<T>>>::deserialize(deserializer)?;
    Ok(elements.map(|elements| elements.into_iter().map(|element| element.0).collect()))
}

/// A part of an answer that is passed on unread, such as `custom_fields`: its JSON text.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Box<str>);

impl RawJson {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part that is kept as its text.
pub(crate) fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RawJson>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?.get();
    Ok((raw != "null").then(|| RawJson(raw.into())))
}
