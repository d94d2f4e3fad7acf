//! `demo --serve`: the console on the demo book. The sandboxes live as long as it does.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use sync_core::clock::{Clock, SystemClock};
use sync_core::engine::{Engine, Silent};
use sync_core::journal::SqliteJournal;
use sync_core::mapping::{LiveMapping, MappingFiles};
use sync_core::model::ConnectionId;
use tokio::sync::Notify;

use super::stage::Stage;
use crate::console::{Role, Site, invite, router};
use crate::reconcile::books::BooksAt;
use crate::reconcile::live;
use crate::worker::{Order, obey};
use crate::{DemoArgs, Failure, serve, sync};

/// Who the visitor is.
const USER: &str = "Visitor";
/// Both sides are asked so often for what people changed there by hand.
const EVERY: Duration = Duration::from_secs(15);

pub(super) async fn run(args: &DemoArgs, address: SocketAddr) -> Result<ExitCode, Failure> {
    if !address.ip().is_loopback() {
        return Err("the console of the demo is served to this machine only; give a loopback address".into());
    }
    let stage = Stage::open(args)?;
    if stage.machine.is_some() {
        return Err(
            "the console of the demo runs on a book of QuickBooks Online only: QuickBooks Desktop answers when its \
             Web Connector visits, so nothing would be seen at once. Leave `--edition desktop` out, or give another \
             book; `demo --edition desktop` without --serve runs the whole job"
                .into(),
        );
    }
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|e| format!("{address}: cannot be listened at ({e}); --address says where else"))?;
    let at = format!("http://{}", listener.local_addr()?);
    eprintln!("Preparing the book \"{}\": loading, people at work, reconciling.", stage.name());
    let mut settings = stage.settings();
    // The mapping is edited in the console; the book stays as it is.
    let mapping = settings.dir.join("mapping");
    MappingFiles::read(&settings.mapping)?.write_to(&mapping)?;
    settings.mapping = mapping;

    let mapping = Arc::new(LiveMapping::open(&settings.mapping)?);
    let journal = Arc::new(settings.journal()?);
    let connection = settings.connect()?;
    let clients = (connection.source.procore().clone(), connection.sink.client().clone());
    let engine = connection.engine(&settings, journal.clone(), mapping.current(), Arc::new(Silent));
    let engine = Arc::new(engine);
    obey(Order::Load, &engine, journal.as_ref(), &settings).await?;
    for round in 1..=stage.rounds() {
        stage.play(round)?;
        obey(Order::Drain, &engine, journal.as_ref(), &settings).await?;
    }
    live::reconcile(&settings, &BooksAt::of(&settings, None)?, &live::Extent::default()).await?;
    obey(Order::Drain, &engine, journal.as_ref(), &settings).await?;

    let work = Arc::new(Notify::new());
    let id = settings.id();
    let site = Arc::new(Site::new(settings, engine.clone(), journal.clone(), mapping.clone(), work.clone(), &at)?);
    let secret = invite(&site, USER, Role::Admin, SystemClock.now() + chrono::TimeDelta::hours(12))?;
    let sign_in = format!("{at}/sign-in/once/{secret}");
    if args.json {
        println!("{}", serde_json::json!({ "address": at, "sign_in": sign_in }));
    } else {
        println!("The console is at {at}\nSign in once with {sign_in}\nStop it with Ctrl-C; the sandboxes go with it.");
    }
    let clock = site.clock.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router(site)).await });
    let told = async |error| {
        serve::tell((journal.as_ref(), &id), (&clients.0, Some(&clients.1)), clock.now(), error).await;
    };
    tokio::select! {
        () = keep_working(&engine, &journal, &id, &mapping, &work, told) => {}
        stopped = tokio::signal::ctrl_c() => stopped?,
    }
    server.abort();
    Ok(ExitCode::SUCCESS)
}

async fn keep_working(
    engine: &Engine,
    journal: &SqliteJournal,
    id: &ConnectionId,
    mapping: &LiveMapping,
    work: &Notify,
    told: impl AsyncFn(Option<String>),
) {
    let mut every = tokio::time::interval(EVERY);
    loop {
        let asked = tokio::select! {
            _ = every.tick() => true,
            () = work.notified() => false,
        };
        match mapping.reload() {
            Ok(None) => {}
            Ok(Some(new)) => engine.use_mapping(new),
            Err(faults) => eprintln!("error: {faults}"),
        }
        let error = sync::round(engine, journal, id, asked).await.err().map(|error| error.to_string());
        if let Some(error) = &error {
            eprintln!("error: {error}");
        }
        told(error).await;
    }
}
