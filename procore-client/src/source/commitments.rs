//! Reading commitments with their change orders.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sync_core::connector::Fetched;
use sync_core::model::construction::{Codes, CommitmentKind, Document};
use sync_core::model::{CommitmentId, DocumentKey, DocumentKind, ProjectId, SovLineId, Timestamp};

use super::change_orders::{ChangeOrders, Side};
use super::{ProcoreSource, each};
use crate::client::Page;
use crate::convert::Place;
use crate::convert::codes::{CodeBook, is_incomplete};
use crate::convert::commitment::{Belongs, ChangeOrderRecord, commitment, line_codes, number};
use crate::convert::pay_app::KnownCommitment;
use crate::error::Error;
use crate::resources::{Only, unreadable};
use crate::wire::Record;
use crate::wire::commitments::CommitmentContract;

const KINDS: [CommitmentKind; 2] = [CommitmentKind::Subcontract, CommitmentKind::PurchaseOrder];

/// What the commitments of a project are turned into documents with.
pub(super) struct Surroundings {
    project: ProjectId,
    project_number: Option<String>,
    change_orders: ChangeOrders,
    book: CodeBook,
}

impl ProcoreSource {
    pub(super) fn all_commitments(&self, project: ProjectId) -> BoxStream<'_, Result<Vec<Fetched>, sync_core::Error>> {
        let walk = Walk::new(self, project, None);
        stream::try_unfold(walk, |mut walk| async move { Ok(walk.next().await?.map(|page| (page, walk))) }).boxed()
    }

    /// Reads the commitments of a project so that they are known; the documents are not needed.
    pub(super) async fn read_commitments(&self, project: &ProjectId) -> Result<(), Error> {
        let mut walk = Walk::new(self, project.clone(), None);
        while walk.next().await?.is_some() {}
        Ok(())
    }

    /// Everything that is read once for many commitments; for a single one, only its own change orders.
    async fn surroundings(&self, project: &ProjectId, only: Option<&CommitmentId>) -> Result<Surroundings, Error> {
        Ok(Surroundings {
            project_number: self.project_number(project).await?,
            change_orders: self.change_orders(project, Side::Commitments, only).await?,
            book: self.code_book(project).await?,
            project: project.clone(),
        })
    }

    async fn commitment_page(
        &self,
        around: &Surroundings,
        kind: CommitmentKind,
        records: Vec<Record<CommitmentContract>>,
    ) -> Result<Vec<Fetched>, Error> {
        each(records.iter().map(|record| self.listed_commitment(around, kind, record)).collect()).await
    }

    /// A commitment of a list. Where the list leaves out lines, it is shown; deleted ones cannot be.
    async fn listed_commitment(
        &self,
        around: &Surroundings,
        kind: CommitmentKind,
        record: &Record<CommitmentContract>,
    ) -> Result<Fetched, Error> {
        match record {
            Ok(row) if row.line_items.is_none() && row.deleted_at.is_none() => {
                match self.procore.commitment(kind, &around.project, &row.id).await? {
                    Some(shown) => self.commitment(around, kind, &shown).await,
                    None => Ok(Fetched::Gone(key(&around.project, &row.id))),
                }
            }
            record => self.commitment(around, kind, record).await,
        }
    }

    async fn commitment(
        &self,
        around: &Surroundings,
        kind: CommitmentKind,
        record: &Record<CommitmentContract>,
    ) -> Result<Fetched, Error> {
        let project = &around.project;
        let currency = self.procore.currency();
        let place = Place { kind: DocumentKind::Commitment, project: Some(project), currency };
        let contract = match record {
            Ok(contract) => contract,
            Err(bad) => return Ok(place.bad_record(bad)),
        };
        let change_orders = around.change_orders.get(&contract.id).map(Vec::as_slice).unwrap_or_default();
        let codes = self.codes(project, contract, change_orders, &around.book).await?;
        let belongs = Belongs { kind, project, project_number: around.project_number.as_deref(), currency };
        let document = commitment(contract, change_orders, &codes, belongs);
        self.keep_commitment(project, kind, contract, codes).await;
        Ok(match document {
            Ok(document) => Fetched::Found(Box::new(Document::Commitment(document))),
            Err(bad) => place.bad_value(contract.id.as_str(), &number(contract), contract.grand_total, &bad),
        })
    }

    /// The codes of all lines; the budget codes of the project are read only if a line needs them.
    async fn codes(
        &self,
        project: &ProjectId,
        contract: &CommitmentContract,
        change_orders: &[ChangeOrderRecord],
        book: &CodeBook,
    ) -> Result<HashMap<SovLineId, Codes>, Error> {
        let codes = line_codes(contract, change_orders, book);
        if book.segments.is_some() || !codes.values().any(is_incomplete) {
            return Ok(codes);
        }
        let book = self.with_segments(project, book.clone()).await?;
        Ok(line_codes(contract, change_orders, &book))
    }

    async fn keep_commitment(
        &self,
        project: &ProjectId,
        kind: CommitmentKind,
        contract: &CommitmentContract,
        codes: HashMap<SovLineId, Codes>,
    ) -> Arc<KnownCommitment> {
        let vendor = contract.vendor.as_ref();
        let known = KnownCommitment {
            id: contract.id.clone(),
            kind,
            number: number(contract),
            vendor: vendor.and_then(|vendor| vendor.id.clone()),
            vendor_name: vendor.and_then(|vendor| vendor.name()).map(str::to_owned),
            codes: Arc::new(codes),
        };
        self.kept.commitments.put(&(project.clone(), contract.id.clone()), self.now(), known).await
    }

    /// What pay apps need to know about a commitment, read if it is not known yet; none if it is gone.
    pub(super) async fn known_commitment(
        &self,
        project: &ProjectId,
        id: &CommitmentId,
        kind: Option<CommitmentKind>,
    ) -> Result<Option<Arc<KnownCommitment>>, Error> {
        let name = (project.clone(), id.clone());
        if let Some(known) = self.kept.commitments.peek(&name, self.oldest()).await {
            return Ok(Some(known));
        }
        let Some((kind, record)) = self.show_commitment(project, id, kind).await? else { return Ok(None) };
        let contract = record.map_err(|bad| unreadable("GET /rest/v1.0/…_contracts/{id}", bad))?;
        let change_orders = self.change_orders(project, Side::Commitments, Some(id)).await?;
        let change_orders = change_orders.get(id).map(Vec::as_slice).unwrap_or_default();
        let book = self.code_book(project).await?;
        let codes = self.codes(project, &contract, change_orders, &book).await?;
        Ok(Some(self.keep_commitment(project, kind, &contract, codes).await))
    }

    /// The contract, looked for among both kinds unless the kind is known.
    async fn show_commitment(
        &self,
        project: &ProjectId,
        id: &CommitmentId,
        kind: Option<CommitmentKind>,
    ) -> Result<Option<(CommitmentKind, Record<CommitmentContract>)>, Error> {
        let known = self.kept.commitments.peek(&(project.clone(), id.clone()), Timestamp::MIN_UTC).await;
        let kinds = match kind.or(known.map(|known| known.kind)) {
            Some(CommitmentKind::PurchaseOrder) => [CommitmentKind::PurchaseOrder, CommitmentKind::Subcontract],
            _ => KINDS,
        };
        for kind in kinds {
            if let Some(record) = self.procore.commitment(kind, project, id).await? {
                return Ok(Some((kind, record)));
            }
        }
        Ok(None)
    }

    pub(super) async fn fetch_commitment(
        &self,
        project: &ProjectId,
        id: &CommitmentId,
    ) -> Result<Fetched, sync_core::Error> {
        match self.show_commitment(project, id, None).await? {
            Some((kind, record)) => {
                let around = self.surroundings(project, Some(id)).await?;
                Ok(self.commitment(&around, kind, &record).await?)
            }
            None => Ok(Fetched::Gone(key(project, id))),
        }
    }

    pub(super) async fn fetch_commitments(
        &self,
        project: &ProjectId,
        ids: &[&str],
    ) -> Result<Vec<Fetched>, sync_core::Error> {
        let wanted = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut found: HashMap<String, Fetched> = HashMap::with_capacity(ids.len());
        let mut walk = Walk::new(self, project.clone(), Some(wanted));
        while let Some(page) = walk.next().await? {
            for fetched in page {
                if let Some((_, id)) = fetched.key().project_and_id() {
                    found.insert(id.to_owned(), fetched);
                }
            }
        }
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            answers.push(match found.get(*id) {
                Some(fetched) => fetched.clone(),
                // Absence from a list proves nothing.
                None => self.fetch_commitment(project, &CommitmentId::from(*id)).await?,
            });
        }
        Ok(answers)
    }
}

