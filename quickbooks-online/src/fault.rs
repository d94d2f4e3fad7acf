//! What QuickBooks says when it refuses: faults in their three shapes.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes>

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::raw::Object;

/// A refusal, with one or several errors.
///
/// Business faults (`Fault`/`Error`, codes as texts), faults of the gateway (`fault`/`error`, lower case) and those that
/// come as XML all become this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// The errors, in QuickBooks' order.
    #[serde(rename = "Error", alias = "error", default, deserialize_with = "list")]
    pub errors: Vec<FaultError>,
    /// Kind of fault in QuickBooks' words, e.g. `ValidationFault`, `SystemFault`, `AUTHENTICATION`, `SERVICE`.
    #[serde(rename = "type", default, deserialize_with = "text")]
    pub kind: String,
}

/// One error of a [`Fault`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct FaultError {
    /// The code as it came, e.g. `6140`, `003200`.
    #[serde(default, deserialize_with = "text")]
    pub code: String,
    /// Short text.
    #[serde(rename = "Message", alias = "message", default, deserialize_with = "text")]
    pub message: String,
    /// Long text; the only explanation where the code has many causes.
    #[serde(rename = "Detail", alias = "detail", default, deserialize_with = "text")]
    pub detail: String,
    /// The member of the request that is wrong.
    #[serde(default, deserialize_with = "text")]
    pub element: String,
}

impl FaultError {
    /// The code as a number, so that `003200` and `3200` are the same; 0 when it is none.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.code.trim().parse().unwrap_or(0)
    }
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.detail.as_str(), self.message.as_str()) {
            ("", "") => f.write_str("no reason given")?,
            ("", text) | (text, "") => f.write_str(text)?,
            (detail, message) if detail.contains(message) => f.write_str(detail)?,
            (detail, message) => write!(f, "{message}: {detail}")?,
        }
        if !self.element.is_empty() {
            write!(f, " [{}]", self.element)?;
        }
        if !self.code.is_empty() {
            write!(f, " (code {})", self.code)?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
        }
        if self.errors.is_empty() {
            write!(f, "{} without a reason", if self.kind.is_empty() { "a fault" } else { &self.kind })?;
        }
        Ok(())
    }
}

impl Fault {
    /// The fault of an answer, if it is one. Looked for whatever the status, since a 200 may carry a fault.
    #[must_use]
    pub fn find(content_type: Option<&str>, body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let start = text.trim_start();
        let xml = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("xml"));
        // The gateway has sent XML under another name, so the first character decides where the header does not.
        if xml || start.starts_with('<') {
            return Self::from_xml(text);
        }
        let object: Object<'_> = serde_json::from_str(start).ok()?;
        Self::of(&object)
    }

    /// The fault among the members of an object.
    pub(crate) fn of(object: &Object<'_>) -> Option<Self> {
        let raw = object.get("Fault").or_else(|| object.get("fault"))?;
        // A fault that cannot be read is still a fault.
        Some(serde_json::from_str(raw.get()).unwrap_or_else(|_| Self {
            errors: vec![FaultError { detail: raw.get().chars().take(300).collect(), ..FaultError::default() }],
            kind: String::new(),
        }))
    }

    /// `<Fault type=".."><Error code=".."><Message>..</Message><Detail>..</Detail></Error></Fault>`
    fn from_xml(text: &str) -> Option<Self> {
        let fault = text.split_once("<Fault")?.1;
        let (attributes, mut rest) = fault.split_once('>')?;
        let mut errors = Vec::new();
        while let Some((_, after)) = rest.split_once("<Error") {
            let (head, body) = after.split_once('>').unwrap_or((after, ""));
            let (inside, following) = body.split_once("</Error>").unwrap_or((body, ""));
            errors.push(FaultError {
                code: attribute(head, "code"),
                message: element(inside, "Message"),
                detail: element(inside, "Detail"),
                element: attribute(head, "element"),
            });
            rest = following;
        }
        Some(Self { errors, kind: attribute(attributes, "type") })
    }

    /// The first error.
    #[must_use]
    pub fn first(&self) -> Option<&FaultError> {
        self.errors.first()
    }

    /// Is there an error with this code?
    #[must_use]
    pub fn has(&self, code: u32) -> bool {
        self.errors.iter().any(|error| error.number() == code)
    }
}

