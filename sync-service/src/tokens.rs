//! How long the consents of both sides still live.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use sync_core::http::{TokenSet, TokenStore};

use crate::Failure;
use crate::connect::{ConnectionSettings, PROCORE_TOKENS, QUICKBOOKS_TOKENS};

/// A refresh token that ends sooner than this is worth a word: it is renewed by each use.
const SOON: Duration = Duration::days(14);
/// A consent that ends sooner than this needs a person, who may be on holiday. QuickBooks' lasts five years
/// (<https://blogs.intuit.com/2025/11/12/important-changes-to-refresh-token-policy>).
const CONSENT_SOON: Duration = Duration::days(90);

/// How a consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Good,
    /// A person must act before it ends.
    Soon,
    /// It has ended, or was never given.
    Ended,
}

/// One side's consent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Life {
    pub(crate) side: &'static str,
    pub(crate) state: State,
    pub(crate) text: String,
    /// Renewed by itself.
    pub(crate) access_expires_at: Option<DateTime<Utc>>,
    /// Unless it is used before.
    pub(crate) refresh_expires_at: Option<DateTime<Utc>>,
    /// Whatever is done, a person must consent again by then.
    pub(crate) consent_expires_at: Option<DateTime<Utc>>,
}

/// The consents that this connection lives on.
pub(crate) async fn lives(settings: &ConnectionSettings) -> Result<Vec<Life>, Failure> {
    let (store, now) = (settings.token_store()?, settings.clock().now());
    let mut lives = Vec::new();
    for (side, name) in [("Procore", PROCORE_TOKENS), ("QuickBooks", QUICKBOOKS_TOKENS)] {
        if name == QUICKBOOKS_TOKENS && settings.desktop.is_some() {
            continue;
        }
        let needs_none = name == PROCORE_TOKENS && settings.procore.service_account;
        lives.push(life(side, name, needs_none, store.load(name).await?, now));
    }
    Ok(lives)
}

fn life(side: &'static str, name: &str, needs_none: bool, tokens: Option<TokenSet>, now: DateTime<Utc>) -> Life {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d");
    let again = format!("run `auth {name}`");
    let (refresh, consent) = tokens.as_ref().map_or((None, None), |t| (t.refresh_expires_at, t.hard_expires_at));
    let (state, text) = match (&tokens, refresh, consent) {
        (_, _, _) if needs_none => (State::Good, "a service account, which needs no consent".to_owned()),
        (None, _, _) => (State::Ended, format!("nobody has allowed access yet; {again}")),
        (_, _, Some(end)) if end <= now => (State::Ended, format!("the consent ended on {}; {again}", day(end))),
        (_, Some(end), _) if end <= now => (State::Ended, format!("it ended on {}; {again}", day(end))),
        (_, _, Some(end)) if end - now < CONSENT_SOON => (
            State::Soon,
            format!("the consent ends on {}, in {} days, whatever is done; {again}", day(end), (end - now).num_days()),
        ),
        (_, Some(end), _) if end - now < SOON => {
            (State::Soon, format!("it ends on {} unless it is used before; {again}, or start the sync", day(end)))
        }
        (_, Some(end), Some(consent)) => {
            (State::Good, format!("good until {}, moved on by each use; consent until {}", day(end), day(consent)))
        }
        (_, Some(end), None) => (State::Good, format!("good until {}, moved on by each use", day(end))),
        (_, None, _) => (State::Good, "renewed with each use; no end is told".to_owned()),
    };
    Life {
        side,
        state,
        text,
        access_expires_at: tokens.map(|tokens| tokens.access_expires_at),
        refresh_expires_at: refresh,
        consent_expires_at: consent,
    }
}

#[cfg(test)]
mod tests {
    use sync_core::http::Secret;

    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000 + days)
    }

    fn life_of(refresh: i64, consent: Option<i64>) -> Life {
        let mut tokens = TokenSet::new(Secret::from("a"), at(0)).with_refresh(Secret::from("r"), Some(at(refresh)));
        tokens.hard_expires_at = consent.map(at);
        life("QuickBooks", "quickbooks", false, Some(tokens), at(0))
    }

    #[test]
    fn a_person_is_told_ninety_days_before_the_five_years_are_over() {
        assert_eq!(life_of(100, Some(1825)).state, State::Good);
        assert_eq!(life_of(100, Some(90)).state, State::Good);
        let soon = life_of(89, Some(89));
        assert_eq!(soon.state, State::Soon);
        assert!(soon.text.contains("in 89 days") && soon.text.contains("auth quickbooks"), "{}", soon.text);
        assert_eq!(life_of(100, Some(0)).state, State::Ended);
    }

    #[test]
    fn a_refresh_token_that_nobody_uses_ends_by_itself() {
        assert_eq!(
            (life_of(14, None).state, life_of(13, None).state, life_of(0, None).state),
            (State::Good, State::Soon, State::Ended)
        );
        assert_eq!(life("Procore", "procore", false, None, at(0)).state, State::Ended);
        assert_eq!(life("Procore", "procore", true, None, at(0)).state, State::Good);
    }
}
