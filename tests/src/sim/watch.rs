//! Looks at every request on the wire, and at the books after each write. Shares nothing with the engine.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::TimeDelta;
use http::{Method, Response};
use sync_sandboxes::json::Json;

use super::network::Letter;
use super::payments;
use super::report::{ALLOWED, PACE, TOKEN};
use super::truth;
use super::world::{Side, World, lock};

/// The entities that the sync may write.
const WRITABLE: [&str; 8] =
    ["Customer", "Vendor", "PurchaseOrder", "Bill", "VendorCredit", "Estimate", "Invoice", "CreditMemo"];
/// The published limits of QuickBooks Online: requests in a second and a minute, batches in a minute.
const LIMITS: [(i64, usize, bool); 3] = [(1, 10, false), (60, 500, false), (60, 40, true)];

/// One write on the wire.
struct Written {
    number: String,
    verb: String,
    entity: String,
    id: Option<String>,
    key: Option<String>,
}

impl Written {
    fn about(&self) -> String {
        let id = self.id.as_ref().map(|id| format!("{}/{id}", self.entity)).unwrap_or_default();
        format!("{} {id}", self.key.as_deref().unwrap_or_default()).trim().to_owned()
    }
}

/// The documents and transactions that a request is about.
pub(crate) fn about(world: &World, letter: &Letter) -> Option<String> {
    if letter.side == Side::Procore {
        return payments::about(world, letter);
    }
    let keys: Vec<String> = writes(letter).iter().map(Written::about).filter(|about| !about.is_empty()).collect();
    (!keys.is_empty()).then(|| keys.join(" "))
}

fn writes(letter: &Letter) -> Vec<Written> {
    if letter.side != Side::QuickBooks || letter.method != Method::POST || letter.is_token() {
        return Vec::new();
    }
    let last = letter.path.rsplit('/').next().unwrap_or_default();
    if last == "query" {
        return Vec::new();
    }
    let Ok(body) = Json::parse(&letter.body) else { return Vec::new() };
    let one = |number: String, verb: String, entity: String, json: &Json| Written {
        number,
        verb,
        entity,
        id: json.get("Id").and_then(Json::as_id).map(str::to_owned),
        key: ["PrivateNote", "Notes"]
            .into_iter()
            .find_map(|note| json.get(note).and_then(Json::as_str).and_then(truth::marked)),
    };
    if last == "batch" {
        let items = body.get("BatchItemRequest").and_then(Json::as_array).unwrap_or_default();
        let each = items.iter().filter_map(|item| {
            let verb = item.get("operation").and_then(Json::as_str)?;
            let number = item.get("bId").and_then(Json::as_id).unwrap_or_default();
            let (entity, json) = item.as_object()?.iter().find(|(_, value)| value.as_object().is_some())?;
            Some(one(number.to_owned(), verb.to_owned(), entity.clone(), json))
        });
        return each.collect();
    }
    let verb = match letter.query.split('&').find_map(|pair| pair.strip_prefix("operation=")) {
        Some(verb) => verb.to_owned(),
        None if body.get("Id").is_some() => "update".to_owned(),
        None => "create".to_owned(),
    };
    let entity = WRITABLE.iter().find(|entity| entity.eq_ignore_ascii_case(last)).copied().unwrap_or(last);
    vec![one(String::new(), verb, entity.to_owned(), &body)]
}

/// A request leaves the machine.
pub(crate) fn leaves(world: &World, worker: usize, letter: &Letter) {
    allowed(world, worker, letter);
    payments::leaves(world, letter);
    if letter.side == Side::QuickBooks && !letter.is_token() {
        pace(world, letter);
    }
    let Some(bearer) = letter.bearer() else { return };
    let known = world.state().tokens.entry(letter.side).or_default().stored.contains(bearer);
    if !known {
        let text = format!("an access token of {} is used whose refresh token is not stored", letter.side.name());
        world.violated(TOKEN, None, &text);
    }
}

fn allowed(world: &World, worker: usize, letter: &Letter) {
    let last = letter.path.rsplit('/').next().unwrap_or_default();
    let fine = match (letter.side, &letter.method) {
        (Side::Procore, &Method::GET) => letter.path.starts_with("/rest/"),
        (Side::Procore, method) => {
            *method == Method::POST && letter.path == "/oauth/token"
                || world.sides.has_payments() && payments::is_allowed(world, letter)
        }
        (Side::QuickBooks, &Method::GET) => letter.path.starts_with("/v3/company/"),
        (Side::QuickBooks, method) => {
            *method == Method::POST
                && (letter.is_token()
                    || matches!(last, "query" | "batch")
                    || WRITABLE.iter().any(|entity| entity.eq_ignore_ascii_case(last)))
        }
    };
    if !fine {
        world.violated(ALLOWED, None, &format!("{} {}", letter.method, letter.path));
    }
    for written in writes(letter) {
        let about = written.about();
        if !WRITABLE.contains(&written.entity.as_str()) {
            let text = format!("{} of a {}", written.verb, written.entity);
            world.violated(ALLOWED, Some(&about), &text);
        }
        refused_before(world, worker, &written);
        if matches!(written.verb.as_str(), "delete" | "void") {
            let key = written.key.clone().or_else(|| {
                let id = written.id.as_deref()?;
                truth::marker_of(lock(&world.quickbooks).entity(&written.entity, id)?)
            });
            let excused = key.as_ref().is_none_or(|key| world.state().people.unwanted.contains(key));
            if !world.void_deleted || !excused {
                let text = format!("{} of a {}, though its document counts", written.verb, written.entity);
                world.violated(ALLOWED, key.as_deref(), &text);
            }
        }
    }
}

