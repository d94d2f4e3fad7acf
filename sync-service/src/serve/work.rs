//! The worker: asks both sides from time to time, works what is due, and ends or leaves its work when it is to stop.

use std::sync::Arc;
use std::time::Duration;

use sync_core::clock::until;
use sync_core::engine::RunReport;
use sync_core::journal::Journal;
use tokio::sync::watch;
use tracing::Instrument;

use super::plant::{House, Plant};
use super::{asked_to_stop, told};
use crate::Failure;
use crate::sync;

/// The pause after a round that failed, so that an outage is not hammered at.
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// How long news is gathered before it is worked: a burst of webhooks is one round.
const GATHER: Duration = Duration::from_secs(1);

/// Works until it is told to stop. Work under way then gets `grace` to end; what does not is left as a crash would leave
/// it, and the next start goes on with it.
pub(super) async fn run(house: Arc<House>, mut stopped: watch::Receiver<bool>, grace: Duration) {
    let mut asks = true;
    let mut rounds: u64 = 0;
    while !*stopped.borrow() {
        let plant = house.plant();
        rounds += 1;
        let span = tracing::info_span!("round", connection = %plant.id, round = rounds);
        let next = {
            let round = round(&house, &plant, asks).instrument(span);
            tokio::pin!(round);
            tokio::select! {
                next = &mut round => next,
                () = asked_to_stop(&mut stopped) => {
                    if tokio::time::timeout(grace, &mut round).await.is_err() {
                        tracing::warn!("work under way is left in the journal for the next start");
                    }
                    return;
                }
            }
        };
        let pause = Duration::from_secs(60 * plant.settings.serve.poll_minutes);
        let pause = if next == Next::Soon { pause.min(AFTER_FAILURE) } else { pause };
        // Held by nobody while it waits, so that a plant that was replaced can go.
        let due = house.journal.next_due(&plant.id).await.ok().flatten();
        let due = due
            .filter(|_| next == Next::WhenDue)
            .map(|due| until(house.clock.now(), due).max(Duration::from_millis(50)));
        drop(plant);
        asks = tokio::select! {
            () = house.clock.sleep(pause) => true,
            () = house.poll.notified() => true,
            () = house.work.notified() => {
                house.clock.sleep(GATHER).await;
                false
            }
            () = async {
                match due {
                    Some(due) => house.clock.sleep(due).await,
                    None => std::future::pending().await,
                }
            } => false,
            () = asked_to_stop(&mut stopped) => return,
        };
    }
}

/// When the next round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// When something is due, or at the next poll.
    WhenDue,
    /// At the next poll: what is due cannot be worked before a person has decided.
    AtPoll,
    /// After a short pause.
    Soon,
}

/// One round; what fails is still in the journal, or still to be asked for.
async fn round(house: &House, plant: &Plant, asks: bool) -> Next {
    let worked = work(house, plant, asks).await;
    let error = worked.as_ref().err().map(ToString::to_string);
    let clients = (plant.procore.as_ref(), plant.quickbooks.as_ref());
    told::tell((house.journal.as_ref(), &plant.id), clients, house.clock.now(), error).await;
    match worked {
        Ok(report) => {
            house.metrics.round(&report, house.clock.now());
            if report.to_adopt > 0 {
                tracing::warn!(
                    documents = report.to_adopt,
                    "nothing is created: what may exist already is to be settled with `adopt` first"
                );
                return Next::AtPoll;
            }
            let RunReport { created, updated, voided, adopted, dead, waiting, uncertain, .. } = report;
            let payments = report.payments_recorded + report.payments_taken_back;
            let (costs, vendors) = (report.direct_costs_recorded, report.vendors_entered);
            if report == RunReport::default() {
                tracing::debug!(asks, "nothing to do");
            } else {
                tracing::info!(
                    asks, created, updated, voided, adopted, payments, costs, vendors, dead, waiting, uncertain,
                    "worked"
                );
            }
            Next::WhenDue
        }
        Err(error) => {
            house.metrics.round_failed(&error.to_string());
            tracing::error!(%error, "the round broke off; what is not done is tried again");
            Next::Soon
        }
    }
}

async fn work(house: &House, plant: &Plant, asks: bool) -> Result<RunReport, Failure> {
    // While there is work, visits of the Web Connector are kept open.
    let _visits = plant.desktop.as_ref().map(|desktop| desktop.desk.run());
    sync::round(&plant.engine, house.journal.as_ref(), &plant.id, asks).await
}
