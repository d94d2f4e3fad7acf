//! Accounting documents, in QuickBooks' words: what was billed and paid.
//!
//! Totals are not stored: they are the sum of the lines, so that a document whose header disagrees with its lines
//! cannot be built.

mod expense;
mod journal_entry;
mod lines;
mod parties;
mod sales;
mod settlement;

use serde::{Deserialize, Serialize};

pub use expense::{ExpenseDocument, ExpenseLine};
pub use journal_entry::{JournalEntry, JournalLine, Unbalanced};
pub use lines::{Coding, LineLink, LineMut, LineRef, PostTo};
pub use parties::{Customer, Vendor};
pub use sales::{SalesDocument, SalesLine};
pub use settlement::{Applied, Settlement};

use super::*;

/// Any accounting document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccountingDocument {
    /// A customer or job.
    Customer(Customer),
    /// A vendor.
    Vendor(Vendor),
    /// A purchase order.
    PurchaseOrder(ExpenseDocument),
    /// A bill.
    Bill(ExpenseDocument),
    /// A vendor credit; its lines are positive where they reduce what we owe.
    VendorCredit(ExpenseDocument),
    /// An estimate.
    Estimate(SalesDocument),
    /// An invoice.
    Invoice(SalesDocument),
    /// A credit memo; its lines are positive where they reduce what the customer owes.
    CreditMemo(SalesDocument),
    /// A payment of bills.
    BillPayment(Settlement),
    /// A payment from a customer.
    Payment(Settlement),
    /// A journal entry.
    JournalEntry(JournalEntry),
}

impl AccountingDocument {
    /// Its kind.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Customer(_) => TargetKind::Customer,
            Self::Vendor(_) => TargetKind::Vendor,
            Self::PurchaseOrder(_) => TargetKind::PurchaseOrder,
            Self::Bill(_) => TargetKind::Bill,
            Self::VendorCredit(_) => TargetKind::VendorCredit,
            Self::Estimate(_) => TargetKind::Estimate,
            Self::Invoice(_) => TargetKind::Invoice,
            Self::CreditMemo(_) => TargetKind::CreditMemo,
            Self::BillPayment(_) => TargetKind::BillPayment,
            Self::Payment(_) => TargetKind::Payment,
            Self::JournalEntry(_) => TargetKind::JournalEntry,
        }
    }

    /// The lines of a purchase order, bill or vendor credit.
    pub fn expense(&self) -> Option<&ExpenseDocument> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d),
            _ => None,
        }
    }

    /// The same, to change.
    pub fn expense_mut(&mut self) -> Option<&mut ExpenseDocument> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d),
            _ => None,
        }
    }

    /// The lines of an estimate, invoice or credit memo.
    pub fn sales(&self) -> Option<&SalesDocument> {
        match self {
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d),
            _ => None,
        }
    }

    /// The same, to change.
    pub fn sales_mut(&mut self) -> Option<&mut SalesDocument> {
        match self {
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d),
            _ => None,
        }
    }

    /// The fields that only the connector knows, of documents that have such fields, to change.
    pub fn extra_mut(&mut self) -> Option<&mut std::collections::BTreeMap<String, String>> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(&mut d.extra),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(&mut d.extra),
            _ => None,
        }
    }

    /// Vendor or customer of a transaction.
    pub fn party(&self) -> Option<&str> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.payee.as_str()),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.customer.as_str()),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.party.as_str()),
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => None,
        }
    }

    /// Moves the document to another date.
    pub fn set_date(&mut self, date: Date) {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.date = date,
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.date = date,
            Self::BillPayment(d) | Self::Payment(d) => d.date = date,
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => {}
        }
    }

    /// The lines by what they stand for, of documents that have such lines.
    pub fn lines_mut(&mut self) -> Vec<LineMut<'_>> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d
                .lines
                .iter_mut()
                .map(|l| LineMut { key: &mut l.key, id: &mut l.id, description: &mut l.description })
                .collect(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d
                .lines
                .iter_mut()
                .map(|l| LineMut { key: &mut l.key, id: &mut l.id, description: &mut l.description })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The lines by what they stand for, to compare.
    pub fn line_refs(&self) -> Vec<LineRef<'_>> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d
                .lines
                .iter()
                .map(|l| LineRef {
                    key: &l.key,
                    id: l.id.as_ref(),
                    amount: l.amount,
                    post_to: l.coding.post_to.clone(),
                })
                .collect(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d
                .lines
                .iter()
                .map(|l| LineRef {
                    key: &l.key,
                    id: l.id.as_ref(),
                    amount: l.amount,
                    post_to: PostTo::Item(l.item.clone()),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The text for people, of transactions.
    pub fn memo_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(&mut d.memo),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(&mut d.memo),
            _ => None,
        }
    }

    /// The document's date, if it has one.
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Customer(_) | Self::Vendor(_) => None,
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.date),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.date),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.date),
            Self::JournalEntry(d) => Some(d.date()),
        }
    }

    /// The number or name that a person sees.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Customer(d) => Some(&d.name),
            Self::Vendor(d) => Some(&d.name),
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.number.as_deref(),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.number.as_deref(),
            Self::BillPayment(d) | Self::Payment(d) => d.number.as_deref(),
            Self::JournalEntry(d) => d.number(),
        }
    }

    /// The total; nothing for customers and vendors.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn total(&self) -> Result<Option<Money>, MoneyError> {
        Ok(match self {
            Self::Customer(_) | Self::Vendor(_) | Self::JournalEntry(_) => None,
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => Some(d.total()?),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => Some(d.total()?),
            Self::BillPayment(d) | Self::Payment(d) => Some(d.amount),
        })
    }

    /// Does it move the books? Purchase orders and estimates do not, and list entries do not.
    pub fn is_posting(&self) -> bool {
        !matches!(
            self.kind(),
            TargetKind::Customer | TargetKind::Vendor | TargetKind::PurchaseOrder | TargetKind::Estimate
        )
    }

    /// The document as comparable fields.
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        match self {
            Self::Customer(d) => d.write_fields(&mut fields),
            Self::Vendor(d) => d.write_fields(&mut fields),
            Self::PurchaseOrder(d) | Self::Bill(d) | Self::VendorCredit(d) => d.write_fields(&mut fields),
            Self::Estimate(d) | Self::Invoice(d) | Self::CreditMemo(d) => d.write_fields(&mut fields),
            Self::BillPayment(d) | Self::Payment(d) => d.write_fields(&mut fields),
            Self::JournalEntry(d) => d.write_fields(&mut fields),
        }
        fields
    }
}
