//! A simulator that cannot fail is worth nothing: each planted bug must be caught within 200 seeds.

use sync_core::planted::{Bug, plant};
use sync_tests::sim::{self, Sides};

const SEEDS: u64 = 200;

#[test]
fn every_planted_bug_is_caught() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        // given an engine with a bug
        plant(Some(bug));
        // when seeds are played until one fails
        let caught = (0..SEEDS).find_map(|seed| {
            let outcome = sim::run(seed, Sides::Both, false).unwrap();
            outcome.violations.first().map(|first| (seed, first.clone()))
        });
        plant(None);
        // then one fails soon
        match caught {
            Some((seed, violation)) => {
                println!("{bug:?}: caught by seed {seed}: {}: {}", violation.invariant, violation.text);
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not caught within {SEEDS} seeds: {missed:?}");
}
