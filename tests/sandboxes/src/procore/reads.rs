//! Reads that are more than a list or a record: lines, items, and lists with a rule of their own.

use bytes::Bytes;
use http::{Response, StatusCode};
use rust_decimal::Decimal;

use super::Procore;
use super::call::Call;
use super::errors::{Refusal, json_response};
use super::filters::{By, Filter};
use super::lists::{List, Pages, Scope};
use super::oauth::USER_ID;
use super::resources::{self, BUDGET_ROWS, BUDGET_VIEWS, COST_CODES, LINE_ITEM_TYPES, LINES, WBS_CODES};
use super::store::{Row, id_json};
use super::views;
use crate::json::{Json, object};

const CHANGE_ITEMS: &[Filter] = &[("change_order_id", By::Equal(&["change_order_package_id"]))];
const DIRECT_COST_LINES: &[Filter] = &[
    ("id", By::Equal(&["id"])),
    ("created_at", By::Span("created_at")),
    ("updated_at", By::Span("updated_at")),
    ("cost_code_id", By::Equal(&["cost_code", "id"])),
    ("line_item_type_id", By::Equal(&["line_item_type", "id"])),
    ("direct_cost_id", By::Equal(&["holder", "id"])),
];
/// Members of requisition items that only v1.1 has.
const V11_ITEM: [&str; 7] =
    ["net_amount", "gross_amount", "accounting_method", "line_number", "uom", "taxes", "previous_progress_id"];

fn has_id(line: &Json, id: &str) -> bool {
    line.get("id").and_then(Json::as_id) == Some(id)
}

impl Procore {
    /// The user of the token. A name is given only with a company or project.
    pub(super) fn me(call: &Call<'_>) -> Response<Bytes> {
        let named = call.query.get("company_id").or(call.query.get("project_id")).is_some();
        let mut me = object([("id", id_json(USER_ID)), ("login", "api@example.com".into())]);
        if named {
            me.set("name", "API Support");
        }
        json_response(StatusCode::OK, &me)
    }

    /// Active vendors, or the others: an inactive one vanishes from the normal list.
    pub(super) fn vendors(&self, call: &Call<'_>, list: &List, active: bool) -> Result<Response<Bytes>, Refusal> {
        self.list_where(call, list, Scope::Company, |row| {
            row.body.get("is_active").and_then(Json::as_bool).unwrap_or(true) == active
        })
    }

