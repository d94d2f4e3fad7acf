//! Deterministic simulation: the real engine, journal and connectors against both doubles, in one thread, under a seeded
//! clock, scheduler, network and disk.
//!
//! [`run`] plays one seed: people work on both sides, requests and answers get lost, late and doubled, processes die at
//! any await, the disk tears a write, clocks jump. Then the faults stop, one reconciliation runs, and code that shares
//! nothing with the engine compares both sides. The same seed gives the same trace, byte for byte.

mod book;
mod desktop;
mod disk;
mod executor;
mod ledger;
mod network;
mod owner;
mod payments;
mod people;
mod people_lists;
mod people_owner;
mod people_payments;
mod records;
mod report;
mod script;
mod time;
mod truth;
mod watch;
mod worker;
mod world;

pub use report::{Event, INVARIANTS, Outcome, Sides, Violation};
pub use script::run;
