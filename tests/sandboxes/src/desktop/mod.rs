//! A double of QuickBooks Desktop: a company file that works qbXML message sets, and a Web Connector that plays sessions
//! against a service over real HTTP.
//!
//! The company file enforces what is documented at
//! <https://developer.intuit.com/app/developer/qbdesktop/docs/>: the order of elements (a wrong one refuses the whole
//! set), lengths, `EditSequence`, the one name space of customers, vendors and employees, links to purchase orders, the
//! closing date, locks, iterators that end with the session, and the outcomes that it keeps for message-set IDs. Where
//! nothing is documented the stricter reading holds. It reads qbXML with a reader of its own.

mod book;
mod clock;
mod connector;
mod file;
mod ledger;
mod links;
mod message;
mod people;
mod query;
mod report;
mod schema;
mod session;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub use connector::{Drop, WebConnector};
pub use file::{CompanyFile, Hresult};
pub(crate) use people::fits;
pub use session::{Came, Session, Step, Visit, envelope, result};
pub use xml::Node;
