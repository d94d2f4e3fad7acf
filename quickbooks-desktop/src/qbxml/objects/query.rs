//! Queries, their filters in the order of the schema, and iterators.

use crate::qbxml::common::Element;
use crate::qbxml::value::{QbDate, QbDateTime};

/// Which entries of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActiveStatus {
    /// All. Without it an entry that was made inactive looks deleted, so it is the default here.
    #[default]
    All,
    /// Those in use.
    ActiveOnly,
    /// Those out of use.
    InactiveOnly,
}

impl ActiveStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::ActiveOnly => "ActiveOnly",
            Self::InactiveOnly => "InactiveOnly",
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $list:literal $iterator:literal $lines:literal $linked:literal;)+) => {
        /// What can be asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum QueryKind { $($(#[$doc])* $variant,)+ }

        impl QueryKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name without `QueryRq`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }

            /// Is it a list? Lists are asked for by `ListID`, `FullName` or activity, transactions by `TxnID` or number.
            pub fn is_list(self) -> bool {
                match self { $(Self::$variant => $list,)+ }
            }

            /// Can it be read page by page?
            pub fn has_iterator(self) -> bool {
                match self { $(Self::$variant => $iterator,)+ }
            }

            fn has_lines(self) -> bool {
                match self { $(Self::$variant => $lines,)+ }
            }

            fn has_linked(self) -> bool {
                match self { $(Self::$variant => $linked,)+ }
            }
        }
    };
}

kinds! {
    /// Customers and jobs.
    Customer true true false false;
    /// Vendors.
    Vendor true true false false;
    /// Customers, vendors, employees and other names: they share one name space.
    Entity true true false false;
    /// Classes.
    Class true false false false;
    /// Items of every kind.
    Item true true false false;
    /// Accounts.
    Account true false false false;
    /// Terms.
    Terms true false false false;
    /// Purchase orders.
    PurchaseOrder false true true true;
    /// Bills.
    Bill false true true true;
    /// Vendor credits.
    VendorCredit false true true true;
    /// Estimates.
    Estimate false true true true;
    /// Invoices.
    Invoice false true true true;
    /// Credit memos.
    CreditMemo false true true true;
    /// Payments of bills by check.
    BillPaymentCheck false true true false;
    /// Payments of bills by credit card.
    BillPaymentCreditCard false true true false;
    /// Payments from customers.
    ReceivePayment false true true false;
    /// Deposits.
    Deposit false true true false;
    /// Checks other than payments of bills.
    Check false true true true;
    /// Journal entries.
    JournalEntry false true true false;
}

/// A span of moments, both ends included, on the clock of the machine that runs QuickBooks.
///
/// QuickBooks does not move the offset with daylight saving. Send back the very text that it gave as
/// `TimeModified`, or a moment without an offset, never one that was converted through the offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// From.
    pub from: Option<QbDateTime<'static>>,
    /// To.
    pub to: Option<QbDateTime<'static>>,
}

/// Which objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// By `ListID` or `TxnID`. Status 500 says that one of several is not there.
    Ids(Vec<String>),
    /// By full name (lists) or exact number, case ignored (transactions).
    Names(Vec<String>),
    /// Lists: changed in a span. Transactions: changed in a span; a void is a change, a deletion is not.
    Modified(Moments),
    /// Transactions by their date.
    Dated(Option<QbDate>, Option<QbDate>),
    /// All.
    All,
}

/// Page by page, within one session of QuickBooks: an iterator does not outlive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pages {
    /// In one answer.
    Whole,
    /// The first page of so many.
    Start(u32),
    /// The next page of so many, with the `iteratorID` of the answer before.
    Continue(u32, String),
}

/// A question for objects of one kind, lines and links included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The kind.
    pub kind: QueryKind,
    /// Which.
    pub select: Select,
    /// For lists: in use, out of use, or all.
    pub active: ActiveStatus,
    /// Page by page.
    pub pages: Pages,
    /// Owners of custom fields to be answered: `0` for the public ones.
    pub owners: Vec<String>,
    /// With lines and links, where the kind has them.
    pub lines: bool,
}

