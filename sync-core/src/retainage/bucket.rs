//! What retainage is reckoned on: the amounts of one line (or of the header), by the terms under which they were
//! billed.

use super::rules::{Crossing, LumpSpread, Rate, RetainageRule, RetainageTerms, Rounding, StepEffect, StepScope};
use crate::exact::{Fraction, apportion, cents, round_div};
use crate::model::MoneyError;

/// Amounts in cents; tier `k` holds what was billed after the first `k` step-downs.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    rule: RetainageRule,
    /// Rates of work and of stored material, by tier.
    rates: Vec<(Rate, Rate)>,
    work: Vec<i128>,
    stored: Vec<i128>,
    /// The last step that put all work to date on its rate.
    latched: usize,
    /// Retainage to date by the terms, before any release.
    pub(super) target: i128,
    /// The same before rounding, caps and stops.
    pub(super) reckoned: Unrounded,
    /// Paid out by decision, not by a cut of the rate.
    pub(super) released: i128,
    /// What was posted and is still held.
    pub(super) held: i128,
}

/// What one application moves in a bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Movement {
    /// Column E.
    pub(super) work: i128,
    /// Column F now less column F before.
    pub(super) stored: i128,
    /// How much of E was stored material before.
    pub(super) moved: i128,
}

impl Movement {
    pub(super) fn sum(all: &[Self]) -> Self {
        all.iter().fold(Self::default(), |sum, m| Self {
            work: sum.work + m.work,
            stored: sum.stored + m.stored,
            moved: sum.moved + m.moved,
        })
    }

    pub(super) fn gross(&self) -> i128 {
        self.work + self.stored
    }

    fn new_work(&self) -> i128 {
        self.work - self.moved
    }

    fn new_stored(&self) -> i128 {
        self.stored + self.moved
    }
}

/// Retainage to date, times [`Rate::WHOLE`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unrounded {
    work: i128,
    pub(super) stored: i128,
}

impl Unrounded {
    pub(super) fn stored_cents(self) -> i128 {
        round_div(self.stored, Rate::WHOLE)
    }

    /// Retainage to date that follows `before`, of which `posted` was reckoned: rounded by component, as the G702 shows
    /// work (5a) and stored material (5b).
    pub(super) fn rounded(self, rounding: Rounding, before: Self, posted: i128) -> i128 {
        let round = |value| round_div(value, Rate::WHOLE);
        match rounding {
            Rounding::ToDate => round(self.work) + round(self.stored),
            Rounding::EachPeriod => posted + round(self.work - before.work) + round(self.stored - before.stored),
        }
    }
}

impl Bucket {
    pub(super) fn new(rule: RetainageRule, terms: &RetainageTerms) -> Self {
        let (mut work, mut stored) = match rule {
            RetainageRule::Percent { work, stored } => (work, stored),
            _ => (Rate::ZERO, Rate::ZERO),
        };
        let mut rates = vec![(work, stored)];
        for step in &terms.steps {
            let (w, s) = match step.effect {
                StepEffect::StopWithholding => (Rate::ZERO, Some(Rate::ZERO)),
                StepEffect::AllWorkToDate { work, stored } | StepEffect::WorkAfter { work, stored } => (work, stored),
            };
            // A step down never raises the rate of a line that has a lower one of its own.
            (work, stored) = (work.min(w), stored.min(s.unwrap_or(stored)));
            rates.push((work, stored));
        }
        let tiers = rates.len();
        Self {
            rule,
            rates,
            work: vec![0; tiers],
            stored: vec![0; tiers],
            latched: 0,
            target: 0,
            reckoned: Unrounded::default(),
            released: 0,
            held: 0,
        }
    }

    /// Billed to date: work and stored material.
    pub(super) fn billed(&self) -> i128 {
        self.work.iter().chain(&self.stored).sum()
    }

    /// Retainage to date of what is billed; a lump sum is spread over `contract`.
    pub(super) fn unrounded(&self, contract: i128) -> Result<Unrounded, MoneyError> {
        self.unrounded_as(self, contract)
    }

