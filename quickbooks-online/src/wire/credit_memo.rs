//! Credit memos.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{CustomField, Line, LinkedTxn, Reference};

entity! {
    /// A credit memo; positive amounts reduce what the customer owes.
    CreditMemo {
        /// Number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// Note that the customer does not see, at most 4000 characters; holds the marker.
        private_note: String = "PrivateNote",
        /// Location, called department.
        department_ref: Reference = "DepartmentRef",
        /// The company's own fields, where the entity has them.
        custom_field: Vec<CustomField> = "CustomField",
        /// Payments that used it; read-only.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
        /// What is not used yet, by the name that the reference gives; read-only.
        remaining_credit: Amount = "RemainingCredit",
        /// The same, by the name that other transactions give it; read-only.
        balance: Amount = "Balance",
    }
}

sales!(CreditMemo, terms: |_| None, balance: |d| d.remaining_credit.or(d.balance));
