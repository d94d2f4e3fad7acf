//! Reading prime contracts with their change orders.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use sync_core::Error as CoreError;
use sync_core::connector::Fetched;
use sync_core::model::construction::{Codes, Document};
use sync_core::model::{CommitmentId, DocumentKey, DocumentKind, PrimeContractId, ProjectId, SovLineId};

use super::change_orders::{ChangeOrders, Side};
use super::{ProcoreSource, each};
use crate::convert::Place;
use crate::convert::codes::{CodeBook, is_incomplete};
use crate::convert::commitment::ChangeOrderRecord;
use crate::convert::owner_invoice::{KnownPrimeContract, packages};
use crate::convert::prime_contract::{Belongs, line_codes, number, prime_contract};
use crate::error::Error;
use crate::resources::unreadable;
use crate::wire::Record;
use crate::wire::prime_contracts::{PrimeContract, ShownPrimeContract};

/// What the prime contracts of a project are turned into documents with.
struct Surroundings {
    project: ProjectId,
    project_number: Option<String>,
    change_orders: ChangeOrders,
    book: CodeBook,
}

impl Surroundings {
    fn change_orders(&self, contract: &ShownPrimeContract) -> &[ChangeOrderRecord] {
        self.change_orders.get(&as_contract(&contract.id)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl ProcoreSource {
    pub(super) fn all_prime_contracts(&self, project: ProjectId) -> BoxStream<'_, Result<Vec<Fetched>, CoreError>> {
        // One step for all: there is one as a rule.
        let all = async move {
            let listed = self.listed_prime_contracts(&project, None).await?;
            let listed = self.kept.prime_contracts.put(&project, self.now(), listed).await;
            if listed.is_empty() {
                return Ok(Vec::new());
            }
            let around = self.prime_surroundings(&project, None).await?;
            let one = |listed| self.listed_prime_contract(&around, listed);
            Ok(each(listed.iter().map(one).collect()).await?)
        };
        stream::once(all).boxed()
    }

    fn prime_place<'a>(&self, project: &'a ProjectId) -> Place<'a> {
        Place { kind: DocumentKind::PrimeContract, project: Some(project), currency: self.procore.currency() }
    }

    async fn prime_surroundings(
        &self,
        project: &ProjectId,
        only: Option<&PrimeContractId>,
    ) -> Result<Surroundings, Error> {
        let only = only.map(as_contract);
        Ok(Surroundings {
            project_number: self.project_number(project).await?,
            change_orders: self.change_orders(project, Side::PrimeContracts, only.as_ref()).await?,
            book: self.code_book(project).await?,
            project: project.clone(),
        })
    }

    async fn listed_prime_contract(
        &self,
        around: &Surroundings,
        listed: &Record<PrimeContract>,
    ) -> Result<Fetched, Error> {
        match listed {
            Ok(contract) => self.shown_prime_contract(around, &contract.id).await,
            Err(bad) => Ok(self.prime_place(&around.project).bad_record(bad)),
        }
    }

    async fn shown_prime_contract(&self, around: &Surroundings, id: &PrimeContractId) -> Result<Fetched, Error> {
        match self.procore.prime_contract(&around.project, id).await? {
            Some(record) => self.prime_contract(around, &record).await,
            None => Ok(Fetched::Gone(key(&around.project, id))),
        }
    }

    async fn prime_contract(
        &self,
        around: &Surroundings,
        record: &Record<ShownPrimeContract>,
    ) -> Result<Fetched, Error> {
        let project = &around.project;
        let place = self.prime_place(project);
        let contract = match record {
            Ok(contract) => contract,
            Err(bad) => return Ok(place.bad_record(bad)),
        };
        let change_orders = around.change_orders(contract);
        let codes = self.prime_codes(project, contract, change_orders, &around.book).await?;
        let project_number = around.project_number.as_deref();
        let belongs = Belongs { project, project_number, currency: self.procore.currency() };
        let document = prime_contract(contract, change_orders, &codes, belongs);
        self.keep_prime_contract(project, contract, change_orders, codes).await;
        Ok(match document {
            Ok(document) => Fetched::Found(Box::new(Document::PrimeContract(document))),
            Err(bad) => place.bad_value(contract.id.as_str(), &number(contract), contract.grand_total, &bad),
        })
    }

    /// The codes of all lines; the budget codes of the project are read only if a line needs them.
    async fn prime_codes(
        &self,
        project: &ProjectId,
        contract: &ShownPrimeContract,
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

    async fn keep_prime_contract(
        &self,
        project: &ProjectId,
        contract: &ShownPrimeContract,
        change_orders: &[ChangeOrderRecord],
        codes: HashMap<SovLineId, Codes>,
    ) -> Arc<KnownPrimeContract> {
        let known = KnownPrimeContract {
            id: contract.id.clone(),
            number: number(contract),
            codes: Arc::new(codes),
            packages: packages(change_orders),
        };
        self.kept.known_prime_contracts.put(&(project.clone(), contract.id.clone()), self.now(), known).await
    }

    /// What owner invoices need to know about a prime contract, read if it is not known yet; none if it is gone.
    pub(super) async fn known_prime_contract(
        &self,
        project: &ProjectId,
        id: &PrimeContractId,
    ) -> Result<Option<Arc<KnownPrimeContract>>, Error> {
        let name = (project.clone(), id.clone());
        if let Some(known) = self.kept.known_prime_contracts.peek(&name, self.oldest()).await {
            return Ok(Some(known));
        }
        let Some(record) = self.procore.prime_contract(project, id).await? else { return Ok(None) };
        let contract = record.map_err(|bad| unreadable("GET /rest/v1.0/prime_contract/{id}", bad))?;
        let around = self.prime_surroundings(project, Some(id)).await?;
        let change_orders = around.change_orders(&contract);
        let codes = self.prime_codes(project, &contract, change_orders, &around.book).await?;
        Ok(Some(self.keep_prime_contract(project, &contract, change_orders, codes).await))
    }

    pub(super) async fn fetch_prime_contract(
        &self,
        project: &ProjectId,
        id: &PrimeContractId,
    ) -> Result<Fetched, CoreError> {
        match self.procore.prime_contract(project, id).await? {
            Some(record) => {
                let around = self.prime_surroundings(project, Some(id)).await?;
                Ok(self.prime_contract(&around, &record).await?)
            }
            None => Ok(Fetched::Gone(key(project, id))),
        }
    }

    pub(super) async fn fetch_prime_contracts(
        &self,
        project: &ProjectId,
        ids: &[&str],
    ) -> Result<Vec<Fetched>, CoreError> {
        let around = self.prime_surroundings(project, None).await?;
        let ids: Vec<PrimeContractId> = ids.iter().map(|id| PrimeContractId::from(*id)).collect();
        Ok(each(ids.iter().map(|id| self.shown_prime_contract(&around, id)).collect()).await?)
    }
}

/// The id where contracts of both sides are meant.
fn as_contract(id: &PrimeContractId) -> CommitmentId {
    CommitmentId::from(id.as_str())
}

fn key(project: &ProjectId, id: &PrimeContractId) -> DocumentKey {
    DocumentKey::within(DocumentKind::PrimeContract, project, id)
}
