//! A Web Connector: logs in, takes message sets, lets the company file work them, brings the answers.
//!
//! It plays the calls in the order of Intuit's Programmer's Guide, over plain HTTP to an address of this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::file::{CompanyFile, Hresult};
use super::session::{Came, Session, Step, Visit, envelope, result};
use super::xml::Node;

/// Where an answer is lost; the Web Connector dies there and says nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// QuickBooks has worked the set; its answer goes nowhere.
    AnswerOfQuickBooks,
    /// The set has arrived here, and QuickBooks never gets it.
    RequestToQuickBooks,
    /// The service has taken the answer, and what it says to that is lost.
    AnswerOfService,
}

/// A clock.
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A Web Connector beside a company file.
pub struct WebConnector {
    /// Where the service is.
    pub url: String,
    /// User name of the `.qwc` file.
    pub user: String,
    /// What the person has typed.
    pub password: String,
    /// The file that is open in QuickBooks.
    pub file: Arc<Mutex<CompanyFile>>,
    /// Drops the answer of the n-th message set that this Web Connector sees, counted from 1 over all visits.
    pub drop_at: Option<(u64, Drop)>,
    /// How long it waits when the service says `NoOp`: five seconds in life.
    pub pause: Duration,
    /// The error of the connection to QuickBooks at the n-th set, instead of an answer.
    pub fail_at: Option<(u64, u32)>,
    clock: Clock,
    sets: u64,
}

impl std::fmt::Debug for WebConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebConnector").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

impl WebConnector {
    /// A Web Connector for a file, with the user and the password that the service knows.
    pub fn new(
        url: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<String>,
        file: Arc<Mutex<CompanyFile>>,
        clock: Clock,
    ) -> Self {
        let (url, user, password) = (url.into(), user.into(), password.into());
        let pause = Duration::from_millis(5);
        Self { url, user, password, file, drop_at: None, pause, fail_at: None, clock, sets: 0 }
    }

    /// Message sets seen so far, over all visits.
    pub fn message_sets(&self) -> u64 {
        self.sets
    }

    fn file(&self) -> MutexGuard<'_, CompanyFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One visit, from login to goodbye.
    pub fn visit(&mut self) -> Visit {
        match self.session() {
            Ok(visit) => visit,
            Err(problem) => {
                self.file().end_session();
                Visit::Unreachable(problem)
            }
        }
    }

    fn session(&mut self) -> Result<Visit, String> {
        let (mut session, mut step) = Session::begin(&self.user, &self.password);
        let mut lost = None;
        loop {
            let came = match step {
                Step::Over(visit) => {
                    self.file().end_session();
                    return Ok(visit);
                }
                Step::Wait => {
                    std::thread::sleep(self.pause);
                    Came::Waited
                }
                Step::Work(request) => {
                    self.sets += 1;
                    lost = self.drop_at.filter(|(at, _)| *at == self.sets).map(|(_, drop)| drop);
                    if lost == Some(Drop::RequestToQuickBooks) {
                        return Ok(self.die());
                    }
                    let worked = match self.fail_at.filter(|(at, _)| *at == self.sets) {
                        Some((_, code)) => Err(Hresult(code)),
                        None => self.file().process((self.clock)(), &request),
                    };
                    if lost == Some(Drop::AnswerOfQuickBooks) {
                        return Ok(self.die());
                    }
                    Came::Worked(worked)
                }
                Step::Call(method, parameters) => {
                    let answer = self.post(method, &parameters)?;
                    if method == "receiveResponseXML" && lost == Some(Drop::AnswerOfService) {
                        return Ok(self.die());
                    }
                    Came::Answer(answer)
                }
            };
            // The lock is held for this step alone: people use the file meanwhile.
            step = session.next(came, &self.file(), (self.clock)())?;
        }
    }

    fn die(&self) -> Visit {
        self.file().end_session();
        Visit::Died
    }

    /// Calls a method; the `...Result` element comes back.
    ///
    /// # Errors
    /// What went wrong on the way: no connection, no HTTP 200, no SOAP answer.
    pub fn call(&self, method: &str, parameters: &[(&str, &str)]) -> Result<Node, String> {
        let parameters: Vec<(&str, String)> =
            parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.post(method, &parameters)
    }

    fn post(&self, method: &str, parameters: &[(&str, String)]) -> Result<Node, String> {
        let action = format!("http://developer.intuit.com/{method}");
        let (status, answer) = post(&self.url, &action, &envelope(method, parameters))?;
        let found = result(method, &answer);
        match status {
            200 => found,
            _ => Err(format!("HTTP {status}: {}", found.err().unwrap_or_default())),
        }
    }
}

/// One HTTP request over a connection of its own.
fn post(url: &str, action: &str, body: &str) -> Result<(u16, String), String> {
    let rest = url.strip_prefix("http://").ok_or("only plain HTTP to this machine")?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(authority).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
    let _ = stream.set_nodelay(true);
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: \"{action}\"\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8(answer).map_err(|_| "the answer is not UTF-8")?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the connection broke before the answer")?;
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).ok_or("no HTTP status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if length.is_some_and(|length| body.len() < length) {
        return Err("the connection broke inside the answer".to_owned());
    }
    Ok((status, body.to_owned()))
}
