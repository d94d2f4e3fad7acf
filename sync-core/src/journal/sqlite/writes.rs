//! What changes rows. Each function runs inside the one transaction of its call; an error takes all of it back.

use rusqlite::{OptionalExtension, Transaction, params};

use super::rows::{self, corrupt, failed, job_columns, json, signed, unsigned};
use crate::connector::{Change, Write};
use crate::journal::state::{self, JobState, Phase, instant, micros};
use crate::journal::{Intake, Intent, Job, JobEnd, JournalError, Link, LinkChange, Settlement, audit_hash};
use crate::model::DocumentKey;

fn written(error: rusqlite::Error) -> JournalError {
    failed("written", error)
}

/// What is counted for a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counters {
    changes: u64,
    done: u64,
    last_opened: u64,
    last_token: u64,
    last_intent: u64,
}

/// The open transaction of one call, for one connection.
pub(super) struct Writer<'t> {
    transaction: &'t Transaction<'t>,
    connection: &'t str,
    /// Now, in microseconds.
    now: i64,
    counters: Counters,
    /// As they are stored.
    stored: Counters,
    /// The number and hash of the last row of the audit, once it was read.
    audit_head: Option<(u64, String)>,
}

impl<'t> Writer<'t> {
    /// Reads the counters of the connection, which is made where there is none.
    pub(super) fn new(transaction: &'t Transaction<'t>, connection: &'t str, now: i64) -> Result<Self, JournalError> {
        const COUNTERS: &str = "SELECT changes, done, last_opened, last_token, last_intent FROM connections \
                                WHERE connection_id = ?1";
        let row = transaction
            .prepare_cached(COUNTERS)
            .and_then(|mut s| {
                s.query_row([connection], |row| {
                    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, i64>(4)?])
                })
                .optional()
            })
            .map_err(written)?;
        if row.is_none() {
            transaction
                .execute("INSERT INTO connections (connection_id) VALUES (?1)", [connection])
                .map_err(written)?;
        }
        let [changes, done, last_opened, last_token, last_intent] = row.unwrap_or_default();
        let count = |n| unsigned(n, "counter");
        let counters = Counters {
            changes: count(changes)?,
            done: count(done)?,
            last_opened: count(last_opened)?,
            last_token: count(last_token)?,
            last_intent: count(last_intent)?,
        };
        Ok(Self { transaction, connection, now, counters, stored: counters, audit_head: None })
    }

    /// Writes the counters back where they changed; the last step of every call.
    pub(super) fn finish(self) -> Result<(), JournalError> {
        const SQL: &str = "UPDATE connections SET changes = ?2, done = ?3, last_opened = ?4, last_token = ?5, \
                           last_intent = ?6 WHERE connection_id = ?1";
        if self.counters == self.stored {
            return Ok(());
        }
        let Counters { changes, done, last_opened, last_token, last_intent } = self.counters;
        let [changes, done, opened, token, intent] = [changes, done, last_opened, last_token, last_intent].map(signed);
        self.execute(SQL, params![self.connection, changes, done, opened, token, intent]).map(drop)
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, JournalError> {
        self.transaction.prepare_cached(sql).and_then(|mut s| s.execute(values)).map_err(written)
    }

    // ------------------------------------------------------------ jobs

    fn job(&self, document: &str) -> Result<Option<JobState>, JournalError> {
        const SQL: &str = concat!("SELECT ", job_columns!(), " FROM jobs WHERE connection_id = ?1 AND document = ?2");
        let mut statement = self.transaction.prepare_cached(SQL).map_err(written)?;
        let mut found = statement.query(params![self.connection, document]).map_err(written)?;
        found.next().map_err(written)?.map(rows::job).transpose()
    }

    /// Puts the job in place of the one of that document, with what belongs to its end.
    fn put_job(&self, document: &str, job: &JobState, end: Option<&JobEnd>) -> Result<(), JournalError> {
        const SQL: &str = "INSERT INTO jobs (connection_id, document, state, opened, due, token, attempts, pending, \
             fresh, waits_on, label, dead_letter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
             ON CONFLICT (connection_id, document) DO UPDATE SET state = excluded.state, opened = excluded.opened, \
             due = excluded.due, token = excluded.token, attempts = excluded.attempts, pending = excluded.pending, \
             fresh = excluded.fresh, waits_on = excluded.waits_on, label = excluded.label, \
             dead_letter = excluded.dead_letter";
        let (state, token) = match job.phase {
            Phase::Ready { .. } => ("ready", None),
            Phase::Leased { token, .. } => ("leased", Some(signed(token))),
            Phase::Waiting => ("waiting", None),
            Phase::Dead => ("dead", None),
        };
        let (waits, letter) = match (job.phase, end) {
            (Phase::Waiting, Some(JobEnd::Wait { on, label })) => (Some((on.to_string(), label)), None),
            (Phase::Dead, Some(JobEnd::Dead(letter))) => (None, Some(json(letter, "dead letter")?)),
            _ => (None, None),
        };
        let (on, label) = waits.map_or((None, None), |(on, label)| (Some(on), Some(label)));
        let [opened, pending, fresh] = [job.opened, job.pending, job.fresh].map(signed);
        let attempts = i64::from(job.attempts);
        let values = params![
            self.connection,
            document,
            state,
            opened,
            job.due(),
            token,
            attempts,
            pending,
            fresh,
            on,
            label,
            letter
        ];
        self.execute(SQL, values).map(drop)
    }

    pub(super) fn intake(&mut self, changes: &[Change]) -> Result<Intake, JournalError> {
        const EVENT: &str = "INSERT OR IGNORE INTO events (connection_id, event, document, taken_in_at) \
                             VALUES (?1, ?2, ?3, ?4)";
        let mut intake = Intake::default();
        for change in changes {
            let document = change.document.to_string();
            if let Some(event) = &change.event
                && self.execute(EVENT, params![self.connection, event, document, self.now])? == 0
            {
                intake.duplicates += 1;
                continue;
            }
            self.counters.changes += 1;
            let mut job = match self.job(&document)? {
                Some(job) => {
                    intake.joined += 1;
                    job
                }
                None => {
                    intake.opened += 1;
                    self.counters.last_opened += 1;
                    JobState::open(self.counters.last_opened, self.now)
                }
            };
            job.join(self.now);
            self.put_job(&document, &job, None)?;
        }
        intake.newest_job = self.counters.last_opened;
        Ok(intake)
    }

    pub(super) fn claim(&mut self, until: i64, limit: usize) -> Result<Vec<Job>, JournalError> {
        const SQL: &str = concat!(
            "SELECT ",
            job_columns!(),
            ", document FROM jobs WHERE connection_id = ?1 AND due <= ?2 ORDER BY opened LIMIT ?3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut due = Vec::new();
        {
            let mut statement = self.transaction.prepare_cached(SQL).map_err(written)?;
            let mut found = statement.query(params![self.connection, self.now, limit]).map_err(written)?;
            while let Some(row) = found.next().map_err(written)? {
                due.push((rows::job(row)?, row.get::<_, String>(7).map_err(written)?));
            }
        }
        let mut claimed = Vec::with_capacity(due.len());
        for (mut job, document) in due {
            self.counters.last_token = state::next_token(self.counters.last_token, self.now);
            let attempts = job.lease(self.counters.last_token, until);
            self.put_job(&document, &job, None)?;
            let token = self.counters.last_token;
            let JobState { opened: number, pending: changes, .. } = job;
            claimed.push(Job { document: rows::document(&document)?, token, attempts, number, changes });
        }
        Ok(claimed)
    }

    pub(super) fn set_cursor(&self, name: &str, value: &str) -> Result<(), JournalError> {
        const SQL: &str = "INSERT INTO cursors (connection_id, name, value) VALUES (?1, ?2, ?3) \
                           ON CONFLICT (connection_id, name) DO UPDATE SET value = excluded.value";
        self.execute(SQL, [self.connection, name, value]).map(drop)
    }

    // ------------------------------------------------------------ intents

    pub(super) fn intend(&mut self, intents: &[Intent]) -> Result<(), JournalError> {
        const SQL: &str = "INSERT INTO intents (connection_id, key, document, place, state, token, sent_with, mapping, \
             stored_at, write, fields) VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (connection_id, key) DO UPDATE SET token = excluded.token, mapping = excluded.mapping, \
             fields = excluded.fields, state = 'open', sent_with = excluded.sent_with, place = \
             CASE WHEN state = 'open' AND sent_with = excluded.sent_with THEN place ELSE excluded.place END";
        for intent in intents {
            let (document, key) = (&intent.write.marker.document, &intent.write.key);
            let name = document.to_string();
            if !self.job(&name)?.is_some_and(|job| job.is_held(intent.token)) {
                return Err(JournalError::Fenced { document: document.clone() });
            }
            let write = json(&intent.write, "write")?;
            if !self.may_carry(key, &intent.write, &write)? {
                return Err(JournalError::KeyReused { document: document.clone(), key: key.clone() });
            }
            self.counters.last_intent += 1;
            let [place, token] = [self.counters.last_intent, intent.token].map(signed);
            let (stored_at, fields) = (micros(intent.stored_at), json(&intent.fields, "base")?);
            let values = params![
                self.connection,
                key,
                name,
                place,
                token,
                intent.group,
                intent.mapping,
                stored_at,
                write,
                fields
            ];
            self.execute(SQL, values)?;
        }
        Ok(())
    }

    /// Does the key stand for no other write? An older version of this program may have spelt the same write
    /// differently, so what differs as text is compared as a value.
    fn may_carry(&self, key: &str, write: &Write, spelt: &str) -> Result<bool, JournalError> {
        const SQL: &str = "SELECT write FROM intents WHERE connection_id = ?1 AND key = ?2";
        let mut statement = self.transaction.prepare_cached(SQL).map_err(written)?;
        let mut found = statement.query(params![self.connection, key]).map_err(written)?;
        let Some(row) = found.next().map_err(written)? else { return Ok(true) };
        let stored = row.get_ref(0).map_err(written)?.as_str().map_err(|e| corrupt("write", e))?;
        Ok(stored == spelt || rows::parsed::<Write>(stored, "write")? == *write)
    }

    // ------------------------------------------------------------ settlements

    pub(super) fn settle(&mut self, settlement: &Settlement) -> Result<(), JournalError> {
        let document = settlement.document.to_string();
        let job = self.job(&document)?;
        if state::is_fenced(job.as_ref(), settlement, self.now) {
            return Err(JournalError::Fenced { document: settlement.document.clone() });
        }
        if let Some(key) = &settlement.closes {
            const SQL: &str = "UPDATE intents SET state = 'closed' WHERE connection_id = ?1 AND key = ?2";
            self.execute(SQL, params![self.connection, key])?;
        }
        match &settlement.link {
            LinkChange::Keep => {}
            LinkChange::Put(link) => self.put_link(&document, link)?,
            LinkChange::Remove => {
                const SQL: &str = "DELETE FROM links WHERE connection_id = ?1 AND document = ?2";
                self.execute(SQL, params![self.connection, document])?;
            }
        }
        if settlement.end != JobEnd::Untouched {
            self.end(&document, job, settlement)?;
        }
        if !settlement.audit.is_empty() {
            self.append_audit(&settlement.document, &document, &settlement.audit)?;
        }
        Ok(())
    }

    fn end(&mut self, document: &str, job: Option<JobState>, settlement: &Settlement) -> Result<(), JournalError> {
        let there = match &settlement.end {
            JobEnd::Wait { on, .. } => self.is_there(&on.to_string())?,
            _ => false,
        };
        let ended = state::end(job, settlement, there, self.now, &mut self.counters.last_opened);
        self.counters.done += ended.done;
        match &ended.job {
            // A job at rest may rest again, for another reason.
            Some(new) if ended.job != job || new.due().is_none() => {
                self.put_job(document, new, Some(&settlement.end))?;
            }
            None if job.is_some() => {
                const SQL: &str = "DELETE FROM jobs WHERE connection_id = ?1 AND document = ?2";
                self.execute(SQL, params![self.connection, document])?;
            }
            _ => {}
        }
        if settlement.end == JobEnd::Done {
            const SQL: &str = "UPDATE jobs SET state = 'ready', due = ?3, waits_on = NULL, label = NULL \
                               WHERE connection_id = ?1 AND waits_on = ?2";
            self.execute(SQL, params![self.connection, document, self.now])?;
        }
        Ok(())
    }

    /// Has the document a link and no job?
    fn is_there(&self, document: &str) -> Result<bool, JournalError> {
        const SQL: &str = "SELECT 1 FROM links WHERE connection_id = ?1 AND document = ?2 AND NOT EXISTS \
                           (SELECT 1 FROM jobs WHERE connection_id = ?1 AND document = ?2)";
        let exists =
            self.transaction.prepare_cached(SQL).and_then(|mut s| s.exists(params![self.connection, document]));
        exists.map_err(written)
    }

    fn put_link(&self, document: &str, link: &Link) -> Result<(), JournalError> {
        const SQL: &str = "INSERT INTO links (connection_id, document, target_kind, target_id, version, mapping, \
             generation, base) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT (connection_id, document) DO UPDATE SET target_kind = excluded.target_kind, \
             target_id = excluded.target_id, version = excluded.version, mapping = excluded.mapping, \
             generation = excluded.generation, base = excluded.base";
        let Link { target, version, mapping, generation, base, .. } = link;
        let (kind, id) = (target.kind.as_str(), target.id.as_str());
        let (generation, base) = (i64::from(*generation), json(base, "base")?);
        self.execute(SQL, params![self.connection, document, kind, id, version, mapping, generation, base]).map(drop)
    }

    fn append_audit(&mut self, document: &DocumentKey, name: &str, text: &str) -> Result<(), JournalError> {
        const SQL: &str = "INSERT INTO audit (connection_id, number, at, document, text, hash) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (last, previous) = match self.audit_head.take() {
            Some(head) => head,
            None => self.read_audit_head()?,
        };
        let number = last + 1;
        let hash = audit_hash(&previous, number, instant(self.now).unwrap_or_default(), document, text);
        self.execute(SQL, params![self.connection, signed(number), self.now, name, text, hash])?;
        self.audit_head = Some((number, hash));
        Ok(())
    }

    fn read_audit_head(&self) -> Result<(u64, String), JournalError> {
        const SQL: &str = "SELECT number, hash FROM audit WHERE connection_id = ?1 ORDER BY number DESC LIMIT 1";
        let mut statement = self.transaction.prepare_cached(SQL).map_err(written)?;
        let head = statement.query_row([self.connection], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional();
        let Some((number, hash)) = head.map_err(written)? else { return Ok((0, String::new())) };
        Ok((unsigned(number, "row of the audit")?, hash))
    }
}
