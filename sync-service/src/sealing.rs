//! Tokens sealed on the disk: XChaCha20-Poly1305 (<https://www.rfc-editor.org/rfc/rfc8439>, with the longer nonce of
//! draft-irtf-cfrg-xchacha) under a key of 32 bytes. The connection's name is bound to the text, so that a file put in
//! another's place cannot be opened.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use sync_core::http::{Seal, SealError};

use crate::Failure;
use crate::connect::Sealing;

/// The variable that holds the key, in Base64.
const VARIABLE: &str = "SYNC_TOKEN_KEY";
const NONCE: usize = 24;

/// The seal that a configuration asks for, if any.
pub(crate) fn seal(of: &Sealing) -> Result<Option<Arc<dyn Seal>>, Failure> {
    let key = match of {
        Sealing::None => return Ok(None),
        Sealing::Environment => from_environment()?,
        Sealing::KeyFile(path) => from_file(path)?,
        Sealing::Keyring(connection) => crate::keyring::key(connection, fresh)?,
    };
    Ok(Some(Arc::new(Sealed::new(&key)?)))
}

/// The seal of one key.
struct Sealed(XChaCha20Poly1305);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(XChaCha20-Poly1305)")
    }
}

impl Sealed {
    /// From 32 bytes in Base64.
    fn new(key: &str) -> Result<Self, Failure> {
        let bytes = BASE64.decode(key.trim()).ok().filter(|bytes| bytes.len() == 32);
        let bytes =
            bytes.ok_or("the key for the tokens is not 32 bytes in Base64; `openssl rand -base64 32` makes one")?;
        let key = Key::try_from(bytes.as_slice()).map_err(|_| "the key for the tokens is not 32 bytes")?;
        Ok(Self(XChaCha20Poly1305::new(&key)))
    }
}

impl Seal for Sealed {
    fn seal(&self, connection: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = XNonce::try_generate().map_err(|_| SealError::Unsealed("the system gives no randomness"))?;
        let payload = Payload { msg: plain, aad: connection.as_bytes() };
        let text = self.0.encrypt(&nonce, payload).map_err(|_| SealError::Unsealed("the text is too long"))?;
        Ok([nonce.as_slice(), &text].concat())
    }

    fn open(&self, connection: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, text) = sealed.split_at_checked(NONCE).ok_or(SealError::Unopened)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| SealError::Unopened)?;
        let payload = Payload { msg: text, aad: connection.as_bytes() };
        self.0.decrypt(&nonce, payload).map_err(|_| SealError::Unopened)
    }
}

fn from_environment() -> Result<String, Failure> {
    match crate::settings::secret(VARIABLE)? {
        Some(key) => Ok(key),
        None => Err(format!("tokens are sealed, and neither {VARIABLE} nor key_file names the key").into()),
    }
}

fn fresh() -> Result<String, Failure> {
    let key = Key::try_generate().map_err(|_| "the system gives no randomness for a key")?;
    Ok(BASE64.encode(key))
}

/// The key in a file; a new one where there is none.
fn from_file(path: &Path) -> Result<String, Failure> {
    let cannot = |e: std::io::Error| format!("{}: the key for the tokens: {e}", path.display());
    match std::fs::read_to_string(path) {
        Ok(key) => {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                if std::fs::metadata(path).map_err(cannot)?.permissions().mode() & 0o077 != 0 {
                    return Err(format!("{}: can be read by other users; set mode 0600", path.display()).into());
                }
            }
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = fresh()?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let written = options.open(path).and_then(|mut file| {
                file.write_all(key.as_bytes())?;
                file.sync_all()
            });
            match written {
                Ok(()) => Ok(key),
                // Another process was faster: its key is the key.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    Ok(std::fs::read_to_string(path).map_err(cannot)?)
                }
                Err(error) => Err(cannot(error).into()),
            }
        }
        Err(error) => Err(cannot(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use sync_core::http::{FileTokenStore, Secret, Stored, TokenSet, TokenStore};

    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_and_for_its_connection_only() {
        let (ours, other) = (Sealed::new(&fresh().unwrap()).unwrap(), Sealed::new(&fresh().unwrap()).unwrap());
        let sealed = ours.seal("main", b"refresh-1").unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"refresh"));
        assert_eq!(ours.open("main", &sealed).unwrap(), b"refresh-1");
        assert_ne!(ours.seal("main", b"refresh-1").unwrap(), sealed, "a nonce is used once");
        let mut bent = sealed.clone();
        *bent.last_mut().unwrap() ^= 1;
        for refused in [ours.open("second", &sealed), other.open("main", &sealed), ours.open("main", &bent)] {
            assert_eq!(refused, Err(SealError::Unopened));
        }
        assert_eq!(ours.open("main", b"short"), Err(SealError::Unopened));
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token.key");
        let first = from_file(&path).unwrap();
        assert_eq!(from_file(&path).unwrap(), first);
        assert!(Sealed::new(&first).is_ok() && Sealed::new("c2hvcnQ=").is_err() && Sealed::new("!").is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(from_file(&path).is_err());
        }
    }

    #[tokio::test]
    async fn a_token_that_lay_open_is_sealed_when_it_is_next_stored() {
        // Given a token that was stored before the configuration asked for a seal,
        let dir = tempfile::tempdir().unwrap();
        let now = chrono::DateTime::UNIX_EPOCH;
        let tokens = |refresh: &str| TokenSet::new(Secret::from("a"), now).with_refresh(Secret::from(refresh), None);
        let open = FileTokenStore::new(dir.path()).unwrap();
        open.store("procore", 0, tokens("refresh-1")).await.unwrap();
        // when the store is sealed, then the token is still known,
        let key: Arc<dyn Seal> = Arc::new(Sealed::new(&fresh().unwrap()).unwrap());
        let sealed = FileTokenStore::new(dir.path()).unwrap().sealed_with(key);
        let stored = sealed.load("procore").await.unwrap().unwrap();
        assert_eq!((stored.refresh, stored.version), (Some(Secret::from("refresh-1")), 1));
        // and the next one is sealed, under the next version, with nothing readable left behind;
        assert_eq!(sealed.store("procore", 1, tokens("refresh-2")).await.unwrap(), Stored::Stored);
        assert_eq!(sealed.load("procore").await.unwrap().unwrap().version, 2);
        for file in std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()) {
            let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            assert!(!text.contains("refresh"), "{}: {text}", file.display());
        }
        // without the key, or with another, it is refused in words that show nothing.
        let other: Arc<dyn Seal> = Arc::new(Sealed::new(&fresh().unwrap()).unwrap());
        for store in [open.clone(), open.sealed_with(other)] {
            let error = store.load("procore").await.unwrap_err();
            assert!(!error.is_transient() && error.to_string().contains("key"), "{error}");
        }
    }
}
