//! The QuickBooks side of a comparison: where it is read, and what the last run read of it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use quickbooks_online::{Books, KeptTransactions, QuickBooksSink};
use sync_core::connector::{Capabilities, Sink};
use sync_core::reconcile::company::BookState;

use super::reading::WHOLE_EVERY;
use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::desktop::Desktop;

/// Where QuickBooks is read.
pub(crate) enum BooksAt {
    Online(Box<QuickBooksSink>),
    /// At the next visits of the Web Connector.
    Desk(Arc<Desktop>),
    #[cfg(feature = "odbc")]
    Odbc(quickbooks_desktop::odbc::OdbcBooks),
}

impl BooksAt {
    /// QuickBooks Online, or the desk of the running service.
    pub(crate) fn of(settings: &ConnectionSettings, desktop: Option<&Arc<Desktop>>) -> Result<Self, Failure> {
        Ok(match desktop {
            Some(desktop) => Self::Desk(desktop.clone()),
            None => Self::Online(Box::new(settings.connect()?.sink)),
        })
    }

    /// The company file of the settings, over ODBC.
    #[cfg(feature = "odbc")]
    pub(crate) fn odbc(settings: &ConnectionSettings, of: &crate::desktop::OdbcSettings) -> Result<Self, Failure> {
        use quickbooks_desktop::odbc::{OdbcBooks, Tables};
        let tables = match of.tables.as_str() {
            "qodbc" => Tables::qodbc()?,
            "cdata" => Tables::cdata()?,
            path => Tables::parse(&std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?)?,
        };
        Ok(Self::Odbc(OdbcBooks::new(of.connection.clone(), tables, settings.currency)))
    }

    /// Without the feature there is no ODBC.
    #[cfg(not(feature = "odbc"))]
    pub(crate) fn odbc(_: &ConnectionSettings, _: &crate::desktop::OdbcSettings) -> Result<Self, Failure> {
        Err("desktop.odbc is set, and this program was built without it: build it with `--features odbc`".into())
    }

    /// The limits by which documents are compared.
    pub(crate) fn capabilities(&self, settings: &ConnectionSettings) -> Capabilities {
        match self {
            Self::Online(sink) => sink.capabilities().clone(),
            Self::Desk(desktop) => desktop.books(settings).capabilities().clone(),
            #[cfg(feature = "odbc")]
            Self::Odbc(books) => books.capabilities(),
        }
    }
}

/// The books, about to be read.
pub(crate) enum BooksReading<'a> {
    Online {
        sink: &'a QuickBooksSink,
        path: PathBuf,
        earlier: Option<KeptTransactions>,
    },
    Desk(&'a Desktop),
    #[cfg(feature = "odbc")]
    Odbc(&'a quickbooks_desktop::odbc::OdbcBooks),
}

impl<'a> BooksReading<'a> {
    pub(crate) fn of(at: &'a BooksAt, settings: &ConnectionSettings, now: DateTime<Utc>) -> Self {
        match at {
            BooksAt::Online(sink) => {
                let path = settings.dir.join("reconcile-kept-books.ndjson");
                let kept = File::open(&path).ok().and_then(|file| KeptTransactions::read_from(BufReader::new(file)));
                let earlier = kept.filter(|kept| kept.saves_requests() && now - kept.whole_at() <= WHOLE_EVERY);
                Self::Online { sink, path, earlier }
            }
            BooksAt::Desk(desktop) => Self::Desk(desktop),
            #[cfg(feature = "odbc")]
            BooksAt::Odbc(books) => Self::Odbc(books),
        }
    }

    /// What reading costs, before it is done.
    pub(crate) fn announce(&self) -> String {
        match self {
            Self::Online { earlier: Some(_), .. } => {
                "2 to QuickBooks: its lists, and what changed since the last run".to_owned()
            }
            Self::Online { earlier: None, .. } => {
                format!("{} to QuickBooks, and one more for each 1000 of a list", Books::REQUESTS)
            }
            Self::Desk(_) => "the company file is read at the next visit of the Web Connector".to_owned(),
            #[cfg(feature = "odbc")]
            Self::Odbc(_) => "the company file is read over ODBC".to_owned(),
        }
    }

    pub(crate) async fn read(self, settings: &ConnectionSettings) -> Result<BookState, Failure> {
        match self {
            Self::Online { sink, path, earlier } => {
                let (books, kept) = Books::new(sink.client().clone()).state_since(earlier).await?;
                // What cannot be kept is read whole the next time.
                if let Err(error) = keep(&path, &kept) {
                    tracing::warn!(%error, "the reading of QuickBooks could not be kept");
                }
                Ok(books)
            }
            Self::Desk(desktop) => Ok(desktop.books(settings).state().await?),
            #[cfg(feature = "odbc")]
            Self::Odbc(books) => Ok(books.state().await?),
        }
    }
}

fn keep(path: &Path, kept: &KeptTransactions) -> std::io::Result<()> {
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
