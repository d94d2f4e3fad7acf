//! The query language: <https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries>.

mod evaluate;
mod parse;

pub(crate) use evaluate::run;
pub(crate) use parse::{Condition, Operator, Statement, parse};
