//! Values, and the canonical bytes that decide when two of them are the same.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::model::Money;

use super::ndjson::nested;

/// One value of a record. Two values are the same when their kinds and contents are the same:
///
/// - numbers by value, exactly, at any length: `10.50`, `10.5` and `1.05e1` are one number;
/// - text character by character;
/// - money by amount and currency: 10 USD is not 10 CAD;
/// - nested JSON by content: the order of members and white space do not matter, the order of elements does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// No value: absent or null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Cow<'a, str>),
    /// An amount in a currency.
    Money(Money),
    /// A JSON object or array that is well formed.
    Json(&'a str),
    /// Canonical bytes made earlier by [`Value::encode`].
    Canonical(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Text that may be an amount: a plain decimal (`"10.50"`, no exponent, no leading zeros) counts as its number,
    /// since Procore writes amounts as strings and QuickBooks as numbers. Where `"1.10"` and `"1.1"` are codes, use
    /// [`Value::Text`].
    #[inline]
    pub fn amount_or_text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        match Number::plain(&text) {
            Some(number) => Value::Number(number),
            None => Value::Text(text),
        }
    }

    /// Appends the canonical bytes: equal if and only if the values are the same; no value's bytes are the beginning
    /// of another's.
    #[inline(always)]
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.push(b'0'),
            Value::Bool(false) => out.push(b'f'),
            Value::Bool(true) => out.push(b't'),
            Value::Number(number) => number.encode(out),
            Value::Text(text) => encode_text(text, out),
            Value::Money(money) => {
                out.push(b'm');
                Number::from(money.amount()).encode(out);
                encode_text(money.currency().code(), out);
            }
            Value::Json(text) => nested::encode(text, out),
            Value::Canonical(bytes) => out.extend_from_slice(bytes),
        }
    }
}

#[inline]
pub(super) fn encode_text(text: &str, out: &mut Vec<u8>) {
    out.push(b's');
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// An exact decimal of any length, in lowest terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    /// Up to 19 significant digits: coefficient × 10^exponent, the coefficient not a multiple of ten.
    Small { negative: bool, coefficient: u64, exponent: i64 },
    /// More: the digits themselves, without zeros at either end.
    Large { negative: bool, digits: Box<[u8]>, exponent: i64 },
}

const SMALL_DIGITS: usize = 19;
/// An exponent beyond this is no amount; refusing it keeps the arithmetic on exponents from overflowing.
const MAX_EXPONENT: i64 = 1_000_000_000;

impl Number {
    const ZERO: Self = Self(Repr::Small { negative: false, coefficient: 0, exponent: 0 });

    /// A number in JSON's spelling, exponent included. `None`: not one, or its exponent is beyond a thousand million.
    #[inline]
    pub fn json(text: &str) -> Option<Self> {
        Self::parse(text.as_bytes(), true)
    }

    /// A plain decimal: JSON's spelling without an exponent.
    #[inline]
    pub fn plain(text: &str) -> Option<Self> {
        Self::parse(text.as_bytes(), false)
    }

