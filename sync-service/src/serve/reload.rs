//! Takes over an edited mapping or configuration while the service runs: at a signal, and when a file has changed. One
//! with faults is told and not used.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::asked_to_stop;
use super::plant::House;
use crate::settings;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(house: Arc<House>, mut stopped: watch::Receiver<bool>) {
    let mut read = digest(house.plant().settings.dir.as_deref());
    let mut faulty = String::new();
    #[cfg(unix)]
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
    loop {
        #[cfg(unix)]
        let signalled = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        #[cfg(not(unix))]
        let signalled = std::future::pending::<()>();
        let asked = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            () = house.reread.notified() => true,
            () = signalled => true,
            () = asked_to_stop(&mut stopped) => return,
        };
        let now = digest(house.plant().settings.dir.as_deref());
        if asked || now != read {
            read = now;
            match settings::all().and_then(|settings| house.replace(settings)) {
                Ok(()) => {
                    house.metrics.reloaded();
                    tracing::info!("the configuration was read again");
                    house.poll.notify_one();
                }
                Err(error) => tracing::error!(%error, "the configuration cannot be used; the one before it stays"),
            }
        }
        mapping(&house, &mut faulty);
    }
}

/// The last good mapping stays until there is a better one; the same faults are told once.
fn mapping(house: &House, faulty: &mut String) {
    let plant = house.plant();
    match plant.mapping.reload() {
        Ok(None) => faulty.clear(),
        Ok(Some(new)) => {
            faulty.clear();
            house.metrics.reloaded();
            tracing::info!(version = new.version(), "the mapping was read again");
            plant.engine.use_mapping(new);
            house.work.notify_one();
        }
        Err(faults) => {
            let text = faults.to_string();
            if text != *faulty {
                tracing::error!(%faults, in_use = plant.mapping.current().version(), "the mapping cannot be used");
                *faulty = text;
            }
        }
    }
}

/// What the files of the configuration hold; a file that cannot be read is like one that is not there.
fn digest(dir: Option<&Path>) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for name in settings::FILES {
        let bytes = dir.and_then(|dir| std::fs::read(dir.join(name)).ok()).unwrap_or_default();
        hasher.update(bytes.len().to_be_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_vec()
}
