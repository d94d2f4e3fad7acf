//! The same invariants with QuickBooks Desktop: a company file that a Web Connector visits, answers lost behind it, recovery
//! files lost, backups put back, files busy or wrong.

use sync_tests::sim::{self, Sides};

#[test]
fn the_first_seeds_hold_with_quickbooks_desktop() {
    let mut faults = std::collections::BTreeMap::new();
    for seed in 0..10 {
        let outcome = sim::run(seed, Sides::Desktop, false).unwrap();
        if let Some(first) = outcome.violations.first() {
            panic!("seed {seed}: {first:#?}\n{}", outcome.story(first, 40).join("\n"));
        }
        for (kind, count) in outcome.injected {
            *faults.entry(kind).or_insert(0) += count;
        }
    }
    // and what is Desktop's own has happened
    for kind in ["answer lost after commit", "recovery file lost", "restored backup", "busy file", "wrong file open"] {
        assert!(faults.contains_key(kind), "{kind}: {faults:?}");
    }
}

#[test]
fn a_seed_of_the_desktop_gives_the_same_trace_twice() {
    let digest = || sim::run(3, Sides::Desktop, false).unwrap().digest;
    assert_eq!(digest(), digest());
}
