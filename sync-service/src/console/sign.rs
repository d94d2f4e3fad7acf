//! Passwords and sessions.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sync_core::clock::Clock;
use sync_core::model::Timestamp;

use super::Site;
use super::store::{Role, Store, StoreError, User, digest, hex};
use crate::Failure;

/// Shorter ones are guessed.
pub(crate) const SHORTEST: usize = 12;
/// A session ends that long after it began, and that long after it was last used.
const LONGEST: chrono::TimeDelta = chrono::TimeDelta::hours(12);
const IDLE: chrono::TimeDelta = chrono::TimeDelta::hours(1);
/// So many sign-ins may fail within a quarter of an hour: under one name, and in all.
const WINDOW: chrono::TimeDelta = chrono::TimeDelta::minutes(15);
const FAILURES: (u32, u32) = (5, 200);
/// Checked where there is no such user, so that an answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXRoaW5nIGVsc2U$0iqpXQ3VbUvqfQ3bXcJz6ljnv6v0CZHV6k2tTJqYfXo";

/// 32 random bytes of the operating system, as text.
pub(crate) fn secret() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(hex(&bytes))
}

/// The hash of a password, with a salt of its own.
pub(crate) fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Failure> {
    if password.chars().count() < SHORTEST {
        return Err(format!("a password needs {SHORTEST} characters or more; four unrelated words will do").into());
    }
    let salt = SaltString::encode_b64(salt).map_err(|error| error.to_string())?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|error| error.to_string())?;
    Ok(hash.to_string())
}

/// Adds a user with a fresh salt.
pub(crate) fn add(store: &Store, name: &str, role: Role, password: &str, clock: &dyn Clock) -> Result<(), Failure> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err("a user's name has 1 to 60 characters".into());
    }
    Ok(store.add_user(name, role, &hash(password, &salt()?)?, clock.now())?)
}

/// Gives a user another password.
pub(crate) fn change(store: &Store, name: &str, password: &str) -> Result<(), Failure> {
    Ok(store.set_password(name, &hash(password, &salt()?)?)?)
}

fn salt() -> Result<[u8; 16], Failure> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| format!("the system gives no random numbers: {error}"))?;
    Ok(salt)
}

/// Adds a user whose password nobody knows; the secret signs them in once, until then.
pub(crate) fn invite(site: &Site, name: &str, role: Role, until: Timestamp) -> Result<String, Failure> {
    add(&site.store, name, role, &secret()?, site.wall.as_ref())?;
    let secret = secret()?;
    site.store.add_once(&digest(&secret), name, until)?;
    Ok(secret)
}

/// What became of a sign-in.
#[derive(Debug)]
pub(crate) enum SignIn {
    /// Signed in: the secret of the session, for the cookie.
    Welcome { user: User, secret: String },
    /// Name and password do not fit.
    Wrong,
    /// Too many have failed; try again later.
    Later,
}

/// Checks name and password. Takes tens of milliseconds: not for the threads that serve requests.
pub(crate) fn sign_in(store: &Store, name: &str, password: &str, clock: &dyn Clock) -> Result<SignIn, Failure> {
    let now = clock.now();
    let (own, all) = store.failed_since(name, now - WINDOW)?;
    if own >= FAILURES.0 || all >= FAILURES.1 {
        return Ok(SignIn::Later);
    }
    let found = store.user(name)?;
    let stored = found.as_ref().map_or(NOBODY, |(_, hash)| hash.as_str());
    let fits = PasswordHash::new(stored)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    match found {
        Some((user, _)) if fits && !user.disabled => {
            Ok(SignIn::Welcome { secret: begin(store, &user.name, clock)?, user })
        }
        _ => {
            store.note_failed(name, now)?;
            Ok(SignIn::Wrong)
        }
    }
}

/// Begins a session; its secret.
pub(crate) fn begin(store: &Store, user: &str, clock: &dyn Clock) -> Result<String, Failure> {
    let secret = secret()?;
    store.begin_session(&digest(&secret), user, clock.now())?;
    Ok(secret)
}

/// Who a session's secret belongs to, while it is good.
pub(crate) fn who(store: &Store, secret: &str, clock: &dyn Clock) -> Result<Option<User>, StoreError> {
    let now = clock.now();
    store.session(&digest(secret), (now - LONGEST, now - IDLE, now))
}

