//! The join of one partition: every distinct key once, with what each side says about it.

use super::hash::Fingerprint;
use super::store::Entry;

/// What both sides say about one key; index 0 is left, 1 is right.
#[derive(Debug)]
pub(super) struct Row {
    hash: u64,
    key: (usize, usize),
    pub(super) count: [u64; 2],
    pub(super) content: [Fingerprint; 2],
    pub(super) at: [u64; 2],
}

/// Open addressing over rows: slots hold row numbers plus one. Keys are compared in full.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<u32>,
    rows: Vec<Row>,
    keys: Vec<u8>,
}

impl Table {
    /// Empties the table and makes room for about so many keys.
    pub(super) fn reset(&mut self, expected: usize) {
        self.rows.clear();
        self.keys.clear();
        self.slots.clear();
        self.slots.resize((expected.max(8) * 2).next_power_of_two(), 0);
    }

    #[inline]
    pub(super) fn add(&mut self, side: usize, entry: &Entry<'_>) {
        if self.rows.len() * 3 >= self.slots.len() * 2 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = entry.hash as usize & mask;
        let row = loop {
            match self.slots.get(slot).copied() {
                Some(0) | None => {
                    let start = self.keys.len();
                    self.keys.extend_from_slice(entry.key);
                    self.rows.push(Row {
                        hash: entry.hash,
                        key: (start, self.keys.len()),
                        count: [0; 2],
                        content: [Fingerprint::default(); 2],
                        at: [0; 2],
                    });
                    // A partition holds far fewer than 2^32 keys: it is split when it outgrows its share of memory.
                    if let Some(free) = self.slots.get_mut(slot) {
                        *free = self.rows.len() as u32;
                    }
                    break self.rows.last_mut();
                }
                Some(number) => {
                    let keys = &self.keys;
                    let same = |row: &Row| row.hash == entry.hash && keys.get(row.key.0..row.key.1) == Some(entry.key);
                    match self.rows.get_mut(number as usize - 1) {
                        Some(row) if same(row) => break Some(row),
                        _ => slot = (slot + 1) & mask,
                    }
                }
            }
        };
        if let Some(row) = row
            && let (Some(count), Some(content), Some(at)) =
                (row.count.get_mut(side), row.content.get_mut(side), row.at.get_mut(side))
        {
            *count += 1;
            if *count == 1 {
                (*content, *at) = (entry.content, entry.at);
            } else {
                // Which of the duplicates is kept must not depend on the order of the threads.
                *at = entry.at.min(*at);
            }
        }
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(size, 0);
        let mask = size - 1;
        for (index, row) in self.rows.iter().enumerate() {
            let mut slot = row.hash as usize & mask;
            while self.slots.get(slot).is_some_and(|number| *number != 0) {
                slot = (slot + 1) & mask;
            }
            if let Some(free) = self.slots.get_mut(slot) {
                *free = index as u32 + 1;
            }
        }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn key(&self, row: &Row) -> &[u8] {
        self.keys.get(row.key.0..row.key.1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_keys_whose_hashes_collide_then_the_keys_themselves_decide() {
        let mut table = Table::default();
        table.reset(1);
        let mut add = |side, n: u32| {
            let key = n.to_string();
            let content = Fingerprint(u128::from(n));
            table.add(side, &Entry { hash: 42, content, at: u64::from(n), key: key.as_bytes() });
        };
        (0..100).for_each(|n| add(0, n));
        (50..150).for_each(|n| add(1, n));
        assert_eq!(table.rows().len(), 150);
        for row in table.rows() {
            let n: u64 = std::str::from_utf8(table.key(row)).unwrap().parse().unwrap();
            assert_eq!(row.count, [u64::from(n < 100), u64::from(n >= 50)]);
            assert_eq!(row.at, [if n < 100 { n } else { 0 }, if n >= 50 { n } else { 0 }]);
        }
    }
}
