//! The mark in a transaction that says which document it stands for.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{ConnectionId, DocumentKey};

/// The mark in a transaction that says which document it stands for: one word,
/// `sync:CONNECTION:KIND/ID:GENERATION`, with `%XX` for characters that would end it (ids of customers are names).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Marker {
    /// The connection, since two may share a company file.
    pub connection: ConnectionId,
    /// The document.
    pub document: DocumentKey,
    /// Counts deliberate repetitions of a create.
    pub generation: u32,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sync:{}:{}/", self.connection, self.document.kind)?;
        let mut buffer = [0; 4];
        for c in self.document.id.chars() {
            if ends_word(c) || c == '%' {
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    write!(f, "%{byte:02X}")?;
                }
            } else {
                f.write_char(c)?;
            }
        }
        write!(f, ":{}", self.generation)
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | ',' | ';')
}

impl Marker {
    /// Finds the marker in a text that people may have edited around it.
    pub fn find(text: &str) -> Option<Self> {
        text.split(ends_word).find_map(Self::parse)
    }

    /// The marker in a text, and the text without it and its brackets.
    pub fn take_from(text: &str) -> (Option<Self>, String) {
        let Some((word, marker)) = text.split(ends_word).find_map(|word| Some((word, Self::parse(word)?))) else {
            return (None, text.trim().to_owned());
        };
        let (before, after) = text.split_once(word).unwrap_or((text, ""));
        let before = before.trim_end().strip_suffix('[').unwrap_or(before).trim_end();
        let after = after.strip_prefix(']').unwrap_or(after);
        let rest = if before.is_empty() { after.trim_start() } else { after };
        (Some(marker), format!("{before}{rest}").trim().to_owned())
    }

    fn parse(word: &str) -> Option<Self> {
        let rest = word.strip_prefix("sync:")?;
        let (connection, rest) = rest.split_once(':')?;
        let (document, generation) = rest.rsplit_once(':')?;
        let (kind, id) = document.split_once('/')?;
        let document = DocumentKey::from_str(&format!("{kind}/{}", unescape(id))).ok()?;
        Some(Self { connection: ConnectionId::from(connection), document, generation: generation.parse().ok()? })
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DocumentKind;

    fn marker(kind: DocumentKind, id: &str) -> Marker {
        Marker { connection: "main".into(), document: DocumentKey::new(kind, id), generation: 2 }
    }

    #[test]
    fn what_is_written_is_found_again() {
        for (kind, id) in [
            (DocumentKind::PayApp, "22.660002"),
            (DocumentKind::Customer, "Bayfront Health, [East]; 100% owned"),
            (DocumentKind::Customer, "\u{160}koda\u{a0}Plze\u{148}:2"),
        ] {
            let marker = marker(kind, id);
            assert_eq!(Marker::find(&format!("checked by Dana [{marker}], ok to pay")), Some(marker));
        }
    }

    #[test]
    fn people_may_write_around_it() {
        let marker = marker(DocumentKind::PayApp, "9");
        let note = format!("Voided - Pay app 2 [{marker}] ok, Dana");
        assert_eq!(Marker::take_from(&note), (Some(marker.clone()), "Voided - Pay app 2 ok, Dana".to_owned()));
        assert_eq!(Marker::take_from(&format!("[{marker}] ok")).1, "ok");
        assert_eq!(Marker::take_from(" no marker "), (None, "no marker".to_owned()));
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        for text in ["sync: me at sync:x:y", "sync:main:bill/7:0", "sync:main:pay_app/7", "sync:main:pay_app/%:x"] {
            assert_eq!(Marker::find(text), None, "{text}");
        }
    }
}
