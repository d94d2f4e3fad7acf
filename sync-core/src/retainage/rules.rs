//! What a contract says about retainage, as data: the wording is never guessed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::exact::round_div;
use crate::model::{Money, SovLineId};

/// A rate of retainage: a percentage from 0 to 100 with at most six decimals, e.g. `10`, `7.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// Nothing is withheld.
    pub const ZERO: Self = Self(0);
    const UNITS: i128 = 1_000_000;

    /// A percentage as the contract states it: 10 is ten percent.
    ///
    /// # Errors
    /// [`TermsError::Rate`] outside 0 to 100, or with more than six decimals.
    pub fn percent(percent: Decimal) -> Result<Self, TermsError> {
        let refused = || TermsError::Rate { given: percent.to_string() };
        let mut units = percent.normalize();
        if units.is_sign_negative() && !units.is_zero() || units > Decimal::ONE_HUNDRED || units.scale() > 6 {
            return Err(refused());
        }
        units.rescale(6);
        u32::try_from(units.mantissa()).map(Self).map_err(|_| refused())
    }

    /// The percentage: 10 is ten percent.
    pub fn as_percent(self) -> Decimal {
        Decimal::new(i64::from(self.0), 6).normalize()
    }

    /// The part of an amount in cents, times [`Rate::WHOLE`], so that parts can be added before they are rounded.
    pub(super) fn unrounded(self, cents: i128) -> i128 {
        cents * i128::from(self.0)
    }

    /// What [`Rate::unrounded`] is a multiple of.
    pub(super) const WHOLE: i128 = Self::UNITS * 100;

    pub(super) fn of_cents(self, cents: i128) -> i128 {
        round_div(self.unrounded(cents), Self::WHOLE)
    }
}

impl FromStr for Rate {
    type Err = TermsError;

    /// `10`, `10%` and `7.5 %` are rates.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().trim_end_matches('%').trim_end();
        Self::percent(number.parse().map_err(|_| TermsError::Rate { given: text.to_owned() })?)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.as_percent())
    }
}

/// What is withheld on one line, or on the whole contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetainageRule {
    /// A percentage of completed work (columns D + E) and one of stored material (column F), which is often lower.
    /// Material that is installed moves from the second to the first.
    Percent {
        /// On completed work.
        work: Rate,
        /// On material presently stored.
        stored: Rate,
    },
    /// A fixed sum, whatever the rate comes to.
    LumpSum {
        /// The sum.
        amount: Money,
        /// When it is withheld.
        spread: LumpSpread,
    },
    /// No retainage.
    Nothing,
}

/// When a lump sum is withheld.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LumpSpread {
    /// From the first billings on, all that they come to, until the sum is held.
    #[default]
    FirstBillings,
    /// In proportion to what is billed of the contract (or of the line, where the rule is a line's).
    ProRata,
}

/// What retainage is reckoned on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Each line by itself, each rounded once to the cent; the header is the sum of the lines.
    #[default]
    PerLine,
    /// The header only: one figure for the contract, no line has retainage of its own.
    HeaderOnly,
}

/// When a step-down begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Threshold {
    /// When so much of the contract sum is billed (G702 line 4 over the sum that [`RetainageTerms::sum`] names).
    PercentComplete(Rate),
    /// When so much is billed.
    Billed(Money),
    /// From the application of this number on, whatever is billed.
    Application(u32),
}

/// Whose completion step-downs look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepScope {
    /// That of the contract.
    #[default]
    Contract,
    /// Each line's own.
    Line,
}

/// What changes at the threshold. A step never raises the rate of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepEffect {
    /// "Nothing more is withheld; what is held stays held."
    StopWithholding,
    /// "The rate is so much on all work to date": what is held above it is released.
    AllWorkToDate {
        /// On completed work.
        work: Rate,
        /// On stored material; none leaves that rate as it was.
        stored: Option<Rate>,
    },
    /// "So much on the work after": what is held on earlier work stays held.
    WorkAfter {
        /// On completed work.
        work: Rate,
        /// On stored material; none leaves that rate as it was.
        stored: Option<Rate>,
    },
}

