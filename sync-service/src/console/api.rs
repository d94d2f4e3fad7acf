//! The JSON API: what the console does, for programs, with the same sessions and roles. A program signs in by
//! `POST /api/v1/session`, keeps the cookie, and sends the `csrf` of the answer as `x-csrf-token` with what changes
//! something. Amounts are texts with two decimals.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sync_core::dead_letter::DeadLetter;
use sync_core::journal::Journal;
use sync_core::rulings::{Choice, digest, effect};

use super::call::{Answer, Answered, Call, Problem};
use super::pages::exception::{key_of, settle};
use super::pages::{activity, exceptions, sign_in};
use super::sign::{self, SignIn};
use super::store::digest as secret_digest;
use super::{look, preview};
use crate::reconcile::kept;
use crate::{serve, tokens};

/// One call, for the document that describes them.
struct Doc {
    verb: &'static str,
    path: &'static str,
    what: &'static str,
    /// Members of the body, all texts.
    body: &'static [&'static str],
}

const fn doc(verb: &'static str, path: &'static str, what: &'static str, body: &'static [&'static str]) -> Doc {
    Doc { verb, path, what, body }
}

const DOCS: [Doc; 10] = [
    doc("get", "/api/v1/openapi.json", "This document.", &[]),
    doc("post", "/api/v1/session", "Sign in: sets the cookie, answers csrf and role.", &["name", "password"]),
    doc("post", "/api/v1/session/end", "Sign out.", &[]),
    doc(
        "get",
        "/api/v1/c/{connection}/overview",
        "What waits, the projects, consents, request budgets, the last reconciliation.",
        &[],
    ),
    doc("get", "/api/v1/c/{connection}/exceptions", "What waits for a person, with the choices.", &[]),
    doc("get", "/api/v1/c/{connection}/exceptions/{kind}/{id}", "Both sides, and what each choice would post.", &[]),
    doc(
        "post",
        "/api/v1/c/{connection}/exceptions/{kind}/{id}",
        "Settle one; `seen` is its digest, so that a stale decision is refused.",
        &["seen", "choice", "target", "reason"],
    ),
    doc("get", "/api/v1/c/{connection}/activity", "The latest entries of the audit; `q` searches.", &[]),
    doc("get", "/api/v1/c/{connection}/reconciliation", "The last reconciliation.", &[]),
    doc("post", "/api/v1/c/{connection}/reconciliation", "Reconcile now; answers when it is done.", &[]),
];

pub(crate) async fn openapi(_: Call) -> Answered {
    let mut paths = serde_json::Map::new();
    for doc in &DOCS {
        let parameters: Vec<Value> = doc
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect();
        let error = json!({ "description": "Why not, in words: {\"error\": text}" });
        let mut operation = json!({
            "summary": doc.what, "parameters": parameters,
            "responses": {
                "200": { "description": "Done", "content": { "application/json": { "schema": { "type": "object" } } } },
                "401": error, "403": error, "404": error, "409": error, "422": error,
            },
        });
        if !doc.body.is_empty() {
            let members: serde_json::Map<String, Value> =
                doc.body.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
            let schema = json!({ "type": "object", "properties": members });
            operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
        }
        let entry = paths.entry(doc.path.to_owned()).or_insert_with(|| json!({}));
        entry[doc.verb] = operation;
    }
    let info = json!({ "title": "Procore and QuickBooks, kept in agreement", "version": env!("CARGO_PKG_VERSION") });
    Ok(Answer::json(json!({ "openapi": "3.1.0", "info": info, "paths": paths })))
}

pub(crate) async fn begin(call: Call) -> Answered {
    let (name, password) = (call.field("name").to_owned(), call.field("password").to_owned());
    match sign_in::check(&call, name, password).await? {
        SignIn::Welcome { secret, user } => {
            let told = json!({ "csrf": sign::csrf(&secret), "name": user.name, "role": user.role });
            Ok(Answer::Session(Some(secret), Box::new(Answer::json(told))))
        }
        SignIn::Wrong => Ok(Answer::Json(StatusCode::UNAUTHORIZED, json!({ "error": "name or password is wrong" }))),
        SignIn::Later => Err(Problem::Later(sign_in::LATER.to_owned())),
    }
}

pub(crate) async fn end(call: Call) -> Answered {
    if let Some(secret) = &call.session {
        call.site.store.end_session(&secret_digest(secret))?;
    }
    Ok(Answer::Session(None, Box::new(Answer::json(json!({})))))
}

pub(crate) async fn overview(call: Call) -> Answered {
    let site = &call.site;
    let counts = site.journal.counts(&site.settings.id()).await?;
    let letters = exceptions::letters(site).await?;
    let run = kept::run(&site.settings, None).map(|run| run.report);
    let lives = tokens::lives(&site.settings).await?;
    let round = serve::last_round(site.journal.as_ref(), &site.settings.id()).await?;
    let of = |name: &str| run.as_ref().map(|run| run[name].clone());
    Ok(Answer::json(json!({
        "connection": site.settings.connection, "mapping": site.mapping.current().version(), "counts": counts,
        "exceptions": letters.len(), "at_stake": exceptions::stake(&letters).to_string(),
        "tokens": lives, "service": round, "reconciled_at": of("at"), "projects": of("projects"), "tie_outs": of("tie_outs"),
    })))
}

fn told(letter: &DeadLetter) -> Value {
    let all = [Choice::Procore, Choice::Quickbooks { target: None }, Choice::Ignore, Choice::Approve, Choice::Reject];
    let choices = all
        .iter()
        .filter_map(|choice| Some(json!({ "choice": choice.as_str(), "effect": effect(letter.cause, choice)? })));
    let retry = json!({ "choice": "retry", "effect": "it is worked again, as things are now" });
    let choices: Vec<Value> = std::iter::once(retry).chain(choices).collect();
    json!({ "letter": letter, "seen": digest(letter), "choices": choices })
}

pub(crate) async fn list(call: Call) -> Answered {
    let letters = exceptions::letters(&call.site).await?;
    let list: Vec<Value> = letters.iter().map(told).collect();
    Ok(Answer::json(json!({ "exceptions": list })))
}

pub(crate) async fn one(call: Call) -> Answered {
    let (site, key) = (&call.site, key_of(&call)?);
    let found = exceptions::letters(site).await?.into_iter().find(|letter| letter.document == key);
    let letter = found.ok_or_else(|| Problem::NotThere(format!("{key} does not wait for anybody.")))?;
    let sides = look::at(site, &key, letter.target.as_ref().or_else(|| letter.candidates.first())).await?;
    let rows: Vec<Value> = sides
        .rows
        .iter()
        .map(|row| {
            json!({
                "field": row.field, "procore": row.procore, "agreed": row.agreed, "quickbooks": row.quickbooks,
                "changed_in_procore": row.changed.0, "changed_in_quickbooks": row.changed.1,
            })
        })
        .collect();
    let mut told = told(&letter);
    let mut would = serde_json::Map::new();
    for choice in super::pages::exception::choices_of(&letter) {
        let name = choice.as_ref().map_or("retry", Choice::as_str).to_owned();
        let entry = match preview::of(site, &key, choice).await {
            Ok(found) => json!({ "writes": found.writes, "waits_again": found.dead.map(|letter| letter.text) }),
            Err(error) => json!({ "unknown": error.to_string() }),
        };
        would.insert(name, entry);
    }
    told["sides"] = json!({ "fields": rows, "notes": sides.notes });
    told["would"] = Value::Object(would);
    Ok(Answer::json(told))
}

pub(crate) async fn decide(call: Call) -> Answered {
    let key = key_of(&call)?;
    let field = |name| call.field(name);
    let effect = settle(&call, &key, field("seen"), field("choice"), field("target"), field("reason")).await?;
    call.site.work.notify_one();
    Ok(Answer::json(json!({ "document": key, "effect": effect })))
}

pub(crate) async fn activity(call: Call) -> Answered {
    let site = &call.site;
    let rows = activity::latest(site, call.asked("q")).await?;
    let people = site.store.deeds(&site.settings.connection, None, 100)?;
    Ok(Answer::json(json!({ "audit": rows, "people": people })))
}

pub(crate) async fn reconciliation(call: Call) -> Answered {
    let run = kept::run(&call.site.settings, None);
    let run = run.ok_or_else(|| Problem::NotThere("No reconciliation has run yet.".to_owned()))?;
    Ok(Answer::json(run.report))
}

pub(crate) async fn reconcile(call: Call) -> Answered {
    let Ok(_turn) = call.site.reconciling.try_lock() else {
        return Err(Problem::Moved("A reconciliation is running already.".to_owned()));
    };
    let (report, done) = call.site.reconcile().await?;
    call.site.work.notify_one();
    call.note("reconciliation", "reconciled both sides", "", crate::reconcile::print::verdict(&report).trim())?;
    Ok(Answer::json(json!({ "report": crate::reconcile::print::json(&report), "done": done })))
}

#[cfg(test)]
mod tests {
    use super::super::routes::{Verb, all};
    use super::*;

    #[test]
    fn the_document_describes_every_call_and_no_other() {
        let mut routes: Vec<(&str, &str)> = all()
            .iter()
            .filter(|route| route.is_api())
            .map(|route| (if route.verb == Verb::Get { "get" } else { "post" }, route.path))
            .collect();
        let mut docs: Vec<(&str, &str)> = DOCS.iter().map(|doc| (doc.verb, doc.path)).collect();
        routes.sort_unstable();
        docs.sort_unstable();
        assert_eq!(routes, docs);
    }
}
