//! What a run consists of: both vendors, the time, the machine's durable parts, what goes wrong and how often, and what
//! was seen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use procore_client::webhook::Webhook;
use sync_core::engine::Engine;
use sync_core::http::{MemoryPaceLog, MemoryTokenStore, TokenSet};
use sync_core::mapping::Mapping;
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::procore::Procore;
use sync_sandboxes::quickbooks::QuickBooks;

use super::desktop::Machine;
use super::executor::Job;
use super::payments;
use super::report::{Event, Sides, Violation};
use super::time::Time;

/// The two vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Procore,
    QuickBooks,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Procore, Self::QuickBooks];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Procore => "procore",
            Self::QuickBooks => "quickbooks",
        }
    }
}

/// How often what goes wrong: in 100 000 steps, or in 1000 requests, calls or moments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    /// Steps of a worker at which it dies.
    pub(crate) crash: u64,
    /// Steps of a worker at which it stops for longer than its lease.
    pub(crate) stop: u64,
    pub(crate) lost_request: u64,
    pub(crate) refused_connection: u64,
    pub(crate) lost_answer: u64,
    /// The client gives up, and the request arrives after all.
    pub(crate) late: u64,
    pub(crate) doubled: u64,
    pub(crate) slow: u64,
    pub(crate) throttled: u64,
    pub(crate) failed_before: u64,
    pub(crate) failed_after: u64,
    pub(crate) overloaded: u64,
    pub(crate) truncated: u64,
    pub(crate) retyped: u64,
    /// Journal calls before, in or after which the process dies, or the machine loses power.
    pub(crate) journal_crash: u64,
    pub(crate) torn: u64,
    pub(crate) token_store: u64,
    /// Requests in the middle of which a person does something.
    pub(crate) meddle: u64,
    pub(crate) webhook_dropped: u64,
    pub(crate) webhook_doubled: u64,
}

/// A 429 storm or an outage of one side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Storm {
    pub(crate) side: Side,
    pub(crate) until: DateTime<Utc>,
    pub(crate) status: u16,
}

/// Random numbers, a stream for each thing, so that more of one moves the others less.
#[derive(Debug)]
pub(crate) struct Dice {
    pub(crate) network: SplitMix,
    pub(crate) people: SplitMix,
    pub(crate) disk: SplitMix,
    pub(crate) worker: SplitMix,
}

/// The tokens of one side, as they were seen on the wire and in the store.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Access tokens whose set is, or was, in the store.
    pub(crate) stored: BTreeSet<String>,
    /// The newest refresh token that the vendor has given out.
    pub(crate) newest: Option<String>,
    /// Requests for tokens that are under way.
    pub(crate) renewing: u32,
}

/// What people have done, as far as it excuses the sync or binds it.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Documents whose transaction a person changed, deleted, voided or paid.
    pub(crate) touched: BTreeSet<String>,
    /// Documents that did not count in Procore at some time after they first did.
    pub(crate) unwanted: BTreeSet<String>,
    /// Values that a person wrote: (entity, id, field) to value.
    pub(crate) wrote: BTreeMap<(String, String, String), String>,
    /// Documents whose transaction a person deleted while the sync knew it, and all whose transaction was deleted.
    pub(crate) deleted: BTreeSet<String>,
    pub(crate) gone: BTreeSet<String>,
    /// Documents that stand in the books again because a backup was put back. The comparison of both sides tells of those
    /// that no longer count in Procore; the engine has no reason to look for them.
    pub(crate) brought_back: BTreeSet<String>,
    /// Transactions that a person voided, by entity and id.
    pub(crate) voided: BTreeSet<(String, String)>,
    /// Until when the books are closed.
    pub(crate) closing_date: Option<String>,
    /// Lists entries that are out of use: (entity, id).
    pub(crate) inactive: Vec<(&'static str, String)>,
    pub(crate) made: u64,
    /// The highest number of an owner invoice that was deleted, by contract. Procore ties a payment to an invoice by the
    /// number alone, so nobody gives a number twice.
    pub(crate) used_up: BTreeMap<String, i64>,
    /// When Procore was changed last.
    pub(crate) last_edit: Option<DateTime<Utc>>,
}

/// One worker process.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Counts its lives.
    pub(crate) life: u64,
    pub(crate) engine: Option<Arc<Engine>>,
}

