//! What agreed last time, so that an unchanged document is neither fetched nor compared again.

use std::collections::HashMap;
use std::io::{Read, Write};

use super::hash::{Fingerprint, Fingerprinter};
use super::key::KeyBuf;

/// Keys that were equal on both sides, with a mark of each side's version then.
///
/// The mark is whatever the source can tell without sending the document: `updated_at`, a `SyncToken`, an
/// `EditSequence`, an ETag. Where it tells nothing, [`Found::content`](super::Found::content) serves, and saves the
/// comparison if not the fetching. Only what agreed is kept: a difference is looked at again on every run.
///
/// Keys and marks are kept as 128-bit fingerprints, 48 bytes a key.
///
/// ```
/// use sync_core::reconcile::diff::{Agreed, KeyBuf};
///
/// let mut agreed = Agreed::new(7);
/// let mut bill = KeyBuf::new();
/// bill.text("PA-1");
/// agreed.agree(&bill, b"2026-01-31T10:00:00Z", b"SyncToken 3");
/// assert!(agreed.still(&bill, b"2026-01-31T10:00:00Z", b"SyncToken 3"));
/// assert!(!agreed.still(&bill, b"2026-01-31T10:00:00Z", b"SyncToken 4"));
/// ```
#[derive(Clone, Debug)]
pub struct Agreed {
    seed: u64,
    hash: Fingerprinter,
    marks: HashMap<Fingerprint, [Fingerprint; 2]>,
}

/// Why the marks of the last run cannot be used. Compare everything, and write them anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgreedError {
    /// Reading or writing failed.
    #[error("the marks of the last run cannot be read or written; without them everything is compared")]
    Io(#[from] std::io::Error),
    /// The bytes are not what was written.
    #[error("the marks of the last run are damaged or of another version; remove them, everything is compared once")]
    Damaged,
}

const MAGIC: &[u8; 8] = b"agreed 1";
const ROW: usize = 48;

impl Agreed {
    /// Nothing has agreed yet.
    pub fn new(seed: u64) -> Self {
        Self { seed, hash: Fingerprinter::new(seed), marks: HashMap::new() }
    }

    /// Whether the key agreed last time and neither side has another mark since: skip it.
    pub fn still(&self, key: &KeyBuf, left: &[u8], right: &[u8]) -> bool {
        self.marks.get(&self.hash.content(key.as_bytes())) == Some(&[self.hash.content(left), self.hash.content(right)])
    }

    /// The key is equal on both sides, at these marks. Give the marks that were read *before* the documents, so that a
    /// change in between is seen next time.
    pub fn agree(&mut self, key: &KeyBuf, left: &[u8], right: &[u8]) {
        let marks = [self.hash.content(left), self.hash.content(right)];
        self.marks.insert(self.hash.content(key.as_bytes()), marks);
    }

    /// The key is no longer known to be equal.
    pub fn forget(&mut self, key: &KeyBuf) {
        self.marks.remove(&self.hash.content(key.as_bytes()));
    }

    /// How many keys agree.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Writes everything, sorted, with a checksum: the same marks give the same bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, out: &mut impl Write) -> Result<(), AgreedError> {
        let mut rows: Vec<_> = self.marks.iter().collect();
        rows.sort_unstable();
        let mut bytes = Vec::with_capacity(24 + rows.len() * ROW + 16);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.seed.to_le_bytes());
        for (key, [left, right]) in rows {
            for part in [key, left, right] {
                bytes.extend_from_slice(&part.0.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&self.hash.content(&bytes).0.to_le_bytes());
        out.write_all(&bytes)?;
        Ok(out.flush()?)
    }

    /// Reads what [`write_to`](Self::write_to) wrote.
    ///
    /// # Errors
    /// [`AgreedError::Damaged`] if a byte is missing or another.
    pub fn read_from(from: &mut impl Read) -> Result<Self, AgreedError> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        let (body, sum) = bytes.split_last_chunk::<16>().ok_or(AgreedError::Damaged)?;
        let (magic, rest) = body.split_first_chunk::<8>().ok_or(AgreedError::Damaged)?;
        let (seed, rows) = rest.split_first_chunk::<8>().ok_or(AgreedError::Damaged)?;
        let mut agreed = Self::new(u64::from_le_bytes(*seed));
        let (rows, left_over) = rows.as_chunks::<ROW>();
        if magic != MAGIC
            || !left_over.is_empty()
            || agreed.hash.content(body) != Fingerprint(u128::from_le_bytes(*sum))
        {
            return Err(AgreedError::Damaged);
        }
        for row in rows {
            if let ([key, left, right], []) = row.as_chunks::<16>()
                && let [key, left, right] = [key, left, right].map(|part| Fingerprint(u128::from_le_bytes(*part)))
            {
                agreed.marks.insert(key, [left, right]);
            }
        }
        Ok(agreed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> KeyBuf {
        let mut key = KeyBuf::new();
        key.text(text);
        key
    }

    #[test]
    fn given_marks_that_were_saved_then_only_unchanged_keys_are_skipped() {
        let mut before = Agreed::new(3);
        before.agree(&key("a"), b"1", b"1");
        before.agree(&key("b"), b"1", b"1");
        before.agree(&key("c"), b"1", b"1");
        before.forget(&key("c"));
        let mut saved = Vec::new();
        before.write_to(&mut saved).unwrap();

        let now = Agreed::read_from(&mut saved.as_slice()).unwrap();

        assert_eq!(now.len(), 2);
        assert!(now.still(&key("a"), b"1", b"1"));
        assert!(!now.still(&key("b"), b"1", b"2"));
        assert!(!now.still(&key("b"), b"2", b"1"));
        assert!(!now.still(&key("c"), b"1", b"1"));
        assert!(!now.still(&key("new"), b"1", b"1"));
    }

    #[test]
    fn given_a_cut_or_changed_file_then_it_is_refused() {
        let mut agreed = Agreed::new(3);
        agreed.agree(&key("a"), b"1", b"1");
        let mut saved = Vec::new();
        agreed.write_to(&mut saved).unwrap();
        for cut in 0..saved.len() {
            assert!(matches!(Agreed::read_from(&mut &saved[..cut]), Err(AgreedError::Damaged)));
            let mut changed = saved.clone();
            changed[cut] ^= 1;
            assert!(matches!(Agreed::read_from(&mut changed.as_slice()), Err(AgreedError::Damaged)));
        }
    }
}
