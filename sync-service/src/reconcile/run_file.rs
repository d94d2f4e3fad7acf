//! What a run has read so far, part by part, on the disk: a run that is interrupted goes on where it was.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sync_core::connector::{Fetched, Part, Unreadable};
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, Money};

use crate::Failure;

/// What an interrupted run read longer ago is read again.
pub(crate) const INTERRUPTED: chrono::Duration = chrono::Duration::hours(12);

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// When the run began.
    pub(crate) started: DateTime<Utc>,
    /// Where changes since then are read from.
    pub(crate) cursor: String,
    /// The project that it is limited to.
    pub(crate) project: Option<String>,
    /// When it was last brought up to date, if it was since.
    #[serde(default)]
    pub(crate) read: Option<DateTime<Utc>>,
}

impl Head {
    /// What changed since then is not in it.
    pub(crate) fn started_at(&self) -> DateTime<Utc> {
        self.read.unwrap_or(self.started)
    }
}

/// A document as it was read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Saved {
    Found(Box<Document>),
    Unreadable { key: DocumentKey, label: String, text: String, amount: Option<Money> },
    Gone(DocumentKey),
}

/// A further line: a part, whole.
#[derive(Serialize, Deserialize)]
struct PartLine {
    part: Part,
    documents: Vec<Saved>,
}

/// The file of a run.
pub(crate) struct RunFile {
    path: PathBuf,
    pub(crate) head: Head,
    /// What was read before this start of the program.
    pub(crate) parts: BTreeMap<String, Vec<Fetched>>,
}

impl RunFile {
    /// What an earlier run of the same extent left, if it is not too old.
    pub(crate) fn left(
        path: &Path,
        project: Option<&str>,
        now: DateTime<Utc>,
        good_for: chrono::Duration,
    ) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let mut lines = text.lines();
        let head: Head = serde_json::from_str(lines.next()?).ok()?;
        if head.project.as_deref() != project || now - head.started > good_for {
            return None;
        }
        // The last line may be cut off: that part is read again.
        let parts = lines.map_while(|line| serde_json::from_str::<PartLine>(line).ok());
        let parts = parts.map(|line| (line.part.0, line.documents.into_iter().map(restore).collect()));
        Some(Self { path: path.to_owned(), head, parts: parts.collect() })
    }

    /// A new run.
    pub(crate) fn begin(path: &Path, head: Head) -> Result<Self, Failure> {
        let line = serde_json::to_string(&head)?;
        std::fs::write(path, format!("{line}\n"))
            .map_err(|e| format!("{}: cannot be written ({e})", path.display()))?;
        Ok(Self { path: path.to_owned(), head, parts: BTreeMap::new() })
    }

    /// Keeps a part.
    pub(crate) fn keep(&self, part: &Part, documents: &[Fetched]) -> Result<(), Failure> {
        let line = PartLine { part: part.clone(), documents: documents.iter().map(save).collect() };
        let mut file = OpenOptions::new().append(true).open(&self.path)?;
        writeln!(file, "{}", serde_json::to_string(&line)?)?;
        Ok(())
    }

    /// The run is over.
    pub(crate) fn end(self) {
        // A file that is left behind is too old tomorrow.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn save(fetched: &Fetched) -> Saved {
    match fetched {
        Fetched::Found(document) => Saved::Found(document.clone()),
        Fetched::Unreadable(bad) => Saved::Unreadable {
            key: bad.key.clone(),
            label: bad.label.clone(),
            text: bad.text.clone(),
            amount: bad.amount,
        },
        Fetched::Gone(key) => Saved::Gone(key.clone()),
    }
}

fn restore(saved: Saved) -> Fetched {
    match saved {
        Saved::Found(document) => Fetched::Found(document),
        Saved::Unreadable { key, label, text, amount } => Fetched::Unreadable(Unreadable { key, label, text, amount }),
        Saved::Gone(key) => Fetched::Gone(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::model::DocumentKind;

    #[test]
    fn given_an_interrupted_run_then_whole_parts_are_kept_and_a_cut_one_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run");
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let head = Head { started: now, cursor: "c".to_owned(), project: None, read: None };
        let run = RunFile::begin(&path, head.clone()).unwrap();
        let gone = |id: &str| Fetched::Gone(DocumentKey::new(DocumentKind::Vendor, id));
        run.keep(&Part("vendors".to_owned()), &[gone("1"), gone("2")]).unwrap();
        run.keep(&Part("projects".to_owned()), &[gone("3")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.get(..text.len() - 9).unwrap()).unwrap();

        let left = |project, hours| RunFile::left(&path, project, now + chrono::Duration::hours(hours), INTERRUPTED);
        let again = left(None, 1).unwrap();
        assert_eq!((again.head, again.parts.len(), again.parts["vendors"].len()), (head, 1, 2));
        assert!(left(Some("26-01"), 0).is_none(), "another extent");
        assert!(left(None, 13).is_none(), "too old");
    }
}
