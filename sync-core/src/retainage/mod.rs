//! Retainage: what a contract lets a payer hold back, worked out, posted and kept as a ledger.
//!
//! | module | what for |
//! |---|---|
//! | [`RetainageTerms`] | what the contract says: rates, lump sums, step-downs, caps |
//! | [`certificates`] | terms + schedule of values + applications → G703, G702, posting, journal |
//! | [`RetainageLedger`] | what is withheld, released and held, by contract and line, whatever order documents come in |
//! | [`posting()`] | what a Procore pay app posts, from the amounts that it states |
//!
//! Practice: retainage is reckoned to date for each line, rounded once to the cent, half away from zero; what is posted
//! is the difference to what was posted before. Amounts that the source states are posted as stated, and the
//! recomputation only reports the difference. Work that is taken back takes its retainage with it, which is not a
//! release. See <http://blog.sunburstsoftwaresolutions.com/tag/payable/> for retainage as lines of bills and invoices, and
//! Procore's <https://support.procore.com/products/online/user-guide/project-level/invoicing/tutorials/set-or-release-retainage-on-a-subcontractor-invoice>
//! for retainage by line.
//!
//! ```
//! use sync_core::model::{Currency, Money};
//! use sync_core::retainage::{Application, RetainageTerms, Schedule, Side, certificates};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let usd = |text: &str| Money::new(text.parse().unwrap_or_default(), Currency::USD);
//! let schedule = Schedule::new(Currency::USD, [("1", "Concrete", usd("100000")?)]);
//! let terms = RetainageTerms::percent("10".parse()?, "10".parse()?);
//! let applications = [Application::new(1).work("1", usd("25000")?), Application::new(2).release_all()];
//! let certificates = certificates(&schedule, &terms, Side::Payable, &applications)?;
//! let due: Vec<String> = certificates.iter().map(|c| c.net.to_string()).collect();
//! assert_eq!(due, ["22500.00", "2500.00"]);
//! # Ok(())
//! # }
//! ```

mod application;
mod bucket;
mod certificate;
mod compute;
mod forms;
mod from_model;
mod journal_lines;
mod ledger;
mod posting;
mod rules;
mod settle;

pub use application::{Application, ChangeEntry, Progress, Release, Schedule, ScheduleLine, Stated};
pub use certificate::{Certificate, Difference, DifferenceKind, G702, G703Row, Side};
pub use compute::{Certifier, ComputeError, certificates};
pub use journal_lines::{JournalPart, JournalRow, balance, journal};
pub use ledger::{
    AccountEntry, AccountTie, ContractTie, DocumentTie, Grouping, LedgerChange, LedgerContract, LedgerDocument,
    LedgerError, LedgerRow, RetainageBalance, RetainageLedger,
};
pub use posting::{Disagreement, LinePosting, PayAppPosting, posting, posting_of};
pub use rules::{
    Cap, ContractSum, Crossing, LumpSpread, Rate, RateCut, RetainageRule, RetainageTerms, Rounding, Scope, StepDown,
    StepEffect, StepScope, TermsError, Threshold,
};

#[cfg(test)]
mod tests;
