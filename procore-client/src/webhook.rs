//! Procore's webhooks: which documents an event is about
//! (<https://developers.procore.com/documentation/webhooks>).
//!
//! An event carries no data and no signature. What proves its origin is the `Authorization` header that was given to
//! Procore when the hook was made; it is compared before anything of the body is looked at.

#[cfg(feature = "axum")]
mod axum_layer;
pub mod hooks;
mod receiver;

use std::borrow::Cow;

#[cfg(feature = "axum")]
pub use axum_layer::handler;
pub use receiver::{BODY_CAP, Receiver};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::connector::Change;
use sync_core::http::Secret;
use sync_core::model::{DocumentKey, DocumentKind, ProjectId};
use sync_core::{Error as CoreError, ErrorKind};

/// Receives deliveries of one company's hooks.
#[derive(Debug)]
pub struct Webhook {
    authorization: Secret,
    company: String,
    application: Option<String>,
}

/// Why a delivery is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Not from Procore, or the hook was made with another header. Answer 401.
    #[error("the Authorization header of the delivery is not the one that the hook was made with; nothing was read")]
    NotAuthentic,
    /// From Procore, and no event. Answer 200 all the same: any other answer holds back what follows.
    #[error("the delivery is not an event of Procore: {0}")]
    Malformed(String),
}

impl From<WebhookError> for CoreError {
    fn from(error: WebhookError) -> Self {
        let kind = match error {
            WebhookError::NotAuthentic => ErrorKind::NotAuthorised,
            WebhookError::Malformed(_) => ErrorKind::Unreadable,
        };
        Self::new(kind, error.to_string())
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The vendor's id of the event (`ulid`), by which a second delivery is known.
    pub event: String,
    /// Documents that may have changed.
    pub changes: Vec<Change>,
    /// Why the event names no document, if it does not.
    pub ignored: Option<Ignored>,
    /// The application that made the change, if Procore tells; one's own writes come back as events.
    pub application: Option<String>,
}

/// An event that names no document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ignored {
    /// The resource, in Procore's words.
    pub resource: String,
    /// Why.
    pub reason: &'static str,
    /// Does it tell of something that reading the changes would find?
    pub poll: bool,
}

/// Versions 2 and 3 name the resource `resource_name`; version 4 names it `resource_type` and has text ids.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    ulid: Option<&'a RawValue>,
    #[serde(borrow, default)]
    company_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    project_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resource_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    related_resources: Option<Vec<Related<'a>>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Related<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    source_company_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    source_project_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    source_application_id: Option<&'a RawValue>,
}

