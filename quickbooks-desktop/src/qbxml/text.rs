//! Text on its way to QuickBooks: what cannot be sent, what would be lost, how long it may be, and how it is escaped.
//!
//! QuickBooks Desktop stores a single-byte code page. A character outside Latin-1 is at best stored as `?`, for good,
//! so nothing here sends one: [`fit`] transliterates first and says what was lost.

use std::borrow::Cow;
use std::fmt;

/// Longest texts, in characters, by field (qbXML 16.0 for the US edition). Longer gives status 3070.
pub mod limits {
    /// `RefNumber` of a bill, vendor credit or received payment.
    pub const BILL_REF_NUMBER: usize = 20;
    /// `RefNumber` of an invoice, estimate, purchase order, journal entry or check.
    pub const OTHER_REF_NUMBER: usize = 11;
    /// `Memo`, line `Desc`, notes.
    pub const MEMO: usize = 4095;
    /// `Name` of a vendor, customer or job.
    pub const ENTITY_NAME: usize = 41;
    /// `FullName` of a customer or job.
    pub const CUSTOMER_FULL_NAME: usize = 209;
    /// `Name` of an item, class, account or terms; `FullName` of terms, sites and group items.
    pub const LIST_NAME: usize = 31;
    /// `FullName` of a class or account.
    pub const LIST_FULL_NAME: usize = 159;
    /// `Addr1` to `Addr5` and `Note` of an address.
    pub const ADDRESS_LINE: usize = 41;
    /// `City`, `Country`.
    pub const CITY: usize = 31;
    /// `State`.
    pub const STATE: usize = 21;
    /// `PostalCode`.
    pub const POSTAL_CODE: usize = 13;
    /// `UnitOfMeasure`.
    pub const UNIT_OF_MEASURE: usize = 31;
    /// Initials of a sales representative.
    pub const SALES_REP: usize = 5;
    /// `LotNumber`.
    pub const LOT_NUMBER: usize = 40;
    /// `ExpirationDateForSerialLotNumber`.
    pub const EXPIRATION_DATE: usize = 1099;
    /// `DataExtName`.
    pub const DATA_EXT_NAME: usize = 31;
    /// `requestID`.
    pub const REQUEST_ID: usize = 50;
    /// `newMessageSetID`, `oldMessageSetID`.
    pub const MESSAGE_SET_ID: usize = 24;
}

/// What fitting a text to QuickBooks cost. Nothing but these differs from the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Loss {
    /// Control characters that were removed.
    pub removed: usize,
    /// Characters written differently but readably, such as a curly quote as a straight one.
    pub transliterated: usize,
    /// Characters that became `?`.
    pub replaced: usize,
    /// Characters cut from the end.
    pub cut: usize,
}

impl Loss {
    /// Is the text as it was?
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Can a person no longer read everything that was there?
    pub fn loses_meaning(self) -> bool {
        self.replaced > 0 || self.cut > 0
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.removed, "control characters removed"),
            (self.transliterated, "characters written differently"),
            (self.replaced, "characters replaced by `?`"),
            (self.cut, "characters cut from the end"),
        ];
        let mut first = true;
        for (count, what) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{}{count} {what}", if first { "" } else { ", " })?;
            first = false;
        }
        if first { f.write_str("nothing lost") } else { Ok(()) }
    }
}

/// Makes a text one that QuickBooks takes and keeps: at most `max` characters, none of them a control character other
/// than tab, line feed and carriage return, none outside Latin-1. Borrows when nothing has to change.
///
/// Use it for texts that people read. Never for identifiers or names that refer to something: a shortened name is
/// another name.
///
/// ```
/// use quickbooks_desktop::qbxml::text::{fit, limits};
///
/// let (memo, loss) = fit("Owner’s change – “béton”\u{7}", limits::MEMO);
/// assert_eq!(memo, "Owner's change - \"béton\"");
/// assert_eq!((loss.transliterated, loss.removed, loss.loses_meaning()), (4, 1, false));
/// ```
pub fn fit(text: &str, max: usize) -> (Cow<'_, str>, Loss) {
    if text.len() <= max && text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t' | b'\n')) {
        return (Cow::Borrowed(text), Loss::default());
    }
    let mut loss = Loss::default();
    let mut fitted = String::with_capacity(text.len().min(max.saturating_mul(2)));
    let mut length = 0;
    let mut add = |part: &str, loss: &mut Loss| {
        for character in part.chars() {
            if length < max {
                fitted.push(character);
                length += 1;
            } else {
                loss.cut += 1;
            }
        }
    };
    for character in text.chars() {
        match fate(character) {
            Fate::Keep => add(character.encode_utf8(&mut [0; 4]), &mut loss),
            Fate::Remove => loss.removed += 1,
            Fate::Write(other) => {
                loss.transliterated += 1;
                add(other, &mut loss);
            }
            Fate::Lose => {
                loss.replaced += 1;
                add("?", &mut loss);
            }
        }
    }
    if loss.is_none() { (Cow::Borrowed(text), loss) } else { (Cow::Owned(fitted), loss) }
}

