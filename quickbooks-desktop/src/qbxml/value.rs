//! Identifiers, dates and times as qbXML writes them.
//!
//! Shapes: `IDTYPE`, `DATETYPE`, `DATETIMETYPE`, `GUIDTYPE` of Intuit's qbXML schema
//! (<https://developer.intuit.com/app/developer/qbdesktop/docs/api-reference/qbdesktop>).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// Why a text is not the value that its element must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Nothing between the tags, where a value is needed.
    #[error("is empty")]
    Empty,
    /// Longer than the schema allows, in characters.
    #[error("has {length} characters, QuickBooks takes {max}")]
    TooLong {
        /// As counted.
        length: usize,
        /// The limit of the schema.
        max: usize,
    },
    /// A control character, which XML 1.0 cannot carry.
    #[error("holds a control character")]
    Control,
    /// Not `AMTTYPE`: up to 13 digits, then nothing or a point and exactly two.
    #[error("is not an amount (up to 13 digits, then nothing or a point and two decimals)")]
    Amount,
    /// Not `PRICETYPE`, `QUANTYPE` or `PERCENTTYPE`: up to ten digits and five decimals.
    #[error("is not a number of up to 10 digits and 5 decimals")]
    Number,
    /// Not a date `YYYY-MM-DD` of the calendar.
    #[error("is not a date (YYYY-MM-DD)")]
    Date,
    /// Not a date and time `YYYY-MM-DD[THH[:MM[:SS[+HH:MM]]]]`.
    #[error("is not a date and time (YYYY-MM-DDTHH:MM:SS, offset optional)")]
    DateTime,
    /// Not `true`, `false`, `1` or `0`.
    #[error("is not true or false")]
    Bool,
    /// Not a whole number.
    #[error("is not a whole number")]
    Integer,
    /// Not made of letters, digits, `-` and `_`.
    #[error("holds other characters than letters, digits, - and _")]
    MessageSetId,
    /// Neither `0` nor a GUID in braces.
    #[error("is not a GUID in braces such as {{0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B}}")]
    Guid,
}

/// Checks the number of characters; counts them only when the bytes do not settle it.
pub(crate) fn check_length(text: &str, max: usize) -> Result<(), ValueError> {
    if text.len() <= max {
        return Ok(());
    }
    let length = text.chars().count();
    if length <= max { Ok(()) } else { Err(ValueError::TooLong { length, max }) }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name<'a>(Cow<'a, str>);

        impl<'a> $name<'a> {
            /// Longest text that QuickBooks takes, in characters.
            pub const MAX: usize = $max;

            /// Checks and wraps.
            ///
            /// # Errors
            /// [`ValueError`] if the text is empty, too long, or holds a control character.
            pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, ValueError> {
                let text = text.into();
                if text.is_empty() {
                    return Err(ValueError::Empty);
                }
                check_length(&text, $max)?;
                if text.bytes().any(|b| b < 0x20) {
                    return Err(ValueError::Control);
                }
                Ok(Self(text))
            }

            /// The text, as QuickBooks wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same value, borrowed.
            pub fn borrowed(&self) -> $name<'_> {
                $name(Cow::Borrowed(&self.0))
            }

            /// The same value, independent of the bytes it was read from.
            pub fn into_owned(self) -> $name<'static> {
                $name(Cow::Owned(self.0.into_owned()))
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name<'static> {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                Self::new(text.to_owned())
            }
        }
    };
}

identifier! {
    /// Names a list object (vendor, customer, account, item, class, terms). Unique within one list type of one company
    /// file; survives renames. Opaque: only compare it.
    ListId, 36
}
identifier! {
    /// Names a transaction, unique among all transactions of one company file. Opaque: only compare it.
    TxnId, 36
}
identifier! {
    /// Names a line of a transaction. Opaque; `-1` stands for a new line in a modification.
    TxnLineId, 36
}
identifier! {
    /// The version of an object: every save changes it, and a modification needs the current one (else status 3200).
    EditSequence, 16
}

