//! Parts that many qbXML objects share: references, addresses, custom fields, links, and elements that are not typed here.

use std::borrow::Cow;

use super::number::Amount;
use super::value::{EditSequence, Guid, ListId, QbDate, QbDateTime, TxnId, TxnLineId};

/// Makes a value independent of the bytes it was read from.
pub(crate) trait Detach {
    type Detached;
    fn detach(self) -> Self::Detached;
}

impl Detach for Cow<'_, str> {
    type Detached = Cow<'static, str>;
    fn detach(self) -> Self::Detached {
        Cow::Owned(self.into_owned())
    }
}

impl<T: Detach> Detach for Option<T> {
    type Detached = Option<T::Detached>;
    fn detach(self) -> Self::Detached {
        self.map(T::detach)
    }
}

impl<T: Detach> Detach for Vec<T> {
    type Detached = Vec<T::Detached>;
    fn detach(self) -> Self::Detached {
        self.into_iter().map(T::detach).collect()
    }
}

impl<T: Detach> Detach for Box<T> {
    type Detached = Box<T::Detached>;
    fn detach(self) -> Self::Detached {
        Box::new(T::detach(*self))
    }
}

impl<A: Detach, B: Detach> Detach for (A, B) {
    type Detached = (A::Detached, B::Detached);
    fn detach(self) -> Self::Detached {
        (self.0.detach(), self.1.detach())
    }
}

macro_rules! detach_as_is {
    ($($name:ty),*) => {$(
        impl $crate::qbxml::common::Detach for $name {
            type Detached = Self;
            fn detach(self) -> Self {
                self
            }
        }
    )*};
}

macro_rules! detach_by_into_owned {
    ($($name:ident),*) => {$(
        impl $crate::qbxml::common::Detach for $name<'_> {
            type Detached = $name<'static>;
            fn detach(self) -> Self::Detached {
                self.into_owned()
            }
        }
    )*};
}
pub(crate) use detach_by_into_owned;

/// `into_owned` of a record, field by field; a field that is forgotten does not compile.
macro_rules! into_owned {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $name<'_> {
            /// The same content, independent of the bytes it was read from.
            pub fn into_owned(self) -> $name<'static> {
                use $crate::qbxml::common::Detach as _;
                let Self { $($field),* } = self;
                $name { $($field: $field.detach()),* }
            }
        }
        $crate::qbxml::common::detach_by_into_owned!($name);
    };
}
pub(crate) use into_owned;

detach_as_is!(bool, u64, Amount, super::number::Price, super::number::Quantity, QbDate);
detach_by_into_owned!(ListId, TxnId, TxnLineId, EditSequence, Guid, QbDateTime);

/// A reference to a list object: `VendorRef`, `AccountRef`, `CustomerRef` and the like.
///
/// When both are present QuickBooks follows `ListID` and ignores `FullName`, which is `Parent:Child` and changes when
/// somebody renames the object. Refer by ID where you can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectRef<'a> {
    /// The identifier, stable across renames.
    pub list_id: Option<ListId<'a>>,
    /// The full name, levels joined by colons.
    pub full_name: Option<Cow<'a, str>>,
}

impl<'a> ObjectRef<'a> {
    /// A reference by identifier.
    pub fn by_id(list_id: ListId<'a>) -> Self {
        Self { list_id: Some(list_id), full_name: None }
    }

    /// A reference by full name.
    pub fn by_name(full_name: impl Into<Cow<'a, str>>) -> Self {
        Self { list_id: None, full_name: Some(full_name.into()) }
    }

    /// The full name, or nothing.
    pub fn name(&self) -> &str {
        self.full_name.as_deref().unwrap_or_default()
    }
}
into_owned!(ObjectRef { list_id, full_name });

/// An address. QuickBooks prints at most five lines, which `Addr1` to `Addr5` share with city, state and postal code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address<'a> {
    /// `Addr1`, at most 41 characters.
    pub addr1: Option<Cow<'a, str>>,
    /// `Addr2`, at most 41 characters.
    pub addr2: Option<Cow<'a, str>>,
    /// `Addr3`, at most 41 characters.
    pub addr3: Option<Cow<'a, str>>,
    /// `Addr4`, at most 41 characters.
    pub addr4: Option<Cow<'a, str>>,
    /// `Addr5`, at most 41 characters.
    pub addr5: Option<Cow<'a, str>>,
    /// `City`, at most 31 characters.
    pub city: Option<Cow<'a, str>>,
    /// `State`, at most 21 characters.
    pub state: Option<Cow<'a, str>>,
    /// `PostalCode`, at most 13 characters.
    pub postal_code: Option<Cow<'a, str>>,
    /// `Country`, at most 31 characters.
    pub country: Option<Cow<'a, str>>,
    /// `Note`, at most 41 characters.
    pub note: Option<Cow<'a, str>>,
}
into_owned!(Address { addr1, addr2, addr3, addr4, addr5, city, state, postal_code, country, note });

