//! An accounting system in memory, with the troubles that a real one gives.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;

use super::kit::usd;
use crate::connector::*;
use crate::dead_letter::Cause;
use crate::error::Error;
use crate::model::accounting::AccountingDocument;
use crate::model::*;

/// What goes wrong with one call of `apply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// Applied, but nobody hears of it.
    LoseAnswer,
    /// As before, and the next search does not find it yet.
    LoseAnswerAndHide,
    /// Not applied, and nobody hears of it.
    LoseRequest,
    /// Refused as out of date.
    Stale,
    /// Throttled.
    NotNow,
    /// Refused.
    Refuse(Cause),
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<TargetRef, TargetState>,
    by_key: HashMap<String, (Write, TargetRef)>,
    next: u32,
    trouble: VecDeque<Trouble>,
    hidden: bool,
    drop_links: bool,
    reused: bool,
}

#[derive(Debug)]
pub(super) struct Ledger {
    state: Mutex<State>,
    capabilities: Capabilities,
}

impl Default for Ledger {
    fn default() -> Self {
        let capabilities = Capabilities { max_batch: 30, purchase_order_links: true, ..Capabilities::default() };
        Self { state: Mutex::default(), capabilities }
    }
}

impl Ledger {
    pub(super) fn trouble(&self, trouble: impl IntoIterator<Item = Trouble>) {
        self.state.lock().unwrap().trouble = trouble.into_iter().collect();
    }

    pub(super) fn drop_links(&self) {
        self.state.lock().unwrap().drop_links = true;
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().unwrap().entries.len()
    }

    pub(super) fn count(&self, kind: TargetKind) -> usize {
        self.state.lock().unwrap().entries.keys().filter(|t| t.kind == kind).count()
    }

    pub(super) fn targets(&self) -> Vec<TargetRef> {
        self.state.lock().unwrap().entries.keys().cloned().collect()
    }

    pub(super) fn total(&self, kind: TargetKind) -> Money {
        let state = self.state.lock().unwrap();
        let totals = state.entries.values().filter(|e| e.target.kind == kind);
        totals.fold(usd("0"), |sum, e| sum.plus(e.document.total().unwrap().unwrap()).unwrap())
    }

    pub(super) fn memos(&self, kind: TargetKind) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state
            .entries
            .values()
            .filter(|e| e.target.kind == kind)
            .map(|e| e.document.expense().unwrap().memo.clone())
            .collect()
    }

    /// What is in the books, without ids.
    pub(super) fn content(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let mut content: Vec<String> = state
            .entries
            .values()
            .map(|e| format!("{} {:?} {:?}", e.target.kind, e.document.number(), e.document.total()))
            .collect();
        content.sort();
        content
    }

    pub(super) fn every_key_carried_one_content(&self) -> bool {
        !self.state.lock().unwrap().reused
    }

    pub(super) fn person_changes(&self, kind: TargetKind, change: impl Fn(&mut AccountingDocument)) {
        let mut state = self.state.lock().unwrap();
        for entry in state.entries.values_mut().filter(|e| e.target.kind == kind) {
            change(&mut entry.document);
            bump(entry);
        }
    }

    pub(super) fn person_deletes(&self, kind: TargetKind) {
        self.state.lock().unwrap().entries.retain(|target, _| target.kind != kind);
    }
}

fn bump(entry: &mut TargetState) {
    entry.version = (entry.version.parse::<u32>().unwrap() + 1).to_string();
    entry.total = entry.document.total().unwrap();
}

impl State {
    fn put(&mut self, target: TargetRef, version: String, mut document: AccountingDocument, marker: &Marker) {
        if let Some(expense) = document.expense_mut() {
            for line in &mut expense.lines {
                self.next += 1;
                let id = line.id.clone().unwrap_or_else(|| self.next.to_string().into());
                line.key = LineKey::foreign(&id);
                line.id = Some(id);
                if self.drop_links {
                    line.link = None;
                }
            }
        }
        let total = document.total().unwrap();
        let state = TargetState {
            target: target.clone(),
            version,
            document,
            total,
            balance: total,
            condition: Condition::Live,
            marker: Some(marker.clone()),
        };
        self.entries.insert(target, state);
    }

