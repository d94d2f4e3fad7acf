//! The tables, and how a file of an older version becomes one of this version.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::rows::{failed, integer};
use crate::journal::JournalError;

/// One step for each version: step `n` makes version `n + 1` of version `n`. A step that was published never changes.
const STEPS: &[&str] = &[include_str!("schema.sql")];

/// Marks the file as a journal ("SyJn"), so that another program's file is not taken for an empty one.
const APPLICATION_ID: i64 = 0x5379_4a6e;

/// The version that this program reads and writes.
pub(super) fn latest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings the file to the latest version. Openers at the same time wait for one another.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    // An up-to-date file is opened without the write lock, so a busy writer does not keep others from opening.
    if pragma(connection, "application_id")? == APPLICATION_ID && pragma(connection, "user_version")? == latest() {
        return Ok(());
    }
    let opened = |e| failed("opened", e);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(opened)?;
    let version = check(&transaction)?;
    for step in STEPS.iter().skip(version) {
        transaction.execute_batch(step).map_err(opened)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(opened)?;
    transaction.pragma_update(None, "user_version", latest()).map_err(opened)?;
    transaction.commit().map_err(opened)
}

/// The version of the file, if it is one that this program can bring up to date.
fn check(transaction: &Transaction<'_>) -> Result<usize, JournalError> {
    let version = pragma(transaction, "user_version")?;
    let application = pragma(transaction, "application_id")?;
    let tables = integer(transaction, "SELECT count(*) FROM sqlite_schema", "opened")?;
    let refused = |problem: String| Err(JournalError::Corrupt { what: "schema", problem });
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return refused("the file belongs to another program; give the journal a path of its own".to_owned());
    }
    if version > latest() {
        return refused(format!(
            "it is of version {version}, made by a newer program; this one knows version {} and has changed nothing; \
             use the newer program, or the copy made before the upgrade",
            latest()
        ));
    }
    usize::try_from(version)
        .or_else(|_| refused(format!("there is no version {version}; restore the file from a copy")))
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, JournalError> {
    integer(connection, &format!("PRAGMA {name}"), "opened")
}
