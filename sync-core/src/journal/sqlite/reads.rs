//! What only reads. Each is one statement, so it sees one state of the file.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::rows::{self, INTENT, LINK, failed, parsed, signed, time, unsigned};
use crate::dead_letter::DeadLetter;
use crate::journal::{AuditRow, Counts, Intent, JournalError, Link, Waiting};
use crate::model::{DocumentKey, TargetRef, Timestamp};

fn read(error: rusqlite::Error) -> JournalError {
    failed("read", error)
}

fn all<T>(
    store: &Connection,
    sql: &str,
    values: impl Params,
    value: impl Fn(&Row<'_>) -> Result<T, JournalError>,
) -> Result<Vec<T>, JournalError> {
    let mut statement = store.prepare_cached(sql).map_err(read)?;
    let mut found = statement.query(values).map_err(read)?;
    let mut values = Vec::new();
    while let Some(row) = found.next().map_err(read)? {
        values.push(value(row)?);
    }
    Ok(values)
}

pub(super) fn open_intents(store: &Connection, connection: &str) -> Result<Vec<Intent>, JournalError> {
    let sql = format!("SELECT {INTENT} FROM intents WHERE connection_id = ?1 AND state = 'open' ORDER BY place");
    all(store, &sql, [connection], rows::intent)
}

pub(super) fn link(store: &Connection, connection: &str, document: &DocumentKey) -> Result<Option<Link>, JournalError> {
    let sql = format!("SELECT {LINK} FROM links WHERE connection_id = ?1 AND document = ?2");
    Ok(all(store, &sql, params![connection, document.to_string()], rows::link)?.pop())
}

pub(super) fn links(store: &Connection, connection: &str) -> Result<Vec<Link>, JournalError> {
    let mut links =
        all(store, &format!("SELECT {LINK} FROM links WHERE connection_id = ?1"), [connection], rows::link)?;
    // The order of the keys is that of their kinds, not of the kinds' names.
    links.sort_unstable_by(|a, b| a.document.cmp(&b.document));
    Ok(links)
}

pub(super) fn links_to(store: &Connection, connection: &str, targets: &[TargetRef]) -> Result<Vec<Link>, JournalError> {
    // One look at all of them, since there is no order by transaction; only those that are meant are read in full.
    let wanted: HashSet<(&str, &str)> =
        targets.iter().map(|target| (target.kind.as_str(), target.id.as_str())).collect();
    let sql = format!("SELECT {LINK} FROM links WHERE connection_id = ?1");
    let found = all(store, &sql, [connection], |row| {
        let kind: String = row.get(1).map_err(read)?;
        let id: String = row.get(2).map_err(read)?;
        if wanted.contains(&(kind.as_str(), id.as_str())) { rows::link(row).map(Some) } else { Ok(None) }
    })?;
    let mut links: Vec<Link> = found.into_iter().flatten().collect();
    links.sort_unstable_by(|a, b| a.document.cmp(&b.document));
    Ok(links)
}

pub(super) fn dead_letters(store: &Connection, connection: &str) -> Result<Vec<DeadLetter>, JournalError> {
    const SQL: &str = "SELECT dead_letter FROM jobs WHERE connection_id = ?1 AND dead_letter IS NOT NULL";
    let letter = |row: &Row<'_>| parsed(&row.get::<_, String>(0).map_err(read)?, "dead letter");
    let mut letters: Vec<DeadLetter> = all(store, SQL, [connection], letter)?;
    letters.sort_unstable_by(|a, b| a.since.cmp(&b.since).then_with(|| a.document.cmp(&b.document)));
    Ok(letters)
}

pub(super) fn waiting(store: &Connection, connection: &str) -> Result<Vec<Waiting>, JournalError> {
    const SQL: &str = "SELECT document, label, waits_on FROM jobs WHERE connection_id = ?1 AND waits_on IS NOT NULL";
    let mut waiting = all(store, SQL, [connection], |row| {
        let text = |column| row.get::<_, String>(column).map_err(read);
        Ok(Waiting { document: rows::document(&text(0)?)?, label: text(1)?, on: rows::document(&text(2)?)? })
    })?;
    waiting.sort_unstable_by(|a, b| a.document.cmp(&b.document));
    Ok(waiting)
}

pub(super) fn counts(store: &Connection, connection: &str) -> Result<Counts, JournalError> {
    const SQL: &str = "SELECT c.changes, c.done, coalesce(sum(j.pending + j.fresh), 0), \
         count(*) FILTER (WHERE j.state IN ('ready', 'leased')), count(*) FILTER (WHERE j.state = 'waiting'), \
         count(*) FILTER (WHERE j.state = 'dead'), (SELECT count(*) FROM links WHERE connection_id = ?1), \
         (SELECT count(*) FROM intents WHERE connection_id = ?1 AND state = 'open') \
         FROM connections c LEFT JOIN jobs j ON j.connection_id = c.connection_id \
         WHERE c.connection_id = ?1 GROUP BY c.connection_id";
    let counts = all(store, SQL, [connection], |row| {
        let count = |column| unsigned(row.get(column).map_err(read)?, "counter");
        Ok(Counts {
            changes: count(0)?,
            done: count(1)?,
            pending: count(2)?,
            ready: count(3)?,
            waiting: count(4)?,
            dead: count(5)?,
            links: count(6)?,
            open_intents: count(7)?,
        })
    })?;
    Ok(counts.first().copied().unwrap_or_default())
}

pub(super) fn next_due(store: &Connection, connection: &str) -> Result<Option<Timestamp>, JournalError> {
    const SQL: &str = "SELECT min(due) FROM jobs WHERE connection_id = ?1 AND due IS NOT NULL";
    let mut statement = store.prepare_cached(SQL).map_err(read)?;
    let due: Option<i64> = statement.query_row([connection], |row| row.get(0)).map_err(read)?;
    due.map(|micros| time(micros, "job")).transpose()
}

pub(super) fn cursor(store: &Connection, connection: &str, name: &str) -> Result<Option<String>, JournalError> {
    const SQL: &str = "SELECT value FROM cursors WHERE connection_id = ?1 AND name = ?2";
    let mut statement = store.prepare_cached(SQL).map_err(read)?;
    statement.query_row([connection, name], |row| row.get(0)).optional().map_err(read)
}

pub(super) fn audit(
    store: &Connection,
    connection: &str,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRow>, JournalError> {
    const SQL: &str = "SELECT number, at, document, text, hash FROM audit WHERE connection_id = ?1 AND number > ?2 \
                       ORDER BY number LIMIT ?3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(store, SQL, params![connection, signed(after), limit], rows::audit)
}
