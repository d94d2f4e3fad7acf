//! A strict scanner over one line of JSON that keeps nothing but where the wanted members are.

use std::borrow::Cow;
use std::collections::HashSet;

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// The line ends before its value does.
    #[error("the line is cut off: the object does not end")]
    CutOff,
    /// The line is something other than an object.
    #[error("not a JSON object; each line must be one object")]
    NotAnObject,
    /// The line is not JSON.
    #[error("not JSON at column {column}: {what}")]
    NotJson {
        /// Byte in the line, from 1.
        column: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The line is not UTF-8.
    #[error("not UTF-8 at column {column}")]
    NotUtf8 {
        /// Byte in the line, from 1.
        column: usize,
    },
    /// A wanted member is there twice.
    #[error("the member `{name}` is there twice; which one counts cannot be known")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A part of the key is missing or null.
    #[error("the key member `{name}` is missing or null")]
    NoKey {
        /// Its name.
        name: String,
    },
    /// A part of the key is an object, an array or a boolean.
    #[error("the key member `{name}` must be text or a number")]
    KeyKind {
        /// Its name.
        name: String,
    },
    /// The line is longer than is sensible for one record.
    #[error("the line is longer than {limit} bytes; is it one record a line?")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

/// What kind of value lies at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Absent,
    Null,
    True,
    False,
    Number,
    /// Text without escapes; the span has no quotes.
    Text,
    /// Text with escapes; the span has no quotes.
    Escaped,
    /// An object or array.
    Nested,
}

/// Where a wanted member's value lies in its line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) kind: Kind,
    start: usize,
    end: usize,
}

impl Span {
    pub(crate) fn of<'a>(&self, line: &'a str) -> &'a str {
        line.get(self.start..self.end).unwrap_or_default()
    }
}

/// Nesting beyond this is refused rather than followed.
const MAX_DEPTH: u32 = 128;

/// Scans lines for wanted members. It remembers the order of members: lines of one writer mostly have the same.
#[derive(Debug)]
pub(super) struct Scanner<'n> {
    wanted: &'n [String],
    spans: Vec<Span>,
    /// The members of the last line: `"name":` and which wanted one it is.
    shape: Vec<(Vec<u8>, Option<usize>)>,
    /// The names that were seen, if they are asked for.
    pub(super) seen: Option<HashSet<String>>,
}

impl<'n> Scanner<'n> {
    pub(super) fn new(wanted: &'n [String]) -> Self {
        Self { wanted, spans: vec![Span::default(); wanted.len()], shape: Vec::new(), seen: None }
    }

    /// The places of the wanted members, in their order. `line` has no line end.
    #[inline]
    pub(super) fn scan(&mut self, line: &str) -> Result<&[Span], LineProblem> {
        self.spans.fill(Span::default());
        let mut at = Cursor::new(line);
        at.space();
        match at.peek() {
            Some(b'{') => at.at += 1,
            Some(_) => return Err(LineProblem::NotAnObject),
            None => return Err(LineProblem::CutOff),
        }
        at.space();
        if at.peek() == Some(b'}') {
            at.at += 1;
        } else {
            let mut member = 0;
            loop {
                let wanted = self.name(&mut at, member)?;
                let span = at.value(0)?;
                if let Some(index) = wanted
                    && let Some(slot) = self.spans.get_mut(index)
                {
                    if slot.kind != Kind::Absent {
                        let name = self.wanted.get(index).cloned().unwrap_or_default();
                        return Err(LineProblem::Twice { name });
                    }
                    *slot = span;
                }
                member += 1;
                at.space();
                match at.next() {
                    Some(b',') => at.space(),
                    Some(b'}') => break,
                    Some(_) => return Err(at.wrong_before("a comma or } is missing")),
                    None => return Err(LineProblem::CutOff),
                }
            }
        }
        at.space();
        match at.peek() {
            None => Ok(&self.spans),
            Some(_) => Err(at.wrong("something follows the object")),
        }
    }

