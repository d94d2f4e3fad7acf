//! A service on loopback, a company file, and a Web Connector between them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quickbooks_desktop::qbxml::Guid;
use quickbooks_desktop::sink::{DesktopSink, SinkOptions};
use quickbooks_desktop::web_connector::{
    CompanyFile as File, Desk, HttpLimits, MemorySetStore, Password, RunGuard, Service, ServiceConfig, SetStore, router,
};
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{Marker, Operation, Write};
use sync_core::model::accounting::{AccountingDocument, Coding, ExpenseDocument, ExpenseLine, PostTo, Vendor};
use sync_core::model::{Currency, DocumentKey, DocumentKind, LineKey, Money};
use sync_sandboxes::book::Book;
use sync_sandboxes::desktop::{CompanyFile, Visit, WebConnector};

pub(super) const USER: &str = "northgate";
pub(super) const PASSWORD: &str = "correct horse battery staple";
pub(super) const OWNER: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";
pub(super) const FILE: &str = "{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}";

pub(super) struct Site {
    pub(super) file: Arc<Mutex<CompanyFile>>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<MemorySetStore>,
    pub(super) desk: Arc<Desk>,
    pub(super) url: String,
}

impl Site {
    pub(super) async fn open() -> Self {
        let book = Book::desktop_demo().unwrap();
        let mut file = CompanyFile::from_book(&book);
        file.add_qwc(OWNER, FILE);
        Self::over(Arc::new(Mutex::new(file)), Arc::default()).await
    }

    /// A service over a file and what was sent before, as after a restart.
    pub(super) async fn over(file: Arc<Mutex<CompanyFile>>, store: Arc<MemorySetStore>) -> Self {
        let clock = Arc::new(ManualClock::new("2026-03-10T20:00:00Z".parse().unwrap()));
        let desk = Desk::open(USER, store.clone() as Arc<dyn SetStore>).unwrap();
        let company = File {
            user: USER.to_owned(),
            password: Password::with_rounds(PASSWORD, &[7; 16], 10),
            owner_id: Guid::new(OWNER).unwrap(),
            file_id: Guid::new(FILE).unwrap(),
            path: String::new(),
        };
        let service = Service::new(ServiceConfig::default(), vec![(company, desk.clone())]);
        let limits = HttpLimits { body: 80 << 20, patience: Duration::from_millis(10) };
        let routes = router("/qbwc", Arc::new(Mutex::new(service)), clock.clone() as Arc<dyn Clock>, limits);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/qbwc", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { file, clock, store, desk, url }
    }

    pub(super) fn file(&self) -> MutexGuard<'_, CompanyFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connector(&self) -> WebConnector {
        let clock = self.clock.clone();
        let mut connector =
            WebConnector::new(self.url.clone(), USER, PASSWORD, self.file.clone(), Arc::new(move || clock.now()));
        connector.pause = Duration::from_millis(1);
        connector
    }

    pub(super) fn sink(&self) -> DesktopSink {
        DesktopSink::new(self.desk.clone(), self.clock.clone() as Arc<dyn Clock>, SinkOptions::new(Currency::USD))
    }

    /// Carries something out while the Web Connector visits; a quarter of an hour passes between two visits.
    pub(super) async fn with_visits<T>(
        &self,
        mut connector: WebConnector,
        work: impl Future<Output = T>,
    ) -> (T, Vec<Visit>) {
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, clock) = (stop.clone(), self.clock.clone());
        let visits = tokio::task::spawn_blocking(move || {
            let mut visits = Vec::new();
            while !asked.load(Ordering::Acquire) {
                visits.push(connector.visit());
                clock.advance(Duration::from_secs(15 * 60));
            }
            visits
        });
        let run = self.desk.run();
        let done = work.await;
        drop(run);
        stop.store(true, Ordering::Release);
        (done, visits.await.unwrap())
    }

    /// Lets the Web Connector visit until the guard is dropped.
    pub(super) fn visited(&self) -> Visited {
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, clock, mut connector) = (stop.clone(), self.clock.clone(), self.connector());
        tokio::task::spawn_blocking(move || {
            while !asked.load(Ordering::Acquire) {
                connector.visit();
                clock.advance(Duration::from_secs(15 * 60));
            }
        });
        Visited { stop, _run: self.desk.run() }
    }

    /// What a person at QuickBooks does, as a request; the id of the record.
    pub(super) fn person(&self, request: &str) -> String {
        let text = format!(
            "<?xml version=\"1.0\"?><?qbxml version=\"16.0\"?><QBXML><QBXMLMsgsRq onError=\"continueOnError\">{request}</QBXMLMsgsRq></QBXML>"
        );
        let answer = self.file().process(self.clock.now(), &text).unwrap();
        assert!(answer.contains("statusCode=\"0\""), "{answer}");
        let (_, id) = answer.split_once("<TxnID>").unwrap();
        id.split('<').next().unwrap().to_owned()
    }

    /// The list ids of the company file by kind and name.
    pub(super) fn id(&self, kind: &str, name: &str) -> String {
        let all = self.file().all(kind);
        all.iter().find(|node| node.at(&["Name"]) == name).unwrap().at(&["ListID"]).to_owned()
    }

    pub(super) fn count(&self, kind: &str, memo: &str) -> usize {
        self.file()
            .all(kind)
            .iter()
            .filter(|node| node.at(&["Memo"]).contains(memo) || node.at(&["Notes"]).contains(memo))
            .count()
    }

    /// A bill of two lines, as a pay app would make it.
    pub(super) fn bill(&self, number: &str) -> Write {
        let line = |key: &str, item: &str, amount: i64| ExpenseLine {
            key: LineKey::source(key),
            id: None,
            description: format!("{item} of {number}"),
            amount: money(amount),
            coding: Coding { post_to: PostTo::Item(self.id("ItemService", item).into()), class: None, customer: None },
            link: None,
        };
        let document = ExpenseDocument {
            payee: self.id("Vendor", "Superior Concrete & Masonry Inc").into(),
            number: Some(number.to_owned()),
            date: "2026-03-05".parse().unwrap(),
            terms: None,
            payable: Some(self.id("Account", "Accounts Payable (A/P)").into()),
            memo: format!("Pay app {number}"),
            lines: vec![line("work", "Materials", 1000), line("withheld", "Retainage", -100)],
            currency: Currency::USD,
            extra: Default::default(),
        };
        write(DocumentKind::PayApp, number, AccountingDocument::Bill(document))
    }
}

/// Visits go on while it lives.
pub(super) struct Visited {
    stop: Arc<AtomicBool>,
    _run: RunGuard,
}

impl Drop for Visited {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
    }
}

pub(super) fn money(amount: i64) -> Money {
    Money::new(amount.into(), Currency::USD).unwrap()
}

pub(super) fn vendor(name: &str) -> Write {
    let vendor = Vendor { name: name.to_owned(), address: None, phone: None, email: None, active: true };
    write(DocumentKind::Vendor, name, AccountingDocument::Vendor(vendor))
}

fn write(kind: DocumentKind, id: &str, document: AccountingDocument) -> Write {
    let marker = Marker { connection: "main".into(), document: DocumentKey::new(kind, id), generation: 0 };
    Write { key: format!("key-{kind}-{id}"), marker, operation: Operation::Create(document) }
}
