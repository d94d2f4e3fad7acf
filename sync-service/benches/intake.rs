//! How long a webhook takes to be stored and answered, while the service works what was told: 200 events a second over
//! HTTP, each flushed to the disk before it is answered. Prints the percentiles; fails beyond 50 ms at the 99th.
//!
//! ```sh
//! cargo bench -p sync-service --bench intake
//! ```

#[allow(dead_code)]
#[path = "../tests/service/kit.rs"]
mod kit;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use http::Request;
use sync_core::http::{ReqwestTransport, Transport, TransportConfig};
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::EventType;

use kit::Town;

const A_SECOND: u32 = 200;
const SECONDS: u32 = 20;
const LIMIT: Duration = Duration::from_millis(50);

fn main() {
    let town = Town::new(Book::demo().unwrap());
    town.connect();
    let mut service = town.serve(&[]);
    service.running.wait_for("\"message\":\"worked\"");
    let deliveries = deliveries(&town);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut took = runtime.block_on(deliver(&service.url, deliveries));
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    println!(
        "{} deliveries at {A_SECOND}/s: p50 {:?}, p95 {:?}, p99 {:?}, longest {:?}",
        took.len(),
        at(50),
        at(95),
        at(99),
        at(100)
    );
    service.stop();
    assert!(at(99) < LIMIT, "the 99th percentile is beyond {LIMIT:?}");
}

/// Events about the records of the book, each with an id of its own.
fn deliveries(town: &Town) -> Vec<Request<bytes::Bytes>> {
    let mut procore = town.procore();
    let ids: Vec<(&str, String)> = ["vendors", "projects", "work_order_contracts", "purchase_order_contracts"]
        .into_iter()
        .flat_map(|resource| {
            let ids = procore.all(resource).filter_map(|record| record.get("id").and_then(Json::as_id));
            ids.map(|id| (resource, id.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    let wanted = usize::try_from(A_SECOND * SECONDS).unwrap();
    let mut requests = Vec::with_capacity(wanted);
    for (resource, id) in ids.iter().cycle() {
        if requests.len() == wanted {
            break;
        }
        if let Some(delivery) = procore.event_for(Utc::now(), resource, id, EventType::Update) {
            let mut request = Request::post("http://localhost/webhooks/procore").body(delivery.body).unwrap();
            *request.headers_mut() = delivery.headers;
            requests.push(request);
        }
    }
    requests
}

/// Each at its time, whether the earlier ones were answered or not; measured from that time.
async fn deliver(url: &str, deliveries: Vec<Request<bytes::Bytes>>) -> Vec<Duration> {
    let transport = Arc::new(ReqwestTransport::new(TransportConfig::default()).unwrap());
    let begun = Instant::now() + Duration::from_millis(100);
    let tasks: Vec<_> = (0u32..)
        .zip(deliveries)
        .map(|(number, mut request)| {
            *request.uri_mut() = format!("{url}/webhooks/procore").parse().unwrap();
            let (transport, due) = (transport.clone(), begun + Duration::from_secs(1) * number / A_SECOND);
            tokio::spawn(async move {
                tokio::time::sleep_until(due.into()).await;
                let answer = transport.send(request).await.unwrap();
                assert_eq!(answer.status(), 200);
                due.elapsed()
            })
        })
        .collect();
    let mut took = Vec::with_capacity(tasks.len());
    for task in tasks {
        took.push(task.await.unwrap());
    }
    took
}
