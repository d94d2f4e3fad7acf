//! Stateful local doubles of Procore, QuickBooks Online and QuickBooks Desktop.
//!
//! Each double is a state machine: a request in, an answer out, the time handed in. [`serve`](server) puts real HTTP on
//! loopback around it. They **enforce the documented contract** of the vendors: a double that accepts what the vendor
//! refuses is a bug here.
#![deny(missing_docs)]

pub mod book;
pub mod conduct;
pub mod desktop;
pub mod faults;
pub mod json;
pub mod people;
pub mod procore;
pub mod quickbooks;
pub mod server;
