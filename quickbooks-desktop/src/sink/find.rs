//! Looking for what an uncertain write may have made.

use sync_core::Error;
use sync_core::connector::{Operation, Outcome, TargetState, Write};

use super::DesktopSink;

impl DesktopSink {
    /// Reads what changed since the last look, and finds the markers of the writes in it.
    pub(super) async fn find_by_marker(&self, writes: &[Write]) -> Result<Vec<Option<TargetState>>, Error> {
        self.bring_up_to_date().await?;
        let mut found = Vec::with_capacity(writes.len());
        for write in writes {
            let Operation::Create(document) = &write.operation else {
                found.push(None);
                continue;
            };
            let kind = document.kind();
            let held = self
                .mirror()
                .marked(kind, &write.marker)
                .find(|held| held.state.marker.as_ref() == Some(&write.marker))
                .cloned();
            found.push(held.and_then(|held| match self.enter(write, held, true) {
                Outcome::Done(state) => Some(*state),
                _ => None,
            }));
        }
        Ok(found)
    }
}
