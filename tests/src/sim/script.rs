//! What happens in one run, from the first consent to the last check.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use procore_client::webhook::Webhook;
use sync_core::engine::Engine;
use sync_core::journal::Journal;
use sync_core::model::ConnectionId;
use sync_sandboxes::faults::SplitMix;
use sync_sandboxes::procore::{Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{QuickBooks, QuickBooksConfig};

use super::book::{self, Maker};
use super::desktop::{self, Machine};
use super::disk::Disk;
use super::executor::{Executor, Job};
use super::payments;
use super::people;
use super::people_lists;
use super::report::{IN, Outcome, Sides, TOKEN};
use super::time::Time;
use super::truth::{self, Memory};
use super::worker::{self, CONNECTION};
use super::world::{Parts, Rates, Side, Storm, World, lock};

/// Seconds that an access token of Procore lives here: short, so that many are renewed.
pub(crate) const TOKEN_LIFE: i64 = 900;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_550_000, 0).unwrap_or_default()
}

/// Plays one seed. `keep_all`: keeps every event, else the last ones.
///
/// # Errors
/// If the books or directories that every run needs cannot be made: the machine's fault, not the seed's.
pub fn run(seed: u64, sides: Sides, keep_all: bool) -> Result<Outcome, String> {
    let world = world(seed, sides, keep_all)?;
    let mut executor = Executor::new(Arc::clone(&world), seed);
    executor.run(director(Arc::clone(&world)));
    drop(executor);
    for id in 0..world.workers {
        world.process_died(id);
    }
    let mut state = world.state();
    Ok(Outcome {
        seed,
        violations: std::mem::take(&mut state.violations),
        injected: std::mem::take(&mut state.counts),
        documents: state.documents,
        requests: state.requests,
        runs: state.runs,
        digest: state.digest,
        events: std::mem::take(&mut state.events).into(),
    })
}

fn world(seed: u64, sides: Sides, keep_all: bool) -> Result<Arc<World>, String> {
    static EMPTY: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let empty = EMPTY.get_or_init(|| tempfile::tempdir().ok()).as_ref().ok_or("no temporary directory")?;
    let mut dice = SplitMix::seeded(seed ^ 0x7363_7269_7074);
    let mut maker = Maker::new(seed);
    let book = book::generate(&mut maker, sides, empty.path())?;
    let procore_config = ProcoreConfig {
        seed,
        token_life: TOKEN_LIFE,
        lists_carry_lines: dice.below(2) == 0,
        ..ProcoreConfig::default()
    };
    let rotation = if dice.below(2) == 0 { chrono::Duration::zero() } else { chrono::Duration::hours(24) };
    let quickbooks_config = QuickBooksConfig {
        seed,
        access_token_life: chrono::Duration::seconds(600 + i64::try_from(dice.below(3000)).unwrap_or(0)),
        refresh_rotation: rotation,
        ..QuickBooksConfig::default()
    };
    let void_deleted = dice.below(2) == 0;
    let authorization = procore_config.webhook_authorization.clone().unwrap_or_default();
    let company = book.facts.procore_company_id.clone();
    let webhook = Webhook::new(authorization.into(), company.clone()).map_err(|e| e.to_string())?;
    let parts = Parts {
        seed,
        sides,
        time: Time::starting(start()),
        quickbooks: QuickBooks::from_book(&book, quickbooks_config),
        procore: Procore::from_book(&book, procore_config),
        desktop: sides.is_desktop().then(|| Machine::new(&book)),
        mapping: book::mapping(void_deleted, sides)?,
        void_deleted,
        store_locks: dice.below(2) == 0,
        webhook,
        // The desk of a company file is in one process.
        workers: if dice.below(5) < 2 || sides.is_desktop() { 1 } else { 2 },
        pause: [60, 300, 1500][usize::try_from(dice.below(3)).unwrap_or(0)],
        company,
        realm: book.facts.realm_id.clone(),
        dir: directory()?,
        rates: rates(&mut dice),
        keep_all,
    };
    Ok(World::new(parts))
}

