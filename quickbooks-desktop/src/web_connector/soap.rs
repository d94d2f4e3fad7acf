//! SOAP 1.1, document/literal: one call in, one answer out. Read by namespace, never by prefix; a document type, an
//! entity of its own and a second call are refused.

use std::collections::BTreeMap;
use std::fmt;

use quick_xml::NsReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

const SERVICE: &str = "http://developer.intuit.com/";
const ENVELOPES: [&str; 2] = ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"];
/// Envelope, body, method, parameter; no method takes structures.
const MAX_DEPTH: usize = 8;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What the Web Connector calls. An absent parameter reads as empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the parameters of the guide, in its words")]
pub enum Call {
    /// `serverVersion`
    ServerVersion,
    /// `clientVersion`
    ClientVersion { version: String },
    /// `authenticate`
    Authenticate { user: String, password: Secret },
    /// `sendRequestXML`; `hcp` is filled in the first call of a session: host, company and preferences.
    SendRequestXml { ticket: String, hcp: String, company_file: String, country: String, major: String, minor: String },
    /// `receiveResponseXML`
    ReceiveResponseXml { ticket: String, response: String, hresult: String, message: String },
    /// `connectionError`
    ConnectionError { ticket: String, hresult: String, message: String },
    /// `getLastError`
    GetLastError { ticket: String },
    /// `closeConnection`
    CloseConnection { ticket: String },
    /// `getInteractiveURL`
    GetInteractiveUrl { ticket: String, session: String },
    /// `interactiveDone`, also spelt `isInteractiveDone`
    InteractiveDone { ticket: String },
    /// `interactiveRejected`
    InteractiveRejected { ticket: String, reason: String },
}

/// Why a request is not a call. Sent back as a SOAP fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoapError {
    /// Not well-formed, or no SOAP envelope.
    #[error("this is not a SOAP request: {0}")]
    NotSoap(String),
    /// A document type declaration.
    #[error("the request holds a DOCTYPE, which the Web Connector never sends; refused")]
    Doctype,
    /// A reference to an entity that is not one of XML's five.
    #[error("the entity `&{0};` is unknown; refused")]
    Entity(String),
    /// Nested deeper than any method of the service.
    #[error("elements are nested deeper than any method of this service; refused")]
    TooDeep,
    /// A method that the service does not have.
    #[error("`{0}` is not a method of the QuickBooks Web Connector service")]
    Method(String),
}

impl Call {
    /// Reads a request.
    ///
    /// # Errors
    /// [`SoapError`] says why it is refused.
    pub fn read(body: &str) -> Result<Self, SoapError> {
        let mut reader = NsReader::from_str(body);
        let mut depth = 0usize;
        let (mut in_body, mut method): (bool, Option<String>) = (false, None);
        let mut parameters: BTreeMap<String, String> = BTreeMap::new();
        let (mut open, mut text): (Option<String>, String) = (None, String::new());
        loop {
            let at = reader.buffer_position();
            let bad = |problem: &dyn fmt::Display| SoapError::NotSoap(format!("{problem} at byte {at}"));
            let (namespace, event) = reader.read_resolved_event().map_err(|error| bad(&error))?;
            let namespace = match namespace {
                ResolveResult::Bound(namespace) => namespace.as_ref().to_owned(),
                ResolveResult::Unbound => "".into(),
                ResolveResult::Unknown(_) => return Err(bad(&"a prefix without a namespace")),
            };
            let is_start = matches!(event, Event::Start(_));
            match event {
                Event::DocType(_) => return Err(SoapError::Doctype),
                Event::Start(tag) | Event::Empty(tag) => {
                    let name = tag.local_name().as_ref().to_owned();
                    let name: String = name;
                    depth += usize::from(is_start);
                    if depth > MAX_DEPTH {
                        return Err(SoapError::TooDeep);
                    }
                    let level = if is_start { depth } else { depth + 1 };
                    match level {
                        1 if name == "Envelope" && ENVELOPES.contains(&&*namespace) => {}
                        1 => return Err(bad(&format!("the document is `{name}`, not a SOAP envelope"))),
                        2 => in_body = name == "Body" && ENVELOPES.contains(&&*namespace),
                        3 if in_body => {
                            if method.is_some() {
                                return Err(bad(&"a second call"));
                            }
                            if namespace != SERVICE {
                                return Err(SoapError::Method(name));
                            }
                            method = Some(name);
                        }
                        4 if in_body && is_start => {
                            text.clear();
                            open = Some(name);
                        }
                        _ => {}
                    }
                }
                Event::End(_) => {
                    if depth == 4
                        && let Some(name) = open.take()
                    {
                        parameters.insert(name, std::mem::take(&mut text));
                    }
                    depth = depth.saturating_sub(1);
                }
                Event::Text(part) if open.is_some() => text.push_str(&part),
                Event::CData(part) if open.is_some() => text.push_str(&part),
                Event::GeneralRef(reference) => {
                    let name: &str = &reference;
                    match reference.resolve_char_ref().map_err(|error| bad(&error))? {
                        Some(character) => text.push(character),
                        None => match resolve_predefined_entity(name) {
                            Some(known) => text.push_str(known),
                            None => return Err(SoapError::Entity(name.chars().take(40).collect())),
                        },
                    }
                }
                Event::Eof if depth == 0 => break,
                Event::Eof => return Err(bad(&"it ends before the envelope does")),
                _ => {}
            }
        }
        let method = method.ok_or_else(|| SoapError::NotSoap("the body is empty".to_owned()))?;
        Self::of(&method, parameters)
    }

