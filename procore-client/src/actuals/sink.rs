//! The way back, as the engine asks for it.

use async_trait::async_trait;
use sync_core::connector::{PaymentOutcome, PaymentSink, PaymentWrite, Refusal, RefusalReason};
use sync_core::dead_letter::Cause;
use sync_core::model::construction::Payment;
use sync_core::model::{ContractId, ProjectId};

use super::{Actuals, Why, Written};

#[async_trait]
impl PaymentSink for Actuals {
    async fn recorded(&self, project: &ProjectId, contract: &ContractId) -> Result<Vec<Payment>, sync_core::Error> {
        Ok(self.payments(contract, project).await?)
    }

    async fn write(&self, write: &PaymentWrite) -> PaymentOutcome {
        match write {
            PaymentWrite::Record(fact) => outcome(self.record(fact).await, Some),
            PaymentWrite::Remove(payment) => outcome(self.remove(payment).await, |_| None),
            PaymentWrite::Bank { payment, state, seen } => {
                outcome(self.mark_bank(payment, *state, *seen).await, |()| Some(payment.clone()))
            }
        }
    }
}

fn outcome<T>(written: Written<T>, done: impl FnOnce(T) -> Option<Payment>) -> PaymentOutcome {
    match written {
        Written::Done(record) => PaymentOutcome::Done(done(record)),
        Written::Uncertain(text) => PaymentOutcome::Uncertain(text),
        Written::Refused { why, text } => PaymentOutcome::Refused(Refusal { reason: reason(why), text }),
    }
}

pub(super) fn reason(why: Why) -> RefusalReason {
    match why {
        // A login that ended is renewed by a person, and what waits goes out then.
        Why::NotNow | Why::NotAuthorised => RefusalReason::NotNow,
        Why::Conflict => RefusalReason::Person(Cause::Conflict),
        Why::Person => RefusalReason::Person(Cause::Refused),
    }
}
