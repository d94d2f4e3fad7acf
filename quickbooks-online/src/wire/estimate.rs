//! Estimates.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// An estimate: posts nothing.
    Estimate {
        /// Number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// Payment terms.
        sales_term_ref: Reference = "SalesTermRef",
        /// `Pending`, `Accepted`, `Closed`, `Rejected` or `Converted`; QuickBooks closes one that an invoice links to.
        txn_status: String = "TxnStatus",
        /// Note that the customer does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// The invoices made from it; read-only.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
    }
}

sales!(Estimate, terms: |d| d.sales_term_ref.as_ref(), balance: |_| None);
