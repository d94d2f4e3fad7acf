//! The canonical form of nested JSON: members sorted, numbers by value, no white space.

use std::borrow::Cow;

use super::scan::{Cursor, Kind, Span, unescape};
use crate::reconcile::diff::value::{Number, Value, encode_text};

/// Appends the canonical bytes of a JSON value. Text that is not JSON, which the scanner does not let through, counts
/// as text.
pub(in crate::reconcile::diff) fn encode(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    if encode_value(&mut Cursor::new(text), out).is_none() {
        out.truncate(start);
        encode_text(text, out);
    }
}

/// A scalar, as it is compared. Nested JSON comes back as [`Value::Json`].
#[inline(always)]
pub(super) fn value<'a>(span: Span, line: &'a str, as_text: bool) -> Value<'a> {
    let raw = span.of(line);
    let text = |text: Cow<'a, str>| if as_text { Value::Text(text) } else { Value::amount_or_text(text) };
    match span.kind {
        Kind::Absent | Kind::Null => Value::Null,
        Kind::True => Value::Bool(true),
        Kind::False => Value::Bool(false),
        Kind::Number if as_text => Value::Text(Cow::Borrowed(raw)),
        Kind::Number => Number::json(raw).map_or(Value::Text(Cow::Borrowed(raw)), Value::Number),
        Kind::Text => text(Cow::Borrowed(raw)),
        Kind::Escaped => text(unescape(raw).map_or(Cow::Borrowed(raw), Cow::Owned)),
        Kind::Nested => Value::Json(raw),
    }
}

fn encode_value(at: &mut Cursor<'_>, out: &mut Vec<u8>) -> Option<()> {
    at.space();
    match at.peek()? {
        b'{' => encode_object(at, out),
        b'[' => {
            at.next();
            out.push(b'[');
            at.space();
            if at.peek() == Some(b']') {
                at.next();
            } else {
                loop {
                    encode_value(at, out)?;
                    at.space();
                    match at.next()? {
                        b',' => {}
                        b']' => break,
                        _ => return None,
                    }
                }
            }
            out.push(b']');
            Some(())
        }
        _ => {
            let span = at.value(0).ok()?;
            value(span, at.line(), false).encode(out);
            Some(())
        }
    }
}

fn encode_object(at: &mut Cursor<'_>, out: &mut Vec<u8>) -> Option<()> {
    at.next();
    let mut members = Vec::new();
    at.space();
    if at.peek() == Some(b'}') {
        at.next();
    } else {
        loop {
            at.space();
            let (name, _) = at.name().ok()?;
            let mut bytes = Vec::new();
            encode_value(at, &mut bytes)?;
            // No value and null are the same, inside as outside.
            if bytes != b"0" {
                members.push((name, bytes));
            }
            at.space();
            match at.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
    }
    members.sort();
    out.push(b'{');
    for (name, bytes) in members {
        encode_text(&name, out);
        out.extend_from_slice(&bytes);
    }
    out.push(b'}');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        encode(text, &mut out);
        out
    }

    #[test]
    fn given_another_order_of_members_then_it_is_the_same_but_elements_have_an_order() {
        let one = r#"{"value":"12","name":"Labor","lines":[{"Amount":10.50},{"Amount":1}],"memo":null}"#;
        let two = r#" { "lines" : [ { "Amount" : "10.5" } , {"Amount":1e0} ], "n\u0061me":"Labor", "value":"12" } "#;
        assert_eq!(canonical(one), canonical(two));
        for other in [
            r#"{"value":"12","name":"Labor","lines":[{"Amount":1},{"Amount":10.50}]}"#,
            r#"{"value":"12","name":"Labor","lines":[{"Amount":10.50},{"Amount":1},{}]}"#,
            r#"{"value":"12","name":"labor","lines":[{"Amount":10.50},{"Amount":1}]}"#,
            r#"{"value":"12","lines":[{"Amount":10.50},{"Amount":1}]}"#,
        ] {
            assert_ne!(canonical(one), canonical(other), "{other}");
        }
        assert_ne!(canonical("[[1],2]"), canonical("[[1,2]]"));
        assert_ne!(canonical("{}"), canonical("[]"));
    }
}
