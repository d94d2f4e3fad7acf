//! One thread, no luck: the seed says which of the ready tasks goes next, and where a process dies.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use sync_sandboxes::faults::SplitMix;

use super::worker;
use super::world::World;

/// Something that runs.
pub(crate) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Steps after which a run counts as hung.
const MOST_STEPS: u64 = 3_000_000;

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    job: Job,
    ready: Arc<Flag>,
    /// The worker process that this is, if it is one.
    worker: Option<usize>,
    /// Not polled before: the process is stopped, and knows nothing of it.
    stopped_until: Option<DateTime<Utc>>,
}

impl Task {
    fn new(job: Job, worker: Option<usize>) -> Self {
        Self { job, ready: Arc::new(Flag(AtomicBool::new(true))), worker, stopped_until: None }
    }
}

/// Runs everything of one seed.
pub(crate) struct Executor {
    world: Arc<World>,
    random: SplitMix,
    tasks: Vec<Task>,
}

impl Executor {
    pub(crate) fn new(world: Arc<World>, seed: u64) -> Self {
        Self { world, random: SplitMix::seeded(seed ^ 0x6578_6563), tasks: Vec::new() }
    }

    /// Runs until the director is through.
    pub(crate) fn run(&mut self, director: Job) {
        self.tasks.push(Task::new(director, None));
        for _ in 0..MOST_STEPS {
            if self.world.is_over() {
                return;
            }
            self.take_in();
            let now = self.world.time.now();
            let ready: Vec<usize> = (0..self.tasks.len()).filter(|i| self.is_ready(*i, now)).collect();
            if ready.is_empty() {
                if !self.world.time.advance() {
                    self.world.violated("hang", None, "nothing can go on, and nobody waits for a time");
                    return;
                }
                continue;
            }
            let at = usize::try_from(self.random.below(ready.len() as u64)).unwrap_or(0);
            if let Some(index) = ready.get(at) {
                self.step(*index);
            }
        }
        self.world.violated("hang", None, "the run does not come to its end");
    }

    fn is_ready(&self, index: usize, now: DateTime<Utc>) -> bool {
        self.tasks.get(index).is_some_and(|task| {
            task.ready.0.load(Ordering::Relaxed) && task.stopped_until.is_none_or(|until| until <= now)
        })
    }

    /// New tasks, and processes to be killed.
    fn take_in(&mut self) {
        for id in self.world.take_killed() {
            self.tasks.retain(|task| task.worker != Some(id));
            self.world.process_died(id);
            if !self.world.is_stopping() {
                self.tasks.push(Task::new(worker::process(Arc::clone(&self.world), id), Some(id)));
            }
        }
        for (job, worker) in self.world.take_spawned() {
            self.tasks.push(Task::new(job, worker));
        }
    }

    fn step(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        if let Some(id) = task.worker {
            let (crash, stop) = self.world.rates(|rates| (rates.crash, rates.stop));
            if crash > 0 && self.random.below(100_000) < crash {
                self.world.injected("crash");
                self.world.note(&format!("worker {id}"), None, "is killed between two steps");
                self.world.kill(id);
                return;
            }
            if stop > 0 && self.random.below(100_000) < stop {
                let seconds = 100 + self.random.below(900);
                self.world.injected("process stopped past its lease");
                self.world.note(&format!("worker {id}"), None, &format!("is stopped for {seconds} s"));
                let until = self.world.time.now() + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
                task.stopped_until = Some(until);
                // Somebody must wait for the moment, or time would not come to it.
                let time = Arc::clone(&self.world.time);
                let wait = std::time::Duration::from_secs(seconds);
                self.tasks.push(Task::new(Box::pin(async move { time.sleep(wait).await }), None));
                return;
            }
            task.stopped_until = None;
        }
        task.ready.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&task.ready));
        let done = task.job.as_mut().poll(&mut Context::from_waker(&waker));
        if matches!(done, Poll::Ready(())) {
            self.tasks.swap_remove(index);
        }
    }
}
