//! What stands around requests: version, behaviour on errors, and the IDs that make a lost answer recoverable.

use std::fmt;
use std::str::FromStr;

use super::text::{NonAscii, limits};
use super::value::{ValueError, check_length};

/// A qbXML version. It selects the schema by which QuickBooks checks the requests, so nothing newer may be sent with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QbXmlVersion {
    major: u8,
    minor: u8,
}

impl QbXmlVersion {
    /// QuickBooks 2014 and later: the common floor.
    pub const V13_0: Self = Self::new(13, 0);
    /// QuickBooks 2023 R3 and later: the newest that is documented.
    pub const V16_0: Self = Self::new(16, 0);

    /// From its two numbers, as the Web Connector gives them.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for QbXmlVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Debug for QbXmlVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a qbXML version of the US edition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a qbXML version; write it like 13.0")]
pub struct VersionError(String);

impl FromStr for QbXmlVersion {
    type Err = VersionError;

    /// Reads one of the `SupportedQBXMLVersion` of a `HostQueryRs`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let parts =
            text.trim().split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        parts.map(|(major, minor)| Self::new(major, minor)).ok_or_else(|| VersionError(text.to_owned()))
    }
}

/// What QuickBooks does with the rest of a message set when one request fails. There is no transaction: what was done
/// before stays done, and the schema's `rollbackOnError` is not supported by QuickBooks Desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnError {
    /// The requests after it are not processed and answer 3231.
    Stop,
    /// The requests after it are processed.
    Continue,
}

impl OnError {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stopOnError",
            Self::Continue => "continueOnError",
        }
    }
}

/// Names a message set, so that QuickBooks keeps its outcome and a lost answer can be asked for again. At most 24
/// characters: a UUID does not fit, 24 hexadecimal digits do. The same ID must always carry the same bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageSetId(String);

impl MessageSetId {
    /// Checks and wraps.
    ///
    /// # Errors
    /// [`ValueError`] if it is empty, longer than 24 characters, or not made of letters, digits, `-` and `_`.
    pub fn new(text: impl Into<String>) -> Result<Self, ValueError> {
        let text = text.into();
        if text.is_empty() {
            return Err(ValueError::Empty);
        }
        check_length(&text, limits::MESSAGE_SET_ID)?;
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
            Ok(Self(text))
        } else {
            Err(ValueError::MessageSetId)
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageSetId({})", self.0)
    }
}

/// The envelope of a message set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The version that is declared.
    pub version: QbXmlVersion,
    /// What happens after a request that fails.
    pub on_error: OnError,
    /// Asks QuickBooks to keep the outcome under this ID.
    pub new_message_set_id: Option<MessageSetId>,
    /// Tells QuickBooks that the outcome kept under this ID was received and can be forgotten.
    pub old_message_set_id: Option<MessageSetId>,
    /// How accented characters are written.
    pub non_ascii: NonAscii,
}

impl Envelope {
    /// An envelope without message-set IDs.
    pub fn new(version: QbXmlVersion, on_error: OnError) -> Self {
        Self { version, on_error, new_message_set_id: None, old_message_set_id: None, non_ascii: NonAscii::default() }
    }

    /// Everything before the first request.
    pub(crate) fn head(&self) -> String {
        let mut head = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><?qbxml version=\"{}\"?><QBXML><QBXMLMsgsRq onError=\"{}\"",
            self.version,
            self.on_error.as_str()
        );
        let ids = [("newMessageSetID", &self.new_message_set_id), ("oldMessageSetID", &self.old_message_set_id)];
        for (name, id) in ids.into_iter().filter_map(|(name, id)| id.as_ref().map(|id| (name, id))) {
            for part in [" ", name, "=\"", id.as_str(), "\""] {
                head.push_str(part);
            }
        }
        head.push('>');
        head
    }
}

/// Everything behind the last request.
pub(crate) const TAIL: &[u8] = b"</QBXMLMsgsRq></QBXML>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_versions_when_read_then_they_compare_as_numbers() {
        let parse = |text: &str| text.parse::<QbXmlVersion>();
        assert!(parse("9.0").unwrap() < parse(" 13.0 ").unwrap());
        assert_eq!(parse("16.0").unwrap(), QbXmlVersion::V16_0);
        assert!(parse("CA3.0").is_err() && parse("13").is_err());
    }

    #[test]
    fn given_a_uuid_when_used_as_message_set_id_then_it_is_too_long() {
        let id = MessageSetId::new("b7f0c2d4-e1a9-4c3f-8d21-a6e0b7f0c2d4");
        assert_eq!(id, Err(ValueError::TooLong { length: 36, max: 24 }));
        assert_eq!(MessageSetId::new("a\"b"), Err(ValueError::MessageSetId));
    }
}