    /// Cost codes, cost types and budget codes.
    pub(super) fn read_coding(&self, call: &Call<'_>, path: &[&str]) -> Result<Response<Bytes>, Refusal> {
        match path {
            ["cost_codes"] => {
                let project = self.project(call)?;
                let sub_job = call.query.get("sub_job_id").filter(|id| !id.is_empty());
                self.list_where(call, &COST_CODES, Scope::Project(project), |row| {
                    let of_sub_job = row.text("biller_type") == Some("SubJob");
                    match sub_job {
                        // Without a sub job: the codes of the project itself.
                        None => !of_sub_job,
                        Some(id) => of_sub_job && row.body.get("biller_id").and_then(Json::as_id) == Some(id),
                    }
                })
            }
            ["cost_codes", id] => self.show(call, "cost_codes", id, resources::PLAIN),
            ["line_item_types"] => {
                if call.query.get("company_id").is_none() {
                    self.project(call)?;
                }
                self.list(call, &LINE_ITEM_TYPES, Scope::Company)
            }
            ["line_item_types", id] => {
                call.required_id("company_id")?;
                Ok(json_response(StatusCode::OK, &self.find("line_item_types", id, None)?.body))
            }
            ["projects", _, "work_breakdown_structure", "wbs_codes"] => {
                let project = self.project(call)?;
                // A book may leave the project out: the code is then one of every project.
                self.list_where(call, &WBS_CODES, Scope::Company, |row| {
                    row.project.as_deref().is_none_or(|of| of == project)
                })
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Views of the budget, and their rows. There is no list of budget line items.
    pub(super) fn read_budget(&self, call: &Call<'_>, path: &[&str]) -> Result<Response<Bytes>, Refusal> {
        let project = self.project(call)?;
        // A book may leave the project out: the view is then one of every project.
        let of_project = |row: &Row| row.project.as_deref().is_none_or(|of| of == project);
        match path {
            [] => self.list_where(call, &BUDGET_VIEWS, Scope::Company, of_project),
            [view, "detail_rows"] => {
                self.find("budget_views", view, None)
                    .ok()
                    .filter(|row| of_project(row))
                    .ok_or_else(Refusal::not_found)?;
                let kind = call.query.get("budget_row_type").filter(|kind| !kind.is_empty()).unwrap_or("budgeted");
                if !["budgeted", "unbudgeted", "all"].contains(&kind) {
                    return Err(Refusal::bad_request("budget_row_type does not have a valid value"));
                }
                self.list_where(call, &BUDGET_ROWS, Scope::Project(project), |row| {
                    let of_view = row.body.get("budget_view_id").and_then(Json::as_id) == Some(view);
                    let is_budgeted = row.body.get("unbudgeted_reason").is_none_or(Json::is_null);
                    of_view && (kind == "all" || is_budgeted == (kind == "budgeted"))
                })
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// The first prime contract of the project, with its lines.
    pub(super) fn first_prime_contract(&self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        let project = self.project(call)?;
        let mut contracts = self.store.table("prime_contracts").of_project(project);
        let (id, row) = contracts
            .find(|(id, row)| !row.marked_deleted() && self.store.visible("prime_contracts", id, row))
            .ok_or_else(Refusal::not_found)?;
        Ok(json_response(StatusCode::OK, &views::shown(self, "prime_contracts", id, row, "default")))
    }

    pub(super) fn contract_lines(
        &self,
        call: &Call<'_>,
        resource: &str,
        id: &str,
        line: &[&str],
    ) -> Result<Response<Bytes>, Refusal> {
        let row = self.find(resource, id, Some(self.project(call)?))?;
        self.lines(call, LINES, views::lines_of(self, row), line, Pages::V1)
    }

    /// All lines, or the one that the rest of the path names.
    fn lines(
        &self,
        call: &Call<'_>,
        filters: &'static [Filter],
        lines: Vec<Json>,
        rest: &[&str],
        pages: Pages,
    ) -> Result<Response<Bytes>, Refusal> {
        match rest {
            [] => self.line_list(call, filters, lines, pages),
            [id] => {
                let line = lines.into_iter().find(|line| has_id(line, id)).ok_or_else(Refusal::not_found)?;
                let body = if matches!(pages, Pages::V2) { object([("data", line)]) } else { line };
                Ok(json_response(StatusCode::OK, &body))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    /// Lines of a change order exist only in v2.0.
    pub(super) fn change_order_lines(
        &self,
        call: &Call<'_>,
        resource: &str,
        id: &str,
        line: &[&str],
    ) -> Result<Response<Bytes>, Refusal> {
        let row = self.find(resource, id, Some(self.project(call)?))?;
        let own = |row: &Row| {
            let lines = row.body.get("line_items").and_then(Json::as_array).unwrap_or_default();
            lines.iter().map(|line| views::line_v2(line, resource)).collect::<Vec<_>>()
        };
        let mut lines = own(row);
        if lines.is_empty()
            && let Some(package) = row.body.get("legacy_package_id").and_then(Json::as_id)
        {
            lines = self.store.table("change_order_packages").get(package).map(own).unwrap_or_default();
        }
        self.lines(call, &[], lines, line, Pages::V2)
    }

    /// `contract_items`, `contract_detail_items`, `change_order_items`, `detail`.
    pub(super) fn requisition_items(
        &self,
        call: &Call<'_>,
        id: &str,
        kind: &str,
        item: &[&str],
    ) -> Result<Response<Bytes>, Refusal> {
        let row = self.find("requisitions", id, Some(self.project(call)?))?;
        let items = row.body.get("items").and_then(Json::as_array).unwrap_or_default();
        let of_type = |types: &[&str]| -> Vec<Json> {
            let typed = |item: &&Json| item.get("item_type").and_then(Json::as_str).is_some_and(|t| types.contains(&t));
            items.iter().filter(typed).map(|item| views::without(item, &V11_ITEM)).collect()
        };
        match kind {
            "contract_items" => self.lines(call, &[], of_type(&["contract_item"]), item, Pages::V1),
            "contract_detail_items" => self.lines(call, &[], of_type(&["contract_detail_item"]), item, Pages::V1),
            "change_order_items" => {
                let found = of_type(&["change_order_item", "whole_change_order_item"]);
                self.lines(call, CHANGE_ITEMS, found, item, Pages::V1)
            }
            "detail" if item.is_empty() => {
                let lines: Vec<Json> = items.iter().map(detail).collect();
                Ok(json_response(StatusCode::OK, &Json::Array(lines)))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    pub(super) fn direct_cost_lines(&self, call: &Call<'_>, id: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        let project = self.project(call)?;
        let lines = |id: &str, row: &Row| -> Vec<Json> {
            let lines = row.body.get("line_items").and_then(Json::as_array).unwrap_or_default();
            lines
                .iter()
                .map(|line| {
                    let mut line = line.clone();
                    if line.get("holder").is_none() {
                        line.set("holder", object([("id", id_json(id)), ("holder_type", "DirectCost::Item".into())]));
                    }
                    line
                })
                .collect()
        };
        let found: Vec<Json> = match id {
            Some(id) => lines(id, self.find("direct_costs", id, Some(project))?),
            None => self
                .store
                .table("direct_costs")
                .of_project(project)
                .filter(|(id, row)| !row.marked_deleted() && self.store.visible("direct_costs", id, row))
                .flat_map(|(id, row)| lines(id, row))
                .collect(),
        };
        // The filter by cost exists only where the path does not name one.
        let filters = if id.is_some() { LINES } else { DIRECT_COST_LINES };
        self.line_list(call, filters, found, Pages::V1)
    }
}

/// An item as `/detail` shows it: with the balance to finish.
fn detail(item: &Json) -> Json {
    let mut wire = views::without(item, &V11_ITEM);
    let amount = |name: &str| item.get(name).and_then(Json::as_decimal).unwrap_or(Decimal::ZERO);
    if wire.get("balance_to_finish").is_none() {
        let left = amount("scheduled_value") - amount("total_completed_and_stored_to_date");
        wire.set("balance_to_finish", left.to_string());
    }
    if wire.get("item_number").is_none() {
        wire.set("item_number", item.get("position").cloned().unwrap_or_default());
    }
    wire
}
