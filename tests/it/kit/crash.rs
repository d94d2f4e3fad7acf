//! Stopping the program at a step, as a power cut does: nothing of it gets a chance to tidy up.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sync_core::Error;
use sync_core::engine::{Engine, Observer, RunReport, Step};
use tokio::sync::Notify;

use super::Site;

/// Where the program is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At the n-th step of a kind, from 1.
    Nth(Step, u64),
    /// After that many steps.
    After(u64),
}

#[derive(Debug)]
pub(crate) struct Trap {
    at: At,
    steps: AtomicU64,
    sprung: Notify,
}

#[async_trait]
impl Observer for Trap {
    async fn step(&self, step: Step) {
        let (counts, limit) = match self.at {
            At::Nth(kind, nth) => (step == kind, nth),
            At::After(steps) => (true, steps),
        };
        if counts && self.steps.fetch_add(1, Ordering::Relaxed) + 1 == limit {
            self.sprung.notify_one();
            pending::<()>().await;
        }
    }
}

impl Trap {
    pub(crate) fn at(at: At) -> Arc<Self> {
        Arc::new(Self { at, steps: AtomicU64::new(0), sprung: Notify::new() })
    }

    /// Runs the work until it ends or the trap springs; none where it sprang.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.sprung.notified() => None,
            result = work => Some(result),
        }
    }
}

/// What a start of the program takes.
const START: Duration = Duration::from_secs(60);

/// Set in the journal once everything was taken in.
const LOADED: &str = "loaded";

/// What the program does at every start: everything is taken in for the first time unless it was, and worked.
pub(crate) async fn go_on(site: &Site, engine: &Engine) -> Result<RunReport, Error> {
    site.clock.advance(START);
    engine.poll().await?;
    if site.journal.cursor(&site.connection(), LOADED).await.unwrap().is_none() {
        engine.snapshot().await?;
        site.journal.set_cursor(&site.connection(), LOADED, "yes").await.unwrap();
    }
    engine.run().await
}
