//! The entities of the double: names, keys, and what may be done with them.
//!
//! Keys follow the vendor's published schema and the pages under
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/>.

mod common;
mod lines;
mod lists;
mod transactions;

use super::shape::Shape;

/// The entities that the double keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Type {
    Account,
    Class,
    Customer,
    Department,
    Employee,
    Item,
    Term,
    Vendor,
    CompanyInfo,
    Preferences,
    Bill,
    BillPayment,
    CreditMemo,
    Deposit,
    Estimate,
    Invoice,
    JournalEntry,
    Payment,
    Purchase,
    PurchaseOrder,
    VendorCredit,
}

/// What kind of thing an entity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// A customer, vendor or employee: one name space for all three.
    Name,
    /// Another list entity.
    List,
    /// One to a company, read only in the double.
    Single,
    /// A transaction.
    Transaction,
}

/// How a transaction is voided, if the API can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voiding {
    /// `?operation=void`
    Operation,
    /// `?operation=update&include=void`
    Include,
    No,
}

/// One row of the table of entities.
#[derive(Debug)]
pub(crate) struct Entity {
    /// Wire spelling; the path spells it in lower case.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    pub(crate) shape: &'static Shape,
    /// Keys that must be there after a write (2020).
    pub(crate) required: &'static [&'static str],
    /// Is a sparse update documented?
    pub(crate) sparse: bool,
    /// Does it move accounts?
    pub(crate) posting: bool,
    pub(crate) voiding: Voiding,
    /// Properties that a query may filter and sort by, besides `Id` and `MetaData.*`.
    pub(crate) filters: &'static [&'static str],
    /// Events besides `created` and `updated`.
    pub(crate) events: &'static [&'static str],
}

impl Type {
    pub(crate) const ALL: [Self; 21] = [
        Self::Account,
        Self::Class,
        Self::Customer,
        Self::Department,
        Self::Employee,
        Self::Item,
        Self::Term,
        Self::Vendor,
        Self::CompanyInfo,
        Self::Preferences,
        Self::Bill,
        Self::BillPayment,
        Self::CreditMemo,
        Self::Deposit,
        Self::Estimate,
        Self::Invoice,
        Self::JournalEntry,
        Self::Payment,
        Self::Purchase,
        Self::PurchaseOrder,
        Self::VendorCredit,
    ];

    pub(crate) fn entity(self) -> &'static Entity {
        match self {
            Self::Account => &lists::ACCOUNT,
            Self::Class => &lists::CLASS,
            Self::Customer => &lists::CUSTOMER,
            Self::Department => &lists::DEPARTMENT,
            Self::Employee => &lists::EMPLOYEE,
            Self::Item => &lists::ITEM,
            Self::Term => &lists::TERM,
            Self::Vendor => &lists::VENDOR,
            Self::CompanyInfo => &lists::COMPANY_INFO,
            Self::Preferences => &lists::PREFERENCES,
            Self::Bill => &transactions::BILL,
            Self::BillPayment => &transactions::BILL_PAYMENT,
            Self::CreditMemo => &transactions::CREDIT_MEMO,
            Self::Deposit => &transactions::DEPOSIT,
            Self::Estimate => &transactions::ESTIMATE,
            Self::Invoice => &transactions::INVOICE,
            Self::JournalEntry => &transactions::JOURNAL_ENTRY,
            Self::Payment => &transactions::PAYMENT,
            Self::Purchase => &transactions::PURCHASE,
            Self::PurchaseOrder => &transactions::PURCHASE_ORDER,
            Self::VendorCredit => &transactions::VENDOR_CREDIT,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        self.entity().name
    }

    pub(crate) fn is_transaction(self) -> bool {
        self.entity().family == Family::Transaction
    }

    pub(crate) fn is_list(self) -> bool {
        matches!(self.entity().family, Family::Name | Family::List)
    }

    /// By its wire spelling, in any case: queries do not mind.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// By the segment of a path, which is in lower case.
    pub(crate) fn by_path(segment: &str) -> Option<Self> {
        if segment.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        Self::by_name(segment)
    }

    /// The key that holds the name of a list entity.
    pub(crate) fn name_key(self) -> &'static str {
        match self.entity().family {
            Family::Name => "DisplayName",
            _ => "Name",
        }
    }

    /// Sales forms carry item lines, a subtotal and a number from the sales sequence.
    pub(crate) fn is_sales_form(self) -> bool {
        matches!(self, Self::CreditMemo | Self::Estimate | Self::Invoice)
    }

    /// Purchase forms carry expense lines.
    pub(crate) fn is_purchase_form(self) -> bool {
        matches!(self, Self::Bill | Self::Purchase | Self::PurchaseOrder | Self::VendorCredit)
    }
}
