//! Jobs that are not worked now: tried again later, or left for a program that can.

use super::Engine;
use super::run::settlement;
use crate::error::Error;
use crate::journal::{Job, JobEnd};

impl Engine {
    /// The end of a job that is tried again, later with each attempt.
    pub(super) fn again(&self, job: &Job) -> JobEnd {
        let pause = self.config.retry_pause.saturating_mul(1 << job.attempts.min(6));
        JobEnd::Again { not_before: crate::clock::after(self.parts.clock.now(), pause) }
    }

    /// The end of a job for which this engine has no way: out of reach of this run, so that a program with one finds it.
    pub(super) fn rest(&self) -> JobEnd {
        let pause = self.config.patience.saturating_add(std::time::Duration::from_secs(60));
        JobEnd::Again { not_before: crate::clock::after(self.parts.clock.now(), pause) }
    }

    /// Lets jobs rest for which this engine has no way.
    pub(super) async fn let_rest(&self, jobs: &[Job]) -> Result<(), Error> {
        let rest: Vec<_> = jobs.iter().map(|job| settlement(job, self.rest(), "")).collect();
        self.settle(&rest).await
    }
}
