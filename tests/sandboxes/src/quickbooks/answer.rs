//! A request through the gateway to the accounting service, and the answer back.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::QuickBooks;
use super::clock;
use super::entities::{Type, Voiding};
use super::fault::{Fault, Gateway};
use super::log::{LoggedRequest, Operation};
use super::query;
use super::route::{self, Route};
use super::shape::Actor;
use super::write::{deleted, render};
use super::xml;
use crate::json::{Json, object};

const TOKEN_PATH: &str = "/oauth2/v1/tokens/bearer";
const REVOKE_PATH: &str = "/v2/oauth2/tokens/revoke";
const LONGEST_REQUEST_ID: usize = 50;
const LONGEST_BATCH_REQUEST_ID: usize = 36;

/// What is to be sent back.
struct Reply {
    status: u16,
    body: Bytes,
    json: bool,
    retry_after: Option<Duration>,
}

/// What the log is told besides.
struct Noted {
    operation: Operation,
    entity: Option<&'static str>,
    request_id: Option<String>,
}

struct Incoming<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    parameters: BTreeMap<String, String>,
    body: &'a Bytes,
    json: bool,
}

impl QuickBooks {
    /// Answers one request. The host does not matter: the token service and the accounting service are told apart by
    /// the path.
    pub fn answer(&mut self, now: DateTime<Utc>, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let tid = self.random.uuid();
        let query = parts.uri.query().unwrap_or_default();
        self.conduct.of_quickbooks(parts.method.as_str(), parts.uri.path(), query, &body);
        let mut noted = Noted { operation: Operation::Other, entity: None, request_id: None };
        let reply = match parts.uri.path() {
            TOKEN_PATH | REVOKE_PATH => {
                noted.operation = Operation::Token;
                self.token_service(now, &parts.method, parts.uri.path(), &parts.headers, &body)
            }
            path => {
                let incoming = Incoming {
                    method: &parts.method,
                    headers: &parts.headers,
                    parameters: route::pairs(parts.uri.query().unwrap_or_default()),
                    body: &body,
                    json: wants_json(&parts.headers),
                };
                self.gateway(now, path, &incoming, &mut noted)
            }
        };
        self.counters.total += 1;
        if reply.status == 429 {
            self.counters.throttled += 1;
        } else {
            self.counters.count(noted.operation);
        }
        let target = parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string);
        self.log.push(LoggedRequest {
            at: now,
            method: parts.method,
            target,
            entity: noted.entity,
            operation: noted.operation,
            request_id: noted.request_id,
            body: if noted.operation == Operation::Token { Bytes::new() } else { body },
            status: reply.status,
            tid: tid.clone(),
        });
        response(reply, &tid)
    }

    fn token_service(
        &mut self,
        now: DateTime<Utc>,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Reply {
        let (status, json) = if method != Method::POST {
            (405, object([("error", "invalid_request".into())]))
        } else if path == TOKEN_PATH {
            let form = route::pairs(&String::from_utf8_lossy(body));
            self.tokens.token(now, &self.config, headers, &form)
        } else {
            self.tokens.revoke(&self.config, headers, body)
        };
        Reply { status, body: json.to_string().into(), json: true, retry_after: None }
    }

    // Authentication, company and limits, before the accounting service sees anything.
    fn gateway(&mut self, now: DateTime<Utc>, path: &str, incoming: &Incoming<'_>, noted: &mut Noted) -> Reply {
        let Some((realm, route)) = route::find(incoming.method, path) else {
            let fault = Fault::new("404", "Not Found", format!("There is nothing at {path}")).status(404);
            return self.refusal(now, &fault, incoming.json);
        };
        note(route, incoming, noted);
        if !self.tokens.admits(incoming.headers, now) {
            return self.gateway_refusal(now, Gateway::UNAUTHENTICATED, incoming.json);
        }
        if realm != self.company.realm {
            return self.gateway_refusal(now, Gateway::FORBIDDEN, incoming.json);
        }
        let metered =
            matches!(route, Route::Query | Route::Cdc | Route::Read(..) | Route::ReadSingle(_) | Route::Report(_));
        let mut admitted = self.limiter.admit(now, &self.config.limits, route == Route::Batch);
        if metered && admitted.is_ok() {
            admitted = self.limiter.admit_read(now, &self.config.limits);
        }
        if let Err(throttled) = admitted {
            let mut reply = self.gateway_refusal(now, Gateway::THROTTLED, incoming.json);
            reply.retry_after = Some(throttled.retry_after).filter(|_| self.config.retry_after);
            return reply;
        }
        let limits = &self.config.limits;
        let most = if route == Route::Upload { limits.upload_bytes } else { limits.body_bytes };
        if incoming.body.len() > most {
            let fault = Fault::new("6030", "Request size exceeds allowed limit", "The request body is too large.");
            return self.refusal(now, &fault.status(413), incoming.json);
        }
        let reply = self.replayed(now, route, incoming, noted);
        if metered && reply.status < 300 {
            self.limiter.count_read(now);
        }
        reply
    }

    // A write whose `requestid` is remembered gets the stored answer, whatever it asks for now.
    fn replayed(&mut self, now: DateTime<Utc>, route: Route<'_>, incoming: &Incoming<'_>, noted: &mut Noted) -> Reply {
        let write = matches!(route, Route::Write(_) | Route::Batch | Route::Upload);
        let Some(id) = noted.request_id.clone().filter(|_| write) else {
            return self.serve(now, route, incoming, noted);
        };
        let longest = if route == Route::Batch { LONGEST_BATCH_REQUEST_ID } else { LONGEST_REQUEST_ID };
        if id.is_empty() || id.chars().count() > longest {
            let detail = format!("The requestid must have 1 to {longest} characters. Supplied value:{id}");
            return self.refusal(now, &Fault::new("2130", "Invalid Request Id Format", detail), incoming.json);
        }
        let memory = self.config.request_id_memory;
        if let Some(stored) = self.replays.find(&id, now, memory) {
            return Reply { status: stored.status, body: stored.body.clone(), json: stored.json, retry_after: None };
        }
        let before = self.refusals;
        let reply = self.serve(now, route, incoming, noted);
        if self.refusals == before || self.config.replay_refusals {
            self.replays.store(id, now, memory, (reply.status, reply.body.clone(), reply.json));
        }
        reply
    }

    fn serve(&mut self, now: DateTime<Utc>, route: Route<'_>, incoming: &Incoming<'_>, noted: &mut Noted) -> Reply {
        match self.accounting(now, route, incoming, noted) {
            Ok(json) => {
                Reply { status: 200, body: encode(&json, incoming.json), json: incoming.json, retry_after: None }
            }
            Err(fault) => self.refusal(now, &fault, incoming.json),
        }
    }

    fn accounting(
        &mut self,
        now: DateTime<Utc>,
        route: Route<'_>,
        incoming: &Incoming<'_>,
        noted: &mut Noted,
    ) -> Result<Json, Fault> {
        match route {
            Route::Query => {
                let statement = statement(incoming)?;
                let statement = query::parse(&statement)?;
                noted.entity = Type::by_name(&statement.entity).map(Type::name);
                let most = self.config.limits.objects_per_answer;
                let (response, _) = if statement.entity.eq_ignore_ascii_case("Attachable") {
                    self.query_attachables(&statement)?
                } else {
                    query::run(&self.company, &statement, most, now)?
                };
                Ok(object([("QueryResponse", response), ("time", clock::millis(now).into())]))
            }
            Route::Cdc => self.cdc(now, &incoming.parameters),
            Route::Batch => {
                let body = parse(incoming)?;
                self.batch(now, &body, noted.request_id.is_some())
            }
            Route::Read(kind, id) => {
                let found = self.current(kind, id)?;
                Ok(wrapped(kind, render(kind, found), now))
            }
            Route::ReadSingle(kind) => {
                let found = self.company.all(kind).next().ok_or_else(Fault::not_found)?;
                Ok(wrapped(kind, render(kind, &found.1.json), now))
            }
            Route::Write(kind) => self.write(now, kind, incoming, noted),
            Route::Report(name) => self.report(now, name, &incoming.parameters),
            Route::Upload => {
                let kind = incoming.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                self.upload(now, kind.unwrap_or_default(), incoming.body)
            }
            Route::Unknown => Err(Fault::unsupported("at this path")),
        }
    }

    fn write(
        &mut self,
        now: DateTime<Utc>,
        kind: Type,
        incoming: &Incoming<'_>,
        noted: &mut Noted,
    ) -> Result<Json, Fault> {
        let body = parse(incoming)?;
        let has_id = body.get("Id").is_some_and(|id| !id.is_null());
        let parameter = |name: &str| incoming.parameters.get(name).map(String::as_str);
        let include =
            |wanted: &str| parameter("include").is_some_and(|list| list.split(',').any(|one| one.trim() == wanted));
        let voiding = kind.entity().voiding;
        let id = match parameter("operation") {
            Some("delete") => {
                noted.operation = Operation::Delete;
                let id = self.delete(now, kind, &body)?;
                return Ok(wrapped(kind, deleted(&id), now));
            }
            Some("void") if voiding == Voiding::Operation => {
                noted.operation = Operation::Void;
                self.void(now, kind, &body)?
            }
            Some("update") if include("void") && voiding == Voiding::Include => {
                noted.operation = Operation::Void;
                if body.get("sparse").and_then(Json::as_bool) != Some(true) {
                    return Err(Fault::missing("sparse"));
                }
                self.void(now, kind, &body)?
            }
            operation @ (None | Some("update")) if !include("void") => {
                noted.operation = if has_id { Operation::Update } else { Operation::Create };
                if operation.is_some() && !has_id {
                    return Err(Fault::missing("Id"));
                }
                self.save(now, kind, &body, Actor::Client, include("allowduplicatedocnum"))?
            }
            operation => {
                let operation = operation.unwrap_or("include=void");
                return Err(Fault::unsupported(&format!("{operation} on {}", kind.name())));
            }
        };
        let stored = self.company.get(kind, &id).ok_or_else(Fault::not_found)?;
        Ok(wrapped(kind, render(kind, stored), now))
    }

    fn refusal(&mut self, now: DateTime<Utc>, fault: &Fault, json: bool) -> Reply {
        self.refusals += 1;
        let status = if self.config.faults_with_status_200 && fault.status == 400 { 200 } else { fault.status };
        Reply { status, body: encode(&fault.answer(now), json), json, retry_after: None }
    }

    fn gateway_refusal(&mut self, now: DateTime<Utc>, refusal: Gateway, json: bool) -> Reply {
        let json = json && !self.config.gateway_answers_xml;
        let body =
            if json { refusal.answer(now).to_string().into() } else { encode(&refusal.as_fault().answer(now), false) };
        Reply { status: refusal.status, body, json, retry_after: None }
    }
}