/// A GUID in braces, or `0` (the owner of public custom fields).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Guid<'a>(Cow<'a, str>);

impl<'a> Guid<'a> {
    /// Checks and wraps.
    ///
    /// # Errors
    /// [`ValueError::Guid`] if the text is neither `0` nor `{8-4-4-4-12}` hexadecimal digits.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, ValueError> {
        let text = text.into();
        let bytes = text.as_bytes();
        let braced = bytes.len() == 38
            && bytes.iter().enumerate().all(|(i, b)| match i {
                0 => *b == b'{',
                37 => *b == b'}',
                9 | 14 | 19 | 24 => *b == b'-',
                _ => b.is_ascii_hexdigit(),
            });
        if braced || bytes == b"0" { Ok(Self(text)) } else { Err(ValueError::Guid) }
    }

    /// The text, with its braces.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same value, independent of the bytes it was read from.
    pub fn into_owned(self) -> Guid<'static> {
        Guid(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Debug for Guid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guid({})", self.0)
    }
}

/// A calendar date, `YYYY-MM-DD`, years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QbDate(NaiveDate);

impl QbDate {
    /// The first year that QuickBooks takes as the date of a transaction.
    pub const FIRST_TXN_YEAR: i32 = 1901;

    /// Wraps a date.
    ///
    /// # Errors
    /// [`ValueError::Date`] outside the years 1 to 9999.
    pub fn new(date: NaiveDate) -> Result<Self, ValueError> {
        if (1..=9999).contains(&date.year()) { Ok(Self(date)) } else { Err(ValueError::Date) }
    }

    /// The date.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// May it stand as the date of a transaction?
    pub(crate) fn is_txn_date(self) -> bool {
        self.0.year() >= Self::FIRST_TXN_YEAR
    }

    /// The ten characters that go on the wire.
    pub(crate) fn to_bytes(self) -> [u8; 10] {
        let (year, month, day) = (self.0.year().unsigned_abs(), self.0.month(), self.0.day());
        let digit = |n: u32| b'0' + u8::try_from(n % 10).unwrap_or(0);
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

/// Two or four ASCII digits as a number.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

impl FromStr for QbDate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let parse = || {
            let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
            let year = i32::try_from(digits(&[y1, y2, y3, y4])?).ok()?;
            NaiveDate::from_ymd_opt(year, digits(&[m1, m2])?, digits(&[d1, d2])?)
        };
        parse().ok_or(ValueError::Date).and_then(Self::new)
    }
}

impl fmt::Display for QbDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|b| fmt::Write::write_char(f, char::from(*b)))
    }
}

impl fmt::Debug for QbDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A moment as QuickBooks wrote it, such as `2015-01-30T18:24:42-08:00`.
///
/// The text is kept and is what a modified-since cursor must send back. QuickBooks does not move the offset with
/// daylight saving, so [`wall_clock`](Self::wall_clock) is right and the offset may be an hour off: convert with the
/// time zone of the machine that runs QuickBooks, not with [`offset_minutes`](Self::offset_minutes).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct QbDateTime<'a>(Cow<'a, str>);

impl<'a> QbDateTime<'a> {
    /// Checks and wraps.
    ///
    /// # Errors
    /// [`ValueError::DateTime`] if the text is not a date, a time and perhaps an offset.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, ValueError> {
        let text = text.into();
        if split_moment(&text).is_some() { Ok(Self(text)) } else { Err(ValueError::DateTime) }
    }

    /// The text, as QuickBooks wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Date and time on the clock of the machine that runs QuickBooks.
    pub fn wall_clock(&self) -> NaiveDateTime {
        split_moment(&self.0).map(|(moment, _)| moment).unwrap_or_default()
    }

    /// The offset from UTC in minutes, if one was written. See the type for why it cannot be trusted in summer.
    pub fn offset_minutes(&self) -> Option<i32> {
        split_moment(&self.0).and_then(|(_, offset)| offset)
    }

    /// The same moment, independent of the bytes it was read from.
    pub fn into_owned(self) -> QbDateTime<'static> {
        QbDateTime(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for QbDateTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for QbDateTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes one or two digits from the front.
fn number<'t>(text: &mut &'t [u8]) -> Option<u32> {
    let length = text.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    let (head, rest): (&'t [u8], &'t [u8]) = text.split_at_checked(length)?;
    *text = rest;
    if head.is_empty() { None } else { digits(head) }
}

