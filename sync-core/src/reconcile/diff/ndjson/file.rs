//! A file of lines, read in parts by several threads at once.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::DiffError;
use super::scan::LineProblem;

/// Bytes of one part; a line belongs to the part in which it begins.
const PART: u64 = 4 << 20;
/// Bytes read at a time: they stay in the core's cache while they are parsed.
const BLOCK: usize = 256 << 10;
/// The longest line.
const MAX_LINE: usize = 64 << 20;

/// An open file of JSON lines. What is not a regular file (a pipe) is copied to a temporary file first, since records
/// that differ are read again.
#[derive(Debug)]
pub struct NdjsonFile {
    path: PathBuf,
    file: File,
    size: u64,
    modified: Option<SystemTime>,
    part: u64,
    block: usize,
    max_line: usize,
}

/// A line, or why it is none.
pub(super) struct LineRead<'a> {
    /// Where it begins.
    pub(super) offset: u64,
    /// Which line of its part, from 0.
    pub(super) number: u64,
    pub(super) text: Result<&'a str, LineProblem>,
}

impl NdjsonFile {
    /// Opens a file; `-` is no special name.
    ///
    /// # Errors
    /// [`DiffError::Read`] if it cannot be opened, [`DiffError::Spill`] if a pipe cannot be copied.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DiffError> {
        let path = path.into();
        let read = |source| DiffError::Read { path: path.clone(), source };
        let mut file = File::open(&path).map_err(read)?;
        let mut metadata = file.metadata().map_err(read)?;
        if metadata.is_dir() {
            return Err(read(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            let spill = |source| DiffError::Spill { dir: std::env::temp_dir(), source };
            let mut copy = tempfile::tempfile().map_err(spill)?;
            io::copy(&mut file, &mut copy).map_err(read)?;
            metadata = copy.metadata().map_err(spill)?;
            file = copy;
        }
        let (size, modified) = state(&metadata);
        Ok(Self { path, file, size, modified, part: PART, block: BLOCK, max_line: MAX_LINE })
    }

    #[cfg(test)]
    pub(crate) fn with_blocks(mut self, part: u64, block: usize, max_line: usize) -> Self {
        (self.part, self.block, self.max_line) = (part, block, max_line);
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes, when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file is still what it was when it was opened, by size and time of change.
    ///
    /// # Errors
    /// [`DiffError::Changed`] if not.
    pub fn check_unchanged(&self) -> Result<(), DiffError> {
        let metadata = self.file.metadata().map_err(|e| self.failed(e))?;
        if state(&metadata) == (self.size, self.modified) {
            return Ok(());
        }
        Err(DiffError::Changed { what: self.path.display().to_string() })
    }

    pub(super) fn parts(&self) -> usize {
        usize::try_from(self.size.div_ceil(self.part)).unwrap_or(usize::MAX)
    }

    fn failed(&self, source: io::Error) -> DiffError {
        DiffError::Read { path: self.path.clone(), source }
    }

    fn fill(&self, buffer: &mut [u8], at: u64) -> Result<usize, DiffError> {
        loop {
            match read_at(&self.file, buffer, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|e| self.failed(e)),
            }
        }
    }

    /// Goes through the lines that begin in a part; says how many they are. Blank lines are counted, not given.
    pub(super) fn lines(
        &self,
        part: usize,
        progress: impl Fn(u64),
        mut each: impl FnMut(LineRead<'_>) -> Result<(), DiffError>,
    ) -> Result<u64, DiffError> {
        let from = part as u64 * self.part;
        let to = (from + self.part).min(self.size);
        let mut lines = Lines { number: 0, to };
        // The byte before tells whether a line begins right at the start of the part.
        let mut skip = from > 0;
        let mut too_long = None;
        let mut offset = from.saturating_sub(1);
        let mut buffer = vec![0; self.block];
        let mut filled = 0;
        loop {
            if filled == buffer.len() {
                if skip || too_long.is_some() || buffer.len() >= self.max_line {
                    // The end of the line is looked for, as far as this part goes; nothing of it is kept.
                    if !skip {
                        too_long.get_or_insert(offset);
                    }
                    offset += filled as u64;
                    filled = 0;
                    if offset >= to {
                        if let Some(at) = too_long {
                            each(lines.count(at, Err(LineProblem::TooLong { limit: self.max_line })))?;
                        }
                        return Ok(lines.number);
                    }
                } else {
                    buffer.resize((buffer.len() * 2).min(self.max_line), 0);
                }
            }
            // Up to the end of the part in blocks, beyond it in small steps to the end of the last line.
            let want = to.saturating_sub(offset + filled as u64).max(16 << 10);
            let end = buffer.len().min(filled + usize::try_from(want).unwrap_or(usize::MAX));
            let room = buffer.get_mut(filled..end).unwrap_or_default();
            let read = self.fill(room, offset + filled as u64)?;
            let before = offset + filled as u64;
            progress((before + read as u64).min(to).saturating_sub(before.max(from)));
            filled += read;
            let have = buffer.get(..filled).unwrap_or_default();
            let mut done = match memchr::memrchr(b'\n', have) {
                Some(last) => last + 1,
                None if read == 0 => filled,
                None => continue,
            };
            if read == 0 {
                done = filled;
            }
            let mut block = have.get(..done).unwrap_or_default();
            let mut start = offset;
            if skip || too_long.is_some() {
                let end = memchr::memchr(b'\n', block).map_or(block.len(), |end| end + 1);
                if let Some(at) = too_long.take() {
                    each(lines.count(at, Err(LineProblem::TooLong { limit: self.max_line })))?;
                }
                skip = skip && end == block.len() && !block.ends_with(b"\n");
                start += end as u64;
                block = block.get(end..).unwrap_or_default();
            }
            lines.block(start, block, &mut each)?;
            offset += done as u64;
            if read == 0 || offset >= to {
                return Ok(lines.number);
            }
            buffer.copy_within(done..filled, 0);
            filled -= done;
        }
    }

    /// The line that begins at a place.
    pub(super) fn line_at(&self, offset: u64) -> Result<Option<String>, DiffError> {
        let mut buffer = vec![0; 1024];
        let mut filled = 0;
        loop {
            let read = self.fill(buffer.get_mut(filled..).unwrap_or_default(), offset + filled as u64)?;
            let new = buffer.get(filled..filled + read).unwrap_or_default();
            let end = memchr::memchr(b'\n', new).map(|end| filled + end);
            filled += read;
            if let Some(end) = end.or((read == 0).then_some(filled)) {
                buffer.truncate(end);
                return Ok(String::from_utf8(buffer).ok().map(|text| match text.strip_prefix('\u{feff}') {
                    Some(rest) if offset == 0 => rest.to_owned(),
                    _ => text,
                }));
            }
            if filled == buffer.len() {
                buffer.resize(buffer.len() * 4, 0);
            }
        }
    }
}

/// Counts the lines of a part.
struct Lines {
    number: u64,
    /// Lines that begin here or later belong to the next part.
    to: u64,
}

impl Lines {
    fn begins(&self, offset: u64) -> bool {
        offset < self.to
    }

    fn count<'a>(&mut self, offset: u64, text: Result<&'a str, LineProblem>) -> LineRead<'a> {
        let number = self.number;
        self.number += 1;
        LineRead { offset, number, text }
    }

    /// Gives the lines of a block; its last one may lack its end.
    fn block(
        &mut self,
        offset: u64,
        block: &[u8],
        each: &mut impl FnMut(LineRead<'_>) -> Result<(), DiffError>,
    ) -> Result<(), DiffError> {
        // Checked at once where all is well, line by line where a byte is wrong.
        let text = std::str::from_utf8(block).ok();
        let mut start = 0;
        while start < block.len() {
            let rest = block.get(start..).unwrap_or_default();
            let end = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let at = offset + start as u64;
            if !self.begins(at) {
                return Ok(());
            }
            let line = match text.and_then(|text| text.get(start..end)) {
                Some(line) => Ok(line),
                None => std::str::from_utf8(block.get(start..end).unwrap_or_default())
                    .map_err(|e| LineProblem::NotUtf8 { column: e.valid_up_to() + 1 }),
            };
            let line = line.map(|line| if at == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line });
            start = end + 1;
            let read = self.count(at, line);
            if !read.text.as_ref().is_ok_and(|line| line.bytes().all(|b| b.is_ascii_whitespace())) {
                each(read)?;
            }
        }
        Ok(())
    }
}

fn state(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