/// Everything that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) dice: Dice,
    pub(crate) rates: Rates,
    pub(crate) storm: Option<Storm>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) digest: u64,
    pub(crate) violations: Vec<Violation>,
    pub(crate) people: People,
    pub(crate) payments: payments::Seen,
    pub(crate) tokens: BTreeMap<Side, Tokens>,
    pub(crate) consent_wanted: BTreeSet<Side>,
    pub(crate) processes: Vec<Process>,
    pub(crate) journal: PathBuf,
    pub(crate) journals: u64,
    /// Changes that the journal has taken in; more than one answer is right after a torn write.
    pub(crate) changes: BTreeSet<u64>,
    /// Requests as they left the machine, to QuickBooks: when, and whether a batch.
    pub(crate) sent: VecDeque<(DateTime<Utc>, bool)>,
    /// When the machine's clock last jumped.
    pub(crate) jumped: Option<DateTime<Utc>>,
    /// Documents whose write was refused for good: the worker that knows, and the changes taken in of it by then.
    pub(crate) refused: BTreeMap<String, (usize, u64)>,
    /// Documents whose link is durable.
    pub(crate) linked: BTreeSet<String>,
    pub(crate) taken_in: BTreeMap<String, u64>,
    pub(crate) claimed: BTreeMap<String, u64>,
    pub(crate) requests: u64,
    pub(crate) documents: u64,
    pub(crate) runs: u64,
}

/// A run.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) sides: Sides,
    pub(crate) time: Arc<Time>,
    pub(crate) procore: Mutex<Procore>,
    pub(crate) quickbooks: Mutex<QuickBooks>,
    /// QuickBooks Desktop, which then stands for the double above.
    pub(crate) desktop: Option<Machine>,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) void_deleted: bool,
    pub(crate) token_store: MemoryTokenStore,
    pub(crate) store_locks: bool,
    pub(crate) pace_log: Arc<MemoryPaceLog>,
    pub(crate) webhook: Webhook,
    pub(crate) workers: usize,
    /// The longest pause of a worker between two runs, in seconds.
    pub(crate) pause: u64,
    pub(crate) company: String,
    pub(crate) realm: String,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) keep_all: bool,
    state: Mutex<State>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    spawned: Vec<(Job, Option<usize>)>,
    killed: Vec<usize>,
    stopping: bool,
    over: bool,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Events that are kept for the story where not all of them are.
const KEPT: usize = 4000;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a world is made of, apart from what is the same for all.
pub(crate) struct Parts {
    pub(crate) seed: u64,
    pub(crate) sides: Sides,
    pub(crate) time: Arc<Time>,
    pub(crate) procore: Procore,
    pub(crate) quickbooks: QuickBooks,
    pub(crate) desktop: Option<Machine>,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) void_deleted: bool,
    pub(crate) store_locks: bool,
    pub(crate) webhook: Webhook,
    pub(crate) workers: usize,
    /// The longest pause of a worker between two runs, in seconds.
    pub(crate) pause: u64,
    pub(crate) company: String,
    pub(crate) realm: String,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) rates: Rates,
    pub(crate) keep_all: bool,
}

