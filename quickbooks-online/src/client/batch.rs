//! Batch requests: up to 30 items that do not depend on one another, in one request.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/batch>

use std::collections::HashMap;

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;
use sync_core::http::{ApiRequest, Safety};

use super::{Answer, QuickBooks, config};
use crate::allowed::may_write;
use crate::entity::Entity;
use crate::error::Error;
use crate::fault::Fault;
use crate::query::Query;
use crate::raw::Object;

/// Longest request id of a batch.
pub(crate) const MAX_BATCH_REQUEST_ID: usize = 36;

/// What an item of a batch asks for.
#[derive(Debug)]
pub enum BatchItem<'a> {
    /// Read by query.
    Query(&'a Query),
    /// Create the entity from this body.
    Create(Entity, &'a RawValue),
    /// Change the entity: the body holds `Id`, `SyncToken` and either all members or `"sparse": true`.
    Update(Entity, &'a RawValue),
    /// Delete the transaction: the body holds `Id` and `SyncToken`.
    Delete(Entity, &'a RawValue),
}

impl BatchItem<'_> {
    fn is_read(&self) -> bool {
        matches!(self, Self::Query(_))
    }

    /// What it writes, and how.
    fn write(&self) -> Option<(Entity, &'static str)> {
        match self {
            Self::Query(_) => None,
            Self::Create(entity, _) => Some((*entity, "create")),
            Self::Update(entity, _) => Some((*entity, "update")),
            Self::Delete(entity, _) => Some((*entity, "delete")),
        }
    }
}

struct Numbered<'a>(usize, &'a BatchItem<'a>);

impl Serialize for Numbered<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("bId", &self.0.to_string())?;
        match self.1 {
            BatchItem::Query(query) => map.serialize_entry("Query", &query.statement())?,
            BatchItem::Create(entity, body) => {
                map.serialize_entry("operation", "create")?;
                map.serialize_entry(entity.as_str(), body)?;
            }
            BatchItem::Update(entity, body) => {
                map.serialize_entry("operation", "update")?;
                map.serialize_entry(entity.as_str(), body)?;
            }
            BatchItem::Delete(entity, body) => {
                map.serialize_entry("operation", "delete")?;
                map.serialize_entry(entity.as_str(), body)?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(rename = "BatchItemRequest")]
    items: &'a [Numbered<'a>],
}

/// What became of an item of a batch.
#[derive(Debug)]
pub enum BatchResult {
    /// The entity as it is now; after a delete only its id and `"status": "Deleted"`.
    Entity(Box<RawValue>),
    /// The objects that a query found.
    Found(Vec<Box<RawValue>>),
    /// The item was refused.
    Refused(Fault),
    /// The answer does not tell: the item is missing in it, is there twice, or cannot be read.
    Unknown(String),
}

impl QuickBooks {
    /// Sends the items in one request. The answer has a result for each, in the order of `items`, matched by their ids
    /// and never by position. Nothing is atomic: some may happen and others not.
    ///
    /// With queries only, it is a read and is repeated when that may help; otherwise it is sent once.
    ///
    /// # Errors
    /// [`Error`] for the request as a whole; [`Error::Invalid`] when there are more items than
    /// [`Config::batch_items`](super::Config::batch_items) or the request id is too long.
    pub async fn batch(
        &self,
        items: &[BatchItem<'_>],
        request_id: Option<&str>,
    ) -> Result<Answer<Vec<BatchResult>>, Error> {
        self.batch_numbered(items.iter().enumerate(), request_id).await
    }

    /// [`batch`](Self::batch) with given numbers as ids of the items.
    pub(crate) async fn batch_numbered<'i, 'b: 'i>(
        &self,
        items: impl IntoIterator<Item = (usize, &'i BatchItem<'b>)>,
        request_id: Option<&str>,
    ) -> Result<Answer<Vec<BatchResult>>, Error> {
        let items: Vec<Numbered<'_>> = items.into_iter().map(|(number, item)| Numbered(number, item)).collect();
        if items.is_empty() || items.len() > self.config().batch_items {
            let max = self.config().batch_items;
            return Err(Error::Invalid(format!("a batch holds 1 to {max} items, not {}", items.len())));
        }
        if request_id.is_some_and(|id| id.len() > MAX_BATCH_REQUEST_ID) {
            return Err(Error::Invalid(format!("the id of a batch has at most {MAX_BATCH_REQUEST_ID} characters")));
        }
        let writes = items.iter().filter_map(|Numbered(_, item)| item.write());
        if let Some((entity, verb)) = writes.into_iter().find(|(entity, verb)| !may_write(*entity, verb)) {
            return Err(Error::Invalid(format!(
                "this crate does not {verb} a {entity}; see its list of what it sends"
            )));
        }
        let request = Request { items: &items };
        let body = serde_json::to_vec(&request).map_err(|error| Error::Invalid(error.to_string()))?;
        let safety = if items.iter().all(|Numbered(_, item)| item.is_read()) { Safety::Read } else { Safety::Write };
        let parameters: &[(&str, &str)] = match &request_id {
            Some(id) => &[("requestid", id)],
            None => &[],
        };
        let request =
            ApiRequest::post(self.path("batch", parameters), body).with_classes(config::BATCH).with_safety(safety);
        let what = || format!("a batch of {} items", items.len());
        let answer = self.call(request, &what).await?;
        self.read(&answer, &what, |object| {
            let raw = object.get("BatchItemResponse").ok_or("it has no BatchItemResponse")?;
            let answers: Vec<Object<'_>> = serde_json::from_str(raw.get())?;
            Ok(matched(&items, &answers))
        })
    }
}

/// A result for each item, by `bId`.
fn matched(items: &[Numbered<'_>], answers: &[Object<'_>]) -> Vec<BatchResult> {
    let mut by_id: HashMap<usize, Result<&Object<'_>, ()>> = HashMap::with_capacity(answers.len());
    for answer in answers {
        if let Some(id) = answer.get_as::<String>("bId").and_then(|id| id.parse().ok()) {
            // Two answers under one id: neither can be trusted.
            by_id.entry(id).and_modify(|known| *known = Err(())).or_insert(Ok(answer));
        }
    }
    let results = items.iter().map(|Numbered(number, item)| match by_id.get(number) {
        Some(Ok(answer)) => result(item, answer),
        Some(Err(())) => BatchResult::Unknown("the batch answer has two results for it".to_owned()),
        None => BatchResult::Unknown("the batch answer has no result for it".to_owned()),
    });
    results.collect()
}

fn result(item: &BatchItem<'_>, answer: &Object<'_>) -> BatchResult {
    if let Some(fault) = Fault::of(answer) {
        return BatchResult::Refused(fault);
    }
    let unknown = |problem: &str| BatchResult::Unknown(format!("its result in the batch answer {problem}"));
    match item {
        BatchItem::Query(query) => match answer.get("QueryResponse") {
            Some(raw) => {
                super::objects(raw, query.entity()).map_or_else(|e| unknown(&e.to_string()), BatchResult::Found)
            }
            None => unknown("has no QueryResponse"),
        },
        BatchItem::Create(entity, _) | BatchItem::Update(entity, _) | BatchItem::Delete(entity, _) => {
            match answer.get(entity.as_str()) {
                Some(raw) => BatchResult::Entity(raw.to_owned()),
                None => unknown(&format!("has no {entity}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_matched_by_id_and_never_by_position() {
        // given an answer out of order, with a fault, one item twice, one missing
        let body: Box<RawValue> = serde_json::from_str("{}").unwrap();
        let items: Vec<BatchItem<'_>> = (0..5).map(|_| BatchItem::Create(Entity::Bill, &body)).collect();
        let answers: Vec<Object<'_>> = serde_json::from_str(
            r#"[{"bId":"3","Bill":{"Id":"33"}},{"bId":"0","Bill":{"Id":"30"}},{"Fault":{"Error":[{"code":"6000"}]},"bId":"1"},
               {"bId":"4","Bill":{"Id":"1"}},{"bId":"4","Bill":{"Id":"2"}},{"bId":"99","Bill":{"Id":"3"}},{"Bill":{}}]"#,
        )
        .unwrap();
        // when they are matched
        let items: Vec<Numbered<'_>> = items.iter().enumerate().map(|(i, item)| Numbered(i, item)).collect();
        let results = matched(&items, &answers);
        // then each is told apart
        let texts: Vec<String> = results
            .iter()
            .map(|result| match result {
                BatchResult::Entity(raw) => raw.get().to_owned(),
                BatchResult::Found(_) => "found".to_owned(),
                BatchResult::Refused(fault) => fault.to_string(),
                BatchResult::Unknown(text) => text.clone(),
            })
            .collect();
        assert_eq!(texts[0], r#"{"Id":"30"}"#);
        assert!(texts[1].contains("6000"));
        assert!(texts[2].contains("no result"));
        assert_eq!(texts[3], r#"{"Id":"33"}"#);
        assert!(texts[4].contains("two results"));
    }
}
