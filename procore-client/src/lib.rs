//! Procore for programs that move money: a typed client of its REST API, and the [`Source`](sync_core::connector::Source)
//! of construction documents that the sync engine reads.
//!
//! It reads the directory, projects, commitments and prime contracts with their change orders, pay apps (Procore:
//! requisitions), owner invoices (payment applications) and payments, exactly as they stand: amounts are decimals and never floats, ids of any length survive, and what cannot be read is named by
//! document, field and value instead of being guessed or dropped.
//!
//! # First example
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use futures_util::TryStreamExt;
//! use procore_client::auth::{Environment, Login, ProcoreLogin};
//! use procore_client::{Config, Procore, ProcoreSource, SourceOptions};
//! use sync_core::clock::{SeededRandom, SystemClock};
//! use sync_core::connector::Source;
//! use sync_core::http::{MemoryTokenStore, Pace, ReqwestTransport, Secret, TokenManager, TransportConfig};
//!
//! # async fn run(client_id: &str, client_secret: Secret) -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(SystemClock);
//! let transport = Arc::new(ReqwestTransport::new(TransportConfig::default())?);
//!
//! // A service account that the company's administrator installed.
//! let environment = Environment::Sandbox;
//! let login = Login::ServiceAccount;
//! let login = ProcoreLogin::new(&environment, client_id, client_secret, login, transport.clone(), clock.clone())?;
//! let store = Arc::new(MemoryTokenStore::new());
//! let tokens = Arc::new(TokenManager::new("northgate", store, Arc::new(login), clock.clone()));
//!
//! let config = Config::new("598134325700011").with_environment(environment).with_service_account();
//! let pace = Pace::unlimited(clock.clone()).with_max_in_flight(8);
//! let random = Arc::new(SeededRandom::from_entropy());
//! let procore = Arc::new(Procore::new(config, transport, tokens, pace, clock, random)?);
//!
//! let source = ProcoreSource::new(procore, SourceOptions::default());
//! for part in source.parts().await? {
//!     let mut pages = source.snapshot(&part);
//!     while let Some(page) = pages.try_next().await? {
//!         println!("{}: {} documents", part.0, page.len());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! | type | what for |
//! |---|---|
//! | [`Procore`] | the client: one method for each endpoint ([`resources`]), paging, limits, the company header |
//! | [`ProcoreSource`] | documents for the engine: snapshots by part, changes since a cursor, single documents |
//! | [`auth`] | environments, the consent page, tokens of persons and service accounts |
//! | [`webhook::Webhook`] | deliveries of versions 2, 3 and 4, turned into changes |
//! | [`webhook::hooks::Hooks`] | the subscriptions behind them, made and repaired |
//! | [`actuals::Actuals`] | payments, direct costs, vendors and origin ids, written back; [`actuals::WRITE_PATHS`] is all that can be written |
//! | [`Files`] | the files of pay apps, to be copied |
//! | [`wire`] | Procore's own shapes, one file for each resource |
//! | [`convert`] | from those shapes to documents; pure |
//! | [`Error`], [`Fault`] | what went wrong with which call, and what to do |
//!
//! # Limits
//!
//! - It writes payments, direct costs, new vendors, origin ids and subscriptions, and nothing else. There is no call that creates or changes a
//!   budget, commitment, change order, schedule of values or invoice.
//! - Lists show what the account may see. A document that is missing from a list is looked for by its id before it is
//!   called gone; 403 is never taken for gone.
//! - Cost codes of sub jobs are known only by what lines say about them: Procore lists them for each sub job alone.
//! - Change orders of projects with three tiers are read as packages, of projects with one or two tiers as commitment
//!   and prime change orders, each side by itself; only the lines of approved ones are read.
//! - Requisitions have no webhook that is documented, and line item events name their contract only from version 3 on:
//!   poll [`changes`](sync_core::connector::Source::changes) besides listening.
//! - Prime contracts and owner invoices that were deleted are in no list, and no event of the polls tells of them: a
//!   webhook does, or a snapshot in which they are missing.
#![deny(missing_docs)]

pub mod actuals;
pub mod auth;
pub mod budget;
mod client;
pub mod convert;
mod error;
mod fault;
mod files;
pub mod resources;
mod source;
pub mod webhook;
pub mod wire;
mod write_paths;

pub use client::{Config, Page, Procore};
pub use error::Error;
pub use fault::{Fault, FieldFault};
pub use files::Files;
pub use resources::Listing;
pub use source::{ProcoreSource, Projects, SourceOptions, Standing};

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod double;