    /// Reads the member's name and the colon; says which wanted member it is.
    #[inline]
    fn name(&mut self, at: &mut Cursor<'_>, member: usize) -> Result<Option<usize>, LineProblem> {
        if let Some((quoted, wanted)) = self.shape.get(member)
            && at.bytes.get(at.at..at.at + quoted.len()) == Some(quoted.as_slice())
        {
            at.at += quoted.len();
            at.space();
            return Ok(*wanted);
        }
        self.other_name(at, member)
    }

    #[cold]
    fn other_name(&mut self, at: &mut Cursor<'_>, member: usize) -> Result<Option<usize>, LineProblem> {
        let start = at.at;
        let (name, plain) = at.name()?;
        let quoted = at.bytes.get(start..at.at).unwrap_or_default();
        let wanted = self.wanted.iter().position(|wanted| *wanted == name);
        // A name with escapes, or with space before the colon, is found the slow way each time.
        if plain {
            if let Some(slot) = self.shape.get_mut(member) {
                *slot = (quoted.to_vec(), wanted);
            } else if member == self.shape.len() {
                self.shape.push((quoted.to_vec(), wanted));
            }
        }
        if let Some(seen) = &mut self.seen
            && !seen.contains(name.as_ref())
        {
            seen.insert(name.into_owned());
        }
        at.space();
        Ok(wanted)
    }
}

/// Replaces the escapes of a JSON string that was scanned before.
pub(crate) fn unescape(text: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next().ok_or("an escape is cut off")? {
            c @ ('"' | '\\' | '/') => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = hex4(&mut chars).ok_or("\\u needs four hexadecimal digits")?;
                let code = match first {
                    0xD800..=0xDBFF => {
                        let second = match (chars.next(), chars.next()) {
                            (Some('\\'), Some('u')) => hex4(&mut chars),
                            _ => None,
                        };
                        match second {
                            Some(low @ 0xDC00..=0xDFFF) => 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00),
                            _ => return Err("half of a surrogate pair"),
                        }
                    }
                    code => code,
                };
                char::from_u32(code).ok_or("half of a surrogate pair")?
            }
            _ => return Err("an unknown escape"),
        });
    }
    Ok(out)
}

fn hex4(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |sum, _| Some(sum * 16 + chars.next()?.to_digit(16)?))
}

