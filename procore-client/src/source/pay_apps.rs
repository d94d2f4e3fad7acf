//! Reading pay apps, each with the application before it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use sync_core::Error as CoreError;
use sync_core::connector::Fetched;
use sync_core::model::construction::Document;
use sync_core::model::{CommitmentId, DocumentKey, DocumentKind, PayAppId, ProjectId, SovLineId};

use super::{FEW, ProcoreSource, each};
use crate::convert::Place;
use crate::convert::codes::is_incomplete;
use crate::convert::pay_app::{Around, KnownCommitment, pay_app};
use crate::error::Error;
use crate::resources::Only;
use crate::wire::commitments::kind_of;
use crate::wire::requisitions::{Item, Requisition};
use crate::wire::{BadValue, Record};

/// Pay apps that are turned into documents in one go.
const STEP: usize = 200;

/// The application before one.
enum Before<'a> {
    /// There is none.
    First,
    Found(&'a Requisition),
    /// There is one, and why it cannot be used.
    Unusable(String),
}

/// The pay apps of a list, to find the ones before.
struct Listed<'a> {
    by_id: HashMap<&'a str, &'a Record<Requisition>>,
    by_commitment: HashMap<&'a CommitmentId, Vec<&'a Requisition>>,
    /// Commitments with an application that cannot be read at all.
    broken: HashSet<&'a str>,
}

impl<'a> Listed<'a> {
    fn new(records: &'a [Record<Requisition>]) -> Self {
        let mut listed = Self {
            by_id: HashMap::with_capacity(records.len()),
            by_commitment: HashMap::new(),
            broken: HashSet::new(),
        };
        for record in records {
            match record {
                Ok(requisition) => {
                    listed.by_id.insert(requisition.id.as_str(), record);
                    if let Some(commitment) = &requisition.commitment_id {
                        listed.by_commitment.entry(commitment).or_default().push(requisition);
                    }
                }
                Err(bad) => {
                    if let Some(id) = &bad.id {
                        listed.by_id.insert(id, record);
                    }
                    listed.broken.extend(bad.contract.as_deref());
                }
            }
        }
        listed
    }

    fn before(&self, requisition: &Requisition) -> Before<'a> {
        if let Some(id) = &requisition.previous_requisition_id {
            return match self.by_id.get(id.as_str()) {
                Some(Ok(previous)) => Before::Found(previous),
                Some(Err(bad)) => Before::Unusable(format!("the application before it cannot be read: {bad}")),
                None => Before::Unusable(format!(
                    "the application before it (id {id}) is not there, or the account may not see it"
                )),
            };
        }
        let Some(commitment) = &requisition.commitment_id else { return Before::First };
        let siblings = self.by_commitment.get(commitment).map(Vec::as_slice).unwrap_or_default();
        let lower = siblings.iter().filter(|other| other.number.is_some() && other.number < requisition.number);
        match lower.max_by_key(|other| other.number) {
            Some(previous) => Before::Found(previous),
            None if self.broken.contains(commitment.as_str()) => Before::Unusable(
                "another application of the same commitment cannot be read, and it may be the one before".to_owned(),
            ),
            None => Before::First,
        }
    }
}

