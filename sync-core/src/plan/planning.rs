//! A sink that reads through another one and only notes what it is asked to write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{FieldChange, PlannedWrite};
use crate::connector::{
    Candidates, Capabilities, Condition, Cursor, Directory, Found, Operation, Outcome, Refusal, RefusalReason, Sink,
    SinkChanges, TargetState, Wanted, Write,
};
use crate::engine::rekey;
use crate::error::Error;
use crate::model::accounting::AccountingDocument;
use crate::model::{Fields, LineKey, Money, TargetId, TargetLineId, TargetRef, Timestamp};

/// What stands before the id of a transaction that is planned and not there yet.
pub(super) const NEW: &str = "new:";

/// Reads as the sink behind it; what is to be written is noted and answered as if it had been done.
#[derive(Debug)]
pub struct PlanningSink {
    inner: Arc<dyn Sink>,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    writes: Vec<PlannedWrite>,
    states: HashMap<TargetRef, TargetState>,
}

impl PlanningSink {
    /// Stands before a sink. It is never asked to write.
    pub fn new(inner: Arc<dyn Sink>) -> Self {
        Self { inner, noted: Mutex::default() }
    }

    /// What was to be written so far.
    pub fn writes(&self) -> Vec<PlannedWrite> {
        self.noted().writes.clone()
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, write: &Write, document: &AccountingDocument) -> Outcome {
        // Named after the document, so that two plans of the same world are the same.
        let id = TargetId::from(format!("{NEW}{}", write.marker.document));
        let target = TargetRef { kind: document.kind(), id };
        let mut document = document.clone();
        for line in document.lines_mut() {
            *line.id = Some(TargetLineId::from(line.key.as_str()));
        }
        let state = state(&target, "0", document, write);
        let mut noted = self.noted();
        noted.writes.push(planned(write, &target, "", state.total, &state.document, &Fields::default()));
        noted.states.insert(target, state.clone());
        Outcome::Done(Box::new(state))
    }

    async fn change(
        &self,
        write: &Write,
        target: &TargetRef,
        version: &str,
        to: Option<&AccountingDocument>,
    ) -> Outcome {
        let before = match self.read(std::slice::from_ref(target)).await.map(|found| found.into_iter().next()) {
            Ok(Some(Found::Present(state))) => *state,
            Ok(_) => return gone(target),
            Err(error) => {
                return refused(RefusalReason::NotNow, error.to_string());
            }
        };
        let mut was = before.document.clone();
        let mut document = to.cloned().unwrap_or_else(|| was.clone());
        let known: Vec<(LineKey, TargetLineId)> =
            document.line_refs().iter().filter_map(|line| line.id.map(|id| (line.key.clone(), id.clone()))).collect();
        if to.is_some() {
            rekey(&mut was, &known);
        }
        let mut noted = self.noted();
        let total = to.and_then(|to| to.total().ok().flatten());
        let after = if to.is_some() { total } else { before.total };
        noted.writes.push(planned(write, target, version, after, &document, &was.fields()));
        for line in document.lines_mut() {
            if line.id.is_none() {
                *line.id = Some(TargetLineId::from(line.key.as_str()));
            }
        }
        let mut state = TargetState { document, total: total.or(before.total), ..before };
        if to.is_none() {
            state.condition = Condition::Voided;
        }
        noted.states.insert(target.clone(), state.clone());
        Outcome::Done(Box::new(state))
    }
}

fn state(target: &TargetRef, version: &str, document: AccountingDocument, write: &Write) -> TargetState {
    let total: Option<Money> = document.total().ok().flatten();
    TargetState {
        target: target.clone(),
        version: version.to_owned(),
        balance: total.filter(|_| document.is_posting()),
        total,
        document,
        condition: Condition::Live,
        marker: Some(write.marker.clone()),
    }
}

fn refused(reason: RefusalReason, text: String) -> Outcome {
    Outcome::Refused(Refusal { reason, text })
}

fn gone(target: &TargetRef) -> Outcome {
    let reason = RefusalReason::Person(crate::dead_letter::Cause::DeletedInQuickbooks);
    refused(reason, format!("{target} is not there any more"))
}

/// A write as it stands in a plan.
pub(super) fn planned(
    write: &Write,
    target: &TargetRef,
    version: &str,
    amount: Option<Money>,
    document: &AccountingDocument,
    before: &Fields,
) -> PlannedWrite {
    let is_void = matches!(write.operation, Operation::Void { .. });
    let after = if is_void { Fields::default() } else { document.fields() };
    let fields = after.differing(before).into_iter().map(|path| FieldChange {
        path: path.to_owned(),
        before: before.get(path).to_owned(),
        after: after.get(path).to_owned(),
    });
    PlannedWrite {
        document: write.marker.document.clone(),
        verb: write.operation.verb().to_owned(),
        target: target.clone(),
        number: document.number().map(str::to_owned),
        amount,
        version: version.to_owned(),
        fields: fields.collect(),
    }
}

#[async_trait]
impl Sink for PlanningSink {
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
        self.read(targets).await
    }

    async fn directory(&self) -> Result<Directory, Error> {
        self.inner.directory().await
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, Error> {
        self.inner.candidates(wanted).await
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        {
            let noted = self.noted();
            for target in targets {
                match noted.states.get(target) {
                    Some(state) => drop(known.insert(target.clone(), state.clone())),
                    None => unknown.push(target.clone()),
                }
            }
        }
        let mut read = match unknown.is_empty() {
            true => Vec::new(),
            false => self.inner.read(&unknown).await?,
        }
        .into_iter();
        let found = targets.iter().map(|target| match known.get(target) {
            Some(state) => Found::Present(Box::new(state.clone())),
            None => read.next().unwrap_or(Found::Deleted),
        });
        Ok(found.collect())
    }

    async fn find_written(&self, writes: &[Write], since: Timestamp) -> Result<Vec<Option<TargetState>>, Error> {
        self.inner.find_written(writes, since).await
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            outcomes.push(match &write.operation {
                Operation::Create(document) => self.create(write, document),
                Operation::Update { target, version, document } => {
                    self.change(write, target, version, Some(document)).await
                }
                Operation::Void { target, version } => self.change(write, target, version, None).await,
                Operation::Payment(_) => Outcome::Uncertain("a payment is no business of a sink".to_owned()),
            });
        }
        outcomes
    }
}
