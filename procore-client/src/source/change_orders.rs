//! Reading the change orders of commitments and prime contracts, in whichever form a project has them.

use std::collections::HashMap;
use std::sync::Arc;

use sync_core::model::{ChangeOrderId, ChangeOrderStatus, CommitmentId, ProjectId};

use super::{ProcoreSource, each};
use crate::convert::commitment::ChangeOrderRecord;
use crate::error::Error;
use crate::resources::{Only, unreadable};
use crate::wire::change_order_packages::ChangeOrderPackage;
use crate::wire::commitment_change_orders::{ChangeOrderLine, CommitmentChangeOrder};
use crate::wire::{BadRecord, Record};

const PACKAGES: &str = "GET /rest/v1.0/change_order_packages";

/// Which contracts change orders change. How many tiers there are is settled for each side of a project alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Commitments,
    PrimeContracts,
}

impl Side {
    fn orders(self) -> &'static str {
        match self {
            Self::Commitments => "GET /rest/v1.0/projects/{project}/commitment_change_orders",
            Self::PrimeContracts => "GET /rest/v1.0/projects/{project}/prime_change_orders",
        }
    }

    pub(super) fn takes(self, package: &ChangeOrderPackage) -> bool {
        match self {
            Self::Commitments => package.may_change_commitment(),
            Self::PrimeContracts => package.may_change_prime_contract(),
        }
    }
}

/// The change orders of each contract, with the lines of those that count. Contracts of both sides share one space of
/// ids, so those of prime contracts stand under theirs.
pub(super) type ChangeOrders = HashMap<CommitmentId, Vec<ChangeOrderRecord>>;

impl ProcoreSource {
    /// The change orders of the contracts of one side of a project, or of one of them.
    ///
    /// The newer form is taken wherever it exists; each of its records is also a package of the older form, so packages
    /// are only read where there is none of the newer (three tiers, where Procore refuses it).
    pub(super) async fn change_orders(
        &self,
        project: &ProjectId,
        side: Side,
        only: Option<&CommitmentId>,
    ) -> Result<ChangeOrders, Error> {
        let scope = Only { updated: None, contract: only };
        let orders = self.newer_form(project, side, scope).await?.unwrap_or_default();
        if only.is_none() || !orders.is_empty() {
            self.kept.has_change_orders.put(&(project.clone(), side), self.now(), !orders.is_empty()).await;
        }
        if orders.is_empty() && !self.has_change_orders(project, side).await? {
            return self.packages(project, side, scope).await;
        }
        let read = orders.into_iter().map(|record| self.with_lines(project, side, record)).collect();
        Ok(by_contract(each(read).await?))
    }

