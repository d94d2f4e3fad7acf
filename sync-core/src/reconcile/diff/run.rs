//! How a diff runs: all threads read and partition, then all threads join partitions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::hash::Fingerprinter;
use super::join::{Row, Table};
use super::key::{Key, KeyBuf};
use super::side::{Record, Side, Visit};
use super::store::{Chunk, Entry, Shelf, Store, Writer, take};
use super::{Class, Diff, DiffError, Finding, Found, Summary};

/// A partition of this size is joined within a core's cache.
const PARTITION: u64 = 1 << 20;
const MAX_PARTITIONS: u64 = 1024;
/// Into how many a partition is split that outgrew its share of the budget.
const SPLIT: usize = 16;

pub(super) fn run<L: Side + ?Sized, R: Side + ?Sized>(
    diff: &Diff,
    left: &L,
    right: &R,
    found: impl FnMut(Finding) + Send,
) -> Result<Summary, DiffError> {
    let threads = match diff.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let plan = Plan::new(diff, left.size().saturating_add(right.size()), threads);
    let dir = diff.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
    let store = Store::new(plan.waiting, dir);
    let shelves = || (0..plan.partitions).map(|_| Shelf::default()).collect::<Vec<_>>();
    let sides = [shelves(), shelves()];

    let mut summary = Summary::default();
    let parts = [left.parts(), right.parts()];
    let stop = Stop::default();
    let counts = on_threads(threads.min(parts.iter().sum()), &stop, |next| {
        let mut reader = Reader::new(diff, &plan, &store, &sides);
        while let Some(turn) = stop.next(next, parts.iter().sum()) {
            match turn_of(turn, parts) {
                (0, part) => left.scan(part, &mut reader.left)?,
                (_, part) => right.scan(part, &mut reader.right)?,
            }
        }
        reader.finish()
    })?;
    for (left, right) in counts {
        summary.left += left;
        summary.right += right;
    }

    let found = Mutex::new(found);
    let deliver = |findings: &mut Vec<Finding>| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        findings.drain(..).for_each(&mut *found);
    };
    let joined = on_threads(threads.min(plan.partitions), &stop, |next| {
        let mut joiner = Joiner::new(diff, &plan, &store, left, right);
        while let Some(partition) = stop.next(next, plan.partitions) {
            let [left, right] = &sides;
            joiner.join([take(left, partition), take(right, partition)], plan.partitions.ilog2(), &deliver)?;
        }
        Ok(joiner.summary)
    })?;
    joined.iter().for_each(|part| summary.add(part));
    summary.spilled = store.spilled();
    Ok(summary)
}

/// How the budget is shared out.
#[derive(Debug)]
struct Plan {
    partitions: usize,
    /// Bytes of a thread's buffer for one partition.
    chunk: usize,
    /// Bytes that may wait in memory for the join.
    waiting: u64,
    /// Bytes that one thread may join at a time.
    share: u64,
}

impl Plan {
    fn new(diff: &Diff, size: u64, threads: usize) -> Self {
        let threads = threads as u64;
        // An entry is about a third of its record; what is unknown is taken for large.
        let entries = if size == 0 { 256 << 20 } else { size / 3 };
        let share = (diff.memory / 4 / threads).max(64 << 10);
        let wanted = entries / PARTITION.min(share) + 1;
        // At least 1 KiB a buffer, and no more than a quarter of the budget for all of them.
        let affordable = (diff.memory / 4 / (2 * threads * 1024)).max(1);
        let partitions = wanted.min(affordable).min(MAX_PARTITIONS).next_power_of_two();
        let chunk = (diff.memory / 4 / (2 * threads * partitions)).clamp(1024, 32 << 10);
        Self { partitions: partitions as usize, chunk: chunk as usize, waiting: diff.memory / 2, share }
    }
}

/// Set by the first thread that fails, so that the others do not go on in vain.
#[derive(Debug, Default)]
struct Stop(AtomicBool);

impl Stop {
    fn next(&self, counter: &AtomicUsize, end: usize) -> Option<usize> {
        if self.0.load(Ordering::Relaxed) {
            return None;
        }
        Some(counter.fetch_add(1, Ordering::Relaxed)).filter(|turn| *turn < end)
    }
}

