//! Tokens of a qbXML document. The only place that knows the XML library.
//!
//! Nearly all of an answer is three shapes: `<Name>`, `<Name>text</Name>` and `</Name>`. They are recognised here, in
//! one pass that also finds entities, carriage returns and control characters. Whatever else XML has (attributes,
//! comments, CDATA, instructions, odd spacing) goes to quick-xml, one markup at a time.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error as XmlError, SyntaxError};
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesStart, Event};

use super::error::ParseErrorKind;

/// Deeper than any message of the schema; keeps hostile input from growing the stack.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why no token came.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The text ends inside the token: more input is needed, or the document is cut.
    Short,
    /// It is wrong, at this place in the text. Boxed, so that results stay small.
    Bad(Box<(usize, ParseErrorKind)>),
}

impl Fault {
    pub(crate) fn at(offset: usize, kind: ParseErrorKind) -> Self {
        Self::Bad(Box::new((offset, kind)))
    }

    pub(crate) fn syntax(offset: usize, problem: impl Into<String>) -> Self {
        Self::at(offset, ParseErrorKind::Syntax { problem: problem.into() })
    }
}

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag<'a> {
    pub(crate) name: &'a str,
    /// What stands between the name and the end of the tag.
    pub(crate) attributes: &'a str,
}

/// One step through the document.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    /// An element begins that holds elements.
    Open(Tag<'a>),
    /// An element that holds text, or nothing, from its start to its end.
    Leaf(Tag<'a>, Cow<'a, str>),
    /// The innermost open element ends.
    Close(&'a str),
}

const PLAIN: u8 = 0;
const NAME: u8 = 1;
const SPACE: u8 = 2;
const RETURN: u8 = 3;
const AMPERSAND: u8 = 4;
const LESS: u8 = 5;
const CONTROL: u8 = 6;

/// What each byte means in text; from `RETURN` on the scan of a text has to look.
const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => NAME,
            b' ' | b'\t' | b'\n' => SPACE,
            b'\r' => RETURN,
            b'&' => AMPERSAND,
            b'<' => LESS,
            0..=0x1F => CONTROL,
            _ => PLAIN,
        };
        byte += 1;
    }
    class
};

fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(CONTROL)
}

/// Walks over a text that is known to be UTF-8.
#[derive(Debug)]
pub(crate) struct Pull<'a> {
    text: &'a str,
    at: usize,
    token_at: usize,
    open: [&'a str; MAX_DEPTH],
    depth: usize,
    limit: usize,
    check_encoding: bool,
}

impl<'a> Pull<'a> {
    /// Starts at an offset of the text, inside `outer` elements that the caller keeps track of.
    pub(crate) fn new(text: &'a str, at: usize, outer: usize, check_encoding: bool) -> Self {
        let limit = MAX_DEPTH.saturating_sub(outer);
        Self { text, at, token_at: at, open: [""; MAX_DEPTH], depth: 0, limit, check_encoding }
    }

    /// Where the next token begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Where the last token began.
    pub(crate) fn token_at(&self) -> usize {
        self.token_at
    }