impl Query {
    /// All objects of a kind, page by page where that is possible.
    pub fn all(kind: QueryKind, page: u32) -> Self {
        Self::new(kind, Select::All).paged(page)
    }

    /// A question.
    pub fn new(kind: QueryKind, select: Select) -> Self {
        Self { kind, select, active: ActiveStatus::All, pages: Pages::Whole, owners: Vec::new(), lines: true }
    }

    /// Page by page, where that is possible: questions by ID or number and kinds without iterator are asked whole.
    #[must_use]
    pub fn paged(mut self, page: u32) -> Self {
        let by_key = matches!(self.select, Select::Ids(_) | Select::Names(_));
        if self.kind.has_iterator() && !by_key {
            self.pages = Pages::Start(page);
        }
        self
    }

    /// The next page, with the iterator of the answer; none of a question that has no pages.
    pub fn next(&self, iterator: &str) -> Option<Self> {
        match self.pages {
            Pages::Start(page) | Pages::Continue(page, _) => {
                Some(Self { pages: Pages::Continue(page, iterator.to_owned()), ..self.clone() })
            }
            Pages::Whole => None,
        }
    }

    pub(super) fn request(&self) -> Element<'static> {
        let mut children = Vec::new();
        let leaves = |name: &'static str, texts: &[String]| {
            texts.iter().map(|text| Element::leaf(name, text.clone())).collect::<Vec<_>>()
        };
        let max = match &self.pages {
            Pages::Whole => None,
            Pages::Start(page) | Pages::Continue(page, _) => Some(Element::leaf("MaxReturned", page.to_string())),
        };
        let is_list = self.kind.is_list();
        match &self.select {
            Select::Ids(ids) => children.extend(leaves(if is_list { "ListID" } else { "TxnID" }, ids)),
            Select::Names(names) => children.extend(leaves(if is_list { "FullName" } else { "RefNumber" }, names)),
            Select::Modified(moments) => {
                children.extend(max);
                let (from, to) = (moment("FromModifiedDate", &moments.from), moment("ToModifiedDate", &moments.to));
                let span: Vec<_> = from.into_iter().chain(to).collect();
                if is_list {
                    children.push(Element::leaf("ActiveStatus", self.active.as_str()));
                    children.extend(span);
                } else if !span.is_empty() {
                    children.push(Element::parent("ModifiedDateRangeFilter", span));
                }
            }
            Select::Dated(from, to) => {
                children.extend(max);
                let from = from.map(|date| Element::leaf("FromTxnDate", date.to_string()));
                let to = to.map(|date| Element::leaf("ToTxnDate", date.to_string()));
                let span: Vec<_> = from.into_iter().chain(to).collect();
                if !is_list && !span.is_empty() {
                    children.push(Element::parent("TxnDateRangeFilter", span));
                }
            }
            Select::All => {
                children.extend(max);
                if is_list {
                    children.push(Element::leaf("ActiveStatus", self.active.as_str()));
                }
            }
        }
        if self.lines && self.kind.has_lines() {
            children.push(Element::leaf("IncludeLineItems", "true"));
        }
        if self.lines && self.kind.has_linked() {
            children.push(Element::leaf("IncludeLinkedTxns", "true"));
        }
        // These two lists have no custom fields to ask for.
        if !matches!(self.kind, QueryKind::Class | QueryKind::Terms) {
            children.extend(leaves("OwnerID", &self.owners));
        }
        let mut query = Element::parent(format!("{}QueryRq", self.kind.as_str()), children);
        let mut attribute = |name: &'static str, value: String| query.attributes.push((name.into(), value.into()));
        match &self.pages {
            Pages::Whole => {}
            Pages::Start(_) => attribute("iterator", "Start".to_owned()),
            Pages::Continue(_, id) => {
                attribute("iterator", "Continue".to_owned());
                attribute("iteratorID", id.clone());
            }
        }
        query
    }
}

pub(super) fn moment(name: &'static str, moment: &Option<QbDateTime<'static>>) -> Option<Element<'static>> {
    moment.as_ref().map(|moment| Element::leaf(name, moment.as_str().to_owned()))
}
