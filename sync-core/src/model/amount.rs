//! A decimal on the wire: a JSON number or a JSON string, exact either way.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal as vendors send it: `"4500.0"`, `4500.0` and `4500` are the same. Read from the text of the JSON, so that
/// no float is ever in between; written as a JSON number.
///
/// Must be read with `serde_json` from text, and not inside `flatten` or an internally tagged enum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Amount(pub Decimal);

/// The text is not a decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number")]
pub struct AmountError(String);

impl Amount {
    /// Reads a decimal; scientific notation is accepted, since JSON allows it.
    ///
    /// # Errors
    /// If the text is not a number, or is longer than an exact decimal can hold.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let text = text.trim();
        Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map(Self)
            .map_err(|_| AmountError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')).unwrap_or(raw);
        Self::parse(text).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_string_are_the_same_exact_decimal() {
        for text in ["123456789012345.67", "\"123456789012345.67\"", "1.2345678901234567e14"] {
            let read: Amount = serde_json::from_str(text).unwrap();
            assert_eq!(read.0.to_string().trim_end_matches('0'), "123456789012345.67", "{text}");
        }
    }

    #[test]
    fn it_is_written_as_a_number() {
        assert_eq!(serde_json::to_string(&Amount::parse("22.50").unwrap()).unwrap(), "22.50");
    }

    #[test]
    fn what_is_no_number_says_so() {
        assert!(serde_json::from_str::<Amount>("\"12,50\"").unwrap_err().to_string().contains("12,50"));
        assert!(serde_json::from_str::<Amount>("true").is_err());
    }
}
