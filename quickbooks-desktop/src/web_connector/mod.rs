//! The service that QuickBooks Web Connector calls, and the desk on which work for it waits.
//!
//! The Web Connector runs beside QuickBooks and polls: it logs in, takes a message set, lets QuickBooks work it, and
//! brings the answer (Intuit, "QuickBooks Web Connector Programmer's Guide",
//! <https://developer.intuit.com/app/developer/qbdesktop/docs/get-started/get-started-with-quickbooks-web-connector>).
//!
//! | part | what it does |
//! |---|---|
//! | [`Call`], [`Answer`] | SOAP in and out, without a framework |
//! | [`Service`] | the methods as a state machine: a call in, an answer out, the time handed in |
//! | [`Desk`] | between a [`Sink`](sync_core::connector::Sink) that waits for answers and the next visit |
//! | [`SetStore`] | keeps the bytes of what was sent, so that a lost answer is asked for and never sent blindly again |
//! | [`Password`] | kept as a salted digest, compared in constant time |
//! | [`qwc`](qwc()) | the file by which a person adds the service to the Web Connector |
//! | [`router`] | the same over HTTP; put HTTPS in front, the Web Connector takes plain HTTP from localhost only |

mod company;
mod desk;
mod hresult;
mod http;
mod password;
mod qwc;
mod receive;
mod send;
mod service;
mod soap;
mod store;

pub use company::{CompanyFile, Opened};
pub use desk::{Delivered, Desk, Response, RunGuard, Undelivered};
pub use hresult::{Hresult, HresultAdvice};
pub use http::{HttpLimits, router};
pub use password::{Password, PasswordError};
pub use qwc::{Qwc, QwcError, qwc};
pub use service::{Reply, Service, ServiceConfig};
pub use soap::{Answer, Call, Secret, SoapError};
pub use store::{BillLinks, Fate, FileSetStore, MemorySetStore, SetStore, StoreError, StoredSet};
