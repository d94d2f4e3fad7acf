//! A valid access token at any time, with one refresh at a time and no refresh token ever lost.
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::Instrument;
use tracing::instrument::WithSubscriber;

use super::error::HttpError;
use super::secret::Secret;
use super::token::{Stored, TokenEndpoint, TokenSet, TokenStore};
use crate::clock::{Clock, after};

/// An access token is renewed when it has less than this left, so that it does not end on its way to the server.
const MARGIN: Duration = Duration::from_secs(60);

/// After a refusal the store is looked at again after these waits: the process that made our token invalid may still be
/// on its way to storing the new one.
const OTHER_PROCESS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// After a refused grant the endpoint is left alone for this long: repeated attempts can revoke what is left, yet an
/// outage can look like a refusal, so the verdict is not for ever.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// When the parts of an authorisation end; for screens and for warnings ahead of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenStatus {
    /// When the access token ends; it is renewed by itself.
    pub access_expires_at: DateTime<Utc>,
    /// When the refresh token ends unless it is used before.
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// When a person must consent again in any case.
    pub hard_expires_at: Option<DateTime<Utc>>,
}

/// Hands out valid access tokens of one connection.
///
/// - At most one refresh runs at a time per manager, and per store where the store can lock
///   ([`TokenStore::exclusive`]); whoever waited reads the store again and uses what it finds.
/// - The new set is stored before its access token is handed out. If storing fails, the set is kept in memory and stored
///   at the next call; until then no token is handed out.
/// - A refresh runs to its end even when the caller goes away, since many refresh tokens are good for one use only.
/// - `invalid_grant`: the store is read again and a newer set used; otherwise [`HttpError::NeedsReconnect`]. Any
///   other failure of the endpoint leaves the stored set as it is.
pub struct TokenManager {
    inner: Arc<Inner>,
}

impl Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("connection", &self.inner.connection)
            .field("store", &self.inner.store)
            .field("endpoint", &self.inner.endpoint)
            .finish_non_exhaustive()
    }
}

struct Inner {
    connection: String,
    store: Arc<dyn TokenStore>,
    endpoint: Arc<dyn TokenEndpoint>,
    clock: Arc<dyn Clock>,
    /// The newest set known to be stored; what the fast path reads.
    current: Mutex<Option<TokenSet>>,
    turn: tokio::sync::Mutex<Unsettled>,
}

/// What the last refresh left behind; guarded by the turn.
#[derive(Default)]
struct Unsettled {
    /// Received but not stored, with the version that it replaces.
    unstored: Option<(u64, TokenSet)>,
    /// The version whose grant was refused, when, and the verdict.
    refused: Option<(u64, DateTime<Utc>, HttpError)>,
}

