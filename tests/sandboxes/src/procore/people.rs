//! The hands of a project manager: changes that do not come through the API.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::store::id_json;
use super::webhook::{self, EventType};
use super::{Procore, stamp};
use crate::json::Json;

/// The double holds no such record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{resource} {id}: the company holds no such record; see the book, or create it first")]
pub struct NoSuchRecord {
    /// Resource, as the book's file is called.
    pub resource: String,
    /// Id that was asked for.
    pub id: String,
}

/// What is marked `deleted_at`; all else goes without a trace. Company vendors and projects cannot be deleted, only set
/// inactive.
const MARKED: [&str; 5] =
    ["work_order_contracts", "purchase_order_contracts", "prime_contracts", "change_order_packages", "direct_costs"];

impl Procore {
    fn missing(resource: &str, id: &str) -> NoSuchRecord {
        NoSuchRecord { resource: resource.to_owned(), id: id.to_owned() }
    }

    /// Changes a record, moves its `updated_at`, and tells the hooks. No rule is enforced: people may do more than
    /// apps.
    ///
    /// # Errors
    /// [`NoSuchRecord`].
    pub fn person_edits(
        &mut self,
        now: DateTime<Utc>,
        resource: &str,
        id: &str,
        change: impl FnOnce(&mut Json),
    ) -> Result<(), NoSuchRecord> {
        self.store
            .table_mut(resource)
            .change(id, |body| {
                change(body);
                body.set("updated_at", stamp(now));
            })
            .ok_or_else(|| Self::missing(resource, id))?;
        self.store.mirror_change_order(resource, id);
        self.announce(now, webhook::subject(&self.store, resource, id), EventType::Update, false);
        Ok(())
    }

    /// Makes a record; without an `id` it gets one. A change order without a package gets one too. Answers the id.
    pub fn person_creates(&mut self, now: DateTime<Utc>, resource: &str, mut body: Json) -> String {
        for member in ["created_at", "updated_at"] {
            body.set(member, stamp(now));
        }
        let kind = match resource {
            "commitment_change_orders" => Some("CommitmentContractChangeOrder"),
            "prime_change_orders" => Some("PrimeContractChangeOrder"),
            _ => None,
        };
        if kind.is_some() && body.get("legacy_package_id").is_none() {
            let package = self.store.new_id();
            body.set("legacy_package_id", id_json(&package));
        }
        let paid = paid(resource, &body);
        let id = self.store.insert(resource, body);
        if let Some((contract, amount)) = paid {
            self.book_payment(&contract, amount);
        }
        if let Some(kind) = kind {
            self.store.complete_packages(resource, kind);
        }
        self.announce(now, webhook::subject(&self.store, resource, &id), EventType::Create, false);
        id
    }

    /// Deletes a record: contracts, packages and direct costs are marked, all else is gone. Takes the package behind a
    /// change order with it.
    ///
    /// # Errors
    /// [`NoSuchRecord`].
    pub fn person_deletes(&mut self, now: DateTime<Utc>, resource: &str, id: &str) -> Result<(), NoSuchRecord> {
        let subject = webhook::subject(&self.store, resource, id);
        let row = self.store.table(resource).get(id).ok_or_else(|| Self::missing(resource, id))?;
        let package = row.body.get("legacy_package_id").and_then(Json::as_id).map(str::to_owned);
        let twins: Vec<(&str, String)> = ["commitment_change_orders", "prime_change_orders"]
            .into_iter()
            .filter(|_| resource == "change_order_packages")
            .filter_map(|name| self.store.change_order_of_package(name, id).map(|(twin, _)| (name, twin.to_owned())))
            .collect();
        self.delete(now, resource, id);
        for (name, twin) in twins {
            self.delete(now, name, &twin);
        }
        if let Some(package) = package {
            self.delete(now, "change_order_packages", &package);
        }
        self.announce(now, subject, EventType::Delete, false);
        Ok(())
    }

    fn delete(&mut self, now: DateTime<Utc>, resource: &str, id: &str) {
        let table = self.store.table_mut(resource);
        if MARKED.contains(&resource) {
            table.change(id, |body| {
                body.set("deleted_at", stamp(now));
                body.set("updated_at", stamp(now));
            });
        } else {
            table.remove(id);
        }
    }

    /// Sets a vendor or a project inactive: what the product offers instead of deleting them.
    ///
    /// # Errors
    /// [`NoSuchRecord`].
    pub fn person_deactivates(&mut self, now: DateTime<Utc>, resource: &str, id: &str) -> Result<(), NoSuchRecord> {
        let member = if resource == "projects" { "active" } else { "is_active" };
        self.person_edits(now, resource, id, |body| body.set(member, false))
    }
}

/// The contract and amount of a payment: the contract's sums follow it.
fn paid(resource: &str, body: &Json) -> Option<(String, Decimal)> {
    let contract = body.get("contract_id").and_then(Json::as_id)?;
    let amount = body.get("amount").and_then(Json::as_decimal)?;
    (resource == "contract_payments").then(|| (contract.to_owned(), amount))
}
