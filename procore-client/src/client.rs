//! Calls to Procore: company header, paging, page sizes, and what the answers mean.

use std::sync::Arc;

use futures_util::stream::{self, Stream, TryStreamExt};
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::utf8_percent_encode;
use serde_json::value::RawValue;
use sync_core::clock::{Clock, Random};
use sync_core::http::{
    ApiAnswer, ApiClient, ApiRequest, Counters, HttpError, Pace, PageGuard, RateHeaders, RetryPolicy, Safety,
    TokenManager, Transport, parse_link_header, redact,
};
use sync_core::model::Currency;

use crate::auth::{Environment, QUERY};
use crate::error::Error;
use crate::fault::Fault;
use crate::wire::{self, Record, Resource};
use crate::write_paths::WritePath;

const COMPANY_HEADER: HeaderName = HeaderName::from_static("procore-company-id");

/// Procore counts all requests of an app in a company together, in an hourly and a ten-second window; its headers
/// describe whichever is closer to being hit, so no budget is fixed here
/// (<https://developers.procore.com/documentation/rate-limiting>).
const CLASSES: &[&str] = &["procore"];
const RATE: RateHeaders =
    RateHeaders { window: "procore", remaining: "x-rate-limit-remaining", reset: "x-rate-limit-reset" };

/// No list of Procore has a smaller default page (v2.0: 10), so a shorter first page is the whole list.
const SMALLEST_PAGE: usize = 10;

/// Which company, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Where it lives.
    pub environment: Environment,
    /// The company's id.
    pub company: String,
    /// Is the login a service account? Then the company header goes on every call.
    pub service_account: bool,
    /// The currency of records that state none.
    pub currency: Currency,
    /// How often and how long to try.
    pub retry: RetryPolicy,
}

impl Config {
    /// A company of production, with US dollars and a person's login; set the fields for anything else.
    pub fn new(company: impl Into<String>) -> Self {
        Self {
            environment: Environment::Production,
            company: company.into(),
            service_account: false,
            currency: Currency::USD,
            retry: RetryPolicy::default(),
        }
    }

    /// Sets the environment.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Says that the login is a service account.
    #[must_use]
    pub fn with_service_account(mut self) -> Self {
        self.service_account = true;
        self
    }

    /// Sets the currency of records that state none.
    #[must_use]
    pub fn with_currency(mut self, currency: Currency) -> Self {
        self.currency = currency;
        self
    }

    /// Sets how often and how long to try.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }
}

/// A client of one Procore company. The typed reads are in [`resources`](crate::resources); what can be written is in
/// [`actuals`](crate::actuals) and [`webhook::hooks`](crate::webhook::hooks).
#[derive(Debug)]
pub struct Procore {
    api: ApiClient,
    /// For what is no call of the API.
    transport: Arc<dyn Transport>,
    company: String,
    company_header: HeaderValue,
    service_account: bool,
    currency: Currency,
}

/// A page of a list, each record on its own.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Its number, from 1.
    pub number: usize,
    /// The records.
    pub records: Vec<Record<T>>,
}

