//! Customers and jobs, vendors, classes, items, accounts, terms.

use super::record;
use crate::qbxml::common::ObjectRef;
use crate::qbxml::number::{Amount, Price};
use crate::qbxml::value::{QbDate, QbDateTime};

record! {
    /// An address; its printed form has five lines at most, which the parts share.
    PostalAddress {
        addr1: Option<String> = "Addr1" "AMR" 41;
        addr2: Option<String> = "Addr2" "AMR" 41;
        addr3: Option<String> = "Addr3" "AMR" 41;
        addr4: Option<String> = "Addr4" "AMR" 41;
        addr5: Option<String> = "Addr5" "AMR" 41;
        city: Option<String> = "City" "AMR" 31;
        state: Option<String> = "State" "AMR" 21;
        postal_code: Option<String> = "PostalCode" "AMR" 13;
        country: Option<String> = "Country" "AMR" 31;
        note: Option<String> = "Note" "AMR" 41;
    }
}

record! {
    /// A customer, or a job where it has a parent.
    Customer {
        list_id: Option<String> = "ListID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        name: Option<String> = "Name" "aMr" 41;
        full_name: Option<String> = "FullName" "R";
        is_active: Option<bool> = "IsActive" "AMR";
        class: Option<ObjectRef<'static>> = "ClassRef" "AMR" 159;
        parent: Option<ObjectRef<'static>> = "ParentRef" "AMR" 209;
        sublevel: Option<u64> = "Sublevel" "R";
        company_name: Option<String> = "CompanyName" "AMR" 41;
        bill_address: Option<Box<PostalAddress>> = "BillAddress" "AMR";
        phone: Option<String> = "Phone" "AMR" 21;
        email: Option<String> = "Email" "AMR" 1023;
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        balance: Option<Amount> = "Balance" "R";
        total_balance: Option<Amount> = "TotalBalance" "R";
        account_number: Option<String> = "AccountNumber" "AMR" 99;
        job_status: Option<String> = "JobStatus" "AMR" 20;
        job_start_date: Option<QbDate> = "JobStartDate" "AMR";
        job_projected_end_date: Option<QbDate> = "JobProjectedEndDate" "AMR";
        job_end_date: Option<QbDate> = "JobEndDate" "AMR";
        job_desc: Option<String> = "JobDesc" "AMR" 99;
        notes: Option<String> = "Notes" "AMR" 4095;
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
    }
}

record! {
    /// A vendor.
    Vendor {
        list_id: Option<String> = "ListID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        name: Option<String> = "Name" "aMr" 41;
        is_active: Option<bool> = "IsActive" "AMR";
        company_name: Option<String> = "CompanyName" "AMR" 41;
        vendor_address: Option<Box<PostalAddress>> = "VendorAddress" "AMR";
        phone: Option<String> = "Phone" "AMR" 21;
        email: Option<String> = "Email" "AMR" 1023;
        name_on_check: Option<String> = "NameOnCheck" "AMR" 41;
        account_number: Option<String> = "AccountNumber" "AMR" 99;
        notes: Option<String> = "Notes" "AMR" 4095;
        terms: Option<ObjectRef<'static>> = "TermsRef" "AMR" 31;
        is_vendor_eligible_for_1099: Option<bool> = "IsVendorEligibleFor1099" "AMR";
        balance: Option<Amount> = "Balance" "R";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
    }
}

record! {
    /// A class.
    Class {
        list_id: Option<String> = "ListID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        name: Option<String> = "Name" "aMr" 31;
        full_name: Option<String> = "FullName" "R";
        is_active: Option<bool> = "IsActive" "AMR";
        parent: Option<ObjectRef<'static>> = "ParentRef" "AMR";
        sublevel: Option<u64> = "Sublevel" "R";
    }
}

record! {
    /// What an item does when it is only sold or only bought.
    ItemSale {
        desc: Option<String> = "Desc" "AMR" 4095;
        price: Option<Price> = "Price" "AMR";
        account: Option<ObjectRef<'static>> = "AccountRef" "AMR" 159;
    }
}

record! {
    /// What an item does on both sides, such as the one item that carries retainage: income account retainage
    /// receivable, expense account retainage payable.
    ItemPurchase {
        sales_desc: Option<String> = "SalesDesc" "AMR" 4095;
        sales_price: Option<Price> = "SalesPrice" "AMR";
        income_account: Option<ObjectRef<'static>> = "IncomeAccountRef" "AMR" 159;
        purchase_desc: Option<String> = "PurchaseDesc" "AMR" 4095;
        purchase_cost: Option<Price> = "PurchaseCost" "AMR";
        expense_account: Option<ObjectRef<'static>> = "ExpenseAccountRef" "AMR" 159;
    }
}

record! {
    /// A service, non-inventory or other-charge item; other kinds are read with these fields too.
    Item {
        list_id: Option<String> = "ListID" "mr" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "mr" 16;
        name: Option<String> = "Name" "aMr" 31;
        full_name: Option<String> = "FullName" "R";
        is_active: Option<bool> = "IsActive" "AMR";
        parent: Option<ObjectRef<'static>> = "ParentRef" "AMR";
        sublevel: Option<u64> = "Sublevel" "R";
        single: Option<Box<ItemSale>> = "SalesOrPurchase" "AR";
        both: Option<Box<ItemPurchase>> = "SalesAndPurchase" "AR";
        external_guid: Option<String> = "ExternalGUID" "AR" 38;
    }
}

record! {
    /// An account. Its name in references is `Parent:Child`, without the number.
    Account {
        list_id: Option<String> = "ListID" "r" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "R" 16;
        name: Option<String> = "Name" "r" 31;
        full_name: Option<String> = "FullName" "R";
        is_active: Option<bool> = "IsActive" "R";
        parent: Option<ObjectRef<'static>> = "ParentRef" "R";
        account_type: Option<String> = "AccountType" "r";
        special_account_type: Option<String> = "SpecialAccountType" "R";
        account_number: Option<String> = "AccountNumber" "R" 7;
        desc: Option<String> = "Desc" "R" 200;
        balance: Option<Amount> = "Balance" "R";
        total_balance: Option<Amount> = "TotalBalance" "R";
        currency: Option<ObjectRef<'static>> = "CurrencyRef" "R";
    }
}

record! {
    /// Payment terms, standard or driven by dates.
    Terms {
        list_id: Option<String> = "ListID" "r" 36;
        time_modified: Option<QbDateTime<'static>> = "TimeModified" "R";
        edit_sequence: Option<String> = "EditSequence" "R" 16;
        name: Option<String> = "Name" "r" 31;
        is_active: Option<bool> = "IsActive" "R";
        due_days: Option<u64> = "StdDueDays" "R";
    }
}
