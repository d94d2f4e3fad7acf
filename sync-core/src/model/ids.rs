//! A type for each kind of id, so that a vendor's id cannot stand where a project's belongs.
//!
//! All hold text: Procore's ids exceed 2^53 and arrive as numbers (v1) or strings (v2); QuickBooks' are strings.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text_or_number(deserializer).map(|text| Self(text.into()))
            }
        }
    )+};
}

id! {
    /// One Procore company joined to one QuickBooks company. Every key starts with it.
    ConnectionId;
    /// A Procore project.
    ProjectId;
    /// A company in the Procore directory.
    VendorId;
    /// A Procore commitment: a subcontract (work order contract) or a purchase order contract.
    CommitmentId;
    /// A line of a schedule of values, of the contract itself or of a change order.
    SovLineId;
    /// A Procore change order.
    ChangeOrderId;
    /// A Procore change order package, which pay app lines refer to.
    ChangeOrderPackageId;
    /// A Procore prime contract.
    PrimeContractId;
    /// A Procore subcontractor invoice (requisition).
    PayAppId;
    /// A line of a pay app (G703).
    PayAppLineId;
    /// A Procore owner invoice (payment application).
    OwnerInvoiceId;
    /// A contract that payments are recorded on: a commitment or a prime contract.
    ContractId;
    /// A payment recorded in Procore.
    ContractPaymentId;
    /// A direct cost.
    DirectCostId;
    /// A Procore billing period.
    BillingPeriodId;
    /// A Procore cost code.
    CostCodeId;
    /// A transaction or list entry in the accounting system; unique within its kind.
    TargetId;
    /// A line of a transaction in the accounting system; unique within its transaction.
    TargetLineId;
    /// An account.
    AccountId;
    /// An item (product or service).
    ItemId;
    /// A class.
    ClassId;
    /// Payment terms.
    TermId;
    /// A customer or job.
    CustomerId;
    /// A vendor in the accounting system.
    PayeeId;
}

fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct Id;
    impl<'de> serde::de::Visitor<'de> for Id {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an id: a whole number or a string")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Cow::Owned(number.to_string()))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Cow::Owned(number.to_string()))
        }
    }
    deserializer.deserialize_any(Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_arrive_as_numbers_or_strings_and_are_the_same() {
        let number: ProjectId = serde_json::from_str("9007199254740993").unwrap();
        let text: ProjectId = serde_json::from_str("\"9007199254740993\"").unwrap();
        assert_eq!(number, text);
        assert!(serde_json::from_str::<ProjectId>("1.5").is_err());
    }
}
