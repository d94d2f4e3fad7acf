//! Plays seeds: `simulate --seeds 1000`, `simulate --seed 17 --trace`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use sync_sandboxes::json::{Json, object};
use sync_tests::sim::{self, INVARIANTS, Outcome, Sides};

/// Seeds that are told in full; the others only by number.
const TOLD: usize = 5;
/// Characters of a line of a story.
const WIDTH: usize = 400;
/// Events of a story.
const STORY: usize = 40;

/// Plays seeds: the real engine, journal and connectors against both doubles, under seeded faults.
///
/// Each seed is a story of its own: people work on both sides, requests get lost, processes die. At its end both sides are
/// compared. Exit status: 0 if every invariant held, 1 if one did not, 2 if nothing could be played.
#[derive(Parser)]
#[command(name = "simulate", version, after_help = "Examples:\n  simulate --seeds 1000\n  simulate --seed 17 --trace")]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,
    /// Plays this one only.
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Prints every event.
    #[arg(long)]
    trace: bool,
    /// Leaves out prime contracts and owner invoices.
    #[arg(long)]
    subcontractors_only: bool,
    /// Leaves out that payments go back, and that vendors are merged.
    #[arg(long)]
    without_payments: bool,
    /// Plays QuickBooks Desktop: a company file that a Web Connector visits.
    #[arg(long, conflicts_with_all = ["subcontractors_only", "without_payments"])]
    desktop: bool,
    /// Prints what it came to as one JSON object.
    #[arg(long, conflicts_with = "trace")]
    json: bool,
    /// How many seeds to play at the same time.
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    threads: usize,
}

impl Arguments {
    fn seeds(&self) -> Range<u64> {
        match self.seed {
            Some(seed) => seed..seed.saturating_add(1),
            None => self.from..self.from.saturating_add(self.seeds),
        }
    }

    fn sides(&self) -> Sides {
        match (self.subcontractors_only, self.without_payments) {
            _ if self.desktop => Sides::Desktop,
            (true, _) => Sides::Subcontractors,
            (false, true) => Sides::Both,
            (false, false) => Sides::Everything,
        }
    }
}

fn main() -> ExitCode {
    match play(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("the simulation cannot run on this machine: {problem}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Totals {
    runs: u64,
    documents: u64,
    requests: u64,
    injected: BTreeMap<&'static str, u64>,
    violations: BTreeMap<&'static str, u64>,
    failed: Vec<Outcome>,
}

impl Totals {
    fn add(&mut self, outcome: Outcome) {
        self.runs += outcome.runs;
        self.documents += outcome.documents;
        self.requests += outcome.requests;
        for (kind, count) in &outcome.injected {
            *self.injected.entry(kind).or_default() += count;
        }
        for violation in &outcome.violations {
            *self.violations.entry(violation.invariant).or_default() += 1;
        }
        if !outcome.violations.is_empty() {
            self.failed.push(outcome);
        }
    }
}

fn play(arguments: &Arguments) -> Result<bool, String> {
    let started = Instant::now();
    let Range { start, end } = arguments.seeds();
    let next = AtomicU64::new(start);
    let totals = Mutex::new((Totals::default(), None::<String>));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let outcome = sim::run(seed, arguments.sides(), arguments.trace);
                    let Ok(mut totals) = totals.lock() else { return };
                    match outcome {
                        Ok(outcome) => {
                            if arguments.trace {
                                for event in &outcome.events {
                                    println!("{event}");
                                }
                            }
                            totals.0.add(outcome);
                        }
                        Err(problem) => {
                            totals.1 = Some(problem);
                            return;
                        }
                    }
                }
            });
        }
    });
    let (mut totals, problem) = totals.into_inner().map_err(|_| "a run has panicked".to_owned())?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    totals.failed.sort_by_key(|outcome| outcome.seed);
    if arguments.json {
        println!("{}", json(&totals, arguments, started));
    } else {
        tell(&totals, arguments, started);
    }
    Ok(totals.failed.is_empty())
}

fn json(totals: &Totals, arguments: &Arguments, started: Instant) -> Json {
    let number = |n: u64| Json::Number(n.to_string());
    let counts = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| {
        Json::Object(counts.map(|(name, count)| (name.to_owned(), number(count))).collect())
    };
    let failed = totals.failed.iter().map(|outcome| {
        let violations = outcome.violations.iter().map(|violation| {
            let about = violation.about.as_deref().map_or(Json::Null, Json::from);
            let text = Json::from(violation.text.as_str());
            object([("invariant", violation.invariant.into()), ("about", about), ("text", text)])
        });
        object([("seed", number(outcome.seed)), ("violations", Json::Array(violations.collect()))])
    });
    let Range { start, end } = arguments.seeds();
    object([
        ("from", number(start)),
        ("seeds", number(end - start)),
        ("runs", number(totals.runs)),
        ("documents", number(totals.documents)),
        ("requests", number(totals.requests)),
        ("faults", counts(&mut totals.injected.iter().map(|(kind, count)| (*kind, *count)))),
        (
            "violations",
            counts(&mut INVARIANTS.into_iter().map(|name| (name, totals.violations.get(name).copied().unwrap_or(0)))),
        ),
        ("failed", Json::Array(failed.collect())),
        ("seconds", number(started.elapsed().as_secs())),
    ])
}

fn tell(totals: &Totals, arguments: &Arguments, started: Instant) {
    for outcome in totals.failed.iter().take(TOLD) {
        println!("seed {} failed", outcome.seed);
        for violation in outcome.violations.iter().take(3) {
            let about = violation.about.as_deref().unwrap_or("-");
            println!("  {} [{about}]: {}", violation.invariant, violation.text);
        }
        if let Some(first) = outcome.violations.first() {
            for line in outcome.story(first, STORY) {
                let line: String = line.chars().take(WIDTH).collect();
                println!("    {line}");
            }
        }
        let only = match arguments.sides() {
            Sides::Subcontractors => " --subcontractors-only",
            Sides::Both => " --without-payments",
            Sides::Everything => "",
            Sides::Desktop => " --desktop",
        };
        println!("  replay: simulate --seed {} --trace{only}", outcome.seed);
    }
    if totals.failed.len() > TOLD {
        let seeds: Vec<String> = totals.failed.iter().skip(TOLD).map(|outcome| outcome.seed.to_string()).collect();
        println!("also failed: {}", seeds.join(" "));
    }
    let Range { start, end } = arguments.seeds();
    println!("seeds                {} (from {start})", end - start);
    println!("runs of the engine   {}", totals.runs);
    println!("documents            {}", totals.documents);
    println!("requests             {}", totals.requests);
    println!("faults injected");
    for (kind, count) in &totals.injected {
        println!("  {kind:<38} {count}");
    }
    println!("violations");
    for invariant in INVARIANTS {
        println!("  {invariant:<48} {}", totals.violations.get(invariant).copied().unwrap_or(0));
    }
    println!("time                 {} s", started.elapsed().as_secs());
}
