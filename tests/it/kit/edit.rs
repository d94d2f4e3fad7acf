//! Books and mappings with something wrong in them.

use std::sync::Arc;

use sync_core::mapping::{Faults, Mapping};
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;
use tempfile::TempDir;

use super::ledger::text;
use super::site::book_dir;

/// Sets the value at a path of member names and positions, e.g. `["items", "0", "stored"]`.
pub(crate) fn set(json: &mut Json, path: &[&str], value: impl Into<Json>) {
    let mut place = json;
    for step in path {
        place = match place {
            Json::Array(items) => &mut items[step.parse::<usize>().unwrap()],
            Json::Object(members) => members.get_mut(*step).unwrap_or_else(|| panic!("no member {step}")),
            _ => panic!("{step}: neither array nor object"),
        };
    }
    *place = value.into();
}

/// Changes a record of the Procore side of a book.
pub(crate) fn change(book: &mut Book, resource: &str, id: &str, change: impl FnOnce(&mut Json)) {
    let records = book.procore.get_mut(resource).unwrap();
    change(records.iter_mut().find(|record| text(record, &["id"]) == id).unwrap());
}

/// A copy of the demo book's mapping files.
pub(crate) struct MappingFiles(TempDir);

impl MappingFiles {
    pub(crate) fn of_demo() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(book_dir("demo").join("mapping")).unwrap() {
            let path = file.unwrap().path();
            std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
        }
        Self(dir)
    }

    /// Puts a text in place of another, which stands in the file once.
    pub(crate) fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.0.path().join(file);
        let content = std::fs::read_to_string(&path).unwrap();
        assert_eq!(content.matches(old).count(), 1, "`{old}` stands in {file} once");
        std::fs::write(&path, content.replace(old, new)).unwrap();
    }

    /// Adds lines at the end of a file, or a file.
    pub(crate) fn append(&self, file: &str, lines: &str) {
        let path = self.0.path().join(file);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, format!("{}\n{lines}", before.trim_end())).unwrap();
    }

    /// How many lines a file has.
    pub(crate) fn lines(&self, file: &str) -> usize {
        std::fs::read_to_string(self.0.path().join(file)).unwrap().lines().count()
    }

    pub(crate) fn load(&self) -> Result<Arc<Mapping>, Faults> {
        Mapping::load(self.0.path()).map(Arc::new)
    }
}
