//! What was sent and may not have been answered: kept before it goes out.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is known of a message set that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It went out; the answer has not come.
    Sent,
    /// QuickBooks answered this.
    Answered(String),
    /// QuickBooks keeps no answer of it. This does not prove that nothing happened: the records are looked for by their
    /// markers before anything is sent again, and then under another ID.
    Lost,
    /// It was certainly not worked, for this reason.
    Refused(String),
}

/// A message set that writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSet {
    /// `newMessageSetID`, 24 characters.
    pub id: String,
    /// The writes that it carries, by the digest of their keys: the same writes are found again after a crash.
    pub base: String,
    /// Counts message sets of the same writes, after a lost one.
    pub attempt: u32,
    /// The very bytes.
    pub request: String,
    /// What is known of it.
    pub fate: Fate,
    /// When it went out.
    pub sent_at: DateTime<Utc>,
}

/// A set could not be stored or read; nothing is sent then.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}; nothing is sent until this works")]
pub struct StoreError {
    /// The file or directory.
    pub path: PathBuf,
    /// What happened.
    pub problem: String,
}

/// Keeps message sets, durably, by company file.
pub trait SetStore: Send + Sync + fmt::Debug {
    /// Stores a set, or what has become of it. It is durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`] if it is not.
    fn put(&self, company: &str, set: &StoredSet) -> Result<(), StoreError>;

    /// All sets of a company file.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read: what was sent is then unknown, and nothing may be sent.
    fn all(&self, company: &str) -> Result<Vec<StoredSet>, StoreError>;

    /// Forgets a set.
    ///
    /// # Errors
    /// [`StoreError`] if it is still there.
    fn remove(&self, company: &str, id: &str) -> Result<(), StoreError>;

    /// Remembers which purchase order line each line of a new bill bills; answers do not tell.
    ///
    /// # Errors
    /// [`StoreError`] if it is not durable.
    fn put_links(&self, company: &str, bill: &str, links: &BillLinks) -> Result<(), StoreError>;

    /// What was remembered, by bill.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    fn links(&self, company: &str) -> Result<BTreeMap<String, BillLinks>, StoreError>;
}

/// By line of a bill: purchase order and its line.
pub type BillLinks = BTreeMap<String, (String, String)>;

type Company = (BTreeMap<String, StoredSet>, BTreeMap<String, BillLinks>);

/// In memory, for tests.
#[derive(Debug, Default)]
pub struct MemorySetStore {
    companies: Mutex<BTreeMap<String, Company>>,
}

impl MemorySetStore {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Company>> {
        self.companies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SetStore for MemorySetStore {
    fn put(&self, company: &str, set: &StoredSet) -> Result<(), StoreError> {
        self.lock().entry(company.to_owned()).or_default().0.insert(set.id.clone(), set.clone());
        Ok(())
    }

    fn all(&self, company: &str) -> Result<Vec<StoredSet>, StoreError> {
        Ok(self.lock().get(company).map(|(sets, _)| sets.values().cloned().collect()).unwrap_or_default())
    }

    fn remove(&self, company: &str, id: &str) -> Result<(), StoreError> {
        self.lock().entry(company.to_owned()).or_default().0.remove(id);
        Ok(())
    }

    fn put_links(&self, company: &str, bill: &str, links: &BillLinks) -> Result<(), StoreError> {
        self.lock().entry(company.to_owned()).or_default().1.insert(bill.to_owned(), links.clone());
        Ok(())
    }

    fn links(&self, company: &str) -> Result<BTreeMap<String, BillLinks>, StoreError> {
        Ok(self.lock().get(company).map(|(_, links)| links.clone()).unwrap_or_default())
    }
}

/// In a directory: a file for each set, and a file of links to which is only ever appended.
#[derive(Debug)]
pub struct FileSetStore {
    dir: PathBuf,
    /// One writer at a time.
    writing: Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct LinkRow {
    bill: String,
    links: BillLinks,
}

impl FileSetStore {
    /// A store in `dir`, which is made when something is stored.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), writing: Mutex::new(()) }
    }

    fn place(&self, company: &str) -> PathBuf {
        // User names may hold what a file name may not.
        let name: String = company
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("_{b:02x}") })
            .collect();
        self.dir.join(name)
    }
}

