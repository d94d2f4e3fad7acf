//! Vendors.

use sync_core::model::Amount;

use super::{Email, Phone, PhysicalAddress, Reference};

entity! {
    /// A vendor. The tax identifier is left out on purpose: it comes masked, and must not be sent back so.
    Vendor {
        /// Name, at most 500 characters, unique among customers, vendors and employees; no `:`, tab or line end.
        display_name: String = "DisplayName",
        /// Company, at most 100 characters.
        company_name: String = "CompanyName",
        /// Billing address.
        bill_addr: PhysicalAddress = "BillAddr",
        /// Telephone.
        primary_phone: Phone = "PrimaryPhone",
        /// E-mail address.
        primary_email_addr: Email = "PrimaryEmailAddr",
        /// Payment terms; other entities call them `SalesTermRef`.
        term_ref: Reference = "TermRef",
        /// Our account number at the vendor.
        acct_num: String = "AcctNum",
        /// Does the vendor get a form 1099?
        vendor_1099: bool = "Vendor1099",
        /// What we owe; read-only after it is made.
        balance: Amount = "Balance",
        /// In use?
        active: bool = "Active",
    }
}
