//! What was read and is kept for a while, read once even when several ask at the same time.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::lock::Mutex as Turn;
use sync_core::model::Timestamp;

type Slot<V> = Arc<Turn<Option<(Timestamp, Arc<V>)>>>;

/// Values by key, each with the time at which it was read.
pub(super) struct Memo<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<K, V> fmt::Debug for Memo<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Memo({} entries)", slots.len())
    }
}

impl<K: Hash + Eq + Clone, V> Memo<K, V> {
    fn slots(&self) -> MutexGuard<'_, HashMap<K, Slot<V>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, key: &K) -> Slot<V> {
        let mut slots = self.slots();
        match slots.get(key) {
            Some(slot) => Arc::clone(slot),
            None => Arc::clone(slots.entry(key.clone()).or_default()),
        }
    }

    /// The value, unless it was read before `oldest`; then it is read. A failure is not kept.
    pub(super) async fn get<E>(
        &self,
        key: &K,
        now: Timestamp,
        oldest: Timestamp,
        read: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let slot = self.slot(key);
        let mut held = slot.lock().await;
        if let Some((at, value)) = &*held
            && *at >= oldest
        {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(read.await?);
        *held = Some((now, Arc::clone(&value)));
        Ok(value)
    }

    /// The value, if it is there and was not read before `oldest`.
    pub(super) async fn peek(&self, key: &K, oldest: Timestamp) -> Option<Arc<V>> {
        let slot = self.slots().get(key).map(Arc::clone)?;
        let held = slot.lock().await;
        held.as_ref().filter(|(at, _)| *at >= oldest).map(|(_, value)| Arc::clone(value))
    }

    /// Keeps a value that was read on the way.
    pub(super) async fn put(&self, key: &K, now: Timestamp, value: V) -> Arc<V> {
        let value = Arc::new(value);
        *self.slot(key).lock().await = Some((now, Arc::clone(&value)));
        value
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.slots().clear();
    }
}
