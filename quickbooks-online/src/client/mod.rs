//! The typed client of one company.

mod batch;
mod changes;
pub(crate) mod config;
mod load;
mod reports;
mod write;

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde_json::value::RawValue;
use sync_core::clock::{Clock, Random};
use sync_core::http::{
    ApiAnswer, ApiClient, ApiRequest, Counters, PaceLog, Safety, TokenManager, Transport, summarize,
};

pub(crate) use batch::MAX_BATCH_REQUEST_ID;
pub use batch::{BatchItem, BatchResult};
pub use changes::{ChangeGroup, ChangeSet};
pub use config::{Config, Environment, Limits};
pub use load::Loaded;
pub(crate) use write::{COMPUTED, MAX_REQUEST_ID};

use crate::entity::Entity;
use crate::error::Error;
use crate::fault::Fault;
use crate::query::{Query, encoded};
use crate::raw::{Object, Record};
use crate::wire::Wire;

/// Statements longer than this go in a body: servers and proxies cut long addresses.
const LONG_STATEMENT: usize = 2000;

/// A client of one company (realm). Cheap to clone; clones share pace, tokens and connections.
#[derive(Clone, Debug)]
pub struct QuickBooks {
    api: Arc<ApiClient>,
    config: Arc<Config>,
}

/// What was asked for, and what is known about the answer as a whole.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// The server's time, with its offset.
    pub time: Option<DateTime<FixedOffset>>,
    /// `intuit_tid`, to quote to Intuit's support.
    pub request_id: Option<String>,
}

impl<T> Answer<T> {
    fn map<U>(self, change: impl FnOnce(T) -> Result<U, Error>) -> Result<Answer<U>, Error> {
        Ok(Answer { value: change(self.value)?, time: self.time, request_id: self.request_id })
    }
}

/// Throttling that does not come as 429: the gateway has sent 403 with fault code 3001.
fn is_throttled(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::FORBIDDEN && Fault::find(None, body).is_some_and(|fault| fault.has(3001))
}

