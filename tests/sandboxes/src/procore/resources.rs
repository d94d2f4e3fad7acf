//! The reads: which address shows what.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::Procore;
use super::call::Call;
use super::errors::{Refusal, json_response};
use super::filters::{By, Filter};
use super::lists::{List, Pages, Scope, view};
use super::store::Row;
use super::views;

const ID: Filter = ("id", By::Equal(&["id"]));
const ORIGIN: Filter = ("origin_id", By::Equal(&["origin_id"]));
const CREATED: Filter = ("created_at", By::Span("created_at"));
const UPDATED: Filter = ("updated_at", By::Span("updated_at"));
const DELETED: Filter = ("include_deleted", By::IncludeDeleted);
const COST_CODE: Filter = ("cost_code_id", By::Equal(&["cost_code", "id"]));
const COST_TYPE: Filter = ("line_item_type_id", By::Equal(&["line_item_type", "id"]));
pub(super) const PLAIN: &[&str] = &["default"];

const fn list(resource: &'static str, filters: &'static [Filter]) -> List {
    List { resource, filters, views: PLAIN, sorts: &[], pages: Pages::V1 }
}

const COMPANIES: List = list("companies", &[]);
const PROJECTS: List = List {
    resource: "projects",
    filters: &[
        ID,
        ORIGIN,
        CREATED,
        UPDATED,
        ("by_status", By::ProjectStatus),
        ("name", By::Contains(&["name"])),
        ("project_number", By::Equal(&["project_number"])),
        ("synced", By::Synced),
        ("is_demo", By::Flag(&["is_demo"])),
        ("template", By::Flag(&["template"])),
        ("by_stage", By::Equal(&["project_stage", "id"])),
        ("by_type", By::Equal(&["project_type", "id"])),
        ("by_program", By::Equal(&["program", "id"])),
        ("by_office", By::Equal(&["office", "id"])),
        ("by_region", By::Equal(&["project_region_id"])),
        ("by_bid_type", By::Equal(&["project_bid_type_id"])),
        ("by_owner_type", By::Equal(&["project_owner_type_id"])),
        ("by_department", By::Equal(&["departments"])),
        ("vendor_id", By::NotPlayed),
        ("custom_fields", By::NotPlayed),
    ],
    views: &["normal", "ids", "compact", "extended"],
    sorts: &["name", "display_name"],
    pages: Pages::Projects,
};
/// The default view is the one without origin ids.
const VENDOR_VIEWS: &[&str] = &["extended", "compact", "normal", "erp", "directory", "summary"];
const VENDORS: List = List {
    resource: "vendors",
    filters: &[
        ID,
        ORIGIN,
        CREATED,
        UPDATED,
        ("search", By::Contains(&["name", "notes", "origin_code"])),
        ("parent_id", By::Equal(&["parent", "id"])),
        ("standard_cost_code_id", By::Equal(&["standard_cost_codes"])),
        ("trade_id", By::Equal(&["trades"])),
    ],
    views: VENDOR_VIEWS,
    sorts: &["name"],
    pages: Pages::V1,
};
const INACTIVE_VENDORS: List = List { filters: &[], ..VENDORS };
pub(super) const COST_CODES: List = List { views: &["default", "erp_compact"], ..list("cost_codes", &[ID, ORIGIN]) };
pub(super) const LINE_ITEM_TYPES: List = list("line_item_types", &[ORIGIN]);
pub(super) const WBS_CODES: List =
    list("wbs_codes", &[UPDATED, ("status", By::Choice(&["status"], &["active", "inactive"]))]);
pub(super) const BUDGET_VIEWS: List = List { sorts: &["created_at"], ..list("budget_views", &[]) };
pub(super) const BUDGET_ROWS: List = List {
    sorts: &["biller_type", "project", "biller", "category_id", "cost_code", "root_cost_code"],
    ..list("budget_view_detail_rows", &[])
};
const WORK_ORDERS: List = List {
    views: &["compact", "extended"],
    ..list(
        "work_order_contracts",
        &[ID, ORIGIN, CREATED, UPDATED, DELETED, ("status", By::Choice(&["status"], WO_STATUS))],
    )
};
const WO_STATUS: &[&str] = &["Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"];
const PURCHASE_ORDERS: List = List {
    views: &["compact", "extended"],
    ..list(
        "purchase_order_contracts",
        &[ID, ORIGIN, CREATED, UPDATED, DELETED, ("status", By::Choice(&["status"], PO_STATUS))],
    )
};
const PO_STATUS: &[&str] =
    &["Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"];
