//! Crashes and bad networks: whatever happens on the way, the books end up the same.

use std::sync::OnceLock;
use std::time::Duration;

use sync_core::engine::Step;
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::{Faults, Rates};
use tokio::sync::OnceCell;

use crate::kit::content::{content, difference};
use crate::kit::crash::{At, Trap, go_on};
use crate::kit::{Site, ledger, lock, site};

fn demo() -> &'static Book {
    static DEMO: OnceLock<Book> = OnceLock::new();
    DEMO.get_or_init(|| site::book("demo"))
}

/// The demo book on a morning when some approvals are still to come.
async fn site_in_the_morning() -> Site {
    let site = Site::open(demo()).await;
    let now = site.now();
    let mut procore = site.procore();
    for app in HELD_BACK {
        procore.person_edits(now, "requisitions", app, |app| app.set("status", "under_review")).unwrap();
    }
    drop(procore);
    site
}

/// The last pay apps of SC-A1, SC-A4, SC-A5 and SC-A6, and one in between of SC-A3B.
const HELD_BACK: [&str; 5] =
    ["598134326660004", "598134326660026", "598134326660029", "598134326660031", "598134326660014"];

/// What people do in Procore during the day: approvals, new titles of contracts, a new telephone number of a vendor.
fn people_work(site: &Site) {
    site.clock.advance(Duration::from_secs(3 * 3600));
    let now = site.now();
    let mut procore = site.procore();
    for app in HELD_BACK {
        procore.person_edits(now, "requisitions", app, |app| app.set("status", "approved")).unwrap();
    }
    for contract in ["598134326200001", "598134326200009", "598134326200015", "598134326200023"] {
        procore.person_edits(now, "work_order_contracts", contract, |c| c.set("title", "As agreed in March")).unwrap();
    }
    procore.person_edits(now, "vendors", "598134326011211", |v| v.set("business_phone", "218-555-0199")).unwrap();
}

/// When things go wrong.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// While everything is taken in for the first time.
    FirstLoad,
    /// While what people did during the day is caught up with.
    Evening,
}

/// A site of which `when` is about to come.
async fn before(when: When) -> Site {
    let site = site_in_the_morning().await;
    if when == When::Evening {
        go_on(&site, &site.engine()).await.unwrap();
        people_work(&site);
    }
    site
}

/// What QuickBooks holds afterwards when nothing goes wrong.
async fn undisturbed(when: When) -> &'static [String] {
    static LOADED: OnceCell<Vec<String>> = OnceCell::const_new();
    static CAUGHT_UP: OnceCell<Vec<String>> = OnceCell::const_new();
    let content = match when {
        When::FirstLoad => &LOADED,
        When::Evening => &CAUGHT_UP,
    };
    content.get_or_init(|| undisturbed_content(when)).await
}

async fn undisturbed_content(when: When) -> Vec<String> {
    let site = before(when).await;
    let report = go_on(&site, &site.engine()).await.unwrap();
    if when == When::Evening {
        assert!(report.created >= 5 && report.updated >= 5, "{report:?}");
    }
    let content = content(&site.quickbooks());
    assert!(content.len() > 160);
    content
}

/// What is lost, doubled, changed or left to a person, although nothing should be.
async fn harm(site: &Site, expected: &[String]) -> String {
    let mut harm = Vec::new();
    let duplicates = ledger::duplicates(&site.quickbooks());
    if duplicates > 0 {
        harm.push(format!("{duplicates} duplicates"));
    }
    for letter in site.dead_letters().await {
        harm.push(format!("dead letter {} ({}): {}", letter.document, letter.cause, letter.text));
    }
    let waiting = site.waiting().await;
    if let Some(first) = waiting.first() {
        harm.push(format!("{} documents wait, such as {} for {}", waiting.len(), first.document, first.on));
    }
    let counts = site.journal.counts(&site.connection()).await.unwrap();
    if (counts.pending, counts.open_intents) != (0, 0) {
        harm.push(format!("not done: {counts:?}"));
    }
    let found = content(&site.quickbooks());
    if found != expected {
        harm.push(difference(expected, &found));
    }
    harm.join("\n")
}

async fn is_as_undisturbed(site: &Site, expected: &[String], what: &str) {
    let harm = harm(site, expected).await;
    assert!(harm.is_empty(), "{what}:\n{harm}");
}

/// Kills the program at these points, one start after the other, and starts it once more. Gives back at how many of them it
/// was killed: the others it did not reach.
async fn killed(site: &Site, points: &[At]) -> usize {
    let mut kills = 0;
    for point in points {
        let trap = Trap::at(*point);
        let engine = site.engine_watched(trap.clone());
        if trap.watch(go_on(site, &engine)).await.is_some() {
            return kills;
        }
        kills += 1;
    }
    go_on(site, &site.engine()).await.unwrap();
    kills
}

/// Kills the program once at every step of a kind, each time in a new attempt. Gives back how many there are.
async fn killed_once_at_every(step: Step, when: When) -> usize {
    let expected = undisturbed(when).await;
    let mut reached = 0;
    for nth in 1.. {
        // Given a program that will be killed at the n-th step of this kind
        let site = before(when).await;
        // When it runs until then, and is started again
        if killed(&site, &[At::Nth(step, nth)]).await == 0 {
            break;
        }
        reached += 1;
        // Then the books are as if nothing had happened
        is_as_undisturbed(&site, expected, &format!("killed at {step} {nth}")).await;
    }
    reached
}

#[tokio::test]
async fn killed_while_a_part_is_taken_in() {
    let steps = killed_once_at_every(Step::PartTakenIn, When::FirstLoad).await;
    assert!(steps >= 10, "{steps} parts of five projects");
}

