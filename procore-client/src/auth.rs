//! Logging in: Procore's hosts, the consent page, and the tokens
//! (<https://developers.procore.com/documentation/oauth-introduction>).

use std::sync::Arc;

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sync_core::clock::Clock;
use sync_core::http::{ClientAuth, Grant, HttpError, OAuthEndpoint, Secret, TokenEndpoint, TokenSet, Transport};

/// What a query value may hold as it is.
pub(crate) const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a Procore company lives. Tokens never cross environments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// Production, and on-demand sandboxes (they are companies of production).
    #[default]
    Production,
    /// The developer sandbox of a registered app, with its own client id and secret.
    Sandbox,
    /// The customer's monthly copy, with the client id and secret of production.
    MonthlySandbox,
    /// Other hosts, e.g. the Federal Zone or a local double.
    Hosts {
        /// Scheme and host for logging in.
        login: String,
        /// Scheme and host of the API.
        api: String,
    },
}

impl Environment {
    /// Scheme and host for logging in.
    pub fn login(&self) -> &str {
        match self {
            Self::Production => "https://login.procore.com",
            Self::Sandbox => "https://login-sandbox.procore.com",
            Self::MonthlySandbox => "https://login-sandbox-monthly.procore.com",
            Self::Hosts { login, .. } => login.trim_end_matches('/'),
        }
    }

    /// Scheme and host of the API.
    pub fn api(&self) -> &str {
        match self {
            Self::Production => "https://api.procore.com",
            Self::Sandbox => "https://sandbox.procore.com",
            Self::MonthlySandbox => "https://api-monthly.procore.com",
            Self::Hosts { api, .. } => api.trim_end_matches('/'),
        }
    }
}

/// The page on which a person consents. Procore sends the browser back to `redirect_uri` with `code` (good for ten
/// minutes, once) and the same `state`, which must be compared. `redirect_uri` must be registered with the app;
/// `urn:ietf:wg:oauth:2.0:oob` shows the code instead.
pub fn authorize_url(environment: &Environment, client_id: &str, redirect_uri: &str, state: &str) -> String {
    let encode = |text| utf8_percent_encode(text, QUERY);
    format!(
        "{}/oauth/authorize?response_type=code&client_id={}&redirect_uri={}&state={}",
        environment.login(),
        encode(client_id),
        encode(redirect_uri),
        encode(state),
    )
}

/// How the app got into the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// A person consented: access token for 90 minutes, refresh token for one use.
    Person,
    /// A service account (DMSA) that an administrator installed: no refresh token, just a new access token.
    ServiceAccount,
}

/// Procore's token endpoint with the app's credentials; what a `TokenManager` refreshes with.
#[derive(Debug)]
pub struct ProcoreLogin {
    endpoint: OAuthEndpoint,
    login: Login,
}

impl ProcoreLogin {
    /// The token endpoint of an environment.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when the host is not a URL or the credentials are empty.
    pub fn new(
        environment: &Environment,
        client_id: impl Into<String>,
        client_secret: Secret,
        login: Login,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpError> {
        let url = format!("{}/oauth/token", environment.login());
        let grant = match login {
            Login::Person => Grant::RefreshToken,
            Login::ServiceAccount => Grant::ClientCredentials,
        };
        let endpoint = OAuthEndpoint::new(&url, client_id, client_secret, transport, clock)?;
        Ok(Self { endpoint: endpoint.with_auth(ClientAuth::Form).with_grant(grant), login })
    }

    /// Exchanges the code from the consent page, once only, without retries. Hand the result to `TokenManager::install`.
    ///
    /// # Errors
    /// As [`TokenEndpoint::refresh`]. After any error the person must consent again: the code may be spent.
    pub async fn exchange_code(&self, code: &Secret, redirect_uri: &str) -> Result<TokenSet, HttpError> {
        with_refresh(self.endpoint.exchange_code(code, redirect_uri).await?)
    }
}

#[async_trait]
impl TokenEndpoint for ProcoreLogin {
    async fn refresh(&self, refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        let tokens = self.endpoint.refresh(refresh).await?;
        match self.login {
            Login::Person => with_refresh(tokens),
            Login::ServiceAccount => Ok(tokens),
        }
    }

    fn needs_refresh_token(&self) -> bool {
        self.login == Login::Person
    }
}

/// The old refresh token died with its use, so a set without a new one would end in 90 minutes without notice.
fn with_refresh(tokens: TokenSet) -> Result<TokenSet, HttpError> {
    if tokens.refresh.is_some() {
        return Ok(tokens);
    }
    let problem = "it has no `refresh_token`; if the app is a service account, configure it as one";
    Err(HttpError::TokenAnswer { problem: problem.to_owned() })
}
