//! Time and randomness, handed in: nothing in this crate asks the machine for either on its own.
//!
//! [`SystemClock`] is for programs, [`ScaledClock`] for demonstrations that must obey published limits without waiting
//! for them, [`ManualClock`] for tests.
use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time and waits. Every wait and every date in the engine and the connectors goes through one of these.
#[async_trait]
pub trait Clock: Send + Sync + Debug {
    /// The current instant, UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Returns when `duration` has passed on this clock.
    async fn sleep(&self, duration: Duration);
}

/// `instant + duration`, held at the end of the calendar instead of overflowing.
#[must_use]
pub fn after(instant: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(duration)
        .ok()
        .and_then(|delta| instant.checked_add_signed(delta))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// How long it is from `now` until `instant`; zero when `instant` has passed.
#[must_use]
pub fn until(now: DateTime<Utc>, instant: DateTime<Utc>) -> Duration {
    instant.signed_duration_since(now).to_std().unwrap_or(Duration::ZERO)
}

/// The machine's clock and tokio's timer.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[cfg(feature = "http")]
#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that runs `factor` times faster than real time, counted from an origin.
///
/// A limit of 500 requests a minute is obeyed on this clock as on any other; at factor 60 the minute takes one real
/// second. Processes that are given the same origin and factor agree on the time, so a client and the sandbox that it
/// talks to count the same windows.
#[cfg(feature = "http")]
#[derive(Debug, Clone, Copy)]
pub struct ScaledClock {
    origin: DateTime<Utc>,
    factor: u32,
}

#[cfg(feature = "http")]
impl ScaledClock {
    /// A clock that showed real time at `origin` and has run `factor` times faster since. A factor of 0 counts as 1.
    #[must_use]
    pub fn new(origin: DateTime<Utc>, factor: u32) -> Self {
        Self { origin, factor: factor.max(1) }
    }

    /// A clock whose origin is the present moment; give [`origin`](Self::origin) to the processes that must agree.
    #[must_use]
    pub fn starting_now(factor: u32) -> Self {
        Self::new(SystemClock.now(), factor)
    }

    /// The instant at which this clock and real time showed the same.
    #[must_use]
    pub fn origin(&self) -> DateTime<Utc> {
        self.origin
    }

    /// How many of this clock's seconds pass in one real second.
    #[must_use]
    pub fn factor(&self) -> u32 {
        self.factor
    }

    fn at(&self, real: DateTime<Utc>) -> DateTime<Utc> {
        let real_micros = real.signed_duration_since(self.origin).num_microseconds().unwrap_or(i64::MAX);
        let scaled = TimeDelta::microseconds(real_micros.saturating_mul(i64::from(self.factor)));
        self.origin.checked_add_signed(scaled).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

#[cfg(feature = "http")]
#[async_trait]
impl Clock for ScaledClock {
    fn now(&self) -> DateTime<Utc> {
        self.at(SystemClock.now())
    }

    async fn sleep(&self, duration: Duration) {
        // tokio's timer counts whole milliseconds and rounds up, which at a high factor would overshoot by a lot but
        // never wake early.
        tokio::time::sleep(duration / self.factor).await;
    }
}

/// A clock for tests: stands still until it is set, and `sleep` moves it on at once.
///
/// Each sleep lets other tasks run once before it returns, so that a loop which only sleeps does not starve them.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    now: DateTime<Utc>,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: DateTime<Utc>) -> Self {
        Self { state: Mutex::new(ManualState { now: start, sleeps: Vec::new() }) }
    }

    /// Sets the time, forwards or backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        self.lock().now = now;
    }

    /// Moves the time on.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.now = after(state.now, duration);
    }

    /// The sleeps asked for so far, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.lock().sleeps.clone()
    }

    fn lock(&self) -> MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.lock().now
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut state = self.lock();
            state.now = after(state.now, duration);
            state.sleeps.push(duration);
        }
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                Poll::Ready(())
            } else {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
    }
}

