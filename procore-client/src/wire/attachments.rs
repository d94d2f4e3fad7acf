//! Files in a record: `attachments: [{id, url, filename}]`. The addresses hold for a short time.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::{RawJson, lenient};

/// A file of a record.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Attachment {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// Where its content is for a short time. Whoever has it can read the file.
    #[serde(default, deserialize_with = "lenient::text")]
    pub url: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub filename: Option<String>,
    /// Its name, in records of some kinds.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("id", &self.id).field("filename", &self.filename).finish_non_exhaustive()
    }
}

/// The files of a record as they came. They stand apart from it, so that a file that cannot be read leaves the record as
/// it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachments(RawJson);

impl fmt::Debug for Attachments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attachments")
    }
}

impl Attachments {
    /// The files.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn read(&self) -> Result<Vec<Attachment>, String> {
        serde_json::from_str(self.0.as_str()).map_err(|error| format!("the attachments cannot be read: {error}"))
    }
}

/// The member `attachments` of a record.
pub(crate) fn member<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Attachments>, D::Error> {
    Ok(lenient::raw(deserializer)?.map(Attachments))
}