impl ProcoreSource {
    pub(super) fn all_pay_apps(&self, project: ProjectId) -> BoxStream<'_, Result<Vec<Fetched>, CoreError>> {
        // One step for all: each application needs the one before it, which may stand on any page.
        let all = async move {
            let records = self.procore.requisitions(&project, Only::ALL).await?;
            let wanted: Vec<&Record<Requisition>> = records.iter().collect();
            Ok(self.pay_apps(&project, &records, &wanted).await?)
        };
        stream::once(all).boxed()
    }

    /// The wanted ones of a list as documents.
    async fn pay_apps<'a>(
        &self,
        project: &ProjectId,
        list: &[Record<Requisition>],
        wanted: &[&'a Record<Requisition>],
    ) -> Result<Vec<Fetched>, Error> {
        let listed = Listed::new(list);
        let project_number = self.project_number(project).await?;
        self.know_commitments(project, wanted).await?;
        let listed = &listed;
        let project_number = project_number.as_deref();
        let mut fetched = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(STEP) {
            let one = |record: &&'a Record<Requisition>| self.pay_app(project, project_number, record, listed);
            fetched.extend(each(some.iter().map(one).collect()).await?);
        }
        Ok(fetched)
    }

    /// Many commitments that are not known yet are read as a list, not one by one.
    async fn know_commitments(&self, project: &ProjectId, wanted: &[&Record<Requisition>]) -> Result<(), Error> {
        let oldest = self.oldest();
        let mut asked: HashSet<&CommitmentId> = HashSet::new();
        let mut unknown = 0;
        for id in wanted.iter().filter_map(|record| record.as_ref().ok()?.commitment_id.as_ref()) {
            let known =
                !asked.insert(id) || self.kept.commitments.peek(&(project.clone(), id.clone()), oldest).await.is_some();
            unknown += usize::from(!known);
        }
        if unknown > FEW {
            self.read_commitments(project).await?;
        }
        Ok(())
    }

    async fn pay_app(
        &self,
        project: &ProjectId,
        project_number: Option<&str>,
        record: &Record<Requisition>,
        listed: &Listed<'_>,
    ) -> Result<Fetched, Error> {
        let currency = self.procore.currency();
        let place = Place { kind: DocumentKind::PayApp, project: Some(project), currency };
        let wire = match record {
            Ok(wire) => wire,
            Err(bad) => return Ok(place.bad_record(bad)),
        };
        let unusable = |label: Option<&str>, bad: &BadValue| {
            let number = wire.number.map_or_else(|| format!("id {}", wire.id), |number| number.to_string());
            let label = match label.or(wire.contract_name.as_deref()) {
                Some(commitment) => format!("{commitment}/{number}"),
                None => number,
            };
            let stake = wire.summary.as_ref().and_then(|summary| summary.current_payment_due);
            place.bad_value(wire.id.as_str(), &label, stake, bad)
        };
        let Some(commitment) = &wire.commitment_id else {
            return Ok(unusable(None, &BadValue::new("commitment_id", "it is missing")));
        };
        let kind = wire.commitment_type.as_deref().and_then(kind_of);
        let known = match self.known_commitment(project, commitment, kind).await {
            Ok(Some(known)) => known,
            Ok(None) => {
                let problem = format!("its commitment (id {commitment}) is not there, or the account may not see it");
                return Ok(unusable(None, &BadValue::new("commitment_id", problem)));
            }
            Err(Error::Record { record, .. }) => {
                let problem = format!("its commitment cannot be read: {record}");
                return Ok(unusable(None, &BadValue::new("commitment_id", problem)));
            }
            Err(error) => return Err(error),
        };
        let previous = match listed.before(wire) {
            Before::First => None,
            Before::Found(previous) => Some(previous),
            Before::Unusable(problem) => {
                return Ok(unusable(Some(&known.number), &BadValue::new("previous_requisition_id", problem)));
            }
        };
        let details = self.details_of(project, wire, &known).await?;
        let held = self.held(project, wire).await?;
        let held = match held {
            Ok(held) => held,
            Err(bad) => return Ok(unusable(Some(&known.number), &bad)),
        };
        let mut book = self.code_book(project).await?;
        let uncoded = |item: &Item| {
            let id = item.line_item_id.as_ref().or_else(|| details.as_ref()?.get(item.detail_line_item_id.as_deref()?));
            let known = id.is_some_and(|id| known.codes.contains_key(id));
            !known && is_incomplete(&book.row(item.wbs_code.as_ref(), item.cost_code_id.as_ref()))
        };
        if wire.items.iter().flatten().any(uncoded) {
            book = self.with_segments(project, book).await?;
        }
        let around = Around {
            project,
            project_number,
            commitment: &known,
            previous,
            details: details.as_deref(),
            held: held.as_deref(),
            book: &book,
            currency,
        };
        Ok(match pay_app(wire, around) {
            Ok(document) => Fetched::Found(Box::new(Document::PayApp(document))),
            Err(bad) => unusable(Some(&known.number), &bad),
        })
    }

    /// Only pay apps by a subcontractor's own schedule need to know what its lines detail.
    async fn details_of(
        &self,
        project: &ProjectId,
        wire: &Requisition,
        commitment: &KnownCommitment,
    ) -> Result<Option<Arc<HashMap<String, SovLineId>>>, Error> {
        let detailed = |item: &Item| item.detail_line_item_id.is_some() && item.line_item_id.is_none();
        if !wire.items.iter().flatten().any(detailed) {
            return Ok(None);
        }
        self.details(project, commitment.kind, &commitment.id).await.map(Some)
    }

    /// The G703, if it is wanted and the rows do not carry what is held already.
    async fn held(
        &self,
        project: &ProjectId,
        wire: &Requisition,
    ) -> Result<Result<Option<Vec<Item>>, BadValue>, Error> {
        let stated = |item: &Item| item.total_retainage_currently_retained.is_some();
        if !self.options.retainage_detail || wire.items.iter().flatten().all(stated) {
            return Ok(Ok(None));
        }
        let rows = self.procore.requisition_detail(project, &wire.id).await?;
        let rows: Result<Vec<_>, _> = rows.into_iter().collect();
        Ok(rows.map(Some).map_err(|bad| BadValue::new(format!("detail.{}", bad.path), bad.problem)))
    }

    pub(super) async fn fetch_pay_app(&self, project: &ProjectId, id: &PayAppId) -> Result<Fetched, CoreError> {
        let Some(record) = self.procore.requisition(project, id).await? else {
            return Ok(Fetched::Gone(DocumentKey::within(DocumentKind::PayApp, project, id)));
        };
        let mut list = vec![record];
        if let Some(Ok(wire)) = list.first() {
            list.extend(self.earlier(project, wire).await?);
        }
        let Some(wanted) = list.first() else {
            return Ok(Fetched::Gone(DocumentKey::within(DocumentKind::PayApp, project, id)));
        };
        let fetched = self.pay_apps(project, &list, &[wanted]).await?;
        fetched
            .into_iter()
            .next()
            .ok_or_else(|| CoreError::new(sync_core::ErrorKind::Internal, "a pay app was read and not converted"))
    }

    /// The application before, by its id; where the pay app does not name it, all of the commitment.
    async fn earlier(&self, project: &ProjectId, wire: &Requisition) -> Result<Vec<Record<Requisition>>, Error> {
        match (&wire.previous_requisition_id, &wire.commitment_id) {
            (Some(previous), _) => Ok(self.procore.requisition(project, previous).await?.into_iter().collect()),
            (None, Some(commitment)) if wire.number != Some(1) => {
                let scope = Only { updated: None, contract: Some(commitment) };
                let own = |record: &Record<Requisition>| record.as_ref().is_ok_and(|other| other.id == wire.id);
                let siblings = self.procore.requisitions(project, scope).await?;
                Ok(siblings.into_iter().filter(|record| !own(record)).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    pub(super) async fn fetch_pay_apps(&self, project: &ProjectId, ids: &[&str]) -> Result<Vec<Fetched>, CoreError> {
        let list = self.procore.requisitions(project, Only::ALL).await?;
        let listed: HashMap<&str, &Record<Requisition>> = list
            .iter()
            .filter_map(|record| match record {
                Ok(requisition) => Some((requisition.id.as_str(), record)),
                Err(bad) => Some((bad.id.as_deref()?, record)),
            })
            .collect();
        let wanted: Vec<&Record<Requisition>> = ids.iter().filter_map(|id| listed.get(id).copied()).collect();
        let mut converted = self.pay_apps(project, &list, &wanted).await?.into_iter();
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let of_list = if listed.contains_key(id) { converted.next() } else { None };
            answers.push(match of_list {
                Some(fetched) => fetched,
                // Absence from a list proves nothing.
                None => self.fetch_pay_app(project, &PayAppId::from(*id)).await?,
            });
        }
        Ok(answers)
    }
}
