//! Payments on contracts: `GET /rest/v1.0/contract_payments?project_id=&contract_id=`, one list for each contract. On a
//! commitment they are payments issued, on a prime contract payments received.

use serde::Deserialize;
use sync_core::model::construction::Payment;
use sync_core::model::{Amount, ContractId, ContractPaymentId, Currency, Date, PayAppId, ProjectId, Timestamp};

use super::{BadValue, lenient};
use crate::convert::Amounts;

/// A payment on a contract. How it was paid is written, but never shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ContractPayment {
    /// Id.
    #[serde(deserialize_with = "lenient::own_id")]
    pub id: ContractPaymentId,
    /// Its project.
    #[serde(default, deserialize_with = "lenient::id")]
    pub project_id: Option<ProjectId>,
    /// The contract, a commitment or a prime contract.
    #[serde(default, deserialize_with = "lenient::id")]
    pub contract_id: Option<ContractId>,
    /// The pay app that was paid.
    #[serde(default, deserialize_with = "lenient::id")]
    pub requisition_id: Option<PayAppId>,
    /// Amount.
    #[serde(default, deserialize_with = "lenient::amount")]
    pub amount: Option<Amount>,
    /// Date.
    #[serde(default, deserialize_with = "lenient::date")]
    pub date: Option<Date>,
    /// Check number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub check_number: Option<String>,
    /// The number of the invoice that was paid.
    #[serde(default, deserialize_with = "lenient::text")]
    pub invoice_number: Option<String>,
    /// Number of the payment within its contract.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub payment_number: Option<i64>,
    /// Number of the pay app or owner invoice.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub draw_request_number: Option<i64>,
    /// Notes.
    #[serde(default, deserialize_with = "lenient::text")]
    pub notes: Option<String>,
    /// Status, e.g. `paid`; set by Procore.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Id in another system; locks the payment.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_id: Option<String>,
    /// What this sync keeps beside the origin id; never shown to people.
    #[serde(default, deserialize_with = "lenient::text")]
    pub origin_data: Option<String>,
    /// When it last changed.
    #[serde(default, deserialize_with = "lenient::time")]
    pub updated_at: Option<Timestamp>,
}

impl ContractPayment {
    /// The payment, read from the list of a contract.
    ///
    /// # Errors
    /// [`BadValue`] without an amount that can be read.
    pub fn payment(self, project: &ProjectId, contract: &ContractId, currency: Currency) -> Result<Payment, BadValue> {
        Ok(Payment {
            amount: Amounts(currency).required(self.amount, || "amount".to_owned())?,
            id: self.id,
            project: self.project_id.unwrap_or_else(|| project.clone()),
            contract: self.contract_id.unwrap_or_else(|| contract.clone()),
            pay_app: self.requisition_id,
            application: self.draw_request_number,
            date: self.date,
            number: self.check_number,
            // What another integration keeps there says nothing to us.
            bank: self.origin_data.and_then(|data| serde_json::from_str(&data).ok()),
            origin: self.origin_id,
        })
    }
}