impl Procore {
    /// A client. Nothing is sent yet. Share the pace among all clients of the same company; `Pace::unlimited` with a
    /// cap on requests in flight is right where no limit was agreed with Procore.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the company id is not a number or the host is not a URL.
    pub fn new(
        config: Config,
        transport: Arc<dyn Transport>,
        tokens: Arc<TokenManager>,
        pace: Pace,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        let company = config.company.trim().to_owned();
        if company.is_empty() || !company.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Configuration(format!(
                "`{company}` is not a Procore company id; it is the number in the address of the company's pages"
            )));
        }
        let unusable = |text: String| Error::Configuration(text);
        let company_header = HeaderValue::from_str(&company).map_err(|error| unusable(error.to_string()))?;
        let api = ApiClient::new(config.environment.api(), transport.clone(), tokens, pace, clock, random)
            .map_err(|error| unusable(error.to_string()))?
            .with_retry(config.retry)
            .with_rate_headers(RATE)
            .with_header(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        let Config { service_account, currency, .. } = config;
        Ok(Self { api, transport, company, company_header, service_account, currency })
    }

    /// The company's id.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// The currency of records that state none.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The clock in use.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.api.clock()
    }

    /// The way to the network.
    pub(crate) fn transport(&self) -> &Arc<dyn Transport> {
        &self.transport
    }

    /// Where the API is.
    pub(crate) fn base_url(&self) -> &str {
        self.api.base_url()
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.api.counters()
    }

    /// What Procore has said about the end of the endpoints that were called.
    pub fn notices(&self) -> Vec<sync_core::http::Notice> {
        self.api.notices()
    }

    /// Requests sent so far, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.api.counters().requests
    }

    /// Requests that Procore turned away for load.
    pub fn throttled(&self) -> u64 {
        self.api.counters().throttled
    }

    /// What Procore's headers last said is left of its limits, and when each begins anew
    /// (<https://developers.procore.com/documentation/rate-limiting>).
    pub fn budget(&self) -> Vec<(u64, chrono::DateTime<chrono::Utc>)> {
        self.api.pace().left()
    }

    /// One record; none if Procore says that there is none, or none that the account may see (404).
    pub(crate) async fn show<T: Resource>(&self, query: Query) -> Result<Option<Record<T>>, Error> {
        let wrapped = query.is_v2();
        let endpoint = query.endpoint();
        let answer = self.get(&query.text, &endpoint).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = self.accept(answer, &endpoint).await?;
        match text(&answer).and_then(|body| wire::element(body, wrapped)) {
            Ok(raw) => Ok(Some(wire::read(raw.get()))),
            Err(problem) => Err(self.unreadable(&answer, &endpoint, 1, &problem).await),
        }
    }

    /// All pages of a list, one after the other.
    pub(crate) fn pages<T: Resource>(&self, query: Query) -> impl Stream<Item = Result<Page<T>, Error>> + Send + '_ {
        let endpoint = query.endpoint();
        stream::try_unfold(Walk::new(query), move |mut walk| {
            let endpoint = endpoint.clone();
            async move {
                let Some(path) = walk.next.take() else { return Ok(None) };
                let answer = self.accept(self.get(&path, &endpoint).await?, &endpoint).await?;
                let number = walk.number;
                let raws = match text(&answer).and_then(wire::elements) {
                    Ok(raws) => raws,
                    Err(problem) => return Err(self.unreadable(&answer, &endpoint, number, &problem).await),
                };
                if walk.repeats(&raws) {
                    return Ok(None);
                }
                let http = |source| Error::Http { endpoint: endpoint.clone(), source: Box::new(source) };
                walk.advance(self.api.base_url(), &answer, raws.len()).map_err(http)?;
                let records = raws.into_iter().map(|raw| wire::read(raw.get())).collect();
                Ok(Some((Page { number, records }, walk)))
            }
        })
    }

    /// A whole list.
    pub(crate) async fn list<T: Resource>(&self, query: Query) -> Result<Vec<Record<T>>, Error> {
        self.pages(query)
            .try_fold(Vec::new(), |mut all: Vec<Record<T>>, page: Page<T>| async move {
                if all.is_empty() {
                    return Ok(page.records);
                }
                all.extend(page.records);
                Ok(all)
            })
            .await
    }

    /// Sends one write, of those that there are. It is repeated only after what certainly had no effect.
    ///
    /// # Errors
    /// If it was refused, or if its outcome is not known ([`Error::is_uncertain`]).
    pub(crate) async fn write(&self, path: &WritePath, ids: &[&str], body: Option<String>) -> Result<ApiAnswer, Error> {
        self.write_at(path, path.with(ids), body).await
    }

    /// The same, with a query behind the path.
    pub(crate) async fn write_with(&self, path: &WritePath, ids: &[&str], query: Query) -> Result<ApiAnswer, Error> {
        self.write_at(path, format!("{}{}", path.with(ids), query.text), None).await
    }

    async fn write_at(&self, path: &WritePath, address: String, body: Option<String>) -> Result<ApiAnswer, Error> {
        let endpoint = format!("{} {}", path.method, address.split('?').next().unwrap_or_default());
        let mut request = ApiRequest::new(path.verb(), address, Safety::Write).with_classes(CLASSES);
        request = request.with_header(COMPANY_HEADER, self.company_header.clone());
        if let Some(body) = body {
            request.body = body.into();
            request = request.with_header(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let failed = |source| Error::Http { endpoint: endpoint.clone(), source: Box::new(source) };
        let answer = self.api.call(request).await.map_err(failed)?;
        self.accept(answer, &endpoint).await
    }

    /// The record in the answer to a write.
    pub(crate) async fn written<T: Resource>(&self, answer: &ApiAnswer, path: &WritePath) -> Result<T, Error> {
        let endpoint = format!("{} {}", path.method, path.path);
        match text(answer).and_then(|body| wire::element(body, path.path.starts_with("/rest/v2."))) {
            Ok(raw) => wire::read(raw.get()).map_err(|record| Error::Record { endpoint, record }),
            Err(problem) => Err(self.unreadable(answer, &endpoint, 1, &problem).await),
        }
    }

    async fn get(&self, path_and_query: &str, endpoint: &str) -> Result<ApiAnswer, Error> {
        let mut request = ApiRequest::get(path_and_query).with_classes(CLASSES);
        // https://developers.procore.com/documentation/tutorial-mpz: exempt are the two calls by which a person's
        // login learns which companies there are.
        let path = path_and_query.split('?').next().unwrap_or_default();
        if self.service_account || !matches!(path, "/rest/v1.0/me" | "/rest/v1.0/companies") {
            request = request.with_header(COMPANY_HEADER, self.company_header.clone());
        }
        let failed = |source| Error::Http { endpoint: endpoint.to_owned(), source: Box::new(source) };
        self.api.call(request).await.map_err(failed)
    }

    /// Lets success through and turns the rest into a fault.
    async fn accept(&self, answer: ApiAnswer, endpoint: &str) -> Result<ApiAnswer, Error> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let body = self.without_token(&String::from_utf8_lossy(&answer.body)).await;
        let fault = Box::new(Fault::parse(answer.status.as_u16(), body.as_bytes(), answer.request_id));
        Err(Error::Fault { endpoint: endpoint.to_owned(), fault })
    }

    /// A body as a whole cannot be read.
    async fn unreadable(&self, answer: &ApiAnswer, endpoint: &str, page: usize, problem: &str) -> Error {
        let problem = redact(&self.without_token(problem).await);
        Error::Body { endpoint: endpoint.to_owned(), page, problem, request_id: answer.request_id.clone() }
    }

    /// Servers and proxies echo what they were sent, also in words that no pattern knows.
    async fn without_token(&self, text: &str) -> String {
        match self.api.tokens().bearer().await {
            Ok(token) if !token.is_empty() => text.replace(token.expose(), "[redacted]"),
            _ => text.to_owned(),
        }
    }
}

