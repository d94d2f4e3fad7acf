//! The edition Desktop: a company file on a machine of its own, with a Web Connector that visits; what is durable beside
//! the journal; and what is lost with a process.

mod books;
mod connector;
mod people;

use std::fmt;
use std::sync::{Arc, Mutex};

use quickbooks_desktop::qbxml::Guid;
use quickbooks_desktop::sink::{DesktopSink, SinkOptions};
use quickbooks_desktop::web_connector::{
    CompanyFile as Connected, Desk, MemorySetStore, Password, RunGuard, Service, ServiceConfig, SetStore,
};
use sync_core::clock::Clock;
use sync_core::model::Currency;
use sync_sandboxes::book::Book;
use sync_sandboxes::desktop::CompanyFile;

use super::world::{World, lock};

pub(crate) use books::{Entry, entries};
pub(crate) use connector::visits;
pub(crate) use people::{act, calm, trouble};

const USER: &str = "northgate";
const PASSWORD: &str = "correct horse battery staple";
const OWNER: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";
const FILE: &str = "{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}";
const OTHER_FILE: &str = "{99999999-8C1D-4B7A-A0C9-5D2E7F8A6B22}";

/// What the edition Desktop has that Online has not.
pub(crate) struct Machine {
    pub(crate) file: Mutex<CompanyFile>,
    /// A file of another company, which somebody opens by mistake.
    pub(crate) other: Mutex<CompanyFile>,
    /// A copy of the file, as people make them.
    pub(crate) backup: Mutex<Option<CompanyFile>>,
    /// Somebody has the other file open.
    pub(crate) other_is_open: Mutex<bool>,
    /// What was sent; as durable as the journal.
    store: Arc<MemorySetStore>,
    /// The service of the process that runs.
    service: Mutex<Option<Listening>>,
}

/// What the Web Connector reaches of a process.
#[derive(Clone)]
struct Listening {
    desk: Arc<Desk>,
    service: Arc<Mutex<Service>>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Machine")
    }
}

impl Machine {
    pub(crate) fn new(book: &Book) -> Self {
        let (mut file, mut other) = (CompanyFile::from_book(book), CompanyFile::from_book(book));
        file.add_qwc(OWNER, FILE);
        other.add_qwc(OWNER, OTHER_FILE);
        Self {
            file: Mutex::new(file),
            other: Mutex::new(other),
            backup: Mutex::new(None),
            other_is_open: Mutex::new(false),
            store: Arc::default(),
            service: Mutex::new(None),
        }
    }

    /// The sink of a new process, which the Web Connector can reach from now on.
    pub(crate) fn sink(
        &self,
        seed: u64,
        clock: &Arc<dyn Clock>,
    ) -> Result<DesktopSink, Box<dyn std::error::Error + Send + Sync>> {
        let desk = Desk::open(USER, Arc::clone(&self.store) as Arc<dyn SetStore>)?;
        let company = Connected {
            user: USER.to_owned(),
            password: Password::with_rounds(PASSWORD, &[7; 16], 10),
            owner_id: Guid::new(OWNER)?,
            file_id: Guid::new(FILE)?,
            path: String::new(),
        };
        let mut tickets = 0u64;
        let service =
            Service::new(ServiceConfig::default(), vec![(company, Arc::clone(&desk))]).with_tickets(move || {
                tickets += 1;
                format!("{seed:016x}-{tickets}")
            });
        *lock(&self.service) = Some(Listening {
            desk: Arc::clone(&desk),
            service: Arc::new(Mutex::new(service)),
            clock: Arc::clone(clock),
        });
        Ok(DesktopSink::new(desk, Arc::clone(clock), SinkOptions::new(Currency::USD)))
    }

    /// While it is held, a visit goes on.
    pub(crate) fn keep_visits(&self) -> Option<RunGuard> {
        lock(&self.service).as_ref().map(|listening| listening.desk.run())
    }

    /// The process is gone, and what it kept in memory.
    pub(crate) fn process_died(&self) {
        let listening = lock(&self.service).take();
        drop(listening);
    }
}

/// The edition of a world, where it is Desktop.
pub(crate) fn of(world: &World) -> Option<&Machine> {
    world.desktop.as_ref()
}
