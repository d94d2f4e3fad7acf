//! What can be deleted and voided, and what was deleted.

use super::record;
use crate::qbxml::value::QbDateTime;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = concat!("`", stringify!($variant), "`.")] $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As the schema spells it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }
        }
    };
}

words! {
    /// A type of transaction that can be deleted.
    TxnType {
        Bill BillPaymentCheck BillPaymentCreditCard Check CreditCardCharge CreditCardCredit CreditMemo Deposit Estimate
        Invoice JournalEntry PurchaseOrder ReceivePayment SalesOrder SalesReceipt VendorCredit
    }
}

impl TxnType {
    /// Can it be voided? Purchase orders, estimates, sales orders and received payments can only be deleted
    /// (<https://developer.intuit.com/app/developer/qbdesktop/docs/api-reference/qbdesktop/txnvoid>).
    pub fn can_be_voided(self) -> bool {
        !matches!(self, Self::PurchaseOrder | Self::Estimate | Self::SalesOrder | Self::ReceivePayment)
    }
}

words! {
    /// A type of list object that can be deleted.
    ListDelType {
        Account Class Customer Employee ItemDiscount ItemGroup ItemInventory ItemNonInventory ItemOtherCharge
        ItemService ItemSubtotal OtherName StandardTerms Vendor
    }
}

record! {
    /// A transaction that was deleted within the last 90 days.
    DeletedTxn {
        kind: Option<String> = "TxnDelType" "r";
        txn_id: Option<String> = "TxnID" "r" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_deleted: Option<QbDateTime<'static>> = "TimeDeleted" "R";
        ref_number: Option<String> = "RefNumber" "R";
    }
}

record! {
    /// A list object that was deleted within the last 90 days.
    DeletedList {
        kind: Option<String> = "ListDelType" "r";
        list_id: Option<String> = "ListID" "r" 36;
        time_created: Option<QbDateTime<'static>> = "TimeCreated" "R";
        time_deleted: Option<QbDateTime<'static>> = "TimeDeleted" "R";
        full_name: Option<String> = "FullName" "R";
    }
}
