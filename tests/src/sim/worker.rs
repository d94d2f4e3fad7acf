//! A worker process: real clients, the real engine, the real journal. It can be killed at any await.

use std::sync::Arc;
use std::time::Duration;

use procore_client::actuals::Actuals;
use procore_client::auth::{Environment as ProcoreEnvironment, Login, ProcoreLogin};
use procore_client::{Procore, ProcoreSource, SourceOptions};

use quickbooks_online::{
    App, Authorization, Config, Environment, Limits, PaymentsBook, QuickBooks, QuickBooksSink, SinkOptions,
};
use sync_core::clock::{Clock, SeededRandom};
use sync_core::connector::Sink;
use sync_core::engine::{Engine, EngineConfig, Parts, PaymentParts, RunReport, Silent};
use sync_core::http::{Pace, TokenEndpoint, TokenManager, TokenSet, Transport};
use sync_core::journal::Journal;
use sync_core::model::ConnectionId;
use sync_core::{Error, ErrorKind};

use super::desktop::{self, Machine};
use super::disk::{Disk, Vault};
use super::executor::Job;
use super::network::Wire;
use super::time::MachineClock;
use super::world::{Side, World, lock};

/// The connection that every run syncs; markers carry it.
pub(crate) const CONNECTION: &str = "sim";
/// Set once everything was taken in.
const LOADED: &str = "loaded";
/// The pause between two looks at what the bank has seen.
pub(crate) const BANK_EVERY: Duration = Duration::from_secs(6 * 3600);
const PROCORE: &str = "https://procore.test";
const QUICKBOOKS: &str = "https://quickbooks.test";

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn endpoint(
    world: &Arc<World>,
    side: Side,
    wire: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn TokenEndpoint>, Fault> {
    let secret = "sandbox-secret".into();
    Ok(match side {
        Side::Procore => {
            let hosts = ProcoreEnvironment::Hosts { login: PROCORE.to_owned(), api: PROCORE.to_owned() };
            Arc::new(ProcoreLogin::new(&hosts, "sandbox-client", secret, Login::Person, wire, clock)?)
        }
        Side::QuickBooks => {
            let _ = world;
            let app = App {
                client_id: "sandbox-client".to_owned(),
                client_secret: secret,
                redirect_uri: "https://sync.example.com".to_owned(),
            };
            Arc::new(Authorization::new(Environment::local(QUICKBOOKS), app, wire, clock)?)
        }
    })
}

fn tokens(
    world: &Arc<World>,
    side: Side,
    wire: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<TokenManager>, Fault> {
    let endpoint = endpoint(world, side, wire, Arc::clone(&clock))?;
    Ok(Arc::new(TokenManager::new(side.name(), Arc::new(Vault(Arc::clone(world))), endpoint, clock)))
}

/// How long a job is a worker's own. What waits for the visit of a Web Connector takes longer.
pub(crate) fn lease(world: &World) -> Duration {
    Duration::from_secs(if desktop::of(world).is_some() { 1200 } else { 150 })
}

/// The engine of one process, and its journal.
pub(crate) fn engine(world: &Arc<World>, id: usize) -> Result<(Arc<Engine>, Arc<Disk>), Fault> {
    let wire: Arc<dyn Transport> = Arc::new(Wire::new(world, id));
    let clock: Arc<dyn Clock> = Arc::new(MachineClock(Arc::clone(&world.time)));
    let random = Arc::new(SeededRandom::new(world.state().dice.worker.draw()));
    let hosts = ProcoreEnvironment::Hosts { login: PROCORE.to_owned(), api: PROCORE.to_owned() };
    let config = procore_client::Config::new(world.company.clone()).with_environment(hosts);
    let pace = Pace::unlimited(Arc::clone(&clock)).with_max_in_flight(4);
    let manager = tokens(world, Side::Procore, Arc::clone(&wire), Arc::clone(&clock))?;
    let procore = Procore::new(config, Arc::clone(&wire), manager, pace, Arc::clone(&clock), random.clone())?;
    let mut config = Config::new(Environment::local(QUICKBOOKS), world.realm.clone());
    if world.workers > 1 {
        // Limits count for the company: each process gets its part.
        config.limits = Limits { per_second: 4, per_minute: 220, batches_per_minute: 18, in_flight: 5 };
    }
    let manager = tokens(world, Side::QuickBooks, Arc::clone(&wire), Arc::clone(&clock))?;
    let log = Arc::clone(&world.pace_log);
    let quickbooks = QuickBooks::new(config, wire, manager, Arc::clone(&clock), random, Some(log))?;
    let disk = Arc::new(Disk::open(world, id)?);
    let procore = Arc::new(procore);
    let sink: Arc<dyn Sink> = match desktop::of(world) {
        Some(machine) => Arc::new(machine.sink(world.state().dice.worker.draw(), &clock)?),
        None => Arc::new(QuickBooksSink::new(quickbooks.clone(), SinkOptions::default())),
    };
    let payments = PaymentParts {
        source: Arc::new(PaymentsBook::new(quickbooks)),
        sink: Arc::new(Actuals::new(Arc::clone(&procore))),
    };
    let parts = Parts {
        connection: ConnectionId::from(CONNECTION),
        source: Arc::new(ProcoreSource::new(procore, SourceOptions::default())),
        sink,
        journal: Arc::clone(&disk) as Arc<dyn Journal>,
        clock,
        mapping: Arc::clone(&world.mapping),
        observer: Arc::new(Silent),
    };
    // Nobody is there to answer the questions of a first connection; what looks alike becomes a dead letter.
    let config = EngineConfig { lease: lease(world), adopt_first: false, ..EngineConfig::default() };
    let engine = Engine::new(parts, config);
    let engine = if world.sides.has_payments() { engine.with_payments(payments) } else { engine };
    Ok((Arc::new(engine), disk))
}

/// A process, from its start to its death.
pub(crate) fn process(world: Arc<World>, id: usize) -> Job {
    Box::pin(async move {
        let wait = world.state().dice.worker.below(60);
        world.time.sleep(Duration::from_secs(wait)).await;
        let who = format!("worker {id}");
        let (engine, disk) = match engine(&world, id) {
            Ok(parts) => parts,
            Err(error) => {
                world.violated("faults", None, &format!("the process cannot start: {error}"));
                return;
            }
        };
        if let Some(process) = world.state().processes.get_mut(id) {
            process.engine = Some(Arc::clone(&engine));
        }
        world.note(&who, None, "starts");
        loop {
            world.state().runs += 1;
            let pause = match round(&world, &engine, disk.as_ref()).await {
                Ok(report) => {
                    world.note(&who, None, &format!("has run: {}", words(&report)));
                    20 + world.state().dice.worker.below(world.pause)
                }
                Err(error) => {
                    failed(&world, &who, &error);
                    20 + world.state().dice.worker.below(200)
                }
            };
            world.time.sleep(Duration::from_secs(pause)).await;
        }
    })
}

fn words(report: &RunReport) -> String {
    let RunReport { created, updated, voided, adopted, unchanged, dead, waiting, uncertain, .. } = report;
    let RunReport { payments_recorded, payments_taken_back, .. } = report;
    format!(
        "{created} created, {updated} changed, {voided} voided, {adopted} adopted, {unchanged} unchanged, {dead} dead, \
         {waiting} waiting, {uncertain} uncertain, {payments_recorded} payments recorded, {payments_taken_back} taken back"
    )
}

/// An error of a run; those that no fault explains are violations.
pub(crate) fn failed(world: &World, who: &str, error: &Error) {
    world.note(who, None, &format!("stops: {error}"));
    match error.kind() {
        ErrorKind::NotAuthorised => {
            let text = error.to_string();
            for side in Side::BOTH {
                if text.contains(side.name()) {
                    world.state().consent_wanted.insert(side);
                }
            }
        }
        ErrorKind::Internal | ErrorKind::Configuration => {
            world.violated("faults", None, &format!("the engine fails by itself: {error}"));
        }
        _ => {}
    }
}

/// What a service does again and again.
async fn round(world: &Arc<World>, engine: &Engine, journal: &dyn Journal) -> Result<RunReport, Error> {
    let connection = ConnectionId::from(CONNECTION);
    let journal_error = |error: sync_core::journal::JournalError| Error::new(ErrorKind::Journal, error.to_string());
    let _visits = desktop::of(world).and_then(Machine::keep_visits);
    // The cursor first: what changes while everything is read is told again.
    engine.poll().await?;
    if world.sides.has_payments() {
        engine.poll_sink().await?;
    }
    let nightly = world.state().dice.worker.below(6) == 0;
    let loaded = journal.cursor(&connection, LOADED).await.map_err(journal_error)?.is_some();
    if nightly || !loaded {
        engine.snapshot().await?;
        journal.set_cursor(&connection, LOADED, "yes").await.map_err(journal_error)?;
    }
    let mut report = engine.run().await?;
    report.add(engine.carry_payments(BANK_EVERY).await?);
    Ok(report)
}

/// A person consents.
pub(crate) async fn consent(world: &Arc<World>, side: Side) {
    let now = world.time.now();
    let (access, refresh) = match side {
        Side::Procore => lock(&world.procore).grant(now),
        Side::QuickBooks => lock(&world.quickbooks).grant(now),
    };
    world.note("person", None, &format!("connects {} again", side.name()));
    world.state().tokens.entry(side).or_default().newest = Some(refresh.clone());
    let clock: Arc<dyn Clock> = Arc::new(MachineClock(Arc::clone(&world.time)));
    let wire: Arc<dyn Transport> = Arc::new(Wire::new(world, world.workers));
    let life = match side {
        Side::Procore => chrono::Duration::seconds(super::script::TOKEN_LIFE),
        Side::QuickBooks => lock(&world.quickbooks).config().access_token_life,
    };
    let set = TokenSet::new(access.into(), clock.now() + life).with_refresh(refresh.into(), None);
    let Ok(manager) = tokens(world, side, wire, clock) else { return };
    // A store that fails is tried again by the person.
    for _ in 0..20 {
        if manager.install(set.clone()).await.is_ok() {
            world.state().consent_wanted.remove(&side);
            return;
        }
    }
}
