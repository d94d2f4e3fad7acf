//! Which record of one side is the same as which of the other: by link, by mark, by natural key, and, where none of them
//! helps, by likeness, with a score and its reasons. Pure.
//!
//! ```text
//! link -> marker -> natural key -> likeness (number, party, amount, date; names) -> one over many, many over one
//! ```
//!
//! Only the first three are [`Certainty::Certain`]. A likeness is a proposal for a person and is never applied by itself.
//!
//! [`match_records`] pairs; [`match_groups`] then looks, among what is left, for one record that is the sum of several
//! (one check over many bills).

mod groups;
mod likeness;
mod pairs;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::{Date, Money};

pub use groups::match_groups;
pub use likeness::{exact_number, is_one_edit, loose_number, name_likeness, same_name_key};
pub use pairs::match_records;

/// A record as matching sees it. What is not known is left out: it neither helps nor stands in the way.
///
/// Both sides speak of parties in the same ids, so the caller resolves them first. Records of different kinds (bills and
/// invoices) are matched in separate calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// Its id on its own side.
    pub id: &'a str,
    /// The id of the record on the other side that it is known to be; on either side. A record with a link whose other
    /// end is not there stays alone.
    pub link: Option<&'a str>,
    /// The mark that the record carries, or, on the left, would carry. A record of the right that has a mark is never
    /// guessed to be another than the mark says.
    pub marker: Option<&'a str>,
    /// Vendor or customer, in ids that both sides share. Different parties never match.
    pub party: Option<&'a str>,
    /// The number that a person sees.
    pub number: Option<&'a str>,
    /// The name, of list entries.
    pub name: Option<&'a str>,
    /// The total.
    pub amount: Option<Money>,
    /// The date.
    pub date: Option<Date>,
}

/// What counts as near.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Two dates this many days apart are near.
    pub near_days: i64,
    /// Parts of a sum may be this many days away from it.
    pub group_days: i64,
    /// Likenesses below this score, of 100, are not proposed.
    pub propose_from: u8,
    /// A likeness is the likely one if every other of the same records is this much below.
    pub margin: u8,
    /// Records in a group at most.
    pub max_group: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { near_days: 10, group_days: 60, propose_from: 50, margin: 10, max_group: 24 }
    }
}

/// What a proposal stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// A stored link.
    Link,
    /// The mark that both carry.
    Marker,
    /// Party and number, or name, are the same and no other record has them; amounts, where both are known, are equal.
    NaturalKey,
    /// They are alike.
    Likeness,
    /// One record of the left is the sum of several of the right.
    OneToMany,
    /// Several records of the left come to one of the right.
    ManyToOne,
}

/// How sure a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// May be applied without asking.
    Certain,
    /// The only one that comes into question; a person confirms it.
    Likely,
    /// One of several that come into question; a person chooses.
    Ambiguous,
}

/// A reason for, or against, a proposal. Shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A stored link says so.
    Linked,
    /// Both carry the same mark.
    SameMarker,
    /// The party is the same.
    SameParty,
    /// The number is the same.
    SameNumber(String),
    /// The number is written in two ways.
    LikeNumber(String, String),
    /// The numbers differ.
    OtherNumber(String, String),
    /// The name is the same.
    SameName,
    /// The names are alike; percent.
    LikeName(u8),
    /// The amount is the same.
    SameAmount(Money),
    /// The amounts differ: left, right.
    OtherAmount(Money, Money),
    /// The date is the same.
    SameDate(Date),
    /// That many days lie between the dates.
    DaysApart(i64),
    /// The parts come to the amount.
    SumOf(usize, Money),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linked => f.write_str("linked before"),
            Self::SameMarker => f.write_str("carries its mark"),
            Self::SameParty => f.write_str("same party"),
            Self::SameNumber(number) => write!(f, "same number {number}"),
            Self::LikeNumber(left, right) => write!(f, "numbers alike: {left} and {right}"),
            Self::OtherNumber(left, right) => write!(f, "numbers differ: {left} and {right}"),
            Self::SameName => f.write_str("same name"),
            Self::LikeName(percent) => write!(f, "names alike ({percent} %)"),
            Self::SameAmount(amount) => write!(f, "same amount {amount}"),
            Self::OtherAmount(left, right) => write!(f, "amounts differ: {left} and {right}"),
            Self::SameDate(date) => write!(f, "same date {date}"),
            Self::DaysApart(1) => f.write_str("1 day apart"),
            Self::DaysApart(days) => write!(f, "{days} days apart"),
            Self::SumOf(count, amount) => write!(f, "{count} together come to {amount}"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Records of both sides that may be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Places in the left list; one, but for [`Basis::ManyToOne`].
    pub left: Vec<usize>,
    /// Places in the right list; one, but for [`Basis::OneToMany`].
    pub right: Vec<usize>,
    /// What it stands on.
    pub basis: Basis,
    /// How sure it is.
    pub certainty: Certainty,
    /// 0 to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What matching came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Matching {
    /// The proposals, in the order of the left list; of one record, the best first.
    pub proposals: Vec<Proposal>,
    /// Places in the left list that nothing came into question for.
    pub left_alone: Vec<usize>,
    /// Places in the right list that nothing came into question for.
    pub right_alone: Vec<usize>,
}

impl Matching {
    fn of(mut proposals: Vec<Proposal>, lefts: usize, rights: usize) -> Self {
        proposals.sort_by(|a, b| {
            (&a.left, a.certainty, std::cmp::Reverse(a.score), &a.right).cmp(&(
                &b.left,
                b.certainty,
                std::cmp::Reverse(b.score),
                &b.right,
            ))
        });
        let alone = |count: usize, places: &dyn Fn(&Proposal) -> Vec<usize>| {
            let mut named = vec![false; count];
            for place in proposals.iter().flat_map(places) {
                if let Some(slot) = named.get_mut(place) {
                    *slot = true;
                }
            }
            named.iter().enumerate().filter(|(_, named)| !**named).map(|(place, _)| place).collect()
        };
        let left_alone = alone(lefts, &|p| p.left.clone());
        let right_alone = alone(rights, &|p| p.right.clone());
        Self { left_alone, right_alone, proposals }
    }

    /// Those that may be applied without asking.
    pub fn certain(&self) -> impl Iterator<Item = &Proposal> {
        self.proposals.iter().filter(|proposal| proposal.certainty == Certainty::Certain)
    }
}
