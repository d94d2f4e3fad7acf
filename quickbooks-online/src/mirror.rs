//! What is known of a company: every object as it was last read, with what is looked up by.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::connector::Marker;
use sync_core::matching::{exact_number, loose_number, same_name_key};
use sync_core::model::{Amount, Currency, TargetRef};

use crate::convert::plain_name;
use crate::entity::Entity;
use crate::error::Error;
use crate::sink::numbers::OwnNumbers;
use crate::wire::{MetaData, Reference};

/// What is read of an object when it enters the mirror; the rest waits in its text.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Head {
    id: Option<String>,
    sync_token: Option<String>,
    meta_data: Option<MetaData>,
    display_name: Option<String>,
    active: Option<bool>,
    notes: Option<String>,
    private_note: Option<String>,
    vendor_ref: Option<Reference>,
    customer_ref: Option<Reference>,
    doc_number: Option<String>,
    txn_date: Option<NaiveDate>,
    total_amt: Option<Amount>,
}

/// An object of the mirror.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) raw: Box<RawValue>,
    pub(crate) marker: Option<Marker>,
    /// Vendor or customer of a transaction.
    pub(crate) party: Option<String>,
    /// The document's number, for exact comparison.
    pub(crate) number: String,
    /// The document's number, for comparison by likeness.
    pub(crate) loose_number: String,
    pub(crate) date: Option<NaiveDate>,
    pub(crate) total: Option<Amount>,
    pub(crate) created: Option<DateTime<FixedOffset>>,
    updated: Option<DateTime<FixedOffset>>,
    /// The name, for comparison.
    pub(crate) name: Option<String>,
}

impl Held {
    pub(crate) fn read(entity: Entity, raw: Box<RawValue>) -> Result<Self, Error> {
        let head: Head = serde_json::from_str(raw.get())
            .map_err(|error| Error::unreadable(&format!("{entity} {}", crate::raw::id_of(&raw)), &error))?;
        let id = head.id.ok_or_else(|| Error::unreadable(&entity.to_string(), &"an object has no Id"))?;
        let active = head.active.unwrap_or(true);
        let note = if entity == Entity::Customer { &head.notes } else { &head.private_note };
        let number = head.doc_number.unwrap_or_default();
        let meta = head.meta_data.unwrap_or_default();
        Ok(Self {
            marker: note.as_deref().and_then(Marker::find),
            party: head.vendor_ref.or(head.customer_ref).map(|party| party.value),
            loose_number: loose_number(&number),
            number: exact_number(&number),
            date: head.txn_date,
            total: head.total_amt,
            created: meta.create_time,
            updated: meta.last_updated_time,
            name: head.display_name.map(|name| same_name_key(plain_name(&name, active))),
            version: head.sync_token.unwrap_or_default(),
            id,
            raw,
        })
    }
}

type Ids = HashMap<String, Arc<Held>>;

/// A transaction that was deleted.
#[derive(Debug, Default)]
struct Grave {
    /// What was known of it before.
    last: Option<Arc<Held>>,
    /// The version on which this program decided to delete it.
    decided: Option<String>,
}

/// All that is known of one company.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    objects: HashMap<Entity, Ids>,
    by_marker: HashMap<Marker, Vec<(Entity, String)>>,
    by_party: HashMap<(Entity, String), Vec<String>>,
    by_name: HashMap<String, Vec<(Entity, String)>>,
    /// What QuickBooks said was deleted.
    deleted: HashMap<(Entity, String), Grave>,
    /// Known to be no longer as they are here: a version was refused, or a write's outcome is open.
    stale: HashSet<(Entity, String)>,
    /// The server's time up to which it is current; none before the first load.
    pub(crate) time: Option<DateTime<FixedOffset>>,
}

impl Mirror {
    /// Was it loaded?
    pub(crate) fn is_loaded(&self) -> bool {
        self.time.is_some()
    }

    /// Takes an object in, unless a newer state of it is known already.
    pub(crate) fn put(&mut self, entity: Entity, held: Held) -> Arc<Held> {
        if let Some(known) = self.get(entity, &held.id)
            && let (Some(old), Some(new)) = (known.updated, held.updated)
            && old > new
        {
            return Arc::clone(known);
        }
        self.take(entity, &held.id);
        let held = Arc::new(held);
        let key = || (entity, held.id.clone());
        if let Some(marker) = &held.marker {
            // The generation is left out: an earlier one stands for the same document.
            self.by_marker.entry(family(marker)).or_default().push(key());
        }
        if let Some(party) = &held.party {
            self.by_party.entry((entity, party.clone())).or_default().push(held.id.clone());
        }
        if let Some(name) = &held.name {
            self.by_name.entry(name.clone()).or_default().push(key());
        }
        self.stale.remove(&key());
        self.deleted.remove(&key());
        self.objects.entry(entity).or_default().insert(held.id.clone(), Arc::clone(&held));
        held
    }

