//! Exact arithmetic on whole cents: fractions that are never rounded on the way, and shares that add up.

use std::fmt;

use rust_decimal::Decimal;

use crate::model::{Currency, Money, MoneyError};

/// The largest amount that retainage and WIP compute with, in cents: ten trillion. Products of two such amounts stay
/// within 128 bits.
const LIMIT: i128 = 1_000_000_000_000_000;

/// A ratio of two amounts, kept exact: percent complete, the share of a line in a contract.
///
/// It is never rounded itself; [`Fraction::of`] rounds once, to the cent, half away from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// `part / whole` in lowest terms; none if `whole` is nothing.
    ///
    /// # Errors
    /// On two currencies, or amounts above ten trillion.
    pub fn new(part: Money, whole: Money) -> Result<Option<Self>, MoneyError> {
        part.minus(whole)?;
        Ok(Self::of_cents(cents(part)?, cents(whole)?))
    }

    pub(crate) fn of_cents(part: i128, whole: i128) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let divisor = greatest_common_divisor(part, whole).max(1) * whole.signum();
        Some(Self { numerator: part / divisor, denominator: whole / divisor })
    }

    /// The part of `amount`, rounded once to the cent, half away from zero.
    ///
    /// # Errors
    /// If the amount is above ten trillion, or the part cannot be held.
    pub fn of(&self, amount: Money) -> Result<Money, MoneyError> {
        money(self.of_amount(cents(amount)?)?, amount.currency())
    }

    pub(crate) fn of_amount(&self, cents: i128) -> Result<i128, MoneyError> {
        let product = self.numerator.checked_mul(cents).ok_or(MoneyError::Overflow)?;
        Ok(round_div(product, self.denominator))
    }

    /// For display only: the fraction in percent, rounded half away from zero to `decimals` (at most 12).
    pub fn percent(&self, decimals: u32) -> Decimal {
        let decimals = decimals.min(12);
        let scaled = self.numerator.checked_mul(10_i128.pow(decimals + 2)).map(|n| round_div(n, self.denominator));
        scaled.and_then(|n| Decimal::try_from_i128_with_scale(n, decimals).ok()).unwrap_or(Decimal::MAX)
    }

    /// Is it more than the whole?
    pub fn exceeds_one(&self) -> bool {
        self.numerator > self.denominator
    }

    /// Above the line, in lowest terms; carries the sign.
    pub fn numerator(&self) -> i128 {
        self.numerator
    }

    /// Below the line, in lowest terms; positive.
    pub fn denominator(&self) -> i128 {
        self.denominator
    }
}

/// As `97/290`.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// Whole cents of an amount.
pub(crate) fn cents(amount: Money) -> Result<i128, MoneyError> {
    // Money always has two decimals.
    within(amount.amount().mantissa())
}

/// Refuses what products of two amounts could not hold.
pub(crate) fn within(cents: i128) -> Result<i128, MoneyError> {
    if cents.abs() > LIMIT { Err(MoneyError::Overflow) } else { Ok(cents) }
}

/// An amount of whole cents.
pub(crate) fn money(cents: i128, currency: Currency) -> Result<Money, MoneyError> {
    let amount = Decimal::try_from_i128_with_scale(cents, 2).map_err(|_| MoneyError::Overflow)?;
    Money::new(amount, currency)
}

/// `numerator / denominator`, half away from zero; nothing for a denominator of nothing.
pub(crate) fn round_div(numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    if rest.unsigned_abs() * 2 >= denominator.unsigned_abs() {
        quotient + numerator.signum() * denominator.signum()
    } else {
        quotient
    }
}

/// Shares of `total` in proportion to `weights` that add up to `total` exactly: what rounding leaves over goes to the
/// largest remainders, the first of equals. Where the weights come to nothing there is nothing to go by: none.
pub(crate) fn apportion(total: i128, weights: &[i128]) -> Result<Option<Vec<i128>>, MoneyError> {
    let whole: i128 = weights.iter().sum();
    if whole == 0 {
        return Ok(None);
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = total.checked_mul(*weight).ok_or(MoneyError::Overflow)?;
        shares.push(product.div_euclid(whole));
        remainders.push((product.rem_euclid(whole), index));
    }
    let mut left = total - shares.iter().sum::<i128>();
    let one = left.signum();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders {
        if left == 0 {
            break;
        }
        // A line without weight never gets a stray cent.
        if weights.get(index).is_some_and(|weight| *weight != 0)
            && let Some(share) = shares.get_mut(index)
        {
            *share += one;
            left -= one;
        }
    }
    Ok(Some(shares))
}

fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    let (mut a, mut b) = (left.abs(), right.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::USD).unwrap()
    }

    #[test]
    fn a_fraction_is_not_a_rounded_percentage() {
        let fraction = Fraction::new(usd("97000"), usd("290000")).unwrap().unwrap();
        assert_eq!(fraction.to_string(), "97/290");
        assert_eq!(fraction.percent(4).to_string(), "33.4483");
        assert_eq!(fraction.of(usd("333333.33")).unwrap(), usd("111494.25"));
    }

    #[test]
    fn halves_go_away_from_zero_on_both_sides() {
        let half = Fraction::new(usd("1"), usd("2")).unwrap().unwrap();
        assert_eq!(half.of(usd("0.01")).unwrap(), usd("0.01"));
        assert_eq!(half.of(usd("-0.01")).unwrap(), usd("-0.01"));
        assert_eq!(Fraction::new(usd("1"), usd("-2")).unwrap().unwrap().of(usd("0.03")).unwrap(), usd("-0.02"));
        assert!(Fraction::new(usd("1"), usd("0")).unwrap().is_none());
    }

    #[test]
    fn shares_add_up_to_the_cent() {
        assert_eq!(apportion(100, &[1, 1, 1]).unwrap().unwrap(), [34, 33, 33]);
        assert_eq!(apportion(-100, &[1, 0, 2]).unwrap().unwrap().iter().sum::<i128>(), -100);
        assert_eq!(apportion(-100, &[0, 7, 0]).unwrap().unwrap(), [0, -100, 0]);
        assert_eq!(apportion(5, &[0, 0]).unwrap(), None);
    }
}
