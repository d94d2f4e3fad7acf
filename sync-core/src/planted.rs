//! Wrong turns that a test can tell the engine to take, to show that the simulator would notice them (feature
//! `planted-bugs`; never on in a build that touches real books). Each thread has its own; none is planted by default.

use std::cell::Cell;

/// A wrong turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bug {
    /// After an unknown outcome, decides afresh instead of looking.
    SkipReadAfterUncertain,
    /// Hands out an access token before the refresh token that came with it is stored.
    UseTokenBeforeStored,
    /// Sends an update that was refused as stale again, with the version that is current now.
    IgnoreStaleVersion,
    /// Forgets a change that joins a job.
    DropEventWhenCoalescing,
    /// Writes transactions without their marker.
    ForgetMarker,
    /// Tries a refused write again and again.
    RetryRefusedWrite,
    /// Takes a document that could not be read for one that is gone.
    FailedReadAsNotFound,
    /// Gives up the lease before the outcome of the write is known.
    ReleaseLeaseTooEarly,
    /// Takes a payment back in the source without a look at what a person made of it there.
    TakeBackChangedPayment,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 9] = [
        Self::SkipReadAfterUncertain,
        Self::UseTokenBeforeStored,
        Self::IgnoreStaleVersion,
        Self::DropEventWhenCoalescing,
        Self::ForgetMarker,
        Self::RetryRefusedWrite,
        Self::FailedReadAsNotFound,
        Self::ReleaseLeaseTooEarly,
        Self::TakeBackChangedPayment,
    ];
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug on this thread, or takes it out again.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Is this bug planted here?
pub fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
