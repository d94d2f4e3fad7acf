//! Companies that the login can see: `GET /rest/v1.0/companies`.

use serde::Deserialize;

use super::lenient;

/// A company account at Procore.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Company {
    /// Id, which goes into `Procore-Company-Id`.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Is it in use?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_active: Option<bool>,
    /// Does the login belong to it, rather than being a guest?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub my_company: Option<bool>,
}

/// The login itself: `GET /rest/v1.0/me`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Me {
    /// Id of the user.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: String,
    /// E-mail address that the user logs in with.
    #[serde(default, deserialize_with = "lenient::text")]
    pub login: Option<String>,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}