impl TokenManager {
    /// A manager for `connection`, which is the key in `store`. Nothing is read or sent yet.
    #[must_use]
    pub fn new(
        connection: impl Into<String>,
        store: Arc<dyn TokenStore>,
        endpoint: Arc<dyn TokenEndpoint>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let inner = Inner {
            connection: connection.into(),
            store,
            endpoint,
            clock,
            current: Mutex::new(None),
            turn: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The connection whose tokens these are.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.inner.connection
    }

    /// An access token that is valid for at least another minute, refreshed if need be.
    ///
    /// # Errors
    /// [`HttpError::NeedsReconnect`] when a person must authorise again, [`HttpError::TokenUnavailable`] when the
    /// endpoint is out of order, [`HttpError::TokenStore`] when the store is, [`HttpError::TokenAnswer`] when the
    /// endpoint's answer is malformed.
    pub async fn bearer(&self) -> Result<Secret, HttpError> {
        if let Some(tokens) = &*self.inner.current()
            && self.inner.is_fresh(tokens)
        {
            return Ok(tokens.access.clone());
        }
        self.run(None).await
    }

    /// The API answered 401 to `used`: a token that is not `used`, refreshed unless somebody already did.
    ///
    /// # Errors
    /// As [`bearer`](Self::bearer).
    pub async fn refused(&self, used: &Secret) -> Result<Secret, HttpError> {
        if let Some(tokens) = &*self.inner.current()
            && tokens.access != *used
            && self.inner.is_fresh(tokens)
        {
            return Ok(tokens.access.clone());
        }
        self.run(Some(used.clone())).await
    }

    /// Stores the set that a person's consent has just produced, in place of whatever is stored.
    ///
    /// # Errors
    /// [`HttpError::TokenStore`] when it could not be stored; the set is then lost and the person must consent again.
    pub async fn install(&self, tokens: TokenSet) -> Result<(), HttpError> {
        let inner = &self.inner;
        let mut unsettled = inner.turn.lock().await;
        let _lock = inner.store.exclusive(&inner.connection).await?;
        let mut expected = inner.store.load(&inner.connection).await?.map_or(0, |stored| stored.version);
        while let Stored::Newer(newer) = inner.store.store(&inner.connection, expected, tokens.clone()).await? {
            expected = newer.version;
        }
        *unsettled = Unsettled::default();
        inner.remember(TokenSet { version: expected.saturating_add(1), ..tokens });
        Ok(())
    }

    /// When the stored authorisation ends; none when the connection was never authorised.
    ///
    /// # Errors
    /// [`HttpError::TokenStore`] when the store cannot be read.
    pub async fn status(&self) -> Result<Option<TokenStatus>, HttpError> {
        let stored = self.inner.store.load(&self.inner.connection).await?;
        Ok(stored.map(|tokens| TokenStatus {
            access_expires_at: tokens.access_expires_at,
            refresh_expires_at: tokens.refresh_expires_at,
            hard_expires_at: tokens.hard_expires_at,
        }))
    }

    /// Runs the slow path on a task of its own, so that it ends even if this future is dropped.
    async fn run(&self, refused: Option<Secret>) -> Result<Secret, HttpError> {
        let inner = Arc::clone(&self.inner);
        let work = async move { inner.renew(refused.as_ref()).await };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return work.await;
        };
        match runtime.spawn(work.in_current_span().with_current_subscriber()).await {
            Ok(result) => result,
            Err(stopped) => Err(HttpError::TokenUnavailable {
                connection: self.inner.connection.clone(),
                last: Box::new(HttpError::InvalidRequest {
                    problem: if stopped.is_panic() {
                        "the token refresh stopped with a fault in the program".to_owned()
                    } else {
                        "the program is shutting down".to_owned()
                    },
                }),
            }),
        }
    }
}

