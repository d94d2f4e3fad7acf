//! Procore's own shapes, one file for each resource.
//!
//! What is read: only the members that a financial sync needs; all others are ignored, so additions by Procore break
//! nothing. Every member but the id is optional, since Procore leaves out, nulls and empties members without a rule.
//! Statuses are open lists. Amounts are exact decimals, sent as string or number.

pub mod attachments;
pub mod billing_periods;
pub mod budget_views;
pub mod change_order_packages;
pub mod commitment_change_orders;
pub mod commitments;
pub mod companies;
pub mod contract_payments;
pub mod cost_codes;
pub mod direct_costs;
pub(crate) mod lenient;
pub mod line_item_types;
mod locate;
pub mod payment_applications;
pub mod prime_change_orders;
pub mod prime_contracts;
pub mod projects;
pub mod purchase_order_contracts;
mod record;
pub mod requisitions;
pub mod vendors;
pub mod wbs_codes;
pub mod webhooks;
pub mod work_order_contracts;

use serde::Deserialize;
use sync_core::model::{Currency, VendorId};

pub use lenient::RawJson;
pub use record::{BadRecord, BadValue, Record};
pub(crate) use record::{element, elements, read};

/// A resource that can be listed or shown.
pub(crate) trait Resource: serde::de::DeserializeOwned + Send + 'static {}
impl<T: serde::de::DeserializeOwned + Send + 'static> Resource for T {}

/// The records of a list answer: a bare array (v1) or `{"data": [...]}` (v2).
///
/// # Errors
/// What is wrong with the body as a whole: cut off, or not a list.
pub fn records<T: serde::de::DeserializeOwned>(body: &str) -> Result<Vec<Record<T>>, String> {
    Ok(elements(body)?.into_iter().map(|raw| read(raw.get())).collect())
}

/// The currency of a record, `{"currency_iso_code": "USD"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CurrencyConfiguration {
    /// ISO 4217 code.
    #[serde(default, deserialize_with = "lenient::text")]
    pub currency_iso_code: Option<String>,
}

impl CurrencyConfiguration {
    /// The currency that a record states, or the company's.
    ///
    /// # Errors
    /// [`BadValue`] if the code is not one.
    pub fn currency(stated: Option<&Self>, company: Currency) -> Result<Currency, BadValue> {
        match stated.and_then(|c| c.currency_iso_code.as_deref()) {
            None => Ok(company),
            Some(code) => {
                code.parse().map_err(|e| BadValue::new("currency_configuration.currency_iso_code", format!("{e}")))
            }
        }
    }
}

/// A company of the directory as other records name it. Its name is `company` on commitments and `name` elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct VendorRef {
    /// Id.
    #[serde(default, deserialize_with = "lenient::id")]
    pub id: Option<VendorId>,
    /// Name, on commitments.
    #[serde(default, deserialize_with = "lenient::text")]
    pub company: Option<String>,
    /// Name, elsewhere.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
}

impl VendorRef {
    /// The name, wherever it stands.
    pub fn name(&self) -> Option<&str> {
        self.company.as_deref().or(self.name.as_deref())
    }
}

#[cfg(test)]
mod tests;
