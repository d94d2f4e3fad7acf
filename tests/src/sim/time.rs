//! Time that only the simulation moves: the vendors live by it, the machine under test sees it through a clock that may
//! be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sync_core::clock::Clock;

struct State {
    now: DateTime<Utc>,
    /// How far the machine's clock is ahead.
    skew: TimeDelta,
    /// How far it has ever been ahead.
    ahead: TimeDelta,
    timers: BTreeMap<(DateTime<Utc>, u64), Waker>,
    next: u64,
}

/// The time of one run.
pub(crate) struct Time(Mutex<State>);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({})", self.now())
    }
}

impl Time {
    pub(crate) fn starting(now: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            now,
            skew: TimeDelta::zero(),
            ahead: TimeDelta::zero(),
            timers: BTreeMap::new(),
            next: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The true time, which the vendors live by.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    /// Sets the machine's clock ahead, or back.
    pub(crate) fn jump(&self, by: TimeDelta) {
        let mut state = self.state();
        state.skew += by;
        state.ahead = state.ahead.max(state.skew);
    }

    /// Sets the machine's clock right; says how far ahead it has ever been.
    pub(crate) fn set_right(&self) -> TimeDelta {
        let mut state = self.state();
        state.skew = TimeDelta::zero();
        state.ahead
    }

    /// Time passes without anybody doing anything.
    pub(crate) fn leap(&self, by: TimeDelta) {
        let mut state = self.state();
        state.now += by;
        wake_due(&mut state);
    }

    /// Moves on to the next timer; none is left where this is false.
    pub(crate) fn advance(&self) -> bool {
        let mut state = self.state();
        let Some((at, _)) = state.timers.keys().next().copied() else { return false };
        state.now = state.now.max(at);
        wake_due(&mut state);
        true
    }

    /// Returns when `duration` of true time has passed.
    pub(crate) fn sleep(self: &Arc<Self>, duration: Duration) -> Sleep {
        let deadline = sync_core::clock::after(self.now(), duration);
        Sleep { time: Arc::clone(self), deadline, timer: None }
    }
}

fn wake_due(state: &mut State) {
    while let Some(entry) = state.timers.first_entry() {
        if entry.key().0 > state.now {
            break;
        }
        entry.remove().wake();
    }
}

/// Waits for a moment of the true time.
pub(crate) struct Sleep {
    time: Arc<Time>,
    deadline: DateTime<Utc>,
    timer: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let time = Arc::clone(&self.time);
        let mut state = time.state();
        if let Some(timer) = self.timer.take() {
            state.timers.remove(&(self.deadline, timer));
        }
        if state.now >= self.deadline {
            return Poll::Ready(());
        }
        let timer = state.next;
        state.next += 1;
        state.timers.insert((self.deadline, timer), context.waker().clone());
        self.timer = Some(timer);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.time.state().timers.remove(&(self.deadline, timer));
        }
    }
}

/// The clock of the machine under test.
#[derive(Debug)]
pub(crate) struct MachineClock(pub(crate) Arc<Time>);

#[async_trait]
impl Clock for MachineClock {
    fn now(&self) -> DateTime<Utc> {
        let state = self.0.state();
        state.now + state.skew
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

/// Lets others go first.
pub(crate) async fn step_aside() {
    let mut waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
