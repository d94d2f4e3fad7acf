//! Invoices.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// An invoice to a customer.
    Invoice {
        /// Number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// When it is due; computed from the terms when left out.
        due_date: NaiveDate = "DueDate",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// Payment terms.
        sales_term_ref: Reference = "SalesTermRef",
        /// Note that the customer does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// Payments, and the estimate that it was made from.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
        /// What is still to be paid; read-only.
        balance: Amount = "Balance",
        /// QuickBooks' own retainage, in companies that have it. Read and kept, never written: the sync withholds by lines.
        retainage: RetainageDetail = "TxnRetainageDetail",
    }
}

wire! {
    /// What QuickBooks itself withholds on an invoice, by its schema of 2026
    /// (<https://github.com/intuit/QuickBooks-V3-PHP-SDK/tree/master/src/XSD>).
    RetainageDetail {
        /// Withheld.
        amount: Amount = "RetainageAmount",
        /// Of that, what is not released yet; read-only.
        open_balance: Amount = "RetainageOpenBalance",
    }
}

sales!(Invoice, terms: |d| d.sales_term_ref.as_ref(), balance: |d| d.balance);
