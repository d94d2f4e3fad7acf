//! What a double of QuickBooks Online can be told: the published limits, and the points that the vendor leaves open.

use chrono::Duration;

/// The published limits: <https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a minute for one company.
    pub requests_per_minute: usize,
    /// Requests a second for one company and app.
    pub requests_per_second: usize,
    /// Requests to the batch endpoint a minute for one company and app.
    pub batches_per_minute: usize,
    /// Items in one batch; more are refused with 1040.
    pub batch_items: usize,
    /// Objects in the answer of one batch, one page or one change-data-capture request.
    pub objects_per_answer: usize,
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Bytes of an upload with all its files; more is refused with 6030.
    pub upload_bytes: usize,
    /// Metered reads (read, query, change data capture, report) in a calendar month, after which reads answer 429 until the
    /// next month, as for an app in the free tier. `None`: not metered, as in the vendor's sandbox.
    pub reads_per_month: Option<u64>,
}

impl Limits {
    /// No limit on how often, for tests on a real clock. What bounds one request stays: batch items, page size, body.
    pub fn unhurried() -> Self {
        Self {
            requests_per_minute: usize::MAX,
            requests_per_second: usize::MAX,
            batches_per_minute: usize::MAX,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: 500,
            requests_per_second: 10,
            batches_per_minute: 40,
            batch_items: 30,
            objects_per_answer: 1000,
            body_bytes: 4 * 1024 * 1024,
            upload_bytes: 100 * 1024 * 1024,
            reads_per_month: None,
        }
    }
}

/// How the double behaves. The default is the documented behaviour; where nothing is documented, the stricter one.
#[derive(Clone)]
pub struct QuickBooksConfig {
    /// OAuth client id of the app.
    pub client_id: String,
    /// OAuth client secret of the app.
    pub client_secret: String,
    /// Verifier token of the app's webhook page: the key of `intuit-signature`.
    pub verifier_token: String,
    /// Published limits.
    pub limits: Limits,
    /// Life of an access token; 3600 s as documented.
    pub access_token_life: Duration,
    /// The refresh token changes at the first refresh after this time; 24 h as documented. Zero: at every refresh.
    pub refresh_rotation: Duration,
    /// Rolling life of a refresh token; 101 days as in the vendor's samples (8 726 400 s).
    pub refresh_token_life: Duration,
    /// Hard life of a consent, which refreshing does not extend; five years.
    pub consent_life: Duration,
    /// How long a `requestid` is remembered. Not documented; seven days here.
    pub request_id_memory: Duration,
    /// Is a refused request (4xx) replayed as well? Not documented; no.
    pub replay_refusals: bool,
    /// Answer 429 with `Retry-After` (seconds)? Not documented; no.
    pub retry_after: bool,
    /// Refuse with HTTP 200 and a `Fault` in the body, which the vendor's documentation allows.
    pub faults_with_status_200: bool,
    /// The gateway answers in XML whatever was asked for, as it has been seen to do.
    pub gateway_answers_xml: bool,
    /// Warn about (that is: refuse) duplicate document numbers. The company's own preference can only turn it off.
    pub warn_duplicate_numbers: bool,
    /// A bill, invoice or purchase order must be unlinked before it can be deleted, as documented.
    pub delete_needs_unlinked: bool,
    /// Send an `updated` event for a transaction that another one changed (a bill that was paid)? Not documented; no.
    pub webhooks_for_indirect_changes: bool,
    /// The webhook format of before 2026 instead of CloudEvents.
    pub legacy_webhooks: bool,
    /// Requests that [`log`](super::QuickBooks::log) keeps.
    pub log_capacity: usize,
    /// Decides token values, event ids and the order of batch answers.
    pub seed: u64,
}

impl Default for QuickBooksConfig {
    fn default() -> Self {
        Self {
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            verifier_token: "sandbox-verifier".to_owned(),
            limits: Limits::default(),
            access_token_life: Duration::seconds(3600),
            refresh_rotation: Duration::hours(24),
            refresh_token_life: Duration::seconds(8_726_400),
            consent_life: Duration::days(5 * 365),
            request_id_memory: Duration::days(7),
            replay_refusals: false,
            retry_after: false,
            faults_with_status_200: false,
            gateway_answers_xml: false,
            warn_duplicate_numbers: true,
            delete_needs_unlinked: true,
            webhooks_for_indirect_changes: false,
            legacy_webhooks: false,
            log_capacity: 10_000,
            seed: 1,
        }
    }
}

impl std::fmt::Debug for QuickBooksConfig {
    // Without the client secret and the verifier token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QuickBooksConfig")
            .field("client_id", &self.client_id)
            .field("limits", &self.limits)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