/// Runs the same work on several threads, with a common counter; the first error ends all.
fn on_threads<T: Send>(
    threads: usize,
    stop: &Stop,
    work: impl Fn(&AtomicUsize) -> Result<T, DiffError> + Sync,
) -> Result<Vec<T>, DiffError> {
    let counter = AtomicUsize::new(0);
    let guarded = || {
        let result = work(&counter);
        if result.is_err() {
            stop.0.store(true, Ordering::Relaxed);
        }
        result
    };
    if threads <= 1 {
        return Ok(vec![guarded()?]);
    }
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(guarded)).collect();
        let mut results = vec![guarded()];
        results.extend(others.into_iter().map(|other| other.join().unwrap_or(Err(DiffError::Fault))));
        results.into_iter().collect()
    })
}

/// Left and right in turn, so that a wait for one side's disk overlaps with work on the other.
fn turn_of(turn: usize, [left, right]: [usize; 2]) -> (usize, usize) {
    let paired = left.min(right) * 2;
    if turn < paired {
        (turn % 2, turn / 2)
    } else if left > right {
        (0, turn - right)
    } else {
        (1, turn - left)
    }
}

/// A thread's way from records to entries.
struct Reader<'a> {
    left: Taker<'a>,
    right: Taker<'a>,
}

impl<'a> Reader<'a> {
    fn new(diff: &Diff, plan: &Plan, store: &'a Store, [left, right]: &'a [Vec<Shelf>; 2]) -> Self {
        let taker = |shelves| Taker {
            writer: Writer::new(store, shelves, plan.chunk, 0),
            hash: Fingerprinter::new(diff.seed),
            fields: diff.fields,
            key: KeyBuf::new(),
            content: Vec::new(),
            count: 0,
        };
        Self { left: taker(left), right: taker(right) }
    }

    fn finish(self) -> Result<(u64, u64), DiffError> {
        let counts = (self.left.count, self.right.count);
        self.left.writer.finish()?;
        self.right.writer.finish()?;
        Ok(counts)
    }
}

struct Taker<'a> {
    writer: Writer<'a>,
    hash: Fingerprinter,
    fields: usize,
    key: KeyBuf,
    content: Vec<u8>,
    count: u64,
}

impl Visit for Taker<'_> {
    #[inline]
    fn record<R: Record>(&mut self, at: u64, record: &R) -> Result<(), DiffError> {
        self.key.clear();
        record.key(&mut self.key);
        self.content.clear();
        for index in 0..self.fields {
            record.field(index).encode(&mut self.content);
        }
        self.count += 1;
        let key = self.key.as_bytes();
        let entry = Entry { hash: self.hash.key(key), content: self.hash.content(&self.content), at, key };
        self.writer.push(&entry)
    }
}

/// A thread's way from partitions to findings.
struct Joiner<'a, L: ?Sized, R: ?Sized> {
    left: &'a L,
    right: &'a R,
    store: &'a Store,
    fields: usize,
    verify: bool,
    report_equal: bool,
    share: u64,
    table: Table,
    pair: [Contents; 2],
    findings: Vec<Finding>,
    summary: Summary,
}

