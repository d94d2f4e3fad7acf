//! The methods as a state machine: a call in, an answer out, the time handed in. It waits for nothing.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::company::CompanyFile;
use super::desk::Desk;
use super::soap::{Answer, Call};
use super::store::Fate;

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Shown to the user by the Web Connector.
    pub version: String,
    /// A session without a call for so long is over, and its ticket worth nothing.
    pub session_life: TimeDelta,
    /// Another login for the same company file within this time of the last call is answered `busy`.
    pub lease: TimeDelta,
    /// The same while QuickBooks works on writes: longer than it may take for a message set.
    pub working_lease: TimeDelta,
    /// Failed logins of one user from one place within [`failure_window`](Self::failure_window) before it is locked out.
    pub failures: usize,
    /// How long failed logins count.
    pub failure_window: TimeDelta,
    /// A page for a person to sign in at, for the interactive mode.
    pub interactive_url: Option<String>,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            version: concat!("procore-quickbooks ", env!("CARGO_PKG_VERSION")).to_owned(),
            session_life: TimeDelta::minutes(30),
            lease: TimeDelta::seconds(30),
            working_lease: TimeDelta::minutes(10),
            failures: 5,
            failure_window: TimeDelta::minutes(15),
            interactive_url: None,
        }
    }
}

/// What comes of a call.
#[derive(Debug)]
pub enum Reply {
    /// This answer.
    Now(Answer),
    /// There is nothing to send, but more may come: call again when the desk has changed, or say that the patience is
    /// over. Only if the caller offered to wait.
    Wait(Arc<Desk>),
}

/// What a session waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outstanding {
    /// Which company file is open.
    File,
    /// What became of a set, by its ID.
    Fate(String),
    /// The answer to the job at the desk.
    Job,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) company: usize,
    pub(super) visit: u64,
    pub(super) last_call: DateTime<Utc>,
    pub(super) version: Option<crate::qbxml::QbXmlVersion>,
    pub(super) asked_for_file: bool,
    pub(super) outstanding: Option<Outstanding>,
    /// Message sets answered in this session.
    pub(super) done: usize,
    /// The answer to `getLastError`.
    pub(super) last_error: String,
    /// Nothing more is sent in this session.
    pub(super) ended: bool,
}

/// Makes tickets: unguessable and never the same.
type Tickets = Box<dyn FnMut() -> String + Send>;

/// The service, for several company files.
pub struct Service {
    pub(super) config: ServiceConfig,
    pub(super) companies: Vec<(CompanyFile, Arc<Desk>)>,
    pub(super) sessions: HashMap<String, Session>,
    failures: BTreeMap<(String, String), Vec<DateTime<Utc>>>,
    tickets: Tickets,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<&str> = self.companies.iter().map(|(file, _)| file.user.as_str()).collect();
        f.debug_struct("Service")
            .field("companies", &users)
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}

