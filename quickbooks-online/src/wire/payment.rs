//! Payments from customers.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{Line, LinkedTxn, Reference};

entity! {
    /// A payment from a customer.
    Payment {
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// The customer's check number or other reference.
        payment_ref_num: String = "PaymentRefNum",
        /// How it was paid.
        payment_method_ref: Reference = "PaymentMethodRef",
        /// Where the money went: a bank account, or undeposited funds until it is deposited.
        deposit_to_account_ref: Reference = "DepositToAccountRef",
        /// Cash that moved.
        total_amt: Amount = "TotalAmt",
        /// What is applied to nothing yet; read-only.
        unapplied_amt: Amount = "UnappliedAmt",
        /// What was settled and which credits were used.
        line: Vec<Line> = "Line",
        /// The deposit that it went to the bank with; read-only.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Note.
        private_note: String = "PrivateNote",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
    }
}
