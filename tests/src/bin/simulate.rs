//! Plays seeds: `simulate --seeds 1000`, `simulate --seed 17 --trace`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sync_tests::sim::{self, INVARIANTS, Outcome};

const USAGE: &str = "simulate [--seeds COUNT] [--from SEED] [--threads COUNT]\nsimulate --seed SEED [--trace]";
/// Seeds that are told in full; the others only by number.
const TOLD: usize = 5;
/// Characters of a line of a story.
const WIDTH: usize = 400;
/// Events of a story.
const STORY: usize = 40;

struct Arguments {
    first: u64,
    seeds: u64,
    threads: usize,
    trace: bool,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments { first: 0, seeds: 100, threads: 2, trace: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number =
            || words.next().and_then(|text| text.parse::<u64>().ok()).ok_or(format!("{word} needs a number"));
        match word.as_str() {
            "--seeds" => parsed.seeds = number()?,
            "--from" => parsed.first = number()?,
            "--threads" => parsed.threads = usize::try_from(number()?).unwrap_or(2),
            "--seed" => {
                parsed.first = number()?;
                parsed.seeds = 1;
            }
            "--trace" => parsed.trace = true,
            _ => return Err(format!("{word} is not known\n{USAGE}")),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    match play(&arguments) {
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
    let next = AtomicU64::new(arguments.first);
    let end = arguments.first.saturating_add(arguments.seeds);
    let totals = Mutex::new((Totals::default(), None::<String>));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let outcome = sim::run(seed, arguments.trace);
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
    tell(&totals, arguments, started);
    Ok(totals.failed.is_empty())
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
        println!("  replay: simulate --seed {} --trace", outcome.seed);
    }
    if totals.failed.len() > TOLD {
        let seeds: Vec<String> = totals.failed.iter().skip(TOLD).map(|outcome| outcome.seed.to_string()).collect();
        println!("also failed: {}", seeds.join(" "));
    }
    println!("seeds                {} (from {})", arguments.seeds, arguments.first);
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
