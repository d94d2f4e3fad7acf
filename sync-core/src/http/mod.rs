//! What every HTTP connector needs, written once: transport, tokens and their rotation, pacing, retry, redaction, pages.
//!
//! | part | what for |
//! |---|---|
//! | [`ApiClient`] | one call to a vendor's API: paced, authorised, retried by what is safe, counted |
//! | [`Transport`] | the seam below: one request in, one answer or [`TransportError`] out; [`ReqwestTransport`] ships |
//! | [`TokenManager`] | a valid access token; one refresh at a time; the new refresh token is stored before it is used |
//! | [`TokenStore`] | where tokens live: [`MemoryTokenStore`], [`FileTokenStore`] (sealed by a [`Seal`]), or your own, such as a vault |
//! | [`OAuthEndpoint`] | the token endpoint of RFC 6749: code exchange, refresh, client credentials |
//! | [`Pace`] | published limits, obeyed: several sliding windows, a cap on requests in flight, a pause after 429 |
//! | [`RetryPolicy`], [`retry()`] | full jitter; `Retry-After` wins; a write whose outcome is unknown is never re-sent |
//! | [`PageGuard`], [`parse_link_header`] | `Link: rel="next"`, guarded against loops and against leaving the host |
//! | [`redact()`], [`Secret`] | nothing secret reaches an error text, a log line or a debug print |
//!
//! The vendor's own words (fault bodies, envelopes, field names) stay in its connector.
mod client;
mod error;
mod file_store;
mod notice;
mod oauth;
mod pace;
mod page;
mod redact;
mod request;
mod reqwest_transport;
mod retry;
mod secret;
mod token;
mod token_manager;
mod transport;

#[cfg(test)]
mod canary_tests;
#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod oauth_tests;
#[cfg(test)]
mod pace_tests;
#[cfg(test)]
mod redact_tests;
#[cfg(test)]
mod token_tests;

pub use client::{ApiClient, ThrottleProbe};
pub use error::HttpError;
pub use file_store::{FileTokenStore, Seal, SealError};
pub use notice::Notice;
pub use oauth::{AnswerFields, ClientAuth, Grant, OAuthEndpoint, parse_token_answer};
pub use pace::{MemoryPaceLog, Pace, PaceLog, PaceLogError, Permit, Window};
pub use page::{Links, PageGuard, parse_link_header};
pub use redact::{Redacted, SafeHeaders, redact, redact_exact, summarize};
pub use request::{ApiAnswer, ApiRequest, Counters, RateHeaders};
pub use reqwest_transport::{ReqwestTransport, TransportConfig};
pub use retry::{ErrorClass, GaveUp, RetryPolicy, Safety, parse_retry_after, retry, retry_http};
pub use secret::Secret;
pub use token::{MemoryTokenStore, RefreshLock, Stored, TokenEndpoint, TokenSet, TokenStore, TokenStoreError};
pub use token_manager::{TokenManager, TokenStatus};
pub use transport::{Transport, TransportError, TransportErrorKind};