    /// Forgets an object that QuickBooks says was deleted.
    pub(crate) fn delete(&mut self, entity: Entity, id: &str) {
        let last = self.take(entity, id);
        let key = (entity, id.to_owned());
        self.stale.remove(&key);
        let grave = self.deleted.entry(key).or_default();
        if last.is_some() {
            grave.last = last;
        }
    }

    /// [`delete`](Self::delete), after this program deleted it, decided on `version`.
    pub(crate) fn delete_decided(&mut self, entity: Entity, id: &str, version: &str) {
        self.delete(entity, id);
        self.deleted.entry((entity, id.to_owned())).or_default().decided = Some(version.to_owned());
    }

    /// Puts a list that was read whole in place of what was known of it.
    pub(crate) fn replace(&mut self, entity: Entity, objects: Vec<Held>) {
        let gone: Vec<String> = {
            let kept: HashSet<&str> = objects.iter().map(|held| held.id.as_str()).collect();
            let known = self.objects.get(&entity).into_iter().flat_map(HashMap::keys);
            known.filter(|id| !kept.contains(id.as_str())).cloned().collect()
        };
        for id in gone {
            // Not counted as deleted: it may have been made after the list was read.
            self.take(entity, &id);
        }
        for held in objects {
            self.put(entity, held);
        }
    }

    fn take(&mut self, entity: Entity, id: &str) -> Option<Arc<Held>> {
        let old = self.objects.get_mut(&entity).and_then(|ids| ids.remove(id))?;
        if let Some(keys) = old.marker.as_ref().and_then(|marker| self.by_marker.get_mut(&family(marker))) {
            keys.retain(|(e, i)| (*e, i.as_str()) != (entity, id));
        }
        if let Some(ids) = old.party.as_ref().and_then(|party| self.by_party.get_mut(&(entity, party.clone()))) {
            ids.retain(|i| i != id);
        }
        if let Some(keys) = old.name.as_ref().and_then(|name| self.by_name.get_mut(name)) {
            keys.retain(|(e, i)| (*e, i.as_str()) != (entity, id));
        }
        Some(old)
    }

    pub(crate) fn get(&self, entity: Entity, id: &str) -> Option<&Arc<Held>> {
        self.objects.get(&entity)?.get(id)
    }

    /// The object, if what is known of it can be relied on.
    pub(crate) fn current(&self, entity: Entity, id: &str) -> Option<&Arc<Held>> {
        if !self.is_loaded() || self.stale.contains(&(entity, id.to_owned())) {
            return None;
        }
        self.get(entity, id)
    }

    pub(crate) fn is_deleted(&self, entity: Entity, id: &str) -> bool {
        self.deleted.contains_key(&(entity, id.to_owned()))
    }

    /// What was known of an object that was deleted in the state `version`, or by a decision on it.
    pub(crate) fn buried(&self, entity: Entity, id: &str, version: &str) -> Option<&Arc<Held>> {
        let grave = self.deleted.get(&(entity, id.to_owned()))?;
        let last = grave.last.as_ref()?;
        (last.version == version || grave.decided.as_deref() == Some(version)).then_some(last)
    }

    /// What is known of a target is not to be relied on any more.
    pub(crate) fn doubt(&mut self, target: &TargetRef) {
        self.stale.insert((Entity::of_kind(target.kind), target.id.to_string()));
    }

    /// The objects of an entity, in no order.
    pub(crate) fn all(&self, entity: Entity) -> impl Iterator<Item = &Arc<Held>> {
        self.objects.get(&entity).into_iter().flat_map(HashMap::values)
    }

    /// The objects that carry the marker of this document, whatever its generation.
    pub(crate) fn marked<'a>(&'a self, entity: Entity, marker: &Marker) -> impl Iterator<Item = &'a Arc<Held>> {
        let keys = self.by_marker.get(&family(marker)).into_iter().flatten();
        keys.filter(move |(e, _)| *e == entity).filter_map(|(e, id)| self.get(*e, id))
    }

    /// The documents of a vendor or customer.
    pub(crate) fn of_party(&self, entity: Entity, party: &str) -> impl Iterator<Item = &Arc<Held>> {
        let ids = self.by_party.get(&(entity, party.to_owned())).into_iter().flatten();
        ids.filter_map(move |id| self.get(entity, id))
    }

    /// The entries of that name, of any list, inactive ones included.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = (Entity, &Arc<Held>)> {
        let keys = self.by_name.get(&same_name_key(name)).into_iter().flatten();
        keys.filter_map(|(entity, id)| self.get(*entity, id).map(|held| (*entity, held)))
    }

    /// Which documents the company lets QuickBooks number.
    pub(crate) fn own_numbers(&self) -> OwnNumbers {
        let preferences = self.all(Entity::Preferences).next();
        preferences
            .and_then(|held| serde_json::from_str::<crate::wire::Preferences>(held.raw.get()).ok())
            .map_or_else(OwnNumbers::default, |preferences| OwnNumbers::of(&preferences))
    }

    /// The company's currency: the dollar unless QuickBooks says otherwise.
    pub(crate) fn home_currency(&self) -> Currency {
        let preferences = self.all(Entity::Preferences).next();
        let named = preferences
            .and_then(|held| serde_json::from_str::<crate::wire::Preferences>(held.raw.get()).ok())
            .and_then(|preferences| preferences.currency?.home_currency?.value.parse().ok());
        named.unwrap_or_else(|| self.country_currency())
    }

    fn country_currency(&self) -> Currency {
        let company = self.all(Entity::CompanyInfo).next();
        let country = company
            .and_then(|held| serde_json::from_str::<crate::wire::CompanyInfo>(held.raw.get()).ok())
            .and_then(|company| company.country)
            .unwrap_or_default();
        let code = match country.trim().to_ascii_uppercase().as_str() {
            "CA" | "CAN" => "CAD",
            "GB" | "GBR" | "UK" => "GBP",
            "AU" | "AUS" => "AUD",
            "IN" | "IND" => "INR",
            _ => "USD",
        };
        code.parse().unwrap_or(Currency::USD)
    }
}