/// A reduction of retainage in the course of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepDown {
    /// When.
    pub at: Threshold,
    /// What then.
    pub effect: StepEffect,
}

/// How an application is treated that begins below a threshold and ends above it. Reaching a threshold exactly is not
/// passing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crossing {
    /// Its work is split at the threshold. A rate on all work to date applies from this application on.
    #[default]
    Split,
    /// All of it follows the new terms.
    NewTerms,
    /// All of it follows the old terms; the new ones begin with the next application.
    OldTerms,
}

/// A limit of retainage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cap {
    /// A sum.
    Amount(Money),
    /// A percentage of the contract sum that [`RetainageTerms::sum`] names.
    PercentOfContract(Rate),
}

/// The contract sum that thresholds and caps are reckoned on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContractSum {
    /// G702 line 3: change orders that count are in it.
    #[default]
    ToDate,
    /// G702 line 1.
    Original,
}

/// How a cut of the rate is shown on the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateCut {
    /// What is withheld on the new work and what the cut frees, side by side.
    #[default]
    Gross,
    /// The difference of the two alone.
    Net,
}

/// What of a percentage is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// The retainage to date of each line; the difference to what was posted before is posted. Does not drift.
    #[default]
    ToDate,
    /// The retainage of each period. Drifts by cents; only for contracts that are kept so elsewhere.
    EachPeriod,
}

/// The retainage terms of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainageTerms {
    /// By line, or header only.
    pub scope: Scope,
    /// The rule of the contract.
    pub rule: RetainageRule,
    /// Lines with a rule of their own.
    pub lines: BTreeMap<SovLineId, RetainageRule>,
    /// The rule of lines that a change order added; none for the rule of the contract.
    pub change_orders: Option<RetainageRule>,
    /// Reductions, in the order in which they come.
    pub steps: Vec<StepDown>,
    /// Whose completion the reductions look at.
    pub step_scope: StepScope,
    /// What of an application that passes a threshold follows which terms.
    pub crossing: Crossing,
    /// Limits of what is withheld over the life of the contract; the lowest holds. Releases do not make room again.
    pub caps: Vec<Cap>,
    /// What percentages of completion and of caps are reckoned on.
    pub sum: ContractSum,
    /// How a cut of the rate is shown.
    pub rate_cut: RateCut,
    /// What is rounded.
    pub rounding: Rounding,
}

impl RetainageTerms {
    /// Terms of one rule for every line and nothing else.
    pub fn new(rule: RetainageRule) -> Self {
        Self {
            scope: Scope::default(),
            rule,
            lines: BTreeMap::new(),
            change_orders: None,
            steps: Vec::new(),
            step_scope: StepScope::default(),
            crossing: Crossing::default(),
            caps: Vec::new(),
            sum: ContractSum::default(),
            rate_cut: RateCut::default(),
            rounding: Rounding::default(),
        }
    }

    /// A percentage of work and one of stored material, by line.
    pub fn percent(work: Rate, stored: Rate) -> Self {
        Self::new(RetainageRule::Percent { work, stored })
    }

    /// A sum for the contract as a whole, on the header.
    pub fn lump_sum(amount: Money, spread: LumpSpread) -> Self {
        Self { scope: Scope::HeaderOnly, ..Self::new(RetainageRule::LumpSum { amount, spread }) }
    }

    /// No retainage.
    pub fn nothing() -> Self {
        Self::new(RetainageRule::Nothing)
    }

    /// The same with a rule for one line.
    #[must_use]
    pub fn with_line(mut self, line: impl Into<SovLineId>, rule: RetainageRule) -> Self {
        self.lines.insert(line.into(), rule);
        self
    }

    /// The same with a reduction, which comes after those that are there.
    #[must_use]
    pub fn with_step(mut self, at: Threshold, effect: StepEffect) -> Self {
        self.steps.push(StepDown { at, effect });
        self
    }

