//! What is measured, and one difference by document.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::Money;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Revised commitment against purchase order.
    Committed,
    /// Billed before retainage.
    Gross,
    /// Withheld.
    Withheld,
    /// Released.
    Released,
    /// What became due.
    Net,
    /// Held.
    Held,
    /// Cash that was paid.
    Paid,
    /// Costs and estimated earnings in excess of billings.
    Underbillings,
    /// Billings in excess of costs and estimated earnings.
    Overbillings,
    /// Accrued loss on contracts.
    #[serde(rename = "loss provision")]
    LossProvision,
}

impl Measure {
    /// The word for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Gross => "gross",
            Self::Withheld => "withheld",
            Self::Released => "released",
            Self::Net => "net",
            Self::Held => "held",
            Self::Paid => "paid",
            Self::Underbillings => "underbillings",
            Self::Overbillings => "overbillings",
            Self::LossProvision => "loss provision",
        }
    }
}

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The document has no transaction.
    MissingInQuickbooks,
    /// The transaction's document is not in Procore, or does not count there.
    MissingInProcore,
    /// Amounts differ.
    AmountDiffers,
    /// Something besides amounts differs: vendor, date, number, coding.
    FieldDiffers,
    /// The document has more than one transaction.
    PostedTwice,
    /// The transaction was not made by this sync.
    NotFromThisSync,
    /// It was posted, and deleted on one side since.
    Deleted,
    /// It was posted, and voided in QuickBooks since.
    Voided,
    /// One side has a payment that the other lacks.
    PaymentMissing,
}

impl FindingKind {
    /// The words for people and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingInQuickbooks => "missing in quickbooks",
            Self::MissingInProcore => "missing in procore",
            Self::AmountDiffers => "amount differs",
            Self::FieldDiffers => "field differs",
            Self::PostedTwice => "posted twice",
            Self::NotFromThisSync => "not from this sync",
            Self::Deleted => "deleted",
            Self::Voided => "voided",
            Self::PaymentMissing => "payment missing",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for FindingKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One difference, explained by document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which tie-out.
    pub tie_out: &'static str,
    /// What is measured.
    pub measure: Measure,
    /// Its kind.
    pub kind: FindingKind,
    /// The Procore document's number.
    pub procore: Option<String>,
    /// The QuickBooks transaction's number or id.
    pub quickbooks: Option<String>,
    /// Left minus right.
    pub amount: Money,
    /// Does a dead letter say why?
    pub dead_letter: bool,
    /// For people.
    pub text: String,
}
