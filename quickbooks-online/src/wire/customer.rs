//! Customers, jobs and projects.

use sync_core::model::Amount;

use super::{Email, Phone, PhysicalAddress, Reference};

entity! {
    /// A customer; a job when it has a parent; a project when QuickBooks says so.
    Customer {
        /// Name, at most 500 characters, unique among customers, vendors and employees; no `:`, tab or line end.
        display_name: String = "DisplayName",
        /// Company, at most 100 characters.
        company_name: String = "CompanyName",
        /// Is it part of another customer?
        job: bool = "Job",
        /// The customer that it is part of.
        parent_ref: Reference = "ParentRef",
        /// Are invoices sent to the parent? Only for jobs.
        bill_with_parent: bool = "BillWithParent",
        /// Does it belong to the feature Projects? Read-only: the API cannot make one.
        is_project: bool = "IsProject",
        /// `Parent:Child`; read-only.
        fully_qualified_name: String = "FullyQualifiedName",
        /// Billing address.
        bill_addr: PhysicalAddress = "BillAddr",
        /// Telephone.
        primary_phone: Phone = "PrimaryPhone",
        /// E-mail address.
        primary_email_addr: Email = "PrimaryEmailAddr",
        /// Notes, at most 2000 characters; holds the marker.
        notes: String = "Notes",
        /// What the customer owes; read-only after it is made.
        balance: Amount = "Balance",
        /// In use?
        active: bool = "Active",
    }
}