type Pages<'a> = BoxStream<'a, Result<Page<CommitmentContract>, Error>>;

/// The way through the commitments of a project, page by page, one kind after the other.
struct Walk<'a> {
    source: &'a ProcoreSource,
    project: ProjectId,
    /// Only these ids; all if there is no such set.
    wanted: Option<HashSet<String>>,
    around: Option<Surroundings>,
    kinds: std::array::IntoIter<CommitmentKind, 2>,
    pages: Option<(CommitmentKind, Pages<'a>)>,
}

impl<'a> Walk<'a> {
    fn new(source: &'a ProcoreSource, project: ProjectId, wanted: Option<HashSet<String>>) -> Self {
        Self { source, project, wanted, around: None, kinds: KINDS.into_iter(), pages: None }
    }

    fn is_wanted(&self, record: &Record<CommitmentContract>) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        match record {
            Ok(contract) => wanted.contains(contract.id.as_str()),
            Err(bad) => bad.id.as_ref().is_some_and(|id| wanted.contains(id)),
        }
    }

    async fn next(&mut self) -> Result<Option<Vec<Fetched>>, Error> {
        let around = match self.around.take() {
            Some(around) => around,
            None => self.source.surroundings(&self.project, None).await?,
        };
        let page = loop {
            let (kind, mut pages) = match self.pages.take() {
                Some(pages) => pages,
                None => match self.kinds.next() {
                    Some(kind) => (kind, self.source.procore.commitments(kind, &self.project, Only::ALL).boxed()),
                    None => return Ok(None),
                },
            };
            if let Some(page) = pages.try_next().await? {
                self.pages = Some((kind, pages));
                break (kind, page.records);
            }
        };
        let (kind, mut records) = page;
        records.retain(|record| self.is_wanted(record));
        let fetched = self.source.commitment_page(&around, kind, records).await?;
        self.around = Some(around);
        Ok(Some(fetched))
    }
}

fn key(project: &ProjectId, id: &CommitmentId) -> DocumentKey {
    DocumentKey::within(DocumentKind::Commitment, project, id)
}
