//! What a double can be told about the company it plays.

/// Calls that one app may make before it is told to wait; every customer has limits of their own.
///
/// Source: <https://developers.procore.com/documentation/rate-limiting>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls in 60 minutes.
    pub hourly: u32,
    /// Calls in 10 seconds.
    pub spike: u32,
    /// Whether a 429 carries `Retry-After`; the guides disagree, so a client must live with both.
    pub retry_after: bool,
}

impl Limits {
    /// Never in the way: the default, so that only tests of pacing meet a limit.
    pub const GENEROUS: Self = Self { hourly: 1_000_000_000, spike: 1_000_000_000, retry_after: true };
    /// The example of the rate limit guide: 600 an hour, 25 in ten seconds.
    pub const DOCUMENTED: Self = Self { hourly: 600, spike: 25, retry_after: true };
}

impl Default for Limits {
    fn default() -> Self {
        Self::GENEROUS
    }
}

/// Rows on a page where the caller does not say, and at most.
///
/// Source: <https://developers.procore.com/documentation/pagination> and the reference pages of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSizes {
    /// v1 lists without a number of their own.
    pub v1: usize,
    /// The most that v1 gives.
    pub v1_max: usize,
    /// v2 lists.
    pub v2: usize,
    /// The most that v2 gives.
    pub v2_max: usize,
    /// `GET /rest/v1.1/projects`
    pub projects: usize,
    /// The most that `GET /rest/v1.1/projects` gives.
    pub projects_max: usize,
    /// Requisitions, and the payment applications of a prime contract.
    pub invoices: usize,
}

impl Default for PageSizes {
    fn default() -> Self {
        Self { v1: 100, v1_max: 2000, v2: 10, v2_max: 100, projects: 100, projects_max: 300, invoices: 30 }
    }
}

/// Form of a webhook body. Source: <https://developers.procore.com/documentation/webhooks-payload-formats>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadVersion {
    /// `v2.0`, the default of new hooks.
    #[default]
    V2,
    /// `v3.0`: `v2.0` with `related_resources`.
    V3,
    /// `v4.0`: ids are strings, `reason` and `resource_type` replace `event_type` and `resource_name`.
    V4,
}

impl PayloadVersion {
    /// As the webhook API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2.0",
            Self::V3 => "v3.0",
            Self::V4 => "v4.0",
        }
    }

    /// Reads the spelling of the webhook API.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "v2" | "v2.0" => Some(Self::V2),
            "v3.0" => Some(Self::V3),
            "v4.0" => Some(Self::V4),
            _ => None,
        }
    }
}

/// What the company, the app and the network agreed on.
#[derive(Clone)]
pub struct ProcoreConfig {
    /// Client id of the app.
    pub client_id: String,
    /// Client secret of the app.
    pub client_secret: String,
    /// Rate limits.
    pub limits: Limits,
    /// Seconds that an access token lives.
    pub token_life: i64,
    /// The `Authorization` header of deliveries. When set, a hook with every trigger exists from the start; without
    /// it only hooks that were created through the API deliver.
    pub webhook_authorization: Option<String>,
    /// Body of the deliveries of that first hook.
    pub payload_version: PayloadVersion,
    /// Rows on a page.
    pub pages: PageSizes,
    /// Whether `view=extended` of a list of commitments has `line_items`. The schema permits it; a client that wants
    /// to be safe works with both.
    pub lists_carry_lines: bool,
    /// Whether the list of change order packages has `line_items`.
    pub packages_carry_lines: bool,
    /// Whether the caller is no admin: private contracts then hide their lines unless they say
    /// `show_line_items_to_non_admins`.
    pub hide_private_lines: bool,
    /// Requests that the log keeps, at least.
    pub log_capacity: usize,
    /// Tokens, request ids and event ids follow from it.
    pub seed: u64,
}

impl Default for ProcoreConfig {
    fn default() -> Self {
        Self {
            client_id: "sandbox-client".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            limits: Limits::default(),
            token_life: 5400,
            webhook_authorization: Some("Bearer sandbox-webhook".to_owned()),
            payload_version: PayloadVersion::default(),
            pages: PageSizes::default(),
            lists_carry_lines: true,
            packages_carry_lines: false,
            hide_private_lines: false,
            log_capacity: 10_000,
            seed: 1,
        }
    }
}

impl std::fmt::Debug for ProcoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcoreConfig")
            .field("client_id", &self.client_id)
            .field("limits", &self.limits)
            .field("token_life", &self.token_life)
            .field("payload_version", &self.payload_version)
            .field("pages", &self.pages)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