    #[inline(always)]
    fn parse(text: &[u8], with_exponent: bool) -> Option<Self> {
        let (negative, rest) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            _ => (false, text),
        };
        // Nearly every number: up to 19 digits, no exponent, summed up as they come.
        let (mut coefficient, mut fraction, mut point) = (0_u64, 0_i64, false);
        if rest.len() <= SMALL_DIGITS {
            let mut plain = true;
            for byte in rest {
                let digit = byte.wrapping_sub(b'0');
                if digit < 10 {
                    coefficient = coefficient * 10 + u64::from(digit);
                    fraction += i64::from(point);
                } else if *byte == b'.' && !point {
                    point = true;
                } else {
                    plain = false;
                    break;
                }
            }
            if plain {
                let leading = matches!(rest, [b'0', b'0'..=b'9', ..] | [b'.', ..] | []);
                return (!leading && (fraction > 0) == point).then(|| Self::small(negative, coefficient, -fraction));
            }
            if !with_exponent {
                return None;
            }
        }
        Self::parse_any(negative, rest, with_exponent)
    }

    /// In lowest terms; the coefficient has at most 19 digits.
    #[inline]
    fn small(negative: bool, mut coefficient: u64, mut exponent: i64) -> Self {
        if coefficient == 0 {
            return Self::ZERO;
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        Self(Repr::Small { negative, coefficient, exponent })
    }

    #[cold]
    fn parse_any(negative: bool, rest: &[u8], with_exponent: bool) -> Option<Self> {
        let mut bytes = rest.iter();
        let (mut digits, mut integral, mut fraction, mut exponent) = (Vec::new(), 0_usize, None::<i64>, 0_i64);
        while let Some(byte) = bytes.next() {
            match byte {
                b'0'..=b'9' => {
                    digits.push(*byte);
                    match &mut fraction {
                        Some(count) => *count += 1,
                        None => integral += 1,
                    }
                }
                b'.' if fraction.is_none() => fraction = Some(0),
                b'e' | b'E' if with_exponent => {
                    exponent = parse_exponent(bytes.as_slice())?;
                    break;
                }
                _ => return None,
            }
        }
        if integral == 0 || fraction == Some(0) || (integral > 1 && rest.starts_with(b"0")) {
            return None;
        }
        let significant = digits.iter().rposition(|d| *d != b'0').map_or(0, |last| last + 1);
        let exponent = exponent - fraction.unwrap_or(0) + (digits.len() - significant) as i64;
        digits.truncate(significant);
        let digits: Box<[u8]> = digits.into_iter().skip_while(|d| *d == b'0').collect();
        if digits.len() > SMALL_DIGITS {
            return Some(Self(Repr::Large { negative, digits, exponent }));
        }
        let coefficient = digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        Some(Self::small(negative, coefficient, exponent))
    }

    #[inline(always)]
    fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Repr::Small { negative, coefficient, exponent } => {
                let mut bytes = [0; 17];
                let (tag, rest) = bytes.split_at_mut(1);
                tag.fill(if *negative { b'-' } else { b'+' });
                let (high, low) = rest.split_at_mut(8);
                high.copy_from_slice(&coefficient.to_le_bytes());
                low.copy_from_slice(&exponent.to_le_bytes());
                out.extend_from_slice(&bytes);
            }
            Repr::Large { negative, digits, exponent } => {
                out.push(if *negative { b'N' } else { b'P' });
                out.extend_from_slice(&exponent.to_le_bytes());
                out.extend_from_slice(&(digits.len() as u64).to_le_bytes());
                out.extend_from_slice(digits);
            }
        }
    }
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
        if value > MAX_EXPONENT {
            return None;
        }
    }
    Some(if negative { -value } else { value })
}

impl From<u64> for Number {
    #[inline]
    fn from(value: u64) -> Self {
        u128_number(false, u128::from(value), 0)
    }
}

impl From<i64> for Number {
    #[inline]
    fn from(value: i64) -> Self {
        u128_number(value < 0, u128::from(value.unsigned_abs()), 0)
    }
}

impl From<Decimal> for Number {
    #[inline]
    fn from(value: Decimal) -> Self {
        u128_number(value.mantissa() < 0, value.mantissa().unsigned_abs(), -i64::from(value.scale()))
    }
}

#[inline]
fn u128_number(negative: bool, value: u128, exponent: i64) -> Number {
    match u64::try_from(value) {
        Ok(small) if small < 10_000_000_000_000_000_000 => Number::small(negative, small, exponent),
        _ => {
            let sign = if negative { "-" } else { "" };
            Number::parse(format!("{sign}{value}e{exponent}").as_bytes(), true).unwrap_or(Number::ZERO)
        }
    }
}

