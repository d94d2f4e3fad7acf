//! The sandboxes on loopback, and what people do in them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use sync_core::clock::{Clock, Random, ScaledClock, SeededRandom};
use sync_core::http::{Secret, TokenManager, TokenSet};
use sync_core::mapping::Mapping;
use sync_core::model::Currency;
use sync_sandboxes::book::{Book, Edition, Expected};
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::{EventType, Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{Operation, QuickBooks, QuickBooksConfig};
use sync_sandboxes::server::Loopback;

use super::machine::Machine;
use crate::connect::{
    ConnectionSettings, PROCORE_TOKENS, ProcoreSettings, QUICKBOOKS_TOKENS, QuickBooksSettings, ScaledClockSettings,
    Sealing,
};
use crate::{DemoArgs, EditionArg, Failure};

/// The sandboxes' clock runs this much faster, so that published limits are kept without waiting for them.
const CLOCK_FACTOR: u32 = 300;
const SEED: u64 = 0x5EED;

/// Requests that the sandboxes have answered; token requests are not counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requests {
    pub(crate) procore: u64,
    pub(crate) qbo: u64,
}

/// What became of a burst of webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Burst {
    pub(crate) delivered: usize,
    pub(crate) forged: usize,
    pub(crate) refused: usize,
}

pub(crate) struct Stage {
    pub(crate) book: Book,
    pub(crate) procore: Arc<Mutex<Procore>>,
    pub(crate) quickbooks: Arc<Mutex<QuickBooks>>,
    /// The machine with QuickBooks Desktop, where the book is for that; QuickBooks Online stands idle then.
    pub(crate) machine: Option<Machine>,
    pub(crate) is_own_book: bool,
    settings: ConnectionSettings,
    clock: Arc<ScaledClock>,
    random: SeededRandom,
    held: Vec<Held>,
    _servers: [Loopback; 2],
    _temporary: Option<tempfile::TempDir>,
}

/// An approval that is held back until after the first load.
struct Held {
    resource: &'static str,
    id: String,
    status: Json,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    pub(crate) fn open(args: &DemoArgs) -> Result<Self, Failure> {
        let book = match (&args.book, args.edition) {
            (Some(dir), _) => Book::load(dir)?,
            (None, Some(EditionArg::Desktop)) => Book::desktop_demo()?,
            (None, _) => Book::demo()?,
        };
        let is_for_desktop = book.facts.edition == Edition::Desktop;
        if args.edition.is_some_and(|edition| (edition == EditionArg::Desktop) != is_for_desktop) {
            return Err("the book is for the other edition of QuickBooks; its edition is in book.toml".into());
        }
        Self::with_book(book, args.dir.as_deref(), args.book.is_none())
    }