fn attribute(head: &str, name: &str) -> String {
    let value = head.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
    value.map_or_else(String::new, |(value, _)| unescaped(value))
}

fn element(text: &str, name: &str) -> String {
    let value = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once("</"));
    value.map_or_else(String::new, |(value, _)| unescaped(value))
}

fn unescaped(text: &str) -> String {
    // `&amp;` last, or `&amp;lt;` would become `<`.
    let text = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

/// A text, a number as text, or nothing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    Ok(serde_json::from_str::<String>(raw)
        .unwrap_or_else(|_| if raw == "null" { String::new() } else { raw.to_owned() }))
}

fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FaultError>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content_type: &str, body: &str) -> Fault {
        Fault::find(Some(content_type), body.as_bytes()).expect("a fault")
    }

    #[test]
    fn a_business_fault() {
        let fault = found(
            "application/json",
            r#"{"Fault":{"Error":[{"Message":"Stale Object Error","Detail":"Stale Object Error : You and Dana were working on this at the same time.","code":"5010","element":""}],"type":"ValidationFault"},"time":"2026-03-02T08:11:05.120-08:00"}"#,
        );
        assert!(fault.has(5010));
        assert_eq!(
            fault.to_string(),
            "Stale Object Error : You and Dana were working on this at the same time. (code 5010)"
        );
    }

    #[test]
    fn a_gateway_fault_in_lower_case_with_nulls_and_numbers() {
        let fault = found(
            "application/json;charset=UTF-8",
            r#"{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":null,"code":3200,"element":null}],"type":"AUTHENTICATION"},"report":null,"requestId":null,"time":1772467865120,"status":null}"#,
        );
        assert_eq!(fault.kind, "AUTHENTICATION");
        assert_eq!(fault.first().map(FaultError::number), Some(3200));
    }

    #[test]
    fn an_xml_fault_even_under_the_wrong_name() {
        let body = r#"<?xml version="1.0"?><IntuitResponse time="2026-03-02T08:11:05-08:00" xmlns="http://schema.intuit.com/finance/v3">
            <Fault type="AUTHENTICATION"><Error code="003200"><Message>Amy&apos;s &amp; Co &amp;lt; token</Message><Detail>expired</Detail></Error>
            <Error code="1"><Message>two</Message></Error></Fault></IntuitResponse>"#;
        for content_type in ["application/xml", "application/json"] {
            let fault = found(content_type, body);
            assert_eq!(fault.to_string(), "Amy's & Co &lt; token: expired (code 003200); two (code 1)");
            assert!(fault.has(3200));
        }
    }

    #[test]
    fn several_errors_and_missing_members() {
        let fault =
            found("application/json", r#"{"Fault":{"Error":[{"code":"6000"},{"Detail":"x","element":"Line"}]}}"#);
        assert_eq!(fault.to_string(), "no reason given (code 6000); x [Line]");
        assert_eq!(
            found("application/json", r#"{"Fault":{"type":"SystemFault"}}"#).to_string(),
            "SystemFault without a reason"
        );
        assert!(found("application/json", r#"{"Fault":"odd"}"#).to_string().contains("odd"));
    }

    #[test]
    fn no_fault_where_there_is_none() {
        for body in [r#"{"Bill":{"Id":"1"}}"#, r#"{"fault":null}"#, "", "{", "<html>Service down</html>"] {
            assert_eq!(Fault::find(None, body.as_bytes()), None, "{body}");
        }
    }
}