impl Inner {
    fn current(&self) -> MutexGuard<'_, Option<TokenSet>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, tokens: TokenSet) {
        *self.current() = Some(tokens);
    }

    fn is_fresh(&self, tokens: &TokenSet) -> bool {
        after(self.clock.now(), MARGIN) < tokens.access_expires_at
    }

    /// Whether `tokens` can be handed out to somebody to whom the API refused `refused`.
    fn serves(&self, tokens: &TokenSet, refused: Option<&Secret>) -> bool {
        self.is_fresh(tokens) && refused != Some(&tokens.access)
    }

    async fn renew(&self, refused: Option<&Secret>) -> Result<Secret, HttpError> {
        let mut unsettled = self.turn.lock().await;
        if let Some(tokens) = &*self.current()
            && self.serves(tokens, refused)
        {
            return Ok(tokens.access.clone());
        }
        let _lock = self.store.exclusive(&self.connection).await?;
        let mut stored = self.store.load(&self.connection).await?;
        if let Some((replaces, tokens)) = unsettled.unstored.take()
            && stored.as_ref().map_or(0, |stored| stored.version) == replaces
        {
            stored = Some(self.keep(&mut unsettled, replaces, tokens).await?);
        }
        if let Some(tokens) = &stored
            && self.serves(tokens, refused)
        {
            let access = tokens.access.clone();
            self.remember(tokens.clone());
            return Ok(access);
        }
        let tokens = self.refresh(&mut unsettled, stored).await?;
        let access = tokens.access.clone();
        self.remember(tokens);
        Ok(access)
    }

    /// Calls the endpoint and stores the answer. A refused grant is tried a second time only with a newer record.
    async fn refresh(&self, unsettled: &mut Unsettled, mut stored: Option<TokenSet>) -> Result<TokenSet, HttpError> {
        let mut looked_again = false;
        loop {
            let version = stored.as_ref().map_or(0, |tokens| tokens.version);
            let refresh = stored.as_ref().and_then(|tokens| tokens.refresh.as_ref());
            if refresh.is_none() && self.endpoint.needs_refresh_token() {
                return Err(self.reconnect("no refresh token is stored for it", "Connect it"));
            }
            if let Some((refused_version, at, verdict)) = &unsettled.refused
                && *refused_version == version
                && self.clock.now() < after(*at, REFUSED_FOR)
            {
                return Err(verdict.clone());
            }
            let (code, description) = match self.endpoint.refresh(refresh).await {
                Ok(tokens) => return self.keep(unsettled, version, inherit(tokens, stored)).await,
                Err(HttpError::GrantRefused { code, description }) if !is_outage(&code) => (code, description),
                Err(error @ HttpError::TokenAnswer { .. }) => return Err(error),
                Err(error) => {
                    tracing::warn!(connection = %self.connection, %error, "token endpoint out of order, tokens kept");
                    let connection = self.connection.clone();
                    return Err(HttpError::TokenUnavailable { connection, last: Box::new(error) });
                }
            };
            if code == "invalid_grant"
                && !std::mem::replace(&mut looked_again, true)
                && let Some(newer) = self.stored_by_others(version).await?
            {
                tracing::info!(connection = %self.connection, "another process had refreshed the token");
                if self.is_fresh(&newer) {
                    return Ok(newer);
                }
                stored = Some(newer);
                continue;
            }
            let verdict = self.verdict(&code, &description);
            tracing::error!(connection = %self.connection, %code, "the token endpoint refused the grant");
            unsettled.refused = Some((version, self.clock.now(), verdict.clone()));
            return Err(verdict);
        }
    }

    /// Makes `tokens` durable; until that succeeds they are kept for the next call and not handed out.
    async fn keep(&self, unsettled: &mut Unsettled, replaces: u64, tokens: TokenSet) -> Result<TokenSet, HttpError> {
        #[cfg(feature = "planted-bugs")]
        if crate::planted::is_planted(crate::planted::Bug::UseTokenBeforeStored) {
            unsettled.unstored = Some((replaces, tokens.clone()));
            return Ok(tokens);
        }
        match self.store.store(&self.connection, replaces, tokens.clone()).await {
            Ok(Stored::Stored) => {
                tracing::info!(connection = %self.connection, expires_at = %tokens.access_expires_at, "token refreshed");
                unsettled.refused = None;
                Ok(TokenSet { version: replaces.saturating_add(1), ..tokens })
            }
            Ok(Stored::Newer(newer)) => Ok(newer),
            Err(error) => {
                tracing::error!(connection = %self.connection, %error, "new tokens received but not stored");
                unsettled.unstored = Some((replaces, tokens));
                Err(error.into())
            }
        }
    }

    /// A record newer than `version`, if one appears.
    async fn stored_by_others(&self, version: u64) -> Result<Option<TokenSet>, HttpError> {
        if version == 0 {
            return Ok(None);
        }
        for wait in OTHER_PROCESS {
            self.clock.sleep(wait).await;
            if let Some(newer) = self.store.load(&self.connection).await?
                && newer.version > version
            {
                return Ok(Some(newer));
            }
        }
        Ok(None)
    }

    fn verdict(&self, code: &str, description: &str) -> HttpError {
        let problem = if description.is_empty() {
            format!("the token endpoint answered {code}")
        } else {
            format!("the token endpoint answered {code} ({description})")
        };
        let act = match code {
            "invalid_client" | "unauthorized_client" => {
                "Check the client id and secret, and that they belong to this environment (sandbox or production)"
            }
            _ => "An administrator of the company must connect it again; waiting work goes on from where it stopped",
        };
        self.reconnect(&problem, act)
    }

    fn reconnect(&self, problem: &str, act: &str) -> HttpError {
        HttpError::NeedsReconnect {
            connection: self.connection.clone(),
            problem: problem.to_owned(),
            act: act.to_owned(),
        }
    }
}

/// What an answer leaves out stays as it was: RFC 6749 section 6 for the refresh token, and a consent ends when it ends.
fn inherit(mut tokens: TokenSet, old: Option<TokenSet>) -> TokenSet {
    if let Some(old) = old {
        if tokens.refresh.is_none() {
            tokens.refresh = old.refresh;
            tokens.refresh_expires_at = tokens.refresh_expires_at.or(old.refresh_expires_at);
        }
        tokens.hard_expires_at = tokens.hard_expires_at.or(old.hard_expires_at);
    }
    tokens
}

/// Error codes that speak of the server and not of the grant.
fn is_outage(code: &str) -> bool {
    matches!(code, "temporarily_unavailable" | "server_error" | "slow_down")
}
