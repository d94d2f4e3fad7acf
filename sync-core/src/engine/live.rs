//! The mapping of an engine that goes on running while the mapping is edited.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Engine;
use crate::mapping::Mapping;

/// The mapping in use, and the one that waits for its turn.
#[derive(Debug)]
pub(super) struct Mappings(Mutex<State>);

#[derive(Debug)]
struct State {
    current: Arc<Mapping>,
    next: Option<Arc<Mapping>>,
    runs: usize,
}

/// A run that is under way: as long as there is one, the mapping stays.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Mappings);

impl Mappings {
    pub(super) fn new(mapping: Arc<Mapping>) -> Self {
        Self(Mutex::new(State { current: mapping, next: None, runs: 0 }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) -> Running<'_> {
        let mut state = self.state();
        if state.runs == 0
            && let Some(next) = state.next.take()
        {
            state.current = next;
        }
        state.runs += 1;
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().runs -= 1;
    }
}

impl Engine {
    /// Replaces the mapping from the next run on; runs that are under way go on with the one that they began with, so
    /// that no posting is made by half of each. See [`LiveMapping`](crate::mapping::LiveMapping) for reading it.
    pub fn use_mapping(&self, mapping: Arc<Mapping>) {
        self.mappings.state().next = Some(mapping);
    }

    /// The mapping that runs work by now.
    pub fn mapping(&self) -> Arc<Mapping> {
        self.mappings.state().current.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::MappingFiles;

    #[test]
    fn a_new_mapping_waits_for_the_runs_that_are_under_way() {
        let mapping = |deletion: &str| {
            let mut files = MappingFiles::default();
            files.set("sync.toml", format!("[policy]\ndeletion = \"{deletion}\"\n"));
            Arc::new(Mapping::compile(files).unwrap())
        };
        let (old, new) = (mapping("ask"), mapping("void"));
        let mappings = Mappings::new(old.clone());
        let version = || mappings.state().current.version().to_owned();
        let first = mappings.begin();
        mappings.state().next = Some(new.clone());
        let second = mappings.begin();
        assert_eq!(version(), old.version());
        drop(first);
        drop(second);
        let _third = mappings.begin();
        assert_eq!(version(), new.version());
    }
}
