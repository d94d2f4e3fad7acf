//! What a document is called: its kind and id, on either side.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ProjectId, TargetId};

/// A name that is no kind of document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of document")]
pub struct UnknownKind(String);

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All kinds, in the order in which they must be written: what is referred to comes first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name used in keys, files and tables.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownKind;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownKind(text.to_owned())) }
            }
        }
    };
}

kinds! {
    /// A kind of construction document.
    DocumentKind {
        /// A paying party: the owner of a project. Known by name, since Procore has no customer object.
        Customer = "customer",
        /// A company of the directory that we pay.
        Vendor = "vendor",
        /// A project (job).
        Project = "project",
        /// A subcontract or purchase order, change orders included.
        Commitment = "commitment",
        /// The owner's contract, change orders included.
        PrimeContract = "prime_contract",
        /// A subcontractor's invoice.
        PayApp = "pay_app",
        /// An invoice to the owner.
        OwnerInvoice = "owner_invoice",
        /// A payment of the accounting system, on its way back: see `actuals::PaymentKey`.
        Payment = "payment",
        /// What was spent on a project without a commitment, on its way back: see `direct_costs::CostKey`.
        DirectCost = "direct_cost",
        /// A vendor that the accounting system had first; the id is the one there. Once it is entered in the source, it is
        /// a vendor like all others.
        NewVendor = "new_vendor",
        /// The files of a pay app, on their way to its bill; the id is that of the pay app.
        PayAppFiles = "pay_app_files",
        /// A journal entry of a WIP schedule that somebody approved, `JOB.DATE.WHAT`: see
        /// [`Engine::post_entries`](crate::engine::Engine::post_entries). The source has no document of it.
        WipEntry = "wip_entry",
        /// No construction document: a transaction of the accounting system that may have changed. The engine looks at
        /// it, and works the document that is linked with it if there is something new.
        Transaction = "transaction",
    }
}

kinds! {
    /// A kind of accounting document.
    TargetKind {
        /// A customer, or a job (sub-customer).
        Customer = "customer",
        /// A vendor.
        Vendor = "vendor",
        /// A purchase order: posts nothing.
        PurchaseOrder = "purchase_order",
        /// An estimate: posts nothing.
        Estimate = "estimate",
        /// A bill.
        Bill = "bill",
        /// A vendor credit.
        VendorCredit = "vendor_credit",
        /// An invoice to a customer.
        Invoice = "invoice",
        /// A credit memo to a customer.
        CreditMemo = "credit_memo",
        /// A payment of bills.
        BillPayment = "bill_payment",
        /// A payment from a customer.
        Payment = "payment",
        /// An expense, check or card charge: paid at once, never owed.
        Purchase = "purchase",
        /// A journal entry.
        JournalEntry = "journal_entry",
    }
}

/// Names one construction document within a connection, e.g. `pay_app/22.660002`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentKey {
    /// Its kind.
    pub kind: DocumentKind,
    /// Its id in the source, with its project where it belongs to one; for customers, their name.
    pub id: Box<str>,
}

impl DocumentKey {
    /// The key of a document.
    pub fn new(kind: DocumentKind, id: impl AsRef<str>) -> Self {
        Self { kind, id: id.as_ref().into() }
    }

    /// The key of a document that can only be found within its project: `PROJECT.ID`.
    pub fn within(kind: DocumentKind, project: &ProjectId, id: impl AsRef<str>) -> Self {
        Self { kind, id: format!("{project}.{}", id.as_ref()).into() }
    }

    /// The project of a key made by [`DocumentKey::within`], and the id in it.
    pub fn project_and_id(&self) -> Option<(ProjectId, &str)> {
        let (project, id) = self.id.split_once('.')?;
        Some((ProjectId::from(project), id))
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for DocumentKey {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, id) = text.split_once('/').ok_or_else(|| UnknownKind(text.to_owned()))?;
        Ok(Self { kind: kind.parse()?, id: id.into() })
    }
}

/// Names one transaction or list entry in the accounting system.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TargetRef {
    /// Its kind.
    pub kind: TargetKind,
    /// Its id there.
    pub id: TargetId,
}

impl fmt::Display for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

impl fmt::Debug for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
