//! Single writes. Each carries a request id: sent again under the same id, QuickBooks gives the first answer again
//! instead of acting twice (<https://blogs.intuit.com/2015/04/06/15346/>).

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sync_core::http::ApiRequest;

use super::{Answer, QuickBooks, config, entity_of};
use crate::allowed::may_write;
use crate::entity::Entity;
use crate::error::Error;
use crate::raw::{Object, Record};
use crate::wire::Wire;

/// Longest request id of a single request.
pub(crate) const MAX_REQUEST_ID: usize = 50;

/// What is written about an object that is already there.
#[derive(Serialize)]
struct Version<'a> {
    #[serde(rename = "Id")]
    id: &'a str,
    #[serde(rename = "SyncToken")]
    sync_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sparse: Option<bool>,
}

impl QuickBooks {
    /// Creates an object. `request_id` has at most 50 characters, is new for each deliberate creation, and always goes
    /// with the same content.
    ///
    /// # Errors
    /// [`Error`]; its [`verdict`](Error::verdict) says whether it may have happened.
    pub async fn create<T: Wire>(&self, entity: &T, request_id: &str) -> Result<Answer<Record<T>>, Error> {
        let body = to_raw_value(entity).map_err(|error| Error::Invalid(error.to_string()))?;
        self.create_raw(T::ENTITY, &body, request_id).await?.map(Record::read)
    }