/// An id, number or text, exactly as it stands: event ids have 19 digits.
fn id(raw: Option<&RawValue>) -> Option<&str> {
    let text = raw?.get();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    (!text.is_empty() && text != "null" && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(text)
}

/// What an event of a resource is about.
enum About {
    Vendor,
    Project,
    /// A prime contract, and its project, whose owner it names.
    PrimeContract,
    OwnerInvoice,
    Commitment,
    PayApp,
    /// Part of a commitment, which only `related_resources` can name.
    PartOfCommitment,
    /// Part of a prime contract, likewise.
    PartOfPrimeContract,
    /// Part of either.
    PartOfContract,
    /// A pay app or payment that the event names in a way of its own.
    Poll(&'static str),
    Nothing(&'static str),
}

fn about(resource: &str) -> About {
    match resource.to_ascii_lowercase().as_str() {
        "company vendors" | "project vendors" => About::Vendor,
        "projects" => About::Project,
        "prime contracts" => About::PrimeContract,
        "payment applications" | "owner invoices" => About::OwnerInvoice,
        "work order contracts" | "purchase order contracts" => About::Commitment,
        "requisitions" | "subcontractor invoices" => About::PayApp,
        "work order contract line items"
        | "purchase order contract line items"
        | "commitment change orders"
        | "commitment change order line items" => About::PartOfCommitment,
        "prime contract line items" | "prime change orders" | "prime change order line items" => {
            About::PartOfPrimeContract
        }
        // Both sides have them, and the event does not say of which it is.
        "change order packages"
        | "change order requests"
        | "potential change orders"
        | "potential change order line items" => About::PartOfContract,
        "draw requests" | "billing periods" => About::Poll("it concerns pay apps, but does not name one by its id"),
        "cost codes" | "line item types" | "sub jobs" | "standard cost codes" | "standard cost code lists" => {
            About::Nothing("lists of codes are read together with the documents that use them")
        }
        "budget line items"
        | "budget changes"
        | "budget change adjustments"
        | "budget modifications"
        | "change events"
        | "change event line items" => About::Nothing("budgets and potential costs are not synced"),
        "contract payments" => About::Nothing("payments are written to Procore, not read from it"),
        _ => About::Nothing("documents of this resource are not synced"),
    }
}

impl Webhook {
    /// For the hooks of a company that were made with this `Authorization` header.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] if the header is empty: then anybody could send events.
    pub fn new(authorization: Secret, company: impl Into<String>) -> Result<Self, CoreError> {
        if authorization.is_empty() {
            let text = "the Authorization header of Procore's webhooks is empty; set one, and the same in the hook";
            return Err(CoreError::new(ErrorKind::Configuration, text));
        }
        Ok(Self { authorization, company: company.into(), application: None })
    }

    /// Sets the client id of the own application: an event that names it tells of an own write and of nothing else.
    #[must_use]
    pub fn with_application(mut self, client_id: impl Into<String>) -> Self {
        self.application = Some(client_id.into());
        self
    }

    /// Reads a delivery of version 2, 3 or 4. Store what it says before answering, and answer within five seconds.
    ///
    /// # Errors
    /// [`WebhookError::NotAuthentic`] before anything is read, [`WebhookError::Malformed`] for a body that is no event.
    pub fn receive(&self, authorization: Option<&[u8]>, body: &[u8]) -> Result<Delivery, WebhookError> {
        let given = authorization.and_then(|header| std::str::from_utf8(header).ok()).map(Secret::new);
        // Secrets compare in constant time.
        if given.as_ref() != Some(&self.authorization) {
            return Err(WebhookError::NotAuthentic);
        }
        let malformed = |text: &str| WebhookError::Malformed(text.to_owned());
        let body = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
        let event: Event<'_> =
            serde_json::from_str(body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
        let name = id(event.ulid).or_else(|| id(event.id)).ok_or_else(|| malformed("it has no id"))?;
        let resource = event.resource_name.as_deref().or(event.resource_type.as_deref());
        let resource = resource.ok_or_else(|| malformed("it names no resource"))?;
        let record = id(event.resource_id).ok_or_else(|| malformed("it names no record"))?;
        let metadata = event.metadata.as_ref();
        let company = id(event.company_id).or_else(|| id(metadata?.source_company_id));
        let project = id(event.project_id).or_else(|| id(metadata?.source_project_id)).map(ProjectId::from);
        let related = event.related_resources.as_deref().unwrap_or_default();
        let application = id(metadata.and_then(|m| m.source_application_id));
        let found = if application.is_some() && application == self.application.as_deref() {
            Err(("the event tells of an own write", false))
        } else if company.is_some_and(|company| company != self.company) {
            Err(("the event is of another company", false))
        } else {
            keys(resource, record, project.as_ref(), related)
        };
        let (keys, ignored) = match found {
            Ok(keys) => (keys, None),
            Err((reason, poll)) => (Vec::new(), Some(Ignored { resource: resource.to_owned(), reason, poll })),
        };
        let change = |document| Change { document, event: Some(name.to_owned()) };
        Ok(Delivery {
            event: name.to_owned(),
            changes: keys.into_iter().map(change).collect(),
            ignored,
            application: application.map(str::to_owned),
        })
    }
}

/// The documents that an event is about, or why there is none and whether reading the changes would find it.
fn keys(
    resource: &str,
    record: &str,
    project: Option<&ProjectId>,
    related: &[Related<'_>],
) -> Result<Vec<DocumentKey>, (&'static str, bool)> {
    const NO_PROJECT: (&str, bool) = ("the event does not name the project", true);
    let within = |kind, id: &str| Ok(DocumentKey::within(kind, project.ok_or(NO_PROJECT)?, id));
    match about(resource) {
        About::Vendor => Ok(vec![DocumentKey::new(DocumentKind::Vendor, record)]),
        About::Project => Ok(vec![DocumentKey::new(DocumentKind::Project, record)]),
        About::Commitment => Ok(vec![within(DocumentKind::Commitment, record)?]),
        About::PayApp => Ok(vec![within(DocumentKind::PayApp, record)?]),
        About::PrimeContract => {
            let owner = DocumentKey::new(DocumentKind::Project, project.ok_or(NO_PROJECT)?);
            Ok(vec![owner, within(DocumentKind::PrimeContract, record)?])
        }
        About::OwnerInvoice => Ok(vec![within(DocumentKind::OwnerInvoice, record)?]),
        part @ (About::PartOfCommitment | About::PartOfPrimeContract | About::PartOfContract) => {
            let kind = |name: &str| match (about(name), &part) {
                (About::Commitment, About::PartOfCommitment | About::PartOfContract) => Some(DocumentKind::Commitment),
                (About::PrimeContract, About::PartOfPrimeContract | About::PartOfContract) => {
                    Some(DocumentKind::PrimeContract)
                }
                _ => None,
            };
            let named = related.iter().filter_map(|of| Some((kind(of.name.as_deref()?)?, id(of.id)?)));
            let keys: Vec<_> = named.map(|(kind, id)| within(kind, id)).collect::<Result<_, _>>()?;
            match part {
                _ if !keys.is_empty() => Ok(keys),
                About::PartOfPrimeContract => Err(("the event does not name the prime contract", true)),
                _ => Err(("the event does not name the commitment", true)),
            }
        }
        About::Poll(reason) => Err((reason, true)),
        About::Nothing(reason) => Err((reason, false)),
    }
}

#[cfg(test)]
mod tests;
