//! Reconciliation: both sides read afresh, compared by document, every difference explained to the cent.
//!
//! Differences are explained by document, never by total: two errors that cancel out are two findings.

mod tie_out;

pub use tie_out::{
    BillRecord, BooksSide, CommitmentRecord, Finding, FindingKind, Measure, PayAppRecord, ProcoreSide, ProjectRow,
    PurchaseOrderRecord, RetainageEntry, TieOut, TieOutReport, tie_out,
};
