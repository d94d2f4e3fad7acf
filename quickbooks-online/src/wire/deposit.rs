//! Deposits.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{Line, Reference};

entity! {
    /// A deposit to a bank account.
    Deposit {
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The bank account.
        deposit_to_account_ref: Reference = "DepositToAccountRef",
        /// Lines: payments from undeposited funds by their links, other money by its account.
        line: Vec<Line> = "Line",
        /// Money that was taken out at the same time.
        cash_back: CashBack = "CashBack",
        /// Sum of the lines less the cash taken out; read-only.
        total_amt: Amount = "TotalAmt",
        /// Note.
        private_note: String = "PrivateNote",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
    }
}

wire! {
    /// Money taken out of a deposit.
    CashBack {
        /// The account that it went to.
        account_ref: Reference = "AccountRef",
        /// How much.
        amount: Amount = "Amount",
    }
}
