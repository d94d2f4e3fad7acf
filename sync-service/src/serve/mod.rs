//! `serve`: one process that takes webhooks, works the journal, asks both sides what changed, compares them each night,
//! lets the Web Connector in and answers for its health.

mod health;
mod inbox;
mod logs;
mod metrics;
mod nightly;
mod notice;
mod plant;
mod reload;
#[cfg(test)]
mod tests;
mod told;
mod work;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::plant::House;
pub(crate) use self::told::{Round, last_round, tell};
use crate::{Failure, settings};

/// How to serve.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  procore-quickbooks --config /etc/procore-quickbooks serve
  procore-quickbooks --config /etc/procore-quickbooks serve --address 127.0.0.1:9000 --log-format json

SIGHUP reads the configuration and the mapping again; so does a change of their files. SIGTERM or SIGINT ends it: what
was begun is finished, or left in the journal for the next start.

Exit status: 0 it was asked to stop, 1 it could not start or had to stop.")]
pub(crate) struct Args {
    /// Where to listen, instead of the address of the configuration. Put a proxy with TLS before it: both vendors
    /// deliver over https only.
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Minutes between two questions to both sides for what changed, instead of the configuration's.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    poll: Option<u64>,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value_t = logs::Format::Text, env = "SYNC_LOG_FORMAT")]
    log_format: logs::Format,
    /// What is logged: a level, or `target=level,...`. Below `info`, texts with amounts are logged too.
    #[arg(long, default_value = "info", env = "SYNC_LOG")]
    log: String,
    /// Seconds that work under way gets to end when the program is asked to stop.
    #[arg(long, default_value_t = 20)]
    grace: u64,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    logs::start(args.log_format, &args.log)?;
    let mut settings = settings::all()?;
    if let Some(minutes) = args.poll {
        settings.serve.poll_minutes = minutes;
    }
    let address = args.address.unwrap_or(settings.serve.address);
    let _in_use = crate::backup::in_use(&settings.connection)?;
    let house = Arc::new(House::open(settings, args.poll)?);
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|e| format!("{address}: cannot be listened at ({e}); is another one running?"))?;
    // On standard output, for whoever starts it with port 0.
    println!("Listening at http://{}", listener.local_addr()?);
    tracing::info!(address = %listener.local_addr()?, connection = %house.plant().id, "listening");

    let (stop, stopped) = watch::channel(false);
    let app = health::router(house.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = {
        let mut stopped = stopped.clone();
        let graceful = axum::serve(listener, app).with_graceful_shutdown(async move {
            asked_to_stop(&mut stopped).await;
        });
        tokio::spawn(async move { graceful.await })
    };
    let grace = Duration::from_secs(args.grace);
    let worker = tokio::spawn(work::run(house.clone(), stopped.clone(), grace));
    let others = [
        tokio::spawn(reload::run(house.clone(), stopped.clone())),
        tokio::spawn(nightly::run(house.clone(), stopped.clone())),
        tokio::spawn(notice::run(house.clone(), stopped.clone())),
    ];
    interrupted().await?;
    tracing::info!("asked to stop: what was begun is ended, nothing new is taken");
    house.stop();
    let _ = stop.send(true);
    let _ = worker.await;
    others.iter().for_each(tokio::task::JoinHandle::abort);
    // Connections that idle are not waited for.
    let _ = tokio::time::timeout(Duration::from_secs(5), server).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Waits until the service is to stop.
async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

/// Waits until the program is asked to stop.
async fn interrupted() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => {}
            interrupt = tokio::signal::ctrl_c() => interrupt?,
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