fn note(route: Route<'_>, incoming: &Incoming<'_>, noted: &mut Noted) {
    noted.request_id = incoming.parameters.get("requestid").cloned();
    (noted.operation, noted.entity) = match route {
        Route::Query => (Operation::Query, None),
        Route::Cdc => (Operation::Cdc, None),
        Route::Batch => (Operation::Batch, None),
        Route::Read(kind, _) | Route::ReadSingle(kind) => (Operation::Read, Some(kind.name())),
        // The body tells more, once it is read.
        Route::Write(kind) => match incoming.parameters.get("operation").map(String::as_str) {
            Some("delete") => (Operation::Delete, Some(kind.name())),
            Some("void") => (Operation::Void, Some(kind.name())),
            Some(_) => (Operation::Update, Some(kind.name())),
            None => (Operation::Create, Some(kind.name())),
        },
        Route::Report(_) => (Operation::Report, None),
        Route::Upload => (Operation::Upload, Some("Attachable")),
        Route::Unknown => (Operation::Other, None),
    };
}

fn wrapped(kind: Type, json: Json, now: DateTime<Utc>) -> Json {
    object([(kind.name(), json), ("time", clock::millis(now).into())])
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.into_iter().any(|value| value.to_ascii_lowercase().contains("application/json"))
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn utf8<'a>(incoming: &Incoming<'a>) -> Result<&'a str, Fault> {
    std::str::from_utf8(incoming.body)
        .map_err(|_| Fault::unsupported("MalformedByteSequenceException: Invalid byte 1 of 1-byte UTF-8 sequence."))
}

