//! No window is exceeded, whatever happens.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::doubles::noon;
use super::*;
use crate::clock::{Clock, ManualClock};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test]
async fn waits_until_all_named_windows_have_room() {
    // given two windows, of which a batch counts in both
    let clock = Arc::new(ManualClock::new(noon()));
    let windows = vec![Window::new("second", 2, seconds(1)), Window::new("batch", 1, seconds(60))];
    let pace = Pace::new(windows, clock.clone(), None);
    // when two batches and a single request are sent
    pace.permit(&["second", "batch"]).await;
    pace.permit(&["second"]).await;
    assert_eq!(clock.now(), noon(), "both fit at once");
    assert_eq!(pace.wait_for(&["second"]), seconds(1));
    pace.permit(&["second"]).await;
    assert_eq!(clock.now(), noon() + TimeDelta::seconds(1));
    pace.permit(&["second", "batch"]).await;
    // then the second batch waits for its own minute
    assert_eq!(clock.now(), noon() + TimeDelta::seconds(60));
}

#[tokio::test]
async fn pauses_after_429_and_never_shortens_the_pause() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::unlimited(clock.clone());
    pace.backoff_until(noon() + TimeDelta::seconds(30));
    pace.backoff_until(noon() + TimeDelta::seconds(10));
    pace.permit(&[]).await;
    assert_eq!(clock.now(), noon() + TimeDelta::seconds(30));
}

#[tokio::test]
async fn keeps_to_what_the_headers_say_of_both_windows() {
    // given headers that speak of the hour and then of the spike window
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::unlimited(clock.clone());
    let (hour, spike) = (noon() + TimeDelta::hours(1), noon() + TimeDelta::seconds(10));
    let permit = pace.permit(&["api"]).await;
    pace.observe_remaining("api", 3, hour);
    drop(permit);
    let permit = pace.permit(&["api"]).await;
    pace.observe_remaining("api", 1, spike);
    drop(permit);
    // when three more are sent: one in this spike window, one after it, one after the hour
    pace.permit(&["api"]).await;
    assert_eq!(clock.now(), noon());
    pace.permit(&["api"]).await;
    assert_eq!(clock.now(), spike);
    pace.permit(&["api"]).await;
    assert_eq!(clock.now(), hour);
    // and requests of other names were never held
    assert_eq!(pace.wait_for(&["other"]), Duration::ZERO);
}

#[tokio::test]
async fn requests_on_their_way_are_taken_off_the_servers_figure() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::unlimited(clock.clone());
    // given three unanswered requests, of which the first answer says that two are left
    let permits = [pace.permit(&["api"]).await, pace.permit(&["api"]).await, pace.permit(&["api"]).await];
    pace.observe_remaining("api", 2, noon() + TimeDelta::seconds(10));
    // then the other two have used them
    assert_eq!(pace.wait_for(&["api"]), seconds(10));
    assert_eq!(pace.in_flight(), 3);
    drop(permits);
    assert_eq!(pace.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn caps_requests_in_flight() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::unlimited(clock).with_max_in_flight(1);
    let first = pace.permit(&[]).await;
    let second = tokio::time::timeout(seconds(1), pace.permit(&[])).await;
    assert!(second.is_err(), "no second request while the first is unanswered");
    drop(first);
    pace.permit(&[]).await;
}

#[tokio::test]
async fn a_restart_remembers() {
    // given a process that used its minute up and ended
    let log = Arc::new(MemoryPaceLog::default());
    let clock = Arc::new(ManualClock::new(noon()));
    let windows = || vec![Window::new("minute", 2, seconds(60))];
    let pace = Pace::new(windows(), clock.clone(), Some(log.clone()));
    pace.permit(&["minute"]).await;
    clock.advance(seconds(5));
    pace.permit(&["minute"]).await;
    drop(pace);
    // when the next one starts
    let pace = Pace::new(windows(), clock.clone(), Some(log));
    pace.permit(&["minute"]).await;
    // then it waits for the first to leave the window
    assert_eq!(clock.now(), noon() + TimeDelta::seconds(60));
}

