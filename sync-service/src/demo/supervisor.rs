//! Keeps a worker process alive: starts it, kills it where it halts, starts it again with the same order.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::progress::Progress;
use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::worker::{Event, Halt, Order, WorkerSettings};

/// A worker that is killed more often than this makes no progress.
const MAX_KILLS: usize = 5000;

pub(crate) struct Supervisor {
    settings: ConnectionSettings,
    halt: Halt,
    progress: Progress,
    worker: Option<Worker>,
    kills: usize,
    /// Kills in a row that came before anything was finished. Each gives the next worker a step more, since one that
    /// reads before it writes would never get anywhere.
    fruitless: u64,
    /// Where the running worker listens, for those who call it by themselves.
    address: Arc<Mutex<String>>,
}

struct Worker {
    child: Child,
    orders: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    intake: String,
}

impl Supervisor {
    pub(crate) fn new(settings: ConnectionSettings, halt: Halt, progress: Progress) -> Self {
        Self { settings, halt, progress, worker: None, kills: 0, fruitless: 0, address: Arc::default() }
    }

    /// Where the running worker listens, now and later.
    pub(crate) fn address(&self) -> Arc<Mutex<String>> {
        self.address.clone()
    }

    /// Gives an order and waits until it is carried out, whatever happens to the worker meanwhile.
    pub(crate) async fn carry_out(&mut self, order: Order) -> Result<(), Failure> {
        loop {
            let progress = self.progress.clone();
            let worker = self.worker().await?;
            worker.say(&serde_json::to_string(&order)?).await?;
            let mut finished = false;
            loop {
                match worker.hear().await? {
                    Event::TakenIn { kind, count } => progress.taken_in(kind, count),
                    Event::Finished { kind, count } => {
                        finished = true;
                        progress.finished(kind, count);
                    }
                    Event::Listening(_) => {}
                    Event::Done(_) => return Ok(()),
                    Event::Failed(text) => return Err(text.into()),
                    Event::Halted(step) => {
                        progress.killed(&step);
                        break;
                    }
                }
            }
            self.fruitless = if finished { 0 } else { self.fruitless + 1 };
            self.kill().await?;
        }
    }

    /// Where the running worker takes webhooks.
    pub(crate) async fn intake_url(&mut self) -> Result<String, Failure> {
        Ok(self.worker().await?.intake.clone())
    }

    /// Restarts the worker so that it halts at a point once.
    pub(crate) async fn halt_once(&mut self, halt: Halt) -> Result<(), Failure> {
        if let Some(worker) = self.worker.take() {
            worker.end().await?;
        }
        let usual = std::mem::replace(&mut self.halt, halt);
        self.worker().await?;
        self.halt = usual;
        Ok(())
    }

    /// Ends the worker; says how often it was killed.
    pub(crate) async fn stop(mut self) -> Result<usize, Failure> {
        if let Some(worker) = self.worker.take() {
            worker.end().await?;
        }
        Ok(self.kills)
    }

    async fn worker(&mut self) -> Result<&mut Worker, Failure> {
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => {
                let halt = match self.halt {
                    Halt::After(steps) => Halt::After(steps + self.fruitless.saturating_sub(1)),
                    other => other,
                };
                let worker = Worker::start(&self.settings, halt).await?;
                self.address.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&worker.intake);
                worker
            }
        };
        Ok(self.worker.insert(worker))
    }

    async fn kill(&mut self) -> Result<(), Failure> {
        if let Some(mut worker) = self.worker.take() {
            // SIGKILL: nothing of the process gets a chance to tidy up.
            worker.child.kill().await?;
            self.kills += 1;
            if self.kills > MAX_KILLS {
                return Err("the worker makes no progress between two kills; give a larger --crash-every".into());
            }
        }
        Ok(())
    }
}

impl Worker {
    async fn start(settings: &ConnectionSettings, halt: Halt) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(orders), Some(events)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the worker has no pipes".into());
        };
        let mut worker = Self { child, orders, events: BufReader::new(events).lines(), intake: String::new() };
        let first = WorkerSettings { connection: settings.clone(), halt };
        worker.say(&serde_json::to_string(&first)?).await?;
        match worker.hear().await? {
            Event::Listening(url) => worker.intake = url,
            other => return Err(format!("the worker began with {other:?}").into()),
        }
        Ok(worker)
    }

    async fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.orders.write_all(line.as_bytes()).await?;
        self.orders.write_all(b"\n").await?;
        Ok(self.orders.flush().await?)
    }

    async fn hear(&mut self) -> Result<Event, Failure> {
        match self.events.next_line().await? {
            Some(line) => Ok(serde_json::from_str(&line)?),
            None => {
                let status = self.child.wait().await?;
                Err(format!("the worker ended by itself ({status}); its messages are above").into())
            }
        }
    }

    async fn end(mut self) -> Result<(), Failure> {
        drop(self.orders);
        self.child.wait().await?;
        Ok(())
    }
}
