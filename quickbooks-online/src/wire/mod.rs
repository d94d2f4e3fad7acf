//! The wire: each entity's members that this crate reads or writes, under their wire names.
//!
//! Every member is optional, since QuickBooks leaves out what is empty. Members that are not listed here are not lost:
//! updates are built on the text that was read ([`Record`](crate::Record)). To build one, name what you set and take
//! the rest from `Default`. Where the entity itself is an answer to "what may I send", see
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities>.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use sync_core::model::Amount;

use crate::entity::Entity;

/// Defines an entity or a part of one: `field: type = "WireName"`, each optional.
macro_rules! wire {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $type:ty = $key:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$fdoc])* #[serde(rename = $key, skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)+
        }
    };
}

/// [`wire!`] for a whole entity: adds `Id`, `SyncToken`, `MetaData` and [`Wire`].
macro_rules! entity {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $type:ty = $key:literal,)+
    }) => {
        wire! {
            $(#[$doc])*
            $name {
                /// Id, unique among the company's objects of this entity; none before it is created.
                id: String = "Id",
                /// Version: sent back with each change, compared for equality only.
                sync_token: String = "SyncToken",
                /// When it was made and last changed; read-only.
                meta_data: $crate::wire::MetaData = "MetaData",
                $($(#[$fdoc])* $field: $type = $key,)+
            }
        }

        impl $crate::wire::Wire for $name {
            const ENTITY: $crate::Entity = $crate::Entity::$name;

            fn id(&self) -> &str {
                self.id.as_deref().unwrap_or_default()
            }

            fn sync_token(&self) -> &str {
                self.sync_token.as_deref().unwrap_or_default()
            }
        }
    };
}

/// [`Expense`] for an entity whose fields are named alike.
macro_rules! expense {
    ($name:ident, terms: $terms:expr, balance: $balance:expr) => {
        impl $crate::wire::Expense for $name {
            fn vendor(&self) -> Option<&$crate::wire::Reference> {
                self.vendor_ref.as_ref()
            }
            fn number(&self) -> Option<&str> {
                self.doc_number.as_deref()
            }
            fn date(&self) -> Option<chrono::NaiveDate> {
                self.txn_date
            }
            fn payable(&self) -> Option<&$crate::wire::Reference> {
                self.ap_account_ref.as_ref()
            }
            fn terms(&self) -> Option<&$crate::wire::Reference> {
                let terms: fn(&Self) -> Option<&$crate::wire::Reference> = $terms;
                terms(self)
            }
            fn note(&self) -> &str {
                self.private_note.as_deref().unwrap_or_default()
            }
            fn extra(&self) -> std::collections::BTreeMap<String, String> {
                $crate::convert::extra::read(self.department_ref.as_ref(), self.custom_field.as_deref())
            }
            fn lines(&self) -> &[$crate::wire::Line] {
                self.line.as_deref().unwrap_or_default()
            }
            fn currency(&self) -> Option<&$crate::wire::Reference> {
                self.currency_ref.as_ref()
            }
            fn links(&self) -> &[$crate::wire::LinkedTxn] {
                self.linked_txn.as_deref().unwrap_or_default()
            }
            fn total(&self) -> Option<sync_core::model::Amount> {
                self.total_amt
            }
            fn balance(&self) -> Option<sync_core::model::Amount> {
                let balance: fn(&Self) -> Option<sync_core::model::Amount> = $balance;
                balance(self)
            }
        }
    };
}

/// [`Sales`] for an entity whose fields are named alike.
macro_rules! sales {
    ($name:ident, terms: $terms:expr, balance: $balance:expr) => {
        impl $crate::wire::Sales for $name {
            fn customer(&self) -> Option<&$crate::wire::Reference> {
                self.customer_ref.as_ref()
            }
            fn number(&self) -> Option<&str> {
                self.doc_number.as_deref()
            }
            fn date(&self) -> Option<chrono::NaiveDate> {
                self.txn_date
            }
            fn terms(&self) -> Option<&$crate::wire::Reference> {
                let terms: fn(&Self) -> Option<&$crate::wire::Reference> = $terms;
                terms(self)
            }
            fn note(&self) -> &str {
                self.private_note.as_deref().unwrap_or_default()
            }
            fn extra(&self) -> std::collections::BTreeMap<String, String> {
                $crate::convert::extra::read(self.department_ref.as_ref(), self.custom_field.as_deref())
            }
            fn lines(&self) -> &[$crate::wire::Line] {
                self.line.as_deref().unwrap_or_default()
            }
            fn currency(&self) -> Option<&$crate::wire::Reference> {
                self.currency_ref.as_ref()
            }
            fn total(&self) -> Option<sync_core::model::Amount> {
                self.total_amt
            }
            fn balance(&self) -> Option<sync_core::model::Amount> {
                let balance: fn(&Self) -> Option<sync_core::model::Amount> = $balance;
                balance(self)
            }
        }
    };
}

mod account;
mod attachable;
mod bill;
mod bill_payment;
mod class;
mod company_info;
mod credit_memo;
mod customer;
mod department;
mod deposit;
mod employee;
mod estimate;
mod invoice;
mod item;
mod journal_entry;
mod line;
mod payment;
mod preferences;
mod purchase;
mod purchase_order;
mod term;
mod vendor;
mod vendor_credit;

pub use account::Account;
pub use attachable::{Attachable, AttachableRef};
pub use bill::Bill;
pub use bill_payment::{BillPayment, CardPayment, CheckPayment};
pub use class::Class;
pub use company_info::CompanyInfo;
pub use credit_memo::CreditMemo;
pub use customer::Customer;
pub use department::Department;
pub use deposit::{CashBack, Deposit};
pub use employee::Employee;
pub use estimate::Estimate;
pub use invoice::{Invoice, RetainageDetail};
pub use item::Item;
pub use journal_entry::JournalEntry;
pub use line::{AccountExpense, DepositDetail, ItemExpense, JournalDetail, JournalEntity, Line, SalesItem, detail};
pub use payment::Payment;
pub use preferences::{
    AccountingPreferences, CurrencyPreferences, NameValue, OtherPreferences, Preferences, SalesFormsPreferences,
};
pub use purchase::Purchase;
pub use purchase_order::PurchaseOrder;
pub use term::Term;
pub use vendor::Vendor;
pub use vendor_credit::VendorCredit;

/// An entity that can be read from and written to the API.
pub trait Wire: DeserializeOwned + Serialize + Send {
    /// Which.
    const ENTITY: Entity;

    /// Its id; empty before it is created.
    fn id(&self) -> &str;

    /// Its version; empty before it is created.
    fn sync_token(&self) -> &str;
}

/// What purchase orders, bills and vendor credits have in common.
pub trait Expense: Wire {
    /// The vendor.
    fn vendor(&self) -> Option<&Reference>;
    /// The document's number.
    fn number(&self) -> Option<&str>;
    /// The document's date.
    fn date(&self) -> Option<NaiveDate>;
    /// The accounts payable account.
    fn payable(&self) -> Option<&Reference>;
    /// Payment terms.
    fn terms(&self) -> Option<&Reference>;
    /// The note that vendors do not see, with the marker.
    fn note(&self) -> &str;
    /// Location and custom fields, by the names that rules use.
    fn extra(&self) -> std::collections::BTreeMap<String, String>;
    /// All lines, also those that are only text.
    fn lines(&self) -> &[Line];
    /// The currency, where the company has several.
    fn currency(&self) -> Option<&Reference>;
    /// What the document as a whole is linked to.
    fn links(&self) -> &[LinkedTxn];
    /// The total, computed by QuickBooks.
    fn total(&self) -> Option<Amount>;
    /// What is still open, computed by QuickBooks; purchase orders have none.
    fn balance(&self) -> Option<Amount>;
}

/// What estimates, invoices and credit memos have in common.
pub trait Sales: Wire {
    /// The customer or job.
    fn customer(&self) -> Option<&Reference>;
    /// The document's number.
    fn number(&self) -> Option<&str>;
    /// The document's date.
    fn date(&self) -> Option<NaiveDate>;
    /// Payment terms.
    fn terms(&self) -> Option<&Reference>;
    /// The note that customers do not see, with the marker.
    fn note(&self) -> &str;
    /// Location and custom fields, by the names that rules use.
    fn extra(&self) -> std::collections::BTreeMap<String, String>;
    /// All lines, also subtotals and those that are only text.
    fn lines(&self) -> &[Line];
    /// The currency, where the company has several.
    fn currency(&self) -> Option<&Reference>;
    /// The total, computed by QuickBooks.
    fn total(&self) -> Option<Amount>;
    /// What is still open, computed by QuickBooks; estimates have none.
    fn balance(&self) -> Option<Amount>;
}

/// One of the company's own text fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomField {
    /// Which: `1`, `2` or `3` of the text fields of sales forms and purchase orders.
    #[serde(rename = "DefinitionId", default, skip_serializing_if = "Option::is_none")]
    pub definition_id: Option<String>,
    /// What the company calls it; read-only.
    #[serde(rename = "Name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `StringType`, the only one.
    #[serde(rename = "Type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its text.
    #[serde(rename = "StringValue", default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
}

/// A reference to a list entry or transaction. Only `value` is sent: the name is decoration of answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The id.
    pub value: String,
    /// The name at the time of reading.
    #[serde(default, skip_serializing)]
    pub name: Option<String>,
}

