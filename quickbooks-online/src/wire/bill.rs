//! Bills.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// A vendor's bill.
    Bill {
        /// The vendor's invoice number, at most 21 characters; never given by QuickBooks.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// When it is due; computed from the terms when left out.
        due_date: NaiveDate = "DueDate",
        /// The vendor.
        vendor_ref: Reference = "VendorRef",
        /// The accounts payable account; always sent, since a company may have several.
        ap_account_ref: Reference = "APAccountRef",
        /// Payment terms.
        sales_term_ref: Reference = "SalesTermRef",
        /// Note that the vendor does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// Purchase orders that it bills, and payments.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
        /// What is still to be paid; read-only.
        balance: Amount = "Balance",
    }
}

expense!(Bill, terms: |d| d.sales_term_ref.as_ref(), balance: |d| d.balance);
