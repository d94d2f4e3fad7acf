//! Keys: one or several parts, exact bytes, and how they are shown.

use super::value::Number;

/// Between the parts of a key.
const SEPARATOR: u8 = 0x1F;
/// Before a separator or an escape that is part of the text.
const ESCAPE: u8 = 0x10;

/// Where a record writes its key. Two keys are the same when they have the same parts; `12` and `"12"` are the same
/// part, `"12.0"` is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyBuf {
    bytes: Vec<u8>,
    parts: usize,
}

impl KeyBuf {
    /// An empty key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part: text, exactly as it is.
    #[inline]
    pub fn text(&mut self, part: &str) {
        self.next_part();
        if part.bytes().any(|b| b == SEPARATOR || b == ESCAPE) {
            for byte in part.bytes() {
                if byte == SEPARATOR || byte == ESCAPE {
                    self.bytes.push(ESCAPE);
                }
                self.bytes.push(byte);
            }
        } else {
            self.bytes.extend_from_slice(part.as_bytes());
        }
    }

    /// Adds a part: a number, by value.
    pub fn number(&mut self, part: &Number) {
        self.next_part();
        self.bytes.extend_from_slice(part.to_string().as_bytes());
    }

    /// Takes over the bytes of a whole key.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.parts += 1;
    }

    #[inline]
    fn next_part(&mut self) {
        if self.parts > 0 {
            self.bytes.push(SEPARATOR);
        }
        self.parts += 1;
    }

    /// Forgets all parts, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.parts = 0;
    }

    /// The exact bytes: equal if and only if the keys are equal.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A key as kept in a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The exact bytes, as [`KeyBuf::as_bytes`] gives them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts, as they were written.
    pub fn parts(&self) -> Vec<String> {
        let mut parts = vec![Vec::new()];
        let mut bytes = self.0.iter().copied();
        while let Some(byte) = bytes.next() {
            match byte {
                SEPARATOR => parts.push(Vec::new()),
                byte => {
                    let byte = if byte == ESCAPE { bytes.next().unwrap_or(ESCAPE) } else { byte };
                    if let Some(part) = parts.last_mut() {
                        part.push(byte);
                    }
                }
            }
        }
        parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    /// Appends the key as one cell of a tab-separated line: parts joined by `|`; a tab, a line end, a backslash and,
    /// where there are several parts, a `|` of the text are written with a backslash.
    pub fn write_cell(&self, out: &mut Vec<u8>) {
        let plain = |b: &u8| *b >= 0x20 && *b != b'\\';
        if self.0.iter().all(plain) {
            out.extend_from_slice(&self.0);
            return;
        }
        let several = self.0.contains(&SEPARATOR);
        let mut bytes = self.0.iter().copied();
        while let Some(byte) = bytes.next() {
            let byte = match byte {
                SEPARATOR => {
                    out.push(b'|');
                    continue;
                }
                ESCAPE => bytes.next().unwrap_or(ESCAPE),
                byte => byte,
            };
            match byte {
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'|' if several => out.extend_from_slice(b"\\|"),
                byte => out.push(byte),
            }
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut cell = Vec::new();
        self.write_cell(&mut cell);
        f.write_str(&String::from_utf8_lossy(&cell))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> Key {
        let mut buf = KeyBuf::new();
        parts.iter().for_each(|part| buf.text(part));
        Key::new(buf.as_bytes())
    }

    #[test]
    fn given_parts_that_hold_separators_then_different_keys_stay_different() {
        let keys = [
            key(&["a", "b"]),
            key(&["a|b"]),
            key(&["a\u{1f}b"]),
            key(&["a\u{10}", "b"]),
            key(&["a", "\u{10}b"]),
            key(&["", "ab"]),
            key(&["ab", ""]),
        ];
        for (i, one) in keys.iter().enumerate() {
            for other in &keys[..i] {
                assert_ne!(one, other);
                assert_ne!(one.parts(), other.parts());
            }
        }
    }

    #[test]
    fn given_tabs_and_line_ends_then_a_cell_stays_one_cell() {
        assert_eq!(key(&["a\tb\n", "c|d\\"]).to_string(), "a\\tb\\n|c\\|d\\\\");
        assert_eq!(key(&["a|b"]).to_string(), "a|b");
        assert_eq!(key(&["a\tb", "x"]).parts(), ["a\tb", "x"]);
    }

    #[test]
    fn given_a_number_and_its_text_then_they_are_one_key() {
        let mut number = KeyBuf::new();
        number.number(&Number::from(12_i64));
        assert_eq!(number.as_bytes(), key(&["12"]).as_bytes());
    }
}
