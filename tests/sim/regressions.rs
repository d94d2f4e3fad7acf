//! Seeds that once found a bug in the code. They are played for ever.

use sync_tests::sim;
use sync_tests::sim::Sides::{self, Both, Desktop, Everything, Subcontractors};

/// Seed, what was played, and what it found.
const FOUND: [(u64, Sides, &str); 22] = [
    (3, Subcontractors, "a memo that a person wrote was overwritten by the second update after it"),
    (6, Subcontractors, "a pay app that was deleted in Procore was never noticed"),
    (37, Subcontractors, "an update that added a line and lost its answer became a conflict with itself"),
    (131, Subcontractors, "a document read by a snapshot was still used when it had changed, and the change was lost"),
    (
        168,
        Subcontractors,
        "a line that a person changed before the write was confirmed was overwritten by the next update",
    ),
    (213, Subcontractors, "an outdated reading of a pay app deleted its bill"),
    (333, Subcontractors, "two workers: one created what the other had created and linked since the run began"),
    (450, Subcontractors, "two workers: one created again what a person had deleted after the other created it"),
    (387, Subcontractors, "three changes were lost to readings of an older snapshot"),
    (1440, Both, "what changed after a write was stored was forgotten when the write was found"),
    (83, Everything, "a payment that a person had changed in Procore was taken back"),
    (432, Everything, "a request given up arrived after its payment had been taken back, and recorded it again"),
    (573, Everything, "an update by another worker was looked for in what was read before it, and became a conflict"),
    (750, Everything, "a payment was held as too much although another one of its invoice had been taken back"),
    (225, Everything, "payments of a contract that was deleted stopped the payments of all others"),
    (
        1644,
        Everything,
        "after a crash a bill was deleted by a decision of four minutes ago, though its document counted again",
    ),
    (1675, Everything, "a payment whose taking back was half done was forgotten when its list could not be read"),
    (2138, Everything, "an invoice was voided by a reading from before another process was told of its approval"),
    (2182, Everything, "a worker that had slept past its lease recorded a payment that another had taken back"),
    (
        842,
        Everything,
        "a payment was recorded twice after its origin id had been taken off by a request that came late",
    ),
    (80, Desktop, "a write that had met locked lists was answered by what was kept of them for ever"),
    (4429, Everything, "a payment was recorded again beside one whose taking back was half done"),
];

#[test]
fn what_was_found_stays_found() {
    for (seed, sides, what) in FOUND {
        let outcome = sim::run(seed, sides, false).unwrap();
        let first = outcome.violations.first();
        let story = first.map(|violation| outcome.story(violation, 40).join("\n")).unwrap_or_default();
        assert!(first.is_none(), "seed {seed} ({what}) fails again: {first:#?}\n{story}");
    }
}
