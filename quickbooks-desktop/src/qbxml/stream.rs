//! Reads answers from a source of bytes with memory for about one record: [`AnswerStream`] and [`BillStream`].

use std::io::BufRead;

use super::bill::BillRet;
use super::error::{ParseError, ParseErrorKind};
use super::parse::{Answer, BillFilter, End, looks_like_utf16, report};
use super::status::ResponseHead;
use super::walk::Walk;
use super::xml::{Fault, Pull};

/// What is read at a time unless said otherwise: large enough that beginning a cut record again costs little, small enough for the cache.
const CHUNK: usize = 128 * 1024;
/// Bytes by which a byte order mark or UTF-16 is recognised.
const MARK: usize = 3;
/// A record that is larger than this is refused, so that a broken source cannot fill the memory.
const MAX_RECORD: usize = 64 * 1024 * 1024;

/// Reads an answer part by part from a source, keeping about one record in memory.
#[derive(Debug)]
pub struct AnswerStream<R> {
    source: R,
    /// Text that has been read and not yet consumed.
    text: String,
    /// The beginning of a character whose end has not been read.
    pending: Vec<u8>,
    /// Bytes of the input before `text`.
    base: u64,
    chunk: usize,
    walk: Walk,
    /// Set when the source has no more.
    end: Option<End>,
    done: bool,
}

impl<R: BufRead> AnswerStream<R> {
    /// Reads bytes, which must be UTF-8 (or US-ASCII); a byte order mark is passed over.
    pub fn new(source: R) -> Self {
        let (text, pending, walk) = (String::new(), Vec::new(), Walk::default());
        Self { source, text, pending, base: 0, chunk: CHUNK, walk, end: None, done: false }
    }

    /// Reads about so many bytes at a time (128 KiB unless said). Memory is that, or twice the largest record if more.
    #[must_use]
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.chunk = bytes.max(1);
        self
    }

    /// Gives every record as an untyped element, see [`Answers::untyped`](super::Answers::untyped).
    #[must_use]
    pub fn untyped(mut self) -> Self {
        self.walk.untyped();
        self
    }

    /// Reads the next part and lends it to `f`, so that its texts need not be copied. `None` at the end.
    pub fn read_with<T>(&mut self, f: impl FnOnce(Answer<'_>) -> T) -> Option<Result<T, ParseError>> {
        self.read_at(|answer, _| f(answer))
    }

    /// As [`read_with`](Self::read_with), with the place where the part begins.
    fn read_at<T>(&mut self, f: impl FnOnce(Answer<'_>, (u64, u64)) -> T) -> Option<Result<T, ParseError>> {
        while !self.done {
            let mut pull = Pull::new(&self.text, self.walk.safe(), self.walk.depth(), true);
            match self.walk.step(&mut pull) {
                Ok(answer) => return Some(Ok(f(answer, self.walk.part_place(self.base)))),
                Err(Fault::Short) if self.end.is_none() => {
                    if let Err(error) = self.refill() {
                        self.done = true;
                        return Some(Err(error));
                    }
                }
                Err(Fault::Short) if self.end == Some(End::Input) && self.walk.is_complete(&pull) => self.done = true,
                Err(fault) => {
                    let end = self.end.unwrap_or(End::Input);
                    let error = report(fault, self.base, self.text.len(), end, &self.walk);
                    self.done = error.is_fatal();
                    self.walk.record_failed(&error);
                    return Some(Err(error));
                }
            }
        }
        None
    }

    fn refill(&mut self) -> Result<(), ParseError> {
        let used = self.walk.safe().min(self.text.len());
        self.text.drain(..used);
        self.base = self.base.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
        self.walk.set_safe(0);
        if self.text.len() > MAX_RECORD {
            return Err(self.fault(ParseErrorKind::TooLarge { max: MAX_RECORD }));
        }
        // Doubling keeps the work linear for a record that is larger than a chunk.
        let want = self.text.len() + self.text.len().max(self.chunk).max(MARK);
        let first = self.base == 0 && used == 0 && self.text.len() < MARK;
        while self.text.len() < want && self.end.is_none() {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.fault(error.into())),
            };
            let length = chunk.len();
            if length == 0 {
                self.end = Some(End::Input);
            } else {
                self.end = append(&mut self.text, &mut self.pending, chunk);
                self.source.consume(length);
            }
        }
        if first && looks_like_utf16(self.text.as_bytes()) {
            self.text.clear();
            self.end = Some(End::NotUtf8);
        }
        if first && self.text.starts_with('\u{feff}') {
            self.walk.set_safe('\u{feff}'.len_utf8());
        }
        Ok(())
    }

    fn fault(&self, kind: ParseErrorKind) -> ParseError {
        let (offset, record) = self.walk.place(self.base);
        ParseError::new(offset, record, kind)
    }
}