fn split_moment(text: &str) -> Option<(NaiveDateTime, Option<i32>)> {
    let (year, mut rest) = text.as_bytes().split_at_checked(4)?;
    let year = i32::try_from(digits(year)?).ok()?;
    let mut field = |mark: u8| {
        rest = rest.strip_prefix(&[mark])?;
        number(&mut rest)
    };
    let date = NaiveDate::from_ymd_opt(year, field(b'-')?, field(b'-')?)?;
    let hour = field(b'T');
    let minute = hour.and_then(|_| field(b':'));
    let second = minute.and_then(|_| field(b':'));
    let time = NaiveTime::from_hms_opt(hour.unwrap_or(0), minute.unwrap_or(0), second.unwrap_or(0))?;
    let offset = match (second, rest) {
        (_, []) => None,
        (Some(_), [sign @ (b'+' | b'-'), tail @ ..]) => {
            rest = tail;
            let hours = number(&mut rest)?;
            rest = rest.strip_prefix(b":")?;
            let minutes = i32::try_from(hours * 60 + number(&mut rest)?).ok()?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => return None,
    };
    rest.is_empty().then(|| (date.and_time(time), offset))
}

/// Reads `BOOLTYPE`.
pub(crate) fn parse_bool(text: &str) -> Result<bool, ValueError> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ValueError::Bool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_ids_when_wrapped_then_length_and_controls_are_checked() {
        assert_eq!(ListId::new("80000001-1700000000").unwrap().as_str(), "80000001-1700000000");
        assert_eq!(TxnId::new(""), Err(ValueError::Empty));
        assert_eq!(EditSequence::new("12345678901234567"), Err(ValueError::TooLong { length: 17, max: 16 }));
        assert_eq!(TxnLineId::new("1\u{7}"), Err(ValueError::Control));
    }

    #[test]
    fn given_dates_when_read_then_only_the_calendar_passes_and_the_text_comes_back() {
        assert_eq!("2026-02-28".parse::<QbDate>().unwrap().to_string(), "2026-02-28");
        for bad in ["2026-02-29", "2026-2-28", "2026-02-28Z", "20260228", "", "0000-01-01", "２026-01-1"] {
            assert_eq!(bad.parse::<QbDate>(), Err(ValueError::Date), "{bad}");
        }
    }

    #[test]
    fn given_moments_when_read_then_clock_and_offset_are_apart_and_the_text_is_kept() {
        let moment = QbDateTime::new("2015-01-30T18:24:42-08:00").unwrap();
        assert_eq!(moment.wall_clock().to_string(), "2015-01-30 18:24:42");
        assert_eq!(moment.offset_minutes(), Some(-480));
        assert_eq!(moment.as_str(), "2015-01-30T18:24:42-08:00");
        for good in ["2015-01-30", "2015-1-3T7", "2015-01-30T18:24", "2015-01-30T18:24:42"] {
            assert_eq!(QbDateTime::new(good).unwrap().offset_minutes(), None, "{good}");
        }
        for bad in
            ["", "2015-13-01", "2015-01-30T25:00:00", "2015-01-30T18-08:00", "2015-01-30T18:24:42Z", "2015-01-30 "]
        {
            assert_eq!(QbDateTime::new(bad), Err(ValueError::DateTime), "{bad}");
        }
    }

    #[test]
    fn given_guids_when_wrapped_then_braces_are_needed() {
        assert!(Guid::new("{0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B}").is_ok());
        assert!(Guid::new("0").is_ok());
        assert_eq!(Guid::new("0F5E2C1A-7B3D-4E6F-9A8B-1C2D3E4F5A6B"), Err(ValueError::Guid));
    }
}