/// In memory where the machine offers that; what is durable is simulated anyway.
fn directory() -> Result<tempfile::TempDir, String> {
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    dir.map_err(|e| e.to_string())
}

/// Most seeds have a few kinds of trouble, each often; so that every kind is seen without the others, too.
fn rates(dice: &mut SplitMix) -> Rates {
    let mut some = |share: u64, most: u64| if dice.below(100) < share { 1 + dice.below(most) } else { 0 };
    Rates {
        crash: some(60, 400),
        stop: some(40, 150),
        lost_request: some(50, 25),
        refused_connection: some(30, 20),
        lost_answer: some(60, 40),
        late: some(50, 40),
        doubled: some(40, 30),
        slow: some(50, 60),
        throttled: some(30, 20),
        failed_before: some(30, 20),
        failed_after: some(40, 25),
        overloaded: some(30, 20),
        truncated: some(30, 15),
        retyped: some(15, 6),
        journal_crash: some(40, 100),
        torn: some(40, 60),
        token_store: some(20, 60),
        meddle: some(60, 40),
        webhook_dropped: some(60, 400),
        webhook_doubled: some(60, 400),
    }
}

fn director(world: Arc<World>) -> Job {
    Box::pin(async move {
        for side in Side::BOTH {
            worker::consent(&world, side).await;
        }
        for id in 0..world.workers {
            world.spawn_worker(worker::process(Arc::clone(&world), id), id);
        }
        world.spawn(consents(Arc::clone(&world)));
        world.spawn(webhooks(Arc::clone(&world)));
        world.spawn(desktop::visits(Arc::clone(&world)));
        let acts = 6 + draw(&world, 24);
        for _ in 0..acts {
            let pause = 30 + draw(&world, 900);
            world.time.sleep(Duration::from_secs(pause)).await;
            people::act(&world);
            trouble(&world);
        }
        world.time.sleep(Duration::from_secs(600)).await;
        calm(&world).await;
        reconcile(&world).await;
        world.end();
    })
}

fn draw(world: &World, below: u64) -> u64 {
    world.state().dice.people.below(below)
}

/// What is wrong with the world at large, once in a while.
fn trouble(world: &Arc<World>) {
    let roll = draw(world, 60);
    desktop::trouble(world, roll);
    match roll {
        0..3 => {
            let minutes = i64::try_from(draw(world, 10)).unwrap_or(0) + 1;
            let side = if draw(world, 3) == 0 { Side::Procore } else { Side::QuickBooks };
            let status = [429, 429, 500, 503][usize::try_from(draw(world, 4)).unwrap_or(0)];
            let until = world.time.now() + TimeDelta::minutes(minutes);
            world.note("world", None, &format!("{} answers {status} for {minutes} min", side.name()));
            world.injected(if status == 429 { "429 storm" } else { "outage" });
            world.state().storm = Some(Storm { side, until, status });
        }
        3..5 => {
            let side = if draw(world, 2) == 0 { Side::Procore } else { Side::QuickBooks };
            world.note("person", None, &format!("disconnects the app in {}", side.name()));
            world.injected("revoked token");
            match side {
                Side::Procore => lock(&world.procore).revoke_tokens(),
                Side::QuickBooks => lock(&world.quickbooks).revoke_tokens(),
            }
        }
        5..7 => {
            let seconds = i64::try_from(draw(world, 7200)).unwrap_or(0) - 3600;
            world.note("world", None, &format!("the machine's clock jumps by {seconds} s"));
            world.injected("clock jump");
            world.time.jump(TimeDelta::seconds(seconds));
            let now = world.time.now();
            world.state().jumped = Some(now);
        }
        7 => {
            // The machine is off, with whatever it was in the middle of.
            let (hours, name) = [(25, "off for 25 hours"), (8 * 24, "off for 8 days"), (400 * 24, "off for 400 days")]
                [usize::try_from(draw(world, 3)).unwrap_or(0)];
            world.note("world", None, &format!("the machine is {name}"));
            world.injected(name);
            world.kill_all();
            world.time.leap(TimeDelta::hours(hours));
            lock(&world.quickbooks).forget_request_ids();
        }
        8 => {
            world.note("world", None, "QuickBooks forgets its request ids");
            world.injected("forgotten request ids");
            world.kill_all();
            world.time.leap(TimeDelta::minutes(5));
            lock(&world.quickbooks).forget_request_ids();
        }
        _ => {}
    }
}

