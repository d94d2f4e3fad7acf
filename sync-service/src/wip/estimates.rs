//! Estimates at completion: the controller's file goes before Procore's budget.

use std::collections::BTreeMap;
use std::path::Path;

use procore_client::budget::{BudgetEstimate, EstimateColumn};
use sync_core::model::construction::Document;
use sync_core::wip::{Estimate, Estimates};

use crate::Failure;
use crate::site::Site;

/// The estimates, and where each comes from.
#[derive(Default)]
pub(super) struct Found {
    pub(super) all: Estimates,
    pub(super) from: BTreeMap<String, String>,
}

/// The estimates of the file, and those of the budget for the jobs under contract that the file does not name.
pub(super) async fn gather(
    site: &Site,
    file: Option<&Path>,
    column: &EstimateColumn,
    documents: &[Document],
    problems: &mut Vec<String>,
) -> Result<Found, Failure> {
    let currency = site.settings.currency;
    let mut found = Found::default();
    if let Some(file) = file {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| format!("{name}: {error}"))?;
        found.all = Estimates::read(&name, &bytes, currency)?;
        found.from = found.all.0.keys().map(|job| (job.clone(), name.clone())).collect();
    }
    let under_contract = documents.iter().filter_map(|document| match document {
        Document::PrimeContract(d) if d.status.is_committed() && !d.deleted => {
            Some((d.project_number.clone()?, &d.project))
        }
        _ => None,
    });
    let missing: BTreeMap<String, _> = under_contract.filter(|(job, _)| !found.all.0.contains_key(job)).collect();
    for (job, project) in missing {
        match site.connection.source.procore().estimate_at_completion(project, column, currency).await? {
            BudgetEstimate::Estimate { amount, view } => {
                let estimate = Estimate { at_completion: amount, cost_to_date: None, uninstalled: None };
                found.all.0.insert(job.clone(), estimate);
                found.from.insert(job, format!("budget view {view}"));
            }
            BudgetEstimate::None(why) => problems.push(format!("job {job}: {why}")),
            _ => {}
        }
    }
    Ok(found)
}
