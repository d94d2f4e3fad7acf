//! Fingerprints of canonical bytes: fast, seeded, the same on every machine.

/// A 128-bit fingerprint of the canonical form of a record's compared fields.
///
/// Two different contents share one by chance with a probability of about 2⁻¹²⁸. It is no defence against someone who
/// knows the seed and builds a collision on purpose: [`Diff::verify`](super::Diff::verify) is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// Multiplies to 128 bits and folds the halves: every input bit reaches every output bit.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[inline]
fn words(pair: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*pair);
    (both as u64, (both >> 64) as u64)
}

/// Turns bytes into fingerprints; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprinter {
    k: [u64; 4],
}

impl Fingerprinter {
    pub(super) fn new(seed: u64) -> Self {
        // Odd constants from the binary expansion of pi, made the caller's own by the seed.
        let mut state = seed ^ 0x243F_6A88_85A3_08D3;
        let mut next = |constant: u64| {
            state = fold(state ^ constant, constant.rotate_left(23) ^ 0xA409_3822_299F_31D1).wrapping_add(constant);
            state | 1
        };
        let k = [
            next(0x1319_8A2E_0370_7345),
            next(0x082E_FA98_EC4E_6C89),
            next(0x4528_21E6_38D0_1377),
            next(0xBE54_66CF_34E9_0C6D),
        ];
        Self { k }
    }

    /// 64 bits, for where a key goes.
    #[inline]
    pub(super) fn key(&self, bytes: &[u8]) -> u64 {
        let [k0, k1, k2, _] = self.k;
        let mut state = k2;
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let (a, b) = words(pair);
            state = fold(state ^ a ^ k0, b ^ k1).wrapping_add(state.rotate_left(29));
        }
        let (a, b) = words(&last(rest));
        state = fold(state ^ a ^ k1, b ^ k2).wrapping_add(state.rotate_left(29));
        fold(state ^ bytes.len() as u64, k0)
    }

    /// 128 bits, for what a record says: two lanes with keys of their own.
    #[inline]
    pub(super) fn content(&self, bytes: &[u8]) -> Fingerprint {
        let [k0, k1, k2, k3] = self.k;
        let (mut low, mut high) = (k3, k1);
        let (pairs, rest) = bytes.as_chunks::<16>();
        for pair in pairs {
            let (a, b) = words(pair);
            low = fold(low ^ a ^ k0, b ^ k1).wrapping_add(low.rotate_left(29));
            high = fold(high ^ b ^ k2, a ^ k3).wrapping_add(high.rotate_left(31));
        }
        let (a, b) = words(&last(rest));
        low = fold(low ^ a ^ k1, b ^ k0).wrapping_add(low.rotate_left(29));
        high = fold(high ^ b ^ k3, a ^ k2).wrapping_add(high.rotate_left(31));
        let length = bytes.len() as u64;
        let low = fold(low ^ length, k2);
        let high = fold(high ^ length.rotate_left(32), k0);
        Fingerprint(u128::from(high) << 64 | u128::from(low))
    }
}

#[inline]
fn last(rest: &[u8]) -> [u8; 16] {
    let mut padded = [0; 16];
    // `rest` is shorter than 16 bytes, as what is left over by chunks of 16; its length is mixed in at the end.
    for (to, from) in padded.iter_mut().zip(rest) {
        *to = *from;
    }
    padded
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn given_similar_inputs_then_no_two_fingerprints_meet() {
        let hash = Fingerprinter::new(7);
        let mut keys = HashSet::new();
        let mut contents = HashSet::new();
        let mut inputs = 0;
        for length in 0..48_usize {
            for position in 0..length.max(1) {
                for byte in [0_u8, 1, 2, 128, 255] {
                    let mut input = vec![0_u8; length];
                    if let Some(b) = input.get_mut(position) {
                        *b = byte;
                    }
                    if byte == 0 && position > 0 {
                        continue;
                    }
                    if length == 0 && byte > 0 {
                        continue;
                    }
                    inputs += 1;
                    keys.insert(hash.key(&input));
                    contents.insert(hash.content(&input));
                }
            }
        }
        assert_eq!((keys.len(), contents.len()), (inputs, inputs));
    }

    #[test]
    fn given_numbered_keys_then_they_spread_evenly_over_the_top_bits() {
        let hash = Fingerprinter::new(0);
        let mut buckets = [0_u32; 64];
        for n in 0..64_000 {
            buckets[(hash.key(format!("commitment:{n}").as_bytes()) >> 58) as usize] += 1;
        }
        assert!(buckets.iter().all(|count| (800..1200).contains(count)), "{buckets:?}");
    }

    #[test]
    fn given_another_seed_then_another_fingerprint() {
        assert_ne!(Fingerprinter::new(1).content(b"x"), Fingerprinter::new(2).content(b"x"));
    }
}
