//! Change data capture: what changed since a moment, deletions included.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};

use super::QuickBooks;
use super::clock;
use super::entities::Type;
use super::fault::Fault;
use super::write::render;
use crate::json::{Json, Object, object};

const LOOK_BACK: Duration = Duration::days(30);

impl QuickBooks {
    /// `entities` is a comma list, `changedSince` at most 30 days back.
    pub(super) fn cdc(&self, now: DateTime<Utc>, parameters: &BTreeMap<String, String>) -> Result<Json, Fault> {
        let entities = parameters.get("entities").filter(|list| !list.is_empty());
        let entities = entities.ok_or_else(|| Fault::missing("entities"))?;
        let since = parameters.get("changedSince").ok_or_else(|| Fault::missing("changedSince"))?;
        let Some(since) = clock::instant(since) else {
            let detail = format!("The date format isn't valid. Supplied value:{since}");
            return Err(Fault::new("2060", "Invalid Date Format", detail).on("changedSince"));
        };
        if now - since > LOOK_BACK {
            let detail = "changedSince must be within the last 30 days";
            return Err(Fault::new("2190", "Invalid Date Range", detail).on("changedSince"));
        }
        let mut room = self.config.limits.objects_per_answer;
        let mut groups = Vec::new();
        for name in entities.split(',') {
            let name = name.trim();
            let kind = Type::by_name(name).ok_or_else(|| {
                Fault::new("2000", "Invalid or unsupported object name", format!("Object Name:{name}")).on(name)
            })?;
            groups.push(self.changes(kind, since, &mut room));
        }
        let response = object([("QueryResponse", groups.into())]);
        Ok(object([("CDCResponse", vec![response].into()), ("time", clock::millis(now).into())]))
    }

    // Live ones by time, deleted ones after them; what finds no room is left out without a word.
    fn changes(&self, kind: Type, since: DateTime<Utc>, room: &mut usize) -> Json {
        let mut live: Vec<_> = self.company.all(kind).filter(|(_, record)| record.updated >= since).collect();
        live.sort_by_key(|(_, record)| record.updated);
        let mut dead: Vec<_> =
            self.company.tombstones.iter().filter(|tomb| tomb.kind == kind && tomb.at >= since).collect();
        dead.sort_by_key(|tomb| tomb.at);
        let any_dead = !dead.is_empty();
        let live = live.into_iter().map(|(_, record)| render(kind, &record.json));
        let dead = dead.into_iter().map(|tomb| {
            let mut gone = super::write::deleted(&tomb.id);
            gone.set("MetaData", object([("LastUpdatedTime", clock::seconds(tomb.at).into())]));
            gone
        });
        let objects: Vec<Json> = live.chain(dead).take(*room).collect();
        *room -= objects.len();
        let count = objects.len();
        if count == 0 {
            return Json::Object(Object::new());
        }
        let mut group =
            object([(kind.name(), objects.into()), ("startPosition", 1_i64.into()), ("maxResults", count.into())]);
        if any_dead {
            group.set("totalCount", count);
        }
        group
    }
}
