//! QuickBooks Online for construction: a typed client of the Accounting API (v3), and the sink into which
//! [`sync_core`]'s engine writes customers, jobs, vendors, purchase orders, bills, vendor credits, estimates, invoices,
//! credit memos and journal entries; and readers of what was really paid.
//!
//! # First steps
//!
//! Read the vendors of a company, then hand the company to the engine:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use quickbooks_online::wire::Vendor;
//! use quickbooks_online::{
//!     App, Authorization, Config, Entity, Environment, Query, QuickBooks, QuickBooksSink, SinkOptions,
//! };
//! use sync_core::clock::{SeededRandom, SystemClock};
//! use sync_core::connector::Sink;
//! use sync_core::http::{MemoryTokenStore, ReqwestTransport, TokenManager, TransportConfig};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let realm = "9341000000000001";
//! let environment = Environment::sandbox();
//! let clock = Arc::new(SystemClock);
//! let transport = Arc::new(ReqwestTransport::new(TransportConfig::default())?);
//!
//! // Tokens: refreshed one at a time, the new one stored before it is used.
//! let app = App {
//!     client_id: std::env::var("QBO_CLIENT_ID")?,
//!     client_secret: std::env::var("QBO_CLIENT_SECRET")?.into(),
//!     redirect_uri: "https://sync.example.com/callback".into(),
//! };
//! let authorization = Authorization::new(environment.clone(), app, transport.clone(), clock.clone())?;
//! // In a program: a store that outlives it, such as `FileTokenStore`.
//! let store = Arc::new(MemoryTokenStore::new());
//! let tokens = Arc::new(TokenManager::new(realm, store, Arc::new(authorization), clock.clone()));
//!
//! let config = Config::new(environment, realm);
//! let random = Arc::new(SeededRandom::from_entropy());
//! let client = QuickBooks::new(config, transport, tokens, clock, random, None)?;
//!
//! for vendor in client.query::<Vendor>(&Query::new(Entity::Vendor)).await?.value {
//!     println!("{:?} {:?}", vendor.id, vendor.display_name);
//! }
//!
//! let sink = QuickBooksSink::new(client, SinkOptions::default());
//! sink.begin().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! | type | what for |
//! |---|---|
//! | [`Authorization`] | consent, code exchange, refresh, revocation |
//! | [`QuickBooks`] | one company: query, read, create, update, delete, void, batch, changes |
//! | [`Query`] | a statement that no name can break |
//! | [`wire`], [`Record`] | entities as they are sent; a record keeps what this crate does not know |
//! | [`Error`], [`Verdict`] | what QuickBooks said, and what it means for a write |
//! | [`QuickBooksSink`] | the [`Sink`](sync_core::connector::Sink) for the engine |
//! | [`Books`] | the books read afresh, for tie-outs |
//! | [`PaymentsBook`] | what was really paid: which check paid how much of which bill |
//! | [`Reports`] | what the bank has seen, which only reports tell |
//! | [`PdfFile`] | a file for a bill, uploaded once |
//! | [`BillFiles`] | the same for the engine: the files of pay apps |
//! | [`allowed`] | everything that can ever be sent |
//! | [`webhook::Verifier`] | notices of changes: signature first, then both forms of content |
//! | [`sanitise`] | lengths and characters that QuickBooks takes |
//!
//! # What it promises
//!
//! - **Nothing is written twice.** Each write has a request id that stands for its content, and a marker in the document
//!   by which it is found at any later age. What is not known to have happened is
//!   [`Uncertain`](sync_core::connector::Outcome::Uncertain), never done and never refused.
//! - **Nothing is overwritten unseen.** Updates carry the version that they were decided on. They are built on the text
//!   that was read, so members that this crate does not know stay as they are.
//! - **Amounts are exact**: read from the text of the JSON, written as its numbers, never a float in between.
//! - **The published limits are kept** before the server has to say so; see [`Limits`].
//!
//! # Limits
//!
//! - Only invoices can be voided through the API; a void deletes bills, purchase orders, vendor credits, estimates, credit
//!   memos and journal entries. A bill that bills a purchase order is unlinked first. Customers and vendors are made
//!   inactive.
//! - Payments are read and never made.
//! - No report tells on which day the bank saw a payment, only that it did by the time of the report.
//! - Vendors have no documented field for a note, so they carry no marker and go by their names.
//! - One currency for each company: documents in another are refused.
//! - QuickBooks' own retainage fields (2026, invoices only) are kept as they were read and never made.
#![deny(missing_docs)]

pub mod allowed;
mod attachments;
mod auth;
mod client;
mod convert;
mod entity;
mod error;
mod fault;
mod mirror;
mod payments;
mod query;
mod raw;
mod reports;
pub mod sanitise;
mod sink;
mod source;
pub mod webhook;
pub mod wire;

pub use attachments::PdfFile;
pub use auth::{App, Authorization, Consent, ConsentError, SCOPE_ACCOUNTING};
pub use client::{
    Answer, BatchItem, BatchResult, ChangeGroup, ChangeSet, Config, Environment, Limits, Loaded, QuickBooks,
};
pub use convert::WriteOptions;
pub use convert::extra::FIELDS;
pub use entity::Entity;
pub use error::{Error, Verdict};
pub use fault::{Fault, FaultError};
pub use payments::{
    ActualChanges, Actuals, BankDeposit, CustomerPayment, DeletedActual, DepositLine, DirectPurchase, PaymentsBook,
    PurchaseLine, UnknownPart, UnreadableActual, VendorPayment,
};
pub use query::{MAX_PAGE, Query};
pub use raw::{Object, Record};
pub use reports::{Cell, ClearedBook, ClearedEntry, Column, Report, ReportRow, Reports};
pub use sink::{BillFiles, QuickBooksSink, SinkOptions};
pub use source::{
    BookAccount, BookDocument, BookEntry, BookEntryLine, BookLine, BookSale, BookSaleLine, Books, BooksSnapshot,
    KeptTransactions, Retained,
};
