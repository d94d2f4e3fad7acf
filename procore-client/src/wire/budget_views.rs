//! Budget views and their rows: `GET /rest/v1.0/budget_views` and `.../{id}/detail_rows`. There is no list of budget line
//! items; a view is how a budget is read. Read only: nothing of a budget is ever written.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sync_core::model::Amount;

use super::lenient;
use super::record::BadValue;

/// A view of a project's budget.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BudgetView {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// A row of a view: a budget line with one member for each column of the view, named after the column's title, which the
/// customer chose.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BudgetRow {
    /// Id of the budget line.
    pub id: String,
    /// Cost code with its name, e.g. `05-300 - Metal Decking`.
    pub cost_code: Option<String>,
    /// Cost type, e.g. `S - Commitment`.
    pub category: Option<String>,
    columns: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
struct Known {
    #[serde(deserialize_with = "lenient::own_id")]
    id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    cost_code: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    category: Option<String>,
}

#[derive(Deserialize)]
struct Cell(#[serde(deserialize_with = "lenient::amount")] Option<Amount>);

/// The members that every row has, whatever the view
/// (<https://developers.procore.com/reference/rest/budget-view-detail-rows?version=latest>).
const FIXED: [&str; 20] = [
    "id",
    "deletable",
    "company_id",
    "company",
    "project_id",
    "project",
    "wbs_code_id",
    "biller_id",
    "biller",
    "biller_type",
    "root_cost_code_id",
    "root_cost_code",
    "cost_code_id",
    "cost_code",
    "cost_code_origin_id",
    "category_id",
    "category",
    "unbudgeted_reason",
    "budget_forecast",
    "currency_configuration",
];

impl<'de> Deserialize<'de> for BudgetRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let known: Known = serde_json::from_str(raw).map_err(serde::de::Error::custom)?;
        let mut columns: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(raw).map_err(serde::de::Error::custom)?;
        columns.retain(|name, _| !FIXED.contains(&name.as_str()));
        let Known { id, cost_code, category } = known;
        Ok(Self { id, cost_code, category, columns })
    }
}

impl BudgetRow {
    /// The titles of the columns.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// What stands in a column; nothing where it is empty. The title is taken in any case.
    ///
    /// # Errors
    /// [`BadValue`] if the row has no such column, or something else than an amount stands in it.
    pub fn amount(&self, title: &str) -> Result<Option<Amount>, BadValue> {
        let same = |name: &&String| name.trim().eq_ignore_ascii_case(title.trim());
        let Some(name) = self.columns.keys().find(same) else {
            return Err(BadValue::new(title, "there is no such column"));
        };
        let text = self.columns.get(name).map_or("null", |raw| raw.get());
        match serde_json::from_str(text) {
            Ok(Cell(amount)) => Ok(amount),
            Err(error) => Err(BadValue::new(name.clone(), error.to_string())),
        }
    }

    /// Does the row have the column?
    pub fn has(&self, title: &str) -> bool {
        self.columns.keys().any(|name| name.trim().eq_ignore_ascii_case(title.trim()))
    }
}