pub(super) const LINES: &[Filter] = &[ID, CREATED, UPDATED, COST_CODE, COST_TYPE];
const PRIME_CONTRACTS: List = list("prime_contracts", &[ID, UPDATED]);
const CO_STATUS: &[&str] = &[
    "draft",
    "pricing",
    "not_pricing",
    "pending",
    "revised",
    "proceeding",
    "not_proceeding",
    "pending_billable",
    "no_charge",
    "approved",
    "rejected",
    "void",
];
const COMMITMENT_CHANGE_ORDERS: List = List {
    resource: "commitment_change_orders",
    filters: &[
        ID,
        UPDATED,
        ("batch_id", By::Equal(&["batch_id"])),
        ("legacy_package_id", By::Equal(&["legacy_package_id"])),
        ("contract_id", By::Equal(&["contract_id"])),
        ("vendor_id", By::ContractVendor),
        ("signature_required", By::Flag(&["signature_required"])),
        ("executed", By::Flag(&["executed"])),
        ("status", By::Choice(&["status"], CO_STATUS)),
    ],
    views: &["default", "extended"],
    sorts: &["id", "created_at"],
    pages: Pages::V1,
};
const PRIME_CHANGE_ORDERS: List = List { resource: "prime_change_orders", ..COMMITMENT_CHANGE_ORDERS };
const PACKAGES: List = list(
    "change_order_packages",
    &[
        ID,
        CREATED,
        UPDATED,
        DELETED,
        ("reviewed_at", By::Span("reviewed_at")),
        ("due_date", By::Span("due_date")),
        ("invoiced_date", By::Span("invoiced_date")),
        ("paid_date", By::Span("paid_date")),
        ("signed_change_order_received_date", By::Span("signed_change_order_received_date")),
    ],
);
const BILLING_PERIODS: List =
    list("billing_periods", &[ID, CREATED, UPDATED, ("status", By::Choice(&["status"], &["open", "closed"]))]);
const REQUISITION_VIEWS: &[&str] = &["default", "extended", "items", "action_policy"];
const REQUISITIONS: List = List {
    resource: "requisitions",
    filters: &[
        ID,
        ORIGIN,
        CREATED,
        UPDATED,
        ("commitment_id", By::Equal(&["commitment_id"])),
        ("period_id", By::Equal(&["period_id"])),
        ("is_last", By::IsLast),
        (
            "status",
            By::Choice(
                &["status"],
                &[
                    "draft",
                    "under_review",
                    "revise_and_resubmit",
                    "approved",
                    "approved_as_noted",
                    "pending_owner_approval",
                ],
            ),
        ),
    ],
    views: REQUISITION_VIEWS,
    sorts: &[],
    pages: Pages::Invoices,
};
const PAYMENT_APPLICATIONS: List = list("payment_applications", &[]);
const CONTRACT_PAYMENT_APPLICATIONS: List =
    List { pages: Pages::Invoices, ..list("payment_applications", &[ID, ("is_last", By::IsLast)]) };
const PAYMENTS: List = list("contract_payments", &[]);
const DIRECT_COSTS: List = list(
    "direct_costs",
    &[
        ID,
        ORIGIN,
        CREATED,
        UPDATED,
        ("invoice_number", By::Equal(&["invoice_number"])),
        ("payment_date", By::Span("payment_date")),
        ("received_date", By::Span("received_date")),
    ],
);
/// Whether an address belongs to something that can be read here; what cannot is 404 for writes too.
pub(super) fn is_known(segments: &[&str]) -> bool {
    const KNOWN: [&str; 23] = [
        "projects",
        "vendors",
        "cost_codes",
        "line_item_types",
        "wbs_codes",
        "work_order_contracts",
        "purchase_order_contracts",
        "line_items",
        "commitment_change_orders",
        "prime_change_orders",
        "change_order_packages",
        "prime_contracts",
        "prime_contract",
        "billing_periods",
        "requisitions",
        "payment_applications",
        "contract_payments",
        "direct_costs",
        "budget_line_items",
        "budget_views",
        "budget_changes",
        "commitment_contracts",
        "payment_details",
    ];
    segments.len() > 2 && segments.iter().any(|segment| KNOWN.contains(segment))
}

