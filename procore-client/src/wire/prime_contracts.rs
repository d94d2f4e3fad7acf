//! Contracts with owners: list `GET /rest/v1.0/prime_contracts?project_id=` (plural), show
//! `GET /rest/v1.0/prime_contract/{id}` (singular), which alone has the lines.

use serde::Deserialize;
use sync_core::model::{Amount, CommitmentStatus, Date, PrimeContractId, Timestamp};

use super::commitments::LineItem;
use super::{CurrencyConfiguration, RawJson, VendorRef, lenient};

/// A prime contract of a list, as far as it names the owner. Its sums are read only where a document is made of them,
/// so that a sum that cannot be read leaves the owner known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PrimeContract {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: PrimeContractId,
    /// Number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub number: Option<String>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<CommitmentStatus>,
    /// The owner: the company that pays us.
    #[serde(default, deserialize_with = "lenient::object")]
    pub vendor: Option<VendorRef>,
    /// The general contractor: as a rule ourselves.
    #[serde(default, deserialize_with = "lenient::object")]
    pub contractor: Option<VendorRef>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// When it went to the recycle bin.
    #[serde(default, deserialize_with = "lenient::time")]
    pub deleted_at: Option<Timestamp>,
}

/// A prime contract as it is shown alone, with its schedule of values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ShownPrimeContract {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: PrimeContractId,
    /// Number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub number: Option<String>,
    /// Title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<CommitmentStatus>,
    /// The owner: the company that pays us.
    #[serde(default, deserialize_with = "lenient::object")]
    pub vendor: Option<VendorRef>,
    /// The **original** sum, markup included; not the revised one.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub grand_total: Option<Amount>,
    /// Approved change orders.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub approved_change_orders: Option<Amount>,
    /// Original sum and approved change orders.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub revised_contract_amount: Option<Amount>,
    /// Owner invoices so far.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub owner_invoices_amount: Option<Amount>,
    /// Payments received so far.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub total_payments: Option<Amount>,
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
    /// Schedule of values.
    #[serde(default, deserialize_with = "lenient::list")]
    pub line_items: Option<Vec<LineItem>>,
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
