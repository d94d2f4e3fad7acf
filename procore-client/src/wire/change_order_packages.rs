//! Change order packages, the older form of change orders and the only one with three tiers:
//! `GET /rest/v1.0/change_order_packages?project_id=`, `.../{id}` (only there with lines).

use serde::Deserialize;
use sync_core::model::{Amount, ChangeOrderPackageId, ChangeOrderStatus, CommitmentId, Timestamp};

use super::commitments::LineItem;
use super::{CurrencyConfiguration, lenient};

/// The type of a package that changes a commitment.
const OF_COMMITMENT: &str = "CommitmentContractChangeOrder";
/// The type of a package that changes a prime contract.
const OF_PRIME_CONTRACT: &str = "PrimeContractChangeOrder";

/// A change order package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChangeOrderPackage {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: ChangeOrderPackageId,
    /// The contract that it changes, a commitment or a prime contract.
    #[serde(default, deserialize_with = "lenient::id")]
    pub contract_id: Option<CommitmentId>,
    /// `CommitmentContractChangeOrder`, `PrimeContractChangeOrder`, …; lists leave it out.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: Option<String>,
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
    /// Lines; none in views that leave them out.
    #[serde(default, deserialize_with = "lenient::list")]
    pub line_items: Option<Vec<LineItem>>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "lenient::time")]
    pub deleted_at: Option<Timestamp>,
    /// Currency of every amount.
    #[serde(default, deserialize_with = "lenient::object")]
    pub currency_configuration: Option<CurrencyConfiguration>,
}

impl ChangeOrderPackage {
    /// May it change a commitment? Lists do not tell the type; there the contract decides.
    pub fn may_change_commitment(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == OF_COMMITMENT)
    }

    /// May it change a prime contract? Lists do not tell the type; there the contract decides.
    pub fn may_change_prime_contract(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == OF_PRIME_CONTRACT)
    }
}
