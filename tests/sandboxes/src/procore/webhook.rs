//! Events: what a change sends to the hooks.
//!
//! Source: <https://developers.procore.com/documentation/webhooks> and the page on payload formats. A body carries no
//! data of the record and no signature; the only proof of origin is the `Authorization` header of the hook.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header};

use super::config::PayloadVersion;
use super::oauth::USER_ID;
use super::store::{Store, id_json};
use crate::faults::SplitMix;
use crate::json::{Json, object};

/// Deliveries that nobody took are dropped, oldest first, beyond this many.
const QUEUE_CAP: usize = 200_000;

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was deleted; reading it answers 404.
    Delete,
}

impl EventType {
    /// As bodies and triggers spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Reads the spelling of triggers; their case varies.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|kind| text.eq_ignore_ascii_case(kind.as_str()))
    }
}

/// One delivery: post the body with the headers to the intake under test, once, twice, late or never.
#[derive(Clone)]
pub struct WebhookDelivery {
    /// Where the hook points; `None` for the hook of the configuration.
    pub destination_url: Option<String>,
    /// `Authorization` and `Content-Type`.
    pub headers: HeaderMap,
    /// The JSON text.
    pub body: Bytes,
    /// Webhook name of the resource, e.g. `Work Order Contracts`.
    pub resource_name: &'static str,
    /// Id of the record, as text.
    pub resource_id: String,
    /// What happened.
    pub event_type: EventType,
}

// The headers hold a secret.
impl std::fmt::Debug for WebhookDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.event_type.as_str(), self.resource_name, self.resource_id)
    }
}

/// Names of resources that fire for company hooks, with the actions they know.
pub(super) const COMPANY_RESOURCES: [(&str, &[EventType]); 3] = [
    ("Company Vendors", &[EventType::Create, EventType::Update]),
    ("Projects", &[EventType::Create, EventType::Update]),
    ("Line Item Types", &[EventType::Create, EventType::Update, EventType::Delete]),
];

const ALL: &[EventType] = &[EventType::Create, EventType::Update, EventType::Delete];

/// Names of resources that fire for project hooks. Requisitions and billing periods are not among them.
pub(super) const PROJECT_RESOURCES: [(&str, &[EventType]); 9] = [
    ("Work Order Contracts", ALL),
    ("Purchase Order Contracts", ALL),
    ("Prime Contracts", ALL),
    ("Change Order Packages", ALL),
    ("Contract Payments", ALL),
    ("Payment Applications", ALL),
    ("Direct Costs", ALL),
    ("Cost Codes", ALL),
    ("Budget Line Items", ALL),
];

/// What an event is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    name: &'static str,
    id: String,
    project: Option<String>,
}

/// The subject of the events of a record; `None` where none fire. A change order surfaces as the package behind it.
pub(super) fn subject(store: &Store, resource: &str, id: &str) -> Option<Subject> {
    let name = match resource {
        "vendors" => "Company Vendors",
        "projects" => "Projects",
        "line_item_types" => "Line Item Types",
        "work_order_contracts" => "Work Order Contracts",
        "purchase_order_contracts" => "Purchase Order Contracts",
        "prime_contracts" => "Prime Contracts",
        "change_order_packages" => "Change Order Packages",
        "contract_payments" => "Contract Payments",
        "payment_applications" => "Payment Applications",
        "direct_costs" => "Direct Costs",
        "cost_codes" => "Cost Codes",
        "budget_line_items" => "Budget Line Items",
        "commitment_change_orders" | "prime_change_orders" => {
            let package = store.table(resource).get(id)?.body.get("legacy_package_id")?.as_id()?;
            return subject(store, "change_order_packages", package);
        }
        _ => return None,
    };
    let is_company = COMPANY_RESOURCES.iter().any(|(known, _)| *known == name);
    let row = store.table(resource).get(id);
    let project = if is_company { None } else { row.and_then(|row| row.project.clone()) };
    Some(Subject { name, id: id.to_owned(), project })
}

#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) id: String,
    pub(super) resource_name: String,
    pub(super) event_type: EventType,
}

pub(super) struct Hook {
    pub(super) id: String,
    /// `None` for a company hook.
    pub(super) project: Option<String>,
    pub(super) namespace: String,
    pub(super) url: Option<String>,
    pub(super) authorization: Option<String>,
    pub(super) version: PayloadVersion,
    pub(super) triggers: Vec<Trigger>,
    /// Fires for everything: the hook of the configuration.
    pub(super) everything: bool,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("id", &self.id).field("triggers", &self.triggers.len()).finish_non_exhaustive()
    }
}

