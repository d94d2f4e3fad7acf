//! The entities of the Accounting API, by name.

use std::fmt;

use sync_core::model::TargetKind;

macro_rules! entities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $path:literal, $class:ident;)+) => {
        /// An entity of the Accounting API (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities>).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Entity { $($(#[$doc])* $variant,)+ }

        impl Entity {
            /// Every entity that this crate knows by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in JSON and in queries, e.g. `VendorCredit`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The name in a path, e.g. `vendorcredit`.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$variant => $path,)+ }
            }

            fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }
        }
    };
}

#[derive(PartialEq)]
enum Class {
    /// Has `Active`, is never deleted, and queries leave the inactive ones out unless told otherwise.
    List,
    /// Has no `Active`, and can be deleted.
    Transaction,
    /// One object for each company.
    Single,
}

/// How an object is taken out of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voiding {
    /// It is made inactive.
    Deactivate,
    /// It is voided: it stays, its amounts become nothing.
    Void,
    /// It is deleted, since the API cannot void it.
    Delete,
}

entities! {
    /// An account of the chart of accounts.
    Account = "Account", "account", List;
    /// A file that is attached to a document.
    Attachable = "Attachable", "attachable", Transaction;
    /// A vendor's bill.
    Bill = "Bill", "bill", Transaction;
    /// A payment of bills.
    BillPayment = "BillPayment", "billpayment", Transaction;
    /// A class.
    Class = "Class", "class", List;
    /// The company's name, address and edition.
    CompanyInfo = "CompanyInfo", "companyinfo", Single;
    /// A credit memo to a customer.
    CreditMemo = "CreditMemo", "creditmemo", Transaction;
    /// A customer, job or project.
    Customer = "Customer", "customer", List;
    /// A department, which the screens call location.
    Department = "Department", "department", List;
    /// A deposit.
    Deposit = "Deposit", "deposit", Transaction;
    /// An employee.
    Employee = "Employee", "employee", List;
    /// An estimate.
    Estimate = "Estimate", "estimate", Transaction;
    /// An invoice.
    Invoice = "Invoice", "invoice", Transaction;
    /// A product or service.
    Item = "Item", "item", List;
    /// A journal entry.
    JournalEntry = "JournalEntry", "journalentry", Transaction;
    /// A payment from a customer.
    Payment = "Payment", "payment", Transaction;
    /// The company's settings.
    Preferences = "Preferences", "preferences", Single;
    /// An expense, check or credit card charge.
    Purchase = "Purchase", "purchase", Transaction;
    /// A purchase order.
    PurchaseOrder = "PurchaseOrder", "purchaseorder", Transaction;
    /// A sales receipt.
    SalesReceipt = "SalesReceipt", "salesreceipt", Transaction;
    /// Payment terms.
    Term = "Term", "term", List;
    /// A vendor.
    Vendor = "Vendor", "vendor", List;
    /// A vendor credit.
    VendorCredit = "VendorCredit", "vendorcredit", Transaction;
}

impl Entity {
    /// Is it a list entry, which can be made inactive but never deleted?
    #[must_use]
    pub fn is_list(self) -> bool {
        self.class() == Class::List
    }

    /// Is there one of it for each company?
    #[must_use]
    pub fn is_single(self) -> bool {
        self.class() == Class::Single
    }

    /// What a void of the sync does to it.
    pub(crate) fn voiding(self) -> Voiding {
        match self {
            _ if self.is_list() => Voiding::Deactivate,
            Self::Invoice => Voiding::Void,
            _ => Voiding::Delete,
        }
    }

    /// The entity of that name, whatever its case: webhooks spell it in lower case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|entity| entity.as_str().eq_ignore_ascii_case(name))
    }

    /// The entity that an accounting document becomes.
    #[must_use]
    pub fn of_kind(kind: TargetKind) -> Self {
        match kind {
            TargetKind::Customer => Self::Customer,
            TargetKind::Vendor => Self::Vendor,
            TargetKind::PurchaseOrder => Self::PurchaseOrder,
            TargetKind::Estimate => Self::Estimate,
            TargetKind::Bill => Self::Bill,
            TargetKind::VendorCredit => Self::VendorCredit,
            TargetKind::Invoice => Self::Invoice,
            TargetKind::CreditMemo => Self::CreditMemo,
            TargetKind::BillPayment => Self::BillPayment,
            TargetKind::Payment => Self::Payment,
            TargetKind::Purchase => Self::Purchase,
            TargetKind::JournalEntry => Self::JournalEntry,
        }
    }

    /// The kind of accounting document that the entity is; none for lists that documents only refer to.
    #[must_use]
    pub fn kind(self) -> Option<TargetKind> {
        TargetKind::ALL.iter().copied().find(|kind| Self::of_kind(*kind) == self)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_kinds_agree() {
        for entity in Entity::ALL {
            assert_eq!(entity.path(), entity.as_str().to_ascii_lowercase());
            assert_eq!(Entity::from_name(entity.path()), Some(*entity));
        }
        assert_eq!(Entity::VendorCredit.kind(), Some(TargetKind::VendorCredit));
        assert_eq!(Entity::Account.kind(), None);
    }
}
