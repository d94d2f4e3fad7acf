//! Two companies, the connection between them, and the people who work in both.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use procore_client::actuals::Actuals;
use procore_client::auth::{Environment, Login, ProcoreLogin};
use procore_client::{Files, Procore as ProcoreClient, ProcoreSource, SourceOptions};
use quickbooks_online::{
    App, Authorization, BillFiles, PaymentsBook, QuickBooks as QuickBooksClient, QuickBooksSink, SinkOptions,
};
use sync_core::Error;
use sync_core::clock::{Clock, ManualClock, SeededRandom};
use sync_core::connector::{PaymentSource, Sink};
use sync_core::dead_letter::DeadLetter;
use sync_core::engine::{
    CostParts, Engine, EngineConfig, FileParts, Observer, Parts, PaymentParts, RunReport, Silent, VendorParts,
};
use sync_core::http::{
    MemoryTokenStore, Pace, ReqwestTransport, Secret, Stored, TokenManager, TokenSet, TokenStore, Transport,
    TransportConfig,
};
use sync_core::journal::{Journal, MemoryJournal, Waiting};
use sync_core::mapping::Mapping;
use sync_core::model::ConnectionId;
use sync_sandboxes::book::Book;
use sync_sandboxes::procore::{Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{Operation, QuickBooks, QuickBooksConfig};
use sync_sandboxes::server::{Double, Loopback};

use super::lock;
use super::wire::{Weather, Wire};

/// Both vendors' companies, and what survives a crash of the program: journal, tokens, mapping files.
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) procore: Arc<Mutex<Procore>>,
    pub(crate) quickbooks: Arc<Mutex<QuickBooks>>,
    pub(crate) procore_weather: Arc<Mutex<Weather>>,
    pub(crate) quickbooks_weather: Arc<Mutex<Weather>>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) mapping: Arc<Mapping>,
    company: String,
    procore_config: ProcoreConfig,
    quickbooks_config: QuickBooksConfig,
    realm: String,
    pub(crate) tokens: Arc<MemoryTokenStore>,
    /// Real HTTP: Procore and QuickBooks behind ports of this machine.
    servers: Option<[Loopback; 2]>,
}

pub(crate) const CONNECTION: &str = "main";

/// After everything in the books.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_799_136_000, 0).unwrap()
}

impl Site {
    /// Both companies as the book says, connected, with a journal in memory.
    pub(crate) async fn open(book: &Book) -> Self {
        Self::with_configs(book, ProcoreConfig::default(), QuickBooksConfig::default()).await
    }

    pub(crate) async fn with_configs(
        book: &Book,
        procore_config: ProcoreConfig,
        quickbooks_config: QuickBooksConfig,
    ) -> Self {
        let clock = Arc::new(ManualClock::new(start()));
        let mut procore = Procore::from_book(book, procore_config.clone());
        let mut quickbooks = QuickBooks::from_book(book, quickbooks_config.clone());
        let tokens = Arc::new(MemoryTokenStore::new());
        for (name, (access, refresh), life) in [
            ("procore", procore.grant(start()), procore_config.token_life),
            ("quickbooks", quickbooks.grant(start()), quickbooks_config.access_token_life.num_seconds()),
        ] {
            let ends = start() + chrono::Duration::seconds(life);
            let set = TokenSet::new(Secret::new(access), ends).with_refresh(Secret::new(refresh), None);
            assert!(matches!(tokens.store(name, 0, set).await, Ok(Stored::Stored)));
        }
        Self {
            clock,
            procore: Arc::new(Mutex::new(procore)),
            quickbooks: Arc::new(Mutex::new(quickbooks)),
            procore_weather: Arc::new(Mutex::new(Weather::fine())),
            quickbooks_weather: Arc::new(Mutex::new(Weather::fine())),
            journal: Arc::new(MemoryJournal::default()),
            mapping: Arc::new(Mapping::load(&book.mapping).unwrap()),
            company: book.facts.procore_company_id.clone(),
            realm: book.facts.realm_id.clone(),
            procore_config,
            quickbooks_config,
            tokens,
            servers: None,
        }
    }

