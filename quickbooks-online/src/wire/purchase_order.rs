//! Purchase orders.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// A purchase order: posts nothing; needs the edition Plus or higher.
    PurchaseOrder {
        /// Number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The vendor.
        vendor_ref: Reference = "VendorRef",
        /// The accounts payable account, which is required.
        ap_account_ref: Reference = "APAccountRef",
        /// Payment terms.
        sales_term_ref: Reference = "SalesTermRef",
        /// `Open` or `Closed`; QuickBooks closes one that is fully billed.
        po_status: String = "POStatus",
        /// Note that the vendor does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// The bills made from it; read-only.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines; read-only.
        total_amt: Amount = "TotalAmt",
    }
}

expense!(PurchaseOrder, terms: |d| d.sales_term_ref.as_ref(), balance: |_| None);
