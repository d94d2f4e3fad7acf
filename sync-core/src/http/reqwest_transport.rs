//! The network: reqwest with rustls.
use std::error::Error as _;
use std::fmt::{self, Debug};
use std::time::Duration;

use ::http::{Request, Response, Uri};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::redirect::Policy;

use super::error::HttpError;
use super::transport::{Transport, TransportError};

/// Settings of a [`ReqwestTransport`].
#[derive(Clone)]
pub struct TransportConfig {
    /// The longest time for one whole request. QuickBooks Online cuts requests at 120 s on its side
    /// (<https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features#limits-and-throttles>), so the
    /// default of 125 s lets its answer arrive.
    pub timeout: Duration,
    /// The longest time to connect.
    pub connect_timeout: Duration,
    /// The largest answer in bytes, after decompression.
    pub max_body: usize,
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// Also talk plain `http` to other machines. Tokens then travel readable; for test networks only.
    pub allow_plain_http: bool,
    /// TLS settings of this client alone; none takes the system's root certificates and the process's crypto provider.
    pub tls: Option<rustls::ClientConfig>,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(125),
            connect_timeout: Duration::from_secs(10),
            max_body: 64 * 1024 * 1024,
            user_agent: concat!("sync-core/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_plain_http: false,
            tls: None,
        }
    }
}

impl Debug for TransportConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportConfig")
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_body", &self.max_body)
            .field("user_agent", &self.user_agent)
            .field("allow_plain_http", &self.allow_plain_http)
            .field("tls", &self.tls.as_ref().map(|_| "own"))
            .finish()
    }
}

/// [`Transport`] over the network. Follows no redirects: a redirect is an answer, since following it could carry the
/// token elsewhere or repeat a write. Uses the proxy of the environment, except for this machine itself.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    local: reqwest::Client,
    config: TransportConfig,
}

impl ReqwestTransport {
    /// A client with its own connection pool; make one and share it.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when TLS cannot be set up (no root certificates) or the user agent is not a header
    /// value.
    pub fn new(config: TransportConfig) -> Result<Self, HttpError> {
        if config.tls.is_none() && rustls::crypto::CryptoProvider::get_default().is_none() {
            // The system's verifier needs the process's provider. One that the application chose wins, and losing the
            // race against another thread leaves an equally good one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let build = |local: bool| {
            let mut builder = reqwest::Client::builder()
                .redirect(Policy::none())
                .referer(false)
                .timeout(config.timeout)
                .connect_timeout(config.connect_timeout)
                .user_agent(&config.user_agent);
            if let Some(tls) = &config.tls {
                builder = builder.tls_backend_preconfigured(tls.clone());
            }
            if local {
                builder = builder.no_proxy();
            }
            builder
                .build()
                .map_err(|error| HttpError::InvalidRequest { problem: format!("no HTTP client: {}", chain(error)) })
        };
        Ok(Self { client: build(false)?, local: build(true)?, config: config.clone() })
    }

    /// The settings in use.
    #[must_use]
    pub fn config(&self) -> &TransportConfig {
        &self.config
    }

    fn client_for(&self, uri: &Uri) -> Result<&reqwest::Client, TransportError> {
        let host = uri.host().ok_or_else(|| TransportError::invalid("the URL names no host"))?;
        let local = is_loopback(host);
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if local || self.config.allow_plain_http => {}
            Some("http") => {
                let text = format!("plain http to {host} refused, since the token would travel readable; use https");
                return Err(TransportError::invalid(&text));
            }
            _ => return Err(TransportError::invalid("the URL is neither https nor http")),
        }
        Ok(if local { &self.local } else { &self.client })
    }
}

impl Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReqwestTransport").field(&self.config).finish()
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.send_within(request, self.config.max_body).await
    }

    async fn send_within(&self, request: Request<Bytes>, cap: usize) -> Result<Response<Bytes>, TransportError> {
        let client = self.client_for(request.uri())?;
        let request = reqwest::Request::try_from(request).map_err(failure)?;
        let mut answer = client.execute(request).await.map_err(failure)?;
        let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > cap {
            return Err(TransportError::too_large(cap));
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let first = answer.chunk().await.map_err(failure)?.unwrap_or_default();
        if first.len() > cap {
            return Err(TransportError::too_large(cap));
        }
        // Most answers are one chunk: no copy then.
        *response.body_mut() = match answer.chunk().await.map_err(failure)? {
            None => first,
            Some(second) => {
                let mut body = BytesMut::with_capacity(announced.max(first.len() + second.len()).min(cap));
                body.extend_from_slice(&first);
                let mut next = Some(second);
                while let Some(chunk) = next {
                    if body.len() + chunk.len() > cap {
                        return Err(TransportError::too_large(cap));
                    }
                    body.extend_from_slice(&chunk);
                    next = answer.chunk().await.map_err(failure)?;
                }
                body.freeze()
            }
        };
        Ok(response)
    }
}

/// Whether a host name or address is this machine.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn failure(error: reqwest::Error) -> TransportError {
    let (connect, timeout, unsendable) = (error.is_connect(), error.is_timeout(), error.is_builder());
    let text = chain(error);
    if unsendable {
        TransportError::invalid(&format!("not a request that can be sent: {text}"))
    } else if connect {
        TransportError::not_sent(&format!("no connection to the server, nothing was sent: {text}"))
    } else if timeout {
        TransportError::uncertain(&format!("no answer in time, the request may have taken effect: {text}"))
    } else {
        TransportError::uncertain(&format!(
            "the answer did not arrive whole, the request may have taken effect: {text}"
        ))
    }
}

/// The causes of a failure without its URL, whose query can hold data that belongs in no log.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
