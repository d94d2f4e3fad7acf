//! A sink that lets pass what a plan holds, and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::planning::{NEW, planned};
use super::{Plan, PlannedWrite};
use crate::connector::{
    Candidates, Capabilities, Cursor, Directory, Found, Operation, Outcome, Refusal, RefusalReason, Sink, SinkChanges,
    TargetState, Wanted, Write,
};
use crate::dead_letter::Cause;
use crate::error::Error;
use crate::model::{DocumentKey, Fields, TargetRef, Timestamp};

/// Passes the writes of a plan on, each as often as the engine needs to repeat it, and refuses every other one: that
/// document waits for a person as `awaiting approval`.
#[derive(Debug)]
pub struct GuardedSink {
    inner: Arc<dyn Sink>,
    approved: HashMap<(DocumentKey, String), PlannedWrite>,
    done: Mutex<BTreeMap<(DocumentKey, String), ()>>,
}

impl GuardedSink {
    /// Stands before a sink, with the plan that was approved.
    pub fn new(inner: Arc<dyn Sink>, plan: &Plan) -> Self {
        let approved = plan.writes.iter().map(|w| ((w.document.clone(), w.verb.clone()), w.clone()));
        Self { inner, approved: approved.collect(), done: Mutex::default() }
    }

    /// What of the plan was not done.
    pub fn left(&self) -> Vec<PlannedWrite> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left: Vec<PlannedWrite> =
            self.approved.iter().filter(|(key, _)| !done.contains_key(*key)).map(|(_, write)| write.clone()).collect();
        left.sort_by(|a, b| a.document.cmp(&b.document));
        left
    }

    /// Why a write is not the one that was approved.
    fn objection(&self, write: &Write) -> Option<String> {
        let key = (write.marker.document.clone(), write.operation.verb().to_owned());
        let Some(approved) = self.approved.get(&key) else {
            return Some(format!("to {} it is not in the plan", write.operation.verb()));
        };
        let (document, version) = match &write.operation {
            Operation::Create(document) => (document, ""),
            Operation::Update { document, version, .. } => (document, version.as_str()),
            Operation::Void { version, .. } => {
                return (*version != approved.version).then(|| "it was changed since the plan was made".to_owned());
            }
            Operation::Payment(_) => return Some("a payment is no business of a sink".to_owned()),
        };
        if version != approved.version {
            return Some("it was changed in QuickBooks since the plan was made".to_owned());
        }
        let now = planned(write, &approved.target, version, None, document, &Fields::default());
        for field in &approved.fields {
            let is = now.fields.iter().find(|f| f.path == field.path).map_or("", |f| f.after.as_str());
            // What was new when the plan was made has an id by now.
            if is != field.after && !field.after.contains(NEW) {
                return Some(format!("{} is `{is}`, and `{}` was approved", field.path, field.after));
            }
        }
        let extra =
            now.fields.iter().find(|f| approved.verb == "create" && !approved.fields.iter().any(|a| a.path == f.path));
        extra.map(|field| format!("{} is `{}`, and nothing was approved", field.path, field.after))
    }
}

#[async_trait]
impl Sink for GuardedSink {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn begin(&self) -> Result<(), Error> {
        self.inner.begin().await
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Option<SinkChanges>, Error> {
        self.inner.changes(since).await
    }

    async fn read_afresh(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        self.inner.read_afresh(targets).await
    }

    async fn directory(&self) -> Result<Directory, Error> {
        self.inner.directory().await
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, Error> {
        self.inner.candidates(wanted).await
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        self.inner.read(targets).await
    }

    async fn find_written(&self, writes: &[Write], since: Timestamp) -> Result<Vec<Option<TargetState>>, Error> {
        self.inner.find_written(writes, since).await
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let objections: Vec<Option<String>> = writes.iter().map(|write| self.objection(write)).collect();
        let passed: Vec<Write> =
            writes.iter().zip(&objections).filter(|(_, no)| no.is_none()).map(|(write, _)| write.clone()).collect();
        let mut outcomes = match passed.is_empty() {
            true => Vec::new(),
            false => self.inner.apply(&passed).await,
        }
        .into_iter();
        let mut answers = Vec::with_capacity(writes.len());
        for (write, objection) in writes.iter().zip(objections) {
            answers.push(match objection {
                Some(text) => {
                    Outcome::Refused(Refusal { reason: RefusalReason::Person(Cause::AwaitingApproval), text })
                }
                None => {
                    let missing = || Outcome::Uncertain("the sink did not say what became of it".to_owned());
                    let outcome = outcomes.next().unwrap_or_else(missing);
                    if matches!(outcome, Outcome::Done(_)) {
                        let key = (write.marker.document.clone(), write.operation.verb().to_owned());
                        self.done.lock().unwrap_or_else(PoisonError::into_inner).insert(key, ());
                    }
                    outcome
                }
            });
        }
        answers
    }
}
