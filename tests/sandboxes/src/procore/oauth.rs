//! Tokens: `/oauth/authorize`, `/oauth/token`, `/oauth/token/info`, `/oauth/revoke`.
//!
//! Source: <https://developers.procore.com/documentation/oauth-endpoints>. A refresh token works once; whoever loses
//! the answer of a refresh is locked out.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use http::{HeaderValue, Response, StatusCode, header};

use super::call::Call;
use super::config::ProcoreConfig;
use super::errors::{Refusal, json_response};
use crate::faults::SplitMix;
use crate::json::{Json, object};

/// Minutes that an authorization code lives.
const CODE_LIFE: i64 = 10;
/// The user behind every token.
pub(super) const USER_ID: &str = "5551001";

#[derive(Clone, Debug)]
pub(super) struct Access {
    issued: DateTime<Utc>,
    ends: DateTime<Utc>,
    /// From client credentials: no user, hence the stricter rule for the company header.
    pub(super) service_account: bool,
    refresh: Option<String>,
}

/// All tokens and codes that are good. Its `Debug` shows how many, not which.
#[derive(Default)]
pub(super) struct Tokens {
    access: HashMap<String, Access>,
    /// Refresh token, and the access token that came with it.
    refresh: HashMap<String, String>,
    /// Code, the redirect it was issued for, and when it ends.
    codes: HashMap<String, (Option<String>, DateTime<Utc>)>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokens({} access, {} refresh)", self.access.len(), self.refresh.len())
    }
}

fn invalid_grant() -> Refusal {
    let text = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                used in the authorization request, or was issued to another client.";
    Refusal::OAuth(StatusCode::BAD_REQUEST, "invalid_grant", text)
}

fn bad(text: &'static str) -> Refusal {
    Refusal::OAuth(StatusCode::BAD_REQUEST, "invalid_request", text)
}

fn secret(rng: &mut SplitMix) -> String {
    format!("{:016x}{:016x}", rng.draw(), rng.draw())
}

impl Tokens {
    /// A new pair.
    pub(super) fn grant(&mut self, now: DateTime<Utc>, config: &ProcoreConfig, rng: &mut SplitMix) -> (String, String) {
        let refresh = secret(rng);
        let access = self.issue(now, config, rng, Some(refresh.clone()));
        self.refresh.insert(refresh.clone(), access.clone());
        (access, refresh)
    }

    fn issue(
        &mut self,
        now: DateTime<Utc>,
        config: &ProcoreConfig,
        rng: &mut SplitMix,
        refresh: Option<String>,
    ) -> String {
        // Expired tokens go here, so that a long run does not gather them.
        self.access.retain(|_, known| known.ends > now);
        let access = format!("eyJ0eXAiOiJKV1QifQ.{}.{}", secret(rng), secret(rng));
        let ends = now + Duration::seconds(config.token_life);
        let service_account = refresh.is_none();
        self.access.insert(access.clone(), Access { issued: now, ends, service_account, refresh });
        access
    }

    /// A code, as the consent page would show it.
    pub(super) fn code(&mut self, now: DateTime<Utc>, redirect: Option<&str>, rng: &mut SplitMix) -> String {
        let code = secret(rng);
        self.codes.insert(code.clone(), (redirect.map(str::to_owned), now + Duration::minutes(CODE_LIFE)));
        code
    }

    pub(super) fn revoke_all(&mut self) {
        self.access.clear();
        self.refresh.clear();
        self.codes.clear();
    }

    /// What a bearer token stands for.
    pub(super) fn check(&self, now: DateTime<Utc>, bearer: Option<&str>) -> Result<&Access, Refusal> {
        let refuse = |text: &str| Refusal::Message(StatusCode::UNAUTHORIZED, text.to_owned());
        let bearer = bearer.ok_or_else(|| refuse("The access token is missing"))?;
        let known = self.access.get(bearer).ok_or_else(|| refuse("The access token is invalid"))?;
        if now < known.ends { Ok(known) } else { Err(refuse("The access token expired")) }
    }

    /// Answers a call of the login host.
    pub(super) fn answer(
        &mut self,
        call: &Call<'_>,
        config: &ProcoreConfig,
        rng: &mut SplitMix,
    ) -> Result<Response<bytes::Bytes>, Refusal> {
        match (call.method.as_str(), call.segments.as_slice()) {
            ("POST", ["oauth", "token"]) => {
                self.token(call, config, rng).map(|body| json_response(StatusCode::OK, &body))
            }
            ("GET", ["oauth", "token", "info"]) => {
                self.info(call, config).map(|body| json_response(StatusCode::OK, &body))
            }
            ("POST", ["oauth", "revoke"]) => {
                self.revoke(call, config)?;
                Ok(json_response(StatusCode::OK, &object([])))
            }
            ("GET", ["oauth", "authorize"]) => self.authorize(call, config, rng),
            _ => Err(Refusal::not_found()),
        }
    }