#[tokio::test]
async fn killed_before_anything_is_written() {
    for step in [Step::Claimed, Step::Fetched, Step::Settled] {
        assert!(killed_once_at_every(step, When::FirstLoad).await >= 1, "{step}");
    }
}

#[tokio::test]
async fn killed_when_writes_are_stored_and_not_sent() {
    assert!(killed_once_at_every(Step::IntentStored, When::FirstLoad).await >= 6, "batches of thirty");
}

#[tokio::test]
async fn killed_when_writes_are_sent_and_not_recorded() {
    assert!(killed_once_at_every(Step::Sent, When::FirstLoad).await >= 6, "batches of thirty");
}

#[tokio::test]
async fn killed_when_outcomes_are_stored() {
    assert!(killed_once_at_every(Step::OutcomeStored, When::FirstLoad).await >= 6, "batches of thirty");
}

#[tokio::test]
async fn killed_at_any_step_of_an_evening() {
    for step in [Step::Claimed, Step::Fetched, Step::IntentStored, Step::Sent, Step::OutcomeStored] {
        assert!(killed_once_at_every(step, When::Evening).await >= 1, "{step}");
    }
}

#[tokio::test]
async fn killed_again_while_what_was_sent_is_looked_for() {
    let expected = undisturbed(When::FirstLoad).await;
    for nth in 1..=6 {
        // Given a program that was killed when the n-th batch was sent and not recorded
        let site = before(When::FirstLoad).await;
        // When it is killed again while it looks for what it wrote, and again when it has written that down
        let points = [At::Nth(Step::Sent, nth), At::Nth(Step::ReadBack, 1), At::Nth(Step::OutcomeStored, 1)];
        assert_eq!(killed(&site, &points).await, 3);
        // Then the books are as if nothing had happened
        is_as_undisturbed(&site, expected, &format!("killed at batch {nth} and at its reading back")).await;
    }
}

#[tokio::test]
async fn killed_every_few_steps_the_program_still_comes_to_an_end() {
    let expected = undisturbed(When::FirstLoad).await;
    // What was found of an earlier pay app that is under review is known for one start only: from finding it to storing the
    // later one takes six steps.
    for steps in [6, 7, 9] {
        // Given a program that is killed after every few steps
        let site = before(When::FirstLoad).await;
        // When it is started again and again
        let kills = killed(&site, &[At::After(steps); 60]).await;
        // Then it comes to an end, and the books are as if nothing had happened
        assert!((2..60).contains(&kills), "killed {kills} times, every {steps} steps");
        is_as_undisturbed(&site, expected, &format!("killed every {steps} steps")).await;
    }
}

/// A bad day: in thousandths of all requests.
fn bad_day(per_mille: u16) -> Rates {
    Rates {
        lost_request: per_mille,
        lost_answer: per_mille,
        status_429: per_mille,
        status_500: per_mille,
        status_500_after_acting: per_mille,
        status_503: per_mille,
        truncated: per_mille / 3,
        wrong_type: per_mille,
        ..Rates::default()
    }
}

/// Starts of the program on one bad day; more mean that it makes no progress.
const STARTS: u64 = 300;

/// Starts the program until it comes to an end; it fails, gives up and, if `killed`, is killed on the way. Gives back
/// whether it comes to an end.
async fn struggles_on(site: &Site, seed: u64, killed: bool) -> bool {
    for start in 0..STARTS {
        let steps = if killed { 4 + (seed + start * 5) % 11 } else { u64::MAX };
        let trap = Trap::at(At::After(steps));
        let engine = site.engine_watched(trap.clone());
        if let Some(Ok(_)) = trap.watch(go_on(site, &engine)).await {
            return true;
        }
    }
    false
}

/// A bad day, then a night without faults. Gives back the harm, and how many faults there were. Every other seed is a first load, the others an evening;
/// every other pair of seeds is killed on the way besides.
async fn bad_day_then_quiet_night(seed: u64) -> (String, u64) {
    // Given the demo book, and networks and vendors that fail at this seed's moments
    let when = if seed.is_multiple_of(2) { When::FirstLoad } else { When::Evening };
    let site = before(when).await;
    // A first load makes two hundred requests, an evening some thirty.
    let rates = bad_day(if when == When::FirstLoad { 20 } else { 50 });
    lock(&site.procore_weather).api = Faults::seeded(seed, rates);
    lock(&site.quickbooks_weather).api = Faults::seeded(seed.wrapping_mul(31) + 7, rates);
    // When the program runs until it is done
    if !struggles_on(&site, seed, seed % 4 >= 2).await {
        return (format!("no progress after {STARTS} starts"), 0);
    }
    // And everything is taken in once more in a night without faults
    let mut faults = 0;
    for weather in [&site.procore_weather, &site.quickbooks_weather] {
        let mut weather = lock(weather);
        faults += weather.api.counts().values().sum::<u64>();
        weather.api.set_rates(Rates::default());
    }
    site.load().await;
    // Then the books should be as if nothing had happened
    (harm(&site, undisturbed(when).await).await, faults)
}

async fn bad_days(seeds: impl IntoIterator<Item = u64>) {
    let mut harmed = Vec::new();
    let mut all_faults = 0;
    for seed in seeds {
        let (harm, faults) = bad_day_then_quiet_night(seed).await;
        all_faults += faults;
        if !harm.is_empty() {
            harmed.push(format!("seed {seed}:\n{harm}"));
        }
    }
    assert!(harmed.is_empty(), "{}", harmed.join("\n"));
    assert!(all_faults > 200, "{all_faults} faults are no bad days");
}

#[tokio::test]
async fn bad_days_do_no_harm_first_twenty() {
    bad_days(0..20).await;
}

#[tokio::test]
async fn bad_days_do_no_harm_second_twenty() {
    bad_days(20..40).await;
}