/// 122 random bits of the machine, as a version-4 UUID.
fn ticket() -> String {
    let mut bytes = [0u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness there is no session: an empty ticket matches none.
        return String::new();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Service {
    /// A service for these company files, each with its desk.
    pub fn new(config: ServiceConfig, companies: Vec<(CompanyFile, Arc<Desk>)>) -> Self {
        Self { config, companies, sessions: HashMap::new(), failures: BTreeMap::new(), tickets: Box::new(ticket) }
    }

    /// With tickets from elsewhere, for tests that repeat.
    #[must_use]
    pub fn with_tickets(mut self, tickets: impl FnMut() -> String + Send + 'static) -> Self {
        self.tickets = Box::new(tickets);
        self
    }

    /// Answers a call. `peer` is where it comes from; with `may_wait`, the answer may be to wait.
    pub fn handle(&mut self, call: &Call, peer: &str, now: DateTime<Utc>, may_wait: bool) -> Reply {
        self.expire(now);
        Reply::Now(match call {
            Call::ServerVersion => Answer::text(self.config.version.clone()),
            Call::ClientVersion { version } => client_version(version),
            Call::Authenticate { user, password } => return self.authenticate(user, &password.0, peer, now, may_wait),
            Call::SendRequestXml { ticket, hcp, company_file, .. } => {
                return self.send_request(ticket, hcp, company_file, now, may_wait);
            }
            Call::ReceiveResponseXml { ticket, response, hresult, message } => {
                self.receive(ticket, response, hresult, message, now)
            }
            Call::ConnectionError { ticket, hresult, message } => {
                let (_, meaning) =
                    super::hresult::Hresult::read(hresult).unwrap_or(super::hresult::Hresult(0)).meaning();
                tracing::warn!(%hresult, %message, "the Web Connector cannot reach QuickBooks");
                if let Some(session) = self.sessions.get_mut(ticket) {
                    session.last_error = format!("QuickBooks could not be reached ({hresult} {message}): {meaning}.");
                    session.ended = true;
                }
                Answer::text("done")
            }
            Call::GetLastError { ticket } => {
                let text = match self.sessions.get(ticket) {
                    Some(session) => session.last_error.clone(),
                    None => "The session is over. Update again.".to_owned(),
                };
                Answer::text(text)
            }
            Call::CloseConnection { ticket } => {
                let Some(session) = self.sessions.remove(ticket) else { return Reply::Now(Answer::text("OK")) };
                self.end(&session);
                let desk = self.companies.get(session.company).map(|(_, desk)| desk);
                let notice = desk.and_then(|desk| desk.lock().notice.clone());
                let text = match (session.last_error.as_str(), notice) {
                    (NO_OP | "", Some(notice)) => notice,
                    (NO_OP | "", None) => format!("Done: {} message sets.", session.done),
                    (error, _) => error.to_owned(),
                };
                Answer::text(text)
            }
            Call::GetInteractiveUrl { .. } => Answer::text(self.config.interactive_url.clone().unwrap_or_default()),
            Call::InteractiveDone { .. } => Answer::text("Done"),
            Call::InteractiveRejected { ticket, reason } => {
                if let Some(session) = self.sessions.get_mut(ticket) {
                    session.last_error = format!("The page was not opened: {reason}");
                }
                Answer::text("Update again when the page can be opened.")
            }
        })
    }

    fn authenticate(&mut self, user: &str, password: &str, peer: &str, now: DateTime<Utc>, may_wait: bool) -> Reply {
        let refused = |word: &str| Reply::Now(Answer::Texts(vec![String::new(), word.to_owned()]));
        let key = (user.chars().take(100).collect::<String>(), peer.to_owned());
        let window = self.config.failure_window;
        let failures = self.failures.entry(key.clone()).or_default();
        failures.retain(|at| now - *at < window);
        let here = failures.len();
        let of_user: usize = self
            .failures
            .iter()
            .filter(|((name, _), _)| *name == key.0)
            .map(|(_, failures)| failures.iter().filter(|at| now - **at < window).count())
            .sum();
        // From many places at once, the user itself is locked.
        if here >= self.config.failures || of_user >= self.config.failures.saturating_mul(20) {
            tracing::warn!(user, peer, "locked out after failed logins");
            return refused("nvu");
        }
        let found = self.companies.iter().position(|(file, _)| file.user == user);
        // An unknown user costs as much time as a known one.
        let decoy = self.companies.first().map(|(file, _)| file.password.clone());
        let of = found.and_then(|place| self.companies.get(place)).map(|(file, _)| file.password.clone()).or(decoy);
        let matches = of.is_some_and(|digest| digest.matches(password));
        let Some(company) = found.filter(|_| matches) else {
            if self.failures.len() > 10_000 {
                self.failures.retain(|_, failures| failures.last().is_some_and(|at| now - *at < window));
            }
            self.failures.entry(key).or_default().push(now);
            tracing::warn!(user, peer, "login refused");
            return refused("nvu");
        };
        self.failures.remove(&key);
        let Some((file, desk)) = self.companies.get(company).map(|(file, desk)| (file.clone(), Arc::clone(desk)))
        else {
            return refused("nvu");
        };
        if let Some(live) = self.sessions.values().find(|session| session.company == company && !session.ended) {
            let lease = match &live.outstanding {
                Some(Outstanding::Job) => self.config.working_lease,
                _ => self.config.lease,
            };
            if now - live.last_call < lease {
                return refused("busy");
            }
        }
        // The old session died without a word. What it had sent is unknown, and asked for first.
        let dead: Vec<String> =
            self.sessions.iter().filter(|(_, session)| session.company == company).map(|(t, _)| t.clone()).collect();
        for ticket in dead {
            if let Some(session) = self.sessions.remove(&ticket) {
                self.end(&session);
            }
        }
        desk.tell_visit();
        let visit = {
            let mut inner = desk.lock();
            let unsettled = inner.sets.values().any(|set| set.fate == Fate::Sent);
            if inner.queue.is_empty() && inner.runs == 0 && !unsettled {
                drop(inner);
                if may_wait {
                    return Reply::Wait(desk);
                }
                return refused("none");
            }
            inner.visit += 1;
            // What was open at an earlier visit says nothing of what is open now.
            inner.opened = super::company::Opened::default();
            inner.visit
        };
        let ticket = (self.tickets)();
        if ticket.is_empty() {
            return refused("busy");
        }
        let session = Session {
            company,
            visit,
            last_call: now,
            version: None,
            asked_for_file: false,
            outstanding: None,
            done: 0,
            last_error: String::new(),
            ended: false,
        };
        self.sessions.insert(ticket.clone(), session);
        Reply::Now(Answer::Texts(vec![ticket, file.path]))
    }

    fn expire(&mut self, now: DateTime<Utc>) {
        let life = self.config.session_life;
        let old: Vec<String> =
            self.sessions.iter().filter(|(_, s)| now - s.last_call > life).map(|(ticket, _)| ticket.clone()).collect();
        for ticket in old {
            if let Some(session) = self.sessions.remove(&ticket) {
                self.end(&session);
            }
        }
    }
}

/// What `getLastError` says when the Web Connector is to wait five seconds and ask again.
pub(super) const NO_OP: &str = "NoOp";

/// Versions before 2.0 lack methods that this service answers to.
fn client_version(version: &str) -> Answer {
    let major = version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
    match major {
        Some(0 | 1) => Answer::text("E:This Web Connector is too old. Install version 2.1 or later."),
        _ => Answer::text(""),
    }
}
