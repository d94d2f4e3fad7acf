//! Estimated costs at completion from the budget. A budget is read, and never written: no method here or elsewhere can.

use std::collections::BTreeSet;

use sync_core::model::{Amount, Currency, Money, ProjectId, round_cents};

use crate::client::{Procore, Query};
use crate::error::Error;
use crate::resources::{LARGE_ROWS, SMALL_ROWS, segment};
use crate::wire::Record;
use crate::wire::budget_views::{BudgetRow, BudgetView};

/// Where the estimate stands in a budget: customers make the views and name the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EstimateColumn {
    /// The name of the view; none for the first that has the column.
    pub view: Option<String>,
    /// The title of the column.
    pub title: String,
}

impl EstimateColumn {
    /// A column of this title, in this view or in the first that has it.
    pub fn new(view: Option<String>, title: impl Into<String>) -> Self {
        Self { view, title: title.into() }
    }
}

impl Default for EstimateColumn {
    /// `Estimated Cost at Completion`, the title in the views that Procore ships.
    fn default() -> Self {
        Self::new(None, "Estimated Cost at Completion")
    }
}

/// What a budget says of the cost at completion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BudgetEstimate {
    /// The sum of the column.
    Estimate {
        /// The sum.
        amount: Money,
        /// The view that it stands in.
        view: String,
    },
    /// There is none, and why, with what to do.
    None(String),
}

impl Procore {
    /// The views of a project's budget; empty where the project has none to show.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn budget_views(&self, project: &ProjectId) -> Result<Vec<Record<BudgetView>>, Error> {
        let query = Query::new("/rest/v1.0/budget_views").with("project_id", project).paged(SMALL_ROWS);
        match self.list(query).await {
            Err(error) if error.status() == Some(404) => Ok(Vec::new()),
            other => other,
        }
    }

    /// The rows of a view, those that were never budgeted included.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn budget_rows(&self, project: &ProjectId, view: &str) -> Result<Vec<Record<BudgetRow>>, Error> {
        let query = Query::new(format!("/rest/v1.0/budget_views/{}/detail_rows", segment(&view)));
        self.list(query.with("project_id", project).with("budget_row_type", "all").paged(LARGE_ROWS)).await
    }

    /// The estimated cost at completion of a project, from its budget.
    ///
    /// # Errors
    /// If the budget cannot be asked for. A budget without the figure is an answer: [`BudgetEstimate::None`].
    pub async fn estimate_at_completion(
        &self,
        project: &ProjectId,
        column: &EstimateColumn,
        currency: Currency,
    ) -> Result<BudgetEstimate, Error> {
        let wanted = |view: &BudgetView| {
            let name = view.name.as_deref().unwrap_or_default().trim();
            column.view.as_deref().is_none_or(|wanted| name.eq_ignore_ascii_case(wanted.trim()))
        };
        let (mut names, mut titles) = (Vec::new(), BTreeSet::new());
        let mut rows_seen = false;
        for view in self.budget_views(project).await? {
            let Ok(view) = view else { continue };
            let name = view.name.clone().unwrap_or_else(|| view.id.clone());
            names.push(name.clone());
            if !wanted(&view) {
                continue;
            }
            let rows = self.budget_rows(project, &view.id).await?;
            rows_seen |= !rows.is_empty();
            let has = |row: &Record<BudgetRow>| row.as_ref().is_ok_and(|row| row.has(&column.title));
            if rows.iter().any(has) {
                return Ok(sum(&rows, column, currency, &name));
            }
            titles.extend(rows.iter().flatten().flat_map(BudgetRow::columns).map(str::to_owned));
        }
        let text = match (&column.view, rows_seen) {
            (Some(view), false) if !names.iter().any(|name| name.trim().eq_ignore_ascii_case(view.trim())) => {
                format!("the budget has no view `{view}`; it has {}", listed(&names))
            }
            (_, false) => "the budget is empty; enter it in Procore, or give the estimate in the file".to_owned(),
            (_, true) => format!(
                "no budget view has a column `{}`; name one of {}",
                column.title,
                listed(&titles.into_iter().collect::<Vec<_>>())
            ),
        };
        Ok(BudgetEstimate::None(text))
    }
}