/// A source of random numbers, used for jitter only: nothing secret is made from it.
pub trait Random: Send + Sync + Debug {
    /// The next number, uniform over all of `u64`.
    fn next_u64(&self) -> u64;

    /// A number in `0..bound`; 0 when `bound` is 0.
    fn below(&self, bound: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(bound);
        // The high half of a product with a number below 2^64 is itself below 2^64.
        u64::try_from(product >> 64).unwrap_or(0)
    }
}

/// SplitMix64: the same seed gives the same numbers, which is what makes a simulated run repeatable.
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
}

impl SeededRandom {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// A sequence that is fixed by `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// A sequence that differs in each process, for programs: two workers must not back off in step.
    #[must_use]
    pub fn from_entropy() -> Self {
        Self::new(RandomState::new().build_hasher().finish())
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        let mut z = self.state.fetch_add(Self::STEP, Ordering::Relaxed).wrapping_add(Self::STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_268_800, 0).unwrap()
    }

    #[tokio::test]
    async fn manual_clock_sleeps_by_moving_on() {
        // given a clock at noon
        let clock = ManualClock::new(noon());
        // when somebody sleeps for a minute
        clock.sleep(Duration::from_secs(60)).await;
        // then a minute has passed and the sleep is on record
        assert_eq!(clock.now(), noon() + TimeDelta::minutes(1));
        assert_eq!(clock.sleeps(), [Duration::from_secs(60)]);
    }

    #[tokio::test]
    async fn manual_sleep_lets_other_tasks_run() {
        // given a task that does nothing but sleep, and another that has something to do
        let clock = std::sync::Arc::new(ManualClock::new(noon()));
        let sleeper = clock.clone();
        let ran = std::sync::Arc::new(AtomicU64::new(0));
        let seen = ran.clone();
        tokio::spawn(async move { seen.store(1, Ordering::SeqCst) });
        // when the first sleeps once
        sleeper.sleep(Duration::from_secs(1)).await;
        // then the other has run
        assert_eq!(ran.load(Ordering::SeqCst), 1);
    }

    #[cfg(feature = "http")]
    #[test]
    fn scaled_clocks_with_one_origin_agree() {
        // given two clocks made apart from one origin
        let (one, two) = (ScaledClock::new(noon(), 60), ScaledClock::new(noon(), 60));
        let real = noon() + TimeDelta::seconds(2);
        // then both show two minutes after two real seconds
        assert_eq!(one.at(real), noon() + TimeDelta::minutes(2));
        assert_eq!(one.at(real), two.at(real));
        assert_eq!(ScaledClock::new(noon(), 0).at(real), real, "a factor of 0 counts as 1");
    }

    #[cfg(feature = "http")]
    #[tokio::test(start_paused = true)]
    async fn scaled_sleep_takes_its_share_of_real_time() {
        let clock = ScaledClock::new(noon(), 60);
        let before = tokio::time::Instant::now();
        clock.sleep(Duration::from_secs(120)).await;
        assert_eq!(before.elapsed(), Duration::from_secs(2));
    }

    #[test]
    fn one_seed_one_sequence_and_bounds_hold() {
        let (one, two) = (SeededRandom::new(7), SeededRandom::new(7));
        for bound in 0..200 {
            let value = one.below(bound);
            assert_eq!(value, two.below(bound));
            assert!(value < bound.max(1));
        }
        assert_ne!(one.next_u64(), SeededRandom::new(8).next_u64());
        // the published first output of SplitMix64 for seed 0
        assert_eq!(SeededRandom::new(0).next_u64(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn dates_do_not_overflow() {
        assert_eq!(after(noon(), Duration::MAX), DateTime::<Utc>::MAX_UTC);
        assert_eq!(until(noon(), noon() - TimeDelta::seconds(5)), Duration::ZERO);
    }
}
