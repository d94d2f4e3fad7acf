//! Where a command works: the connection of the environment variables, or a book in the local sandboxes.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sync_core::connector::{Directory, Fetched, Sink};
use sync_core::journal::{Journal, Link};
use sync_core::mapping::{Mapping, MappingFiles, history};
use sync_core::model::construction::Document;
use sync_sandboxes::book::Book;

use crate::Failure;
use crate::connect::{Connection, ConnectionSettings};
use crate::demo::stage::Stage;
use crate::reconcile::read;

/// Where to read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Where {
    /// A book (a directory of saved answers) instead of the live connection.
    #[arg(long, value_name = "DIR")]
    pub(crate) book: Option<PathBuf>,
}

/// A connection, ready to be read.
pub(crate) struct Site {
    pub(crate) settings: ConnectionSettings,
    pub(crate) connection: Connection,
    /// Keeps the sandboxes of a book alive; nobody else looks at it.
    _stage: Option<Mutex<Stage>>,
}

impl Site {
    pub(crate) fn open(at: &Where) -> Result<Self, Failure> {
        let stage = match &at.book {
            Some(dir) => Some(Stage::with_book(Book::load(dir)?, None, false)?),
            None => None,
        };
        let settings = match &stage {
            Some(stage) => stage.settings(),
            None => crate::settings::current()?,
        };
        let connection = settings.connect()?;
        Ok(Self { settings, connection, _stage: stage.map(Mutex::new) })
    }

    /// A connection whose settings are known.
    pub(crate) fn over(settings: ConnectionSettings) -> Result<Self, Failure> {
        let connection = settings.connect()?;
        Ok(Self { settings, connection, _stage: None })
    }

    /// The mapping in use.
    pub(crate) fn mapping(&self) -> Result<Mapping, Failure> {
        Ok(Mapping::load(&self.settings.mapping)?)
    }

    /// The lists of the accounting system.
    pub(crate) async fn directory(&self) -> Result<Directory, Failure> {
        self.connection.sink.begin().await?;
        Ok(self.connection.sink.directory().await?)
    }

    /// What is linked.
    pub(crate) async fn links(&self) -> Result<Vec<Link>, Failure> {
        Ok(self.settings.journal()?.links(&self.settings.id()).await?)
    }

    /// Every document of Procore that can be read, and what is wrong with the others.
    pub(crate) async fn documents(&self) -> Result<(Vec<Document>, Vec<String>), Failure> {
        let (mut documents, mut problems) = (Vec::new(), Vec::new());
        for fetched in read::documents(&self.connection.source, &|_| {}).await? {
            match fetched {
                Fetched::Found(document) => documents.push(*document),
                Fetched::Unreadable(unreadable) => problems.push(format!("{}: {}", unreadable.label, unreadable.text)),
                Fetched::Gone(_) => {}
            }
        }
        Ok((documents, problems))
    }

    /// The mapping of a version that was in use.
    pub(crate) async fn version(&self, version: &str) -> Result<Option<Mapping>, Failure> {
        Ok(match files_of(&self.settings, version).await? {
            Some(files) => Some(Mapping::compile(files)?),
            None => None,
        })
    }
}

/// The files of a version that was in use.
pub(crate) async fn files_of(settings: &ConnectionSettings, version: &str) -> Result<Option<MappingFiles>, Failure> {
    Ok(history::files(&settings.journal()?, &settings.id(), version).await?)
}

/// A directory that a person named must be there.
pub(crate) fn existing(dir: &Path) -> Result<&Path, Failure> {
    if dir.is_dir() {
        return Ok(dir);
    }
    Err(format!("{}: no such directory; give the directory of the mapping files", dir.display()).into())
}

/// A table as every command prints it.
pub(crate) fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_BORDERS_ONLY).set_header(header.to_vec());
    table
}
