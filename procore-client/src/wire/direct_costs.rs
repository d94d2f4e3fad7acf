//! Direct costs: `GET /rest/v1.1/projects/{project_id}/direct_costs`. The list leaves their lines out.

use serde::Deserialize;
use sync_core::direct_costs::DirectCost;
use sync_core::model::{Amount, Currency, Date, DirectCostId, ProjectId, VendorId};

use super::{BadValue, lenient};
use crate::convert::Amounts;

/// What was spent on a project without a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct DirectCostRecord {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: DirectCostId,
    /// `invoice`, `expense`, `payroll` or `subcontractor_invoice`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub direct_cost_type: Option<String>,
    /// `draft`, `pending`, `revise_and_resubmit` or `approved`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// The vendor.
    #[serde(default, deserialize_with = "lenient::id")]
    pub vendor_id: Option<VendorId>,
    /// The vendor's invoice number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub invoice_number: Option<String>,
    /// Date.
    #[serde(default, deserialize_with = "lenient::date")]
    pub direct_cost_date: Option<Date>,
    /// Sum of the lines, with tax.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub grand_total: Option<Amount>,
    /// Id in another system; locks it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
}

impl DirectCostRecord {
    /// The direct cost, read from the list of a project.
    ///
    /// # Errors
    /// [`BadValue`] without a total that can be read.
    pub fn direct_cost(self, project: &ProjectId, currency: Currency) -> Result<DirectCost, BadValue> {
        Ok(DirectCost {
            total: Amounts(currency).required(self.grand_total, || "grand_total".to_owned())?,
            id: self.id,
            project: project.clone(),
            origin: self.origin_id,
            vendor: self.vendor_id,
            number: self.invoice_number,
            date: self.direct_cost_date,
        })
    }
}
