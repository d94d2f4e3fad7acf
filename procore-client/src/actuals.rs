//! What goes back to Procore: payments that the accounting system made, and origin ids. Nothing else.
//!
//! Everything that this crate can write is in [`WRITE_PATHS`]. A payment is made with all its
//! members in one request, its origin id included: the origin id locks a payment, and it is what a payment whose answer
//! was lost is found by (<https://developers.procore.com/documentation/tutorial-financial-tools>).

mod body;
mod mark;
mod origin;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sync_core::model::{CommitmentId, ContractPaymentId, Date, Money, PayAppId, ProjectId};

pub use crate::write_paths::{WRITE_PATHS, WritePath};
pub use mark::{LockedByOrigin, Marked};
pub use origin::{PaymentOrigin, payment_origin};

use crate::client::{Procore, Query};
use crate::error::Error;
use crate::resources::all_or_none;
use crate::wire::contract_payments::ContractPayment;
use crate::write_paths::{PAYMENT_CREATE, PAYMENT_DELETE, PAYMENT_ORIGIN};

/// Writes payments and origin ids of one company.
#[derive(Clone, Debug)]
pub struct Actuals {
    procore: Arc<Procore>,
}

/// A payment that the accounting system made: one bill of one bill payment. A check over three bills is three of them
/// with the same check number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFact {
    /// The project of the commitment.
    pub project: ProjectId,
    /// The commitment that was paid.
    pub commitment: CommitmentId,
    /// The pay app that was paid, where it is known.
    pub pay_app: Option<PayAppId>,
    /// What was paid; more than nothing.
    pub amount: Money,
    /// Date of the payment.
    pub date: Date,
    /// Check number.
    pub check_number: Option<String>,
    /// The vendor's number of the invoice that was paid.
    pub invoice_number: Option<String>,
    /// Number within the commitment; Procore counts by itself where there is none.
    pub payment_number: Option<i64>,
    /// How it was paid. Procore takes it and never shows it.
    pub method: Option<PaymentMethod>,
    /// Notes; empty for none.
    pub notes: String,
    /// What it is found by: [`payment_origin`].
    pub origin_id: String,
}

/// How a payment was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentMethod {
    /// By check.
    Check,
    /// By credit card.
    CreditCard,
    /// By transfer.
    Electronic,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written<T> {
    /// It happened; this is the record now.
    Done(T),
    /// It certainly did not happen.
    Refused {
        /// What to do.
        why: Why,
        /// What happened, in words.
        text: String,
    },
    /// It may or may not have happened. The next call must be a read: [`Actuals::find`].
    Uncertain(String),
}

/// Why a write did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Throttled, not reachable, or something else is changing the record: try again later.
    NotNow,
    /// The login is not valid any more: connect the company again.
    NotAuthorised,
    /// Another integration, or a person, has put something else in its place: a person must decide.
    Conflict,
    /// Procore does not accept it: a person must decide.
    Person,
}

impl<T> Written<T> {
    fn refused(why: Why, text: impl Into<String>) -> Self {
        Self::Refused { why, text: text.into() }
    }

    /// What an error of a write means.
    fn failed(error: &Error) -> Self {
        if error.is_uncertain() {
            return Self::Uncertain(error.to_string());
        }
        let core = sync_core::Error::from(error.clone());
        let why = match core.kind() {
            sync_core::ErrorKind::Throttled | sync_core::ErrorKind::Unavailable => Why::NotNow,
            sync_core::ErrorKind::NotAuthorised if error.status() != Some(403) => Why::NotAuthorised,
            _ => Why::Person,
        };
        Self::refused(why, error.to_string())
    }
}

impl PaymentFact {
    /// The members in which a payment in Procore is not this one; empty where it is. A date that Procore could not read
    /// is kept as none without an error, so what was written is compared.
    pub fn differences(&self, payment: &ContractPayment) -> Vec<&'static str> {
        let mut differ = Vec::new();
        let mut same = |member, is_same: bool| {
            if !is_same {
                differ.push(member);
            }
        };
        same("amount", payment.amount.is_some_and(|amount| amount.0 == self.amount.amount()));
        same("date", payment.date == Some(self.date));
        same("requisition_id", payment.requisition_id == self.pay_app);
        same("check_number", payment.check_number.as_deref() == filled(self.check_number.as_deref()));
        same("origin_id", payment.origin_id.as_deref() == Some(self.origin_id.as_str()));
        differ
    }
}

/// Text with something in it.
fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

impl Actuals {
    /// Writes through this client.
    pub fn new(procore: Arc<Procore>) -> Self {
        Self { procore }
    }

    /// The payments on a contract: issued on a commitment, received on a prime contract.
    ///
    /// # Errors
    /// If they cannot be read, or if one of them cannot: then none can be called missing.
    pub async fn payments(
        &self,
        contract: impl AsRef<str>,
        project: &ProjectId,
    ) -> Result<Vec<ContractPayment>, Error> {
        all_or_none("GET /rest/v1.0/contract_payments", self.procore.contract_payments(project, contract).await?)
    }