    /// From now on over real HTTP on loopback.
    pub(crate) fn behind_ports(mut self) -> Self {
        let clock = self.clock.clone();
        let time: sync_sandboxes::server::Clock = Arc::new(move || clock.now());
        self.servers = Some([
            Loopback::serve(self.procore.clone(), time.clone(), None).unwrap(),
            Loopback::serve(self.quickbooks.clone(), time, None).unwrap(),
        ]);
        self
    }

    /// How a vendor is reached: the way, and the address of its API.
    fn way<D: Double + 'static>(
        &self,
        place: usize,
        double: &Arc<Mutex<D>>,
        weather: &Arc<Mutex<Weather>>,
    ) -> (Arc<dyn Transport>, String) {
        if let Some(servers) = &self.servers {
            let transport = ReqwestTransport::new(TransportConfig::default()).unwrap();
            return (Arc::new(transport), servers[place].url.clone());
        }
        let wire = Wire { double: double.clone(), weather: weather.clone(), clock: self.clock.clone() };
        (Arc::new(wire), format!("http://127.0.0.1:{}", place + 1))
    }

    pub(crate) fn procore(&self) -> MutexGuard<'_, Procore> {
        lock(&self.procore)
    }

    pub(crate) fn quickbooks(&self) -> MutexGuard<'_, QuickBooks> {
        lock(&self.quickbooks)
    }

    pub(crate) fn connection(&self) -> ConnectionId {
        ConnectionId::from(CONNECTION)
    }

    /// The id of the Procore company.
    pub(crate) fn company(&self) -> &str {
        &self.company
    }

    /// The id of the QuickBooks company.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Reads Procore. As after a start of the program: nothing is known yet but the tokens.
    pub(crate) fn source(&self) -> ProcoreSource {
        let (wire, url) = self.way(0, &self.procore, &self.procore_weather);
        let environment = Environment::Hosts { login: url.clone(), api: url };
        let secret = Secret::new(self.procore_config.client_secret.clone());
        let id = self.procore_config.client_id.clone();
        let login = ProcoreLogin::new(&environment, id, secret, Login::Person, wire.clone(), self.clock.clone());
        let login = Arc::new(login.unwrap());
        let tokens = Arc::new(TokenManager::new("procore", self.tokens.clone(), login, self.clock.clone()));
        let config = procore_client::Config::new(self.company.clone()).with_environment(environment);
        let pace = Pace::unlimited(self.clock.clone()).with_max_in_flight(4);
        let random = Arc::new(SeededRandom::new(1));
        let client = ProcoreClient::new(config, wire, tokens, pace, self.clock.clone(), random).unwrap();
        ProcoreSource::new(Arc::new(client), SourceOptions::default())
    }

    /// Writes QuickBooks. As after a start of the program.
    pub(crate) fn sink(&self) -> QuickBooksSink {
        let (wire, url) = self.way(1, &self.quickbooks, &self.quickbooks_weather);
        let app = App {
            client_id: self.quickbooks_config.client_id.clone(),
            client_secret: Secret::new(self.quickbooks_config.client_secret.clone()),
            redirect_uri: "https://sync.test/callback".to_owned(),
        };
        let environment = quickbooks_online::Environment::local(&url);
        let login = Authorization::new(environment.clone(), app, wire.clone(), self.clock.clone()).unwrap();
        let tokens =
            Arc::new(TokenManager::new("quickbooks", self.tokens.clone(), Arc::new(login), self.clock.clone()));
        let config = quickbooks_online::Config::new(environment, self.realm.clone());
        let random = Arc::new(SeededRandom::new(2));
        let client = QuickBooksClient::new(config, wire, tokens, self.clock.clone(), random, None).unwrap();
        QuickBooksSink::new(client, SinkOptions::default())
    }

    /// The program, just started.
    pub(crate) fn engine(&self) -> Engine {
        self.engine_watched(Arc::new(Silent))
    }

    /// The program, just started, with somebody who watches its steps.
    pub(crate) fn engine_watched(&self, observer: Arc<dyn Observer>) -> Engine {
        let (source, sink) = (self.source(), self.sink());
        let book = Arc::new(PaymentsBook::new(sink.client().clone()));
        let actuals = Arc::new(Actuals::new(source.procore().clone()));
        let payments = PaymentParts { source: book.clone(), sink: actuals.clone() };
        let vendors = VendorParts { company: PaymentSource::company(book.as_ref()), sink: actuals.clone() };
        let costs = CostParts { source: book, sink: actuals };
        let files = FileParts {
            source: Arc::new(Files::new(source.procore().clone())),
            sink: Arc::new(BillFiles::new(sink.client().clone())),
        };
        let parts = Parts {
            connection: self.connection(),
            source: Arc::new(source),
            sink: Arc::new(sink),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            mapping: self.mapping.clone(),
            observer,
        };
        Engine::new(parts, EngineConfig { lease: Duration::from_secs(150), ..EngineConfig::default() })
            .with_payments(payments)
            .with_direct_costs(costs)
            .with_vendors(vendors)
            .with_files(files)
    }

    /// The program, just started, with something between it and QuickBooks.
    pub(crate) fn engine_over(&self, journal: Arc<dyn Journal>, sink: Arc<dyn Sink>) -> Engine {
        let parts = Parts {
            connection: self.connection(),
            source: Arc::new(self.source()),
            sink,
            journal,
            clock: self.clock.clone(),
            mapping: self.mapping.clone(),
            observer: Arc::new(Silent),
        };
        Engine::new(parts, EngineConfig { lease: Duration::from_secs(150), ..EngineConfig::default() })
    }

    /// Takes everything in and works, as at the first start or every night.
    pub(crate) async fn load(&self) -> RunReport {
        load(&self.engine()).await.unwrap()
    }

    /// Takes in what changed and works.
    pub(crate) async fn catch_up(&self) -> RunReport {
        let engine = self.engine();
        engine.poll().await.unwrap();
        engine.run().await.unwrap()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.journal.dead_letters(&self.connection()).await.unwrap()
    }

    pub(crate) async fn waiting(&self) -> Vec<Waiting> {
        self.journal.waiting(&self.connection()).await.unwrap()
    }

    /// Requests to QuickBooks so far; those for tokens are not counted.
    pub(crate) fn quickbooks_requests(&self) -> u64 {
        let quickbooks = self.quickbooks();
        quickbooks.requests().total - quickbooks.requests().of(Operation::Token)
    }

    /// Requests that could have changed something in QuickBooks so far.
    pub(crate) fn write_requests(&self) -> usize {
        let quickbooks = self.quickbooks();
        quickbooks.log().iter().filter(|request| is_write(request.operation, &request.body)).count()
    }

    /// A later day.
    pub(crate) fn days_pass(&self, days: u64) {
        self.clock.advance(Duration::from_secs(days * 86_400));
    }
}

/// A batch may hold queries only, which write nothing.
fn is_write(operation: Operation, body: &[u8]) -> bool {
    match operation {
        Operation::Create | Operation::Update | Operation::Delete | Operation::Void => true,
        Operation::Batch => String::from_utf8_lossy(body).contains("\"operation\""),
        _ => false,
    }
}

/// Takes everything in and works: the cursor first, so that what changes while everything is read is told again.
pub(crate) async fn load(engine: &Engine) -> Result<RunReport, Error> {
    engine.poll().await?;
    engine.snapshot().await?;
    engine.run().await
}

/// Where a book of this repository lies.
pub(crate) fn book_dir(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sandboxes/books").join(name)
}

pub(crate) fn book(name: &str) -> Book {
    Book::load(&book_dir(name)).unwrap()
}