    /// Both sandboxes with a book. Without a directory, journal and tokens go to a temporary one.
    pub(crate) fn with_book(book: Book, dir: Option<&Path>, is_own_book: bool) -> Result<Self, Failure> {
        // All faults of the mapping are told before anything starts.
        Mapping::load(&book.mapping)?;
        let currency: Currency = book.facts.currency.parse().map_err(|e| format!("book.toml: currency: {e}"))?;
        let (dir, temporary): (PathBuf, _) = match dir {
            Some(dir) => (dir.to_owned(), None),
            None => {
                let temporary = tempfile::tempdir()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        if dir.join("journal.sqlite").exists() {
            return Err(format!(
                "{}: there is a journal already; the demo starts with empty books, so give another directory",
                dir.display()
            )
            .into());
        }
        let clock = Arc::new(ScaledClock::starting_now(CLOCK_FACTOR));
        let procore_config = ProcoreConfig { seed: SEED, ..ProcoreConfig::default() };
        // Nothing falls out of the log, since it may be dumped.
        let quickbooks_config =
            QuickBooksConfig { seed: SEED, log_capacity: usize::MAX, ..QuickBooksConfig::default() };
        let procore = Arc::new(Mutex::new(Procore::from_book(&book, procore_config.clone())));
        let quickbooks = Arc::new(Mutex::new(QuickBooks::from_book(&book, quickbooks_config.clone())));
        let time = {
            let clock = clock.clone();
            Arc::new(move || clock.now()) as sync_sandboxes::server::Clock
        };
        let servers =
            [Loopback::serve(procore.clone(), time.clone(), None)?, Loopback::serve(quickbooks.clone(), time, None)?];
        let [procore_server, quickbooks_server] = &servers;
        let settings = ConnectionSettings {
            connection: "demo".to_owned(),
            dir,
            mapping: book.mapping.clone(),
            currency,
            procore: ProcoreSettings {
                environment: procore_server.url.clone(),
                company: book.facts.procore_company_id.clone(),
                client_id: procore_config.client_id,
                client_secret: procore_config.client_secret,
                redirect_uri: "http://localhost".to_owned(),
                service_account: false,
                webhook_authorization: procore_config.webhook_authorization.unwrap_or_default(),
            },
            quickbooks: QuickBooksSettings {
                environment: quickbooks_server.url.clone(),
                realm: book.facts.realm_id.clone(),
                client_id: quickbooks_config.client_id,
                client_secret: quickbooks_config.client_secret,
                redirect_uri: "http://localhost".to_owned(),
                verifier_token: quickbooks_config.verifier_token,
            },
            desktop: None,
            sign_in: None,
            sealing: Sealing::None,
            scaled_clock: Some(ScaledClockSettings { origin: clock.origin(), factor: clock.factor() }),
        };
        let (machine, settings) = match book.facts.edition {
            Edition::Online => (None, settings),
            Edition::Desktop => {
                let machine = Machine::new(&book, clock.clone());
                let desktop = Some(machine.settings());
                (Some(machine), ConnectionSettings { desktop, ..settings })
            }
        };
        let stage = Self {
            machine,
            book,
            procore,
            quickbooks,
            is_own_book,
            settings,
            clock,
            random: SeededRandom::new(SEED),
            held: Vec::new(),
            _servers: servers,
            _temporary: temporary,
        };
        stage.consent()?;
        Ok(stage)
    }

    /// As after a person has allowed the access on both sides.
    fn consent(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let store = self.settings.token_store()?;
        let (procore, quickbooks) = (lock(&self.procore).grant(now), lock(&self.quickbooks).grant(now));
        let life = chrono::Duration::minutes(60);
        for (name, (access, refresh)) in [(PROCORE_TOKENS, procore), (QUICKBOOKS_TOKENS, quickbooks)] {
            let tokens = TokenSet::new(Secret::new(access), now + life).with_refresh(Secret::new(refresh), None);
            let store: Arc<dyn sync_core::http::TokenStore> = store.clone();
            let transport = self.settings.transport()?;
            let login: Arc<dyn sync_core::http::TokenEndpoint> = match name {
                PROCORE_TOKENS => Arc::new(self.settings.procore_login(transport)?),
                _ => Arc::new(self.settings.quickbooks_login(transport)?),
            };
            let manager = TokenManager::new(name, store, login, self.clock.clone());
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(manager.install(tokens)))?;
        }
        Ok(())
    }

    /// What goes wrong on the way to Procore.
    #[cfg(test)]
    pub(crate) fn procore_faults(&self) -> MutexGuard<'_, sync_sandboxes::faults::Faults> {
        let [procore, _] = &self._servers;
        procore.faults()
    }

    pub(crate) fn name(&self) -> &str {
        &self.book.facts.name
    }

    pub(crate) fn settings(&self) -> ConnectionSettings {
        self.settings.clone()
    }

    pub(crate) fn currency(&self) -> Currency {
        self.settings.currency
    }

    pub(crate) fn requests(&self) -> Requests {
        let (procore, quickbooks) = (lock(&self.procore), lock(&self.quickbooks));
        let tokens: u64 = procore
            .requests()
            .by_endpoint
            .iter()
            .filter(|(endpoint, _)| endpoint.contains("/oauth/"))
            .map(|(_, count)| *count)
            .sum();
        Requests {
            procore: procore.requests().total - tokens,
            qbo: quickbooks.requests().total - quickbooks.requests().of(Operation::Token),
        }
    }

    pub(crate) fn throttled(&self) -> u64 {
        lock(&self.procore).requests().throttled + lock(&self.quickbooks).requests().throttled
    }

    /// Holds back the newest approval of some commitments, so that there is something to do after the first load.
    pub(crate) fn hold_back(&mut self) {
        let mut newest: std::collections::BTreeMap<String, (i64, String, Json)> = std::collections::BTreeMap::new();
        let mut procore = lock(&self.procore);
        for record in procore.all("requisitions") {
            let (Some(commitment), Some(id), Some(number), Some(status)) = (
                record.get("commitment_id").and_then(Json::as_id),
                record.get("id").and_then(Json::as_id),
                record.get("number").and_then(Json::as_id).and_then(|n| n.parse::<i64>().ok()),
                record.get("status"),
            ) else {
                continue;
            };
            let entry = newest.entry(commitment.to_owned()).or_insert((i64::MIN, String::new(), Json::Null));
            if number > entry.0 {
                *entry = (number, id.to_owned(), status.clone());
            }
        }
        let approved = newest
            .into_values()
            .filter(|(_, _, status)| status.as_str().is_some_and(|s| s.to_lowercase().starts_with("approved")));
        let now = self.clock.now();
        for (_, id, status) in approved.step_by(5) {
            if procore.person_edits(now, "requisitions", &id, |r| r.set("status", "under_review")).is_ok() {
                self.held.push(Held { resource: "requisitions", id, status });
            }
        }
        // Nobody is told of what happened before the connection existed.
        procore.take_webhooks();
    }

