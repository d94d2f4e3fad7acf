//! JSON lines: files of one object a line, read strictly, parsed as little as possible.
//!
//! A line that cannot be used is counted and named ([`BadLine`]), and the rest is done. Its key is unknown, so its
//! counterpart on the other side is reported as missing: a diff with bad lines is not complete.

mod file;
pub(super) mod nested;
pub(crate) mod scan;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

pub use file::NdjsonFile;
pub use scan::LineProblem;

use super::key::KeyBuf;
use super::side::{Record, Side, Visit};
use super::value::{Number, Value};
use super::{Diff, DiffError};
use file::LineRead;
use scan::{Kind, Scanner, Span};

/// Of which members the key is made, and which are compared.
///
/// Compared are: numbers, and strings that are plain decimals (`"10.50"`), by value; other strings as text, character
/// by character; objects and arrays by content. An absent member and null are the same. Members that are codes in the
/// guise of amounts (`"1.10"` is not `"1.1"`) are named in `as_text`: a number counts there as it is spelt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    names: Vec<String>,
    key: usize,
    as_text: Vec<bool>,
}

impl Members {
    /// Key members, compared members, and which of the latter are compared as text. A name that is given again, or
    /// compared though it is part of the key, counts once.
    pub fn new(key: &[String], compared: &[String], as_text: &[String]) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut add = |more: &[String]| {
            for name in more {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            names.len()
        };
        let key = add(key);
        add(compared);
        let as_text = names.iter().map(|name| as_text.contains(name)).collect();
        Self { names, key, as_text }
    }

    /// The names of the compared members, in order.
    pub fn compared(&self) -> &[String] {
        self.names.get(self.key..).unwrap_or_default()
    }

    /// A diff over these members.
    pub fn diff(&self) -> Diff {
        Diff::new(self.compared().len())
    }
}

/// A line that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Line number, from 1.
    pub line: u64,
    /// Why.
    pub problem: LineProblem,
}

/// The bad lines of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadLines {
    /// How many there are.
    pub count: u64,
    /// The first of them, up to a thousand, by line number.
    pub first: Vec<BadLine>,
}

const NAMED: usize = 1000;
const NAMED_A_PART: usize = 100;

/// What a part of a file turned out to hold.
#[derive(Clone, Debug, Default)]
struct PartLog {
    lines: u64,
    bad: u64,
    /// Line within the part, from 0.
    first: Vec<(u64, LineProblem)>,
    /// Wanted members that no line has, by position.
    unseen: Vec<usize>,
}

impl PartLog {
    fn note(&mut self, line: u64, problem: LineProblem) {
        self.bad += 1;
        if self.first.len() < NAMED_A_PART {
            self.first.push((line, problem));
        }
    }
}

/// A file of JSON lines as one side of a diff.
pub struct NdjsonSide<'a> {
    file: &'a NdjsonFile,
    members: &'a Members,
    parts: Vec<Mutex<PartLog>>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

impl std::fmt::Debug for NdjsonSide<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NdjsonSide").field("file", &self.file).field("members", &self.members).finish_non_exhaustive()
    }
}

impl<'a> NdjsonSide<'a> {
    /// A side that reads these members of that file.
    pub fn new(file: &'a NdjsonFile, members: &'a Members) -> Self {
        let parts = (0..file.parts()).map(|_| Mutex::default()).collect();
        Self { file, members, parts, progress: None }
    }

    /// Is told, as the file is read, how many bytes more were read.
    pub fn progress(mut self, told: &'a (dyn Fn(u64) + Sync)) -> Self {
        self.progress = Some(told);
        self
    }

    /// The bad lines of the last scan.
    pub fn bad_lines(&self) -> BadLines {
        let mut all = BadLines::default();
        let mut before = 0;
        for part in &self.parts {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            all.count += part.bad;
            let room = NAMED.saturating_sub(all.first.len());
            let named = part.first.iter().take(room);
            all.first
                .extend(named.map(|(line, problem)| BadLine { line: before + line + 1, problem: problem.clone() }));
            before += part.lines;
        }
        all
    }

    /// Compared members that no record of the last scan has: perhaps a misspelt name, which would be equal everywhere.
    pub fn unseen(&self) -> Vec<&str> {
        let parts: Vec<_> = self.parts.iter().map(|part| part.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let nowhere = |member: &usize| parts.iter().all(|part| part.unseen.contains(member));
        let compared = self.members.key..self.members.names.len();
        compared.filter(nowhere).filter_map(|member| self.members.names.get(member)).map(String::as_str).collect()
    }
}

impl Side for NdjsonSide<'_> {
    fn parts(&self) -> usize {
        self.file.parts()
    }

