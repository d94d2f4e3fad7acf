//! Several operations in one request: independent, in no order, matched by `bId`.

use chrono::{DateTime, Utc};

use super::QuickBooks;
use super::clock;
use super::entities::Type;
use super::fault::Fault;
use super::query;
use super::shape::Actor;
use super::write::{deleted, render};
use crate::json::{Json, Object, object};

impl QuickBooks {
    pub(super) fn batch(&mut self, now: DateTime<Utc>, body: &Json, with_request_id: bool) -> Result<Json, Fault> {
        let members = body.as_object().ok_or_else(|| Fault::missing("BatchItemRequest"))?;
        if let Some(unknown) = members.keys().find(|key| *key != "BatchItemRequest") {
            return Err(Fault::property(unknown, "Unrecognized field"));
        }
        let items = members.get("BatchItemRequest").and_then(Json::as_array).unwrap_or(&[]);
        if items.is_empty() {
            return Err(Fault::missing("BatchItemRequest"));
        }
        let most = self.config.limits.batch_items;
        if items.len() > most {
            let detail = format!("The maximum number of items in a batch is {most}. Supplied: {}", items.len());
            return Err(Fault::new("1040", "Batch size exceeds allowed limit", detail));
        }
        self.counters.batch_items += items.len() as u64;
        for item in items {
            let id = item.get("bId").and_then(Json::as_id).unwrap_or_default();
            if with_request_id && id.chars().count() > 10 {
                return Err(Fault::length("bId", 10, id.chars().count()));
            }
        }
        let writes = items.iter().filter(|item| item.get("Query").is_none()).count();
        let mut room = self.config.limits.objects_per_answer.saturating_sub(writes);
        let mut order: Vec<&Json> = items.iter().collect();
        self.random.shuffle(&mut order);
        self.in_batch = true;
        let mut answers: Vec<Json> = order.into_iter().map(|item| self.item(now, item, &mut room)).collect();
        self.in_batch = false;
        self.company.hidden.clear();
        self.random.shuffle(&mut answers);
        Ok(object([("BatchItemResponse", answers.into()), ("time", clock::millis(now).into())]))
    }

    fn item(&mut self, now: DateTime<Utc>, item: &Json, room: &mut usize) -> Json {
        let mut answer = Object::new();
        match self.work(now, item, room) {
            Ok((key, value)) => answer.insert(key.to_owned(), value),
            Err(fault) => answer.insert("Fault".to_owned(), fault.body()),
        };
        if let Some(id) = item.get("bId") {
            answer.insert("bId".to_owned(), id.clone());
        }
        Json::Object(answer)
    }

    fn work(&mut self, now: DateTime<Utc>, item: &Json, room: &mut usize) -> Result<(&'static str, Json), Fault> {
        let members = item.as_object().ok_or_else(|| Fault::property("BatchItemRequest", "an object is expected"))?;
        if !members.contains_key("bId") {
            return Err(Fault::missing("bId"));
        }
        let mut entity = None;
        for (key, value) in members {
            match key.as_str() {
                "bId" | "operation" | "optionsData" | "Query" => {}
                "CDCQuery" | "ReportQuery" => return Err(Fault::unsupported(key)),
                name => match Type::ALL.into_iter().find(|kind| kind.name() == name) {
                    Some(kind) if entity.is_none() => entity = Some((kind, value)),
                    Some(_) => return Err(Fault::property(name, "one entity to an item")),
                    None => return Err(Fault::property(name, "Unrecognized field")),
                },
            }
        }
        if let Some(statement) = members.get("Query") {
            if entity.is_some() {
                return Err(Fault::property("Query", "an item is either a query or an entity"));
            }
            let statement = query::parse(statement.as_str().unwrap_or_default())?;
            let (response, count) = query::run(&self.company, &statement, self.config.limits.objects_per_answer, now)?;
            let left = room.checked_sub(count).ok_or_else(|| {
                Fault::new("10100", "Result Set Big", "The result for the batch is too large, at most 1000 objects.")
            })?;
            *room = left;
            return Ok(("QueryResponse", response));
        }
        let (kind, body) = entity.ok_or_else(|| Fault::missing("an entity or a Query"))?;
        let options = members.get("optionsData").and_then(Json::as_str).unwrap_or_default();
        let allow_duplicate = options.contains("allowduplicatedocnum");
        let has_id = body.get("Id").is_some_and(|id| !id.is_null());
        let id = match members.get("operation").and_then(Json::as_str) {
            Some("create") if has_id => return Err(Fault::property("Id", "an entity to create has no Id")),
            Some("update") if !has_id => return Err(Fault::missing("Id")),
            Some("create" | "update") => self.save(now, kind, body, Actor::Client, allow_duplicate)?,
            Some("delete") => {
                let id = self.delete(now, kind, body)?;
                return Ok((kind.name(), deleted(&id)));
            }
            Some(other) => return Err(Fault::unsupported(other)),
            None => return Err(Fault::missing("operation")),
        };
        let stored = self.company.get(kind, &id).ok_or_else(Fault::not_found)?;
        Ok((kind.name(), render(kind, stored)))
    }
}