    fn of(method: &str, mut parameters: BTreeMap<String, String>) -> Result<Self, SoapError> {
        let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
        Ok(match method {
            "serverVersion" | "getServerVersion" => Self::ServerVersion,
            "clientVersion" => Self::ClientVersion { version: take("strVersion") },
            "authenticate" => Self::Authenticate { user: take("strUserName"), password: Secret(take("strPassword")) },
            "sendRequestXML" => Self::SendRequestXml {
                ticket: take("ticket"),
                hcp: take("strHCPResponse"),
                company_file: take("strCompanyFileName"),
                country: take("qbXMLCountry"),
                major: take("qbXMLMajorVers"),
                minor: take("qbXMLMinorVers"),
            },
            "receiveResponseXML" => Self::ReceiveResponseXml {
                ticket: take("ticket"),
                response: take("response"),
                hresult: take("hresult"),
                message: take("message"),
            },
            "connectionError" => {
                Self::ConnectionError { ticket: take("ticket"), hresult: take("hresult"), message: take("message") }
            }
            "getLastError" => Self::GetLastError { ticket: take("ticket") },
            "closeConnection" => Self::CloseConnection { ticket: take("ticket") },
            "getInteractiveURL" => Self::GetInteractiveUrl { ticket: take("wcTicket"), session: take("sessionID") },
            "interactiveDone" | "isInteractiveDone" => Self::InteractiveDone { ticket: take("wcTicket") },
            "interactiveRejected" => Self::InteractiveRejected { ticket: take("wcTicket"), reason: take("reason") },
            other => return Err(SoapError::Method(other.chars().take(60).collect())),
        })
    }

    /// The method, by which its answer is named.
    pub fn method(&self) -> &'static str {
        match self {
            Self::ServerVersion => "serverVersion",
            Self::ClientVersion { .. } => "clientVersion",
            Self::Authenticate { .. } => "authenticate",
            Self::SendRequestXml { .. } => "sendRequestXML",
            Self::ReceiveResponseXml { .. } => "receiveResponseXML",
            Self::ConnectionError { .. } => "connectionError",
            Self::GetLastError { .. } => "getLastError",
            Self::CloseConnection { .. } => "closeConnection",
            Self::GetInteractiveUrl { .. } => "getInteractiveURL",
            Self::InteractiveDone { .. } => "interactiveDone",
            Self::InteractiveRejected { .. } => "interactiveRejected",
        }
    }
}

/// What a method gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A text.
    Text(String),
    /// Texts; only `authenticate` answers with several.
    Texts(Vec<String>),
    /// A whole number; only `receiveResponseXML` answers with one.
    Number(i32),
}

