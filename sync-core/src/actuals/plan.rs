//! What is to be done about one part of a payment.

use super::fact::PaymentFact;
use crate::dead_letter::Cause;
use crate::model::construction::Payment;
use crate::model::{Money, MoneyError};

/// What of a document may be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What people call the document.
    pub label: String,
    /// What it asks for; none where it does not say.
    pub amount: Option<Money>,
}

/// What is to be done in the source about one part of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartStep {
    /// Nothing: there is nothing to record, and nothing was.
    Nothing,
    /// It is recorded as it should be.
    Same(Payment),
    /// Record it.
    Record(PaymentFact),
    /// What is recorded is no longer so: take it back. Where the part still counts, it is recorded anew afterwards.
    Remove(Payment),
    /// A person must decide.
    Dead(Cause, String),
}

/// Plans one part: what should be recorded, and what its contract has.
///
/// Payments that people entered by hand, and those of other origins, are left alone; but they count: a document is
/// never shown as paid more than it asks for.
///
/// # Errors
/// [`MoneyError`] if amounts of several currencies meet, or overflow.
pub fn plan_part(
    origin: &str,
    wanted: Option<&PaymentFact>,
    due: Option<&Due>,
    recorded: &[Payment],
) -> Result<PartStep, MoneyError> {
    let ours = recorded.iter().find(|payment| payment.origin.as_deref() == Some(origin));
    let Some(fact) = wanted else {
        return Ok(ours.map_or(PartStep::Nothing, |payment| PartStep::Remove(payment.clone())));
    };
    if let Some(payment) = ours {
        return Ok(match fact.differences(payment).is_empty() {
            true => PartStep::Same(payment.clone()),
            false => PartStep::Remove(payment.clone()),
        });
    }
    if let Some(Due { label, amount: Some(asked) }) = due {
        let others = recorded.iter().filter(|payment| fact.pays_same(payment));
        let before = Money::sum(fact.amount.currency(), others.clone().map(|payment| payment.amount))?;
        let after = before.plus(fact.amount)?;
        if asked.minus(after)?.is_negative() {
            let number = fact.number.as_deref().unwrap_or("without a number");
            let by_hand = others.filter(|payment| payment.origin.is_none()).count();
            let hint = match by_hand {
                0 => String::new(),
                n => format!("; {n} of them entered by hand, which may be this one"),
            };
            let text = format!(
                "{label} asks for {asked}; with payment {number} of {} on {} it would be paid {after}, {before} being recorded \
                 already{hint}; correct the payments in Procore or QuickBooks",
                fact.amount, fact.date
            );
            return Ok(PartStep::Dead(Cause::PaidMoreThanBilled, text));
        }
    }
    Ok(PartStep::Record(fact.clone()))
}
