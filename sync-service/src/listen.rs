//! `listen`: takes webhooks and works what they tell; in between, asks both sides what changed. `webhooks`: makes and
//! repairs the subscriptions in Procore.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use procore_client::webhook::hooks::{Hooks, Report, Scope};
use sync_core::connector::{Change, Inbox};
use sync_core::engine::{Engine, Silent};
use sync_core::http::Secret;
use sync_core::journal::{Intake, Journal};
use sync_core::mapping::LiveMapping;
use tokio::sync::Notify;

use crate::Failure;
use crate::intake;
use crate::settings;
use crate::sync::{BANK_EVERY, LOADED};

/// How to listen.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ListenArgs {
    /// Where webhooks arrive. Put a proxy with TLS before it: both vendors deliver over https only.
    #[arg(long, default_value = "127.0.0.1:8585")]
    address: SocketAddr,
    /// Minutes between two questions to both sides for what changed: not everything has a webhook, and some are lost.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    poll: u64,
}

/// Stores in the engine's journal, and wakes the worker.
#[derive(Debug)]
struct Waking {
    engine: Arc<Engine>,
    work: Arc<Notify>,
    poll: Arc<Notify>,
}

#[async_trait]
impl Inbox for Waking {
    async fn take_in(&self, changes: &[Change]) -> Result<Intake, sync_core::Error> {
        let intake = self.engine.intake(changes).await?;
        self.work.notify_one();
        Ok(intake)
    }

    fn poll_soon(&self) {
        self.poll.notify_one();
    }
}

pub(crate) async fn run(args: &ListenArgs) -> Result<ExitCode, Failure> {
    let settings = settings::from_environment()?;
    let mapping = LiveMapping::open(&settings.mapping)?;
    let journal = Arc::new(settings.journal()?);
    let engine = Arc::new(settings.connect()?.engine(&settings, journal.clone(), mapping.current(), Arc::new(Silent)));
    if journal.cursor(&settings.id(), LOADED).await?.is_none() {
        return Err(
            "nothing was loaded yet: run `procore-quickbooks sync` once, look at its result, then listen".into()
        );
    }
    let waking = Arc::new(Waking { engine: engine.clone(), work: Arc::default(), poll: Arc::default() });
    let inbox: Arc<dyn Inbox> = waking.clone();
    let listener = tokio::net::TcpListener::bind(args.address).await?;
    eprintln!("Webhooks are taken at http://{}/webhooks/procore and /webhooks/quickbooks.", listener.local_addr()?);
    let router = intake::router(&settings, &inbox)?;
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut every = tokio::time::interval(Duration::from_secs(60 * args.poll));
    loop {
        let asked = tokio::select! {
            _ = every.tick() => true,
            () = waking.poll.notified() => true,
            () = waking.work.notified() => false,
            _ = tokio::signal::ctrl_c() => break,
        };
        reread(&mapping, &engine);
        // What fails is still in the journal, or still to be asked for: the next round does it.
        if let Err(error) = round(&engine, asked).await {
            eprintln!("error: {error}");
        }
    }
    server.abort();
    Ok(ExitCode::SUCCESS)
}

/// Takes over a mapping that was edited. One with faults is told and not used: the last good one stays.
pub(crate) fn reread(mapping: &LiveMapping, engine: &Engine) {
    match mapping.reload() {
        Ok(None) => {}
        Ok(Some(new)) => {
            eprintln!("The mapping is version {} from now on.", new.version());
            engine.use_mapping(new);
        }
        Err(faults) => eprintln!("error: {faults}\nVersion {} stays in use.", mapping.current().version()),
    }
}

pub(crate) async fn round(engine: &Engine, ask: bool) -> Result<(), Failure> {
    if ask {
        engine.poll().await?;
        engine.poll_sink().await?;
    }
    let mut report = engine.run().await?;
    if ask {
        report.add(engine.carry_payments(BANK_EVERY).await?);
    }
    let payments = report.payments_recorded + report.payments_taken_back;
    if report.created + report.updated + report.adopted + report.voided + report.dead + payments > 0 {
        eprintln!(
            "{} created, {} changed, {} linked, {} voided, {payments} payments carried back, {} wait for a person.",
            report.created, report.updated, report.adopted, report.voided, report.dead
        );
    }
    Ok(())
}

/// Where Procore delivers to.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WebhooksArgs {
    /// The public address of `listen`, e.g. `https://sync.example.com/webhooks/procore`.
    url: String,
    /// Names the subscriptions of this program; those of other names are never touched.
    #[arg(long, default_value = "procore-quickbooks")]
    namespace: String,
    /// Send the `Authorization` header to every subscription again: after it was changed.
    #[arg(long)]
    renew: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn subscribe(args: &WebhooksArgs) -> Result<ExitCode, Failure> {
    let settings = settings::from_environment()?;
    let source = settings.connect()?.source;
    let authorization = Secret::new(settings.procore.webhook_authorization.clone());
    let mut hooks = Hooks::new(source.procore().clone(), args.namespace.clone(), args.url.clone(), authorization)?;
    if args.renew {
        hooks = hooks.with_new_authorization();
    }
    let report = hooks.ensure(&source.active().await?).await;
    if args.json {
        println!("{}", json(&report));
    } else {
        for (scopes, what) in
            [(&report.created, "subscribed"), (&report.repaired, "repaired"), (&report.unchanged, "as it should be")]
        {
            scopes.iter().for_each(|scope| println!("{scope}: {what}"));
        }
        report.failed.iter().for_each(|failure| println!("{}: failed: {}", failure.scope, failure.text));
        println!(
            "QuickBooks: enter the address that ends in /webhooks/quickbooks on the app's Webhooks page at Intuit."
        );
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn json(report: &Report) -> serde_json::Value {
    let names = |scopes: &[Scope]| scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|failure| serde_json::json!({ "scope": failure.scope.to_string(), "text": failure.text }))
        .collect();
    serde_json::json!({
        "created": names(&report.created), "repaired": names(&report.repaired),
        "unchanged": names(&report.unchanged), "failed": failed,
    })
}
