//! Members that many entities share.

use crate::quickbooks::entities::Type;
use crate::quickbooks::entities::lines::{LINE, TAX_DETAIL};
use crate::quickbooks::shape::Kind::{Choice, Date, Flag, Free, Id, Many, Name, Number, One, OtherRef, Ref, Text};
use crate::quickbooks::shape::{Field, Shape, f, ro};

pub(crate) const ANY: usize = 4000;

/// On every entity.
pub(crate) static ENTITY: &[Field] = &[
    f("Id", Id),
    f("SyncToken", Text(20)),
    ro("MetaData", Free),
    f("CustomField", Many(&CUSTOM_FIELD)),
    ro("AttachableRef", Free),
    ro("domain", Text(ANY)),
    f("sparse", Flag),
    ro("status", Text(ANY)),
];

pub(crate) static CUSTOM_FIELD: Shape = Shape {
    parts: &[&[
        f("DefinitionId", Text(40)),
        f("Name", Text(ANY)),
        f("Type", Choice(&["StringType", "BooleanType", "NumberType", "DateType"])),
        f("StringValue", Text(ANY)),
        f("BooleanValue", Flag),
        f("DateValue", Date),
        f("NumberValue", Number),
    ]],
};

pub(crate) static LINKED: Shape =
    Shape { parts: &[&[f("TxnId", Id), f("TxnType", Text(ANY)), f("TxnLineId", Text(20))]] };

pub(crate) static ADDRESS: Shape = Shape {
    parts: &[&[
        f("Id", Text(20)),
        f("Line1", Text(500)),
        f("Line2", Text(500)),
        f("Line3", Text(500)),
        f("Line4", Text(500)),
        f("Line5", Text(500)),
        f("City", Text(255)),
        f("Country", Text(255)),
        f("CountryCode", Text(255)),
        f("County", Text(255)),
        f("CountrySubDivisionCode", Text(255)),
        f("PostalCode", Text(30)),
        f("PostalCodeSuffix", Text(30)),
        f("Lat", Text(ANY)),
        f("Long", Text(ANY)),
        f("Tag", Text(ANY)),
        f("Note", Text(ANY)),
    ]],
};

pub(crate) static EMAIL: Shape =
    Shape { parts: &[&[f("Id", Text(20)), f("Address", Text(100)), f("Default", Flag), f("Tag", Text(ANY))]] };

pub(crate) static PHONE: Shape = Shape {
    parts: &[&[
        f("Id", Text(20)),
        f("DeviceType", Text(ANY)),
        f("CountryCode", Text(ANY)),
        f("AreaCode", Text(ANY)),
        f("ExchangeCode", Text(ANY)),
        f("Extension", Text(ANY)),
        f("FreeFormNumber", Text(30)),
        f("Default", Flag),
        f("Tag", Text(ANY)),
    ]],
};

pub(crate) static WEB: Shape =
    Shape { parts: &[&[f("Id", Text(20)), f("URI", Text(1000)), f("Default", Flag), f("Tag", Text(ANY))]] };

pub(crate) static MEMO: Shape = Shape { parts: &[&[f("id", Text(20)), f("value", Text(1000))]] };

/// On customers, vendors and employees; `PrintOnCheckName` differs in length and stands with each.
pub(crate) static NAMES: &[Field] = &[
    f("IntuitId", Text(ANY)),
    f("Organization", Flag),
    f("Title", Name(16)),
    f("GivenName", Name(100)),
    f("MiddleName", Name(100)),
    f("FamilyName", Name(100)),
    f("Suffix", Name(16)),
    ro("FullyQualifiedName", Text(ANY)),
    f("CompanyName", Text(100)),
    f("DisplayName", Name(500)),
    f("UserId", Text(ANY)),
    f("Active", Flag),
    ro("V4IDPseudonym", Text(ANY)),
    f("PrimaryPhone", One(&PHONE)),
    f("AlternatePhone", One(&PHONE)),
    f("Mobile", One(&PHONE)),
    f("Fax", One(&PHONE)),
    f("PrimaryEmailAddr", One(&EMAIL)),
    f("WebAddr", One(&WEB)),
    f("OtherContactInfo", Free),
    f("DefaultTaxCodeRef", OtherRef),
];

/// On every transaction.
pub(crate) static TRANSACTION: &[Field] = &[
    f("DocNumber", Text(21)),
    f("TxnDate", Date),
    f(
        "TxnSubType",
        Choice(&[
            "InvoiceTax",
            "InvoiceRetail",
            "JournalTaxAdjustment",
            "ProjectCostEstimate",
            "EmployeeReimbursableExpense",
            "EmployeeReimbursableExpensePayment",
            "RetainageRelease",
        ]),
    ),
    f("DepartmentRef", Ref(Type::Department)),
    f("CurrencyRef", OtherRef),
    f("ExchangeRate", Number),
    f("PrivateNote", Text(4000)),
    f("LinkedTxn", Many(&LINKED)),
    f("Line", Many(&LINE)),
    f("TxnTaxDetail", One(&TAX_DETAIL)),
    f("TxnSource", Text(ANY)),
    f("TaxFormType", Text(ANY)),
    f("TaxFormNum", Text(ANY)),
    f("TransactionLocationType", Text(ANY)),
    f("Tag", Free),
    ro("TxnApprovalInfo", Free),
    ro("RecurDataRef", OtherRef),
    ro("RecurringInfo", Free),
    f("ProjectRef", OtherRef),
    ro("TotalCostAmount", Number),
    ro("HomeTotalCostAmount", Number),
];

pub(crate) static TAX_CALCULATION: &[&str] = &["TaxInclusive", "TaxExcluded", "NotApplicable"];
pub(crate) static PRINT_STATUS: &[&str] = &["NotSet", "NeedToPrint", "PrintComplete"];
pub(crate) static EMAIL_STATUS: &[&str] = &["NotSet", "NeedToSend", "EmailSent"];
pub(crate) static PAYMENT_TYPE: &[&str] = &["Cash", "Check", "CreditCard", "Expense", "Other"];
