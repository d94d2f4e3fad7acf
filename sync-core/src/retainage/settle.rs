//! What an application withholds and releases on each bucket, and what stays held.

use super::bucket::{Bucket, Movement, Position, Unrounded, capped};
use super::certificate::DifferenceKind;
use super::rules::{Cap, RateCut};
use crate::exact::{apportion, cents};
use crate::model::MoneyError;

/// Amounts that the source states, in cents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatedCents {
    pub(super) withheld: Option<i128>,
    pub(super) released: Option<i128>,
}

/// What an application asks for beyond its progress.
#[derive(Debug)]
pub(super) struct Claims {
    /// By bucket.
    pub(super) stated: Vec<StatedCents>,
    /// Of the document as a whole.
    pub(super) header: StatedCents,
    /// Releases: bucket (or all) and amount (or all that is held).
    pub(super) releases: Vec<(Option<usize>, Option<i128>)>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Withheld and released, by bucket.
    pub(super) postings: Vec<(i128, i128)>,
    /// What is held on stored material, by bucket.
    pub(super) on_stored: Vec<i128>,
    pub(super) differences: Vec<Differs>,
}

#[derive(Debug)]
pub(super) struct Differs {
    pub(super) bucket: Option<usize>,
    pub(super) kind: DifferenceKind,
    pub(super) stated: i128,
    pub(super) recomputed: i128,
}

#[derive(Debug)]
pub(super) enum Refused {
    Money(MoneyError),
    /// More is released than is held.
    Excess {
        bucket: Option<usize>,
        released: i128,
        held: i128,
    },
}

