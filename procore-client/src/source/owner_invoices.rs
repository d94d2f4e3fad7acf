//! Reading owner invoices, each with the application before it.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, BoxStream, StreamExt};
use sync_core::Error as CoreError;
use sync_core::connector::Fetched;
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, DocumentKind, OwnerInvoiceId, PrimeContractId, ProjectId};

use super::{ProcoreSource, each};
use crate::convert::Place;
use crate::convert::codes::is_incomplete;
use crate::convert::owner_invoice::{Around, KnownPrimeContract, codes_of, line_of, owner_invoice};
use crate::error::Error;
use crate::wire::payment_applications::{PaymentApplication, Row};
use crate::wire::{BadValue, Record};

/// The owner invoices of a project: all as the list has them, some as they are shown, which alone have rows.
struct Listed<'a> {
    by_id: HashMap<&'a str, &'a Record<PaymentApplication>>,
    by_contract: HashMap<&'a PrimeContractId, Vec<&'a PaymentApplication>>,
    /// Contracts with an application that cannot be read at all.
    broken: HashSet<&'a str>,
}

/// The application before one, in the list.
enum Before<'a> {
    First,
    Found(&'a PaymentApplication),
    Unusable(&'static str),
}

impl<'a> Listed<'a> {
    fn new(records: &'a [Record<PaymentApplication>]) -> Self {
        let mut listed = Self { by_id: HashMap::new(), by_contract: HashMap::new(), broken: HashSet::new() };
        for record in records {
            match record {
                Ok(wire) => {
                    listed.by_id.insert(wire.id.as_str(), record);
                    if let Some(contract) = wire.contract_id() {
                        listed.by_contract.entry(contract).or_default().push(wire);
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

    /// By number: owner invoices do not name the one before.
    fn before(&self, wire: &PaymentApplication) -> Before<'a> {
        let Some(contract) = wire.contract_id() else { return Before::First };
        if self.broken.contains(contract.as_str()) {
            return Before::Unusable(
                "another application of the same contract cannot be read, and it may be the one before",
            );
        }
        let siblings = self.by_contract.get(contract).map(Vec::as_slice).unwrap_or_default();
        let lower = siblings.iter().filter(|other| other.number.is_some() && other.number < wire.number);
        lower.max_by_key(|other| other.number).map_or(Before::First, |previous| Before::Found(previous))
    }
}

type Shown = HashMap<OwnerInvoiceId, Option<Record<PaymentApplication>>>;

impl ProcoreSource {
    pub(super) fn all_owner_invoices(&self, project: ProjectId) -> BoxStream<'_, Result<Vec<Fetched>, CoreError>> {
        // One step for all: each application needs the one before it.
        let all = async move {
            let list = self.listed_owner_invoices(&project).await?;
            let wanted: Vec<&Record<PaymentApplication>> = list.iter().collect();
            Ok(self.owner_invoices(&project, &list, &wanted).await?)
        };
        stream::once(all).boxed()
    }

    /// The owner invoices of a project as a list tells them now.
    pub(super) async fn listed_owner_invoices(
        &self,
        project: &ProjectId,
    ) -> Result<Vec<Record<PaymentApplication>>, Error> {
        self.of_tool(project, self.procore.payment_applications(project).await).await
    }

    /// The wanted ones of a list as documents.
    async fn owner_invoices(
        &self,
        project: &ProjectId,
        list: &[Record<PaymentApplication>],
        wanted: &[&Record<PaymentApplication>],
    ) -> Result<Vec<Fetched>, Error> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let listed = Listed::new(list);
        let project_number = self.project_number(project).await?;
        let shown = self.shown_owner_invoices(project, &listed, wanted).await?;
        // One after the other: the first of a contract reads what the others need.
        let mut fetched = Vec::with_capacity(wanted.len());
        for record in wanted {
            fetched.push(self.owner_invoice(project, project_number.as_deref(), record, &listed, &shown).await?);
        }
        Ok(fetched)
    }

    /// The wanted ones and those before them, each read once.
    async fn shown_owner_invoices(
        &self,
        project: &ProjectId,
        listed: &Listed<'_>,
        wanted: &[&Record<PaymentApplication>],
    ) -> Result<Shown, Error> {
        let mut asked = HashSet::new();
        let mut ids: Vec<&OwnerInvoiceId> = Vec::with_capacity(wanted.len());
        for wire in wanted.iter().filter_map(|record| record.as_ref().ok()) {
            let before = match listed.before(wire) {
                Before::Found(previous) => Some(&previous.id),
                _ => None,
            };
            ids.extend([Some(&wire.id), before].into_iter().flatten().filter(|id| asked.insert((*id).clone())));
        }
        let shown = each(ids.iter().map(|id| self.procore.payment_application(project, id)).collect()).await?;
        Ok(ids.into_iter().cloned().zip(shown).collect())
    }

    async fn owner_invoice(
        &self,
        project: &ProjectId,
        project_number: Option<&str>,
        record: &Record<PaymentApplication>,
        listed: &Listed<'_>,
        shown: &Shown,
    ) -> Result<Fetched, Error> {
        let currency = self.procore.currency();
        let place = Place { kind: DocumentKind::OwnerInvoice, project: Some(project), currency };
        let row = match record {
            Ok(row) => row,
            Err(bad) => return Ok(place.bad_record(bad)),
        };
        let wire = match shown.get(&row.id) {
            Some(Some(Ok(wire))) => wire,
            Some(Some(Err(bad))) => return Ok(place.bad_record(bad)),
            _ => return Ok(Fetched::Gone(key(project, &row.id))),
        };
        let unusable = |contract: Option<&str>, bad: &BadValue| {
            let number = wire.number.map_or_else(|| format!("id {}", wire.id), |number| number.to_string());
            let label = wire.invoice_number.clone().unwrap_or_else(|| match contract {
                Some(contract) => format!("{contract}/{number}"),
                None => number,
            });
            let stake = wire.g702.as_ref().and_then(|g702| g702.current_payment_due);
            Ok(place.bad_value(wire.id.as_str(), &label, stake, bad))
        };
        let Some(contract) = wire.contract_id().or(row.contract_id()) else {
            return unusable(None, &BadValue::new("contract.id", "it is missing"));
        };
        let known = match self.known_prime_contract(project, contract).await {
            Ok(Some(known)) => known,
            Ok(None) => {
                let problem = format!("its contract (id {contract}) is not there, or the account may not see it");
                return unusable(None, &BadValue::new("contract.id", problem));
            }
            Err(Error::Record { record, .. }) => {
                let problem = format!("its contract cannot be read: {record}");
                return unusable(None, &BadValue::new("contract.id", problem));
            }
            Err(error) => return Err(error),
        };
        let previous = match listed.before(row) {
            Before::First => None,
            Before::Unusable(problem) => {
                return unusable(Some(&known.number), &BadValue::new("number", problem));
            }
            Before::Found(previous) => match shown.get(&previous.id) {
                Some(Some(Ok(shown))) => Some(shown),
                Some(Some(Err(bad))) => {
                    let problem = format!("the application before it cannot be read: {bad}");
                    return unusable(Some(&known.number), &BadValue::new("number", problem));
                }
                _ => {
                    let problem = format!("the application before it (id {}) was deleted just now", previous.id);
                    return unusable(Some(&known.number), &BadValue::new("number", problem));
                }
            },
        };
        let mut book = self.code_book(project).await?;
        if wire.g703.iter().flatten().any(|row| is_uncoded(row, &known, &book)) {
            book = self.with_segments(project, book).await?;
        }
        let around = Around { project, project_number, contract: &known, previous, book: &book, currency };
        match owner_invoice(wire, around) {
            // What is shown alone does not say when it changed.
            Ok(mut document) => {
                document.updated_at = document.updated_at.or(row.updated_at);
                Ok(Fetched::Found(Box::new(Document::OwnerInvoice(document))))
            }
            Err(bad) => unusable(Some(&known.number), &bad),
        }
    }

    pub(super) async fn fetch_owner_invoice(
        &self,
        project: &ProjectId,
        id: &OwnerInvoiceId,
    ) -> Result<Fetched, CoreError> {
        let list = self.procore.payment_applications(project).await?;
        self.one_owner_invoice(project, list, id).await
    }

    /// One of a list. Absence from a list proves nothing, so it is looked for by its id then.
    async fn one_owner_invoice(
        &self,
        project: &ProjectId,
        mut list: Vec<Record<PaymentApplication>>,
        id: &OwnerInvoiceId,
    ) -> Result<Fetched, CoreError> {
        if !Listed::new(&list).by_id.contains_key(id.as_str()) {
            match self.procore.payment_application(project, id).await? {
                Some(record) => list.push(record),
                None => return Ok(Fetched::Gone(key(project, id))),
            }
        }
        let wanted: Vec<_> = Listed::new(&list).by_id.get(id.as_str()).copied().into_iter().collect();
        let fetched = self.owner_invoices(project, &list, &wanted).await?.into_iter().next();
        Ok(fetched.unwrap_or_else(|| Fetched::Gone(key(project, id))))
    }

    pub(super) async fn fetch_owner_invoices(
        &self,
        project: &ProjectId,
        ids: &[&str],
    ) -> Result<Vec<Fetched>, CoreError> {
        let list = self.procore.payment_applications(project).await?;
        let listed = Listed::new(&list);
        let wanted: Vec<_> = ids.iter().filter_map(|id| listed.by_id.get(id).copied()).collect();
        let mut converted = self.owner_invoices(project, &list, &wanted).await?.into_iter();
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            let of_list = if listed.by_id.contains_key(id) { converted.next() } else { None };
            answers.push(match of_list {
                Some(fetched) => fetched,
                None => self.one_owner_invoice(project, list.clone(), &OwnerInvoiceId::from(*id)).await?,
            });
        }
        Ok(answers)
    }
}

/// Would the budget codes of the project tell more about a row?
fn is_uncoded(row: &Row, contract: &KnownPrimeContract, book: &crate::convert::codes::CodeBook) -> bool {
    let known = line_of(row).is_some_and(|id| contract.codes.contains_key(&id));
    !known && is_incomplete(&codes_of(row, book))
}

fn key(project: &ProjectId, id: &OwnerInvoiceId) -> DocumentKey {
    DocumentKey::within(DocumentKind::OwnerInvoice, project, id)
}
