//! Nothing but a place for the tests that cross crates: see `it/`.