/// A person who consents again when the sync asks for it.
fn consents(world: Arc<World>) -> Job {
    Box::pin(async move {
        loop {
            world.time.sleep(Duration::from_secs(240)).await;
            let wanted: Vec<Side> = world.state().consent_wanted.iter().copied().collect();
            for side in wanted {
                worker::consent(&world, side).await;
            }
        }
    })
}

/// Deliveries of Procore: dropped, doubled, late and out of order.
fn webhooks(world: Arc<World>) -> Job {
    Box::pin(async move {
        loop {
            world.time.sleep(Duration::from_secs(7)).await;
            let deliveries = lock(&world.procore).take_webhooks();
            for delivery in deliveries {
                let (dropped, doubled, wait, wait_again) = {
                    let mut state = world.state();
                    let rates = state.rates;
                    let dice = &mut state.dice.network;
                    let dropped = dice.below(1000) < rates.webhook_dropped;
                    (dropped, dice.below(1000) < rates.webhook_doubled, dice.below(120), dice.below(600))
                };
                if dropped {
                    world.injected("dropped webhook");
                    continue;
                }
                if doubled {
                    world.injected("doubled webhook");
                    deliver(&world, delivery.clone(), wait_again);
                }
                if wait > 60 {
                    world.injected("reordered webhook");
                }
                deliver(&world, delivery, wait);
            }
        }
    })
}

fn deliver(world: &Arc<World>, delivery: sync_sandboxes::procore::WebhookDelivery, wait: u64) {
    let inside = Arc::clone(world);
    world.spawn(Box::pin(async move {
        let world = inside;
        world.time.sleep(Duration::from_secs(wait)).await;
        let header = delivery.headers.get(http::header::AUTHORIZATION).map(|value| value.as_bytes().to_vec());
        let changes = match world.webhook.receive(header.as_deref(), &delivery.body) {
            Ok(received) => received.changes,
            Err(error) => return world.violated("faults", None, &format!("a webhook is refused: {error}")),
        };
        let engine: Option<Arc<Engine>> = world.state().processes.first().and_then(|process| process.engine.clone());
        // Nobody listens: the vendor gives up.
        let Some(engine) = engine else { return };
        if let Err(error) = engine.intake(&changes).await {
            world.note("intake", None, &error.to_string());
        }
    }));
}

/// The faults stop; what is on its way arrives.
async fn calm(world: &Arc<World>) {
    world.note("world", None, "the faults stop");
    world.stop();
    world.kill_all();
    {
        let mut state = world.state();
        state.rates = Rates::default();
        state.storm = None;
    }
    // What was put off by a clock that was ahead is due when the true time comes to it.
    let ahead = world.time.set_right().to_std().unwrap_or_default();
    people_lists::tidy_up(world);
    desktop::calm(world);
    world.time.sleep(worker::lease(world) + Duration::from_secs(750) + ahead).await;
}

/// One reconciliation, and then everything must agree.
async fn reconcile(world: &Arc<World>) {
    let (engine, disk) = match worker::engine(world, 0) {
        Ok(parts) => parts,
        Err(error) => return world.violated("faults", None, &format!("the last process cannot start: {error}")),
    };
    // One that was interrupted would only be finished: a reconciliation reads everything.
    let _ = disk.set_cursor(&ConnectionId::from(CONNECTION), "snapshot", "[]").await;
    // First without a snapshot: what Procore told, or tells when asked, is enough for what people left alone.
    let jumped = world.state().jumped.is_some();
    if settle(world, &engine, false).await {
        let memory = memory(&disk).await;
        if !jumped {
            truth::agree(world, &memory, true);
        }
    }
    if !settle(world, &engine, true).await {
        return world.violated("faults", None, "the reconciliation does not come to its end");
    }
    let memory = memory(&disk).await;
    truth::books_hold(world);
    truth::agree(world, &memory, false);
    truth::links(world, &memory);
    if world.sides.has_payments() {
        payments::agree(world, &memory);
        payments::links(world, &memory);
    }
    books_of_changes(world, &memory);
    tokens(world).await;
    chain(world, &disk).await;
    let documents = truth::wanted(&lock(&world.procore)).len() as u64;
    world.state().documents = documents;
}

