//! Reconciliation: both sides read afresh, compared by document, every difference explained to the cent.
//!
//! Differences are explained by document, never by total: two errors that cancel out are two findings.

pub mod company;
pub mod diff;
mod explain;
mod payments;
mod records;
mod tie_out;

pub use explain::{ChangeRecord, Explanation, explain};
pub use payments::{BillPaymentRecord, PaymentFinding, PaymentRecord, PaymentTieOut, tie_out_payments};
pub use records::{
    BillRecord, BooksSide, CommitmentRecord, PayAppRecord, ProcoreSide, PurchaseOrderRecord, RetainageAccount,
    RetainageEntry,
};
pub use tie_out::{Finding, FindingKind, Measure, ProjectRow, TieOut, TieOutReport, tie_out};
