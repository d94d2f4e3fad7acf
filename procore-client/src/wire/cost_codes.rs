//! Cost codes of a project: `GET /rest/v1.0/cost_codes?project_id=`. Without `sub_job_id` only those of the project
//! itself are listed.

use serde::Deserialize;
use sync_core::model::CostCodeId;

use super::lenient;

/// A cost code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CostCode {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: CostCodeId,
    /// Its own part, e.g. `300`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub code: Option<String>,
    /// With the parts above it, e.g. `05-300`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub full_code: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

/// A cost code as lines name it: sometimes with its id and name only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CostCodeRef {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<CostCodeId>,
    /// Its own part.
    #[serde(default, deserialize_with = "lenient::text")]
    pub code: Option<String>,
    /// With the parts above it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub full_code: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}
