//! What changed since an instant (change data capture).
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture>

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use sync_core::http::ApiRequest;

use super::{Answer, Problem, QuickBooks, config};
use crate::entity::Entity;
use crate::error::Error;
use crate::fault::Fault;
use crate::query::instant_text;
use crate::raw::{Object, id_of};

/// Objects in one answer; there are no pages.
const CAP: usize = 1000;

/// What changed in one company.
#[derive(Debug, Default)]
pub struct ChangeSet {
    /// A group for each entity that has changes.
    pub groups: Vec<ChangeGroup>,
}

/// What changed of one entity.
#[derive(Debug)]
pub struct ChangeGroup {
    /// The entity.
    pub entity: Entity,
    /// Objects that were made or changed, as they are now.
    pub live: Vec<Box<RawValue>>,
    /// Ids of transactions that were deleted.
    pub deleted: Vec<String>,
}

impl ChangeSet {
    /// Is the answer so long that something may be missing? Then read the entities whole.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.groups.iter().map(|group| group.live.len() + group.deleted.len()).sum::<usize>() >= CAP
    }
}

impl QuickBooks {
    /// How far back changes can be asked for.
    pub const CHANGES_REACH: TimeDelta = TimeDelta::days(30);

    /// What changed of `entities` since an instant within the last 30 days, deletions of transactions included. The
    /// answer's `time` is where to go on; overlap the windows by some minutes.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Invalid`] without entities.
    pub async fn cdc(&self, entities: &[Entity], since: DateTime<Utc>) -> Result<Answer<ChangeSet>, Error> {
        if entities.is_empty() {
            return Err(Error::Invalid("changes of no entity were asked for".to_owned()));
        }
        let names = entities.iter().map(|entity| entity.as_str()).collect::<Vec<_>>().join(",");
        let path = self.path("cdc", &[("entities", &names), ("changedSince", &instant_text(since))]);
        let what = || "the changes of the company".to_owned();
        let answer = self.call(ApiRequest::get(path).with_classes(config::ANY), &what).await?;
        self.read(&answer, &what, |object| {
            let raw = object.get("CDCResponse").ok_or("it has no CDCResponse")?;
            let parts: Vec<Object<'_>> = serde_json::from_str(raw.get())?;
            let mut set = ChangeSet::default();
            for part in &parts {
                // A fault in a part: the whole is not to be relied on.
                if let Some(fault) = Fault::of(part) {
                    return Err(Problem::Fault(fault));
                }
                let Some(raw) = part.get("QueryResponse") else { continue };
                let groups: Vec<Object<'_>> = serde_json::from_str(raw.get())?;
                for group in &groups {
                    for (name, objects) in group.iter() {
                        // Beside the objects stand counts, whose names are no entities.
                        if let Some(entity) = Entity::ALL.iter().find(|entity| entity.as_str() == name) {
                            set.groups.push(sorted(*entity, objects)?);
                        }
                    }
                }
            }
            Ok(set)
        })
    }
}

fn sorted(entity: Entity, objects: &RawValue) -> Result<ChangeGroup, serde_json::Error> {
    #[derive(Deserialize)]
    struct Status {
        status: Option<String>,
    }
    let objects: Vec<Box<RawValue>> = serde_json::from_str(objects.get())?;
    let mut group = ChangeGroup { entity, live: Vec::with_capacity(objects.len()), deleted: Vec::new() };
    for object in objects {
        let status: Status = serde_json::from_str(object.get())?;
        if status.status.is_some_and(|status| status.eq_ignore_ascii_case("deleted")) {
            group.deleted.push(id_of(&object));
        } else {
            group.live.push(object);
        }
    }
    Ok(group)
}
