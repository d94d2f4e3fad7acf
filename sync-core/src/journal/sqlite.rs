//! The embedded journal: one SQLite file (<https://www.sqlite.org/wal.html>) that survives the loss of power after
//! every call, and that people can open with any SQLite tool.

mod reads;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod writes;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use self::rows::failed;
use self::writes::Writer;
use super::state::micros;
use super::*;
use crate::clock;

/// How long a call waits for another program that is writing.
const BUSY: Duration = Duration::from_secs(10);

/// A [`Journal`] in one SQLite file.
///
/// Every call that changes something is one transaction, on the disk when it returns (write-ahead log,
/// `synchronous = FULL`). Give many changes, intents or settlements in one call: a call costs one flush of the disk,
/// however many it carries. Calls block the thread for that long and need no runtime.
///
/// Several programs on one machine may hold the same file; their leases keep them apart. The file belongs on a local
/// disk, since SQLite's log does not work on network file systems. To copy it while it is in use, take
/// `VACUUM INTO` or `sqlite3 FILE .backup`, not a file copy.
pub struct SqliteJournal {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteJournal {
    /// Opens the file, makes it where there is none, and brings an older one up to date. Its directory must exist.
    ///
    /// # Errors
    /// [`JournalError::Store`] if the file cannot be opened or the log cannot be used on that disk;
    /// [`JournalError::Corrupt`] if it is damaged, of a newer version or another program's. It is not changed then.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags).map_err(|e| failed("opened", e)).and_then(|mut c| {
            configure(&c)?;
            schema::migrate(&mut c)?;
            use_log(&c)?;
            Ok(c)
        });
        let connection = opened.map_err(|e| name_file(e, path))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    /// An empty journal that is gone with this value; for tests that want SQLite without a file.
    ///
    /// # Errors
    /// [`JournalError::Store`] if SQLite gives no memory.
    pub fn open_in_memory() -> Result<Self, JournalError> {
        let mut connection = Connection::open_in_memory().map_err(|e| failed("opened", e))?;
        configure(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { path: PathBuf::from(":memory:"), connection: Mutex::new(connection) })
    }

    /// Reads every page and compares the indexes with the tables; worth it after a crash of the machine or before an
    /// upgrade. Takes as long as reading the file.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] with the first damage found.
    pub fn check(&self) -> Result<(), JournalError> {
        let connection = self.lock();
        let first: String = connection
            .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
            .map_err(|e| name_file(failed("read", e), &self.path))?;
        if first == "ok" {
            return Ok(());
        }
        Err(name_file(rows::corrupt("page", format!("{first}; {}", rows::RESTORE)), &self.path))
    }

    /// Copies the journal as it is at this moment into a new file, also while others write to it.
    ///
    /// # Errors
    /// [`JournalError::Store`] if the copy cannot be written, or the file is there already.
    pub fn copy_to(&self, path: impl AsRef<Path>) -> Result<(), JournalError> {
        let to = path.as_ref().to_string_lossy().into_owned();
        let copied = self.lock().execute("VACUUM INTO ?1", [to]);
        copied.map(drop).map_err(|e| name_file(failed("written", e), path.as_ref()))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic rolls its transaction back, so the connection is as good as new.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(
        &self,
        connection: &ConnectionId,
        now: i64,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut store = self.lock();
        let written = |e| failed("written", e);
        let transaction = store.transaction_with_behavior(TransactionBehavior::Immediate).map_err(written)?;
        let mut writer = Writer::new(&transaction, connection.as_str(), now)?;
        let result = work(&mut writer)?;
        writer.finish()?;
        transaction.commit().map_err(written)?;
        Ok(result)
    }
}

/// Names the file in an error of opening or checking it.
fn name_file(error: JournalError, path: &Path) -> JournalError {
    let name = |problem: String| format!("{}: {problem}", path.display());
    match error {
        JournalError::Store { doing, problem } => JournalError::Store { doing, problem: name(problem) },
        JournalError::Corrupt { what, problem } => JournalError::Corrupt { what, problem: name(problem) },
        other => other,
    }
}

fn configure(connection: &Connection) -> Result<(), JournalError> {
    let opened = |e| failed("opened", e);
    connection.busy_timeout(BUSY).map_err(opened)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(opened)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(opened)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Switches to the write-ahead log. SQLite does not wait for other openers here, so this does.
fn use_log(connection: &Connection) -> Result<(), JournalError> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let mode: Result<String, _> = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                let problem = format!(
                    "this disk allows only the log mode `{mode}`; put the file on a local disk of this machine"
                );
                return Err(JournalError::Store { doing: "opened", problem });
            }
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && waited < BUSY => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(e) => return Err(failed("opened", e)),
        }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn intake(
        &self,
        connection: &ConnectionId,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Intake, JournalError> {
        self.write(connection, micros(now), |writer| writer.intake(changes))
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, JournalError> {
        let until = micros(clock::after(now, lease));
        self.write(connection, micros(now), |writer| writer.claim(until, limit))
    }

    async fn intend(&self, connection: &ConnectionId, intents: &[Intent], now: Timestamp) -> Result<(), JournalError> {
        self.write(connection, micros(now), |writer| writer.intend(intents))
    }

    async fn settle(
        &self,
        connection: &ConnectionId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), JournalError> {
        self.write(connection, micros(now), |writer| settlements.iter().try_for_each(|s| writer.settle(s)))
    }

    async fn open_intents(&self, connection: &ConnectionId) -> Result<Vec<Intent>, JournalError> {
        reads::open_intents(&self.lock(), connection.as_str())
    }

    async fn link(&self, connection: &ConnectionId, document: &DocumentKey) -> Result<Option<Link>, JournalError> {
        reads::link(&self.lock(), connection.as_str(), document)
    }

    async fn links(&self, connection: &ConnectionId) -> Result<Vec<Link>, JournalError> {
        reads::links(&self.lock(), connection.as_str())
    }

    async fn links_of(&self, connection: &ConnectionId, documents: &[DocumentKey]) -> Result<Vec<Link>, JournalError> {
        let store = self.lock();
        documents.iter().filter_map(|key| reads::link(&store, connection.as_str(), key).transpose()).collect()
    }

    async fn links_to(&self, connection: &ConnectionId, targets: &[TargetRef]) -> Result<Vec<Link>, JournalError> {
        reads::links_to(&self.lock(), connection.as_str(), targets)
    }

    async fn dead_letters(&self, connection: &ConnectionId) -> Result<Vec<DeadLetter>, JournalError> {
        reads::dead_letters(&self.lock(), connection.as_str())
    }

    async fn waiting(&self, connection: &ConnectionId) -> Result<Vec<Waiting>, JournalError> {
        reads::waiting(&self.lock(), connection.as_str())
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<Counts, JournalError> {
        reads::counts(&self.lock(), connection.as_str())
    }

    async fn next_due(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, JournalError> {
        reads::next_due(&self.lock(), connection.as_str())
    }

    async fn cursor(&self, connection: &ConnectionId, name: &str) -> Result<Option<String>, JournalError> {
        reads::cursor(&self.lock(), connection.as_str(), name)
    }

    async fn set_cursor(&self, connection: &ConnectionId, name: &str, value: &str) -> Result<(), JournalError> {
        self.write(connection, 0, |writer| writer.set_cursor(name, value))
    }

    async fn audit(&self, connection: &ConnectionId, after: u64, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        reads::audit(&self.lock(), connection.as_str(), after, limit)
    }
}
