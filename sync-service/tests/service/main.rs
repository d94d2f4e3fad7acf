//! The built program as a service: configured, connected, started, asked, stopped, as an operator does it.
#![cfg(unix)]

mod desktop;
mod kit;
mod operations;
mod running;
