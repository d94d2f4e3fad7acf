//! Owner invoices: `GET /rest/v1.0/payment_applications?project_id=` (no filters, no rows, with times), and
//! `.../{id}?project_id=` (with rows, without times).

use serde::Deserialize;
use sync_core::model::{Amount, BillingPeriodId, Date, OwnerInvoiceId, OwnerInvoiceStatus, PayAppLineId};
use sync_core::model::{PrimeContractId, Timestamp};

use super::cost_codes::CostCodeRef;
use super::requisitions::Summary;
use super::wbs_codes::WbsCodeRef;
use super::{CurrencyConfiguration, RawJson, lenient};

/// A payment application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PaymentApplication {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: OwnerInvoiceId,
    /// Number of the application within its contract.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub number: Option<i64>,
    /// Our invoice number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub invoice_number: Option<String>,
    /// The prime contract that it bills.
    #[serde(default, deserialize_with = "lenient::object")]
    pub contract: Option<ContractRef>,
    /// Status. There is none for paid.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<OwnerInvoiceStatus>,
    /// Billing period.
    #[serde(default, deserialize_with = "lenient::id")]
    pub period_id: Option<BillingPeriodId>,
    /// First day of the period.
    #[serde(default, deserialize_with = "lenient::date")]
    pub period_start: Option<Date>,
    /// Last day of the period.
    #[serde(default, deserialize_with = "lenient::date")]
    pub period_end: Option<Date>,
    /// The same, of the project's billing period.
    #[serde(default, deserialize_with = "lenient::object")]
    pub billing_period: Option<Period>,
    /// Date of the invoice.
    #[serde(default, deserialize_with = "lenient::date")]
    pub billing_date: Option<Date>,
    /// Payments received on it, as Procore adds them up.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_amount_paid: Option<Amount>,
    /// The header's totals.
    #[serde(default, deserialize_with = "lenient::object")]
    pub g702: Option<Summary>,
    /// The rows; none in lists.
    #[serde(default, deserialize_with = "lenient::list")]
    pub g703: Option<Vec<Row>>,
    /// Id in another system; locks the invoice.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// When it last changed; only in lists.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default, deserialize_with = "lenient::raw")]
    pub custom_fields: Option<RawJson>,
    /// Currency of every amount.
    #[serde(default, deserialize_with = "lenient::object")]
    pub currency_configuration: Option<CurrencyConfiguration>,
}

impl PaymentApplication {
    /// The prime contract that it bills.
    pub fn contract_id(&self) -> Option<&PrimeContractId> {
        self.contract.as_ref()?.id.as_ref()
    }
}

/// The contract of a payment application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ContractRef {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<PrimeContractId>,
    /// Title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
}

/// The days of a billing period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Period {
    /// First day.
    #[serde(default, deserialize_with = "lenient::date")]
    pub start_date: Option<Date>,
    /// Last day.
    #[serde(default, deserialize_with = "lenient::date")]
    pub end_date: Option<Date>,
}

/// A row of a payment application (G703).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: PayAppLineId,
    /// `payment_application_line_item`, `payment_application_markup_line_item`, …
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Column A.
    #[serde(default, deserialize_with = "lenient::text")]
    pub item_number: Option<String>,
    /// What the row bills, within Procore: **not** an id in another system.
    #[serde(default, deserialize_with = "lenient::id")]
    pub origin_id: Option<String>,
    /// What `origin_id` names: `LineItem` or `ChangeOrderPackage`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_type: Option<String>,
    /// `contract` or `change_order`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub added_from_source: Option<String>,
    /// The contract or change order.
    #[serde(default, deserialize_with = "lenient::id")]
    pub added_from_source_id: Option<String>,
    /// Column B; may hold HTML.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description_of_work: Option<String>,
    /// Column B as somebody worded it for this contract.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description_override: Option<String>,
    /// Cost code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub cost_code: Option<CostCodeRef>,
    /// Budget code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub wbs_code: Option<WbsCodeRef>,
    /// Column C.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub scheduled_value: Option<Amount>,
    /// Column D.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_from_previous_application: Option<Amount>,
    /// Column E.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub work_completed_this_period: Option<Amount>,
    /// Column F.
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
    /// Held on stored material after the application before.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_stored_retainage_from_previous_application: Option<Amount>,
    /// Released on stored material this period.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_stored_retainage_released_this_period: Option<Amount>,
    /// Retainage that went from stored material to work with what was installed.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub materials_retainage_retained_moved: Option<Amount>,
    /// Held on the row now, all in all.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_retainage_currently_retained: Option<Amount>,
    /// Held on the row after the application before.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_retainage_from_previous_application: Option<Amount>,
}
