//! Vendor credits.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// A vendor credit; positive amounts reduce what we owe.
    VendorCredit {
        /// The vendor's number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The vendor.
        vendor_ref: Reference = "VendorRef",
        /// The accounts payable account.
        ap_account_ref: Reference = "APAccountRef",
        /// Note that the vendor does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// Bill payments that used it; read-only.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
        /// What is not used yet; read-only.
        balance: Amount = "Balance",
    }
}

expense!(VendorCredit, terms: |_| None, balance: |d| d.balance);
