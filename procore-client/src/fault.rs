//! Procore's error bodies, of which there are six shapes.

use std::fmt;

use serde_json::{Map, Value};
use sync_core::http::{redact, summarize};

/// Messages that are kept of one answer.
const MAX_MESSAGES: usize = 20;
/// Characters that are kept of one message.
const MAX_LENGTH: usize = 300;

/// What Procore says about a request that it refuses. Texts are redacted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// HTTP status.
    pub status: u16,
    /// Procore's code, e.g. `INVALID_PROPERTY`; the only part, with the status, that a program may go by.
    pub reason_code: Option<String>,
    /// Messages about the request as a whole.
    pub messages: Vec<String>,
    /// Messages about single fields.
    pub fields: Vec<FieldFault>,
    /// Procore's id of the request, to quote to its support.
    pub request_id: Option<String>,
}

/// What Procore says about a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldFault {
    /// The field, as Procore names it.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Fault {
    /// Reads the body of an answer of status 4xx.
    ///
    /// Known shapes: `errors` as object of fields, list or text; `error` as object with `code`, `message`, `details`;
    /// `message`; `error` with `error_description` (OAuth). Anything else is kept as its first words.
    pub fn parse(status: u16, body: &[u8], request_id: Option<String>) -> Self {
        let mut fault = Self { status, request_id, ..Self::default() };
        if let Ok(Value::Object(body)) = serde_json::from_slice(body) {
            fault.body(&body);
        }
        if fault.messages.is_empty() && fault.fields.is_empty() {
            fault.messages.push(summarize(body, &[]));
        }
        fault
    }

    fn body(&mut self, body: &Map<String, Value>) {
        if let Some(errors) = body.get("errors") {
            self.value("", errors);
        }
        match body.get("error") {
            Some(Value::Object(error)) => self.detail(error),
            Some(Value::String(code)) => {
                // OAuth puts the code here; others a sentence.
                if code.contains(' ') {
                    self.message(code);
                } else {
                    self.code(code);
                }
            }
            _ => {}
        }
        for name in ["error_description", "message", "reason"] {
            if let Some(Value::String(text)) = body.get(name) {
                self.message(text);
            }
        }
        if self.messages.is_empty()
            && self.fields.is_empty()
            && let Some(code) = self.reason_code.clone()
        {
            self.messages.push(code);
        }
    }

    /// `{code|reason_code, message, details}`, of which `details` is a list of the same.
    fn detail(&mut self, detail: &Map<String, Value>) {
        // The code of a detail says more than the one around it, so the innermost stays.
        for name in ["code", "reason_code"] {
            if let Some(Value::String(code)) = detail.get(name) {
                self.code(code);
            }
        }
        let text = |name: &str| detail.get(name).and_then(Value::as_str);
        match (text("field").or_else(|| text("property")), text("message").or_else(|| text("error"))) {
            (Some(field), Some(message)) => self.field(field, message),
            (None, Some(message)) => self.message(message),
            _ => {}
        }
        for name in ["details", "errors"] {
            match detail.get(name) {
                Some(Value::Array(details)) => {
                    for detail in details {
                        self.value("", detail);
                    }
                }
                Some(other) => self.value("", other),
                None => {}
            }
        }
    }

    /// Text, a list, or an object of fields, at any depth.
    fn value(&mut self, field: &str, value: &Value) {
        match value {
            Value::String(text) if field.is_empty() => self.message(text),
            Value::String(text) => self.field(field, text),
            Value::Array(values) => values.iter().for_each(|value| self.value(field, value)),
            Value::Object(object) if object.contains_key("message") || object.contains_key("reason_code") => {
                self.detail(object);
            }
            Value::Object(object) => {
                for (name, value) in object {
                    let path = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                    self.value(&path, value);
                }
            }
            Value::Null => {}
            other => self.field(field, &other.to_string()),
        }
    }

    fn code(&mut self, code: &str) {
        self.reason_code = Some(clean(code));
    }

    fn message(&mut self, text: &str) {
        if self.messages.len() < MAX_MESSAGES && !text.trim().is_empty() {
            self.messages.push(clean(text));
        }
    }

    fn field(&mut self, field: &str, text: &str) {
        if self.fields.len() < MAX_MESSAGES {
            self.fields.push(FieldFault { field: clean(field), message: clean(text) });
        }
    }
}

fn clean(text: &str) -> String {
    let text: String = redact(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(code) = &self.reason_code {
            write!(f, " {code}")?;
        }
        let mut separator = ": ";
        for FieldFault { field, message } in &self.fields {
            write!(f, "{separator}`{field}` {message}")?;
            separator = "; ";
        }
        for message in self.messages.iter().filter(|message| Some(*message) != self.reason_code.as_ref()) {
            write!(f, "{separator}{}", message.trim_end_matches('.'))?;
            separator = "; ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Fault {
        Fault::parse(422, body.as_bytes(), Some("r-1".to_owned()))
    }

    #[test]
    fn fields_with_lists_of_messages() {
        let fault = parse(r#"{"errors":{"origin_id":["has already been taken"],"vendor":["must exist"]}}"#);
        assert_eq!(fault.to_string(), "status 422: `origin_id` has already been taken; `vendor` must exist");
        assert_eq!(fault.request_id.as_deref(), Some("r-1"));
        let nested = parse(r#"{"errors":{"line_items":{"0":{"amount":["is not a number"]}}}}"#);
        assert_eq!(nested.fields[0].field, "line_items.0.amount");
    }

    #[test]
    fn a_list_of_messages_and_a_single_one() {
        let list = parse(r#"{"errors":["App is not connected to this company."]}"#);
        assert_eq!(list.messages, ["App is not connected to this company."]);
        let single = parse(r#"{"errors":"Not Found"}"#);
        assert_eq!(single.messages, ["Not Found"]);
    }

    #[test]
    fn the_uniform_shape_of_v2() {
        let body = r#"{"error":{"code":"BAD_REQUEST","message":"Bad Request","details":
            [{"reason_code":"INVALID_PROPERTY","message":"status is not included in the list"}]}}"#;
        let fault = parse(body);
        assert_eq!(fault.reason_code.as_deref(), Some("INVALID_PROPERTY"));
        assert_eq!(fault.messages, ["Bad Request", "status is not included in the list"]);
    }

    #[test]
    fn a_bare_message_and_the_form_of_oauth() {
        assert_eq!(parse(r#"{"message":"The access token is invalid"}"#).messages, ["The access token is invalid"]);
        let oauth = parse(r#"{"error":"invalid_grant","error_description":"The grant is revoked"}"#);
        assert_eq!(oauth.reason_code.as_deref(), Some("invalid_grant"));
        assert_eq!(oauth.to_string(), "status 422 invalid_grant: The grant is revoked");
    }

    #[test]
    fn what_has_none_of_the_shapes_is_shown_as_it_is() {
        assert_eq!(parse("<html>Bad gateway</html>").messages, ["<html>Bad gateway</html>"]);
        assert_eq!(parse("").messages, ["empty body"]);
        assert_eq!(parse("[1,2]").messages, ["[1,2]"]);
        assert_eq!(parse("{}").messages, ["{}"]);
    }

    #[test]
    fn tokens_that_are_echoed_do_not_show() {
        let fault = parse(
            r#"{"errors":["bad header: Authorization: Bearer eyJhbGci.CANARY.sig"],"message":"access_token=CANARY2x"}"#,
        );
        assert!(!format!("{fault} {fault:?}").contains("CANARY"), "{fault}");
    }
}
