//! Names and numbers within a limit.

use sha2::{Digest, Sha256};

/// Shortens a number or name to a limit without collisions: what is cut off comes back as a short digest, so that two
/// numbers that differ only at the end stay different, and the same number is always shortened alike.
pub(super) fn shorten(text: &str, max_chars: usize) -> String {
    const DIGEST: usize = 6;
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let digest = crate::engine::hex(&Sha256::digest(text.as_bytes()));
    let digest: String = digest.chars().take(DIGEST).collect();
    let keep = max_chars.saturating_sub(DIGEST + 1);
    let head: String = text.chars().take(keep).collect();
    format!("{}~{digest}", head.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_stay_within_the_limit_and_stay_different() {
        let (a, b) = (shorten("SC-2026-014-003-LONG-001", 21), shorten("SC-2026-014-003-LONG-002", 21));
        assert!(a.chars().count() <= 21 && b.chars().count() <= 21);
        assert_ne!(a, b);
        assert_eq!(shorten("SC-1", 21), "SC-1");
    }
}
