//! The objects of QuickBooks Desktop, one struct each for creating (`…Add`), changing (`…Mod`) and reading (`…Ret`).
//!
//! Fields stand in the order of the schema (qbXML 16.0 for the US edition,
//! <https://developer.intuit.com/app/developer/qbdesktop/docs/api-reference/qbdesktop>), which is the order in which
//! they are written. A field that a message does not have is refused when it is set; one that it requires is refused
//! when it is not. In a `…Mod` an absent field stays as it is, and as soon as one line is given, every line that is not
//! listed is removed. Elements without a field are kept in `extra`.

mod company;
mod custom;
mod deletion;
mod journal;
mod lists;
mod payments;
mod purchase;
mod query;
mod report;
mod request;
mod sales;
mod slot;

pub use company::{Company, Host, Preferences, negotiate};
pub use custom::{CustomField, CustomFieldOf};
pub use deletion::{DeletedList, DeletedTxn, ListDelType, TxnType};
pub use journal::{JournalEntry, JournalLine, JournalSide};
pub use lists::{Account, Class, Customer, Item, ItemPurchase, ItemSale, PostalAddress, Terms, Vendor};
pub use payments::{AppliedTxn, BillPayment, CashBack, Check, Deposit, DepositLine, ReceivePayment, SetCredit};
pub use purchase::{Bill, ExpenseLine, ItemLine, Linked, PurchaseOrder, PurchaseOrderLine, TxnLink, VendorCredit};
pub use query::{ActiveStatus, Moments, Pages, Query, QueryKind, Select};
pub use report::{ClearedStatus, Report, ReportColumn, ReportRequest, ReportRow};
pub use request::{Object, Request};
pub use sales::{CreditMemo, Estimate, Invoice, SalesLine};
pub use slot::{Form, ObjectError, Record};

#[cfg(feature = "web-connector")]
pub(crate) use slot::owned;
pub(crate) use slot::{Slot, record};
