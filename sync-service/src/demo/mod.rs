//! `demo`: the whole job on local sandboxes, over real HTTP, with a worker process that is killed on the way.
//!
//! 1. Both sandboxes open with a book; a few approvals are held back.
//! 2. The worker loads everything.
//! 3. The held-back approvals are given; webhooks arrive, shuffled and tripled, one of them forged; the worker is
//!    killed when writes were sent and not yet recorded, and started again.
//! 4. People pay bills, void and edit by hand, as the book says; the worker carries what was paid back to Procore, and is
//!    killed once more on the way.
//! 5. Both sides are read afresh and tied out.

mod books;
mod dump;
mod machine;
mod outcome;
mod payments;
mod progress;
mod report;
mod serve;
pub(crate) mod stage;
mod supervisor;
mod truth;

use std::process::ExitCode;

use sync_core::engine::Step;

use crate::worker::{Halt, Order};
use crate::{DemoArgs, Failure};
use outcome::Outcome;
use progress::Progress;
use stage::Stage;
use supervisor::Supervisor;

pub(crate) async fn run(args: &DemoArgs) -> Result<ExitCode, Failure> {
    if args.serve {
        return serve::run(args, args.address).await;
    }
    let progress = Progress::new(args.json);
    let mut stage = Stage::open(args)?;
    let edition = if stage.machine.is_some() { "Desktop" } else { "Online" };
    progress.say(&format!("Sandboxes of Procore and QuickBooks {edition} hold the book \"{}\".", stage.name()));
    stage.hold_back();

    let everywhere = args.crash_every.map_or(Halt::Never, Halt::After);
    let mut supervisor = Supervisor::new(stage.settings(), everywhere, progress.clone());
    let visits = stage.machine.as_ref().map(|machine| machine.visit(supervisor.address(), args.drop_answer));
    progress.phase("First load");
    if let Some(step) = args.crash_at {
        supervisor.halt_once(Halt::At(step)).await?;
    }
    supervisor.carry_out(Order::Load).await?;
    let first_load = stage.requests();

    progress.phase("Approvals, webhooks, a crash");
    stage.give_back();
    let intake = supervisor.intake_url().await?;
    let burst = stage.burst(&intake).await?;
    progress.say(&format!(
        "{} webhooks delivered, shuffled and tripled; {} forged, {} refused.",
        burst.delivered, burst.forged, burst.refused
    ));
    if args.crash_every.is_none() && args.crash_at.is_none() {
        supervisor.halt_once(Halt::At(Step::Sent)).await?;
    }
    supervisor.carry_out(Order::Drain).await?;
    for round in 1..=stage.rounds() {
        progress.phase(&format!("People at work, round {round}"));
        stage.play(round)?;
        if round == 1 && args.crash_every.is_none() && args.crash_at.is_none() {
            supervisor.halt_once(Halt::At(Step::Sent)).await?;
        }
        supervisor.carry_out(Order::Drain).await?;
    }
    let kills = supervisor.stop().await?;
    progress.say(&format!("The worker was killed {kills} times and went on where it had stopped."));

    progress.phase("Tie-out");
    drop(visits);
    let outcome = Outcome::find(&stage, first_load, kills, burst).await?;
    if let Some(dir) = &args.dump_requests {
        stage.dump(dir)?;
    }
    progress.finish();
    if args.json {
        println!("{}", report::json(&outcome));
    } else {
        print!("{}", report::tables(&outcome));
    }
    Ok(if outcome.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
