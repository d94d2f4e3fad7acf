//! The codec from outside, through its public API.

mod answers;
mod broken;
mod requests;
mod round_trip;
mod support;
