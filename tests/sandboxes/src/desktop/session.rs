//! One visit of a Web Connector, step by step: the calls in the order of Intuit's Programmer's Guide. It does nothing by
//! itself; whoever drives it carries the calls, and says how time passes.

use std::fmt;

use chrono::{DateTime, Utc};

use super::file::{CompanyFile, Hresult};
use super::xml::{Node, escaped};

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

/// What the Web Connector does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It calls a method of the service, with these parameters.
    Call(&'static str, Vec<(&'static str, String)>),
    /// It lets QuickBooks work this message set.
    Work(String),
    /// It waits a while: five seconds in life.
    Wait,
    /// The visit is over.
    Over(Visit),
}

/// What came of the step before.
#[derive(Clone, Debug)]
pub enum Came {
    /// The `...Result` element of the method that was called.
    Answer(Node),
    /// What QuickBooks answered, or the error of the connection to it.
    Worked(Result<String, Hresult>),
    /// Time has passed.
    Waited,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    ServerVersion,
    ClientVersion,
    Login,
    /// Another company file is open than the one asked for.
    OtherFile,
    Asking,
    /// There was nothing to send: why?
    Nothing,
    Pause,
    Working,
    Delivering,
    /// The service did not take the answer: why?
    Refused,
    Closing {
        failed: bool,
    },
    Over,
}

/// A visit.
#[derive(Clone)]
pub struct Session {
    user: String,
    password: String,
    state: State,
    ticket: String,
    /// Host, company and preferences, for the first call for work.
    about: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).field("state", &self.state).finish_non_exhaustive()
    }
}

impl Session {
    /// A visit by a user, and its first step.
    pub fn begin(user: impl Into<String>, password: impl Into<String>) -> (Self, Step) {
        let (user, password) = (user.into(), password.into());
        let session = Self { user, password, state: State::ServerVersion, ticket: String::new(), about: String::new() };
        (session, Step::Call("serverVersion", Vec::new()))
    }

    /// The next step. `file` is what is open in QuickBooks.
    ///
    /// # Errors
    /// If the service answers what the Web Connector cannot read.
    pub fn next(&mut self, came: Came, file: &CompanyFile, now: DateTime<Utc>) -> Result<Step, String> {
        let (state, step) = match (&self.state, came) {
            (State::ServerVersion, Came::Answer(_)) => {
                (State::ClientVersion, Step::Call("clientVersion", vec![("strVersion", "2.3.0.207".to_owned())]))
            }
            (State::ClientVersion, Came::Answer(version)) if version.text.starts_with("E:") => {
                (State::Over, Step::Over(Visit::Failed(version.text)))
            }
            (State::ClientVersion, Came::Answer(_)) => {
                let login = vec![("strUserName", self.user.clone()), ("strPassword", self.password.clone())];
                (State::Login, Step::Call("authenticate", login))
            }
            (State::Login, Came::Answer(login)) => self.logged_in(&login, file, now)?,
            (State::OtherFile, Came::Answer(_)) => self.close(true),
            (State::Asking, Came::Answer(request)) if request.text.is_empty() || request.text == "NoOp" => {
                (State::Nothing, self.with_ticket("getLastError"))
            }
            (State::Asking, Came::Answer(request)) => (State::Working, Step::Work(request.text)),
            (State::Nothing, Came::Answer(error)) if error.text == "NoOp" => (State::Pause, Step::Wait),
            (State::Nothing, Came::Answer(error)) => self.close(!error.text.is_empty()),
            (State::Pause, Came::Waited) => self.ask(file),
            (State::Working, Came::Worked(worked)) => {
                let (response, hresult) = match worked {
                    Ok(response) => (response, String::new()),
                    Err(code) => (String::new(), code.to_string()),
                };
                let message = match hresult.is_empty() {
                    true => "",
                    false => "QuickBooks found an error when parsing the provided XML text stream.",
                };
                let ticket = ("ticket", self.ticket.clone());
                let message = ("message", message.to_owned());
                let answer = vec![ticket, ("response", response), ("hresult", hresult), message];
                (State::Delivering, Step::Call("receiveResponseXML", answer))
            }
            (State::Delivering, Came::Answer(percent)) => match percent.text.parse::<i32>() {
                Ok(100) => self.close(false),
                Ok(percent) if percent < 0 => (State::Refused, self.with_ticket("getLastError")),
                Ok(_) => self.ask(file),
                Err(_) => return Err(format!("receiveResponseXML answered {}", percent.text)),
            },
            (State::Refused, Came::Answer(_)) => self.close(true),
            (State::Closing { failed }, Came::Answer(closed)) => {
                let visit = if *failed { Visit::Failed(closed.text) } else { Visit::Done(closed.text) };
                (State::Over, Step::Over(visit))
            }
            (state, came) => return Err(format!("{came:?} came in the state {state:?}")),
        };
        self.state = state;
        Ok(step)
    }