impl From<MoneyError> for Refused {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// A bucket in the course of one application.
#[derive(Clone, Copy, Debug)]
struct Step {
    withheld: i128,
    /// Freed by a change of the terms.
    freed: i128,
    /// Paid out by decision.
    released: i128,
    /// Held before, less what was freed, with what is withheld.
    available: i128,
}

pub(super) fn settle(
    position: &Position<'_>,
    buckets: &mut [Bucket],
    movements: &[Movement],
    claims: &Claims,
) -> Result<Settled, Refused> {
    let before = buckets.to_vec();
    let stopped = position.bill(buckets, movements)?;
    let reckoned = targets(position, &before, buckets, &stopped)?;
    let mut steps: Vec<Step> = Vec::with_capacity(buckets.len());
    for ((old, movement), (eased, target, _)) in before.iter().zip(movements).zip(&reckoned) {
        steps.push(step(position.terms.rate_cut, old, *movement, *eased, *target));
    }
    release(&mut steps, &claims.releases)?;
    let mut settled = Settled::default();
    state_lines(&mut steps, claims, &mut settled.differences);
    state_header(&mut steps, movements, claims, &mut settled.differences)?;
    for ((bucket, step), (_, target, exact)) in buckets.iter_mut().zip(&steps).zip(reckoned) {
        bucket.target = target;
        bucket.reckoned = exact;
        bucket.released += step.released;
        bucket.held += step.withheld - step.freed - step.released;
        settled.postings.push((step.withheld, step.freed + step.released));
        let stored = exact.stored_cents();
        // What is released comes off completed work first.
        let on_stored = if bucket.held >= 0 && stored >= 0 { stored.min(bucket.held) } else { stored };
        settled.on_stored.push(on_stored);
    }
    Ok(settled)
}

/// By bucket: retainage to date of what was billed before under the terms as they are now, that of what is billed now,
/// and the latter unrounded.
fn targets(
    position: &Position<'_>,
    before: &[Bucket],
    buckets: &[Bucket],
    stopped: &[bool],
) -> Result<Vec<(i128, i128, Unrounded)>, MoneyError> {
    let terms = position.terms;
    let mut cap = None;
    for limit in &terms.caps {
        let limit = match limit {
            Cap::Amount(amount) => cents(*amount)?,
            Cap::PercentOfContract(rate) => rate.of_cents(position.contract).max(0),
        };
        cap = Some(cap.map_or(limit, |cap: i128| cap.min(limit)));
    }
    let contract_of = |index: usize| position.scheduled.get(index).copied().unwrap_or(position.contract);
    let posted: Vec<i128> = before.iter().map(|bucket| bucket.target).collect();
    let mut eased = Vec::with_capacity(before.len());
    let mut eased_exact = Vec::with_capacity(before.len());
    for (index, (old, new)) in before.iter().zip(buckets).enumerate() {
        let exact = old.unrounded_as(new, contract_of(index))?;
        eased.push(old.target.min(exact.rounded(terms.rounding, old.reckoned, old.target)));
        eased_exact.push(exact);
    }
    let eased = capped(&posted, &eased, cap)?;
    let mut targets = Vec::with_capacity(before.len());
    let mut exacts = Vec::with_capacity(before.len());
    for (index, ((new, eased), old)) in buckets.iter().zip(&eased).zip(&eased_exact).enumerate() {
        let exact = new.unrounded(contract_of(index))?;
        let target = exact.rounded(terms.rounding, *old, *eased);
        let stop = stopped.get(index).copied().unwrap_or(false);
        targets.push(if stop { target.min(*eased) } else { target });
        exacts.push(exact);
    }
    let targets = capped(&eased, &targets, cap)?;
    Ok(eased.into_iter().zip(targets).zip(exacts).map(|((eased, target), exact)| (eased, target, exact)).collect())
}

fn step(rate_cut: RateCut, old: &Bucket, movement: Movement, eased: i128, target: i128) -> Step {
    let mut freed = (old.held_at(old.target) - old.held_at(eased)).clamp(0, old.held.max(0));
    // What was posted otherwise than by the terms is made good when the line moves again, not before.
    let moves = movement.work != 0 || movement.stored != 0 || target != old.target;
    let mut withheld = if moves { old.held_at(target) - (old.held - freed) } else { 0 };
    let reverses = movement.gross() < 0;
    if rate_cut == RateCut::Net && freed != 0 {
        withheld -= freed;
        freed = 0;
    }
    // Only work that is taken back takes its retainage back; anything else that lowers what is held is a release.
    if withheld < 0 && !reverses && old.held >= 0 {
        freed -= withheld;
        withheld = 0;
    }
    Step { withheld, freed, released: 0, available: old.held - freed + withheld }
}

fn release(steps: &mut [Step], releases: &[(Option<usize>, Option<i128>)]) -> Result<(), Refused> {
    for (bucket, amount) in releases {
        let shares = match bucket {
            Some(at) => {
                let held = steps.get(*at).map_or(0, |step| step.available - step.released);
                let amount = amount.unwrap_or(held);
                if !within_held(amount, held) {
                    return Err(Refused::Excess { bucket: *bucket, released: amount, held });
                }
                steps.iter().enumerate().map(|(i, _)| if i == *at { amount } else { 0 }).collect()
            }
            None => {
                let held: Vec<i128> = steps.iter().map(|step| step.available - step.released).collect();
                let whole = held.iter().sum();
                match amount {
                    None => held,
                    Some(amount) if !within_held(*amount, whole) => {
                        return Err(Refused::Excess { bucket: None, released: *amount, held: whole });
                    }
                    Some(amount) => apportion(*amount, &held)?.unwrap_or_default(),
                }
            }
        };
        for (step, share) in steps.iter_mut().zip(shares) {
            step.released += share;
        }
    }
    Ok(())
}

/// A release has the sign of what is held and never more. A line below nothing holds below nothing.
fn within_held(amount: i128, held: i128) -> bool {
    amount == 0 || (amount.signum() == held.signum() && amount.abs() <= held.abs())
}

fn state_lines(steps: &mut [Step], claims: &Claims, differences: &mut Vec<Differs>) {
    for (index, (step, stated)) in steps.iter_mut().zip(&claims.stated).enumerate() {
        let decided = claims.releases.iter().any(|(bucket, _)| bucket.is_none_or(|at| at == index));
        let mut differ = |kind, stated, recomputed| {
            if stated != recomputed {
                differences.push(Differs { bucket: Some(index), kind, stated, recomputed });
            }
        };
        if let Some(withheld) = stated.withheld {
            differ(DifferenceKind::Withheld, withheld, step.withheld);
            step.available += withheld - step.withheld;
            step.withheld = withheld;
        }
        if let Some(released) = stated.released {
            // A release is a decision. Only what the terms free, and what was decided, can be checked.
            if decided || released < step.freed {
                differ(DifferenceKind::Released, released, step.freed + step.released);
            }
            let freed = step.freed.min(released.max(0));
            step.available += step.freed - freed;
            (step.freed, step.released) = (freed, released - freed);
        }
        if stated.released.is_some() && step.released > step.available.max(0) {
            let (stated, recomputed) = (step.freed + step.released, step.freed + step.available.max(0));
            differences.push(Differs {
                bucket: Some(index),
                kind: DifferenceKind::ReleasedAboveHeld,
                stated,
                recomputed,
            });
        }
    }
}

fn state_header(
    steps: &mut [Step],
    movements: &[Movement],
    claims: &Claims,
    differences: &mut Vec<Differs>,
) -> Result<(), MoneyError> {
    let by_line = |of: fn(&StatedCents) -> Option<i128>| claims.stated.iter().any(|stated| of(stated).is_some());
    if let Some(stated) = claims.header.withheld {
        let recomputed: i128 = steps.iter().map(|step| step.withheld).sum();
        if stated != recomputed {
            differences.push(Differs { bucket: None, kind: DifferenceKind::Withheld, stated, recomputed });
        }
        // Where lines are stated too, the lines are posted.
        if !by_line(|stated| stated.withheld) {
            let weights = [
                steps.iter().map(|step| step.withheld.abs()).collect::<Vec<_>>(),
                movements.iter().map(|movement| movement.gross().abs()).collect(),
            ];
            for (step, share) in steps.iter_mut().zip(spread(stated - recomputed, weights)?) {
                step.withheld += share;
                step.available += share;
            }
        }
    }
    if let Some(stated) = claims.header.released {
        let freed: i128 = steps.iter().map(|step| step.freed).sum();
        let recomputed = freed + steps.iter().map(|step| step.released).sum::<i128>();
        if stated != recomputed && (!claims.releases.is_empty() || stated < freed) {
            differences.push(Differs { bucket: None, kind: DifferenceKind::Released, stated, recomputed });
        }
        if !by_line(|stated| stated.released) {
            let held: i128 = steps.iter().map(|step| step.available - step.released).sum();
            if stated - recomputed > held.max(0) {
                let recomputed = recomputed + held.max(0);
                differences.push(Differs { bucket: None, kind: DifferenceKind::ReleasedAboveHeld, stated, recomputed });
            }
            let weights = [
                steps.iter().map(|step| (step.available - step.released).max(0)).collect::<Vec<_>>(),
                steps.iter().map(|step| step.released.abs()).collect(),
            ];
            for (step, share) in steps.iter_mut().zip(spread(stated - recomputed, weights)?) {
                step.released += share;
            }
        }
    }
    Ok(())
}

/// Spreads an amount by the first weights that come to something, else onto the first.
fn spread(amount: i128, weights: [Vec<i128>; 2]) -> Result<Vec<i128>, MoneyError> {
    for weights in &weights {
        if let Some(shares) = apportion(amount, weights)? {
            return Ok(shares);
        }
    }
    Ok(std::iter::once(amount).collect())
}