impl World {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts { seed, rates, .. } = parts;
        let stream = |salt: u64| SplitMix::seeded(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt);
        let state = State {
            dice: Dice { network: stream(1), people: stream(2), disk: stream(3), worker: stream(4) },
            rates,
            storm: None,
            counts: BTreeMap::new(),
            events: VecDeque::new(),
            digest: 0xcbf2_9ce4_8422_2325,
            violations: Vec::new(),
            people: People::default(),
            payments: payments::Seen::default(),
            tokens: BTreeMap::new(),
            consent_wanted: BTreeSet::new(),
            processes: (0..parts.workers).map(|_| Process::default()).collect(),
            journal: parts.dir.path().join("journal-0.sqlite"),
            journals: 0,
            changes: BTreeSet::from([0]),
            sent: VecDeque::new(),
            jumped: None,
            refused: BTreeMap::new(),
            linked: BTreeSet::new(),
            taken_in: BTreeMap::new(),
            claimed: BTreeMap::new(),
            requests: 0,
            documents: 0,
            runs: 0,
        };
        Arc::new(Self {
            seed,
            sides: parts.sides,
            time: parts.time,
            procore: Mutex::new(parts.procore),
            quickbooks: Mutex::new(parts.quickbooks),
            desktop: parts.desktop,
            mapping: parts.mapping,
            void_deleted: parts.void_deleted,
            token_store: MemoryTokenStore::new(),
            store_locks: parts.store_locks,
            pace_log: Arc::new(MemoryPaceLog::default()),
            webhook: parts.webhook,
            workers: parts.workers,
            pause: parts.pause,
            company: parts.company,
            realm: parts.realm,
            dir: parts.dir,
            keep_all: parts.keep_all,
            state: Mutex::new(state),
            queue: Mutex::default(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn rates<T>(&self, read: impl FnOnce(&Rates) -> T) -> T {
        read(&self.state().rates)
    }

    // ------------------------------------------------------------ what was seen

    /// Something happened; `about` names the document or transaction.
    pub(crate) fn note(&self, who: &str, about: Option<&str>, text: &str) {
        let at = self.time.now();
        let mut state = self.state();
        let event = Event { at, who: who.to_owned(), about: about.map(str::to_owned), text: text.to_owned() };
        for byte in event.to_string().bytes().chain([b'\n']) {
            state.digest = (state.digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        state.events.push_back(event);
        if !self.keep_all && state.events.len() > KEPT {
            state.events.pop_front();
        }
    }

    /// Counts something that went wrong on purpose.
    pub(crate) fn injected(&self, what: &'static str) {
        *self.state().counts.entry(what).or_default() += 1;
    }

    /// An invariant does not hold.
    pub(crate) fn violated(&self, invariant: &'static str, about: Option<&str>, text: &str) {
        self.note("checker", about, &format!("VIOLATION of {invariant}: {text}"));
        let mut state = self.state();
        // One is enough for a run to fail; more of the same say nothing new.
        if state.violations.len() < 20 {
            let about = about.map(str::to_owned);
            state.violations.push(Violation { invariant, about, text: text.to_owned() });
        }
    }

    /// The same for what would be found again after each write.
    pub(crate) fn violated_once(&self, invariant: &'static str, about: &str, text: &str) {
        let known = |v: &Violation| v.invariant == invariant && v.about.as_deref() == Some(about);
        if !self.state().violations.iter().any(known) {
            self.violated(invariant, Some(about), text);
        }
    }

    // ------------------------------------------------------------ processes

    pub(crate) fn spawn(&self, job: Job) {
        lock(&self.queue).spawned.push((job, None));
    }

    pub(crate) fn spawn_worker(&self, job: Job, id: usize) {
        lock(&self.queue).spawned.push((job, Some(id)));
    }

    /// The process dies before its next step.
    pub(crate) fn kill(&self, id: usize) {
        let mut queue = lock(&self.queue);
        if !queue.killed.contains(&id) {
            queue.killed.push(id);
        }
        drop(queue);
        self.process_died(id);
    }

    pub(crate) fn kill_all(&self) {
        for id in 0..self.workers {
            self.kill(id);
        }
    }

    pub(crate) fn process_died(&self, id: usize) {
        let engine = {
            let mut state = self.state();
            // What it had learnt of refusals is lost with it.
            state.refused.clear();
            state.processes.get_mut(id).and_then(|process| {
                process.life += 1;
                process.engine.take()
            })
        };
        drop(engine);
        if let Some(machine) = &self.desktop {
            machine.process_died();
        }
    }

    /// The number of this life of a process.
    pub(crate) fn life(&self, id: usize) -> u64 {
        self.state().processes.get(id).map_or(0, |process| process.life)
    }

    pub(crate) fn take_killed(&self) -> Vec<usize> {
        std::mem::take(&mut lock(&self.queue).killed)
    }

    pub(crate) fn take_spawned(&self) -> Vec<(Job, Option<usize>)> {
        std::mem::take(&mut lock(&self.queue).spawned)
    }

    /// From now on, processes that die stay dead.
    pub(crate) fn stop(&self) {
        lock(&self.queue).stopping = true;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        lock(&self.queue).stopping
    }

    pub(crate) fn end(&self) {
        lock(&self.queue).over = true;
    }

    pub(crate) fn is_over(&self) -> bool {
        lock(&self.queue).over
    }

    /// The set that is stored for a side.
    pub(crate) async fn stored_tokens(&self, side: Side) -> Option<TokenSet> {
        use sync_core::http::TokenStore as _;
        self.token_store.load(side.name()).await.ok().flatten()
    }
}