/// Appends the UTF-8 of a chunk, keeping an unfinished character for the next. Tells if there is something else in it.
fn append(text: &mut String, pending: &mut Vec<u8>, mut chunk: &[u8]) -> Option<End> {
    while !pending.is_empty()
        && let Some((first, rest)) = chunk.split_first()
    {
        pending.push(*first);
        chunk = rest;
        match std::str::from_utf8(pending) {
            Ok(character) => {
                text.push_str(character);
                pending.clear();
            }
            Err(error) if error.error_len().is_some() => return Some(End::NotUtf8),
            Err(_) => {}
        }
    }
    let Err(error) = std::str::from_utf8(chunk).map(|good| text.push_str(good)) else { return None };
    let (good, rest) = chunk.split_at_checked(error.valid_up_to()).unwrap_or_default();
    text.push_str(std::str::from_utf8(good).unwrap_or_default());
    if error.error_len().is_some() {
        return Some(End::NotUtf8);
    }
    pending.extend_from_slice(rest);
    None
}

/// Reads the bills of an answer from a source, keeping about one bill in memory.
///
/// As an iterator it gives owned bills; [`read_with`](Self::read_with) lends them without copying their texts. Refused
/// responses are errors, as with [`Bills`](super::Bills).
#[derive(Debug)]
pub struct BillStream<R> {
    answers: AnswerStream<R>,
    filter: BillFilter,
}

impl<R: BufRead> BillStream<R> {
    /// Reads bytes, see [`AnswerStream::new`].
    pub fn new(source: R) -> Self {
        Self { answers: AnswerStream::new(source), filter: BillFilter::default() }
    }

    /// Reads about so many bytes at a time, see [`AnswerStream::chunk_size`].
    #[must_use]
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.answers = self.answers.chunk_size(bytes);
        self
    }

    /// The head of the response that is being read: status, request and iterator.
    pub fn response(&self) -> Option<&ResponseHead> {
        self.filter.response()
    }

    /// Reads the next bill and lends it to `f`. `None` at the end.
    pub fn read_with<T>(&mut self, f: impl FnOnce(BillRet<'_>) -> T) -> Option<Result<T, ParseError>> {
        let mut f = Some(f);
        loop {
            let filter = &mut self.filter;
            let read = self.answers.read_at(|answer, place| {
                let found = filter.take(answer, place)?;
                Some(found.map(|bill| f.take().map(|f| f(bill))))
            });
            match read {
                Some(Ok(None)) => {}
                Some(Ok(Some(Ok(taken)))) => return taken.map(Ok),
                Some(Ok(Some(Err(refused)))) => return Some(Err(refused)),
                Some(Err(error)) => {
                    if error.is_fatal() {
                        self.filter.stop();
                    }
                    return Some(Err(error));
                }
                None => {
                    let place = self.answers.walk.place(self.answers.base);
                    return self.filter.finish(place).map(Err);
                }
            }
        }
    }
}

impl<R: BufRead> Iterator for BillStream<R> {
    type Item = Result<BillRet<'static>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_with(|bill| bill.into_owned())
    }
}
