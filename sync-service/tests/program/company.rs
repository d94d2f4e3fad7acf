//! Two sandboxes on loopback, and the built program as a user runs it against them: variables of the environment, a
//! directory for journal and tokens, real time.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sync_core::clock::{Clock, SystemClock};
use sync_core::http::{FileTokenStore, Secret, Stored, TokenSet, TokenStore};
use sync_core::journal::{Journal, SqliteJournal};
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::Faults;
use sync_sandboxes::procore::{Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{Limits, Operation, QuickBooks, QuickBooksConfig};
use sync_sandboxes::server::Loopback;

pub(crate) struct Company {
    pub(crate) book: Book,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) variables: Vec<(&'static str, String)>,
    procore: Arc<Mutex<Procore>>,
    quickbooks: Arc<Mutex<QuickBooks>>,
    servers: [Loopback; 2],
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemClock.now()
}

impl Company {
    /// The demo book in both sandboxes, and a person's consent on both sides.
    pub(crate) fn demo() -> Self {
        let book = Book::demo().unwrap();
        let procore_config = ProcoreConfig::default();
        // The pace is the subject of other tests; here it would only cost real time.
        let quickbooks_config = QuickBooksConfig { limits: Limits::unhurried(), ..QuickBooksConfig::default() };
        let mut procore = Procore::from_book(&book, procore_config.clone());
        let mut quickbooks = QuickBooks::from_book(&book, quickbooks_config.clone());
        let dir = tempfile::tempdir().unwrap();
        let grants = [("procore", procore.grant(now())), ("quickbooks", quickbooks.grant(now()))];
        consent(dir.path().join("tokens"), grants);
        let (procore, quickbooks) = (Arc::new(Mutex::new(procore)), Arc::new(Mutex::new(quickbooks)));
        let clock: sync_sandboxes::server::Clock = Arc::new(now);
        let servers = [
            Loopback::serve(procore.clone(), clock.clone(), None).unwrap(),
            Loopback::serve(quickbooks.clone(), clock, None).unwrap(),
        ];
        let variables = vec![
            ("PROCORE_ENVIRONMENT", servers[0].url.clone()),
            ("PROCORE_COMPANY_ID", book.facts.procore_company_id.clone()),
            ("PROCORE_CLIENT_ID", procore_config.client_id),
            ("PROCORE_CLIENT_SECRET", procore_config.client_secret),
            ("PROCORE_WEBHOOK_AUTHORIZATION", procore_config.webhook_authorization.unwrap_or_default()),
            ("QUICKBOOKS_ENVIRONMENT", servers[1].url.clone()),
            ("QUICKBOOKS_REALM_ID", book.facts.realm_id.clone()),
            ("QUICKBOOKS_CLIENT_ID", quickbooks_config.client_id),
            ("QUICKBOOKS_CLIENT_SECRET", quickbooks_config.client_secret),
            ("QUICKBOOKS_VERIFIER_TOKEN", quickbooks_config.verifier_token),
            ("SYNC_DIR", dir.path().display().to_string()),
            ("SYNC_MAPPING", book.mapping.display().to_string()),
        ];
        Self { book, dir, variables, procore, quickbooks, servers }
    }

    /// The program with these arguments, not yet started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_procore-quickbooks"));
        command.args(arguments).envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it to a good end and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let (text, messages) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {text}\n{messages}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}\n{messages}"))
    }

    pub(crate) fn procore(&self) -> MutexGuard<'_, Procore> {
        self.procore.lock().unwrap()
    }

    /// What goes wrong on the way to Procore.
    pub(crate) fn procore_faults(&self) -> MutexGuard<'_, Faults> {
        self.servers[0].faults()
    }

    pub(crate) fn quickbooks(&self) -> MutexGuard<'_, QuickBooks> {
        self.quickbooks.lock().unwrap()
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join("journal.sqlite")
    }

    /// The bank's reports are read once a day; time is real here, so the last look is dated back.
    pub(crate) fn a_day_passes_at_the_bank(&self) {
        let journal = SqliteJournal::open(self.journal()).unwrap();
        let (connection, yesterday) = ("main".into(), (now() - Duration::days(1)).to_rfc3339());
        runtime().block_on(journal.set_cursor(&connection, "bank", &yesterday)).unwrap();
    }

    /// What people of the book do in a round.
    pub(crate) fn people(&self, round: u32) {
        self.book.people.play(round, now(), &mut self.procore(), &mut self.quickbooks()).unwrap();
    }

    /// Requests that could have changed something, so far: of Procore, of QuickBooks.
    pub(crate) fn writes(&self) -> (u64, u64) {
        let is_write = |endpoint: &str| !endpoint.starts_with("GET ") && !endpoint.contains("/oauth/");
        let procore = self.procore();
        let to_procore = procore.requests().by_endpoint.iter().filter(|(endpoint, _)| is_write(endpoint));
        let quickbooks = self.quickbooks();
        let of = |operation| quickbooks.requests().of(operation);
        use Operation::{Create, Delete, Update, Upload, Void};
        let alone: u64 = [Create, Update, Delete, Void, Upload].map(of).iter().sum();
        // A batch may hold queries only, which write nothing.
        let batches = quickbooks.log().iter().filter(|request| {
            request.operation == Operation::Batch && String::from_utf8_lossy(&request.body).contains("\"operation\"")
        });
        (to_procore.map(|(_, count)| count).sum(), alone + batches.count() as u64)
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn consent(dir: PathBuf, grants: [(&str, (String, String)); 2]) {
    let runtime = runtime();
    let store = FileTokenStore::new(dir).unwrap();
    for (name, (access, refresh)) in grants {
        let tokens = TokenSet::new(Secret::new(access), now() + Duration::minutes(60));
        let tokens = tokens.with_refresh(Secret::new(refresh), None);
        assert!(matches!(runtime.block_on(store.store(name, 0, tokens)), Ok(Stored::Stored)));
    }
}
