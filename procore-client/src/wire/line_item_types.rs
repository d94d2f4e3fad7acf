//! Cost types: `GET /rest/v1.0/line_item_types?company_id=`.

use serde::Deserialize;

use super::lenient;

/// A cost type (line item type). May be missing on lines of prime contracts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LineItemType {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<String>,
    /// Code, e.g. `S`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub code: Option<String>,
    /// Name, e.g. `Commitment`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// What Procore takes it for: `equipment`, `materials`, `commitment`, `owner_cost`, `professional_services`,
    /// `other`, or a word that it added since.
    #[serde(default, deserialize_with = "lenient::text")]
    pub base_type: Option<String>,
}
