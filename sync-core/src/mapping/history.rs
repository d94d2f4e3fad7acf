//! The versions of a mapping that were in use, kept in the journal: every link and every intent names the version that
//! made it, and here is what that version said.

use serde::{Deserialize, Serialize};

use super::{Mapping, MappingFiles};
use crate::journal::{Journal, JournalError};
use crate::model::{ConnectionId, Timestamp};

const HISTORY: &str = "mapping/history";

/// A version that was put to use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionInUse {
    /// The version.
    pub version: String,
    /// From when on; a version that was restored stands once more.
    pub since: Timestamp,
}

fn archive(version: &str) -> String {
    format!("mapping/files/{version}")
}

/// Notes that a version is in use from now on, and keeps its files. Nothing happens if it is the last one noted.
///
/// # Errors
/// If the journal cannot be read or written.
pub async fn record(
    journal: &dyn Journal,
    connection: &ConnectionId,
    mapping: &Mapping,
    now: Timestamp,
) -> Result<(), JournalError> {
    let mut versions = versions(journal, connection).await?;
    if versions.last().is_some_and(|last| last.version == mapping.version()) {
        return Ok(());
    }
    // The files first: a version that the history names can always be shown.
    journal.set_cursor(connection, &archive(mapping.version()), &mapping.files().to_archive()).await?;
    versions.push(VersionInUse { version: mapping.version().to_owned(), since: now });
    let text = serde_json::to_string(&versions).map_err(|error| corrupt(&error))?;
    journal.set_cursor(connection, HISTORY, &text).await
}

/// Every version that was put to use, oldest first.
///
/// # Errors
/// If the journal cannot be read.
pub async fn versions(journal: &dyn Journal, connection: &ConnectionId) -> Result<Vec<VersionInUse>, JournalError> {
    match journal.cursor(connection, HISTORY).await? {
        Some(text) => serde_json::from_str(&text).map_err(|error| corrupt(&error)),
        None => Ok(Vec::new()),
    }
}

/// The files of a version; none if it was never in use.
///
/// # Errors
/// If the journal cannot be read.
pub async fn files(
    journal: &dyn Journal,
    connection: &ConnectionId,
    version: &str,
) -> Result<Option<MappingFiles>, JournalError> {
    Ok(journal.cursor(connection, &archive(version)).await?.and_then(|text| MappingFiles::from_archive(&text)))
}

fn corrupt(error: &serde_json::Error) -> JournalError {
    JournalError::Corrupt { what: "mapping history", problem: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::MemoryJournal;

    #[tokio::test]
    async fn every_version_in_use_is_kept_and_can_be_read_again() {
        let (journal, connection) = (MemoryJournal::default(), ConnectionId::from("main"));
        let mapping = |deletion: &str| {
            let mut files = MappingFiles::default();
            files.set("sync.toml", format!("[policy]\ndeletion = \"{deletion}\"\n"));
            Mapping::compile(files).unwrap()
        };
        let (first, second) = (mapping("ask"), mapping("void"));
        let at = |seconds: i64| Timestamp::from_timestamp(seconds, 0).unwrap();
        for (mapping, seconds) in [(&first, 1), (&first, 2), (&second, 3), (&first, 4)] {
            record(&journal, &connection, mapping, at(seconds)).await.unwrap();
        }
        let seen: Vec<_> = versions(&journal, &connection).await.unwrap();
        let expected = [(&first, 1), (&second, 3), (&first, 4)];
        let expected = expected.map(|(m, s)| VersionInUse { version: m.version().to_owned(), since: at(s) });
        assert_eq!(seen, expected);
        let kept = files(&journal, &connection, second.version()).await.unwrap().unwrap();
        assert_eq!(&kept, second.files());
        assert!(files(&journal, &connection, "0000").await.unwrap().is_none());
        assert!(versions(&journal, &ConnectionId::from("other")).await.unwrap().is_empty());
    }
}
