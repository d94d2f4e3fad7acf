//! The words of an expression.

use rust_decimal::Decimal;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(Decimal),
    /// One of the signs below.
    Sign(&'static str),
}

/// Longer ones first, so that `<=` is not read as `<`.
const SIGNS: [&str; 21] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "?", ":", "(", ")", "[", "]", ",", "."];

/// The words, each with its place (in characters, from 0).
pub(super) fn words(text: &str) -> Result<Vec<(usize, Token)>, (usize, String)> {
    let mut words = Vec::new();
    let mut rest = text;
    let place = |rest: &str| text.chars().count() - rest.chars().count();
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(words) };
        let at = place(rest);
        let (token, length) = if first == '\'' || first == '"' {
            let inside = rest.get(1..).unwrap_or_default();
            let end = inside.find(first).ok_or_else(|| (at, "a quote is opened and not closed".to_owned()))?;
            (Token::Text(inside.get(..end).unwrap_or_default().to_owned()), end + 2)
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let digits = rest.get(..length).unwrap_or_default();
            let number = digits.parse().map_err(|_| (at, format!("`{digits}` is not a number")))?;
            (Token::Number(number), length)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Name(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err((at, format!("`{first}` means nothing here")));
        };
        words.push((at, token));
        rest = rest.get(length..).unwrap_or_default();
    }
}
