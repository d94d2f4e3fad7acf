//! Change orders on commitments: headers `GET /rest/v1.0/projects/{project_id}/commitment_change_orders`, lines only in
//! v2.0 below `/rest/v2.0/companies/{company_id}/projects/{project_id}/commitment_change_orders/{id}/line_items`.
//!
//! They exist in projects with one or two tiers of change orders; with three tiers see
//! [`change_order_packages`](super::change_order_packages).

use serde::Deserialize;
use sync_core::model::Timestamp;
use sync_core::model::{Amount, ChangeOrderId, ChangeOrderPackageId, ChangeOrderStatus, CommitmentId, SovLineId};

use super::wbs_codes::WbsCodeRef;
use super::{CurrencyConfiguration, RawJson, lenient};

/// The header of a change order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CommitmentChangeOrder {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: ChangeOrderId,
    /// The contract that it changes; a prime contract for a [prime change order](super::prime_change_orders).
    #[serde(default, deserialize_with = "lenient::id")]
    pub contract_id: Option<CommitmentId>,
    /// The package of the older API that is the same change order; pay app items name it.
    #[serde(default, deserialize_with = "lenient::id")]
    pub legacy_package_id: Option<ChangeOrderPackageId>,
    /// Number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub number: Option<String>,
    /// Title.
    #[serde(default, deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// Status.
    #[serde(default, deserialize_with = "lenient::word")]
    pub status: Option<ChangeOrderStatus>,
    /// Sum.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub grand_total: Option<Amount>,
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

/// A line of a change order (v2.0: ids are strings, no cost code and no cost type of its own).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChangeOrderLine {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: SovLineId,
    /// The line of the contract that it adds to.
    #[serde(default, deserialize_with = "lenient::id")]
    pub commitment_line_item_id: Option<SovLineId>,
    /// What it is for; may hold HTML.
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
    /// Amount; negative for a deduction.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub amount: Option<Amount>,
    /// Place among the lines.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub position: Option<i64>,
    /// Budget code, by id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub wbs_code_id: Option<String>,
    /// Budget code.
    #[serde(default, deserialize_with = "lenient::object")]
    pub wbs_code: Option<WbsCodeRef>,
}
