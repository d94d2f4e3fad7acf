//! What was spent, and what the source should have of it.

use serde::{Deserialize, Serialize};

use crate::model::accounting::Coding;
use crate::model::{Currency, Date, DirectCostId, Fields, Money, PayeeId, ProjectId, TargetRef, VendorId};

/// A purchase or bill as the accounting system has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostMade {
    /// Which.
    pub target: TargetRef,
    /// Number of the check, or of the vendor's invoice.
    pub number: Option<String>,
    /// Its date.
    pub date: Date,
    /// The vendor, if a vendor was paid.
    pub payee: Option<PayeeId>,
    /// Text for people.
    pub memo: String,
    /// Currency of every amount.
    pub currency: Currency,
    /// Lines that post.
    pub lines: Vec<CostLine>,
    /// Voided: it spent nothing any more.
    pub voided: bool,
    /// Was it made by a sync, so that it is a document of the source already?
    pub is_ours: bool,
}

/// A line of a [`CostMade`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostLine {
    /// How much; below nothing for a refund.
    pub amount: Money,
    /// Where it posts.
    pub coding: Coding,
    /// Was it made from a purchase order, so that it belongs to a commitment?
    pub is_committed: bool,
    /// Text.
    pub description: String,
}

/// What kind of direct cost it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    /// A vendor's invoice: a bill with a number.
    Invoice,
    /// Anything else.
    Expense,
}

/// A direct cost that the source should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectCostFact {
    /// Names the part for ever.
    pub origin: String,
    /// Its project.
    pub project: ProjectId,
    /// Its kind.
    pub kind: CostKind,
    /// The vendor, as the source knows it.
    pub vendor: Option<VendorId>,
    /// The vendor's invoice number, for an invoice.
    pub number: Option<String>,
    /// Its date.
    pub date: Date,
    /// When it was paid, where it was paid at once.
    pub paid: Option<Date>,
    /// Text for people.
    pub description: String,
    /// Lines, at least one.
    pub lines: Vec<FactLine>,
    /// Sum of the lines.
    pub total: Money,
}

/// A line of a [`DirectCostFact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    /// The source's id of the budget code.
    pub budget_code: String,
    /// How much.
    pub amount: Money,
    /// Text.
    pub description: String,
}

impl DirectCostFact {
    /// What the accounting system decides about it. Equal fields mean that nothing is to be done.
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        fields.set("date", self.date.to_string());
        fields.set("number", self.number.clone().unwrap_or_default());
        fields.set("vendor", self.vendor.as_ref().map_or("", |vendor| vendor.as_str()));
        fields.set("amount", self.total.to_string());
        let lines = self.lines.iter().map(|line| format!("{} {}", line.budget_code, line.amount));
        fields.set("lines", lines.collect::<Vec<_>>().join("; "));
        fields
    }

    /// The members in which a direct cost in the source is not this one, with what they say there.
    pub fn differences(&self, recorded: &DirectCost) -> Vec<String> {
        let mut differ = Vec::new();
        let mut same = |member: &str, is_same: bool, there: String| {
            if !is_same {
                differ.push(format!("{member} `{there}`"));
            }
        };
        let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
        same("total", recorded.total == self.total, recorded.total.to_string());
        let date = recorded.date.map(|date| date.to_string()).unwrap_or_default();
        same("date", recorded.date == Some(self.date), date);
        let vendor = recorded.vendor.as_ref().map_or("", |vendor| vendor.as_str()).to_owned();
        same("vendor", recorded.vendor == self.vendor, vendor);
        let number = text(recorded.number.as_deref());
        same("invoice number", number == text(self.number.as_deref()), number);
        differ
    }
}

/// A direct cost as the source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectCost {
    /// Its id.
    pub id: DirectCostId,
    /// Its project.
    pub project: ProjectId,
    /// Its origin id; none where people entered it by hand.
    pub origin: Option<String>,
    /// The vendor.
    pub vendor: Option<VendorId>,
    /// The vendor's invoice number.
    pub number: Option<String>,
    /// Its date.
    pub date: Option<Date>,
    /// Its total.
    pub total: Money,
}
