//! Both sides, as records that can be tied out.

use crate::model::{Currency, DocumentKey, Money, TargetRef};

/// A commitment as Procore has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentRecord {
    /// The document.
    pub document: DocumentKey,
    /// Its number.
    pub label: String,
    /// The project, as people call it.
    pub project: String,
    /// Revised commitment.
    pub revised: Money,
    /// Paid so far, as Procore has it.
    pub paid: Money,
}

/// A pay app as Procore has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayAppRecord {
    /// The document.
    pub document: DocumentKey,
    /// Commitment and number.
    pub label: String,
    /// The project, as people call it.
    pub project: String,
    /// Billed this period, before retainage.
    pub gross: Money,
    /// Withheld this period.
    pub withheld: Money,
    /// Released this period.
    pub released: Money,
    /// gross - withheld + released
    pub net: Money,
}

/// One side: what Procore committed and approved.
#[derive(Clone, Debug, Default)]
pub struct ProcoreSide {
    /// Commitments that count.
    pub commitments: Vec<CommitmentRecord>,
    /// Approved pay apps.
    pub pay_apps: Vec<PayAppRecord>,
    /// Prime contracts that count; `revised` is the contract sum to date.
    pub prime_contracts: Vec<CommitmentRecord>,
    /// Approved owner invoices.
    pub owner_invoices: Vec<PayAppRecord>,
}

impl ProcoreSide {
    /// The same as it posts where retainage is kept in Procore only: each application for what is due, and nothing held.
    #[must_use]
    pub fn posted_as_due(mut self) -> Self {
        for app in self.pay_apps.iter_mut().chain(&mut self.owner_invoices) {
            let nothing = Money::zero(app.net.currency());
            (app.gross, app.withheld, app.released) = (app.net, nothing, nothing);
        }
        self
    }
}

/// A purchase order or estimate as the books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseOrderRecord {
    /// The transaction.
    pub target: TargetRef,
    /// Its number.
    pub number: String,
    /// The document that it stands for, by link or marker.
    pub document: Option<DocumentKey>,
    /// Total.
    pub total: Money,
}

/// A bill or invoice, or a credit with its signs turned, as the books have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRecord {
    /// The transaction.
    pub target: TargetRef,
    /// Its number.
    pub number: String,
    /// The document that it stands for, by link or marker.
    pub document: Option<DocumentKey>,
    /// Lines outside the retainage account.
    pub gross: Money,
    /// Lines in the retainage account that withhold.
    pub withheld: Money,
    /// Lines in the retainage account that release.
    pub released: Money,
    /// Total.
    pub net: Money,
    /// Settled so far.
    pub paid: Money,
}

/// An entry in a retainage account other than by one of those, e.g. a journal entry. Positive: more held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainageEntry {
    /// What a person calls it.
    pub label: String,
    /// By how much it raises the balance.
    pub amount: Money,
}

/// A retainage account: its balance, and entries in it that no document of ours made. Positive when retainage is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainageAccount {
    /// Balance.
    pub balance: Money,
    /// Other entries.
    pub entries: Vec<RetainageEntry>,
}

/// The other side: what the books say.
#[derive(Clone, Debug)]
pub struct BooksSide {
    /// Purchase orders.
    pub purchase_orders: Vec<PurchaseOrderRecord>,
    /// Bills and vendor credits.
    pub bills: Vec<BillRecord>,
    /// Retainage payable: what we hold.
    pub payable: RetainageAccount,
    /// Estimates.
    pub estimates: Vec<PurchaseOrderRecord>,
    /// Invoices and credit memos.
    pub invoices: Vec<BillRecord>,
    /// Retainage receivable: what the owners hold.
    pub receivable: RetainageAccount,
}

impl BooksSide {
    /// Empty books.
    pub fn empty(currency: Currency) -> Self {
        let account = RetainageAccount { balance: Money::zero(currency), entries: Vec::new() };
        Self {
            purchase_orders: Vec::new(),
            bills: Vec::new(),
            payable: account.clone(),
            estimates: Vec::new(),
            invoices: Vec::new(),
            receivable: account,
        }
    }
}
