//! The live connection of the environment variables.

use sync_core::connector::Sink;
use sync_core::journal::Journal;
use sync_core::mapping::Mapping;
use sync_core::reconcile::company::{Companies, CompanyReport, reconcile as compare};

use super::read::{self, Payments};
use crate::Failure;
use crate::connect::ConnectionSettings;

/// Reads both sides of a connection and compares them, by what the journal knows. Posts nothing.
pub(crate) async fn reconcile(settings: &ConnectionSettings) -> Result<CompanyReport, Failure> {
    let mapping = Mapping::load(&settings.mapping)?;
    let journal = settings.journal()?;
    let id = settings.id();
    let (links, dead) = (journal.links(&id).await?, journal.dead_letters(&id).await?);
    let connection = settings.connect()?;
    let sides = read::both(&connection, Payments::WherePaid, &|_| {}).await?;
    let mut report = compare(&Companies {
        connection: &id,
        documents: &sides.documents,
        payments: &sides.payments,
        books: &sides.books,
        links: &links,
        dead: &dead,
        mapping: &mapping,
        capabilities: connection.sink.capabilities(),
    })?;
    report.problems.extend(sides.problems);
    Ok(report)
}
