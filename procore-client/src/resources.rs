//! The typed calls: what can be read, one method for each endpoint.
//!
//! Lists answer with [`Record`]s, since one record that cannot be read must not hide the others. A show answers `None`
//! for 404, which Procore also gives for what the account may not see.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use futures_util::stream::Stream;
use sync_core::model::construction::CommitmentKind;
use sync_core::model::{
    ChangeOrderId, ChangeOrderPackageId, CommitmentId, OwnerInvoiceId, PayAppId, PrimeContractId, ProjectId, Timestamp,
    VendorId,
};

use crate::client::{Page, Procore, Query};
use crate::error::Error;
use crate::wire::billing_periods::BillingPeriod;
use crate::wire::change_order_packages::ChangeOrderPackage;
use crate::wire::commitment_change_orders::{ChangeOrderLine, CommitmentChangeOrder};
use crate::wire::commitments::{CommitmentContract, DetailLine, LineItem, resource};
use crate::wire::companies::{Company, Me};
use crate::wire::contract_payments::ContractPayment;
use crate::wire::cost_codes::CostCode;
use crate::wire::direct_costs::DirectCostRecord;
use crate::wire::line_item_types::LineItemType;
use crate::wire::payment_applications::PaymentApplication;
use crate::wire::prime_change_orders::{PrimeChangeOrder, PrimeChangeOrderLine};
use crate::wire::prime_contracts::{PrimeContract, ShownPrimeContract};
use crate::wire::projects::Project;
use crate::wire::requisitions::{Item, Requisition};
use crate::wire::vendors::Vendor;
use crate::wire::wbs_codes::WbsCode;
use crate::wire::{BadRecord, Record};

/// Rows per page of v1 lists with small rows (<https://developers.procore.com/documentation/pagination>).
pub(crate) const SMALL_ROWS: usize = 2000;
/// Rows per page where a row carries lines: larger answers end in 408.
pub(crate) const LARGE_ROWS: usize = 200;
/// The most that projects v1.1 grants.
const PROJECTS: usize = 300;
/// The most that v2.0 grants.
const V2: usize = 100;

/// A closed range of instants, as `filters[updated_at]` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
}

impl Between {
    /// `"A...B"`, the quotes included (<https://developers.procore.com/documentation/filtering-on-list-actions>).
    fn filter(&self) -> String {
        let format = |instant: &Timestamp| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        format!("\"{}...{}\"", format(&self.from), format(&self.to))
    }
}

/// Which records of a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Only<'a> {
    /// Those that last changed in this range.
    pub updated: Option<Between>,
    /// Those of this contract.
    pub contract: Option<&'a CommitmentId>,
}

impl Only<'_> {
    /// All of them.
    pub const ALL: Only<'static> = Only { updated: None, contract: None };

    /// Those that last changed in a range.
    pub fn updated(between: Between) -> Self {
        Self { updated: Some(between), contract: None }
    }
}

/// Lists whose members can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Vendors of the company.
    Vendors,
    /// Subcontracts of a project.
    WorkOrderContracts,
    /// Purchase orders of a project.
    PurchaseOrderContracts,
    /// Pay apps of a project.
    Requisitions,
}

const UPDATED: &str = "filters[updated_at]";

