//! The machine's disk: the real journal with crashes around each call and writes that power loss tears, and a token
//! store that can fail.

use std::fmt;
use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sync_core::connector::Change;
use sync_core::dead_letter::DeadLetter;
use sync_core::http::{RefreshLock, Stored, TokenSet, TokenStore, TokenStoreError};
use sync_core::journal::{
    AuditRow, Counts, Intake, Intent, Job, JobEnd, Journal, JournalError, Link, LinkChange, Settlement, SqliteJournal,
    Waiting,
};
use sync_core::model::{ConnectionId, DocumentKey};

use super::time::step_aside;
use super::world::{Side, World};

/// The journal as one process has it open.
pub(crate) struct Disk {
    world: Arc<World>,
    worker: usize,
    life: u64,
    inner: SqliteJournal,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disk({})", self.worker)
    }
}

/// What happens at a call that writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    Before,
    Torn,
    After,
}

/// A file as it was before a call.
struct Copied {
    file: Vec<u8>,
    log: Vec<u8>,
}

impl Disk {
    pub(crate) fn open(world: &Arc<World>, worker: usize) -> Result<Self, JournalError> {
        let path = world.state().journal.clone();
        let life = world.life(worker);
        Ok(Self { world: Arc::clone(world), worker, life, inner: SqliteJournal::open(path)? })
    }

    fn is_dead(&self) -> bool {
        self.world.life(self.worker) != self.life
    }

    fn note(&self, about: Option<&str>, text: &str) {
        self.world.note(&format!("journal {}", self.worker), about, text);
    }

    async fn dies(&self, what: &str) {
        self.world.injected("crash at a journal call");
        self.note(None, what);
        self.world.kill(self.worker);
        pending::<()>().await;
    }

    /// Before a call that writes.
    async fn before(&self) -> Result<(Mishap, Option<Copied>), JournalError> {
        step_aside().await;
        if self.is_dead() {
            return Err(JournalError::Store { doing: "written", problem: "the process was killed".to_owned() });
        }
        let mishap = {
            let mut state = self.world.state();
            let (crash, torn) = (state.rates.journal_crash, state.rates.torn);
            let roll = state.dice.disk.below(10_000);
            match roll {
                _ if roll < torn => Mishap::Torn,
                _ if roll < torn + crash => Mishap::Before,
                _ if roll < torn + 2 * crash => Mishap::After,
                _ => Mishap::None,
            }
        };
        match mishap {
            Mishap::Before => {
                self.dies("dies before the call").await;
                Ok((Mishap::None, None))
            }
            Mishap::Torn => Ok((mishap, self.copy())),
            other => Ok((other, None)),
        }
    }

    fn copy(&self) -> Option<Copied> {
        let path = self.world.state().journal.clone();
        Some(Copied { file: fs::read(&path).ok()?, log: fs::read(log_of(&path)).ok()? })
    }

    /// After a call that has written.
    async fn after(&self, mishap: Mishap, copied: Option<Copied>, done: &str) {
        match mishap {
            Mishap::None | Mishap::Before => {}
            Mishap::After => self.dies(&format!("dies after {done}, before it knows")).await,
            Mishap::Torn => {
                if let Some(copied) = copied
                    && self.tear(&copied)
                {
                    self.note(None, &format!("the machine loses power while it writes ({done})"));
                    self.world.injected("torn journal write");
                    self.world.kill_all();
                    pending::<()>().await;
                }
            }
        }
        step_aside().await;
    }

    /// Puts in place of the journal what a loss of power in the middle of the last call would have left.
    fn tear(&self, before: &Copied) -> bool {
        let path = self.world.state().journal.clone();
        let Ok(mut log) = fs::read(log_of(&path)) else { return false };
        let Some(grown) = log.len().checked_sub(before.log.len()).filter(|grown| *grown > 0) else { return false };
        let mut state = self.world.state();
        let cut = before.log.len() + usize::try_from(state.dice.disk.below(grown as u64 + 1)).unwrap_or(0);
        log.truncate(cut);
        if state.dice.disk.below(3) == 0 && cut > before.log.len() {
            // The last sector was never written whole.
            let from = before.log.len().max(cut.saturating_sub(512));
            let noise = state.dice.disk.draw().to_le_bytes();
            for (place, byte) in log.iter_mut().skip(from).enumerate() {
                *byte ^= noise.get(place % 8).copied().unwrap_or(0x5a);
            }
        }
        state.journals += 1;
        let torn = self.world.dir.path().join(format!("journal-{}.sqlite", state.journals));
        if fs::write(&torn, &before.file).is_err() || fs::write(log_of(&torn), &log).is_err() {
            return false;
        }
        state.journal = torn;
        true
    }
}

