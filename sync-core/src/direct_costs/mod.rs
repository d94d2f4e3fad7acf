//! Direct costs: what the accounting system spent on a job without a commitment, on its way back to the source.
//!
//! A check, card charge or bill may name several jobs; the source keeps a direct cost for each project. Such a part is the
//! unit of everything here: it has a key ([`CostKey`]) and an origin id made of both ids, which the source keeps unique.
//!
//! In Procore an origin id locks a direct cost whole
//! (<https://developers.procore.com/documentation/tutorial-financial-tools>), so what is recorded is never changed by this
//! sync: a difference that comes up later goes to a person.

mod fact;
mod key;

pub use fact::{CostKind, CostLine, CostMade, DirectCost, DirectCostFact, FactLine};
pub use key::CostKey;
