//! Work in progress: what each job has earned, against what was billed, and the entries that follow.
//!
//! Revenue is recognised by cost: percent complete = cost to date / estimated cost at completion, kept as an exact
//! [`Fraction`] and rounded once, to the cent, when it becomes an amount. Billed to date is gross of retainage, since
//! retainage changes who owes what when, not how much was billed. Jobs are never netted against each other:
//! overbillings are a liability, underbillings an asset. Elements of the schedule:
//! <https://www.bkd.com/article/2019/12/wip-percentage-completion-schedules-101>; contract assets and liabilities:
//! <https://eisneramper.com/insights/real-estate/contract-assets-liabilities-within-asc-topic-606-construction-industry-0622>.
//!
//! | step | call |
//! |---|---|
//! | the schedule of all jobs, with totals | [`schedule()`] |
//! | proposed entries, as the difference to last month or with a reversal | [`proposed_entries`] |
//! | the entries with real accounts, ready for approval | [`ProposedEntry::to_journal`] |
//! | earned against the trial balance (T12) | [`tie_t12`] |
//!
//! Nothing here posts: entries are proposals until somebody approves them.

mod entries;
mod estimates;
mod from_documents;
mod job;
mod schedule;
mod tie;

pub use crate::exact::Fraction;
pub use entries::{
    EntryBasis, EntryKind, EntryLine, JobBalances, ProposedEntry, WipAccount, WipAccounts, proposed_entries,
};
pub use estimates::{Estimate, Estimates};
pub use from_documents::jobs;
pub use job::{WipError, WipJob, WipRow};
pub use schedule::{WipSchedule, WipTotals, schedule};
pub use tie::{EarnedTie, JobRevenue, RevenueState, tie_t12};
