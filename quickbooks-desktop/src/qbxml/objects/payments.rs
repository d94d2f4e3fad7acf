//! Payments of bills, payments from customers, deposits, checks.

use super::purchase::{ExpenseLine, ItemLine, Linked};
use super::record;
use crate::qbxml::common::ObjectRef;
use crate::qbxml::number::Amount;
use crate::qbxml::value::{QbDate, QbDateTime};

record! {
    /// A credit that is used.
    SetCredit {
        credit_txn_id: Option<String> = "CreditTxnID" "am" 36;
        applied_amount: Option<Amount> = "AppliedAmount" "am";
    }
}

record! {
    /// What a payment settles: at least one of an amount, a credit or a discount.
    AppliedTxn {
        txn_id: Option<String> = "TxnID" "amr" 36;
        payment_amount: Option<Amount> = "PaymentAmount" "AM";
        txn_type: Option<String> = "TxnType" "R";
        txn_date: Option<QbDate> = "TxnDate" "R";
        ref_number: Option<String> = "RefNumber" "R";
        balance_remaining: Option<Amount> = "BalanceRemaining" "R";
        amount: Option<Amount> = "Amount" "R";
        set_credits: Vec<SetCredit> = "SetCredit" "AM";
        discount_amount: Option<Amount> = "DiscountAmount" "AMR";
        discount_account: Option<ObjectRef<'static>> = "DiscountAccountRef" "AMR" 159;
    }
}

record! {
    /// A payment of bills, by check or by credit card: `bank_account` for the one, `credit_card_account` for the other.
    BillPayment {
        txn_id: Option<String> = "TxnID" "mR" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mR" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        payee: Option<ObjectRef<'static>> = "PayeeEntityRef" "aR" 209;
        ap_account: Option<ObjectRef<'static>> = "APAccountRef" "AR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMR";
        bank_account: Option<ObjectRef<'static>> = "BankAccountRef" "AMR" 159;
        credit_card_account: Option<ObjectRef<'static>> = "CreditCardAccountRef" "AR" 159;
        amount: Option<Amount> = "Amount" "MR";
        is_to_be_printed: Option<bool> = "IsToBePrinted" "AM";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        memo: Option<String> = "Memo" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        applied: Vec<AppliedTxn> = "AppliedToTxn*" "aMR";
    }
}

record! {
    /// A payment from a customer. Either QuickBooks applies it, or `applied` says to what.
    ReceivePayment {
        txn_id: Option<String> = "TxnID" "mR" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mR" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "aMR" 209;
        ar_account: Option<ObjectRef<'static>> = "ARAccountRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMR";
        ref_number: Option<String> = "RefNumber" "AMR" 20;
        total_amount: Option<Amount> = "TotalAmount" "AMR";
        payment_method: Option<ObjectRef<'static>> = "PaymentMethodRef" "AMR" 31;
        memo: Option<String> = "Memo" "AMR" 4095;
        deposit_to_account: Option<ObjectRef<'static>> = "DepositToAccountRef" "AMR" 159;
        unused_payment: Option<Amount> = "UnusedPayment" "R";
        unused_credits: Option<Amount> = "UnusedCredits" "R";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        is_auto_apply: Option<bool> = "IsAutoApply" "A";
        applied: Vec<AppliedTxn> = "AppliedToTxn*" "AMR";
    }
}

record! {
    /// Cash taken out of a deposit.
    CashBack {
        txn_line_id: Option<String> = "TxnLineID" "R" 36;
        account: Option<ObjectRef<'static>> = "AccountRef" "aMR" 159;
        memo: Option<String> = "Memo" "AMR" 4095;
        amount: Option<Amount> = "Amount" "AMR";
    }
}

record! {
    /// A line of a deposit: a payment that was received, or an amount from an account.
    DepositLine {
        txn_type: Option<String> = "TxnType" "R";
        txn_id: Option<String> = "TxnID" "R" 36;
        txn_line_id: Option<String> = "TxnLineID" "mR" 36;
        payment_txn_id: Option<String> = "PaymentTxnID" "AM" 36;
        payment_txn_line_id: Option<String> = "PaymentTxnLineID" "AMR" 36;
        entity: Option<ObjectRef<'static>> = "EntityRef" "AMR" 209;
        account: Option<ObjectRef<'static>> = "AccountRef" "AMR" 159;
        memo: Option<String> = "Memo" "AMR" 4095;
        check_number: Option<String> = "CheckNumber" "AMR" 11;
        payment_method: Option<ObjectRef<'static>> = "PaymentMethodRef" "AMR" 31;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        amount: Option<Amount> = "Amount" "AMR";
    }
}

record! {
    /// A deposit.
    Deposit {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        deposit_to_account: Option<ObjectRef<'static>> = "DepositToAccountRef" "aMr" 159;
        memo: Option<String> = "Memo" "AMR" 4095;
        deposit_total: Option<Amount> = "DepositTotal" "R";
        cash_back: Option<Box<CashBack>> = "CashBackInfo*" "AMR";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        lines: Vec<DepositLine> = "DepositLine*" "AMR";
    }
}

record! {
    /// A check that pays something other than bills.
    Check {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        account: Option<ObjectRef<'static>> = "AccountRef" "aMr" 159;
        payee: Option<ObjectRef<'static>> = "PayeeEntityRef" "AMR" 209;
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        amount: Option<Amount> = "Amount" "R";
        memo: Option<String> = "Memo" "AMR" 4095;
        is_pending: Option<bool> = "IsPending" "R";
        is_to_be_printed: Option<bool> = "IsToBePrinted" "AMR";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        clear_expense_lines: Option<bool> = "ClearExpenseLines" "M";
        expense_lines: Vec<ExpenseLine> = "ExpenseLine*" "AMR";
        clear_item_lines: Option<bool> = "ClearItemLines" "M";
        item_lines: Vec<ItemLine> = "ItemLine*" "AMR";
    }
}
