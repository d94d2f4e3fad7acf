//! Real HTTP on loopback around a double.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::faults::Faults;
use crate::procore::Procore;
use crate::quickbooks::QuickBooks;

/// A vendor, as a state machine: a request in, an answer out, the time handed in.
pub trait Double: Send {
    /// Answers one request.
    fn answer(&mut self, now: DateTime<Utc>, request: Request<Bytes>) -> Response<Bytes>;
}

impl Double for Procore {
    fn answer(&mut self, now: DateTime<Utc>, request: Request<Bytes>) -> Response<Bytes> {
        Procore::answer(self, now, request)
    }
}

impl Double for QuickBooks {
    fn answer(&mut self, now: DateTime<Utc>, request: Request<Bytes>) -> Response<Bytes> {
        QuickBooks::answer(self, now, request)
    }
}

/// Where a double reads the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Larger request bodies are refused with 413.
pub const BODY_CAP: usize = 32 << 20;

/// How long dropping a server waits for its thread; only a caller that holds the double's lock makes it wait.
const STOP_WAIT: Duration = Duration::from_secs(1);

/// A double behind a port of this machine, on a thread of its own. Dropping it closes the port and every connection.
pub struct Loopback {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    /// The faults of this server; the lock lets a test ask for one at any time.
    pub faults: Arc<Mutex<Faults>>,
    stop: Option<oneshot::Sender<()>>,
    stopped: mpsc::Receiver<()>,
}

impl std::fmt::Debug for Loopback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loopback").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Loopback {
    /// Serves the double on a free port of 127.0.0.1. Works inside and outside of an async runtime.
    ///
    /// # Errors
    /// What the system says when it gives no port or no thread.
    pub fn serve<D: Double + 'static>(double: Arc<Mutex<D>>, clock: Clock, faults: Option<Faults>) -> io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let faults = Arc::new(Mutex::new(faults.unwrap_or_else(Faults::none)));
        let site = Arc::new(Site { double, clock, faults: Arc::clone(&faults) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stop_asked) = oneshot::channel::<()>();
        let (done, stopped) = mpsc::channel();
        std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let app = Router::new().fallback(move |ConnectInfo(line): ConnectInfo<Line>, request| {
                    let site = Arc::clone(&site);
                    async move { site.handle(line, request).await }
                });
                let server =
                    axum::serve(Lines(listener), app.into_make_service_with_connect_info::<Line>()).into_future();
                tokio::select! {
                    _ = server => {}
                    _ = stop_asked => {}
                }
            });
            // Closes what is still open, so that nobody reads from a server that is gone.
            drop(runtime);
            let _ = done.send(());
        })?;
        Ok(Self { url, faults, stop: Some(stop), stopped })
    }

    /// The faults of this server, locked.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = self.stopped.recv_timeout(STOP_WAIT);
    }
}

// A test that fails while it holds the lock must not take the server's other users with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Site<D> {
    double: Arc<Mutex<D>>,
    clock: Clock,
    faults: Arc<Mutex<Faults>>,
}

impl<D: Double> Site<D> {
    async fn handle(&self, line: Line, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, BODY_CAP).await else {
            let mut refusal = Response::new(Body::empty());
            *refusal.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            return refusal;
        };
        let plan = lock(&self.faults).plan(&head.method, head.uri.path());
        if plan.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(u64::from(plan.delay_ms))).await;
        }
        let request = Request::from_parts(head, body);
        let now = (self.clock)();
        match plan.carry_out(now, request, &mut *lock(&self.double)) {
            Ok(answer) => answer.map(Body::from),
            Err(_) => {
                line.0.store(true, Ordering::Release);
                Response::new(Body::empty())
            }
        }
    }
}

/// The mark by which a handler breaks its own connection: not one byte of the answer goes out.
#[derive(Clone)]
struct Line(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        Self(Arc::clone(&stream.io().broken))
    }
}

struct Lines(TcpListener);

