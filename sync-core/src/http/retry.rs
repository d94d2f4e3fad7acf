//! When to try again, and how long to wait before it.
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::HttpError;
use crate::clock::{Clock, Random, until};

/// What a program may do about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The same request will fail again.
    Never,
    /// Nothing took effect; the same request may succeed later. Safe for reads and writes.
    Transient,
    /// Turned away for load; nothing took effect. Wait `retry_after` if the server named it.
    Throttled {
        /// How long the server asked to wait.
        retry_after: Option<Duration>,
    },
    /// It may or may not have taken effect. A read may be repeated; a write must be looked up first.
    Uncertain,
    /// The access token was refused; a new one is needed.
    TokenExpired,
    /// A person must act: authorise again, correct the configuration.
    NeedsPerson,
}

/// Whether a request changes anything at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Changes nothing: may be repeated whatever happened.
    Read,
    /// Changes something: repeated only when it certainly had no effect.
    Write,
}

impl Safety {
    /// Whether a request that failed this way may be sent again without looking.
    #[must_use]
    pub fn allows_retry(self, class: ErrorClass) -> bool {
        match class {
            ErrorClass::Transient | ErrorClass::Throttled { .. } => true,
            ErrorClass::Uncertain => self == Self::Read,
            ErrorClass::Never | ErrorClass::TokenExpired | ErrorClass::NeedsPerson => false,
        }
    }
}

/// How often and how long to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// No further attempt starts later than this after the first.
    pub max_elapsed: Duration,
    /// The longest wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// The longest wait before any attempt, unless the server asks for more.
    pub cap: Duration,
    /// The wait after a throttled answer that names no time.
    pub throttled: Duration,
}

impl Default for RetryPolicy {
    /// Five attempts within five minutes, waits up to 0.5, 1, 2, 4 s, and a minute after an unexplained 429 (Intuit:
    /// <https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features#limits-and-throttles>).
    fn default() -> Self {
        Self {
            max_attempts: 5,
            max_elapsed: Duration::from_secs(300),
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            throttled: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    /// One attempt and no more.
    #[must_use]
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// The wait after the failed attempt number `attempt` (from 1).
    ///
    /// Full jitter: uniform between zero and a ceiling that doubles. A time named by the server wins, with up to `base`
    /// on top so that waiting workers do not return all at once.
    #[must_use]
    pub fn delay(&self, attempt: u32, class: ErrorClass, random: &dyn Random) -> Duration {
        match class {
            ErrorClass::Throttled { retry_after } => {
                retry_after.unwrap_or(self.throttled).saturating_add(jitter(self.base, random))
            }
            _ => {
                let doublings = attempt.saturating_sub(1).min(31);
                jitter(self.base.saturating_mul(1 << doublings).min(self.cap), random)
            }
        }
    }
}

/// Uniform in `0..=ceiling`, in microseconds.
fn jitter(ceiling: Duration, random: &dyn Random) -> Duration {
    let micros = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(random.below(micros.saturating_add(1)))
}

/// The last failure of an operation that was tried `attempts` times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaveUp<E> {
    /// How often it was tried.
    pub attempts: u32,
    /// Whether the last failure deserved another attempt that the policy did not allow.
    pub used_up: bool,
    /// The last failure.
    pub last: E,
}

/// Runs `operation` until it succeeds, fails in a way that must not be repeated, or the policy is used up.
///
/// `operation` gets the number of the attempt, from 1. `classify` says what its errors mean.
///
/// # Errors
/// [`GaveUp`] with the last failure.
pub async fn retry<T, E, F, Fut>(
    policy: &RetryPolicy,
    clock: &dyn Clock,
    random: &dyn Random,
    safety: Safety,
    mut operation: F,
    classify: impl Fn(&E) -> ErrorClass,
) -> Result<T, GaveUp<E>>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let started = clock.now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let last = match operation(attempts).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let class = classify(&last);
        if !safety.allows_retry(class) {
            return Err(GaveUp { attempts, used_up: false, last });
        }
        let delay = policy.delay(attempts, class, random);
        let would_take = until(started, clock.now()).saturating_add(delay);
        if attempts >= policy.max_attempts || would_take > policy.max_elapsed {
            return Err(GaveUp { attempts, used_up: true, last });
        }
        clock.sleep(delay).await;
    }
}

/// [`retry`] for operations that fail with [`HttpError`].
///
/// # Errors
/// [`HttpError::RetriesUsedUp`] when more than one attempt was made and the last deserved another; else the failure
/// itself.
pub async fn retry_http<T, F, Fut>(
    policy: &RetryPolicy,
    clock: &dyn Clock,
    random: &dyn Random,
    safety: Safety,
    operation: F,
) -> Result<T, HttpError>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, HttpError>>,
{
    retry(policy, clock, random, safety, operation, HttpError::class).await.map_err(|gave_up| {
        if gave_up.used_up && gave_up.attempts > 1 {
            HttpError::RetriesUsedUp { attempts: gave_up.attempts, last: Box::new(gave_up.last) }
        } else {
            gave_up.last
        }
    })
}

