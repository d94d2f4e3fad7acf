//! Sliding windows over the accepted requests of one company.

use std::collections::VecDeque;

use chrono::{DateTime, Datelike, Duration, Utc};

use super::config::Limits;

/// The request is over a limit; it would be accepted after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    pub(super) retry_after: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Limiter {
    requests: VecDeque<DateTime<Utc>>,
    batches: VecDeque<DateTime<Utc>>,
    month: (i32, u32),
    reads: u64,
}

impl Limiter {
    /// Takes a place in every window, or none.
    pub(super) fn admit(&mut self, now: DateTime<Utc>, limits: &Limits, batch: bool) -> Result<(), Throttled> {
        let minute = Duration::minutes(1);
        forget(&mut self.requests, now, minute);
        forget(&mut self.batches, now, minute);
        full(&self.requests, now, minute, limits.requests_per_minute)?;
        full(&self.requests, now, Duration::seconds(1), limits.requests_per_second)?;
        if batch {
            full(&self.batches, now, minute, limits.batches_per_minute)?;
            self.batches.push_back(now);
        }
        self.requests.push_back(now);
        Ok(())
    }

    /// May a metered read be answered this month?
    pub(super) fn admit_read(&mut self, now: DateTime<Utc>, limits: &Limits) -> Result<(), Throttled> {
        let Some(most) = limits.reads_per_month else { return Ok(()) };
        self.enter_month(now);
        if self.reads < most {
            return Ok(());
        }
        let next = if now.month() == 12 { (now.year() + 1, 1) } else { (now.year(), now.month() + 1) };
        let start = chrono::NaiveDate::from_ymd_opt(next.0, next.1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
        Err(Throttled { retry_after: start.map_or(Duration::days(31), |at| at.and_utc() - now) })
    }

    /// A metered read was answered with success: only these count.
    pub(super) fn count_read(&mut self, now: DateTime<Utc>) {
        self.enter_month(now);
        self.reads += 1;
    }

    fn enter_month(&mut self, now: DateTime<Utc>) {
        let month = (now.year(), now.month());
        if self.month != month {
            self.month = month;
            self.reads = 0;
        }
    }
}

fn forget(window: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>, length: Duration) {
    while window.front().is_some_and(|at| now - *at >= length) {
        window.pop_front();
    }
}

fn full(window: &VecDeque<DateTime<Utc>>, now: DateTime<Utc>, length: Duration, most: usize) -> Result<(), Throttled> {
    // The window is full while the request that lies `most` places back is younger than its length.
    let Some(at) = window.len().checked_sub(most.max(1)).and_then(|i| window.get(i)) else { return Ok(()) };
    let age = now - *at;
    if age >= length { Ok(()) } else { Err(Throttled { retry_after: length - age }) }
}