    fn logged_in(&mut self, login: &Node, file: &CompanyFile, now: DateTime<Utc>) -> Result<(State, Step), String> {
        let words: Vec<&str> = login.all("string").map(|word| word.text.as_str()).collect();
        let [ticket, word, ..] = words.as_slice() else {
            return Err("authenticate answered fewer than two strings (QBWC1012)".to_owned());
        };
        let over = |visit| Ok((State::Over, Step::Over(visit)));
        match *word {
            "none" => return over(Visit::None),
            "nvu" => return over(Visit::InvalidUser),
            "busy" => return over(Visit::Busy),
            _ => {}
        }
        (*ticket).clone_into(&mut self.ticket);
        if !word.is_empty() && !word.eq_ignore_ascii_case(&file.path) {
            // Another company file is open: it cannot be opened from here.
            let mut error = vec![("ticket", self.ticket.clone()), ("hresult", "0x8004040A".to_owned())];
            error.push(("message", "Another file is open".to_owned()));
            return Ok((State::OtherFile, Step::Call("connectionError", error)));
        }
        self.about = host_company_preferences(file, now)?;
        Ok(self.ask(file))
    }

    fn ask(&mut self, file: &CompanyFile) -> (State, Step) {
        let parameters = vec![
            ("ticket", self.ticket.clone()),
            ("strHCPResponse", std::mem::take(&mut self.about)),
            ("strCompanyFileName", file.path.clone()),
            ("qbXMLCountry", "US".to_owned()),
            ("qbXMLMajorVers", "16".to_owned()),
            ("qbXMLMinorVers", "0".to_owned()),
        ];
        (State::Asking, Step::Call("sendRequestXML", parameters))
    }

    fn close(&self, failed: bool) -> (State, Step) {
        (State::Closing { failed }, self.with_ticket("closeConnection"))
    }

    fn with_ticket(&self, method: &'static str) -> Step {
        Step::Call(method, vec![("ticket", self.ticket.clone())])
    }
}

fn host_company_preferences(file: &CompanyFile, now: DateTime<Utc>) -> Result<String, String> {
    let request = "<?xml version=\"1.0\"?><?qbxml version=\"13.0\"?><QBXML><QBXMLMsgsRq onError=\"continueOnError\">\
                   <HostQueryRq/><CompanyQueryRq/><PreferencesQueryRq/></QBXMLMsgsRq></QBXML>";
    file.clone().process(now, request).map_err(|code| code.to_string())
}

/// A call as the Web Connector writes it.
pub fn envelope(method: &str, parameters: &[(&str, String)]) -> String {
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body>",
    );
    body.push_str(&format!("<{method} xmlns=\"http://developer.intuit.com/\">"));
    for (name, value) in parameters {
        body.push_str(&format!("<{name}>{}</{name}>", escaped(value)));
    }
    body.push_str(&format!("</{method}></soap:Body></soap:Envelope>"));
    body
}

/// The `...Result` element of the answer to a method.
///
/// # Errors
/// If the answer is none.
pub fn result(method: &str, answer: &str) -> Result<Node, String> {
    let node = Node::read(answer).map_err(|error| format!("{method} answered no XML: {error}"))?;
    let result = node
        .child("Body")
        .and_then(|body| body.child(&format!("{method}Response")))
        .and_then(|response| response.child(&format!("{method}Result")));
    result.cloned().ok_or_else(|| {
        format!("{method} answered without {method}Result: {}", node.at(&["Body", "Fault", "faultstring"]))
    })
}
