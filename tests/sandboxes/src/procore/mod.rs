//! Procore, as a state machine: companies, projects, commitments, invoices and payments behind the documented REST API.
//!
//! What it enforces follows the public reference at <https://developers.procore.com/reference/rest>: tokens, the
//! company header, documented filters, pages, limits, locks, views that hide members. Where the reference is silent it
//! takes the stricter reading, so that a client that works here does not lean on luck.

mod call;
mod config;
mod direct_costs;
mod errors;
mod files;
mod filters;
mod hooks;
mod limits;
mod lists;
mod log;
mod oauth;
mod payments;
mod people;
mod reads;
mod resources;
mod store;
#[cfg(test)]
mod tests;
mod views;
mod webhook;
mod writes;

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderValue, Request, Response, StatusCode, header};

pub use config::{Limits, PageSizes, PayloadVersion, ProcoreConfig};
pub use log::{Counters, LoggedRequest};
pub use people::NoSuchRecord;
pub use webhook::{EventType, WebhookDelivery};

use crate::book::Book;
use crate::conduct::Conduct;
use crate::faults::SplitMix;
use crate::json::Json;
use call::Call;
use errors::Refusal;
use limits::Meter;
use oauth::Tokens;
use store::Store;
use webhook::{Cause, Hook, Webhooks};

/// The double of one Procore company. Resources go by the names of the book's files: `work_order_contracts`,
/// `requisitions`, …
#[derive(Debug)]
pub struct Procore {
    config: ProcoreConfig,
    company: String,
    store: Store,
    tokens: Tokens,
    meter: Meter,
    webhooks: Webhooks,
    rng: SplitMix,
    counters: Counters,
    log: Vec<LoggedRequest>,
    conduct: Conduct,
    /// Contents of files, by id.
    files: BTreeMap<String, Bytes>,
}

impl Procore {
    /// A company that holds what the book holds. Change orders that the book has only under their new name get the
    /// package behind them.
    pub fn from_book(book: &Book, config: ProcoreConfig) -> Self {
        let mut webhooks = Webhooks::default();
        if let Some(authorization) = &config.webhook_authorization {
            webhooks.hooks.push(Hook {
                id: "0".to_owned(),
                project: None,
                namespace: String::new(),
                url: None,
                authorization: Some(authorization.clone()),
                version: config.payload_version,
                triggers: Vec::new(),
                everything: true,
            });
        }
        Self {
            company: book.facts.procore_company_id.clone(),
            store: Store::from_book(book),
            tokens: Tokens::default(),
            meter: Meter::new(config.limits),
            webhooks,
            rng: SplitMix::seeded(config.seed),
            counters: Counters::default(),
            log: Vec::new(),
            conduct: Conduct::default(),
            files: BTreeMap::new(),
            config,
        }
    }

