//! Pay apps (subcontractor invoices): `GET /rest/v1.1/requisitions?project_id=`, `.../{id}`, and their G703 with what is
//! held on each line: `GET /rest/v1.0/requisitions/{id}/detail`.

use serde::Deserialize;
use sync_core::model::{Amount, BillingPeriodId, ChangeOrderPackageId, CommitmentId, CostCodeId, Date, PayAppId};
use sync_core::model::{PayAppLineId, PayAppStatus, ProjectId, SovLineId, Timestamp, VendorId};

use super::attachments::{self, Attachments};
use super::wbs_codes::WbsCodeRef;
use super::{CurrencyConfiguration, RawJson, lenient};

/// A requisition (v1.1). Items are there with `view=extended`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Requisition {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: PayAppId,
    /// Its project.
    #[serde(default, deserialize_with = "lenient::id")]
    pub project_id: Option<ProjectId>,
    /// The commitment that it bills.
    #[serde(default, deserialize_with = "lenient::id")]
    pub commitment_id: Option<CommitmentId>,
    /// `WorkOrderContract` or `PurchaseOrderContract`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub commitment_type: Option<String>,
    /// Number and title of the commitment.
    #[serde(default, deserialize_with = "lenient::text")]
    pub contract_name: Option<String>,
    /// Who bills.
    #[serde(default, deserialize_with = "lenient::id")]
    pub vendor_id: Option<VendorId>,
    /// The name of who bills.
    #[serde(default, deserialize_with = "lenient::text")]
    pub vendor_name: Option<String>,
    /// Number of the application within its commitment.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub number: Option<i64>,
    /// The vendor's own invoice number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub invoice_number: Option<String>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<PayAppStatus>,
    /// Billing period.
    #[serde(default, deserialize_with = "lenient::id")]
    pub period_id: Option<BillingPeriodId>,
    /// First day of the period.
    #[serde(default, deserialize_with = "lenient::date")]
    pub requisition_start: Option<Date>,
    /// Last day of the period.
    #[serde(default, deserialize_with = "lenient::date")]
    pub requisition_end: Option<Date>,
    /// Date of the invoice.
    #[serde(default, deserialize_with = "lenient::date")]
    pub billing_date: Option<Date>,
    /// The application before this one, on the same commitment.
    #[serde(default, deserialize_with = "lenient::id")]
    pub previous_requisition_id: Option<PayAppId>,
    /// The header's totals (G702).
    #[serde(default, deserialize_with = "lenient::object")]
    pub summary: Option<Summary>,
    /// The rows (G703); none in views that leave them out.
    #[serde(default, deserialize_with = "lenient::list")]
    pub items: Option<Vec<Item>>,
    /// Id in another system; locks the invoice.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// Its files: `{id, url, filename}` each, with addresses that hold for a short time.
    #[serde(default, deserialize_with = "attachments::member")]
    pub attachments: Option<Attachments>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default, deserialize_with = "lenient::raw")]
    pub custom_fields: Option<RawJson>,
    /// Currency of every amount.
    #[serde(default, deserialize_with = "lenient::object")]
    pub currency_configuration: Option<CurrencyConfiguration>,
}

/// The totals of a requisition (G702).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// Line 4.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_completed_and_stored_to_date: Option<Amount>,
    /// Line 5.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_retainage: Option<Amount>,
    /// Line 6.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_earned_less_retainage: Option<Amount>,
    /// Line 7.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub less_previous_certificates_for_payment: Option<Amount>,
    /// Tax in this payment.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub tax_applicable_to_this_payment: Option<Amount>,
    /// Line 8.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub current_payment_due: Option<Amount>,
}

/// A row of a requisition (G703). Members of the other accounting method are absent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: PayAppLineId,
    /// `contract_item`, `contract_detail_item`, `change_order_item` or `whole_change_order_item`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub item_type: Option<String>,
    /// The line of the commitment or of its change order.
    #[serde(default, deserialize_with = "lenient::id")]
    pub line_item_id: Option<SovLineId>,
    /// The line of the subcontractor's own schedule.
    #[serde(default, deserialize_with = "lenient::id")]
    pub detail_line_item_id: Option<String>,
    /// The change order's package.
    #[serde(default, deserialize_with = "lenient::id")]
    pub change_order_package_id: Option<ChangeOrderPackageId>,
    /// The same row of the application before.
    #[serde(default, deserialize_with = "lenient::id")]
    pub previous_progress_id: Option<PayAppLineId>,
    /// Cost code.
    #[serde(default, deserialize_with = "lenient::id")]
    pub cost_code_id: Option<CostCodeId>,
    /// Budget code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub wbs_code: Option<WbsCodeRef>,
    /// What it is for; may hold HTML.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description_of_work: Option<String>,
    /// Place among the rows.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub position: Option<i64>,
    /// Column C.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub scheduled_value: Option<Amount>,
    /// Column D.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_from_previous_application: Option<Amount>,
    /// Column E.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_this_period: Option<Amount>,
    /// Column F; only on amount-based contracts.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_presently_stored: Option<Amount>,
    /// Column G.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_completed_and_stored_to_date: Option<Amount>,
    /// Withheld on work this period.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_retainage_retained_this_period: Option<Amount>,
    /// Released on work this period.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_retainage_released_this_period: Option<Amount>,
    /// Held on stored material now.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_stored_retainage_currently_retained: Option<Amount>,
    /// Released on stored material this period.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_stored_retainage_released_this_period: Option<Amount>,
    /// Retainage that went from stored material to work with what was installed.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_retainage_retained_moved: Option<Amount>,
    /// Held on the row now, all in all; as a rule only in `/detail`.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_retainage_currently_retained: Option<Amount>,
    /// Held on the row after the application before; as a rule only in `/detail`.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_retainage_from_previous_application: Option<Amount>,
}
