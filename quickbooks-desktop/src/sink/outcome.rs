//! What an answer means for a write.

use sync_core::connector::{Operation, Outcome, Refusal, RefusalReason, Write};
use sync_core::dead_letter::Cause;

use crate::qbxml::{Advice, Status};
use crate::web_connector::Undelivered;

pub(super) fn refused(reason: RefusalReason, text: impl Into<String>) -> Outcome {
    Outcome::Refused(Refusal { reason, text: text.into() })
}

/// The outcome of a refused request.
pub(super) fn judged(write: &Write, status: &Status) -> Outcome {
    let is_create = matches!(write.operation, Operation::Create(_));
    let text = status.to_string();
    let person = |cause| refused(RefusalReason::Person(cause), text.clone());
    match (status.advice(), status.code) {
        (Advice::ReadAgain, _) => refused(RefusalReason::Stale, text),
        (Advice::Retry | Advice::RetryAfterEarlier, _) => refused(RefusalReason::NotNow, text),
        (Advice::Recover, _) => Outcome::Uncertain(text),
        (_, 3100) => person(Cause::NameTaken),
        (_, 3161 | 3171) => person(Cause::ClosedPeriod),
        (_, 3120) if !is_create => person(Cause::DeletedInQuickbooks),
        (_, 500) if !is_create => person(Cause::DeletedInQuickbooks),
        _ => person(Cause::Refused),
    }
}

/// The outcome of every write of a set that has no answer.
pub(super) fn undelivered(problem: &Undelivered) -> Outcome {
    let text = problem.to_string();
    match problem {
        Undelivered::Refused(_) => refused(RefusalReason::Person(Cause::Refused), text),
        Undelivered::NotStored(_) | Undelivered::VisitEnded => refused(RefusalReason::NotNow, text),
        Undelivered::Unknown(_) => Outcome::Uncertain(text),
    }
}
