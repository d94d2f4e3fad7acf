//! The company directory: `GET /rest/v1.0/vendors`, and the inactive ones, which vanish from it:
//! `GET /rest/v1.0/companies/{company_id}/vendors/inactive`.

use serde::Deserialize;
use sync_core::model::{Timestamp, VendorId};

use super::lenient;

/// A company of the directory, in the view `normal`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Vendor {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: VendorId,
    /// Name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// The same name, as some views call it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub company: Option<String>,
    /// Is it in use?
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_active: Option<bool>,
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
    /// Telephone.
    #[serde(default, deserialize_with = "lenient::text")]
    pub business_phone: Option<String>,
    /// Mobile telephone.
    #[serde(default, deserialize_with = "lenient::text")]
    pub mobile_phone: Option<String>,
    /// E-mail address.
    #[serde(default, deserialize_with = "lenient::text")]
    pub email_address: Option<String>,
    /// Id in another system, set by one integration.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
}
