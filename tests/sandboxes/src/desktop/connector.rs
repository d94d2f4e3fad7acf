//! A Web Connector: logs in, takes message sets, lets the company file work them, brings the answers.
//!
//! It plays the calls in the order of Intuit's Programmer's Guide, over plain HTTP to an address of this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::file::CompanyFile;
use super::xml::{Node, escaped};

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

/// How a visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The service has no work.
    None,
    /// The service does not know the user or the password.
    InvalidUser,
    /// Another session is open.
    Busy,
    /// It came to its end; what the status column shows.
    Done(String),
    /// It ended with an error of the service; what the status column shows.
    Failed(String),
    /// It died on the way, as it was told to.
    Died,
    /// The service cannot be reached, or its answer cannot be read.
    Unreachable(String),
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
        self.call("serverVersion", &[])?;
        let version = self.call("clientVersion", &[("strVersion", "2.3.0.207")])?;
        let version = text(&version);
        if version.starts_with("E:") {
            return Ok(Visit::Failed(version));
        }
        let login = self.call("authenticate", &[("strUserName", &self.user), ("strPassword", &self.password)])?;
        let words: Vec<&str> = login.all("string").map(|word| word.text.as_str()).collect();
        let [ticket, word, ..] = words.as_slice() else {
            return Err("authenticate answered fewer than two strings (QBWC1012)".to_owned());
        };
        match *word {
            "none" => return Ok(Visit::None),
            "nvu" => return Ok(Visit::InvalidUser),
            "busy" => return Ok(Visit::Busy),
            path => {
                let open = self.file().path.clone();
                if !path.is_empty() && !path.eq_ignore_ascii_case(&open) {
                    // Another company file is open: it cannot be opened from here.
                    let error = [("ticket", *ticket), ("hresult", "0x8004040A"), ("message", "Another file is open")];
                    self.call("connectionError", &error)?;
                    let closed = self.call("closeConnection", &[("ticket", ticket)])?;
                    return Ok(Visit::Failed(text(&closed)));
                }
            }
        }
        let ticket = (*ticket).to_owned();
        let mut hcp = self.host_company_preferences()?;
        let path = self.file().path.clone();
        let failed = loop {
            let parameters = [
                ("ticket", ticket.as_str()),
                ("strHCPResponse", &hcp),
                ("strCompanyFileName", &path),
                ("qbXMLCountry", "US"),
                ("qbXMLMajorVers", "16"),
                ("qbXMLMinorVers", "0"),
            ];
            let request = text(&self.call("sendRequestXML", &parameters)?);
            hcp.clear();
            if request.is_empty() || request == "NoOp" {
                let error = text(&self.call("getLastError", &[("ticket", &ticket)])?);
                if error == "NoOp" {
                    std::thread::sleep(self.pause);
                    continue;
                }
                break !error.is_empty();
            }
            self.sets += 1;
            let drop = self.drop_at.filter(|(at, _)| *at == self.sets).map(|(_, drop)| drop);
            if drop == Some(Drop::RequestToQuickBooks) {
                return Ok(self.die());
            }
            let now = (self.clock)();
            let worked = match self.fail_at.filter(|(at, _)| *at == self.sets) {
                Some((_, code)) => Err(super::file::Hresult(code)),
                None => self.file().process(now, &request),
            };
            if drop == Some(Drop::AnswerOfQuickBooks) {
                return Ok(self.die());
            }
            let (response, hresult) = match worked {
                Ok(response) => (response, String::new()),
                Err(code) => (String::new(), code.to_string()),
            };
            let message = if hresult.is_empty() {
                ""
            } else {
                "QuickBooks found an error when parsing the provided XML text stream."
            };
            let parameters =
                [("ticket", ticket.as_str()), ("response", &response), ("hresult", &hresult), ("message", message)];
            let percent = text(&self.call("receiveResponseXML", &parameters)?);
            if drop == Some(Drop::AnswerOfService) {
                return Ok(self.die());
            }
            match percent.parse::<i32>() {
                Ok(100) => break false,
                Ok(percent) if percent < 0 => {
                    self.call("getLastError", &[("ticket", &ticket)])?;
                    break true;
                }
                Ok(_) => {}
                Err(_) => return Err(format!("receiveResponseXML answered {percent}")),
            }
        };
        let closed = text(&self.call("closeConnection", &[("ticket", &ticket)])?);
        self.file().end_session();
        Ok(if failed { Visit::Failed(closed) } else { Visit::Done(closed) })
    }

    fn die(&self) -> Visit {
        self.file().end_session();
        Visit::Died
    }

    fn host_company_preferences(&self) -> Result<String, String> {
        let request = "<?xml version=\"1.0\"?><?qbxml version=\"13.0\"?><QBXML><QBXMLMsgsRq onError=\"continueOnError\">\
                       <HostQueryRq/><CompanyQueryRq/><PreferencesQueryRq/></QBXMLMsgsRq></QBXML>";
        let file = self.file();
        let mut copy = file.clone();
        drop(file);
        copy.process((self.clock)(), request).map_err(|code| code.to_string())
    }

    /// Calls a method; the `...Result` element comes back.
    ///
    /// # Errors
    /// What went wrong on the way: no connection, no HTTP 200, no SOAP answer.
    pub fn call(&self, method: &str, parameters: &[(&str, &str)]) -> Result<Node, String> {
        let mut body = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body>",
        );
        body.push_str(&format!("<{method} xmlns=\"http://developer.intuit.com/\">"));
        for (name, value) in parameters {
            body.push_str(&format!("<{name}>{}</{name}>", escaped(value)));
        }
        body.push_str(&format!("</{method}></soap:Body></soap:Envelope>"));
        let (status, answer) = post(&self.url, &format!("http://developer.intuit.com/{method}"), &body)?;
        let node = Node::read(&answer).map_err(|error| format!("{method} answered no XML: {error}"))?;
        if status != 200 {
            return Err(format!("{method} answered HTTP {status}: {}", node.at(&["Body", "Fault", "faultstring"])));
        }
        let result = node
            .child("Body")
            .and_then(|body| body.child(&format!("{method}Response")))
            .and_then(|response| response.child(&format!("{method}Result")));
        result.cloned().ok_or_else(|| format!("{method} answered without {method}Result"))
    }
}

fn text(node: &Node) -> String {
    node.text.clone()
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
