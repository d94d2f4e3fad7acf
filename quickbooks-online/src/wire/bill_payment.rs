//! Payments of bills.

use chrono::NaiveDate;
use sync_core::model::Amount;

use super::{Line, Reference};

entity! {
    /// A payment of one or several bills of one vendor; credits that it uses are lines too.
    BillPayment {
        /// Check number.
        doc_number: String = "DocNumber",
        /// Date.
        txn_date: NaiveDate = "TxnDate",
        /// The vendor.
        vendor_ref: Reference = "VendorRef",
        /// `Check`, which ACH and online payments are too, or `CreditCard`.
        pay_type: String = "PayType",
        /// The bank account, for checks.
        check_payment: CheckPayment = "CheckPayment",
        /// The card, for cards.
        credit_card_payment: CardPayment = "CreditCardPayment",
        /// Cash that moved: what the lines settle, less the credits that they use.
        total_amt: Amount = "TotalAmt",
        /// What was settled and which credits were used: `Bill`, `VendorCredit` or `JournalEntry`.
        line: Vec<Line> = "Line",
        /// Note.
        private_note: String = "PrivateNote",
        /// Currency, where the company has several.
        currency_ref: Reference = "CurrencyRef",
    }
}

wire! {
    /// The bank account of a check.
    CheckPayment {
        /// Which.
        bank_account_ref: Reference = "BankAccountRef",
    }
}

wire! {
    /// The account of a credit card.
    CardPayment {
        /// Which.
        cc_account_ref: Reference = "CCAccountRef",
    }
}
