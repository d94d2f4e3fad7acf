//! Accounts.

use sync_core::model::Amount;

use super::Reference;

entity! {
    /// An account of the chart of accounts.
    Account {
        /// Name, at most 100 characters.
        name: String = "Name",
        /// `Parent:Child`; read-only.
        fully_qualified_name: String = "FullyQualifiedName",
        /// Account number, at most 7 characters in the US.
        acct_num: String = "AcctNum",
        /// Type, with spaces, e.g. `Other Current Liability`.
        account_type: String = "AccountType",
        /// Detail type, without spaces, e.g. `OtherCurrentLiabilities`.
        account_sub_type: String = "AccountSubType",
        /// Asset, Equity, Expense, Liability or Revenue; read-only.
        classification: String = "Classification",
        /// The account that it is part of.
        parent_ref: Reference = "ParentRef",
        /// Balance on its natural side, sub-accounts not included; read-only.
        current_balance: Amount = "CurrentBalance",
        /// Balance with its sub-accounts; read-only.
        current_balance_with_sub_accounts: Amount = "CurrentBalanceWithSubAccounts",
        /// Currency, fixed when it is made.
        currency_ref: Reference = "CurrencyRef",
        /// In use?
        active: bool = "Active",
    }
}