    /// Answers one request. The address may be absolute or begin at the path; hosts are not told apart, so the login
    /// host and the API host may be one.
    pub fn answer(&mut self, now: DateTime<Utc>, request: Request<Bytes>) -> Response<Bytes> {
        let call = Call::new(now, &request);
        self.counters.total += 1;
        let endpoint = log::endpoint(&call);
        self.conduct.of_procore(endpoint.clone(), call.body);
        *self.counters.by_endpoint.entry(endpoint).or_default() += 1;
        let mut response = self.serve(&call);
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            self.counters.throttled += 1;
        }
        let request_id = format!("{:016x}-{:08x}", self.rng.draw(), self.counters.total);
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-request-id", value);
        }
        self.note(&call, request.uri().query().unwrap_or(""), response.status(), request_id);
        response
    }

    fn serve(&mut self, call: &Call<'_>) -> Response<Bytes> {
        match call.segments.first() {
            Some(&"oauth") => {
                let answer = self.tokens.answer(call, &self.config, &mut self.rng);
                let mut response = answer.unwrap_or_else(Refusal::into_response);
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                return response;
            }
            Some(&"files") => return self.file(call).unwrap_or_else(Refusal::into_response),
            Some(&"rest") => {}
            _ => return Refusal::not_found().into_response(),
        }
        let service_account = match self.tokens.check(call.now, call.bearer()) {
            Ok(access) => access.service_account,
            Err(refusal) => return refusal.into_response(),
        };
        let standing = match self.meter.count(call.now) {
            Ok(standing) => standing,
            Err(response) => return *response,
        };
        let answer = self.check_company(call, service_account).and_then(|()| self.dispatch(call));
        let is_v2 = call.segments.get(1).is_some_and(|version| version.starts_with("v2"));
        let mut response =
            answer.unwrap_or_else(|refusal| if is_v2 { refusal.uniform() } else { refusal }.into_response());
        standing.write(&mut response);
        response
    }

    /// The company header must name the company that the app is connected to, and nothing may contradict it.
    fn check_company(&self, call: &Call<'_>, service_account: bool) -> Result<(), Refusal> {
        let exempt = match call.segments.as_slice() {
            ["rest", "v1.0", "companies"] => true,
            ["rest", "v1.0", "me"] => call.query.get("company_id").or(call.query.get("project_id")).is_none(),
            _ => false,
        };
        let Some(header) = call.headers.get("procore-company-id") else {
            if exempt && !service_account {
                return Ok(());
            }
            let text = "Missing Procore-Company-Id header! Send the id of the company with every request.";
            return Err(Refusal::bad_request(text));
        };
        let in_path = match call.segments.as_slice() {
            ["rest", _, "companies", id, ..] => Some(*id),
            _ => None,
        };
        let named = [header.to_str().ok(), in_path, call.query.get("company_id")];
        if named.into_iter().flatten().all(|id| id == self.company) {
            Ok(())
        } else {
            Err(Refusal::forbidden("App is not connected to this company."))
        }
    }

    fn dispatch(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        match call.segments.as_slice() {
            ["rest", "v2.0", "companies", _, "webhooks", rest @ ..] => self.webhook_api(call, None, rest),
            ["rest", "v2.0", "companies", _, "projects", project, "webhooks", rest @ ..] => {
                self.check_project(project)?;
                self.webhook_api(call, Some(project), rest)
            }
            _ if call.method == http::Method::GET => self.read(call),
            _ => self.write(call),
        }
    }

    fn note(&mut self, call: &Call<'_>, query: &str, status: StatusCode, request_id: String) {
        // Half goes at once, so that a full log does not move with every request.
        if self.log.len() >= self.config.log_capacity.max(1) * 2 {
            self.log.drain(..self.config.log_capacity.max(1));
        }
        let secret = call.segments.first() == Some(&"oauth");
        self.log.push(LoggedRequest {
            at: call.now,
            method: call.method.to_string(),
            path: call.path.to_owned(),
            query: if secret { String::new() } else { query.to_owned() },
            body: if secret { String::new() } else { String::from_utf8_lossy(call.body).into_owned() },
            status: status.as_u16(),
            request_id,
        });
    }

    /// What it was asked for, and what of that no sync may ask for.
    pub fn conduct(&self) -> &Conduct {
        &self.conduct
    }

    /// The same, to forgive.
    pub fn conduct_mut(&mut self) -> &mut Conduct {
        &mut self.conduct
    }

    /// A fresh pair of tokens, as if a user had just agreed: (access, refresh).
    pub fn grant(&mut self, now: DateTime<Utc>) -> (String, String) {
        self.tokens.grant(now, &self.config, &mut self.rng)
    }

    /// A code for `grant_type=authorization_code`, good once and for ten minutes, with any redirect address.
    pub fn authorization_code(&mut self, now: DateTime<Utc>) -> String {
        self.tokens.code(now, None, &mut self.rng)
    }

    /// Ends every token and code, as uninstalling the app or a lost refresh does.
    pub fn revoke_tokens(&mut self) {
        self.tokens.revoke_all();
    }

    /// From now on the caller may not see this record: 404 alone, absent in lists. A hidden project is 403.
    pub fn hide(&mut self, resource: &str, id: &str) {
        self.store.hidden.insert((resource.to_owned(), id.to_owned()));
    }

    /// Takes [`hide`](Self::hide) back.
    pub fn unhide(&mut self, resource: &str, id: &str) {
        self.store.hidden.remove(&(resource.to_owned(), id.to_owned()));
    }

    /// A record as it is held: all members, whatever the views show. A record marked deleted is still held.
    pub fn record(&self, resource: &str, id: &str) -> Option<&Json> {
        self.store.table(resource).get(id).map(|row| &row.body)
    }

    /// All records of a resource, those marked deleted too.
    pub fn all(&self, resource: &str) -> impl Iterator<Item = &Json> {
        self.store.table(resource).rows().map(|(_, row)| &row.body)
    }

    /// Counts of the requests so far.
    pub fn requests(&self) -> &Counters {
        &self.counters
    }

    /// The requests so far, oldest first; a very long log loses its beginning.
    pub fn log(&self) -> &[LoggedRequest] {
        &self.log
    }

    /// The deliveries since the last call, in the order of the changes.
    pub fn take_webhooks(&mut self) -> Vec<WebhookDelivery> {
        std::mem::take(&mut self.webhooks.queue)
    }

    /// A delivery about a record although nothing happened: for bursts, duplicates and stale events. `None` for
    /// resources that fire none (requisitions, billing periods, …) and where there is no hook.
    pub fn event_for(
        &mut self,
        now: DateTime<Utc>,
        resource: &str,
        id: &str,
        event_type: EventType,
    ) -> Option<WebhookDelivery> {
        let subject = webhook::subject(&self.store, resource, id)?;
        let cause = Cause { now, company: &self.company, application: None };
        self.webhooks.fabricate(cause, &subject, event_type, &mut self.rng)
    }

    /// Tells the hooks; `by_app` for changes through the API.
    fn announce(&mut self, now: DateTime<Utc>, subject: Option<webhook::Subject>, kind: EventType, by_app: bool) {
        let Some(subject) = subject else { return };
        let application = by_app.then_some(self.config.client_id.as_str());
        let cause = Cause { now, company: &self.company, application };
        self.webhooks.emit(cause, &subject, kind, &mut self.rng);
    }
}

/// A time as records hold it: UTC, whole seconds, `Z`.
fn stamp(now: DateTime<Utc>) -> String {
    now.to_rfc3339_opts(SecondsFormat::Secs, true)
}