impl<'a, L: Side + ?Sized, R: Side + ?Sized> Joiner<'a, L, R> {
    fn new(diff: &Diff, plan: &Plan, store: &'a Store, left: &'a L, right: &'a R) -> Self {
        Self {
            left,
            right,
            store,
            fields: diff.fields,
            verify: diff.verify,
            report_equal: diff.report_equal,
            share: plan.share,
            table: Table::default(),
            pair: [Contents::new(diff.fields), Contents::new(diff.fields)],
            findings: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// `used`: how many high bits of the hash all entries here share.
    fn join(
        &mut self,
        chunks: [Vec<Chunk>; 2],
        used: u32,
        deliver: &impl Fn(&mut Vec<Finding>),
    ) -> Result<(), DiffError> {
        let size: u64 = chunks.iter().flatten().map(Chunk::length).sum();
        // The low bits choose the slot in the table: they are left alone. One key a million times is one row.
        if size > self.share && used + SPLIT.ilog2() <= 32 {
            return self.split(chunks, used, deliver);
        }
        self.table.reset(usize::try_from(size / 2 / 56).unwrap_or(0));
        for (side, chunks) in chunks.into_iter().enumerate() {
            for chunk in chunks {
                let bytes = self.store.load(chunk)?;
                let mut rest = bytes.as_slice();
                while let Some((entry, after)) = Entry::read(rest) {
                    self.table.add(side, &entry);
                    rest = after;
                }
            }
        }
        let table = std::mem::take(&mut self.table);
        let result = table.rows().iter().try_for_each(|row| self.judge(&table, row));
        self.table = table;
        deliver(&mut self.findings);
        result
    }

    fn split(
        &mut self,
        chunks: [Vec<Chunk>; 2],
        used: u32,
        deliver: &impl Fn(&mut Vec<Finding>),
    ) -> Result<(), DiffError> {
        let shelves = || (0..SPLIT).map(|_| Shelf::default()).collect::<Vec<_>>();
        let sides = [shelves(), shelves()];
        for (chunks, shelves) in chunks.into_iter().zip(&sides) {
            let piece = (self.share as usize / (2 * SPLIT)).clamp(1024, 32 << 10);
            let mut writer = Writer::new(self.store, shelves, piece, used);
            for chunk in chunks {
                let bytes = self.store.load(chunk)?;
                let mut rest = bytes.as_slice();
                while let Some((entry, after)) = Entry::read(rest) {
                    writer.push(&entry)?;
                    rest = after;
                }
            }
            writer.finish()?;
        }
        let [left, right] = &sides;
        for part in 0..SPLIT {
            self.join([take(left, part), take(right, part)], used + SPLIT.ilog2(), deliver)?;
        }
        Ok(())
    }

    #[inline]
    fn judge(&mut self, table: &Table, row: &Row) -> Result<(), DiffError> {
        let mut fields = Vec::new();
        let class = match row.count {
            [1, 0] => Class::LeftOnly,
            [0, 1] => Class::RightOnly,
            [1, 1] => {
                let [left, right] = row.content;
                if left != right || self.verify {
                    fields = self.compare(table.key(row), row.at)?;
                    if fields.is_empty() && left != right {
                        return Err(changed(table.key(row)));
                    }
                }
                if fields.is_empty() { Class::Equal } else { Class::Differs }
            }
            _ => Class::Ambiguous,
        };
        self.summary.count(class);
        if class == Class::Equal && !self.report_equal {
            return Ok(());
        }
        let [left, right] = [0, 1].map(|side| {
            let count = row.count.get(side).copied().filter(|count| *count > 0)?;
            let content = row.content.get(side).copied().filter(|_| count == 1);
            Some(Found { count, at: row.at.get(side).copied()?, content })
        });
        self.findings.push(Finding { class, key: Key::new(table.key(row)), fields, left, right });
        Ok(())
    }

    /// Reads both records again and says which fields differ.
    fn compare(&mut self, key: &[u8], [left, right]: [u64; 2]) -> Result<Vec<usize>, DiffError> {
        let [a, b] = &mut self.pair;
        self.left.read(left, a)?;
        self.right.read(right, b)?;
        if a.key.as_bytes() != key || b.key.as_bytes() != key {
            return Err(changed(key));
        }
        Ok((0..self.fields).filter(|field| a.field(*field) != b.field(*field)).collect())
    }
}

fn changed(key: &[u8]) -> DiffError {
    DiffError::Changed { what: format!("the record {}", Key::new(key)) }
}

/// The canonical contents of one record, field by field.
struct Contents {
    fields: usize,
    key: KeyBuf,
    bytes: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
}

impl Contents {
    fn new(fields: usize) -> Self {
        Self { fields, key: KeyBuf::new(), bytes: Vec::new(), ends: Vec::new() }
    }

    fn field(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

impl Visit for Contents {
    fn record<R: Record>(&mut self, _at: u64, record: &R) -> Result<(), DiffError> {
        self.key.clear();
        self.bytes.clear();
        self.ends.clear();
        record.key(&mut self.key);
        for index in 0..self.fields {
            record.field(index).encode(&mut self.bytes);
            self.ends.push(self.bytes.len());
        }
        Ok(())
    }
}