impl Answer {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The body of the answer to a method.
    pub fn write(&self, method: &str) -> String {
        let mut inner = String::new();
        match self {
            Self::Text(text) => push_escaped(&mut inner, text),
            Self::Number(number) => inner.push_str(&number.to_string()),
            Self::Texts(texts) => {
                for text in texts {
                    inner.push_str("<string>");
                    push_escaped(&mut inner, text);
                    inner.push_str("</string>");
                }
            }
        }
        envelope(&format!(
            "<{method}Response xmlns=\"{SERVICE}\"><{method}Result>{inner}</{method}Result></{method}Response>"
        ))
    }
}

impl SoapError {
    /// The body of the fault.
    pub fn write(&self) -> String {
        let mut text = String::new();
        push_escaped(&mut text, &self.to_string());
        envelope(&format!(
            "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{text}</faultstring></soap:Fault>"
        ))
    }
}

fn envelope(body: &str) -> String {
    let namespace = "http://schemas.xmlsoap.org/soap/envelope/";
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{namespace}\"><soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}

/// Escapes a text; characters that XML cannot carry are left out.
fn push_escaped(to: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '\r' => to.push_str("&#13;"),
            '\t' | '\n' => to.push(character),
            control if control < ' ' => {}
            '\u{FFFE}' | '\u{FFFF}' => {}
            other => to.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(body: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"{}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Header/><e:Body>{body}</e:Body></e:Envelope>",
            ENVELOPES[0]
        )
    }

    #[test]
    fn a_call_is_read_by_namespace_whatever_its_prefixes_and_types() {
        let call = wrapped(
            "<ns1:receiveResponseXML xmlns:ns1=\"http://developer.intuit.com/\"><ns1:ticket xsi:type=\"s:string\">t&#49;</ns1:ticket>\
             <ns1:response>&lt;QBXML a=&quot;1&quot;/&gt; &amp;amp; <![CDATA[<x>]]></ns1:response><ns1:hresult xsi:nil=\"true\"/></ns1:receiveResponseXML>",
        );
        assert_eq!(
            Call::read(&call).unwrap(),
            Call::ReceiveResponseXml {
                ticket: "t1".to_owned(),
                response: "<QBXML a=\"1\"/> &amp; <x>".to_owned(),
                hresult: String::new(),
                message: String::new(),
            }
        );
        let bare = wrapped("<serverVersion xmlns=\"http://developer.intuit.com/\"/>");
        assert_eq!(Call::read(&bare).unwrap(), Call::ServerVersion);
    }

    #[test]
    fn bombs_external_entities_and_foreign_methods_are_refused() {
        let call = wrapped("<serverVersion xmlns=\"http://developer.intuit.com/\"/>");
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
        assert_eq!(Call::read(&call.replace("<e:Env", &format!("{bomb}<e:Env"))), Err(SoapError::Doctype));
        let external = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">";
        assert_eq!(Call::read(&call.replace("<e:Env", &format!("{external}<e:Env"))), Err(SoapError::Doctype));
        let entity =
            wrapped("<getLastError xmlns=\"http://developer.intuit.com/\"><ticket>&b;</ticket></getLastError>");
        assert_eq!(Call::read(&entity), Err(SoapError::Entity("b".to_owned())));
        let foreign = wrapped("<serverVersion xmlns=\"http://elsewhere/\"/>");
        assert!(matches!(Call::read(&foreign), Err(SoapError::Method(_))));
        let deep = wrapped(&format!(
            "<serverVersion xmlns=\"{SERVICE}\">{}{}</serverVersion>",
            "<a>".repeat(20),
            "</a>".repeat(20)
        ));
        assert_eq!(Call::read(&deep), Err(SoapError::TooDeep));
        for broken in ["", "plain", "<a/>", "<QBXML>", &call[..call.len() - 5]] {
            assert!(matches!(Call::read(broken), Err(SoapError::NotSoap(_))), "{broken}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let call = wrapped(
            "<authenticate xmlns=\"http://developer.intuit.com/\"><strUserName>u</strUserName><strPassword>hush</strPassword></authenticate>",
        );
        assert!(!format!("{:?}", Call::read(&call).unwrap()).contains("hush"));
    }
}