fn log_of(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn names<'a>(keys: impl Iterator<Item = &'a DocumentKey>) -> String {
    keys.map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[async_trait]
impl Journal for Disk {
    async fn intake(
        &self,
        connection: &ConnectionId,
        changes: &[Change],
        now: DateTime<Utc>,
    ) -> Result<Intake, JournalError> {
        let (mishap, copied) = self.before().await?;
        let result = self.inner.intake(connection, changes, now).await?;
        {
            let mut state = self.world.state();
            for change in changes {
                *state.taken_in.entry(change.document.to_string()).or_default() += 1;
            }
            let new = (result.opened + result.joined) as u64;
            let counts = std::mem::take(&mut state.changes);
            // A torn call may have been kept or lost.
            state.changes = counts.iter().map(|count| count + new).collect();
            if mishap == Mishap::Torn {
                state.changes.extend(counts);
            }
        }
        if !changes.is_empty() {
            let about = names(changes.iter().map(|change| &change.document));
            let text = format!("takes in {} changes, {} of them told before", changes.len(), result.duplicates);
            self.note(Some(&about), &text);
        }
        self.after(mishap, copied, "intake").await;
        Ok(result)
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, JournalError> {
        let (mishap, copied) = self.before().await?;
        let jobs = self.inner.claim(connection, now, lease, limit).await?;
        if !jobs.is_empty() {
            {
                let mut state = self.world.state();
                for job in &jobs {
                    let key = job.document.to_string();
                    let count = state.taken_in.get(&key).copied().unwrap_or(0);
                    state.claimed.insert(key, count);
                }
            }
            self.note(Some(&names(jobs.iter().map(|job| &job.document))), &format!("leases {} jobs", jobs.len()));
        }
        self.after(mishap, copied, "claim").await;
        Ok(jobs)
    }

    async fn intend(
        &self,
        connection: &ConnectionId,
        intents: &[Intent],
        now: DateTime<Utc>,
    ) -> Result<(), JournalError> {
        let (mishap, copied) = self.before().await?;
        let result = self.inner.intend(connection, intents, now).await;
        let about = names(intents.iter().map(|intent| &intent.write.marker.document));
        match &result {
            Ok(()) => {
                let keys: Vec<&str> = intents.iter().map(|i| i.write.key.get(..8).unwrap_or_default()).collect();
                let verbs: Vec<&str> = intents.iter().map(|i| i.write.operation.verb()).collect();
                let text = format!("stores {} before sending, keys {}", verbs.join(" "), keys.join(" "));
                self.note(Some(&about), &text);
            }
            Err(error) => self.note(Some(&about), &format!("refuses: {error}")),
        }
        if let Err(JournalError::KeyReused { document, .. }) = &result {
            self.world.violated("faults", Some(&document.to_string()), "a key stands for two writes");
        }
        result?;
        self.after(mishap, copied, "intent").await;
        Ok(())
    }

    async fn settle(
        &self,
        connection: &ConnectionId,
        settlements: &[Settlement],
        now: DateTime<Utc>,
    ) -> Result<(), JournalError> {
        let (mishap, copied) = self.before().await?;
        let result = self.inner.settle(connection, settlements, now).await;
        for settlement in settlements {
            let end = match &settlement.end {
                JobEnd::Done => "done".to_owned(),
                JobEnd::Wait { on, .. } => format!("waits for {on}"),
                JobEnd::Again { not_before } => format!("again from {not_before}"),
                JobEnd::Dead(letter) => format!("dead letter ({}): {}", letter.cause, letter.text),
                JobEnd::Untouched => "as it was".to_owned(),
            };
            let note = match &result {
                Ok(()) => format!("{end}. {}", settlement.audit),
                Err(error) => format!("could not be ended: {error}"),
            };
            let key = settlement.document.to_string();
            if result.is_err() {
                // What was learnt of the refusal is lost.
                self.world.state().refused.remove(&key);
            }
            self.note(Some(&key), &note);
        }
        result?;
        if mishap != Mishap::Torn {
            let put = settlements.iter().filter(|settlement| matches!(settlement.link, LinkChange::Put(_)));
            let put: Vec<String> = put.map(|settlement| settlement.document.to_string()).collect();
            self.world.state().linked.extend(put);
        }
        self.after(mishap, copied, "settlement").await;
        Ok(())
    }

    async fn open_intents(&self, connection: &ConnectionId) -> Result<Vec<Intent>, JournalError> {
        self.inner.open_intents(connection).await
    }

    async fn link(&self, connection: &ConnectionId, document: &DocumentKey) -> Result<Option<Link>, JournalError> {
        self.inner.link(connection, document).await
    }

    async fn links(&self, connection: &ConnectionId) -> Result<Vec<Link>, JournalError> {
        step_aside().await;
        self.inner.links(connection).await
    }

    async fn links_of(&self, connection: &ConnectionId, documents: &[DocumentKey]) -> Result<Vec<Link>, JournalError> {
        self.inner.links_of(connection, documents).await
    }

    async fn dead_letters(&self, connection: &ConnectionId) -> Result<Vec<DeadLetter>, JournalError> {
        self.inner.dead_letters(connection).await
    }

    async fn waiting(&self, connection: &ConnectionId) -> Result<Vec<Waiting>, JournalError> {
        self.inner.waiting(connection).await
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<Counts, JournalError> {
        self.inner.counts(connection).await
    }

    async fn next_due(&self, connection: &ConnectionId) -> Result<Option<DateTime<Utc>>, JournalError> {
        self.inner.next_due(connection).await
    }

    async fn cursor(&self, connection: &ConnectionId, name: &str) -> Result<Option<String>, JournalError> {
        self.inner.cursor(connection, name).await
    }

    async fn set_cursor(&self, connection: &ConnectionId, name: &str, value: &str) -> Result<(), JournalError> {
        let (mishap, copied) = self.before().await?;
        self.inner.set_cursor(connection, name, value).await?;
        self.after(mishap, copied, "cursor").await;
        Ok(())
    }

    async fn audit(&self, connection: &ConnectionId, after: u64, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        self.inner.audit(connection, after, limit).await
    }
}

/// The token store, which all processes of the machine share.
pub(crate) struct Vault(pub(crate) Arc<World>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

fn side(connection: &str) -> Side {
    if connection == Side::Procore.name() { Side::Procore } else { Side::QuickBooks }
}

#[async_trait]
impl TokenStore for Vault {
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        step_aside().await;
        self.0.token_store.load(connection).await
    }

    async fn store(&self, connection: &str, expected: u64, tokens: TokenSet) -> Result<Stored, TokenStoreError> {
        step_aside().await;
        let fails = {
            let mut state = self.0.state();
            let rate = state.rates.token_store;
            rate > 0 && state.dice.disk.below(1000) < rate
        };
        if fails {
            self.0.injected("token store fails");
            let problem = "no space left on device".to_owned();
            return Err(TokenStoreError::Unavailable { connection: connection.to_owned(), action: "stored", problem });
        }
        let access = tokens.access.expose().to_owned();
        let stored = self.0.token_store.store(connection, expected, tokens).await?;
        if stored == Stored::Stored {
            self.0.state().tokens.entry(side(connection)).or_default().stored.insert(access);
            self.0.note("vault", None, &format!("tokens of {connection} stored, version {}", expected + 1));
        }
        step_aside().await;
        Ok(stored)
    }

    async fn exclusive(&self, connection: &str) -> Result<RefreshLock, TokenStoreError> {
        if !self.0.store_locks {
            return Ok(RefreshLock::none());
        }
        self.0.token_store.exclusive(connection).await
    }
}
