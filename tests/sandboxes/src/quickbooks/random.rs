//! Values that look arbitrary and are decided by the seed alone.

use sha2::{Digest, Sha256};

/// A stream of bytes from a seed; each draw is a hash of (seed, number of the draw).
#[derive(Clone, Debug)]
pub(super) struct Random {
    seed: u64,
    draws: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, draws: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.draws += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.draws.to_be_bytes());
        hash.finalize().into()
    }

    fn hex(&mut self) -> String {
        self.block().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// An opaque token of 64 characters and a prefix.
    pub(super) fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.hex())
    }

    /// `8-4-4-4-12` hexadecimal digits.
    pub(super) fn uuid(&mut self) -> String {
        let hex = self.hex();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Puts the items into an arbitrary order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let block = self.block();
            let number = block.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
            let pick = usize::try_from(number % (last as u64 + 1)).unwrap_or(0);
            items.swap(last, pick);
        }
    }
}