impl Listener for Lines {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, peer)) => {
                    // Small answers must not wait for the acknowledgement of the one before.
                    let _ = stream.set_nodelay(true);
                    return (Wire { stream, broken: Arc::default() }, peer);
                }
                // Out of file handles, as a rule: some come free soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A connection that can be broken from inside.
struct Wire {
    stream: TcpStream,
    broken: Arc<AtomicBool>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Book;
    use crate::faults::Fault;
    use crate::procore::ProcoreConfig;

    const COMPANY: &str = "598134325700011";

    /// A company with one contract, behind a port; with a token.
    fn served() -> (Loopback, Arc<Mutex<Procore>>, String) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("procore")).unwrap();
        let files = [
            ("projects", r#"[{"id":1,"name":"Clinic","active":true}]"#),
            ("work_order_contracts", r#"[{"id":2,"project":{"id":1},"grand_total":"10.0","line_items":[]}]"#),
        ];
        for (name, text) in files {
            std::fs::write(dir.path().join("procore").join(format!("{name}.json")), text).unwrap();
        }
        let now: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let mut double = Procore::from_book(&Book::load(dir.path()).unwrap(), ProcoreConfig::default());
        let (token, _) = double.grant(now);
        let double = Arc::new(Mutex::new(double));
        let server = Loopback::serve(Arc::clone(&double), Arc::new(move || now), None).unwrap();
        (server, double, token)
    }

    /// Built beside others, reqwest may have TLS without a provider of its own, although nothing here uses TLS.
    fn client() -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::new()
    }

    fn payment(client: &reqwest::Client, server: &Loopback, token: &str) -> reqwest::RequestBuilder {
        client
            .post(format!("{}/rest/v1.0/contract_payments", server.url))
            .bearer_auth(token)
            .header("procore-company-id", COMPANY)
            .header("content-type", "application/json")
            .body(r#"{"project_id":1,"contract_id":2,"contract_payment":{"amount":"1.25"}}"#)
    }

    #[tokio::test]
    async fn a_double_answers_over_http() {
        let (server, double, token) = served();
        let client = client();
        let path = format!("{}/rest/v1.0/work_order_contracts?project_id=1", server.url);
        let request = client.get(&path).bearer_auth(&token).header("procore-company-id", COMPANY);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["total"], "1");
        assert!(answer.text().await.unwrap().contains("\"grand_total\":\"10.0\""));
        assert_eq!(payment(&client, &server, &token).send().await.unwrap().status(), 201);
        assert_eq!(lock(&double).requests().total, 2);
    }

    #[tokio::test]
    async fn a_lost_answer_breaks_the_connection_after_the_double_has_acted() {
        // Given a server that will lose the answer of the next payment
        let (server, double, token) = served();
        let client = client();
        server.faults().next_for(Fault::LostAnswer, http::Method::POST, "contract_payments");
        // When a payment is sent
        let lost = payment(&client, &server, &token).send().await;
        // Then the client sees not even a status, and the payment exists
        assert!(lost.is_err());
        assert_eq!(lock(&double).all("contract_payments").count(), 1);
        // And a lost request leaves nothing
        server.faults().next(Fault::LostRequest);
        assert!(payment(&client, &server, &token).send().await.is_err());
        assert_eq!(lock(&double).all("contract_payments").count(), 1);
        // And then all is well again
        assert_eq!(payment(&client, &server, &token).send().await.unwrap().status(), 201);
    }

    #[tokio::test]
    async fn a_truncated_answer_arrives_as_broken_json() {
        let (server, _double, token) = served();
        let client = client();
        server.faults().next(Fault::Truncated);
        let body = payment(&client, &server, &token).send().await.unwrap().text().await.unwrap();
        assert!(crate::json::Json::parse(body.as_bytes()).is_err(), "{body}");
    }

    #[tokio::test]
    async fn a_dropped_server_is_gone() {
        let (server, _double, token) = served();
        let client = client();
        payment(&client, &server, &token).send().await.unwrap();
        let request = payment(&client, &server, &token);
        drop(server);
        assert!(request.send().await.is_err());
    }
}
