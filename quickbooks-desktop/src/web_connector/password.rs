//! Passwords of the Web Connector: kept as a salted PBKDF2 digest, compared in constant time.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Rounds for passwords that people choose (OWASP, Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256).
const ROUNDS: u32 = 600_000;
const SCHEME: &str = "pbkdf2-sha256";

/// The digest of a password, as text `pbkdf2-sha256$ROUNDS$SALT$DIGEST`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    rounds: u32,
    salt: Vec<u8>,
    digest: [u8; 32],
}

/// A text that is no digest of a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not the digest of a password (pbkdf2-sha256$ROUNDS$SALT$DIGEST); make it with the program, not by hand"
)]
pub struct PasswordError;

impl Password {
    /// The digest of a password with a fresh salt, 16 random bytes.
    pub fn new(password: &str, salt: &[u8; 16]) -> Self {
        Self::with_rounds(password, salt, ROUNDS)
    }

    /// With fewer rounds, for passwords of 128 random bits that need no slowing down.
    pub fn with_rounds(password: &str, salt: &[u8; 16], rounds: u32) -> Self {
        Self { rounds: rounds.max(1), salt: salt.to_vec(), digest: pbkdf2(password, salt, rounds.max(1)) }
    }

    /// Is this the password? Takes the same time whatever differs.
    pub fn matches(&self, password: &str) -> bool {
        let digest = pbkdf2(password, &self.salt, self.rounds);
        let difference = digest.iter().zip(&self.digest).fold(0u8, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

fn pbkdf2(password: &str, salt: &[u8], rounds: u32) -> [u8; 32] {
    // A key of any length is taken.
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(password.as_bytes()) else { return [0; 32] };
    let mut first = keyed.clone();
    first.update(salt);
    first.update(&1u32.to_be_bytes());
    let mut block: [u8; 32] = first.finalize().into_bytes().into();
    let mut sum = block;
    for _ in 1..rounds {
        let mut next = keyed.clone();
        next.update(&block);
        block = next.finalize().into_bytes().into();
        for (sum, byte) in sum.iter_mut().zip(&block) {
            *sum ^= byte;
        }
    }
    sum
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}${}${}${}", self.rounds, BASE64.encode(&self.salt), BASE64.encode(self.digest))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let mut parts = text.trim().split('$');
        let (Some(SCHEME), Some(rounds), Some(salt), Some(digest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PasswordError);
        };
        let rounds = rounds.parse().ok().filter(|rounds| (1..=10_000_000).contains(rounds)).ok_or(PasswordError)?;
        let salt = BASE64.decode(salt).map_err(|_| PasswordError)?;
        let digest = BASE64.decode(digest).ok().and_then(|digest| digest.try_into().ok()).ok_or(PasswordError)?;
        Ok(Self { rounds, salt, digest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_comes_out() {
        // RFC 7914, section 11: PBKDF2-HMAC-SHA-256 of "passwd" with salt "salt", one round, first 32 bytes.
        let hex: String = pbkdf2("passwd", b"salt", 1).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    }

    #[test]
    fn only_the_password_matches_also_after_it_was_stored() {
        let stored: Password = Password::with_rounds("correct horse", &[7; 16], 10).to_string().parse().unwrap();
        assert!(stored.matches("correct horse") && !stored.matches("correct horse ") && !stored.matches(""));
        assert!(!format!("{stored:?}").contains("10"));
        for bad in ["", "correct horse", "pbkdf2-sha256$0$AA$AA", "pbkdf2-sha256$1$AA$AA"] {
            assert_eq!(bad.parse::<Password>(), Err(PasswordError), "{bad}");
        }
    }
}