    fn size(&self) -> u64 {
        self.file.size()
    }

    fn scan<V: Visit>(&self, part: usize, visit: &mut V) -> Result<(), DiffError> {
        let mut log = PartLog { unseen: (0..self.members.names.len()).collect(), ..PartLog::default() };
        let mut scanner = Scanner::new(&self.members.names);
        let told = |bytes| {
            if let Some(progress) = self.progress {
                progress(bytes);
            }
        };
        log.lines = self.file.lines(part, told, |read| {
            let problem = match read.text {
                Ok(text) => match self.record(&mut scanner, text) {
                    Ok(record) => {
                        if !log.unseen.is_empty() {
                            log.unseen.retain(|at| record.spans.get(*at).is_none_or(|s| s.kind == Kind::Absent));
                        }
                        return visit.record(read.offset, &record);
                    }
                    Err(problem) => problem,
                },
                Err(problem) => problem,
            };
            log.note(read.number, problem);
            Ok(())
        })?;
        if let Some(slot) = self.parts.get(part) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = log;
        }
        Ok(())
    }

    fn read<V: Visit>(&self, at: u64, visit: &mut V) -> Result<(), DiffError> {
        let changed = || DiffError::Changed { what: format!("{}, the line at byte {at}", self.file.path().display()) };
        let line = self.file.line_at(at)?.ok_or_else(changed)?;
        let mut scanner = Scanner::new(&self.members.names);
        let record = self.record(&mut scanner, &line).map_err(|_| changed())?;
        visit.record(at, &record)
    }
}

impl NdjsonSide<'_> {
    #[inline]
    fn record<'l>(&'l self, scanner: &'l mut Scanner<'_>, line: &'l str) -> Result<Line<'l>, LineProblem> {
        let spans = scanner.scan(line)?;
        for (span, name) in spans.iter().zip(&self.members.names).take(self.members.key) {
            match span.kind {
                Kind::Text | Kind::Escaped | Kind::Number => {}
                Kind::Absent | Kind::Null => return Err(LineProblem::NoKey { name: name.clone() }),
                Kind::True | Kind::False | Kind::Nested => return Err(LineProblem::KeyKind { name: name.clone() }),
            }
        }
        Ok(Line { line, spans, members: self.members })
    }
}

/// A line as a record: nothing is copied until it is asked for.
struct Line<'a> {
    line: &'a str,
    spans: &'a [Span],
    members: &'a Members,
}

impl Record for Line<'_> {
    #[inline]
    fn key(&self, out: &mut KeyBuf) {
        for span in self.spans.iter().take(self.members.key) {
            let raw = span.of(self.line);
            match span.kind {
                Kind::Number => match Number::json(raw) {
                    Some(number) => out.number(&number),
                    None => out.text(raw),
                },
                Kind::Escaped => out.text(&scan::unescape(raw).unwrap_or_default()),
                _ => out.text(raw),
            }
        }
    }

    #[inline]
    fn field(&self, index: usize) -> Value<'_> {
        let at = self.members.key + index;
        match (self.spans.get(at), self.members.as_text.get(at)) {
            (Some(span), Some(as_text)) => nested::value(*span, self.line, *as_text),
            _ => Value::Null,
        }
    }
}

/// The names of all members that occur anywhere in a file, sorted. Reads all of it; lines that are bad are passed over.
///
/// # Errors
/// The file cannot be read.
pub fn member_names(file: &NdjsonFile, progress: Option<&(dyn Fn(u64) + Sync)>) -> Result<BTreeSet<String>, DiffError> {
    let next = AtomicUsize::new(0);
    let told = |bytes| {
        if let Some(progress) = progress {
            progress(bytes);
        }
    };
    let work = || -> Result<BTreeSet<String>, DiffError> {
        let mut scanner = Scanner::new(&[]);
        scanner.seen = Some(Default::default());
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= file.parts() {
                return Ok(scanner.seen.take().into_iter().flatten().collect());
            }
            file.lines(part, told, |LineRead { text, .. }| {
                if let Ok(text) = text {
                    // A bad line is reported when it is compared.
                    let _ = scanner.scan(text);
                }
                Ok(())
            })?;
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(file.parts());
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work()?;
        for other in others {
            all.extend(other.join().unwrap_or(Err(DiffError::Fault))?);
        }
        Ok(all)
    })
}
