//! Expenses, checks and credit card charges.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{Line, LinkedTxn, PartyReference, Reference};

entity! {
    /// An expense, check or credit card charge: paid at once, never owed.
    Purchase {
        /// Number, such as that of the check.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// `Cash`, `Check` or `CreditCard`.
        payment_type: String = "PaymentType",
        /// The bank or card account.
        account_ref: Reference = "AccountRef",
        /// Who was paid.
        entity_ref: PartyReference = "EntityRef",
        /// Is it a refund of a card, so that its amounts count the other way round?
        credit: bool = "Credit",
        /// Purchase orders that it was made from.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Lines.
        line: Vec<Line> = "Line",
        /// Note.
        private_note: String = "PrivateNote",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
        /// Sum of the lines and tax; read-only.
        total_amt: Amount = "TotalAmt",
    }
}
