//! Templates for numbers, names and memos: text with `{placeholders}`, compiled once.

use sha2::{Digest, Sha256};

/// A compiled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(&'static str),
}

impl Template {
    /// Compiles a template whose placeholders are all in `known`.
    pub(super) fn parse(text: &str, known: &'static [&'static str]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            let close = after.find('}').ok_or_else(|| "a `{` has no `}`".to_owned())?;
            let name = after.get(1..close).unwrap_or_default();
            let value = known.iter().find(|k| **k == name).ok_or_else(|| format!("there is no `{{{name}}}` here"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Value(value));
            rest = after.get(close + 1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self { pieces })
    }

    /// Fills the template. A placeholder without value leaves nothing.
    pub(super) fn fill(&self, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(name) => {
                    out.push_str(values.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value));
                }
            }
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Shortens a number or name to a limit without collisions: what is cut off comes back as a short digest, so that two
/// numbers that differ only at the end stay different, and the same number is always shortened alike.
pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    const DIGEST: usize = 6;
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let digest = crate::engine::hex(&Sha256::digest(text.as_bytes()));
    let digest: String = digest.chars().take(DIGEST).collect();
    let keep = max_chars.saturating_sub(DIGEST + 1);
    let head: String = text.chars().take(keep).collect();
    format!("{}~{digest}", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_spaces_are_tidied() {
        let template = Template::parse("{a} of {b}: {c}", &["a", "b", "c"]).unwrap();
        assert_eq!(template.fill(&[("a", "1"), ("b", "SC-7")]), "1 of SC-7:");
    }

    #[test]
    fn long_numbers_stay_within_the_limit_and_stay_different() {
        let (a, b) = (shorten("SC-2026-014-003-LONG-001", 21), shorten("SC-2026-014-003-LONG-002", 21));
        assert!(a.chars().count() <= 21 && b.chars().count() <= 21);
        assert_ne!(a, b);
        assert_eq!(shorten("SC-1", 21), "SC-1");
    }
}