    /// The same with the rates that `other` has reached.
    pub(super) fn unrounded_as(&self, other: &Self, contract: i128) -> Result<Unrounded, MoneyError> {
        Ok(match self.rule {
            RetainageRule::Nothing => Unrounded::default(),
            RetainageRule::Percent { .. } => {
                let mut sum = Unrounded::default();
                for (tier, (work, stored)) in self.work.iter().zip(&self.stored).enumerate() {
                    if let Some((work_rate, stored_rate)) = self.rates.get(tier.max(other.latched)) {
                        sum.work += work_rate.unrounded(*work);
                        sum.stored += stored_rate.unrounded(*stored);
                    }
                }
                sum
            }
            RetainageRule::LumpSum { amount, spread } => {
                let (amount, billed) = (cents(amount)?, self.billed().max(0));
                let due = match spread {
                    LumpSpread::FirstBillings => billed.min(amount),
                    LumpSpread::ProRata => match Fraction::of_cents(billed, contract) {
                        Some(share) if contract > 0 => share.of_amount(amount)?.min(amount),
                        _ => 0,
                    },
                };
                Unrounded { work: due * Rate::WHOLE, stored: 0 }
            }
        })
    }

    /// What the terms say is held when `target` is withheld to date. What was paid out is not asked back.
    pub(super) fn held_at(&self, target: i128) -> i128 {
        let held = target - self.released;
        if target >= 0 { held.max(0) } else { held }
    }

    /// Takes back what an application reverses, the latest billings first, and moves what was installed, the oldest
    /// first.
    fn reverse_and_move(&mut self, movement: &Movement) {
        let mut left = movement.moved;
        for (stored, work) in self.stored.iter_mut().zip(&mut self.work) {
            let moved = left.min(*stored).max(0);
            *stored -= moved;
            *work += moved;
            left -= moved;
        }
        // More installed than was ever billed as stored: it is new work, on the first terms.
        take(&mut self.stored, left);
        if let Some(first) = self.work.first_mut() {
            *first += left;
        }
        take(&mut self.work, -movement.new_work().min(0));
        take(&mut self.stored, -movement.new_stored().min(0));
    }
}

fn take(tiers: &mut [i128], amount: i128) {
    let mut left = amount;
    for tier in tiers.iter_mut().rev() {
        let taken = left.min(*tier).max(0);
        *tier -= taken;
        left -= taken;
    }
    if let Some(first) = tiers.first_mut() {
        *first -= left;
    }
}

/// Where the step-downs stand when an application is made.
pub(super) struct Position<'a> {
    pub(super) terms: &'a RetainageTerms,
    pub(super) number: u32,
    /// The contract sum that percentages are reckoned on.
    pub(super) contract: i128,
    /// Scheduled value of each bucket.
    pub(super) scheduled: &'a [i128],
}

