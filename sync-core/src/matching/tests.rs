use proptest::prelude::*;

use super::*;
use crate::model::Currency;

fn usd(cents: i64) -> Money {
    Money::new(rust_decimal::Decimal::new(cents, 2), Currency::USD).unwrap()
}

fn day(day: u32) -> Date {
    Date::from_ymd_opt(2026, 3, day).unwrap()
}

fn bill<'a>(id: &'a str, number: &'a str, cents: i64, on: u32) -> Record<'a> {
    Record {
        id,
        party: Some("71"),
        number: Some(number),
        amount: Some(usd(cents)),
        date: Some(day(on)),
        ..Record::default()
    }
}

fn named<'a>(id: &'a str, name: &'a str) -> Record<'a> {
    Record { id, name: Some(name), ..Record::default() }
}

fn matched(left: &[Record<'_>], right: &[Record<'_>]) -> Matching {
    match_records(left, right, &Rules::default())
}

#[test]
fn a_link_goes_before_a_marker_and_a_marker_before_a_number() {
    // Given a pay app that is linked, one that is marked, one that has only its number, and bills that also share numbers
    let left = [
        Record { link: Some("b1"), ..bill("a1", "PA-1", 100, 1) },
        Record { marker: Some("m2"), ..bill("a2", "PA-2", 200, 2) },
        bill("a3", "PA-3", 300, 3),
    ];
    let right = [
        bill("b3", "pa-3", 300, 9),
        Record { marker: Some("m2"), ..bill("b2", "X", 250, 20) },
        bill("b1", "PA-9", 900, 20),
        bill("b4", "PA-1", 100, 1),
    ];
    // When they are matched
    let matching = matched(&left, &right);
    // Then each has its own, by the strongest reason, and the bill that only looks like the first is nobody's
    let found: Vec<_> = matching.certain().map(|p| (p.left[0], p.right[0], p.basis)).collect();
    assert_eq!(found, [(0, 2, Basis::Link), (1, 1, Basis::Marker), (2, 0, Basis::NaturalKey)]);
    assert_eq!((matching.left_alone, matching.right_alone), (vec![], vec![3]));
}

#[test]
fn the_same_number_with_another_amount_is_a_guess_that_says_so() {
    let matching = matched(&[bill("a", "PA-1", 10000, 1)], &[bill("b", "PA-1", 9000, 1)]);
    let [proposal] = matching.proposals.as_slice() else { panic!("{matching:?}") };
    assert_eq!((proposal.basis, proposal.certainty), (Basis::Likeness, Certainty::Likely));
    assert!(proposal.reasons.contains(&Reason::OtherAmount(usd(10000), usd(9000))), "{:?}", proposal.reasons);
}

#[test]
fn two_marks_of_one_document_are_for_a_person() {
    let marked = |id| Record { marker: Some("m"), ..bill(id, "PA-1", 100, 1) };
    let matching = matched(&[marked("a")], &[marked("b1"), marked("b2")]);
    assert_eq!(matching.certain().count(), 0);
    assert_eq!(matching.proposals.iter().filter(|p| p.certainty == Certainty::Ambiguous).count(), 2);
}

#[test]
fn two_bills_of_one_number_are_for_a_person() {
    let matching = matched(&[bill("a", "PA-1", 100, 1)], &[bill("b1", "PA-1", 100, 1), bill("b2", "PA-1", 100, 1)]);
    let found: Vec<_> = matching.proposals.iter().map(|p| (p.right[0], p.certainty)).collect();
    assert_eq!(found, [(0, Certainty::Ambiguous), (1, Certainty::Ambiguous)]);
}

#[test]
fn a_bill_that_carries_another_mark_is_never_a_guess() {
    let other = Record { marker: Some("other"), ..bill("b", "PA-1", 100, 1) };
    assert_eq!(matched(&[bill("a", "PA-1", 100, 1)], &[other]).proposals, []);
}

#[test]
fn another_vendor_is_never_a_guess() {
    let other = Record { party: Some("72"), ..bill("b", "PA-1", 100, 1) };
    assert_eq!(matched(&[bill("a", "PA-1", 100, 1)], &[other]).proposals, []);
}

#[test]
fn a_link_to_what_is_gone_is_no_reason_to_guess() {
    let left = [Record { link: Some("deleted"), ..bill("a", "PA-1", 100, 1) }];
    let matching = matched(&left, &[bill("b", "PA-1", 100, 1)]);
    assert_eq!((matching.proposals.len(), matching.left_alone), (0, vec![0]));
}

#[test]
fn what_stands_out_is_taken_and_leaves_the_rest_clear() {
    // Given two pay apps of one amount; one bill has the date of the first and a number like it, the other has neither
    let left = [bill("a1", "PA 1", 500, 1), bill("a2", "PA 2", 500, 5)];
    let right = [bill("b1", "770", 500, 6), bill("b2", "PA-01", 500, 1)];
    // When matched, then the first pair stands out, and the second is what is left
    let found: Vec<_> = matched(&left, &right).proposals.iter().map(|p| (p.left[0], p.right[0], p.certainty)).collect();
    assert_eq!(found, [(0, 1, Certainty::Likely), (1, 0, Certainty::Likely)]);
}

