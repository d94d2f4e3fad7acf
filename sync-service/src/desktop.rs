//! Putting the parts of a connection to QuickBooks Desktop together: desk, sink, Web Connector service, engine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use procore_client::ProcoreSource;
use procore_client::actuals::Actuals;
use quickbooks_desktop::qbxml::Guid;
use quickbooks_desktop::sink::{Books, DesktopPayments, DesktopSink, SinkOptions};
use quickbooks_desktop::web_connector::{CompanyFile, Desk, FileSetStore, HttpLimits, Service, ServiceConfig, router};
use serde::{Deserialize, Serialize};
use sync_core::clock::Clock;
use sync_core::engine::{Engine, EngineConfig, Observer, Parts, PaymentParts};
use sync_core::journal::SqliteJournal;
use sync_core::mapping::Mapping;

use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::settings::ServeSettings;

/// Where the Web Connector calls.
pub(crate) const PATH: &str = "/qbwc";

/// What a connection to a company file needs to know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesktopSettings {
    /// The user name of the `.qwc` file.
    pub(crate) user: String,
    /// The digest of the password that the person types into the Web Connector.
    pub(crate) password: String,
    /// `OwnerID` and `FileID` of the `.qwc` file.
    pub(crate) owner_id: String,
    pub(crate) file_id: String,
    /// The company file to be opened; empty for the one that is open.
    pub(crate) path: String,
    /// The pause before a Web Connector is told that there is no work now, in milliseconds.
    pub(crate) patience_ms: u64,
    /// Where the company file is read over ODBC, if it is.
    #[serde(default)]
    pub(crate) odbc: Option<OdbcSettings>,
    /// How long a document stays reserved for a worker that has died, in seconds: longer than a visit is away.
    pub(crate) lease_s: u64,
}

/// How a company file is read over ODBC. The connection string may hold a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OdbcSettings {
    pub(crate) connection: String,
    /// `qodbc`, `cdata`, or the path of a file.
    pub(crate) tables: String,
}

/// The desk of a company file, and the service that serves it.
pub(crate) struct Desktop {
    pub(crate) desk: Arc<Desk>,
    service: Arc<Mutex<Service>>,
    clock: Arc<dyn Clock>,
    settings: DesktopSettings,
}

impl Desktop {
    /// With what was sent before this process began.
    pub(crate) fn open(settings: &ConnectionSettings, of: &DesktopSettings) -> Result<Self, Failure> {
        let store = Arc::new(FileSetStore::new(settings.dir.join("message-sets")));
        let desk = Desk::open(of.user.clone(), store)?;
        let file = CompanyFile {
            user: of.user.clone(),
            password: of.password.parse()?,
            owner_id: Guid::new(of.owner_id.clone())?,
            file_id: Guid::new(of.file_id.clone())?,
            path: of.path.clone(),
        };
        let service = Service::new(ServiceConfig::default(), vec![(file, desk.clone())]);
        Ok(Self { desk, service: Arc::new(Mutex::new(service)), clock: settings.clock(), settings: of.clone() })
    }

    /// The service, to be mounted. Routers of one value share their sessions.
    pub(crate) fn router(&self) -> Router {
        let patience = Duration::from_millis(self.settings.patience_ms);
        router(PATH, self.service.clone(), self.clock.clone(), HttpLimits { patience, ..HttpLimits::default() })
    }

    /// Reads the books of the company file.
    pub(crate) fn books(&self, settings: &ConnectionSettings) -> Books {
        Books::new(self.desk.clone(), self.clock.clone(), SinkOptions::new(settings.currency))
    }

    /// The engine between Procore and the company file.
    pub(crate) fn engine(
        &self,
        settings: &ConnectionSettings,
        source: ProcoreSource,
        journal: Arc<SqliteJournal>,
        mapping: Arc<Mapping>,
        observer: Arc<dyn Observer>,
    ) -> Engine {
        let clock = self.clock.clone();
        let sink = || DesktopSink::new(self.desk.clone(), clock.clone(), SinkOptions::new(settings.currency));
        let payments = PaymentParts {
            source: Arc::new(DesktopPayments::new(sink(), &self.settings.file_id)),
            sink: Arc::new(Actuals::new(source.procore().clone())),
        };
        let parts = Parts {
            connection: settings.id(),
            source: Arc::new(source),
            sink: Arc::new(sink()),
            journal,
            clock: clock.clone(),
            mapping,
            observer,
        };
        let lease = Duration::from_secs(self.settings.lease_s);
        Engine::new(parts, EngineConfig { lease, ..EngineConfig::default() }).with_payments(payments)
    }
}

/// Lets the Web Connector in for as long as a command runs, where no service does.
pub(crate) struct Reception {
    pub(crate) desktop: Arc<Desktop>,
    server: tokio::task::JoinHandle<()>,
}

impl Reception {
    /// Listens where the service would.
    ///
    /// # Errors
    /// If the service listens there, for it does the same by itself.
    pub(crate) async fn open(
        settings: &ConnectionSettings,
        of: &DesktopSettings,
        serve: &ServeSettings,
    ) -> Result<Self, Failure> {
        let address = serve.address;
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
            format!(
                "{address}: cannot be listened at ({error}). The service that runs there syncs and compares by itself; stop \
                 it for other commands"
            )
        })?;
        let desktop = Arc::new(Desktop::open(settings, of)?);
        eprintln!("Waiting for the Web Connector to call http://{}{PATH}; Ctrl-C gives up.", listener.local_addr()?);
        let routes = desktop.router();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the Web Connector cannot call any more");
            }
        });
        Ok(Self { desktop, server })
    }
}

impl Drop for Reception {
    fn drop(&mut self) {
        self.server.abort();
    }
}