impl Position<'_> {
    /// Where each step begins, in cents billed.
    fn boundaries(&self, sum: i128) -> Result<Vec<i128>, MoneyError> {
        use super::rules::Threshold::*;
        let mut last = i128::MIN;
        let mut boundaries = Vec::with_capacity(self.terms.steps.len());
        for step in &self.terms.steps {
            let at = match step.at {
                PercentComplete(rate) => rate.of_cents(sum),
                Billed(amount) => cents(amount)?,
                Application(number) if self.number >= number => i128::MIN,
                Application(_) => i128::MAX,
            };
            last = last.max(at);
            boundaries.push(last);
        }
        Ok(boundaries)
    }

    /// Puts the movements into the tiers of their buckets. True for each bucket that withholds nothing more.
    pub(super) fn bill(&self, buckets: &mut [Bucket], movements: &[Movement]) -> Result<Vec<bool>, MoneyError> {
        let mut stopped = Vec::with_capacity(buckets.len());
        match self.terms.step_scope {
            StepScope::Contract => {
                let stop = self.bill_group(buckets, movements, self.contract)?;
                stopped.resize(buckets.len(), stop);
            }
            StepScope::Line => {
                for (index, (bucket, movement)) in buckets.iter_mut().zip(movements).enumerate() {
                    let sum = self.scheduled.get(index).copied().unwrap_or(self.contract);
                    let (bucket, movement) = (std::slice::from_mut(bucket), std::slice::from_ref(movement));
                    stopped.push(self.bill_group(bucket, movement, sum)?);
                }
            }
        }
        Ok(stopped)
    }

    fn bill_group(&self, buckets: &mut [Bucket], movements: &[Movement], sum: i128) -> Result<bool, MoneyError> {
        let boundaries = self.boundaries(sum)?;
        let before: i128 = buckets.iter().map(Bucket::billed).sum();
        let after = before + movements.iter().map(Movement::gross).sum::<i128>();
        let mut stopped = false;
        for (index, (step, boundary)) in self.terms.steps.iter().zip(&boundaries).enumerate() {
            let reached = before >= *boundary;
            let passed = match self.terms.crossing {
                Crossing::OldTerms => reached,
                Crossing::Split | Crossing::NewTerms => after > *boundary,
            };
            match step.effect {
                StepEffect::StopWithholding => stopped |= reached,
                StepEffect::AllWorkToDate { .. } if passed => {
                    for bucket in buckets.iter_mut() {
                        bucket.latched = bucket.latched.max(index + 1);
                    }
                }
                _ => {}
            }
        }
        for (bucket, movement) in buckets.iter_mut().zip(movements) {
            bucket.reverse_and_move(movement);
        }
        self.add_new(buckets, movements, &boundaries, before)?;
        Ok(stopped)
    }

    /// New work and newly stored material, which fill the tiers in the order of the contract's completion; within one
    /// application, every line in proportion.
    fn add_new(
        &self,
        buckets: &mut [Bucket],
        movements: &[Movement],
        boundaries: &[i128],
        before: i128,
    ) -> Result<(), MoneyError> {
        let mut left: Vec<i128> = movements.iter().flat_map(|m| [m.new_work().max(0), m.new_stored().max(0)]).collect();
        let total: i128 = left.iter().sum();
        let start: i128 = buckets.iter().map(Bucket::billed).sum();
        for (tier, size) in self.sizes(boundaries, before, start, total).into_iter().enumerate() {
            let whole = left.iter().sum::<i128>();
            let shares = match apportion(size, &left)? {
                _ if size == 0 => continue,
                _ if size == whole => left.clone(),
                Some(shares) => shares,
                None => continue,
            };
            for ((bucket, share), left) in buckets.iter_mut().zip(shares.chunks(2)).zip(left.chunks_mut(2)) {
                if let ([work, stored], [work_left, stored_left]) = (share, left) {
                    *work_left -= work;
                    *stored_left -= stored;
                    if let Some(at) = bucket.work.get_mut(tier) {
                        *at += work;
                    }
                    if let Some(at) = bucket.stored.get_mut(tier) {
                        *at += stored;
                    }
                }
            }
        }
        Ok(())
    }

    /// How much of `total` falls into each tier.
    fn sizes(&self, boundaries: &[i128], before: i128, start: i128, total: i128) -> Vec<i128> {
        let mut sizes = vec![0; boundaries.len() + 1];
        let end = start + total;
        let whole = match self.terms.crossing {
            Crossing::Split => None,
            Crossing::NewTerms => Some(boundaries.iter().filter(|at| end > **at).count()),
            Crossing::OldTerms => Some(boundaries.iter().filter(|at| before >= **at).count()),
        };
        if let Some(tier) = whole {
            if let Some(size) = sizes.get_mut(tier) {
                *size = total;
            }
            return sizes;
        }
        let mut from = start;
        for (size, to) in sizes.iter_mut().zip(boundaries.iter().copied().chain([i128::MAX])) {
            let to = to.clamp(from, end);
            *size = to - from;
            from = to;
        }
        sizes
    }
}

/// Brings what is withheld to date from `from` to `to`, as far as a cap allows. What falls makes room for what rises.
pub(super) fn capped(from: &[i128], to: &[i128], cap: Option<i128>) -> Result<Vec<i128>, MoneyError> {
    let Some(cap) = cap.filter(|cap| to.iter().sum::<i128>() > *cap) else { return Ok(to.to_vec()) };
    let mut kept: Vec<i128> = from.iter().zip(to).map(|(from, to)| *from.min(to)).collect();
    let room = cap - kept.iter().sum::<i128>();
    let weights: Vec<i128> = if room >= 0 {
        kept.iter().zip(to).map(|(kept, to)| to - kept).collect()
    } else {
        kept.iter().map(|kept| *kept.max(&0)).collect()
    };
    if let Some(shares) = apportion(room, &weights)? {
        for (kept, share) in kept.iter_mut().zip(shares) {
            *kept += share;
        }
    }
    Ok(kept)
}
