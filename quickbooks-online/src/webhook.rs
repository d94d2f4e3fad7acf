//! Notices of changes: their signature, and both forms of their content.
//!
//! An event says that something may have changed, never what it is now: read it afresh. Answer 200 within three seconds,
//! after the events are stored; until then Intuit holds back all that follow
//! (<https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks>).

#[cfg(feature = "axum")]
mod axum_layer;
mod receiver;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use sync_core::connector::Notice;
use sync_core::http::Secret;
use sync_core::model::TargetRef;

#[cfg(feature = "axum")]
pub use axum_layer::handler;
pub use receiver::{BODY_CAP, Receiver};

use crate::entity::Entity;
use crate::raw::Object;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "intuit-signature";

/// Checks that a delivery comes from Intuit.
#[derive(Clone, Debug)]
pub struct Verifier {
    token: Secret,
}

/// Why a delivery is turned away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// No signature, or not that of this body: forged, altered on the way, or signed for another app.
    #[error(
        "the signature of the webhook is missing or wrong; check that the verifier token is that of this app's \
         webhook page, and of the same environment"
    )]
    Signature,
    /// It is signed, and has neither of the documented forms.
    #[error("the webhook is signed and cannot be read: {0}")]
    Unreadable(String),
}

/// What was delivered at once; may concern several companies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The events, as they came.
    pub events: Vec<Event>,
    /// Why single events could not be read. They are no reason to refuse the delivery: it would come again, and hold back
    /// all others; poll for changes instead.
    pub unreadable: Vec<String>,
}

/// Notice that an object of a company may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The company.
    pub realm: String,
    /// The entity, if this crate knows it.
    pub entity: Option<Entity>,
    /// The entity as it was named.
    pub name: String,
    /// The object.
    pub id: String,
    /// What happened.
    pub operation: EventKind,
    /// When; the truth about order, since deliveries overtake one another.
    pub time: Option<DateTime<FixedOffset>>,
    /// Unique for each event, by which a second delivery is known; the older form has none.
    pub event_id: Option<String>,
    /// After a merge, the object that was absorbed; only in the older form.
    pub merged_id: Option<String>,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted; list entries: made inactive.
    Deleted,
    /// Another was merged into it.
    Merged,
    /// It was voided.
    Voided,
    /// It was sent by e-mail.
    Emailed,
    /// A word that this version does not know, as it came.
    Other(Box<str>),
}

impl Event {
    /// What the event tells the engine: of transactions and names that the sync writes, and of money that moved. After a
    /// merge, of both objects.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let Some(entity) = self.entity else { return Vec::new() };
        let one = |id: &str| match entity.kind() {
            Some(kind) => Some(Notice::of(&TargetRef { kind, id: id.into() }, Some(self.key()))),
            None if matches!(entity, Entity::Deposit | Entity::Purchase) => {
                Some(Notice { word: entity.path().to_owned(), id: id.into(), event: Some(self.key()) })
            }
            None => None,
        };
        std::iter::once(self.id.as_str()).chain(self.merged_id.as_deref()).filter_map(one).collect()
    }

    /// By which a second delivery is known, also in the older form, whose events have no ids.
    fn key(&self) -> String {
        match (&self.event_id, &self.time) {
            (Some(id), _) => id.clone(),
            (None, time) => {
                let time = time.map(|time| time.to_rfc3339()).unwrap_or_default();
                format!("{}/{}/{}/{:?}/{time}", self.realm, self.name, self.id, self.operation)
            }
        }
    }
}

impl From<&str> for EventKind {
    fn from(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "create" | "created" => Self::Created,
            "update" | "updated" => Self::Updated,
            "delete" | "deleted" => Self::Deleted,
            "merge" | "merged" => Self::Merged,
            "void" | "voided" => Self::Voided,
            "emailed" => Self::Emailed,
            _ => Self::Other(word.into()),
        }
    }
}

impl Verifier {
    /// Checks with the verifier token of the app's webhook page, which is not the client secret.
    #[must_use]
    pub fn new(token: Secret) -> Self {
        Self { token }
    }

    /// Is `signature` (base64 of HMAC-SHA256) that of the body, byte for byte? In constant time.
    #[must_use]
    pub fn is_genuine(&self, signature: &str, body: &[u8]) -> bool {
        // An empty key would accept what anybody signs with nothing.
        if self.token.is_empty() {
            return false;
        }
        let Ok(signature) = STANDARD.decode(signature.trim()) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.token.expose().as_bytes()) else { return false };
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    }

    /// Checks the signature and only then reads the events.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn open(&self, signature: Option<&str>, body: &[u8]) -> Result<Delivery, WebhookError> {
        match signature {
            Some(signature) if self.is_genuine(signature, body) => read(body),
            _ => Err(WebhookError::Signature),
        }
    }
}