impl QuickBooks {
    /// A client of the company that `config` names, with tokens from `tokens`. Nothing is sent yet.
    ///
    /// `pace_log` carries recent requests across a restart; `random` is used for jitter only.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the realm is not a company id, [`Error::Http`] if the address of the API is not a URL.
    pub fn new(
        config: Config,
        transport: Arc<dyn Transport>,
        tokens: Arc<TokenManager>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        pace_log: Option<Arc<dyn PaceLog>>,
    ) -> Result<Self, Error> {
        if config.realm.is_empty() || !config.realm.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let realm = crate::sanitise::cut(&config.realm, 40);
            return Err(Error::Invalid(format!(
                "`{realm}` is not a company id; give the digits that QuickBooks calls realmId"
            )));
        }
        let pace = config.limits.pace(clock.clone(), pace_log);
        let api = ApiClient::new(&config.environment.api, transport, tokens, pace, clock, random)?
            .with_retry(config.retry.clone())
            .with_request_id_header("intuit_tid")
            .with_throttle_probe(is_throttled)
            // Without it the answer is XML.
            .with_header(ACCEPT, HeaderValue::from_static("application/json"))
            .with_header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self { api: Arc::new(api), config: Arc::new(config) })
    }

    /// The company's id.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.config.realm
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The clock in use.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.api.clock()
    }

    /// What QuickBooks has said about the end of the endpoints that were called.
    #[must_use]
    pub fn notices(&self) -> Vec<sync_core::http::Notice> {
        self.api.notices()
    }

    /// Requests sent so far, and how many of them were turned away.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.api.counters()
    }

    /// One page of a query. An empty answer means that there is nothing; a failure to ask is an error.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn page(&self, query: &Query) -> Result<Answer<Vec<Box<RawValue>>>, Error> {
        let statement = query.statement();
        let request = if statement.len() > LONG_STATEMENT {
            ApiRequest::post(self.path("query", &[]), statement)
                .with_safety(Safety::Read)
                .with_header(CONTENT_TYPE, HeaderValue::from_static("application/text"))
        } else {
            ApiRequest::get(self.path("query", &[("query", &statement)]))
        };
        let what = || format!("the query of {}", query.entity());
        let answer = self.call(request.with_classes(config::ANY), &what).await?;
        self.read(&answer, &what, |object| {
            let raw = object.get("QueryResponse").ok_or("it has no QueryResponse")?;
            Ok(objects(raw, query.entity())?)
        })
    }

    /// One page of a query, typed.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Invalid`] if the query asks for another entity than `T`.
    pub async fn query<T: Wire>(&self, query: &Query) -> Result<Answer<Vec<Record<T>>>, Error> {
        if query.entity() != T::ENTITY {
            return Err(Error::Invalid(format!("a query of {} does not give {}", query.entity(), T::ENTITY)));
        }
        self.page(query).await?.map(|objects| objects.into_iter().map(Record::read).collect())
    }

    /// One object by its id.
    ///
    /// # Errors
    /// [`Error`]; an object that does not exist is [`Error::Refused`] with code 610.
    pub async fn get<T: Wire>(&self, id: &str) -> Result<Answer<Record<T>>, Error> {
        self.get_raw(T::ENTITY, id).await?.map(Record::read)
    }

    /// One object by its id, untyped.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_raw(&self, entity: Entity, id: &str) -> Result<Answer<Box<RawValue>>, Error> {
        let request = ApiRequest::get(self.path(&format!("{}/{}", entity.path(), encoded(id)), &[]));
        let what = || format!("{entity} {id}");
        let answer = self.call(request.with_classes(config::ANY), &what).await?;
        self.read(&answer, &what, |object| entity_of(object, entity))
    }

    /// Path and query below the address of the API.
    pub(crate) fn path(&self, below: &str, parameters: &[(&str, &str)]) -> String {
        let mut path = format!("/v3/company/{}/{below}?minorversion={}", self.config.realm, self.config.minor_version);
        for (name, value) in parameters {
            let _ = write!(path, "&{name}={}", encoded(value));
        }
        path
    }

    /// Sends a request. Whatever is no success is an error, with QuickBooks' reasons where it gives any.
    pub(crate) async fn call(
        &self,
        request: ApiRequest,
        what: &(dyn Fn() -> String + Sync),
    ) -> Result<ApiAnswer, Error> {
        let answer = self.api.call(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        if let Some(fault) = Fault::find(answer.header("content-type"), &answer.body) {
            return Err(refused(what(), &answer, fault));
        }
        let problem = format!("status {} without a reason: {}", answer.status.as_u16(), summarize(&answer.body, &[]));
        Err(Error::Unreadable { what: what(), problem, request_id: answer.request_id })
    }

    /// Reads the members of a successful answer, which may be a fault all the same.
    pub(crate) fn read<T>(
        &self,
        answer: &ApiAnswer,
        what: &dyn Fn() -> String,
        members: impl FnOnce(&Object<'_>) -> Result<T, Problem>,
    ) -> Result<Answer<T>, Error> {
        let read = || {
            let object: Object<'_> = match serde_json::from_slice(&answer.body) {
                Ok(object) => object,
                Err(error) => {
                    let fault = Fault::find(answer.header("content-type"), &answer.body);
                    return Err(fault.map_or_else(|| error.into(), Problem::Fault));
                }
            };
            if let Some(fault) = Fault::of(&object) {
                return Err(Problem::Fault(fault));
            }
            let time = object.get_as("time");
            Ok(Answer { value: members(&object)?, time, request_id: answer.request_id.clone() })
        };
        read().map_err(|problem| match problem {
            Problem::Fault(fault) => refused(what(), answer, fault),
            Problem::Text(problem) => {
                Error::Unreadable { what: what(), problem, request_id: answer.request_id.clone() }
            }
        })
    }
}

fn refused(what: String, answer: &ApiAnswer, fault: Fault) -> Error {
    Error::Refused { what, status: answer.status.as_u16(), fault, request_id: answer.request_id.clone() }
}

/// Why an answer with a success status is none.
pub(crate) enum Problem {
    Text(String),
    Fault(Fault),
}

impl From<&str> for Problem {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::Text(error.to_string())
    }
}

/// The objects of a `QueryResponse`; when there are none, the entity's name is missing.
fn objects(raw: &RawValue, entity: Entity) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    match Object::read(raw)?.get(entity.as_str()) {
        None => Ok(Vec::new()),
        Some(list) => serde_json::from_str(list.get()),
    }
}

fn entity_of(object: &Object<'_>, entity: Entity) -> Result<Box<RawValue>, Problem> {
    object.get(entity.as_str()).map(ToOwned::to_owned).ok_or_else(|| Problem::Text(format!("it has no {entity}")))
}
