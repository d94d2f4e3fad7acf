//! Direct costs: read by project, and recorded with their origin id in one request
//! (<https://developers.procore.com/reference/rest/direct-costs>).

use async_trait::async_trait;
use sync_core::ErrorKind;
use sync_core::connector::{BudgetCode, CostOutcome, CostSink, Refusal};
use sync_core::direct_costs::{DirectCost, DirectCostFact};
use sync_core::model::ProjectId;

use super::sink::reason;
use super::{Actuals, Why, Written, body, names_origin};
use crate::convert::codes::codes_of;
use crate::error::Error;
use crate::resources::{all_or_none, unreadable};
use crate::wire::direct_costs::DirectCostRecord;
use crate::wire::{BadRecord, BadValue};
use crate::write_paths::DIRECT_COST_CREATE;

const LIST: &str = "GET /rest/v1.1/projects/{id}/direct_costs";

impl Actuals {
    async fn direct_costs_of(&self, project: &ProjectId) -> Result<Vec<DirectCost>, Error> {
        let read = all_or_none(LIST, self.procore.direct_costs(project).await?)?;
        read.into_iter().map(|cost| self.direct_cost(cost, project)).collect()
    }

    fn direct_cost(&self, read: DirectCostRecord, project: &ProjectId) -> Result<DirectCost, Error> {
        let id = read.id.to_string();
        read.direct_cost(project, self.procore.currency()).map_err(|bad| {
            let BadValue { path, problem } = bad;
            let label = format!("direct cost {id}");
            unreadable(LIST, Box::new(BadRecord { id: Some(id), contract: None, label, path, problem, stake: None }))
        })
    }

    async fn record_cost(&self, fact: &DirectCostFact) -> Written<DirectCost> {
        let project = fact.project.as_str();
        match self.procore.write(&DIRECT_COST_CREATE, &[project], Some(body::direct_cost(fact))).await {
            Ok(answer) => match self.procore.written::<DirectCostRecord>(&answer, &DIRECT_COST_CREATE).await {
                Ok(read) => match self.direct_cost(read, &fact.project) {
                    Ok(cost) => Written::Done(cost),
                    // It was made.
                    Err(error) => Written::Uncertain(error.to_string()),
                },
                Err(error) => Written::failed(&error),
            },
            Err(error) if names_origin(&error) => self.taken_cost(fact, &error).await,
            Err(error) => Written::failed(&error),
        }
    }

    /// The origin id is in use: by this very direct cost, or by something else.
    async fn taken_cost(&self, fact: &DirectCostFact, error: &Error) -> Written<DirectCost> {
        let found = match self.direct_costs_of(&fact.project).await {
            Ok(costs) => costs.into_iter().find(|cost| cost.origin.as_deref() == Some(&*fact.origin)),
            Err(read) => {
                let text = format!("{error}; looking for the direct cost that has it: {read}");
                return Written::refused(Why::NotNow, text);
            }
        };
        match found {
            Some(cost) if fact.differences(&cost).is_empty() => Written::Done(cost),
            _ => Written::refused(Why::Conflict, error.to_string()),
        }
    }
}

/// 403 says that the tool is off in this project, or not open to the account: other projects are not concerned.
fn of_tool(error: Error) -> sync_core::Error {
    match error.status() {
        Some(403) => sync_core::Error::new(
            ErrorKind::NotFound,
            format!("the direct costs tool or the budget codes of the project are not open to this account: {error}"),
        ),
        _ => error.into(),
    }
}

#[async_trait]
impl CostSink for Actuals {
    async fn budget_codes(&self, project: &ProjectId) -> Result<Vec<BudgetCode>, sync_core::Error> {
        let read = self.procore.wbs_codes(project).await.map_err(of_tool)?;
        // One that cannot be read is missed only by the lines that it would stand on.
        Ok(read.into_iter().flatten().map(|code| BudgetCode { codes: codes_of(&code), id: code.id }).collect())
    }

    async fn direct_costs(&self, project: &ProjectId) -> Result<Vec<DirectCost>, sync_core::Error> {
        self.direct_costs_of(project).await.map_err(of_tool)
    }

    async fn record(&self, fact: &DirectCostFact) -> CostOutcome {
        match self.record_cost(fact).await {
            Written::Done(cost) => CostOutcome::Done(cost),
            Written::Uncertain(text) => CostOutcome::Uncertain(text),
            Written::Refused { why, text } => CostOutcome::Refused(Refusal { reason: reason(why), text }),
        }
    }
}