/// The shortest plain spelling up to 40 places, beyond that with an exponent. One spelling a value.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, digits, exponent) = match &self.0 {
            Repr::Small { negative, coefficient, exponent } => (*negative, coefficient.to_string(), *exponent),
            Repr::Large { negative, digits, exponent } => {
                (*negative, String::from_utf8_lossy(digits).into_owned(), *exponent)
            }
        };
        if negative {
            f.write_str("-")?;
        }
        match usize::try_from(exponent.unsigned_abs()) {
            Ok(zeros) if exponent >= 0 && zeros <= 40 => write!(f, "{digits}{}", "0".repeat(zeros)),
            Ok(places) if exponent < 0 && places < digits.len() => {
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{whole}.{fraction}")
            }
            Ok(places) if exponent < 0 && places <= 40 => write!(f, "0.{}{digits}", "0".repeat(places - digits.len())),
            _ => write!(f, "{digits}e{exponent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Currency;

    fn bytes(value: &Value<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        value.encode(&mut out);
        out
    }

    #[test]
    fn given_spellings_of_one_amount_then_they_are_the_same() {
        let same = [
            Value::amount_or_text("10.50"),
            Value::amount_or_text("10.5"),
            Value::Number(Number::json("10.5").unwrap()),
            Value::Number(Number::json("10.5e0").unwrap()),
            Value::Number(Number::json("105E-1").unwrap()),
            Value::Number(Number::json("0.00105e+4").unwrap()),
            Value::Number("10.500".parse::<Decimal>().unwrap().into()),
        ];
        assert!(same.iter().all(|value| bytes(value) == bytes(&same[0])), "{same:?}");
        for zero in ["0", "-0", "0.00", "0e5", "-0.0e-3"] {
            assert_eq!(Number::json(zero), Some(Number::ZERO));
        }
    }

    #[test]
    fn given_amounts_that_a_float_cannot_tell_apart_then_they_differ() {
        let pairs = [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.10000000000000000001"),
            ("12345678901234567890.01", "12345678901234567890.02"),
            ("1", "-1"),
            ("1", "10"),
        ];
        for (a, b) in pairs {
            let (a, b) = (Number::json(a).unwrap(), Number::json(b).unwrap());
            assert_ne!(bytes(&Value::Number(a.clone())), bytes(&Value::Number(b.clone())));
            assert_ne!(a, b);
        }
        assert_eq!(Number::json("123456789012345678901234567890"), Number::json("1.2345678901234567890123456789e29"));
        assert_eq!(Number::from(u64::MAX), Number::json("18446744073709551615").unwrap());
        assert_eq!(Number::from(Decimal::MAX), Number::json(&Decimal::MAX.to_string()).unwrap());
    }

    #[test]
    fn given_text_that_is_no_plain_decimal_then_it_stays_text() {
        for text in ["", "-", "01", "1.", ".5", "1e5", "+1", "1,000", "1 ", "0x1", "34-0076.O", "٣", "1.2.3"] {
            assert!(matches!(Value::amount_or_text(text), Value::Text(_)), "{text}");
        }
        for text in ["1e", "1e+", "1e99999999999", "--1", "1..2", "1e5.0"] {
            assert_eq!(Number::json(text), None, "{text}");
        }
    }

    #[test]
    fn given_two_currencies_then_the_same_amount_differs() {
        let usd = Money::new(Decimal::TEN, Currency::USD).unwrap();
        let cad = Money::new(Decimal::TEN, "CAD".parse().unwrap()).unwrap();
        assert_ne!(bytes(&Value::Money(usd)), bytes(&Value::Money(cad)));
        assert_ne!(bytes(&Value::Money(usd)), bytes(&Value::Number(Decimal::TEN.into())));
    }

    #[test]
    fn given_numbers_then_each_value_has_one_spelling() {
        for (from, to) in [
            ("1200", "1200"),
            ("12.50", "12.5"),
            ("-0.005", "-0.005"),
            ("1e-3", "0.001"),
            ("5e50", "5e50"),
            ("15e-60", "15e-60"),
        ] {
            assert_eq!(Number::json(from).unwrap().to_string(), to);
        }
    }
}
