//! Amounts and quantities, exact, in the lexical forms that qbXML allows.
//!
//! `AMTTYPE` is `[+-]?\d{1,13}(\.\d{2})?`; `PRICETYPE`, `QUANTYPE` and `PERCENTTYPE` are `[+-]?\d{1,10}(\.\d{1,5})?`.
//! No separators, no currency sign, no exponent, and no binary fraction anywhere.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::value::ValueError;

/// The digits of a number, first to last, in a buffer on the stack.
#[derive(Clone, Copy)]
pub(crate) struct Digits {
    bytes: [u8; 24],
    start: usize,
}

impl Digits {
    fn new(units: i64, scale: u8) -> Self {
        let mut digits = Self { bytes: [b'0'; 24], start: 24 };
        let (mut left, mut decimals) = (units.unsigned_abs(), u32::from(scale));
        // At least one digit stands before the point.
        let mut pending = decimals + 1;
        while left > 0 || pending > 0 {
            digits.push(b'0' + u8::try_from(left % 10).unwrap_or(0));
            left /= 10;
            pending = pending.saturating_sub(1);
            if decimals == 1 {
                digits.push(b'.');
            }
            decimals = decimals.saturating_sub(1);
        }
        if units < 0 {
            digits.push(b'-');
        }
        digits
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.start.checked_sub(1).and_then(|at| self.bytes.get_mut(at)) {
            *slot = byte;
            self.start -= 1;
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.as_bytes()).unwrap_or_default())
    }
}

/// Sign, digits and decimals of a plain number: its units and its scale.
fn read(text: &str, whole_digits: usize, decimals: usize) -> Option<(i64, u8)> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    // 13 digits and 2 decimals, or 10 and 5: at most 15 digits, far inside an i64.
    let mut units: i64 = 0;
    let (mut whole, mut fraction, mut point) = (0, 0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                units = units.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
                if point {
                    fraction += 1;
                } else {
                    whole += 1;
                }
            }
            b'.' if !point => point = true,
            _ => return None,
        }
        if whole > whole_digits || fraction > decimals {
            return None;
        }
    }
    if whole == 0 || (point && fraction == 0) {
        return None;
    }
    Some((if negative { -units } else { units }, u8::try_from(fraction).ok()?))
}

/// An amount of money in whole cents of the transaction's currency (`AMTTYPE`).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// The largest amount in cents that `AMTTYPE` can write: 13 digits and two decimals.
    pub const MAX_CENTS: i64 = 999_999_999_999_999;
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount from cents.
    ///
    /// # Errors
    /// [`ValueError::Amount`] if it has more than 13 digits before the point.
    pub fn from_cents(cents: i64) -> Result<Self, ValueError> {
        if cents.unsigned_abs() <= Self::MAX_CENTS.unsigned_abs() { Ok(Self(cents)) } else { Err(ValueError::Amount) }
    }

    /// Whole cents.
    pub fn cents(self) -> i64 {
        self.0
    }

    /// The amount with two decimals.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    pub(crate) fn digits(self) -> Digits {
        Digits::new(self.0, 2)
    }
}

impl FromStr for Amount {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match read(text, 13, 2) {
            Some((units, 2)) => Ok(Self(units)),
            Some((units, 0)) => Ok(Self(units * 100)),
            _ => Err(ValueError::Amount),
        }
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = ValueError;

    /// Exact: nothing is rounded, an amount with more than two decimals that count is refused.
    fn try_from(value: Decimal) -> Result<Self, ValueError> {
        let mut cents = value.normalize();
        if cents.scale() > 2 {
            return Err(ValueError::Amount);
        }
        cents.rescale(2);
        if cents.scale() != 2 {
            return Err(ValueError::Amount);
        }
        i64::try_from(cents.mantissa()).map_err(|_| ValueError::Amount).and_then(Self::from_cents)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().write(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().write(f)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            units: i64,
            scale: u8,
        }

        impl $name {
            /// The exact number, with the decimals that were written.
            pub fn to_decimal(self) -> Decimal {
                Decimal::new(self.units, u32::from(self.scale))
            }

            pub(crate) fn digits(self) -> Digits {
                Digits::new(self.units, self.scale)
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                read(text, 10, 5).map(|(units, scale)| Self { units, scale }).ok_or(ValueError::Number)
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = ValueError;

            /// Exact: more than five decimals that count, or more than ten digits before the point, are refused.
            fn try_from(value: Decimal) -> Result<Self, ValueError> {
                let value = if value.scale() > 5 { value.normalize() } else { value };
                let scale = u8::try_from(value.scale()).map_err(|_| ValueError::Number)?;
                let whole = value.trunc().mantissa().unsigned_abs();
                match i64::try_from(value.mantissa()) {
                    Ok(units) if scale <= 5 && whole <= 9_999_999_999 => Ok(Self { units, scale }),
                    _ => Err(ValueError::Number),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.digits().write(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.digits().write(f)
            }
        }
    };
}

number! {
    /// A price or cost for one unit (`PRICETYPE`): up to five decimals, kept as written. Equality is of the written
    /// form; compare values with [`to_decimal`](Self::to_decimal).
    Price
}
number! {
    /// A quantity (`QUANTYPE`): up to five decimals, kept as written. Equality is of the written form; compare values
    /// with [`to_decimal`](Self::to_decimal).
    Quantity
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn given_amount_texts_when_read_then_only_the_schema_form_passes() {
        for (text, cents) in
            [("0", 0), ("1234.50", 123_450), ("-0.05", -5), ("+7", 700), ("9999999999999.99", Amount::MAX_CENTS)]
        {
            assert_eq!(text.parse::<Amount>().map(Amount::cents), Ok(cents), "{text}");
        }
        for bad in
            ["", "-", ".", ".50", "1.", "1.5", "1.234", "1,234.50", "1e3", "$1", " 1", "12345678901234", "--1", "1.2.3"]
        {
            assert_eq!(bad.parse::<Amount>(), Err(ValueError::Amount), "{bad}");
        }
    }

    #[test]
    fn given_a_decimal_with_a_third_of_a_cent_when_made_an_amount_then_it_is_refused_not_rounded() {
        assert_eq!(Amount::try_from(Decimal::new(1005, 3)), Err(ValueError::Amount));
        assert_eq!(Amount::try_from(Decimal::new(10_500, 3)).map(Amount::cents), Ok(1050));
        assert_eq!(Amount::try_from(Decimal::MAX), Err(ValueError::Amount));
        assert_eq!(Quantity::try_from(Decimal::new(1, 6)), Err(ValueError::Number));
        assert_eq!(Price::try_from(Decimal::new(10_000_000_000, 0)), Err(ValueError::Number));
    }

    #[test]
    fn given_prices_when_written_then_the_decimals_stay_as_received() {
        for text in ["17", "17.0", "0.00001", "-3.14159", "9999999999.99999", "0", "0.0"] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
        assert_eq!("1.123456".parse::<Quantity>(), Err(ValueError::Number));
    }

    proptest! {
        #[test]
        fn given_any_cents_when_written_and_read_then_nothing_changes(cents in -Amount::MAX_CENTS..=Amount::MAX_CENTS) {
            let amount = Amount::from_cents(cents).unwrap();
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
            prop_assert_eq!(Amount::try_from(amount.to_decimal()), Ok(amount));
            prop_assert_eq!(amount.to_string(), amount.to_decimal().to_string());
        }
    }
}
