//! Seeds that once found a bug in the code. They are played for ever.

use sync_tests::sim::{self, Sides};

/// Seed, and what it found.
const FOUND: [(u64, &str); 9] = [
    (3, "a memo that a person wrote was overwritten by the second update after it"),
    (6, "a pay app that was deleted in Procore was never noticed"),
    (37, "an update that added a line and lost its answer became a conflict with itself"),
    (131, "a document read by a snapshot was still used when it had changed, and the change was lost"),
    (168, "a line that a person changed before the write was confirmed was overwritten by the next update"),
    (213, "an outdated reading of a pay app deleted its bill"),
    (333, "two workers: one created what the other had created and linked since the run began"),
    (450, "two workers: one created again what a person had deleted after the other created it"),
    (387, "three changes were lost to readings of an older snapshot"),
];

#[test]
fn what_was_found_stays_found() {
    for (seed, what) in FOUND {
        let outcome = sim::run(seed, Sides::Subcontractors, false).unwrap();
        let first = outcome.violations.first();
        let story = first.map(|violation| outcome.story(violation, 40).join("\n")).unwrap_or_default();
        assert!(first.is_none(), "seed {seed} ({what}) fails again: {first:#?}\n{story}");
    }
}
