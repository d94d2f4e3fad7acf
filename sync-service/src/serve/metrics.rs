//! What the service counts, in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use chrono::{DateTime, Utc};
use sync_core::engine::{Observer, RunReport};
use sync_core::model::DocumentKind;

/// Upper bounds of the buckets, in milliseconds.
const BUCKETS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000];

/// What is counted while the process runs.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    counts: Mutex<Counts>,
    stopping: AtomicBool,
    reloads: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts {
    taken_in: BTreeMap<DocumentKind, u64>,
    finished: BTreeMap<DocumentKind, u64>,
    written: BTreeMap<&'static str, u64>,
    rounds: BTreeMap<&'static str, u64>,
    last_good_round: Option<DateTime<Utc>>,
    last_error: Option<String>,
    reconciliations: BTreeMap<&'static str, u64>,
    webhooks: BTreeMap<(String, u16), u64>,
    took: Histogram,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    micros: u128,
}

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    pub(super) fn reloaded(&self) {
        self.reloads.fetch_add(1, Ordering::Relaxed);
    }

    /// A round of work ended well.
    pub(super) fn round(&self, report: &RunReport, now: DateTime<Utc>) {
        let mut counts = self.counts();
        *counts.rounds.entry("done").or_default() += 1;
        counts.last_good_round = Some(now);
        counts.last_error = None;
        for (what, many) in [
            ("created", report.created),
            ("updated", report.updated),
            ("voided", report.voided),
            ("adopted", report.adopted),
            ("payment_recorded", report.payments_recorded),
            ("payment_taken_back", report.payments_taken_back),
            ("direct_cost_recorded", report.direct_costs_recorded),
            ("vendor_entered", report.vendors_entered),
        ] {
            *counts.written.entry(what).or_default() += many as u64;
        }
    }

    /// A round of work broke off.
    pub(super) fn round_failed(&self, error: &str) {
        let mut counts = self.counts();
        *counts.rounds.entry("failed").or_default() += 1;
        counts.last_error = Some(error.to_owned());
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.counts().last_error.clone()
    }

    pub(super) fn reconciled(&self, how: &'static str) {
        *self.counts().reconciliations.entry(how).or_default() += 1;
    }

    /// The routes of webhooks, each delivery counted and timed.
    pub(super) fn timed(self: &Arc<Self>, router: Router) -> Router {
        let metrics = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let metrics = metrics.clone();
            async move {
                let vendor = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
                let begun = Instant::now();
                let answer = next.run(request).await;
                metrics.answered(vendor, answer.status().as_u16(), begun.elapsed());
                answer
            }
        }))
    }

    fn answered(&self, vendor: String, status: u16, took: Duration) {
        let mut counts = self.counts();
        *counts.webhooks.entry((vendor, status)).or_default() += 1;
        counts.took.count += 1;
        counts.took.micros += took.as_micros();
        for (bound, bucket) in BUCKETS.iter().zip(&mut counts.took.buckets) {
            *bucket += u64::from(took <= Duration::from_millis(*bound));
        }
    }

    /// The text, after what `more` says of the journal and the connections.
    pub(super) fn render(&self, more: &[Gauge]) -> String {
        let counts = self.counts();
        let mut text = Text::default();
        for gauge in more {
            text.family(gauge.name, gauge.kind, gauge.help);
            for (labels, value) in &gauge.values {
                text.line(gauge.name, labels, value);
            }
        }
        let kinds = |counts: &BTreeMap<DocumentKind, u64>| {
            counts.iter().map(|(kind, n)| (format!("kind=\"{kind}\""), *n)).collect::<Vec<_>>()
        };
        let named = |label: &str, counts: &BTreeMap<&'static str, u64>| {
            counts.iter().map(|(name, n)| (format!("{label}=\"{name}\""), *n)).collect::<Vec<_>>()
        };
        text.counter("sync_changes_total", "Changes taken in.", &kinds(&counts.taken_in));
        text.counter("sync_documents_total", "Documents worked to an end.", &kinds(&counts.finished));
        text.counter("sync_writes_total", "What was written on either side.", &named("what", &counts.written));
        text.counter("sync_rounds_total", "Rounds of work.", &named("outcome", &counts.rounds));
        text.counter("sync_reconciliations_total", "Nightly comparisons.", &named("outcome", &counts.reconciliations));
        let reloads = self.reloads.load(Ordering::Relaxed);
        text.counter(
            "sync_reloads_total",
            "Times the configuration or the mapping was taken over anew.",
            &[(String::new(), reloads)],
        );
        let webhooks: Vec<_> = counts
            .webhooks
            .iter()
            .map(|((vendor, status), n)| (format!("vendor=\"{vendor}\",status=\"{status}\""), *n))
            .collect();
        text.counter("sync_webhooks_total", "Webhook deliveries answered.", &webhooks);
        if let Some(at) = counts.last_good_round {
            let name = "sync_last_good_round_timestamp_seconds";
            text.family(name, "gauge", "When the last round ended well.");
            text.line(name, "", &at.timestamp().to_string());
        }
        text.histogram(&counts.took);
        text.0
    }
}

#[async_trait]
impl Observer for Metrics {
    fn finished(&self, kind: DocumentKind, count: usize) {
        *self.counts().finished.entry(kind).or_default() += count as u64;
    }

    fn taken_in(&self, kind: DocumentKind, count: usize) {
        *self.counts().taken_in.entry(kind).or_default() += count as u64;
    }
}

/// Figures that are read when they are asked for.
pub(super) struct Gauge {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
    /// Labels (`a="b",c="d"`, or empty) and value.
    pub(super) values: Vec<(String, String)>,
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: &str) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    fn counter(&mut self, name: &str, help: &str, values: &[(String, u64)]) {
        self.family(name, "counter", help);
        for (labels, value) in values {
            self.line(name, labels, &value.to_string());
        }
    }

    fn histogram(&mut self, of: &Histogram) {
        const NAME: &str = "sync_webhook_seconds";
        self.family(NAME, "histogram", "How long a webhook delivery took to be stored and answered.");
        for (bound, many) in BUCKETS.iter().zip(&of.buckets) {
            let labels = format!("le=\"{}.{:03}\"", bound / 1000, bound % 1000);
            self.line(&format!("{NAME}_bucket"), &labels, &many.to_string());
        }
        self.line(&format!("{NAME}_bucket"), "le=\"+Inf\"", &of.count.to_string());
        let seconds = format!("{}.{:06}", of.micros / 1_000_000, of.micros % 1_000_000);
        self.line(&format!("{NAME}_sum"), "", &seconds);
        self.line(&format!("{NAME}_count"), "", &of.count.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_fall_into_every_bucket_that_holds_them() {
        let metrics = Metrics::default();
        metrics.answered("procore".to_owned(), 200, Duration::from_micros(1_500));
        metrics.answered("procore".to_owned(), 401, Duration::from_millis(30));
        let text = metrics.render(&[]);
        for line in [
            "sync_webhooks_total{vendor=\"procore\",status=\"200\"} 1",
            "sync_webhooks_total{vendor=\"procore\",status=\"401\"} 1",
            "sync_webhook_seconds_bucket{le=\"0.001\"} 0",
            "sync_webhook_seconds_bucket{le=\"0.002\"} 1",
            "sync_webhook_seconds_bucket{le=\"0.050\"} 2",
            "sync_webhook_seconds_bucket{le=\"+Inf\"} 2",
            "sync_webhook_seconds_sum 0.031500",
            "sync_webhook_seconds_count 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
