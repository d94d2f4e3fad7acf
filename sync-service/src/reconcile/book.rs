//! A book: both sandboxes hold it, both clients read it, and nothing is written.

use std::path::Path;

use sync_core::connector::Sink;
use sync_core::mapping::Mapping;
use sync_core::reconcile::company::{Companies, CompanyReport, reconcile as compare};
use sync_sandboxes::book::Book;

use super::read::{self, Payments};
use crate::Failure;
use crate::demo::stage::Stage;

/// Reads both sides of a book and compares them.
pub(crate) async fn reconcile(dir: &Path) -> Result<CompanyReport, Failure> {
    let book = Book::load(dir)?;
    let mapping = Mapping::load(&book.mapping)?;
    let stage = Stage::with_book(book, None, false)?;
    let settings = stage.settings();
    let connection = settings.connect()?;
    let sides = read::both(&connection, Payments::All, &|_| {}).await?;
    let mut report = compare(&Companies {
        connection: &settings.id(),
        documents: &sides.documents,
        payments: &sides.payments,
        books: &sides.books,
        links: &[],
        dead: &[],
        mapping: &mapping,
        capabilities: connection.sink.capabilities(),
        projects: None,
    })?;
    report.problems.extend(sides.problems);
    Ok(report)
}
