//! Lines of transactions.

use sync_core::model::Amount;

use super::{LinkedTxn, PartyReference, Reference};

/// The values of `DetailType`, which are also the names of the members that hold the detail; case counts.
pub mod detail {
    /// An item on a purchase order, bill, vendor credit or expense.
    pub const ITEM_EXPENSE: &str = "ItemBasedExpenseLineDetail";
    /// An account on a purchase order, bill, vendor credit or expense.
    pub const ACCOUNT_EXPENSE: &str = "AccountBasedExpenseLineDetail";
    /// A side of a journal entry.
    pub const JOURNAL_ENTRY: &str = "JournalEntryLineDetail";
    /// An item on an estimate, invoice or credit memo.
    pub const SALES_ITEM: &str = "SalesItemLineDetail";
    /// The sum of the lines above, which the server puts on sales documents; not `SubtotalLineDetail`.
    pub const SUBTOTAL: &str = "SubTotalLineDetail";
    /// What a deposit holds that is no payment.
    pub const DEPOSIT: &str = "DepositLineDetail";
}

wire! {
    /// A line. Which detail it has is told by `DetailType`.
    Line {
        /// Id within the transaction; none for a new line.
        id: String = "Id",
        /// Position, from 1.
        line_num: u32 = "LineNum",
        /// Text, at most 4000 characters.
        description: String = "Description",
        /// Amount in the transaction's currency.
        amount: Amount = "Amount",
        /// What this line is linked to.
        linked_txn: Vec<LinkedTxn> = "LinkedTxn",
        /// Which detail it has; see [`detail`].
        detail_type: String = "DetailType",
        /// An item and what goes with it.
        item_expense: ItemExpense = "ItemBasedExpenseLineDetail",
        /// An account and what goes with it.
        account_expense: AccountExpense = "AccountBasedExpenseLineDetail",
        /// A side of a journal entry.
        journal: JournalDetail = "JournalEntryLineDetail",
        /// An item that is sold, and what goes with it.
        sales_item: SalesItem = "SalesItemLineDetail",
        /// What a deposit holds that is no payment.
        deposit: DepositDetail = "DepositLineDetail",
    }
}

wire! {
    /// A sale of an item. `Amount` of the line must be `Qty` times `UnitPrice`. The customer stands on the document.
    SalesItem {
        /// The item.
        item_ref: Reference = "ItemRef",
        /// The class.
        class_ref: Reference = "ClassRef",
        /// Quantity.
        qty: Amount = "Qty",
        /// Price of one.
        unit_price: Amount = "UnitPrice",
        /// Tax code; in the US `TAX` or `NON`.
        tax_code_ref: Reference = "TaxCodeRef",
        /// The account, where it is another than that of the item.
        item_account_ref: Reference = "ItemAccountRef",
        /// QuickBooks' own retainage of the line, in companies that have it. Read and kept, never written.
        retainage_amount: Amount = "RetainageAmount",
    }
}

wire! {
    /// What a deposit holds that is no payment.
    DepositDetail {
        /// The account that it comes from.
        account_ref: Reference = "AccountRef",
        /// Who gave it.
        entity: PartyReference = "Entity",
        /// The class.
        class_ref: Reference = "ClassRef",
        /// Check number.
        check_num: String = "CheckNum",
    }
}

wire! {
    /// A purchase of an item. `Amount` of the line must be `Qty` times `UnitPrice`.
    ItemExpense {
        /// The item.
        item_ref: Reference = "ItemRef",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// The class.
        class_ref: Reference = "ClassRef",
        /// Billable, NotBillable, or HasBeenBilled, which is read-only.
        billable_status: String = "BillableStatus",
        /// Quantity.
        qty: Amount = "Qty",
        /// Price of one.
        unit_price: Amount = "UnitPrice",
        /// Tax code; in the US `TAX` or `NON`.
        tax_code_ref: Reference = "TaxCodeRef",
    }
}

wire! {
    /// A purchase that posts to an account.
    AccountExpense {
        /// The account.
        account_ref: Reference = "AccountRef",
        /// The customer or job.
        customer_ref: Reference = "CustomerRef",
        /// The class.
        class_ref: Reference = "ClassRef",
        /// Billable, NotBillable, or HasBeenBilled, which is read-only.
        billable_status: String = "BillableStatus",
        /// Tax code; in the US `TAX` or `NON`.
        tax_code_ref: Reference = "TaxCodeRef",
    }
}

wire! {
    /// A side of a journal entry; the amount of the line is positive, the side is told here.
    JournalDetail {
        /// `Debit` or `Credit`.
        posting_type: String = "PostingType",
        /// The account.
        account_ref: Reference = "AccountRef",
        /// The customer, vendor or employee.
        entity: JournalEntity = "Entity",
        /// The class.
        class_ref: Reference = "ClassRef",
    }
}

wire! {
    /// Whom a side of a journal entry concerns.
    JournalEntity {
        /// `Customer`, `Vendor` or `Employee`.
        kind: String = "Type",
        /// Who.
        entity_ref: Reference = "EntityRef",
    }
}
