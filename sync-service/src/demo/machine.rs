//! The machine with QuickBooks Desktop and its Web Connector.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quickbooks_desktop::web_connector::Password;
use sync_core::clock::{Clock, ScaledClock};
use sync_sandboxes::book::Book;
use sync_sandboxes::desktop::{CompanyFile, Drop as Lost, WebConnector};

use crate::Failure;
use crate::desktop::{DesktopSettings, PATH};

const USER: &str = "northgate";
/// As random as a program would make it; the machine is gone when the demo ends.
const PASSWORD: &str = "4f1c7c0e5b9a4d0e8f6b2a1d3c5e7f90";
const OWNER: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";
const FILE: &str = "{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}";
/// Between two visits; a quarter of an hour in life.
const PAUSE: Duration = Duration::from_millis(20);

/// QuickBooks Desktop with the company of a book open.
pub(crate) struct Machine {
    file: Arc<Mutex<CompanyFile>>,
    clock: Arc<ScaledClock>,
}

/// While this lives, the Web Connector visits.
pub(crate) struct Visits {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl std::ops::Drop for Visits {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Machine {
    pub(crate) fn new(book: &Book, clock: Arc<ScaledClock>) -> Self {
        let mut file = CompanyFile::from_book(book);
        file.add_qwc(OWNER, FILE);
        Self { file: Arc::new(Mutex::new(file)), clock }
    }

    pub(crate) fn file(&self) -> MutexGuard<'_, CompanyFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settings(&self) -> DesktopSettings {
        DesktopSettings {
            user: USER.to_owned(),
            // The password needs no slowing down: nobody guesses 128 random bits.
            password: Password::with_rounds(PASSWORD, b"demo, not secret", 1000).to_string(),
            owner_id: OWNER.to_owned(),
            file_id: FILE.to_owned(),
            path: self.file().path.clone(),
            odbc: None,
            patience_ms: 200,
            lease_s: 150,
        }
    }

    /// Lets the Web Connector visit the service that listens at `address`, over and over. It dies once, behind the
    /// message set of that number.
    pub(crate) fn visit(&self, address: Arc<Mutex<String>>, drop_answer: Option<u64>) -> Visits {
        let clock = self.clock.clone();
        let time = Arc::new(move || clock.now());
        let mut connector = WebConnector::new("", USER, PASSWORD, self.file.clone(), time);
        connector.drop_at = drop_answer.map(|number| (number, Lost::AnswerOfQuickBooks));
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let thread = std::thread::spawn(move || {
            while !asked.load(Ordering::Acquire) {
                let at = address.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if !at.is_empty() {
                    connector.url = format!("{at}{PATH}");
                    // A worker that was killed cannot be reached; the next one can.
                    let _ = connector.visit();
                }
                std::thread::sleep(PAUSE);
            }
        });
        Visits { stop, thread: Some(thread) }
    }

    /// Writes every message set that QuickBooks was given, in order.
    pub(crate) fn dump(&self, dir: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(dir)?;
        for (number, request) in self.file().requests().iter().enumerate() {
            std::fs::write(dir.join(format!("{:05}.xml", number + 1)), request)?;
        }
        Ok(())
    }
}
