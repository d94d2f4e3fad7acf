//! Two companies on loopback, a configuration directory, and the program as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http::{Request, Response};
use serde_json::Value;
use sync_core::http::{ReqwestTransport, Transport, TransportConfig};
use sync_sandboxes::book::Book;
use sync_sandboxes::procore::{Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{QuickBooks, QuickBooksConfig};
use sync_sandboxes::server::Loopback;

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const SECRETS: [&str; 4] =
    ["canary-procore-secret", "canary-quickbooks-secret", "canary-authorization-header", "canary-verifier-token"];

pub(crate) struct Town {
    pub(crate) procore: Arc<Mutex<Procore>>,
    pub(crate) quickbooks: Arc<Mutex<QuickBooks>>,
    pub(crate) book: Book,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) servers: [Loopback; 2],
}

impl Town {
    /// Two companies and a configuration that names them; nobody has consented yet.
    pub(crate) fn new(book: Book) -> Self {
        let [procore_secret, quickbooks_secret, authorization, verifier] = SECRETS.map(str::to_owned);
        let of_procore = ProcoreConfig {
            client_secret: procore_secret,
            webhook_authorization: Some(authorization),
            ..ProcoreConfig::default()
        };
        let of_quickbooks = QuickBooksConfig {
            client_secret: quickbooks_secret,
            verifier_token: verifier,
            ..QuickBooksConfig::default()
        };
        let procore = Arc::new(Mutex::new(Procore::from_book(&book, of_procore.clone())));
        let quickbooks = Arc::new(Mutex::new(QuickBooks::from_book(&book, of_quickbooks.clone())));
        let clock = Arc::new(Utc::now) as sync_sandboxes::server::Clock;
        let servers = [
            Loopback::serve(procore.clone(), clock.clone(), None).unwrap(),
            Loopback::serve(quickbooks.clone(), clock, None).unwrap(),
        ];
        let dir = tempfile::tempdir().unwrap();
        let town = Self { procore, quickbooks, book, dir, servers };
        town.configure(&of_procore.client_id, &of_quickbooks.client_id);
        town
    }

