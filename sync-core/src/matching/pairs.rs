//! One record of the left, one of the right.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;

use super::likeness::{score, words};
use super::{Basis, Certainty, Matching, Proposal, Reason, Record, Rules, exact_number, loose_number, same_name_key};

/// Candidates shown of one record.
const SHOWN: usize = 5;

/// Two records that may be the same.
#[derive(Clone, Debug)]
struct Edge {
    left: usize,
    right: usize,
    score: u8,
    reasons: Vec<Reason>,
}

/// Which records of the two lists are the same, or may be.
///
/// Links come first, then marks, then natural keys; what is left is compared by likeness. The answer does not depend on
/// anything but the lists and the rules.
pub fn match_records(left: &[Record<'_>], right: &[Record<'_>], rules: &Rules) -> Matching {
    let mut table = Table { left, right, used: [vec![false; left.len()], vec![false; right.len()]], proposals: vec![] };
    table.by_link();
    table.by_marker();
    table.by_natural_key(rules);
    table.by_likeness(rules);
    Matching::of(table.proposals, left.len(), right.len())
}

struct Table<'a, 'r> {
    left: &'a [Record<'r>],
    right: &'a [Record<'r>],
    used: [Vec<bool>; 2],
    proposals: Vec<Proposal>,
}

impl Table<'_, '_> {
    fn is_used(&self, side: usize, place: usize) -> bool {
        self.used.get(side).and_then(|used| used.get(place)).copied().unwrap_or(true)
    }

    fn put(&mut self, edge: Edge, basis: Basis, certainty: Certainty) {
        for (side, place) in [edge.left, edge.right].into_iter().enumerate() {
            if let Some(slot) = self.used.get_mut(side).and_then(|used| used.get_mut(place)) {
                *slot = true;
            }
        }
        let Edge { left, right, score, reasons } = edge;
        self.proposals.push(Proposal { left: vec![left], right: vec![right], basis, certainty, score, reasons });
    }

