//! Sending writes, and saying truthfully what became of each.

use serde_json::value::RawValue;
use sync_core::connector::{Condition, Found, Operation, Outcome, RefusalReason, TargetState, Write};
use sync_core::dead_letter::Cause;
use sync_core::model::accounting::AccountingDocument;
use sync_core::model::{Currency, TargetKind, TargetRef};

use super::QuickBooksSink;
use super::outcome::{NOT_FOUND, batch_request_id, failed, judged, refused, request_id};
use super::unlink::Unlinked;
use crate::client::{BatchItem, BatchResult};
use crate::convert::{self, Body};
use crate::entity::{Entity, Voiding};
use crate::error::Error;
use crate::mirror::Held;

/// A write that is ready to be sent.
struct Ready {
    /// Its place among the writes of the call.
    place: usize,
    body: Body,
    verb: Verb,
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Create,
    Update,
    Delete,
    /// Only by itself: no batch is documented to void.
    Void,
}

impl QuickBooksSink {
    /// Sends writes in one request: one by itself to its entity's address, several as a batch.
    pub(super) async fn apply_together(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = writes.iter().map(|_| None).collect();
        let unread = self.read_before(writes).await;
        let unlinked = self.unlink(self.to_unlink(writes, unread.as_ref().err())).await;
        let mut ready = Vec::with_capacity(writes.len());
        // By key, so that the same writes are the same request, whatever their order.
        let mut order: Vec<usize> = (0..writes.len()).collect();
        order.sort_by(|a, b| writes.get(*a).map(|w| &w.key).cmp(&writes.get(*b).map(|w| &w.key)));
        for place in order {
            let Some(write) = writes.get(place) else { continue };
            match self.prepare(place, write, unread.as_ref().err(), &unlinked) {
                Ok(prepared) => ready.push(Slot::Send(prepared)),
                Err(outcome) => {
                    // It keeps its number in the batch: sent again after an unknown outcome, the others keep theirs.
                    ready.push(Slot::Skip);
                    if let Some(slot) = outcomes.get_mut(place) {
                        *slot = Some(outcome);
                    }
                }
            }
        }
        let mut alone = Vec::new();
        for slot in &mut ready {
            if matches!(slot, Slot::Send(ready) if writes.len() == 1 || ready.verb == Verb::Void)
                && let Slot::Send(ready) = std::mem::replace(slot, Slot::Skip)
            {
                alone.push(ready);
            }
        }
        let mut sent = self.send_each(writes, alone).await;
        if ready.iter().any(|slot| matches!(slot, Slot::Send(_))) {
            sent.extend(self.send_all(writes, ready).await);
        }
        for (place, outcome) in sent {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
        }
        self.look_for_missing(writes, &mut outcomes).await;
        self.note_doubts(writes, &outcomes);
        let missing = || Outcome::Uncertain("QuickBooks did not say what became of it".to_owned());
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect()
    }

    /// Updates are built on what was read last; where nothing reliable is known, it is read now.
    async fn read_before(&self, writes: &[Write]) -> Result<(), Error> {
        let unknown: Vec<&TargetRef> = {
            let mirror = self.mirror();
            let targets = writes.iter().filter_map(|write| target(&write.operation));
            let known = |target: &&TargetRef| {
                let (entity, id) = (Entity::of_kind(target.kind), target.id.as_str());
                mirror.current(entity, id).is_some() || mirror.is_deleted(entity, id)
            };
            targets.filter(|target| !known(target)).collect()
        };
        self.fetch(unknown).await
    }

