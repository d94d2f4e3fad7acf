//! Published limits, obeyed before the server has to say so.
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::clock::{Clock, after, until};

/// Headers may name several windows in turn; more than this many at once is noise.
const MAX_OBSERVED: usize = 16;

/// At most `limit` requests in any stretch of `per`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What requests call it by, such as `realm-minute`.
    pub name: &'static str,
    /// Requests allowed; 0 counts as 1.
    pub limit: u32,
    /// The length of the window.
    pub per: Duration,
}

impl Window {
    /// At most `limit` requests in any stretch of `per`.
    ///
    /// The count is exact here, but requests overtake one another on the way: leave the server some room, in the limit
    /// or in the length.
    #[must_use]
    pub fn new(name: &'static str, limit: u32, per: Duration) -> Self {
        Self { name, limit: limit.max(1), per }
    }
}

/// Remembers recent requests across a restart, so that a restarted process does not exceed the limits.
///
/// A failing log is reported and otherwise ignored: it must not stop the sync.
#[async_trait]
pub trait PaceLog: Send + Sync + Debug {
    /// The instants of recent requests in this window, oldest first; older ones than the window is long do no harm.
    ///
    /// # Errors
    /// [`PaceLogError`] when the log cannot be read.
    async fn load(&self, window: &str) -> Result<Vec<DateTime<Utc>>, PaceLogError>;

    /// Notes a request, before it is sent.
    ///
    /// # Errors
    /// [`PaceLogError`] when the log cannot be written.
    async fn append(&self, window: &str, at: DateTime<Utc>) -> Result<(), PaceLogError>;
}

/// The log of recent requests failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log of recent requests failed: {0}")]
pub struct PaceLogError(pub String);

/// A [`PaceLog`] that outlives a [`Pace`] but not the process.
#[derive(Debug, Default)]
pub struct MemoryPaceLog(Mutex<HashMap<String, Vec<DateTime<Utc>>>>);

#[async_trait]
impl PaceLog for MemoryPaceLog {
    async fn load(&self, window: &str) -> Result<Vec<DateTime<Utc>>, PaceLogError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(window).cloned().unwrap_or_default())
    }

    async fn append(&self, window: &str, at: DateTime<Utc>) -> Result<(), PaceLogError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(window.to_owned()).or_default().push(at);
        Ok(())
    }
}

/// Leave to send one request; give it back by dropping it when the answer is in.
#[derive(Debug)]
pub struct Permit {
    pace: Arc<Shared>,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

/// Keeps the requests of one vendor company within several limits at once.
///
/// Share one among all who talk to the same company: limits count per company, not per client. Between processes it is
/// not shared; give each its part of the limit.
#[derive(Debug, Clone)]
pub struct Pace {
    shared: Arc<Shared>,
    slots: Option<Arc<Semaphore>>,
}

#[derive(Debug)]
struct Shared {
    windows: Vec<Window>,
    clock: Arc<dyn Clock>,
    log: Option<Arc<dyn PaceLog>>,
    loaded: OnceCell<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The instants of the last requests of each window, in the order of `windows`, oldest first.
    sent: Vec<VecDeque<DateTime<Utc>>>,
    /// What the server's headers said, by name.
    observed: HashMap<String, Vec<Observed>>,
    paused_until: Option<DateTime<Utc>>,
    in_flight: u64,
}

#[derive(Debug, Clone, Copy)]
struct Observed {
    remaining: u64,
    reset_at: DateTime<Utc>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// Keeps to `windows`. `log` carries recent requests across a restart.
    #[must_use]
    pub fn new(windows: Vec<Window>, clock: Arc<dyn Clock>, log: Option<Arc<dyn PaceLog>>) -> Self {
        let state = State {
            sent: windows.iter().map(|_| VecDeque::new()).collect(),
            observed: HashMap::new(),
            paused_until: None,
            in_flight: 0,
        };
        let shared = Shared { windows, clock, log, loaded: OnceCell::new(), state: Mutex::new(state) };
        Self { shared: Arc::new(shared), slots: None }
    }

    /// No limits but those that the server's headers and 429 answers name.
    #[must_use]
    pub fn unlimited(clock: Arc<dyn Clock>) -> Self {
        Self::new(Vec::new(), clock, None)
    }

    /// Also keeps at most `requests` unanswered at any time; 0 counts as 1.
    #[must_use]
    pub fn with_max_in_flight(mut self, requests: usize) -> Self {
        self.slots = Some(Arc::new(Semaphore::new(requests.clamp(1, Semaphore::MAX_PERMITS))));
        self
    }

    /// Waits until every window named in `classes` has room, then counts one request in each of them.
    ///
    /// A name without a window of its own is limited only by what [`observe_remaining`](Self::observe_remaining) says
    /// of it.
    pub async fn permit(&self, classes: &[&str]) -> Permit {
        self.load_log().await;
        let slot = match &self.slots {
            // The semaphore is never closed, so an error cannot come; it would mean "no cap".
            Some(slots) => Arc::clone(slots).acquire_owned().await.ok(),
            None => None,
        };
        loop {
            let now = self.shared.clock.now();
            let ready = self.take(now, classes);
            let Some(ready) = ready else {
                let permit = Permit { pace: Arc::clone(&self.shared), _slot: slot };
                self.append_log(now, classes).await;
                return permit;
            };
            tracing::trace!(wait_ms = until(now, ready).as_millis(), ?classes, "waiting for the pace");
            // At least a millisecond, so that a clock with a coarse step cannot make this spin.
            self.shared.clock.sleep(until(now, ready).max(Duration::from_millis(1))).await;
        }
    }