/// Makes a text usable as the `Name` of a list object: as [`fit`], and a colon, which separates the levels of a full
/// name and gives status 3090, becomes a hyphen.
pub fn fit_name(text: &str, max: usize) -> (Cow<'_, str>, Loss) {
    let colons = text.matches(':').count();
    if colons == 0 {
        return fit(text, max);
    }
    let without = text.replace(':', "-");
    let (fitted, mut loss) = fit(&without, max);
    loss.transliterated += colons;
    (Cow::Owned(fitted.into_owned()), loss)
}

enum Fate {
    Keep,
    Remove,
    Write(&'static str),
    Lose,
}

fn fate(character: char) -> Fate {
    let written = match character {
        '\t' | '\n' | '\r' | ' '..='~' | '\u{A0}'..='\u{FF}' => return Fate::Keep,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => return Fate::Remove,
        // Marks that print nothing.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}' => {
            return Fate::Remove;
        }
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2032}' => "'",
        '\u{201A}' => ",",
        '\u{201C}'..='\u{201F}' | '\u{2033}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => " ",
        '\u{2028}' | '\u{2029}' => "\n",
        '\u{2026}' => "...",
        '\u{2022}' | '\u{25CF}' | '\u{25AA}' => "*",
        '\u{2039}' => "<",
        '\u{203A}' => ">",
        '\u{20AC}' => "EUR",
        '\u{2122}' => "(TM)",
        '\u{2116}' => "No.",
        '\u{2153}' => "1/3",
        '\u{2154}' => "2/3",
        '\u{215B}' => "1/8",
        '\u{215C}' => "3/8",
        '\u{215D}' => "5/8",
        '\u{215E}' => "7/8",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "<>",
        '\u{2715}' => "x",
        'Œ' => "OE",
        'œ' => "oe",
        'Š' | 'Ś' | 'Ş' | 'Ș' => "S",
        'š' | 'ś' | 'ş' | 'ș' => "s",
        'Ž' | 'Ź' | 'Ż' => "Z",
        'ž' | 'ź' | 'ż' => "z",
        'Č' | 'Ć' => "C",
        'č' | 'ć' => "c",
        'Ď' | 'Đ' => "D",
        'ď' | 'đ' => "d",
        'Ě' | 'Ę' | 'Ē' => "E",
        'ě' | 'ę' | 'ē' => "e",
        'Ğ' => "G",
        'ğ' => "g",
        'İ' | 'Ī' => "I",
        'ı' | 'ī' => "i",
        'Ł' => "L",
        'ł' => "l",
        'Ń' | 'Ň' => "N",
        'ń' | 'ň' => "n",
        'Ő' | 'Ō' => "O",
        'ő' | 'ō' => "o",
        'Ř' => "R",
        'ř' => "r",
        'Ť' | 'Ț' => "T",
        'ť' | 'ț' => "t",
        'Ů' | 'Ű' | 'Ū' => "U",
        'ů' | 'ű' | 'ū' => "u",
        'Ą' | 'Ă' | 'Ā' => "A",
        'ą' | 'ă' | 'ā' => "a",
        'Ÿ' => "Y",
        _ => return Fate::Lose,
    };
    Fate::Write(written)
}

/// How characters between 128 and 255 are written. Both forms mean the same in a UTF-8 document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NonAscii {
    /// As `&#233;`: survives every layer between here and QuickBooks that may disagree about encodings.
    #[default]
    References,
    /// As UTF-8.
    Utf8,
}

/// A character that cannot be sent: a control character, or one outside Latin-1. [`fit`] removes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsendable(pub(crate) char);

const PLAIN: u8 = 0;
const ESCAPED: u8 = 1;
const QUOTE: u8 = 2;
const CHECKED: u8 = 3;

/// What has to be done about each byte of a text on its way out.
const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'&' | b'<' | b'>' | b'\r' | b'\n' => ESCAPED,
            b'"' => QUOTE,
            b'\t' => PLAIN,
            0..=0x1F | 0x7F..=0xFF => CHECKED,
            _ => PLAIN,
        };
        byte += 1;
    }
    class
};

