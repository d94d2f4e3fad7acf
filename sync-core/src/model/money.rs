//! Money: an exact decimal of whole cents, and its currency.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency code, e.g. `USD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The text is not a currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency; give three capital letters (ISO 4217), such as USD")]
pub struct CurrencyError(String);

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The code, three capital letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 3]>::try_from(text.trim().as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_alphabetic) => Ok(Self(code.map(|b| b.to_ascii_uppercase()))),
            _ => Err(CurrencyError(text.to_owned())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money: whole cents in one currency. Arithmetic is checked; mixing currencies is an error, not a sum.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// Why an amount cannot be made or added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// More than two decimals that count.
    #[error("{amount} has more than two decimals; correct the amount at its source")]
    TooManyDecimals {
        /// As received.
        amount: Decimal,
    },
    /// Two currencies in one sum.
    #[error("{left} and {right} cannot be added")]
    CurrencyMismatch {
        /// Of the left side.
        left: Currency,
        /// Of the right side.
        right: Currency,
    },
    /// Larger than an exact decimal can hold.
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    /// An amount of whole cents.
    ///
    /// # Errors
    /// [`MoneyError::TooManyDecimals`] if cents do not hold it; nothing is rounded here.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let mut cents = amount;
        if cents.scale() > 2 {
            cents = cents.normalize();
            if cents.scale() > 2 {
                return Err(MoneyError::TooManyDecimals { amount });
            }
        }
        cents.rescale(2);
        if cents.scale() != 2 {
            return Err(MoneyError::Overflow);
        }
        if cents.is_zero() {
            cents.set_sign_positive(true);
        }
        Ok(Self { amount: cents, currency })
    }

    /// Nothing, in a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::new(0, 2), currency }
    }

    /// The exact amount, with two decimals.
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Is it nothing?
    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// Below nothing?
    pub fn is_negative(&self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// The same amount with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        let amount = if self.amount.is_zero() { self.amount } else { -self.amount };
        Self { amount, currency: self.currency }
    }

    /// The amount without its sign.
    #[must_use]
    pub fn absolute(self) -> Self {
        Self { amount: self.amount.abs(), currency: self.currency }
    }

    /// `self + other`.
    ///
    /// # Errors
    /// On two currencies, or overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Self::new(amount, self.currency)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// On two currencies, or overflow.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated())
    }

    /// The sum; nothing in `currency` when there is nothing to add.
    ///
    /// # Errors
    /// On two currencies, or overflow.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }
}

/// Rounds to the cent, half away from zero: the one rounding of the trade, done once, at the line.
pub fn round_cents(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.amount.to_string())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// As `"1234.50 USD"`: one text, so that an amount never travels without its currency.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} {}", self.amount, self.currency))
    }
}

/// For reports in one currency: the amount alone, as a text with two decimals.
pub(crate) fn plain_amount<S: Serializer>(amount: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let (amount, currency) =
            text.split_once(' ').ok_or_else(|| D::Error::custom(format!("`{text}` is not `AMOUNT CURRENCY`")))?;
        let amount = Decimal::from_str(amount).map_err(|e| D::Error::custom(format!("`{amount}`: {e}")))?;
        Self::new(amount, currency.parse().map_err(D::Error::custom)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    #[test]
    fn scale_does_not_matter_but_a_third_decimal_does() {
        assert_eq!(usd("10"), usd("10.000"));
        assert_eq!(usd("10.5").to_string(), "10.50");
        let refused = Money::new("10.005".parse().unwrap(), Currency::USD).unwrap_err();
        assert_eq!(refused, MoneyError::TooManyDecimals { amount: "10.005".parse().unwrap() });
    }

    #[test]
    fn two_currencies_do_not_add() {
        let cad = Money::new(Decimal::ONE, "CAD".parse().unwrap()).unwrap();
        assert!(matches!(usd("1").plus(cad), Err(MoneyError::CurrencyMismatch { .. })));
    }

    #[test]
    fn half_a_cent_rounds_away_from_zero() {
        assert_eq!(round_cents("123.465".parse().unwrap()).to_string(), "123.47");
        assert_eq!(round_cents("-123.465".parse().unwrap()).to_string(), "-123.47");
    }

    #[test]
    fn there_is_no_negative_nothing() {
        assert_eq!(usd("-0.00").to_string(), "0.00");
        assert_eq!(usd("5").minus(usd("5")).unwrap().negated().to_string(), "0.00");
    }

    #[test]
    fn money_survives_json_as_text() {
        let json = serde_json::to_string(&usd("123456789012345.67")).unwrap();
        assert_eq!(json, "\"123456789012345.67 USD\"");
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd("123456789012345.67"));
    }
}