impl Procore {
    /// The login itself; the cheapest call that proves that it works.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn me(&self) -> Result<Me, Error> {
        let query = Query::new("/rest/v1.0/me");
        match self.show::<Me>(query).await? {
            Some(Ok(me)) => Ok(me),
            Some(Err(record)) => Err(unreadable("GET /rest/v1.0/me", record)),
            None => {
                Err(Error::Configuration("the API host does not know /rest/v1.0/me; check the environment".to_owned()))
            }
        }
    }

    /// The names of the members that the first page of a list has, whatever they are: what this client knows can be
    /// compared with what Procore sends now. Reads only.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub async fn members(&self, list: Listing, project: &ProjectId) -> Result<BTreeSet<String>, Error> {
        let query = match list {
            Listing::Vendors => {
                let query = Query::new("/rest/v1.0/vendors").with("company_id", self.company());
                query.with("view", "normal").paged(SMALL_ROWS)
            }
            Listing::Requisitions => {
                let query = Query::new("/rest/v1.1/requisitions").with("project_id", project);
                query.with("view", "extended").paged(LARGE_ROWS)
            }
            Listing::WorkOrderContracts | Listing::PurchaseOrderContracts => {
                let kind = match list {
                    Listing::WorkOrderContracts => CommitmentKind::Subcontract,
                    _ => CommitmentKind::PurchaseOrder,
                };
                let query = Query::new(format!("/rest/v1.0/{}", resource(kind))).with("project_id", project);
                query.with("view", "extended").paged(LARGE_ROWS)
            }
        };
        let mut pages = std::pin::pin!(self.pages::<BTreeMap<String, serde::de::IgnoredAny>>(query));
        let first = pages.try_next().await?;
        let records = first.into_iter().flat_map(|page| page.records).filter_map(Result::ok);
        Ok(records.flat_map(BTreeMap::into_keys).collect())
    }

    /// The companies that the login can see.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn companies(&self) -> Result<Vec<Record<Company>>, Error> {
        self.list(Query::new("/rest/v1.0/companies").paged(SMALL_ROWS)).await
    }

    /// Projects, inactive ones too.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn projects(&self) -> Result<Vec<Record<Project>>, Error> {
        let query = Query::new("/rest/v1.1/projects").with("company_id", self.company());
        self.list(query.with("filters[by_status]", "All").with("view", "extended").paged(PROJECTS)).await
    }

    /// One project.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn project(&self, id: &ProjectId) -> Result<Option<Record<Project>>, Error> {
        self.show(Query::new(format!("/rest/v1.0/projects/{}", segment(id))).with("company_id", self.company())).await
    }

    /// Active companies of the directory, page by page.
    pub fn vendors(&self, updated: Option<Between>) -> impl Stream<Item = Result<Page<Vendor>, Error>> + Send + '_ {
        let query = Query::new("/rest/v1.0/vendors").with("company_id", self.company()).with("view", "normal");
        self.pages(query.maybe(UPDATED, updated.map(|between| between.filter())).paged(SMALL_ROWS))
    }

    /// Active companies of the directory by their ids.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn vendors_by_id(&self, ids: &[&VendorId]) -> Result<Vec<Record<Vendor>>, Error> {
        let query = Query::new("/rest/v1.0/vendors").with("company_id", self.company()).with("view", "normal");
        let query = ids.iter().fold(query, |query, id| query.with("filters[id][]", id));
        self.list(query.paged(SMALL_ROWS)).await
    }

    /// Inactive companies of the directory, which the other list leaves out; this one knows no filter.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn inactive_vendors(&self) -> Result<Vec<Record<Vendor>>, Error> {
        let path = format!("/rest/v1.0/companies/{}/vendors/inactive", self.company());
        absent_is_empty(self.list(Query::new(path).with("view", "normal").paged(SMALL_ROWS)).await)
    }

    /// One company of the directory.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn vendor(&self, id: &VendorId) -> Result<Option<Record<Vendor>>, Error> {
        let query = Query::new(format!("/rest/v1.0/vendors/{}", segment(id)));
        self.show(query.with("company_id", self.company()).with("view", "normal")).await
    }

    /// Cost codes of a project; not those of its sub jobs.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn cost_codes(&self, project: &ProjectId) -> Result<Vec<Record<CostCode>>, Error> {
        self.list(Query::new("/rest/v1.0/cost_codes").with("project_id", project).paged(SMALL_ROWS)).await
    }

    /// Cost types of the company.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn line_item_types(&self) -> Result<Vec<Record<LineItemType>>, Error> {
        self.list(Query::new("/rest/v1.0/line_item_types").with("company_id", self.company()).paged(SMALL_ROWS)).await
    }

    /// Budget codes of a project with their segments; empty where the project has none to show.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn wbs_codes(&self, project: &ProjectId) -> Result<Vec<Record<WbsCode>>, Error> {
        let path = format!("/rest/v1.0/projects/{}/work_breakdown_structure/wbs_codes", segment(project));
        absent_is_empty(self.list(Query::new(path).paged(SMALL_ROWS)).await)
    }

    /// Commitments of one kind, deleted ones too, page by page. Lines may be left out; then show each.
    pub fn commitments(
        &self,
        kind: CommitmentKind,
        project: &ProjectId,
        only: Only<'_>,
    ) -> impl Stream<Item = Result<Page<CommitmentContract>, Error>> + Send + use<'_> {
        let query = Query::new(format!("/rest/v1.0/{}", resource(kind))).with("project_id", project);
        let query = query.with("filters[include_deleted]", "with");
        self.pages(match only.updated {
            // To learn what changed, no more than ids are needed.
            Some(between) => query.with(UPDATED, between.filter()).with("view", "compact").paged(SMALL_ROWS),
            None => query.with("view", "extended").paged(LARGE_ROWS),
        })
    }

    /// Every commitment of one kind as its list names it, deleted ones too: ids and when each last changed, no lines.
    pub fn commitments_named(
        &self,
        kind: CommitmentKind,
        project: &ProjectId,
    ) -> impl Stream<Item = Result<Page<CommitmentContract>, Error>> + Send + use<'_> {
        let query = Query::new(format!("/rest/v1.0/{}", resource(kind))).with("project_id", project);
        let query = query.with("filters[include_deleted]", "with").with("view", "compact");
        self.pages(query.paged(SMALL_ROWS))
    }

    /// One commitment with its lines.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn commitment(
        &self,
        kind: CommitmentKind,
        project: &ProjectId,
        id: &CommitmentId,
    ) -> Result<Option<Record<CommitmentContract>>, Error> {
        let path = format!("/rest/v1.0/{}/{}", resource(kind), segment(id));
        self.show(Query::new(path).with("project_id", project)).await
    }

    /// The lines of a commitment.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn commitment_lines(
        &self,
        kind: CommitmentKind,
        project: &ProjectId,
        id: &CommitmentId,
    ) -> Result<Vec<Record<LineItem>>, Error> {
        let path = format!("/rest/v1.0/{}/{}/line_items", resource(kind), segment(id));
        self.list(Query::new(path).with("project_id", project).paged(SMALL_ROWS)).await
    }

    /// The subcontractor's schedule of values of a commitment; empty where it has none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn detail_lines(
        &self,
        kind: CommitmentKind,
        project: &ProjectId,
        id: &CommitmentId,
    ) -> Result<Vec<Record<DetailLine>>, Error> {
        let path = format!("/rest/v1.0/{}/{}/line_item_contract_details", resource(kind), segment(id));
        absent_is_empty(self.list(Query::new(path).with("project_id", project).paged(SMALL_ROWS)).await)
    }

    /// Headers of change orders on commitments of a project.
    ///
    /// # Errors
    /// If they cannot be read; projects with three tiers refuse.
    pub async fn commitment_change_orders(
        &self,
        project: &ProjectId,
        only: Only<'_>,
    ) -> Result<Vec<Record<CommitmentChangeOrder>>, Error> {
        self.change_order_headers("commitment_change_orders", project, only).await
    }

    async fn change_order_headers(
        &self,
        resource: &str,
        project: &ProjectId,
        only: Only<'_>,
    ) -> Result<Vec<Record<CommitmentChangeOrder>>, Error> {
        let path = format!("/rest/v1.0/projects/{}/{resource}", segment(project));
        let query = Query::new(path).maybe("filters[contract_id]", only.contract);
        self.list(query.maybe(UPDATED, only.updated.map(|between| between.filter())).paged(SMALL_ROWS)).await
    }

    /// The lines of a change order on a commitment (v2.0).
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn change_order_lines(
        &self,
        project: &ProjectId,
        id: &ChangeOrderId,
    ) -> Result<Vec<Record<ChangeOrderLine>>, Error> {
        self.lines_of_change_order("commitment_change_orders", project, id).await
    }

    async fn lines_of_change_order(
        &self,
        resource: &str,
        project: &ProjectId,
        id: &ChangeOrderId,
    ) -> Result<Vec<Record<ChangeOrderLine>>, Error> {
        let (company, project, id) = (self.company(), segment(project), segment(id));
        let path = format!("/rest/v2.0/companies/{company}/projects/{project}/{resource}/{id}/line_items");
        self.list(Query::new(path).paged(V2)).await
    }

    /// Headers of change orders on prime contracts of a project; `only.contract` names a prime contract.
    ///
    /// # Errors
    /// If they cannot be read; projects with three tiers refuse.
    pub async fn prime_change_orders(
        &self,
        project: &ProjectId,
        only: Only<'_>,
    ) -> Result<Vec<Record<PrimeChangeOrder>>, Error> {
        self.change_order_headers("prime_change_orders", project, only).await
    }

    /// The lines of a change order on a prime contract (v2.0).
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn prime_change_order_lines(
        &self,
        project: &ProjectId,
        id: &ChangeOrderId,
    ) -> Result<Vec<Record<PrimeChangeOrderLine>>, Error> {
        self.lines_of_change_order("prime_change_orders", project, id).await
    }

    /// Change order packages of a project, of commitments and prime contracts alike, deleted ones left out; empty where
    /// the project has none to show.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn change_order_packages(
        &self,
        project: &ProjectId,
        only: Only<'_>,
    ) -> Result<Vec<Record<ChangeOrderPackage>>, Error> {
        let query = Query::new("/rest/v1.0/change_order_packages").with("project_id", project);
        let query = match only.updated {
            Some(between) => query.with("filters[include_deleted]", "with").with(UPDATED, between.filter()),
            None => query,
        };
        absent_is_empty(self.list(query.maybe("contract_id", only.contract).paged(SMALL_ROWS)).await)
    }

    /// One change order package with its lines.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn change_order_package(
        &self,
        project: &ProjectId,
        id: &ChangeOrderPackageId,
    ) -> Result<Option<Record<ChangeOrderPackage>>, Error> {
        let query = Query::new(format!("/rest/v1.0/change_order_packages/{}", segment(id)));
        self.show(query.with("project_id", project)).await
    }

    /// Prime contracts of a project; empty where it has none.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn prime_contracts(
        &self,
        project: &ProjectId,
        updated: Option<Between>,
    ) -> Result<Vec<Record<PrimeContract>>, Error> {
        let query = Query::new("/rest/v1.0/prime_contracts").with("project_id", project);
        absent_is_empty(self.list(query.maybe(UPDATED, updated.map(|b| b.filter())).paged(LARGE_ROWS)).await)
    }

    /// One prime contract with its lines.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn prime_contract(
        &self,
        project: &ProjectId,
        id: &PrimeContractId,
    ) -> Result<Option<Record<ShownPrimeContract>>, Error> {
        // Singular, unlike the list.
        let path = format!("/rest/v1.0/prime_contract/{}", segment(id));
        self.show(Query::new(path).with("project_id", project)).await
    }

    /// Owner invoices of a project without their rows; no filter is known. Empty where the project has none.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn payment_applications(&self, project: &ProjectId) -> Result<Vec<Record<PaymentApplication>>, Error> {
        let query = Query::new("/rest/v1.0/payment_applications").with("project_id", project);
        absent_is_empty(self.list(query.paged(LARGE_ROWS)).await)
    }

    /// One owner invoice with its rows; when it last changed is only in the list.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn payment_application(
        &self,
        project: &ProjectId,
        id: &OwnerInvoiceId,
    ) -> Result<Option<Record<PaymentApplication>>, Error> {
        let path = format!("/rest/v1.0/payment_applications/{}", segment(id));
        self.show(Query::new(path).with("project_id", project)).await
    }

    /// Payments on a contract: issued on a commitment, received on a prime contract.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn contract_payments(
        &self,
        project: &ProjectId,
        contract: impl AsRef<str>,
    ) -> Result<Vec<Record<ContractPayment>>, Error> {
        let query = Query::new("/rest/v1.0/contract_payments").with("project_id", project);
        self.list(query.with("contract_id", contract).paged(SMALL_ROWS)).await
    }

    /// Direct costs of a project, without their lines.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn direct_costs(&self, project: &ProjectId) -> Result<Vec<Record<DirectCostRecord>>, Error> {
        let path = format!("/rest/v1.1/projects/{}/direct_costs", segment(project));
        self.list(Query::new(path).paged(SMALL_ROWS)).await
    }

    /// Billing periods of a project.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn billing_periods(&self, project: &ProjectId) -> Result<Vec<Record<BillingPeriod>>, Error> {
        let path = format!("/rest/v1.0/projects/{}/billing_periods", segment(project));
        self.list(Query::new(path).paged(SMALL_ROWS)).await
    }

    /// Pay apps of a project with their items.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn requisitions(&self, project: &ProjectId, only: Only<'_>) -> Result<Vec<Record<Requisition>>, Error> {
        let query = Query::new("/rest/v1.1/requisitions").with("project_id", project);
        let query = query.maybe("filters[commitment_id]", only.contract);
        self.list(match only.updated {
            Some(between) => query.with(UPDATED, between.filter()).paged(SMALL_ROWS),
            None => query.with("view", "extended").paged(LARGE_ROWS),
        })
        .await
    }

    /// Every pay app of a project as its list names it: ids and when each last changed.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn requisitions_named(&self, project: &ProjectId) -> Result<Vec<Record<Requisition>>, Error> {
        self.list(Query::new("/rest/v1.1/requisitions").with("project_id", project).paged(SMALL_ROWS)).await
    }

    /// One pay app with its items.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn requisition(&self, project: &ProjectId, id: &PayAppId) -> Result<Option<Record<Requisition>>, Error> {
        let query = Query::new(format!("/rest/v1.1/requisitions/{}", segment(id))).with("project_id", project);
        self.show(query.with("view", "extended")).await
    }

    /// The G703 of a pay app with what is held on each line.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn requisition_detail(&self, project: &ProjectId, id: &PayAppId) -> Result<Vec<Record<Item>>, Error> {
        let path = format!("/rest/v1.0/requisitions/{}/detail", segment(id));
        self.list(Query::new(path).with("project_id", project)).await
    }
}

/// An id as a part of a path. Ids of v2 are strings that somebody else chose.
pub(crate) fn segment(id: &impl AsRef<str>) -> percent_encoding::PercentEncode<'_> {
    percent_encoding::utf8_percent_encode(id.as_ref(), crate::auth::QUERY)
}

/// Where Procore knows no such list, it is empty.
fn absent_is_empty<T>(list: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match list {
        Err(error) if error.status() == Some(404) => Ok(Vec::new()),
        other => other,
    }
}

/// The first record that cannot be read, as an error: for lists that other documents depend on as a whole.
pub(crate) fn all_or_none<T>(endpoint: &str, records: Vec<Record<T>>) -> Result<Vec<T>, Error> {
    records.into_iter().collect::<Result<_, _>>().map_err(|record| unreadable(endpoint, record))
}

/// A record that something else depends on cannot be read.
pub(crate) fn unreadable(endpoint: &str, record: Box<BadRecord>) -> Error {
    Error::Record { endpoint: endpoint.to_owned(), record }
}
