//! Purchase orders, bills, vendor credits.

use super::lists::PostalAddress;
use super::record;
use crate::qbxml::common::ObjectRef;
use crate::qbxml::number::{Amount, Price, Quantity};
use crate::qbxml::value::{QbDate, QbDateTime};

record! {
    /// Another transaction that this one is linked to, as it is answered with `IncludeLinkedTxns`.
    Linked {
        txn_id: Option<String> = "TxnID" "r" 36;
        txn_type: Option<String> = "TxnType" "r";
        txn_date: Option<QbDate> = "TxnDate" "R";
        ref_number: Option<String> = "RefNumber" "R" 20;
        link_type: Option<String> = "LinkType" "R";
        amount: Option<Amount> = "Amount" "R";
    }
}

record! {
    /// The line of a purchase order that a new line bills. Only when a transaction is created: no `…Mod` has it.
    TxnLink {
        txn_id: Option<String> = "TxnID" "a" 36;
        txn_line_id: Option<String> = "TxnLineID" "a" 36;
    }
}

record! {
    /// A line of a purchase order. It needs an item: QuickBooks Desktop has no purchase order lines by account.
    PurchaseOrderLine {
        txn_line_id: Option<String> = "TxnLineID" "mr" 36;
        item: Option<ObjectRef<'static>> = "ItemRef" "AMR";
        desc: Option<String> = "Desc" "AMR" 4095;
        quantity: Option<Quantity> = "Quantity" "AMR";
        rate: Option<Price> = "Rate" "AMR";
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        amount: Option<Amount> = "Amount" "AMR";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "AMR" 209;
        received_quantity: Option<Quantity> = "ReceivedQuantity" "R";
        unbilled_quantity: Option<Quantity> = "UnbilledQuantity" "R";
        is_billed: Option<bool> = "IsBilled" "R";
        is_manually_closed: Option<bool> = "IsManuallyClosed" "MR";
        other1: Option<String> = "Other1" "AMR" 29;
        other2: Option<String> = "Other2" "AMR" 29;
    }
}

record! {
    /// A purchase order. It posts nothing; received amounts are counted by quantity.
    PurchaseOrder {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        vendor: Option<ObjectRef<'static>> = "VendorRef" "AMR" 41;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        vendor_address: Option<Box<PostalAddress>> = "VendorAddress" "AMR";
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        due_date: Option<QbDate> = "DueDate" "AMR";
        expected_date: Option<QbDate> = "ExpectedDate" "AMR";
        total_amount: Option<Amount> = "TotalAmount" "R";
        is_manually_closed: Option<bool> = "IsManuallyClosed" "MR";
        is_fully_received: Option<bool> = "IsFullyReceived" "R";
        memo: Option<String> = "Memo" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        lines: Vec<PurchaseOrderLine> = "PurchaseOrderLine*" "aMR";
    }
}

record! {
    /// A line that posts to an account.
    ExpenseLine {
        txn_line_id: Option<String> = "TxnLineID" "mr" 36;
        account: Option<ObjectRef<'static>> = "AccountRef" "AMR" 159;
        amount: Option<Amount> = "Amount" "AMR";
        memo: Option<String> = "Memo" "AMR" 4095;
        customer: Option<ObjectRef<'static>> = "CustomerRef" "AMR" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        billable_status: Option<String> = "BillableStatus" "AMR" 13;
    }
}

record! {
    /// A line that posts through an item. One that bills a purchase order line names no item of its own.
    ItemLine {
        txn_line_id: Option<String> = "TxnLineID" "mr" 36;
        item: Option<ObjectRef<'static>> = "ItemRef" "AMR";
        desc: Option<String> = "Desc" "AMR" 4095;
        quantity: Option<Quantity> = "Quantity" "AMR";
        cost: Option<Price> = "Cost" "AMR";
        amount: Option<Amount> = "Amount" "AMR";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "AMR" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        billable_status: Option<String> = "BillableStatus" "AMR" 13;
        link: Option<Box<TxnLink>> = "LinkToTxn" "A";
    }
}

record! {
    /// A bill. [`BillRet`](crate::qbxml::BillRet) reads large answers faster.
    Bill {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        vendor: Option<ObjectRef<'static>> = "VendorRef" "aMr" 41;
        vendor_address: Option<Box<PostalAddress>> = "VendorAddress" "AMR";
        ap_account: Option<ObjectRef<'static>> = "APAccountRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        due_date: Option<QbDate> = "DueDate" "AMR";
        amount_due: Option<Amount> = "AmountDue" "R";
        ref_number: Option<String> = "RefNumber" "AMR" 20;
        is_pending: Option<bool> = "IsPending" "R";
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        memo: Option<String> = "Memo" "AMR" 4095;
        is_paid: Option<bool> = "IsPaid" "R";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        link_to_txn_ids: Vec<String> = "LinkToTxnID" "A" 36;
        linked: Vec<Linked> = "LinkedTxn" "R";
        clear_expense_lines: Option<bool> = "ClearExpenseLines" "M";
        expense_lines: Vec<ExpenseLine> = "ExpenseLine*" "AMR";
        clear_item_lines: Option<bool> = "ClearItemLines" "M";
        item_lines: Vec<ItemLine> = "ItemLine*" "AMR";
        open_amount: Option<Amount> = "OpenAmount" "R";
    }
}

record! {
    /// A vendor credit: what a bill below nothing must be.
    VendorCredit {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        vendor: Option<ObjectRef<'static>> = "VendorRef" "aMr" 41;
        ap_account: Option<ObjectRef<'static>> = "APAccountRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        credit_amount: Option<Amount> = "CreditAmount" "R";
        ref_number: Option<String> = "RefNumber" "AMR" 20;
        memo: Option<String> = "Memo" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        clear_expense_lines: Option<bool> = "ClearExpenseLines" "M";
        expense_lines: Vec<ExpenseLine> = "ExpenseLine*" "AMR";
        clear_item_lines: Option<bool> = "ClearItemLines" "M";
        item_lines: Vec<ItemLine> = "ItemLine*" "AMR";
        open_amount: Option<Amount> = "OpenAmount" "R";
    }
}