    fn apply(&mut self, write: &Write) -> Outcome {
        if let Some((known, target)) = self.by_key.get(&write.key) {
            self.reused |= known != write;
            return Outcome::Done(Box::new(self.entries[target].clone()));
        }
        let target = match &write.operation {
            Operation::Create(document) => {
                self.next += 1;
                let target = TargetRef { kind: document.kind(), id: self.next.to_string().into() };
                self.put(target.clone(), "0".into(), document.clone(), &write.marker);
                target
            }
            Operation::Update { target, version, document } => {
                let current = self.entries[target].version.clone();
                if current != *version {
                    let reason = RefusalReason::Stale;
                    return Outcome::Refused(Refusal { reason, text: "stale".into() });
                }
                let next = (current.parse::<u32>().unwrap() + 1).to_string();
                self.put(target.clone(), next, document.clone(), &write.marker);
                target.clone()
            }
            Operation::Void { target, .. } => target.clone(),
            Operation::Payment(_) => panic!("a payment is no business of a sink"),
        };
        self.by_key.insert(write.key.clone(), (write.clone(), target.clone()));
        Outcome::Done(Box::new(self.entries[&target].clone()))
    }
}

#[async_trait]
impl Sink for Ledger {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn candidates(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Candidates>, Error> {
        let state = self.state.lock().unwrap();
        let matches = |w: &Wanted<'_>| {
            let same =
                |e: &&TargetState| e.document.kind() == w.document.kind() && e.document.number() == w.document.number();
            state.entries.values().filter(same).cloned().collect()
        };
        Ok(wanted.iter().map(|w| Candidates { matches: matches(w), ..Candidates::default() }).collect())
    }

    async fn read(&self, targets: &[TargetRef]) -> Result<Vec<Found>, Error> {
        let state = self.state.lock().unwrap();
        let found = |t| state.entries.get(t).map_or(Found::Deleted, |e| Found::Present(Box::new(e.clone())));
        Ok(targets.iter().map(found).collect())
    }

    async fn find_written(&self, writes: &[Write], _since: Timestamp) -> Result<Vec<Option<TargetState>>, Error> {
        let mut state = self.state.lock().unwrap();
        if std::mem::take(&mut state.hidden) {
            return Ok(vec![None; writes.len()]);
        }
        let find = |w: &Write| state.entries.values().find(|e| e.marker.as_ref() == Some(&w.marker)).cloned();
        Ok(writes.iter().map(find).collect())
    }

    async fn apply(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut state = self.state.lock().unwrap();
        let uncertain = || Outcome::Uncertain("the connection was lost".into());
        let refuse = |reason| move |_: &Write| Outcome::Refused(Refusal { reason, text: "no thanks".into() });
        match state.trouble.pop_front().unwrap_or(Trouble::None) {
            Trouble::None => writes.iter().map(|w| state.apply(w)).collect(),
            trouble @ (Trouble::LoseAnswer | Trouble::LoseAnswerAndHide) => {
                let lost: Vec<Outcome> = writes.iter().map(|w| state.apply(w)).collect();
                state.hidden = trouble == Trouble::LoseAnswerAndHide;
                lost.iter().map(|_| uncertain()).collect()
            }
            Trouble::LoseRequest => writes.iter().map(|_| uncertain()).collect(),
            Trouble::Stale => writes.iter().map(refuse(RefusalReason::Stale)).collect(),
            Trouble::NotNow => writes.iter().map(refuse(RefusalReason::NotNow)).collect(),
            Trouble::Refuse(cause) => writes.iter().map(refuse(RefusalReason::Person(cause))).collect(),
        }
    }
}
