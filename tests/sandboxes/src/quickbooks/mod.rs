//! A double of QuickBooks Online: one company, as a state machine.
//!
//! It enforces what is documented at <https://developer.intuit.com/app/developer/qbo/docs/>: unknown keys are refused,
//! SyncTokens go stale, `requestid` replays the stored answer, links that lack a line id are dropped in silence, pages
//! are capped, limits answer 429. Where the vendor documents nothing, [`QuickBooksConfig`] has a switch and the stricter
//! reading is the default.
//!
//! ```
//! use bytes::Bytes;
//! use chrono::DateTime;
//! use sync_sandboxes::book::Book;
//! use sync_sandboxes::quickbooks::{QuickBooks, QuickBooksConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let book = Book::load(dir.path())?;
//! let now = DateTime::from_timestamp(1_772_000_000, 0).unwrap_or_default();
//! let mut company = QuickBooks::from_book(&book, QuickBooksConfig::default());
//! let (access, _refresh) = company.grant(now);
//! let request = http::Request::get("/v3/company/9341000000000001/query?query=select%20*%20from%20Vendor")
//!     .header("Authorization", format!("Bearer {access}"))
//!     .header("Accept", "application/json")
//!     .body(Bytes::new())?;
//! assert_eq!(company.answer(now, request).status(), 200);
//! # Ok(())
//! # }
//! ```

mod answer;
mod batch;
mod cdc;
mod clock;
mod config;
mod entities;
mod fault;
mod ledger;
mod limits;
mod lines;
mod links;
mod log;
mod names;
mod oauth;
mod person;
mod query;
mod random;
mod refs;
mod replay;
mod reports;
mod route;
mod rules;
mod shape;
mod store;
mod upload;
mod webhook;
mod write;
mod xml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use config::{Limits, QuickBooksConfig};
pub use fault::{Fault, FaultError};
pub use log::{Counters, LoggedRequest, Operation};
pub use webhook::{WebhookDelivery, signature};

use crate::book::Book;
use crate::conduct::Conduct;
use crate::json::Json;
use entities::Type;

/// One QuickBooks Online company and the app that is connected to it. Requests in, answers out; the time is handed in.
#[derive(Debug)]
pub struct QuickBooks {
    config: QuickBooksConfig,
    company: store::Company,
    tokens: oauth::Tokens,
    limiter: limits::Limiter,
    replays: replay::Replays,
    random: random::Random,
    counters: Counters,
    log: log::Log,
    events: Vec<webhook::Event>,
    in_batch: bool,
    /// What the bank has seen, and what is reconciled; no member of a transaction tells.
    cleared: BTreeMap<(Type, store::IdKey), &'static str>,
    /// Uploaded files.
    attachments: Vec<upload::Attachment>,
    conduct: Conduct,
    /// Faults answered so far: tells a stored success from a refusal that carries status 200.
    refusals: u64,
}

impl QuickBooks {
    /// The company of a book. What the book leaves out of balances, preferences and company information is filled in.
    pub fn from_book(book: &Book, config: QuickBooksConfig) -> Self {
        Self {
            company: store::Company::from_book(book),
            tokens: oauth::Tokens::new(config.seed),
            limiter: limits::Limiter::default(),
            replays: replay::Replays::default(),
            random: random::Random::new(config.seed),
            counters: Counters::default(),
            log: log::Log::new(config.log_capacity),
            events: Vec::new(),
            cleared: BTreeMap::new(),
            attachments: Vec::new(),
            in_batch: false,
            conduct: Conduct::default(),
            refusals: 0,
            config,
        }
    }

    /// Access and refresh token, as after the code exchange.
    pub fn grant(&mut self, now: DateTime<Utc>) -> (String, String) {
        self.tokens.grant(now, &self.config)
    }

    /// The user consents: the `code` of the redirect, good for one exchange within ten minutes.
    pub fn consent(&mut self, now: DateTime<Utc>) -> String {
        self.tokens.consent(now)
    }

    /// The user disconnects the app: every token is dead.
    pub fn revoke_tokens(&mut self) {
        self.tokens.revoke_all();
    }

    /// The memory of `requestid`s is over.
    pub fn forget_request_ids(&mut self) {
        self.replays.clear();
    }

    /// The realm id of the company.
    pub fn realm(&self) -> &str {
        &self.company.realm
    }

    /// How it behaves.
    pub fn config(&self) -> &QuickBooksConfig {
        &self.config
    }

    /// How it behaves from now on. The seed and the capacity of the log stay what they were.
    pub fn config_mut(&mut self) -> &mut QuickBooksConfig {
        &mut self.config
    }

    /// A live entity as it is stored: `entity("Bill", "640")`. Tax identifiers are not masked here.
    pub fn entity(&self, entity: &str, id: &str) -> Option<&Json> {
        self.company.get(Type::by_name(entity)?, id)
    }

    /// All live entities of a type by ascending id, inactive ones included.
    pub fn all(&self, entity: &str) -> impl Iterator<Item = &Json> {
        let kind = Type::by_name(entity);
        kind.into_iter().flat_map(|kind| self.company.all(kind)).map(|(_, record)| &record.json)
    }

    /// How often it was asked.
    pub fn requests(&self) -> &Counters {
        &self.counters
    }

    /// What it was asked for, and what of that no sync may ask for.
    pub fn conduct(&self) -> &Conduct {
        &self.conduct
    }

    /// The same, to forgive.
    pub fn conduct_mut(&mut self) -> &mut Conduct {
        &mut self.conduct
    }

    /// The last requests, oldest first.
    pub fn log(&self) -> &[LoggedRequest] {
        self.log.entries()
    }
}
