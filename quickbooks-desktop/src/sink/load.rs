//! Reading the company file: whole at first, afterwards what changed and what was deleted.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};
use sync_core::connector::Found;
use sync_core::model::{Currency, TargetKind, TargetRef};
use sync_core::{Error, ErrorKind};

use super::DesktopSink;
use super::mirror::{Held, Mirror};
use super::read;
use super::write::{LIST_TYPES, TXN_TYPES};
use crate::qbxml::objects::{
    Account, Class, DeletedList, DeletedTxn, Item, Moments, Preferences, Query, QueryKind, Record, Request, Select,
    Terms,
};
use crate::qbxml::{Advice, Element, QbDateTime};
use crate::web_connector::{Response, Undelivered};

/// What a visit is read with. Those referred to come first.
pub(super) const KINDS: [QueryKind; 13] = [
    QueryKind::Account,
    QueryKind::Item,
    QueryKind::Class,
    QueryKind::Terms,
    QueryKind::Entity,
    QueryKind::PurchaseOrder,
    QueryKind::Bill,
    QueryKind::VendorCredit,
    QueryKind::Estimate,
    QueryKind::Invoice,
    QueryKind::CreditMemo,
    QueryKind::JournalEntry,
    QueryKind::Customer,
];

/// The wall clock repeats an hour in autumn, and a record may be saved while it is read: the window of changes begins so
/// long before the last one that was seen.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(61);
/// Begun anew, since the visit ended in between.
const TRIES: u32 = 4;

pub(super) fn failed(undelivered: &Undelivered) -> Error {
    Error::new(ErrorKind::Unavailable, format!("QuickBooks Desktop: {undelivered}"))
}

impl DesktopSink {
    pub(super) async fn bring_up_to_date(&self) -> Result<(), Error> {
        let since = {
            let mirror = self.mirror();
            mirror.latest.filter(|_| mirror.is_loaded())
        };
        let select = match since {
            None => Select::All,
            Some(latest) => Select::Modified(Moments { from: moment(latest - OVERLAP), to: None }),
        };
        let mut queries: Vec<Query> = KINDS.iter().map(|kind| self.query(*kind, select.clone())).collect();
        queries.push(self.query(QueryKind::Vendor, select.clone()));
        let mut requests: Vec<Request> = Vec::new();
        if let Some(latest) = since {
            let window = Moments { from: moment(latest - OVERLAP), to: None };
            requests.push(Request::TxnDeleted(TXN_TYPES.to_vec(), window.clone()));
            requests.push(Request::ListDeleted(LIST_TYPES.to_vec(), window));
        }
        requests.push(Request::Preferences);
        let records = self.read_all(&queries, &requests).await?;
        let mut mirror = if since.is_some() { std::mem::take(&mut *self.mirror_mut()) } else { Mirror::default() };
        let taken = self.take(&mut mirror, records);
        mirror.set_loaded();
        mirror.links = self.desk.links().map_err(|e| Error::new(ErrorKind::Journal, e.to_string()))?;
        relink(&mut mirror);
        *self.mirror_mut() = mirror;
        taken
    }

    fn query(&self, kind: QueryKind, select: Select) -> Query {
        Query::new(kind, select).paged(self.options.page)
    }

