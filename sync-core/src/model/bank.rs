//! How far a payment has come at the bank.

use serde::{Deserialize, Serialize};

use super::Date;

/// How far a payment has come at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BankState {
    /// The bank has not seen it, as far as the books know.
    Uncleared,
    /// The bank has seen it.
    Cleared,
    /// It is locked by a bank reconciliation.
    Reconciled,
}

impl BankState {
    /// The word for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uncleared => "uncleared",
            Self::Cleared => "cleared",
            Self::Reconciled => "reconciled",
        }
    }
}

/// What the source was told about a payment at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AtBank {
    /// How far it has come.
    #[serde(rename = "bank")]
    pub state: BankState,
    /// The day on which that was first seen: the books do not say when the bank saw it.
    pub seen: Date,
}