    fn token(&mut self, call: &Call<'_>, config: &ProcoreConfig, rng: &mut SplitMix) -> Result<Json, Refusal> {
        let form = call.form()?;
        let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
        if field("client_id") != Some(&config.client_id) || field("client_secret") != Some(&config.client_secret) {
            let text = "Client authentication failed due to unknown client, no client authentication included, or \
                        unsupported authentication method.";
            return Err(Refusal::OAuth(StatusCode::UNAUTHORIZED, "invalid_client", text));
        }
        let (access, refresh) = match field("grant_type") {
            Some("authorization_code") => {
                let code = field("code").ok_or_else(|| bad("Missing required parameter: code"))?;
                let redirect = field("redirect_uri").ok_or_else(|| bad("Missing required parameter: redirect_uri"))?;
                // Used up by the first attempt, whatever comes of it.
                let (issued_for, ends) = self.codes.remove(code).ok_or_else(invalid_grant)?;
                if call.now >= ends || issued_for.is_some_and(|wanted| wanted != redirect) {
                    return Err(invalid_grant());
                }
                let (access, refresh) = self.grant(call.now, config, rng);
                (access, Some(refresh))
            }
            Some("refresh_token") => {
                let old = field("refresh_token").ok_or_else(|| bad("Missing required parameter: refresh_token"))?;
                let replaced = self.refresh.remove(old).ok_or_else(invalid_grant)?;
                self.access.remove(&replaced);
                let (access, refresh) = self.grant(call.now, config, rng);
                (access, Some(refresh))
            }
            Some("client_credentials") => (self.issue(call.now, config, rng, None), None),
            Some(_) => {
                let text = "The authorization grant type is not supported by the authorization server.";
                return Err(Refusal::OAuth(StatusCode::BAD_REQUEST, "unsupported_grant_type", text));
            }
            None => return Err(bad("Missing required parameter: grant_type")),
        };
        let mut answer = object([
            ("access_token", access.into()),
            ("token_type", "bearer".into()),
            ("expires_in", config.token_life.into()),
        ]);
        if let Some(refresh) = refresh {
            answer.set("refresh_token", refresh);
        }
        answer.set("created_at", call.now.timestamp());
        Ok(answer)
    }

    fn info(&self, call: &Call<'_>, config: &ProcoreConfig) -> Result<Json, Refusal> {
        let known = self.check(call.now, call.bearer())?;
        Ok(object([
            ("resource_owner_id", super::store::id_json(USER_ID)),
            ("scopes", Json::Array(Vec::new())),
            ("expires_in_seconds", (known.ends - call.now).num_seconds().into()),
            ("application", object([("uid", config.client_id.as_str().into())])),
            ("created_at", known.issued.timestamp().into()),
        ]))
    }

    /// Answers 200 to unknown tokens too, but revokes only for the app that proves itself.
    fn revoke(&mut self, call: &Call<'_>, config: &ProcoreConfig) -> Result<(), Refusal> {
        let form = call.form()?;
        if form.get("client_id") != Some(&config.client_id) || form.get("client_secret") != Some(&config.client_secret)
        {
            let text = "You are not authorized to revoke this token";
            return Err(Refusal::OAuth(StatusCode::FORBIDDEN, "unauthorized_client", text));
        }
        let token = form.get("token").unwrap_or("");
        if let Some(known) = self.access.remove(token)
            && let Some(refresh) = known.refresh
        {
            self.refresh.remove(&refresh);
        }
        if let Some(access) = self.refresh.remove(token) {
            self.access.remove(&access);
        }
        Ok(())
    }

    /// The consent page, with a user who agrees at once.
    fn authorize(
        &mut self,
        call: &Call<'_>,
        config: &ProcoreConfig,
        rng: &mut SplitMix,
    ) -> Result<Response<bytes::Bytes>, Refusal> {
        if call.query.get("response_type") != Some("code") {
            return Err(bad("Missing required parameter: response_type"));
        }
        if call.query.get("client_id") != Some(&config.client_id) {
            let text = "Client authentication failed due to unknown client.";
            return Err(Refusal::OAuth(StatusCode::UNAUTHORIZED, "invalid_client", text));
        }
        let redirect = call.query.get("redirect_uri").ok_or_else(|| bad("Missing required parameter: redirect_uri"))?;
        let code = self.code(call.now, Some(redirect), rng);
        let joint = if redirect.contains('?') { '&' } else { '?' };
        let mut target = format!("{redirect}{joint}code={code}");
        if let Some(state) = call.query.get("state") {
            let state = percent_encoding::utf8_percent_encode(state, percent_encoding::NON_ALPHANUMERIC);
            target.push_str(&format!("&state={state}"));
        }
        let location = HeaderValue::from_str(&target).map_err(|_| bad("The redirect URI is malformed"))?;
        let mut response = json_response(StatusCode::FOUND, &object([]));
        response.headers_mut().insert(header::LOCATION, location);
        Ok(response)
    }
}