/// What a form of this session must carry.
pub(crate) fn csrf(secret: &str) -> String {
    digest(&format!("form {secret}"))
}

#[cfg(test)]
mod tests {
    use sync_core::clock::ManualClock;

    use super::*;

    const PASSWORD: &str = "correct horse battery";

    fn given() -> (tempfile::TempDir, Store, ManualClock) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join(super::super::store::FILE)).unwrap();
        let clock = ManualClock::new(Timestamp::from_timestamp(1_700_000_000, 0).unwrap());
        add(&store, "Ada Marsh", Role::Controller, PASSWORD, &clock).unwrap();
        (dir, store, clock)
    }

    #[test]
    fn a_session_ends_an_hour_after_it_was_last_used_and_twelve_hours_after_it_began() {
        let (_dir, store, clock) = given();
        let SignIn::Welcome { secret, user } = sign_in(&store, "ada marsh", PASSWORD, &clock).unwrap() else {
            panic!("not signed in")
        };
        assert_eq!((user.name.as_str(), user.role), ("Ada Marsh", Role::Controller));
        for _ in 0..14 {
            clock.advance(std::time::Duration::from_secs(50 * 60));
            assert!(who(&store, &secret, &clock).unwrap().is_some(), "used every fifty minutes");
        }
        clock.advance(std::time::Duration::from_secs(50 * 60));
        assert!(who(&store, &secret, &clock).unwrap().is_none(), "twelve and a half hours");
        let secret = begin(&store, "Ada Marsh", &clock).unwrap();
        clock.advance(std::time::Duration::from_secs(61 * 60));
        assert!(who(&store, &secret, &clock).unwrap().is_none(), "unused for an hour");
    }

    #[test]
    fn after_five_wrong_passwords_even_the_right_one_waits_a_quarter_of_an_hour() {
        let (_dir, store, clock) = given();
        for _ in 0..5 {
            assert!(matches!(sign_in(&store, "Ada Marsh", "guess", &clock).unwrap(), SignIn::Wrong));
        }
        assert!(matches!(sign_in(&store, "ADA MARSH", PASSWORD, &clock).unwrap(), SignIn::Later));
        assert!(matches!(sign_in(&store, "somebody", PASSWORD, &clock).unwrap(), SignIn::Wrong), "others may");
        clock.advance(std::time::Duration::from_secs(16 * 60));
        assert!(matches!(sign_in(&store, "Ada Marsh", PASSWORD, &clock).unwrap(), SignIn::Welcome { .. }));
    }

    #[test]
    fn neither_passwords_nor_sessions_stand_in_the_file_and_a_new_password_ends_sessions() {
        let (dir, store, clock) = given();
        let secret = begin(&store, "Ada Marsh", &clock).unwrap();
        let files = ["console.sqlite", "console.sqlite-wal"].map(|name| std::fs::read(dir.path().join(name)).unwrap());
        let held = files.concat();
        for text in [secret.as_str(), PASSWORD] {
            assert!(!held.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
        store.set_password("Ada Marsh", &hash("another good password", &[7; 16]).unwrap()).unwrap();
        assert!(who(&store, &secret, &clock).unwrap().is_none());
        assert!(matches!(sign_in(&store, "Ada Marsh", PASSWORD, &clock).unwrap(), SignIn::Wrong));
    }

    #[test]
    fn what_signs_in_once_does_so_once_and_not_for_ever() {
        let (_dir, store, clock) = given();
        let until = clock.now() + chrono::TimeDelta::minutes(30);
        for secret in ["first", "second"] {
            store.add_once(&digest(secret), "Ada Marsh", until).unwrap();
        }
        assert_eq!(store.use_once(&digest("first"), clock.now()).unwrap().as_deref(), Some("Ada Marsh"));
        assert_eq!(store.use_once(&digest("first"), clock.now()).unwrap(), None);
        assert_eq!(store.use_once(&digest("second"), until).unwrap(), None);
    }

    #[test]
    fn a_short_password_is_refused_in_words_and_the_stand_in_hash_is_a_hash() {
        assert!(hash("short", &[0; 16]).unwrap_err().to_string().contains("12 characters"));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
