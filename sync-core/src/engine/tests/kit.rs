//! Construction words for the tests of the engine.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::ledger::Ledger;
use crate::clock::ManualClock;
use crate::connector::{Change, Changes, Cursor, Fetched, Notice, Part, Source};
use crate::dead_letter::DeadLetter;
use crate::engine::{Engine, EngineConfig, Observer, Parts, RunReport, Silent, Step};
use crate::error::Error;
use crate::journal::{Counts, Journal, MemoryJournal};
use crate::mapping::Mapping;
use crate::model::construction::*;
use crate::model::*;

pub(super) fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

fn date(day: u32) -> Option<Date> {
    Date::from_ymd_opt(2026, 3, day)
}

fn codes() -> Codes {
    Codes { budget_code: Some("05-100.S".into()), ..Codes::default() }
}

/// A small company: one project, one subcontract of 100,000.00 at 10 %, two pay apps.
#[derive(Debug)]
pub(super) struct Company {
    documents: Mutex<Vec<Document>>,
    reads: Mutex<usize>,
}

impl Company {
    fn with_a_subcontract() -> Self {
        let owner = crate::model::construction::Owner { vendor: "50".into(), name: "Lakeview Health".into() };
        let project = Project {
            id: "7".into(),
            number: Some("2026-014".into()),
            name: "Clinic".into(),
            active: true,
            owner: Some(owner),
            address: None,
            updated_at: None,
            custom: Default::default(),
        };
        let vendor = Vendor {
            id: "77".into(),
            name: "Delta Concrete".into(),
            active: true,
            not_paid: false,
            address: None,
            phone: None,
            email: None,
            updated_at: None,
        };
        let commitment = Commitment {
            id: "9".into(),
            kind: CommitmentKind::Subcontract,
            project: "7".into(),
            project_number: project.number.clone(),
            vendor: Some("77".into()),
            vendor_name: Some(vendor.name.clone()),
            number: "SC-1".into(),
            title: "Concrete".into(),
            status: CommitmentStatus::Approved,
            date: date(1),
            terms: None,
            paid: None,
            lines: vec![SovLine {
                id: "900".into(),
                position: Some(1),
                description: "Concrete".into(),
                codes: codes(),
                amount: usd("100000"),
            }],
            change_orders: Vec::new(),
            original_sum: Some(usd("100000")),
            approved_changes: None,
            currency: Currency::USD,
            deleted: false,
            updated_at: None,
            custom: Default::default(),
        };
        let documents = Mutex::new(vec![
            Document::Vendor(vendor),
            Document::Project(project),
            Document::Commitment(commitment),
            pay_app(1, "25000", "2500", "22500"),
            pay_app(2, "40000", "4000", "36000"),
        ]);
        Self { documents, reads: Mutex::default() }
    }

    pub(super) fn change_pay_app(&self, id: &str, change: impl FnOnce(&mut PayApp)) {
        let mut documents = self.documents.lock().unwrap();
        let app = documents.iter_mut().find_map(|d| match d {
            Document::PayApp(app) if app.id.as_str() == id => Some(app),
            _ => None,
        });
        change(app.unwrap());
    }

    pub(super) fn approve_change_order(&self, amount: &str) {
        let mut documents = self.documents.lock().unwrap();
        let commitment = documents.iter_mut().find_map(|d| match d {
            Document::Commitment(commitment) => Some(commitment),
            _ => None,
        });
        let line = SovLine {
            id: "901".into(),
            position: None,
            description: "Roof opening".into(),
            codes: codes(),
            amount: usd(amount),
        };
        commitment.unwrap().change_orders = vec![ChangeOrder {
            id: "11".into(),
            package: None,
            number: "001".into(),
            title: "Roof opening".into(),
            status: ChangeOrderStatus::Approved,
            sum: Some(usd(amount)),
            lines: vec![line],
        }];
    }
}

fn pay_app(number: i64, work: &str, withheld: &str, due: &str) -> Document {
    let zero = usd("0");
    Document::PayApp(PayApp {
        id: number.to_string().into(),
        project: "7".into(),
        project_number: Some("2026-014".into()),
        commitment: "9".into(),
        commitment_number: "SC-1".into(),
        vendor: Some("77".into()),
        vendor_name: Some("Delta Concrete".into()),
        number,
        invoice_number: None,
        status: PayAppStatus::Approved,
        billing_date: date(10 + u32::try_from(number).unwrap()),
        period_start: None,
        period_end: None,
        previous: (number > 1).then(|| (number - 1).to_string().into()),
        lines: vec![PayAppLine {
            id: format!("{number}0").into(),
            sov_line: Some("900".into()),
            change_order_package: None,
            description: "Concrete".into(),
            codes: codes(),
            scheduled_value: None,
            work_previous: zero,
            work_this_period: usd(work),
            stored: zero,
            stored_previous: zero,
            completed_and_stored: None,
            retainage: LineRetainage {
                work_retained: usd(withheld),
                work_released: zero,
                stored_held: zero,
                stored_held_previous: zero,
                stored_released: zero,
                moved: zero,
                held: None,
            },
        }],
        summary: PayAppSummary { current_payment_due: Some(usd(due)), ..PayAppSummary::default() },
        currency: Currency::USD,
        updated_at: None,
        custom: Default::default(),
        files: None,
    })
}