    /// The server's headers said: `remaining` more requests of `name` until `reset_at`.
    ///
    /// Call it while the permit of that answer is still held. A server that describes now one window and now another
    /// (Procore: whichever is closer to being hit, <https://developers.procore.com/documentation/rate-limiting>) is
    /// understood by the reset time: different times are different windows, and all of them are kept to.
    pub fn observe_remaining(&self, name: &str, remaining: u64, reset_at: DateTime<Utc>) {
        let now = self.shared.clock.now();
        let mut state = self.shared.state();
        // Requests on their way may not be in the server's count yet.
        let remaining = remaining.saturating_sub(state.in_flight.saturating_sub(1));
        if !state.observed.contains_key(name) {
            state.observed.insert(name.to_owned(), Vec::new());
        }
        let Some(known) = state.observed.get_mut(name) else { return };
        known.retain(|window| window.reset_at > now);
        if reset_at <= now {
            return;
        }
        match known.iter_mut().find(|window| window.reset_at == reset_at) {
            // Answers overtake one another: the lower figure is the newer one.
            Some(window) => window.remaining = window.remaining.min(remaining),
            None => known.push(Observed { remaining, reset_at }),
        }
        if known.len() > MAX_OBSERVED {
            known.sort_by_key(|window| window.remaining);
            known.truncate(MAX_OBSERVED);
        }
    }

    /// What the server's headers last said is left of its limits, and when each begins anew.
    #[must_use]
    pub fn left(&self) -> Vec<(u64, DateTime<Utc>)> {
        let (now, state) = (self.shared.clock.now(), self.shared.state());
        let known = state.observed.values().flatten().filter(|window| window.reset_at > now);
        known.map(|window| (window.remaining, window.reset_at)).collect()
    }

    /// No request before `instant`: the server answered 429. A later call can only lengthen the pause.
    pub fn backoff_until(&self, instant: DateTime<Utc>) {
        let mut state = self.shared.state();
        state.paused_until = state.paused_until.max(Some(instant));
    }

    /// Requests that are permitted and not yet answered.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.shared.state().in_flight
    }

    /// How long [`permit`](Self::permit) would wait as things stand, not counting the cap on requests in flight.
    #[must_use]
    pub fn wait_for(&self, classes: &[&str]) -> Duration {
        let now = self.shared.clock.now();
        self.ready_at(&mut self.shared.state(), now, classes).map_or(Duration::ZERO, |ready| until(now, ready))
    }

    /// When there is room for a request in all of `classes`, if not now.
    fn ready_at(&self, state: &mut State, now: DateTime<Utc>, classes: &[&str]) -> Option<DateTime<Utc>> {
        let mut ready = state.paused_until.filter(|until| *until > now);
        for (window, sent) in self.shared.windows.iter().zip(&mut state.sent) {
            if !classes.contains(&window.name) {
                continue;
            }
            // A clock that was set back must not make requests of the future block for longer than the window.
            for at in sent.iter_mut().rev().take_while(|at| **at > now) {
                *at = now;
            }
            while sent.front().is_some_and(|at| after(*at, window.per) <= now) {
                sent.pop_front();
            }
            let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
            if sent.len() >= limit
                && let Some(at) = sent.get(sent.len() - limit)
            {
                ready = ready.max(Some(after(*at, window.per)));
            }
        }
        for name in classes {
            for window in state.observed.get(*name).into_iter().flatten() {
                if window.remaining == 0 && window.reset_at > now {
                    ready = ready.max(Some(window.reset_at));
                }
            }
        }
        ready
    }

    /// Counts a request at `now` if there is room, else says when to ask again.
    fn take(&self, now: DateTime<Utc>, classes: &[&str]) -> Option<DateTime<Utc>> {
        let mut guard = self.shared.state();
        let state = &mut *guard;
        let ready = self.ready_at(state, now, classes);
        if ready.is_some() {
            return ready;
        }
        for (window, sent) in self.shared.windows.iter().zip(&mut state.sent) {
            if classes.contains(&window.name) {
                sent.push_back(now);
            }
        }
        for name in classes {
            for window in state.observed.get_mut(*name).into_iter().flatten() {
                window.remaining = window.remaining.saturating_sub(1);
            }
        }
        state.in_flight += 1;
        None
    }

    async fn load_log(&self) {
        let Some(log) = &self.shared.log else { return };
        self.shared
            .loaded
            .get_or_init(|| async {
                for (index, window) in self.shared.windows.iter().enumerate() {
                    match log.load(window.name).await {
                        Ok(mut instants) => {
                            instants.sort_unstable();
                            let keep = usize::try_from(window.limit).unwrap_or(usize::MAX);
                            let old = instants.len().saturating_sub(keep);
                            if let Some(sent) = self.shared.state().sent.get_mut(index) {
                                sent.extend(instants.into_iter().skip(old));
                            }
                        }
                        Err(error) => tracing::warn!(window = window.name, %error, "starting with an empty window"),
                    }
                }
            })
            .await;
    }

    async fn append_log(&self, at: DateTime<Utc>, classes: &[&str]) {
        let Some(log) = &self.shared.log else { return };
        for window in self.shared.windows.iter().filter(|window| classes.contains(&window.name)) {
            if let Err(error) = log.append(window.name, at).await {
                tracing::warn!(window = window.name, %error, "a request is missing in the log");
            }
        }
    }
}
