//! The two sides: where records come from. In memory, or any iterator.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use tempfile::SpooledTempFile;

use super::DiffError;
use super::key::KeyBuf;
use super::value::Value;

/// A record with a key and fields, in whatever type you keep it.
pub trait Record {
    /// Writes the key, part by part.
    fn key(&self, out: &mut KeyBuf);

    /// The value of a compared field, by its position in the list that was given to [`Diff::new`](super::Diff::new).
    fn field(&self, index: usize) -> Value<'_>;
}

impl<R: Record + ?Sized> Record for &R {
    fn key(&self, out: &mut KeyBuf) {
        (**self).key(out);
    }

    fn field(&self, index: usize) -> Value<'_> {
        (**self).field(index)
    }
}

/// Takes records, of whatever type a side has.
pub trait Visit {
    /// One record, and where the side will find it again.
    ///
    /// # Errors
    /// What stops the diff; a side passes it on.
    fn record<R: Record>(&mut self, at: u64, record: &R) -> Result<(), DiffError>;
}

/// One side of a diff: it can be read through once in parts, and single records can be read again.
///
/// Slices of records and [`Stream`] (any iterator) are sides, and so are
/// [files of JSON lines](super::ndjson::NdjsonSide).
pub trait Side: Sync {
    /// How many parts can be read at the same time, each once.
    fn parts(&self) -> usize;

    /// Roughly how many bytes there are to read, 0 if unknown. Only speed depends on it.
    fn size(&self) -> u64;

    /// Reads one part through.
    ///
    /// # Errors
    /// What the visitor returns, and what makes the side as a whole unreadable. A single bad record is better counted
    /// and named by the side itself, so that the rest is done.
    fn scan<V: Visit>(&self, part: usize, visit: &mut V) -> Result<(), DiffError>;

    /// Reads the record at a place that [`scan`](Self::scan) gave. Called for the few that differ.
    ///
    /// # Errors
    /// What the visitor returns; [`DiffError::Changed`] if the record is no longer there.
    fn read<V: Visit>(&self, at: u64, visit: &mut V) -> Result<(), DiffError>;
}

const SLICE_PART: usize = 16 * 1024;

impl<R: Record + Sync> Side for [R] {
    fn parts(&self) -> usize {
        self.len().div_ceil(SLICE_PART)
    }

    fn size(&self) -> u64 {
        // As if each were a line of a file; the true size of a record in memory says little.
        self.len() as u64 * 200
    }

    fn scan<V: Visit>(&self, part: usize, visit: &mut V) -> Result<(), DiffError> {
        let start = part * SLICE_PART;
        for (index, record) in self.iter().enumerate().skip(start).take(SLICE_PART) {
            visit.record(index as u64, record)?;
        }
        Ok(())
    }

    fn read<V: Visit>(&self, at: u64, visit: &mut V) -> Result<(), DiffError> {
        match usize::try_from(at).ok().and_then(|index| self.get(index)) {
            Some(record) => visit.record(at, record),
            None => Err(DiffError::Changed { what: format!("record {at}") }),
        }
    }
}

impl<R: Record + Sync> Side for Vec<R> {
    fn parts(&self) -> usize {
        self.as_slice().parts()
    }

    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn scan<V: Visit>(&self, part: usize, visit: &mut V) -> Result<(), DiffError> {
        self.as_slice().scan(part, visit)
    }

    fn read<V: Visit>(&self, at: u64, visit: &mut V) -> Result<(), DiffError> {
        self.as_slice().read(at, visit)
    }
}

/// A side made of any iterator, such as the pages of an API: read once, in order, no record kept. The compared values
/// wait in a temporary file (in memory up to `in_memory` bytes), so that differences can be named by field.
///
/// An item may be an error; it stops the diff, since a source that failed half-way must not look like missing records.
#[derive(Debug)]
pub struct Stream<I> {
    records: Mutex<Option<I>>,
    fields: usize,
    spool: Mutex<SpooledTempFile>,
}

impl<I, R, E> Stream<I>
where
    I: Iterator<Item = Result<R, E>> + Send,
    R: Record,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A side of these records, of which so many fields are compared.
    pub fn new(records: impl IntoIterator<IntoIter = I>, fields: usize, in_memory: usize) -> Self {
        let spool = Mutex::new(tempfile::spooled_tempfile(in_memory));
        Self { records: Mutex::new(Some(records.into_iter())), fields, spool }
    }
}

fn spool_failed(source: std::io::Error) -> DiffError {
    DiffError::Spill { dir: std::env::temp_dir(), source }
}

impl<I, R, E> Side for Stream<I>
where
    I: Iterator<Item = Result<R, E>> + Send,
    R: Record,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn parts(&self) -> usize {
        1
    }

    fn size(&self) -> u64 {
        0
    }

    fn scan<V: Visit>(&self, _part: usize, visit: &mut V) -> Result<(), DiffError> {
        let taken = self.records.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(records) = taken else {
            return Err(DiffError::Changed { what: "a stream that was already read; give a new one".to_owned() });
        };
        // While the stream is read nobody reads from the spool: that happens when both sides are through.
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut key, mut buffer, mut end) = (KeyBuf::new(), Vec::new(), 0_u64);
        for record in records {
            let record = record.map_err(|e| DiffError::Source(e.into()))?;
            let at = end + buffer.len() as u64;
            key.clear();
            record.key(&mut key);
            Spooled::write(key.as_bytes(), &record, self.fields, &mut buffer);
            visit.record(at, &record)?;
            if buffer.len() >= 64 * 1024 {
                spool.write_all(&buffer).map_err(spool_failed)?;
                end += buffer.len() as u64;
                buffer.clear();
            }
        }
        spool.write_all(&buffer).map_err(spool_failed)
    }

    fn read<V: Visit>(&self, at: u64, visit: &mut V) -> Result<(), DiffError> {
        let mut bytes = Vec::new();
        {
            let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
            spool.seek(SeekFrom::Start(at)).map_err(spool_failed)?;
            let mut length = [0; 8];
            spool.read_exact(&mut length).map_err(spool_failed)?;
            (&mut *spool).take(u64::from_le_bytes(length)).read_to_end(&mut bytes).map_err(spool_failed)?;
        }
        visit.record(at, &Spooled::new(&bytes))
    }
}

/// A record as it lies in the spool: the key's bytes, then each value's canonical bytes, each with its length.
struct Spooled<'a> {
    key: &'a [u8],
    values: Vec<&'a [u8]>,
}

impl<'a> Spooled<'a> {
    fn write(key: &[u8], record: &impl Record, fields: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 8]);
        let piece = |bytes: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        piece(key, out);
        let mut value = Vec::new();
        for index in 0..fields {
            value.clear();
            record.field(index).encode(&mut value);
            piece(&value, out);
        }
        let length = (out.len() - start - 8) as u64;
        if let Some(head) = out.get_mut(start..start + 8) {
            head.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn new(mut bytes: &'a [u8]) -> Self {
        let mut piece = || {
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let (piece, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
            bytes = rest;
            Some(piece)
        };
        Self { key: piece().unwrap_or_default(), values: std::iter::from_fn(piece).collect() }
    }
}

impl Record for Spooled<'_> {
    fn key(&self, out: &mut KeyBuf) {
        out.raw(self.key);
    }

    fn field(&self, index: usize) -> Value<'_> {
        self.values.get(index).map_or(Value::Null, |bytes| Value::Canonical(bytes))
    }
}
