//! Payments.

use serde::{Deserialize, Serialize};

use crate::model::{Date, Fields, Money, TargetId, TargetRef};

/// A payment, of bills to a vendor or of invoices by a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Vendor or customer.
    pub party: TargetId,
    /// Check number or reference.
    pub number: Option<String>,
    /// Date.
    pub date: Date,
    /// Cash that moved.
    pub amount: Money,
    /// What it settled.
    pub applied: Vec<Applied>,
}

impl Settlement {
    pub(super) fn write_fields(&self, fields: &mut Fields) {
        fields.set("party", self.party.as_str());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("date", self.date.to_string());
        fields.set("amount", self.amount.to_string());
        for (i, applied) in self.applied.iter().enumerate() {
            fields.set(format!("applied/{i}"), format!("{} {}", applied.to, applied.amount));
        }
    }
}

/// A part of a payment and the transaction that it settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The transaction.
    pub to: TargetRef,
    /// The part.
    pub amount: Money,
}
