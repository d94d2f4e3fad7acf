//! Where entries wait for the join: partitions by key hash, in memory up to the budget, beyond it in one temporary file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::DiffError;
use super::hash::Fingerprint;

/// What is kept of a record: enough to join, to tell equal from different, and to find the record again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) hash: u64,
    pub(super) content: Fingerprint,
    pub(super) at: u64,
    pub(super) key: &'a [u8],
}

const FIXED: usize = 8 + 16 + 8 + 4;

impl<'a> Entry<'a> {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hash.to_le_bytes());
        out.extend_from_slice(&self.content.0.to_le_bytes());
        out.extend_from_slice(&self.at.to_le_bytes());
        // Keys of 4 GiB do not reach this place: a line and a spooled record are bounded far below.
        out.extend_from_slice(&(self.key.len() as u32).to_le_bytes());
        out.extend_from_slice(self.key);
    }

    /// The first entry and what follows it.
    #[inline]
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (hash, rest) = bytes.split_first_chunk::<8>()?;
        let (content, rest) = rest.split_first_chunk::<16>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let entry = Self {
            hash: u64::from_le_bytes(*hash),
            content: Fingerprint(u128::from_le_bytes(*content)),
            at: u64::from_le_bytes(*at),
            key,
        };
        Some((entry, rest))
    }
}

/// A piece of a partition: whole entries.
#[derive(Debug)]
pub(super) enum Chunk {
    Memory(Vec<u8>),
    Disk { at: u64, length: usize },
}

impl Chunk {
    pub(super) fn length(&self) -> u64 {
        match self {
            Chunk::Memory(bytes) => bytes.len() as u64,
            Chunk::Disk { length, .. } => *length as u64,
        }
    }
}

/// Shared by all threads of one diff.
#[derive(Debug)]
pub(super) struct Store {
    budget: u64,
    used: AtomicU64,
    spilled: AtomicU64,
    dir: PathBuf,
    spill: Mutex<Option<Spill>>,
}

#[derive(Debug)]
struct Spill {
    file: File,
    end: u64,
}

impl Store {
    pub(super) fn new(budget: u64, dir: PathBuf) -> Self {
        Self { budget, used: AtomicU64::new(0), spilled: AtomicU64::new(0), dir, spill: Mutex::new(None) }
    }

    /// Bytes that went to the temporary file.
    pub(super) fn spilled(&self) -> u64 {
        self.spilled.load(Ordering::Relaxed)
    }

    /// Keeps whole entries, in memory where there is room. What was spilled leaves `bytes` behind, emptied, for reuse.
    fn keep(&self, bytes: &mut Vec<u8>) -> Result<Chunk, DiffError> {
        let size = bytes.capacity() as u64;
        if self.used.fetch_add(size, Ordering::Relaxed) + size <= self.budget {
            return Ok(Chunk::Memory(std::mem::take(bytes)));
        }
        self.used.fetch_sub(size, Ordering::Relaxed);
        let mut spill = self.spill.lock().unwrap_or_else(PoisonError::into_inner);
        let spill = match &mut *spill {
            Some(spill) => spill,
            empty => {
                let file = tempfile::tempfile_in(&self.dir).map_err(|e| self.failed(e))?;
                empty.insert(Spill { file, end: 0 })
            }
        };
        let at = spill.end;
        spill.file.seek(SeekFrom::Start(at)).and_then(|_| spill.file.write_all(bytes)).map_err(|e| self.failed(e))?;
        spill.end += bytes.len() as u64;
        self.spilled.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let length = bytes.len();
        bytes.clear();
        Ok(Chunk::Disk { at, length })
    }

    /// Takes a chunk out; its memory is free again once the caller drops it.
    pub(super) fn load(&self, chunk: Chunk) -> Result<Vec<u8>, DiffError> {
        match chunk {
            Chunk::Memory(bytes) => {
                self.used.fetch_sub(bytes.capacity() as u64, Ordering::Relaxed);
                Ok(bytes)
            }
            Chunk::Disk { at, length } => {
                let mut bytes = vec![0; length];
                let mut spill = self.spill.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(spill) = &mut *spill {
                    let file = &mut spill.file;
                    file.seek(SeekFrom::Start(at))
                        .and_then(|_| file.read_exact(&mut bytes))
                        .map_err(|e| self.failed(e))?;
                }
                Ok(bytes)
            }
        }
    }

    fn failed(&self, source: std::io::Error) -> DiffError {
        DiffError::Spill { dir: self.dir.clone(), source }
    }
}

/// One side of one partition: the chunks of all threads.
pub(super) type Shelf = Mutex<Vec<Chunk>>;

/// A thread's own buffers, one a partition, so that threads meet once a chunk and not once a record.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    store: &'a Store,
    shelves: &'a [Shelf],
    buffers: Vec<Vec<u8>>,
    chunk: usize,
    /// Partition = hash << skip >> shift.
    skip: u32,
    shift: u32,
}

impl<'a> Writer<'a> {
    /// `shelves` are a power of two; `skip` high bits of the hash are used up by an earlier split.
    pub(super) fn new(store: &'a Store, shelves: &'a [Shelf], chunk: usize, skip: u32) -> Self {
        let shift = 64 - shelves.len().max(1).ilog2();
        Self { store, shelves, buffers: shelves.iter().map(|_| Vec::new()).collect(), chunk, skip, shift }
    }

    #[inline]
    pub(super) fn push(&mut self, entry: &Entry<'_>) -> Result<(), DiffError> {
        let partition = (entry.hash << self.skip).checked_shr(self.shift).unwrap_or(0) as usize;
        let Some(buffer) = self.buffers.get_mut(partition) else { return Ok(()) };
        let size = FIXED + entry.key.len();
        if buffer.capacity() - buffer.len() < size {
            if !buffer.is_empty() {
                let chunk = self.store.keep(buffer)?;
                shelve(self.shelves, partition, chunk);
            }
            buffer.reserve_exact(self.chunk.max(size));
        }
        entry.write(buffer);
        Ok(())
    }

    /// Puts away what is left in the buffers.
    pub(super) fn finish(mut self) -> Result<(), DiffError> {
        for (partition, buffer) in self.buffers.iter_mut().enumerate() {
            if !buffer.is_empty() {
                buffer.shrink_to_fit();
                let chunk = self.store.keep(buffer)?;
                shelve(self.shelves, partition, chunk);
            }
        }
        Ok(())
    }
}

fn shelve(shelves: &[Shelf], partition: usize, chunk: Chunk) {
    if let Some(shelf) = shelves.get(partition) {
        shelf.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
    }
}

/// Empties one shelf.
pub(super) fn take(shelves: &[Shelf], partition: usize) -> Vec<Chunk> {
    shelves
        .get(partition)
        .map(|shelf| std::mem::take(&mut *shelf.lock().unwrap_or_else(PoisonError::into_inner)))
        .unwrap_or_default()
}
