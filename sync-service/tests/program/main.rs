//! Commands of the built program, as a user runs them against two companies: variables of the environment, real HTTP, a
//! real journal.

mod company;
mod listen;
mod mapping;
mod nightly;
mod rebuild;
mod wip;
