//! The documents of both worlds, and what they are made of.
//!
//! [`construction`] speaks Procore's words, [`accounting`] speaks QuickBooks' words. Neither knows a wire format.

pub mod accounting;
mod amount;
mod bank;
pub mod construction;
mod document;
mod fields;
mod ids;
mod money;
mod status;

pub use amount::{Amount, AmountError};
pub use bank::{AtBank, BankState};
pub use document::{DocumentKey, DocumentKind, TargetKind, TargetRef, UnknownKind};
pub use fields::{Fields, LineKey, LinePart, Owner};
pub use ids::*;
pub(crate) use money::plain_amount;
pub use money::{Currency, CurrencyError, Money, MoneyError, round_cents};
pub use status::{ChangeOrderStatus, CommitmentStatus, OwnerInvoiceStatus, PayAppStatus};

/// A calendar date, without time or zone, as both vendors put on documents.
pub type Date = chrono::NaiveDate;
/// An instant in UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