    fn configure(&self, procore_client: &str, quickbooks_client: &str) {
        let dir = self.dir.path();
        let written = run(Command::new(PROGRAM).arg("init").arg(dir));
        assert!(written.status.success(), "{written:?}");
        let [procore, quickbooks] = &self.servers;
        let text = std::fs::read_to_string(dir.join("connection.toml")).unwrap();
        let (head, tail) = text.split_once("[quickbooks]").unwrap();
        let fill = |text: &str, url: &str, key: &str, company: &str, client: &str| {
            text.replace("environment = \"sandbox\"", &format!("environment = \"{url}\""))
                .replace(&format!("{key} = \"\""), &format!("{key} = \"{company}\""))
                .replace("client_id = \"\"", &format!("client_id = \"{client}\""))
                .replace("http://localhost:8586/callback", "http://localhost/callback")
        };
        let facts = &self.book.facts;
        let head = fill(head, &procore.url, "company", &facts.procore_company_id, procore_client);
        let tail = fill(tail, &quickbooks.url, "realm", &facts.realm_id, quickbooks_client);
        std::fs::write(dir.join("connection.toml"), format!("{head}[quickbooks]{tail}")).unwrap();
        let [procore, quickbooks, authorization, verifier] = SECRETS;
        let secrets = format!(
            "PROCORE_CLIENT_SECRET={procore}\nQUICKBOOKS_CLIENT_SECRET={quickbooks}\n\
             PROCORE_WEBHOOK_AUTHORIZATION={authorization}\nQUICKBOOKS_VERIFIER_TOKEN={verifier}\n"
        );
        std::fs::write(dir.join("secrets.env"), secrets).unwrap();
        for file in std::fs::read_dir(&self.book.mapping).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), self.path("mapping").join(file.file_name())).unwrap();
        }
    }

    /// Appends to the configuration.
    pub(crate) fn configure_more(&self, text: &str) {
        let path = self.path("connection.toml");
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{before}\n{text}\n")).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn procore(&self) -> MutexGuard<'_, Procore> {
        self.procore.lock().unwrap()
    }

    pub(crate) fn quickbooks(&self) -> MutexGuard<'_, QuickBooks> {
        self.quickbooks.lock().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(self.dir.path(), arguments)
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments))
    }

    /// Runs a command that prints JSON; its exit code and what it printed.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout);
        let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {output:?}"));
        (output.status.code().unwrap(), value)
    }

    /// A person consents on both sides, in a browser.
    pub(crate) fn connect(&self) {
        for side in ["procore", "quickbooks"] {
            let (mut auth, url, callback) = self.begin_auth(side);
            let page = get(&format!("{callback}?{}", self.consent(side, &url)));
            assert_eq!((page.status().as_u16(), body(&page)), (200, "Connected. You can close this page.".to_owned()));
            assert!(auth.ended().0, "{side}");
        }
    }

    /// Starts `auth`: the process, the address to visit, and where the answer is taken.
    pub(crate) fn begin_auth(&self, side: &str) -> (Running, String, String) {
        let mut auth = Running::start(self.command(&["auth", side, "--print-url", "--listen", "127.0.0.1:0"]));
        let url = auth.wait_for("/oauth");
        let callback = auth.wait_for("The answer is taken at");
        let callback = callback.split_whitespace().last().unwrap().trim_end_matches('.').to_owned();
        (auth, url, callback)
    }

    /// What the consent page sends the browser back with.
    pub(crate) fn consent(&self, side: &str, url: &str) -> String {
        if side == "procore" {
            let redirect = get(url);
            let location = redirect.headers()["location"].to_str().unwrap().to_owned();
            return location.split_once('?').unwrap().1.to_owned();
        }
        let state = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap();
        let code = self.quickbooks().consent(Utc::now());
        format!("code={code}&state={state}&realmId={}", self.book.facts.realm_id)
    }

    /// Starts the service, and waits until it listens.
    pub(crate) fn serve(&self, more: &[&str]) -> Service {
        let arguments = [&["serve", "--address", "127.0.0.1:0", "--log-format", "json"], more].concat();
        let mut running = Running::start(self.command(&arguments));
        let line = running.wait_for("Listening at");
        let url = line.split_whitespace().last().unwrap().to_owned();
        Service { running, url }
    }

    /// How many documents of an entity carry a marker of this sync.
    pub(crate) fn marked(&self, entity: &str) -> usize {
        self.quickbooks().all(entity).filter(|record| format!("{record:?}").contains("sync:main:")).count()
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_procore-quickbooks");

pub(crate) fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().arg("--config").arg(dir).args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A process whose lines, of both outputs, are read as they come.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    pub(crate) said: Vec<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Self { child, lines, said: Vec::new() }
    }

    /// The next line that holds the text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("`{text}` was not said:\n{}", self.said.join("\n"));
            };
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
    }

    /// Waits for the end: was it a success, and everything that was said.
    pub(crate) fn ended(&mut self) -> (bool, String) {
        // Both outputs are closed when the process has ended.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.said.push(line);
        }
        (self.child.wait().unwrap().success(), self.said.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Service {
    pub(crate) running: Running,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn get(&self, path: &str) -> Response<Bytes> {
        get(&format!("{}{path}", self.url))
    }

    /// The value of a figure.
    pub(crate) fn figure(&self, name: &str) -> Option<u64> {
        let text = body(&self.get("/metrics"));
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) fn stop(mut self) -> String {
        self.running.signal("TERM");
        let (success, said) = self.running.ended();
        assert!(success, "{said}");
        said
    }
}

pub(crate) fn get(url: &str) -> Response<Bytes> {
    send(Request::get(url).body(Bytes::new()).unwrap())
}

pub(crate) fn send(request: Request<Bytes>) -> Response<Bytes> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let transport = ReqwestTransport::new(TransportConfig::default()).unwrap();
    runtime.block_on(transport.send(request)).unwrap()
}

pub(crate) fn body(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}
