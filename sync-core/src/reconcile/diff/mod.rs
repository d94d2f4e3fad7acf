//! The diff: two sides of keyed records, unsorted, of any size, in one pass and bounded memory.
//!
//! | class | meaning |
//! |---|---|
//! | [`Class::Equal`] | once on each side, all compared fields the same |
//! | [`Class::LeftOnly`], [`Class::RightOnly`] | missing on the other side |
//! | [`Class::Differs`] | once on each side; the fields that are not the same are named |
//! | [`Class::Ambiguous`] | twice or more on a side: nothing else is said of it, a person must decide which one counts |
//!
//! **What is certain.** Keys are compared in full, byte for byte; a hash only decides where they meet. Contents are
//! compared by a 128-bit [`Fingerprint`] of their canonical form; where fingerprints differ both records are read again
//! and compared field by field, so a difference that is reported is always real. Equality rests on the fingerprint
//! unless [`Diff::verify`] is on: then every equal pair is read again and compared in full as well.
//!
//! **Memory.** Of each record only key, fingerprint and place are kept. Beyond the budget ([`Diff::memory`]) they go to
//! a temporary file, partitioned by key, and are joined a partition at a time.
//!
//! ```
//! use sync_core::reconcile::diff::{Class, Diff, KeyBuf, Number, Record, Value};
//!
//! struct Bill { number: &'static str, cents: i64 }
//!
//! impl Record for Bill {
//!     fn key(&self, out: &mut KeyBuf) { out.text(self.number) }
//!     fn field(&self, _: usize) -> Value<'_> { Value::Number(Number::from(self.cents)) }
//! }
//!
//! let procore = vec![Bill { number: "PA-1", cents: 4_000_000 }, Bill { number: "PA-2", cents: 100 }];
//! let books = vec![Bill { number: "PA-1", cents: 4_000_001 }];
//! let mut found = Vec::new();
//! let summary = Diff::new(1).run(&procore, &books, |finding| found.push((finding.class, finding.key.to_string())))?;
//! found.sort();
//! assert_eq!(found, [(Class::LeftOnly, "PA-2".to_owned()), (Class::Differs, "PA-1".to_owned())]);
//! assert_eq!(summary.equal, 0);
//! # Ok::<(), sync_core::reconcile::diff::DiffError>(())
//! ```

mod agreed;
mod hash;
mod join;
mod key;
mod lines;
pub mod ndjson;
mod run;
mod side;
mod store;
#[cfg(test)]
mod tests;
mod value;

use std::path::PathBuf;

pub use agreed::{Agreed, AgreedError};
pub use hash::Fingerprint;
pub use key::{Key, KeyBuf};
pub use lines::{FindingLines, TextSummary};
pub use side::{Record, Side, Stream, Visit};
pub use value::{Number, Value};

/// In which class a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// On both sides, the same.
    Equal,
    /// Missing right.
    LeftOnly,
    /// Missing left.
    RightOnly,
    /// On both sides, not the same.
    Differs,
    /// Twice or more on a side.
    Ambiguous,
}

impl Class {
    /// The word in files and `--json`: `equal`, `left_only`, `right_only`, `differs`, `ambiguous`.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Equal => "equal",
            Class::LeftOnly => "left_only",
            Class::RightOnly => "right_only",
            Class::Differs => "differs",
            Class::Ambiguous => "ambiguous",
        }
    }
}

/// What one side has of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How many records have the key.
    pub count: u64,
    /// Where the side finds the record again ([`Side::read`]); of several, the first.
    pub at: u64,
    /// The fingerprint of its compared fields; `None` where there are several.
    pub content: Option<Fingerprint>,
}

/// One key that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which class.
    pub class: Class,
    /// The key.
    pub key: Key,
    /// For [`Class::Differs`]: the positions of the fields that differ, ascending. Otherwise empty.
    pub fields: Vec<usize>,
    /// The left side, if it has the key.
    pub left: Option<Found>,
    /// The right side, if it has the key.
    pub right: Option<Found>,
}