    /// The bills that will be deleted, as they were read last.
    fn to_unlink<'w>(
        &self,
        writes: &'w [Write],
        unread: Option<&Error>,
    ) -> Vec<(&'w Write, &'w TargetRef, Box<RawValue>)> {
        let bills = writes.iter().filter_map(|write| match &write.operation {
            Operation::Void { target, version } if target.kind == TargetKind::Bill => {
                Some((write, target, self.held(target, version, unread).ok()?))
            }
            _ => None,
        });
        bills.collect()
    }

    /// The body of a write, or why it is not sent.
    fn prepare(
        &self,
        place: usize,
        write: &Write,
        unread: Option<&Error>,
        unlinked: &Unlinked,
    ) -> Result<Ready, Outcome> {
        let options = &self.options.write;
        let invalid = |error: Error| refused(RefusalReason::Person(Cause::Refused), error.to_string());
        match &write.operation {
            Operation::Create(document) => {
                self.check(document)?;
                let body = convert::create(document, &write.marker, options).map_err(invalid)?;
                Ok(Ready { place, body, verb: Verb::Create })
            }
            Operation::Update { target, version, document } => {
                self.check(document)?;
                let raw = self.held(target, version, unread)?;
                if let Some(amount) = document.sales().and_then(|sales| convert::sales::withheld_twice(sales, &raw)) {
                    let text = format!(
                        "QuickBooks withholds {} on {target} by its own retainage, and this sync by a line: it would be \
                         withheld twice. Take QuickBooks' own retainage off, or say retainage = \"procore-only\" in \
                         sync.toml",
                        amount.0
                    );
                    return Err(refused(RefusalReason::Person(Cause::Conflict), text));
                }
                let body = convert::update(document, &raw, &write.marker, options).map_err(invalid)?;
                Ok(Ready { place, body, verb: Verb::Update })
            }
            Operation::Void { target, version } => {
                let entity = Entity::of_kind(target.kind);
                let last = self.mirror().buried(entity, target.id.as_str(), version).cloned();
                if let Some(last) = last {
                    // What was to be voided is gone in the very state that was decided on: an earlier request did it.
                    return Err(self.gone(entity, &last.raw));
                }
                if let Some(state) = self.voided_already(entity, target) {
                    return Err(Outcome::Done(Box::new(state)));
                }
                let raw = match unlinked.get(target) {
                    Some(Ok(raw)) => raw.clone(),
                    Some(Err(outcome)) => return Err(outcome.clone()),
                    None => self.held(target, version, unread)?,
                };
                let body = convert::voiding(entity, &raw).map_err(invalid)?;
                let verb = match entity.voiding() {
                    Voiding::Deactivate => Verb::Update,
                    Voiding::Void => Verb::Void,
                    Voiding::Delete => Verb::Delete,
                };
                Ok(Ready { place, body, verb })
            }
            _ => Err(refused(RefusalReason::Person(Cause::Refused), "this operation is not known here".to_owned())),
        }
    }

    fn check(&self, document: &AccountingDocument) -> Result<(), Outcome> {
        let kind = document.kind();
        if !self.capabilities.kinds.contains(&kind) {
            let text = format!("QuickBooks Online takes no {kind} from this sync");
            return Err(refused(RefusalReason::Person(Cause::Refused), text));
        }
        let mirror = self.mirror();
        if let Some(currency) = currency(document)
            && mirror.is_loaded()
            && currency != mirror.home_currency()
        {
            let text = format!("the document is in {currency}, the company in {}", mirror.home_currency());
            return Err(refused(RefusalReason::Person(Cause::Currency), text));
        }
        Ok(())
    }

    /// The object as it was read last, if it has the version that the decision was made on.
    fn held(&self, target: &TargetRef, version: &str, unread: Option<&Error>) -> Result<Box<RawValue>, Outcome> {
        let entity = Entity::of_kind(target.kind);
        let mirror = self.mirror();
        if mirror.is_deleted(entity, target.id.as_str()) {
            let text = format!("{target} is not there any more");
            return Err(refused(RefusalReason::Person(Cause::DeletedInQuickbooks), text));
        }
        let current = match mirror.current(entity, target.id.as_str()) {
            Some(held) => Some(held),
            // Before the first load nothing counts as current, but what was fetched just now is.
            None if unread.is_none() => mirror.get(entity, target.id.as_str()),
            None => None,
        };
        match (current, unread) {
            (Some(held), _) if held.version == version => Ok(held.raw.clone()),
            (Some(held), _) => {
                let text = format!("{target} has version {} and not {version} any more", held.version);
                Err(refused(RefusalReason::Stale, text))
            }
            (None, Some(error)) => {
                Err(refused(RefusalReason::NotNow, format!("{target} could not be read before the write: {error}")))
            }
            (None, None) => Err(refused(RefusalReason::Stale, format!("{target} is not known"))),
        }
    }

    /// The state of a transaction that stays when it is voided and is void: by an earlier request, or by a person, who
    /// wanted the same.
    fn voided_already(&self, entity: Entity, target: &TargetRef) -> Option<TargetState> {
        if entity.voiding() != Voiding::Void {
            return None;
        }
        let mirror = self.mirror();
        let held = mirror.current(entity, target.id.as_str())?;
        let state = convert::state(entity, &held.raw, mirror.home_currency()).ok()?;
        (state.condition == Condition::Voided).then_some(state)
    }

    /// The outcome of a void whose transaction is deleted.
    fn gone(&self, entity: Entity, last: &RawValue) -> Outcome {
        match convert::state(entity, last, self.home_currency()) {
            Ok(state) => Outcome::Done(Box::new(convert::voided(state))),
            Err(error) => refused(RefusalReason::Person(Cause::DeletedInQuickbooks), error.to_string()),
        }
    }

    async fn send_each(&self, writes: &[Write], alone: Vec<Ready>) -> Vec<(usize, Outcome)> {
        let mut outcomes = Vec::with_capacity(alone.len());
        for ready in alone {
            let Some(write) = writes.get(ready.place) else { continue };
            let id = request_id(&write.key);
            let Body { entity, json } = &ready.body;
            let answer = match ready.verb {
                Verb::Create => self.client.create_raw(*entity, json, &id).await,
                Verb::Update => self.client.update_raw(*entity, json, &id).await,
                Verb::Delete => self.client.delete_raw(*entity, json, &id).await,
                Verb::Void => self.client.void_raw(*entity, json, &id).await,
            };
            let outcome = match answer {
                Ok(answer) => self.done(write, *entity, answer.value),
                Err(error) => failed(&error),
            };
            outcomes.push((ready.place, outcome));
        }
        outcomes
    }

    async fn send_all(&self, writes: &[Write], slots: Vec<Slot>) -> Vec<(usize, Outcome)> {
        let mut keys: Vec<&str> = writes.iter().map(|write| write.key.as_str()).collect();
        keys.sort_unstable();
        let id = batch_request_id(&keys);
        let ready: Vec<(usize, &Ready)> = slots
            .iter()
            .enumerate()
            .filter_map(|(number, slot)| match slot {
                Slot::Send(ready) => Some((number, ready)),
                Slot::Skip => None,
            })
            .collect();
        let items: Vec<(usize, BatchItem<'_>)> = ready
            .iter()
            .map(|(number, ready)| {
                let Body { entity, json } = &ready.body;
                let item = match ready.verb {
                    Verb::Create => BatchItem::Create(*entity, json),
                    Verb::Update => BatchItem::Update(*entity, json),
                    Verb::Delete | Verb::Void => BatchItem::Delete(*entity, json),
                };
                (*number, item)
            })
            .collect();
        let results =
            match self.client.batch_numbered(items.iter().map(|(number, item)| (*number, item)), Some(&id)).await {
                Ok(answer) => answer,
                Err(error) => return ready.iter().map(|(_, ready)| (ready.place, failed(&error))).collect(),
            };
        let tid = results.request_id.as_deref().map(|id| format!(" (intuit_tid {id})")).unwrap_or_default();
        let outcomes = ready.iter().zip(results.value).map(|((_, ready), result)| {
            let outcome = match result {
                BatchResult::Entity(raw) => match writes.get(ready.place) {
                    Some(write) => self.done(write, ready.body.entity, raw),
                    None => Outcome::Uncertain("a result without a write".to_owned()),
                },
                BatchResult::Refused(fault) => judged(&fault, &format!("QuickBooks refused it: {fault}{tid}")),
                BatchResult::Found(_) => Outcome::Uncertain(format!("QuickBooks answered with a list{tid}")),
                BatchResult::Unknown(problem) => Outcome::Uncertain(format!("{problem}{tid}")),
            };
            (ready.place, outcome)
        });
        outcomes.collect()
    }

    /// The state after a write that happened, from the answer; the mirror takes it in.
    fn done(&self, write: &Write, entity: Entity, raw: Box<RawValue>) -> Outcome {
        let home = self.home_currency();
        let state = match &write.operation {
            Operation::Void { target, version } if entity.voiding() == Voiding::Delete => {
                let mut mirror = self.mirror_mut();
                let old = mirror.get(entity, target.id.as_str()).map(|held| convert::state(entity, &held.raw, home));
                mirror.delete_decided(entity, target.id.as_str(), version);
                old.map(|state| state.map(convert::voided))
                    .unwrap_or_else(|| Err(Error::unreadable(&target.to_string(), &"it was deleted unseen")))
            }
            _ => convert::state(entity, &raw, home).and_then(|state| {
                let held = Held::read(entity, raw)?;
                self.mirror_mut().put(entity, held);
                Ok(state)
            }),
        };
        match state {
            Ok(state) => Outcome::Done(Box::new(state)),
            Err(error) => Outcome::Uncertain(format!("it was written, and {error}")),
        }
    }

    /// "Not found" may mean the document itself or something that it names: the document is looked for.
    async fn look_for_missing(&self, writes: &[Write], outcomes: &mut [Option<Outcome>]) {
        let is_missing = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Refused(refusal)) if refusal.text.contains(NOT_FOUND));
        for (write, outcome) in writes.iter().zip(outcomes) {
            let Some(target) = target(&write.operation).filter(|_| is_missing(outcome)) else { continue };
            self.mirror_mut().doubt(target);
            if let Ok(found) = self.read_targets(std::slice::from_ref(target)).await
                && matches!(found.first(), Some(Found::Deleted))
                && let Some(Outcome::Refused(refusal)) = outcome
            {
                refusal.reason = RefusalReason::Person(Cause::DeletedInQuickbooks);
            }
        }
    }

    /// What a write may have changed beside its own answer must be read afresh next time.
    fn note_doubts(&self, writes: &[Write], outcomes: &[Option<Outcome>]) {
        let mut mirror = self.mirror_mut();
        for (write, outcome) in writes.iter().zip(outcomes) {
            let open = match outcome {
                None | Some(Outcome::Uncertain(_)) => true,
                Some(Outcome::Refused(refusal)) => refusal.reason == RefusalReason::Stale,
                Some(Outcome::Done(_)) => false,
            };
            if let Some(target) = target(&write.operation).filter(|_| open) {
                mirror.doubt(target);
            }
            if let Some(Outcome::Done(state)) = outcome {
                // Billing a purchase order changes it, and its version.
                for order in linked_orders(state) {
                    mirror.doubt(&order);
                }
            }
        }
    }
}

/// A write that is sent under its number, or a number that stays free.
enum Slot {
    Send(Ready),
    Skip,
}

fn linked_orders(state: &TargetState) -> impl Iterator<Item = TargetRef> + '_ {
    let lines = state.document.expense().map(|document| document.lines.as_slice()).unwrap_or_default();
    let links = lines.iter().filter_map(|line| line.link.as_ref());
    links.map(|link| TargetRef { kind: TargetKind::PurchaseOrder, id: link.purchase_order.clone() })
}

fn currency(document: &AccountingDocument) -> Option<Currency> {
    match document {
        AccountingDocument::JournalEntry(entry) => entry.lines().first().map(|line| line.amount.currency()),
        document => document.expense().map(|d| d.currency).or_else(|| document.sales().map(|sales| sales.currency)),
    }
}

fn target(operation: &Operation) -> Option<&TargetRef> {
    match operation {
        Operation::Update { target, .. } | Operation::Void { target, .. } => Some(target),
        _ => None,
    }
}
