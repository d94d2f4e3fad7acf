//! Between columns and values, and from SQLite's errors to the journal's.

use std::str::FromStr;

use rusqlite::{Connection, ErrorCode, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::state::{JobState, Phase, instant};
use crate::journal::{AuditRow, Intent, JournalError, Link};
use crate::model::{DocumentKey, TargetId, TargetKind, TargetRef, Timestamp};

/// What to do about a damaged file.
pub(super) const RESTORE: &str = "stop the program, keep the file, and restore it from a copy; without one, start with \
                                  an empty journal and rebuild the links";

/// What SQLite said, as an error that a person can act on.
pub(super) fn failed(doing: &'static str, error: rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => {
            JournalError::Corrupt { what: "page", problem: format!("{error}; {RESTORE}") }
        }
        Some(ErrorCode::NotADatabase) => {
            JournalError::Corrupt { what: "file header", problem: format!("{error}; if the path is right, {RESTORE}") }
        }
        _ => JournalError::Store { doing, problem: error.to_string() },
    }
}

/// A value that cannot be understood.
pub(super) fn corrupt(what: &'static str, problem: impl ToString) -> JournalError {
    JournalError::Corrupt { what, problem: problem.to_string() }
}

/// The integer that a statement answers.
pub(super) fn integer(connection: &Connection, sql: &str, doing: &'static str) -> Result<i64, JournalError> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(|e| failed(doing, e))
}

/// Numbers that SQLite keeps as 64 bits with a sign; none here comes near the end.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64, what: &'static str) -> Result<u64, JournalError> {
    u64::try_from(number).map_err(|_| corrupt(what, format!("{number} is below zero")))
}

fn small(number: i64, what: &'static str) -> Result<u32, JournalError> {
    u32::try_from(number).map_err(|_| corrupt(what, format!("{number} is out of range")))
}

pub(super) fn time(micros: i64, what: &'static str) -> Result<Timestamp, JournalError> {
    instant(micros).ok_or_else(|| corrupt(what, format!("{micros} is no instant")))
}

pub(super) fn document(text: &str) -> Result<DocumentKey, JournalError> {
    DocumentKey::from_str(text).map_err(|e| corrupt("document key", e))
}

pub(super) fn json<T: Serialize>(value: &T, what: &'static str) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|e| corrupt(what, e))
}

pub(super) fn parsed<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|e| corrupt(what, e))
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, JournalError> {
    row.get_ref(column).map_err(read)?.as_str().map_err(|e| corrupt("text", e))
}

fn number(row: &Row<'_>, column: usize) -> Result<i64, JournalError> {
    row.get(column).map_err(read)
}

fn read(error: rusqlite::Error) -> JournalError {
    failed("read", error)
}

/// The columns of a job's state, in the order of [`job`].
macro_rules! job_columns {
    () => {
        "state, opened, due, token, attempts, pending, fresh"
    };
}
pub(super) use job_columns;

/// A job's state.
pub(super) fn job(row: &Row<'_>) -> Result<JobState, JournalError> {
    const WHAT: &str = "job";
    let phase = match text(row, 0)? {
        "ready" => Phase::Ready { due: number(row, 2)? },
        "leased" => Phase::Leased { token: unsigned(number(row, 3)?, WHAT)?, until: number(row, 2)? },
        "waiting" => Phase::Waiting,
        "dead" => Phase::Dead,
        other => return Err(corrupt(WHAT, format!("`{other}` is no state"))),
    };
    Ok(JobState {
        phase,
        opened: unsigned(number(row, 1)?, WHAT)?,
        attempts: small(number(row, 4)?, WHAT)?,
        pending: unsigned(number(row, 5)?, WHAT)?,
        fresh: unsigned(number(row, 6)?, WHAT)?,
    })
}

/// The columns of an intent, in the order of [`intent`].
pub(super) const INTENT: &str = "token, sent_with, mapping, stored_at, write, fields";

pub(super) fn intent(row: &Row<'_>) -> Result<Intent, JournalError> {
    const WHAT: &str = "write";
    Ok(Intent {
        token: unsigned(number(row, 0)?, WHAT)?,
        group: text(row, 1)?.to_owned(),
        mapping: text(row, 2)?.to_owned(),
        stored_at: time(number(row, 3)?, WHAT)?,
        write: parsed(text(row, 4)?, WHAT)?,
        fields: parsed(text(row, 5)?, "base")?,
    })
}

/// The columns of a link, in the order of [`link`].
pub(super) const LINK: &str = "document, target_kind, target_id, version, mapping, generation, base";

pub(super) fn link(row: &Row<'_>) -> Result<Link, JournalError> {
    const WHAT: &str = "link";
    Ok(Link {
        document: document(text(row, 0)?)?,
        target: TargetRef {
            kind: TargetKind::from_str(text(row, 1)?).map_err(|e| corrupt(WHAT, e))?,
            id: TargetId::from(text(row, 2)?),
        },
        version: text(row, 3)?.to_owned(),
        mapping: text(row, 4)?.to_owned(),
        generation: small(number(row, 5)?, WHAT)?,
        base: parsed(text(row, 6)?, "base")?,
    })
}

/// A row of the audit: number, at, document, text, hash.
pub(super) fn audit(row: &Row<'_>) -> Result<AuditRow, JournalError> {
    const WHAT: &str = "row of the audit";
    Ok(AuditRow {
        number: unsigned(number(row, 0)?, WHAT)?,
        at: time(number(row, 1)?, WHAT)?,
        document: document(text(row, 2)?)?,
        text: text(row, 3)?.to_owned(),
        hash: text(row, 4)?.to_owned(),
    })
}
