//! The parts that a configuration makes, replaced as a whole when it changes.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use procore_client::Procore;
use quickbooks_online::QuickBooks;
use sync_core::clock::Clock;
use sync_core::connector::Inbox;
use sync_core::engine::Engine;
use sync_core::journal::SqliteJournal;
use sync_core::mapping::LiveMapping;
use sync_core::model::ConnectionId;
use tokio::sync::Notify;

use super::inbox::Gathering;
use super::metrics::Metrics;
use crate::desktop::Desktop;
use crate::settings::Settings;
use crate::{Failure, console, intake};

/// A run ends as soon as nothing is due: the service waits for what is due later, and for news meanwhile.
const PATIENCE: Duration = Duration::ZERO;

/// The running parts.
pub(super) struct Plant {
    pub(super) id: ConnectionId,
    pub(super) settings: Settings,
    pub(super) engine: Arc<Engine>,
    pub(super) mapping: Arc<LiveMapping>,
    /// Webhooks, the Web Connector, and whatever else people and vendors call.
    pub(super) router: Router,
    /// Who asks Procore, for the figures.
    pub(super) procore: Arc<Procore>,
    /// Who asks QuickBooks Online; none with QuickBooks Desktop.
    pub(super) quickbooks: Option<QuickBooks>,
    pub(super) desktop: Option<Arc<Desktop>>,
}

/// What stays when the configuration changes.
pub(super) struct House {
    plant: RwLock<Arc<Plant>>,
    pub(super) journal: Arc<SqliteJournal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    /// There is work.
    pub(super) work: Arc<Notify>,
    /// Both sides are to be asked.
    pub(super) poll: Arc<Notify>,
    /// The mapping and the configuration are to be read again.
    pub(super) reread: Notify,
    /// The command line's word on the minutes between two polls.
    poll_minutes: Option<u64>,
}

impl House {
    pub(super) fn open(settings: Settings, poll_minutes: Option<u64>) -> Result<Self, Failure> {
        let journal = Arc::new(settings.connection.journal()?);
        let clock = settings.connection.clock();
        let metrics = Arc::new(Metrics::default());
        let (work, poll) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let plant = Plant::build(settings, &journal, &metrics, (&work, &poll), None)?;
        Ok(Self {
            plant: RwLock::new(Arc::new(plant)),
            journal,
            clock,
            metrics,
            work,
            poll,
            reread: Notify::new(),
            poll_minutes,
        })
    }

    /// The parts in use now. Whoever holds them goes on with them.
    pub(super) fn plant(&self) -> Arc<Plant> {
        self.plant.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the parts by those of another configuration.
    ///
    /// # Errors
    /// If the new parts cannot be made, or belong to another journal; the old ones stay.
    pub(super) fn replace(&self, mut settings: Settings) -> Result<(), Failure> {
        let old = self.plant();
        let (before, after) = (&old.settings.connection, &settings.connection);
        if before.dir != after.dir || before.connection != after.connection || before.currency != after.currency {
            return Err("connection, data and currency stay as they are while the service runs: restart it".into());
        }
        if let Some(minutes) = self.poll_minutes {
            settings.serve.poll_minutes = minutes;
        }
        // The sessions of the Web Connector and what it works on go on.
        let desktop = match before.desktop == after.desktop {
            true => old.desktop.clone(),
            false => None,
        };
        let new = Plant::build(settings, &self.journal, &self.metrics, (&self.work, &self.poll), desktop)?;
        *self.plant.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        old.engine.stop();
        Ok(())
    }

    /// No further jobs are taken.
    pub(super) fn stop(&self) {
        self.metrics.stopping();
        self.plant().engine.stop();
    }
}

impl Plant {
    fn build(
        settings: Settings,
        journal: &Arc<SqliteJournal>,
        metrics: &Arc<Metrics>,
        (work, poll): (&Arc<Notify>, &Arc<Notify>),
        desktop: Option<Arc<Desktop>>,
    ) -> Result<Self, Failure> {
        let of = &settings.connection;
        let mapping = Arc::new(LiveMapping::open(&of.mapping)?);
        let observer = metrics.clone();
        let desktop = match (&of.desktop, desktop) {
            (None, _) => None,
            (Some(_), Some(running)) => Some(running),
            (Some(desktop), None) => Some(Arc::new(Desktop::open(of, desktop)?)),
        };
        let (engine, procore, quickbooks) = match &desktop {
            Some(desktop) => {
                let source = of.procore_source()?;
                let procore = source.procore().clone();
                (desktop.engine(of, source, journal.clone(), mapping.current(), observer), procore, None)
            }
            None => {
                let connection = of.connect()?;
                let (procore, quickbooks) = (connection.source.procore().clone(), connection.sink.client().clone());
                (connection.engine(of, journal.clone(), mapping.current(), observer), procore, Some(quickbooks))
            }
        };
        let engine = Arc::new(engine.with_patience(PATIENCE));
        let inbox: Arc<dyn Inbox> = Arc::new(Gathering::start(engine.clone(), work.clone(), poll.clone()));
        let mut router = metrics.timed(intake::router(of, &inbox)?);
        if let Some(desktop) = &desktop {
            router = router.merge(desktop.router());
        }
        let (public, work) = (settings.serve.reached_at(), work.clone());
        let site = console::Site::new(of.clone(), engine.clone(), journal.clone(), mapping.clone(), work, &public)?;
        let site = site.with_desktop(desktop.clone());
        let router = router.merge(console::router(Arc::new(site)));
        let id = of.id();
        Ok(Self { id, engine, mapping, router, procore, quickbooks, desktop, settings })
    }
}
