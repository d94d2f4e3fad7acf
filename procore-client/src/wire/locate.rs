//! Where in a record a value is that could not be read, as a field path.

use std::fmt::Write as _;

use super::lenient::shorten;

/// A container that is open at the point looked at.
enum Frame<'a> {
    Object { key: &'a str },
    Array { index: usize },
}

/// What was found up to a point in the text.
#[derive(Default)]
struct Found<'a> {
    /// The path of the value that began last, and the value.
    value: String,
    text: &'a str,
    /// The path of the object that ended last, and where.
    closed: Option<(String, usize)>,
}

/// The field path and the problem behind a `serde_json` error.
pub(crate) fn explain(record: &str, error: &serde_json::Error) -> (String, String) {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let at = offset(record, error.line(), error.column());
    let found = scan(record, at);
    if let Some(rest) = message.strip_prefix("missing field `") {
        let field = rest.split('`').next().unwrap_or_default();
        let parent = found.closed.filter(|(_, end)| *end + 1 >= at).map(|(path, _)| path).unwrap_or_default();
        let path = if parent.is_empty() { field.to_owned() } else { format!("{parent}.{field}") };
        return (path, "it is missing".to_owned());
    }
    let problem = if message.contains('`') || found.text.is_empty() {
        message.to_owned()
    } else {
        format!("`{}`: {message}", shorten(found.text))
    };
    (found.value, problem)
}

/// The byte offset of a line and column as `serde_json` counts them.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 => return text.len(),
        1 => 0,
        _ => text.bytes().enumerate().filter(|(_, b)| *b == b'\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    start + column
}

/// Walks the JSON up to `until`. The text was read by `serde_json` before, so it is well formed as far as it matters.
fn scan(text: &str, until: usize) -> Found<'_> {
    let bytes = text.as_bytes();
    let mut frames: Vec<Frame<'_>> = Vec::new();
    let mut found = Found::default();
    let mut at = 0;
    let mut expects_key = false;
    while let Some(byte) = bytes.get(at).filter(|_| at <= until) {
        match byte {
            b'{' => {
                frames.push(Frame::Object { key: "" });
                expects_key = true;
                at += 1;
            }
            b'[' => {
                frames.push(Frame::Array { index: 0 });
                expects_key = false;
                at += 1;
            }
            b'}' => {
                frames.pop();
                if at < until {
                    found.closed = Some((path(&frames), at));
                }
                at += 1;
            }
            b']' => {
                frames.pop();
                at += 1;
            }
            b',' => {
                match frames.last_mut() {
                    Some(Frame::Array { index }) => *index += 1,
                    _ => expects_key = true,
                }
                at += 1;
            }
            b':' | b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            _ => {
                let end = if *byte == b'"' { end_of_string(bytes, at) } else { end_of_word(bytes, at) };
                let token = text.get(at..end).unwrap_or_default();
                if expects_key {
                    if let Some(Frame::Object { key }) = frames.last_mut() {
                        *key = token.trim_matches('"');
                    }
                    expects_key = false;
                } else {
                    found.value = path(&frames);
                    found.text = token;
                }
                at = end;
            }
        }
    }
    found
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(start + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let stop = |b: &u8| matches!(b, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\r' | b'\n');
    bytes.iter().skip(start).position(stop).map_or(bytes.len(), |length| start + length.max(1))
}

fn path(frames: &[Frame<'_>]) -> String {
    let mut path = String::new();
    for frame in frames {
        match frame {
            Frame::Object { key } if path.is_empty() => path.push_str(key),
            Frame::Object { key } => {
                path.push('.');
                path.push_str(key);
            }
            // Writing to a string cannot fail.
            Frame::Array { index } => drop(write!(path, "[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::record::read;
    use super::super::{commitments::CommitmentContract, requisitions::Requisition};

    fn path_and_problem(json: &str) -> (String, String) {
        let bad = read::<CommitmentContract>(json).unwrap_err();
        (bad.path, bad.problem)
    }

    #[test]
    fn the_field_is_named_wherever_it_is() {
        for (json, path, problem) in [
            (r#"{"id":1,"grand_total":"12,50","number":"1"}"#, "grand_total", "`12,50` is not a decimal number"),
            (r#"{"id":1,"grand_total":true}"#, "grand_total", "`true` is not a decimal number"),
            (r#"{"id":1,"line_items":[{"id":7},{"id":8,"amount":"x"}]}"#, "line_items[1].amount", "`x` is not"),
            (r#"{"id":1,"line_items":[{"id":7},{"amount":"1"}]}"#, "line_items[1].id", "it is missing"),
            (r#"{"number":"SC-1","vendor":{"id":1}}"#, "id", "it is missing"),
            (r#"{"id":null,"number":"SC-1"}"#, "id", "the record has no id"),
            (r#"{"id":1.5}"#, "id", "`1.5` is not an id"),
            (r#"{"id":1,"vendor":{"id":2,"company":{"x":1}},"number":"1"}"#, "vendor.company", "is not a single value"),
            (r#"{"id":1,"contract_date":"02/10/2026"}"#, "contract_date", "`02/10/2026` is not a date"),
            (r#"{"id":1,"line_items":"none"}"#, "line_items", "invalid type: string \"none\""),
            (r#"{"id":1,"vendor":"Acme"}"#, "vendor", "`Acme` is not an object"),
        ] {
            let (found, said) = path_and_problem(json);
            assert!(found.starts_with(path), "{json}: {found}: {said}");
            assert!(said.contains(problem), "{json}: {said}");
        }
    }

    #[test]
    fn a_record_over_several_lines_is_no_different() {
        let json = "{\n  \"id\": 5,\n  \"number\": 2,\n  \"items\": [\n    {\"id\": 1},\n    {\"id\": 2,\n     \"scheduled_value\": [1]}\n  ]\n}";
        let bad = read::<Requisition>(json).unwrap_err();
        assert!(bad.path.starts_with("items[1].scheduled_value"), "{}", bad.path);
        assert_eq!(bad.id.as_deref(), Some("5"));
        assert_eq!(bad.label, "2");
    }

    #[test]
    fn no_text_makes_it_panic() {
        let whole =
            r#"{"id":1,"number":"ä\"x","vendor":{"id":2},"line_items":[{"id":3,"amount":"1.0"},{"amount":[true]}]}"#;
        for (end, _) in whole.char_indices() {
            assert!(read::<CommitmentContract>(&whole[..end]).is_err());
            for odd in ["\"", "{", "]", ",", ":", "\\", "null", "\n", "9e999"] {
                let text = format!("{}{odd}{}", &whole[..end], &whole[end..]);
                drop(read::<CommitmentContract>(&text));
            }
        }
    }
}
