//! Tokens in files: one per connection, readable by its owner only.
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

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
/// for refreshing. The tokens are not encrypted: put the directory where only the service can read, on a disk that is.
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    directory: PathBuf,
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
        Ok(Self { directory })
    }

    fn path(&self, connection: &str, extension: &str) -> PathBuf {
        self.directory.join(format!("tokens-{}.{extension}", file_name(connection)))
    }

    fn load_now(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        let path = self.path(connection, "json");
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
        write_durably(&self.directory, &self.path(connection, "tmp"), &path, &bytes).map_err(failed)?;
        Ok(Stored::Stored)
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
