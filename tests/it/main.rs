//! Tests that cross crates: the engine between both connectors, on the doubles.

mod bad_input;
mod books;
mod boundaries;
mod conformance;
mod crashes;
mod decisions;
mod desktop;
mod direct_costs;
mod economy;
mod examples_a1_to_a6;
mod files;
mod first_connection;
mod kit;
mod parties;
mod plan;
mod reconcile;
mod rulings;
mod secrets;
mod webhooks;
mod wip;
