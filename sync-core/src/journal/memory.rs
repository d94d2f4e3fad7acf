//! A journal in memory, for tests and simulations: it keeps every promise but the one to survive the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::state::{self, JobState, Phase, instant, micros};
use super::*;
use crate::clock;

/// A [`Journal`] in memory.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    books: Mutex<BTreeMap<ConnectionId, Book>>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Book>> {
        // A call checks everything before it changes anything, so what a panicking thread left behind is whole.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, connection: &ConnectionId, read: impl FnOnce(&Book) -> T) -> T
    where
        T: Default,
    {
        self.books().get(connection).map(read).unwrap_or_default()
    }

    fn change<T>(&self, connection: &ConnectionId, change: impl FnOnce(&mut Book) -> T) -> T {
        let mut books = self.books();
        if let Some(book) = books.get_mut(connection) {
            return change(book);
        }
        change(books.entry(connection.clone()).or_default())
    }
}

/// All rows of one connection.
#[derive(Debug, Default)]
struct Book {
    changes: u64,
    done: u64,
    last_opened: u64,
    last_token: u64,
    last_intent: u64,
    events: BTreeSet<(DocumentKey, String)>,
    jobs: BTreeMap<DocumentKey, Entry>,
    /// Jobs that are ready or leased, by their place in the order.
    queue: BTreeMap<u64, DocumentKey>,
    /// Which documents wait for this one.
    waiters: BTreeMap<DocumentKey, BTreeSet<DocumentKey>>,
    intents: BTreeMap<String, StoredIntent>,
    open_intents: BTreeMap<u64, String>,
    links: BTreeMap<DocumentKey, Link>,
    cursors: BTreeMap<String, String>,
    audit: Vec<AuditRow>,
}

#[derive(Debug)]
struct Entry {
    state: JobState,
    waits: Option<(DocumentKey, String)>,
    letter: Option<Box<DeadLetter>>,
}

#[derive(Debug)]
struct StoredIntent {
    intent: Intent,
    place: u64,
    open: bool,
}

impl Book {
    fn state(&self, document: &DocumentKey) -> Option<&JobState> {
        self.jobs.get(document).map(|entry| &entry.state)
    }

    /// Puts a job in place of the one of that document, with what belongs to its end.
    fn put_job(&mut self, document: &DocumentKey, job: Option<JobState>, end: Option<&JobEnd>) {
        if let Some(old) = self.jobs.remove(document) {
            self.queue.remove(&old.state.opened);
            if let Some((on, _)) = old.waits
                && let Some(waiters) = self.waiters.get_mut(&on)
            {
                waiters.remove(document);
                if waiters.is_empty() {
                    self.waiters.remove(&on);
                }
            }
        }
        let Some(state) = job else { return };
        if state.due().is_some() {
            self.queue.insert(state.opened, document.clone());
        }
        let (mut waits, mut letter) = (None, None);
        match (state.phase, end) {
            (Phase::Waiting, Some(JobEnd::Wait { on, label })) => {
                self.waiters.entry(on.clone()).or_default().insert(document.clone());
                waits = Some((on.clone(), label.clone()));
            }
            (Phase::Dead, Some(JobEnd::Dead(dead))) => letter = Some(dead.clone()),
            _ => {}
        }
        self.jobs.insert(document.clone(), Entry { state, waits, letter });
    }

    fn intake(&mut self, changes: &[Change], now: i64) -> Intake {
        let mut intake = Intake::default();
        for change in changes {
            if let Some(event) = &change.event
                && !self.events.insert((change.document.clone(), event.clone()))
            {
                intake.duplicates += 1;
                continue;
            }
            self.changes += 1;
            let mut job = match self.state(&change.document) {
                Some(job) => {
                    intake.joined += 1;
                    *job
                }
                None => {
                    intake.opened += 1;
                    self.last_opened += 1;
                    JobState::open(self.last_opened, now)
                }
            };
            job.join(now);
            self.put_job(&change.document, Some(job), None);
        }
        intake.newest_job = self.last_opened;
        intake
    }

    fn claim(&mut self, now: i64, until: i64, limit: usize) -> Vec<Job> {
        let is_due = |document: &&DocumentKey| self.state(document).and_then(JobState::due).is_some_and(|at| at <= now);
        let due: Vec<DocumentKey> = self.queue.values().filter(is_due).take(limit).cloned().collect();
        let mut claimed = Vec::with_capacity(due.len());
        for document in due {
            let Some(entry) = self.jobs.get_mut(&document) else { continue };
            self.last_token = state::next_token(self.last_token, now);
            let attempts = entry.state.lease(self.last_token, until);
            let JobState { opened: number, pending: changes, .. } = entry.state;
            claimed.push(Job { document, token: self.last_token, attempts, number, changes });
        }
        claimed
    }

