//! What the examples share: a Procore company to read from, the one of the sandbox's demo book.
#![deny(missing_docs)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use procore_client::auth::{Environment, Login, ProcoreLogin};
use procore_client::{Config, Procore, ProcoreSource, SourceOptions};
use sync_core::clock::{Clock, SeededRandom, SystemClock};
use sync_core::http::{MemoryTokenStore, Pace, ReqwestTransport, Secret, TokenManager, TokenSet, TransportConfig};
use sync_sandboxes::book::Book;
use sync_sandboxes::procore::ProcoreConfig;
use sync_sandboxes::server::Loopback;

/// Any error that ends an example.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The sandbox's Procore, serving the demo book on loopback for as long as this value lives.
#[derive(Debug)]
pub struct DemoCompany {
    /// Where its documents come from.
    pub source: Arc<ProcoreSource>,
    /// The directory with its mapping files.
    pub mapping: PathBuf,
    _book: Book,
    _server: Loopback,
}

impl DemoCompany {
    /// Opens the sandbox and connects to it.
    ///
    /// # Errors
    /// If the port, the temporary files or the client cannot be had.
    pub fn open() -> Result<Self, Failure> {
        let book = Book::demo()?;
        let config = ProcoreConfig::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (id, secret) = (config.client_id.clone(), Secret::new(config.client_secret.clone()));
        let procore = Arc::new(Mutex::new(sync_sandboxes::procore::Procore::from_book(&book, config)));
        let time = clock.clone();
        let server = Loopback::serve(procore.clone(), Arc::new(move || -> DateTime<Utc> { time.now() }), None)?;
        let (access, refresh) = procore.lock().map_err(|e| e.to_string())?.grant(clock.now());
        let tokens = TokenSet::new(Secret::new(access), clock.now() + chrono::Duration::minutes(90))
            .with_refresh(Secret::new(refresh), None);
        let environment = Environment::Hosts { login: server.url.clone(), api: server.url.clone() };
        let transport = Arc::new(ReqwestTransport::new(TransportConfig::default())?);
        let login = ProcoreLogin::new(&environment, id, secret, Login::Person, transport.clone(), clock.clone())?;
        let store = Arc::new(MemoryTokenStore::holding("demo", tokens));
        let tokens = Arc::new(TokenManager::new("demo", store, Arc::new(login), clock.clone()));
        let config = Config::new(book.facts.procore_company_id.clone()).with_environment(environment);
        let (pace, random) = (Pace::unlimited(clock.clone()), Arc::new(SeededRandom::from_entropy()));
        let client = Procore::new(config, transport, tokens, pace, clock, random)?;
        let source = Arc::new(ProcoreSource::new(Arc::new(client), SourceOptions::default()));
        Ok(Self { source, mapping: book.mapping.clone(), _book: book, _server: server })
    }
}
