//! The pages, one file each.

pub(super) mod activity;
pub(super) mod connections;
pub(super) mod effect;
pub(super) mod exception;
pub(super) mod exceptions;
pub(super) mod mapping;
pub(super) mod overview;
pub(super) mod reconciliation;
pub(super) mod retainage;
pub(super) mod sign_in;
pub(super) mod users;
pub(super) mod wip;