/// A place in a line.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The lowest set high bit marks the first byte of the word that is a quote, a backslash or a control character.
#[inline]
fn special(word: u64) -> u64 {
    let zero = |w: u64| w.wrapping_sub(EACH) & !w;
    let quote = zero(word ^ (EACH * b'"' as u64));
    let backslash = zero(word ^ (EACH * b'\\' as u64));
    let control = word.wrapping_sub(EACH * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    pub(crate) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// All of the text.
    pub(crate) fn line(&self) -> &'a str {
        self.text
    }

    pub(crate) fn wrong(&self, what: &'static str) -> LineProblem {
        if self.at >= self.bytes.len() {
            return LineProblem::CutOff;
        }
        LineProblem::NotJson { column: self.at + 1, what }
    }

    fn wrong_before(&self, what: &'static str) -> LineProblem {
        LineProblem::NotJson { column: self.at, what }
    }

    /// A member's name and its colon; `true` if quote to colon are the name's bytes and nothing else.
    pub(crate) fn name(&mut self) -> Result<(Cow<'a, str>, bool), LineProblem> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a member's name in quotes is missing"));
        }
        self.at += 1;
        let span = self.string()?;
        let raw = span.of(self.text);
        let name = match span.kind {
            Kind::Escaped => Cow::Owned(unescape(raw).map_err(|what| self.wrong_before(what))?),
            _ => Cow::Borrowed(raw),
        };
        let plain = span.kind == Kind::Text && self.peek() == Some(b':');
        self.space();
        match self.next() {
            Some(b':') => Ok((name, plain)),
            Some(_) => Err(self.wrong_before("a colon is missing")),
            None => Err(LineProblem::CutOff),
        }
    }

    /// Passes over any value, checking it.
    #[inline]
    pub(crate) fn value(&mut self, depth: u32) -> Result<Span, LineProblem> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string()
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{' | b'[') => self.nested(depth),
            Some(b't') => self.word("true", Kind::True),
            Some(b'f') => self.word("false", Kind::False),
            Some(b'n') => self.word("null", Kind::Null),
            _ => Err(self.wrong("a value is missing")),
        }
    }

    /// Passes over a string; its opening quote is behind.
    #[inline]
    fn string(&mut self) -> Result<Span, LineProblem> {
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            let mut byte = 0;
            if let Some(word) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
                let word = u64::from_le_bytes(*word);
                let hits = special(word);
                if hits == 0 {
                    self.at += 8;
                    continue;
                }
                let skip = hits.trailing_zeros() / 8;
                self.at += skip as usize;
                byte = (word >> (skip * 8)) as u8;
            } else {
                while let Some(next) = self.peek() {
                    byte = next;
                    if byte == b'"' || byte == b'\\' || byte < 0x20 {
                        break;
                    }
                    self.at += 1;
                }
            }
            match byte {
                _ if self.at >= self.bytes.len() => return Err(LineProblem::CutOff),
                b'"' => {
                    self.at += 1;
                    return Ok(Span { kind, start, end: self.at - 1 });
                }
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return Err(self.wrong("a control character in text must be escaped")),
            }
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), LineProblem> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let surrogate = |text: &[u8]| text.get(2).is_some_and(|b| *b | 0x20 == b'd');
        let mut length = if rest.get(1) == Some(&b'u') { 6 } else { 2 };
        if length == 6 && surrogate(rest) && rest.get(3).is_some_and(|b| !(b'0'..=b'7').contains(b)) {
            if rest.get(6..8).is_some_and(|next| next != b"\\u") {
                return Err(self.wrong("half of a surrogate pair"));
            }
            length = 12;
        }
        match self.text.get(self.at..self.at + length).map(unescape) {
            Some(Ok(_)) => {
                self.at += length;
                Ok(())
            }
            Some(Err(what)) => Err(self.wrong(what)),
            None if rest.len() < length => Err(LineProblem::CutOff),
            None => Err(self.wrong("an unknown escape")),
        }
    }

    #[inline]
    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    #[inline]
    fn number(&mut self) -> Result<Span, LineProblem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (zero && digits > 1) {
            return Err(self.wrong("a number must begin with one 0 or another digit"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.wrong("digits are missing after the point"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if !(1..=9).contains(&self.digits()) {
                return Err(self.wrong_before("an exponent needs one to nine digits"));
            }
        }
        Ok(Span { kind: Kind::Number, start, end: self.at })
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Result<Span, LineProblem> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(Span { kind, start, end: self.at });
        }
        if word.as_bytes().starts_with(rest) {
            return Err(LineProblem::CutOff);
        }
        Err(self.wrong("only true, false and null are words of JSON"))
    }

    fn nested(&mut self, depth: u32) -> Result<Span, LineProblem> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("nested too deeply"));
        }
        let start = self.at;
        let object = self.next() == Some(b'{');
        let end = if object { b'}' } else { b']' };
        self.space();
        if self.peek() == Some(end) {
            self.at += 1;
        } else {
            loop {
                if object {
                    self.name()?;
                    self.space();
                }
                self.value(depth + 1)?;
                self.space();
                match self.next() {
                    Some(b',') => self.space(),
                    Some(byte) if byte == end => break,
                    Some(_) => return Err(self.wrong_before("a comma or the closing bracket is missing")),
                    None => return Err(LineProblem::CutOff),
                }
            }
        }
        Ok(Span { kind: Kind::Nested, start, end: self.at })
    }
}
