//! Tokens, where they are kept, and who issues them.
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::error::HttpError;
use super::secret::Secret;

/// What a connection is authorised with at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSet {
    /// Sent with each request as `Authorization: Bearer`.
    pub access: Secret,
    /// When the access token ends.
    pub access_expires_at: DateTime<Utc>,
    /// Exchanged for the next set; none with client credentials. Often good for a single use.
    pub refresh: Option<Secret>,
    /// When the refresh token ends unless it is used before (Intuit: 100 days, moved on by each refresh).
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// When the consent itself ends, whatever is refreshed (Intuit: five years).
    pub hard_expires_at: Option<DateTime<Utc>>,
    /// Counts the stored sets of a connection, from 1. The store sets it; see [`TokenStore::store`].
    pub version: u64,
}

impl TokenSet {
    /// An access token that ends at `access_expires_at`, and nothing else.
    #[must_use]
    pub fn new(access: Secret, access_expires_at: DateTime<Utc>) -> Self {
        Self { access, access_expires_at, refresh: None, refresh_expires_at: None, hard_expires_at: None, version: 0 }
    }

    /// The same set with a refresh token.
    #[must_use]
    pub fn with_refresh(mut self, refresh: Secret, expires_at: Option<DateTime<Utc>>) -> Self {
        self.refresh = Some(refresh);
        self.refresh_expires_at = expires_at;
        self
    }
}

/// The result of a compare-and-swap in a [`TokenStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// The set is durable under the version `expected_version + 1`.
    Stored,
    /// Somebody stored another set meanwhile, which is this one; the set that was handed in is not stored.
    Newer(TokenSet),
}

/// Held while one process refreshes; released when dropped. See [`TokenStore::exclusive`].
pub struct RefreshLock {
    _held: Option<Box<dyn Send + Sync>>,
}

impl RefreshLock {
    /// For stores that cannot exclude other processes.
    #[must_use]
    pub fn none() -> Self {
        Self { _held: None }
    }

    /// Holds `guard` until dropped.
    #[must_use]
    pub fn holding(guard: impl Send + Sync + 'static) -> Self {
        Self { _held: Some(Box::new(guard)) }
    }
}

impl Debug for RefreshLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshLock({})", if self._held.is_some() { "held" } else { "none" })
    }
}

/// Keeps one [`TokenSet`] per connection, durably. The contract has three parts:
///
/// - `store` is a compare-and-swap on the version and returns only when the set would survive a crash;
/// - a connection's set is seen by nobody who asks for another connection;
/// - error texts and `Debug` show no token.
#[async_trait]
pub trait TokenStore: Send + Sync + Debug {
    /// The newest stored set, or none if the connection was never authorised.
    ///
    /// # Errors
    /// [`TokenStoreError`] when the store cannot be read or holds something that is not a token set.
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError>;

    /// Stores `tokens` under the version `expected_version + 1` if the stored version is `expected_version` (0: nothing
    /// is stored yet). `tokens.version` is ignored.
    ///
    /// # Errors
    /// [`TokenStoreError`] when the set may not have become durable.
    async fn store(&self, connection: &str, expected_version: u64, tokens: TokenSet)
    -> Result<Stored, TokenStoreError>;

    /// Waits until no other process refreshes this connection, and keeps others out until the lock is dropped.
    ///
    /// Optional: without it two processes may refresh at once, which the compare-and-swap survives, but the vendor may
    /// take it for theft of the token.
    ///
    /// # Errors
    /// [`TokenStoreError`] when the lock cannot be taken.
    async fn exclusive(&self, connection: &str) -> Result<RefreshLock, TokenStoreError> {
        let _ = connection;
        Ok(RefreshLock::none())
    }
}

/// Why tokens could not be loaded or stored. The texts show no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenStoreError {
    /// The storage itself failed; trying again may help.
    #[error("tokens of connection {connection} could not be {action}: {problem}")]
    Unavailable {
        /// The connection.
        connection: String,
        /// `read`, `stored` or `locked`.
        action: &'static str,
        /// What the storage said, and what to do.
        problem: String,
    },
    /// The stored record is not a token set, or is open to others; a person must look.
    #[error("the stored tokens of connection {connection} cannot be used: {problem}")]
    Unusable {
        /// The connection.
        connection: String,
        /// What is wrong with the record, and what to do.
        problem: String,
    },
}

impl TokenStoreError {
    /// Whether trying again without a person's help makes sense.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The vendor's token endpoint, with the client credentials in it. [`OAuthEndpoint`](super::OAuthEndpoint) does what
/// RFC 6749 says; implement this for vendors that differ.
#[async_trait]
pub trait TokenEndpoint: Send + Sync + Debug {
    /// Asks for a new set, once, without retries. `refresh` is the newest refresh token; client credentials ignore it.
    /// An answer without a refresh token means that the old one stays valid.
    ///
    /// # Errors
    /// [`HttpError::GrantRefused`] when the endpoint refuses the grant; [`HttpError::TokenAnswer`] when its answer is
    /// malformed; [`HttpError::Status`] or [`HttpError::Transport`] when it is out of order.
    async fn refresh(&self, refresh: Option<&Secret>) -> Result<TokenSet, HttpError>;

    /// Whether [`refresh`](Self::refresh) is useless without a refresh token; false for client credentials.
    fn needs_refresh_token(&self) -> bool {
        true
    }
}

/// Tokens in memory: for tests, and for client credentials, where a lost token is simply asked for again.
#[derive(Default)]
pub struct MemoryTokenStore {
    sets: Mutex<HashMap<String, TokenSet>>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl MemoryTokenStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that holds `tokens` for `connection`, as version 1.
    #[must_use]
    pub fn holding(connection: &str, mut tokens: TokenSet) -> Self {
        tokens.version = 1;
        let store = Self::default();
        store.sets.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.to_owned(), tokens);
        store
    }
}

impl Debug for MemoryTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.sets.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "MemoryTokenStore({count} connections)")
    }
}

#[async_trait]
impl TokenStore for MemoryTokenStore {
    async fn load(&self, connection: &str) -> Result<Option<TokenSet>, TokenStoreError> {
        Ok(self.sets.lock().unwrap_or_else(PoisonError::into_inner).get(connection).cloned())
    }

    async fn store(
        &self,
        connection: &str,
        expected_version: u64,
        mut tokens: TokenSet,
    ) -> Result<Stored, TokenStoreError> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stored) = sets.get(connection)
            && stored.version != expected_version
        {
            return Ok(Stored::Newer(stored.clone()));
        }
        tokens.version = expected_version.saturating_add(1);
        sets.insert(connection.to_owned(), tokens);
        Ok(Stored::Stored)
    }

    async fn exclusive(&self, connection: &str) -> Result<RefreshLock, TokenStoreError> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(connection.to_owned()).or_default().clone()
        };
        Ok(RefreshLock::holding(lock.lock_owned().await))
    }
}
