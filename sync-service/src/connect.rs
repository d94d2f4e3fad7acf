//! Putting the parts of a connection together: clients, journal, mapping, engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use procore_client::actuals::Actuals;
use procore_client::auth::{Environment as ProcoreEnvironment, Login, ProcoreLogin};
use procore_client::{Files, Procore, ProcoreSource, SourceOptions};
use quickbooks_online::{App, Authorization, BillFiles};
use quickbooks_online::{Environment as QuickBooksEnvironment, PaymentsBook, QuickBooks, QuickBooksSink, SinkOptions};
use serde::{Deserialize, Serialize};
use sync_core::clock::{Clock, ScaledClock, SeededRandom, SystemClock};
use sync_core::connector::{PaymentSource, Sink};
use sync_core::engine::{CostParts, Engine, EngineConfig, FileParts, Observer, Parts, PaymentParts, VendorParts};
use sync_core::http::{FileTokenStore, Pace, ReqwestTransport, Secret, TokenManager, Transport, TransportConfig};
use sync_core::journal::SqliteJournal;
use sync_core::mapping::Mapping;
use sync_core::model::{ConnectionId, Currency};

use crate::Failure;
use crate::console::oidc::OidcSettings;
use crate::desktop::DesktopSettings;

/// Everything that a connection needs to know. Secrets included: never logged, never on a command line.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ConnectionSettings {
    pub(crate) connection: String,
    /// Journal and tokens.
    pub(crate) dir: PathBuf,
    pub(crate) mapping: PathBuf,
    pub(crate) currency: Currency,
    pub(crate) procore: ProcoreSettings,
    pub(crate) quickbooks: QuickBooksSettings,
    /// QuickBooks Desktop instead of QuickBooks Online.
    #[serde(default)]
    pub(crate) desktop: Option<DesktopSettings>,
    /// Who vouches for people at the console, besides their passwords.
    #[serde(default)]
    pub(crate) sign_in: Option<OidcSettings>,
    /// How the tokens are kept on the disk.
    #[serde(default)]
    pub(crate) sealing: Sealing,
    /// A clock that runs faster than real time, for sandboxes.
    pub(crate) scaled_clock: Option<ScaledClockSettings>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ProcoreSettings {
    /// `production`, `sandbox`, `monthly`, or the URL of a sandbox.
    pub(crate) environment: String,
    pub(crate) company: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Where the consent page returns to, as registered.
    pub(crate) redirect_uri: String,
    /// A service account needs no consent of a person.
    pub(crate) service_account: bool,
    /// The `Authorization` header that webhooks must carry.
    pub(crate) webhook_authorization: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct QuickBooksSettings {
    /// `production`, `sandbox`, or the URL of a sandbox.
    pub(crate) environment: String,
    pub(crate) realm: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Where the consent page returns to, as registered.
    pub(crate) redirect_uri: String,
    /// The key of webhook signatures.
    pub(crate) verifier_token: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ScaledClockSettings {
    pub(crate) origin: DateTime<Utc>,
    pub(crate) factor: u32,
}

/// How the tokens are kept on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sealing {
    /// As they are, in files that only their owner can read.
    #[default]
    None,
    /// Sealed with the key in `SYNC_TOKEN_KEY`, or in the file that `SYNC_TOKEN_KEY_FILE` names.
    Environment,
    /// Sealed with the key in this file, which is made where there is none.
    KeyFile(PathBuf),
    /// Sealed with the key in the keyring of the operating system, under this name.
    Keyring(String),
}

/// A connection, put together.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) source: ProcoreSource,
    pub(crate) sink: QuickBooksSink,
    clock: Arc<dyn Clock>,
}

pub(crate) const PROCORE_TOKENS: &str = "procore";
pub(crate) const QUICKBOOKS_TOKENS: &str = "quickbooks";

impl ConnectionSettings {
    pub(crate) fn id(&self) -> ConnectionId {
        ConnectionId::from(self.connection.as_str())
    }

    pub(crate) fn journal(&self) -> Result<SqliteJournal, Failure> {
        std::fs::create_dir_all(&self.dir)?;
        Ok(SqliteJournal::open(self.dir.join("journal.sqlite"))?)
    }

    /// The tokens of both sides, kept as configured.
    pub(crate) fn token_store(&self) -> Result<Arc<FileTokenStore>, Failure> {
        let store = FileTokenStore::new(self.dir.join("tokens"))?;
        Ok(Arc::new(match crate::sealing::seal(&self.sealing)? {
            Some(seal) => store.sealed_with(seal),
            None => store,
        }))
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        match self.scaled_clock {
            Some(ScaledClockSettings { origin, factor }) => Arc::new(ScaledClock::new(origin, factor)),
            None => Arc::new(SystemClock),
        }
    }

    pub(crate) fn procore_environment(&self) -> ProcoreEnvironment {
        match self.procore.environment.as_str() {
            "production" => ProcoreEnvironment::Production,
            "sandbox" => ProcoreEnvironment::Sandbox,
            "monthly" => ProcoreEnvironment::MonthlySandbox,
            url => ProcoreEnvironment::Hosts { login: url.to_owned(), api: url.to_owned() },
        }
    }