/// Reads a body that is known to be genuine: a list of CloudEvents, or the older object.
///
/// # Errors
/// [`WebhookError::Unreadable`] when it is neither.
pub fn read(body: &[u8]) -> Result<Delivery, WebhookError> {
    let unreadable = |error: serde_json::Error| WebhookError::Unreadable(error.to_string());
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut delivery = Delivery::default();
    if first == Some(&b'[') {
        let events: Vec<&RawValue> = serde_json::from_slice(body).map_err(unreadable)?;
        for event in events {
            delivery.take(cloud_event(event));
        }
        return Ok(delivery);
    }
    let object: Object<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    let Some(notices) = object.get("eventNotifications") else {
        return Err(WebhookError::Unreadable("it has no eventNotifications".to_owned()));
    };
    let notices: Vec<&RawValue> = serde_json::from_str(notices.get()).map_err(unreadable)?;
    for notice in notices {
        match serde_json::from_str::<OfCompany<'_>>(notice.get()) {
            Ok(notice) => {
                for entity in notice.change.entities {
                    delivery.take(changed(&notice.realm.0, entity));
                }
            }
            Err(error) => delivery.unreadable.push(error.to_string()),
        }
    }
    Ok(delivery)
}

impl Delivery {
    fn take(&mut self, event: Result<Event, serde_json::Error>) {
        match event {
            Ok(event) => self.events.push(event),
            Err(error) => self.unreadable.push(error.to_string()),
        }
    }
}

/// A text, or a number as text: ids have come as both.
struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                if text.is_empty() { Err(E::custom("an id is empty")) } else { Ok(Id(text.to_owned())) }
            }

            fn visit_u64<E>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

fn instant(text: Option<String>) -> Option<DateTime<FixedOffset>> {
    text.and_then(|text| DateTime::parse_from_rfc3339(&text).ok())
}

/// `{"specversion","id","type":"qbo.bill.updated.v1","time","intuitentityid","intuitaccountid","data":{}}`
fn cloud_event(raw: &RawValue) -> Result<Event, serde_json::Error> {
    // `data` is left alone: its form differs, and what it says is not believed.
    #[derive(Deserialize)]
    struct CloudEvent {
        id: Option<String>,
        #[serde(rename = "type")]
        kind: String,
        time: Option<String>,
        intuitentityid: Id,
        intuitaccountid: Id,
    }
    let event: CloudEvent = serde_json::from_str(raw.get())?;
    let mut words = event.kind.split('.');
    let (name, operation) = match (words.next(), words.next(), words.next()) {
        (Some("qbo"), Some(name), Some(operation)) => (name, operation),
        _ => (event.kind.as_str(), event.kind.as_str()),
    };
    Ok(Event {
        realm: event.intuitaccountid.0,
        entity: Entity::from_name(name),
        name: name.to_owned(),
        id: event.intuitentityid.0,
        operation: operation.into(),
        time: instant(event.time),
        event_id: event.id,
        merged_id: None,
    })
}

#[derive(Deserialize)]
struct OfCompany<'a> {
    #[serde(rename = "realmId")]
    realm: Id,
    #[serde(rename = "dataChangeEvent", borrow)]
    change: DataChange<'a>,
}

#[derive(Deserialize)]
struct DataChange<'a> {
    #[serde(borrow)]
    entities: Vec<&'a RawValue>,
}

fn changed(realm: &str, raw: &RawValue) -> Result<Event, serde_json::Error> {
    #[derive(Deserialize)]
    struct Changed {
        name: String,
        id: Id,
        operation: String,
        #[serde(rename = "lastUpdated")]
        last_updated: Option<String>,
        #[serde(rename = "deletedId")]
        deleted_id: Option<Id>,
    }
    let changed: Changed = serde_json::from_str(raw.get())?;
    Ok(Event {
        realm: realm.to_owned(),
        entity: Entity::from_name(&changed.name),
        name: changed.name,
        id: changed.id.0,
        operation: changed.operation.as_str().into(),
        time: instant(changed.last_updated),
        event_id: None,
        merged_id: changed.deleted_id.map(|id| id.0),
    })
}
