//! The console's own file: users, sessions, sign-ins that failed, and who did what. No document is in it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sync_core::model::Timestamp;

/// The file beside the journal.
pub(crate) const FILE: &str = "console.sqlite";

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 5000;
CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, password TEXT NOT NULL,
    added INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (digest TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, since INTEGER NOT NULL,
    seen INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS once (digest TEXT PRIMARY KEY, user TEXT NOT NULL COLLATE NOCASE, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS shut_out (user TEXT PRIMARY KEY COLLATE NOCASE) STRICT;
CREATE TABLE IF NOT EXISTS consent (digest TEXT PRIMARY KEY, session TEXT NOT NULL, side TEXT NOT NULL,
    until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS failed (at INTEGER NOT NULL, name TEXT NOT NULL COLLATE NOCASE) STRICT;
CREATE TABLE IF NOT EXISTS deed (number INTEGER PRIMARY KEY, connection TEXT NOT NULL, at INTEGER NOT NULL,
    user TEXT NOT NULL, about TEXT NOT NULL, what TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS deed_about ON deed (connection, about);
";

/// What a person may do. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// Sees everything, changes nothing.
    ProjectManager,
    /// Settles exceptions, approves, edits the mapping.
    Controller,
    /// Also connects and makes users.
    Admin,
}

impl Role {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ProjectManager => "project-manager",
            Self::Controller => "controller",
            Self::Admin => "admin",
        }
    }

    /// For screens.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ProjectManager => "project manager (read only)",
            Self::Controller => "controller",
            Self::Admin => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::ProjectManager, Self::Controller, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| StoreError::Corrupt(format!("the role `{text}`")))
    }
}

/// The console's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the console's file cannot be used: {0}; check the disk and that no other program holds it")]
    File(#[from] rusqlite::Error),
    #[error("the console's file holds {0}, which no version of this program wrote; restore it from a backup")]
    Corrupt(String),
    #[error("there is a user {0} already")]
    Taken(String),
    #[error("there is no user {0}")]
    NoUser(String),
}

/// A user, without the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// May not sign in for now.
    pub(crate) disabled: bool,
}

/// Name, role, disabled: as [`USER`] selects them.
type UserRow = (String, String, bool);

const USER: &str = "user.name, user.role, EXISTS (SELECT 1 FROM shut_out WHERE shut_out.user = user.name)";

