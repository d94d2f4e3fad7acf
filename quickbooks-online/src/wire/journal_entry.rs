//! Journal entries.

use chrono::NaiveDate;

use super::{Line, Reference};

entity! {
    /// A journal entry. Its `TotalAmt` is always 0 and says nothing.
    JournalEntry {
        /// Number, at most 21 characters.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// Note, at most 4000 characters.
        private_note: String = "PrivateNote",
        /// The sides; debits equal credits.
        line: Vec<Line> = "Line",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
    }
}
