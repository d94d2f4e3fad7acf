//! Reading whole lists with as few requests as possible.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset};
use futures_util::future::try_join_all;
use serde_json::value::RawValue;

use super::batch::{BatchItem, BatchResult};
use super::{Answer, QuickBooks};
use crate::error::Error;
use crate::query::Query;
use crate::raw::id_of;

/// Objects that one batch answer holds at most, over all its items.
const BATCH_CAP: usize = 1000;
/// How often a list is read anew because it moved while it was read.
const TRIES: u32 = 3;
/// The answer to an item is too large.
const TOO_LARGE: u32 = 10100;
/// The company's edition lacks the feature.
const NOT_IN_EDITION: u32 = 5030;

/// Whole answers to several queries.
#[derive(Debug)]
pub struct Loaded {
    /// The objects of each query, in the order of the queries.
    pub lists: Vec<Vec<Box<RawValue>>>,
    /// The server's time when reading began: changes since then may be missing.
    pub time: Option<DateTime<FixedOffset>>,
    /// Was one batch not enough?
    pub paged: bool,
}

impl QuickBooks {
    /// Everything that the queries find, whatever their pages: small companies in one batch request, larger ones page by
    /// page. A list that the company's edition does not have is empty.
    ///
    /// # Errors
    /// [`Error`] if any of them cannot be read whole.
    pub async fn load(&self, queries: &[Query]) -> Result<Loaded, Error> {
        if let [query] = queries {
            // One by itself does not count as a batch, of which fewer are allowed.
            let (objects, time) = self.all_timed(query).await?;
            return Ok(Loaded { paged: objects.len() >= query.max() as usize, lists: vec![objects], time });
        }
        let mut lists: Vec<Vec<Box<RawValue>>> = Vec::with_capacity(queries.len());
        let (mut time, mut paged) = (None, queries.len() > self.config().batch_items);
        for chunk in queries.chunks(self.config().batch_items.max(1)) {
            let pages: Vec<Query> = chunk.iter().map(|query| query.clone().page(1, self.config().page)).collect();
            let items: Vec<BatchItem<'_>> = pages.iter().map(BatchItem::Query).collect();
            let answer = self.batch(&items, None).await?;
            time = time.or(answer.time);
            let (found, cut) = Self::sort(&answer, &pages)?;
            paged |= !cut.is_empty();
            let rest = cut.iter().filter_map(|index| pages.get(*index)).map(|query| self.all(query));
            let rest = try_join_all(rest).await?;
            let first = lists.len();
            lists.extend(found);
            for (index, objects) in cut.iter().zip(rest) {
                if let Some(list) = lists.get_mut(first + index) {
                    *list = objects;
                }
            }
        }
        Ok(Loaded { lists, time, paged })
    }

    /// What the batch found, and which of the queries must be read page by page.
    fn sort(answer: &Answer<Vec<BatchResult>>, queries: &[Query]) -> Result<Sorted, Error> {
        let mut found = Vec::with_capacity(queries.len());
        let mut cut = Vec::new();
        for (index, (result, query)) in answer.value.iter().zip(queries).enumerate() {
            let what = || format!("the query of {}", query.entity());
            let objects: &[Box<RawValue>] = match result {
                BatchResult::Found(objects) => objects,
                BatchResult::Refused(fault) if fault.has(TOO_LARGE) => {
                    cut.push(index);
                    &[]
                }
                BatchResult::Refused(fault) if fault.has(NOT_IN_EDITION) => {
                    tracing::warn!(entity = %query.entity(), "the company's edition has none of these");
                    &[]
                }
                BatchResult::Refused(fault) => {
                    let (fault, request_id) = (fault.clone(), answer.request_id.clone());
                    return Err(Error::Refused { what: what(), status: 200, fault, request_id });
                }
                BatchResult::Entity(_) => return Err(Error::unreadable(&what(), &"it is an entity")),
                BatchResult::Unknown(problem) => return Err(Error::unreadable(&what(), problem)),
            };
            if objects.len() >= query.max() as usize {
                cut.push(index);
            }
            found.push(objects.to_vec());
        }
        if found.iter().map(Vec::len).sum::<usize>() >= BATCH_CAP {
            // Any of them may have been cut, also to nothing; only those of one object cannot.
            cut = (0..found.len()).filter(|i| queries.get(*i).is_some_and(|q| !q.entity().is_single())).collect();
        }
        Ok((found, cut))
    }

    /// All pages of a query.
    ///
    /// Pages overlap by one object. If the first object of a page was not on an earlier one, something was deleted while
    /// the pages were read and an object slipped past: the list is read anew.
    ///
    /// # Errors
    /// [`Error`] if a page cannot be read, or the list moved at every try.
    pub async fn all(&self, query: &Query) -> Result<Vec<Box<RawValue>>, Error> {
        Ok(self.all_timed(query).await?.0)
    }

    async fn all_timed(&self, query: &Query) -> Result<Timed, Error> {
        if query.entity().is_single() {
            let answer = self.page(query).await?;
            return Ok((answer.value, answer.time));
        }
        for _ in 0..TRIES {
            if let Some(found) = self.all_once(query).await? {
                return Ok(found);
            }
            tracing::warn!(entity = %query.entity(), "the list changed while it was read; it is read anew");
        }
        let problem = "the list changed each time while it was read; try again when fewer people are at work";
        Err(Error::unreadable(&format!("the query of {}", query.entity()), &problem))
    }

    async fn all_once(&self, query: &Query) -> Result<Option<Timed>, Error> {
        let size = self.config().page.clamp(2, crate::query::MAX_PAGE);
        let mut objects: Vec<Box<RawValue>> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        let mut start = 1_u32;
        let mut time = None;
        loop {
            let page = query.clone().order_by("MetaData.CreateTime").page(start, size);
            let answer = self.page(&page).await?;
            time = time.or(answer.time);
            let full = answer.value.len() >= size as usize;
            for (index, object) in answer.value.into_iter().enumerate() {
                let new = seen.insert(id_of(&object));
                if index == 0 && start > 1 && new {
                    return Ok(None);
                }
                if new {
                    objects.push(object);
                }
            }
            if !full {
                return Ok(Some((objects, time)));
            }
            start = start.saturating_add(size - 1);
        }
    }
}

/// The objects of each query, and the places of those that were cut.
type Sorted = (Vec<Vec<Box<RawValue>>>, Vec<usize>);

/// Objects, and the server's time when reading them began.
type Timed = (Vec<Box<RawValue>>, Option<DateTime<FixedOffset>>);
