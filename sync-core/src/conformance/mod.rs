//! Suites that show whether an implementation of yours keeps the promises of this crate.
//!
//! A suite runs named cases and gives back those that failed; it does not panic. In a test of your own:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use sync_core::conformance;
//! use sync_core::journal::MemoryJournal; // yours instead
//!
//! let failures = conformance::journal::run_all(async || MemoryJournal::new()).await;
//! assert!(failures.is_empty(), "{failures:#?}");
//! # }
//! ```

pub mod journal;
pub mod sink;
pub mod source;

use std::fmt;

/// A case that failed: which promise, and what was found instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{case}: {problem}")]
pub struct Failure {
    /// The name of the case, which says what is promised.
    pub case: &'static str,
    /// What was found.
    pub problem: String,
}

/// What is wrong, inside a case.
#[derive(Debug)]
struct Problem(String);

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(format!("failed: {error}"))
    }
}

/// The end of a case.
type Checked = Result<(), Problem>;

/// Is what was found what is promised?
fn equal<T: PartialEq + fmt::Debug>(what: &str, found: T, promised: T) -> Checked {
    if found == promised {
        return Ok(());
    }
    Err(Problem(format!("{what}: found {found:?}, promised {promised:?}")))
}

/// Does it hold?
fn holds(what: &str, holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(Problem(format!("it does not hold that {what}"))) }
}