fn text(answer: &ApiAnswer) -> Result<&str, String> {
    std::str::from_utf8(&answer.body).map_err(|error| format!("the answer is not UTF-8: {error}"))
}

/// A path with a query.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    text: String,
}

impl Query {
    pub(crate) fn new(path: impl Into<String>) -> Self {
        Self { text: path.into() }
    }

    /// Adds an id to the path.
    pub(crate) fn then(mut self, id: impl AsRef<str>) -> Self {
        self.text.extend(utf8_percent_encode(id.as_ref(), QUERY));
        self
    }

    /// Adds words to the path.
    pub(crate) fn and(mut self, words: &str) -> Self {
        self.text.push_str(words);
        self
    }

    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.text.push(if self.text.contains('?') { '&' } else { '?' });
        self.text.extend(utf8_percent_encode(name, QUERY));
        self.text.push('=');
        self.text.extend(utf8_percent_encode(value.as_ref(), QUERY));
        self
    }

    /// Adds a parameter if there is a value.
    pub(crate) fn maybe(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Asks for pages of this size.
    pub(crate) fn paged(self, per_page: usize) -> Self {
        self.with("per_page", per_page.to_string())
    }

    fn is_v2(&self) -> bool {
        self.text.starts_with("/rest/v2.")
    }

    /// Method and path, for error texts: a query can hold names.
    fn endpoint(&self) -> String {
        format!("GET {}", self.text.split('?').next().unwrap_or_default())
    }
}

/// The way through the pages of a list.
struct Walk {
    first: String,
    next: Option<String>,
    number: usize,
    seen: u64,
    guard: Option<PageGuard>,
    /// The first record of the page before, to know a list that ignores `page`.
    head: Option<String>,
}

impl Walk {
    fn new(query: Query) -> Self {
        let first = query.text;
        Self { next: Some(first.clone()), first, number: 1, seen: 0, guard: None, head: None }
    }

    /// Is this the page before once more? Some lists do not page and ignore that they are asked to. Where links lead
    /// the way, the guard watches instead.
    fn repeats(&mut self, records: &[&RawValue]) -> bool {
        if self.guard.is_some() {
            return false;
        }
        let head = records.first().map(|record| record.get());
        if head.is_some() && self.head.as_deref() == head {
            return true;
        }
        self.head = head.map(str::to_owned);
        false
    }

    /// Finds the next page: by `Link`; where there is no `Link`, by `Total` or by fewer rows than `Per-Page`, which
    /// is what the server granted, not what was asked for; where there is nothing at all, by asking until nothing comes.
    fn advance(&mut self, base: &str, answer: &ApiAnswer, rows: usize) -> Result<(), HttpError> {
        self.seen += u64::try_from(rows).unwrap_or(u64::MAX);
        self.number += 1;
        let number = |name| answer.header(name).and_then(|value| value.trim().parse::<u64>().ok());
        if let Some(link) = answer.header("link").filter(|link| link.contains("rel=")) {
            if let Some(next) = parse_link_header(link).next {
                let guard = match &mut self.guard {
                    Some(guard) => guard,
                    empty => empty.insert(PageGuard::new(base, &self.first)?),
                };
                self.next = Some(guard.follow(&next)?);
            }
            return Ok(());
        }
        let more = match (number("total"), number("per-page")) {
            (Some(total), _) => rows > 0 && self.seen < total,
            (None, Some(granted)) => rows > 0 && u64::try_from(rows).unwrap_or(u64::MAX) >= granted,
            (None, None) => rows >= SMALLEST_PAGE,
        };
        if more {
            let mark = if self.first.contains('?') { '&' } else { '?' };
            self.next = Some(format!("{}{mark}page={}", self.first, self.number));
        }
        Ok(())
    }
}
