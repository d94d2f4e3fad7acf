//! What an answer means for a write, and under which ids writes are sent.

use sha2::{Digest, Sha256};
use sync_core::connector::{Outcome, Refusal, RefusalReason};
use sync_core::dead_letter::Cause;

use crate::client::{MAX_BATCH_REQUEST_ID, MAX_REQUEST_ID};
use crate::error::{Error, Verdict};
use crate::fault::Fault;

pub(super) fn refused(reason: RefusalReason, text: String) -> Outcome {
    Outcome::Refused(Refusal { reason, text })
}

/// Marks refusals for something that was not found.
pub(super) const NOT_FOUND: &str = "not there or not in use";

pub(super) fn failed(error: &Error) -> Outcome {
    match (error.verdict(), error.fault()) {
        (Verdict::Missing, Some(fault)) => judged(fault, &error.to_string()),
        (verdict, _) => outcome_of(verdict, error.to_string()),
    }
}

pub(super) fn judged(fault: &Fault, text: &str) -> Outcome {
    match Verdict::of(fault) {
        Verdict::Missing => {
            let text = format!("{text}; the document or something that it names is {NOT_FOUND}");
            refused(RefusalReason::Person(Verdict::cause_of_missing(fault)), text)
        }
        verdict => outcome_of(verdict, text.to_owned()),
    }
}

fn outcome_of(verdict: Verdict, text: String) -> Outcome {
    match verdict {
        Verdict::Stale => refused(RefusalReason::Stale, text),
        Verdict::NotNow | Verdict::Reconnect => refused(RefusalReason::NotNow, text),
        Verdict::Person(cause) => refused(RefusalReason::Person(cause), text),
        Verdict::Bug => refused(
            RefusalReason::Person(Cause::Refused),
            format!("{text}; this is a fault of the sync, please report it"),
        ),
        Verdict::Missing => refused(RefusalReason::Person(Cause::Refused), text),
        Verdict::Uncertain => Outcome::Uncertain(text),
    }
}

/// The id of a single request: the write's key, where QuickBooks takes it as it is.
pub(super) fn request_id(key: &str) -> String {
    let fits = (1..=MAX_REQUEST_ID).contains(&key.len());
    if fits && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') { key.to_owned() } else { hash(&[key]) }
}

/// The id of a batch: the hash of the keys of all its writes, sorted. A key stands for its content.
pub(super) fn batch_request_id(keys: &[&str]) -> String {
    hash(keys)
}

pub(super) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // With its length, so that two lists of parts never read the same.
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    let mut text = String::with_capacity(digest.len() * 2);
    for byte in digest {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(MAX_BATCH_REQUEST_ID);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_fit_and_differ() {
        assert_eq!(request_id("ab-12"), "ab-12");
        assert_eq!(request_id(&"a".repeat(64)).len(), 36);
        assert_ne!(request_id("a b"), request_id("a_b"));
        assert_eq!(batch_request_id(&["a", "b"]).len(), 36);
        assert_ne!(batch_request_id(&["ab", "c"]), batch_request_id(&["a", "bc"]));
    }
}