impl Procore {
    /// The project must exist (404) and be permitted (403).
    pub(super) fn check_project(&self, project: &str) -> Result<(), Refusal> {
        if self.store.hidden.contains(&("projects".to_owned(), project.to_owned())) {
            return Err(Refusal::forbidden("You do not have permission to access this project."));
        }
        self.store.table("projects").get(project).map(|_| ()).ok_or_else(Refusal::not_found)
    }

    /// A record by its id: 404 also where it is deleted, of another project, or not for the caller's eyes.
    pub(super) fn find(&self, resource: &str, id: &str, project: Option<&str>) -> Result<&Row, Refusal> {
        self.store
            .table(resource)
            .get(id)
            .filter(|row| project.is_none_or(|project| row.project.as_deref() == Some(project)))
            .filter(|row| !row.marked_deleted() && self.store.visible(resource, id, row))
            .ok_or_else(Refusal::not_found)
    }

    pub(super) fn show(
        &self,
        call: &Call<'_>,
        resource: &str,
        id: &str,
        views: &[&'static str],
    ) -> Result<Response<Bytes>, Refusal> {
        let project = self.project(call)?;
        let row = self.find(resource, id, Some(project))?;
        let view = view(call, views)?;
        let shown = views::shown(self, resource, id, row, view);
        Ok(json_response(StatusCode::OK, &self.with_addresses(call, resource, shown)))
    }

    /// The project of a read: in the path, or else in the query.
    pub(super) fn project<'a>(&self, call: &'a Call<'_>) -> Result<&'a str, Refusal> {
        let project = match call.segments.as_slice() {
            ["rest", _, "projects", project, _, ..] => project,
            ["rest", _, "companies", _, "projects", project, ..] => project,
            _ => call.required_id("project_id")?,
        };
        self.check_project(project)?;
        Ok(project)
    }

    fn project_list(&self, call: &Call<'_>, list: &List) -> Result<Response<Bytes>, Refusal> {
        self.list(call, list, Scope::Project(self.project(call)?))
    }

    pub(super) fn read(&self, call: &Call<'_>) -> Result<Response<Bytes>, Refusal> {
        let ["rest", version, path @ ..] = call.segments.as_slice() else { return Err(Refusal::not_found()) };
        match (*version, path) {
            ("v1.0", ["me"]) => Ok(Self::me(call)),
            ("v1.0", ["companies"]) => self.list(call, &COMPANIES, Scope::Company),
            ("v1.0", ["companies", _, "vendors", "inactive"]) => self.vendors(call, &INACTIVE_VENDORS, false),
            ("v1.0" | "v1.1", ["projects"]) => {
                call.required_id("company_id")?;
                let list = if *version == "v1.0" { &List { pages: Pages::V1, ..PROJECTS } } else { &PROJECTS };
                self.list(call, list, Scope::Company)
            }
            ("v1.0", ["projects", id]) => {
                call.required_id("company_id")?;
                self.check_project(id)?;
                let row = self.find("projects", id, None)?;
                let view = view(call, &["default", "minimal"])?;
                Ok(json_response(StatusCode::OK, &views::shown(self, "projects", id, row, view)))
            }
            ("v1.0", ["vendors"]) => {
                call.required_id("company_id")?;
                self.vendors(call, &VENDORS, true)
            }
            ("v1.0", ["vendors", id]) => {
                call.required_id("company_id")?;
                let row = self.find("vendors", id, None)?;
                let view = view(call, VENDOR_VIEWS)?;
                Ok(json_response(StatusCode::OK, &views::shown(self, "vendors", id, row, view)))
            }
            (
                "v1.0",
                ["cost_codes", ..] | ["line_item_types", ..] | ["projects", _, "work_breakdown_structure", ..],
            ) => self.read_coding(call, path),
            (
                "v1.0",
                [
                    kind @ ("work_order_contracts" | "purchase_order_contracts" | "prime_contracts"),
                    id,
                    "line_items",
                    line @ ..,
                ],
            ) => self.contract_lines(call, kind, id, line),
            ("v1.0", ["work_order_contracts"]) => self.project_list(call, &WORK_ORDERS),
            ("v1.0", ["purchase_order_contracts"]) => self.project_list(call, &PURCHASE_ORDERS),
            ("v1.0", [kind @ ("work_order_contracts" | "purchase_order_contracts"), id]) => {
                self.show(call, kind, id, PLAIN)
            }
            ("v1.0", ["prime_contracts"]) => self.project_list(call, &PRIME_CONTRACTS),
            ("v1.0", ["prime_contract"]) => self.first_prime_contract(call),
            ("v1.0", ["prime_contract", id]) => self.show(call, "prime_contracts", id, PLAIN),
            ("v1.0", ["prime_contracts", id, "payment_applications"]) => {
                let project = self.project(call)?;
                self.find("prime_contracts", id, Some(project))?;
                self.list(call, &CONTRACT_PAYMENT_APPLICATIONS, Scope::Contract(project, id))
            }
            ("v1.0", ["change_order_packages"]) => {
                let project = self.project(call)?;
                let contract = call.query.get("contract_id").filter(|id| !id.is_empty());
                self.list(call, &PACKAGES, contract.map_or(Scope::Project(project), |id| Scope::Contract(project, id)))
            }
            ("v1.0", ["change_order_packages", id]) => self.show(call, "change_order_packages", id, PLAIN),
            ("v1.0", ["projects", _, "commitment_change_orders"]) => self.project_list(call, &COMMITMENT_CHANGE_ORDERS),
            ("v1.0", ["projects", _, "prime_change_orders"]) => self.project_list(call, &PRIME_CHANGE_ORDERS),
            ("v1.0", ["projects", _, kind @ ("commitment_change_orders" | "prime_change_orders"), id]) => {
                self.show(call, kind, id, &["default", "extended"])
            }
            (
                "v2.0",
                [
                    "companies",
                    _,
                    "projects",
                    _,
                    kind @ ("commitment_change_orders" | "prime_change_orders"),
                    id,
                    "line_items",
                    line @ ..,
                ],
            ) => self.change_order_lines(call, kind, id, line),
            ("v1.0", ["projects", _, "billing_periods"]) => self.project_list(call, &BILLING_PERIODS),
            ("v1.0", ["projects", _, "billing_periods", id]) => self.show(call, "billing_periods", id, PLAIN),
            ("v1.1", ["requisitions"]) => self.project_list(call, &REQUISITIONS),
            ("v1.1", ["requisitions", id]) => self.show(call, "requisitions", id, REQUISITION_VIEWS),
            ("v1.0", ["requisitions", id, kind, item @ ..]) => self.requisition_items(call, id, kind, item),
            ("v1.0", ["payment_applications"]) => self.project_list(call, &PAYMENT_APPLICATIONS),
            ("v1.0", ["payment_applications", id]) => self.show(call, "payment_applications", id, PLAIN),
            ("v1.0", ["contract_payments"]) => {
                let (project, contract) = (self.project(call)?, call.required_id("contract_id")?);
                let (resource, _) = self.store.contract(contract).ok_or_else(Refusal::not_found)?;
                self.find(resource, contract, Some(project))?;
                self.list(call, &PAYMENTS, Scope::Contract(project, contract))
            }
            ("v1.0", ["contract_payments", id]) => {
                let (project, contract) = (self.project(call)?, call.required_id("contract_id")?);
                Ok(json_response(StatusCode::OK, &self.payment(id, project, contract)?.body))
            }
            ("v1.1", ["projects", _, "direct_costs"]) => self.project_list(call, &DIRECT_COSTS),
            ("v1.1", ["projects", _, "direct_costs", id]) => self.show(call, "direct_costs", id, PLAIN),
            ("v1.0", ["projects", _, "direct_costs", "line_items"]) => self.direct_cost_lines(call, None),
            ("v1.0", ["projects", _, "direct_costs", id, "line_items"]) => self.direct_cost_lines(call, Some(id)),
            ("v1.0", ["budget_views", path @ ..]) => self.read_budget(call, path),
            ("v1.1", ["budget_line_items", id]) => self.show(call, "budget_line_items", id, PLAIN),
            _ => Err(Refusal::not_found()),
        }
    }
}