    /// Change orders of the newer form; none where Procore refuses it.
    pub(super) async fn newer_form(
        &self,
        project: &ProjectId,
        side: Side,
        only: Only<'_>,
    ) -> Result<Option<Vec<Record<CommitmentChangeOrder>>>, Error> {
        let listed = match side {
            Side::Commitments => self.procore.commitment_change_orders(project, only).await,
            Side::PrimeContracts => self.procore.prime_change_orders(project, only).await,
        };
        match listed {
            Ok(orders) => Ok(Some(orders)),
            Err(error) if matches!(error.status(), Some(403 | 404)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Does any contract of this side have a change order of the newer form? Decided for the project as a whole, so
    /// that a contract read alone is the same as in a snapshot.
    pub(super) async fn has_change_orders(&self, project: &ProjectId, side: Side) -> Result<bool, Error> {
        let read = async {
            let orders = self.newer_form(project, side, Only::ALL).await?;
            Ok::<_, Error>(orders.is_some_and(|orders| !orders.is_empty()))
        };
        let key = (project.clone(), side);
        self.kept.has_change_orders.get(&key, self.now(), self.oldest(), read).await.map(|has| *has)
    }

    /// A change order with its lines, if it counts.
    async fn with_lines(
        &self,
        project: &ProjectId,
        side: Side,
        record: Record<CommitmentChangeOrder>,
    ) -> Result<(CommitmentId, ChangeOrderRecord), Error> {
        let header = match record {
            Ok(header) => header,
            Err(bad) => return Ok((contract_of(&bad, side.orders())?, ChangeOrderRecord::Bad(bad))),
        };
        let Some(contract) = header.contract_id.clone() else {
            return Err(without_contract(side.orders(), header.id.as_str(), header.number.as_deref()));
        };
        if header.status != Some(ChangeOrderStatus::Approved) {
            return Ok((contract, ChangeOrderRecord::Order(Box::new(header), Vec::new())));
        }
        let lines = self.lines_of_order(project, side, &header.id).await?;
        let record = match lines.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(lines) => ChangeOrderRecord::Order(Box::new(header), lines),
            Err(bad) => ChangeOrderRecord::Bad(of_order(bad, header.number.as_deref())),
        };
        Ok((contract, record))
    }

    async fn lines_of_order(
        &self,
        project: &ProjectId,
        side: Side,
        id: &ChangeOrderId,
    ) -> Result<Vec<Record<ChangeOrderLine>>, Error> {
        match side {
            Side::Commitments => self.procore.change_order_lines(project, id).await,
            Side::PrimeContracts => self.procore.prime_change_order_lines(project, id).await,
        }
    }

    async fn packages(&self, project: &ProjectId, side: Side, scope: Only<'_>) -> Result<ChangeOrders, Error> {
        let packages = self.procore.change_order_packages(project, scope).await?;
        let packages = self.of_side(project, side, scope, packages).await?;
        let read = packages.into_iter().map(|record| self.whole_package(project, side, record)).collect();
        Ok(by_contract(each(read).await?.into_iter().flatten()))
    }

    /// The packages of one side. Lists do not tell the type, but the project's prime contracts are known.
    pub(super) async fn of_side(
        &self,
        project: &ProjectId,
        side: Side,
        scope: Only<'_>,
        mut packages: Vec<Record<ChangeOrderPackage>>,
    ) -> Result<Vec<Record<ChangeOrderPackage>>, Error> {
        let prime_contracts = if packages.is_empty() { Arc::default() } else { self.prime_contracts(project).await? };
        packages.retain(|record| {
            let contract = match record {
                Ok(package) => package.contract_id.as_ref().map(|id| id.as_str()),
                Err(bad) => bad.contract.as_deref(),
            };
            // One that is asked for by its contract is known to be of this side, also where that contract is new.
            let asked = scope.contract.is_some() && scope.contract.map(|id| id.as_str()) == contract;
            let of_owner = prime_contracts.iter().flatten().any(|prime| Some(prime.id.as_str()) == contract);
            asked || of_owner == (side == Side::PrimeContracts)
        });
        Ok(packages)
    }

    /// A package of a contract with its lines, if it counts.
    async fn whole_package(
        &self,
        project: &ProjectId,
        side: Side,
        record: Record<ChangeOrderPackage>,
    ) -> Result<Option<(CommitmentId, ChangeOrderRecord)>, Error> {
        let listed = match record {
            Ok(listed) => listed,
            Err(bad) => return Ok(Some((contract_of(&bad, PACKAGES)?, ChangeOrderRecord::Bad(bad)))),
        };
        if !side.takes(&listed) || listed.deleted_at.is_some() {
            return Ok(None);
        }
        let Some(contract) = listed.contract_id.clone() else {
            return Err(without_contract(PACKAGES, listed.id.as_str(), listed.number.as_deref()));
        };
        let counts = listed.status == Some(ChangeOrderStatus::Approved);
        let package = match (counts, &listed.line_items) {
            (false, _) => Ok(ChangeOrderPackage { line_items: None, ..listed }),
            (true, Some(_)) => Ok(listed),
            (true, None) => match self.procore.change_order_package(project, &listed.id).await? {
                Some(shown) => shown.map_err(|bad| of_order(bad, listed.number.as_deref())),
                None => return Ok(None),
            },
        };
        Ok(match package {
            Ok(package) if !side.takes(&package) => None,
            Ok(package) => Some((contract, ChangeOrderRecord::Package(Box::new(package)))),
            Err(bad) => Some((contract, ChangeOrderRecord::Bad(bad))),
        })
    }
}

fn by_contract(records: impl IntoIterator<Item = (CommitmentId, ChangeOrderRecord)>) -> ChangeOrders {
    let mut orders = ChangeOrders::new();
    for (contract, record) in records {
        orders.entry(contract).or_default().push(record);
    }
    orders
}

/// The contract of a change order that cannot be read. If not even that can be told, none of the project's contracts
/// can be trusted.
fn contract_of(bad: &BadRecord, endpoint: &str) -> Result<CommitmentId, Error> {
    let contract = bad.contract.as_deref().map(CommitmentId::from);
    contract.ok_or_else(|| unreadable(endpoint, Box::new(bad.clone())))
}

fn without_contract(endpoint: &str, id: &str, number: Option<&str>) -> Error {
    let label = number.map_or_else(|| format!("id {id}"), |number| format!("change order {number}"));
    let bad = BadRecord {
        id: Some(id.to_owned()),
        contract: None,
        label,
        path: "contract_id".to_owned(),
        problem: "it is missing".to_owned(),
        stake: None,
    };
    unreadable(endpoint, Box::new(bad))
}

/// A line that cannot be read, named by its change order.
fn of_order(mut bad: Box<BadRecord>, number: Option<&str>) -> Box<BadRecord> {
    if let Some(number) = number {
        number.clone_into(&mut bad.label);
    }
    bad
}
