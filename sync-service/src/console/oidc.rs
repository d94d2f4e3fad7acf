//! Signing in by the company's OpenID Connect provider: the authorization code flow with PKCE
//! (<https://openid.net/specs/openid-connect-core-1_0.html>, RFC 7636).
//!
//! The provider says who somebody is; the console's own users say whether they may come in, and as what.

use std::sync::Arc;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Request, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sync_core::http::Transport;
use sync_core::model::Timestamp;

use super::store::digest;

/// No document of a provider comes near it.
const LARGEST: usize = 1 << 20;
/// The clocks of the provider and of this machine may differ by so much.
const LEEWAY: i64 = 60;
/// Signatures by a key that only the provider has. A secret that both sides know proves nothing here.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The provider, and this program as it knows it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct OidcSettings {
    /// As in its tokens, e.g. `https://login.example.com/tenant/v2.0`.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Empty for a client without one, which PKCE alone protects.
    pub(crate) client_secret: String,
    /// The claim that is the name of a user of the console, e.g. `email`.
    pub(crate) claim: String,
}

/// Why nobody is signed in; every text is for the person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    #[error("{0} cannot be asked: {1}; try again, or sign in with name and password")]
    Unreachable(String, String),
    #[error("the answer of {0} cannot be used: {1}; tell the administrator")]
    Unusable(String, String),
    #[error("the sign-in was refused: {0}")]
    Refused(String),
    #[error("the token of the sign-in is not good: {0}; sign in again")]
    Token(String),
    #[error("the account has no {0}; choose another account, or ask the administrator")]
    NoClaim(String),
    #[error("the e-mail address {0} is not verified by the provider; verify it there first")]
    Unverified(String),
}

/// What is derived from the secret that only this browser has, and from the state: nothing of it is stored.
#[derive(Debug)]
pub(crate) struct Proof {
    verifier: String,
    nonce: String,
}

