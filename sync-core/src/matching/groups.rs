//! One record that is the sum of several: one check over many bills, several draws in one invoice.

use rust_decimal::Decimal;

use super::{Basis, Certainty, Matching, Proposal, Reason, Record, Rules};

/// Parts that are tried together; more come into question only as a whole.
const PARTS: usize = 24;
/// Steps of one search; a sum that needs more is not explained by a search.
const STEPS: usize = 50_000;

/// Among records without a partner: one of the left that several of the right come to, and the other way round. Parties
/// and currencies must be the same, the dates near enough, amounts exact to the cent. Where two sets come to the same sum,
/// both are shown and neither is likely.
pub fn match_groups(left: &[Record<'_>], right: &[Record<'_>], rules: &Rules) -> Matching {
    let mut proposals = Vec::new();
    let mut used = [vec![false; left.len()], vec![false; right.len()]];
    for (basis, ones, parts) in [(Basis::OneToMany, left, right), (Basis::ManyToOne, right, left)] {
        let (one_side, part_side) = if basis == Basis::OneToMany { (0, 1) } else { (1, 0) };
        let mut found: Vec<(usize, Vec<Vec<usize>>)> = Vec::new();
        for (place, one) in ones.iter().enumerate() {
            if is_set(&used, one_side, place) {
                continue;
            }
            let sets = sets_of(one, parts, |part| is_set(&used, part_side, part), rules);
            if !sets.is_empty() {
                found.push((place, sets));
            }
        }
        for (place, sets) in &found {
            // A part that another sum wants too is nobody's for certain.
            let wanted =
                |part: &usize| found.iter().any(|(other, sets)| other != place && sets.concat().contains(part));
            let single = sets.len() == 1 && !sets.concat().iter().any(wanted);
            let certainty = if single { Certainty::Likely } else { Certainty::Ambiguous };
            for set in sets {
                let amount = ones.get(*place).and_then(|one| one.amount);
                let mut reasons: Vec<Reason> =
                    amount.map(|amount| Reason::SumOf(set.len(), amount)).into_iter().collect();
                if ones.get(*place).is_some_and(|one| one.party.is_some()) {
                    reasons.insert(0, Reason::SameParty);
                }
                let score = if single { 80 } else { 60 };
                let (left, right) =
                    if one_side == 0 { (vec![*place], set.clone()) } else { (set.clone(), vec![*place]) };
                for (side, places) in [&left, &right].into_iter().enumerate() {
                    places.iter().for_each(|place| set_used(&mut used, side, *place));
                }
                proposals.push(Proposal { left, right, basis, certainty, score, reasons });
            }
        }
    }
    Matching::of(proposals, left.len(), right.len())
}

fn is_set(used: &[Vec<bool>; 2], side: usize, place: usize) -> bool {
    used.get(side).and_then(|used| used.get(place)).copied().unwrap_or(true)
}

fn set_used(used: &mut [Vec<bool>; 2], side: usize, place: usize) {
    if let Some(slot) = used.get_mut(side).and_then(|used| used.get_mut(place)) {
        *slot = true;
    }
}

/// Sets of two or more parts that come to the amount: none, the only one, or the first two found.
fn sets_of(one: &Record<'_>, parts: &[Record<'_>], is_used: impl Fn(usize) -> bool, rules: &Rules) -> Vec<Vec<usize>> {
    let Some(sum) = one.amount.filter(|sum| !sum.is_zero()) else { return Vec::new() };
    let mut near: Vec<(usize, Decimal)> = parts
        .iter()
        .enumerate()
        .filter(|(place, part)| {
            !is_used(*place) && part.link.is_none() && one.link.is_none() && part.party == one.party && {
                let dates = one.date.zip(part.date);
                dates.is_none_or(|(one, part)| (one - part).num_days().abs() <= rules.group_days)
            }
        })
        .filter_map(|(place, part)| Some((place, part.amount?)))
        .filter(|(_, amount)| amount.currency() == sum.currency() && !amount.is_zero())
        .map(|(place, amount)| (place, amount.amount()))
        .collect();
    if near.len() < 2 {
        return Vec::new();
    }
    let whole: Decimal = near.iter().map(|(_, amount)| *amount).sum();
    if near.len() > PARTS {
        // Too many to try every choice; all of them together is the one answer that needs no choice.
        let all = near.iter().map(|(place, _)| *place).collect();
        return if whole == sum.amount() { vec![all] } else { Vec::new() };
    }
    // Largest first: what is too much shows early.
    near.sort_by(|a, b| b.1.abs().cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    let mut search = Search { parts: &near, found: Vec::new(), steps: 0, max: rules.max_group };
    search.go(0, sum.amount(), &mut Vec::new());
    // A search that was cut short does not know that what it found is the only one.
    if search.steps >= STEPS && search.found.len() == 1 {
        return Vec::new();
    }
    search.found
}

struct Search<'a> {
    parts: &'a [(usize, Decimal)],
    found: Vec<Vec<usize>>,
    steps: usize,
    max: usize,
}

impl Search<'_> {
    fn go(&mut self, from: usize, rest: Decimal, chosen: &mut Vec<usize>) {
        if self.found.len() >= 2 || self.steps >= STEPS {
            return;
        }
        self.steps += 1;
        if rest.is_zero() && chosen.len() >= 2 {
            let mut set = chosen.clone();
            set.sort_unstable();
            self.found.push(set);
            return;
        }
        let Some(left) = self.parts.get(from..) else { return };
        let (mut above, mut below) = (Decimal::ZERO, Decimal::ZERO);
        for (_, amount) in left {
            if amount.is_sign_negative() { below += amount } else { above += amount }
        }
        if chosen.len() >= self.max || rest > above || rest < below {
            return;
        }
        if let Some((place, amount)) = left.first().copied() {
            chosen.push(place);
            self.go(from + 1, rest - amount, chosen);
            chosen.pop();
            self.go(from + 1, rest, chosen);
        }
    }
}