    /// Gives the approvals.
    pub(crate) fn give_back(&mut self) {
        let mut procore = lock(&self.procore);
        let now = self.clock.now();
        for held in self.held.drain(..) {
            // The record was there when it was held back.
            let _ = procore.person_edits(now, held.resource, &held.id, |r| r.set("status", held.status.clone()));
        }
    }

    /// The rounds in which people work. What they do in QuickBooks is told for QuickBooks Online.
    pub(crate) fn rounds(&self) -> u32 {
        if self.machine.is_some() && !self.book.people.fits_desktop() { 0 } else { self.book.people.rounds() }
    }

    /// The dead letters that the book is built to produce: what its people leave behind comes only where they work.
    pub(crate) fn expected(&self) -> Vec<Expected> {
        let nobody_works = self.rounds() == 0 && self.book.people.rounds() > 0;
        if nobody_works { Vec::new() } else { self.book.facts.expected.clone() }
    }

    /// What people do in a round, as the book says.
    pub(crate) fn play(&self, round: u32) -> Result<(), Failure> {
        let now = self.clock.now();
        let (people, mut procore) = (&self.book.people, lock(&self.procore));
        match &self.machine {
            Some(machine) => people.play_desktop(round, now, &mut procore, &mut machine.file())?,
            None => people.play(round, now, &mut procore, &mut lock(&self.quickbooks))?,
        }
        Ok(())
    }

    /// Writes what QuickBooks was sent.
    pub(crate) fn dump(&self, dir: &Path) -> Result<(), Failure> {
        match &self.machine {
            Some(machine) => machine.dump(dir),
            None => super::dump::write(dir, lock(&self.quickbooks).log()),
        }
    }

    /// Delivers an event for every record that has webhooks, three times each, shuffled, and one with a forged header.
    pub(crate) async fn burst(&self, intake: &str) -> Result<Burst, Failure> {
        let mut deliveries = Vec::new();
        {
            let mut procore = lock(&self.procore);
            let now: DateTime<Utc> = self.clock.now();
            deliveries.append(&mut procore.take_webhooks());
            for resource in
                ["vendors", "projects", "work_order_contracts", "purchase_order_contracts", "change_order_packages"]
            {
                let ids: Vec<String> = procore
                    .all(resource)
                    .filter_map(|record| record.get("id").and_then(Json::as_id).map(str::to_owned))
                    .collect();
                for id in ids {
                    if let Some(delivery) = procore.event_for(now, resource, &id, EventType::Update) {
                        deliveries.extend([delivery.clone(), delivery.clone(), delivery]);
                    }
                }
            }
        }
        for last in (1..deliveries.len()).rev() {
            let other = usize::try_from(self.random.below(last as u64 + 1)).unwrap_or(0);
            deliveries.swap(last, other);
        }
        let forged = deliveries.first().map(|delivery| {
            let mut forged = delivery.clone();
            let value = axum::http::HeaderValue::from_static("Bearer somebody-else");
            forged.headers.insert(axum::http::header::AUTHORIZATION, value);
            forged
        });
        let transport = self.settings.transport()?;
        let mut burst = Burst { forged: usize::from(forged.is_some()), ..Burst::default() };
        let of_procore = deliveries.into_iter().chain(forged).map(|d| ("procore", d.headers, d.body));
        // QuickBooks tells of what the program itself has written.
        let notices = lock(&self.quickbooks).take_webhooks();
        let of_quickbooks = notices.into_iter().map(|d| ("quickbooks", d.headers, d.body));
        for (vendor, headers, body) in of_procore.chain(of_quickbooks) {
            let mut request = http::Request::post(format!("{intake}/webhooks/{vendor}")).body(body)?;
            *request.headers_mut() = headers;
            let answer = transport.send(request).await?;
            if answer.status().is_success() {
                burst.delivered += 1;
            } else {
                burst.refused += 1;
            }
        }
        Ok(burst)
    }
}
