//! Books: what two companies hold before a sync, as a directory of JSON in the vendors' own answer shapes.
//!
//! The layout is described in `books/README.md` of this crate. Every file is optional; a missing one means "none".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::json::Json;
use crate::people::People;

static DEMO: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/books/demo");
/// What is different for QuickBooks Desktop: every code has an item, and retainage has the one item with two accounts.
static DESKTOP: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/books/desktop");

/// Which QuickBooks product the book is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// QuickBooks Online
    #[default]
    Online,
    /// QuickBooks Desktop Enterprise
    Desktop,
}

/// `book.toml`: facts about both companies. All optional.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Shown in reports.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// QuickBooks product.
    pub edition: Edition,
    /// The Procore company id, a number or a text.
    #[serde(deserialize_with = "text")]
    pub procore_company_id: String,
    /// The QuickBooks realm (company) id, a number or a text.
    #[serde(deserialize_with = "text")]
    pub realm_id: String,
    /// `YYYY-MM-DD`, quoted or not; `quickbooks/Preferences.json` wins.
    #[serde(deserialize_with = "optional_text")]
    pub closing_date: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Dead letters that this book is built to produce.
    pub expected: Vec<Expected>,
}

/// A dead letter that a book is built to produce.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Cause, in the words of the dead letters.
    pub cause: String,
    /// Number of the document, as the report shows it.
    pub document: String,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            name: "Book".to_owned(),
            currency: "USD".to_owned(),
            edition: Edition::Online,
            procore_company_id: "598134325700011".to_owned(),
            realm_id: "9341000000000001".to_owned(),
            closing_date: None,
            notes: None,
            expected: Vec::new(),
        }
    }
}

/// People write ids and dates with and without quotes.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        other => other.to_string(),
    })
}

fn optional_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer).map(|text| Some(text).filter(|t| !t.is_empty()))
}

/// A book, read into memory. Mapping files stay files: the program under test reads them itself.
#[derive(Debug)]
pub struct Book {
    /// `book.toml`
    pub facts: Facts,
    /// `procore/NAME.json`, by NAME.
    pub procore: BTreeMap<String, Vec<Json>>,
    /// `quickbooks/NAME.json`, by NAME.
    pub quickbooks: BTreeMap<String, Vec<Json>>,
    /// `people.toml`: what people do while a sync runs.
    pub people: People,
    /// The directory with the mapping files; may not exist.
    pub mapping: PathBuf,
    // Keeps the unpacked demo book alive as long as the book.
    _unpacked: Option<tempfile::TempDir>,
}

/// Why a book could not be read. Names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// A file or directory could not be read.
    #[error("{path}: {source}; give --book a directory that holds procore/, quickbooks/ and mapping/")]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what the layout asks for.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
}

impl Book {
    /// Reads the book in `dir`.
    ///
    /// # Errors
    /// [`BookError`] naming the file that is missing, unreadable or not a JSON array of objects.
    pub fn load(dir: &Path) -> Result<Self, BookError> {
        if !dir.is_dir() {
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, "no such directory");
            return Err(BookError::Io { path: dir.to_owned(), source });
        }
        let facts: Facts = read_toml(&dir.join("book.toml"))?;
        let people = read_toml(&dir.join("people.toml"))?;
        Ok(Self {
            facts,
            procore: read_side(&dir.join("procore"))?,
            quickbooks: read_side(&dir.join("quickbooks"))?,
            people,
            mapping: dir.join("mapping"),
            _unpacked: None,
        })
    }

    /// The demo book that this crate carries: a small contractor's, fictional.
    ///
    /// # Errors
    /// [`BookError::Io`] if the temporary directory for its mapping files cannot be written.
    pub fn demo() -> Result<Self, BookError> {
        Self::unpack(&[&DEMO])
    }

    /// The demo book for QuickBooks Desktop Enterprise: the same portfolio, coded by items.
    ///
    /// # Errors
    /// As of [`demo`](Self::demo).
    pub fn desktop_demo() -> Result<Self, BookError> {
        Self::unpack(&[&DEMO, &DESKTOP])
    }

    fn unpack(parts: &[&Dir<'static>]) -> Result<Self, BookError> {
        let unpacked = tempfile::tempdir().map_err(|source| BookError::Io { path: std::env::temp_dir(), source })?;
        let root = unpacked.path().to_owned();
        for part in parts {
            part.extract(&root).map_err(|source| BookError::Io { path: root.clone(), source })?;
        }
        let mut book = Self::load(&root)?;
        book._unpacked = Some(unpacked);
        Ok(book)
    }

    /// The records of a Procore file; empty where the book has none.
    pub fn procore(&self, name: &str) -> &[Json] {
        self.procore.get(name).map_or(&[], Vec::as_slice)
    }

    /// The records of a QuickBooks entity; empty where the book has none.
    pub fn quickbooks(&self, entity: &str) -> &[Json] {
        self.quickbooks.get(entity).map_or(&[], Vec::as_slice)
    }
}

/// A file of facts; the default where there is none.
fn read_toml<T: Default + serde::de::DeserializeOwned>(path: &Path) -> Result<T, BookError> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text)
            .map_err(|error| BookError::Content { path: path.to_owned(), problem: error.to_string() }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(source) => Err(BookError::Io { path: path.to_owned(), source }),
    }
}

fn read_side(dir: &Path) -> Result<BTreeMap<String, Vec<Json>>, BookError> {
    let mut records = BTreeMap::new();
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(records),
        Err(source) => return Err(BookError::Io { path: dir.to_owned(), source }),
    };
    for entry in entries {
        let path = entry.map_err(|source| BookError::Io { path: dir.to_owned(), source })?.path();
        let (Some(stem), Some("json")) =
            (path.file_stem().and_then(|s| s.to_str()), path.extension().and_then(|s| s.to_str()))
        else {
            continue;
        };
        let bytes = std::fs::read(&path).map_err(|source| BookError::Io { path: path.clone(), source })?;
        let parsed =
            Json::parse(&bytes).map_err(|e| BookError::Content { path: path.clone(), problem: e.to_string() })?;
        let Json::Array(items) = parsed else {
            return Err(BookError::Content { path, problem: "must be a JSON array of objects".to_owned() });
        };
        if let Some(at) = items.iter().position(|item| item.as_object().is_none()) {
            return Err(BookError::Content { path, problem: format!("item {at} is not an object") });
        }
        records.insert(stem.to_owned(), items);
    }
    Ok(records)
}
