//! Subscriptions to events (webhooks v2.0): hooks, their triggers, and what can be subscribed to, below
//! `/rest/v2.0/companies/{company_id}[/projects/{project_id}]/webhooks`
//! (<https://developers.procore.com/documentation/webhooks-api>).

use serde::Deserialize;

use super::lenient;

/// A hook: where events of a company or project go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Hook {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// `active` or `disabled`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Form of the deliveries: `v2.0`, `v3.0`, `v4.0`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub payload_version: Option<String>,
    /// Whose hook it is: one word for each integration.
    #[serde(default, deserialize_with = "lenient::text")]
    pub namespace: Option<String>,
    /// Where deliveries go.
    #[serde(default, deserialize_with = "lenient::text")]
    pub destination_url: Option<String>,
    /// Headers of the deliveries, masked.
    #[serde(default, deserialize_with = "lenient::object")]
    pub destination_headers: Option<DestinationHeaders>,
}

/// Headers of deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct DestinationHeaders {
    /// The secret, of which only the last five characters are shown.
    #[serde(rename = "Authorization", default, deserialize_with = "lenient::text")]
    pub authorization: Option<String>,
}

/// What a hook listens to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Trigger {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// The resource, e.g. `Work Order Contracts`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub resource_name: Option<String>,
    /// `create`, `update` or `delete`; the case varies.
    #[serde(default, deserialize_with = "lenient::text")]
    pub event_type: Option<String>,
}

/// What can be listened to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct HookResource {
    /// The name for a trigger.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Types of events that it fires.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// A type of event: its word, or an object that holds it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Action {
    /// The word.
    Word(String),
    /// An object with the word.
    Named {
        /// The word.
        name: String,
    },
    /// Something else, which is left alone.
    Other(serde::de::IgnoredAny),
}

impl Action {
    /// The word, if it is known.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) | Self::Named { name: word } => Some(word),
            Self::Other(_) => None,
        }
    }
}
