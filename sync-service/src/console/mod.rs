//! The controller's console: pages made on the server, complete without scripts, and a small JSON API for the same.
//!
//! [`routes`] lists every address with the least role that it needs; [`guard`] is the only way in. The console shows what
//! the journal, the mapping and the last reconciliation say, and asks both vendors only where a page compares them.

mod api;
mod call;
mod form;
mod guard;
mod look;
pub(crate) mod oidc;
mod page;
mod pages;
mod preview;
mod routes;
mod sign;
mod store;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod users;

use std::sync::Arc;

use sync_core::clock::Clock;
use sync_core::engine::Engine;
use sync_core::journal::SqliteJournal;
use sync_core::mapping::LiveMapping;
use sync_core::reconcile::company::CompanyReport;
use tokio::sync::Notify;

use crate::Failure;
use crate::connect::ConnectionSettings;
use crate::desktop::Desktop;
use crate::reconcile::books::BooksAt;
use crate::reconcile::live;
pub(crate) use sign::invite;
pub(crate) use store::{Role, Store};

/// What the console stands on: one connection, as the running service has it.
pub(crate) struct Site {
    /// The connection.
    pub(crate) settings: ConnectionSettings,
    /// The engine that works it. The console never runs it: it wakes its worker by [`Site::work`].
    pub(crate) engine: Arc<Engine>,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) mapping: Arc<LiveMapping>,
    /// The clock of the connection: for ages of documents.
    pub(crate) clock: Arc<dyn Clock>,
    /// The clock on the wall: for sessions.
    pub(crate) wall: Arc<dyn Clock>,
    /// Wakes the worker.
    pub(crate) work: Arc<Notify>,
    /// Users, sessions, and who did what: see [`Site::store_of`].
    pub(crate) store: Store,
    /// How it is reached from outside, without a slash at the end.
    pub(crate) public: String,
    /// Is it reached over https? Then its cookies are sent over nothing else.
    pub(crate) is_secure: bool,
    /// The desk of the running service, for QuickBooks Desktop.
    desktop: Option<Arc<Desktop>>,
    /// One reconciliation at a time.
    pub(crate) reconciling: tokio::sync::Mutex<()>,
    /// What people change is changed one after the other.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

/// Settings hold secrets, so only the connection is named.
impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("connection", &self.settings.connection).finish_non_exhaustive()
    }
}

impl Site {
    /// The site of a running service.
    ///
    /// # Errors
    /// If the console's file cannot be opened.
    pub(crate) fn new(
        settings: ConnectionSettings,
        engine: Arc<Engine>,
        journal: Arc<SqliteJournal>,
        mapping: Arc<LiveMapping>,
        work: Arc<Notify>,
        public: &str,
    ) -> Result<Self, Failure> {
        let (store, clock) = (Self::store_of(&settings)?, settings.clock());
        Ok(Self {
            settings,
            engine,
            journal,
            mapping,
            clock,
            wall: Arc::new(sync_core::clock::SystemClock),
            work,
            store,
            public: public.trim_end_matches('/').to_owned(),
            is_secure: public.starts_with("https://"),
            desktop: None,
            reconciling: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        })
    }

    /// Over QuickBooks Desktop, if there is a desk.
    pub(crate) fn with_desktop(self, desktop: Option<Arc<Desktop>>) -> Self {
        Self { desktop, ..self }
    }

    /// Compares both sides now.
    pub(crate) async fn reconcile(&self) -> Result<(CompanyReport, live::Done), Failure> {
        let at = BooksAt::of(&self.settings, self.desktop.as_ref())?;
        live::reconcile(&self.settings, &at, &live::Extent::default()).await
    }

    /// The console's own file, beside the journal.
    pub(crate) fn store_of(settings: &ConnectionSettings) -> Result<Store, Failure> {
        std::fs::create_dir_all(&settings.dir)?;
        Ok(Store::open(&settings.dir.join(store::FILE))?)
    }

    /// The address of a page of this connection.
    pub(crate) fn path(&self, page: &str) -> String {
        format!("/c/{}{page}", form::segment(&self.settings.connection))
    }
}

/// The console, to be merged into the routes of the service.
pub(crate) fn router(site: Arc<Site>) -> axum::Router {
    guard::router(&site, &routes::all())
}