#[async_trait]
impl Source for Company {
    async fn parts(&self) -> Result<Vec<Part>, Error> {
        Ok(DocumentKind::ALL.iter().map(|kind| Part(kind.to_string())).collect())
    }

    fn snapshot<'a>(&'a self, part: &'a Part) -> BoxStream<'a, Result<Vec<Fetched>, Error>> {
        let documents = self.documents.lock().unwrap();
        let page = documents.iter().filter(|d| d.key().kind.as_str() == part.0);
        let page: Vec<Fetched> = page.map(|d| Fetched::Found(Box::new(d.clone()))).collect();
        futures_util::stream::iter([Ok(page)]).boxed()
    }

    async fn changes(&self, _since: Option<&Cursor>) -> Result<Changes, Error> {
        Ok(Changes { changes: Vec::new(), next: Cursor("now".into()) })
    }

    async fn fetch(&self, key: &DocumentKey) -> Result<Fetched, Error> {
        *self.reads.lock().unwrap() += 1;
        let documents = self.documents.lock().unwrap();
        let found = documents.iter().find(|d| d.key() == *key);
        Ok(found.map_or_else(|| Fetched::Gone(key.clone()), |d| Fetched::Found(Box::new(d.clone()))))
    }
}

/// A company, a ledger, a journal between them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) source: Arc<Company>,
    pub(super) ledger: Arc<Ledger>,
    journal: Arc<dyn Journal>,
    clock: Arc<ManualClock>,
    connection: ConnectionId,
    coding: Mutex<String>,
}

impl World {
    pub(super) fn with_a_subcontract() -> Self {
        Self {
            source: Arc::new(Company::with_a_subcontract()),
            ledger: Arc::new(Ledger::default()),
            journal: Arc::new(MemoryJournal::default()),
            clock: Arc::new(ManualClock::new(chrono::DateTime::UNIX_EPOCH)),
            connection: "main".into(),
            coding: Mutex::new("budget_code,account,class\n05-100.S,Job Costs,05\n".to_owned()),
        }
    }

    pub(super) fn journal(&self) -> (&Arc<dyn Journal>, &ConnectionId) {
        (&self.journal, &self.connection)
    }

    pub(super) fn map(&self, coding: &str) {
        *self.coding.lock().unwrap() = coding.to_owned();
    }

    pub(super) fn without_journal(self) -> Self {
        Self { journal: Arc::new(MemoryJournal::default()), ..self }
    }

    pub(super) fn engine(&self, observer: Arc<dyn Observer>) -> Engine {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("coding.csv"), self.coding.lock().unwrap().as_str()).unwrap();
        let parts = Parts {
            connection: self.connection.clone(),
            source: self.source.clone(),
            sink: self.ledger.clone(),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            mapping: Arc::new(Mapping::load(dir.path()).unwrap()),
            observer,
        };
        Engine::new(parts, EngineConfig::default())
    }

    /// Snapshot and run.
    pub(super) async fn load(&self) -> RunReport {
        let engine = self.engine(Arc::new(Silent));
        engine.snapshot().await.unwrap();
        engine.run().await.unwrap()
    }

    /// Snapshot and run, killed when a step is reached for the n-th time, if it is.
    pub(super) async fn load_until(&self, step: Step, occurrence: usize) {
        let killer = Arc::new(Killer { step, left: Mutex::new(occurrence), reached: tokio::sync::Notify::new() });
        let engine = self.engine(killer.clone());
        tokio::select! {
            biased;
            () = killer.reached.notified() => {}
            () = async {
                engine.snapshot().await.unwrap();
                engine.run().await.unwrap();
            } => {}
        }
    }

    pub(super) async fn run(&self) -> RunReport {
        self.engine(Arc::new(Silent)).run().await.unwrap()
    }

    pub(super) async fn tell(&self, kind: DocumentKind, id: &str) {
        let change = Change::found(DocumentKey::new(kind, id));
        self.engine(Arc::new(Silent)).intake(&[change]).await.unwrap();
    }

    /// The accounting system tells of a change of each of these.
    pub(super) async fn notice(&self, targets: impl IntoIterator<Item = TargetRef>) {
        let changes: Vec<Change> = targets.into_iter().map(|target| Notice::of(&target, None).into_change()).collect();
        self.engine(Arc::new(Silent)).intake(&changes).await.unwrap();
    }

    /// Documents read from the source so far.
    pub(super) fn reads(&self) -> usize {
        *self.source.reads.lock().unwrap()
    }

    pub(super) async fn counts(&self) -> Counts {
        self.journal.counts(&self.connection).await.unwrap()
    }

    pub(super) async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.journal.dead_letters(&self.connection).await.unwrap()
    }

    pub(super) async fn waiting(&self) -> Vec<String> {
        self.journal.waiting(&self.connection).await.unwrap().into_iter().map(|w| w.label).collect()
    }
}

#[derive(Debug)]
struct Killer {
    step: Step,
    left: Mutex<usize>,
    reached: tokio::sync::Notify,
}

#[async_trait]
impl Observer for Killer {
    async fn step(&self, step: Step) {
        if step == self.step {
            let dead = {
                let mut left = self.left.lock().unwrap();
                *left = left.saturating_sub(1);
                *left == 0
            };
            if dead {
                self.reached.notify_one();
                std::future::pending::<()>().await;
            }
        }
    }
}
