//! Actuals: what was paid in the accounting system, on its way back to the source.
//!
//! A payment there may settle many documents; the source records one payment for each. Such a part is the unit of
//! everything here: it has a key ([`PaymentKey`]), an origin id made of both ids, which the source keeps unique, and a
//! link of its own. So the same part is never recorded twice, whatever is lost on the way.
//!
//! Pure: what is there is handed in, what is to be done comes out.

mod fact;
mod key;
mod plan;
mod settle;
#[cfg(test)]
mod tests;

pub use fact::{Paid, PaymentFact};
pub use key::{PaymentKey, is_payment_origin};
pub use plan::{Due, PartStep, plan_part};
pub use settle::{PaidPart, PaymentMade, PaymentMethod, Settled, settled};