fn user_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<UserRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn user_of((name, role, disabled): UserRow) -> Result<User, StoreError> {
    Ok(User { name, role: role.parse()?, disabled })
}

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Deed {
    pub(crate) at: Timestamp,
    pub(crate) user: String,
    /// The key of a document, or the part of the console.
    pub(crate) about: String,
    pub(crate) what: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The console's file. Several processes may hold it.
#[derive(Clone)]
pub(crate) struct Store(Arc<Mutex<Connection>>);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

/// A secret is stored as its digest only.
pub(crate) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a user. `password` is the hash of one.
    pub(crate) fn add_user(&self, name: &str, role: Role, password: &str, now: Timestamp) -> Result<(), StoreError> {
        let added = self.lock().execute(
            "INSERT OR IGNORE INTO user (name, role, password, added) VALUES (?1, ?2, ?3, ?4)",
            params![name, role.as_str(), password, now.timestamp()],
        )?;
        if added == 0 { Err(StoreError::Taken(name.to_owned())) } else { Ok(()) }
    }

    /// Gives another password, and ends every session of the user.
    pub(crate) fn set_password(&self, name: &str, password: &str) -> Result<(), StoreError> {
        let connection = self.lock();
        if connection.execute("UPDATE user SET password = ?2 WHERE name = ?1", params![name, password])? == 0 {
            return Err(StoreError::NoUser(name.to_owned()));
        }
        connection.execute("DELETE FROM session WHERE user = ?1", params![name])?;
        Ok(())
    }

    /// Removes a user and every session of theirs. What they did stays told.
    pub(crate) fn remove_user(&self, name: &str) -> Result<(), StoreError> {
        let connection = self.lock();
        if connection.execute("DELETE FROM user WHERE name = ?1", params![name])? == 0 {
            return Err(StoreError::NoUser(name.to_owned()));
        }
        for table in ["session", "once", "shut_out"] {
            connection.execute(&format!("DELETE FROM {table} WHERE user = ?1"), params![name])?;
        }
        Ok(())
    }

    /// Gives a user another role; it counts from the next request on.
    pub(crate) fn set_role(&self, name: &str, role: Role) -> Result<(), StoreError> {
        let changed = self.lock().execute("UPDATE user SET role = ?2 WHERE name = ?1", params![name, role.as_str()])?;
        if changed == 0 { Err(StoreError::NoUser(name.to_owned())) } else { Ok(()) }
    }

    /// Shuts a user out, which ends every session of theirs, or lets them in again.
    pub(crate) fn set_disabled(&self, name: &str, disabled: bool) -> Result<(), StoreError> {
        if self.user(name)?.is_none() {
            return Err(StoreError::NoUser(name.to_owned()));
        }
        let connection = self.lock();
        if !disabled {
            connection.execute("DELETE FROM shut_out WHERE user = ?1", params![name])?;
            return Ok(());
        }
        connection.execute("INSERT OR IGNORE INTO shut_out (user) VALUES (?1)", params![name])?;
        for table in ["session", "once"] {
            connection.execute(&format!("DELETE FROM {table} WHERE user = ?1"), params![name])?;
        }
        Ok(())
    }

    pub(crate) fn users(&self) -> Result<Vec<User>, StoreError> {
        let connection = self.lock();
        let mut rows = connection.prepare(&format!("SELECT {USER} FROM user ORDER BY name"))?;
        let rows = rows.query_map([], user_row)?;
        rows.map(|row| user_of(row?)).collect()
    }

    /// A user and the hash of their password.
    pub(crate) fn user(&self, name: &str) -> Result<Option<(User, String)>, StoreError> {
        let found = self
            .lock()
            .query_row(&format!("SELECT {USER}, user.password FROM user WHERE name = ?1"), params![name], |row| {
                Ok((user_row(row)?, row.get::<_, String>(3)?))
            })
            .optional()?;
        found.map(|(user, password)| Ok((user_of(user)?, password))).transpose()
    }

    /// How many sign-ins failed since, for a name and in all.
    pub(crate) fn failed_since(&self, name: &str, since: Timestamp) -> Result<(u32, u32), StoreError> {
        Ok(self.lock().query_row(
            "SELECT COALESCE(SUM(name = ?1), 0), COUNT(*) FROM failed WHERE at > ?2",
            params![name, since.timestamp()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    pub(crate) fn note_failed(&self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let connection = self.lock();
        connection.execute("DELETE FROM failed WHERE at < ?1", params![now.timestamp() - 24 * 3600])?;
        // A name of any length would fill the file.
        let name: String = name.chars().take(100).collect();
        connection.execute("INSERT INTO failed (at, name) VALUES (?1, ?2)", params![now.timestamp(), name])?;
        Ok(())
    }

    pub(crate) fn begin_session(&self, digest: &str, user: &str, now: Timestamp) -> Result<(), StoreError> {
        let now = now.timestamp();
        let connection = self.lock();
        connection.execute("DELETE FROM failed WHERE name = ?1", params![user])?;
        connection.execute(
            "INSERT INTO session (digest, user, since, seen) VALUES (?1, ?2, ?3, ?3)",
            params![digest, user, now],
        )?;
        Ok(())
    }

    /// The user of a session that began after `since` and was used after `seen`; notes that it is used now. What is
    /// older is removed.
    pub(crate) fn session(
        &self,
        digest: &str,
        (since, seen, now): (Timestamp, Timestamp, Timestamp),
    ) -> Result<Option<User>, StoreError> {
        let connection = self.lock();
        connection.execute(
            "DELETE FROM session WHERE since <= ?1 OR seen <= ?2",
            params![since.timestamp(), seen.timestamp()],
        )?;
        let found = connection
            .query_row(
                &format!("SELECT {USER} FROM session JOIN user ON user.name = session.user WHERE digest = ?1"),
                params![digest],
                user_row,
            )
            .optional()?;
        let Some(found) = found.filter(|(_, _, disabled)| !disabled) else { return Ok(None) };
        connection.execute(
            "UPDATE session SET seen = ?2 WHERE digest = ?1 AND seen < ?2 - 60",
            params![digest, now.timestamp()],
        )?;
        Ok(Some(user_of(found)?))
    }

    pub(crate) fn end_session(&self, digest: &str) -> Result<(), StoreError> {
        self.lock().execute("DELETE FROM session WHERE digest = ?1", params![digest])?;
        Ok(())
    }

    /// A secret that signs a user in once.
    pub(crate) fn add_once(&self, digest: &str, user: &str, until: Timestamp) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO once (digest, user, until) VALUES (?1, ?2, ?3)",
            params![digest, user, until.timestamp()],
        )?;
        Ok(())
    }

    /// Uses such a secret up; its user, if it was still good.
    pub(crate) fn use_once(&self, digest: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let found = self
            .lock()
            .query_row("DELETE FROM once WHERE digest = ?1 RETURNING user, until", params![digest], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            })
            .optional()?;
        Ok(found.filter(|(_, until)| *until > now.timestamp()).map(|(user, _)| user))
    }

    /// A consent that a session began: `digest` is of its state.
    pub(crate) fn begin_consent(
        &self,
        digest: &str,
        session: &str,
        side: &str,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let connection = self.lock();
        connection.execute("DELETE FROM consent WHERE until <= ?1", params![now.timestamp()])?;
        connection.execute(
            "INSERT INTO consent (digest, session, side, until) VALUES (?1, ?2, ?3, ?4)",
            params![digest, session, side, until.timestamp()],
        )?;
        Ok(())
    }

    /// Uses such a state up; the side that it is for, if this session began it and it is still good.
    pub(crate) fn use_consent(
        &self,
        digest: &str,
        session: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        Ok(self
            .lock()
            .query_row(
                "DELETE FROM consent WHERE digest = ?1 AND session = ?2 AND until > ?3 RETURNING side",
                params![digest, session, now.timestamp()],
                |row| row.get(0),
            )
            .optional()?)
    }

    pub(crate) fn note(&self, connection: &str, deed: &Deed) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO deed (connection, at, user, about, what, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![connection, deed.at.timestamp(), deed.user, deed.about, deed.what, deed.before, deed.after],
        )?;
        Ok(())
    }

    /// What people did, the latest first; of one thing, or of all.
    pub(crate) fn deeds(&self, connection: &str, about: Option<&str>, limit: u32) -> Result<Vec<Deed>, StoreError> {
        let held = self.lock();
        let mut rows = held.prepare(
            "SELECT at, user, about, what, before, after FROM deed
             WHERE connection = ?1 AND (?2 IS NULL OR about = ?2) ORDER BY number DESC LIMIT ?3",
        )?;
        let rows = rows.query_map(params![connection, about, limit], |row| {
            let at: i64 = row.get(0)?;
            Ok(Deed {
                at: Timestamp::from_timestamp(at, 0).unwrap_or_default(),
                user: row.get(1)?,
                about: row.get(2)?,
                what: row.get(3)?,
                before: row.get(4)?,
                after: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
