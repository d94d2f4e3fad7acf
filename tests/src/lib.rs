//! What crosses crates: the end-to-end tests are in `it/`, the simulator is here.

pub mod sim;