    /// The markup and text of the last leaf, for messages.
    pub(crate) fn last_token(&self) -> &'a str {
        self.cut(self.token_at, self.at)
    }

    /// How many elements are open, not counting those that the caller keeps track of.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Hands the innermost open element over to the caller's own bookkeeping.
    pub(crate) fn forget_open(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.limit = self.limit.saturating_sub(1);
    }

    /// The caller's own bookkeeping lost an element.
    pub(crate) fn outer_closed(&mut self) {
        self.limit += 1;
    }

    /// Is there nothing but white space left?
    pub(crate) fn is_exhausted(&self) -> bool {
        self.text.get(self.at..).unwrap_or_default().bytes().all(|b| matches!(class(b), SPACE | RETURN))
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn cut(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The next token; comments and instructions are passed over.
    pub(crate) fn next(&mut self) -> Result<Token<'a>, Fault> {
        loop {
            let at = self.skip_space(self.at)?;
            self.token_at = at;
            match self.byte(at + 1) {
                None => return Err(Fault::Short),
                Some(b'/') => return self.close(at),
                Some(b'!' | b'?') => self.at = self.skip_markup(at)?,
                Some(_) => return self.start(at),
            }
        }
    }

    fn skip_space(&self, from: usize) -> Result<usize, Fault> {
        let mut at = from;
        loop {
            match self.byte(at) {
                None => return Err(Fault::Short),
                Some(b'<') => return Ok(at),
                Some(byte) if matches!(class(byte), SPACE | RETURN) => at += 1,
                Some(_) => return Err(Fault::syntax(at, "text stands between elements")),
            }
        }
    }

    fn name_end(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().position(|b| class(*b) != NAME).unwrap_or(rest.len())
    }

    fn close(&mut self, at: usize) -> Result<Token<'a>, Fault> {
        let end = self.name_end(at + 2);
        let (name, after) = if self.byte(end) == Some(b'>') {
            (self.cut(at + 2, end), end + 1)
        } else {
            let (markup, after) = self.markup(at)?;
            (markup.trim_start_matches("</").trim_end_matches('>').trim_end(), after)
        };
        if self.depth > 0 {
            let open = self.open.get(self.depth - 1).copied().unwrap_or_default();
            if open != name {
                return Err(mismatch(at, open, name));
            }
            self.depth -= 1;
        }
        self.at = after;
        Ok(Token::Close(name))
    }

    fn start(&mut self, at: usize) -> Result<Token<'a>, Fault> {
        let end = self.name_end(at + 1);
        let tag = Tag { name: self.cut(at + 1, end), attributes: "" };
        match self.byte(end) {
            Some(b'>') if end > at + 1 => self.content(tag, end + 1),
            Some(b'/') if end > at + 1 && self.byte(end + 1) == Some(b'>') => {
                self.at = end + 2;
                Ok(Token::Leaf(tag, Cow::Borrowed("")))
            }
            None => Err(Fault::Short),
            Some(_) => self.odd_start(at),
        }
    }

    fn odd_start(&mut self, at: usize) -> Result<Token<'a>, Fault> {
        let (markup, after) = self.markup(at)?;
        let inner = markup.trim_start_matches('<').trim_end_matches('>');
        let (inner, empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let length = inner.find(|c: char| c.is_ascii_whitespace()).unwrap_or(inner.len());
        let (name, attributes) = inner.split_at_checked(length).unwrap_or_default();
        if name.is_empty() || name.contains(['<', '&', '"', '\'', '=', '/']) {
            return Err(Fault::syntax(at, "a tag has no proper name"));
        }
        let tag = Tag { name, attributes };
        if empty {
            self.at = after;
            return Ok(Token::Leaf(tag, Cow::Borrowed("")));
        }
        self.content(tag, after)
    }

    /// What follows a start tag: text and the end tag, or a child.
    fn content(&mut self, tag: Tag<'a>, from: usize) -> Result<Token<'a>, Fault> {
        let (end, clean) = self.text_end(from)?;
        let name_at = end + 2;
        match self.byte(end + 1) {
            None => Err(Fault::Short),
            Some(b'/') => {
                let after = name_at + tag.name.len();
                let rest = self.text.as_bytes().get(name_at..).unwrap_or_default();
                let after = if rest.starts_with(tag.name.as_bytes()) && self.byte(after) == Some(b'>') {
                    after + 1
                } else {
                    self.odd_end(tag, end)?
                };
                let raw = self.cut(from, end);
                let text = if clean { Cow::Borrowed(raw) } else { decode(raw, from)? };
                self.at = after;
                Ok(Token::Leaf(tag, text))
            }
            Some(b'!' | b'?') => self.mixed(tag, from),
            Some(_) => self.enter(tag, from, end),
        }
    }

    fn odd_end(&self, tag: Tag<'a>, at: usize) -> Result<usize, Fault> {
        let (markup, after) = self.markup(at)?;
        let name = markup.trim_start_matches("</").trim_end_matches('>').trim_end();
        if name == tag.name { Ok(after) } else { Err(mismatch(at, tag.name, name)) }
    }

    fn enter(&mut self, tag: Tag<'a>, from: usize, child: usize) -> Result<Token<'a>, Fault> {
        if !self.cut(from, child).bytes().all(|b| matches!(class(b), SPACE | RETURN)) {
            return Err(Fault::syntax(from, format!("`{}` holds text beside elements", brief(tag.name))));
        }
        match self.open.get_mut(self.depth) {
            Some(slot) if self.depth < self.limit => *slot = tag.name,
            _ => return Err(Fault::at(self.token_at, ParseErrorKind::TooDeep { max: MAX_DEPTH })),
        }
        self.depth += 1;
        self.at = child;
        Ok(Token::Open(tag))
    }

    /// Text with comments, CDATA or instructions in it.
    fn mixed(&mut self, tag: Tag<'a>, from: usize) -> Result<Token<'a>, Fault> {
        let mut text = String::new();
        let mut at = from;
        loop {
            let (end, _) = self.text_end(at)?;
            text.push_str(&decode(self.cut(at, end), at)?);
            match self.byte(end + 1) {
                None => return Err(Fault::Short),
                Some(b'/') => {
                    self.at = self.odd_end(tag, end)?;
                    return Ok(Token::Leaf(tag, Cow::Owned(text)));
                }
                Some(b'!' | b'?') => {
                    at = self.skip_markup(end)?;
                    if let Some(data) = self.cut(end, at).strip_prefix("<![CDATA[").and_then(|d| d.strip_suffix("]]>"))
                    {
                        text.push_str(&decode_plain(data, end)?);
                    }
                }
                Some(_) if text.bytes().all(|b| matches!(class(b), SPACE | RETURN)) => {
                    return self.enter(tag, end, end);
                }
                Some(_) => {
                    return Err(Fault::syntax(from, format!("`{}` holds text beside elements", brief(tag.name))));
                }
            }
        }
    }

    /// The `<` that ends a text, and whether the text can be taken as it stands.
    fn text_end(&self, from: usize) -> Result<(usize, bool), Fault> {
        let mut clean = true;
        let mut at = from;
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(at) {
            match class(byte) {
                LESS => return Ok((at, clean)),
                RETURN | AMPERSAND => clean = false,
                CONTROL => return Err(Fault::syntax(at, "a control character stands in a text")),
                _ => {}
            }
            at += 1;
        }
        Err(Fault::Short)
    }

    /// Passes over a comment, an instruction or CDATA, and refuses what must not be there.
    fn skip_markup(&self, at: usize) -> Result<usize, Fault> {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE")) {
            return Err(Fault::at(at, ParseErrorKind::Doctype));
        }
        // `<!DOCTYPE` and `<![CDATA[` are told apart after nine bytes at most.
        if rest.starts_with(b"<!") && rest.len() < 9 && !rest.contains(&b'>') {
            return Err(Fault::Short);
        }
        let (markup, after) = self.markup(at)?;
        if self.check_encoding && markup.starts_with("<?xml ") {
            check_encoding(markup, at)?;
        }
        Ok(after)
    }

    /// One markup from its `<`, through quick-xml, and where it ends.
    fn markup(&self, at: usize) -> Result<(&'a str, usize), Fault> {
        let mut reader = Reader::from_str(self.text.get(at..).unwrap_or_default());
        reader.config_mut().allow_unmatched_ends = true;
        reader.config_mut().check_end_names = false;
        match reader.read_event() {
            Ok(Event::DocType(_)) => Err(Fault::at(at, ParseErrorKind::Doctype)),
            Ok(Event::Eof | Event::Text(_)) => Err(Fault::Short),
            Ok(_) => {
                let length = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
                let after = at.saturating_add(length);
                Ok((self.cut(at, after), after))
            }
            Err(XmlError::Syntax(SyntaxError::InvalidBangMarkup)) => {
                Err(Fault::syntax(at, "unknown markup after `<!`"))
            }
            Err(XmlError::Syntax(_)) => Err(Fault::Short),
            Err(other) => Err(Fault::syntax(at, other.to_string())),
        }
    }
}

/// Attributes of a tag, unescaped, in order.
pub(crate) fn attributes(tag: Tag<'_>, at: usize) -> Result<Vec<(String, String)>, Fault> {
    if tag.attributes.is_empty() {
        return Ok(Vec::new());
    }
    let start = BytesStart::from_content(tag.attributes, 0);
    let mut found = Vec::new();
    for attribute in start.attributes() {
        let attribute =
            attribute.map_err(|e| Fault::syntax(at, format!("attributes of `{}`: {e}", brief(tag.name))))?;
        let value = decode(&attribute.value, at)?;
        found.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(found)
}

/// Line ends to `\n`, then references to their characters.
fn decode(raw: &str, at: usize) -> Result<Cow<'_, str>, Fault> {
    let decoded = if raw.contains('\r') {
        let lines = line_ends(raw);
        unescape(&lines).map(|text| Cow::Owned(text.into_owned()))
    } else {
        unescape(raw)
    };
    let text = decoded.map_err(|error| {
        let kind = match error {
            EscapeError::UnrecognizedEntity(_, name) => ParseErrorKind::Entity { name: brief(&name).to_owned() },
            other => ParseErrorKind::Syntax { problem: other.to_string() },
        };
        Fault::at(at, kind)
    })?;
    if text.bytes().any(|b| class(b) == CONTROL) {
        return Err(Fault::syntax(at, "a reference names a control character"));
    }
    Ok(text)
}

/// CDATA: line ends only.
fn decode_plain(raw: &str, at: usize) -> Result<Cow<'_, str>, Fault> {
    if raw.bytes().any(|b| class(b) == CONTROL) {
        return Err(Fault::syntax(at, "a control character stands in a text"));
    }
    Ok(if raw.contains('\r') { Cow::Owned(line_ends(raw)) } else { Cow::Borrowed(raw) })
}

fn line_ends(raw: &str) -> String {
    raw.replace("\r\n", "\n").replace('\r', "\n")
}

fn check_encoding(markup: &str, at: usize) -> Result<(), Fault> {
    let attributes = markup.trim_start_matches("<?xml").trim_end_matches("?>");
    for (key, value) in self::attributes(Tag { name: "xml", attributes }, at)? {
        if key == "encoding" && !["utf-8", "us-ascii"].iter().any(|known| value.eq_ignore_ascii_case(known)) {
            return Err(Fault::at(at, ParseErrorKind::Encoding { name: brief(&value).to_owned() }));
        }
    }
    Ok(())
}

fn mismatch(at: usize, open: &str, found: &str) -> Fault {
    Fault::syntax(at, format!("`</{}>` stands where `</{}>` must", brief(found), brief(open)))
}

/// At most 60 characters of a text, for messages.
pub(crate) fn brief(text: &str) -> &str {
    text.char_indices().nth(60).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
