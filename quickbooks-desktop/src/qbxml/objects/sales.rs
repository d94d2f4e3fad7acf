//! Estimates, invoices, credit memos.

use super::lists::PostalAddress;
use super::purchase::Linked;
use super::record;
use crate::qbxml::common::ObjectRef;
use crate::qbxml::number::{Amount, Price, Quantity};
use crate::qbxml::value::{QbDate, QbDateTime};

record! {
    /// A line of an estimate, invoice or credit memo.
    SalesLine {
        txn_line_id: Option<String> = "TxnLineID" "mr" 36;
        item: Option<ObjectRef<'static>> = "ItemRef" "AMR";
        desc: Option<String> = "Desc" "AMR" 4095;
        quantity: Option<Quantity> = "Quantity" "AMR";
        rate: Option<Price> = "Rate" "AMR";
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        amount: Option<Amount> = "Amount" "AMR";
        sales_tax_code: Option<ObjectRef<'static>> = "SalesTaxCodeRef" "AMR" 3;
        other1: Option<String> = "Other1" "AMR" 29;
        other2: Option<String> = "Other2" "AMR" 29;
    }
}

record! {
    /// An estimate. It posts nothing.
    Estimate {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "aMr" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        bill_address: Option<Box<PostalAddress>> = "BillAddress" "AMR";
        is_active: Option<bool> = "IsActive" "AMR";
        po_number: Option<String> = "PONumber" "AMR" 25;
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        due_date: Option<QbDate> = "DueDate" "AMR";
        subtotal: Option<Amount> = "Subtotal" "R";
        sales_tax_total: Option<Amount> = "SalesTaxTotal" "R";
        total_amount: Option<Amount> = "TotalAmount" "R";
        memo: Option<String> = "Memo" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        lines: Vec<SalesLine> = "EstimateLine*" "aMR";
    }
}

record! {
    /// An invoice. No link to an estimate can be made this way: progress invoicing stays with the user interface.
    Invoice {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "aMr" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        ar_account: Option<ObjectRef<'static>> = "ARAccountRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        bill_address: Option<Box<PostalAddress>> = "BillAddress" "AMR";
        is_pending: Option<bool> = "IsPending" "AMR";
        po_number: Option<String> = "PONumber" "AMR" 25;
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        due_date: Option<QbDate> = "DueDate" "AMR";
        subtotal: Option<Amount> = "Subtotal" "R";
        sales_tax_total: Option<Amount> = "SalesTaxTotal" "R";
        applied_amount: Option<Amount> = "AppliedAmount" "R";
        balance_remaining: Option<Amount> = "BalanceRemaining" "R";
        memo: Option<String> = "Memo" "AMR" 4095;
        is_paid: Option<bool> = "IsPaid" "R";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        lines: Vec<SalesLine> = "InvoiceLine*" "AMR";
    }
}

record! {
    /// A credit memo: what an invoice below nothing must be.
    CreditMemo {
        txn_id: Option<String> = "TxnID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        txn_number: Option<u64> = "TxnNumber" "R";
        customer: Option<ObjectRef<'static>> = "CustomerRef" "aMr" 209;
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        ar_account: Option<ObjectRef<'static>> = "ARAccountRef" "AMR" 159;
        txn_date: Option<QbDate> = "TxnDate" "aMr";
        ref_number: Option<String> = "RefNumber" "AMR" 11;
        bill_address: Option<Box<PostalAddress>> = "BillAddress" "AMR";
        is_pending: Option<bool> = "IsPending" "AMR";
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        due_date: Option<QbDate> = "DueDate" "AMR";
        subtotal: Option<Amount> = "Subtotal" "R";
        sales_tax_total: Option<Amount> = "SalesTaxTotal" "R";
        total_amount: Option<Amount> = "TotalAmount" "R";
        credit_remaining: Option<Amount> = "CreditRemaining" "R";
        memo: Option<String> = "Memo" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
        linked: Vec<Linked> = "LinkedTxn" "R";
        lines: Vec<SalesLine> = "CreditMemoLine*" "aMR";
    }
}
