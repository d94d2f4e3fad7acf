//! The page on this machine to which the consent page sends the browser back.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sync_core::http::Secret;
use tokio::sync::{mpsc, oneshot};

use crate::Failure;

/// A consent that came back, and where its outcome is told.
type Returned = (String, oneshot::Sender<Option<String>>);

/// Listens for one consent.
pub(super) struct Callback {
    pub(super) address: SocketAddr,
    returned: mpsc::Receiver<Returned>,
    outcome: Option<oneshot::Sender<Option<String>>>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Site {
    state: String,
    returned: mpsc::Sender<Returned>,
}

/// Where a redirect address leads on this machine: none unless it is plain http on localhost with a port.
pub(super) fn of_redirect(redirect: &str) -> Result<Option<SocketAddr>, Failure> {
    let uri: http::Uri = match redirect.parse() {
        Ok(uri) => uri,
        // `urn:ietf:wg:oauth:2.0:oob` shows the code instead.
        Err(_) => return Ok(None),
    };
    let is_local = matches!(uri.host(), Some("localhost" | "127.0.0.1"));
    Ok(match (uri.scheme_str(), is_local, uri.port_u16()) {
        (Some("http"), true, Some(port)) => Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        _ => None,
    })
}

impl Callback {
    pub(super) async fn listen(address: SocketAddr, state: &str) -> Result<Self, Failure> {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|e| format!("{address}: the answer of the consent page cannot be taken there ({e})"))?;
        let address = listener.local_addr()?;
        let (sender, returned) = mpsc::channel(1);
        let site = Site { state: state.to_owned(), returned: sender };
        let app = Router::new().fallback(page).with_state(site);
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, returned, outcome: None, server })
    }

    /// The query of the first answer that belongs to this login.
    pub(super) async fn answer(&mut self) -> Result<String, Failure> {
        let (query, outcome) = self.returned.recv().await.ok_or("the answer of the consent page cannot be taken")?;
        self.outcome = Some(outcome);
        Ok(query)
    }

    /// Tells the browser how it ended, and closes.
    pub(super) async fn tell(mut self, problem: Option<String>) {
        if let Some(outcome) = self.outcome.take() {
            let _ = outcome.send(problem);
        }
        // The page is on its way; a browser that does not take it must not keep the program.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        self.server.abort();
    }
}

async fn page(State(site): State<Site>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    // A browser also asks for its icon, and anybody may call: only our own state counts, and nothing else ends the wait.
    if !is_ours(&query, &site.state) {
        return text(
            StatusCode::BAD_REQUEST,
            "This answer belongs to another login. Start again, and use the newest page.",
        );
    }
    let (outcome, told) = oneshot::channel();
    if site.returned.try_send((query, outcome)).is_err() {
        return text(StatusCode::CONFLICT, "This login has its answer already.");
    }
    match told.await {
        Ok(None) => text(StatusCode::OK, "Connected. You can close this page."),
        Ok(Some(problem)) => text(StatusCode::BAD_REQUEST, &format!("Not connected: {problem}")),
        Err(_) => text(StatusCode::SERVICE_UNAVAILABLE, "The program has ended. Start again."),
    }
}

fn text(status: StatusCode, text: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text.to_owned()).into_response()
}

/// A value of a query, decoded. What follows `#` belongs to the browser.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let query = query.split('#').next().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Does the answer belong to this login? Compared as secrets, so that the time tells nothing.
pub(super) fn is_ours(query: &str, state: &str) -> bool {
    value(query, "state").is_some_and(|returned| Secret::new(returned) == Secret::from(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_local_address_with_a_port_is_listened_at() {
        let at = |redirect: &str| of_redirect(redirect).unwrap().map(|address| address.to_string());
        assert_eq!(at("http://localhost:8586/callback").as_deref(), Some("127.0.0.1:8586"));
        assert_eq!(at("http://127.0.0.1:9/").as_deref(), Some("127.0.0.1:9"));
        for other in [
            "http://localhost",
            "https://localhost:8586/",
            "https://sync.example.com/callback",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(at(other), None, "{other}");
        }
    }
}
