//! The key of sealed tokens in the keyring of the operating system: Windows Credential Manager, macOS Keychain, or the
//! Secret Service of a Linux desktop. The tokens themselves lie in files, sealed with it, since a keyring cannot replace a
//! value only if it is still the one that was read.

use crate::Failure;

/// The name of this program in the keyring.
#[cfg(feature = "keyring")]
const SERVICE: &str = "procore-quickbooks";

/// The key of a connection; a new one where there is none.
///
/// # Errors
/// What the system says, and what to do; no key is in it.
#[cfg(feature = "keyring")]
pub(crate) fn key(connection: &str, fresh: impl Fn() -> Result<String, Failure>) -> Result<String, Failure> {
    use ::keyring::v1::{Entry, Error};

    let cannot = |error: &dyn std::fmt::Display| -> Failure {
        format!(
            "the keyring of this system cannot be used ({error}); unlock it and sign in to the desktop, or seal the tokens \
             with a key file: sealed = \"key\" in connection.toml"
        )
        .into()
    };
    let entry = Entry::new(SERVICE, connection).map_err(|error| cannot(&error))?;
    let read = || match entry.get_password() {
        Ok(key) => Ok(Some(key)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(cannot(&error)),
    };
    made_once(read, |key| entry.set_password(key).map_err(|error| cannot(&error)), fresh)
}

/// Without the feature nothing is asked.
#[cfg(not(feature = "keyring"))]
pub(crate) fn key(_connection: &str, _fresh: impl Fn() -> Result<String, Failure>) -> Result<String, Failure> {
    Err("sealed = \"keyring\" needs a program that was built with the feature `keyring`: `cargo install --locked --path \
         sync-service --features keyring`"
        .into())
}

/// The key that is there, or else the one that is there after a new one was put: another process may have been faster.
#[cfg(any(test, feature = "keyring"))]
fn made_once(
    read: impl Fn() -> Result<Option<String>, Failure>,
    put: impl Fn(&str) -> Result<(), Failure>,
    fresh: impl Fn() -> Result<String, Failure>,
) -> Result<String, Failure> {
    if let Some(key) = read()? {
        return Ok(key);
    }
    put(&fresh()?)?;
    read()?.ok_or_else(|| "the keyring of this system did not keep the key for the tokens".into())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let ring: RefCell<Option<String>> = RefCell::new(None);
        let made = RefCell::new(0);
        let key = || {
            made_once(
                || Ok(ring.borrow().clone()),
                |key| {
                    *ring.borrow_mut() = Some(key.to_owned());
                    Ok(())
                },
                || {
                    *made.borrow_mut() += 1;
                    Ok(format!("key {}", made.borrow()))
                },
            )
        };
        assert_eq!((key().unwrap(), key().unwrap()), ("key 1".to_owned(), "key 1".to_owned()));
    }

    #[test]
    fn a_ring_that_keeps_nothing_is_told_without_the_key() {
        let lost = made_once(|| Ok(None), |_| Ok(()), || Ok("a key".to_owned())).unwrap_err().to_string();
        assert!(lost.contains("did not keep") && !lost.contains("a key"), "{lost}");
    }

    #[cfg(not(feature = "keyring"))]
    #[test]
    fn without_the_feature_it_is_said_what_to_do() {
        assert!(key("main", || Ok(String::new())).unwrap_err().to_string().contains("--features keyring"));
    }
}
