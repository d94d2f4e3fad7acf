//! The engine of a command that runs once, over either product of QuickBooks.

use std::ops::Deref;
use std::sync::Arc;

use quickbooks_desktop::web_connector::RunGuard;
use sync_core::engine::{Engine, Observer};
use sync_core::journal::SqliteJournal;
use sync_core::mapping::Mapping;
use sync_core::model::ConnectionId;

use crate::Failure;
use crate::desktop::Reception;
use crate::settings::{self, Settings};

/// The engine, and what keeps a company file in reach for as long as the command runs.
pub(crate) struct CommandEngine {
    engine: Engine,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) id: ConnectionId,
    _visits: Option<RunGuard>,
    _reception: Option<Reception>,
}

impl CommandEngine {
    /// The engine of the connection that is configured.
    pub(crate) async fn open(observer: Arc<dyn Observer>) -> Result<Self, Failure> {
        let Settings { connection: settings, serve, .. } = settings::all()?;
        let mapping = Arc::new(Mapping::load(&settings.mapping)?);
        let journal = Arc::new(settings.journal()?);
        let reception = match &settings.desktop {
            Some(of) => Some(Reception::open(&settings, of, &serve).await?),
            None => None,
        };
        let engine = match &reception {
            Some(Reception { desktop, .. }) => {
                desktop.engine(&settings, settings.procore_source()?, journal.clone(), mapping, observer)
            }
            None => settings.connect()?.engine(&settings, journal.clone(), mapping, observer),
        };
        let visits = reception.as_ref().map(|reception| reception.desktop.desk.run());
        Ok(Self { engine, journal, id: settings.id(), _visits: visits, _reception: reception })
    }
}

impl Deref for CommandEngine {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}