    pub(crate) fn quickbooks_environment(&self) -> QuickBooksEnvironment {
        match self.quickbooks.environment.as_str() {
            "production" => QuickBooksEnvironment::production(),
            "sandbox" => QuickBooksEnvironment::sandbox(),
            url => QuickBooksEnvironment::local(url),
        }
    }

    pub(crate) fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        Ok(Arc::new(ReqwestTransport::new(TransportConfig::default())?))
    }

    pub(crate) fn procore_login(&self, transport: Arc<dyn Transport>) -> Result<ProcoreLogin, Failure> {
        let login = if self.procore.service_account { Login::ServiceAccount } else { Login::Person };
        let secret = Secret::new(self.procore.client_secret.clone());
        let environment = self.procore_environment();
        Ok(ProcoreLogin::new(&environment, self.procore.client_id.clone(), secret, login, transport, self.clock())?)
    }

    pub(crate) fn quickbooks_login(&self, transport: Arc<dyn Transport>) -> Result<Authorization, Failure> {
        let app = App {
            client_id: self.quickbooks.client_id.clone(),
            client_secret: Secret::new(self.quickbooks.client_secret.clone()),
            redirect_uri: self.quickbooks.redirect_uri.clone(),
        };
        Ok(Authorization::new(self.quickbooks_environment(), app, transport, self.clock())?)
    }

    /// The client of Procore. Nothing is sent yet.
    pub(crate) fn procore_source(&self) -> Result<ProcoreSource, Failure> {
        let (transport, clock) = (self.transport()?, self.clock());
        let random = Arc::new(SeededRandom::from_entropy());
        let login = Arc::new(self.procore_login(transport.clone())?);
        let tokens = TokenManager::new(PROCORE_TOKENS, self.token_store()?, login, clock.clone());
        let mut config = procore_client::Config::new(self.procore.company.clone())
            .with_environment(self.procore_environment())
            .with_currency(self.currency);
        if self.procore.service_account {
            config = config.with_service_account();
        }
        let pace = Pace::unlimited(clock.clone()).with_max_in_flight(4);
        let procore = Procore::new(config, transport, Arc::new(tokens), pace, clock, random)?;
        Ok(ProcoreSource::new(Arc::new(procore), SourceOptions::default()))
    }

    /// Clients of both sides. Nothing is sent yet.
    ///
    /// # Errors
    /// Where there is QuickBooks Desktop alone, which is reached through the Web Connector.
    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        if self.desktop.is_some() && self.quickbooks.realm.is_empty() {
            return Err(
                "this works with QuickBooks Online; with QuickBooks Desktop there are `adopt`, `sync`, `reconcile`, \
                        `rebuild-links` and `serve`, whose console shows and settles what waits"
                    .into(),
            );
        }
        let (transport, clock) = (self.transport()?, self.clock());
        let random = Arc::new(SeededRandom::from_entropy());
        let login = Arc::new(self.quickbooks_login(transport.clone())?);
        let tokens = TokenManager::new(QUICKBOOKS_TOKENS, self.token_store()?, login, clock.clone());
        let config = quickbooks_online::Config::new(self.quickbooks_environment(), self.quickbooks.realm.clone());
        let quickbooks = QuickBooks::new(config, transport, Arc::new(tokens), clock.clone(), random, None)?;
        Ok(Connection {
            source: self.procore_source()?,
            sink: QuickBooksSink::new(quickbooks, SinkOptions::default()),
            clock,
        })
    }
}

impl Connection {
    /// The engine over these clients.
    pub(crate) fn engine(
        self,
        settings: &ConnectionSettings,
        journal: Arc<SqliteJournal>,
        mapping: Arc<Mapping>,
        observer: Arc<dyn Observer>,
    ) -> Engine {
        let book = Arc::new(PaymentsBook::new(self.sink.client().clone()));
        let actuals = Arc::new(Actuals::new(self.source.procore().clone()));
        let payments = PaymentParts { source: book.clone(), sink: actuals.clone() };
        let vendors = VendorParts { company: PaymentSource::company(book.as_ref()), sink: actuals.clone() };
        let costs = CostParts { source: book, sink: actuals };
        let files = FileParts {
            source: Arc::new(Files::new(self.source.procore().clone())),
            sink: Arc::new(BillFiles::new(self.sink.client().clone())),
        };
        let engine = self.engine_over(settings, journal, mapping, observer, |sink| sink);
        engine.with_payments(payments).with_direct_costs(costs).with_vendors(vendors).with_files(files)
    }

    /// The engine over these clients, with something between it and the sink. It carries nothing back and copies no
    /// files.
    pub(crate) fn engine_over(
        self,
        settings: &ConnectionSettings,
        journal: Arc<SqliteJournal>,
        mapping: Arc<Mapping>,
        observer: Arc<dyn Observer>,
        between: impl FnOnce(Arc<dyn Sink>) -> Arc<dyn Sink>,
    ) -> Engine {
        let Self { source, sink, clock } = self;
        let parts = Parts {
            connection: settings.id(),
            source: Arc::new(source),
            sink: between(Arc::new(sink)),
            journal,
            clock,
            mapping,
            observer,
        };
        Engine::new(parts, EngineConfig { lease: Duration::from_secs(150), ..EngineConfig::default() })
    }
}
