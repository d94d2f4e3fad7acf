//! Every invariant holds at every seed. A hundred of them here; `simulate` plays as many as one has time for.

use sync_tests::sim::{self, Sides};

fn hold(seeds: std::ops::Range<u64>) {
    let mut injected = 0;
    for seed in seeds {
        // given the people, networks, disks and clocks of a seed; when it is played
        let outcome = sim::run(seed, Sides::Everything, false).unwrap();
        // then every invariant holds
        if let Some(first) = outcome.violations.first() {
            panic!("seed {seed}: {first:#?}\n{}", outcome.story(first, 40).join("\n"));
        }
        injected += outcome.injected.values().sum::<u64>();
    }
    assert!(injected > 5_000, "{injected} faults are no trial");
}

#[test]
fn the_first_twenty_seeds_hold() {
    hold(0..20);
}

#[test]
fn the_next_twenty_seeds_hold() {
    hold(20..40);
}
