//! Contracts with owners: `GET /rest/v1.0/prime_contracts?project_id=` (plural; the singular path is the older show).

use serde::Deserialize;
use sync_core::model::{CommitmentStatus, PrimeContractId, Timestamp};

use super::{VendorRef, lenient};

/// A prime contract, as far as it names the owner.
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