/// Polls, takes everything in where that is asked for, and works, until it goes through; a person consents meanwhile.
async fn settle(world: &Arc<World>, engine: &Engine, whole: bool) -> bool {
    for _ in 0..12 {
        let result = async {
            engine.poll().await?;
            if world.sides.has_payments() {
                engine.poll_sink().await?;
            }
            if whole {
                engine.snapshot().await?;
                engine.read_all_payments_next().await?;
            }
            engine.run().await?;
            engine.carry_payments(worker::BANK_EVERY).await
        };
        let _visits = desktop::of(world).and_then(Machine::keep_visits);
        match result.await {
            Ok(_) => return true,
            Err(error) => {
                worker::failed(world, "last run", &error);
                world.time.sleep(Duration::from_secs(700)).await;
            }
        }
    }
    false
}

async fn memory(disk: &Disk) -> Memory {
    let connection = ConnectionId::from(CONNECTION);
    let mut held = BTreeMap::new();
    for letter in disk.dead_letters(&connection).await.unwrap_or_default() {
        held.insert(letter.document.to_string(), format!("{}: {}", letter.cause, letter.text));
    }
    for waiting in disk.waiting(&connection).await.unwrap_or_default() {
        held.insert(waiting.document.to_string(), format!("waits for {}", waiting.on));
    }
    Memory {
        links: disk.links(&connection).await.unwrap_or_default(),
        held,
        counts: disk.counts(&connection).await.unwrap_or_default(),
    }
}

/// Everything that came in is done, or waits for a person or another document.
fn books_of_changes(world: &World, memory: &Memory) {
    let counts = &memory.counts;
    if counts.changes != counts.done + counts.pending {
        let text = format!("{} came in, {} are done, {} pending", counts.changes, counts.done, counts.pending);
        world.violated(IN, None, &text);
    }
    let seen = world.state().changes.clone();
    if !seen.contains(&counts.changes) {
        world.violated(IN, None, &format!("{} came in by the journal, {seen:?} by the count", counts.changes));
    }
    if counts.ready != 0 || counts.open_intents != 0 {
        let text = format!("{} jobs and {} writes are left over", counts.ready, counts.open_intents);
        world.violated(IN, None, &text);
    }
    if counts.waiting + counts.dead != memory.held.len() as u64 {
        let text =
            format!("{} wait, {} are dead letters, {} are told of", counts.waiting, counts.dead, memory.held.len());
        world.violated(IN, None, &text);
    }
}

async fn tokens(world: &World) {
    for side in Side::BOTH {
        let stored = world.stored_tokens(side).await.and_then(|set| set.refresh);
        let newest = world.state().tokens.get(&side).and_then(|tokens| tokens.newest.clone());
        if stored.as_ref().map(|token| token.expose()) != newest.as_deref() {
            let text = format!("{}: the store holds another refresh token than the newest", side.name());
            world.violated(TOKEN, None, &text);
        }
    }
}

/// The audit is whole, and each row is chained to the one before.
async fn chain(world: &World, disk: &Disk) {
    let connection = ConnectionId::from(CONNECTION);
    let rows = disk.audit(&connection, 0, usize::MAX >> 1).await.unwrap_or_default();
    let mut before = String::new();
    for (row, number) in rows.iter().zip(1..) {
        let hash = sync_core::journal::audit_hash(&before, number, row.at, &row.document, &row.text);
        if row.number != number || row.hash != hash {
            return world.violated("faults", None, &format!("the audit is broken at row {number}"));
        }
        before = hash;
    }
}