fn family(marker: &Marker) -> Marker {
    Marker { generation: 0, ..marker.clone() }
}

#[cfg(test)]
mod tests {
    use sync_core::model::{DocumentKey, DocumentKind};

    use super::*;

    fn bill(id: &str, number: &str, updated: &str, note: &str) -> Held {
        let text = format!(
            r#"{{"Id":"{id}","SyncToken":"0","VendorRef":{{"value":"77"}},"DocNumber":"{number}","PrivateNote":"{note}",
                "MetaData":{{"LastUpdatedTime":"{updated}"}}}}"#
        );
        Held::read(Entity::Bill, serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn ids<'a>(found: impl Iterator<Item = &'a Arc<Held>>) -> Vec<&'a str> {
        found.map(|held| held.id.as_str()).collect()
    }

    #[test]
    fn numbers_are_compared_as_people_mean_them() {
        for (one, two) in [("Inv. #0042", "inv-42"), ("PA 01", "PA1"), ("DD-1043", "dd1043")] {
            assert_eq!(loose_number(one), loose_number(two), "{one} {two}");
        }
        assert_ne!(loose_number("100"), loose_number("10"));
        assert_ne!(loose_number("A1"), loose_number("B1"));
    }

    #[test]
    fn an_object_moves_through_the_lookups() {
        // given a bill with a marker
        let mut mirror = Mirror::default();
        let marker =
            Marker { connection: "main".into(), document: DocumentKey::new(DocumentKind::PayApp, "9"), generation: 3 };
        mirror.put(Entity::Bill, bill("1", "A-1", "2026-03-01T00:00:00-08:00", "x [sync:main:pay_app/9:0]"));
        assert_eq!(ids(mirror.marked(Entity::Bill, &marker)), ["1"], "another generation is the same document");
        assert_eq!(ids(mirror.of_party(Entity::Bill, "77")), ["1"]);
        // when it is replaced by one without a marker, then deleted
        mirror.put(Entity::Bill, bill("1", "A-2", "2026-03-02T00:00:00-08:00", ""));
        assert!(ids(mirror.marked(Entity::Bill, &marker)).is_empty());
        mirror.delete(Entity::Bill, "1");
        // then nothing finds it
        assert!(ids(mirror.of_party(Entity::Bill, "77")).is_empty());
        assert!(mirror.is_deleted(Entity::Bill, "1"));
    }

    #[test]
    fn an_older_state_does_not_replace_a_newer_one() {
        let mut mirror = Mirror::default();
        mirror.put(Entity::Bill, bill("1", "new", "2026-03-02T00:00:00-08:00", ""));
        mirror.put(Entity::Bill, bill("1", "old", "2026-03-02T07:59:00Z", ""));
        assert_eq!(mirror.get(Entity::Bill, "1").map(|held| held.number.as_str()), Some("new"));
    }

    #[test]
    fn what_is_in_doubt_is_not_current() {
        let mut mirror =
            Mirror { time: Some(DateTime::parse_from_rfc3339("2026-03-02T00:00:00Z").unwrap()), ..Mirror::default() };
        let target = TargetRef { kind: sync_core::model::TargetKind::Bill, id: "1".into() };
        mirror.put(Entity::Bill, bill("1", "A", "2026-03-02T00:00:00-08:00", ""));
        assert!(mirror.current(Entity::Bill, "1").is_some());
        mirror.doubt(&target);
        assert!(mirror.current(Entity::Bill, "1").is_none());
        mirror.put(Entity::Bill, bill("1", "A", "2026-03-02T00:00:00-08:00", ""));
        assert!(mirror.current(Entity::Bill, "1").is_some(), "read afresh");
    }
}
