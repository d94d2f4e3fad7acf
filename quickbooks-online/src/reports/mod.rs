//! Reports: what no entity tells. Of the state at the bank there is no member on any transaction; only reports show it.

mod cleared;
mod shape;

pub use cleared::{ClearedBook, ClearedEntry, Reports};
pub use shape::{Cell, Column, Report, ReportRow};