    /// The records that are still free, of one side, under a key.
    fn free<'t, K: Ord>(&'t self, side: usize, key: impl Fn(&'t Record<'_>) -> Option<K>) -> BTreeMap<K, Vec<usize>> {
        let records = if side == 0 { self.left } else { self.right };
        let mut by_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
        for (place, record) in records.iter().enumerate() {
            if !self.is_used(side, place)
                && let Some(key) = key(record)
            {
                by_key.entry(key).or_default().push(place);
            }
        }
        by_key
    }

    fn by_link(&mut self) {
        let ids: HashMap<&str, usize> = self.right.iter().enumerate().map(|(place, r)| (r.id, place)).collect();
        let lefts: HashMap<&str, usize> = self.left.iter().enumerate().map(|(place, l)| (l.id, place)).collect();
        let said = self.left.iter().enumerate().filter_map(|(place, l)| Some((place, *ids.get(l.link?)?)));
        let told = self.right.iter().enumerate().filter_map(|(place, r)| Some((*lefts.get(r.link?)?, place)));
        let edges: BTreeSet<(usize, usize)> = said.chain(told).collect();
        self.put_all(edges.into_iter().collect(), Basis::Link, &Reason::Linked);
        // A link whose other end is not there is no reason to guess another.
        for (side, records) in [self.left, self.right].into_iter().enumerate() {
            for (place, record) in records.iter().enumerate() {
                if record.link.is_some()
                    && let Some(slot) = self.used.get_mut(side).and_then(|used| used.get_mut(place))
                {
                    *slot = true;
                }
            }
        }
    }

    fn by_marker(&mut self) {
        let (lefts, rights) = (self.free(0, |r| r.marker), self.free(1, |r| r.marker));
        let mut edges = Vec::new();
        for (marker, left) in lefts {
            for right in rights.get(marker).into_iter().flatten() {
                edges.extend(left.iter().map(|left| (*left, *right)));
            }
        }
        self.put_all(edges, Basis::Marker, &Reason::SameMarker);
    }

    /// All these pairs; certain where neither end has another.
    fn put_all(&mut self, edges: Vec<(usize, usize)>, basis: Basis, reason: &Reason) {
        let (mut of_left, mut of_right): (HashMap<usize, usize>, HashMap<usize, usize>) = Default::default();
        for (left, right) in &edges {
            *of_left.entry(*left).or_default() += 1;
            *of_right.entry(*right).or_default() += 1;
        }
        for (left, right) in edges {
            let single = of_left.get(&left) == Some(&1) && of_right.get(&right) == Some(&1);
            let certainty = if single { Certainty::Certain } else { Certainty::Ambiguous };
            self.put(Edge { left, right, score: 100, reasons: vec![reason.clone()] }, basis, certainty);
        }
    }

    fn by_natural_key(&mut self, rules: &Rules) {
        let key = |record: &Record<'_>| {
            let number = record.number.map(exact_number).filter(|number| !number.is_empty());
            let text = record.name.map(same_name_key).or(number)?;
            Some((record.party.unwrap_or_default().to_owned(), text))
        };
        // Another mark says that it stands for something else.
        let (lefts, rights) = (self.free(0, key), self.free(1, |r| key(r).filter(|_| r.marker.is_none())));
        for (key, left) in lefts {
            let ([l], Some([r])) = (left.as_slice(), rights.get(&key).map(Vec::as_slice)) else { continue };
            let (Some(one), Some(two)) = (self.left.get(*l), self.right.get(*r)) else { continue };
            let same_amount = one.amount.zip(two.amount).is_none_or(|(one, two)| one == two);
            if let (true, Some((_, reasons))) = (same_amount, score(one, two, rules)) {
                self.put(Edge { left: *l, right: *r, score: 100, reasons }, Basis::NaturalKey, Certainty::Certain);
            }
        }
    }

    fn by_likeness(&mut self, rules: &Rules) {
        let mut open = self.edges(rules);
        // A pair that stands out is taken; what it leaves may make another stand out.
        loop {
            let clear: Vec<usize> = (0..open.len()).filter(|place| is_clear(&open, *place, rules)).collect();
            if clear.is_empty() {
                break;
            }
            for place in clear {
                if let Some(edge) = open.get(place) {
                    self.put(edge.clone(), Basis::Likeness, Certainty::Likely);
                }
            }
            open.retain(|edge| !self.is_used(0, edge.left) && !self.is_used(1, edge.right));
        }
        let mut shown: HashMap<usize, usize> = HashMap::new();
        for edge in open {
            let count = shown.entry(edge.left).or_default();
            *count += 1;
            if *count <= SHOWN {
                self.put(edge, Basis::Likeness, Certainty::Ambiguous);
            }
        }
    }

    /// Every pair that is alike enough, the best first. Only pairs that share something are compared.
    fn edges(&self, rules: &Rules) -> Vec<Edge> {
        let mut by_trait: HashMap<Trait, Vec<usize>> = HashMap::new();
        for (place, record) in self.right.iter().enumerate() {
            if !self.is_used(1, place) && record.marker.is_none() {
                for what in traits(record) {
                    by_trait.entry(what).or_default().push(place);
                }
            }
        }
        let mut edges = Vec::new();
        for (place, record) in self.left.iter().enumerate().filter(|(place, _)| !self.is_used(0, *place)) {
            let near: BTreeSet<usize> =
                traits(record).iter().filter_map(|what| by_trait.get(what)).flatten().copied().collect();
            for other in near {
                let scored = self.right.get(other).and_then(|right| score(record, right, rules));
                if let Some((score, reasons)) = scored.filter(|(score, _)| *score >= rules.propose_from) {
                    edges.push(Edge { left: place, right: other, score, reasons });
                }
            }
        }
        edges.sort_by(|a, b| b.score.cmp(&a.score).then((a.left, a.right).cmp(&(b.left, b.right))));
        edges
    }
}

/// Does no other pair of the same records come near?
fn is_clear(open: &[Edge], place: usize, rules: &Rules) -> bool {
    let Some(edge) = open.get(place) else { return false };
    open.iter().enumerate().all(|(other_place, other)| {
        other_place == place
            || (other.left != edge.left && other.right != edge.right)
            || other.score.saturating_add(rules.margin) <= edge.score
    })
}

/// What two records must share at least one of to be compared.
#[derive(PartialEq, Eq, Hash)]
enum Trait {
    Number(String),
    Amount(Option<String>, Decimal),
    Word(String),
}

fn traits(record: &Record<'_>) -> Vec<Trait> {
    if let Some(name) = record.name {
        let words = words(name);
        let start: String = words.concat().chars().take(4).collect();
        return words.into_iter().chain([start]).map(Trait::Word).collect();
    }
    let number = record.number.map(loose_number).filter(|number| !number.is_empty());
    let party = record.party.map(ToOwned::to_owned);
    let amount = record.amount.map(|amount| Trait::Amount(party, amount.amount().normalize()));
    number.map(Trait::Number).into_iter().chain(amount).collect()
}