    /// All records of the queries, page by page within one visit, and those of further requests.
    pub(super) async fn read_all(&self, queries: &[Query], also: &[Request]) -> Result<Vec<Element<'static>>, Error> {
        let mut problem = Undelivered::VisitEnded;
        for _ in 0..TRIES {
            match self.read_once(queries, also).await {
                Ok(records) => return Ok(records),
                Err(Retry::Again(undelivered)) => problem = undelivered,
                Err(Retry::Never(error)) => return Err(*error),
            }
        }
        Err(failed(&problem))
    }

    async fn read_once(&self, queries: &[Query], also: &[Request]) -> Result<Vec<Element<'static>>, Retry> {
        let mut records = Vec::new();
        let mut open: Vec<Query> = queries.to_vec();
        let mut also = also.to_vec();
        let mut visit = None;
        while !open.is_empty() || !also.is_empty() {
            let mut requests: Vec<Request> = open.iter().cloned().map(Request::Query).collect();
            requests.append(&mut also);
            let delivered = self.desk.ask(&requests, visit).await.map_err(Retry::Again)?;
            visit = Some(delivered.visit);
            let responses = delivered.responses(requests.len()).map_err(|problem| {
                Retry::Never(Box::new(Error::new(ErrorKind::Unreadable, format!("QuickBooks Desktop: {problem}"))))
            })?;
            let mut next = Vec::new();
            for (place, response) in responses.into_iter().enumerate() {
                let Some(response) = response else {
                    return Err(Retry::Again(Undelivered::Unknown("QuickBooks left a question unanswered".to_owned())));
                };
                self.judge(&response)?;
                let iterator =
                    response.head.iterator_id.as_deref().filter(|_| response.head.iterator_remaining > Some(0));
                next.extend(iterator.zip(open.get(place)).and_then(|(id, query)| query.next(id)));
                records.extend(response.records);
            }
            open = next;
        }
        Ok(records)
    }

    fn judge(&self, response: &Response) -> Result<(), Retry> {
        let head = &response.head;
        match head.status.advice() {
            Advice::Done | Advice::DoneWithWarning | Advice::NotFound => Ok(()),
            Advice::Retry => Err(Retry::Again(Undelivered::Unknown(head.status.to_string()))),
            _ => {
                let text = format!("QuickBooks Desktop refused {}: {}", head.name, head.status);
                Err(Retry::Never(Box::new(Error::new(ErrorKind::Refused, text))))
            }
        }
    }

    /// Takes records into the mirror. A document that cannot be read is left out, and told.
    pub(super) fn take(&self, mirror: &mut Mirror, records: Vec<Element<'static>>) -> Result<(), Error> {
        let mut taken = Ok(());
        for record in records {
            if let Some(at) = record.child_text("TimeModified").and_then(|text| QbDateTime::new(text).ok()) {
                mirror.latest = mirror.latest.max(Some(at.wall_clock()));
            }
            if let Err(problem) = take_one(mirror, &record, self.options.currency) {
                tracing::warn!(%problem, "a record of QuickBooks cannot be read");
                taken = Err(Error::new(ErrorKind::Unreadable, format!("QuickBooks Desktop: {problem}")));
            }
        }
        taken
    }

    /// The documents as they are now. Those that QuickBooks does not have any more were deleted.
    pub(super) async fn read_targets(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        self.fetch(targets).await?;
        let mirror = self.mirror();
        Ok(targets
            .iter()
            .map(|target| match mirror.held.get(target) {
                Some(held) => Found::Present(Box::new(held.state.clone())),
                None => Found::Deleted,
            })
            .collect())
    }

    /// Reads those that are not known for certain.
    pub(super) async fn fetch(&self, targets: &[TargetRef]) -> Result<(), Error> {
        let mut ids: BTreeMap<TargetKind, Vec<String>> = BTreeMap::new();
        {
            let mirror = self.mirror();
            for target in targets.iter().filter(|target| mirror.current(target).is_none()) {
                ids.entry(target.kind).or_default().push(target.id.to_string());
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let queries =
            ids.iter().filter_map(|(kind, ids)| Some(Query::new(query_kind(*kind)?, Select::Ids(ids.clone()))));
        let queries: Vec<Query> = queries.collect();
        let records = self.read_all(&queries, &[]).await?;
        let mut mirror = self.mirror_mut();
        for (kind, ids) in ids {
            // What a successful answer lacks is not there any more.
            for id in ids {
                mirror.remove(&TargetRef { kind, id: id.into() });
            }
        }
        let mut read = Vec::new();
        for record in &records {
            let held = read::held(record, self.options.currency);
            read.extend(held.map_err(|problem| Error::new(ErrorKind::Unreadable, problem))?);
        }
        for mut held in read {
            super::links::restore(&mut held, &mirror);
            mirror.put(held);
        }
        Ok(())
    }
}

/// Takes a record into the mirror.
///
/// # Errors
/// Which record, which element, what is wrong.
pub(crate) fn take_one(mirror: &mut Mirror, record: &Element<'_>, currency: Currency) -> Result<(), String> {
    let bad = |error: crate::qbxml::objects::ObjectError| error.to_string();
    let id = record.child_text("ListID").unwrap_or_default().to_owned();
    match &*record.name {
        "AccountRet" => drop(mirror.accounts.insert(id, Account::read(record).map_err(bad)?)),
        "ClassRet" => drop(mirror.classes.insert(id, Class::read(record).map_err(bad)?)),
        "StandardTermsRet" | "DateDrivenTermsRet" => {
            mirror.terms.insert(id, Terms::read(record).map_err(bad)?);
        }
        "PreferencesRet" => {
            let preferences = Preferences::read(record).map_err(bad)?;
            mirror.closing_date = preferences.closing_date().map(|date| date.date());
        }
        "TxnDeletedRet" => {
            let deleted = DeletedTxn::read(record).map_err(bad)?;
            let kind = read::kind_of(&format!("{}Ret", deleted.kind.unwrap_or_default()));
            if let Some((kind, id)) = kind.zip(deleted.txn_id) {
                mirror.remove(&TargetRef { kind, id: id.into() });
            }
        }
        "ListDeletedRet" => {
            let deleted = DeletedList::read(record).map_err(bad)?;
            let (kind, id) = (deleted.kind.unwrap_or_default(), deleted.list_id.unwrap_or_default());
            match kind.as_str() {
                "Account" => drop(mirror.accounts.remove(&id)),
                "Class" => drop(mirror.classes.remove(&id)),
                "Customer" | "Vendor" => {
                    let kind = if kind == "Vendor" { TargetKind::Vendor } else { TargetKind::Customer };
                    mirror.remove(&TargetRef { kind, id: id.into() });
                }
                _ => drop(mirror.items.remove(&id)),
            }
        }
        "EmployeeRet" | "OtherNameRet" => {
            let kind = if record.name == "EmployeeRet" { "employee" } else { "other name" };
            mirror.names.insert(record.child_text("Name").unwrap_or_default().to_lowercase(), kind);
        }
        name if name.starts_with("Item") => drop(mirror.items.insert(id, Item::read(record).map_err(bad)?)),
        _ => {
            if let Some(held) = read::held(record, currency)? {
                mirror.put(held);
            }
        }
    }
    Ok(())
}

/// The links of every bill, once all purchase orders are known.
pub(crate) fn relink(mirror: &mut Mirror) {
    let bills: Vec<Held> = mirror.of_kind(TargetKind::Bill).cloned().collect();
    for mut bill in bills {
        super::links::restore(&mut bill, mirror);
        let doubtful = mirror.doubtful.contains(&bill.state.target);
        let target = bill.state.target.clone();
        mirror.put(bill);
        if doubtful {
            mirror.doubtful.insert(target);
        }
    }
}

pub(super) fn query_kind(kind: TargetKind) -> Option<QueryKind> {
    Some(match kind {
        TargetKind::Customer => QueryKind::Customer,
        TargetKind::Vendor => QueryKind::Vendor,
        TargetKind::PurchaseOrder => QueryKind::PurchaseOrder,
        TargetKind::Bill => QueryKind::Bill,
        TargetKind::VendorCredit => QueryKind::VendorCredit,
        TargetKind::Estimate => QueryKind::Estimate,
        TargetKind::Invoice => QueryKind::Invoice,
        TargetKind::CreditMemo => QueryKind::CreditMemo,
        TargetKind::JournalEntry => QueryKind::JournalEntry,
        TargetKind::BillPayment | TargetKind::Payment | TargetKind::Purchase => return None,
    })
}

/// A moment on the clock of the machine that runs QuickBooks, which takes it so when no offset is written.
pub(super) fn moment(at: NaiveDateTime) -> Option<QbDateTime<'static>> {
    QbDateTime::new(at.format("%Y-%m-%dT%H:%M:%S").to_string()).ok()
}

/// Why a reading came to nothing.
enum Retry {
    Again(Undelivered),
    Never(Box<Error>),
}