impl Proof {
    pub(crate) fn of(secret: &str, state: &str) -> Self {
        Self {
            verifier: digest(&format!("verifier {secret} {state}")),
            nonce: digest(&format!("nonce {secret} {state}")),
        }
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// What the provider says of itself: `/.well-known/openid-configuration`.
#[derive(Debug, Deserialize)]
pub(crate) struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenFault {
    error: Option<String>,
    error_description: Option<String>,
}

/// A client of the provider.
pub(crate) struct Oidc<'a> {
    pub(crate) settings: &'a OidcSettings,
    pub(crate) transport: Arc<dyn Transport>,
    /// Where the provider sends the browser back to, as registered there.
    pub(crate) callback: String,
}

impl Oidc<'_> {
    /// Asks the provider where things are.
    pub(crate) async fn discover(&self) -> Result<Provider, OidcError> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let provider: Provider = self.get(&url).await?;
        // Another issuer's document would let it sign for this one.
        if provider.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            let text = format!("it calls itself {}", provider.issuer);
            return Err(OidcError::Unusable(issuer.clone(), text));
        }
        for place in [&provider.authorization_endpoint, &provider.token_endpoint, &provider.jwks_uri] {
            if !is_private(place) {
                return Err(OidcError::Unusable(issuer.clone(), format!("{place} is not an https address")));
            }
        }
        Ok(provider)
    }

    /// The address of the provider's sign-in.
    pub(crate) fn address(&self, provider: &Provider, state: &str, proof: &Proof) -> String {
        let (challenge, to) = (proof.challenge(), &provider.authorization_endpoint);
        let query = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.callback),
            ("scope", "openid email profile"),
            ("state", state),
            ("nonce", &proof.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("{to}{}{query}", if to.contains('?') { '&' } else { '?' })
    }

    /// Exchanges the code, and gives the name of the user whom the provider vouches for.
    pub(crate) async fn user(&self, code: &str, proof: &Proof, now: Timestamp) -> Result<String, OidcError> {
        let provider = self.discover().await?;
        let token = self.exchange(&provider, code, proof).await?;
        let claims = self.verify(&provider, &token, proof, now).await?;
        let claim = &self.settings.claim;
        let name = claims.get(claim).and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| OidcError::NoClaim(claim.clone()))?;
        // Some providers say it as text.
        let is_verified = matches!(claims.get("email_verified"), Some(Value::Bool(true)))
            || claims.get("email_verified").and_then(Value::as_str) == Some("true");
        if claim == "email" && !is_verified {
            return Err(OidcError::Unverified(name.to_owned()));
        }
        Ok(name.to_owned())
    }

    async fn exchange(&self, provider: &Provider, code: &str, proof: &Proof) -> Result<String, OidcError> {
        let OidcSettings { issuer, client_id, client_secret, .. } = self.settings;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.callback),
            ("code_verifier", &proof.verifier),
        ];
        let methods = provider.token_endpoint_auth_methods_supported.as_deref();
        let takes_basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let is_basic = takes_basic && !client_secret.is_empty();
        if !is_basic {
            form.push(("client_id", client_id));
            if !client_secret.is_empty() {
                form.push(("client_secret", client_secret));
            }
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&provider.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        if is_basic {
            // RFC 6749, 2.3.1: both parts are form-encoded first.
            let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let basic = STANDARD.encode(format!("{}:{}", part(client_id), part(client_secret)));
            request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
        }
        let (status, body) = self.send(request.body(body.into())).await?;
        if !status.is_success() {
            let fault: Option<TokenFault> = serde_json::from_slice(&body).ok();
            let text = fault.and_then(|fault| fault.error_description.or(fault.error));
            return Err(OidcError::Refused(text.unwrap_or_else(|| format!("the provider answered {status}"))));
        }
        let tokens: Tokens = read(issuer, &body)?;
        tokens.id_token.ok_or_else(|| OidcError::Unusable(issuer.clone(), "there is no id_token in it".to_owned()))
    }

    /// The claims of an ID token: signed by the provider, for this client, in this sign-in, and still good.
    async fn verify(
        &self,
        provider: &Provider,
        token: &str,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OidcError> {
        let bad = |text: &str| OidcError::Token(text.to_owned());
        let head = decode_header(token).map_err(|error| OidcError::Token(error.to_string()))?;
        if !ALGORITHMS.contains(&head.alg) {
            return Err(OidcError::Token(format!("it is signed with {:?}", head.alg)));
        }
        let keys: JwkSet = self.get(&provider.jwks_uri).await?;
        let key = match &head.kid {
            Some(kid) => keys.find(kid),
            None if keys.keys.len() == 1 => keys.keys.first(),
            None => None,
        };
        let key = key.ok_or_else(|| bad("the provider does not know the key that it is signed with"))?;
        let key = DecodingKey::from_jwk(key).map_err(|error| OidcError::Token(error.to_string()))?;
        let mut rules = Validation::new(head.alg);
        rules.set_audience(&[&self.settings.client_id]);
        rules.set_issuer(&[&provider.issuer]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is handed in, so it is looked at below.
        rules.validate_exp = false;
        let claims = decode::<Map<String, Value>>(token, &key, &rules);
        let claims = claims.map_err(|error| OidcError::Token(error.to_string()))?.claims;
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        if time("exp").is_none_or(|exp| exp + LEEWAY <= now.timestamp()) {
            return Err(bad("it has expired"));
        }
        if time("iat").is_none_or(|iat| iat - LEEWAY > now.timestamp()) {
            return Err(bad("it is from the future; set the clock of this machine"));
        }
        if claims.get("nonce").and_then(Value::as_str) != Some(&proof.nonce) {
            return Err(bad("it belongs to another sign-in"));
        }
        let other = claims.get("azp").and_then(Value::as_str).is_some_and(|party| party != self.settings.client_id);
        if other {
            return Err(bad("it was made for another program"));
        }
        Ok(claims)
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, OidcError> {
        let request = Request::get(url).header(header::ACCEPT, "application/json").body(Bytes::new());
        let (status, body) = self.send(request).await?;
        if !status.is_success() {
            return Err(OidcError::Unreachable(url.to_owned(), format!("it answered {status}")));
        }
        read(url, &body)
    }

    async fn send(&self, request: http::Result<Request<Bytes>>) -> Result<(StatusCode, Bytes), OidcError> {
        let issuer = &self.settings.issuer;
        let request = request.map_err(|error| OidcError::Unusable(issuer.clone(), error.to_string()))?;
        let answer = self.transport.send_within(request, LARGEST).await;
        let answer = answer.map_err(|error| OidcError::Unreachable(issuer.clone(), error.to_string()))?;
        Ok((answer.status(), answer.into_body()))
    }
}

fn read<T: DeserializeOwned>(from: &str, body: &[u8]) -> Result<T, OidcError> {
    serde_json::from_slice(body).map_err(|error| OidcError::Unusable(from.to_owned(), error.to_string()))
}

/// Over https, or within this machine.
pub(crate) fn is_private(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        let is_here = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && is_here
    })
}
