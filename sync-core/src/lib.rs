//! The domain and the engine of the sync between Procore (where money is committed) and QuickBooks (where it is billed
//! and paid).
//!
//! | room | what for |
//! |---|---|
//! | [`model`] | construction documents, accounting documents, exact [`Money`](model::Money), ids |
//! | [`connector`] | [`Source`](connector::Source) and [`Sink`](connector::Sink): what a system must offer to take part |
//! | [`mapping`] | the controller's tables, checked and compiled: from a construction document to an accounting document |
//! | [`matching`] | which record of one side is the same as which of the other, with score and reasons |
//! | [`retainage`] | what a pay app bills, withholds and releases, line by line; terms, forms, ledger |
//! | [`settlement`] | what is open of each bill, as payments and credits come and are voided |
//! | [`direct_costs`] | what was spent on a job without a commitment, on its way back |
//! | [`wip`] | percent complete, earned revenue, over and under billing, the proposed entries |
//! | [`engine`] | intake, order, the three-way decision, writes exactly once, recovery |
//! | [`journal`] | the durable memory of the engine, with its conformance suite |
//! | [`plan`] | what a sync would do, told before it is done, and done exactly so |
//! | [`reconcile`] | the tie-outs: both sides read afresh, every difference named by document |
//! | [`rulings`] | what people decide about dead letters, and what each choice does |
//! | `http` | (feature) what every HTTP connector needs: tokens, pacing, retry, redaction |
//!
//! Features: `http` (transport, tokens; brings reqwest), `sqlite` (the embedded journal), `conformance` (suites for
//! your own `Source`, `Sink`, `Journal`). None is on by default.
//!
//! This crate knows no vendor's wire format and, without `http`, does no I/O but reading mapping files. Clock and
//! randomness are handed in.
#![deny(missing_docs)]

pub mod actuals;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connector;
pub mod dead_letter;
pub mod direct_costs;
pub mod engine;
pub mod error;
mod exact;
#[cfg(feature = "http")]
pub mod http;
pub mod journal;
pub mod mapping;
pub mod matching;
pub mod model;
pub mod plan;
#[cfg(feature = "planted-bugs")]
pub mod planted;
pub mod reconcile;
pub mod retainage;
pub mod rulings;
pub mod settlement;
pub mod wip;

pub use error::{Advice, Error, ErrorKind};
