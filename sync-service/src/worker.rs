//! The worker process of the demo: it can be killed at any step, and goes on where it stopped.
//!
//! Its settings come as the first line of standard input, since they hold secrets; then one command a line. What
//! happens goes to standard output, one JSON object a line.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sync_core::connector::Inbox;
use sync_core::engine::{Engine, Observer, RunReport, Step};
use sync_core::journal::Journal;
use sync_core::mapping::Mapping;
use sync_core::model::DocumentKind;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::desktop::Desktop;
use crate::intake;
use crate::sync::LOADED;

/// The first line of standard input.
#[derive(Serialize, Deserialize)]
pub(crate) struct WorkerSettings {
    pub(crate) connection: ConnectionSettings,
    pub(crate) halt: Halt,
}

/// Where the worker stops and waits to be killed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Halt {
    Never,
    /// After that many steps.
    After(u64),
    /// When a step is reached.
    At(Step),
}

/// A command to the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Take everything in for the first time, and work.
    Load,
    /// Take in what changed, and work.
    Drain,
}

/// What the worker tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// Webhooks are taken at this address.
    Listening(String),
    TakenIn {
        kind: DocumentKind,
        count: usize,
    },
    Finished {
        kind: DocumentKind,
        count: usize,
    },
    /// Stopped at a step, waiting to be killed.
    Halted(String),
    Done(RunReport),
    Failed(String),
}

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let first = lines.next_line().await?.ok_or("the worker is started by the demo, not by hand")?;
    let settings: WorkerSettings = serde_json::from_str(&first)?;
    let connection = &settings.connection;
    let mapping = Arc::new(Mapping::load(&connection.mapping)?);
    let journal = Arc::new(connection.journal()?);
    let observer = Arc::new(Teller { halt: settings.halt, steps: AtomicU64::new(0) });
    let desktop = connection.desktop.as_ref().map(|of| Desktop::open(connection, of)).transpose()?;
    let engine = Arc::new(match &desktop {
        Some(desktop) => desktop.engine(connection, connection.procore_source()?, journal.clone(), mapping, observer),
        None => connection.connect()?.engine(connection, journal.clone(), mapping, observer),
    });

    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    tell(&Event::Listening(format!("http://{}", listener.local_addr()?)));
    let inbox: Arc<dyn Inbox> = engine.clone();
    let mut routes = intake::router(connection, &inbox)?;
    if let Some(desktop) = &desktop {
        routes = routes.merge(desktop.router());
    }
    tokio::spawn(async move { axum::serve(listener, routes).await });

    while let Some(line) = lines.next_line().await? {
        let order: Order = serde_json::from_str(&line)?;
        // While there is work, visits of the Web Connector are kept open.
        let _visits = desktop.as_ref().map(|desktop| desktop.desk.run());
        match obey(order, &engine, journal.as_ref(), connection).await {
            Ok(report) => tell(&Event::Done(report)),
            Err(error) => tell(&Event::Failed(error.to_string())),
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn obey(
    order: Order,
    engine: &Engine,
    journal: &dyn Journal,
    settings: &ConnectionSettings,
) -> Result<RunReport, Failure> {
    let id = settings.id();
    match order {
        Order::Load => {
            // The cursor first: what changes while everything is read is told again.
            engine.poll().await?;
            if journal.cursor(&id, LOADED).await?.is_none() {
                engine.snapshot().await?;
                journal.set_cursor(&id, LOADED, "yes").await?;
            }
        }
        Order::Drain => {
            engine.poll().await?;
        }
    }
    let mut report = engine.run().await?;
    if report.to_adopt > 0 {
        // The book has transactions already. What is the same is linked; nobody is here to decide about the rest, so it is
        // worked one by one, and what looks alike becomes a dead letter.
        engine.adopt_same().await?;
        engine.finish_adoption().await?;
        report = engine.run().await?;
    }
    report.add(engine.carry_payments(Duration::ZERO).await?);
    report.add(engine.carry_direct_costs().await?);
    report.add(engine.carry_vendors().await?);
    Ok(report)
}

fn tell(event: &Event) {
    if let Ok(line) = serde_json::to_string(event) {
        println!("{line}");
    }
}

#[derive(Debug)]
struct Teller {
    halt: Halt,
    steps: AtomicU64,
}

#[async_trait]
impl Observer for Teller {
    async fn step(&self, step: Step) {
        let count = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        let halted = match self.halt {
            Halt::Never => false,
            Halt::After(steps) => count >= steps,
            Halt::At(named) => step == named,
        };
        if halted {
            tell(&Event::Halted(step.to_string()));
            std::future::pending::<()>().await;
        }
    }

    fn finished(&self, kind: DocumentKind, count: usize) {
        tell(&Event::Finished { kind, count });
    }

    fn taken_in(&self, kind: DocumentKind, count: usize) {
        tell(&Event::TakenIn { kind, count });
    }
}