/// A write that was refused for good is not sent again before its document has changed.
fn refused_before(world: &World, worker: usize, written: &Written) {
    let Some(key) = &written.key else { return };
    let again = {
        let state = world.state();
        let taken_in = state.taken_in.get(key).copied().unwrap_or(0);
        state.refused.get(key).is_some_and(|then| *then == (worker, taken_in))
    };
    if again {
        let text = format!("{} of a {} is sent again, though it was refused for good", written.verb, written.entity);
        world.violated(ALLOWED, Some(key), &text);
    }
}

/// Would the requests, as they leave, be within the limits?
fn pace(world: &World, letter: &Letter) {
    let now = world.time.now();
    let batch = letter.path.ends_with("/batch");
    let over = {
        let mut state = world.state();
        while state.sent.front().is_some_and(|(at, _)| now - *at >= TimeDelta::minutes(1)) {
            state.sent.pop_front();
        }
        state.sent.push_back((now, batch));
        // A clock that jumps makes every window of the past look empty.
        let jumped = state.jumped;
        LIMITS.iter().find(|(seconds, most, batches)| {
            let since = now - TimeDelta::seconds(*seconds);
            let count = state.sent.iter().filter(|(at, batch)| *at > since && (*batch || !*batches)).count();
            count > *most && jumped.is_none_or(|at| at < since)
        })
    };
    if let Some((seconds, most, _)) = over {
        let text = format!("more than {most} requests within {seconds} s left for QuickBooks");
        world.violated(PACE, None, &text);
    }
}

/// The vendor has answered.
pub(crate) fn answered(
    world: &World,
    worker: usize,
    letter: &Letter,
    response: &Response<Bytes>,
    how: &str,
    delivered: bool,
) {
    let status = response.status().as_u16();
    if letter.is_token() {
        token_answer(world, worker, letter, response, how);
        return;
    }
    let written = writes(letter);
    if written.is_empty() {
        let about = about(world, letter);
        let text = format!("worker {worker}: {} {} {how} -> {status}", letter.method, letter.path);
        world.note(letter.side.name(), about.as_deref(), &text);
        if letter.side == Side::Procore && delivered && status == 200 {
            payments::read(world, worker, letter);
        }
        if letter.side == Side::Procore && letter.method != Method::GET {
            payments::hold(world, worker);
        }
        return;
    }
    let answer = Json::parse(response.body()).unwrap_or_default();
    let results: BTreeMap<&str, &Json> = answer
        .get("BatchItemResponse")
        .and_then(Json::as_array)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| Some((item.get("bId").and_then(Json::as_id)?, item)))
        .collect();
    for written in &written {
        let result = results.get(written.number.as_str()).copied().unwrap_or(&answer);
        let outcome = match (result.get(&written.entity), fault(result)) {
            (Some(stored), _) => {
                let part = |name: &str| stored.get(name).and_then(Json::as_id).unwrap_or("-").to_owned();
                format!("done: id {}, version {}, total {}", part("Id"), part("SyncToken"), part("TotalAmt"))
            }
            (None, Some((code, detail))) => {
                if code == "5010" {
                    world.injected("stale SyncToken");
                }
                if delivered {
                    note_refusal(world, worker, written, code);
                }
                format!("refused, {code}: {detail}")
            }
            (None, None) => format!("status {status}"),
        };
        let text = format!("worker {worker}: {} {} {how} -> {outcome}", written.verb, written.entity);
        world.note("quickbooks", Some(&written.about()), &text);
    }
    truth::books_hold(world);
}

fn fault(result: &Json) -> Option<(&str, &str)> {
    let fault = result.get("Fault").or_else(|| result.get("fault"))?;
    let first = fault.get("Error").or_else(|| fault.get("error"))?.as_array()?.first()?;
    Some((first.get("code")?.as_str()?, first.get("Detail").and_then(Json::as_str).unwrap_or_default()))
}

fn note_refusal(world: &World, worker: usize, written: &Written, code: &str) {
    // Stale versions, throttling and tokens pass; the rest is for a person.
    if matches!(code, "5010" | "3001" | "3200" | "003001" | "003200" | "10000") {
        return;
    }
    let Some(key) = &written.key else { return };
    let mut state = world.state();
    // Changes that came in since the job was leased are a reason to try again.
    let then = state.claimed.get(key).copied().unwrap_or(0);
    state.refused.insert(key.clone(), (worker, then));
}

fn token_answer(world: &World, worker: usize, letter: &Letter, response: &Response<Bytes>, how: &str) {
    let answer = Json::parse(response.body()).unwrap_or_default();
    let refresh = answer.get("refresh_token").and_then(Json::as_str);
    if let Some(refresh) = refresh {
        world.state().tokens.entry(letter.side).or_default().newest = Some(refresh.to_owned());
    }
    let text = format!("worker {worker}: token request {how} -> {}", response.status().as_u16());
    world.note(letter.side.name(), None, &text);
}