impl Hook {
    fn wants(&self, subject: &Subject, kind: EventType) -> bool {
        self.everything
            || self.project == subject.project
                && self.triggers.iter().any(|t| t.event_type == kind && t.resource_name == subject.name)
    }
}

/// The hooks, and what waits to be delivered.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    pub(super) hooks: Vec<Hook>,
    pub(super) queue: Vec<WebhookDelivery>,
    events: u64,
}

/// Who caused an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cause<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) company: &'a str,
    /// Client id of the app that wrote through the API; people have none.
    pub(super) application: Option<&'a str>,
}

impl Webhooks {
    /// Queues one delivery for each hook that wants the event.
    pub(super) fn emit(&mut self, cause: Cause<'_>, subject: &Subject, kind: EventType, rng: &mut SplitMix) {
        let mut event = None;
        for hook in self.hooks.iter().filter(|hook| hook.wants(subject, kind)) {
            // One event, however many hooks: they share its id.
            let (number, ulid) = event.get_or_insert_with(|| {
                self.events += 1;
                (event_number(self.events), ulid(cause.now, rng))
            });
            let delivery = deliver(hook, cause, subject, kind, *number, ulid);
            self.queue.push(delivery);
        }
        if self.queue.len() > QUEUE_CAP {
            self.queue.drain(..QUEUE_CAP / 2);
        }
    }

    /// A delivery that nothing caused.
    pub(super) fn fabricate(
        &mut self,
        cause: Cause<'_>,
        subject: &Subject,
        kind: EventType,
        rng: &mut SplitMix,
    ) -> Option<WebhookDelivery> {
        let hook = self.hooks.first()?;
        self.events += 1;
        let ulid = ulid(cause.now, rng);
        Some(deliver(hook, cause, subject, kind, event_number(self.events), &ulid))
    }
}

// Real ones have 19 digits: beyond what a double-precision number holds.
fn event_number(count: u64) -> u64 {
    7_120_033_445_566_000_000 + count
}

fn deliver(
    hook: &Hook,
    cause: Cause<'_>,
    subject: &Subject,
    kind: EventType,
    number: u64,
    ulid: &str,
) -> WebhookDelivery {
    let at = cause.now.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let id = id_json;
    let text = |id: &str| Json::String(id.to_owned());
    let project = |form: fn(&str) -> Json| subject.project.as_deref().map_or(Json::Null, form);
    let body = match hook.version {
        PayloadVersion::V2 | PayloadVersion::V3 => {
            let metadata = object([
                ("source_user_id", id(USER_ID)),
                ("source_project_id", project(id_json)),
                ("source_operation_id", Json::Null),
                ("source_company_id", id(cause.company)),
                ("source_application_id", cause.application.map(str::to_owned).into()),
            ]);
            let mut body = object([
                ("id", Json::Number(number.to_string())),
                ("ulid", ulid.into()),
                ("timestamp", at.into()),
                ("metadata", metadata),
                ("user_id", id(USER_ID)),
                ("company_id", id(cause.company)),
                ("project_id", project(id_json)),
                ("api_version", hook.version.as_str().into()),
                ("event_type", kind.as_str().into()),
                ("resource_name", subject.name.into()),
                ("resource_id", id(&subject.id)),
            ]);
            if hook.version == PayloadVersion::V3 {
                body.set("related_resources", Json::Array(Vec::new()));
            }
            body
        }
        PayloadVersion::V4 => object([
            ("id", ulid.into()),
            ("timestamp", at.into()),
            ("reason", kind.as_str().into()),
            ("company_id", text(cause.company)),
            ("project_id", project(|id| Json::String(id.to_owned()))),
            ("user_id", text(USER_ID)),
            ("resource_type", subject.name.into()),
            ("resource_id", text(&subject.id)),
        ]),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(mut value) = hook.authorization.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    WebhookDelivery {
        destination_url: hook.url.clone(),
        headers,
        body: Bytes::from(body.to_string()),
        resource_name: subject.name,
        resource_id: subject.id.clone(),
        event_type: kind,
    }
}

/// A ULID: 48 bits of milliseconds and 80 of chance, in Crockford's base 32.
fn ulid(now: DateTime<Utc>, rng: &mut SplitMix) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let millis = u128::try_from(now.timestamp_millis()).unwrap_or_default() & ((1 << 48) - 1);
    let chance = (u128::from(rng.draw()) << 64 | u128::from(rng.draw())) & ((1 << 80) - 1);
    let value = millis << 80 | chance;
    (0..26)
        .rev()
        .filter_map(|at| ALPHABET.get(usize::try_from(value >> (at * 5) & 31).unwrap_or_default()))
        .map(|letter| char::from(*letter))
        .collect()
}