    /// The same with a limit.
    #[must_use]
    pub fn with_cap(mut self, cap: Cap) -> Self {
        self.caps.push(cap);
        self
    }

    /// The same on the header only.
    #[must_use]
    pub fn header_only(mut self) -> Self {
        self.scope = Scope::HeaderOnly;
        self
    }

    /// Checks what cannot be meant.
    ///
    /// # Errors
    /// [`TermsError`] for negative sums, steps out of order, and rules of lines where only the header counts.
    pub fn check(&self) -> Result<(), TermsError> {
        let lump = |rule: &RetainageRule| match rule {
            RetainageRule::LumpSum { amount, .. } if amount.is_negative() => {
                Err(TermsError::Negative { what: "a lump sum", amount: *amount })
            }
            _ => Ok(()),
        };
        lump(&self.rule)?;
        self.lines.values().chain(&self.change_orders).try_for_each(lump)?;
        for cap in &self.caps {
            if let Cap::Amount(amount) = cap
                && amount.is_negative()
            {
                return Err(TermsError::Negative { what: "a cap", amount: *amount });
            }
        }
        if self.scope == Scope::HeaderOnly && (!self.lines.is_empty() || self.change_orders.is_some()) {
            return Err(TermsError::LinesOnHeader);
        }
        let falls = |a: &StepDown, b: &StepDown| match (a.at, b.at) {
            (Threshold::PercentComplete(a), Threshold::PercentComplete(b)) => a > b,
            (Threshold::Billed(a), Threshold::Billed(b)) => a.amount() > b.amount(),
            (Threshold::Application(a), Threshold::Application(b)) => a > b,
            _ => false,
        };
        let mut pairs = self.steps.iter().zip(self.steps.iter().skip(1));
        if pairs.any(|(a, b)| falls(a, b)) { Err(TermsError::StepsOutOfOrder) } else { Ok(()) }
    }
}

/// Terms that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// Not a percentage.
    #[error("`{given}` is not a rate of retainage; give a percentage from 0 to 100 with at most six decimals")]
    Rate {
        /// As given.
        given: String,
    },
    /// A sum below nothing.
    #[error("{what} of retainage is {amount}; give it without a sign")]
    Negative {
        /// Which sum.
        what: &'static str,
        /// As given.
        amount: Money,
    },
    /// A later step begins before an earlier one.
    #[error("the step-downs are not in order; list the one that comes first at the top")]
    StepsOutOfOrder,
    /// Header-only retainage with rules for lines.
    #[error("retainage is on the header only, so no line can have a rule of its own; drop the lines or the scope")]
    LinesOnHeader,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Currency;

    #[test]
    fn a_rate_is_a_percentage_as_written() {
        assert_eq!("7.5%".parse::<Rate>().unwrap().to_string(), "7.5%");
        assert_eq!("10".parse::<Rate>().unwrap(), Rate::percent(Decimal::TEN).unwrap());
        for wrong in ["-1", "100.01", "ten", "3.3333333"] {
            assert!(wrong.parse::<Rate>().unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let ten: Rate = "10".parse().unwrap();
        let step = |at: &str| Threshold::PercentComplete(at.parse().unwrap());
        let terms = RetainageTerms::percent(ten, ten)
            .with_step(step("75"), StepEffect::StopWithholding)
            .with_step(step("50"), StepEffect::StopWithholding);
        assert_eq!(terms.check(), Err(TermsError::StepsOutOfOrder));
        let minus = Money::new(Decimal::NEGATIVE_ONE, Currency::USD).unwrap();
        assert!(matches!(
            RetainageTerms::lump_sum(minus, LumpSpread::ProRata).check(),
            Err(TermsError::Negative { .. })
        ));
        let header = RetainageTerms::percent(ten, ten).with_line("1", RetainageRule::Nothing).header_only();
        assert_eq!(header.check(), Err(TermsError::LinesOnHeader));
    }
}
