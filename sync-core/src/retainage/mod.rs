//! Retainage.
mod posting;
pub use posting::{Disagreement, LinePosting, PayAppPosting, posting, posting_of};
