//! `webhooks` and `serve` of the built program, against both sandboxes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::company::{self, Company};
use bytes::Bytes;
use http::{HeaderMap, Request};
use sync_core::http::{ReqwestTransport, Transport, TransportConfig};
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::EventType;

/// SC-A1, which has a purchase order.
const CONTRACT: &str = "598134326200001";

/// What is waited for comes at once, or never.
const NEVER: Duration = Duration::from_secs(60);

/// The program, listening; what it says is read line by line.
struct Listening {
    child: Child,
    said: mpsc::Receiver<String>,
    url: String,
}

impl Listening {
    fn start(company: &Company) -> Self {
        let mut child = company.command(&["serve", "--address", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
        let mut listening = Self { child, said, url: String::new() };
        let line = listening.says(" listening ");
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("address=")).unwrap();
        listening.url = format!("http://{address}");
        listening
    }

    /// Reads on until it says this.
    fn says(&self, text: &str) -> String {
        let mut heard = Vec::new();
        loop {
            match self.said.recv_timeout(NEVER) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => heard.push(line),
                Err(error) => panic!("{error}: it did not say `{text}`, but {heard:#?}"),
            }
        }
    }

    fn deliver(&self, vendor: &str, headers: HeaderMap, body: Bytes) -> u16 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut request = Request::post(format!("{}/webhooks/{vendor}", self.url)).body(body).unwrap();
        *request.headers_mut() = headers;
        let transport = ReqwestTransport::new(TransportConfig::default()).unwrap();
        runtime.block_on(transport.send(request)).unwrap().status().as_u16()
    }

    /// Interrupted, as from the keyboard, it ends well.
    fn ends_well(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // After a failed test; one that has ended is not there to be killed.
        let _ = self.child.kill();
    }
}

#[test]
fn what_webhooks_tell_is_worked_and_what_is_forged_is_not() {
    // Given a company that was loaded, and the program listening
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    let listening = Listening::start(&company);
    // When a project manager changes a commitment and Procore tells so
    let event = {
        let mut procore = company.procore();
        procore
            .person_edits(company::now(), "work_order_contracts", CONTRACT, |contract| {
                let Some(Json::Array(lines)) = contract.as_object_mut().and_then(|c| c.get_mut("line_items")) else {
                    panic!()
                };
                lines[0].set("description", "Tile, as revised");
            })
            .unwrap();
        procore.event_for(company::now(), "work_order_contracts", CONTRACT, EventType::Update).unwrap()
    };
    let mut forged = event.headers.clone();
    forged.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer somebody-else"));
    assert_eq!(listening.deliver("procore", forged, event.body.clone()), 401);
    assert_eq!(listening.deliver("procore", event.headers, event.body), 200);
    // Then its purchase order follows
    listening.says(" updated=1 ");
    let follows = |company: &Company| {
        company.quickbooks().all("PurchaseOrder").any(|order| order.to_string().contains("Tile, as revised"))
    };
    assert!(follows(&company));
    // And when a bookkeeper pays and QuickBooks tells so, the payments are carried back
    company.quickbooks().take_webhooks();
    company.people(1);
    let notices = company.quickbooks().take_webhooks();
    assert!(!notices.is_empty());
    for notice in notices {
        assert_eq!(listening.deliver("quickbooks", notice.headers, notice.body), 200);
    }
    while listening.says(" worked ").contains(" payments=0 ") {}
    assert!(company.procore().all("contract_payments").count() > 1);
    listening.ends_well();
}

#[test]
fn webhook_subscriptions_are_made_once_and_repaired() {
    let company = Company::demo();
    let url = "https://sync.example.com/webhooks/procore";
    // When they are made, then for the company and each of its projects
    let made = company.json(&["webhooks", url, "--json"]);
    let count = |answer: &serde_json::Value, what: &str| answer[what].as_array().unwrap().len();
    let scopes = count(&made, "created");
    assert_eq!((scopes > 3, count(&made, "failed")), (true, 0), "{made}");
    // and asked again, nothing is written
    let before = company.writes();
    let again = company.json(&["webhooks", url, "--json"]);
    assert_eq!(
        (count(&again, "unchanged"), count(&again, "created") + count(&again, "repaired")),
        (scopes, 0),
        "{again}"
    );
    assert_eq!(company.writes(), before);
    // And an address that Procore does not deliver to is refused in words
    let refused = company.run(&["webhooks", "http://sync.example.com/webhooks/procore"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("https"), "{}", String::from_utf8_lossy(&refused.stderr));
}
