//! Files of documents: where they are read from, and what they are attached to.

use std::fmt;

use async_trait::async_trait;

use super::{Marker, Refusal};
use crate::error::Error;
use crate::model::{DocumentKey, TargetRef};

/// Where files of construction documents come from.
#[async_trait]
pub trait FileSource: Send + Sync + fmt::Debug {
    /// The files of a document, read afresh, since their addresses hold for a short time only; none if the document is
    /// gone.
    ///
    /// # Errors
    /// If they cannot be read.
    async fn files(&self, document: &DocumentKey) -> Result<Option<Vec<FileAt>>, Error>;

    /// The content of a file. No more than `max_bytes` of it are read.
    ///
    /// # Errors
    /// [`FileFault`].
    async fn read(&self, file: &FileAt, max_bytes: usize) -> Result<Vec<u8>, FileFault>;
}

/// A file, and where it can be read for a short time.
#[derive(Clone, PartialEq, Eq)]
pub struct FileAt {
    /// Its id in the source: another content has another id.
    pub id: String,
    /// Its name, such as `Pay app 4.pdf`.
    pub name: String,
    /// The address. Whoever has it can read the file: it belongs in no log.
    pub address: String,
}

impl fmt::Debug for FileAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileAt").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a file was not read. The texts hold no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// Later it may be: the network, or a server out of order.
    #[error("{0}")]
    NotNow(String),
    /// It will not be by itself: too large, not there, refused.
    #[error("{0}")]
    Person(String),
}

/// Where files are attached to transactions.
#[async_trait]
pub trait FileSink: Send + Sync + fmt::Debug {
    /// The files that are attached to a transaction now.
    ///
    /// # Errors
    /// If they cannot be read whole: then none can be called missing.
    async fn attached(&self, to: &TargetRef) -> Result<Vec<Attached>, Error>;

    /// Attaches a PDF of at most `max_bytes`, and says truthfully what became of it. The same call made again is the same
    /// request under the same key, so that a system that knows the key does nothing twice.
    async fn attach(
        &self,
        to: &TargetRef,
        marker: &Marker,
        name: &str,
        content: Vec<u8>,
        max_bytes: usize,
    ) -> FileOutcome;
}

/// A file that is attached to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// The marker that it carries.
    pub marker: Option<Marker>,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub enum FileOutcome {
    /// It is attached.
    Done,
    /// It certainly is not.
    Refused(Refusal),
    /// It may or may not be. The next call must be a read.
    Uncertain(String),
}
