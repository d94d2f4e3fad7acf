//! Intake of webhooks: what arrives while the disk is busy goes to it together, with one flush for all.

use std::sync::Arc;

use async_trait::async_trait;
use sync_core::connector::{Change, Inbox};
use sync_core::engine::Engine;
use sync_core::journal::Intake;
use sync_core::{Error, ErrorKind};
use tokio::sync::{Notify, mpsc, oneshot};

/// Deliveries that wait; more are told to come back.
const WAITING: usize = 4096;
/// Deliveries that go to the disk together.
const TOGETHER: usize = 256;

type Delivery = (Vec<Change>, oneshot::Sender<Result<Intake, Error>>);

/// Stores in the engine's journal, and wakes the worker.
#[derive(Debug)]
pub(crate) struct Gathering {
    deliveries: mpsc::Sender<Delivery>,
    poll: Arc<Notify>,
}

impl Gathering {
    /// Begins to gather; ends when it is dropped.
    pub(crate) fn start(engine: Arc<Engine>, work: Arc<Notify>, poll: Arc<Notify>) -> Self {
        let (deliveries, mut waiting) = mpsc::channel::<Delivery>(WAITING);
        // A thread of its own, since the journal blocks while the disk flushes.
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            while let Some(first) = waiting.blocking_recv() {
                let mut together = vec![first];
                while together.len() < TOGETHER
                    && let Ok(next) = waiting.try_recv()
                {
                    together.push(next);
                }
                let changes: Vec<Change> = together.iter().flat_map(|(changes, _)| changes.iter().cloned()).collect();
                let stored = runtime.block_on(engine.intake(&changes));
                for (_, answer) in together {
                    let _ = answer.send(match &stored {
                        Ok(intake) => Ok(*intake),
                        Err(error) => Err(Error::new(error.kind(), error.to_string())),
                    });
                }
                work.notify_one();
            }
        });
        Self { deliveries, poll }
    }
}

#[async_trait]
impl Inbox for Gathering {
    /// What the deliveries that were stored together came to.
    async fn take_in(&self, changes: &[Change]) -> Result<Intake, Error> {
        let (answer, stored) = oneshot::channel();
        let full = |_| Error::new(ErrorKind::Unavailable, "more arrives than the disk can store; send it again");
        self.deliveries.try_send((changes.to_vec(), answer)).map_err(full)?;
        stored.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unavailable, "the program is stopping")))
    }

    fn poll_soon(&self) {
        self.poll.notify_one();
    }
}
