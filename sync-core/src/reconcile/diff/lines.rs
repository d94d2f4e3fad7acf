//! The findings as sorted text, however many there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::{DiffError, Finding};

/// Gathers findings as lines, `class<TAB>key<TAB>fields<LF>`, and writes them out sorted bytewise. Lines beyond the
/// budget wait in temporary files as sorted runs.
#[derive(Debug)]
pub struct FindingLines {
    names: Vec<String>,
    memory: usize,
    dir: PathBuf,
    text: Vec<u8>,
    /// Start and end of each line.
    lines: Vec<(usize, usize)>,
    runs: Vec<File>,
    error: Option<DiffError>,
    count: u64,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextSummary {
    /// Lines.
    pub lines: u64,
    /// Bytes.
    pub bytes: u64,
}

impl FindingLines {
    /// Lines with these names of the compared fields; `memory` bytes before the first run goes to `dir`.
    pub fn new(names: &[String], memory: usize, dir: impl Into<PathBuf>) -> Self {
        Self {
            names: names.to_vec(),
            memory,
            dir: dir.into(),
            text: Vec::new(),
            lines: Vec::new(),
            runs: Vec::new(),
            error: None,
            count: 0,
        }
    }

    /// Takes a finding. A temporary file that fails is reported by [`write_to`](Self::write_to).
    pub fn push(&mut self, finding: &Finding) {
        let start = self.text.len();
        finding.write_line(&self.names, &mut self.text);
        self.lines.push((start, self.text.len()));
        self.count += 1;
        if self.text.len() + self.lines.len() * size_of::<(usize, usize)>() > self.memory
            && self.error.is_none()
            && let Err(source) = self.spill()
        {
            self.error = Some(DiffError::Spill { dir: self.dir.clone(), source });
        }
    }

    fn sort(&mut self) {
        let text = &self.text;
        let line = |span: &(usize, usize)| text.get(span.0..span.1).unwrap_or_default();
        self.lines.sort_unstable_by(|a, b| line(a).cmp(line(b)));
    }

    fn spill(&mut self) -> std::io::Result<()> {
        self.sort();
        let mut out = BufWriter::new(tempfile::tempfile_in(&self.dir)?);
        for (start, end) in &self.lines {
            out.write_all(self.text.get(*start..*end).unwrap_or_default())?;
        }
        let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        self.text.clear();
        self.lines.clear();
        Ok(())
    }

    /// Writes all lines in order.
    ///
    /// # Errors
    /// [`DiffError::Spill`] if a temporary file failed, the error of `out` as [`DiffError::Source`].
    pub fn write_to(mut self, out: &mut impl Write) -> Result<TextSummary, DiffError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        self.sort();
        let written = if self.runs.is_empty() { self.write_memory(out) } else { self.merge(out) };
        let bytes = written.map_err(|e| DiffError::Source(e.into()))?;
        Ok(TextSummary { lines: self.count, bytes })
    }

    fn write_memory(&self, out: &mut impl Write) -> std::io::Result<u64> {
        for (start, end) in &self.lines {
            out.write_all(self.text.get(*start..*end).unwrap_or_default())?;
        }
        out.flush()?;
        Ok(self.text.len() as u64)
    }

    fn merge(&mut self, out: &mut impl Write) -> std::io::Result<u64> {
        let mut memory = Vec::with_capacity(self.text.len());
        for (start, end) in &self.lines {
            memory.extend_from_slice(self.text.get(*start..*end).unwrap_or_default());
        }
        let mut runs: Vec<Box<dyn BufRead>> = vec![Box::new(std::io::Cursor::new(memory))];
        for file in self.runs.drain(..) {
            runs.push(Box::new(BufReader::new(file)));
        }
        let count = runs.len();
        let mut heads = BinaryHeap::new();
        let mut refill = |run: usize, mut line: Vec<u8>, heads: &mut BinaryHeap<_>| -> std::io::Result<()> {
            line.clear();
            if let Some(reader) = runs.get_mut(run)
                && reader.read_until(b'\n', &mut line)? > 0
            {
                heads.push(Reverse((line, run)));
            }
            Ok(())
        };
        for run in 0..count {
            refill(run, Vec::new(), &mut heads)?;
        }
        let mut bytes = 0;
        while let Some(Reverse((line, run))) = heads.pop() {
            out.write_all(&line)?;
            bytes += line.len() as u64;
            refill(run, line, &mut heads)?;
        }
        out.flush()?;
        Ok(bytes)
    }
}
