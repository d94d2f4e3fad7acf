//! Tokens in files: one per connection, readable by its owner only.
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::secret::Secret;
use super::token::{RefreshLock, Stored, TokenSet, TokenStore, TokenStoreError};

/// One JSON file per connection in a directory of its own.
///
/// Files are written whole: a temporary file with mode 0600 is synced and renamed over the old one, so that a crash
/// leaves either the old set or the new one. Lock files beside them keep processes of one machine apart, for storing and
/// for refreshing. Without a [`Seal`] the tokens are not encrypted: put the directory where only the service can read,
/// on a disk that is.
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    directory: PathBuf,
    seal: Option<Arc<dyn Seal>>,
}

/// Encrypts token records on their way to the disk, with authentication; the key is its own affair.
pub trait Seal: Send + Sync + fmt::Debug {
    /// The sealed bytes of a connection's record.
    ///
    /// # Errors
    /// [`SealError::Unsealed`]; then nothing is stored.
    fn seal(&self, connection: &str, plain: &[u8]) -> Result<Vec<u8>, SealError>;

    /// The record that was sealed for this connection.
    ///
    /// # Errors
    /// [`SealError::Unopened`] where the bytes are not what this key has sealed for this connection.
    fn open(&self, connection: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
}

/// Why a [`Seal`] did not do its work. The texts show nothing of what is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Nothing was sealed, and why.
    #[error("cannot be sealed: {0}")]
    Unsealed(&'static str),
    /// Another key, another connection, or bytes that were changed.
    #[error("cannot be opened with this key; give the key that sealed it, or remove it and reconnect")]
    Unopened,
}

/// What a file holds. Borrowed when written, so that no further copy of a token lies in memory.
#[derive(Serialize)]
struct Written<'a> {
    connection: &'a str,
    version: u64,
    access_token: &'a str,
    access_expires_at: DateTime<Utc>,
    refresh_token: Option<&'a str>,
    refresh_expires_at: Option<DateTime<Utc>>,
    hard_expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Read {
    connection: String,
    version: u64,
    access_token: Secret,
    access_expires_at: DateTime<Utc>,
    refresh_token: Option<Secret>,
    refresh_expires_at: Option<DateTime<Utc>>,
    hard_expires_at: Option<DateTime<Utc>>,
}

impl FileTokenStore {
    /// A store in `directory`, which is made (mode 0700) when it does not exist.
    ///
    /// # Errors
    /// [`TokenStoreError::Unavailable`] when the directory cannot be made.
    pub fn new(directory: impl Into<PathBuf>) -> Result<Self, TokenStoreError> {
        let directory = directory.into();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory).map_err(|error| TokenStoreError::Unavailable {
            connection: "(any)".to_owned(),
            action: "stored",
            problem: format!("the directory {} cannot be made: {error}", directory.display()),
        })?;
        Ok(Self { directory, seal: None })
    }

    /// Seals what is stored from now on. A record that was stored without is read, and sealed when it is next stored.
    #[must_use]
    pub fn sealed_with(mut self, seal: Arc<dyn Seal>) -> Self {
        self.seal = Some(seal);
        self
    }

    fn path(&self, connection: &str, extension: &str) -> PathBuf {
        self.directory.join(format!("tokens-{}.{extension}", file_name(connection)))
    }

