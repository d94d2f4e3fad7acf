//! What the tests stand on.

pub(crate) mod compare;
pub(crate) mod content;
pub(crate) mod crash;
pub(crate) mod edit;
pub(crate) mod ledger;
pub(crate) mod site;
pub(crate) mod tie_out;
pub(crate) mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use site::Site;

/// A test that fails while it holds a lock must not hide its own message behind another.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