/// Reads a `Retry-After` value: seconds or an HTTP date (RFC 9110 section 10.2.3). None when it is neither.
#[must_use]
pub fn parse_retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some(until(now, date.with_timezone(&Utc)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::clock::{ManualClock, SeededRandom};

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_268_800, 0).unwrap()
    }

    const UNCERTAIN: ErrorClass = ErrorClass::Uncertain;
    const TRANSIENT: ErrorClass = ErrorClass::Transient;
    const THROTTLED: ErrorClass = ErrorClass::Throttled { retry_after: Some(Duration::from_secs(7)) };

    /// Fails with `class` until attempt `succeeds_at`; returns the result, the attempts, the waits.
    async fn run(safety: Safety, class: ErrorClass, succeeds_at: u32) -> (Result<u32, GaveUp<()>>, Vec<Duration>) {
        let clock = ManualClock::new(noon());
        let random = SeededRandom::new(1);
        let operation = |attempt| async move { if attempt < succeeds_at { Err(()) } else { Ok(attempt) } };
        let result = retry(&RetryPolicy::default(), &clock, &random, safety, operation, |()| class).await;
        (result, clock.sleeps())
    }

    #[tokio::test]
    async fn a_write_is_repeated_only_when_it_had_no_effect() {
        for (safety, class, repeated) in [
            (Safety::Read, UNCERTAIN, true),
            (Safety::Read, TRANSIENT, true),
            (Safety::Read, THROTTLED, true),
            (Safety::Write, TRANSIENT, true),
            (Safety::Write, THROTTLED, true),
            (Safety::Write, UNCERTAIN, false),
            (Safety::Read, ErrorClass::Never, false),
            (Safety::Read, ErrorClass::NeedsPerson, false),
            (Safety::Read, ErrorClass::TokenExpired, false),
        ] {
            let (result, _) = run(safety, class, 2).await;
            assert_eq!(result.is_ok(), repeated, "{safety:?} {class:?}");
        }
    }

    #[tokio::test]
    async fn gives_up_after_the_last_attempt() {
        let (result, sleeps) = run(Safety::Read, TRANSIENT, 99).await;
        assert_eq!(result, Err(GaveUp { attempts: 5, used_up: true, last: () }));
        assert_eq!(sleeps.len(), 4);
        for (index, slept) in sleeps.iter().enumerate() {
            assert!(*slept <= Duration::from_millis(500 << index), "{slept:?}");
        }
    }

    #[tokio::test]
    async fn the_servers_time_wins() {
        let (result, sleeps) = run(Safety::Write, THROTTLED, 2).await;
        assert_eq!(result, Ok(2));
        assert!(sleeps[0] >= Duration::from_secs(7) && sleeps[0] <= Duration::from_millis(7500), "{sleeps:?}");
    }

    #[tokio::test]
    async fn does_not_wait_past_the_time_allowed() {
        let class = ErrorClass::Throttled { retry_after: Some(Duration::from_secs(3600)) };
        let (result, sleeps) = run(Safety::Read, class, 2).await;
        assert_eq!(result, Err(GaveUp { attempts: 1, used_up: true, last: () }));
        assert!(sleeps.is_empty());
    }

    #[test]
    fn delays_spread_over_the_whole_range_and_stay_below_the_cap() {
        let (policy, random) = (RetryPolicy::default(), SeededRandom::new(3));
        let delays: Vec<_> = (0..2000).map(|_| policy.delay(3, TRANSIENT, &random)).collect();
        let ceiling = Duration::from_secs(2);
        assert!(delays.iter().all(|delay| *delay <= ceiling));
        assert!(delays.iter().any(|delay| *delay < ceiling / 10));
        assert!(delays.iter().any(|delay| *delay > ceiling * 9 / 10));
        assert!((1..200).all(|attempt| policy.delay(attempt, TRANSIENT, &random) <= policy.cap));
    }

    #[tokio::test]
    async fn one_attempt_keeps_the_error_itself() {
        let clock = ManualClock::new(noon());
        let tries = Cell::new(0);
        let result: Result<(), _> =
            retry_http(&RetryPolicy::never(), &clock, &SeededRandom::new(1), Safety::Read, |_| {
                tries.set(tries.get() + 1);
                async { Err(HttpError::LimitReached { wait: Duration::from_secs(1) }) }
            })
            .await;
        assert!(matches!(result, Err(HttpError::LimitReached { .. })));
        assert_eq!(tries.get(), 1);
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        // noon is 2026-01-01 12:00:00 UTC
        for (value, wanted) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Thu, 01 Jan 2026 12:01:00 GMT", Some(60)),
            ("Thu, 01 Jan 2026 11:00:00 GMT", Some(0)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse_retry_after(value, noon()), wanted.map(Duration::from_secs), "{value}");
        }
    }
}