#[test]
fn names_are_alike_as_people_read_them() {
    for (one, two, least) in [
        ("Summit Concrete, Inc.", "SUMMIT CONCRETE INC", 90),
        ("The Skyline Roofing Co.", "Skyline Roofing", 90),
        ("Bay Area Electric LLC", "Bay Area Electrical LLC", 70),
        ("Skyline Roofing Contractors", "Skyline Roofing", 70),
        ("O'Brien Steel", "OBrien Steel", 90),
    ] {
        assert!(name_likeness(one, two).is_some_and(|found| (least..100).contains(&found)), "{one} / {two}");
    }
    for (one, two) in [("Summit Concrete", "Summit Electric"), ("ABC Drywall", "ABD Glass"), ("A", "B")] {
        assert_eq!(name_likeness(one, two), None, "{one} / {two}");
    }
    let matching =
        matched(&[named("v1", "Summit Concrete, Inc.")], &[named("7", "Summit Concrete Co"), named("8", "X")]);
    assert_eq!(matching.proposals.len(), 1);
    assert_eq!(matching.proposals[0].certainty, Certainty::Likely, "never certain without the same name");
}

#[test]
fn one_slip_of_the_pen() {
    for (one, two) in [("1043", "1043"), ("1043", "1048"), ("1043", "143"), ("1043", "10433"), ("", "1")] {
        assert!(is_one_edit(one, two) && is_one_edit(two, one), "{one} {two}");
    }
    for (one, two) in [("1043", "1034"), ("1043", "10"), ("abc", "xyz"), ("1", "234")] {
        assert!(!is_one_edit(one, two) && !is_one_edit(two, one), "{one} {two}");
    }
}

#[test]
fn one_check_over_three_bills() {
    // Given a check of 600 and four bills of the vendor, three of which come to it
    let check = [bill("check", "5001", 60000, 20)];
    let bills =
        [bill("b1", "1", 10000, 1), bill("b2", "2", 35000, 5), bill("b3", "3", 15000, 9), bill("b4", "4", 7500, 9)];
    let matching = match_groups(&check, &bills, &Rules::default());
    let [group] = matching.proposals.as_slice() else { panic!("{matching:?}") };
    assert_eq!((group.basis, group.certainty, &group.right), (Basis::OneToMany, Certainty::Likely, &vec![0, 1, 2]));
    assert!(group.reasons.contains(&Reason::SumOf(3, usd(60000))));
    assert_eq!(matching.right_alone, [3]);
    // And the other way round
    let matching = match_groups(&bills, &check, &Rules::default());
    assert_eq!(matching.proposals[0].basis, Basis::ManyToOne);
}

#[test]
fn two_ways_to_a_sum_are_for_a_person() {
    let check = [bill("check", "5001", 30000, 20)];
    let bills = [bill("b1", "1", 10000, 1), bill("b2", "2", 20000, 5), bill("b3", "3", 20000, 9)];
    let matching = match_groups(&check, &bills, &Rules::default());
    assert_eq!(matching.proposals.len(), 2);
    assert!(matching.proposals.iter().all(|p| p.certainty == Certainty::Ambiguous));
}

proptest! {
    /// Whatever the records: no record is in two pairs that are certain or likely, nothing is in a proposal and alone, and
    /// a certain pair shares link, marker or natural key.
    #[test]
    fn nobody_is_given_away_twice(
        left in prop::collection::vec((0_u8..4, 0_i64..3, 1_u32..4, 0_u8..3), 0..9),
        right in prop::collection::vec((0_u8..4, 0_i64..3, 1_u32..4, 0_u8..3), 0..9),
    ) {
        let numbers = ["", "PA-1", "PA-01", "X7"];
        let markers = [None, Some("m1"), Some("m2")];
        let ids: Vec<String> = (0..9).map(|i| format!("r{i}")).collect();
        let records = |side: &[(u8, i64, u32, u8)]| -> Vec<(usize, i64, u32, usize)> {
            side.iter().map(|(n, a, d, m)| (usize::from(*n), *a, *d, usize::from(*m))).collect()
        };
        let (left, right) = (records(&left), records(&right));
        let build = |side: &[(usize, i64, u32, usize)]| -> Vec<Record<'_>> {
            let one = |(place, (n, a, d, m)): (usize, &(usize, i64, u32, usize))| Record {
                marker: markers[*m], ..bill(&ids[place], numbers[*n], *a * 100, *d)
            };
            side.iter().enumerate().map(one).collect()
        };
        let (left, right) = (build(&left), build(&right));
        let matching = matched(&left, &right);
        for side in 0..2 {
            let mut given = Vec::new();
            for p in &matching.proposals {
                let place = if side == 0 { p.left[0] } else { p.right[0] };
                let alone = if side == 0 { &matching.left_alone } else { &matching.right_alone };
                prop_assert!(!alone.contains(&place));
                if p.certainty != Certainty::Ambiguous {
                    prop_assert!(!given.contains(&place), "{:?}", matching);
                    given.push(place);
                }
            }
        }
        for p in matching.certain() {
            let (l, r) = (&left[p.left[0]], &right[p.right[0]]);
            let same_number = exact_number(l.number.unwrap()) == exact_number(r.number.unwrap()) && l.amount == r.amount;
            prop_assert!((l.marker.is_some() && l.marker == r.marker) || same_number);
        }
        prop_assert_eq!(&matching, &matched(&left, &right));
    }
}
