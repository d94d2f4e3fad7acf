//! A company: the double of QuickBooks Online behind a transport, with the demo book.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use quickbooks_online::{QuickBooks, QuickBooksSink, SinkOptions};
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{Outcome, RefusalReason, TargetState};
use sync_core::http::{Transport, TransportError};
use sync_sandboxes::book::Book;
use sync_sandboxes::faults::Faults;
use sync_sandboxes::quickbooks::{QuickBooks as Double, QuickBooksConfig};

use super::{client_with, noon};

#[derive(Debug)]
struct InProcess {
    double: Arc<Mutex<Double>>,
    faults: Arc<Mutex<Faults>>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let now = self.clock.now();
        let answer = self.faults.lock().unwrap().wrap(now, request, &mut *self.double.lock().unwrap());
        answer.map_err(|fault| TransportError::uncertain(&fault.to_string()))
    }
}

pub struct Company {
    pub clock: Arc<ManualClock>,
    pub faults: Arc<Mutex<Faults>>,
    pub client: QuickBooks,
    pub sink: QuickBooksSink,
    double: Arc<Mutex<Double>>,
    access: String,
}

impl Company {
    pub fn demo() -> Self {
        Self::with(QuickBooksConfig::default(), 1000)
    }

    pub fn with(config: QuickBooksConfig, page: u32) -> Self {
        let clock = Arc::new(ManualClock::new(noon()));
        let book = Book::demo().unwrap();
        let mut double =
            Double::from_book(&book, QuickBooksConfig { access_token_life: chrono::Duration::days(300), ..config });
        assert_eq!(double.realm(), super::REALM);
        let (access, _) = double.grant(clock.now());
        let double = Arc::new(Mutex::new(double));
        let faults = Arc::new(Mutex::new(Faults::none()));
        let transport = Arc::new(InProcess { double: double.clone(), faults: faults.clone(), clock: clock.clone() });
        let client = client_with(transport, &access, &clock, page);
        let sink = QuickBooksSink::new(client.clone(), SinkOptions::default());
        Self { clock, faults, client, sink, double, access }
    }

    /// A second sink on the same company, as after a restart.
    pub fn restarted(&self) -> QuickBooksSink {
        QuickBooksSink::new(self.client.clone(), SinkOptions::default())
    }

    pub fn double(&self) -> MutexGuard<'_, Double> {
        self.double.lock().unwrap()
    }

    pub fn access(&self) -> &str {
        &self.access
    }

    /// Requests so far, tokens aside.
    pub fn requests(&self) -> u64 {
        self.double().requests().total
    }
}

pub fn done(outcome: &Outcome) -> &TargetState {
    match outcome {
        Outcome::Done(state) => state,
        other => panic!("not done: {other:?}"),
    }
}

pub fn refusal(outcome: &Outcome) -> (RefusalReason, &str) {
    match outcome {
        Outcome::Refused(refusal) => (refusal.reason, &refusal.text),
        other => panic!("not refused: {other:?}"),
    }
}
