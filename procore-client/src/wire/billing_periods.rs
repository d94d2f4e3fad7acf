//! Billing periods of a project: `GET /rest/v1.0/projects/{project_id}/billing_periods`.

use serde::Deserialize;
use sync_core::model::{BillingPeriodId, Date};

use super::lenient;

/// A billing period, shared by pay apps and owner invoices.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BillingPeriod {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: BillingPeriodId,
    /// First day.
    #[serde(default, deserialize_with = "lenient::date")]
    pub start_date: Option<Date>,
    /// Last day.
    #[serde(default, deserialize_with = "lenient::date")]
    pub end_date: Option<Date>,
    /// When invoices are due.
    #[serde(default, deserialize_with = "lenient::date")]
    pub due_date: Option<Date>,
    /// `open` or `closed`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
}