#[tokio::test]
async fn a_clock_set_back_blocks_for_one_window_at_most() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::new(vec![Window::new("minute", 1, seconds(60))], clock.clone(), None);
    pace.permit(&["minute"]).await;
    clock.set(noon() - TimeDelta::days(1));
    assert_eq!(pace.wait_for(&["minute"]), seconds(60));
}

#[derive(Debug)]
struct BrokenLog;

#[async_trait]
impl PaceLog for BrokenLog {
    async fn load(&self, _: &str) -> Result<Vec<DateTime<Utc>>, PaceLogError> {
        Err(PaceLogError("disk".to_owned()))
    }
    async fn append(&self, _: &str, _: DateTime<Utc>) -> Result<(), PaceLogError> {
        Err(PaceLogError("disk".to_owned()))
    }
}

#[tokio::test]
async fn a_broken_log_does_not_stop_the_sync() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::new(vec![Window::new("w", 1, seconds(1))], clock.clone(), Some(Arc::new(BrokenLog)));
    pace.permit(&["w"]).await;
    pace.permit(&["w"]).await;
    assert_eq!(clock.now(), noon() + TimeDelta::seconds(1));
}

/// Requests allowed and seconds of three windows; for each request its windows and the pause before it; the restart.
type Run = (Vec<(u32, u64)>, Vec<(u8, u64)>, usize);

fn runs() -> impl Strategy<Value = Run> {
    let windows = prop::collection::vec((1_u32..6, 1_u64..90), 3);
    let requests = prop::collection::vec((0_u8..8, 0_u64..30_000), 1..80);
    (windows, requests, 0_usize..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_window_is_ever_exceeded((limits, requests, restart_at) in runs()) {
        let names = ["a", "b", "c"];
        let clock = Arc::new(ManualClock::new(noon()));
        let log = Arc::new(MemoryPaceLog::default());
        let make = || {
            let windows = names.iter().zip(&limits).map(|(name, (limit, per))| Window::new(name, *limit, seconds(*per)));
            Pace::new(windows.collect(), clock.clone(), Some(log.clone()))
        };
        let mut pace = make();
        let mut sent: [Vec<DateTime<Utc>>; 3] = Default::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for (index, (mask, pause)) in requests.iter().enumerate() {
                if index == restart_at {
                    pace = make();
                }
                clock.advance(Duration::from_millis(*pause));
                let chosen: Vec<usize> = (0..3).filter(|bit| mask & (1 << bit) != 0).collect();
                let classes: Vec<&str> = chosen.iter().map(|bit| names[*bit]).collect();
                pace.permit(&classes).await;
                for bit in chosen {
                    sent[bit].push(clock.now());
                }
            }
        });
        for (times, (limit, per)) in sent.iter().zip(&limits) {
            // any limit + 1 requests in a row span more than the window
            for group in times.windows(*limit as usize + 1) {
                let span = *group.last().unwrap() - group[0];
                prop_assert!(span >= TimeDelta::seconds(i64::try_from(*per).unwrap()), "{limit} in {per} s: {span}");
            }
        }
    }
}

#[tokio::test]
async fn many_at_once_do_not_exceed_a_window() {
    let clock = Arc::new(ManualClock::new(noon()));
    let pace = Pace::new(vec![Window::new("w", 3, seconds(10))], clock.clone(), None).with_max_in_flight(4);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let tasks = (0..30).map(|_| {
        let (pace, clock, sent) = (pace.clone(), clock.clone(), sent.clone());
        tokio::spawn(async move {
            let permit = pace.permit(&["w"]).await;
            sent.lock().unwrap().push(clock.now());
            drop(permit);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut sent = sent.lock().unwrap().clone();
    sent.sort_unstable();
    assert_eq!(sent.len(), 30);
    assert!(sent.windows(4).all(|group| group[3] - group[0] >= TimeDelta::seconds(10)));
}