    /// The payment with this origin id, looked for among those of its contract: Procore knows no filter for it.
    ///
    /// # Errors
    /// As [`payments`](Self::payments). None means that there is none.
    pub async fn find(
        &self,
        contract: impl AsRef<str>,
        project: &ProjectId,
        origin_id: &str,
    ) -> Result<Option<ContractPayment>, Error> {
        let payments = self.payments(contract, project).await?;
        Ok(payments.into_iter().find(|payment| payment.origin_id.as_deref() == Some(origin_id)))
    }

    /// Records a payment, in one request. One that is recorded already is found by its origin id and is `Done` too;
    /// where it is another payment, that is refused.
    pub async fn record(&self, fact: &PaymentFact) -> Written<ContractPayment> {
        if fact.amount.is_zero() || fact.amount.is_negative() {
            let text = format!("a payment of {} is none; void the earlier one instead", fact.amount);
            return Written::refused(Why::Person, text);
        }
        if filled(Some(&fact.origin_id)).is_none() {
            return Written::refused(Why::Person, "a payment without an origin id could not be found again");
        }
        let sent = self.procore.write(&PAYMENT_CREATE, &[], Some(body::payment(fact))).await;
        match sent {
            Ok(answer) => match self.procore.written::<ContractPayment>(&answer, &PAYMENT_CREATE).await {
                Ok(payment) => Written::Done(payment),
                Err(error) => Written::failed(&error),
            },
            Err(error) if names_origin(&error) => self.taken(fact, &error).await,
            Err(error) => Written::failed(&error),
        }
    }

    /// The origin id is in use: by this very payment, or by something else.
    async fn taken(&self, fact: &PaymentFact, error: &Error) -> Written<ContractPayment> {
        match self.find(&fact.commitment, &fact.project, &fact.origin_id).await {
            Ok(Some(payment)) => match fact.differences(&payment).as_slice() {
                [] => Written::Done(payment),
                differ => Written::refused(
                    Why::Conflict,
                    format!(
                        "payment {} carries the origin id {} already and differs in {}",
                        payment.id,
                        fact.origin_id,
                        differ.join(", ")
                    ),
                ),
            },
            Ok(None) => Written::refused(Why::Conflict, error.to_string()),
            Err(read) => Written::refused(Why::NotNow, format!("{error}; looking for the payment that has it: {read}")),
        }
    }

    /// Takes back a payment that this sync recorded: the origin id is taken off, which unlocks it, then it is deleted.
    /// One that is not there any more is `Done`. Where the deletion is refused, the origin id is put back.
    ///
    /// A payment that is not as it was recorded, or that no origin id of ours was ever on, is left alone.
    pub async fn remove(&self, payment: &ContractPayment) -> Written<ContractPaymentId> {
        let (Some(contract), Some(project)) = (&payment.contract_id, &payment.project_id) else {
            return Written::refused(Why::Person, format!("payment {} does not name its contract", payment.id));
        };
        let Some(origin) = payment.origin_id.as_deref().filter(|origin| PaymentOrigin::parse(origin).is_some()) else {
            let text = format!("payment {} was not recorded by this sync; delete it in Procore", payment.id);
            return Written::refused(Why::Person, text);
        };
        let now = match self.payments(contract, project).await {
            Ok(payments) => payments.into_iter().find(|now| now.id == payment.id),
            // Nothing was sent yet.
            Err(error) => return Written::refused(Why::NotNow, error.to_string()),
        };
        let Some(now) = now else { return Written::Done(payment.id.clone()) };
        let foreign = now.origin_id.as_deref().is_some_and(|held| held != origin);
        if foreign || now.amount != payment.amount {
            let text =
                format!("payment {} was changed in Procore since it was recorded; it was left alone", payment.id);
            return Written::refused(Why::Conflict, text);
        }
        if now.origin_id.is_some()
            && let Err(error) = self.put_origin(project, contract, &payment.id, None).await
        {
            return Written::failed(&error);
        }
        let query = Query::new("").with("project_id", project).with("contract_id", contract);
        let Err(error) = self.procore.write_with(&PAYMENT_DELETE, &[payment.id.as_str()], query).await else {
            return Written::Done(payment.id.clone());
        };
        match self.payments(contract, project).await {
            Ok(payments) if payments.iter().all(|left| left.id != payment.id) => Written::Done(payment.id.clone()),
            _ if error.is_uncertain() => Written::Uncertain(error.to_string()),
            _ => match self.put_origin(project, contract, &payment.id, Some(origin)).await {
                Ok(()) => Written::failed(&error),
                Err(second) => Written::Uncertain(format!("{error}; putting its origin id back: {second}")),
            },
        }
    }

    async fn put_origin(
        &self,
        project: &ProjectId,
        contract: &CommitmentId,
        payment: &ContractPaymentId,
        origin: Option<&str>,
    ) -> Result<(), Error> {
        let body = body::origin(&PAYMENT_ORIGIN, &[("project_id", project), ("contract_id", contract)], origin);
        self.procore.write(&PAYMENT_ORIGIN, &[payment.as_str()], Some(body)).await.map(drop)
    }
}

/// Did Procore refuse the origin id? Its words vary, the field's name does not.
fn names_origin(error: &Error) -> bool {
    matches!(error, Error::Fault { fault, .. } if fault.status == 422
        && fault.fields.iter().any(|field| field.field == "origin_id"))
}
