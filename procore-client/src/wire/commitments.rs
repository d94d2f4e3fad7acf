//! What subcontracts and purchase orders have in common (v1.0, which alone carries origin ids and contract sums).

use serde::Deserialize;
use sync_core::model::Timestamp;
use sync_core::model::construction::CommitmentKind;
use sync_core::model::{Amount, CommitmentId, CommitmentStatus, Date, ProjectId, SovLineId};

use super::cost_codes::CostCodeRef;
use super::line_item_types::LineItemType;
use super::wbs_codes::WbsCodeRef;
use super::{CurrencyConfiguration, RawJson, VendorRef, lenient};

/// The resource of a kind of commitment.
pub(crate) fn resource(kind: CommitmentKind) -> &'static str {
    match kind {
        CommitmentKind::Subcontract => super::work_order_contracts::RESOURCE,
        CommitmentKind::PurchaseOrder => super::purchase_order_contracts::RESOURCE,
    }
}

/// The kind that `commitment_type` and `holder_type` name: `WorkOrderContract`, `PurchaseOrderContract`.
pub(crate) fn kind_of(name: &str) -> Option<CommitmentKind> {
    match name {
        "WorkOrderContract" => Some(CommitmentKind::Subcontract),
        "PurchaseOrderContract" => Some(CommitmentKind::PurchaseOrder),
        _ => None,
    }
}

/// A work order contract or purchase order contract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CommitmentContract {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: CommitmentId,
    /// Number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub number: Option<String>,
    /// Title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<CommitmentStatus>,
    /// `amount` or `unit`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub accounting_method: Option<String>,
    /// Who was commissioned; named in `company`.
    #[serde(default, deserialize_with = "lenient::object")]
    pub vendor: Option<VendorRef>,
    /// Its project.
    #[serde(default, deserialize_with = "lenient::object")]
    pub project: Option<ProjectRef>,
    /// Payment terms, on purchase orders.
    #[serde(default, deserialize_with = "lenient::text")]
    pub payment_terms: Option<String>,
    /// The **original** sum, markup included; not the revised one.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub grand_total: Option<Amount>,
    /// Payments recorded so far.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_payments: Option<Amount>,
    /// Approved change orders.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub approved_change_orders: Option<Amount>,
    /// Original sum and approved change orders.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub revised_contract: Option<Amount>,
    /// Default retainage in percent.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub retainage_percent: Option<Amount>,
    /// Date of the contract.
    #[serde(default, deserialize_with = "lenient::date")]
    pub contract_date: Option<Date>,
    /// When the signed contract came back.
    #[serde(default, deserialize_with = "lenient::date")]
    pub signed_contract_received_date: Option<Date>,
    /// When it was executed.
    #[serde(default, deserialize_with = "lenient::date")]
    pub execution_date: Option<Date>,
    /// When it was issued.
    #[serde(default, deserialize_with = "lenient::date")]
    pub issued_on_date: Option<Date>,
    /// Schedule of values; none in views that leave it out.
    #[serde(default, deserialize_with = "lenient::list")]
    pub line_items: Option<Vec<LineItem>>,
    /// Does it bill by a subcontractor's schedule of values, finer than its own?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub enable_ssov: Option<bool>,
    /// Id in another system, set by one integration.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "lenient::time")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// When it went to the recycle bin.
    #[serde(default, deserialize_with = "lenient::time")]
    pub deleted_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default, deserialize_with = "lenient::raw")]
    pub custom_fields: Option<RawJson>,
    /// Currency of every amount.
    #[serde(default, deserialize_with = "lenient::object")]
    pub currency_configuration: Option<CurrencyConfiguration>,
}

/// A project as other records name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ProjectRef {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<ProjectId>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// A line of a schedule of values, or of a change order package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LineItem {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: SovLineId,
    /// Place in the schedule.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub position: Option<i64>,
    /// What it is for; may hold HTML.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
    /// Amount, before markup.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub amount: Option<Amount>,
    /// Amount, as change order lines call it.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_amount: Option<Amount>,
    /// Quantity, on unit-based contracts.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub quantity: Option<Amount>,
    /// Unit.
    #[serde(default, deserialize_with = "lenient::text")]
    pub uom: Option<String>,
    /// Cost code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub cost_code: Option<CostCodeRef>,
    /// Cost type.
    #[serde(default, deserialize_with = "lenient::object")]
    pub line_item_type: Option<LineItemType>,
    /// Budget code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub wbs_code: Option<WbsCodeRef>,
}

/// A line of a subcontractor's schedule of values (`line_item_contract_details`), by which some contracts bill.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct DetailLine {
    /// Id, which pay app items call `detail_line_item_id`.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// The line of the contract's own schedule that it details.
    #[serde(default, deserialize_with = "lenient::id")]
    pub line_item_id: Option<SovLineId>,
}
