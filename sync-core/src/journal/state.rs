//! The states of a job, and what each call makes of them: one definition for every journal of this crate.

use super::{JobEnd, Settlement};
use crate::model::Timestamp;

/// Instants inside the journals: microseconds since 1970, UTC.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

/// An instant as the journals keep it, to the microsecond.
pub(super) fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_timestamp_micros(micros)
}

/// A fencing token larger than the last, and larger than those given before `now` by a journal that was lost or is
/// newer than the copy it was restored from: what is derived from a token must not repeat then either.
pub(super) fn next_token(last: u64, now: i64) -> u64 {
    last.saturating_add(1).max(u64::try_from(now).unwrap_or(0))
}

/// Where a job stands. What it waits for, and the dead letter, are kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// May be leased from `due` on.
    Ready { due: i64 },
    /// Leased under `token`; from `until` on, another worker may take it.
    Leased { token: u64, until: i64 },
    /// Waits for another document.
    Waiting,
    /// A dead letter.
    Dead,
}

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobState {
    /// Where it stands.
    pub(super) phase: Phase,
    /// Its place in the order.
    pub(super) opened: u64,
    /// Leases that came to no end.
    pub(super) attempts: u32,
    /// Changes that a lease, if there is one, covers.
    pub(super) pending: u64,
    /// Changes that came in since it was leased.
    pub(super) fresh: u64,
}

/// What the end of a job makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// The job, if there still is one.
    pub(super) job: Option<JobState>,
    /// Changes that are done by it.
    pub(super) done: u64,
}

impl JobState {
    /// A job with no change yet.
    pub(super) fn open(opened: u64, due: i64) -> Self {
        Self { phase: Phase::Ready { due }, opened, attempts: 0, pending: 0, fresh: 0 }
    }

    /// A change joins it.
    pub(super) fn join(&mut self, now: i64) {
        #[cfg(feature = "planted-bugs")]
        if self.pending > 0 && crate::planted::is_planted(crate::planted::Bug::DropEventWhenCoalescing) {
            return;
        }
        match self.phase {
            Phase::Leased { .. } => self.fresh += 1,
            Phase::Ready { .. } => self.pending += 1,
            Phase::Waiting | Phase::Dead => {
                self.pending += 1;
                self.phase = Phase::Ready { due: now };
            }
        }
    }

    /// From when on it can be leased.
    pub(super) fn due(&self) -> Option<i64> {
        match self.phase {
            Phase::Ready { due } => Some(due),
            Phase::Leased { until, .. } => Some(until),
            Phase::Waiting | Phase::Dead => None,
        }
    }

    /// Leases it; says how often it was leased before. Changes so far are covered, for the document is read after.
    pub(super) fn lease(&mut self, token: u64, until: i64) -> u32 {
        let before = self.attempts;
        self.attempts = before.saturating_add(1);
        self.cover_all();
        self.phase = Phase::Leased { token, until };
        before
    }

    /// Is it leased under this token?
    pub(super) fn is_held(&self, by: u64) -> bool {
        matches!(self.phase, Phase::Leased { token, .. } if token == by)
    }

    fn cover_all(&mut self) {
        self.pending += self.fresh;
        self.fresh = 0;
    }

    /// Ready from `due` on.
    fn ready(&mut self, due: i64) {
        self.cover_all();
        self.phase = Phase::Ready { due };
    }

    /// It rests; unless a change came in meanwhile.
    fn rest(&mut self, phase: Phase, now: i64) {
        self.phase = if self.fresh > 0 { Phase::Ready { due: now } } else { phase };
        self.attempts = 0;
        self.cover_all();
    }
}

/// Is the lease of this settlement lost, or the job that it would end leased by another?
pub(super) fn is_fenced(job: Option<&JobState>, settlement: &Settlement, now: i64) -> bool {
    match (settlement.token, job) {
        (Some(token), job) => !job.is_some_and(|job| job.is_held(token)),
        (None, Some(JobState { phase: Phase::Leased { until, .. }, .. })) => {
            *until > now && settlement.end != JobEnd::Untouched
        }
        (None, _) => false,
    }
}

/// Ends a job that is not fenced. `there`: what it is to wait for is there already. `last_opened` counts the jobs that
/// were opened.
pub(super) fn end(
    job: Option<JobState>,
    settlement: &Settlement,
    there: bool,
    now: i64,
    last_opened: &mut u64,
) -> Ended {
    let mut next = || {
        *last_opened += 1;
        *last_opened
    };
    match &settlement.end {
        JobEnd::Untouched => return Ended { job, done: 0 },
        JobEnd::Done => {
            let Some(job) = job else { return Ended { job: None, done: 0 } };
            // Without the lease, nobody has worked what a ready job stands for.
            if settlement.token.is_none() && job.due().is_some() {
                return Ended { job: Some(job), done: 0 };
            }
            let again = (job.fresh > 0).then(|| JobState { pending: job.fresh, ..JobState::open(next(), now) });
            return Ended { job: again, done: job.pending };
        }
        _ => {}
    }
    let mut job = job.unwrap_or_else(|| JobState::open(next(), now));
    match &settlement.end {
        JobEnd::Wait { .. } if !there => job.rest(Phase::Waiting, now),
        JobEnd::Dead(_) => job.rest(Phase::Dead, now),
        JobEnd::Again { not_before } => job.ready(micros(*not_before)),
        _ => job.ready(now),
    }
    Ended { job: Some(job), done: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::LinkChange;
    use crate::model::{DocumentKey, DocumentKind};

    fn done(token: Option<u64>) -> Settlement {
        Settlement {
            document: DocumentKey::new(DocumentKind::Vendor, "1"),
            token,
            end: JobEnd::Done,
            closes: None,
            link: LinkChange::Keep,
            audit: String::new(),
        }
    }

    #[test]
    fn a_change_during_the_lease_outlives_done() {
        let mut job = JobState::open(1, 0);
        job.join(0);
        job.lease(7, 10);
        job.join(5);
        let mut last = 1;
        let ended = end(Some(job), &done(Some(7)), false, 6, &mut last);
        assert_eq!(ended.done, 1);
        assert_eq!(ended.job, Some(JobState { pending: 1, ..JobState::open(2, 6) }));
    }

    #[test]
    fn without_a_lease_done_ends_what_rests_and_leaves_what_is_ready() {
        let mut job = JobState::open(1, 0);
        job.join(0);
        assert_eq!(end(Some(job), &done(None), false, 1, &mut 1).job, Some(job));
        job.phase = Phase::Dead;
        assert_eq!(end(Some(job), &done(None), false, 1, &mut 1), Ended { job: None, done: 1 });
    }

    #[test]
    fn only_the_holder_may_end_a_leased_job() {
        let mut job = JobState::open(1, 0);
        job.lease(7, 10);
        assert!(!is_fenced(Some(&job), &done(Some(7)), 99), "good until another worker takes it");
        assert!(is_fenced(Some(&job), &done(Some(6)), 5));
        assert!(is_fenced(Some(&job), &done(None), 5));
        assert!(!is_fenced(Some(&job), &done(None), 10), "the lease has ended");
        assert!(is_fenced(None, &done(Some(7)), 5));
    }
}
