//! The way back: where payments come from, and where they are recorded.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Cursor, Refusal};
use crate::actuals::{PaymentFact, PaymentMade};
use crate::error::Error;
pub use crate::model::BankState;
use crate::model::construction::Payment;
use crate::model::{ContractId, Date, ProjectId, TargetRef};

/// Where payments come from: the accounting system. Read only.
#[async_trait]
pub trait PaymentSource: Send + Sync + fmt::Debug {
    /// Names the company in origin ids for ever, e.g. `qbo:9341`.
    fn company(&self) -> String;

    /// Payments that were made, changed or deleted since the cursor; without one, all there are. Windows overlap: a
    /// change may be told twice, never left out. Where the system cannot tell all changes, all there is is read.
    ///
    /// # Errors
    /// If the system cannot be asked. The cursor stays as it was.
    async fn payments(&self, since: Option<&Cursor>) -> Result<PaymentChanges, Error>;

    /// Payments read afresh, one answer for each, in the order of the question.
    ///
    /// # Errors
    /// If any cannot be read. [`PaymentRead::Gone`] is an answer of the system, never a failure to ask.
    async fn read_payments(&self, payments: &[TargetRef]) -> Result<Vec<PaymentRead>, Error>;

    /// How far payments have come at the bank, with their dates given; a payment that the answer lacks is in no report,
    /// which says nothing.
    ///
    /// # Errors
    /// If the reports cannot be read.
    async fn at_bank(&self, _payments: &[(TargetRef, Date)]) -> Result<HashMap<TargetRef, BankState>, Error> {
        Ok(HashMap::new())
    }
}

/// A payment read from the accounting system.
#[derive(Clone, Debug)]
pub enum PaymentRead {
    /// As it is now.
    Found(PaymentMade),
    /// It is there, but a value in it cannot be read: which, and what is wrong with it.
    Unreadable(TargetRef, String),
    /// It was deleted, or never was.
    Gone(TargetRef),
}

impl PaymentRead {
    /// Which payment.
    pub fn target(&self) -> &TargetRef {
        match self {
            Self::Found(made) => &made.target,
            Self::Unreadable(target, _) | Self::Gone(target) => target,
        }
    }
}

/// Payments that changed, and where to go on.
#[derive(Clone, Debug)]
pub struct PaymentChanges {
    /// The payments, as they are now.
    pub changed: Vec<PaymentRead>,
    /// Is it everything there is? Then whatever is known and not in it was deleted.
    pub is_whole: bool,
    /// Where to go on.
    pub next: Cursor,
}

/// Where payments are recorded: the construction system. It writes payments and nothing else.
#[async_trait]
pub trait PaymentSink: Send + Sync + fmt::Debug {
    /// All payments on a contract, people's own included, as they are now.
    ///
    /// # Errors
    /// If they cannot be read whole: then none can be called missing.
    async fn recorded(&self, project: &ProjectId, contract: &ContractId) -> Result<Vec<Payment>, Error>;

    /// Carries out one write, and says truthfully what became of it. Recording a payment whose origin id is taken by
    /// this very payment is done; taking back one that is gone is done too.
    async fn write(&self, write: &PaymentWrite) -> PaymentOutcome;
}

/// One change to the payments of the construction system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentWrite {
    /// Record it.
    Record(PaymentFact),
    /// Take it back. One that somebody changed since is left alone, and refused.
    Remove(Payment),
    /// Say how far it has come at the bank, and on which day that was first seen.
    Bank {
        /// The payment.
        payment: Payment,
        /// How far.
        state: BankState,
        /// First seen then: the books do not say when the bank saw it.
        seen: Date,
    },
}

impl PaymentWrite {
    /// The verb, for keys and audit.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Record(_) => "record",
            Self::Remove(_) => "take back",
            Self::Bank { .. } => "mark",
        }
    }

    /// The contract whose payments it changes.
    pub fn contract(&self) -> (&ProjectId, &ContractId) {
        match self {
            Self::Record(fact) => (&fact.project, &fact.contract),
            Self::Remove(payment) | Self::Bank { payment, .. } => (&payment.project, &payment.contract),
        }
    }
}

/// What became of a write of a payment.
#[derive(Clone, Debug)]
pub enum PaymentOutcome {
    /// It happened; the payment as it is now, none where it was taken back.
    Done(Option<Payment>),
    /// It certainly did not happen.
    Refused(Refusal),
    /// It may or may not have happened. The next call must be a read.
    Uncertain(String),
}
