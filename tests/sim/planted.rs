//! A simulator that cannot fail is worth nothing: each planted bug must be caught within 200 seeds.

use sync_core::planted::{Bug, plant};
use sync_tests::sim::{self, Sides, Violation};

const SEEDS: u64 = 200;

/// The first seed at which the simulator notices the bug, and what it says.
fn caught(bug: Bug, sides: Sides) -> Option<(u64, Violation)> {
    // given an engine with a bug, on this thread
    plant(Some(bug));
    // when seeds are played until one fails
    let caught = (0..SEEDS).find_map(|seed| {
        let outcome = sim::run(seed, sides, false).unwrap();
        outcome.violations.into_iter().next().map(|first| (seed, first))
    });
    plant(None);
    caught
}

fn is_caught(bug: Bug) {
    is_caught_among(bug, Sides::Both);
}

fn is_caught_among(bug: Bug, sides: Sides) {
    // then one fails soon
    let (seed, violation) = caught(bug, sides).unwrap_or_else(|| panic!("{bug:?} is not caught within {SEEDS} seeds"));
    println!("{bug:?}: caught by seed {seed}: {}: {}", violation.invariant, violation.text);
}

#[test]
fn skipping_the_read_after_an_unknown_outcome_is_caught() {
    is_caught(Bug::SkipReadAfterUncertain);
}

#[test]
fn a_token_used_before_its_refresh_token_is_stored_is_caught() {
    is_caught(Bug::UseTokenBeforeStored);
}

#[test]
fn ignoring_a_stale_version_is_caught() {
    is_caught(Bug::IgnoreStaleVersion);
}

#[test]
fn an_event_dropped_when_coalescing_is_caught() {
    is_caught(Bug::DropEventWhenCoalescing);
}

#[test]
fn a_forgotten_marker_is_caught() {
    is_caught(Bug::ForgetMarker);
}

#[test]
fn a_refused_write_tried_again_is_caught() {
    is_caught(Bug::RetryRefusedWrite);
}

#[test]
fn a_failed_read_taken_for_not_found_is_caught() {
    is_caught(Bug::FailedReadAsNotFound);
}

#[test]
fn a_lease_released_too_early_is_caught() {
    is_caught(Bug::ReleaseLeaseTooEarly);
}

#[test]
fn a_payment_taken_back_though_a_person_changed_it_is_caught() {
    is_caught_among(Bug::TakeBackChangedPayment, Sides::Everything);
}

#[test]
fn every_bug_has_its_test() {
    assert_eq!(Bug::ALL.len(), 9);
}
