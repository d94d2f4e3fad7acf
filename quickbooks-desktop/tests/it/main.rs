//! The codec from outside, through its public API.

mod answers;
mod broken;
mod objects;
mod requests;
mod round_trip;
mod support;
