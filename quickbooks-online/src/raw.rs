//! Objects as QuickBooks sent them: members that this crate does not know survive reading, changing and writing.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::Error;
use crate::wire::Wire;

/// An object as it was read: its whole text, and what this crate understands of it.
#[derive(Clone)]
pub struct Record<T> {
    raw: Box<RawValue>,
    entity: T,
}

impl<T: Wire> Record<T> {
    /// Reads the text of one object.
    ///
    /// # Errors
    /// [`Error::Unreadable`], with the place, when a known member has another type than documented.
    pub fn read(raw: Box<RawValue>) -> Result<Self, Error> {
        let entity = serde_json::from_str(raw.get())
            .map_err(|error| Error::unreadable(&format!("{} {}", T::ENTITY, id_of(&raw)), &error))?;
        Ok(Self { raw, entity })
    }
}

impl<T> Record<T> {
    /// The object as QuickBooks sent it, byte for byte.
    pub fn raw(&self) -> &RawValue {
        &self.raw
    }

    /// The typed view, without the text.
    pub fn into_entity(self) -> T {
        self.entity
    }
}

impl<T> Deref for Record<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.entity
    }
}

impl<T: fmt::Debug> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entity.fmt(f)
    }
}

/// The id of an object, for error texts; `?` when it has none.
pub(crate) fn id_of(raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(rename = "Id", borrow)]
        id: Option<Cow<'a, str>>,
    }
    let head: Option<Head<'_>> = serde_json::from_str(raw.get()).ok();
    head.and_then(|head| head.id).map_or_else(|| "?".to_owned(), Cow::into_owned)
}

/// The members of a JSON object, in their order; values are untouched text until somebody sets them.
#[derive(Clone, Debug, Default)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'a> Object<'a> {
    /// No members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The members of `raw`.
    ///
    /// # Errors
    /// If it is no object.
    pub fn read(raw: &'a RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(raw.get())
    }

    /// The value of a member; a member that is `null` is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| &**value).filter(|value| value.get() != "null")
    }

    /// The value of a member, read as `T`; none when it is missing, `null`, or something else.
    pub(crate) fn get_as<'b, T: Deserialize<'b>>(&'b self, name: &str) -> Option<T> {
        self.get(name).and_then(|value| serde_json::from_str(value.get()).ok())
    }

    /// Sets a member, at its old place or at the end.
    ///
    /// # Errors
    /// If `value` cannot be written as JSON.
    pub fn set(&mut self, name: &'a str, value: &(impl Serialize + ?Sized)) -> Result<(), serde_json::Error> {
        let value = Cow::Owned(to_raw_value(value)?);
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((Cow::Borrowed(name), value)),
        }
        Ok(())
    }

    /// Sets a member to a value that is JSON already.
    pub(crate) fn set_owned(&mut self, name: &str, value: &RawValue) {
        let value = Cow::Owned(value.to_owned());
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((Cow::Owned(name.to_owned()), value)),
        }
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The object as text.
    ///
    /// # Errors
    /// Never for members that were read or set here; the signature is serde's.
    pub fn to_raw(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, Cow<'de, RawValue>)> = Vec::with_capacity(24);
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    // Of two members with one name the last counts, as in every JSON reader that keeps one.
                    match members.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, old)) => *old = Cow::Borrowed(value),
                        None => members.push((key, Cow::Borrowed(value))),
                    }
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed from the text unless it holds escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, &**value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_and_their_spelling_survive() {
        // given an object with members that nobody here knows, in odd spelling
        let text = r#"{"Id":"7","Rate":1.10000000000000000001,"Näm\u0065":{"b":1,"a":[ 2 ]},"Gone":1}"#;
        let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
        // when one is changed, one added, one removed
        let mut object = Object::read(&raw).unwrap();
        object.set("Id", "8").unwrap();
        object.set("New", &true).unwrap();
        object.remove("Gone");
        // then the others are as they were, in their places
        let written = object.to_raw().unwrap();
        assert_eq!(written.get(), r#"{"Id":"8","Rate":1.10000000000000000001,"Näme":{"b":1,"a":[ 2 ]},"New":true}"#);
    }

    #[test]
    fn null_is_nothing_and_the_last_of_two_counts() {
        let raw: Box<RawValue> = serde_json::from_str(r#"{"a":null,"b":1,"b":2}"#).unwrap();
        let object = Object::read(&raw).unwrap();
        assert!(object.get("a").is_none());
        assert_eq!(object.get("b").map(RawValue::get), Some("2"));
        assert_eq!(object.get_as::<u8>("b"), Some(2));
        assert!(Object::read(&serde_json::from_str::<Box<RawValue>>("[1]").unwrap()).is_err());
    }
}
