//! Tokens: the authorization code, the access token and the refresh token whose value changes.
//!
//! <https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::config::QuickBooksConfig;
use super::random::Random;
use crate::json::{Json, object};

const CODE_LIFE: Duration = Duration::minutes(10);

struct Refresh {
    consent: u64,
    value_issued: DateTime<Utc>,
    expires: DateTime<Utc>,
    hard_expiry: DateTime<Utc>,
}

struct Access {
    consent: u64,
    expires: DateTime<Utc>,
}

struct Code {
    consent: u64,
    issued: DateTime<Utc>,
    used: bool,
}

/// All tokens of the one company that the double plays.
pub(super) struct Tokens {
    random: Random,
    consents: u64,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// Status and body of an answer of the token service.
pub(super) type TokenAnswer = (u16, Json);

fn refused(status: u16, error: &str, description: &str) -> TokenAnswer {
    (status, object([("error", error.into()), ("error_description", description.into())]))
}

impl Tokens {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed ^ 0x746f_6b65_6e73),
            consents: 0,
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
        }
    }

    /// The user consents; the code of the redirect.
    pub(super) fn consent(&mut self, now: DateTime<Utc>) -> String {
        self.consents += 1;
        let code = self.random.token("AB11");
        self.codes.insert(code.clone(), Code { consent: self.consents, issued: now, used: false });
        code
    }

    pub(super) fn grant(&mut self, now: DateTime<Utc>, config: &QuickBooksConfig) -> (String, String) {
        self.consents += 1;
        self.issue(now, config, self.consents)
    }

    fn issue(&mut self, now: DateTime<Utc>, config: &QuickBooksConfig, consent: u64) -> (String, String) {
        let refresh = self.random.token("RT1-101-H0-");
        let entry = Refresh {
            consent,
            value_issued: now,
            expires: now + config.refresh_token_life,
            hard_expiry: now + config.consent_life,
        };
        self.refresh.insert(refresh.clone(), entry);
        (self.issue_access(now, config, consent), refresh)
    }

    fn issue_access(&mut self, now: DateTime<Utc>, config: &QuickBooksConfig, consent: u64) -> String {
        // Nothing asks for a token that is over, and a long run would pile them up.
        self.access.retain(|_, entry| entry.expires > now);
        let access = self.random.token("eyJ-");
        self.access.insert(access.clone(), Access { consent, expires: now + config.access_token_life });
        access
    }

    pub(super) fn revoke_all(&mut self) {
        self.codes.clear();
        self.access.clear();
        self.refresh.clear();
    }

    fn revoke_consent(&mut self, consent: u64) {
        self.access.retain(|_, entry| entry.consent != consent);
        self.refresh.retain(|_, entry| entry.consent != consent);
    }

    /// Is the bearer token of these headers alive?
    pub(super) fn admits(&self, headers: &HeaderMap, now: DateTime<Utc>) -> bool {
        let Some(value) = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()) else { return false };
        let Some((scheme, token)) = value.split_once(' ') else { return false };
        scheme.eq_ignore_ascii_case("bearer") && self.access.get(token.trim()).is_some_and(|entry| now < entry.expires)
    }

    /// The token endpoint.
    pub(super) fn token(
        &mut self,
        now: DateTime<Utc>,
        config: &QuickBooksConfig,
        headers: &HeaderMap,
        form: &BTreeMap<String, String>,
    ) -> TokenAnswer {
        if !is_client(headers, config) {
            return refused(401, "invalid_client", "The client id or secret is wrong");
        }
        let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let (access, refresh) = match field("grant_type") {
            Some("authorization_code") => {
                let (Some(code), Some(_)) = (field("code"), field("redirect_uri")) else {
                    return refused(400, "invalid_request", "code and redirect_uri are required");
                };
                match self.exchange(now, config, code) {
                    Some(pair) => pair,
                    None => return refused(400, "invalid_grant", "Token invalid"),
                }
            }
            Some("refresh_token") => {
                let Some(token) = field("refresh_token") else {
                    return refused(400, "invalid_request", "refresh_token is required");
                };
                match self.refresh(now, config, token) {
                    Some(pair) => pair,
                    None => return refused(400, "invalid_grant", "Token invalid"),
                }
            }
            _ => {
                return refused(
                    400,
                    "unsupported_grant_type",
                    "grant_type must be authorization_code or refresh_token",
                );
            }
        };
        let Some(entry) = self.refresh.get(&refresh) else { return refused(400, "invalid_grant", "Token invalid") };
        let mut body = object([
            ("token_type", "bearer".into()),
            ("access_token", access.into()),
            ("expires_in", config.access_token_life.num_seconds().into()),
            ("refresh_token", refresh.into()),
            ("x_refresh_token_expires_in", (entry.expires - now).num_seconds().into()),
        ]);
        let wanted = headers.get("x-include-refresh-token-hard-expires-in").and_then(|v| v.to_str().ok());
        if wanted.is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            body.set("x_refresh_token_hard_expires_in", (entry.hard_expiry - now).num_seconds());
        }
        (200, body)
    }

    fn exchange(&mut self, now: DateTime<Utc>, config: &QuickBooksConfig, code: &str) -> Option<(String, String)> {
        let entry = self.codes.get_mut(code)?;
        if entry.used {
            // A code that comes twice may have been stolen: the tokens of the first exchange die.
            let consent = entry.consent;
            self.revoke_consent(consent);
            return None;
        }
        if now - entry.issued >= CODE_LIFE {
            return None;
        }
        entry.used = true;
        let consent = entry.consent;
        Some(self.issue(now, config, consent))
    }

    fn refresh(&mut self, now: DateTime<Utc>, config: &QuickBooksConfig, token: &str) -> Option<(String, String)> {
        let mut entry = self.refresh.remove(token)?;
        if now >= entry.expires || now >= entry.hard_expiry {
            return None;
        }
        let mut value = token.to_owned();
        if now - entry.value_issued >= config.refresh_rotation {
            value = self.random.token("RT1-101-H0-");
            entry.value_issued = now;
        }
        entry.expires = (now + config.refresh_token_life).min(entry.hard_expiry);
        let consent = entry.consent;
        self.refresh.insert(value.clone(), entry);
        Some((self.issue_access(now, config, consent), value))
    }

    /// The revocation endpoint: either token ends the whole connection.
    pub(super) fn revoke(&mut self, config: &QuickBooksConfig, headers: &HeaderMap, body: &[u8]) -> TokenAnswer {
        if !is_client(headers, config) {
            return refused(401, "invalid_client", "The client id or secret is wrong");
        }
        let parsed = Json::parse(body).ok();
        let token = parsed.as_ref().and_then(|json| json.get("token")).and_then(Json::as_str).unwrap_or_default();
        let consent = self.refresh.get(token).map(|entry| entry.consent);
        match consent.or_else(|| self.access.get(token).map(|entry| entry.consent)) {
            Some(consent) => {
                self.revoke_consent(consent);
                (200, object([]))
            }
            None => refused(400, "invalid_request", "Token invalid"),
        }
    }
}

fn is_client(headers: &HeaderMap, config: &QuickBooksConfig) -> bool {
    let Some(value) = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()) else { return false };
    let Some((scheme, encoded)) = value.split_once(' ') else { return false };
    let Ok(decoded) = STANDARD.decode(encoded.trim()) else { return false };
    let wanted = format!("{}:{}", config.client_id, config.client_secret);
    scheme.eq_ignore_ascii_case("basic") && decoded == wanted.as_bytes()
}