    fn load_now(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        let sealed = self.path(connection, "sealed");
        let is_sealed = sealed.exists();
        let path = if is_sealed { sealed } else { self.path(connection, "json") };
        let unusable = |problem: String| TokenStoreError::Unusable {
            connection: connection.to_owned(),
            problem: format!("{} {problem}", path.display()),
        };
        let bytes = match read_private(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(unusable(
                    "can be read by other users; treat the tokens as known to them: reconnect, and set mode 0600"
                        .to_owned(),
                ));
            }
            Err(error) => return Err(unavailable(connection, "read", &path, &error)),
        };
        let bytes = match (&self.seal, is_sealed) {
            (_, false) => bytes,
            (Some(seal), true) => {
                Zeroizing::new(seal.open(connection, &bytes).map_err(|error| unusable(error.to_string()))?)
            }
            (None, true) => return Err(unusable("is sealed, and no key was given".to_owned())),
        };
        // The parser's message can quote the offending value, which may be a token: only its place is passed on.
        let read: Read = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            unusable(format!("is not a token record (line {line}, column {column}); remove it and reconnect"))
        })?;
        if read.connection != connection {
            return Err(unusable("belongs to another connection; it was renamed or copied. Reconnect".to_owned()));
        }
        Ok(Some(TokenSet {
            access: read.access_token,
            access_expires_at: read.access_expires_at,
            refresh: read.refresh_token,
            refresh_expires_at: read.refresh_expires_at,
            hard_expires_at: read.hard_expires_at,
            version: read.version,
        }))
    }

    fn store_now(&self, connection: &str, expected: u64, tokens: &TokenSet) -> Result<Stored, TokenStoreError> {
        let _lock = self.lock_now(connection, "store.lock")?;
        if let Some(stored) = self.load_now(connection)?
            && stored.version != expected
        {
            return Ok(Stored::Newer(stored));
        }
        let written = Written {
            connection,
            version: expected.saturating_add(1),
            access_token: tokens.access.expose(),
            access_expires_at: tokens.access_expires_at,
            refresh_token: tokens.refresh.as_ref().map(Secret::expose),
            refresh_expires_at: tokens.refresh_expires_at,
            hard_expires_at: tokens.hard_expires_at,
        };
        let path = self.path(connection, "json");
        let failed = |error: io::Error| unavailable(connection, "stored", &path, &error);
        // Large enough never to be moved while it grows: a moved buffer leaves its content behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer_pretty(&mut *bytes, &written).map_err(|error| failed(error.into()))?;
        let temporary = self.path(connection, "tmp");
        let Some(seal) = &self.seal else {
            write_durably(&self.directory, &temporary, &path, &bytes).map_err(failed)?;
            return Ok(Stored::Stored);
        };
        let sealed = seal.seal(connection, &bytes).map_err(|error| failed(io::Error::other(error)))?;
        write_durably(&self.directory, &temporary, &self.path(connection, "sealed"), &sealed).map_err(failed)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(Stored::Stored),
        }
    }

    fn lock_now(&self, connection: &str, extension: &str) -> Result<File, TokenStoreError> {
        let path = self.path(connection, extension);
        let lock = || -> io::Result<File> {
            let file = private(OpenOptions::new().create(true).truncate(false).write(true)).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error| unavailable(connection, "locked", &path, &error))
    }

    /// Runs file work on a thread where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        connection: &str,
        action: &'static str,
        work: impl FnOnce(&Self, &str) -> Result<T, TokenStoreError> + Send + 'static,
    ) -> Result<T, TokenStoreError> {
        let (store, name) = (self.clone(), connection.to_owned());
        tokio::task::spawn_blocking(move || work(&store, &name)).await.unwrap_or_else(|_| {
            Err(TokenStoreError::Unavailable {
                connection: connection.to_owned(),
                action,
                problem: "the program is shutting down".to_owned(),
            })
        })
    }
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        self.blocking(connection, "read", |store, name| store.load_now(name)).await
    }

    async fn store(
        &self,
        connection: &str,
        expected_version: u64,
        tokens: TokenSet,
    ) -> Result<Stored, TokenStoreError> {
        let work = move |store: &Self, name: &str| store.store_now(name, expected_version, &tokens);
        self.blocking(connection, "stored", work).await
    }

    async fn exclusive(&self, connection: &str) -> Result<RefreshLock, TokenStoreError> {
        let work = |store: &Self, name: &str| store.lock_now(name, "refresh.lock");
        self.blocking(connection, "locked", work).await.map(RefreshLock::holding)
    }
}

fn unavailable(connection: &str, action: &'static str, path: &Path, error: &io::Error) -> TokenStoreError {
    TokenStoreError::Unavailable {
        connection: connection.to_owned(),
        action,
        problem: format!("{}: {error}", path.display()),
    }
}

/// A file name that is legal everywhere and different for different connections, also where case does not count.
fn file_name(connection: &str) -> String {
    use std::fmt::Write;
    const READABLE: usize = 80;
    let mut name = String::with_capacity(connection.len());
    for byte in connection.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => {
                let _ = write!(name, "~{byte:02x}");
            }
        }
    }
    if name.len() > READABLE {
        let digest = Sha256::digest(connection.as_bytes());
        name.truncate(READABLE);
        name.push('~');
        name.push('~');
        for byte in digest.iter().take(16) {
            let _ = write!(name, "{byte:02x}");
        }
    }
    name
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Reads a file, refusing (`InvalidData`) one that other users can read.
fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    let mut bytes = Vec::with_capacity(16 * 1024);
    io::Read::read_to_end(&mut file, &mut bytes)?;
    Ok(bytes)
}

fn write_durably(directory: &Path, temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Left over from a crash; under the lock nobody else is writing it. Made anew so that its mode is ours.
    match fs::remove_file(temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().create_new(true).write(true)).open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(temporary, path)?;
    // The rename itself is durable once the directory is; other systems do that by themselves.
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
