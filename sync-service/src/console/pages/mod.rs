//! The pages, one file each.

pub(super) mod overview;
pub(super) mod sign_in;