/// Appends element text. Line ends become references, because a reader turns a bare carriage return into a line feed.
pub(crate) fn escape(out: &mut Vec<u8>, text: &str, non_ascii: NonAscii) -> Result<(), Unsendable> {
    escape_except(out, text, non_ascii, QUOTE)
}

/// Appends the value of an attribute, to stand between double quotes.
pub(crate) fn escape_attribute(out: &mut Vec<u8>, text: &str, non_ascii: NonAscii) -> Result<(), Unsendable> {
    escape_except(out, text, non_ascii, PLAIN)
}

fn escape_except(out: &mut Vec<u8>, text: &str, non_ascii: NonAscii, untouched: u8) -> Result<(), Unsendable> {
    let mut rest = text;
    loop {
        let stop = rest.bytes().position(|byte| {
            let class = CLASS.get(usize::from(byte)).copied().unwrap_or(CHECKED);
            class != PLAIN && class != untouched
        });
        let Some((plain, special)) = stop.and_then(|at| rest.split_at_checked(at)) else {
            out.extend_from_slice(rest.as_bytes());
            return Ok(());
        };
        out.extend_from_slice(plain.as_bytes());
        let mut characters = special.chars();
        match characters.next() {
            Some('&') => out.extend_from_slice(b"&amp;"),
            Some('<') => out.extend_from_slice(b"&lt;"),
            Some('>') => out.extend_from_slice(b"&gt;"),
            Some('"') => out.extend_from_slice(b"&quot;"),
            Some('\n') => out.extend_from_slice(b"&#10;"),
            Some('\r') => out.extend_from_slice(b"&#13;"),
            Some(character @ '\u{A0}'..='\u{FF}') => match non_ascii {
                NonAscii::Utf8 => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                NonAscii::References => {
                    let code = u32::from(character);
                    let digit = |n: u32| b'0' + u8::try_from(n % 10).unwrap_or(0);
                    out.extend_from_slice(&[b'&', b'#', digit(code / 100), digit(code / 10), digit(code), b';']);
                }
            },
            Some(character) => return Err(Unsendable(character)),
            None => return Ok(()),
        }
        rest = characters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str, non_ascii: NonAscii) -> Result<String, Unsendable> {
        let mut out = Vec::new();
        escape(&mut out, text, non_ascii).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn given_markup_and_accents_when_escaped_then_both_forms_are_as_documented() {
        assert_eq!(escaped("a<b> & \"é\"\n", NonAscii::References).unwrap(), "a&lt;b&gt; &amp; \"&#233;\"&#10;");
        assert_eq!(escaped("béton", NonAscii::Utf8).unwrap(), "béton");
        let mut out = Vec::new();
        escape_attribute(&mut out, "say \"x\"", NonAscii::Utf8).unwrap();
        assert_eq!(out, b"say &quot;x&quot;");
    }

    #[test]
    fn given_characters_that_would_be_lost_when_escaped_then_they_are_refused() {
        for bad in ['\u{0}', '\u{1F}', '\u{7F}', '\u{85}', '–', '\u{100}', '漢', '\u{1F600}'] {
            assert_eq!(escaped(&format!("x{bad}"), NonAscii::Utf8), Err(Unsendable(bad)));
        }
    }

    #[test]
    fn given_a_long_text_when_fitted_then_characters_are_counted_not_bytes() {
        let text = "é".repeat(25);
        let (fitted, loss) = fit(&text, 20);
        assert_eq!((fitted.chars().count(), loss.cut, loss.loses_meaning()), (20, 5, true));
        assert_eq!(fit("漢字", 10), (Cow::Borrowed("??"), Loss { replaced: 2, ..Loss::default() }));
    }

    #[test]
    fn given_a_name_with_colons_when_fitted_then_they_do_not_make_levels() {
        let (name, loss) = fit_name("Tower: phase 2", 41);
        assert_eq!((&*name, loss.transliterated), ("Tower- phase 2", 1));
        assert_eq!(loss.to_string(), "1 characters written differently");
    }

    proptest! {
        #[test]
        fn given_any_text_when_fitted_then_it_can_be_sent_and_fits(text in any::<String>(), max in 0usize..40) {
            let (fitted, loss) = fit(&text, max);
            prop_assert!(fitted.chars().count() <= max);
            prop_assert!(escaped(&fitted, NonAscii::References).unwrap().is_ascii());
            prop_assert_eq!(loss.is_none(), *fitted == *text);
            prop_assert_eq!(fit(&fitted, max).1, Loss::default());
        }
    }
}