impl Reference {
    /// A reference to an id.
    pub fn to(id: impl Into<String>) -> Self {
        Self { value: id.into(), name: None }
    }
}

/// A reference to a customer, vendor or employee, which says which of them it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyReference {
    /// The id.
    pub value: String,
    /// `Customer`, `Vendor` or `Employee`; purchases spell it `type`, deposits `Type`.
    #[serde(rename = "type", alias = "Type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The name at the time of reading.
    #[serde(default, skip_serializing)]
    pub name: Option<String>,
}

wire! {
    /// When an object was made and last changed.
    MetaData {
        /// When it was made.
        create_time: DateTime<FixedOffset> = "CreateTime",
        /// When it was last changed, also by others, such as a payment of a bill.
        last_updated_time: DateTime<FixedOffset> = "LastUpdatedTime",
    }
}

wire! {
    /// A link from a document or one of its lines to another transaction.
    LinkedTxn {
        /// The transaction.
        txn_id: String = "TxnId",
        /// Its type, e.g. `PurchaseOrder`, `BillPaymentCheck`.
        txn_type: String = "TxnType",
        /// Its line, by the line's `Id`; needed for a link to a purchase order, which is dropped without a word otherwise.
        txn_line_id: String = "TxnLineId",
    }
}

wire! {
    /// A postal address.
    PhysicalAddress {
        /// First line.
        line1: String = "Line1",
        /// Second line.
        line2: String = "Line2",
        /// City.
        city: String = "City",
        /// State or province.
        state: String = "CountrySubDivisionCode",
        /// Postal code.
        postal_code: String = "PostalCode",
        /// Country.
        country: String = "Country",
    }
}

wire! {
    /// A telephone number.
    Phone {
        /// As people write it, at most 30 characters.
        number: String = "FreeFormNumber",
    }
}

wire! {
    /// An e-mail address.
    Email {
        /// The address, at most 100 characters.
        address: String = "Address",
    }
}

/// A date that may come as an empty text.
pub(crate) fn lenient_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.get(..10).unwrap_or(text).parse().map(Some).map_err(serde::de::Error::custom),
    }
}