impl Finding {
    /// Appends the finding as one line, `class<TAB>key<TAB>fields<LF>`, the fields by name, joined by commas.
    pub fn write_line(&self, names: &[String], out: &mut Vec<u8>) {
        out.extend_from_slice(self.class.as_str().as_bytes());
        out.push(b'\t');
        self.key.write_cell(out);
        out.push(b'\t');
        for (n, field) in self.fields.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            match names.get(*field) {
                Some(name) => Key::new(name.as_bytes()).write_cell(out),
                None => out.extend_from_slice(field.to_string().as_bytes()),
            }
        }
        out.push(b'\n');
    }
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records read on the left.
    pub left: u64,
    /// Records read on the right.
    pub right: u64,
    /// Keys that are the same.
    pub equal: u64,
    /// Keys missing right.
    pub left_only: u64,
    /// Keys missing left.
    pub right_only: u64,
    /// Keys whose fields differ.
    pub differs: u64,
    /// Keys that are there twice or more on a side.
    pub ambiguous: u64,
    /// Bytes that went to the temporary file for want of memory.
    pub spilled: u64,
}

impl Summary {
    /// Whether every key is the same on both sides.
    pub fn is_clean(&self) -> bool {
        self.left_only + self.right_only + self.differs + self.ambiguous == 0
    }

    fn count(&mut self, class: Class) {
        match class {
            Class::Equal => self.equal += 1,
            Class::LeftOnly => self.left_only += 1,
            Class::RightOnly => self.right_only += 1,
            Class::Differs => self.differs += 1,
            Class::Ambiguous => self.ambiguous += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.left += other.left;
        self.right += other.right;
        self.equal += other.equal;
        self.left_only += other.left_only;
        self.right_only += other.right_only;
        self.differs += other.differs;
        self.ambiguous += other.ambiguous;
    }
}

/// Why a diff could not be finished. Nothing that it found until then may be taken for the whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// A file cannot be read.
    #[error("{path} cannot be read; check that it exists and may be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The temporary file failed.
    #[error("the temporary file in {dir} failed; free some space there, name another directory, or allow more memory")]
    Spill {
        /// Where it was.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A record is no longer what it was when it was read first.
    #[error("{what} changed while it was being compared; compare again when nothing writes to it")]
    Changed {
        /// Which record or file.
        what: String,
    },
    /// The source of a stream failed.
    #[error("the source of the records failed half-way; nothing is said about the rest")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A thread of the diff ended by a fault of this program, or of a record's own code.
    #[error("a part of the comparison ended by a fault in the program; please report it")]
    Fault,
}

/// A diff, set up. Fields are known by position; their names come in with [`Finding::write_line`].
#[derive(Clone, Debug)]
pub struct Diff {
    fields: usize,
    memory: u64,
    threads: usize,
    verify: bool,
    report_equal: bool,
    seed: u64,
    temp_dir: Option<PathBuf>,
}

impl Diff {
    /// A diff that compares fields 0 to `fields` - 1 of records. 256 MiB of memory, all cores.
    pub fn new(fields: usize) -> Self {
        let memory = 256 << 20;
        Self { fields, memory, threads: 0, verify: false, report_equal: false, seed: 0, temp_dir: None }
    }

    /// The budget in bytes. Beyond it, entries go to a temporary file. Buffers of some MiB come on top, and what
    /// the sides themselves hold.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// How many threads; 0: as many as there are cores.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Reads every pair with equal fingerprints again and compares the records themselves. Much slower on files.
    pub fn verify(mut self, on: bool) -> Self {
        self.verify = on;
        self
    }

    /// Reports the keys that are equal too, for instance to keep them in an [`Agreed`].
    pub fn report_equal(mut self, on: bool) -> Self {
        self.report_equal = on;
        self
    }

    /// Seeds the hashes. Fingerprints can be compared across runs only under the same seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where the temporary file goes; without it, the system's directory for such.
    pub fn temp_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.temp_dir = Some(dir.into());
        self
    }

    /// Compares. `found` gets the findings as they come, in no particular order, from several threads in turn.
    ///
    /// # Errors
    /// What makes a side unreadable as a whole, a temporary file that fails, records that change meanwhile.
    pub fn run<L: Side + ?Sized, R: Side + ?Sized>(
        &self,
        left: &L,
        right: &R,
        found: impl FnMut(Finding) + Send,
    ) -> Result<Summary, DiffError> {
        run::run(self, left, right, found)
    }

    /// The fingerprint of one record's compared fields, as [`Found::content`] has it.
    pub fn fingerprint(&self, record: &impl Record) -> Fingerprint {
        let mut bytes = Vec::new();
        for index in 0..self.fields {
            record.field(index).encode(&mut bytes);
        }
        hash::Fingerprinter::new(self.seed).content(&bytes)
    }
}
