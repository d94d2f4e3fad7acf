//! Reading transactions: as they are now, and those that an uncertain write may have made.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::value::RawValue;
use sync_core::connector::{Found, Marker, Operation, TargetState, Write};
use sync_core::matching::same_name_key;
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{TargetRef, Timestamp};

use super::{IdsByEntity, QuickBooksSink};
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::Held;
use crate::query::Query;

/// Ids in one query.
const IDS: usize = 300;
/// Room for clocks that differ, when looking for what was made since an instant.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

impl QuickBooksSink {
    pub(super) async fn read_targets(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        let unknown: Vec<&TargetRef> = {
            let mirror = self.mirror();
            let known = |target: &&TargetRef| {
                let (entity, id) = (Entity::of_kind(target.kind), target.id.as_str());
                mirror.current(entity, id).is_some() || mirror.is_deleted(entity, id)
            };
            targets.iter().filter(|target| !known(target)).collect()
        };
        self.fetch(unknown).await?;
        let mirror = self.mirror();
        let home = mirror.home_currency();
        let found = targets.iter().map(|target| {
            let entity = Entity::of_kind(target.kind);
            match mirror.get(entity, target.id.as_str()) {
                Some(held) => Ok(Found::Present(Box::new(convert::state(entity, &held.raw, home)?))),
                // It was asked for just now, or before, and QuickBooks said that there is none.
                None => Ok(Found::Deleted),
            }
        });
        found.collect()
    }

    /// Reads the targets from the server into the mirror; those that a successful answer lacks were deleted.
    pub(super) async fn fetch(&self, targets: Vec<&TargetRef>) -> Result<(), Error> {
        if targets.is_empty() {
            return Ok(());
        }
        let mut ids: IdsByEntity = IdsByEntity::new();
        for target in targets {
            ids.entry(Entity::of_kind(target.kind)).or_default().push(target.id.to_string());
        }
        let mut queries = Vec::new();
        for (entity, ids) in &mut ids {
            ids.sort_unstable();
            ids.dedup();
            let chunks = ids.chunks(IDS);
            queries.extend(chunks.map(|ids| Query::new(*entity).one_of("Id", ids.iter().map(String::as_str))));
        }
        let loaded = self.client.load(&queries).await?;
        let mut read = Vec::new();
        for (query, objects) in queries.iter().zip(loaded.lists) {
            for raw in objects {
                read.push((query.entity(), Held::read(query.entity(), raw)?));
            }
        }
        let mut mirror = self.mirror_mut();
        let mut present: BTreeSet<(Entity, String)> = BTreeSet::new();
        for (entity, held) in read {
            present.insert((entity, held.id.clone()));
            mirror.put(entity, held);
        }
        for (entity, ids) in ids {
            for id in ids {
                let key = (entity, id);
                if !present.contains(&key) {
                    mirror.delete(key.0, &key.1);
                }
            }
        }
        Ok(())
    }

    pub(super) async fn find_by_marker(
        &self,
        writes: &[Write],
        since: Timestamp,
    ) -> Result<Vec<Option<TargetState>>, Error> {
        let since = since - CLOCKS;
        let mut transactions: BTreeSet<Entity> = BTreeSet::new();
        let mut names: IdsByEntity = IdsByEntity::new();
        for document in writes.iter().filter_map(created) {
            let entity = Entity::of_kind(document.kind());
            if entity.is_list() {
                let name = crate::sanitise::name(document.number().unwrap_or_default()).into_owned();
                let deleted = format!("{name} (deleted)");
                names.entry(entity).or_default().extend([name, deleted]);
            } else {
                transactions.insert(entity);
            }
        }
        let mut queries: Vec<Query> = Vec::new();
        for (entity, names) in &names {
            let names = names.iter().map(String::as_str);
            queries.push(Query::new(*entity).one_of("DisplayName", names));
        }
        queries.extend(transactions.into_iter().map(|entity| Query::new(entity).since("MetaData.CreateTime", since)));
        if queries.is_empty() {
            return Ok(writes.iter().map(|_| None).collect());
        }
        let loaded = self.client.load(&queries).await?;
        let mut found: Vec<(Entity, Box<RawValue>, Held)> = Vec::new();
        for (query, objects) in queries.iter().zip(loaded.lists) {
            for raw in objects {
                let held = Held::read(query.entity(), raw.clone())?;
                found.push((query.entity(), raw, held));
            }
        }
        let home = self.home_currency();
        let states = writes.iter().map(|write| {
            let Some(document) = created(write) else { return Ok(None) };
            let entity = Entity::of_kind(document.kind());
            let made = |held: &Held| match document {
                AccountingDocument::Customer(_) | AccountingDocument::Vendor(_) => {
                    is_named(held, document) && (has(held, &write.marker) || is_since(held, since))
                }
                _ => has(held, &write.marker),
            };
            let hit = found.iter().find(|(of, _, held)| *of == entity && made(held));
            hit.map(|(_, raw, _)| convert::state(entity, raw, home)).transpose()
        });
        let states = states.collect::<Result<Vec<_>, Error>>()?;
        let mut mirror = self.mirror_mut();
        for (entity, _, held) in found {
            mirror.put(entity, held);
        }
        Ok(states)
    }
}

fn created(write: &Write) -> Option<&AccountingDocument> {
    match &write.operation {
        Operation::Create(document) => Some(document),
        _ => None,
    }
}

fn has(held: &Held, marker: &Marker) -> bool {
    held.marker.as_ref() == Some(marker)
}

fn is_named(held: &Held, document: &AccountingDocument) -> bool {
    let name = crate::sanitise::name(document.number().unwrap_or_default());
    held.name.as_deref() == Some(same_name_key(&name).as_str())
}

/// An entry of the name that was there before is not what the write made.
fn is_since(held: &Held, since: Timestamp) -> bool {
    held.created.is_none_or(|created| created.to_utc() >= since)
}