/// A custom field with its value. In answers `DataExtRet`, in requests `DataExt`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataExt<'a> {
    /// Whose field: `0` for public custom fields, else the GUID of an application. Requests must give it.
    pub owner_id: Option<Guid<'a>>,
    /// The name of the field, at most 31 characters.
    pub name: Cow<'a, str>,
    /// The type of the field, such as `STR255TYPE`; answers only.
    pub value_type: Option<Cow<'a, str>>,
    /// The value, as text.
    pub value: Cow<'a, str>,
}
into_owned!(DataExt { owner_id, name, value_type, value });

/// A transaction that is linked to the one that was read, such as the payment of a bill or its purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkedTxn<'a> {
    /// The linked transaction.
    pub txn_id: TxnId<'a>,
    /// Its type, such as `PurchaseOrder` or `BillPaymentCheck`.
    pub txn_type: Cow<'a, str>,
    /// Its date.
    pub txn_date: QbDate,
    /// Its number.
    pub ref_number: Option<Cow<'a, str>>,
    /// `AMTTYPE` or `QUANTYPE`: what the link counts.
    pub link_type: Option<Cow<'a, str>>,
    /// The amount of the link; payments are negative.
    pub amount: Amount,
    /// Elements that this version of the library does not know.
    pub extra: Vec<Element<'a>>,
}
into_owned!(LinkedTxn { txn_id, txn_type, txn_date, ref_number, link_type, amount, extra });

/// One line of another transaction, `LinkToTxn`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkToTxn<'a> {
    /// The transaction, such as the purchase order.
    pub txn_id: TxnId<'a>,
    /// Its line.
    pub txn_line_id: TxnLineId<'a>,
}
into_owned!(LinkToTxn { txn_id, txn_line_id });

/// `ErrorRecovery`: what QuickBooks still knows about a record that it saved, sent instead of, or beside, the record
/// (11.0). It proves that the write took effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorRecovery<'a> {
    /// The list object, if it was one.
    pub list_id: Option<ListId<'a>>,
    /// The owner of the custom field, if it was one.
    pub owner_id: Option<Guid<'a>>,
    /// The transaction, if it was one.
    pub txn_id: Option<TxnId<'a>>,
    /// Its running number.
    pub txn_number: Option<u64>,
    /// Its version.
    pub edit_sequence: Option<EditSequence<'a>>,
    /// The identifier that the creating program gave it.
    pub external_guid: Option<Guid<'a>>,
    /// Elements without a field here.
    pub extra: Vec<Element<'a>>,
}
into_owned!(ErrorRecovery { list_id, owner_id, txn_id, txn_number, edit_sequence, external_guid, extra });

/// Whether the costs of a line are to be charged on to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BillableStatus<'a> {
    /// To be charged on.
    Billable,
    /// Not to be charged on.
    NotBillable,
    /// Already on an invoice; set by QuickBooks.
    HasBeenBilled,
    /// A word that this version of the library does not know.
    Other(Cow<'a, str>),
}

impl<'a> BillableStatus<'a> {
    pub(crate) fn from_text(text: Cow<'a, str>) -> Self {
        match &*text {
            "Billable" => Self::Billable,
            "NotBillable" => Self::NotBillable,
            "HasBeenBilled" => Self::HasBeenBilled,
            _ => Self::Other(text),
        }
    }

    /// The word of the schema.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Billable => "Billable",
            Self::NotBillable => "NotBillable",
            Self::HasBeenBilled => "HasBeenBilled",
            Self::Other(text) => text,
        }
    }

    /// The same status, independent of the bytes it was read from.
    pub fn into_owned(self) -> BillableStatus<'static> {
        match self {
            Self::Billable => BillableStatus::Billable,
            Self::NotBillable => BillableStatus::NotBillable,
            Self::HasBeenBilled => BillableStatus::HasBeenBilled,
            Self::Other(text) => BillableStatus::Other(Cow::Owned(text.into_owned())),
        }
    }
}
detach_by_into_owned!(BillableStatus);

/// An element that has no type here, whole: for what a newer QuickBooks adds, and for records read untyped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Element<'a> {
    /// The name of the tag.
    pub name: Cow<'a, str>,
    /// Attributes in the order written, values unescaped.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The text, unescaped; empty when there are children.
    pub text: Cow<'a, str>,
    /// The child elements, in order.
    pub children: Vec<Element<'a>>,
}
into_owned!(Element { name, attributes, text, children });

impl<'a> Element<'a> {
    /// An element that holds text.
    pub fn leaf(name: impl Into<Cow<'a, str>>, text: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// An element that holds elements.
    pub fn parent(name: impl Into<Cow<'a, str>>, children: Vec<Self>) -> Self {
        Self { name: name.into(), children, ..Self::default() }
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of that name.
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| &*child.text)
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}