fn sum(rows: &[Record<BudgetRow>], column: &EstimateColumn, currency: Currency, view: &str) -> BudgetEstimate {
    // Columns may be formulas: their sum is exact, and rounded once.
    let mut total = Amount::default();
    let mut any = false;
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(bad) => return BudgetEstimate::None(format!("a row of the budget cannot be read: {bad}")),
        };
        let code = row.cost_code.as_deref().unwrap_or(&row.id);
        let bad = |problem: String| BudgetEstimate::None(format!("the row {code} of the budget: {problem}"));
        match row.amount(&column.title) {
            Ok(None) => continue,
            Ok(Some(amount)) => match total.0.checked_add(amount.0) {
                Some(sum) => (total, any) = (Amount(sum), true),
                None => return bad("the sum is too large".to_owned()),
            },
            Err(value) => return bad(format!("{}: {}", value.path, value.problem)),
        }
    }
    match Money::new(round_cents(total.0), currency) {
        Ok(amount) if any => BudgetEstimate::Estimate { amount, view: view.to_owned() },
        Ok(_) => BudgetEstimate::None(format!("the column `{}` of the view `{view}` is empty", column.title)),
        Err(error) => BudgetEstimate::None(format!("the sum of `{}`: {error}", column.title)),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{Script, scripted};

    const VIEWS: &str = r#"[{"id":1,"name":"Standard"},{"id":2,"name":"Cost to Complete"}]"#;
    const STANDARD: &str = r#"[{"id":9,"cost_code":"05-300 - Decking","Revised Budget":"100.0"}]"#;

    async fn estimate(rows: &str, column: &EstimateColumn) -> (BudgetEstimate, Vec<String>) {
        let script = Script::default().on("/rest/v1.0/budget_views", VIEWS);
        let script = script.on("/rest/v1.0/budget_views/1/detail_rows", STANDARD);
        let (script, procore) = scripted(script.on("/rest/v1.0/budget_views/2/detail_rows", rows));
        let found = procore.estimate_at_completion(&"7".into(), column, Currency::USD).await.unwrap();
        (found, script.asked())
    }

    fn none(found: BudgetEstimate) -> String {
        match found {
            BudgetEstimate::None(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_estimate_is_the_sum_of_a_column_in_the_first_view_that_has_it() {
        // given a view with amounts as text and as numbers, fractions of a cent from a formula, and an empty cell
        let rows = r#"[{"id":1,"Estimated Cost at Completion":"182500.005"},{"id":2,"Estimated cost at completion ":250.5},
            {"id":3,"estimated cost at completion":null},{"id":4,"Estimated Cost at Completion":"0.005"}]"#;
        let (found, asked) = estimate(rows, &EstimateColumn::default()).await;
        // then it is exact, rounded once, and costs that were never budgeted were asked for too
        let amount = Money::new("182750.51".parse().unwrap(), Currency::USD).unwrap();
        assert_eq!(found, BudgetEstimate::Estimate { amount, view: "Cost to Complete".into() });
        assert!(asked.iter().skip(1).all(|path| path.contains("budget_row_type=all")), "{asked:?}");
    }

    #[tokio::test]
    async fn a_budget_without_the_figure_says_what_it_has() {
        let column = |view: Option<&str>, title: &str| EstimateColumn::new(view.map(str::to_owned), title);
        let rows = r#"[{"id":1,"EAC":"1.0","Job to Date Costs":"x"}]"#;
        let text = none(estimate(rows, &EstimateColumn::default()).await.0);
        assert!(text.contains("no budget view has a column") && text.contains("EAC, Job to Date Costs"), "{text}");
        let text = none(estimate(rows, &column(Some("Forecast"), "EAC")).await.0);
        assert_eq!(text, "the budget has no view `Forecast`; it has Standard, Cost to Complete");
        let text = none(estimate(rows, &column(Some("cost to complete"), "Job to Date Costs")).await.0);
        assert!(text.contains("`x` is not a decimal number"), "{text}");
        let text = none(estimate(r#"[{"id":1,"EAC":null}]"#, &column(None, "EAC")).await.0);
        assert!(text.contains("is empty"), "{text}");
    }

    #[tokio::test]
    async fn a_project_without_a_budget_has_no_estimate() {
        let (_, procore) = scripted(Script::default());
        let found = procore.estimate_at_completion(&"7".into(), &EstimateColumn::default(), Currency::USD).await;
        assert!(none(found.unwrap()).contains("the budget is empty"));
    }
}
