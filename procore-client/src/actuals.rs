//! What goes back to Procore: payments that the accounting system made, what it spent without a commitment, and origin
//! ids. Nothing else.
//!
//! Everything that this crate can write is in [`WRITE_PATHS`]. A payment is made with all its
//! members in one request, its origin id included: the origin id locks a payment, and it is what a payment whose answer
//! was lost is found by (<https://developers.procore.com/documentation/tutorial-financial-tools>).

mod body;
mod costs;
mod mark;
mod sink;
#[cfg(test)]
mod tests;
mod vendors;

use std::sync::Arc;

use sync_core::actuals::{PaymentFact, is_payment_origin};
use sync_core::connector::BankState;
use sync_core::model::construction::Payment;
use sync_core::model::{ContractId, ContractPaymentId, Date, ProjectId};

pub use crate::write_paths::{WRITE_PATHS, WritePath};
pub use mark::{LockedByOrigin, Marked};

use crate::client::{Procore, Query};
use crate::error::Error;
use crate::resources::{all_or_none, unreadable};
use crate::wire::contract_payments::ContractPayment;
use crate::wire::{BadRecord, BadValue};
use crate::write_paths::{PAYMENT_CREATE, PAYMENT_DELETE, PAYMENT_MARK};

const LIST: &str = "GET /rest/v1.0/contract_payments";

/// Writes payments, direct costs and origin ids of one company.
#[derive(Clone, Debug)]
pub struct Actuals {
    procore: Arc<Procore>,
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

impl Actuals {
    /// Writes through this client.
    pub fn new(procore: Arc<Procore>) -> Self {
        Self { procore }
    }

    /// The payments on a contract: issued on a commitment, received on a prime contract.
    ///
    /// # Errors
    /// If they cannot be read, or if one of them cannot: then none can be called missing.
    pub async fn payments(&self, contract: &ContractId, project: &ProjectId) -> Result<Vec<Payment>, Error> {
        let read = all_or_none(LIST, self.procore.contract_payments(project, contract).await?)?;
        read.into_iter().map(|payment| self.payment(payment, project, contract)).collect()
    }

    fn payment(&self, read: ContractPayment, project: &ProjectId, contract: &ContractId) -> Result<Payment, Error> {
        let (id, number) = (read.id.to_string(), read.check_number.clone());
        read.payment(project, contract, self.procore.currency()).map_err(|bad| {
            let label = format!("payment {}", number.unwrap_or_else(|| id.clone()));
            let contract = Some(contract.to_string());
            let BadValue { path, problem } = bad;
            unreadable(LIST, Box::new(BadRecord { id: Some(id), contract, label, path, problem, stake: None }))
        })
    }

    /// The payment with this origin id, looked for among those of its contract: Procore knows no filter for it.
    ///
    /// # Errors
    /// As [`payments`](Self::payments). None means that there is none.
    pub async fn find(
        &self,
        contract: &ContractId,
        project: &ProjectId,
        origin_id: &str,
    ) -> Result<Option<Payment>, Error> {
        let payments = self.payments(contract, project).await?;
        Ok(payments.into_iter().find(|payment| payment.origin.as_deref() == Some(origin_id)))
    }

    /// Records a payment, in one request. One that is recorded already is found by its origin id and is `Done` too;
    /// where it is another payment, that is refused.
    pub async fn record(&self, fact: &PaymentFact) -> Written<Payment> {
        if fact.amount.is_zero() || fact.amount.is_negative() {
            let text = format!("a payment of {} is none; void the earlier one instead", fact.amount);
            return Written::refused(Why::Person, text);
        }
        if fact.origin.trim().is_empty() {
            return Written::refused(Why::Person, "a payment without an origin id could not be found again");
        }
        let sent = self.procore.write(&PAYMENT_CREATE, &[], Some(body::payment(fact))).await;
        match sent {
            Ok(answer) => match self.procore.written::<ContractPayment>(&answer, &PAYMENT_CREATE).await {
                Ok(read) => match self.payment(read, &fact.project, &fact.contract) {
                    Ok(payment) => Written::Done(payment),
                    // It was made.
                    Err(error) => Written::Uncertain(error.to_string()),
                },
                Err(error) => Written::failed(&error),
            },
            Err(error) if names_origin(&error) => self.taken(fact, &error).await,
            Err(error) => Written::failed(&error),
        }
    }

    /// The origin id is in use: by this very payment, or by something else.
    async fn taken(&self, fact: &PaymentFact, error: &Error) -> Written<Payment> {
        match self.find(&fact.contract, &fact.project, &fact.origin).await {
            Ok(Some(payment)) => match fact.differences(&payment).as_slice() {
                [] => Written::Done(payment),
                differ => Written::refused(
                    Why::Conflict,
                    format!(
                        "payment {} carries the origin id {} already and differs in {}",
                        payment.id,
                        fact.origin,
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
    pub async fn remove(&self, payment: &Payment) -> Written<ContractPaymentId> {
        let (contract, project) = (&payment.contract, &payment.project);
        let Some(origin) = payment.origin.as_deref().filter(|origin| is_payment_origin(origin)) else {
            let text = format!("payment {} was not recorded by this sync; delete it in Procore", payment.id);
            return Written::refused(Why::Person, text);
        };
        let now = match self.payments(contract, project).await {
            Ok(payments) => payments.into_iter().find(|now| now.id == payment.id),
            // Nothing was sent yet.
            Err(error) => return Written::refused(Why::NotNow, error.to_string()),
        };
        let Some(now) = now else { return Written::Done(payment.id.clone()) };
        let foreign = now.origin.as_deref().is_some_and(|held| held != origin);
        // What the bank says of it is the sync's own, and the origin id may be off already.
        let as_recorded = Payment { origin: now.origin.clone(), bank: now.bank, ..payment.clone() };
        if foreign || now != as_recorded {
            // Where the origin id was taken off before somebody changed it, it is found again by it.
            if now.origin.is_none()
                && let Err(error) = self.put_origin(project, contract, &payment.id, Some(origin)).await
            {
                return Written::failed(&error);
            }
            let text =
                format!("payment {} was changed in Procore since it was recorded; it was left alone", payment.id);
            return Written::refused(Why::Conflict, text);
        }
        if now.origin.is_some()
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

    /// Says how far a payment has come at the bank, and when that was seen first, in its `origin_data`: the one member of
    /// a payment that its origin id does not lock and that people do not read as something else.
    pub async fn mark_bank(&self, payment: &Payment, state: BankState, seen: Date) -> Written<()> {
        let body = body::bank(&[("project_id", &payment.project), ("contract_id", &payment.contract)], state, seen);
        match self.procore.write(&PAYMENT_MARK, &[payment.id.as_str()], Some(body)).await {
            Ok(_) => Written::Done(()),
            Err(error) => Written::failed(&error),
        }
    }

    async fn put_origin(
        &self,
        project: &ProjectId,
        contract: &ContractId,
        payment: &ContractPaymentId,
        origin: Option<&str>,
    ) -> Result<(), Error> {
        let body = body::origin(&PAYMENT_MARK, &[("project_id", project), ("contract_id", contract)], origin);
        self.procore.write(&PAYMENT_MARK, &[payment.as_str()], Some(body)).await.map(drop)
    }
}

/// Did Procore refuse the origin id? Its words vary, the field's name does not.
fn names_origin(error: &Error) -> bool {
    matches!(error, Error::Fault { fault, .. } if fault.status == 422
        && fault.fields.iter().any(|field| field.field == "origin_id"))
}
