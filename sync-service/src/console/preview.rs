//! What would be posted, before anybody clicks.

use std::sync::Arc;

use sync_core::connector::Change;
use sync_core::dead_letter::DeadLetter;
use sync_core::journal::Journal;
use sync_core::mapping::Mapping;
use sync_core::model::DocumentKey;
use sync_core::plan::{Plan, PlannedWrite};
use sync_core::rulings::{Choice, Clerk};

use super::Site;
use crate::Failure;
use crate::plan::Trial;

/// What would become of one document.
#[derive(Debug)]
pub(crate) struct Would {
    pub(crate) writes: Vec<PlannedWrite>,
    /// It would wait for a person again, and why.
    pub(crate) dead: Option<DeadLetter>,
}

/// What a choice about a document would post; without a choice, what another try would.
///
/// # Errors
/// If the choice does not settle it, or a side cannot be read.
pub(crate) async fn of(site: &Site, document: &DocumentKey, choice: Option<Choice>) -> Result<Would, Failure> {
    let trial = Trial::begin(&site.settings, site.mapping.current())?;
    let (id, now) = (site.settings.id(), site.clock.now());
    let clerk = Clerk { journal: trial.journal.as_ref(), connection: &id, now };
    match choice {
        Some(choice) => drop(clerk.resolve(document, choice, "").await?),
        None => clerk.retry(document).await?,
    }
    trial.engine.run().await?;
    let plan = trial.end().await?;
    let writes = plan.writes.into_iter().filter(|write| write.document == *document).collect();
    Ok(Would { writes, dead: plan.dead.into_iter().find(|letter| letter.document == *document) })
}

/// What another mapping would make of everything that waits for a person.
///
/// # Errors
/// If a side cannot be read.
pub(crate) async fn of_mapping(site: &Site, mapping: Arc<Mapping>) -> Result<Plan, Failure> {
    let trial = Trial::begin(&site.settings, mapping)?;
    let (id, now) = (site.settings.id(), site.clock.now());
    let letters = trial.journal.dead_letters(&id).await?;
    let changes: Vec<Change> = letters.into_iter().map(|letter| Change::found(letter.document)).collect();
    trial.journal.intake(&id, &changes, now).await?;
    trial.engine.run().await?;
    trial.end().await
}
