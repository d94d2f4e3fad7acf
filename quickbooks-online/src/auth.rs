//! Connecting a company: consent, code exchange, refresh, revocation.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0>

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use percent_encoding::percent_decode_str;
use sync_core::clock::Clock;
use sync_core::http::{AnswerFields, HttpError, OAuthEndpoint, Secret, TokenEndpoint, TokenSet, Transport, summarize};

use crate::client::Environment;
use crate::query::encoded;

/// Reading and writing a company's books; there is no scope for reading only.
pub const SCOPE_ACCOUNTING: &str = "com.intuit.quickbooks.accounting";

/// The keys of an app, from the developer portal. Sandbox and production have different ones.
#[derive(Clone, Debug)]
pub struct App {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Secret,
    /// Where the consent page returns to: exactly as registered, https, without query.
    pub redirect_uri: String,
}

/// Intuit's side of the authorisation of an app. As a [`TokenEndpoint`] it refreshes tokens for a
/// [`TokenManager`](sync_core::http::TokenManager).
pub struct Authorization {
    environment: Environment,
    app: App,
    endpoint: OAuthEndpoint,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("environment", &self.environment).field("app", &self.app).finish()
    }
}

/// What the consent page handed back.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Good for one exchange within minutes. A second exchange may revoke the tokens of the first.
    pub code: Secret,
    /// The company: keep it with the tokens, since no token answer names it.
    pub realm: String,
}

/// Why a person's return from the consent page leads to no tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentError {
    /// The person, or Intuit, said no.
    #[error("the company was not connected: {0}. Start again, and consent as an administrator of the company")]
    Denied(String),
    /// The state is not the one that was sent: somebody else's consent, or an old page.
    #[error("the answer of the consent page belongs to another attempt; start again")]
    WrongState,
    /// Something is missing in the answer.
    #[error("the answer of the consent page has no `{0}`; start again from the link of this program")]
    Missing(&'static str),
}

impl Authorization {
    /// The authorisation of `app`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when an address is no URL or a key is empty.
    pub fn new(
        environment: Environment,
        app: App,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, HttpError> {
        let secret = app.client_secret.clone();
        let endpoint = OAuthEndpoint::new(&environment.token, &*app.client_id, secret, transport.clone(), clock)?
            .with_fields(AnswerFields {
                refresh_expires_in: Some("x_refresh_token_expires_in"),
                hard_expires_in: Some("x_refresh_token_hard_expires_in"),
            })
            // Asks for the end of the consent itself, five years after it was given, which no refresh moves
            // (https://blogs.intuit.com/2025/11/12/important-changes-to-refresh-token-policy).
            .with_header("x-include-refresh-token-hard-expires-in", "true");
        Ok(Self { environment, app, endpoint, transport })
    }

    /// The address to send a person to. `state` is unguessable, and compared in [`consent`](Self::consent).
    #[must_use]
    pub fn authorize_url(&self, scopes: &[&str], state: &str) -> String {
        let scopes = scopes.join(" ");
        format!(
            "{}?client_id={}&response_type=code&scope={}&redirect_uri={}&state={}",
            self.environment.authorize,
            encoded(&self.app.client_id),
            encoded(&scopes),
            encoded(&self.app.redirect_uri),
            encoded(state),
        )
    }

    /// Reads the query with which the consent page returned.
    ///
    /// # Errors
    /// [`ConsentError`] if it grants nothing, or does not belong to `state`.
    pub fn consent(&self, query: &str, state: &str) -> Result<Consent, ConsentError> {
        let value = |name: &str| {
            let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
        };
        let returned = value("state").ok_or(ConsentError::Missing("state"))?;
        // As secrets, so that the comparison takes the same time wherever they differ.
        if Secret::from(returned) != Secret::from(state) {
            return Err(ConsentError::WrongState);
        }
        if let Some(error) = value("error") {
            return Err(ConsentError::Denied(crate::sanitise::line(&error, 100).into_owned()));
        }
        Ok(Consent {
            code: Secret::from(value("code").ok_or(ConsentError::Missing("code"))?),
            realm: value("realmId").ok_or(ConsentError::Missing("realmId"))?,
        })
    }

    /// Exchanges the code for tokens; once only. Give the result to
    /// [`TokenManager::install`](sync_core::http::TokenManager::install).
    ///
    /// # Errors
    /// As [`TokenEndpoint::refresh`]. After any error the person must consent again.
    pub async fn exchange(&self, consent: &Consent) -> Result<TokenSet, HttpError> {
        self.endpoint.exchange_code(&consent.code, &self.app.redirect_uri).await
    }

    /// Ends the consent; all its tokens die. `token` is the newest refresh token.
    ///
    /// # Errors
    /// [`HttpError::Status`] if Intuit refuses, [`HttpError::Transport`] if it cannot be reached.
    pub async fn revoke(&self, token: &Secret) -> Result<(), HttpError> {
        let invalid = |problem: &str| HttpError::InvalidRequest { problem: problem.to_owned() };
        let pair = Secret::new(format!("{}:{}", self.app.client_id, self.app.client_secret.expose()));
        let mut basic = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.expose())))
            .map_err(|_| invalid("the client id or secret cannot be sent in a header"))?;
        basic.set_sensitive(true);
        let body = serde_json::json!({ "token": token.expose() }).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.environment.revoke)
            .header(AUTHORIZATION, basic)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| invalid("the address for revoking is not a URL"))?;
        let answer = self.transport.send(request).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(HttpError::Status {
            status: answer.status().as_u16(),
            request_id: None,
            retry_after: None,
            summary: summarize(answer.body(), &[token, &self.app.client_secret]),
        })
    }
}

#[async_trait]
impl TokenEndpoint for Authorization {
    async fn refresh(&self, refresh: Option<&Secret>) -> Result<TokenSet, HttpError> {
        self.endpoint.refresh(refresh).await
    }
}
