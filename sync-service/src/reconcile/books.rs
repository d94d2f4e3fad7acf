//! What the last run read of QuickBooks, kept on the disk: the next run asks for what changed, where that is cheaper.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use quickbooks_online::{Books, KeptTransactions, QuickBooks};
use sync_core::reconcile::company::BookState;

use super::reading::WHOLE_EVERY;
use crate::Failure;
use crate::connect::ConnectionSettings;

/// The books of QuickBooks, about to be read.
pub(crate) struct BooksReading {
    path: PathBuf,
    earlier: Option<KeptTransactions>,
}

impl BooksReading {
    pub(crate) fn of(settings: &ConnectionSettings, now: DateTime<Utc>) -> Self {
        let path = settings.dir.join("reconcile-kept-books.ndjson");
        let kept = File::open(&path).ok().and_then(|file| KeptTransactions::read_from(BufReader::new(file)));
        let earlier = kept.filter(|kept| kept.saves_requests() && now - kept.whole_at() <= WHOLE_EVERY);
        Self { path, earlier }
    }

    /// What reading costs, before it is done.
    pub(crate) fn announce(&self) -> String {
        match &self.earlier {
            Some(_) => "2 to QuickBooks: its lists, and what changed since the last run".to_owned(),
            None => format!("{} to QuickBooks, and one more for each 1000 of a list", Books::REQUESTS),
        }
    }

    pub(crate) async fn read(self, client: &QuickBooks) -> Result<BookState, Failure> {
        let (books, kept) = Books::new(client.clone()).state_since(self.earlier).await?;
        // What cannot be kept is read whole the next time.
        if let Err(error) = keep(&self.path, &kept) {
            tracing::warn!(%error, "the reading of QuickBooks could not be kept");
        }
        Ok(books)
    }
}

fn keep(path: &std::path::Path, kept: &KeptTransactions) -> std::io::Result<()> {
    if !kept.saves_requests() {
        return match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let fresh = path.with_extension("new");
    let mut file = BufWriter::new(File::create(&fresh)?);
    kept.write_to(&mut file)?;
    file.flush()?;
    std::fs::rename(&fresh, path)
}
