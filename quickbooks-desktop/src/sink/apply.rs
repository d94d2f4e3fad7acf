//! Sending writes in one message set, and saying truthfully what became of each.

use sync_core::connector::{Condition, Operation, Outcome, RefusalReason, TargetState, Write};
use sync_core::dead_letter::Cause;
use sync_core::model::accounting::{AccountingDocument, PostTo};
use sync_core::model::{Money, TargetKind, TargetRef};

use super::DesktopSink;
use super::mirror::Mirror;
use super::outcome::{judged, refused, undelivered};
use super::{links, read, write};
use crate::qbxml::objects::Request;
use crate::qbxml::{Advice, Envelope, OnError, QbXmlVersion, RequestWriter};
use crate::web_connector::Response;

/// A write that is ready to be sent, and its place among those of the call.
struct Ready {
    place: usize,
    request: Request,
}

/// 570: what was to be linked to is closed.
const NOT_LINKED: u32 = 570;

impl DesktopSink {
    pub(super) async fn apply_together(&self, writes: &[Write]) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = writes.iter().map(|_| None).collect();
        let targets: Vec<TargetRef> = writes.iter().filter_map(|write| target(&write.operation).cloned()).collect();
        let unread = self.fetch(&targets).await.err().map(|error| error.to_string());
        let mut ready = Vec::with_capacity(writes.len());
        for (place, write) in writes.iter().enumerate() {
            match self.prepare(write, unread.as_deref()).and_then(sendable) {
                Ok(request) => ready.push(Ready { place, request }),
                Err(outcome) => put(&mut outcomes, place, outcome),
            }
        }
        // By key, so that the same writes are the same bytes, whatever their order.
        ready.sort_by(|a, b| writes.get(a.place).map(|w| &w.key).cmp(&writes.get(b.place).map(|w| &w.key)));
        let (mut turn, mut tries) = (0u32, 0);
        while !ready.is_empty() && tries < self.options.busy_tries.max(1) {
            if tries > 0 {
                self.clock.sleep(self.options.busy_pause.saturating_mul(1 << (tries - 1).min(6))).await;
            }
            let sent;
            (ready, sent) = self.send(writes, ready, turn, &mut outcomes).await;
            // What an earlier call was told is no try: somebody may have closed the record since.
            tries += u32::from(sent);
            turn = turn.saturating_add(1);
        }
        let missing = || Outcome::Uncertain("QuickBooks did not say what became of it".to_owned());
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect()
    }

    /// Sends a set; gives back those that somebody has open, which certainly did not happen, and whether QuickBooks was
    /// asked or had answered this very set before.
    async fn send(
        &self,
        writes: &[Write],
        ready: Vec<Ready>,
        turn: u32,
        outcomes: &mut [Option<Outcome>],
    ) -> (Vec<Ready>, bool) {
        let turn = format!("busy {turn}");
        let mut keys: Vec<&str> = ready.iter().filter_map(|r| writes.get(r.place)).map(|w| w.key.as_str()).collect();
        keys.push(&turn);
        let requests: Vec<Request> = ready.iter().map(|ready| ready.request.clone()).collect();
        let delivered = self.desk.write(&keys, &requests).await;
        let responses = match &delivered {
            Ok(delivered) => delivered.responses(requests.len()),
            Err(problem) => {
                for ready in ready {
                    put(outcomes, ready.place, undelivered(problem));
                }
                return (Vec::new(), true);
            }
        };
        let responses = match responses {
            Ok(responses) => responses,
            Err(problem) => {
                for ready in ready {
                    put(outcomes, ready.place, Outcome::Uncertain(format!("the answer cannot be read: {problem}")));
                }
                return (Vec::new(), true);
            }
        };
        let mut busy = Vec::new();
        for (ready, response) in ready.into_iter().zip(responses) {
            let (Some(write), Some(response)) = (writes.get(ready.place), response) else { continue };
            let status = response.head.status.clone();
            if status.is_success() && status.advice() != Advice::NotFound {
                let outcome = self.done(write, &response).await;
                put(outcomes, ready.place, outcome);
                continue;
            }
            if let Some(target) = target(&write.operation) {
                self.mirror_mut().doubtful.insert(target.clone());
            }
            put(outcomes, ready.place, judged(write, &status));
            if status.advice() == Advice::Retry {
                busy.push(ready);
            }
        }
        (busy, delivered.is_ok_and(|delivered| !delivered.is_kept()))
    }

    /// The request of a write, or why it is not sent.
    fn prepare(&self, write: &Write, unread: Option<&str>) -> Result<Request, Outcome> {
        let invalid = |text: String| refused(RefusalReason::Person(Cause::Refused), text);
        match &write.operation {
            Operation::Create(document) => {
                self.check(document)?;
                write::request(document, &write.marker, None).map_err(invalid)
            }
            Operation::Update { target, version, document } => {
                self.check(document)?;
                let now = self.held(target, version, unread)?;
                write::request(document, &write.marker, Some(&now)).map_err(invalid)
            }
            Operation::Void { target, version } => {
                let voided = self.mirror().held.get(target).filter(|held| Mirror::is_voided(held)).cloned();
                if let Some(held) = voided {
                    return Err(Outcome::Done(Box::new(held.state)));
                }
                let now = self.held(target, version, unread)?;
                write::void(target.kind, &now.id, &now.version).map_err(invalid)
            }
            _ => Err(invalid("this operation is not known here".to_owned())),
        }
    }

    fn check(&self, document: &AccountingDocument) -> Result<(), Outcome> {
        let currency = match document {
            AccountingDocument::JournalEntry(entry) => entry.lines().first().map(|line| line.amount.currency()),
            document => document.expense().map(|d| d.currency).or(document.sales().map(|d| d.currency)),
        };
        let home = self.options.currency;
        if let Some(currency) = currency.filter(|currency| *currency != home) {
            let text = format!("the document is in {currency}, the company in {home}");
            return Err(refused(RefusalReason::Person(Cause::Currency), text));
        }
        if let AccountingDocument::PurchaseOrder(order) = document
            && let Some(line) = order.lines.iter().find(|line| matches!(line.coding.post_to, PostTo::Account(_)))
        {
            let text = format!(
                "the line \"{}\" posts to an account; purchase orders of QuickBooks Desktop need an item: give its code \
                 an item in coding.csv",
                line.description
            );
            return Err(refused(RefusalReason::Person(Cause::MissingCoding), text));
        }
        Ok(())
    }

    /// What stands now, if it has the version that the decision was made on.
    fn held(&self, target: &TargetRef, version: &str, unread: Option<&str>) -> Result<write::Now, Outcome> {
        let mirror = self.mirror();
        let Some(held) = mirror.current(target) else {
            if let Some(problem) = unread {
                let text = format!("{target} could not be read before the write: {problem}");
                return Err(refused(RefusalReason::NotNow, text));
            }
            let text = format!("{target} is not there any more");
            return Err(refused(RefusalReason::Person(Cause::DeletedInQuickbooks), text));
        };
        if held.state.version != version {
            let text = format!("{target} has version {} and not {version} any more", held.state.version);
            return Err(refused(RefusalReason::Stale, text));
        }
        let lines = held.state.document.expense().map(|d| d.lines.as_slice()).unwrap_or_default();
        let is_item = |post_to: &PostTo| matches!(post_to, PostTo::Item(_));
        Ok(write::Now {
            id: target.id.to_string(),
            version: version.to_owned(),
            linked: lines
                .iter()
                .filter(|l| l.link.is_some())
                .filter_map(|l| l.id.as_ref())
                .map(ToString::to_string)
                .collect(),
            has_expense_lines: lines.iter().any(|line| !is_item(&line.coding.post_to)),
            has_item_lines: lines.iter().any(|line| is_item(&line.coding.post_to)),
        })
    }

    /// The state after a write that QuickBooks has done.
    async fn done(&self, write: &Write, response: &Response) -> Outcome {
        if let Operation::Void { target, .. } = &write.operation {
            return self.voided(target).await;
        }
        let record = response.records.iter().find(|record| read::kind_of(&record.name).is_some());
        let read = record.map(|record| read::held(record, self.options.currency)).transpose();
        let held = match read {
            Ok(Some(Some(held))) => held,
            Ok(_) => return self.read_back(write, response).await,
            Err(problem) => return Outcome::Uncertain(format!("it was written, and cannot be read: {problem}")),
        };
        self.enter(write, held, response.head.status.code != NOT_LINKED)
    }

    /// Takes a document into the mirror, with the links that were asked for and made.
    pub(super) fn enter(&self, write: &Write, mut held: super::mirror::Held, may_be_linked: bool) -> Outcome {
        let created = match &write.operation {
            Operation::Create(AccountingDocument::Bill(asked)) => Some(asked),
            _ => None,
        };
        if let Some(asked) = created {
            let links = if may_be_linked { links::made(asked, &held) } else { Default::default() };
            let id = held.state.target.id.to_string();
            if let Err(error) = self.desk.put_links(&id, &links) {
                tracing::warn!(%error, "the links of a bill are not remembered; they are told by its lines");
            }
            self.mirror_mut().links.insert(id, links);
        }
        let mut mirror = self.mirror_mut();
        links::restore(&mut held, &mirror);
        let state = held.state.clone();
        for order in &held.orders {
            // Billing an order changes its version.
            mirror.doubtful.insert(TargetRef { kind: TargetKind::PurchaseOrder, id: order.as_str().into() });
        }
        mirror.put(held);
        Outcome::Done(Box::new(state))
    }

    /// QuickBooks says only what the record is called: it is read.
    async fn read_back(&self, write: &Write, response: &Response) -> Outcome {
        let recovered = response.recovery.as_ref();
        let id = recovered.and_then(|recovery| {
            recovery
                .txn_id
                .as_ref()
                .map(|id| id.as_str().to_owned())
                .or_else(|| recovery.list_id.as_ref().map(|id| id.as_str().to_owned()))
        });
        let kind = match &write.operation {
            Operation::Create(document) | Operation::Update { document, .. } => document.kind(),
            _ => return Outcome::Uncertain("QuickBooks did not say what it made".to_owned()),
        };
        let id = id.or_else(|| target(&write.operation).map(|target| target.id.to_string()));
        let Some(id) = id else { return Outcome::Uncertain("QuickBooks did not say what it made".to_owned()) };
        let target = TargetRef { kind, id: id.into() };
        self.mirror_mut().doubtful.insert(target.clone());
        if let Err(error) = self.fetch(std::slice::from_ref(&target)).await {
            return Outcome::Uncertain(format!("it was written, and could not be read back: {error}"));
        }
        let held = self.mirror().held.get(&target).cloned();
        match held {
            Some(held) => self.enter(write, held, true),
            None => Outcome::Uncertain("it was written, and is not there".to_owned()),
        }
    }

    /// What was voided is nothing now; what was deleted is gone.
    async fn voided(&self, target: &TargetRef) -> Outcome {
        let last = self.mirror().held.get(target).map(|held| held.state.clone());
        self.mirror_mut().doubtful.insert(target.clone());
        if let Err(error) = self.fetch(std::slice::from_ref(target)).await {
            return Outcome::Uncertain(format!("it was voided, and could not be read back: {error}"));
        }
        let now = self.mirror().held.get(target).map(|held| held.state.clone());
        match now.or_else(|| last.map(gone)) {
            Some(state) => Outcome::Done(Box::new(state)),
            None => refused(RefusalReason::Person(Cause::DeletedInQuickbooks), format!("{target} is gone")),
        }
    }
}

/// What cannot be written is refused by itself: in the set, it would take the others with it.
fn sendable(request: Request) -> Result<Request, Outcome> {
    let envelope = Envelope::new(QbXmlVersion::V13_0, OnError::Continue);
    let element = request.element().map_err(|error| error.to_string());
    let written =
        element.and_then(|element| RequestWriter::new(&envelope).raw("0", &element).map_err(|error| error.to_string()));
    written.map(|()| request).map_err(|text| refused(RefusalReason::Person(Cause::Refused), text))
}

fn gone(mut state: TargetState) -> TargetState {
    state.condition = Condition::Voided;
    state.total = state.total.map(|total| Money::zero(total.currency()));
    state.balance = state.balance.map(|balance| Money::zero(balance.currency()));
    state
}

fn put(outcomes: &mut [Option<Outcome>], place: usize, outcome: Outcome) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = Some(outcome);
    }
}

fn target(operation: &Operation) -> Option<&TargetRef> {
    match operation {
        Operation::Update { target, .. } | Operation::Void { target, .. } => Some(target),
        _ => None,
    }
}