    /// Creates an object from a body.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_raw(
        &self,
        entity: Entity,
        body: &RawValue,
        request_id: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        self.post(entity, body, request_id, &[], "create").await
    }

    /// Changes an object: those members of `change` that are set replace the ones that were read, all others stay as
    /// they were read, also those that this crate does not know. QuickBooks refuses it with code 5010 if the object was
    /// changed since.
    ///
    /// # Errors
    /// [`Error::Invalid`] for customers, vendors and employees, whose tax identifiers come masked: use
    /// [`sparse_update`](Self::sparse_update). Else [`Error`]; its [`verdict`](Error::verdict) says whether it may have happened.
    pub async fn update<T: Wire>(
        &self,
        read: &Record<T>,
        change: &T,
        request_id: &str,
    ) -> Result<Answer<Record<T>>, Error> {
        if matches!(T::ENTITY, Entity::Vendor | Entity::Customer | Entity::Employee) {
            // Their tax identifiers come masked; a full update would store the mask, or nothing.
            return Err(Error::Invalid(format!("use sparse_update for {} {}", T::ENTITY, read.id())));
        }
        let body = overlaid(read, change).map_err(|error| Error::Invalid(error.to_string()))?;
        self.update_raw(T::ENTITY, &body, request_id).await?.map(Record::read)
    }

    /// Changes only what `change` sets. Documented for customers, vendors, items, estimates, invoices, payments, deposits,
    /// journal entries and the company; use [`update`](Self::update) for the others.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn sparse_update<T: Wire>(
        &self,
        read: &Record<T>,
        change: &T,
        request_id: &str,
    ) -> Result<Answer<Record<T>>, Error> {
        let sparse = || {
            let change = to_raw_value(change)?;
            let mut object = Object::read(&change)?;
            object.set("Id", read.id())?;
            object.set("SyncToken", read.sync_token())?;
            object.set("sparse", &true)?;
            object.to_raw()
        };
        let body = sparse().map_err(|error: serde_json::Error| Error::Invalid(error.to_string()))?;
        self.update_raw(T::ENTITY, &body, request_id).await?.map(Record::read)
    }

    /// Changes an object by a body that holds `Id`, `SyncToken` and either every member or `"sparse": true`.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_raw(
        &self,
        entity: Entity,
        body: &RawValue,
        request_id: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        self.post(entity, body, request_id, &[], "update").await
    }

    /// Deletes a transaction. List entries cannot be deleted, only made inactive.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a list entry, else as [`update`](Self::update).
    pub async fn delete(&self, entity: Entity, id: &str, sync_token: &str, request_id: &str) -> Result<(), Error> {
        if entity.is_list() || entity.is_single() {
            return Err(Error::Invalid(format!("{entity} {id} cannot be deleted; make it inactive")));
        }
        let body = body(&Version { id, sync_token, sparse: None })?;
        self.delete_raw(entity, &body, request_id).await.map(|_| ())
    }

    /// Deletes by a body that holds `Id` and `SyncToken`.
    pub(crate) async fn delete_raw(
        &self,
        entity: Entity,
        body: &RawValue,
        request_id: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        self.post(entity, body, request_id, &[("operation", "delete")], "delete").await
    }

    /// Voids a transaction: it stays, its amounts become 0. Only invoices, payments, bill payments and sales receipts can
    /// be voided through the API.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other entities, else as [`update`](Self::update).
    pub async fn void(
        &self,
        entity: Entity,
        id: &str,
        sync_token: &str,
        request_id: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        let sparse = (entity != Entity::Invoice).then_some(true);
        let body = body(&Version { id, sync_token, sparse })?;
        self.void_raw(entity, &body, request_id).await
    }

    /// Voids by a body that holds `Id` and `SyncToken` and, but for invoices, `"sparse": true`.
    pub(crate) async fn void_raw(
        &self,
        entity: Entity,
        body: &RawValue,
        request_id: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        // The address differs from entity to entity; the wrong one is an "unknown operation".
        let parameters: &[(&str, &str)] = match entity {
            Entity::Invoice => &[("operation", "void")],
            Entity::Payment | Entity::BillPayment | Entity::SalesReceipt => {
                &[("operation", "update"), ("include", "void")]
            }
            _ => return Err(Error::Invalid(format!("a {entity} cannot be voided through the API; delete it"))),
        };
        self.post(entity, body, request_id, parameters, "void").await
    }

    async fn post(
        &self,
        entity: Entity,
        body: &RawValue,
        request_id: &str,
        parameters: &[(&str, &str)],
        verb: &str,
    ) -> Result<Answer<Box<RawValue>>, Error> {
        if request_id.is_empty() || request_id.len() > MAX_REQUEST_ID {
            return Err(Error::Invalid(format!("a request id has 1 to {MAX_REQUEST_ID} characters")));
        }
        if !may_write(entity, verb) {
            return Err(Error::Invalid(format!(
                "this crate does not {verb} a {entity}; see its list of what it sends"
            )));
        }
        let mut all = vec![("requestid", request_id)];
        all.extend_from_slice(parameters);
        let request = ApiRequest::post(self.path(entity.path(), &all), body.get().to_owned());
        let what = || format!("{verb} {entity}");
        let answer = self.call(request.with_classes(config::ANY), &what).await?;
        self.read(&answer, &what, |object| entity_of(object, entity))
    }
}

fn body(version: &Version<'_>) -> Result<Box<RawValue>, Error> {
    to_raw_value(version).map_err(|error| Error::Invalid(error.to_string()))
}

/// Members of an answer that say nothing on the way back: computed, or echoes of how it was read.
pub(crate) const COMPUTED: &[&str] = &[
    "domain",
    "status",
    "sparse",
    "MetaData",
    "TotalAmt",
    "Balance",
    "HomeTotalAmt",
    "HomeBalance",
    "RemainingCredit",
];

fn overlaid<T: Wire>(read: &Record<T>, change: &T) -> Result<Box<RawValue>, serde_json::Error> {
    let change = to_raw_value(change)?;
    let change = Object::read(&change)?;
    let mut object = Object::read(read.raw())?;
    for name in COMPUTED {
        object.remove(name);
    }
    for (name, value) in change.iter().filter(|(name, _)| !matches!(*name, "Id" | "SyncToken")) {
        object.set_owned(name, value);
    }
    object.to_raw()
}