    fn intend(&mut self, intents: &[Intent]) -> Result<(), JournalError> {
        let mut new: BTreeMap<&str, &Write> = BTreeMap::new();
        for intent in intents {
            let (document, key) = (&intent.write.marker.document, intent.write.key.as_str());
            if !self.state(document).is_some_and(|job| job.is_held(intent.token)) {
                return Err(JournalError::Fenced { document: document.clone() });
            }
            let stored = self.intents.get(key).map(|stored| &stored.intent.write);
            if stored.or_else(|| new.get(key).copied()).is_some_and(|write| *write != intent.write) {
                return Err(JournalError::KeyReused { document: document.clone(), key: key.to_owned() });
            }
            new.insert(key, &intent.write);
        }
        for intent in intents {
            let key = &intent.write.key;
            self.last_intent += 1;
            let mut stored = StoredIntent { intent: intent.clone(), place: self.last_intent, open: true };
            stored.intent.stored_at = instant(micros(intent.stored_at)).unwrap_or(intent.stored_at);
            if let Some(first) = self.intents.get(key) {
                stored.intent.stored_at = first.intent.stored_at;
                self.open_intents.remove(&first.place);
                if first.open && first.intent.group == intent.group {
                    stored.place = first.place;
                }
            }
            self.open_intents.insert(stored.place, key.clone());
            self.intents.insert(key.clone(), stored);
        }
        Ok(())
    }

    fn settle(&mut self, settlements: &[Settlement], now: i64) -> Result<(), JournalError> {
        let mut ended = BTreeSet::new();
        for settlement in settlements {
            let document = &settlement.document;
            // A job that an earlier settlement of this call ended is leased no longer.
            let fenced = match ended.contains(document) {
                true => settlement.token.is_some(),
                false => state::is_fenced(self.state(document), settlement, now),
            };
            if fenced {
                return Err(JournalError::Fenced { document: document.clone() });
            }
            // Without a lease, `Done` leaves a job whose lease has ended as it is.
            let leaves = settlement.token.is_none() && settlement.end == JobEnd::Done;
            if settlement.end != JobEnd::Untouched && !leaves {
                ended.insert(document);
            }
        }
        for settlement in settlements {
            self.apply(settlement, now);
        }
        Ok(())
    }

    fn apply(&mut self, settlement: &Settlement, now: i64) {
        let document = &settlement.document;
        if let Some(key) = &settlement.closes
            && let Some(stored) = self.intents.get_mut(key)
        {
            stored.open = false;
            self.open_intents.remove(&stored.place);
        }
        match &settlement.link {
            LinkChange::Keep => {}
            LinkChange::Put(link) => drop(self.links.insert(document.clone(), Link::clone(link))),
            LinkChange::Remove => drop(self.links.remove(document)),
        }
        if settlement.end != JobEnd::Untouched {
            let there = match &settlement.end {
                JobEnd::Wait { on, .. } => !self.jobs.contains_key(on) && self.links.contains_key(on),
                _ => false,
            };
            let old = self.state(document).copied();
            let ended = state::end(old, settlement, there, now, &mut self.last_opened);
            self.done += ended.done;
            if ended.job != old || old.is_some_and(|job| job.due().is_none()) {
                self.put_job(document, ended.job, Some(&settlement.end));
            }
            if settlement.end == JobEnd::Done {
                self.wake_waiters(document, now);
            }
        }
        if !settlement.audit.is_empty() {
            self.append_audit(document, &settlement.audit, now);
        }
    }

    fn wake_waiters(&mut self, document: &DocumentKey, now: i64) {
        for waiter in self.waiters.remove(document).unwrap_or_default() {
            if let Some(entry) = self.jobs.get_mut(&waiter) {
                entry.waits = None;
                entry.state.phase = Phase::Ready { due: now };
                self.queue.insert(entry.state.opened, waiter);
            }
        }
    }

