//! Notices of change, signed.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks>

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

use super::QuickBooks;
use super::entities::Type;
use crate::json::{Json, object};

const EVENTS_PER_DELIVERY: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Event {
    kind: Type,
    id: String,
    word: &'static str,
    at: DateTime<Utc>,
    event_id: String,
}

/// One POST to the app's webhook endpoint: send the bytes as they are, the signature is over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Headers, `intuit-signature` among them.
    pub headers: HeaderMap,
    /// CloudEvents array, or the legacy object where the configuration asks for it.
    pub body: Bytes,
}

/// The value of `intuit-signature`: base64 of HMAC-SHA256 over the raw body, keyed with the verifier token.
pub fn signature(verifier_token: &str, body: &[u8]) -> String {
    match Hmac::<Sha256>::new_from_slice(verifier_token.as_bytes()) {
        Ok(mut mac) => {
            mac.update(body);
            STANDARD.encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of any length.
        Err(_) => String::new(),
    }
}

impl QuickBooks {
    pub(super) fn emit(&mut self, at: DateTime<Utc>, kind: Type, id: &str, word: &'static str) {
        let extra = kind.entity().events;
        // What has no event of its own is at least a change.
        let word = if matches!(word, "created" | "updated") || extra.contains(&word) { word } else { "updated" };
        if kind == Type::CompanyInfo {
            return;
        }
        let event_id = self.random.uuid();
        self.events.push(Event { kind, id: id.to_owned(), word, at, event_id });
    }

    pub(super) fn emit_indirect(&mut self, at: DateTime<Utc>, changed: BTreeSet<(Type, String)>) {
        if self.config.webhooks_for_indirect_changes {
            for (kind, id) in changed {
                self.emit(at, kind, &id, "updated");
            }
        }
    }

    /// The notices since the last call, oldest first, at most 100 events to a delivery.
    pub fn take_webhooks(&mut self) -> Vec<WebhookDelivery> {
        let events = std::mem::take(&mut self.events);
        events.chunks(EVENTS_PER_DELIVERY).map(|events| self.delivery(events)).collect()
    }

    fn delivery(&mut self, events: &[Event]) -> WebhookDelivery {
        let realm = self.company.realm.as_str();
        let body = if self.config.legacy_webhooks { legacy(realm, events) } else { cloud_events(realm, events) };
        let body = Bytes::from(body.to_string());
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        let legacy = self.config.legacy_webhooks;
        put("content-type", if legacy { "application/json" } else { "application/cloudevents+json" });
        put("intuit-signature", &signature(&self.config.verifier_token, &body));
        put("intuit-t-id", &self.random.uuid());
        if let Some(last) = events.last() {
            put("intuit-created-time", &last.at.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        put("intuit-notification-schema-version", if legacy { "1.0" } else { "2.0" });
        WebhookDelivery { headers, body }
    }
}

fn cloud_events(realm: &str, events: &[Event]) -> Json {
    let one = |event: &Event| {
        object([
            ("specversion", "1.0".into()),
            ("id", event.event_id.as_str().into()),
            ("source", "intuit.c2FuZGJveA==".into()),
            ("type", format!("qbo.{}.{}.v1", event.kind.name().to_lowercase(), event.word).into()),
            ("datacontenttype", "application/json".into()),
            ("time", event.at.to_rfc3339_opts(SecondsFormat::Nanos, true).into()),
            ("intuitentityid", event.id.as_str().into()),
            ("intuitaccountid", realm.into()),
            ("data", object([])),
        ])
    };
    Json::Array(events.iter().map(one).collect())
}

fn legacy(realm: &str, events: &[Event]) -> Json {
    let one = |event: &Event| {
        let operation = match event.word {
            "created" => "Create",
            "deleted" => "Delete",
            "merged" => "Merge",
            "emailed" => "Emailed",
            "void" => "Void",
            _ => "Update",
        };
        object([
            ("name", event.kind.name().into()),
            ("id", event.id.as_str().into()),
            ("operation", operation.into()),
            ("lastUpdated", event.at.to_rfc3339_opts(SecondsFormat::Millis, true).into()),
        ])
    };
    let entities: Vec<Json> = events.iter().map(one).collect();
    let notice = object([("realmId", realm.into()), ("dataChangeEvent", object([("entities", entities.into())]))]);
    object([("eventNotifications", vec![notice].into())])
}
