//! What stands in the books, of whichever edition, read by code that shares nothing with the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::MutexGuard;

use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::QuickBooks;

use super::desktop::{self, Entry};
use super::truth::{self, Posted, marker_of};
use super::world::{World, lock};

/// The books as they are now.
pub(crate) enum Ledger<'w> {
    Online(MutexGuard<'w, QuickBooks>),
    Desktop(Vec<Entry>),
}

impl<'w> Ledger<'w> {
    pub(crate) fn of(world: &'w World) -> Self {
        match desktop::of(world) {
            Some(machine) => Self::Desktop(desktop::entries(&lock(&machine.file))),
            None => Self::Online(lock(&world.quickbooks)),
        }
    }

    /// The transactions that carry a marker, by document. Voided ones are none.
    pub(crate) fn posted(&self, voided: &BTreeSet<(String, String)>) -> BTreeMap<String, Vec<Posted>> {
        let entries = match self {
            Self::Online(quickbooks) => return truth::posted(quickbooks, voided),
            Self::Desktop(entries) => entries,
        };
        let mut posted: BTreeMap<String, Vec<Posted>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| !entry.is_void) {
            if let Some(key) = &entry.marker {
                posted.entry(key.clone()).or_default().push(entry.posted());
            }
        }
        posted
    }

    /// The document that a transaction names, if it does; no transaction, no answer.
    pub(crate) fn marker(&self, entity: &str, id: &str) -> Option<Option<String>> {
        match self {
            Self::Online(quickbooks) => quickbooks.entity(entity, id).map(marker_of),
            Self::Desktop(all) => entry(all, entity, id).map(|entry| entry.marker.clone()),
        }
    }

    /// A field of a transaction, as people see it.
    pub(crate) fn field(&self, entity: &str, id: &str, name: &str) -> Option<String> {
        match self {
            Self::Online(quickbooks) => quickbooks.entity(entity, id).map(|json| truth::field(json, name)),
            Self::Desktop(all) => entry(all, entity, id).map(|entry| entry.field(name)),
        }
    }

    /// Purchase orders with a bill that a person changed: it may leave them no room for a change.
    pub(crate) fn billed_by_hand(&self, touched: &BTreeSet<String>) -> BTreeSet<String> {
        let is_touched = |marker: &Option<String>| marker.as_ref().is_some_and(|key| touched.contains(key));
        let mut orders = BTreeSet::new();
        match self {
            Self::Online(quickbooks) => {
                for bill in quickbooks.all("Bill").filter(|bill| is_touched(&marker_of(bill))) {
                    let lines = bill.get("Line").and_then(Json::as_array).unwrap_or_default();
                    let linked =
                        lines.iter().chain([bill]).filter_map(|json| json.get("LinkedTxn")?.as_array()).flatten();
                    let order = |id: &str| marker_of(quickbooks.entity("PurchaseOrder", id)?);
                    orders.extend(linked.filter_map(|link| order(link.get("TxnId").and_then(Json::as_id)?)));
                }
            }
            Self::Desktop(all) => {
                for bill in all.iter().filter(|entry| entry.kind == "Bill" && is_touched(&entry.marker)) {
                    let of = |id: &String| all.iter().find(|entry| entry.id == *id)?.marker.clone();
                    orders.extend(bill.orders.iter().filter_map(of));
                }
            }
        }
        orders
    }
}

fn entry<'e>(entries: &'e [Entry], entity: &str, id: &str) -> Option<&'e Entry> {
    entries.iter().find(|entry| entry.kind == entity && entry.id == id)
}