fn bad(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError { path, problem: error.to_string() }
}

impl SetStore for FileSetStore {
    fn put(&self, company: &str, set: &StoredSet) -> Result<(), StoreError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = self.place(company);
        std::fs::create_dir_all(&dir).map_err(bad(&dir))?;
        let path = dir.join(format!("{}.json", set.id));
        let text =
            serde_json::to_vec(set).map_err(|error| StoreError { path: path.clone(), problem: error.to_string() })?;
        let mut file = tempfile::NamedTempFile::new_in(&dir).map_err(bad(&path))?;
        file.write_all(&text).map_err(bad(&path))?;
        file.as_file().sync_all().map_err(bad(&path))?;
        file.persist(&path).map_err(|error| bad(&path)(error.error))?;
        // The name is durable only when the directory is.
        std::fs::File::open(&dir).and_then(|dir| dir.sync_all()).map_err(bad(&dir))
    }

    fn all(&self, company: &str) -> Result<Vec<StoredSet>, StoreError> {
        let dir = self.place(company);
        let entries = match std::fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(bad(&dir)(error)),
        };
        let mut sets = Vec::new();
        for entry in entries {
            let path = entry.map_err(bad(&dir))?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let text = std::fs::read(&path).map_err(bad(&path))?;
            sets.push(serde_json::from_slice(&text).map_err(|error| StoreError { path, problem: error.to_string() })?);
        }
        Ok(sets)
    }

    fn remove(&self, company: &str, id: &str) -> Result<(), StoreError> {
        let path = self.place(company).join(format!("{id}.json"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(bad(&path)(error)),
            _ => Ok(()),
        }
    }

    fn put_links(&self, company: &str, bill: &str, links: &BillLinks) -> Result<(), StoreError> {
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = self.place(company);
        std::fs::create_dir_all(&dir).map_err(bad(&dir))?;
        let path = dir.join("links.ndjson");
        let row = LinkRow { bill: bill.to_owned(), links: links.clone() };
        let mut line =
            serde_json::to_vec(&row).map_err(|error| StoreError { path: path.clone(), problem: error.to_string() })?;
        // On a line of its own, also behind one that a crash cut off.
        line.insert(0, b'\n');
        line.push(b'\n');
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(bad(&path))?;
        file.write_all(&line).map_err(bad(&path))?;
        file.sync_all().map_err(bad(&path))
    }

    fn links(&self, company: &str) -> Result<BTreeMap<String, BillLinks>, StoreError> {
        let path = self.place(company).join("links.ndjson");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(bad(&path)(error)),
        };
        // A line that a crash cut off was never acted upon; what it says is derived from the documents again.
        let rows = text.lines().filter_map(|line| serde_json::from_str::<LinkRow>(line).ok());
        Ok(rows.map(|row| (row.bill, row.links)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let set = StoredSet {
            id: "0123456789abcdef01234567".to_owned(),
            base: "b".to_owned(),
            attempt: 0,
            request: "<QBXML/>".to_owned(),
            fate: Fate::Sent,
            sent_at: DateTime::from_timestamp(1_772_000_000, 0).unwrap(),
        };
        FileSetStore::new(dir.path()).put("north gate", &set).unwrap();
        let answered = StoredSet { fate: Fate::Answered("<x/>".to_owned()), ..set.clone() };
        let links = BillLinks::from([("3-1".to_owned(), ("1-1".to_owned(), "2-1".to_owned()))]);
        {
            let store = FileSetStore::new(dir.path());
            assert_eq!(store.all("north gate").unwrap(), [set]);
            assert!(store.all("north_gate").unwrap().is_empty());
            store.put("north gate", &answered).unwrap();
            store.put_links("north gate", "9-1", &links).unwrap();
        }
        let store = FileSetStore::new(dir.path());
        assert_eq!(store.all("north gate").unwrap(), std::slice::from_ref(&answered));
        assert_eq!(store.links("north gate").unwrap()["9-1"], links);
        store.remove("north gate", &answered.id).unwrap();
        store.remove("north gate", &answered.id).unwrap();
        assert!(store.all("north gate").unwrap().is_empty());
    }
}
