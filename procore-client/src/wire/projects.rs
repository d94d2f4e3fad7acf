//! Projects (jobs): `GET /rest/v1.1/projects` (list), `GET /rest/v1.0/projects/{id}` (show).

use serde::Deserialize;
use sync_core::model::{ProjectId, Timestamp};

use super::RawJson;
use super::lenient;

/// A project. It has no owner field: the owner is the vendor of its prime contract.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Project {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: ProjectId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The number that people use.
    #[serde(default, deserialize_with = "lenient::text")]
    pub project_number: Option<String>,
    /// The number in an accounting system, where one was entered.
    #[serde(default, deserialize_with = "lenient::text")]
    pub accounting_project_number: Option<String>,
    /// Is it in use?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub active: Option<bool>,
    /// Is it a template, never built?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub template: Option<bool>,
    /// Street.
    #[serde(default, deserialize_with = "lenient::text")]
    pub address: Option<String>,
    /// City.
    #[serde(default, deserialize_with = "lenient::text")]
    pub city: Option<String>,
    /// State or province code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub state_code: Option<String>,
    /// Country code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub country_code: Option<String>,
    /// Postal code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub zip: Option<String>,
    /// Id in another system, set by one integration.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
    /// The customer's own fields.
    #[serde(default, deserialize_with = "lenient::raw")]
    pub custom_fields: Option<RawJson>,
}