fn parse(incoming: &Incoming<'_>) -> Result<Json, Fault> {
    let found = content_type(incoming.headers);
    if found != "application/json" {
        let detail = format!("Content-Type must be application/json, it is '{found}'");
        return Err(Fault::new("1050", "Invalid Content Type", detail));
    }
    let text = utf8(incoming)?;
    Json::parse(text.as_bytes()).map_err(|error| Fault::property("body", &error.to_string()))
}

fn statement(incoming: &Incoming<'_>) -> Result<String, Fault> {
    if incoming.method == Method::GET {
        return incoming.parameters.get("query").cloned().ok_or_else(|| Fault::missing("query"));
    }
    let found = content_type(incoming.headers);
    if !matches!(found.as_str(), "application/text" | "text/plain") {
        let detail = format!("Content-Type of a query must be application/text, it is '{found}'");
        return Err(Fault::new("1050", "Invalid Content Type", detail));
    }
    utf8(incoming).map(str::to_owned)
}

fn encode(json: &Json, as_json: bool) -> Bytes {
    if as_json { json.to_string().into() } else { xml::answer(json).into() }
}

fn response(reply: Reply, tid: &str) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let kind = if reply.json { "application/json;charset=UTF-8" } else { "application/xml;charset=UTF-8" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(tid) = HeaderValue::from_str(tid) {
        headers.insert("intuit_tid", tid);
    }
    if let Some(wait) = reply.retry_after {
        // Whole seconds, rounded up: earlier would be refused again.
        let seconds = (wait.num_milliseconds().max(0) + 999) / 1000;
        headers.insert("retry-after", HeaderValue::from(seconds));
    }
    response
}