    fn append_audit(&mut self, document: &DocumentKey, text: &str, now: i64) {
        let (previous, number) = self.audit.last().map_or(("", 1), |row| (row.hash.as_str(), row.number + 1));
        let at = instant(now).unwrap_or_default();
        let hash = audit_hash(previous, number, at, document, text);
        self.audit.push(AuditRow { number, at, document: document.clone(), text: text.to_owned(), hash });
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts {
            changes: self.changes,
            done: self.done,
            links: self.links.len() as u64,
            open_intents: self.open_intents.len() as u64,
            ..Counts::default()
        };
        for Entry { state, .. } in self.jobs.values() {
            counts.pending += state.pending + state.fresh;
            match state.phase {
                Phase::Ready { .. } | Phase::Leased { .. } => counts.ready += 1,
                Phase::Waiting => counts.waiting += 1,
                Phase::Dead => counts.dead += 1,
            }
        }
        counts
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn intake(
        &self,
        connection: &ConnectionId,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Intake, JournalError> {
        Ok(self.change(connection, |book| book.intake(changes, micros(now))))
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<Job>, JournalError> {
        let until = micros(clock::after(now, lease));
        Ok(self.change(connection, |book| book.claim(micros(now), until, limit)))
    }

    async fn intend(&self, connection: &ConnectionId, intents: &[Intent], _now: Timestamp) -> Result<(), JournalError> {
        self.change(connection, |book| book.intend(intents))
    }

    async fn settle(
        &self,
        connection: &ConnectionId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), JournalError> {
        self.change(connection, |book| book.settle(settlements, micros(now)))
    }

    async fn open_intents(&self, connection: &ConnectionId) -> Result<Vec<Intent>, JournalError> {
        Ok(self.read(connection, |book| {
            let stored = book.open_intents.values().filter_map(|key| book.intents.get(key));
            stored.map(|stored| stored.intent.clone()).collect()
        }))
    }

    async fn link(&self, connection: &ConnectionId, document: &DocumentKey) -> Result<Option<Link>, JournalError> {
        Ok(self.read(connection, |book| book.links.get(document).cloned()))
    }

    async fn links(&self, connection: &ConnectionId) -> Result<Vec<Link>, JournalError> {
        Ok(self.read(connection, |book| book.links.values().cloned().collect()))
    }

    async fn links_of(&self, connection: &ConnectionId, documents: &[DocumentKey]) -> Result<Vec<Link>, JournalError> {
        Ok(self.read(connection, |book| documents.iter().filter_map(|key| book.links.get(key)).cloned().collect()))
    }

    async fn dead_letters(&self, connection: &ConnectionId) -> Result<Vec<DeadLetter>, JournalError> {
        let mut letters: Vec<DeadLetter> = self
            .read(connection, |book| book.jobs.values().filter_map(|entry| entry.letter.as_deref()).cloned().collect());
        // Stable, and the jobs come in the order of their keys.
        letters.sort_by_key(|letter| letter.since);
        Ok(letters)
    }

    async fn waiting(&self, connection: &ConnectionId) -> Result<Vec<Waiting>, JournalError> {
        Ok(self.read(connection, |book| {
            let waiting = book.jobs.iter().filter_map(|(document, entry)| Some((document, entry.waits.as_ref()?)));
            waiting
                .map(|(document, (on, label))| Waiting {
                    document: document.clone(),
                    label: label.clone(),
                    on: on.clone(),
                })
                .collect()
        }))
    }

    async fn counts(&self, connection: &ConnectionId) -> Result<Counts, JournalError> {
        Ok(self.read(connection, Book::counts))
    }

    async fn next_due(&self, connection: &ConnectionId) -> Result<Option<Timestamp>, JournalError> {
        Ok(self.read(connection, |book| {
            let due = book.queue.values().filter_map(|document| book.state(document)?.due());
            due.min().and_then(instant)
        }))
    }

    async fn cursor(&self, connection: &ConnectionId, name: &str) -> Result<Option<String>, JournalError> {
        Ok(self.read(connection, |book| book.cursors.get(name).cloned()))
    }

    async fn set_cursor(&self, connection: &ConnectionId, name: &str, value: &str) -> Result<(), JournalError> {
        self.change(connection, |book| book.cursors.insert(name.to_owned(), value.to_owned()));
        Ok(())
    }

    async fn audit(&self, connection: &ConnectionId, after: u64, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        Ok(self.read(connection, |book| {
            let skip = usize::try_from(after).unwrap_or(usize::MAX);
            book.audit.iter().skip(skip).take(limit).cloned().collect()
        }))
    }
}
