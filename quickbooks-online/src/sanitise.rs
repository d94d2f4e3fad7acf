//! Texts made fit for QuickBooks before they are sent: lengths and forbidden characters.
//!
//! Lengths as in the reference of each entity,
//! e.g. <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/vendor>.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Longest document number.
pub const MAX_NUMBER: usize = 21;
/// Longest display name of a customer, job or vendor.
pub const MAX_NAME: usize = 500;
/// Longest company name.
pub const MAX_COMPANY: usize = 100;
/// Longest text of a line.
pub const MAX_DESCRIPTION: usize = 4000;
/// Longest private note.
pub const MAX_NOTE: usize = 4000;
/// Longest notes of a customer.
pub const MAX_CUSTOMER_NOTES: usize = 2000;
/// Longest name of an attached file.
pub const MAX_FILE_NAME: usize = 1000;
/// Longest note of an attached file.
pub const MAX_ATTACHMENT_NOTE: usize = 2000;
/// Longest telephone number; the documentation also names 20.
pub const MAX_PHONE: usize = 30;
/// Longest e-mail address.
pub const MAX_EMAIL: usize = 100;
/// Longest line of an address.
pub const MAX_ADDRESS_LINE: usize = 500;
/// Longest city, state or country.
pub const MAX_PLACE: usize = 255;
/// Longest postal code.
pub const MAX_POSTAL_CODE: usize = 30;

/// At most `max` characters; the whole text where it fits.
#[must_use]
pub fn cut(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// A document number: no control characters, at most 21 characters. A longer one keeps its beginning and ends in eight
/// digits of its hash, so that two long numbers stay two.
#[must_use]
pub fn number(text: &str) -> Cow<'_, str> {
    let clean = one_line(text, |_| false);
    if clean.chars().count() <= MAX_NUMBER {
        return clean;
    }
    let mut short = cut(&clean, MAX_NUMBER - 9).trim_end().to_owned();
    short.push('~');
    for byte in Sha256::digest(clean.as_bytes()).iter().take(4) {
        let _ = write!(short, "{byte:02x}");
    }
    Cow::Owned(short)
}

/// A display name: `:`, tab and line end become spaces, at most 500 characters.
#[must_use]
pub fn name(text: &str) -> Cow<'_, str> {
    shortened(one_line(text, |c| c == ':'), MAX_NAME)
}

/// A text on one line, at most `max` characters.
#[must_use]
pub fn line(text: &str, max: usize) -> Cow<'_, str> {
    shortened(one_line(text, |_| false), max)
}

/// A text that may have several lines, at most `max` characters; control characters other than line ends go.
#[must_use]
pub fn paragraph(text: &str, max: usize) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && c != '\n';
    if !text.contains(bad) {
        return Cow::Borrowed(cut(text.trim(), max));
    }
    let clean: String = text.chars().filter(|c| !bad(*c)).collect();
    Cow::Owned(cut(clean.trim(), max).to_owned())
}

fn shortened(text: Cow<'_, str>, max: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text, max).trim_end()),
        Cow::Owned(text) => Cow::Owned(cut(&text, max).trim_end().to_owned()),
    }
}

/// Trimmed, with control characters and `forbidden` ones as single spaces.
fn one_line(text: &str, forbidden: fn(char) -> bool) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains(|c: char| c.is_control() || forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let spaced: String = text.chars().map(|c| if c.is_control() || forbidden(c) { ' ' } else { c }).collect();
    let mut clean = String::with_capacity(spaced.len());
    for word in spaced.split_whitespace() {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_is_forbidden() {
        assert_eq!(name(" Delta:\tDrywall\nInc "), "Delta Drywall Inc");
        assert_eq!(name("Amy's & Co \"x\""), "Amy's & Co \"x\"");
        assert_eq!(name(&"é".repeat(600)).chars().count(), MAX_NAME);
    }

    #[test]
    fn long_numbers_stay_different_and_stable() {
        let (one, two) = (number("SC-2024-HARBOR-CLINIC-001"), number("SC-2024-HARBOR-CLINIC-002"));
        assert_ne!(one, two);
        assert_eq!(one.chars().count(), MAX_NUMBER);
        assert_eq!(one, number("SC-2024-HARBOR-CLINIC-001"));
        assert_eq!(number("123456789012345678901"), "123456789012345678901");
        assert_eq!(number(" DD-\t1043 "), "DD- 1043");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("añb", 2), "añ");
        assert_eq!(paragraph("a\u{0}b\r\nc ", 10), "ab\nc");
        assert_eq!(line("a\nb", 10), "a b");
    }
}
