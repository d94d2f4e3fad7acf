//! A mapping that is edited while the program runs: read again on request, and never replaced by one with a fault.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Faults, Mapping};

/// A mapping directory and the last version of it that was right.
///
/// ```
/// use sync_core::mapping::LiveMapping;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let live = LiveMapping::open(dir.path())?;
/// std::fs::write(dir.path().join("sync.toml"), "[policy]\ndeletion = \"perhaps\"\n")?;
/// let faults = live.reload().unwrap_err();
/// assert_eq!(faults.0[0].line, 2);
/// assert_eq!(live.current().version(), live.current().version());
/// std::fs::write(dir.path().join("sync.toml"), "[policy]\ndeletion = \"void\"\n")?;
/// assert!(live.reload()?.is_some(), "a new version");
/// assert!(live.reload()?.is_none(), "nothing has changed since");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LiveMapping {
    dir: PathBuf,
    current: RwLock<Arc<Mapping>>,
}

impl LiveMapping {
    /// Reads a directory for the first time.
    ///
    /// # Errors
    /// [`Faults`]: there is no good version to go on with.
    pub fn open(dir: &Path) -> Result<Self, Faults> {
        let mapping = Arc::new(Mapping::load(dir)?);
        Ok(Self { dir: dir.to_owned(), current: RwLock::new(mapping) })
    }

    /// The last version that was right.
    pub fn current(&self) -> Arc<Mapping> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the directory again: the new version if there is one, nothing if the files are as they were.
    ///
    /// # Errors
    /// [`Faults`]: the files are wrong, and the version before them stays in use.
    pub fn reload(&self) -> Result<Option<Arc<Mapping>>, Faults> {
        let files = super::MappingFiles::read(&self.dir)?;
        if files.version() == self.current().version() {
            return Ok(None);
        }
        let mapping = Arc::new(Mapping::compile(files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = mapping.clone();
        Ok(Some(mapping))
    }
}
