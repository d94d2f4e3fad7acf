//! Where the API is and how fast it may be asked.

use std::sync::Arc;
use std::time::Duration;

use sync_core::clock::Clock;
use sync_core::http::{Pace, PaceLog, RetryPolicy, Window};

/// Addresses of Intuit's servers. Sandbox and production share those for authorisation
/// (<https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0>); Intuit
/// asks applications to read them from its discovery document, so each can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The API, without a slash at the end.
    pub api: String,
    /// The page on which a person consents.
    pub authorize: String,
    /// The token endpoint.
    pub token: String,
    /// The endpoint that ends a consent.
    pub revoke: String,
}

impl Environment {
    /// Live companies.
    #[must_use]
    pub fn production() -> Self {
        Self::with_api("https://quickbooks.api.intuit.com")
    }

    /// Sandbox companies.
    #[must_use]
    pub fn sandbox() -> Self {
        Self::with_api("https://sandbox-quickbooks.api.intuit.com")
    }

    /// The API elsewhere, Intuit's servers for the rest.
    #[must_use]
    pub fn with_api(api: impl Into<String>) -> Self {
        Self {
            api: api.into(),
            authorize: "https://appcenter.intuit.com/connect/oauth2".to_owned(),
            token: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer".to_owned(),
            revoke: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke".to_owned(),
        }
    }

    /// Everything on one server, such as a local double.
    #[must_use]
    pub fn local(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            api: base.to_owned(),
            authorize: format!("{base}/connect/oauth2"),
            token: format!("{base}/oauth2/v1/tokens/bearer"),
            revoke: format!("{base}/v2/oauth2/tokens/revoke"),
        }
    }
}

/// How fast one company may be asked. The published limits
/// (<https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles>) less some room: that of a minute is
/// shared with all other apps of the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in a second; published: 10 for each company and app.
    pub per_second: u32,
    /// Requests in a minute; published: 500 for each company.
    pub per_minute: u32,
    /// Batch requests in a minute; published: 40 for each company and app.
    pub batches_per_minute: u32,
    /// Requests without an answer at any time; published: 10.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 8, per_minute: 450, batches_per_minute: 38, in_flight: 10 }
    }
}

const SECOND: &str = "realm-second";
const MINUTE: &str = "realm-minute";
const BATCH_MINUTE: &str = "realm-batch-minute";

/// The windows of most requests.
pub(crate) const ANY: &[&str] = &[SECOND, MINUTE];
/// The windows of batch requests.
pub(crate) const BATCH: &[&str] = &[SECOND, MINUTE, BATCH_MINUTE];

impl Limits {
    /// The pace that keeps to these limits. `log` carries recent requests across a restart.
    #[must_use]
    pub fn pace(&self, clock: Arc<dyn Clock>, log: Option<Arc<dyn PaceLog>>) -> Pace {
        let minute = Duration::from_secs(60);
        let windows = vec![
            Window::new(SECOND, self.per_second, Duration::from_secs(1)),
            Window::new(MINUTE, self.per_minute, minute),
            Window::new(BATCH_MINUTE, self.batches_per_minute, minute),
        ];
        Pace::new(windows, clock, log).with_max_in_flight(self.in_flight)
    }
}

/// Settings of a [`QuickBooks`](crate::QuickBooks) client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the API is.
    pub environment: Environment,
    /// The company's id, which the consent page hands back with the code.
    pub realm: String,
    /// Version of the schema. Since August 2025 every request is answered as 75
    /// (<https://blogs.intuit.com/2025/01/21/changes-to-our-accounting-api-that-may-impact-your-application>).
    pub minor_version: u32,
    /// How fast it may be asked.
    pub limits: Limits,
    /// How often reads are repeated, and writes that certainly had no effect.
    pub retry: RetryPolicy,
    /// Items of one batch request; published: 30.
    pub batch_items: usize,
    /// Objects of one page; at most 1000.
    pub page: u32,
}

impl Config {
    /// The documented settings for one company.
    #[must_use]
    pub fn new(environment: Environment, realm: impl Into<String>) -> Self {
        Self {
            environment,
            realm: realm.into(),
            minor_version: 75,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            batch_items: 30,
            page: crate::query::MAX_PAGE,
        }
    }
}
