//! What is done once a day: both companies are compared.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveTime, Utc};
use sync_core::clock::until;
use tokio::sync::watch;

use super::plant::House;
use crate::reconcile::books::BooksAt;
use crate::reconcile::live::{Extent, reconcile};

/// The next time that it is `at` o'clock, in UTC.
pub(super) fn next(now: DateTime<Utc>, at: NaiveTime) -> DateTime<Utc> {
    let today = now.date_naive().and_time(at).and_utc();
    if today > now { today } else { today.checked_add_days(Days::new(1)).unwrap_or(today) }
}

/// Waits until it is `at` o'clock, or the configuration may say another hour: true if the hour has come. Waits are short,
/// since a machine may sleep through the hour.
pub(super) async fn wait_until(house: &House, due: DateTime<Utc>) -> bool {
    let left = until(house.clock.now(), due);
    house.clock.sleep(left.min(std::time::Duration::from_secs(60))).await;
    house.clock.now() >= due
}

pub(super) async fn run(house: Arc<House>, stopped: watch::Receiver<bool>) {
    let mut from = house.clock.now();
    while !*stopped.borrow() {
        let at = house.plant().settings.serve.reconcile_at;
        let due = next(from, at.unwrap_or_default());
        if !wait_until(&house, due).await {
            continue;
        }
        from = house.clock.now();
        // The hour may have been changed meanwhile.
        if at.is_some() && house.plant().settings.serve.reconcile_at == at {
            compare(&house).await;
        }
    }
}

pub(super) async fn compare(house: &House) {
    let plant = house.plant();
    tracing::info!("the nightly comparison begins");
    let settings = &plant.settings.connection;
    let compared = match BooksAt::of(settings, plant.desktop.as_ref()) {
        Ok(at) => reconcile(settings, &at, &Extent { quiet: true, ..Extent::default() }).await,
        Err(error) => Err(error),
    };
    match compared {
        Ok((report, done)) => {
            let findings = report.findings.len();
            house.metrics.reconciled(if findings == 0 { "clean" } else { "findings" });
            tracing::info!(
                findings,
                complete = report.is_complete(),
                back_to_intake = done.back_to_intake,
                dead_letters = done.dead_letters,
                "the nightly comparison ended"
            );
            house.work.notify_one();
        }
        Err(error) => {
            house.metrics.reconciled("failed");
            tracing::error!(%error, "the nightly comparison broke off; the next one goes on where it was");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_hour_is_today_or_tomorrow() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let two = NaiveTime::from_hms_opt(2, 0, 0).unwrap();
        for (now, expected) in [
            ("2026-03-01T01:59:59Z", "2026-03-01T02:00:00Z"),
            ("2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z"),
            ("2026-12-31T23:00:00Z", "2027-01-01T02:00:00Z"),
        ] {
            assert_eq!(next(time(now), two), time(expected));
        }
    }
}
