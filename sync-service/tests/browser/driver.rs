//! A browser, driven over WebDriver (<https://www.w3.org/TR/webdriver2/>), and the program that it visits.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// Where a program is, if it is installed.
fn installed(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    places.find(|place| place.is_file())
}

/// Ends with the test, however that ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A browser with one window.
pub(crate) struct Browser {
    port: u16,
    session: String,
    _driver: Process,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// None, with a line that says so, where no Chromium is installed.
    pub(crate) fn open() -> Option<Self> {
        let chromium = installed(&["chromium", "chromium-browser", "google-chrome"]);
        let (Some(chromium), Some(driver)) = (chromium, installed(&["chromedriver"])) else {
            eprintln!("SKIPPED: no Chromium with ChromeDriver is installed; the walks through the console did not run");
            return None;
        };
        let mut child =
            Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.rsplit_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
            .expect("ChromeDriver says its port");
        // What it says later must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self { port, session: String::new(), _driver: Process(child), _profile: profile };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,1000",
            &format!("--user-data-dir={}", browser._profile.path().display()),
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        browser.session = browser.call("POST", "/session", &wanted)["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = exchange(self.port, method, path, &body.to_string());
        assert_eq!(status, 200, "{method} {path}: {value}");
        value["value"].clone()
    }

    fn of_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    pub(crate) fn go(&self, url: &str) {
        self.of_session("POST", "/url", &json!({ "url": url }));
    }

    fn element(&self, css: &str) -> String {
        let found = self.of_session("POST", "/element", &json!({ "using": "css selector", "value": css }));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    pub(crate) fn click(&self, css: &str) {
        self.of_session("POST", &format!("/element/{}/click", self.element(css)), &json!({}));
    }

    /// Clicks what leads to another page, and waits until that is there.
    pub(crate) fn submit(&self, css: &str) {
        let run = |script: &str| self.of_session("POST", "/execute/sync", &json!({ "script": script, "args": [] }));
        run("document.body.dataset.old = 'yes'");
        self.click(css);
        for _ in 0..240 {
            if run("return document.readyState === 'complete' && !document.body.dataset.old") == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
        panic!("{css} leads nowhere: {}", self.text("main"));
    }

    /// Follows the link that says so.
    pub(crate) fn follow(&self, text: &str) {
        let found = self.of_session("POST", "/element", &json!({ "using": "partial link text", "value": text }));
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.of_session("POST", &format!("/element/{id}/click"), &json!({}));
    }

    pub(crate) fn fill(&self, css: &str, text: &str) {
        let id = self.element(css);
        self.of_session("POST", &format!("/element/{id}/clear"), &json!({}));
        self.of_session("POST", &format!("/element/{id}/value"), &json!({ "text": text }));
    }

    pub(crate) fn text(&self, css: &str) -> String {
        let path = format!("/element/{}/text", self.element(css));
        let (_, value) = exchange(self.port, "GET", &format!("/session/{}{path}", self.session), "");
        value["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Loads the page again until it says so.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut seen = String::new();
        for _ in 0..240 {
            seen = self.text("main");
            if seen.contains(text) {
                return seen;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
            self.of_session("POST", "/refresh", &json!({}));
        }
        panic!("the page never says `{text}`: {seen}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ =
                std::panic::catch_unwind(|| exchange(self.port, "DELETE", &format!("/session/{}", self.session), ""));
        }
    }
}

fn exchange(port: u16, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// `demo --serve`, running.
pub(crate) struct Console {
    pub(crate) base: String,
    pub(crate) sign_in: String,
    _program: Process,
}

impl Console {
    pub(crate) fn start(book: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_procore-quickbooks"));
        command.args(["demo", "--serve", "--json", "--address", "127.0.0.1:0"]);
        command.arg("--book").arg(book);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self { base: format!("{}/c/demo", text("address")), sign_in: text("sign_in"), _program: Process(child) }
    }
}

impl Browser {
    /// Keeps what a form would send, then sends it by its button.
    pub(crate) fn replay(&self, form: &str, button: &str) {
        let script = "const form = document.querySelector(arguments[0]);\
            const kept = { to: form.action, body: new URLSearchParams(new FormData(form)).toString() };\
            sessionStorage.setItem('kept', JSON.stringify(kept));";
        self.of_session("POST", "/execute/sync", &json!({ "script": script, "args": [form] }));
        self.submit(button);
    }

    /// Sends the same once more; what is answered.
    pub(crate) fn send_replayed(&self) -> String {
        let script = "const done = arguments[0]; const kept = JSON.parse(sessionStorage.getItem('kept'));\
            fetch(kept.to, { method: 'POST', body: new URLSearchParams(kept.body) })\
            .then((answer) => answer.text()).then((page) => {\
            done(new DOMParser().parseFromString(page, 'text/html').querySelector('main').textContent); });";
        let text = self.of_session("POST", "/execute/async", &json!({ "script": script, "args": [] }));
        text.as_str().unwrap_or_default().to_owned()
    }
}
